//! What the server answered about one row, put together: grants and policies in order, down to the verdict.

use super::super::rules::{SecuredTable, Verb};
use super::question::{Inquiry, PartPlan, RowSide, no_key};
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use serde::Serialize;
use serde_json::{Map, Value};

/// The SQLSTATE of what took too long.
pub const LATE: &str = "57014";

/// What came of a [`Snippet`](super::question::Snippet).
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
        /// The operation.
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
    /// The operation.
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
            judged = self.policy_steps(&answer, &mut steps);
        }
        let who = self.question.viewer.name.clone();
        let word = self.verb.word();
        let (allowed, why) = match (fault, exists, judged) {
            (Some(fault), _, _) => (Some(false), format!("{who} may not {word} it: {fault}.")),
            (None, _, _) if self.table.is_view() => self.view_verdict(&answer, exists, &why),
            (None, Some(false), _) => (
                Some(false),
                "There is no such row: the connection, which sees all rows, does not find it either.".to_owned(),
            ),
            (None, _, (Truth::True, _)) if !applies => (Some(true), format!("{who} may {word} it: {why}.")),
            (None, _, (Truth::True, _)) => (
                Some(true),
                format!("{who} may {word} it: {}.", self.permitting_policies(&answer)),
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
    fn view_verdict(
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
            return (false, format!("the role {} bypasses RLS", role.name));
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
    fn policy_steps(
        &self,
        answer: &RowAnswer,
        steps: &mut Vec<ExplainedStep>,
    ) -> (Truth, Option<String>) {
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
                        .map(|part| part.explained(&answer.given))
                        .collect(),
                });
            }
            let (mut value, mut why) = combine(&values);
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
                _ => why.map(|why| format!("{}, and {why}", with_small_letter(&group.what))),
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
    fn permitting_policies(&self, answer: &RowAnswer) -> String {
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

fn with_small_letter(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}

/// One permissive policy at least must be true, and each restrictive; and why they are not.
fn combine(values: &[(bool, Truth, &str)]) -> (Truth, Option<String>) {
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
    fn explained(&self, given: &[Given]) -> ExplainedPart {
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
