//! What the problem of a read means beyond its words: that the table is not there, that the session is over, that a row is
//! not visible. Each is written and recognised here, so that both cannot part.

use super::identity::Identity;
use super::problem::{Kind, Problem};

/// Codes after which a session can never be continued. The first eight are those of the Auth server.
const ENDS: [&str; 10] = [
    "refresh_token_not_found",
    "refresh_token_already_used",
    "session_not_found",
    "session_expired",
    "user_banned",
    "user_not_found",
    "bad_jwt",
    "invalid_grant",
    NOBODY,
    REPLACED,
];

/// The code of a request as a user for whom no session is held.
pub const NOBODY: &str = "no_session";
/// The code of a request as a user in whose place another one is signed in.
pub const REPLACED: &str = "session_replaced";
/// The code of a user who was named and is not kept.
pub const NOT_KEPT: &str = "user_not_kept";

/// Codes of a project that does not know a table or a function.
const ABSENT: [&str; 4] = ["PGRST205", "PGRST202", "42P01", "42883"];

/// The project has no such table or function, by one of the codes that say so.
pub fn absent(name: &str, said: &str, code: &str) -> Problem {
    Problem::new(Kind::Database, lacks(name), said).with_code(code)
}

/// The sentence that a project lacks a table or a function.
fn lacks(name: &str) -> String {
    format!("This project has no `{name}`.")
}

/// Whether the project has no such table or function. A statement that fails deep in a policy for want of another table has
/// the same code, and not the sentence.
pub fn is_absent(problem: &Problem) -> bool {
    let code = problem.code.as_deref();
    code.is_some_and(|code| ABSENT.contains(&code))
        && problem.what.starts_with("This project has no ")
}

/// Whether the answer was larger than what is taken: fewer rows can be asked for.
pub fn is_too_large(problem: &Problem) -> bool {
    problem.kind == Kind::Network
        && problem.what.starts_with("The answer of ")
        && problem.what.ends_with(" is too large.")
}

/// Whether the problem says that the session of whoever reads is over: it has to be begun anew.
pub fn ends_session(problem: &Problem) -> bool {
    let code = problem.code.as_deref();
    let is_refused = code.is_some_and(|code| ENDS.contains(&code) || code.starts_with("PGRST30"));
    is_refused && (problem.kind == Kind::Auth || code == Some(REPLACED))
}

/// One row that was asked for by its id and did not come: `what` is `Cycle c0…`. Under Row Level Security a row of somebody
/// else and one that does not exist are the same.
pub fn not_visible(what: &str, who: &Identity) -> Problem {
    if !who.is_under_rls() {
        return Problem::new(
            Kind::Usage,
            format!("{what} was not found."),
            "The service role sees every row.",
        );
    }
    let without = if who.lacks_second_factor() {
        " The second factor was not given."
    } else {
        ""
    };
    Problem::new(
        Kind::Denied,
        format!("{what} is not visible to {}.", who.called()),
        format!("It does not exist, or Row Level Security hides it.{without}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::User;

    #[test]
    fn a_missing_table_is_told_from_a_statement_that_misses_one() {
        for code in ABSENT {
            assert!(is_absent(&absent("goal", "x", code)), "{code}");
        }
        let inside = Problem::new(Kind::Database, "The database refused to read goal.", "x");
        assert!(!is_absent(&inside.with_code("42P01")));
    }

    #[test]
    fn only_the_end_of_a_session_ends_it() {
        let auth = |code: &str| Problem::new(Kind::Auth, "No.", "").with_code(code);
        for code in ["refresh_token_not_found", "PGRST301", NOBODY] {
            assert!(ends_session(&auth(code)), "{code}");
        }
        assert!(!ends_session(&auth("weak_password")));
        assert!(!ends_session(&Problem::new(Kind::Auth, "The key.", "")));
        let busy = Problem::new(Kind::Conflict, "Another one.", "");
        assert!(!ends_session(&busy));
        assert!(ends_session(&busy.with_code(REPLACED)));
        let silent = Problem::new(Kind::Network, "No answer.", "").with_code("bad_jwt");
        assert!(!ends_session(&silent));
    }

    #[test]
    fn a_hidden_row_and_one_that_is_not_there_read_the_same() {
        let bob = Identity::User(User {
            email: "bob@example.com".into(),
            role: "authenticated".into(),
            ..User::default()
        });
        let problem = not_visible("Cycle c1", &bob);
        assert_eq!(problem.kind, Kind::Denied);
        assert_eq!(
            problem.what,
            "Cycle c1 is not visible to bob@example.com (authenticated)."
        );
        let service = not_visible("Cycle c1", &Identity::Service);
        assert_eq!(service.kind, Kind::Usage);
        assert!(!service.what.contains("There is no"), "{service}");
    }
}
