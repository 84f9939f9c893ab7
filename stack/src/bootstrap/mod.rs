//! Makes a database look like a fresh Supabase project: roles, the platform's schemas, what role `postgres` may do with
//! them. Owns the SQL and the cloning of databases; serves nothing.

use crate::Error;
use crate::database::Session;
use crate::rest::SWEEP;
use crate::secret::{Secrets, scram_verifier};

/// The pristine database that others are cloned from.
pub(crate) const TEMPLATE: &str = "supadeck_template";
/// The main database, named as on Supabase.
pub(crate) const MAIN: &str = "postgres";
/// The role that owns schema `auth`.
pub(crate) const AUTH_ADMIN: &str = "supabase_auth_admin";

const ROLES: &str = include_str!("roles.sql");
const SERVER_ROLES: &str = include_str!("server_roles.sql");
const SCHEMA: &str = include_str!("schema.sql");
const AUTH: &str = include_str!("auth.sql");
const MFA: &str = include_str!("mfa.sql");
const STORAGE: &str = include_str!("storage.sql");
const PLATFORM: &str = include_str!("platform.sql");
const POWERS: &str = include_str!("powers.sql");

/// How often the password of role postgres is stretched. It is random and long, so once would do, but people use it in
/// other tools, and those built on Java insist on the 4096 of RFC 7677. Unoptimised, that many cost 60 ms of CPU at each
/// connection, and tests open hundreds.
const ROUNDS: u32 = if cfg!(debug_assertions) { 1 } else { 4096 };

/// Makes the roles and the content of the main database, through a session of the superuser in it.
pub(crate) async fn run(admin: &Session, secrets: &Secrets) -> Result<(), Error> {
    let roles = ROLES
        .replace("{admin}", &scram_verifier(&secrets.admin_password, 1))
        .replace(
            "{authenticator}",
            &scram_verifier(&secrets.authenticator_password, 1),
        )
        .replace(
            "{auth_admin}",
            &scram_verifier(&secrets.auth_admin_password, 1),
        )
        .replace(
            "{postgres}",
            &scram_verifier(&secrets.postgres_password, ROUNDS),
        );
    admin.run("creating the roles", &roles).await?;
    close_the_server(admin).await?;
    admin.run("creating the schemas", SCHEMA).await?;
    admin.run("creating schema auth", AUTH).await?;
    admin
        .run("creating the tables of second factors", MFA)
        .await?;
    admin.run("creating schema storage", STORAGE).await?;
    admin
        .run("creating the platform's schemas", PLATFORM)
        .await?;
    admin
        .run("giving role postgres what the platform gives it", POWERS)
        .await?;
    settle(admin, MAIN).await
}

/// Leaves the programs and files of the machine to the superuser alone. For new and for kept data, once a cluster.
pub(crate) async fn close_the_server(admin: &Session) -> Result<(), Error> {
    admin
        .run("closing the roles of the server's files", SERVER_ROLES)
        .await
}

/// Adds what came later than the first stack to a database of kept data. What stands in it is the project's, so the tables
/// are made by the role that owns them, and the superuser drops its own probes and nothing else.
pub(crate) async fn update(auth_admin: &Session, admin: &Session) -> Result<(), Error> {
    auth_admin
        .run("creating the tables of second factors", MFA)
        .await?;
    admin.run("dropping the probes of REST", SWEEP).await
}

/// Clones the main database, while it is pristine, into the template, through a session in another database.
pub(crate) async fn make_template(elsewhere: &Session) -> Result<(), Error> {
    // Postgres would wait in steps of 100 ms for the session that ran the bootstrap to be gone.
    elsewhere.wait_until_unused(MAIN).await?;
    let statements = [
        format!("create database {TEMPLATE} template {MAIN}"),
        format!("alter database {TEMPLATE} with is_template true allow_connections false"),
    ];
    for statement in statements {
        elsewhere
            .run("making the template database", &statement)
            .await?;
    }
    Ok(())
}

/// Clones the template. The name was checked by [`check_name`].
pub(crate) async fn clone(admin: &Session, name: &str) -> Result<(), Error> {
    admin
        .run(
            "creating a database",
            &format!("create database \"{name}\" template {TEMPLATE}"),
        )
        .await?;
    settle(admin, name).await
}

/// What belongs to a database but is not copied with it.
async fn settle(admin: &Session, name: &str) -> Result<(), Error> {
    let statements = format!(
        "alter database \"{name}\" owner to postgres; \
         alter database \"{name}\" set search_path = \"$user\", public, extensions;"
    );
    admin.run("setting up a database", &statements).await
}

/// Accepts names that need no quoting anywhere and are nobody else's.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let fits = (1..=63).contains(&name.len()) && name.chars().all(plain);
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    let is_taken =
        [MAIN, TEMPLATE, "template0", "template1"].contains(&name) || name.starts_with("pg_");
    if fits && starts_well && !is_taken {
        Ok(())
    } else {
        Err(Error::Name {
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_need_quoting_are_refused() {
        for name in [
            "",
            "a b",
            "A",
            "1a",
            "a\"b",
            "postgres",
            "template0",
            "supadeck_template",
            "pg_x",
            "é",
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
        for name in ["t1", "_x", "test_audit_01"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
    }
}
