//! Changing one row of a table through REST, as whoever writes: the request has the row as it was read as its condition, and a
//! change that touched no row is never a success.

use super::paging::correlation;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{RowWrite, Select, Verb};
use crate::domain::table::cell::cell_text;
use crate::domain::table::change::{
    ColumnChange, RowChange, RowChanged, differences, key_words, same_key,
};
use crate::domain::table::column::{ColumnInfo, ColumnKind, column_text};
use crate::domain::table::info::TableInfo;
use crate::domain::table::paging::RowValues;
use crate::domain::text;
use crate::ports::Rest;
use serde_json::Value;

/// Makes a change.
pub async fn make(
    rest: &dyn Rest,
    who: &Identity,
    table: &TableInfo,
    change: &RowChange,
) -> Result<RowChanged, Problem> {
    let correlation = correlation();
    let as_read = change.as_read(table);
    // What the server cannot compare is looked at right before: between the two only a moment lies.
    if let Some(was) = change.was().filter(|_| !as_read.looked_at.is_empty()) {
        still_as_read(rest, who, table, was, &correlation).await?;
    }
    let mut write = RowWrite {
        table: table.name.clone(),
        schema: table.schema.clone(),
        verb: match change {
            RowChange::Insert { .. } => Verb::Insert,
            RowChange::Update { .. } => Verb::Update,
            RowChange::Delete { .. } => Verb::Delete,
        },
        filters: as_read.conditions,
        body: match change {
            RowChange::Insert { values } | RowChange::Update { values, .. } => {
                Some(Value::Object(values.clone()))
            }
            RowChange::Delete { .. } => None,
        },
        columns: readable(table),
        correlation: Some(correlation.clone()),
    };
    let answer = match rest.write(who, &write).await {
        Err(problem) if is_no_operator(&problem) && change.was().is_some() => {
            // Not every type has an equality, and not every server knows that of each: then the row is looked at right before.
            if let Some(was) = change.was() {
                still_as_read(rest, who, table, was, &correlation).await?;
                write.filters = same_key(table, was);
            }
            rest.write(who, &write).await
        }
        answered => answered,
    };
    let mut rows: Vec<RowValues> = answer?
        .rows()
        // It was made, most likely; only its answer cannot be read.
        .map_err(Problem::of_unknown_outcome)?;
    match (rows.pop(), rows.len()) {
        (Some(row), 0) => Ok(RowChanged {
            verb: change.word(),
            besides: besides(change, &row),
            row,
        }),
        (Some(_), more) => Err(Problem::internal(format!(
            "{} rows of {} were changed in place of one.",
            more + 1,
            table.full_name()
        ))),
        (None, _) => Err(nothing_changed(rest, who, table, change, &correlation).await),
    }
}

/// The columns that come back.
pub(super) fn readable(table: &TableInfo) -> String {
    let hidden = |name: &str| {
        table
            .column(name)
            .is_some_and(|column| column.may_select == Some(false))
    };
    if table.columns.iter().any(|column| hidden(&column.name)) {
        let shown = table.columns.iter().filter(|column| !hidden(&column.name));
        let shown: Vec<String> = shown.map(|column| column_text(&column.name)).collect();
        return shown.join(",");
    }
    "*".to_owned()
}

fn is_no_operator(problem: &Problem) -> bool {
    problem.code.as_deref() == Some("42883")
}

/// What came back otherwise than it was read or sent.
fn besides(change: &RowChange, row: &RowValues) -> Vec<String> {
    let (was, sent) = match change {
        RowChange::Update { was, values } => (Some(was), values),
        RowChange::Insert { values } => (None, values),
        RowChange::Delete { .. } => return Vec::new(),
    };
    let is_beside = |(name, value): &(&String, &Value)| match (sent.get(*name), was) {
        (Some(sent), _) => is_another(sent, value),
        (None, Some(was)) => was.get(*name).is_some_and(|old| old != *value),
        (None, None) => false,
    };
    let found = row.iter().filter(is_beside);
    found.map(|(name, _)| name.clone()).collect()
}

/// Whether a value came back as another one. One that only stands otherwise (`1.0` for `1`, Postgres' form of an array) is the same.
fn is_another(sent: &Value, came: &Value) -> bool {
    match (sent, came) {
        (Value::Number(sent), Value::Number(came)) => {
            digits(&sent.to_string()) != digits(&came.to_string())
        }
        (Value::String(_), Value::Array(_) | Value::Object(_) | Value::Number(_)) => false,
        (Value::String(sent), Value::String(came)) => {
            let at = |text: &str| text.parse::<jiff::Timestamp>().ok();
            sent != came && (at(sent).is_none() || at(sent) != at(came))
        }
        (sent, came) => sent != came,
    }
}

/// The sign, the digits without zeros at their ends, and the power of ten of the last one: two numbers are the same where these are.
fn digits(number: &str) -> (bool, String, i64) {
    let (is_negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (number, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let all = format!("{whole}{part}");
    let kept = all.trim_end_matches('0');
    let zeros = (all.len() - kept.len()) as i64;
    let kept = kept.trim_start_matches('0');
    if kept.is_empty() {
        return (false, String::new(), 0);
    }
    let power = power.parse::<i64>().unwrap_or(i64::MAX);
    let power = power
        .saturating_sub(part.len() as i64)
        .saturating_add(zeros);
    (is_negative, kept.to_owned(), power)
}

/// The row as it is now; nothing where it is not there, or not visible.
async fn now(
    rest: &dyn Rest,
    who: &Identity,
    table: &TableInfo,
    was: &RowValues,
    correlation: &str,
) -> Result<Option<RowValues>, Problem> {
    let mut query = Select::from(&table.name)
        .of_schema(&table.schema)
        .columns(readable(table))
        .limit(1)
        .under(correlation);
    query.filters = same_key(table, was);
    let mut rows: Vec<RowValues> = rest.select(who, &query).await?.rows()?;
    Ok(rows.pop())
}

/// Makes sure that a row is as it was read.
async fn still_as_read(
    rest: &dyn Rest,
    who: &Identity,
    table: &TableInfo,
    was: &RowValues,
    correlation: &str,
) -> Result<(), Problem> {
    let Some(row) = now(rest, who, table, was, correlation).await? else {
        return Err(gone(who, table, was));
    };
    let differs = differences(was, &row);
    if differs.is_empty() {
        return Ok(());
    }
    Err(changed_meanwhile(table, was, &differs))
}

/// Why a change touched no row: the row is gone, is another one by now, or a policy hides it from the change.
async fn nothing_changed(
    rest: &dyn Rest,
    who: &Identity,
    table: &TableInfo,
    change: &RowChange,
    correlation: &str,
) -> Problem {
    let Some(was) = change.was() else {
        return Problem::new(
            Kind::Denied,
            format!("No row was added to {}.", shown(table)),
            "The server took the row and made none: a rule or a trigger left it out.",
        );
    };
    let row = match now(rest, who, table, was, correlation).await {
        Ok(row) => row,
        Err(problem) => return problem,
    };
    let Some(row) = row else {
        return gone(who, table, was);
    };
    let differs = differences(was, &row);
    if !differs.is_empty() {
        return changed_meanwhile(table, was, &differs);
    }
    let verb = change.word();
    let policies = table.policies_for(verb);
    let why = if !who.is_under_rls() {
        "A trigger or a rule left it out.".to_owned()
    } else if !table.has_rls() && table.rls.is_some() {
        "Row Level Security is off: a trigger or a rule left it out.".to_owned()
    } else if table.policies.is_empty() && table.rls.is_none() {
        format!("It can be seen, and a policy hides it from {verb}.")
    } else if policies.is_empty() {
        format!(
            "It can be seen, and no policy lets {} {verb} rows.",
            who.role()
        )
    } else {
        format!(
            "It can be seen, and no policy lets {} {verb} it: {}.",
            who.role(),
            policies.join("; ")
        )
    };
    Problem::new(
        Kind::Denied,
        format!(
            "{} of {} was not changed.",
            upper(&key_words(table, was)),
            shown(table)
        ),
        why,
    )
}

fn shown(table: &TableInfo) -> String {
    text::harmless(&table.full_name().to_string()).into_owned()
}

fn upper(words: &str) -> String {
    format!("The row {words}")
}

fn gone(who: &Identity, table: &TableInfo, was: &RowValues) -> Problem {
    Problem::new(
        Kind::Conflict,
        format!(
            "{} of {} is no longer there.",
            upper(&key_words(table, was)),
            shown(table)
        ),
        if who.is_under_rls() {
            format!(
                "It was removed meanwhile, or {} no longer sees it. Nothing was changed.",
                who.called()
            )
        } else {
            "It was removed meanwhile. Nothing was changed.".to_owned()
        },
    )
}

fn changed_meanwhile(table: &TableInfo, was: &RowValues, differs: &[ColumnChange]) -> Problem {
    let told = differs.iter().take(5).map(|change| {
        let kind = table
            .column(&change.column)
            .map_or(ColumnKind::Unknown, ColumnInfo::kind);
        let cell = |value: &Option<Value>| {
            let text = cell_text(kind, value.as_ref().unwrap_or(&Value::Null), None).text;
            let cut: String = text.chars().take(60).collect();
            if cut.len() < text.len() {
                format!("{cut}…")
            } else {
                cut
            }
        };
        format!(
            "{} was {} and is {}",
            text::harmless(&change.column),
            cell(&change.old),
            cell(&change.new)
        )
    });
    let told: Vec<String> = told.collect();
    Problem::new(
        Kind::Conflict,
        format!(
            "{} of {} was changed by somebody else.",
            upper(&key_words(table, was)),
            shown(table)
        ),
        format!(
            "Since it was read: {}. Nothing was overwritten.",
            told.join("; ")
        ),
    )
    .with_hint("Read the row again, and change it then.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::query::{Answer, Call, Ping};
    use crate::domain::table::info::{TablePolicy, TableRls, TableSource};
    use crate::domain::table::name::TableName;
    use crate::ports::{Counting, Task};
    use serde_json::json;
    use std::sync::Mutex;

    #[test]
    fn numbers_are_compared_by_all_their_digits() {
        for (one, other, is_same) in [
            ("1.0", "1", true),
            ("0", "-0.00", true),
            ("1e3", "1000", true),
            ("0.0120", "1.2e-2", true),
            ("-1", "1", false),
            ("9007199254740993", "9007199254740992", false),
            ("0.10000000000000000001", "0.1", false),
        ] {
            assert_eq!(digits(one) == digits(other), is_same, "{one} {other}");
        }
    }

    /// A server with one row, which compares what it can, and hides the row from changes where it is told to.
    struct Server {
        row: Mutex<Option<Value>>,
        hides: bool,
        /// Whether it knows no equality but that of the key.
        is_dull: bool,
        writes: Mutex<usize>,
    }

    impl Server {
        fn of(row: Option<Value>) -> Self {
            Self {
                row: Mutex::new(row),
                hides: false,
                is_dull: false,
                writes: Mutex::default(),
            }
        }

        fn fits(&self, filters: &[crate::domain::query::Filter]) -> bool {
            use crate::domain::query::Filter;
            let row = self.row.lock().unwrap();
            let Some(row) = row.as_ref() else {
                return false;
            };
            filters.iter().all(|filter| match filter {
                Filter::Compare { column, value, .. } => match &row[column] {
                    Value::String(text) => text == value,
                    other => format!("{other}") == *value,
                },
                Filter::IsNull { column } => row[column].is_null(),
                _ => false,
            })
        }
    }

    fn answer(rows: &[Value]) -> Answer {
        Answer {
            body: serde_json::to_vec(rows).unwrap(),
            range: None,
        }
    }

    impl Rest for Server {
        fn select<'a>(&'a self, _: &'a Identity, query: &'a Select) -> Task<'a, Answer> {
            let row = self
                .fits(&query.filters)
                .then(|| self.row.lock().unwrap().clone());
            let rows: Vec<Value> = row.flatten().into_iter().collect();
            Box::pin(async move { Ok(answer(&rows)) })
        }

        fn count<'a>(&'a self, _: &'a Identity, _: &'a Select, _: Counting) -> Task<'a, u64> {
            Box::pin(async { Ok(0) })
        }

        fn call<'a>(&'a self, _: &'a Identity, _: &'a Call) -> Task<'a, Answer> {
            Box::pin(async { Err(Problem::internal("")) })
        }

        fn write<'a>(&'a self, _: &'a Identity, write: &'a RowWrite) -> Task<'a, Answer> {
            *self.writes.lock().unwrap() += 1;
            if self.is_dull && write.filters.len() > 1 {
                let problem = Problem::new(Kind::Database, "No.", "").with_code("42883");
                return Box::pin(async { Err(problem) });
            }
            if self.hides || !self.fits(&write.filters) {
                return Box::pin(async { Ok(answer(&[])) });
            }
            let mut row = self.row.lock().unwrap();
            let mut new = row.clone().unwrap();
            for (name, value) in write.body.iter().filter_map(Value::as_object).flatten() {
                new[name] = value.clone();
            }
            *row = (write.verb != Verb::Delete).then(|| new.clone());
            Box::pin(async move { Ok(answer(&[new])) })
        }

        fn describe<'a>(&'a self, _: &'a Identity, _: &'a str) -> Task<'a, Answer> {
            Box::pin(async { Err(Problem::internal("")) })
        }

        fn ping<'a>(&'a self, _: &'a Identity) -> Task<'a, Ping> {
            Box::pin(async { Err(Problem::internal("")) })
        }

        fn schema_changed(&self) {}
    }

    fn table() -> TableInfo {
        let column = |name: &str, base_type: &str| ColumnInfo {
            name: name.to_owned(),
            data_type: base_type.to_owned(),
            base_type: base_type.to_owned(),
            nullable: true,
            ..ColumnInfo::default()
        };
        TableInfo {
            columns: vec![
                column("id", "bigint"),
                column("a", "text"),
                column("raw", "json"),
            ],
            key: vec!["id".into()],
            rls: Some(TableRls {
                enabled: true,
                forced: false,
                policies: 1,
            }),
            policies: vec![TablePolicy {
                name: "own".into(),
                verb: "update".into(),
                permissive: true,
                applies: Some(true),
                qual: Some("(owner = auth.uid())".into()),
                check: None,
            }],
            source: TableSource::Database,
            ..TableInfo::unknown(&TableName::new("public", "t"))
        }
    }

    fn row(value: &Value) -> RowValues {
        value.as_object().unwrap().clone()
    }

    fn update(was: &Value, values: &Value) -> RowChange {
        RowChange::update(&table(), row(was), row(values))
            .unwrap()
            .unwrap()
    }

    async fn made(server: &Server, change: &RowChange) -> Result<RowChanged, Problem> {
        make(server, &Identity::Anon, &table(), change).await
    }

    #[tokio::test]
    async fn nobodys_work_is_overwritten() {
        let was = json!({"id": 1, "a": "old", "raw": null});
        for is_dull in [false, true] {
            for now in [
                json!({"id": 1, "a": "theirs", "raw": null}),
                json!({"id": 1, "a": "old", "raw": {"x": 1}}),
            ] {
                let mut server = Server::of(Some(now.clone()));
                server.is_dull = is_dull;
                for change in [
                    update(&was, &json!({"a": "mine"})),
                    RowChange::delete(&table(), row(&was)).unwrap(),
                ] {
                    let problem = made(&server, &change).await.unwrap_err();
                    assert_eq!(problem.kind, Kind::Conflict, "{problem}");
                    assert!(
                        problem.what.contains("changed by somebody else"),
                        "{problem}"
                    );
                    assert_eq!(server.row.lock().unwrap().as_ref(), Some(&now));
                }
            }
        }
        let gone = made(&Server::of(None), &update(&was, &json!({"a": "mine"})))
            .await
            .unwrap_err();
        assert!(gone.what.contains("no longer there"), "{gone}");
    }

    #[tokio::test]
    async fn what_the_server_cannot_compare_is_looked_at_before() {
        let was = json!({"id": 1, "a": "old", "raw": {"x": 1}});
        let change = update(&was, &json!({"a": "mine"}));
        for is_dull in [false, true] {
            let mut server = Server::of(Some(was.clone()));
            server.is_dull = is_dull;
            let done = made(&server, &change).await.unwrap();
            assert_eq!(done.row["a"], "mine");
            let mut other = Server::of(Some(json!({"id": 1, "a": "old", "raw": {"x": 2}})));
            other.is_dull = is_dull;
            let problem = made(&other, &change).await.unwrap_err();
            assert!(
                problem.why.contains("raw was {x: 1} and is {x: 2}"),
                "{problem}"
            );
            assert_eq!(*other.writes.lock().unwrap(), 0);
        }
    }

    #[tokio::test]
    async fn a_row_that_a_policy_hides_is_no_success() {
        let was = json!({"id": 1, "a": "old", "raw": null});
        let mut server = Server::of(Some(was.clone()));
        server.hides = true;
        let problem = made(&server, &update(&was, &json!({"a": "mine"})))
            .await
            .unwrap_err();
        assert_eq!(problem.kind, Kind::Denied);
        assert!(
            problem
                .why
                .contains("policy “own” using (owner = auth.uid())"),
            "{problem}"
        );
        let delete = RowChange::delete(&table(), row(&was)).unwrap();
        let problem = made(&server, &delete).await.unwrap_err();
        assert!(
            problem.why.contains("no policy lets anon delete rows"),
            "{problem}"
        );
        let insert = RowChange::insert(&table(), row(&json!({"a": "x"}))).unwrap();
        assert_eq!(made(&server, &insert).await.unwrap_err().kind, Kind::Denied);
    }
}
