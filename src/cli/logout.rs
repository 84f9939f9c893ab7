//! `supadeck logout`.

use super::answer::{Answer, Answered};
use super::context::Context;
use super::page::{Page, Tone};
use super::{interrupt, seen, slow_notice};
use crate::adapters::connect::{Project, RoleChoice};
use crate::domain::identity::{Identity, User};
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::secret::StoredIn;
use crate::ops::session;
use clap::Args as ClapArgs;
use serde_json::json;

/// Sign out one user here; the other signed-in users, and other sessions of the account, stay
#[derive(ClapArgs)]
pub struct Args {
    /// The e-mail address of the user [default: the one in use]
    #[arg(value_name = "EMAIL")]
    email: Option<String>,

    /// Sign out every user who is kept for the project
    #[arg(long, conflicts_with = "email")]
    all: bool,
}

/// Ends the session of one user, or of all.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let project = context.without_reader().await?;
    let whose = meant(context, args, &project)?;
    let mut ended: Vec<&User> = Vec::new();
    let mut failed: Vec<(&User, Problem)> = Vec::new();
    for user in &whose {
        let who = Identity::User(user.clone());
        let write = session::sign_out(project.auth.as_ref(), &who);
        let whom = || format!("Auth at {}", project.profile.url);
        let write = slow_notice::telling(context.output(), whom, write);
        match interrupt::ending(write).await {
            Ok(()) => ended.push(user),
            // The others are signed out all the same, unless the user wants it to end.
            Err(problem) if args.all && !problem.is_cancelled() => failed.push((user, problem)),
            Err(problem) => return Err(problem.into()),
        }
    }
    if let Some(problem) = not_all(&ended, &failed) {
        return Err(problem.into());
    }
    let mut page = Page::default();
    // Asked afterwards: a keyring may have been given up meanwhile.
    let keeping = project.secrets.keeping().await?;
    let project_name = project.profile.title();
    if let StoredIn::Memory(why) = &keeping {
        let text = format!(
            "No session was found, and the keyring was not asked: it may hold one still. {why}"
        );
        page.toned(Tone::Warn, &text);
    } else if whose.is_empty() {
        page.line(format!("No session is kept for {project_name}."));
    }
    for user in &whose {
        page.line(format!(
            "{} is signed out of {project_name}: the session is removed from the keyring and ended on the server.",
            user.name()
        ));
    }
    let is_left = |user: &&User| !whose.contains(user);
    let still: Vec<User> = project.kept.users.iter().filter(is_left).cloned().collect();
    seen::users(&project.profile, &still);
    let left: Vec<&str> = still.iter().map(User::name).collect();
    if !left.is_empty() {
        let text = format!("Still kept: {}.", listed(&left));
        page.toned(Tone::Muted, &text);
    }
    let asked = keeping == StoredIn::Keyring;
    let ended: Vec<&str> = whose.iter().map(User::name).collect();
    Ok(Answer::new(&json!(null), page)?
        .with("keyring_asked", &asked)?
        .with("signed_out", &ended)?
        .with("kept", &left)?)
}

/// Of whom the session could not be ended, and why; none where all were. Of whom only the server was not told, the session is
/// over here.
fn not_all(ended: &[&User], failed: &[(&User, Problem)]) -> Option<Problem> {
    let (_, first) = failed.first()?;
    let kept: Vec<&(&User, Problem)> = failed
        .iter()
        .filter(|(_, problem)| problem.kind != Kind::Network)
        .collect();
    let named = |users: &mut dyn Iterator<Item = &User>| {
        let names: Vec<&str> = users.map(User::name).collect();
        listed(&names)
    };
    let mut why: Vec<String> = failed
        .iter()
        .map(|(user, problem)| format!("{}: {problem}", user.name()))
        .collect();
    if !ended.is_empty() {
        let ended = named(&mut ended.iter().copied());
        why.push(format!("Signed out: {ended}."));
    }
    let why = why.join(" ");
    let Some((_, first_kept)) = kept.first() else {
        let users = named(&mut failed.iter().map(|(user, _)| *user));
        let what = format!("The server was not told that {users} signed out.");
        let problem = Problem::new(Kind::Network, what, why);
        let hint = first.hint.clone();
        return Some(Problem { hint, ..problem });
    };
    let users = named(&mut kept.iter().map(|(user, _)| *user));
    let what = format!("{users} could not be signed out.");
    Some(Problem::new(first_kept.kind, what, why).with_hint(
        "See who is still kept with `supadeck whoami`, and try `supadeck logout --all` again.",
    ))
}

/// Whose session is to end: that of the one who is named, of all, or of the one in use.
fn meant(context: &Context, args: &Args, project: &Project) -> Result<Vec<User>, Problem> {
    let kept = &project.kept;
    if args.all {
        return Ok(kept.users.clone());
    }
    let by_option = match &context.settings().as_ {
        Some(RoleChoice::UserCalled(name)) => Some(name),
        // A user may have no address.
        Some(RoleChoice::User) if args.email.is_none() => {
            return Ok(kept.last_used().cloned().into_iter().collect());
        }
        _ => None,
    };
    if let Some(name) = args.email.as_ref().or(by_option) {
        return Ok(vec![kept.called(name, &project.profile.title())?.clone()]);
    }
    match (kept.in_use(), kept.users.as_slice()) {
        (Some(user), _) | (None, [user]) => Ok(vec![user.clone()]),
        (None, []) => Ok(Vec::new()),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(User::name).collect();
            Err(Problem::new(
                Kind::Usage,
                "Nobody is in use, and several users are kept.",
                format!("They are {}.", listed(&names)),
            )
            .with_hint(
                "Name one: `supadeck logout EMAIL`; `supadeck logout --all` ends all sessions.",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_who_is_still_signed_in_is_named_with_the_reason() {
        let user = |name: &str| User {
            email: name.to_owned(),
            ..User::default()
        };
        let (alice, bob, carol) = (user("alice@a.b"), user("bob@a.b"), user("carol@a.b"));
        let network = || {
            Problem::new(Kind::Network, "Auth does not answer.", "It was refused.")
                .with_hint("It ends by itself.")
        };
        let keyring = || Problem::new(Kind::Config, "The keyring is locked.", "It said so.");
        let of = |failed: &[(&User, Problem)]| {
            not_all(&[&bob], failed).unwrap_or_else(|| Problem::internal("none"))
        };
        assert_eq!(not_all(&[&alice, &bob], &[]), None);
        let some = of(&[(&alice, network()), (&carol, keyring())]);
        assert_eq!(some.kind, Kind::Config);
        assert_eq!(some.what, "carol@a.b could not be signed out.");
        for part in ["alice@a.b: Auth does not answer.", "Signed out: bob@a.b."] {
            assert!(some.why.contains(part), "{}", some.why);
        }
        // Nobody is kept any more, so trying again would find nobody.
        let untold = of(&[(&alice, network()), (&carol, network())]);
        assert_eq!(
            untold.what,
            "The server was not told that alice@a.b and carol@a.b signed out."
        );
        assert_eq!(untold.hint.as_deref(), Some("It ends by itself."));
    }
}
