//! What the server is asked about one row: each policy taken apart into expressions to evaluate.

use super::super::condition::{self, Condition, Join};
use super::super::matrix::condition as together_sql;
use super::super::rules::{AccessRules, ApiRole, RowPolicy, SecuredTable, Verb};
use super::super::viewer::{Viewer, Who};
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::sql::name::always_quoted;
use serde::Serialize;
use serde_json::{Map, Value};

/// On which row something is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowSide {
    /// On the row that is there.
    Old,
    /// On the row as it is to be.
    New,
}

/// An expression that the server evaluates on a row, always as the identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The expression.
    pub sql: String,
    /// On which row.
    pub row: RowSide,
}

/// What the server is asked about one row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowQuestion {
    /// The schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// Who looks.
    pub viewer: Viewer,
    /// The columns that name the row, with their values as text. None for a row that is to be added.
    pub key: Vec<(String, Option<String>)>,
    /// For a row that is to be added or changed: an expression for each column that gets a value, and the values that were given.
    pub written: Written,
    /// What is evaluated.
    pub snippets: Vec<Snippet>,
}

/// A row to explain, as it was asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// The key as it was typed: `VALUE` for a key of one column, else `COLUMN=VALUE,…`.
    pub key: Option<String>,
    /// The columns that name the row and their values, where it was pointed at and not typed.
    pub row: Vec<(String, Option<String>)>,
    /// Values of the row as it is to be.
    pub written: Option<Map<String, Value>>,
}

/// What is asked of one row.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainRequest {
    /// The table.
    pub table: String,
    /// Who.
    pub asked: Who,
    /// The operation.
    pub verb: Verb,
    /// Which row.
    pub wanted: Wanted,
}

/// Policies that decide together: one permissive at least, and each restrictive.
pub(super) struct Group<'a> {
    pub(super) what: String,
    pub(super) row: RowSide,
    pub(super) of_new: bool,
    pub(super) policies: Vec<&'a RowPolicy>,
    /// The place of the snippet for all of them together.
    pub(super) whole: usize,
}

/// A question with what its answer is put together from.
pub struct Inquiry<'a> {
    pub(super) rules: &'a AccessRules,
    pub(super) table: &'a SecuredTable,
    pub(super) role: &'a ApiRole,
    pub(super) verb: Verb,
    pub(super) groups: Vec<Group<'a>>,
    /// For each policy in turn the places of its snippets.
    pub(super) plans: Vec<Plan>,
    /// What the server is asked.
    pub question: RowQuestion,
}

/// The snippets of one condition.
pub(super) struct Plan {
    pub(super) whole: usize,
    pub(super) parts: Vec<PartPlan>,
}

pub(super) struct PartPlan {
    pub(super) depth: usize,
    pub(super) expression: String,
    pub(super) value: usize,
    pub(super) looked_at: Vec<(String, usize)>,
    /// For a query: how many rows the identity finds.
    pub(super) found: Option<usize>,
}

/// Prepares the question about a row.
pub fn inquire<'a>(
    rules: &'a AccessRules,
    table: &'a SecuredTable,
    viewer: &Viewer,
    verb: Verb,
    wanted: &Wanted,
) -> Result<Inquiry<'a>, Problem> {
    let role = rules.role(&viewer.role).ok_or_else(|| {
        let why = "The database does not have it, or the API cannot take it.";
        Problem::new(
            Kind::Usage,
            format!("There is no role `{}`.", viewer.role),
            why,
        )
    })?;
    let key = match (&wanted.key, verb) {
        (Some(text), _) => key_of(table, text)?,
        (None, Verb::Insert) => Vec::new(),
        (None, _) if wanted.row.is_empty() => return Err(no_key(table)),
        (None, _) => pointed_at(table, &wanted.row)?,
    };
    let written = written(table, verb, wanted.written.clone())?;
    let mut inquiry = Inquiry {
        rules,
        table,
        role,
        verb,
        groups: Vec::new(),
        plans: Vec::new(),
        question: RowQuestion {
            schema: table.schema.clone(),
            table: table.name.clone(),
            viewer: viewer.clone(),
            key,
            written,
            snippets: Vec::new(),
        },
    };
    if rules.is_under_policies(role, table) {
        inquiry.plan();
    }
    Ok(inquiry)
}

/// The columns and values that a typed key names.
pub(super) fn key_of(
    table: &SecuredTable,
    text: &str,
) -> Result<Vec<(String, Option<String>)>, Problem> {
    let is_column = |name: &str| table.columns.iter().any(|column| column.name == name);
    let named = text
        .split_once('=')
        .is_some_and(|(name, _)| is_column(name.trim()));
    if !named {
        return match table.key.as_slice() {
            [column] => Ok(vec![(column.clone(), Some(text.to_owned()))]),
            _ => Err(no_key(table)),
        };
    }
    let mut key: Vec<(String, Option<String>)> = Vec::new();
    for piece in text.split(',') {
        match piece.split_once('=') {
            Some((name, value)) if is_column(name.trim()) => {
                let value = (value != "null").then(|| value.to_owned());
                key.push((name.trim().to_owned(), value));
            }
            // A comma within a value.
            _ => {
                if let Some((_, Some(value))) = key.last_mut() {
                    value.push(',');
                    value.push_str(piece);
                }
            }
        }
    }
    Ok(key)
}

/// The columns of a row that was pointed at: those that the table has.
pub(super) fn pointed_at(
    table: &SecuredTable,
    row: &[(String, Option<String>)],
) -> Result<Vec<(String, Option<String>)>, Problem> {
    let is_column = |name: &String| table.columns.iter().any(|column| column.name == *name);
    match row.iter().find(|(name, _)| !is_column(name)) {
        None => Ok(row.to_vec()),
        Some(_) => Err(no_key(table)),
    }
}

pub(super) fn no_key(table: &SecuredTable) -> Problem {
    let columns = match table.key.as_slice() {
        [] => {
            let first = table.columns.first();
            first
                .map_or("column", |column| column.name.as_str())
                .to_owned()
                + "=VALUE"
        }
        [_] => "VALUE".to_owned(),
        several => several
            .iter()
            .map(|name| format!("{name}=VALUE"))
            .collect::<Vec<_>>()
            .join(","),
    };
    let why = match table.key.len() {
        0 => "The table has no primary key: name columns and values.",
        1 => "Its primary key has one column.",
        _ => "Its primary key has several columns.",
    };
    Problem::new(
        Kind::Usage,
        format!("Which row of {} is meant is not known.", table.full_name()),
        why,
    )
    .with_hint(format!("Write {columns}."))
}

/// The defaults of a new row, an expression a column, and the values that were given.
pub type Written = Option<(Vec<(String, String)>, Map<String, Value>)>;

fn written(
    table: &SecuredTable,
    verb: Verb,
    given: Option<Map<String, Value>>,
) -> Result<Written, Problem> {
    let given = match (verb, given) {
        (Verb::Insert | Verb::Update, given) => given.unwrap_or_default(),
        (_, None) => return Ok(None),
        (_, Some(_)) => {
            return Err(Problem::new(
                Kind::Usage,
                "Values are for an insert or an update.",
                format!("A {} writes none.", verb.word()),
            ));
        }
    };
    for name in given.keys() {
        if !table.columns.iter().any(|column| column.name == *name) {
            let names: Vec<&str> = table
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .collect();
            return Err(Problem::new(
                Kind::Usage,
                format!("{} has no column `{name}`.", table.full_name()),
                format!("It has {}.", listed(&names)),
            ));
        }
    }
    let defaults = table.columns.iter().filter(|column| {
        verb == Verb::Insert && !column.is_given && !given.contains_key(&column.name)
    });
    let defaults = defaults.filter_map(|column| {
        let default = column.default.as_ref()?;
        // A number of a sequence would be used up.
        (!default.contains("nextval(")).then(|| (column.name.clone(), default.clone()))
    });
    Ok(Some((defaults.collect(), given)))
}

impl<'a> Inquiry<'a> {
    fn plan(&mut self) {
        let policies = |verb| -> Vec<&'a RowPolicy> {
            self.rules
                .policies(&self.role.name, self.table.id, verb)
                .collect()
        };
        let group = |what: &str, verb, row, of_new| Group {
            what: what.to_owned(),
            row,
            of_new,
            policies: policies(verb),
            whole: 0,
        };
        let (old, new) = (RowSide::Old, RowSide::New);
        self.groups = match self.verb {
            Verb::Select => vec![group(
                "The row must be selectable",
                Verb::Select,
                old,
                false,
            )],
            Verb::Delete => vec![
                group(
                    "The row must be selectable, to be named by a filter",
                    Verb::Select,
                    old,
                    false,
                ),
                group("The row must be deletable", Verb::Delete, old, false),
            ],
            Verb::Update => vec![
                group(
                    "The row must be selectable, to be named by a filter",
                    Verb::Select,
                    old,
                    false,
                ),
                group("The row must be updatable", Verb::Update, old, false),
                group("The new row must pass the checks", Verb::Update, new, true),
                group("The new row must be selectable", Verb::Select, new, false),
            ],
            Verb::Insert => vec![group(
                "The new row must pass the checks",
                Verb::Insert,
                new,
                true,
            )],
        };
        let mut planned = Vec::new();
        for group in &self.groups {
            for policy in &group.policies {
                let text = if group.of_new {
                    policy.checked()
                } else {
                    policy.shown()
                };
                planned.push((condition::parse(text), group.row));
            }
        }
        for (condition, row) in planned {
            let plan = self.plan_condition(&condition, row);
            self.plans.push(plan);
        }
        for at in 0..self.groups.len() {
            let group = &self.groups[at];
            let policies = group.policies.iter().copied();
            let of_new = group.of_new;
            let text = together_sql(policies, |policy| {
                if of_new {
                    policy.checked()
                } else {
                    policy.shown()
                }
            });
            let row = group.row;
            self.groups[at].whole = self.snippet(&text, row);
        }
    }

    fn snippet(&mut self, sql: &str, row: RowSide) -> usize {
        let snippet = Snippet {
            sql: sql.to_owned(),
            row,
        };
        let known = self
            .question
            .snippets
            .iter()
            .position(|own| *own == snippet);
        known.unwrap_or_else(|| {
            self.question.snippets.push(snippet);
            self.question.snippets.len() - 1
        })
    }

    fn plan_condition(&mut self, condition: &Condition, row: RowSide) -> Plan {
        let whole = self.snippet(&condition.text, row);
        let mut parts = Vec::new();
        self.plan_parts(condition, row, 0, &mut parts);
        Plan { whole, parts }
    }

    fn plan_parts(
        &mut self,
        condition: &Condition,
        row: RowSide,
        depth: usize,
        parts: &mut Vec<PartPlan>,
    ) {
        let word = match condition.join {
            Join::And => "all of",
            Join::Or => "one of",
            Join::Not => "not",
            Join::Whole => condition.text.as_str(),
        };
        let value = self.snippet(&condition.text, row);
        let mut part = PartPlan {
            depth,
            expression: word.to_owned(),
            value,
            looked_at: Vec::new(),
            found: None,
        };
        if condition.join == Join::Whole {
            self.plan_values(&condition.text, row, &mut part);
        }
        parts.push(part);
        for inner in &condition.parts {
            self.plan_parts(inner, row, depth + 1, parts);
        }
    }

    /// The values that one part looks at.
    fn plan_values(&mut self, text: &str, row: RowSide, part: &mut PartPlan) {
        let own = self.table.columns.iter().map(|column| column.name.as_str());
        let columns = condition::columns(text, &self.table.name, &own);
        let mut looks: Vec<(String, String)> = Vec::new();
        for column in columns {
            looks.push((column.to_owned(), always_quoted(column)));
        }
        for call in condition::calls(text) {
            looks.push((call.to_owned(), call.to_owned()));
        }
        if let Some(sides) = condition::sides(text) {
            let list = condition::list(&sides.operator, sides.right);
            for side in [
                Some(sides.left.to_owned()),
                list.or_else(|| Some(sides.right.to_owned())),
            ] {
                let Some(side) = side.filter(|side| is_more_than_literal(side)) else {
                    continue;
                };
                let is_told = looks.iter().any(|(label, sql)| {
                    label.as_str() == condition::bare(&side)
                        || sql.as_str() == condition::bare(&side)
                }) || single_call(&side, &looks);
                if !is_told {
                    looks.push((label(&side), side));
                }
            }
        }
        if let Some(query) = condition::existing(text) {
            let count = format!("(select pg_catalog.count(*) from ({query}) supadeck_found)");
            part.found = Some(self.snippet(&count, row));
        }
        for (label, sql) in looks {
            let place = self.snippet(&sql, row);
            part.looked_at.push((label, place));
        }
    }
}

/// Whether an operand is more than a literal.
fn is_more_than_literal(side: &str) -> bool {
    use crate::domain::sql::lexer::{Kind as Token, tokens};
    let side = condition::bare(side);
    let mut words =
        tokens(side).filter(|token| matches!(token.kind, Token::Word | Token::QuotedWord));
    let literal = ["true", "false", "null"];
    let first = side.chars().next().unwrap_or(' ');
    let is_literal =
        first == '\'' || first.is_ascii_digit() || literal.contains(&side.to_lowercase().as_str());
    !is_literal && words.next().is_some()
}

/// Whether an operand is nothing but a query around a call that is told already: `( SELECT auth.uid() AS uid)`.
fn single_call(side: &str, looks: &[(String, String)]) -> bool {
    let side = condition::bare(side);
    looks.iter().any(|(_, call)| {
        let Some(rest) = side
            .strip_prefix("( SELECT ")
            .and_then(|rest| rest.strip_prefix(call.as_str()))
        else {
            return false;
        };
        rest.starts_with(" AS ") && !rest.contains(" FROM ")
    })
}

/// An operand on one line.
fn label(side: &str) -> String {
    let words: Vec<&str> = condition::bare(side).split_whitespace().collect();
    words.join(" ")
}
