//! What a screen says of rows that it uses: that they are being read, are old, are not visible, could not be read. A screen
//! that is about other rows says it in one sentence.

use super::DrawContext;
use super::theme::Role;
use crate::app::command::Command;
use crate::app::loadable::Loadable;
use crate::app::problem_hint::in_keys;
use crate::app::remark;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};

/// What has to be said of rows that a screen uses beside its own; `what` names them in the plural. Nothing where they are
/// there and fresh.
pub fn remark<T>(view: DrawContext, what: &str, rows: &Loadable<T>) -> Option<(Role, String)> {
    let (tone, text) = remark::remark(&view.model.identity, what, rows)?;
    Some((Role::of(tone), text))
}

/// How bad a problem of a read looks.
pub fn role(problem: &Problem) -> Role {
    Role::of(remark::tone(problem))
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
