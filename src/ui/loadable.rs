//! What a screen says of rows that it uses: that they are being read, are old, are not visible, could not be read. A screen
//! that is about other rows says it in one sentence.

use super::DrawContext;
use super::theme::Role;
use crate::app::command::Command;
use crate::app::hint::in_keys;
use crate::app::loadable::{Loadable, Placeholder, Standing};
use crate::domain::identity::Identity;
use crate::domain::moment::{Form, moment};
use crate::domain::problem::{Kind, Problem};

/// What has to be said of rows that a screen uses beside its own; `what` names them in the plural. Nothing where they are
/// there and fresh.
pub fn remark<T>(view: DrawContext, what: &str, rows: &Loadable<T>) -> Option<(Role, String)> {
    match rows.standing() {
        Standing::Ready(_) | Standing::Blank(Placeholder::Idle) => None,
        Standing::Stale(_, failure) => {
            let at = rows.reading("").read_at;
            let at = at.map_or_else(String::new, |at| format!(" of {}", moment(at, Form::Clock)));
            let why = &failure.why.what;
            Some((Role::Warn, format!("The {what} are those{at}: {why}")))
        }
        Standing::Blank(blank) => Some(missing(view, what, blank)),
    }
}

fn missing(view: DrawContext, what: &str, blank: Placeholder) -> (Role, String) {
    match blank {
        Placeholder::Idle | Placeholder::Loading => (Role::Muted, format!("Reading the {what}.")),
        Placeholder::Absent(problem) => (Role::Muted, problem.what.clone()),
        Placeholder::Denied(_) => {
            let who = view.model.identity.called();
            (Role::Warn, format!("The {what} are not visible to {who}."))
        }
        Placeholder::Failed(problem) => {
            let why = &problem.what;
            (
                role(problem),
                format!("The {what} could not be read: {why}"),
            )
        }
    }
}

/// How bad a problem of a read looks: what is not set up, or was stopped, is no fault.
pub fn role(problem: &Problem) -> Role {
    match problem.kind {
        Kind::Denied => Role::Warn,
        Kind::Config | Kind::Cancelled => Role::Muted,
        _ => Role::Removed,
    }
}

/// What the reader can do here: what the command line does is a key away.
pub fn hint(view: DrawContext, problem: &Problem) -> Option<String> {
    let keys = &view.model.keymap;
    let hint = problem.hint.as_deref().map(|hint| in_keys(hint, keys));
    if problem.kind != Kind::Denied || !view.model.identity.is_under_rls() {
        return hint;
    }
    let key = keys.first_key(Command::Identity);
    let choose = match view.model.identity {
        Identity::Anon => format!("Press {key} to sign in."),
        _ => format!("Press {key} to choose who reads."),
    };
    match hint {
        Some(hint) if !hint.contains(&format!("Press {key}")) => Some(format!("{hint} {choose}")),
        Some(hint) => Some(hint),
        None => Some(choose),
    }
}
