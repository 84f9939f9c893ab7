//! What the answers to a sign-in do to the model: somebody reads from now on, is asked for a second factor, or was refused.
//! Nobody reads as another unasked, and a sign-in that nobody wants any more is given up.

use super::dialog::choose::Chooser;
use super::dialog::identity::{self, IdentityDialog};
use super::dialog::result::ResultView;
use super::dialog::{Dialog, mfa};
use super::effect::Effect;
use super::model::Model;
use super::msg::Choices;
use super::{answers, execute};
use crate::domain::identity::Identity;
use crate::domain::kept::KeptUsers;
use crate::domain::mfa::{MfaChallenge, SignIn, can_try_again};
use crate::domain::problem::{Kind, Problem};

/// Takes the answer to a sign-in, or to one of its steps.
pub fn answered(model: &mut Model, result: Result<SignIn, Problem>) -> Vec<Effect> {
    let is_unwanted = std::mem::take(&mut model.is_sign_in_unwanted);
    match result {
        Ok(SignIn::Waiting(waiting)) => asked(model, waiting, is_unwanted),
        Ok(SignIn::Done(identity)) => {
            model.waiting = None;
            if is_unwanted {
                signed_in_unwanted(model, identity)
            } else {
                signed_in(model, identity)
            }
        }
        Err(problem) => {
            let is_over = !can_try_again(&problem);
            if is_over {
                model.waiting = None;
            }
            let mut effects = if is_unwanted {
                mfa::give_up(model)
            } else {
                Vec::new()
            };
            effects.extend(refused(model, problem));
            effects
        }
    }
}

/// The identity dialog, if it is open.
pub fn dialog(model: &mut Model) -> Option<&mut IdentityDialog> {
    model.dialogs.iter_mut().find_map(|dialog| match dialog {
        Dialog::Identity(identity) => Some(identity),
        _ => None,
    })
}

/// Says why somebody was not signed in or out.
pub fn refused(model: &mut Model, problem: Problem) -> Vec<Effect> {
    match dialog(model) {
        Some(dialog) => dialog.refused(problem),
        None => answers::show(model, ResultView::failed("Sign-in", &problem)),
    }
    Vec::new()
}

/// A second factor is needed. Without a dialog to give it in, nobody wants this sign-in any more.
fn asked(model: &mut Model, waiting: MfaChallenge, is_unwanted: bool) -> Vec<Effect> {
    model.waiting = Some(waiting.clone());
    if !is_unwanted && let Some(dialog) = dialog(model) {
        dialog.second_needed(waiting);
        return Vec::new();
    }
    mfa::give_up(model)
}

fn signed_in(model: &mut Model, identity: Identity) -> Vec<Effect> {
    model
        .dialogs
        .retain(|dialog| !matches!(dialog, Dialog::Identity(_)));
    // A warning that came with the sign-in matters more than that it went well, which the header says.
    let without = if identity.lacks_second_factor() {
        ", without the second factor (aal1)"
    } else {
        ""
    };
    let signed_in = if identity.is_acted() {
        format!("Acting as {}; nobody signed in.", identity.name())
    } else {
        format!("Signed in as {}{without}.", identity.name())
    };
    model.toast.get_or_insert(signed_in);
    let mut effects = execute::become_identity(model, identity);
    effects.push(execute::toast_timer());
    effects
}

/// Somebody signed in after the user had gone back: they are kept, and nobody reads as them without being asked. Who reads
/// already goes on, at the level that the session now has.
fn signed_in_unwanted(model: &mut Model, identity: Identity) -> Vec<Effect> {
    let name = identity.name().to_owned();
    if identity.is_acted() {
        return Vec::new();
    }
    if let (Identity::User(user), Some(project)) = (&identity, &mut model.project) {
        project.kept.put(user);
    }
    let is_reader = model.identity.user_id() == identity.user_id();
    let text = if is_reader {
        let rights = identity.rights();
        format!("{name} was signed in all the same ({rights}).")
    } else {
        format!("{name} was signed in all the same; nobody reads as them yet.")
    };
    let mut effects = match &model.identity {
        Identity::User(_) if is_reader && model.identity.sees_as(&identity) => Vec::new(),
        Identity::User(_) if is_reader => execute::become_identity(model, identity),
        // Whoever reads is kept beside the new one, and goes on; the store takes the new one for the last used.
        Identity::User(_) => vec![Effect::Used(model.identity.clone())],
        Identity::Anon | Identity::Service => Vec::new(),
    };
    effects.extend(execute::toast(model, text));
    effects
}

/// Takes the answer to a sign-out: nobody reads on as a user whose session is over.
pub fn signed_out(model: &mut Model, who: &Identity, result: Result<(), Problem>) -> Vec<Effect> {
    let told = match result {
        Ok(()) => format!("{} is signed out.", who.name()),
        // Here the session is over in any case.
        Err(problem) if problem.kind == Kind::Network => problem.to_string(),
        Err(problem) => return refused(model, problem),
    };
    if let (Some(project), Some(id)) = (&mut model.project, who.user_id()) {
        project.kept.remove(id);
    }
    let mut effects = if model.identity.user_id() == who.user_id() {
        model
            .dialogs
            .retain(|dialog| !matches!(dialog, Dialog::Identity(_)));
        execute::become_identity(model, Identity::Anon)
    } else {
        let list = Chooser::at_here(&identity::entries(model));
        if let Some(dialog) = dialog(model) {
            dialog.is_busy = false;
            dialog.list = list;
        }
        Vec::new()
    };
    effects.extend(execute::toast(model, told));
    effects
}

/// Takes what there is to choose from, as the store and the user's file have it now. While somebody chooses, nothing that
/// is on the list changes its place.
pub fn choices(model: &mut Model, choices: Choices) {
    let is_choosing = |dialog: &Dialog| matches!(dialog, Dialog::Identity(_));
    let is_choosing = model.dialogs.iter().any(is_choosing);
    let Some(project) = &mut model.project else {
        return;
    };
    if let Some(kept) = choices.kept {
        let here = std::mem::take(&mut project.kept);
        project.kept = if is_choosing {
            let mut all = here.clone();
            for user in &kept.users {
                all.put(user);
            }
            KeptUsers {
                users: all.users,
                ..kept
            }
        } else {
            kept
        };
    }
    project.profiles.clone_from(&choices.profiles);
    for dialog in &mut model.dialogs {
        if let Dialog::Project(dialog) = dialog {
            dialog.add(choices.profiles.clone());
        }
    }
}
