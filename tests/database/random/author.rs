//! What somebody sends next: requests drawn from the rows that are there, most of them nearly right.

use super::snapshot::{Snapshot, account, text};
use crate::image::TABLES;
use crate::request::Request;
use crate::support::chance::Chance;
use crate::test_database::{ALICE, BOB, Caller};
use serde_json::{Map, Value, json};

/// What a request does to the rows of its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Insert,
    Upsert,
    Update,
    Delete,
    Unlock,
}

/// One act of one client.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// A request.
    Ask {
        caller: Caller,
        table: &'static str,
        verb: Verb,
        request: Request,
    },
    /// Auth erases an account.
    Erase(&'static str),
}

/// What the unique keys of a table are, as `on_conflict` takes them.
fn keys(table: &str) -> &'static [&'static str] {
    match table {
        "vision" => &["id", "user_id"],
        "cycle" => &["id", "id,user_id"],
        "goal" => &["id", "cycle_id,user_id,type"],
        "weekly_plan" => &["id", "cycle_id,user_id,week_no"],
        _ => &["id"],
    }
}

/// The columns that a client may write.
fn columns(table: &str) -> &'static [&'static str] {
    match table {
        "vision" => &[
            "id",
            "user_id",
            "daily",
            "year",
            "tags",
            "created_at",
            "updated_at",
        ],
        "cycle" => &[
            "id",
            "user_id",
            "start_date",
            "end_date",
            "current_week",
            "created_at",
        ],
        "goal" => &[
            "id",
            "user_id",
            "cycle_id",
            "type",
            "description",
            "start_week",
            "end_week",
        ],
        "weekly_plan" => &[
            "id",
            "user_id",
            "cycle_id",
            "week_no",
            "mode",
            "locked_after_week",
            "unlocked_until",
        ],
        "task" => &["id", "user_id", "title", "unit", "default_qty", "tags"],
        "plan_item" => &[
            "id",
            "plan_id",
            "goal_id",
            "task_id",
            "unit",
            "qty",
            "completed_qty",
            "status",
            "notes",
            "updated_at",
        ],
        "audit_log" => &["id", "action", "rationale", "subject_user_id", "created_at"],
        "chat_session" => &["id", "user_id", "cycle_id", "ended_at", "summary_md"],
        "chat_message" => &["id", "session_id", "role", "content"],
        other => panic!("nobody writes to {other}"),
    }
}

/// Writes the acts of one walk.
pub(super) struct Author {
    chance: Chance,
    fresh: usize,
    /// Rows that were deleted, to be inserted again.
    gone: Vec<(&'static str, Value)>,
}

impl Author {
    /// The author of a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed),
            fresh: 0,
            gone: Vec::new(),
        }
    }

    /// Remembers what a step deleted.
    pub(super) fn remember(&mut self, before: &Snapshot, after: &Snapshot) {
        for (table, rows) in before.tables() {
            let gone = rows
                .iter()
                .filter(|(id, _)| !after.rows(table).contains_key(*id));
            self.gone.extend(gone.map(|(_, row)| (table, row.clone())));
        }
    }

    /// A row that was deleted, as it was or nearly.
    fn again(&mut self, table: &'static str, caller: Caller, now: &Snapshot) -> Option<Value> {
        let gone: Vec<Value> = self
            .gone
            .iter()
            .filter(|(of, _)| *of == table)
            .map(|(_, row)| row.clone())
            .collect();
        if gone.is_empty() {
            return None;
        }
        let mut row = written(table, self.chance.pick(&gone));
        if table == "weekly_plan" {
            // As a new plan would be; the deleted one may have been locked early, or unlocked.
            row["unlocked_until"] = Value::Null;
            row["locked_after_week"] = json!(*self.chance.pick(&[6, 6, 5, 4]));
        }
        if self.chance.percent(60) {
            let column = self.column(table);
            row[column] = self.value(table, column, caller, now, None);
        }
        Some(row)
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, cases: usize) -> bool {
        self.chance.percent(cases)
    }

    /// The next act.
    pub(super) fn act(&mut self, now: &Snapshot) -> Act {
        if self.chance.below(150) == 0 {
            return Act::Erase([ALICE, BOB][self.chance.below(2)]);
        }
        let caller = match self.chance.below(100) {
            0..45 => Caller::Alice,
            45..62 => Caller::Bob,
            62..92 => Caller::Service,
            92..96 => Caller::Auditor,
            _ => Caller::Anon,
        };
        if self
            .chance
            .percent(if caller == Caller::Service { 15 } else { 1 })
        {
            return self.unlock(caller, now);
        }
        let table = match self.chance.below(100) {
            0..30 => "plan_item",
            30..54 => "weekly_plan",
            54..67 => "goal",
            67..79 => "cycle",
            79..88 => "task",
            88..92 => "vision",
            92..95 => "chat_session",
            95..98 => "chat_message",
            _ => "audit_log",
        };
        let (verb, request) = match self.chance.below(100) {
            0..33 => (Verb::Update, self.update(caller, table, now)),
            33..58 => (Verb::Upsert, self.upsert(caller, table, now)),
            58..75 => (Verb::Insert, self.insert(caller, table, now)),
            75..92 => (
                Verb::Delete,
                Request::delete(format!("{table}{}", self.filter(caller, table, now))),
            ),
            _ => return self.get(caller, now),
        };
        let request = if self.chance.percent(30) {
            request.silent()
        } else {
            request
        };
        let request = self.headers(request);
        Act::Ask {
            caller,
            table,
            verb,
            request,
        }
    }

    fn headers(&mut self, request: Request) -> Request {
        match self.chance.below(8) {
            0 => request.header("x-actor-type", "ai"),
            1 => request.header("x-rationale", "Because."),
            2 => request.header("x-correlation-id", "nonsense"),
            3 => request.header("x-forwarded-for", "6.6.6.6, , ::::, 10.0.0.1"),
            _ => request,
        }
    }

    fn get(&mut self, caller: Caller, now: &Snapshot) -> Act {
        let views = ["week_lock_status", "audit_log"];
        let table = if self.chance.percent(40) {
            *self.chance.pick(&views)
        } else {
            *self.chance.pick(&TABLES)
        };
        let filter = match table {
            "week_lock_status" => String::new(),
            "audit_log" => "?order=created_at.desc&limit=50".to_owned(),
            table => self.filter(caller, table, now),
        };
        let request = Request::get(format!("{table}{filter}"));
        Act::Ask {
            caller,
            table,
            verb: Verb::Get,
            request,
        }
    }

    fn unlock(&mut self, caller: Caller, now: &Snapshot) -> Act {
        let plan = self.id("weekly_plan", caller, now);
        let rationale = *self.chance.pick(&["Ill.", "Travel.", " ", ""]);
        // Long enough not to end by itself while the walk goes on.
        let minutes = *self.chance.pick(&[600, 1440, 720, 0, 1441]);
        let arguments = json!({ "plan_id": plan, "rationale": rationale, "minutes": minutes });
        let request = Request::call("unlock_week", arguments);
        Act::Ask {
            caller,
            table: "weekly_plan",
            verb: Verb::Unlock,
            request,
        }
    }

    fn update(&mut self, caller: Caller, table: &'static str, now: &Snapshot) -> Request {
        let filter = self.filter(caller, table, now);
        let mut change = Map::new();
        let like = self.row(table, caller, now);
        for _ in 0..=self.chance.below(2) {
            let column = self.column(table);
            change.insert(
                column.into(),
                self.value(table, column, caller, now, like.as_ref()),
            );
        }
        Request::update(format!("{table}{filter}"), Value::Object(change))
    }

    fn insert(&mut self, caller: Caller, table: &'static str, now: &Snapshot) -> Request {
        let count = *self.chance.pick(&[1, 1, 1, 2, 3]);
        let rows: Vec<Value> = (0..count)
            .map(|_| {
                let again = if self.chance.percent(50) {
                    self.again(table, caller, now)
                } else {
                    None
                };
                again.unwrap_or_else(|| self.fresh_row(table, caller, now))
            })
            .collect();
        let request = Request::insert(table, one_or_all(rows));
        if self.chance.percent(15) {
            request.prefer("resolution=ignore-duplicates")
        } else {
            request
        }
    }

    fn upsert(&mut self, caller: Caller, table: &'static str, now: &Snapshot) -> Request {
        let key = *self.chance.pick(keys(table));
        let path = format!("{table}?on_conflict={key}");
        if self.chance.percent(30)
            && let Some(rows) = self.exchange(table, caller, now)
        {
            return Request::upsert(path, rows);
        }
        let count = *self.chance.pick(&[1, 1, 2, 3]);
        let rows = (0..count)
            .map(|_| match self.row(table, caller, now) {
                Some(row) if self.chance.percent(75) => {
                    let mut row = written(table, &row);
                    for _ in 0..self.chance.below(3) {
                        let column = self.column(table);
                        row[column] = self.value(table, column, caller, now, Some(&row.clone()));
                    }
                    row
                }
                _ => self.fresh_row(table, caller, now),
            })
            .collect();
        Request::upsert(path, one_or_all(rows))
    }

    /// Two rows of one person that give each other their ids, the first by way of a fresh one.
    fn exchange(&mut self, table: &'static str, caller: Caller, now: &Snapshot) -> Option<Value> {
        let (one, two) = (self.row(table, caller, now)?, self.row(table, caller, now)?);
        let (mut first, mut second) = (written(table, &one), written(table, &two));
        first["id"] = json!(self.fresh_id());
        second["id"] = one["id"].clone();
        Some(json!([first, second]))
    }

    /// A row of the table, most often one of the caller's.
    fn row(&mut self, table: &str, caller: Caller, now: &Snapshot) -> Option<Value> {
        let rows = now.rows(table);
        let own: Vec<&Value> = rows
            .values()
            .filter(|row| {
                account(caller).is_none_or(|user| now.owner(table, row).as_deref() == Some(user))
            })
            .collect();
        let all: Vec<&Value> = rows.values().collect();
        let among = if own.is_empty() || self.chance.percent(8) {
            all
        } else {
            own
        };
        if among.is_empty() {
            None
        } else {
            Some((*self.chance.pick(&among)).clone())
        }
    }

    fn id(&mut self, table: &str, caller: Caller, now: &Snapshot) -> String {
        match self.row(table, caller, now) {
            Some(row) if self.chance.percent(95) => text(&row, "id"),
            _ => self.fresh_id(),
        }
    }

    fn fresh_id(&mut self) -> String {
        self.fresh += 1;
        format!("90000000-0000-4000-8000-{:012}", self.fresh)
    }

    fn column(&mut self, table: &str) -> &'static str {
        match (table, self.chance.below(100)) {
            // What the lock is about, more often than the rest.
            ("plan_item", 0..25) => "qty",
            ("plan_item", 25..40) => "plan_id",
            ("weekly_plan", 0..25) => "locked_after_week",
            ("weekly_plan", 25..40) => "unlocked_until",
            ("cycle", 0..40) => "start_date",
            _ => {
                let among = columns(table);
                among[self.chance.below(among.len())]
            }
        }
    }

    fn fresh_row(&mut self, table: &'static str, caller: Caller, now: &Snapshot) -> Value {
        let mut row = Map::new();
        // A row belongs to one person all through, or it would hardly ever be taken.
        let like = self.row(if table == "vision" { "cycle" } else { table }, caller, now);
        for column in columns(table) {
            let value = match (*column, like.as_ref()) {
                (
                    "user_id" | "cycle_id" | "plan_id" | "goal_id" | "task_id" | "session_id",
                    Some(like),
                ) if !like[*column].is_null() && self.chance.percent(85) => like[*column].clone(),
                ("id", _) if self.chance.percent(85) => json!(self.fresh_id()),
                ("start_date", _) if self.chance.percent(70) => json!("2026-01-05"),
                ("end_date", _) if self.chance.percent(70) => json!("2200-01-05"),
                ("locked_after_week", _) if self.chance.percent(70) => json!(6),
                ("unlocked_until", _) if self.chance.percent(85) => Value::Null,
                ("start_week", _) => json!(1),
                ("end_week", _) => json!(12),
                _ => self.value(table, column, caller, now, like.as_ref()),
            };
            row.insert((*column).to_owned(), value);
        }
        Value::Object(row)
    }

    /// A value for a column; hostile in some cases.
    #[rustfmt::skip]
    fn value(&mut self, table: &str, column: &str, caller: Caller, now: &Snapshot, like: Option<&Value>) -> Value {
        let chance = &mut self.chance;
        match column {
            "id" => json!(if chance.percent(50) { self.id(table, caller, now) } else { self.fresh_id() }),
            "user_id" | "subject_user_id" => {
                let user = account(caller).unwrap_or(ALICE);
                json!(if chance.percent(85) { user } else { *chance.pick(&[ALICE, BOB]) })
            }
            "cycle_id" => json!(self.id("cycle", caller, now)),
            "plan_id" => json!(self.id("weekly_plan", caller, now)),
            "session_id" => json!(self.id("chat_session", caller, now)),
            "goal_id" | "task_id" if chance.percent(20) => Value::Null,
            "goal_id" => json!(self.id("goal", caller, now)),
            "task_id" => json!(self.id("task", caller, now)),
            "week_no" => json!(chance.pick(&[1, 2, 3, 5, 6, 7, 8, 9, 11, 12, 13])),
            "locked_after_week" => json!(chance.pick(&[0, 3, 4, 5, 6, 6, 7, 12, 13])),
            "unlocked_until" => chance.pick(&[json!(null), json!(null), json!("2199-01-01T00:00:00Z"), json!("2001-01-01T00:00:00Z"), json!("infinity")]).clone(),
            "current_week" | "start_week" | "end_week" => json!(chance.pick(&[1, 6, 12, 13])),
            "start_date" => json!(chance.pick(&["2026-01-05", now.today.as_str(), "2199-01-07", "2199-01-08", "infinity", "0044-03-15 BC"])),
            "end_date" => json!(chance.pick(&["2199-03-31", "2200-01-05", "2200-01-06", "infinity", "5874897-12-31"])),
            "type" => json!(chance.pick(&["personal", "professional", "sideways"])),
            "mode" => json!(chance.pick(&["time_block", "priority_queue"])),
            "status" => json!(chance.pick(&["planned", "in_progress", "completed", "skipped"])),
            "role" => json!(chance.pick(&["user", "ai", "system"])),
            "qty" | "completed_qty" | "default_qty" => json!(chance.pick(&["0", "1", "2.5", "5", "7", "999999999", "1e9", "9e131071", "NaN", "-1"])),
            "tags" => chance.pick(&[json!([]), json!(["a"]), json!(["a", "b"]), json!(null), json!("[0:1]={a,b}"), json!("{{a},{b}}"), json!(["a", null])]).clone(),
            "unit" => json!(chance.pick(&["km", "miles", "times"])),
            "created_at" | "updated_at" => json!(chance.pick(&["2001-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "infinity"])),
            "ended_at" => chance.pick(&[json!(null), json!("2199-01-01T00:00:00Z"), json!("2001-01-01T00:00:00Z")]).clone(),
            "action" => json!("forged.insert"),
            // Some text that is seldom the same, and sometimes that of the row.
            _ if chance.percent(10) => like.map_or(Value::Null, |row| row[column].clone()),
            _ => json!(format!("text {}", chance.below(1000))),
        }
    }

    /// A filter as a query, also none.
    fn filter(&mut self, caller: Caller, table: &'static str, now: &Snapshot) -> String {
        let (one, two) = (self.id(table, caller, now), self.id(table, caller, now));
        let like = self.row(table, caller, now);
        let of = |column: &str| {
            like.as_ref()
                .map_or_else(String::new, |row| text(row, column))
        };
        let parent = match table {
            "plan_item" => "plan_id",
            "goal" | "weekly_plan" => "cycle_id",
            "chat_message" => "session_id",
            "audit_log" => "subject_user_id",
            _ => "user_id",
        };
        match self.chance.below(100) {
            0..45 => format!("?id=eq.{one}"),
            45..55 => format!("?id=in.({one},{two})"),
            55..60 => format!("?or=(id.eq.{one},id.eq.{two})"),
            60..64 => format!("?id=not.eq.{one}"),
            64..67 => format!("?id=gte.{one}&id=lt.{two}"),
            67..80 => format!("?{parent}=eq.{}", of(parent)),
            80..84 => format!("?and=({parent}.eq.{},id.neq.{one})", of(parent)),
            84..96 => match table {
                "plan_item" => (*self.chance.pick(&[
                    "?unit=eq.km",
                    "?unit=like.m*",
                    "?goal_id=is.null",
                    "?task_id=not.is.null",
                    "?qty=gt.1",
                    "?notes=ilike.*TEXT*",
                    "?status=eq.planned",
                    "?completed_qty=lte.5",
                ]))
                .to_owned(),
                "weekly_plan" => (*self.chance.pick(&[
                    "?week_no=gte.7",
                    "?week_no=in.(5,7,12)",
                    "?locked_after_week=lt.6",
                    "?unlocked_until=is.null",
                    "?mode=eq.time_block",
                ]))
                .to_owned(),
                "goal" => (*self.chance.pick(&[
                    "?description=like.R*",
                    "?start_week=eq.1",
                    "?type=eq.personal",
                ]))
                .to_owned(),
                "cycle" => (*self.chance.pick(&[
                    "?current_week=lte.3",
                    "?start_date=lt.2030-01-01",
                    "?end_date=gt.2030-01-01",
                ]))
                .to_owned(),
                "task" => (*self.chance.pick(&[
                    "?title=eq.Run",
                    "?tags=cs.{a}",
                    "?tags=cd.{a,b}",
                    "?default_qty=eq.1",
                ]))
                .to_owned(),
                "audit_log" => (*self
                    .chance
                    .pick(&["?action=like.cycle.*", "?rationale=is.null"]))
                .to_owned(),
                _ => "?created_at=gt.2001-01-01".to_owned(),
            },
            _ => String::new(),
        }
    }
}

/// A row of the database as a client would send it.
fn written(table: &str, row: &Value) -> Value {
    let columns = columns(table).iter();
    Value::Object(
        columns
            .map(|column| ((*column).to_owned(), row[*column].clone()))
            .collect(),
    )
}

fn one_or_all(mut rows: Vec<Value>) -> Value {
    if rows.len() == 1 {
        rows.remove(0)
    } else {
        Value::Array(rows)
    }
}
