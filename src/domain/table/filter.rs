//! The filter of the rows of any table, in the language of the audit trail: a column, a sign and a value. Values of one column
//! are alternatives, with commas or by writing the column twice; different columns must all hold; `-` in front of a column takes
//! what does not fit.
//!
//! ```text
//! status:completed,planned   -status:skipped   status!=skipped   notes:null   notes:"null"   notes:""
//! qty>3   qty<=2.5   created_at>2h   created_at:2025-10-04   created_at<2025-10-04T12:30Z   times without an offset are UTC
//! notes~"two words"   notes~deep*work     contains, without regard to case; * is any run of characters
//! id:1b4e28ba   the first eight characters of a UUID or more   user_id:me
//! tags:health   an array that has it      data.address.city:Rome   data.lines[0]:x   inside JSON
//! "odd name":x   "a.b"~y                  a column whose name is no plain word stands in double quotes
//! ```

use super::column::{ColumnInfo, ColumnKind, column_text};
use super::info::TableInfo;
use crate::domain::audit::filter::Wildcard;
use crate::domain::audit::path::{self, Step, path_text};
use crate::domain::filter::condition::{
    array_literal, escaped, every, is_number, one, opposite, time_bound,
};
use crate::domain::filter::id_part::IdPart;
use crate::domain::filter::json_test::{JsonTest, json_conditions};
use crate::domain::filter::moment::Moment;
use crate::domain::filter::sign::{Test, read_sign};
use crate::domain::filter::text::{
    FilterFault, ReadValues, Typed, fault, json_path, quoted, read_terms, single_value, unquoted,
    values,
};
use crate::domain::identity::Identity;
use crate::domain::near::edits;
use crate::domain::problem::Problem;
use crate::domain::query::{Filter as Condition, Op};
use crate::domain::text;
use std::fmt;

/// A filter that was read against the columns of a table. Printing it gives text that reads the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowFilter {
    terms: Vec<RowTerm>,
    conditions: Vec<Condition>,
}

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RowTerm {
    is_not: bool,
    column: String,
    path: Vec<Step>,
    test: Test,
    values: Vec<Typed>,
    any: Vec<Condition>,
}

/// What a filter is read for.
#[derive(Debug, Clone, Copy)]
pub struct RowFilterFor<'a> {
    /// The table with its columns.
    pub table: &'a TableInfo,
    /// Who reads: `me` is their id.
    pub who: &'a Identity,
    /// What times such as `2h` count back from.
    pub now: jiff::Timestamp,
}

impl RowFilter {
    /// Reads a filter.
    pub fn parse(text: &str, from: RowFilterFor<'_>) -> Result<Self, Problem> {
        Self::read(text, from).map_err(|fault| fault.problem)
    }

    /// The same, with the place of a fault.
    pub fn read(text: &str, from: RowFilterFor<'_>) -> Result<Self, FilterFault> {
        let terms = read_terms(text, |word| term(word, from), |term| term.values.len())?;
        let conditions = conditions(&terms);
        Ok(Self { terms, conditions })
    }

    /// Whether nothing is filtered.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// What must hold, all of it.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// This filter with a value of a column that some of its rows have: values of the column that were asked for give way, for they would
    /// stand beside it as alternatives. None where no term asks for the value.
    pub fn with_value(&self, column: &str, value: &serde_json::Value) -> Option<String> {
        let term = Self::term_for(column, value)?;
        let gives_way = |term: &&RowTerm| {
            !term.is_not && term.test == Test::Is && term.column == column && term.path.is_empty()
        };
        let rest = self.terms.iter().filter(|term| !gives_way(term));
        let rest = rest.map(RowTerm::to_string);
        Some(rest.chain([term]).collect::<Vec<_>>().join(" "))
    }

    /// A term that asks for exactly this value of a column, as it has to be typed. A value that no term asks for has none.
    pub fn term_for(column: &str, value: &serde_json::Value) -> Option<String> {
        let key = path::key_text(column);
        match value {
            serde_json::Value::Null => Some(format!("{key}:null")),
            serde_json::Value::String(text) if text == "null" || text == "me" => {
                Some(format!("{key}:{}", path::quoted(text, |_| false)))
            }
            serde_json::Value::String(text) => Some(format!("{key}:{}", quoted(text))),
            serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {
                Some(format!("{key}:{value}"))
            }
            _ => None,
        }
    }
}

/// Wanted values of one place are alternatives; everything else must hold besides.
fn conditions(terms: &[RowTerm]) -> Vec<Condition> {
    let is_same = |one: &RowTerm, other: &RowTerm| {
        let is_wanted = |term: &RowTerm| !term.is_not && term.test == Test::Is;
        is_wanted(one) && is_wanted(other) && one.column == other.column && one.path == other.path
    };
    let mut all = Vec::new();
    for (at, term) in terms.iter().enumerate() {
        if terms[..at].iter().any(|before| is_same(before, term)) {
            continue;
        }
        let others = terms[at + 1..].iter().filter(|other| is_same(term, other));
        let any = term.any.iter().chain(others.flat_map(|other| &other.any));
        let any = one(any.cloned().collect());
        match if term.is_not { opposite(any) } else { any } {
            // Conditions that must all hold stand side by side.
            Condition::All(parts) => all.extend(parts),
            other => all.push(other),
        }
    }
    all
}

fn term(word: &str, from: RowFilterFor<'_>) -> Result<RowTerm, Problem> {
    let (is_not, word) = match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    let bad = || no_term(word, from.table);
    let (path, tail) = json_path(word, false, &bad)?;
    if tail.is_empty() && word.starts_with('"') {
        // Quotes may stand around the whole term; then they say nothing about its value.
        let plain = unquoted(word)?.text;
        let (path, tail) = json_path(&plain, false, &bad)?;
        return read_term(is_not, &plain, path, tail, &single_value, from);
    }
    read_term(is_not, word, path, tail, &values, from)
}

fn read_term(
    is_not: bool,
    word: &str,
    path: Vec<Step>,
    tail: &str,
    values: ReadValues<'_>,
    from: RowFilterFor<'_>,
) -> Result<RowTerm, Problem> {
    let mut steps = path.into_iter();
    let Some(Step::Key(name)) = steps.next() else {
        return Err(no_term(word, from.table));
    };
    let path: Vec<Step> = steps.collect();
    let Some((sign, test, rest)) = read_sign(tail) else {
        return Err(no_term(word, from.table));
    };
    let column = from.table.find(&name)?;
    // A bound is one: a comma in it is a fault.
    let typed = match test {
        Test::Is | Test::Contains => values(rest)?,
        _ => vec![unquoted(rest)?],
    };
    let place = Place {
        word,
        column: &column,
        path: &path,
        sign,
        test,
        from,
    };
    let any = typed.iter().map(|value| place.condition(value));
    let any = any.collect::<Result<_, _>>()?;
    Ok(RowTerm {
        is_not: is_not != (sign == "!="),
        column: column.name.clone(),
        path,
        test,
        values: typed,
        any,
    })
}

/// Where a value stands in a filter.
struct Place<'a> {
    word: &'a str,
    column: &'a ColumnInfo,
    path: &'a [Step],
    sign: &'a str,
    test: Test,
    from: RowFilterFor<'a>,
}

impl Place<'_> {
    fn condition(&self, value: &Typed) -> Result<Condition, Problem> {
        let column = column_text(&self.column.name);
        if value.text.is_empty() && !(value.was_quoted && self.test == Test::Is) {
            let problem = fault(
                format!("`{}` compares with nothing.", text::cell(self.word)),
                "No value follows the sign, or a comma.",
            );
            return Err(if self.test == Test::Is {
                problem.with_hint(
                    "Write `\"\"` for a text without any letter, or `null` for no value.",
                )
            } else {
                problem
            });
        }
        let is_null = value.text == "null" && !value.was_quoted;
        let kind = self.column.kind();
        if !self.path.is_empty() {
            return self.inside(kind, &column, value);
        }
        if is_null {
            return match self.test {
                Test::Is => Ok(Condition::IsNull { column }),
                _ => Err(fault(
                    format!("`{}` compares with no value.", text::cell(self.word)),
                    "Where there is no value, nothing is greater or less.",
                )
                .with_hint(format!("Write `{}:null`.", self.shown()))),
            };
        }
        let compare = |op: Op, value: &str| Condition::compare(&column, op, value);
        let op = self.op();
        Ok(match (kind, op) {
            (ColumnKind::Integer(bits), Some(op)) => compare(op, self.integer(bits, &value.text)?),
            (ColumnKind::Number, Some(op)) => compare(op, self.number(&value.text)?),
            (ColumnKind::Boolean, Some(Op::Eq)) => compare(Op::Eq, self.boolean(&value.text)?),
            (ColumnKind::Uuid, Some(Op::Eq)) => self.id(&column, value)?,
            (ColumnKind::Uuid, Some(op)) => match IdPart::parse(&value.text) {
                Some(id) if id.whole().is_some() => compare(op, id.text()),
                _ => {
                    return Err(self.not_of("a whole UUID", "1b4e28ba-2fa1-4d2b-883f-0016d3cca427"));
                }
            },
            (ColumnKind::Enum, Some(op)) => compare(op, self.word_of_enum(&value.text)?),
            (ColumnKind::Enum, None) => self.words_of_enum(&column, &value.text)?,
            (ColumnKind::Date | ColumnKind::LocalTime | ColumnKind::Moment, Some(op)) => {
                self.moment(kind, &column, op, &value.text)?
            }
            (ColumnKind::Array, Some(Op::Eq)) => compare(Op::Contains, &array_literal(&value.text)),
            (ColumnKind::Json | ColumnKind::Jsonb, _) => {
                return Err(fault(
                    format!("`{}` compares a whole document.", text::cell(self.word)),
                    "A filter looks at one value inside it.",
                )
                .with_hint(format!(
                    "Name a key, such as `{}.status:done`.",
                    self.shown()
                )));
            }
            (ColumnKind::Text | ColumnKind::Unknown, None) => {
                compare(Op::ILike, &format!("*{}*", escaped(&value.text)))
            }
            (
                ColumnKind::Text | ColumnKind::Unknown | ColumnKind::Other | ColumnKind::Bytes,
                Some(op),
            ) => compare(op, &value.text),
            _ => return Err(self.no_such_test()),
        })
    }

    /// The comparison; none where a part of a text is looked for.
    fn op(&self) -> Option<Op> {
        Some(match self.test {
            Test::Is => Op::Eq,
            Test::Above => Op::Gt,
            Test::AtLeast => Op::GtEq,
            Test::Below => Op::Lt,
            Test::AtMost => Op::LtEq,
            Test::Contains => return None,
        })
    }

    fn shown(&self) -> String {
        path::key_text(&self.column.name)
    }

    /// A value inside a document.
    fn inside(&self, kind: ColumnKind, column: &str, value: &Typed) -> Result<Condition, Problem> {
        let is_order = !matches!(self.test, Test::Is | Test::Contains);
        match kind {
            ColumnKind::Jsonb | ColumnKind::Unknown => {}
            ColumnKind::Json if !is_order => {
                let (as_text, value) = (self.as_text(column), value.text.as_str());
                return Ok(match self.test {
                    Test::Is if value == "null" => Condition::IsNull { column: as_text },
                    Test::Is => Condition::eq(as_text, value),
                    _ => Condition::compare(as_text, Op::ILike, format!("*{}*", escaped(value))),
                });
            }
            ColumnKind::Json => {
                return Err(fault(
                    format!("`{}` cannot be compared by size.", text::cell(self.word)),
                    "The column is of type json, which Postgres keeps as text.",
                )
                .with_hint("`:` and `~` compare its values as text."));
            }
            _ => {
                return Err(fault(
                    format!("`{}` has nothing inside.", self.shown()),
                    format!("It is of type {}.", text::cell(&self.column.data_type)),
                )
                .with_hint(format!(
                    "A column with a dot in its name stands in quotes: `\"{}.{}\"`.",
                    text::cell(&self.column.name),
                    text::cell(&path_text(self.path))
                )));
            }
        }
        if is_order && !is_number(&value.text) && Moment::fixed(&value.text).is_none() {
            return Err(self.not_of("a number or a time", "3"));
        }
        let is_text = value.was_quoted
            && self.test == Test::Is
            && (value.text == "null" || is_number(&value.text));
        Ok(every(json_conditions(&JsonTest {
            column,
            path: self.path,
            test: self.test,
            value: &value.text,
            is_text,
        })))
    }

    /// The text of a value inside a document.
    fn as_text(&self, column: &str) -> String {
        let mut out = column.to_owned();
        for (at, step) in self.path.iter().enumerate() {
            out.push_str(if at + 1 == self.path.len() {
                "->>"
            } else {
                "->"
            });
            match step {
                Step::Key(key) => out.push_str(&column_text(key)),
                Step::Index(at) => out.push_str(&at.to_string()),
            }
        }
        out
    }

    fn integer<'t>(&self, bits: u32, typed: &'t str) -> Result<&'t str, Problem> {
        let most = (1_i128 << (bits - 1)) - 1;
        match typed.parse::<i128>() {
            Ok(number) if (-most - 1..=most).contains(&number) => Ok(typed),
            Ok(_) => Err(self.not_of(&format!("a number between {} and {most}", -most - 1), "3")),
            Err(_) => Err(self.not_of("a whole number", "3")),
        }
    }

    fn number<'t>(&self, typed: &'t str) -> Result<&'t str, Problem> {
        let is_special = ["nan", "infinity", "-infinity"].contains(&typed.to_lowercase().as_str());
        if is_number(typed) || is_special {
            return Ok(typed);
        }
        Err(self.not_of("a number", "2.5"))
    }

    fn boolean(&self, typed: &str) -> Result<&'static str, Problem> {
        match typed.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" => Ok("true"),
            "false" | "f" | "no" => Ok("false"),
            _ => Err(self.not_of("`true` or `false`", "true")),
        }
    }

    fn id(&self, column: &str, value: &Typed) -> Result<Condition, Problem> {
        if value.text == "me" && !value.was_quoted {
            return match self.from.who.user_id() {
                Some(id) => Ok(Condition::eq(column, id)),
                None => Err(fault(
                    "`me` in the filter means nobody.",
                    format!("The identity in use is {}.", self.from.who.name()),
                )
                .with_hint("Sign in with `supadeck login`, or give a user's id.")),
            };
        }
        let Some(id) = IdPart::parse(&value.text) else {
            return Err(self.not_of(
                "a UUID, or the first eight characters of one or more",
                "1b4e28ba",
            ));
        };
        if let Some(id) = id.whole() {
            return Ok(Condition::eq(column, id));
        }
        let (least, greatest) = id.bounds();
        Ok(Condition::All(vec![
            Condition::compare(column, Op::GtEq, least),
            Condition::compare(column, Op::LtEq, greatest),
        ]))
    }

    fn word_of_enum<'t>(&self, typed: &'t str) -> Result<&'t str, Problem> {
        let known = &self.column.values;
        if known.iter().any(|value| value == typed) {
            return Ok(typed);
        }
        let near = known.iter().map(|value| (edits(value, typed), value));
        let near = near.filter(|(edits, value)| *edits <= 2 && *edits < value.len());
        let problem = fault(
            format!("`{}` is none of its values.", text::cell(self.word)),
            format!("{} is one of {}.", self.shown(), self.told_values()),
        );
        Err(match near.min() {
            Some((_, meant)) => {
                problem.with_hint(format!("Did you mean `{}`?", text::harmless(meant)))
            }
            None => problem,
        })
    }

    /// The values that hold a text.
    fn words_of_enum(&self, column: &str, typed: &str) -> Result<Condition, Problem> {
        let pattern = Wildcard::new(&typed.to_lowercase());
        let fitting = self.column.values.iter();
        let fitting = fitting.filter(|value| pattern.is_in(&value.to_lowercase()));
        let values: Vec<String> = fitting.cloned().collect();
        if values.is_empty() {
            return Err(fault(
                format!("`{}` fits none of its values.", text::cell(self.word)),
                format!("{} is one of {}.", self.shown(), self.told_values()),
            ));
        }
        let any = values.into_iter().map(|value| Condition::eq(column, value));
        Ok(one(any.collect()))
    }

    fn told_values(&self) -> String {
        let values = self.column.values.iter().take(20);
        let values: Vec<String> = values.map(|value| text::cell(value).into_owned()).collect();
        values.join(", ")
    }

    /// A day is all of it; anything else is one moment.
    fn moment(
        &self,
        kind: ColumnKind,
        column: &str,
        op: Op,
        typed: &str,
    ) -> Result<Condition, Problem> {
        let special = typed.to_ascii_lowercase();
        if matches!(special.as_str(), "infinity" | "-infinity") {
            return Ok(Condition::compare(column, op, special));
        }
        let moment = Moment::parse(typed, self.from.now, &self.shown())?;
        if kind == ColumnKind::Date {
            let day = moment.at().strftime("%Y-%m-%d").to_string();
            return Ok(Condition::compare(column, op, day));
        }
        if let (Op::Eq, Some(end)) = (op, moment.day_end()) {
            let at = |at: jiff::Timestamp| at.strftime("%Y-%m-%d").to_string();
            return Ok(Condition::All(vec![
                Condition::compare(column, Op::GtEq, self.utc(kind, &at(moment.at()))),
                Condition::compare(column, Op::Lt, self.utc(kind, &at(end))),
            ]));
        }
        let (op, bound) = time_bound(op, &moment);
        Ok(Condition::compare(column, op, self.utc(kind, &bound)))
    }

    /// A time as the column reads it: with its offset, or without one where the column has none.
    #[allow(clippy::unused_self)]
    fn utc(&self, kind: ColumnKind, bound: &str) -> String {
        let bare = bound.trim_end_matches("+00:00");
        match kind {
            ColumnKind::LocalTime => bare.to_owned(),
            _ if bare.contains('T') => format!("{bare}+00:00"),
            _ => format!("{bare}T00:00:00+00:00"),
        }
    }

    fn not_of(&self, what: &str, example: &str) -> Problem {
        fault(
            format!("`{}` does not compare with {what}.", text::cell(self.word)),
            format!(
                "{} is of type {}.",
                self.shown(),
                if self.column.data_type.is_empty() {
                    "json".into()
                } else {
                    text::cell(&self.column.data_type)
                }
            ),
        )
        .with_hint(format!(
            "For example `{}{}{example}`.",
            self.shown(),
            self.sign
        ))
    }

    fn no_such_test(&self) -> Problem {
        let why = format!(
            "{} is of type {}.",
            self.shown(),
            text::cell(&self.column.data_type)
        );
        let problem = fault(
            format!(
                "`{}` cannot be compared with `{}`.",
                self.shown(),
                self.sign
            ),
            why,
        );
        match (self.column.kind(), self.test) {
            (ColumnKind::Array, _) => problem.with_hint(format!(
                "`{}:x` takes the arrays that have x.",
                self.shown()
            )),
            (_, Test::Contains) => problem.with_hint("Only texts are searched with `~`."),
            _ => problem.with_hint("`:` and `!=` compare it."),
        }
    }
}

fn no_term(word: &str, table: &TableInfo) -> Problem {
    let shown = text::cell(word);
    let problem = fault(
        format!("`{shown}` is not a filter."),
        "A filter is a column, a sign (`:`, `!=`, `>`, `>=`, `<`, `<=`, `~`) and a value.",
    );
    let text_column = |column: &&ColumnInfo| column.kind() == ColumnKind::Text;
    let example = if table.column(word).is_some() {
        format!("{}:", path::key_text(word))
    } else {
        let column = table.columns.iter().find(text_column);
        let column = column.or(table.columns.first());
        let column = column.map_or("name", |column| column.name.as_str());
        format!("{}~{shown}", path::key_text(column))
    };
    problem.with_hint(format!("For example `{example}`."))
}

impl fmt::Display for RowFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, term) in self.terms.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{term}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RowTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self
            .values
            .iter()
            .map(|value| {
                if value.was_quoted {
                    path::quoted(&value.text, |_| false)
                } else {
                    quoted(&value.text)
                }
            })
            .collect();
        let mut place = vec![Step::Key(self.column.clone())];
        place.extend(self.path.iter().cloned());
        write!(
            f,
            "{}{}{}{}",
            if self.is_not { "-" } else { "" },
            path_text(&place),
            self.test.sign(),
            values.join(",")
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::info::TableSource;
    use super::super::name::TableName;
    use super::*;
    use crate::domain::identity::User;
    use proptest::prelude::*;

    const ID: &str = "1b4e28ba-2fa1-4d2b-883f-0016d3cca427";

    fn table() -> TableInfo {
        let column = |name: &str, base_type: &str, values: &[&str]| ColumnInfo {
            name: name.to_owned(),
            data_type: base_type.to_owned(),
            base_type: base_type.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            ..ColumnInfo::default()
        };
        TableInfo {
            columns: vec![
                column("id", "uuid", &[]),
                column("qty", "integer", &[]),
                column("price", "numeric", &[]),
                column("done", "boolean", &[]),
                column("notes", "text", &[]),
                column("status", "plan_status", &["planned", "in_progress", "done"]),
                column("at", "timestamp with time zone", &[]),
                column("local", "timestamp without time zone", &[]),
                column("day", "date", &[]),
                column("tags", "text[]", &[]),
                column("data", "jsonb", &[]),
                column("raw", "json", &[]),
                column("odd, name.x", "text", &[]),
                column("order", "text", &[]),
            ],
            source: TableSource::Database,
            ..TableInfo::unknown(&TableName::new("public", "t"))
        }
    }

    fn read(text: &str) -> Result<RowFilter, Problem> {
        let who = Identity::User(User {
            id: ID.into(),
            ..User::default()
        });
        RowFilter::parse(
            text,
            RowFilterFor {
                table: &table(),
                who: &who,
                now: "2025-10-04T12:00:00Z".parse().unwrap(),
            },
        )
    }

    #[test]
    fn a_value_takes_the_place_of_those_that_were_asked_for() {
        let with = |text: &str, column: &str, value: serde_json::Value| {
            let narrowed = read(text).unwrap().with_value(column, &value)?;
            read(&narrowed).unwrap();
            Some(narrowed)
        };
        let value = |text: &str| serde_json::Value::from(text);
        let narrowed = with(
            "status:done,planned qty>3 -status:planned",
            "status",
            value("done"),
        );
        assert_eq!(
            narrowed.as_deref(),
            Some("qty>3 -status:planned status:done")
        );
        assert_eq!(with("", "notes", value("")).as_deref(), Some("notes:\"\""));
        assert_eq!(
            with("", "notes", value("null")).as_deref(),
            Some("notes:\"null\"")
        );
        assert_eq!(
            with("", "odd, name.x", value("a b")).as_deref(),
            Some("\"odd, name.x\":\"a b\"")
        );
        let at = with("at>2h", "at", value("2025-10-04T11:59:30.5+00:00")).unwrap();
        assert!(at.starts_with("at>"), "{at}");
        assert_eq!(with("", "data", serde_json::json!({"a": 1})), None);
    }

    fn conditions(text: &str) -> Vec<Condition> {
        read(text).unwrap().conditions().to_vec()
    }

    fn why(text: &str) -> String {
        let problem = read(text).unwrap_err();
        format!("{problem} {}", problem.hint.clone().unwrap_or_default())
    }

    #[test]
    fn each_kind_of_column_has_its_values() {
        let eq = |column: &str, value: &str| vec![Condition::eq(column, value)];
        assert_eq!(conditions("qty:3"), eq("qty", "3"));
        assert_eq!(conditions("done:yes"), eq("done", "true"));
        assert_eq!(conditions("status:done"), eq("status", "done"));
        assert_eq!(conditions("id:me"), eq("id", ID));
        assert_eq!(conditions("notes:\"\""), eq("notes", ""));
        assert_eq!(conditions("notes:\"null\""), eq("notes", "null"));
        let null = Condition::IsNull {
            column: "notes".into(),
        };
        assert_eq!(conditions("notes:null"), [null]);
        assert_eq!(
            conditions("tags:\"a b\""),
            [Condition::compare("tags", Op::Contains, "{\"a b\"}")]
        );
        assert_eq!(
            conditions("notes~50%_x"),
            [Condition::compare("notes", Op::ILike, "*50\\%\\_x*")]
        );
        assert_eq!(conditions("\"odd, name.x\":y"), eq("\"odd, name.x\"", "y"));
        assert_eq!(
            conditions("id:1b4e28ba"),
            [
                Condition::compare("id", Op::GtEq, "1b4e28ba-0000-0000-0000-000000000000"),
                Condition::compare("id", Op::LtEq, "1b4e28ba-ffff-ffff-ffff-ffffffffffff"),
            ]
        );
        assert_eq!(
            conditions("status~D"),
            [Condition::Any(vec![
                Condition::eq("status", "planned"),
                Condition::eq("status", "done")
            ])]
        );
    }

    #[test]
    fn a_day_is_all_of_it_and_a_span_counts_back_from_now() {
        let bound = |op, at: &str| Condition::compare("at", op, at);
        assert_eq!(
            conditions("at:2025-10-04"),
            [
                bound(Op::GtEq, "2025-10-04T00:00:00+00:00"),
                bound(Op::Lt, "2025-10-05T00:00:00+00:00"),
            ]
        );
        assert_eq!(
            conditions("at>2025-10-04"),
            [bound(Op::GtEq, "2025-10-05T00:00:00+00:00")]
        );
        assert_eq!(
            conditions("at>=2h"),
            [bound(Op::GtEq, "2025-10-04T10:00:00+00:00")]
        );
        assert_eq!(
            conditions("local<=2025-10-04T08:30"),
            [Condition::compare("local", Op::LtEq, "2025-10-04T08:30:00")]
        );
        assert_eq!(
            conditions("day:yesterday"),
            [Condition::eq("day", "2025-10-03")]
        );
    }

    #[test]
    fn values_of_one_column_are_alternatives_and_the_rest_must_hold() {
        let any = Condition::Any(vec![
            Condition::eq("qty", "1"),
            Condition::eq("qty", "2"),
            Condition::eq("qty", "3"),
        ]);
        assert_eq!(
            conditions("qty:1,2 done:true qty:3"),
            [any, Condition::eq("done", "true")]
        );
        assert_eq!(conditions("-qty:1"), conditions("qty!=1"));
        assert_eq!(conditions("-qty!=1"), conditions("qty:1"));
        let [Condition::Any(parts)] = &conditions("-notes:x")[..] else {
            panic!("{:?}", conditions("-notes:x"));
        };
        assert!(
            parts
                .iter()
                .any(|part| matches!(part, Condition::IsNull { .. }))
        );
    }

    #[test]
    fn what_is_inside_a_document_goes_by_its_path() {
        assert_eq!(
            conditions("data.a.b[0]:x"),
            [Condition::eq("data->a->b->>0", "x")]
        );
        assert_eq!(conditions("raw.a:3"), [Condition::eq("raw->>a", "3")]);
        assert!(why("raw.a>3").contains("type json"));
        assert!(why("notes.a:x").contains("\"notes.a\""));
        assert!(why("data:x").contains("data.status"));
    }

    #[test]
    fn a_wrong_value_is_refused_before_it_is_sent() {
        for (text, told) in [
            ("qty:three", "a whole number"),
            ("qty:99999999999", "2147483647"),
            ("price>cheap", "a number"),
            ("done:maybe", "true"),
            ("status:planed", "Did you mean `planned`?"),
            ("status~zzz", "planned, in_progress, done"),
            ("id:xyz", "first eight characters"),
            ("at:soon", "is not a time"),
            ("qty~3", "Only texts"),
            ("tags>3", "arrays that have x"),
            ("qty>null", "qty:null"),
            ("nots:x", "Did you mean `notes`?"),
            ("qty", "For example `qty:`"),
            ("hello", "notes~hello"),
            ("qty:", "compares with nothing"),
            ("notes:\"x", "quotes"),
        ] {
            let told_of = why(text);
            assert!(told_of.contains(told), "{text}: {told_of}");
        }
    }

    #[test]
    fn a_column_that_is_not_known_takes_what_is_typed() {
        let unknown = TableInfo::unknown(&TableName::new("public", "x"));
        let from = RowFilterFor {
            table: &unknown,
            who: &Identity::Anon,
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        let filter = RowFilter::parse("anything>5 other~x", from).unwrap();
        assert_eq!(filter.conditions().len(), 2);
    }

    proptest! {
        #[test]
        fn a_filter_reads_as_it_prints(text in "[-a-z\":,~<>=!. \\\\0-9]{0,24}") {
            if let Ok(filter) = read(&text) {
                prop_assert_eq!(read(&filter.to_string()).unwrap(), filter);
            }
        }

        #[test]
        fn the_term_of_a_value_asks_for_it(value in "[^\0]{0,12}") {
            let term = RowFilter::term_for("notes", &value.clone().into()).unwrap();
            prop_assert_eq!(conditions(&term), [Condition::eq("notes", value)]);
        }
    }
}
