//! How a difference of catalogs and lost data read.

use super::super::super::page::{Page, Span, Tone};
use super::super::show::counted;
use crate::domain::dry_run::{Loss, LossKind, NotCounted};
use crate::domain::snapshot::difference::{ChangeKind, Difference, PropertyChange};
use similar::{ChangeTag, TextDiff};

/// The most lines that the change of one long text takes.
const LONGEST: usize = 60;

/// Every object that is new, gone or changed, with what changed of it.
pub fn write(page: &mut Page, indent: &str, difference: &Difference) {
    let all_parts = difference.parts();
    for change in difference.top_level() {
        let (sign, tone) = match change.fate {
            ChangeKind::Added => ("+", Tone::Ok),
            ChangeKind::Removed => ("-", Tone::Danger),
            ChangeKind::Changed | ChangeKind::Renamed => ("~", Tone::Warn),
        };
        let parts = all_parts.get(&(change.fate, change.object.name.as_str()));
        let parts: Vec<String> = parts
            .filter(|_| change.object.on.is_none())
            .into_iter()
            .flatten()
            .map(|(kind, count)| match (kind.word(), *count) {
                (word @ ("statistics" | "default privileges"), count) => format!("{count} {word}"),
                ("policy", count) if count > 1 => format!("{count} policies"),
                ("index", count) if count > 1 => format!("{count} indexes"),
                (word, count) => counted(count, word),
            })
            .collect();
        let with = if parts.is_empty() {
            String::new()
        } else {
            format!(" ({})", parts.join(", "))
        };
        let name = change.name();
        page.toned(tone, &format!("{indent}{sign} {name}{with}"));
        if matches!(change.fate, ChangeKind::Changed | ChangeKind::Renamed) {
            for shift in difference.visible_properties(change) {
                write_shift(page, indent, shift);
            }
        }
    }
}

fn write_shift(page: &mut Page, indent: &str, shift: &PropertyChange) {
    let PropertyChange {
        property,
        before,
        after,
        ..
    } = shift;
    let is_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains('\n'));
    if !is_long(before) && !is_long(after) {
        let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "(none)".to_owned());
        page.spans(vec![
            Span::from(format!("{indent}    {property}: ")),
            Span::new(Tone::Danger, &word(before)),
            Span::from(" → "),
            Span::new(Tone::Ok, &word(after)),
        ]);
        return;
    }
    page.line(format!("{indent}    {property}:"));
    let (old, new) = (
        before.as_deref().unwrap_or_default(),
        after.as_deref().unwrap_or_default(),
    );
    let diff = TextDiff::from_lines(old, new);
    let changed = diff
        .iter_all_changes()
        .filter(|change| change.tag() != ChangeTag::Equal);
    let mut lines = 0;
    for change in changed {
        lines += 1;
        if lines > LONGEST {
            continue;
        }
        let (tone, sign) = match change.tag() {
            ChangeTag::Delete => (Tone::Danger, '-'),
            _ => (Tone::Ok, '+'),
        };
        page.toned(
            tone,
            &format!("{indent}      {sign} {}", change.value().trim_end()),
        );
    }
    if lines > LONGEST {
        let more = counted(lines - LONGEST, "more line");
        page.toned(
            Tone::Muted,
            &format!("{indent}      {more}; `--json` has all of it"),
        );
    }
}

/// What is lost, one line each.
pub fn losses(page: &mut Page, indent: &str, losses: &[Loss]) {
    for loss in losses {
        let table = &loss.table;
        let what = match (loss.way, &loss.column) {
            (LossKind::ColumnDropped, Some(column)) => {
                format!("column {table}.{column} is dropped")
            }
            (LossKind::ValuesNulled, Some(column)) => {
                format!("column {table}.{column} becomes null")
            }
            (LossKind::ValuesConverted, Some(column)) => {
                format!("values of column {table}.{column} read differently after the conversion")
            }
            (LossKind::TableEmptied, _) => format!("table {table} is emptied"),
            (LossKind::RowsDeleted, _) => format!("rows of table {table} are deleted"),
            (LossKind::RowsChanged, _) => format!("rows of table {table} are changed"),
            _ => format!("table {table} is dropped"),
        };
        let unit = if loss.column.is_some() {
            "value"
        } else {
            "row"
        };
        let many = match loss.rows {
            None if matches!(loss.way, LossKind::RowsDeleted | LossKind::RowsChanged) => {
                ": how many is not known".to_owned()
            }
            None => match loss.uncounted {
                None => format!(" with its {unit}s"),
                Some(why) => format!(": how much was not counted: {}", why.words()),
            },
            Some(0) => ": empty now".to_owned(),
            Some(rows) if loss.counted => {
                let rows = usize::try_from(rows).unwrap_or(usize::MAX);
                format!(": {}", counted(rows, unit))
            }
            Some(rows) if loss.way == LossKind::ValuesConverted => {
                format!(": up to {rows}")
            }
            Some(rows) => format!(": about {rows} {unit}s"),
        };
        let tone = if loss.rows == Some(0) {
            Tone::Plain
        } else {
            Tone::Danger
        };
        let again = if loss.remade {
            "; what has its name afterwards is another one, without them"
        } else {
            ""
        };
        page.toned(tone, &format!("{indent}{what}{many}{again}"));
    }
}

/// What may have lost values, and was not counted.
pub fn uncounted(page: &mut Page, indent: &str, tables: &[NotCounted]) {
    for NotCounted { table, why } in tables {
        let text = format!(
            "{indent}Not counted: table {table} is rewritten, and whether values of it become null is not known ({}).",
            why.words()
        );
        page.toned(Tone::Danger, &text);
    }
}
