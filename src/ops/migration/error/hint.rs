//! What can be done about an error of the server, by its code and by the database that it came from.

use crate::domain::dry_run::Environment;
use crate::domain::dry_run::passed_over::setting_since;
use crate::domain::script::ServerError;
use crate::domain::text::cell;

/// What to do on a scratch database that lacks what the target has.
const LACKING: &str = "The scratch database lacks this, or does not allow it: it holds what the history stores, and neither what was made by hand nor all that a hosted project has. `--on target` tries it on the database itself.";

/// What to do where a file uses a value of an enum that it adds.
const NEW_VALUE: &str = "Put `ALTER TYPE … ADD VALUE` into a file of its own before this one: a value can be used only once it is committed.";

/// The server's own hint, and what is known besides.
pub(super) fn of(refused: &ServerError, on: Environment) -> Option<String> {
    let code = refused.code.as_str();
    let theirs = refused.hint.as_deref().map(cell);
    if let Some(newer) = newer_setting(refused) {
        return Some(newer);
    }
    if refused.message.starts_with("SET TRANSACTION ") {
        return Some(OF_TRANSACTION.to_owned());
    }
    match (on, theirs) {
        (Environment::Scratch, Some(theirs)) if is_lacking(code) => {
            Some(format!("{theirs} {LACKING}"))
        }
        (_, Some(theirs)) if code == "55P04" => Some(format!("{theirs} {NEW_VALUE}")),
        (_, Some(theirs)) => Some(theirs.into_owned()),
        (Environment::Scratch, None) if is_lacking(code) => Some(LACKING.to_owned()),
        (_, None) if code == "42501" && !is_of_object(&refused.message) => {
            Some(OF_ROLES.to_owned())
        }
        (_, None) => ours(code).map(str::to_owned),
    }
}

/// What to do about a file that sets the mode of its transaction.
const OF_TRANSACTION: &str = "supadeck begins the transaction of the file and looks at the history in it, so its mode is set already. Take the statement out: a migration runs as read committed.";

/// What to do where what is refused is no matter of an object's owner.
const OF_ROLES: &str = "The role of the database URL may not do this. Use a role that may, or take it out of the file: on the hosted platform no role that one can sign in as is a superuser.";

/// Whether a refusal names an object that the role may not touch.
fn is_of_object(message: &str) -> bool {
    message.starts_with("must be owner of ") || message.starts_with("permission denied for ")
}

/// What to do about a setting that this server is too old for.
fn newer_setting(refused: &ServerError) -> Option<String> {
    let rest = refused
        .message
        .strip_prefix("unrecognized configuration parameter \"")?;
    let setting = rest.split('"').next()?;
    let since = setting_since(setting)?;
    Some(format!(
        "{setting} came with Postgres {since}, and this server is older. Take the line out of the file (pg_dump of {since} writes it), or run it on Postgres {since}."
    ))
}

/// Whether something is not there, or may not be used: a table, an object, a function, a schema, a column, a right
/// (PostgreSQL documentation, appendix A).
fn is_lacking(code: &str) -> bool {
    matches!(
        code,
        "42P01" | "42704" | "42883" | "3F000" | "42703" | "42501" | "58P01"
    )
}

pub(super) fn ours(code: &str) -> Option<&'static str> {
    Some(match code {
        "55P04" => NEW_VALUE,
        "55P03" => {
            "Another session holds a lock on the table. Try again when it is done, or raise `--lock-timeout` or `--lock-retries`."
        }
        "57014" => {
            "A statement timeout stopped it: this run's, the role's or the database's. Raise it with `--statement-timeout`."
        }
        "25001" => {
            "This statement runs only outside a transaction. Put `-- supadeck: no-transaction` on the first line of the migration."
        }
        "42501" => {
            "The role of the database URL may not do this. Use the role that owns the objects."
        }
        "2D000" => {
            "A block or procedure of the file ends the transaction. Put `-- supadeck: no-transaction` on the first line of the migration to run it outside one."
        }
        "53100" => {
            "The server's disk is full. Make room there, or enlarge it, then try again; nothing was half done."
        }
        "53200" => {
            "The server ran out of memory. Try again when less runs there, or do the work in smaller pieces."
        }
        "25006" => "This server or role is read-only. Use the address of the primary server.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(code: &str, theirs: Option<&str>, on: Environment) -> String {
        let refused = ServerError {
            code: code.into(),
            hint: theirs.map(str::to_owned),
            ..ServerError::default()
        };
        of(&refused, on).unwrap_or_default()
    }

    #[test]
    fn what_lacks_on_scratch_is_not_blamed_on_the_role_of_the_target() {
        let on_scratch = hint("42501", None, Environment::Scratch);
        assert!(
            on_scratch.contains("scratch database lacks"),
            "{on_scratch}"
        );
        assert!(!on_scratch.contains("database URL"), "{on_scratch}");
        assert!(hint("42501", None, Environment::Target).contains("database URL"));
        for (message, words) in [
            ("must be owner of table a", "that owns the objects"),
            ("permission denied for schema a", "that owns the objects"),
            ("must be member of role \"r1\"", "take it out of the file"),
            ("permission denied to set role \"r1\"", "take it out"),
            ("must be superuser to alter superusers", "take it out"),
        ] {
            let refused = ServerError {
                code: "42501".into(),
                message: message.into(),
                ..ServerError::default()
            };
            let said = of(&refused, Environment::Target).unwrap_or_default();
            assert!(said.contains(words), "{message}: {said}");
        }
        let both = hint("42883", Some("Add casts."), Environment::Scratch);
        assert!(both.starts_with("Add casts. The scratch"), "{both}");
        assert_eq!(
            hint("42883", Some("Add casts."), Environment::Target),
            "Add casts."
        );
        assert_eq!(hint("22012", None, Environment::Scratch), "");
        let mode = ServerError {
            code: "25001".into(),
            message: "SET TRANSACTION ISOLATION LEVEL must be called before any query".into(),
            ..ServerError::default()
        };
        let said = of(&mode, Environment::Target).unwrap_or_default();
        assert!(said.contains("Take the statement out"), "{said}");
    }
}
