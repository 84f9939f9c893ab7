//! Whether every table that the screens and commands of Weeksmith read can be read: one that can says nothing of the others.

use super::{Check, Subject, failed, fine, skipped};
use crate::domain::identity::Identity;
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::Select;
use crate::domain::read_problem::is_absent;

/// The tables and views, each with its key.
const TABLES: [(&str, &str); 4] = [
    ("cycle", "id"),
    ("goal", "id"),
    ("week_lock_status", "plan_id"),
    ("audit_log", "id"),
];

const NAME: &str = "weeksmith";

/// Reads a row of each.
pub(super) async fn check(subject: &Subject<'_>) -> Check {
    let who = subject.identity;
    if !subject.has_publishable_key && *who != Identity::Service {
        return skipped(NAME, "Nothing can be read without a key.");
    }
    let [cycle, goal, lock, audit] = TABLES.map(|(table, key)| read(subject, table, key));
    let (cycle, goal, lock, audit) = tokio::join!(cycle, goal, lock, audit);
    let names = TABLES.map(|(table, _)| table).into_iter();
    let answers = names.zip([cycle, goal, lock, audit]);
    let refused: Vec<_> = answers
        .filter_map(|(table, answer)| Some((table, answer.err()?)))
        .collect();
    verdict(who, &refused)
}

async fn read(subject: &Subject<'_>, table: &str, key: &str) -> Result<(), Problem> {
    let query = Select::from(table).columns(key).limit(1);
    let selected = subject.rest.select(subject.identity, &query);
    let answer = subject.waits.on(&subject.rest_name(), selected).await;
    answer.map(drop)
}

/// What the tables that could not be read say together.
fn verdict(who: &Identity, refused: &[(&str, Problem)]) -> Check {
    let of = |kind: Kind| refused.iter().any(|(_, problem)| problem.kind == kind);
    let all = |is: fn(&Problem) -> bool| refused.iter().all(|(_, problem)| is(problem));
    if refused.is_empty() {
        return fine(NAME, "The Weeksmith schema is there.");
    }
    if of(Kind::Network) {
        return skipped(NAME, "REST does not answer.");
    }
    if of(Kind::Config) {
        return skipped(NAME, "Nothing can be read without a key.");
    }
    if refused.len() == TABLES.len() && all(is_absent) {
        return skipped(
            NAME,
            "The project has none of Weeksmith's tables, or REST has not noticed them yet.",
        )
        .with_hint("Only cycles, goals and locks need them: see `supadeck migration list`.");
    }
    if *who == Identity::Anon && all(|problem| problem.kind == Kind::Denied) {
        return fine(NAME, "The Weeksmith schema is there; anon may not read it.");
    }
    let names: Vec<&str> = refused.iter().map(|(table, _)| *table).collect();
    let (_, first) = &refused[0];
    let check = failed(NAME, first);
    Check {
        what: format!("{} cannot be read. {first}", listed(&names)),
        ..check
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::read_problem::absent;
    use crate::ops::doctor::State;

    fn refused(tables: &[&'static str], problem: &Problem) -> Vec<(&'static str, Problem)> {
        let tables = tables.iter();
        tables.map(|table| (*table, problem.clone())).collect()
    }

    #[test]
    fn one_table_that_cannot_be_read_fails_whatever_the_others_say() {
        let all = TABLES.map(|(table, _)| table);
        let alice = Identity::User(crate::domain::identity::User::default());
        let denied = Problem::new(Kind::Denied, "alice may not read goal.", "");
        let gone = absent("goal", "", "PGRST205");
        let broken = Problem::new(Kind::Database, "The database refused to read goal.", "");
        for problem in [&denied, &gone, &broken] {
            let check = verdict(&alice, &refused(&["goal"], problem));
            assert_eq!(check.state, State::Fail, "{problem}");
            assert!(check.what.starts_with("goal cannot be read."), "{check:?}");
        }
        let other = verdict(&alice, &refused(&all, &gone));
        assert_eq!(other.state, State::Skip, "a project of another kind");
        let anon = verdict(&Identity::Anon, &refused(&all, &denied));
        assert_eq!(anon.state, State::Ok);
        let anon = verdict(&Identity::Anon, &refused(&["goal"], &broken));
        assert_eq!(anon.state, State::Fail);
    }
}
