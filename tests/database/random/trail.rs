//! The audit trail against the tables: the records, applied in their order to what was there before, give what is there.

use super::snapshot::{Rows, Snapshot, text};
use serde_json::Value;
use std::collections::BTreeMap;

/// The tables whose changes are recorded.
const AUDITED: [&str; 6] = [
    "vision",
    "cycle",
    "goal",
    "weekly_plan",
    "task",
    "plan_item",
];

/// What the records say is there.
pub(super) struct Trail {
    tables: BTreeMap<&'static str, Rows>,
    /// Whose plan each id was, for as long as the walk goes on: an item's record names the user of its plan.
    plans: BTreeMap<String, String>,
}

/// Without the time of the change, which alone is no change.
fn image(row: &Value) -> Value {
    let mut row = row.clone();
    if let Some(row) = row.as_object_mut() {
        row.remove("updated_at");
    }
    row
}

impl Trail {
    /// Begins at what is there.
    pub(super) fn from(start: &Snapshot) -> Self {
        let rows = |table| {
            start
                .rows(table)
                .iter()
                .map(|(id, row)| (id.clone(), image(row)))
        };
        Self {
            tables: AUDITED
                .iter()
                .map(|table| (*table, rows(table).collect()))
                .collect(),
            plans: start
                .rows("weekly_plan")
                .iter()
                .map(|(id, row)| (id.clone(), text(row, "user_id")))
                .collect(),
        }
    }

    /// Applies the records of a step, and compares with what is there. `actors` are who could have written them; none is
    /// a role without an account.
    pub(super) fn follow(
        &mut self,
        after: &Snapshot,
        actors: &[Option<&str>],
    ) -> Result<(), String> {
        for record in &after.records {
            self.apply(record, actors)
                .map_err(|fault| format!("{fault}: {record}"))?;
        }
        for table in AUDITED {
            let there: Rows = after
                .rows(table)
                .iter()
                .map(|(id, row)| (id.clone(), image(row)))
                .collect();
            let told = &self.tables[table];
            if *told != there {
                let id = told
                    .keys()
                    .chain(there.keys())
                    .find(|id| told.get(*id) != there.get(*id))
                    .unwrap();
                return Err(format!(
                    "the records do not lead to {table} {id}\n  told  {:?}\n  there {:?}",
                    told.get(id),
                    there.get(id)
                ));
            }
        }
        Ok(())
    }

    fn apply(&mut self, record: &Value, actors: &[Option<&str>]) -> Result<(), &'static str> {
        let action = text(record, "action");
        let (table, verb) = action.split_once('.').ok_or("an action without a verb")?;
        let Some(table) = AUDITED.into_iter().find(|audited| *audited == table) else {
            return Err("a record of no audited table");
        };
        let (before, after) = (&record["before_state"], &record["after_state"]);
        let some = if after.is_null() { before } else { after };
        let user = if table == "plan_item" {
            self.plans.get(&text(some, "plan_id")).cloned()
        } else {
            some["user_id"].as_str().map(str::to_owned)
        };
        let rows = self.tables.get_mut(table).ok_or("no such table")?;
        let id = text(some, "id");
        let is_right = match verb {
            "insert" => before.is_null() && rows.insert(id.clone(), image(after)).is_none(),
            "update" | "unlock" => {
                before["id"] == after["id"]
                    && rows.insert(id.clone(), image(after)).as_ref() == Some(&image(before))
            }
            "delete" => after.is_null() && rows.remove(&id).as_ref() == Some(&image(before)),
            _ => return Err("a record of another verb"),
        };
        if !is_right {
            return Err("the images do not follow from what was recorded before");
        }
        if verb == "unlock"
            && record["rationale"]
                .as_str()
                .is_none_or(|why| why.trim().is_empty())
        {
            return Err("an unlock without a reason");
        }
        if table == "weekly_plan" {
            self.plans.insert(id, text(some, "user_id"));
        }
        if user.as_deref() != record["subject_user_id"].as_str() {
            return Err("another subject than the user of the row");
        }
        if !actors.contains(&record["actor_user_id"].as_str()) {
            return Err("an actor who was not there");
        }
        Ok(())
    }
}
