//! What is lost: one line a loss, its number first, and what was not counted. JSON has the same list.

use super::{Line, Lines, Tone};
use crate::domain::dry_run::measure::Uncounted;
use crate::domain::dry_run::{Environment, Loss, LossKind, NotCounted, Report};
use crate::domain::plural::counted;
use serde::Serialize;

/// The most losses that a short report names.
const MOST: usize = 40;

/// One loss in JSON: rows of a table, or values of a column; null where nobody counted.
#[derive(Debug, Serialize)]
pub struct Lost<'a> {
    object: String,
    kind: LossKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute: Option<&'a str>,
    #[serde(flatten)]
    number: Number,
    counted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    uncounted: Option<&'a str>,
}

/// How much is lost.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Number {
    Rows(Option<u64>),
    Values(Option<u64>),
}

/// All that is lost or may be, as short as it can be said.
pub fn all(report: &Report) -> Vec<Lost<'_>> {
    let losses = report.losses.iter().map(|loss| Lost {
        object: object(loss),
        kind: loss.way,
        attribute: loss.attribute.as_deref(),
        number: match &loss.column {
            None => Number::Rows(loss.rows),
            Some(_) => Number::Values(loss.rows),
        },
        counted: loss.counted,
        uncounted: loss.uncounted.map(Uncounted::words),
    });
    let missing = report.uncounted.iter().map(|one| Lost {
        object: one.table.clone(),
        kind: match one.why {
            Uncounted::Undone | Uncounted::Moved => LossKind::RowsDeleted,
            _ => LossKind::ValuesNulled,
        },
        attribute: None,
        number: match one.why {
            Uncounted::Undone | Uncounted::Moved => Number::Rows(None),
            _ => Number::Values(None),
        },
        counted: false,
        uncounted: Some(one.why.words()),
    });
    losses.chain(missing).collect()
}

fn object(loss: &Loss) -> String {
    match &loss.column {
        None => loss.table.clone(),
        Some(column) => format!("{}.{column}", loss.table),
    }
}

/// The section of a dry run.
pub(super) fn section(lines: &mut Lines, report: &Report) {
    let unknown = report.unmeasured();
    let nothing = report.no_loss();
    if lines.section(report, "What is lost", unknown.as_ref(), nothing) {
        uncounted(lines, 2, &report.uncounted);
        list(lines, 2, &report.losses);
        if report.on == Environment::Scratch && !report.losses.is_empty() {
            let text = "How much is not known: the scratch database has no data of this one.";
            lines.put(2, Tone::Muted, text);
        }
    }
}

/// A line for each loss.
pub fn list(lines: &mut Lines, indent: usize, losses: &[Loss]) {
    let all = losses.iter().map(|loss| line(loss).indented(indent));
    lines.most(all.collect(), MOST, "loss");
}

/// A loss in words: how much, and how it goes.
pub fn line(loss: &Loss) -> Line {
    let object = object(loss);
    let unit = if loss.column.is_some() {
        "value"
    } else {
        "row"
    };
    let attribute = loss.attribute.as_deref().unwrap_or_default();
    let (what, how) = match loss.way {
        LossKind::TableDropped => ("lost", format!("table {object} is dropped")),
        LossKind::ColumnDropped => ("lost", format!("column {object} is dropped")),
        LossKind::AttributeDropped => (
            "lose a part",
            format!("column {object}, whose attribute {attribute} is dropped"),
        ),
        LossKind::TableEmptied => ("lost", format!("table {object} is emptied")),
        LossKind::ValuesNulled => ("lost", format!("column {object} becomes null")),
        LossKind::ValuesConverted => ("converted to others", format!("column {object}")),
        LossKind::RowsDeleted => ("deleted", format!("table {object}")),
        LossKind::RowsChanged => ("overwritten", format!("table {object}")),
    };
    let many = match loss.rows {
        Some(0) => "Nothing".to_owned(),
        Some(rows) => {
            let rows = counted(usize::try_from(rows).unwrap_or(usize::MAX), unit);
            if loss.counted {
                rows
            } else if loss.way == LossKind::ValuesConverted {
                // The number is that of all values, of which some differ.
                format!("up to {rows}")
            } else {
                format!("about {rows}")
            }
        }
        None => match loss.uncounted {
            None => format!("{unit}s"),
            Some(why) => format!("{unit}s, not counted ({}),", why.words()),
        },
    };
    let again = if loss.remade {
        "; a new one of the same name is created without them"
    } else {
        ""
    };
    let tone = if loss.rows == Some(0) {
        Tone::Text
    } else {
        Tone::Danger
    };
    Line::new(tone, &format!("{many} {what}: {how}{again}"))
}

/// What may have lost values, and was not counted.
pub fn uncounted(lines: &mut Lines, indent: usize, tables: &[NotCounted]) {
    let all = tables.iter().map(|NotCounted { table, why }| {
        let text = match why {
            Uncounted::Moved => format!(
                "Not counted: rows of table {table} are deleted, and how many of them are kept elsewhere is not known ({}).",
                why.words()
            ),
            Uncounted::Undone => format!(
                "Not counted: rows of table {table} are deleted or overwritten, and how many is not known ({}).",
                why.words()
            ),
            _ => format!(
                "Not counted: table {table} is rewritten, and whether values of it become null is not known ({}).",
                why.words()
            ),
        };
        Line::new(Tone::Danger, &text).indented(indent)
    });
    lines.most(all.collect(), MOST, "table");
}
