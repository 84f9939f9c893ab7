//! `supadeck audit`.

mod format;
mod list;
mod show;

use super::answer::Answered;
use super::context::Context;
use crate::domain::identity::Identity;
use clap::{Args as ClapArgs, Subcommand};

/// Read the audit trail
#[derive(ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
}

/// Who did it, for people: the kind of actor and the id, which is all that is known of others; `(you)` behind one's own.
fn actor(kind: &str, id: Option<&str>, reader: &Identity) -> String {
    match id {
        None => kind.to_owned(),
        Some(id) if reader.user_id() == Some(id) => format!("{kind} {id} (you)"),
        Some(id) => format!("{kind} {id}"),
    }
}

/// Runs the subcommand.
pub async fn run(context: &Context, args: &Args) -> Answered {
    match &args.command {
        Command::List(args) => list::run(context, args).await,
        Command::Show(args) => show::run(context, args).await,
    }
}

#[cfg(test)]
mod tests {
    use super::actor;
    use crate::domain::identity::{Identity, User};

    #[test]
    fn only_the_reader_is_known_by_more_than_an_id() {
        let alice = Identity::User(User {
            id: "1".into(),
            ..User::default()
        });
        assert_eq!(actor("user", Some("1"), &alice), "user 1 (you)");
        assert_eq!(actor("ai", Some("2"), &alice), "ai 2");
        assert_eq!(actor("system", None, &alice), "system");
        assert_eq!(actor("user", Some("1"), &Identity::Service), "user 1");
    }
}
