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

use super::listing::Matrix;
use super::matrix::AccessCell;
use super::rules::{RowPolicy, SecuredTable, Verb};
use super::viewer::{Who, find};
use crate::domain::dry_run::access::Verdict;
use crate::domain::problem::{Kind, Problem};
use serde::Serialize;

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

/// Writes the whole matrix as a file, sorted.
pub fn snapshot(matrix: &Matrix) -> String {
    // A schema without a table is written too: one that is made in it later is a difference.
    let schemas: Vec<String> = matrix.schemas.iter().map(|schema| name(schema)).collect();
    let mut text = format!(
        "# Who may do what. Written by `supadeck access snapshot`, checked by `supadeck access check`.\nschemas {}\n",
        schemas.join(", ")
    );
    if matrix.is_of_some {
        let names: Vec<String> = matrix.viewers.iter().map(|one| name(&one.name)).collect();
        text.push_str(&format!("only {}\n", names.join(", ")));
    }
    for line in lines(matrix) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// The sentences about a matrix, sorted.
fn lines(matrix: &Matrix) -> Vec<String> {
    let mut lines: Vec<String> = matrix.cells.iter().map(cell_line).collect();
    lines.sort();
    let mut functions: Vec<String> = Vec::new();
    for (function, roles) in matrix.definers() {
        for viewer in matrix
            .viewers
            .iter()
            .filter(|viewer| roles.contains(&viewer.role.as_str()))
        {
            functions.push(function_line(&viewer.name, &function));
        }
    }
    functions.sort();
    let mut policies: Vec<String> = Vec::new();
    for table in matrix.tables() {
        let own = matrix
            .rules
            .policies
            .iter()
            .filter(|policy| policy.table == table.id);
        policies.extend(own.map(|policy| policy_line(table, policy)));
    }
    policies.sort();
    lines.extend(functions);
    lines.extend(policies);
    lines
}

fn cell_line(cell: &AccessCell) -> String {
    let (who, verb) = (name(&cell.identity), cell.verb.word());
    let table = format!("{}.{}", name(&cell.schema), name(&cell.table));
    let columns = match &cell.columns {
        Some(columns) => {
            let columns: Vec<String> = columns.iter().map(|column| name(column)).collect();
            format!(" ({})", columns.join(", "))
        }
        None => String::new(),
    };
    match cell.verdict {
        Verdict::None => format!("{who} may not {verb} {table}"),
        Verdict::All => format!("{who} may {verb} all{columns} of {table}"),
        Verdict::Policies => {
            let mut policies: Vec<String> =
                cell.policies.iter().map(|policy| quoted(policy)).collect();
            policies.sort();
            let by = if policies.is_empty() {
                String::new()
            } else {
                format!(" by {}", policies.join(", "))
            };
            format!("{who} may {verb} rows{columns} of {table}{by}")
        }
    }
}

fn function_line(who: &str, function: &str) -> String {
    let function = function.trim_start_matches("function ");
    format!("{} may execute {function} as its owner", name(who))
}

fn policy_line(table: &SecuredTable, policy: &RowPolicy) -> String {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut roles: Vec<String> = policy.roles.iter().map(|role| name(role)).collect();
    roles.sort();
    let mut line = format!(
        "policy {} on {}.{} {} for {} to {}",
        quoted(&policy.name),
        name(&table.schema),
        name(&table.name),
        if policy.permissive {
            "permissive"
        } else {
            "restrictive"
        },
        policy.verb,
        roles.join(", ")
    );
    for (word, sql) in [("using", &policy.shows), ("check", &policy.check)] {
        if let Some(sql) = sql {
            line.push_str(&format!(" {word} {}", flat(sql)));
        }
    }
    line
}

/// A name as it stands in the file: between quotes where it would be read otherwise.
fn name(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_:@.-+$".contains(c);
    // A dot parts a schema from its table; that of an e-mail address stands behind a colon.
    let is_dotted = name.contains('.') && !name.contains(':');
    if !name.is_empty() && name.chars().all(is_plain) && !is_dotted {
        name.to_owned()
    } else {
        quoted(name)
    }
}

fn quoted(name: &str) -> String {
    let mut out = String::from("\"");
    for c in name.chars() {
        match c {
            '"' => out.push_str("\"\""),
            // One sentence is one line.
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A word of a line: plain, with the quotes of names taken away; `parts` are what its dots part.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    parts: Vec<String>,
    is_quoted: bool,
    list: Option<Vec<String>>,
}

impl Word {
    fn is(&self, word: &str) -> bool {
        !self.is_quoted
            && self.list.is_none()
            && self.parts.len() == 1
            && self.parts[0].eq_ignore_ascii_case(word)
    }

    fn whole(&self) -> String {
        self.parts.join(".")
    }
}

/// Cuts a line into words, commas away from them; what stands between parentheses is a list.
fn words(line: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('(') {
            let Some((list, after)) = inside.split_once(')') else {
                return Err("a parenthesis is not closed".to_owned());
            };
            let list = self::words(list)?.iter().map(Word::whole).collect();
            words.push(Word {
                parts: Vec::new(),
                is_quoted: false,
                list: Some(list),
            });
            rest = after.trim_start();
            continue;
        }
        let (word, after) = word(rest)?;
        words.push(word);
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix(',') {
            rest = after.trim_start();
        }
    }
    Ok(words)
}

fn word(text: &str) -> Result<(Word, &str), String> {
    let (mut parts, mut part, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut all = text.char_indices().peekable();
    let mut end = text.len();
    let mut is_address = false;
    while let Some((at, c)) = all.next() {
        match c {
            '"' => {
                is_quoted = true;
                loop {
                    match all.next() {
                        None => return Err("a quote is not closed".to_owned()),
                        Some((_, '"')) if all.peek().is_some_and(|(_, next)| *next == '"') => {
                            all.next();
                            part.push('"');
                        }
                        Some((_, '"')) => break,
                        Some((_, '\\')) => match all.next() {
                            Some((_, 'n')) => part.push('\n'),
                            Some((_, 'r')) => part.push('\r'),
                            Some((_, other)) => part.push(other),
                            None => return Err("a quote is not closed".to_owned()),
                        },
                        Some((_, c)) => part.push(c),
                    }
                }
            }
            '.' if !is_address => parts.push(std::mem::take(&mut part)),
            c if c.is_whitespace() || c == ',' || c == '(' => {
                end = at;
                break;
            }
            c => {
                is_address |= c == ':';
                part.push(c);
            }
        }
    }
    parts.push(part);
    let word = Word {
        parts,
        is_quoted,
        list: None,
    };
    Ok((word, &text[end..]))
}

/// Reads a file.
pub fn parse(text: &str) -> Result<ExpectedFile, Problem> {
    let mut file = ExpectedFile::default();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let fault = |why: String| {
            Problem::new(
                Kind::Usage,
                format!("Line {} of the expectations cannot be read.", at + 1),
                format!("{}.", crate::domain::text::cell(&why)),
            )
            .with_hint("A line is a sentence such as `anon sees nothing of goal` or `user:alice may update rows of goal`; see docs/access.md.")
        };
        let rest = line.strip_prefix("schemas");
        if let Some(schemas) = rest.filter(|rest| rest.is_empty() || rest.starts_with(' ')) {
            let schemas = words(schemas).map_err(fault)?;
            file.schemas = Some(schemas.iter().map(Word::whole).collect());
            continue;
        }
        if let Some(names) = line.strip_prefix("only ") {
            let names = words(names).map_err(fault)?;
            let names = names.iter().map(|name| name.whole().parse());
            file.only = Some(names.collect::<Result<_, String>>().map_err(fault)?);
            continue;
        }
        let what = sentence(line).map_err(fault)?;
        file.lines.push(ExpectedLine {
            number: at + 1,
            text: line.to_owned(),
            what,
        });
    }
    Ok(file)
}

fn sentence(line: &str) -> Result<What, String> {
    if let Some(rest) = line.strip_prefix("policy ") {
        let (policy, rest) = word(rest)?;
        let rest = rest
            .trim_start()
            .strip_prefix("on ")
            .ok_or("`on` and a table are missing")?;
        let (table, _) = word(rest)?;
        return Ok(What::Policy {
            name: policy.whole(),
            table: table.whole(),
        });
    }
    let (who, rest) = word(line)?;
    let who: Who = who.whole().parse()?;
    let rest = rest.trim_start();
    if let Some(function) = rest.strip_prefix("may execute ") {
        let function = function.strip_suffix(" as its owner").unwrap_or(function);
        return Ok(What::Executes {
            who,
            function: function.trim().to_owned(),
        });
    }
    let words = words(rest)?;
    let mut words = words.iter().peekable();
    match words.next() {
        Some(word) if word.is("sees") => {
            let number = number(&mut words)?;
            of(&mut words)?;
            Ok(What::Sees {
                who,
                number,
                table: last(&mut words)?,
            })
        }
        Some(word) if word.is("may") => {
            let is_not = words.next_if(|word| word.is("not")).is_some();
            let mut verbs = Vec::new();
            while let Some(word) = words.peek() {
                if word.is("and") {
                    words.next();
                } else if word.is("anything") || word.is("nothing") {
                    words.next();
                    verbs.extend(Verb::ALL);
                } else if let Some(verb) = Verb::of(&word.whole().to_lowercase()) {
                    words.next();
                    verbs.push(verb);
                } else {
                    break;
                }
            }
            if verbs.is_empty() {
                return Err(
                    "a verb is missing: select, insert, update, delete or anything".to_owned(),
                );
            }
            let list = |word: Option<&Word>| word.and_then(|word| word.list.clone());
            let mut reach = if is_not {
                Reach::Nothing
            } else {
                Reach::Anything
            };
            let kind = words.next_if(|word| word.is("all") || word.is("rows"));
            let columns = list(words.next_if(|word| word.list.is_some()));
            if let Some(kind) = kind.filter(|_| !is_not) {
                of(&mut words)?;
                reach = if kind.is("all") {
                    Reach::All(columns)
                } else {
                    Reach::Rows(columns, None)
                };
            } else {
                words.next_if(|word| word.is("of") || word.is("with") || word.is("in"));
            }
            let table = words.next().ok_or("a table is missing")?.whole();
            if words.next_if(|word| word.is("by")).is_some() {
                let policies: Vec<String> = words.by_ref().map(Word::whole).collect();
                match &mut reach {
                    Reach::Rows(_, by) if !policies.is_empty() => *by = Some(policies),
                    _ => return Err("policies stand behind `rows of TABLE by`".to_owned()),
                }
            }
            if let Some(odd) = words.next() {
                return Err(format!("`{}` is not understood", odd.whole()));
            }
            Ok(What::May {
                who,
                verbs,
                reach,
                table,
            })
        }
        _ => Err("behind the identity stands `sees` or `may`".to_owned()),
    }
}

type Words<'a> = std::iter::Peekable<std::slice::Iter<'a, Word>>;

fn of(words: &mut Words<'_>) -> Result<(), String> {
    match words.next() {
        Some(word) if word.is("of") => Ok(()),
        _ => Err("`of` and a table are missing".to_owned()),
    }
}

fn last(words: &mut Words<'_>) -> Result<String, String> {
    let table = words.next().ok_or("a table is missing")?.whole();
    match words.next() {
        None => Ok(table),
        Some(odd) => Err(format!("`{}` is not understood", odd.whole())),
    }
}

fn number(words: &mut Words<'_>) -> Result<Number, String> {
    let wrong = || {
        "behind `sees` stands nothing, all, some, a number, `at least` or `at most` a number"
            .to_owned()
    };
    let word = words.next().ok_or_else(wrong)?;
    let parsed = |word: Option<&Word>| {
        word.and_then(|word| word.whole().parse::<u64>().ok())
            .ok_or_else(wrong)
    };
    if word.is("nothing") || word.is("no") {
        return Ok(Number::Just(0));
    }
    if word.is("all") || word.is("everything") {
        return Ok(Number::All);
    }
    if word.is("some") {
        return Ok(Number::Some);
    }
    if word.is("at") {
        return match words.next() {
            Some(word) if word.is("least") => Ok(Number::Least(parsed(words.next())?)),
            Some(word) if word.is("most") => Ok(Number::Most(parsed(words.next())?)),
            _ => Err(wrong()),
        };
    }
    Ok(Number::Just(parsed(Some(word))?))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::rules::{AccessRules, ApiRole, FoundUser};
    use crate::domain::access::viewer::Viewer;
    use proptest::prelude::*;

    fn role(name: &str) -> ApiRole {
        ApiRole {
            name: name.into(),
            ..ApiRole::default()
        }
    }

    fn matrix(verdict: Verdict, visible: Option<u64>) -> Matrix {
        let table = SecuredTable {
            id: 1,
            schema: "public".into(),
            name: "goal".into(),
            kind: "r".into(),
            ..SecuredTable::default()
        };
        let cells = Verb::ALL.map(|verb| AccessCell {
            schema: "public".into(),
            table: "goal".into(),
            identity: "anon".into(),
            role: "anon".into(),
            verb,
            verdict,
            policies: if verdict == Verdict::Policies {
                vec!["b \"x\"".into(), "a".into()]
            } else {
                Vec::new()
            },
            columns: None,
            visible,
            at_least: false,
            total: Some(4),
            why: String::new(),
            note: None,
            disagrees: None,
            is_refused: false,
        });
        Matrix {
            rules: AccessRules {
                tables: vec![table],
                policies: vec![RowPolicy {
                    table: 1,
                    name: "a".into(),
                    verb: "select".into(),
                    permissive: true,
                    roles: vec!["public".into()],
                    shows: Some("(x =\n  1)".into()),
                    ..RowPolicy::default()
                }],
                schemas: vec!["public".into()],
                roles: ["anon", "authenticated"].map(role).into(),
                ..AccessRules::default()
            },
            viewers: vec![Viewer::anon()],
            schemas: vec!["public".into()],
            tables: vec![1],
            cells: cells.into(),
            ..Matrix::default()
        }
    }

    #[test]
    fn a_snapshot_checks_against_itself_and_against_nothing_else() {
        let of = |verdict| matrix(verdict, Some(0));
        for (at, verdict) in [Verdict::None, Verdict::Policies, Verdict::All]
            .into_iter()
            .enumerate()
        {
            let file = parse(&snapshot(&of(verdict))).unwrap();
            for (other, second) in [Verdict::None, Verdict::Policies, Verdict::All]
                .into_iter()
                .enumerate()
            {
                let report = file.check(&of(second));
                assert_eq!(report.differences.is_empty(), at == other, "{report:?}");
            }
        }
    }

    #[test]
    fn a_file_that_is_complete_finds_what_it_does_not_name() {
        let text = snapshot(&matrix(Verdict::None, Some(0)));
        let less: Vec<&str> = text
            .lines()
            .filter(|line| !line.contains("delete"))
            .collect();
        let report = parse(&less.join("\n"))
            .unwrap()
            .check(&matrix(Verdict::None, Some(0)));
        assert_eq!(report.differences.len(), 1);
        assert_eq!(
            report.differences[0].found.as_deref(),
            Some("anon may not delete public.goal")
        );
        let by_hand = less
            .iter()
            .filter(|line| !line.starts_with("schemas"))
            .copied()
            .collect::<Vec<_>>()
            .join("\n");
        assert!(
            parse(&by_hand)
                .unwrap()
                .check(&matrix(Verdict::None, Some(0)))
                .differences
                .is_empty()
        );
    }

    #[test]
    fn a_policy_whose_name_holds_several_blanks_is_itself() {
        let mut one = matrix(Verdict::All, Some(0));
        one.rules.policies[0].name = "  own   goals ".into();
        let report = parse(&snapshot(&one)).unwrap().check(&one);
        assert!(report.differences.is_empty(), "{report:?}");
    }

    #[test]
    fn a_policy_with_the_same_name_and_another_condition_is_a_difference() {
        let old = matrix(Verdict::Policies, Some(0));
        let mut new = old.clone();
        new.rules.policies[0].shows = Some("true".into());
        let report = parse(&snapshot(&old)).unwrap().check(&new);
        assert_eq!(report.differences.len(), 1);
        assert!(
            report.differences[0]
                .found
                .as_ref()
                .unwrap()
                .ends_with("using true"),
            "{report:?}"
        );
    }

    #[test]
    fn a_sentence_about_a_table_that_was_not_looked_at_is_a_difference() {
        let mut some = matrix(Verdict::None, Some(0));
        some.rules.tables.push(SecuredTable {
            id: 2,
            schema: "other".into(),
            name: "away".into(),
            kind: "r".into(),
            ..SecuredTable::default()
        });
        for line in [
            "anon may not select other.away",
            "anon may not anything with away",
            "anon may select rows of away",
            "anon sees nothing of away",
        ] {
            let file = parse(line).unwrap();
            let report = file.check(&some);
            let found = report.differences[0].found.as_ref().unwrap();
            assert!(found.contains("nothing was compared"), "{line}: {found}");
        }
    }

    #[test]
    fn where_the_server_answers_otherwise_than_the_catalogs_nothing_holds() {
        for verdict in [Verdict::None, Verdict::Policies, Verdict::All] {
            let mut odd = matrix(verdict, Some(3));
            let text = format!("{}anon sees 3 of goal\n", snapshot(&odd));
            let file = parse(&text).unwrap();
            assert!(file.check(&odd).differences.is_empty());
            odd.cells[0].disagrees = Some("the server shows anon 3 rows".into());
            let report = file.check(&odd);
            assert_eq!(report.differences.len(), 2, "{report:?}");
            for one in &report.differences {
                let found = one.found.as_ref().unwrap();
                assert!(found.contains("the server shows anon 3 rows"), "{found}");
            }
        }
    }

    #[test]
    fn a_sentence_is_about_whom_it_names_and_about_nobody_else_in_the_same_role() {
        let mut both = matrix(Verdict::All, Some(4));
        let user = |id: &str, email: &str| FoundUser {
            id: id.into(),
            email: Some(email.into()),
            ..FoundUser::default()
        };
        both.rules.people = vec![user("1", "alice@example.com"), user("2", "alice@b.c")];
        both.viewers = vec![
            Viewer::user(&both.rules.people[0]),
            Viewer::user(&both.rules.people[1]),
            Viewer::stranger(),
        ];
        let all = both.cells.clone();
        both.cells.clear();
        for (viewer, verdict) in
            both.viewers
                .iter()
                .zip([Verdict::All, Verdict::None, Verdict::Policies])
        {
            both.cells
                .extend(all.iter().cloned().map(|cell| AccessCell {
                    identity: viewer.name.clone(),
                    role: viewer.role.clone(),
                    policies: Vec::new(),
                    verdict,
                    ..cell
                }));
        }
        for line in [
            "role:authenticated may select rows of goal",
            "stranger may select rows of goal",
            "user:alice@example.com may select all of goal",
            "user:ALICE@example.com may select all of goal",
            "user:1 may select all of goal",
            "user:alice@b.c may not select goal",
            "user:2 may not select goal",
        ] {
            let report = parse(line).unwrap().check(&both);
            assert!(report.differences.is_empty(), "{line}: {report:?}");
        }
        // Whoever was not looked at has nothing that holds.
        for line in [
            "anon may not select goal",
            "user:alice may select all of goal",
            "anon may execute public.f() as its owner",
            "anon sees 4 of goal",
        ] {
            let report = parse(line).unwrap().check(&both);
            let found = report.differences[0].found.as_ref().unwrap();
            assert!(found.contains("nobody looked as"), "{line}: {found}");
        }
    }

    #[test]
    fn sentences_by_hand() {
        let some = matrix(Verdict::Policies, Some(3));
        for (line, holds) in [
            ("anon sees 3 of goal", true),
            ("anon sees 3 of public.goal", true),
            ("anon sees 4 of goal", false),
            ("anon sees nothing of goal", false),
            ("anon sees all of goal", false),
            ("anon sees some of goal", true),
            ("anon sees at least 3 of goal", true),
            ("anon sees at most 2 of goal", false),
            ("anon may select goal", true),
            ("anon may select, update and delete goal", true),
            ("anon may not select goal", false),
            ("anon may not anything with goal", false),
            ("anon may select all of goal", false),
            ("anon may select rows of goal", true),
            ("anon may select rows of goal by a, \"b \"\"x\"\"\"", true),
            ("anon may select rows of goal by a", false),
            ("anon may select rows (x) of goal", false),
            ("anon sees nothing of gaol", false),
        ] {
            let report = parse(line).unwrap().check(&some);
            assert_eq!(report.differences.is_empty(), holds, "{line}: {report:?}");
        }
        for line in [
            "anon",
            "anon sees goal",
            "anon sees four of goal",
            "anon may goal",
            "bob sees 4 of goal",
            "anon sees 4 of goal today",
            "anon may select goal by a",
            "anon may select all of",
            "anon can read goal",
            "anon may select \"goal",
        ] {
            let problem = parse(&format!("# x\n\n{line}")).unwrap_err();
            assert!(problem.what.contains("Line 3"), "{line}: {problem:?}");
        }
        assert!(matrix(Verdict::None, None).cells[0].visible.is_none());
        let unknown = parse("anon sees nothing of goal")
            .unwrap()
            .check(&matrix(Verdict::None, None));
        assert!(
            unknown.differences[0]
                .found
                .as_ref()
                .unwrap()
                .contains("not known")
        );
    }

    proptest! {
        #[test]
        fn any_name_is_read_as_it_was_written(schema in "[ -~äß\n]{1,8}", table in "[ -~äß\n]{1,8}", policy in "[ -~\n]{1,8}") {
            let mut one = matrix(Verdict::Policies, Some(0));
            one.rules.tables[0].schema.clone_from(&schema);
            one.rules.schemas = vec![schema.clone()];
            one.schemas = vec![schema.clone()];
            one.rules.tables[0].name.clone_from(&table);
            one.rules.policies[0].name.clone_from(&policy);
            for cell in &mut one.cells {
                cell.schema.clone_from(&schema);
                cell.table.clone_from(&table);
                cell.policies = vec![policy.clone()];
            }
            let file = parse(&snapshot(&one)).unwrap();
            let report = file.check(&one);
            prop_assert!(report.differences.is_empty(), "{:?}", report);
        }
    }
}
