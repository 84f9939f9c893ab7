//! Why somebody may, or may not, do something with one row: each grant and policy in order, with what its parts gave for this row.
//! The server evaluates each part as it would evaluate the policy; the parts are put together here.

use super::condition::{self, Condition, Join};
use super::matrix::condition as together_sql;
use super::rules::{AccessRules, ApiRole, RowPolicy, SecuredTable, Verb};
use super::viewer::{Viewer, Who};
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
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

/// The SQLSTATE of what took too long.
pub const LATE: &str = "57014";

/// What came of a [`Snippet`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A value as text, or null.
    Value(Option<String>),
    /// The server failed: SQLSTATE and message.
    Failed(String, String),
    /// There was no row to evaluate it on.
    NoRow,
    /// The role may not use a schema that is named in it: what the policy itself gives cannot be told.
    Unnamed(String),
    /// There was no time left.
    Late,
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

/// What the server says about one row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowAnswer {
    /// How many rows the key names; none where the connection may not know.
    pub found: Option<u64>,
    /// The first of them.
    pub row: Option<Value>,
    /// The row as it is to be.
    pub new_row: Option<Value>,
    /// Why the new row could not be made.
    pub new_fault: Option<String>,
    /// How many of them the identity sees, or SQLSTATE and message of the refusal.
    pub visible: Result<u64, (String, String)>,
    /// What came of each snippet.
    pub given: Vec<Given>,
}

/// True, false, null, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// True.
    True,
    /// False.
    False,
    /// Null, which lets nothing through.
    Null,
    /// The server failed to evaluate it.
    Failed,
    /// There was nothing to evaluate it on.
    Unknown,
}

impl Truth {
    fn of(given: Option<&Given>) -> Self {
        match given {
            Some(Given::Value(Some(text))) if text.starts_with('t') => Self::True,
            Some(Given::Value(Some(_))) => Self::False,
            Some(Given::Value(None)) => Self::Null,
            Some(Given::Failed(..)) => Self::Failed,
            Some(Given::NoRow | Given::Unnamed(_) | Given::Late) | None => Self::Unknown,
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Null => "null",
            Self::Failed => "failed",
            Self::Unknown => "not known",
        }
    }
}

/// A value that a part looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LookedAt {
    /// What: a column, a call, a query.
    pub what: String,
    /// Its value; null as such.
    pub value: Option<String>,
}

/// A part of a condition with what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedPart {
    /// How deep it stands.
    pub depth: usize,
    /// Its expression, or `all of`, `one of`, `not`.
    pub expression: String,
    /// What came of it.
    pub value: Truth,
    /// The values that it looked at.
    pub looked_at: Vec<LookedAt>,
    /// Why it failed, or what else is to be known.
    pub note: Option<String>,
}

/// One step of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ExplainedStep {
    /// The use of a schema.
    Schema {
        /// The schema.
        schema: String,
        /// Whether the role may use it.
        holds: bool,
    },
    /// A grant on the table.
    Grant {
        /// What for.
        verb: Verb,
        /// Whether the role has it.
        holds: bool,
        /// The columns, where it is not for the whole table.
        columns: Option<Vec<String>>,
        /// To whom it was given.
        through: Vec<String>,
    },
    /// Row level security.
    RowSecurity {
        /// Whether policies decide.
        applies: bool,
        /// Why.
        why: String,
    },
    /// What policies are asked next.
    Asks {
        /// What must be fulfilled.
        what: String,
        /// How it ends.
        value: Truth,
    },
    /// A policy.
    Policy {
        /// Its name.
        name: String,
        /// Whether it lets through; a restrictive one holds back.
        permissive: bool,
        /// The roles that it names.
        roles: Vec<String>,
        /// On which row.
        row: RowSide,
        /// The condition.
        expression: String,
        /// What came of it.
        value: Truth,
        /// Its parts.
        parts: Vec<ExplainedPart>,
    },
}

/// An explanation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The key that was asked for.
    pub key: Map<String, Value>,
    /// Who.
    pub identity: String,
    /// In which role.
    pub role: String,
    /// What for.
    pub verb: Verb,
    /// Whether the row is there; null where the connection may not know.
    pub exists: Option<bool>,
    /// Whether the identity sees it.
    pub visible: Option<bool>,
    /// The row, as the connection sees it.
    pub row: Option<Value>,
    /// The row as it is to be.
    pub new_row: Option<Value>,
    /// The steps, in order.
    pub steps: Vec<ExplainedStep>,
    /// Whether it is allowed; null where that is not known.
    pub allowed: Option<bool>,
    /// Why, in a sentence.
    pub why: String,
    /// Where the server itself answers otherwise.
    pub disagrees: Option<String>,
}

/// A row to explain, as it was asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// The key as it was typed: `VALUE` for a key of one column, else `COLUMN=VALUE,…`.
    pub key: Option<String>,
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
    /// What for.
    pub verb: Verb,
    /// Which row.
    pub wanted: Wanted,
}

/// Policies that decide together: one permissive at least, and each restrictive.
struct Group<'a> {
    what: String,
    row: RowSide,
    of_new: bool,
    policies: Vec<&'a RowPolicy>,
    /// The place of the snippet for all of them together.
    whole: usize,
}

/// A question with what its answer is put together from.
pub struct Inquiry<'a> {
    rules: &'a AccessRules,
    table: &'a SecuredTable,
    role: &'a ApiRole,
    verb: Verb,
    groups: Vec<Group<'a>>,
    /// For each policy in turn the places of its snippets.
    plans: Vec<Plan>,
    /// What the server is asked.
    pub question: RowQuestion,
}

/// The snippets of one condition.
struct Plan {
    whole: usize,
    parts: Vec<PartPlan>,
}

struct PartPlan {
    depth: usize,
    expression: String,
    value: usize,
    looked_at: Vec<(String, usize)>,
    /// For a query: how many rows the identity finds.
    found: Option<usize>,
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
        (None, _) => return Err(no_key(table)),
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
fn key_of(table: &SecuredTable, text: &str) -> Result<Vec<(String, Option<String>)>, Problem> {
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

fn no_key(table: &SecuredTable) -> Problem {
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
            let plan = self.of(&condition, row);
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

    fn of(&mut self, condition: &Condition, row: RowSide) -> Plan {
        let whole = self.snippet(&condition.text, row);
        let mut parts = Vec::new();
        self.parts(condition, row, 0, &mut parts);
        Plan { whole, parts }
    }

    fn parts(
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
            self.look(&condition.text, row, &mut part);
        }
        parts.push(part);
        for inner in &condition.parts {
            self.parts(inner, row, depth + 1, parts);
        }
    }

    /// The values that one part looks at.
    fn look(&mut self, text: &str, row: RowSide, part: &mut PartPlan) {
        let own = self.table.columns.iter().map(|column| column.name.as_str());
        let columns = condition::columns(text, &self.table.name, &own);
        let mut looks: Vec<(String, String)> = Vec::new();
        for column in columns {
            looks.push((column.to_owned(), quoted(column)));
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
                let Some(side) = side.filter(|side| is_worth(side)) else {
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
fn is_worth(side: &str) -> bool {
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

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Inquiry<'_> {
    /// Whether the key names one row at most; of several no policy gives one value.
    pub fn is_of_one(&self, answer: &RowAnswer) -> Result<(), Problem> {
        let seen = answer.visible.as_ref().copied().unwrap_or_default();
        let rows = answer.found.unwrap_or_default().max(seen);
        if rows < 2 {
            return Ok(());
        }
        let problem = no_key(self.table);
        Err(Problem::new(
            Kind::Usage,
            format!("The key names {rows} rows of {}.", self.table.full_name()),
            "Each row has its own answer.",
        )
        .with_hint(problem.hint.unwrap_or_default()))
    }

    /// Puts the answer together.
    pub fn finish(self, answer: RowAnswer) -> Explanation {
        let is_insert = self.verb == Verb::Insert;
        let exists = match (is_insert, answer.found) {
            (true, _) | (false, None) => None,
            // What a view shows depends on who asks: the connection not finding it says nothing.
            (false, Some(0)) if self.table.is_view() => None,
            (false, Some(found)) => Some(found > 0),
        };
        let visible = match (&answer.visible, is_insert) {
            (_, true) => None,
            (Ok(rows), false) => Some(*rows > 0),
            (Err((code, _)), false) if code == LATE => None,
            (Err(_), false) => Some(false),
        };
        let mut steps = Vec::new();
        let fault = self.grants(&mut steps);
        let (applies, why) = self.security();
        if fault.is_none() {
            steps.push(ExplainedStep::RowSecurity {
                applies,
                why: why.clone(),
            });
        }
        let mut judged = (Truth::True, None);
        if applies && fault.is_none() {
            judged = self.judge(&answer, &mut steps);
        }
        let who = self.question.viewer.name.clone();
        let word = self.verb.word();
        let (allowed, why) = match (fault, exists, judged) {
            (Some(fault), _, _) => (Some(false), format!("{who} may not {word} it: {fault}.")),
            (None, _, _) if self.table.is_view() => self.through(&answer, exists, &why),
            (None, Some(false), _) => (
                Some(false),
                "There is no such row: the connection, which sees all rows, does not find it either.".to_owned(),
            ),
            (None, _, (Truth::True, _)) if !applies => (Some(true), format!("{who} may {word} it: {why}.")),
            (None, _, (Truth::True, _)) => (
                Some(true),
                format!("{who} may {word} it: {}.", self.lets(&answer)),
            ),
            (None, _, (Truth::Failed, said)) => (
                Some(false),
                format!("{who} may not {word} it: {}.", said.unwrap_or_else(|| "a policy fails".to_owned())),
            ),
            (None, _, (Truth::Unknown, _)) if answer.given.contains(&Given::Late) => (
                None,
                format!("Whether {who} may {word} it is not known: there was no time left to evaluate the policies."),
            ),
            (None, None, (Truth::Unknown, said)) if !is_insert => (
                visible.filter(|seen| !seen).map(|_| false),
                format!(
                    "{who} does not see such a row. Whether it is there cannot be told: the connection's role {} is under row level security itself{}.",
                    self.rules.connection.role,
                    said.map(|said| format!(" ({said})")).unwrap_or_default()
                ),
            ),
            (None, Some(true), (Truth::Unknown, _)) if self.verb == Verb::Select => (
                visible,
                format!(
                    "{who} {} it, as the server answers; what its policies give cannot be told apart.",
                    if visible == Some(true) { "sees" } else { "does not see" }
                ),
            ),
            (None, _, (Truth::Unknown, said)) => (
                None,
                said.or_else(|| answer.new_fault.clone())
                    .unwrap_or_else(|| "It cannot be told: a policy names a schema that the role may not use, and reads a table.".to_owned()),
            ),
            (None, _, (_, said)) => (
                Some(false),
                format!("{who} may not {word} it: {}.", said.unwrap_or_default()),
            ),
        };
        let disagrees = self.compare(&answer, allowed);
        let text = |value: &Option<String>| value.clone().map_or(Value::Null, Value::String);
        Explanation {
            schema: self.table.schema.clone(),
            table: self.table.name.clone(),
            key: self
                .question
                .key
                .iter()
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
            identity: who,
            role: self.role.name.clone(),
            verb: self.verb,
            exists,
            visible,
            row: answer.row,
            new_row: answer.new_row,
            steps,
            allowed,
            why,
            disagrees,
        }
    }

    /// What is known of a row of a view: what the server shows. Its tables decide, and these are not asked.
    fn through(
        &self,
        answer: &RowAnswer,
        exists: Option<bool>,
        why: &str,
    ) -> (Option<bool>, String) {
        let who = &self.question.viewer.name;
        if self.verb != Verb::Select {
            let read = self.rules.tables.iter();
            let read = read.filter(|table| self.table.reads.contains(&table.id));
            let read: Vec<String> = read.map(SecuredTable::full_name).collect();
            let of = if read.is_empty() {
                String::new()
            } else {
                format!(": ask about {}", listed(&read))
            };
            let word = self.verb.word();
            return (
                None,
                format!("Whether {who} may {word} it through the view is not known{of}."),
            );
        }
        match &answer.visible {
            Ok(rows) if *rows > 0 => (Some(true), format!("{who} sees it: {why}.")),
            Ok(_) if exists == Some(true) => (
                Some(false),
                format!(
                    "{who} does not see it: the view shows it to the connection, and not to {who}."
                ),
            ),
            Ok(_) => (
                Some(false),
                format!(
                    "{who} does not see such a row: the view shows none, neither to {who} nor to the connection."
                ),
            ),
            Err((code, message)) if code == LATE => (
                None,
                format!("Whether {who} sees it is not known: {message} ({code})."),
            ),
            Err((code, message)) => (
                Some(false),
                format!("{who} does not see it: the server refuses the read: {message} ({code})."),
            ),
        }
    }

    /// The steps of schema and grants, and what is missing first.
    fn grants(&self, steps: &mut Vec<ExplainedStep>) -> Option<String> {
        let (role, table) = (self.role, self.table);
        let holds = role.schemas.contains(&table.schema);
        steps.push(ExplainedStep::Schema {
            schema: table.schema.clone(),
            holds,
        });
        let mut missing =
            (!holds).then(|| format!("the role {} may not use schema {}", role.name, table.schema));
        let verbs = match self.verb {
            Verb::Select => vec![Verb::Select],
            Verb::Insert => vec![Verb::Insert],
            verb => vec![Verb::Select, verb],
        };
        for verb in verbs {
            let held = self.rules.held(&role.name, table.id, verb);
            let through = self.rules.grants.iter().filter(|grant| {
                grant.table == table.id
                    && grant.verb == verb
                    && (grant.to == "public" || role.has.contains(&grant.to))
            });
            let mut through: Vec<String> = through.map(|grant| grant.to.clone()).collect();
            through.dedup();
            let lacking = self.lacking(verb, held.and_then(|held| held.columns.as_deref()));
            steps.push(ExplainedStep::Grant {
                verb,
                holds: held.is_some() && lacking.is_empty(),
                columns: held.and_then(|held| held.columns.clone()),
                through,
            });
            if held.is_none() && missing.is_none() {
                let why = if verb == self.verb {
                    String::new()
                } else {
                    ", without which no filter can name a row".to_owned()
                };
                missing = Some(format!(
                    "the role {} has no grant to {}{why}",
                    role.name,
                    verb.word()
                ));
            }
            if !lacking.is_empty() && missing.is_none() {
                let (word, list) = (verb.word(), listed(&lacking));
                let why = if verb == Verb::Select {
                    ", by which the row is named"
                } else {
                    ""
                };
                missing = Some(format!(
                    "the role {} has a grant to {word} some columns only, and none for {list}{why}",
                    role.name
                ));
            }
        }
        missing
    }

    /// The columns that a verb names and that a grant on some columns leaves out: a filter reads those of the key, and an insert or
    /// update writes those that are given. Policies look at any column.
    fn lacking(&self, verb: Verb, granted: Option<&[String]>) -> Vec<String> {
        let Some(granted) = granted else {
            return Vec::new();
        };
        let named: Vec<&String> = match (verb, &self.question.written) {
            (Verb::Select, _) => self.question.key.iter().map(|(name, _)| name).collect(),
            (Verb::Insert | Verb::Update, Some((_, values))) => values.keys().collect(),
            _ => Vec::new(),
        };
        let named = named.into_iter().filter(|name| !granted.contains(name));
        named.cloned().collect()
    }

    /// Whether policies decide, and why.
    fn security(&self) -> (bool, String) {
        let (role, table) = (self.role, self.table);
        if table.is_view() && table.invokes {
            return (
                false,
                "a view that reads as its caller: its tables decide, each by its own policies"
                    .to_owned(),
            );
        }
        if table.is_view() {
            return (
                false,
                "a view that reads as its owner, past the policies of its tables".to_owned(),
            );
        }
        if !table.secured {
            return (
                false,
                "row level security is off, so every row is reached".to_owned(),
            );
        }
        if role.passes {
            return (
                false,
                format!("the role {} passes row level security by", role.name),
            );
        }
        if !self.rules.is_under_policies(role, table) {
            return (
                false,
                format!(
                    "the role {} owns the table, and row level security is not forced",
                    role.name
                ),
            );
        }
        (
            true,
            "row level security is on: policies decide row by row".to_owned(),
        )
    }

    /// The steps of the policies, and how they end together.
    fn judge(&self, answer: &RowAnswer, steps: &mut Vec<ExplainedStep>) -> (Truth, Option<String>) {
        let mut end = (Truth::True, None);
        let mut plans = self.plans.iter();
        for group in &self.groups {
            let mut own = Vec::new();
            let mut values = Vec::new();
            for policy in &group.policies {
                let Some(plan) = plans.next() else { continue };
                let value = Truth::of(answer.given.get(plan.whole));
                values.push((policy.permissive, value, policy.name.as_str()));
                let text = if group.of_new {
                    policy.checked()
                } else {
                    policy.shown()
                };
                own.push(ExplainedStep::Policy {
                    name: policy.name.clone(),
                    permissive: policy.permissive,
                    roles: policy.roles.clone(),
                    row: group.row,
                    expression: text.to_owned(),
                    value,
                    parts: plan
                        .parts
                        .iter()
                        .map(|part| part.told(&answer.given))
                        .collect(),
                });
            }
            let (mut value, mut why) = together(&values);
            // One that fails need not be asked: the server leaves out what cannot change the end.
            let whole = Truth::of(answer.given.get(group.whole));
            if value == Truth::Failed && whole != Truth::Failed {
                value = whole;
                why = (whole != Truth::True)
                    .then(|| format!("its policies together are {} for it", whole.word()));
            }
            let why = match (value, group.row, &answer.new_fault) {
                (Truth::Unknown, RowSide::New, Some(fault)) => {
                    Some(format!("The new row cannot be made: {fault}."))
                }
                _ => why.map(|why| format!("{}, and {why}", lower(&group.what))),
            };
            steps.push(ExplainedStep::Asks {
                what: group.what.clone(),
                value,
            });
            steps.extend(own);
            if end.0 == Truth::True {
                end = (value, why);
            }
        }
        end
    }

    /// The policies that let a row through.
    fn lets(&self, answer: &RowAnswer) -> String {
        let mut names: Vec<String> = Vec::new();
        let mut plans = self.plans.iter();
        for policy in self.groups.iter().flat_map(|group| &group.policies) {
            let Some(plan) = plans.next() else { continue };
            let lets = policy.permissive && Truth::of(answer.given.get(plan.whole)) == Truth::True;
            let name = format!("\"{}\"", policy.name);
            if lets && !names.contains(&name) {
                names.push(name);
            }
        }
        let word = if names.len() == 1 {
            "policy"
        } else {
            "policies"
        };
        let verb = if names.len() == 1 { "lets" } else { "let" };
        format!("{word} {} {verb} it through", listed(&names))
    }

    /// What the server itself shows, against what was put together.
    fn compare(&self, answer: &RowAnswer, allowed: Option<bool>) -> Option<String> {
        if self.verb != Verb::Select {
            return None;
        }
        let shows = match &answer.visible {
            Ok(rows) => *rows > 0,
            Err((code, _)) if code == LATE => return None,
            Err(_) => false,
        };
        match allowed {
            Some(allowed) if allowed != shows && !self.table.is_view() => {
                Some(match &answer.visible {
                    Err((code, message)) => {
                        format!("the server refuses the read: {message} ({code})")
                    }
                    Ok(_) if shows => "the server shows the row".to_owned(),
                    Ok(_) => "the server does not show the row".to_owned(),
                })
            }
            _ => None,
        }
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}

/// One permissive policy at least must be true, and each restrictive; and why they are not.
fn together(values: &[(bool, Truth, &str)]) -> (Truth, Option<String>) {
    let failed = values.iter().find(|(_, value, _)| *value == Truth::Failed);
    if let Some((_, _, name)) = failed {
        return (Truth::Failed, Some(format!("policy \"{name}\" fails")));
    }
    let permissive: Vec<&(bool, Truth, &str)> = values
        .iter()
        .filter(|(permissive, _, _)| *permissive)
        .collect();
    if permissive.is_empty() {
        return (
            Truth::False,
            Some("no policy lets it through: there is none for this".to_owned()),
        );
    }
    if values.iter().all(|(_, value, _)| *value == Truth::Unknown) {
        return (Truth::Unknown, None);
    }
    let held = values
        .iter()
        .find(|(permissive, value, _)| !permissive && *value != Truth::True);
    if let Some((_, value, name)) = held {
        return (
            *value,
            Some(format!(
                "the restrictive policy \"{name}\" is {} for it",
                value.word()
            )),
        );
    }
    if permissive.iter().any(|(_, value, _)| *value == Truth::True) {
        return (Truth::True, None);
    }
    if permissive
        .iter()
        .any(|(_, value, _)| *value == Truth::Unknown)
    {
        return (Truth::Unknown, None);
    }
    let said: Vec<String> = permissive
        .iter()
        .map(|(_, value, name)| format!("\"{name}\" is {}", value.word()))
        .collect();
    (
        Truth::False,
        Some(format!("no policy lets it through: {}", listed(&said))),
    )
}

impl PartPlan {
    fn told(&self, given: &[Given]) -> ExplainedPart {
        let value = Truth::of(given.get(self.value));
        let looked_at = self
            .looked_at
            .iter()
            .filter_map(|(what, place)| match given.get(*place) {
                Some(Given::Value(value)) => Some(LookedAt {
                    what: what.clone(),
                    value: value.clone(),
                }),
                _ => None,
            });
        let note = match given.get(self.value) {
            Some(Given::Failed(code, message)) => Some(format!("{message} ({code})")),
            Some(Given::Unnamed(message)) => Some(format!(
                "what it gives is not known: {message}; the policy itself holds what its names meant"
            )),
            Some(Given::Late) => Some("there was no time left to evaluate it".to_owned()),
            _ => None,
        };
        let mut looked_at: Vec<LookedAt> = looked_at.collect();
        let found = self.found.and_then(|place| given.get(place));
        if let Some(Given::Value(Some(own))) = found {
            looked_at.push(LookedAt {
                what: "rows that its query finds".to_owned(),
                value: Some(own.clone()),
            });
        }
        ExplainedPart {
            depth: self.depth,
            expression: self.expression.clone(),
            value,
            looked_at,
            note,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::rules::{Held, SecuredColumn};

    fn rules(policies: Vec<RowPolicy>) -> AccessRules {
        let column = |name: &str| SecuredColumn {
            name: name.into(),
            ..SecuredColumn::default()
        };
        AccessRules {
            roles: vec![ApiRole {
                name: "authenticated".into(),
                may_set: true,
                has: vec!["authenticated".into()],
                schemas: vec!["public".into()],
                ..ApiRole::default()
            }],
            tables: vec![SecuredTable {
                id: 1,
                schema: "public".into(),
                name: "doc".into(),
                kind: "r".into(),
                secured: true,
                columns: vec![column("id"), column("user_id"), column("n")],
                key: vec!["id".into()],
                ..SecuredTable::default()
            }],
            held: Verb::ALL
                .map(|verb| Held {
                    role: "authenticated".into(),
                    table: 1,
                    verb,
                    columns: None,
                })
                .into(),
            policies,
            ..AccessRules::default()
        }
    }

    fn policy(name: &str, verb: &str, permissive: bool, shows: &str) -> RowPolicy {
        RowPolicy {
            table: 1,
            name: name.into(),
            verb: verb.into(),
            permissive,
            roles: vec!["authenticated".into()],
            applies: vec!["authenticated".into()],
            shows: Some(shows.into()),
            check: None,
        }
    }

    fn explained(
        rules: &AccessRules,
        verb: Verb,
        given: &dyn Fn(&Snippet) -> Given,
        visible: u64,
    ) -> Explanation {
        let wanted = Wanted {
            key: Some("7".into()),
            written: None,
        };
        let inquiry = inquire(rules, &rules.tables[0], &Viewer::stranger(), verb, &wanted).unwrap();
        let given = inquiry.question.snippets.iter().map(given).collect();
        inquiry.finish(RowAnswer {
            found: Some(1),
            row: None,
            new_row: None,
            new_fault: None,
            visible: Ok(visible),
            given,
        })
    }

    fn value(text: &str) -> Given {
        Given::Value(Some(text.into()))
    }

    #[test]
    fn a_hidden_row_says_which_policy_hides_it_and_what_it_looked_at() {
        let rules = rules(vec![policy(
            "own",
            "select",
            true,
            "(user_id = ( SELECT auth.uid() AS uid))",
        )]);
        let given = |snippet: &Snippet| match snippet.sql.as_str() {
            "\"user_id\"" => value("b0b"),
            "auth.uid()" => value("a11"),
            _ => value("false"),
        };
        let found = explained(&rules, Verb::Select, &given, 0);
        assert_eq!(found.allowed, Some(false));
        assert!(found.why.contains("\"own\" is false"), "{}", found.why);
        assert_eq!(found.disagrees, None);
        let Some(ExplainedStep::Policy { parts, .. }) = found.steps.last() else {
            panic!()
        };
        let looked: Vec<_> = parts[0]
            .looked_at
            .iter()
            .map(|at| (at.what.as_str(), at.value.as_deref()))
            .collect();
        assert_eq!(
            looked,
            [("user_id", Some("b0b")), ("auth.uid()", Some("a11"))]
        );
        let odd = explained(&rules, Verb::Select, &given, 1);
        assert_eq!(odd.disagrees.as_deref(), Some("the server shows the row"));
    }

    #[test]
    fn of_a_view_is_told_what_the_server_shows_and_nothing_else() {
        for invokes in [true, false] {
            let mut rules = rules(Vec::new());
            rules.tables[0].kind = "v".into();
            rules.tables[0].invokes = invokes;
            let refused = Err(("42501".to_owned(), "permission denied".to_owned()));
            let late = Err(("57014".to_owned(), "too long".to_owned()));
            for (verb, found, visible, exists, allowed) in [
                (Verb::Select, Some(1), Ok(1), Some(true), Some(true)),
                (Verb::Select, Some(1), Ok(0), Some(true), Some(false)),
                (Verb::Select, Some(0), Ok(1), None, Some(true)),
                (Verb::Select, Some(0), Ok(0), None, Some(false)),
                (Verb::Select, None, Ok(0), None, Some(false)),
                (Verb::Select, Some(1), refused, Some(true), Some(false)),
                (Verb::Select, Some(1), late, Some(true), None),
                (Verb::Update, Some(1), Ok(1), Some(true), None),
                (Verb::Delete, Some(0), Ok(0), None, None),
            ] {
                let wanted = Wanted {
                    key: Some("7".into()),
                    written: None,
                };
                let viewer = Viewer::stranger();
                let inquiry = inquire(&rules, &rules.tables[0], &viewer, verb, &wanted).unwrap();
                let told = inquiry.finish(RowAnswer {
                    found,
                    row: None,
                    new_row: None,
                    new_fault: None,
                    visible: visible.clone(),
                    given: Vec::new(),
                });
                let place = format!("{verb:?} {found:?} {visible:?}: {}", told.why);
                assert_eq!((told.exists, told.allowed), (exists, allowed), "{place}");
                assert_eq!(told.disagrees, None, "{place}");
            }
        }
    }

    #[test]
    fn restrictive_policies_and_null_hold_back_and_any_permissive_lets_through() {
        let all = [
            policy("a", "select", true, "a"),
            policy("b", "all", true, "b"),
            policy("c", "select", false, "c"),
        ];
        for (a, b, c, allowed) in [
            ("true", "false", "true", true),
            ("false", "true", "true", true),
            ("false", "false", "true", false),
            ("true", "true", "false", false),
            ("true", "true", "", false),
            ("", "true", "true", true),
        ] {
            let rules = rules(all.to_vec());
            let given = |snippet: &Snippet| {
                let text = match snippet.sql.as_str() {
                    "a" => a,
                    "b" => b,
                    _ => c,
                };
                Given::Value((!text.is_empty()).then(|| text.to_owned()))
            };
            let found = explained(&rules, Verb::Select, &given, u64::from(allowed));
            assert_eq!(
                (found.allowed, found.disagrees),
                (Some(allowed), None),
                "{a} {b} {c}"
            );
        }
    }

    #[test]
    fn an_update_asks_of_the_old_row_and_the_new_one() {
        let rules = rules(vec![
            policy("see", "select", true, "s"),
            policy("write", "update", true, "w"),
        ]);
        let given = |snippet: &Snippet| match (snippet.sql.as_str(), snippet.row) {
            ("w", RowSide::New) => value("false"),
            _ => value("true"),
        };
        let found = explained(&rules, Verb::Update, &given, 1);
        assert_eq!(found.allowed, Some(false));
        assert!(
            found.why.contains("new row must pass the checks"),
            "{}",
            found.why
        );
        let asked = found
            .steps
            .iter()
            .filter(|step| matches!(step, ExplainedStep::Asks { .. }));
        assert_eq!(asked.count(), 4);
    }

    #[test]
    fn a_missing_grant_comes_before_every_policy() {
        let mut rules = rules(vec![policy("all", "all", true, "true")]);
        rules.held.retain(|held| held.verb != Verb::Select);
        let found = explained(&rules, Verb::Delete, &|_| value("true"), 0);
        assert_eq!(found.allowed, Some(false));
        assert!(
            found.why.contains("has no grant to select, without which"),
            "{}",
            found.why
        );
    }

    #[test]
    fn a_grant_on_some_columns_is_for_these_only() {
        let open = policy("all", "all", true, "true");
        let every = ["id", "user_id", "n"];
        for (verb, of, columns, key, set, allowed) in [
            (Verb::Select, Verb::Select, &every[..1], "id=7", "", true),
            (Verb::Select, Verb::Select, &every[1..], "id=7", "", false),
            (
                Verb::Select,
                Verb::Select,
                &every[..1],
                "id=7,n=1",
                "",
                false,
            ),
            (Verb::Delete, Verb::Select, &every[1..], "id=7", "", false),
            (Verb::Insert, Verb::Insert, &every[..2], "", "n", false),
            (Verb::Insert, Verb::Insert, &every[..], "", "n", true),
            (Verb::Insert, Verb::Insert, &every[..1], "", "id", true),
            (Verb::Update, Verb::Update, &every[..2], "id=7", "n", false),
            (Verb::Update, Verb::Update, &every[2..], "id=7", "n", true),
            (Verb::Update, Verb::Select, &every[..1], "id=7", "n", true),
        ] {
            let mut rules = rules(vec![open.clone()]);
            for held in rules.held.iter_mut().filter(|held| held.verb == of) {
                held.columns = Some(columns.iter().map(|&name| name.to_owned()).collect());
            }
            let written =
                (!set.is_empty()).then(|| Map::from_iter([(set.to_owned(), Value::from(1))]));
            let wanted = Wanted {
                key: Some(key.to_owned()).filter(|key| !key.is_empty()),
                written,
            };
            let viewer = Viewer::stranger();
            let inquiry = inquire(&rules, &rules.tables[0], &viewer, verb, &wanted).unwrap();
            let given = vec![value("true"); inquiry.question.snippets.len()];
            let told = inquiry.finish(RowAnswer {
                found: Some(1),
                row: None,
                new_row: None,
                new_fault: None,
                visible: Ok(u64::from(allowed)),
                given,
            });
            let place = format!("{verb:?} {of:?} {columns:?} {key} {set}: {}", told.why);
            assert_eq!(
                (told.allowed, told.disagrees),
                (Some(allowed), None),
                "{place}"
            );
        }
    }

    #[test]
    fn a_key_that_names_several_rows_is_refused() {
        let rules = rules(Vec::new());
        let wanted = Wanted {
            key: Some("n=1".into()),
            written: None,
        };
        let viewer = Viewer::stranger();
        let inquiry = inquire(&rules, &rules.tables[0], &viewer, Verb::Select, &wanted).unwrap();
        for (found, visible, is_one) in [
            (Some(0), Ok(0), true),
            (Some(1), Ok(1), true),
            (Some(2), Ok(0), false),
            (Some(5), Err(("42501".to_owned(), String::new())), false),
            (None, Ok(2), false),
            (None, Ok(1), true),
        ] {
            let answer = RowAnswer {
                found,
                row: None,
                new_row: None,
                new_fault: None,
                visible,
                given: Vec::new(),
            };
            assert_eq!(inquiry.is_of_one(&answer).is_ok(), is_one, "{answer:?}");
        }
    }

    #[test]
    fn keys_are_a_value_or_columns_with_values() {
        let rules = rules(Vec::new());
        let table = &rules.tables[0];
        assert_eq!(
            key_of(table, "7").unwrap(),
            [("id".to_owned(), Some("7".to_owned()))]
        );
        assert_eq!(key_of(table, "x=7").unwrap()[0].1.as_deref(), Some("x=7"));
        let several = key_of(table, "user_id=a,b,n=null").unwrap();
        assert_eq!(
            several,
            [
                ("user_id".to_owned(), Some("a,b".to_owned())),
                ("n".to_owned(), None)
            ]
        );
        let keyless = SecuredTable {
            key: Vec::new(),
            ..table.clone()
        };
        assert!(
            key_of(&keyless, "7")
                .unwrap_err()
                .hint
                .unwrap()
                .contains("id=VALUE")
        );
    }
}
