//! What must hold between two moments, whatever was sent between them: section 4 of the design, looked at from outside.

use super::author::{Act, Verb};
use super::snapshot::{Snapshot, Week, account, is_beyond, number, text};
use crate::request::Answer;
use crate::test_database::Caller;
use serde_json::Value;
use std::collections::BTreeSet;

/// What was done in a step, by one client or by two at once, and what came back. An erasure has no answer.
pub(super) type Deeds<'a> = [(&'a Act, Option<&'a Answer>)];

/// What a step must have left alone.
pub(super) struct Step<'a> {
    pub(super) before: &'a Snapshot,
    pub(super) after: &'a Snapshot,
    pub(super) deeds: &'a Deeds<'a>,
}

/// Weeks that were locked in a cycle that had started: they stay beyond their lock for good.
pub(super) type Sealed = BTreeSet<Week>;

impl Step<'_> {
    /// All of it; the first fault in words.
    pub(super) fn check(&self, sealed: &mut Sealed) -> Result<(), String> {
        self.refusals_change_nothing()?;
        self.answers_show_own_rows()?;
        self.rows_of_others_stay()?;
        self.ids_stay()?;
        self.locked_weeks_stay()?;
        self.plans_keep_their_locks()?;
        self.cycles_keep_their_start()?;
        self.what_is_used_stays()?;
        self.view_tells_the_truth()?;
        self.seals_hold(sealed)
    }

    /// What succeeded of it, with the caller.
    fn done(&self) -> impl Iterator<Item = (Caller, &'static str, Verb)> {
        self.deeds.iter().filter_map(|(act, answer)| match act {
            Act::Ask {
                caller,
                table,
                verb,
                ..
            } if answer.is_some_and(|answer| answer.is_success) => Some((*caller, *table, *verb)),
            _ => None,
        })
    }

    fn has_done(&self, verbs: &[Verb], table: &str) -> bool {
        self.done()
            .any(|(_, at, verb)| verbs.contains(&verb) && at == table)
    }

    /// Whether the account went in this step.
    fn is_erased(&self, user: &str) -> bool {
        self.before.has_user(user) && !self.after.has_user(user)
    }

    /// Somebody may have deleted a row and somebody else made one of the same id.
    fn is_a_race_of_ids(&self) -> bool {
        let all: Vec<Verb> = self.done().map(|(_, _, verb)| verb).collect();
        all.contains(&Verb::Delete) && (all.contains(&Verb::Insert) || all.contains(&Verb::Upsert))
    }

    fn refusals_change_nothing(&self) -> Result<(), String> {
        let only_erased = |act: &Act| matches!(act, Act::Erase(_));
        let may_change = self.deeds.iter().any(|(act, _)| only_erased(act))
            || self.done().any(|(caller, _, verb)| {
                verb != Verb::Get && !matches!(caller, Caller::Anon | Caller::Auditor)
            });
        if !may_change && !self.before.is_same(self.after) {
            return Err("something changed, though all of it was refused or only read".into());
        }
        for (caller, table, verb) in self.done() {
            if matches!(caller, Caller::Anon | Caller::Auditor) && verb != Verb::Get {
                return Err(format!("{caller} did {verb:?} on {table}"));
            }
        }
        Ok(())
    }

    fn answers_show_own_rows(&self) -> Result<(), String> {
        for (act, answer) in self.deeds {
            let (Act::Ask { caller, table, .. }, Some(answer)) = (act, answer) else {
                continue;
            };
            if !answer.is_success {
                continue;
            }
            if *caller == Caller::Anon && !answer.rows().is_empty() {
                return Err(format!("anon sees rows of {table}"));
            }
            let Some(user) = account(*caller) else {
                continue;
            };
            for row in answer.rows() {
                let owner = self
                    .before
                    .owner(table, row)
                    .or_else(|| self.after.owner(table, row));
                if owner.as_deref() != Some(user) {
                    return Err(format!(
                        "{caller} sees a row of somebody else in {table}: {row}"
                    ));
                }
            }
        }
        Ok(())
    }

    fn rows_of_others_stay(&self) -> Result<(), String> {
        let mut may: BTreeSet<&str> = BTreeSet::new();
        for (act, _) in self.deeds {
            match act {
                Act::Erase(user) => {
                    may.insert(user);
                }
                Act::Ask {
                    caller: Caller::Service,
                    ..
                } => return Ok(()),
                Act::Ask { caller, .. } => may.extend(account(*caller)),
            }
        }
        let (before, after) = (self.before, self.after);
        for (table, rows) in before.tables() {
            let now = after.rows(table);
            for id in rows.keys().chain(now.keys()) {
                if rows.get(id) == now.get(id) {
                    continue;
                }
                let owners = [
                    rows.get(id).and_then(|row| before.owner(table, row)),
                    now.get(id).and_then(|row| after.owner(table, row)),
                ];
                if owners
                    .iter()
                    .flatten()
                    .any(|owner| !may.contains(owner.as_str()))
                {
                    return Err(format!("a row of somebody else changed: {table} {id}"));
                }
            }
        }
        Ok(())
    }

    /// Rows come by an insert and go by a delete; nothing else adds or takes an id.
    fn ids_stay(&self) -> Result<(), String> {
        let may_go = self.done().any(|(_, _, verb)| verb == Verb::Delete)
            || self
                .deeds
                .iter()
                .any(|(act, _)| matches!(act, Act::Erase(_)));
        for (table, rows) in self.before.tables() {
            let now = self.after.rows(table);
            let may_come = self.has_done(&[Verb::Insert, Verb::Upsert], table);
            if !may_go && let Some(id) = rows.keys().find(|id| !now.contains_key(*id)) {
                return Err(format!(
                    "the id {id} of {table} is gone, and nothing was deleted"
                ));
            }
            if !may_come && let Some(id) = now.keys().find(|id| !rows.contains_key(*id)) {
                return Err(format!("{table} has the id {id}, and nothing was inserted"));
            }
        }
        Ok(())
    }

    /// Quantities, units, tasks, goals and membership of the items of locked weeks.
    fn locked_weeks_stay(&self) -> Result<(), String> {
        let (before, after) = (self.before, self.after);
        let unlocks_too = self.deeds.len() > 1 && self.has_done(&[Verb::Unlock], "weekly_plan");
        for plan in before.rows("weekly_plan").values() {
            let week = Week::of(plan);
            let id = text(plan, "id");
            if !before.is_locked(plan)
                || self.is_erased(&week.user)
                || (unlocks_too && after.is_unlocked(&id))
            {
                continue;
            }
            let was = before.content(&id);
            let now = after.plan_of(&week);
            let is = now.map(|plan| after.content(&text(plan, "id")));
            if before.has_started(&week.cycle) {
                if now.is_none_or(|plan| plan["id"] != *id) {
                    return Err(format!(
                        "the plan of {week:?} is gone or another, and the week was locked"
                    ));
                }
                if is.as_ref() != Some(&was) {
                    return Err(format!(
                        "{week:?} was locked and changed\n  was {was:?}\n  is  {is:?}"
                    ));
                }
                continue;
            }
            // Before the start items come and go, and with them goals and tasks; what stays is as it was.
            let is = is.unwrap_or_default();
            for (item, parts) in &is {
                let Some(parts_before) = was.get(item) else {
                    if before.rows("plan_item").contains_key(item) && !self.is_a_race_of_ids() {
                        return Err(format!(
                            "item {item} was moved into {week:?}, which was locked"
                        ));
                    }
                    continue;
                };
                for (place, table) in [(0, ""), (1, ""), (2, "task"), (3, "goal")] {
                    let (old, new) = (&parts_before[place], &parts[place]);
                    let is_gone = new.is_null()
                        && old
                            .as_str()
                            .is_some_and(|id| !after.rows(table).contains_key(id));
                    if old != new && !is_gone && !self.is_a_race_of_ids() {
                        return Err(format!(
                            "item {item} of {week:?}, which was locked, changed from {old} to {new}"
                        ));
                    }
                }
            }
            for item in was.keys().filter(|item| !is.contains_key(*item)) {
                if after.rows("plan_item").contains_key(item) && !self.is_a_race_of_ids() {
                    return Err(format!(
                        "item {item} was moved out of {week:?}, which was locked"
                    ));
                }
            }
        }
        Ok(())
    }

    fn plans_keep_their_locks(&self) -> Result<(), String> {
        for (id, plan) in self.after.rows("weekly_plan") {
            let Some(old) = self.before.rows("weekly_plan").get(id) else {
                if number(plan, "locked_after_week") > 6 || !plan["unlocked_until"].is_null() {
                    return Err(format!("a plan was made open: {plan}"));
                }
                continue;
            };
            if self.is_a_race_of_ids() {
                continue;
            }
            if Week::of(old) != Week::of(plan) {
                return Err(format!("plan {id} moved from {old} to {plan}"));
            }
            if number(plan, "locked_after_week") > number(old, "locked_after_week") {
                return Err(format!(
                    "the lock of plan {id} was raised from {old} to {plan}"
                ));
            }
            let (was, is) = (&old["unlocked_until"], &plan["unlocked_until"]);
            if was == is {
                continue;
            }
            let by_service = |verbs: &[Verb]| {
                self.done().any(|(caller, table, verb)| {
                    caller == Caller::Service && table == "weekly_plan" && verbs.contains(&verb)
                })
            };
            let ends = is.is_null() || (!was.is_null() && is.as_str() < was.as_str());
            let has_record = self.after.records.iter().any(|record| {
                record["action"] == "weekly_plan.unlock"
                    && record["after_state"]["id"] == **id
                    && record["after_state"]["unlocked_until"] == *is
            });
            let is_right = by_service(&[Verb::Unlock]) && has_record
                || ends && by_service(&[Verb::Update, Verb::Upsert]);
            if !is_right {
                return Err(format!(
                    "the unlock of plan {id} changed from {was} to {is} without unlock_week"
                ));
            }
        }
        Ok(())
    }

    fn cycles_keep_their_start(&self) -> Result<(), String> {
        for (id, cycle) in self.before.rows("cycle") {
            if !self.before.has_started(id) || self.is_erased(&text(cycle, "user_id")) {
                continue;
            }
            match self.after.rows("cycle").get(id) {
                Some(now)
                    if now["start_date"] != cycle["start_date"] && !self.is_a_race_of_ids() =>
                {
                    return Err(format!("the start of cycle {id} moved: {now}"));
                }
                Some(_) => {}
                None => {
                    let plans = self.before.rows("weekly_plan").values();
                    if let Some(plan) = plans
                        .into_iter()
                        .find(|plan| plan["cycle_id"] == **id && self.before.is_locked(plan))
                    {
                        return Err(format!("cycle {id} is gone with its locked plan {plan}"));
                    }
                }
            }
        }
        Ok(())
    }

    /// A goal or a task that a locked week of a started cycle uses.
    fn what_is_used_stays(&self) -> Result<(), String> {
        let (before, after) = (self.before, self.after);
        let unlocks_too = self.deeds.len() > 1 && self.has_done(&[Verb::Unlock], "weekly_plan");
        for item in before.rows("plan_item").values() {
            let Some(plan) = before.rows("weekly_plan").get(&text(item, "plan_id")) else {
                return Err(format!("an item without its plan: {item}"));
            };
            if unlocks_too
                || !before.is_locked(plan)
                || !before.has_started(&text(plan, "cycle_id"))
            {
                continue;
            }
            for (column, table) in [("goal_id", "goal"), ("task_id", "task")] {
                let id = text(item, column);
                let is_gone = !id.is_empty() && !after.rows(table).contains_key(&id);
                if is_gone && !self.is_erased(&text(plan, "user_id")) {
                    return Err(format!(
                        "the {table} {id} is gone, and a locked week used it"
                    ));
                }
            }
        }
        Ok(())
    }

    fn view_tells_the_truth(&self) -> Result<(), String> {
        let after = self.after;
        if after.status.len() != after.rows("weekly_plan").len() {
            return Err("the status view has not a row for each plan".into());
        }
        for status in &after.status {
            let Some(plan) = after.rows("weekly_plan").get(&text(status, "plan_id")) else {
                return Err(format!("the status of no plan: {status}"));
            };
            let percent = status["completion_pct"]
                .as_str()
                .map(|text| text.parse::<f64>().unwrap());
            if status["locked"] != Value::Bool(after.is_locked(plan))
                || percent.is_some_and(|percent| !(0.0..=100.0).contains(&percent))
            {
                return Err(format!("the status view is wrong about {plan}: {status}"));
            }
        }
        Ok(())
    }

    fn seals_hold(&self, sealed: &mut Sealed) -> Result<(), String> {
        sealed.retain(|week| !self.is_erased(&week.user));
        for plan in self.after.rows("weekly_plan").values() {
            let week = Week::of(plan);
            if !self.after.has_started(&week.cycle) {
                continue;
            }
            if is_beyond(plan) {
                sealed.insert(week);
            } else if sealed.contains(&week) {
                return Err(format!(
                    "{week:?} was locked once, and is open for good: {plan}"
                ));
            }
        }
        Ok(())
    }
}
