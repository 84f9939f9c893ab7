//! Questions of supadeck's own: one call gives the rows of several selections with who asked, and the server's clock.

use super::client::extract;
use super::database::ManagementDatabase;
use super::response::{Failure, no_turn};
use crate::adapters::sql::target::{IRREVERSIBLE, PLATFORM, TIMEOUT, platform, timeout};
use crate::domain::migration::Target;
use crate::domain::migration::irreversible::Irreversible;
use crate::domain::problem::{Kind, Problem};
use crate::domain::production::Mark;
use crate::domain::text::sentence;
use serde_json::Value;

/// Rows as text.
pub(super) type Rows = Vec<Vec<Option<String>>>;

/// What a reading call told.
pub(super) struct QueryResult {
    pub(super) target: Target,
    pub(super) rows: Rows,
    /// The server's clock, in seconds since 1970.
    pub(super) clock: f64,
}

impl ManagementDatabase {
    /// Runs a selection of so many columns, if there is one, and tells its rows as text with who asks what.
    pub(super) async fn tell(&self, select: Option<(&str, usize)>) -> Result<QueryResult, Failure> {
        let selects: Vec<_> = select.into_iter().collect();
        let (told, mut lists) = self.query_all(&self.question(&selects)).await?;
        let rows = lists.pop().unwrap_or_default();
        Ok(QueryResult { rows, ..told })
    }

    /// Asks a question and reads its answer: who and when, and the rows of each selection.
    pub(super) async fn query_all(
        &self,
        question: &str,
    ) -> Result<(QueryResult, Vec<Rows>), Failure> {
        let rows = self.api.ask(question).await?;
        let unreadable = || {
            Failure::Unknown(
                "The Management API did not give the rows that were asked for.".to_owned(),
            )
        };
        let told = match extract(&rows).ok_or_else(unreadable)? {
            Value::String(text) => serde_json::from_str(text).map_err(|_| unreadable())?,
            value => value.clone(),
        };
        let who = cells(&told["who"]).ok_or_else(unreadable)?;
        let cell = |at: usize| who.get(at).cloned().flatten().unwrap_or_default();
        if cell(4) == "off" {
            return Err(Failure::TurnedAway(Box::new(strings_problem(&cell(0)))));
        }
        let clock = cell(3).parse().map_err(|_| unreadable())?;
        self.fence.observe_clock(clock);
        let list = |list: &Value| list.as_array()?.iter().map(cells).collect::<Option<Rows>>();
        let lists = told["rows"].as_array().ok_or_else(unreadable)?;
        let lists = lists.iter().map(list).collect::<Option<Vec<Rows>>>();
        let told = QueryResult {
            target: Target {
                host: self.api.access.host(),
                database: cell(1),
                role: cell(0),
                server_version: cell(2).split(' ').next().unwrap_or_default().to_owned(),
                statement_timeout: timeout(who.get(5).and_then(Option::as_deref), false),
                platform: Box::new(platform(who.get(6).and_then(Option::as_deref))),
                irreversible: Box::new(Irreversible::parse(who.get(7).and_then(Option::as_deref))),
                // The ref is the project: what else the database could be recognised by is not asked.
                mark: Box::new(Mark {
                    refs: vec![self.api.access.reference().to_owned()],
                    id: None,
                }),
                ..Target::default()
            },
            rows: Vec::new(),
            clock,
        };
        Ok((told, lists.ok_or_else(unreadable)?))
    }

    /// One selection that gives everything in one value: the API may give the rows of only one statement, and columns of
    /// the same name only once.
    pub(super) fn question(&self, selects: &[(&str, usize)]) -> String {
        let list = |(sql, columns): &(&str, usize)| {
            let names = |suffix: &str| {
                let names: Vec<_> = (0..*columns).map(|at| format!("c{at}{suffix}")).collect();
                names.join(", ")
            };
            format!(
                "(select coalesce(pg_catalog.json_agg(pg_catalog.json_build_array({})), '[]') from ({sql}) as q({}))",
                names("::pg_catalog.text"),
                names("")
            )
        };
        let lists: Vec<_> = selects.iter().map(list).collect();
        let limit = self.api.patience.statement;
        format!(
            "set local lock_timeout = {}; set local statement_timeout = {}; \
            select pg_catalog.json_build_object('who', pg_catalog.json_build_array(current_user, pg_catalog.current_database(), \
            pg_catalog.current_setting('server_version'), extract(epoch from pg_catalog.clock_timestamp())::pg_catalog.text, \
            pg_catalog.current_setting('standard_conforming_strings'), {TIMEOUT}, {PLATFORM}, {}), 'rows', pg_catalog.json_build_array({})) as supadeck",
            (limit / 2).as_millis().max(1),
            limit.as_millis().max(1),
            *IRREVERSIBLE,
            lists.join(", ")
        )
    }
}

/// A failure of a call of supadeck's own, as a problem.
pub(super) fn problem(failure: Failure, what: &str) -> Problem {
    let network = |why: String| Problem::new(Kind::Network, what, why).retryable();
    match failure {
        Failure::TurnedAway(problem) => *problem,
        Failure::Cancelled => Problem::cancelled(what),
        Failure::Later(_) => problem(no_turn(), what),
        Failure::Unsent(why) | Failure::Unknown(why) => network(why),
        Failure::Unclear(why) => Problem::new(Kind::Database, what, why),
        Failure::Refused(said) => {
            let kind = match said.code.as_str() {
                "42501" => Kind::Denied,
                "55P03" => Kind::Conflict,
                "57014" => Kind::Network,
                _ => Kind::Database,
            };
            let problem = Problem::new(kind, what, sentence(&said.message)).with_code(said.code);
            match (said.hint, kind) {
                (Some(hint), _) => problem.with_hint(sentence(&hint)),
                (None, Kind::Conflict | Kind::Network) => problem.retryable(),
                (None, _) => problem,
            }
        }
    }
}

/// A JSON array of texts and nulls.
fn cells(value: &Value) -> Option<Vec<Option<String>>> {
    let cell = |value: &Value| match value {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(text.clone())),
        Value::Number(number) => Some(Some(number.to_string())),
        _ => None,
    };
    value.as_array()?.iter().map(cell).collect()
}

/// As over a Postgres connection: with the setting off, strings would be read differently from how they are shown.
fn strings_problem(role: &str) -> Problem {
    Problem::new(
        Kind::Database,
        "The project's database sets standard_conforming_strings off.",
        "Strings with backslashes would be read differently from how they are shown.",
    )
    .with_hint(format!(
        "Run `alter role {role} set standard_conforming_strings = on` (or the same for the database)."
    ))
}
