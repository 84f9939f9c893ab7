//! What stands above the difference of a record: what it is about, when, who, why. Each line can be selected, copied and
//! asked for.

use crate::domain::audit::Record;
use crate::domain::audit::filter::{IdPart, quoted};
use crate::domain::audit::path::{self, key_text};
use crate::domain::moment::zoned;
use jiff::tz::TimeZone;

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadKind {
    /// Which row it is about: the first line.
    Row,
    /// Anything else.
    Fact,
    /// The reason, which is drawn apart.
    Reason,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadLine {
    /// What it says.
    pub kind: HeadKind,
    /// The heading.
    pub name: String,
    /// The text.
    pub text: String,
    /// What is copied: the id, where the text is a name.
    pub raw: String,
    /// The filter that finds records with the same; none where there is none.
    pub term: Option<String>,
}

impl HeadLine {
    /// A line that is its own text.
    pub fn fact(name: &str, text: impl Into<String>, term: Option<String>) -> Self {
        let text = text.into();
        Self {
            kind: HeadKind::Fact,
            name: name.to_owned(),
            raw: text.clone(),
            text,
            term,
        }
    }

    /// The same, with a name for what it holds.
    #[must_use]
    pub fn called(mut self, name: Option<String>) -> Self {
        if let Some(name) = name {
            self.text = name;
        }
        self
    }

    /// The same, as the line that says which row it is.
    #[must_use]
    pub fn as_row(mut self) -> Self {
        self.kind = HeadKind::Row;
        self
    }
}

/// The filter for the row that a record is about.
pub fn row_term(record: &Record) -> Option<String> {
    let about = record.about();
    match (about.table?, about.id) {
        (table, Some(id)) => Some(format!("row:{}", quoted(&format!("{table}/{id}")))),
        (table, None) => Some(format!("row:{}", quoted(&table))),
    }
}

/// The lines below those of what the record is about: when, who, why, whose, of which request, from where. `called` gives the
/// names of people; times and days are those of the zone.
pub fn facts(
    record: &Record,
    zone: &TimeZone,
    called: impl Fn(&str) -> Option<String>,
) -> Vec<HeadLine> {
    let (when, day) = zoned(&record.created_at, zone);
    let actor = match &record.actor_user_id {
        Some(id) => {
            let name = called(id).map(|name| format!("{name} ({}) {id}", record.actor_type));
            HeadLine {
                raw: id.clone(),
                ..HeadLine::fact(
                    "actor",
                    format!("{id} ({})", record.actor_type),
                    Some(person_term("actor", id)),
                )
            }
            .called(name)
        }
        None => HeadLine::fact(
            "actor",
            record.actor_type.clone(),
            Some(format!("actor:none type:{}", record.actor_type)),
        ),
    };
    let mut lines = vec![
        HeadLine {
            raw: record.created_at.clone(),
            ..HeadLine::fact("when", when, day.map(|day| format!("on:{day}")))
        },
        actor,
    ];
    if let Some(reason) = &record.rationale {
        let words: String = reason.chars().take(60).collect();
        let term = (!words.trim().is_empty()).then(|| format!("text:{}", quoted(words.trim())));
        lines.push(HeadLine {
            kind: HeadKind::Reason,
            ..HeadLine::fact("why", reason.clone(), term)
        });
    }
    if let Some(id) = &record.subject_user_id {
        let name = called(id).map(|name| format!("{name} {id}"));
        lines.push(
            HeadLine::fact("subject", id.clone(), Some(person_term("subject", id))).called(name),
        );
    }
    if let Some(id) = &record.correlation_id {
        lines.push(HeadLine::fact(
            "request",
            id.clone(),
            Some(format!("request:{id}")),
        ));
    }
    if let Some(ip) = &record.source_ip {
        lines.push(HeadLine::fact("from", ip.clone(), None));
    }
    if let Some(agent) = &record.user_agent {
        lines.push(HeadLine::fact("with", agent.clone(), None));
    }
    lines
}

/// The filter for somebody by the id that a record has; in quotes where it is none of a user.
pub fn person_term(key: &str, id: &str) -> String {
    let is_id = IdPart::parse(id).is_some_and(|part| part.whole().is_some());
    if is_id {
        format!("{key}:{id}")
    } else {
        format!("{key}:{}", path::quoted(id, |_| false))
    }
}

/// The filter for what a record's row is bound to, or is called by. Of a row that was deleted only the image before is there.
pub fn value_term(record: &Record, key: &str, value: &str) -> String {
    let side = if record.after_state.is_some() {
        "after"
    } else {
        "before"
    };
    format!("{side}.{}:{}", key_text(key), quoted(value))
}
