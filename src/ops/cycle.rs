//! Cycles: the list, one with its goals, locks and vision, the items of a week, the chats about it, and the review of one.

use super::paging::{all, correlation};
use super::short_id::{self, CYCLE};
use super::{audit, exported_file, goal, lock};
use crate::domain::audit::filter::Filter as AuditFilter;
use crate::domain::audit::{Ask, Record};
use crate::domain::cycle::{Cycle, CycleDetail, Vision, WEEKS};
use crate::domain::identity::Identity;
use crate::domain::people::PeopleTold;
use crate::domain::plan_item::{ChatMessage, ChatSession, PlanItem, Task};
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Direction, Filter, Select};
use crate::domain::read_problem;
use crate::domain::review::{Changes, Review, ReviewExported, ReviewItem, WeekReview};
use crate::ports::Rest;
use jiff::Timestamp;
use jiff::civil::Date;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

/// The columns of [`Cycle`].
const COLUMNS: &str = "id,user_id,start_date,end_date,current_week,created_at";
/// The columns of [`Vision`].
const VISION: &str = "id,user_id,daily,weekly,year,life,tags,created_at,updated_at";
/// The columns of [`PlanItem`].
const ITEM: &str = "id,plan_id,goal_id,task_id,unit,qty,completed_qty,status,notes,created_at";
/// The columns of [`ChatSession`].
const SESSION: &str = "id,started_at,ended_at,summary_md";
/// The columns of [`ChatMessage`].
const MESSAGE: &str = "id,role,content,proposal_json,created_at";
/// The most ids in one filter: a URL of some kilobytes.
const MOST_IDS: usize = 100;
/// The most changes that a review tells.
const MOST_CHANGES: usize = 50;
/// The most conversations that a review tells.
const MOST_SESSIONS: usize = 20;

/// Every cycle that the identity may see, the latest start first.
pub async fn list(rest: &dyn Rest, who: &Identity) -> Result<Vec<Cycle>, Problem> {
    let query = Select::from("cycle").columns(COLUMNS).under(correlation());
    let mut cycles = all(rest, who, query, "id", |row: &Cycle| row.id.clone()).await?;
    cycles.sort_by(|a, b| (&b.start_date, &b.id).cmp(&(&a.start_date, &a.id)));
    Ok(cycles)
}

/// One cycle with what belongs to it. A cycle that RLS hides is told from one that is there only by its absence.
pub async fn show(rest: &dyn Rest, who: &Identity, id: &str) -> Result<CycleDetail, Problem> {
    let id = &short_id::whole(rest, who, CYCLE, id).await?;
    let correlation = correlation();
    let Some(cycle) = row(rest, who, id, &correlation).await? else {
        return Err(not_visible(id, who));
    };
    let visions = vision_of(&cycle, &correlation);
    let (goals, locks, vision) = tokio::try_join!(
        goal::read(rest, who, Some(id), &correlation),
        lock::read(rest, who, Some(id), &correlation),
        async { rest.select(who, &visions).await?.rows::<Vision>() },
    )?;
    Ok(CycleDetail {
        cycle,
        goals,
        locks,
        vision: vision.into_iter().next(),
    })
}

fn not_visible(id: &str, who: &Identity) -> Problem {
    read_problem::not_visible(&format!("Cycle {id}"), who).with_hint("See `supadeck cycle list`.")
}

/// The owner's vision.
fn vision_of(cycle: &Cycle, correlation: &str) -> Select {
    Select::from("vision")
        .columns(VISION)
        .filter(Filter::eq("user_id", &cycle.user_id))
        .limit(1)
        .under(correlation)
}

/// The review of one cycle, or of one of its weeks, on a day. What of the audit trail may not be read is said there; everything else
/// that fails is an error.
pub async fn review(
    rest: &dyn Rest,
    who: &Identity,
    id: &str,
    week: Option<u8>,
    today: Date,
) -> Result<Review, Problem> {
    let id = &short_id::whole(rest, who, CYCLE, id).await?;
    if let Some(week) = week.filter(|week| !(1..=WEEKS).contains(week)) {
        let why = format!("A cycle has weeks 1 to {WEEKS}.");
        return Err(Problem::new(
            Kind::Usage,
            format!("There is no week {week}."),
            why,
        ));
    }
    let correlation = correlation();
    let sessions = Select::from("chat_session")
        .columns(SESSION)
        .filter(Filter::eq("cycle_id", id))
        .order("started_at", Direction::Descending)
        .limit(MOST_SESSIONS)
        .under(&correlation);
    let (cycle, goals, mut locks, conversations) = tokio::try_join!(
        row(rest, who, id, &correlation),
        goal::read(rest, who, Some(id), &correlation),
        lock::read(rest, who, Some(id), &correlation),
        async { rest.select(who, &sessions).await?.rows::<ChatSession>() },
    )?;
    let Some(cycle) = cycle else {
        return Err(not_visible(id, who));
    };
    locks.retain(|lock| week.is_none_or(|week| lock.week_no == week));
    let plans = locks.iter().map(|lock| lock.plan_id.clone()).collect();
    let visions = vision_of(&cycle, &correlation);
    let (items, tasks, vision, changes) = tokio::try_join!(
        items(rest, who, plans, &correlation),
        tasks(rest, who, &cycle.user_id, &correlation),
        async { rest.select(who, &visions).await?.rows::<Vision>() },
        async { Ok(changes(rest, who, &cycle, week).await) },
    )?;
    let mut of_plans: HashMap<String, Vec<ReviewItem>> = HashMap::new();
    for item in items {
        let title = item.task_id.as_ref().and_then(|id| tasks.get(id)).cloned();
        let of_plan = of_plans.entry(item.plan_id.clone()).or_default();
        of_plan.push(ReviewItem { item, title });
    }
    let weeks = locks.into_iter().map(|lock| WeekReview {
        days: cycle.days(lock.week_no).unwrap_or_default(),
        is_to_come: cycle.is_to_come(lock.week_no, today),
        items: of_plans.remove(&lock.plan_id).unwrap_or_default(),
        lock,
    });
    Ok(Review {
        weeks: weeks.collect(),
        phase: cycle.phase(today),
        week,
        vision: vision.into_iter().next(),
        goals,
        changes,
        conversations,
        cycle,
    })
}

/// Writes the review into a file as Markdown, with the names that are told.
pub async fn export(
    rest: &dyn Rest,
    who: &Identity,
    (id, week, today): (&str, Option<u8>, Date),
    people: impl Future<Output = PeopleTold>,
    file: PathBuf,
) -> Result<ReviewExported, Problem> {
    exported_file::check_free(&file)?;
    let review = review(rest, who, id, week, today).await?;
    let told = people.await;
    let text = review.markdown(&told.people, &who.sentence());
    exported_file::write_whole(&file, &text)?;
    Ok(ReviewExported {
        file,
        unnamed: told.problems,
    })
}

/// The items of some plans, in the order in which they were written.
async fn items(
    rest: &dyn Rest,
    who: &Identity,
    plans: Vec<String>,
    correlation: &str,
) -> Result<Vec<PlanItem>, Problem> {
    if plans.is_empty() {
        return Ok(Vec::new());
    }
    let query = Select::from("plan_item")
        .columns(ITEM)
        .filter(Filter::In {
            column: "plan_id".to_owned(),
            values: plans,
        })
        .under(correlation);
    let mut items = all(rest, who, query, "id", |row: &PlanItem| row.id.clone()).await?;
    items.sort_by(|a, b| (&a.created_at, &a.id).cmp(&(&b.created_at, &b.id)));
    Ok(items)
}

/// The items of one week's plan, by the names of their tasks.
pub async fn week_items(
    rest: &dyn Rest,
    who: &Identity,
    plan: &str,
) -> Result<Vec<ReviewItem>, Problem> {
    let correlation = correlation();
    let items = items(rest, who, vec![plan.to_owned()], &correlation).await?;
    let ids: BTreeSet<&String> = items
        .iter()
        .filter_map(|item| item.task_id.as_ref())
        .collect();
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    let mut titles: HashMap<String, String> = HashMap::new();
    for ids in ids.chunks(MOST_IDS) {
        let query = Select::from("task")
            .columns("id,title")
            .filter(Filter::In {
                column: "id".to_owned(),
                values: ids.to_vec(),
            })
            .under(&correlation);
        let tasks = all(rest, who, query, "id", |row: &Task| row.id.clone()).await?;
        titles.extend(tasks.into_iter().map(|task| (task.id, task.title)));
    }
    let named = items.into_iter().map(|item| ReviewItem {
        title: item.task_id.as_ref().and_then(|id| titles.get(id)).cloned(),
        item,
    });
    Ok(named.collect())
}

/// What the owner of a cycle is planning towards; nothing where there is none, or it is not visible.
pub async fn vision(
    rest: &dyn Rest,
    who: &Identity,
    cycle: &Cycle,
) -> Result<Option<Vision>, Problem> {
    let query = vision_of(cycle, &correlation());
    let found: Vec<Vision> = rest.select(who, &query).await?.rows()?;
    Ok(found.into_iter().next())
}

/// The conversations about a cycle, newest first.
pub async fn chats(
    rest: &dyn Rest,
    who: &Identity,
    cycle: &str,
) -> Result<Vec<ChatSession>, Problem> {
    let query = Select::from("chat_session")
        .columns(SESSION)
        .filter(Filter::eq("cycle_id", cycle))
        .under(correlation());
    let mut chats = all(rest, who, query, "id", |row: &ChatSession| row.id.clone()).await?;
    chats.sort_by_cached_key(|chat| Reverse((moment_key(&chat.started_at), chat.id.clone())));
    Ok(chats)
}

/// The messages of a conversation, oldest first.
pub async fn messages(
    rest: &dyn Rest,
    who: &Identity,
    chat: &str,
) -> Result<Vec<ChatMessage>, Problem> {
    let query = Select::from("chat_message")
        .columns(MESSAGE)
        .filter(Filter::eq("session_id", chat))
        .under(correlation());
    let mut messages = all(rest, who, query, "id", |row: &ChatMessage| row.id.clone()).await?;
    messages.sort_by_cached_key(|one| (moment_key(&one.created_at), one.id.clone()));
    Ok(messages)
}

/// Orders moments as a server prints them: by time where they are one, else by their text.
fn moment_key(text: &str) -> (Option<Timestamp>, String) {
    let at = text.parse().ok();
    (
        at,
        if at.is_some() {
            String::new()
        } else {
            text.to_owned()
        },
    )
}

/// What the owner's tasks are called, by their ids.
async fn tasks(
    rest: &dyn Rest,
    who: &Identity,
    owner: &str,
    correlation: &str,
) -> Result<HashMap<String, String>, Problem> {
    let query = Select::from("task")
        .columns("id,title")
        .filter(Filter::eq("user_id", owner))
        .under(correlation);
    let tasks = all(rest, who, query, "id", |row: &Task| row.id.clone()).await?;
    Ok(tasks
        .into_iter()
        .map(|task| (task.id, task.title))
        .collect())
}

/// What was changed of the owner's plans in the days of the cycle, or of the week.
async fn changes(rest: &dyn Rest, who: &Identity, cycle: &Cycle, week: Option<u8>) -> Changes {
    let nothing = |problem| Changes {
        records: Vec::new(),
        has_more: false,
        problem,
    };
    let days = match week {
        None => Some((cycle.start_date.clone(), cycle.end_date.clone())),
        Some(week) => cycle.days(week),
    };
    let Some((first, last)) = days else {
        return nothing(None);
    };
    let typed = format!(
        "subject:{} since:{first} until:{last} action:plan_item.*,weekly_plan.*,goal.*",
        cycle.user_id
    );
    let read = async {
        let filter = AuditFilter::parse(&typed, Timestamp::UNIX_EPOCH)?;
        let ask = Ask {
            filter,
            limit: MOST_CHANGES,
            ..Ask::default()
        };
        audit::page::<Record>(rest, who, &ask).await
    };
    match read.await {
        Ok(page) => Changes {
            records: page.rows,
            has_more: page.has_more,
            problem: None,
        },
        Err(problem) => nothing(Some(problem)),
    }
}

/// The row of one cycle, where the identity may see it.
pub(super) async fn row(
    rest: &dyn Rest,
    who: &Identity,
    id: &str,
    correlation: &str,
) -> Result<Option<Cycle>, Problem> {
    let query = Select::from("cycle")
        .columns(COLUMNS)
        .filter(Filter::eq("id", id))
        .limit(1)
        .under(correlation);
    let mut found: Vec<Cycle> = rest.select(who, &query).await?.rows()?;
    Ok(found.pop())
}
