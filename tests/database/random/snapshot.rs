//! What is in the database at one moment, read by the superuser, and what follows from it about locks. Locks are computed
//! here from the rows, by the words of the design, and not by the functions under test.

use crate::image::TABLES;
use crate::test_database::{ALICE, BOB, Caller};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::{Client, SimpleQueryMessage};

/// The rows of a table by their ids.
pub(super) type Rows = BTreeMap<String, Value>;

/// Everything at one moment.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    tables: BTreeMap<&'static str, Rows>,
    users: BTreeSet<String>,
    started: BTreeSet<String>,
    unlocked: BTreeSet<String>,
    /// Rows of the status view.
    pub(super) status: Vec<Value>,
    /// Audit records since the snapshot before, oldest first.
    pub(super) records: Vec<Value>,
    /// When the last record was written, for the next snapshot.
    pub(super) until: String,
    /// The date in UTC.
    pub(super) today: String,
    empty: Rows,
}

/// Makes what a snapshot needs in the session: numbers as text of one form, since JSON readers round them.
pub(super) const PREPARE: &str = "set timezone = 'UTC';
    create function pg_temp.plain(row_image jsonb) returns jsonb language sql immutable as $$
      select jsonb_object_agg(key, case jsonb_typeof(value)
        when 'number' then to_jsonb(trim_scale((value #>> '{}')::numeric)::text) else value end)
      from jsonb_each(row_image)
    $$;";

impl Snapshot {
    /// Reads one. A failure is a finding: the status view is part of it.
    pub(super) async fn read(superuser: &Client, since: &str) -> Result<Self, String> {
        let rows: Vec<String> = TABLES
            .iter()
            .map(|table| {
                format!("'{table}', (select coalesce(jsonb_agg(pg_temp.plain(to_jsonb(t)) order by t.id), '[]') from public.{table} t)")
            })
            .collect();
        let query = format!(
            "select jsonb_build_object({},
               'users', (select coalesce(jsonb_agg(id), '[]') from auth.users),
               'started', (select coalesce(jsonb_agg(id), '[]') from public.cycle
                 where start_date <= (clock_timestamp() at time zone 'UTC')::date),
               'unlocked', (select coalesce(jsonb_agg(id), '[]') from public.weekly_plan where unlocked_until > clock_timestamp()),
               'status', (select coalesce(jsonb_agg(pg_temp.plain(to_jsonb(s))), '[]') from public.week_lock_status s),
               'records', (select coalesce(jsonb_agg(to_jsonb(a) || jsonb_build_object(
                   'before_state', pg_temp.plain(a.before_state), 'after_state', pg_temp.plain(a.after_state))
                   order by a.created_at, a.id), '[]')
                 from public.audit_log a where a.created_at > '{since}'),
               'until', (select coalesce(max(created_at), '{since}')::text from public.audit_log),
               'today', (clock_timestamp() at time zone 'UTC')::date)",
            rows.join(", ")
        );
        let answer = superuser.simple_query(&query).await;
        let answer =
            answer.map_err(|fault| format!("the tables and views cannot be read: {fault:?}"))?;
        let Some(SimpleQueryMessage::Row(row)) = answer.get(1) else {
            return Err("the tables and views gave no row".into());
        };
        let mut all: Value = serde_json::from_str(row.get(0).unwrap()).unwrap();
        let texts = |list: &Value| -> BTreeSet<String> {
            let list = list.as_array().unwrap().iter();
            list.map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let list = |list: Value| match list {
            Value::Array(list) => list,
            other => panic!("{other} is no list"),
        };
        Ok(Self {
            tables: TABLES
                .iter()
                .map(|table| {
                    let rows = list(all[*table].take()).into_iter();
                    (*table, rows.map(|row| (text(&row, "id"), row)).collect())
                })
                .collect(),
            users: texts(&all["users"]),
            started: texts(&all["started"]),
            unlocked: texts(&all["unlocked"]),
            status: list(all["status"].take()),
            records: list(all["records"].take()),
            until: text(&all, "until"),
            today: text(&all, "today"),
            empty: Rows::new(),
        })
    }

    /// The rows of a table; none of one that is not looked at.
    pub(super) fn rows(&self, table: &str) -> &Rows {
        self.tables.get(table).unwrap_or(&self.empty)
    }

    /// Tables with their rows.
    pub(super) fn tables(&self) -> impl Iterator<Item = (&'static str, &Rows)> {
        self.tables.iter().map(|(table, rows)| (*table, rows))
    }

    /// Whether nothing was written between the two.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.tables == other.tables && self.users == other.users && other.records.is_empty()
    }

    /// Whether an account is there.
    pub(super) fn has_user(&self, user: &str) -> bool {
        self.users.contains(user)
    }

    /// Whose row it is.
    pub(super) fn owner(&self, table: &str, row: &Value) -> Option<String> {
        let parent = match table {
            "plan_item" => self.rows("weekly_plan").get(&text(row, "plan_id"))?,
            "chat_message" => self.rows("chat_session").get(&text(row, "session_id"))?,
            "audit_log" => return row["subject_user_id"].as_str().map(str::to_owned),
            _ => row,
        };
        parent["user_id"].as_str().map(str::to_owned)
    }

    /// Whether the cycle has started.
    pub(super) fn has_started(&self, cycle: &str) -> bool {
        self.started.contains(cycle)
    }

    /// Whether an emergency unlock of the plan runs.
    pub(super) fn is_unlocked(&self, plan: &str) -> bool {
        self.unlocked.contains(plan)
    }

    /// Section 4: a plan is locked when its week is beyond the lock and no unlock runs.
    pub(super) fn is_locked(&self, plan: &Value) -> bool {
        is_beyond(plan) && !self.is_unlocked(&text(plan, "id"))
    }

    /// What a week plans: for each item its quantity, unit, task and goal.
    pub(super) fn content(&self, plan: &str) -> BTreeMap<String, [Value; 4]> {
        let items = self.rows("plan_item").iter();
        items
            .filter(|(_, item)| item["plan_id"] == *plan)
            .map(|(id, item)| {
                let parts = ["qty", "unit", "task_id", "goal_id"];
                (id.clone(), parts.map(|column| item[column].clone()))
            })
            .collect()
    }

    /// The plan of a week of a cycle.
    pub(super) fn plan_of(&self, week: &Week) -> Option<&Value> {
        self.rows("weekly_plan")
            .values()
            .find(|plan| Week::of(plan) == *week)
    }
}

/// A week of somebody's cycle, whatever the id of its plan is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Week {
    /// Whose.
    pub(super) user: String,
    /// In which cycle.
    pub(super) cycle: String,
    number: String,
}

impl Week {
    /// The week of a plan.
    pub(super) fn of(plan: &Value) -> Self {
        Self {
            user: text(plan, "user_id"),
            cycle: text(plan, "cycle_id"),
            number: text(plan, "week_no"),
        }
    }
}

/// Whether the week of a plan lies beyond its lock.
pub(super) fn is_beyond(plan: &Value) -> bool {
    number(plan, "week_no") > number(plan, "locked_after_week")
}

/// A small number of a row.
pub(super) fn number(row: &Value, column: &str) -> i32 {
    text(row, column).parse().unwrap()
}

/// A text of a row; null is empty.
pub(super) fn text(row: &Value, column: &str) -> String {
    row[column].as_str().unwrap_or_default().to_owned()
}

/// The account of a caller who has one of those that are looked at.
pub(super) fn account(caller: Caller) -> Option<&'static str> {
    match caller {
        Caller::Alice => Some(ALICE),
        Caller::Bob => Some(BOB),
        Caller::Anon | Caller::Auditor | Caller::Service => None,
    }
}
