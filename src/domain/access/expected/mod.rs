//! Who may do what as a file: written as a snapshot, or by hand as expectations, and checked. One line is one sentence:
//!
//! ```text
//! schemas public                                            the file is complete for them: what it does not name is a difference
//! only anon, user:alice                                     of these identities alone; else of the usual ones too
//! anon may not select, insert, update, delete public.goal
//! stranger may select rows of public.goal by "own goals"    the policies that decide
//! service may select all of public.goal
//! stranger may update rows (title, notes) of public.goal    these columns only
//! anon sees nothing of goal                                 rows: nothing, all, some, 4, at least 4, at most 4
//! anon may execute public.count_all() as its owner
//! policy "own goals" on public.goal permissive for select to authenticated using (user_id = auth.uid())
//! ```

mod parse;
mod snapshot;
#[cfg(test)]
mod tests;

pub use parse::parse;
pub use snapshot::snapshot;

use super::listing::Matrix;
use super::matrix::AccessCell;
use super::rules::{SecuredTable, Verb};
use super::viewer::{Who, find};
use crate::domain::dry_run::access::Verdict;
use serde::Serialize;
use snapshot::{cell_line, function_line, name, policy_line, quoted};

/// How many rows are expected to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    All,
    Some,
    Just(u64),
    Least(u64),
    Most(u64),
}

/// How far a verb is expected to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reach {
    Nothing,
    Anything,
    All(Option<Vec<String>>),
    Rows(Option<Vec<String>>, Option<Vec<String>>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    May {
        who: Who,
        verbs: Vec<Verb>,
        reach: Reach,
        table: String,
    },
    Sees {
        who: Who,
        number: Number,
        table: String,
    },
    Executes {
        who: Who,
        function: String,
    },
    Policy {
        name: String,
        table: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ExpectedLine {
    number: usize,
    text: String,
    what: What,
}

/// A file of expectations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpectedFile {
    /// The schemas that it is complete for; none where it only names what matters.
    pub schemas: Option<Vec<String>>,
    /// The identities that it is complete for; none where these are the usual ones and those that it names.
    pub only: Option<Vec<Who>>,
    lines: Vec<ExpectedLine>,
}

/// A difference between a file and the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExpectedDifference {
    /// The line of the file; none for what the file does not name.
    pub line: Option<usize>,
    /// What the file says.
    pub expected: Option<String>,
    /// What is so.
    pub found: Option<String>,
}

/// What came of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// How many sentences were checked.
    pub checked: usize,
    /// The differences, in the order of the file; what it does not name at the end.
    pub differences: Vec<ExpectedDifference>,
}

impl ExpectedFile {
    /// Whose access it is about, each once.
    pub fn who(&self) -> Vec<Who> {
        let mut all: Vec<Who> = self.only.clone().unwrap_or_default();
        for line in &self.lines {
            let who = match &line.what {
                What::May { who, .. } | What::Sees { who, .. } | What::Executes { who, .. } => who,
                What::Policy { .. } => continue,
            };
            if !all.contains(who) {
                all.push(who.clone());
            }
        }
        all
    }

    /// Whether the usual identities are compared too: where it is complete for schemas, somebody who is new is a difference.
    pub fn is_of_usual(&self) -> bool {
        self.schemas.is_some() && self.only.is_none()
    }

    /// Whether it says anything.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.schemas.is_none()
    }

    /// Compares it with what is so.
    pub fn check(&self, matrix: &Matrix) -> CheckReport {
        let mut report = CheckReport {
            checked: self.lines.len(),
            differences: Vec::new(),
        };
        let schemas = self.schemas.iter().flatten();
        for schema in schemas.filter(|schema| !matrix.rules.schemas.contains(schema)) {
            report.differences.push(ExpectedDifference {
                line: None,
                expected: None,
                found: Some(format!("there is no schema {}", name(schema))),
            });
        }
        let mut named: Vec<Key> = Vec::new();
        for line in &self.lines {
            for found in check_line(&line.what, &line.text, matrix, &mut named) {
                report.differences.push(ExpectedDifference {
                    line: Some(line.number),
                    expected: Some(line.text.clone()),
                    found: Some(found),
                });
            }
        }
        if self.schemas.is_some() {
            for (key, line) in keyed(matrix) {
                if !named.contains(&key) {
                    report.differences.push(ExpectedDifference {
                        line: None,
                        expected: None,
                        found: Some(line),
                    });
                }
            }
        }
        report
    }
}

/// What a sentence is about.
#[derive(Debug, PartialEq, Eq)]
enum Key {
    Cell(String, Verb, u32),
    Function(String, String),
    Policy(String, u32),
}

/// Every sentence about a matrix with what it is about.
fn keyed(matrix: &Matrix) -> Vec<(Key, String)> {
    let mut all = Vec::new();
    for table in matrix.tables() {
        for viewer in &matrix.viewers {
            let cells = matrix.of(table, viewer).iter();
            all.extend(cells.map(|cell| {
                (
                    Key::Cell(viewer.name.clone(), cell.verb, table.id),
                    cell_line(cell),
                )
            }));
        }
        let own = matrix
            .rules
            .policies
            .iter()
            .filter(|policy| policy.table == table.id);
        all.extend(own.map(|policy| {
            (
                Key::Policy(policy.name.clone(), table.id),
                policy_line(table, policy),
            )
        }));
    }
    for (function, roles) in matrix.definers() {
        for viewer in matrix
            .viewers
            .iter()
            .filter(|viewer| roles.contains(&viewer.role.as_str()))
        {
            let key = Key::Function(
                viewer.name.clone(),
                function.trim_start_matches("function ").to_owned(),
            );
            all.push((key, function_line(&viewer.name, &function)));
        }
    }
    all
}

/// Where a sentence does not hold, what is so instead.
fn check_line(what: &What, text: &str, matrix: &Matrix, named: &mut Vec<Key>) -> Vec<String> {
    // The one that it means by the rules by which those who look were found; another with the same role is somebody else.
    let viewer = |who: &Who| {
        let meant = find(&matrix.rules, who).ok()?;
        matrix.viewers.iter().find(|viewer| **viewer == meant)
    };
    let nobody = |who: &Who| {
        let name = who.name();
        vec![format!("nothing was compared: nobody looked as {name}")]
    };
    let missing = |table: &str| vec![format!("there is no table or view {table}")];
    // What was not looked at holds for nothing.
    let unseen = |table: &SecuredTable| {
        let table = table.full_name();
        vec![format!(
            "nothing was compared: {table} is not of the schemas that the file is about"
        )]
    };
    match what {
        What::May {
            who,
            verbs,
            reach,
            table,
        } => {
            let Some(viewer) = viewer(who) else {
                return nobody(who);
            };
            let Some(table) = matrix.rules.table(table) else {
                return missing(table);
            };
            let cells = matrix.of(table, viewer).iter();
            let cells: Vec<&AccessCell> = cells.filter(|cell| verbs.contains(&cell.verb)).collect();
            if cells.is_empty() {
                return unseen(table);
            }
            let mut found = Vec::new();
            for cell in cells {
                named.push(Key::Cell(viewer.name.clone(), cell.verb, table.id));
                if !reach.holds(cell) {
                    found.push(cell_line(cell));
                }
                // The sentence holds by the catalogs; the server itself answers otherwise.
                if let Some(said) = &cell.disagrees {
                    let table = table.full_name();
                    found.push(format!("{table}, {}: {said}", cell.verb.word()));
                }
            }
            found
        }
        What::Sees { who, number, table } => {
            let Some(viewer) = viewer(who) else {
                return nobody(who);
            };
            let Some(table) = matrix.rules.table(table) else {
                return missing(table);
            };
            let Some(cell) = matrix.of(table, viewer).first() else {
                return unseen(table);
            };
            number.fault(cell).into_iter().collect()
        }
        What::Executes { who, function } => {
            let Some(viewer) = viewer(who) else {
                return nobody(who);
            };
            named.push(Key::Function(viewer.name.clone(), function.clone()));
            let may = matrix.definers().into_iter().any(|(own, roles)| {
                own.trim_start_matches("function ") == function
                    && roles.contains(&viewer.role.as_str())
            });
            if may {
                Vec::new()
            } else {
                vec![format!(
                    "{} may not execute {function} as its owner",
                    viewer.name
                )]
            }
        }
        What::Policy { name, table } => {
            let Some(table) = matrix.rules.table(table) else {
                return missing(table);
            };
            named.push(Key::Policy(name.clone(), table.id));
            let mut own = matrix.rules.policies.iter();
            match own.find(|policy| policy.table == table.id && policy.name == *name) {
                None => vec![format!(
                    "there is no policy {} on {}",
                    quoted(name),
                    table.full_name()
                )],
                Some(policy) => {
                    let line = policy_line(table, policy);
                    // A name can hold several blanks in a row too; it is the same one already.
                    if line.split_whitespace().eq(text.split_whitespace()) {
                        Vec::new()
                    } else {
                        vec![line]
                    }
                }
            }
        }
    }
}

impl Reach {
    fn holds(&self, cell: &AccessCell) -> bool {
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort();
            names
        };
        let of = |columns: &Option<Vec<String>>| match (columns, &cell.columns) {
            (Some(expected), Some(found)) => sorted(expected) == sorted(found),
            (None, None) => true,
            _ => false,
        };
        match self {
            Self::Nothing => cell.verdict == Verdict::None,
            Self::Anything => cell.verdict != Verdict::None,
            Self::All(columns) => cell.verdict == Verdict::All && of(columns),
            Self::Rows(columns, policies) => {
                let by = policies
                    .as_ref()
                    .is_none_or(|policies| sorted(policies) == sorted(&cell.policies));
                cell.verdict == Verdict::Policies && by && of(columns)
            }
        }
    }
}

impl Number {
    /// What is so, where it is otherwise.
    fn fault(self, cell: &AccessCell) -> Option<String> {
        let table = format!("{}.{}", cell.schema, cell.table);
        let visible = cell.visible.filter(|_| cell.disagrees.is_none());
        let Some(visible) = visible else {
            let why = cell.disagrees.as_ref().or(cell.note.as_ref());
            let why = why.map_or("its rows were not counted", String::as_str);
            return Some(format!(
                "what {} sees of {table} is not known: {why}",
                cell.identity
            ));
        };
        // What was counted until the time ended is a lower bound only.
        let holds = match self {
            Self::All => cell.total == Some(visible) && !cell.at_least,
            Self::Some => visible > 0,
            Self::Just(number) => visible == number && !cell.at_least,
            Self::Least(number) => visible >= number,
            Self::Most(number) => visible <= number && !cell.at_least,
        };
        let amount = super::matrix::amount(cell);
        (!holds).then(|| format!("{} sees {amount} rows of {table}", cell.identity))
    }
}
