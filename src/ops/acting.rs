//! Acting as a user of the project, whom nobody signs in: the account is looked up where there is a way to the database, and
//! what cannot be known without one is said.

use crate::domain::account::AuthAccount;
use crate::domain::hidden::shown;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use crate::ports::{Auth, UserDirectory};

/// Takes the user of this e-mail address or id to act as. Returns who that is, and what is to be known about it.
pub async fn act(
    auth: &dyn Auth,
    directory: Option<&dyn UserDirectory>,
    name: &str,
) -> Result<(Identity, Option<String>), Problem> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Problem::new(
            Kind::Usage,
            "Nobody was named to act as.",
            "An e-mail address or the id of a user is needed.",
        ));
    }
    let (account, note) = match directory {
        Some(directory) => (
            directory.account(name).await?.ok_or_else(|| nobody(name))?,
            None,
        ),
        None if is_id(name) => {
            let note = "Without a way to the database nothing else is known of this user: a policy that asks for the e-mail address or the metadata of a token sees none.";
            (
                AuthAccount::of_id(&name.to_lowercase()),
                Some(note.to_owned()),
            )
        }
        None => {
            return Err(Problem::new(
                Kind::Config,
                format!("{} cannot be looked up.", shown(name)),
                "Addresses of users are read over the database connection, and none is known.",
            )
            .with_hint("Give the user's id, or a database URL."));
        }
    };
    Ok((auth.act(&account).await?, note))
}

/// Whether it is written as ids of users are.
fn is_id(name: &str) -> bool {
    uuid::Uuid::parse_str(name).is_ok()
}

fn nobody(name: &str) -> Problem {
    Problem::new(
        Kind::Auth,
        format!("The project has no user {}.", text::cell(&shown(name))),
        "No row of auth.users has this address or id.",
    )
    .with_code("user_not_found_here")
}
