//! The Cycles screen below its list: the cycle that is open, with its weeks, the owner's vision and the chats about it; then
//! the items of a week, or the chats with their messages.

use crate::app::list::List;
use crate::app::loadable::{Loadable, Reading, Standing};
use crate::app::remark::remark;
use crate::app::table::{Row, Table};
use crate::domain::cycle::{Cycle, TARGET_PERCENT, Vision, WEEKS, whole_percent};
use crate::domain::goal::Goal;
use crate::domain::identity::Identity;
use crate::domain::lock::WeekLock;
use crate::domain::moment::{Form, printed};
use crate::domain::people::People;
use crate::domain::plan_item::{ChatMessage, ChatSession};
use crate::domain::plural::counted;
use crate::domain::problem::Problem;
use crate::domain::report::Tone;
use crate::domain::review::{ReviewItem, band};
use jiff::Timestamp;
use jiff::civil::Date;

/// Paragraphs of the details.
pub type Paragraphs = Vec<(Tone, String)>;

/// What the list of the open cycle shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    /// The weeks, the vision and the chats, a line each.
    #[default]
    Parts,
    /// The items of a week.
    Items,
    /// The chats.
    Chats,
}

/// A line of [`Level::Parts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A week, 1 to 12.
    Week(u8),
    /// What the owner is planning towards.
    Vision,
    /// The conversations about the cycle.
    Chats,
}

impl Part {
    /// The part at a place of the list.
    pub fn at(row: usize) -> Self {
        match u8::try_from(row + 1) {
            Ok(week) if week <= WEEKS => Self::Week(week),
            Ok(week) if week == WEEKS + 1 => Self::Vision,
            _ => Self::Chats,
        }
    }
}

/// How many parts a cycle has.
const PARTS: usize = WEEKS as usize + 2;

/// Rows of a parent row, with the id of that row: rows of one are never shown under another.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowsOf<T> {
    of: Option<String>,
    /// The rows.
    pub rows: T,
}

impl<T: Default> RowsOf<T> {
    /// Another parent's rows are going to be read: those that are held go.
    fn begin(&mut self, id: &str) {
        if !self.is_of(id) {
            self.of = Some(id.to_owned());
            self.rows = T::default();
        }
    }

    /// Whether the rows are those of this row.
    pub fn is_of(&self, id: &str) -> bool {
        self.of.as_deref() == Some(id)
    }
}

/// What is read for the line that is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The items of a week's plan.
    Items(String),
    /// The messages of a chat.
    Messages(String),
}

/// What the deck holds beside the open cycle.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// The locks of all weeks.
    pub locks: &'a Loadable<Vec<WeekLock>>,
    /// The goals.
    pub goals: &'a Loadable<Vec<Goal>>,
    /// Whose names are known.
    pub people: &'a People,
    /// Who reads.
    pub who: &'a Identity,
    /// The date.
    pub today: Date,
}

/// The cycle that is open.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenCycle {
    /// The cycle, as it was read last.
    pub cycle: Cycle,
    /// Whether it was opened from a goal.
    pub is_of_goal: bool,
    /// What the list shows.
    pub level: Level,
    /// The place among the parts.
    pub parts: List,
    /// What the owner is planning towards.
    pub vision: Loadable<Option<Vision>>,
    /// The conversations.
    pub chats: Table<ChatSession>,
    /// The items of the week that was selected last.
    pub items: RowsOf<Table<ReviewItem>>,
    /// The messages of the chat that was selected last.
    pub messages: RowsOf<Loadable<Vec<ChatMessage>>>,
}

impl OpenCycle {
    /// Opens a cycle at its current week.
    pub fn new(cycle: Cycle, is_of_goal: bool) -> Self {
        let mut open = Self {
            is_of_goal,
            level: Level::Parts,
            parts: List::default(),
            vision: Loadable::default(),
            chats: Table::default(),
            items: RowsOf::default(),
            messages: RowsOf::default(),
            cycle,
        };
        open.find("");
        let week = open.cycle.current_week.clamp(1, WEEKS);
        open.parts.select_row(usize::from(week) - 1);
        open
    }

    /// The selected part.
    pub fn part(&self) -> Option<Part> {
        self.parts.current().map(Part::at)
    }

    /// The lock of a week of this cycle.
    pub fn lock<'a>(&self, week: u8, locks: &'a [WeekLock]) -> Option<&'a WeekLock> {
        let mut locks = locks.iter();
        locks.find(|lock| lock.cycle_id == self.cycle.id && lock.week_no == week)
    }

    /// The lock of the selected week.
    pub fn selected_lock<'a>(&self, locks: &'a [WeekLock]) -> Option<&'a WeekLock> {
        match (self.level, self.part()) {
            (Level::Parts | Level::Items, Some(Part::Week(week))) => self.lock(week, locks),
            _ => None,
        }
    }

    /// The list in view.
    pub fn list(&self) -> &List {
        match self.level {
            Level::Parts => &self.parts,
            Level::Items => &self.items.rows.list,
            Level::Chats => &self.chats.list,
        }
    }

    /// The same to move in it.
    pub fn list_mut(&mut self) -> &mut List {
        match self.level {
            Level::Parts => &mut self.parts,
            Level::Items => &mut self.items.rows.list,
            Level::Chats => &mut self.chats.list,
        }
    }

    /// Sets the filter of the list in view.
    pub fn set_filter(&mut self, filter: &str) {
        match self.level {
            Level::Parts => self.find(filter),
            Level::Items => self.items.rows.set_filter(filter),
            Level::Chats => self.chats.set_filter(filter),
        }
    }

    fn find(&mut self, filter: &str) {
        let row = self.parts.current();
        filter.clone_into(&mut self.parts.filter);
        let cycle = &self.cycle;
        self.parts.refresh(PARTS, |row| match Part::at(row) {
            Part::Week(week) => format!("week {week} {}", days(cycle, week)),
            Part::Vision => "vision".to_owned(),
            Part::Chats => "chats".to_owned(),
        });
        if let Some(row) = row {
            self.parts.select_row(row);
        }
    }

    /// What the selected line is made of, where that has its own read.
    pub fn wanted(&self, locks: &[WeekLock]) -> Option<Wanted> {
        match (self.level, self.part()) {
            (Level::Chats, _) => {
                let chat = self.chats.selected()?;
                Some(Wanted::Messages(chat.id.clone()))
            }
            (_, Some(Part::Week(week))) => {
                let lock = self.lock(week, locks)?;
                Some(Wanted::Items(lock.plan_id.clone()))
            }
            _ => None,
        }
    }

    /// Whether these rows were asked for, with whatever success.
    pub fn is_known(&self, wanted: &Wanted) -> bool {
        match wanted {
            Wanted::Items(plan) => self.items.is_of(plan) && self.items.rows.remote.is_wanted(),
            Wanted::Messages(chat) => self.messages.is_of(chat) && self.messages.rows.is_wanted(),
        }
    }

    /// Marks that an answer is awaited.
    pub fn started(&mut self, wanted: &Wanted) {
        match wanted {
            Wanted::Items(plan) => {
                self.items.begin(plan);
                self.items.rows.remote.started();
            }
            Wanted::Messages(chat) => {
                self.messages.begin(chat);
                self.messages.rows.started();
            }
        }
    }

    /// The session of who reads is over: everything is old.
    pub fn failed(&mut self, problem: &Problem, at: Timestamp) {
        self.vision.failed(problem.clone(), at);
        self.chats.remote.failed(problem.clone(), at);
        self.items.rows.remote.failed(problem.clone(), at);
        self.messages.rows.failed(problem.clone(), at);
    }

    /// The reads that the lines and details in view are made of.
    pub fn readings(&self) -> Vec<Reading<'_>> {
        let mut readings = vec![
            self.vision.reading("rows of the vision"),
            self.chats.remote.reading("chats"),
        ];
        if self.level == Level::Chats {
            readings.push(self.messages.rows.reading("messages"));
        } else {
            readings.push(self.items.rows.remote.reading("items"));
        }
        readings.retain(|reading| {
            reading.is_loading || reading.read_at.is_some() || reading.failure.is_some()
        });
        readings
    }

    /// The heading of the list.
    pub fn title(&self) -> String {
        match (self.level, self.part()) {
            (Level::Items, Some(Part::Week(week))) => {
                format!("Week {week}, {}", days(&self.cycle, week))
            }
            (Level::Chats, _) => format!("Chats of {}", self.cycle.start_date),
            _ => format!("Cycle {} to {}", self.cycle.start_date, self.cycle.end_date),
        }
    }

    /// The heading of the details.
    pub fn detail_title(&self) -> String {
        match (self.level, self.part()) {
            (Level::Items, _) => match self.items.rows.selected() {
                Some(item) => item.name().to_owned(),
                None => String::new(),
            },
            (Level::Chats, _) => match self.chats.selected() {
                Some(chat) => format!("Chat of {}", printed(&chat.started_at, Form::Detail)),
                None => String::new(),
            },
            (_, Some(Part::Week(week))) => format!("Week {week}, {}", days(&self.cycle, week)),
            (_, Some(Part::Vision)) => "Vision".to_owned(),
            (_, Some(Part::Chats)) => "Chats".to_owned(),
            (_, None) => String::new(),
        }
    }

    /// The details of the selected line, as paragraphs.
    pub fn detail(&self, beside: &Beside<'_>) -> Paragraphs {
        match (self.level, self.part()) {
            (Level::Items, _) => {
                let item = self.items.rows.selected();
                item.map_or_else(Vec::new, |item| item_detail(item, beside))
            }
            (Level::Chats, _) => match self.chats.selected() {
                Some(chat) => self.chat_detail(chat, beside),
                None => Vec::new(),
            },
            (_, Some(Part::Week(week))) => self.week_detail(week, beside),
            (_, Some(Part::Vision)) => self.vision_detail(beside.who),
            (_, Some(Part::Chats)) => self.chats_detail(beside.who),
            (_, None) => Vec::new(),
        }
    }

    /// The details of the selected line as a text; nothing where there are none.
    pub fn copy_text(&self, beside: &Beside<'_>) -> Option<String> {
        let lines = self.detail(beside);
        let lines: Vec<String> = lines.into_iter().map(|(_, text)| text).collect();
        let text = lines.join("\n");
        (!text.trim().is_empty()).then(|| format!("{}\n{}\n", self.detail_title(), text.trim_end()))
    }

    fn week_detail(&self, week: u8, beside: &Beside<'_>) -> Paragraphs {
        let mut out: Paragraphs = remark(beside.who, "week locks", beside.locks)
            .into_iter()
            .collect();
        let Ok(locks) = beside.locks.ready() else {
            return out;
        };
        let Some(lock) = self.lock(week, locks) else {
            let none = format!(
                "Week {week} has no plan that is visible to {}.",
                beside.who.called()
            );
            out.push((Tone::Muted, none));
            return out;
        };
        out.push((Tone::Text, lock.sentence()));
        if lock.is_current_week {
            out.push((Tone::Accent, "This is the current week.".to_owned()));
        }
        out.push(completion(lock, &self.cycle, beside.today));
        out.push((Tone::Text, String::new()));
        if self.items.is_of(&lock.plan_id) {
            let rows = &self.items.rows.remote;
            out.extend(remark(beside.who, "items", rows));
            let items = rows.ready().map_or(&[][..], Vec::as_slice);
            out.extend(items.iter().map(|item| (Tone::Text, item.sentence())));
            if items.is_empty() && rows.ready().is_ok() {
                let none = format!("No item of it is visible to {}.", beside.who.called());
                out.push((Tone::Muted, none));
            }
        }
        out.push((Tone::Text, String::new()));
        out.push((Tone::Muted, format!("plan  {}", lock.plan_id)));
        out
    }

    fn vision_detail(&self, who: &Identity) -> Paragraphs {
        let mut out: Paragraphs = remark(who, "rows of the vision", &self.vision)
            .into_iter()
            .collect();
        match self.vision.ready() {
            Err(_) => {}
            Ok(None) => {
                let none = format!("No vision of its owner is visible to {}.", who.called());
                out.push((Tone::Muted, none));
            }
            Ok(Some(vision)) => {
                for (name, text) in [
                    ("Life", &vision.life),
                    ("Year", &vision.year),
                    ("Every week", &vision.weekly),
                    ("Every day", &vision.daily),
                ] {
                    out.push((Tone::Accent, name.to_owned()));
                    let text = text.trim();
                    let text = if text.is_empty() {
                        "nothing written"
                    } else {
                        text
                    };
                    out.extend(paragraphs(Tone::Text, text));
                }
                if !vision.tags.is_empty() {
                    out.push((Tone::Accent, "Tags".to_owned()));
                    out.push((Tone::Text, vision.tags.join(", ")));
                }
                out.push((Tone::Text, String::new()));
                let changed = printed(&vision.updated_at, Form::Detail);
                out.push((Tone::Muted, format!("changed {changed}")));
            }
        }
        out
    }

    fn chats_detail(&self, who: &Identity) -> Paragraphs {
        let rows = &self.chats.remote;
        let mut out: Paragraphs = remark(who, "chats", rows).into_iter().collect();
        if let Ok(chats) = rows.ready() {
            if chats.is_empty() {
                let none = format!("No chat about this cycle is visible to {}.", who.called());
                out.push((Tone::Muted, none));
            }
            let lines = chats.iter().map(|chat| {
                let at = printed(&chat.started_at, Form::Detail);
                (Tone::Text, format!("{at}: {}", chat_words(chat)))
            });
            out.extend(lines);
        }
        out
    }

    fn chat_detail(&self, chat: &ChatSession, beside: &Beside<'_>) -> Paragraphs {
        let mut out = Vec::new();
        if let Some(summary) = &chat.summary_md {
            out.push((Tone::Accent, "Summary".to_owned()));
            out.extend(paragraphs(Tone::Text, summary));
            out.push((Tone::Text, String::new()));
        }
        if !self.messages.is_of(&chat.id) {
            return out;
        }
        let rows = &self.messages.rows;
        out.extend(remark(beside.who, "messages", rows));
        let messages = rows.ready().map_or(&[][..], Vec::as_slice);
        if messages.is_empty() && rows.ready().is_ok() {
            let none = format!("No message of it is visible to {}.", beside.who.called());
            out.push((Tone::Muted, none));
        }
        let owner = beside.people.called(&self.cycle.user_id).unwrap_or("user");
        for message in messages {
            let who = if message.role == "user" {
                owner
            } else {
                &message.role
            };
            let at = printed(&message.created_at, Form::Detail);
            out.push((Tone::Accent, format!("{who}, {at}")));
            out.extend(paragraphs(Tone::Text, &message.content));
            if let Some(proposal) = &message.proposal_json {
                out.push((Tone::Muted, format!("proposes {proposal}")));
            }
            out.push((Tone::Text, String::new()));
        }
        out
    }
}

/// The first day and the last of a week: `2026-11-30 to 2026-12-06`.
pub fn days(cycle: &Cycle, week: u8) -> String {
    let days = cycle.days(week);
    days.map_or_else(String::new, |(first, last)| format!("{first} to {last}"))
}

/// A conversation in a few words: its summary, or whether it is over.
pub fn chat_words(chat: &ChatSession) -> String {
    match (&chat.summary_md, &chat.ended_at) {
        (Some(summary), _) => summary.split_whitespace().collect::<Vec<_>>().join(" "),
        (None, Some(_)) => "no summary".to_owned(),
        (None, None) => "still open".to_owned(),
    }
}

/// How far a week came, in a sentence.
fn completion(lock: &WeekLock, cycle: &Cycle, today: Date) -> (Tone, String) {
    let items = usize::try_from(lock.item_count).unwrap_or(usize::MAX);
    let Some(percent) = lock.score(Some(cycle), today) else {
        let text = if lock.percent().is_some() {
            format!(
                "The week is still to come: {} planned.",
                counted(items, "item")
            )
        } else {
            "Nothing is planned.".to_owned()
        };
        return (Tone::Muted, text);
    };
    let (tone, band) = band(percent);
    let text = format!(
        "{} of {} completed in {}: {}, {band} of {TARGET_PERCENT:.0} %.",
        lock.completed_qty,
        lock.planned_qty,
        counted(items, "item"),
        whole_percent(percent)
    );
    (tone, text)
}

fn item_detail(one: &ReviewItem, beside: &Beside<'_>) -> Paragraphs {
    let item = &one.item;
    let status = item.status.replace('_', " ");
    let amount = format!(
        "{} of {} {} done, {status}.",
        item.completed_qty, item.qty, item.unit
    );
    let mut out = vec![(Tone::Text, one.name().to_owned()), (Tone::Text, amount)];
    if let Some(id) = &item.goal_id {
        let goals = beside.goals.held().map_or(&[][..], Vec::as_slice);
        out.extend(remark(beside.who, "goals", beside.goals));
        if let Some(goal) = goals.iter().find(|goal| goal.id == *id) {
            let text = format!("Serves the {} goal: {}", goal.kind, goal.description);
            out.push((Tone::Text, text));
        } else {
            let who = beside.who.called();
            let text = format!("Serves a goal that is not visible to {who}.");
            out.push((Tone::Muted, text));
        }
    } else {
        out.push((Tone::Muted, "Serves no goal.".to_owned()));
    }
    if !item.notes.trim().is_empty() {
        out.push((Tone::Text, String::new()));
        out.extend(paragraphs(Tone::Text, &item.notes));
    }
    out.push((Tone::Text, String::new()));
    let written = printed(&item.created_at, Form::Detail);
    out.push((Tone::Muted, format!("written {written}")));
    out.push((Tone::Muted, format!("item  {}", item.id)));
    out.push((Tone::Muted, format!("plan  {}", item.plan_id)));
    out
}

/// The lines of a text that somebody wrote.
fn paragraphs(tone: Tone, text: &str) -> Paragraphs {
    let lines = text.lines();
    lines.map(|line| (tone, line.to_owned())).collect()
}

/// What the list says of a read that has no rows of its own in it: a count, or how the read went.
pub fn counted_words<T>(rows: &Loadable<T>, words: impl Fn(&T) -> String) -> String {
    match rows.standing() {
        Standing::Ready(rows) => words(rows),
        Standing::Stale(rows, _) => format!("{}, old", words(rows)),
        Standing::Blank(blank) => blank.word().to_owned(),
    }
}

impl Row for ReviewItem {
    fn key(&self) -> &str {
        &self.item.id
    }

    fn haystack(&self) -> String {
        format!("{} {}", self.sentence(), self.item.id)
    }
}

impl Row for ChatSession {
    fn key(&self) -> &str {
        &self.id
    }

    fn haystack(&self) -> String {
        format!("{} {} {}", self.started_at, chat_words(self), self.id)
    }
}
