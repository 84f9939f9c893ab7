//! What is said of rows that a screen uses beside its own: that they are being read, are old, are not visible, could not be
//! read.

use super::loadable::{Loadable, Placeholder, Standing};
use crate::domain::identity::Identity;
use crate::domain::moment::{Form, moment};
use crate::domain::problem::{Kind, Problem};
use crate::domain::report::Tone;

/// The remark about rows that were read as `who`; `what` names them in the plural. Nothing where they are there and fresh.
pub fn remark<T>(who: &Identity, what: &str, rows: &Loadable<T>) -> Option<(Tone, String)> {
    match rows.standing() {
        Standing::Ready(_) | Standing::Blank(Placeholder::Idle) => None,
        Standing::Stale(_, failure) => {
            let at = rows.reading("").read_at;
            let at = at.map_or_else(String::new, |at| format!(" of {}", moment(at, Form::Clock)));
            let why = &failure.why.what;
            Some((Tone::Warn, format!("The {what} are those{at}: {why}")))
        }
        Standing::Blank(blank) => Some(missing(who, what, blank)),
    }
}

fn missing(who: &Identity, what: &str, blank: Placeholder) -> (Tone, String) {
    match blank {
        Placeholder::Idle | Placeholder::Loading => (Tone::Muted, format!("Reading the {what}.")),
        Placeholder::Absent(problem) => (Tone::Muted, problem.what.clone()),
        Placeholder::Denied(_) => {
            let who = who.called();
            (Tone::Warn, format!("The {what} are not visible to {who}."))
        }
        Placeholder::Failed(problem) => {
            let why = &problem.what;
            (
                tone(problem),
                format!("The {what} could not be read: {why}"),
            )
        }
    }
}

/// How bad a problem of a read looks: what is not set up, or was stopped, is no fault.
pub fn tone(problem: &Problem) -> Tone {
    match problem.kind {
        Kind::Denied => Tone::Warn,
        Kind::Config | Kind::Cancelled => Tone::Muted,
        _ => Tone::Danger,
    }
}
