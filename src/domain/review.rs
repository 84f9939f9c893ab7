//! The review of a cycle, or of one of its weeks: how far it came against the target of 85 %, what was done, what stood in
//! the way, what was changed. The deck shows it and `cycle export` writes it as Markdown, in the same words.

use super::audit::Record;
use super::audit::about::About;
use super::cycle::{Cycle, Heat, Phase, TARGET_PERCENT, Vision, whole_percent};
use super::goal::Goal;
use super::lock::{LockState, WeekLock};
use super::markdown;
use super::moment::{Form, printed};
use super::people::People;
use super::plan_item::{ChatSession, PlanItem};
use super::plural::counted;
use super::problem::Problem;
use super::report::{Lines, Tone};
use super::text::harmless;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A cycle with everything that its review tells, as far as the identity in use may see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Review {
    /// The cycle.
    pub cycle: Cycle,
    /// Whether it runs on the day of the review.
    pub phase: Phase,
    /// The one week that it is about; the whole cycle when absent.
    pub week: Option<u8>,
    /// What the owner is planning towards.
    pub vision: Option<Vision>,
    /// Its goals, personal before professional.
    pub goals: Vec<Goal>,
    /// Its weeks that have a plan, in order.
    pub weeks: Vec<WeekReview>,
    /// What was changed of the owner's plans in these days, newest first.
    pub changes: Changes,
    /// The conversations about the cycle, newest first.
    pub conversations: Vec<ChatSession>,
}

/// A week with its items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeekReview {
    /// How it stands.
    pub lock: WeekLock,
    /// Its first day and its last, `YYYY-MM-DD`.
    pub days: (String, String),
    /// Whether it is still to come, so that its completion says nothing yet.
    pub is_to_come: bool,
    /// Its items, in the order in which they were written.
    pub items: Vec<ReviewItem>,
}

/// An item, by the name of its task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReviewItem {
    /// The row.
    #[serde(flatten)]
    pub item: PlanItem,
    /// What is done; absent where the task is gone or not visible.
    pub title: Option<String>,
}

/// The records of the audit trail.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changes {
    /// The newest of them.
    pub records: Vec<Record>,
    /// Whether there are more.
    pub has_more: bool,
    /// Why they could not be read.
    pub problem: Option<Problem>,
}

/// A review that was written into a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewExported {
    /// The file.
    pub file: PathBuf,
    /// Why the review has ids where it could have names.
    pub unnamed: Vec<Problem>,
}

impl ReviewExported {
    /// That it was written, and where.
    pub fn sentence(&self) -> String {
        let file = self.file.display().to_string();
        let mut text = format!("The review is in {}.", harmless(&file));
        if let Some(problem) = self.unnamed.first() {
            text.push_str(&format!(" Names are not known: {problem}"));
        }
        text
    }
}

/// A piece of a review: a heading and what stands below it, each so many steps in.
struct Section {
    heading: &'static str,
    points: Vec<(usize, Tone, String)>,
}

impl Review {
    /// The heading.
    pub fn title(&self) -> String {
        let cycle = &self.cycle;
        match self.weeks.first().filter(|_| self.week.is_some()) {
            Some(week) => {
                let (first, last) = &week.days;
                format!("Week {} of 12, {first} to {last}", week.lock.week_no)
            }
            None => format!("Cycle {} to {}", cycle.start_date, cycle.end_date),
        }
    }

    /// How much of what was planned is done, in percent, over the weeks that are not to come.
    pub fn completion(&self) -> Option<f64> {
        let weeks = self.weeks.iter().filter(|week| !week.is_to_come);
        let items = weeks.flat_map(|week| &week.items);
        let (planned, done) = items.fold((0.0, 0.0), |(planned, done), one| {
            (planned + one.item.planned(), done + one.item.done())
        });
        (planned > 0.0).then(|| 100.0 * done / planned)
    }

    /// The review as lines.
    pub fn lines(&self, people: &People) -> Lines {
        let mut lines = Lines::default();
        for section in self.sections(people) {
            if section.heading.is_empty() {
                for (step, tone, text) in section.points {
                    lines.put(2 * step, tone, &text);
                }
                continue;
            }
            lines.heading(section.heading);
            for (step, tone, text) in section.points {
                lines.block(2 + 2 * step, tone, &text);
            }
        }
        lines
    }

    /// The review as Markdown, with who read it.
    pub fn markdown(&self, people: &People, read_as: &str) -> String {
        let mut out = format!("# {}\n", markdown::cell(&self.title()));
        for section in self.sections(people) {
            out.push('\n');
            if section.heading.is_empty() {
                // Two blanks at its end break a line.
                let lines = section.points.iter();
                let lines = lines.map(|(_, _, text)| markdown::cell(text));
                out.push_str(&lines.collect::<Vec<_>>().join("  \n"));
                out.push('\n');
                continue;
            }
            out.push_str(&format!("## {}\n\n", section.heading));
            for (step, _, text) in &section.points {
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                out.push_str(&format!(
                    "{}- {}\n",
                    "  ".repeat(*step),
                    markdown::cell(&text)
                ));
            }
        }
        out.push_str(&format!("\n{}\n", markdown::cell(read_as)));
        out
    }

    fn sections(&self, people: &People) -> Vec<Section> {
        let mut sections = vec![Section {
            heading: "",
            points: self.head(people),
        }];
        let mut add = |heading: &'static str, points: Vec<(usize, Tone, String)>| {
            if !points.is_empty() {
                sections.push(Section { heading, points });
            }
        };
        add("Vision", self.vision_points());
        let goals = self.goals.iter().map(|goal| {
            let weeks = format!("weeks {} to {}", goal.start_week, goal.end_week);
            let text = format!("{}, {weeks}: {}", goal.kind, goal.description);
            (0, Tone::Text, text)
        });
        add("Goals", goals.collect());
        add("Weeks", self.week_points());
        add("Wins", self.wins());
        add("Obstacles", self.obstacles());
        add("Changes", self.change_points(people));
        let conversations = self.conversations.iter().map(|one| {
            let at = printed(&one.started_at, Form::List);
            let end = match (&one.summary_md, &one.ended_at) {
                (Some(summary), _) => summary.clone(),
                (None, Some(_)) => "no summary".to_owned(),
                (None, None) => "still open".to_owned(),
            };
            (0, Tone::Text, format!("{at} UTC: {end}"))
        });
        add("Conversations", conversations.collect());
        sections
    }

    fn head(&self, people: &People) -> Vec<(usize, Tone, String)> {
        let cycle = &self.cycle;
        let owner = people.called(&cycle.user_id).unwrap_or(&cycle.user_id);
        let whose = match self.phase {
            Phase::Running => {
                format!("Owner {owner}, now in week {} of 12.", cycle.current_week)
            }
            Phase::ToCome => format!("Owner {owner}. The cycle begins {}.", cycle.start_date),
            Phase::Ended => format!("Owner {owner}. The cycle ended {}.", cycle.end_date),
        };
        let is_to_come = self.phase == Phase::ToCome
            || self.week.is_some() && self.weeks.iter().all(|week| week.is_to_come);
        let (tone, far) = match (self.completion(), self.week) {
            _ if is_to_come => (Tone::Muted, "It is still to come.".to_owned()),
            (None, _) if self.phase == Phase::Ended => {
                (Tone::Muted, "Nothing was planned.".to_owned())
            }
            (None, _) => (Tone::Muted, "Nothing was planned so far.".to_owned()),
            (Some(percent), week) => {
                let is_whole = week.is_some() || self.phase == Phase::Ended;
                let so_far = if is_whole { "" } else { " so far" };
                let (tone, band) = band(percent);
                let text = format!(
                    "Completion{so_far}: {}, {band} of {TARGET_PERCENT:.0} %.",
                    whole_percent(percent)
                );
                (tone, text)
            }
        };
        let mut head = vec![(0, Tone::Text, whose), (0, tone, far)];
        if self.weeks.is_empty() {
            let text = match self.week {
                Some(week) => format!("Week {week} has no plan that is visible."),
                None => "No week has a plan that is visible.".to_owned(),
            };
            head.push((0, Tone::Muted, text));
        }
        head
    }

    fn vision_points(&self) -> Vec<(usize, Tone, String)> {
        let Some(vision) = &self.vision else {
            return Vec::new();
        };
        let parts = [
            ("life", &vision.life),
            ("year", &vision.year),
            ("every week", &vision.weekly),
            ("every day", &vision.daily),
        ];
        let told = parts
            .into_iter()
            .filter(|(_, text)| !text.trim().is_empty());
        told.map(|(name, text)| (0, Tone::Text, format!("{name}: {text}")))
            .collect()
    }

    fn week_points(&self) -> Vec<(usize, Tone, String)> {
        let mut points = Vec::new();
        for week in &self.weeks {
            let lock = &week.lock;
            let standing = match lock.standing() {
                LockState::Locked => "locked",
                LockState::Unlocked => "unlocked for now",
                LockState::Open => "open",
            };
            let (tone, far) = week.standing();
            let items = counted(week.items.len(), "item");
            let text = format!("week {}: {far}, {items}, {standing}", lock.week_no);
            points.push((0, tone, text));
            for one in &week.items {
                let goals = self.goals.iter();
                let goal = one.item.goal_id.as_ref();
                let goal = goals.clone().find(|goal_row| Some(&goal_row.id) == goal);
                let goal = goal.map_or_else(String::new, |goal| format!(" ({} goal)", goal.kind));
                points.push((1, Tone::Text, format!("{}{goal}", one.sentence())));
            }
        }
        points
    }

    fn wins(&self) -> Vec<(usize, Tone, String)> {
        let mut wins = Vec::new();
        for week in &self.weeks {
            let won = week.items.iter().filter(|one| one.item.is_won());
            let names = summed(won);
            if let (Some(percent), false) = (week.lock.percent(), week.is_to_come)
                && Heat::of(Some(percent)) == Heat::OnTarget
            {
                let text = format!(
                    "week {}: on target with {}",
                    week.lock.week_no,
                    whole_percent(percent)
                );
                wins.push((0, Tone::Ok, text));
            }
            let told = names.into_iter().map(|name| {
                let text = format!("week {}: {name}", week.lock.week_no);
                (0, Tone::Text, text)
            });
            wins.extend(told);
        }
        wins
    }

    fn obstacles(&self) -> Vec<(usize, Tone, String)> {
        let mut obstacles = Vec::new();
        for week in self.weeks.iter().filter(|week| !week.is_to_come) {
            let number = week.lock.week_no;
            // The week that one is in may still be done.
            let is_over = number < self.cycle.current_week || !week.lock.is_current_week;
            if let (Some(percent), true) = (week.lock.percent(), is_over)
                && Heat::of(Some(percent)) == Heat::Low
            {
                let text = format!(
                    "week {number}: far from the target with {}",
                    whole_percent(percent)
                );
                obstacles.push((0, Tone::Warn, text));
            }
            let missed = week.items.iter().filter(|one| {
                one.item.status == "skipped" || is_over && one.item.done() < one.item.planned()
            });
            let told = missed.map(|one| {
                let text = format!("week {number}: {}", one.sentence());
                (0, Tone::Text, text)
            });
            obstacles.extend(told);
        }
        obstacles
    }

    /// What a row of the cycle is called.
    fn row_name(&self, about: &About) -> Option<String> {
        let id = about.id.as_ref()?;
        if let Some(goal) = self.goals.iter().find(|goal| goal.id == *id) {
            return Some(format!("({} goal)", goal.kind));
        }
        self.weeks.iter().find_map(|week| {
            let number = week.lock.week_no;
            if week.lock.plan_id == *id {
                return Some(format!("(week {number})"));
            }
            let item = week.items.iter().find(|one| one.item.id == *id)?;
            let title = item.title.as_deref().unwrap_or(id);
            Some(format!("({title}, week {number})"))
        })
    }

    fn change_points(&self, people: &People) -> Vec<(usize, Tone, String)> {
        let changes = &self.changes;
        let mut points: Vec<(usize, Tone, String)> = Vec::new();
        if let Some(problem) = &changes.problem {
            points.push((0, Tone::Warn, format!("They could not be read: {problem}")));
        }
        for record in &changes.records {
            let at = printed(&record.created_at, Form::List);
            let actor = record.actor_user_id.as_ref();
            let who = match actor {
                Some(id) => people.called(id).unwrap_or(id),
                None => record.actor_type.as_str(),
            };
            let about = record.about();
            let row = self.row_name(&about).or_else(|| about.id.clone());
            let row = row.map_or_else(String::new, |row| format!(" {row}"));
            let brief = record.brief();
            let why = record.rationale.as_ref();
            let why = why.map_or_else(String::new, |why| format!(" ({why})"));
            let text = format!("{at} UTC, {who}: {}{row}: {brief}{why}", record.action);
            points.push((0, Tone::Text, text));
        }
        if changes.has_more {
            points.push((0, Tone::Muted, "and older ones".to_owned()));
        }
        points
    }
}

impl WeekReview {
    /// How far it came, in words.
    fn standing(&self) -> (Tone, String) {
        match self.lock.percent() {
            _ if self.is_to_come => (Tone::Muted, "to come".to_owned()),
            None => (Tone::Muted, "nothing planned".to_owned()),
            Some(percent) => {
                let (tone, band) = band(percent);
                (tone, format!("{}, {band}", whole_percent(percent)))
            }
        }
    }
}

impl ReviewItem {
    /// What is done.
    pub fn name(&self) -> &str {
        let title = self.title.as_deref();
        title.unwrap_or("an item without a visible task")
    }

    /// Such as `Run 10 km: 2 of 3 times, in progress; knee hurts`.
    pub fn sentence(&self) -> String {
        let Self { item, .. } = self;
        let title = self.name();
        let status = item.status.replace('_', " ");
        let notes = item.notes.split_whitespace().collect::<Vec<_>>().join(" ");
        let notes = if notes.is_empty() {
            notes
        } else {
            format!("; {notes}")
        };
        let PlanItem {
            qty,
            completed_qty,
            unit,
            ..
        } = item;
        format!("{title}: {completed_qty} of {qty} {unit}, {status}{notes}")
    }
}

/// What was won, each task once with how often.
fn summed<'a>(won: impl Iterator<Item = &'a ReviewItem>) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in won {
        *counts.entry(one.name()).or_default() += 1;
    }
    let told = counts.into_iter().map(|(title, count)| match count {
        1 => format!("{title} done"),
        more => format!("{title} done, {more} items"),
    });
    told.collect()
}

/// The band of the target in which a completion is, in words.
pub fn band(percent: f64) -> (Tone, &'static str) {
    match Heat::of(Some(percent)) {
        Heat::OnTarget => (Tone::Ok, "on the target"),
        Heat::Near => (Tone::Warn, "near the target"),
        Heat::Low | Heat::Empty => (Tone::Danger, "far from the target"),
    }
}

#[cfg(test)]
mod tests;
