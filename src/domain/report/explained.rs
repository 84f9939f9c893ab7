//! An explanation of access in words: each grant and policy with what its parts looked at, and the end.

use super::{Lines, Tone};
use crate::domain::access::explain::{ExplainedPart, ExplainedStep, Explanation, RowSide, Truth};
use crate::domain::plural::listed;
use serde_json::Value;

/// What is asked: the verb, the table and who.
pub fn title(told: &Explanation) -> String {
    let (verb, table) = (told.verb.word(), &told.table);
    format!("{verb} {}.{table} as {}", told.schema, told.identity)
}

/// Which row it is about, and in which role.
pub fn subject(told: &Explanation) -> String {
    let key = told.key.iter().map(|(name, value)| match value {
        Value::String(text) => format!("{name} = {text}"),
        other => format!("{name} = {other}"),
    });
    let key: Vec<String> = key.collect();
    let row = if key.is_empty() {
        "a new row".to_owned()
    } else {
        key.join(", ")
    };
    format!("{row}, role {}", told.role)
}

/// The steps, and how they end.
pub fn page(told: &Explanation) -> Lines {
    let mut lines = Lines::default();
    lines.put(0, Tone::Muted, &subject(told));
    for step in &told.steps {
        add(&mut lines, step);
    }
    lines.blank();
    let end = match told.allowed {
        Some(true) => Tone::Ok,
        Some(false) => Tone::Warn,
        None => Tone::Muted,
    };
    lines.put(0, end, &told.why);
    if let Some(said) = &told.disagrees {
        let text = format!("This does not agree with the server: {said}.");
        lines.put(0, Tone::Danger, &text);
    }
    lines
}

fn tone(value: Truth) -> Tone {
    match value {
        Truth::True => Tone::Ok,
        Truth::False | Truth::Null => Tone::Warn,
        Truth::Failed => Tone::Danger,
        Truth::Unknown => Tone::Muted,
    }
}

fn holds(lines: &mut Lines, holds: bool, text: &str) {
    let (tone, word) = if holds {
        (Tone::Ok, "yes")
    } else {
        (Tone::Danger, "no ")
    };
    lines
        .lines
        .push(super::Line::new(tone, word).and(Tone::Text, &format!("  {text}")));
}

fn add(lines: &mut Lines, step: &ExplainedStep) {
    match step {
        ExplainedStep::Schema { schema, holds: is } => {
            holds(lines, *is, &format!("may use schema {schema}"));
        }
        ExplainedStep::Grant {
            verb,
            holds: is,
            columns,
            through,
        } => {
            let mut text = format!("has a grant to {}", verb.word());
            if let Some(columns) = columns {
                text.push_str(&format!(" columns {}", listed(columns)));
            }
            if !through.is_empty() {
                text.push_str(&format!(", given to {}", listed(through)));
            }
            holds(lines, *is, &text);
        }
        ExplainedStep::RowSecurity { why, .. } => lines.put(5, Tone::Text, why),
        ExplainedStep::Asks { what, value } => {
            lines.blank();
            let line = super::Line::new(Tone::Strong, what).and(Tone::Text, ": ");
            lines.lines.push(line.and(tone(*value), value.word()));
        }
        ExplainedStep::Policy {
            name,
            permissive,
            roles,
            row,
            value,
            parts,
            ..
        } => {
            let kind = if *permissive {
                "permissive"
            } else {
                "RESTRICTIVE"
            };
            let of = if *row == RowSide::New {
                ", on the new row"
            } else {
                ""
            };
            let line = super::Line::new(tone(*value), value.word())
                .and(Tone::Text, "  policy ")
                .and(Tone::Strong, name)
                .and(Tone::Muted, &format!("  {kind}, to {}{of}", listed(roles)));
            lines.lines.push(line.indented(2));
            for one in parts {
                part(lines, one);
            }
        }
    }
}

fn part(lines: &mut Lines, part: &ExplainedPart) {
    let indent = 4 + 2 * part.depth;
    let expression: Vec<&str> = part.expression.split_whitespace().collect();
    let line = super::Line::new(tone(part.value), part.value.word());
    let line = line.and(Tone::Text, &format!("  {}", expression.join(" ")));
    lines.lines.push(line.indented(indent));
    for at in &part.looked_at {
        let value = at.value.as_deref().unwrap_or("null");
        let text = format!("{} = {value}", at.what);
        lines.put(indent + 7, Tone::Muted, &text);
    }
    if let Some(note) = &part.note {
        lines.put(indent + 7, Tone::Warn, note);
    }
}
