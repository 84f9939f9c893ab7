//! Writes who may do what as sentences.

use super::super::listing::Matrix;
use super::super::matrix::AccessCell;
use super::super::rules::{RowPolicy, SecuredTable};
use crate::domain::dry_run::access::Verdict;

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
pub(super) fn lines(matrix: &Matrix) -> Vec<String> {
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

pub(super) fn cell_line(cell: &AccessCell) -> String {
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

pub(super) fn function_line(who: &str, function: &str) -> String {
    let function = function.trim_start_matches("function ");
    format!("{} may execute {function} as its owner", name(who))
}

pub(super) fn policy_line(table: &SecuredTable, policy: &RowPolicy) -> String {
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
pub(super) fn name(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_:@.-+$".contains(c);
    // A dot parts a schema from its table; that of an e-mail address stands behind a colon.
    let is_dotted = name.contains('.') && !name.contains(':');
    if !name.is_empty() && name.chars().all(is_plain) && !is_dotted {
        name.to_owned()
    } else {
        quoted(name)
    }
}

pub(super) fn quoted(name: &str) -> String {
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
