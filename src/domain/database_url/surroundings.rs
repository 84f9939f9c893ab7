//! What people paste around a database URL, and what they paste instead of one. What is harmless is left out and said; the
//! rest is named for what it is.

use super::Fault;
use crate::domain::pasted;

/// The text without white space, invisible characters and quotes around it, and what was left out as a sentence.
pub fn trimmed(text: &str) -> (&str, Option<&'static str>) {
    pasted::trimmed(text)
}

/// Keywords of libpq's other form, `host=… user=…`.
const KEYWORDS: &[&str] = &[
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
    "dbname",
    "sslmode",
    "passfile",
    "service",
    "options",
    "connect_timeout",
    "application_name",
];

/// Programs whose command line people copy.
const PROGRAMS: &[&str] = &[
    "psql",
    "pg_dump",
    "pg_restore",
    "pg_dumpall",
    "pgcli",
    "supabase",
    "supadeck",
    "npx",
];

/// The part behind `postgresql://`, or what the text is instead.
pub(super) fn rest(text: &str) -> Result<&str, Fault> {
    for scheme in ["postgresql://", "postgres://"] {
        if let Some(head) = text.get(..scheme.len())
            && head.eq_ignore_ascii_case(scheme)
        {
            return Ok(&text[scheme.len()..]);
        }
    }
    Err(instead(text))
}

fn instead(text: &str) -> Fault {
    let lower = text.to_ascii_lowercase();
    let first = lower.split_whitespace().next().unwrap_or_default();
    if lower.is_empty() {
        return Fault::Empty;
    }
    if lower.starts_with(['"', '\'', '`', '“', '‘']) {
        return Fault::Quote;
    }
    if lower.starts_with("jdbc:") {
        return Fault::Jdbc;
    }
    if PROGRAMS.contains(&first) {
        return Fault::Command;
    }
    if let Some((name, _)) = pasted::assigned(text) {
        return if KEYWORDS.contains(&name.to_ascii_lowercase().as_str()) {
            Fault::Keywords
        } else {
            Fault::Assignment
        };
    }
    if lower.starts_with("sbp_") {
        return Fault::AccessToken;
    }
    if lower.starts_with("sb_") || text.starts_with("eyJ") {
        return Fault::Key;
    }
    let scheme = lower.split_once("://").map(|(scheme, _)| scheme);
    match scheme {
        Some("http" | "https") => Fault::WebAddress,
        Some(scheme) if scheme.starts_with("postgres+") || scheme.starts_with("postgresql+") => {
            Fault::Driver
        }
        Some(
            "mysql" | "mariadb" | "mongodb" | "mongodb+srv" | "redis" | "rediss" | "sqlite"
            | "sqlserver" | "libsql",
        ) => Fault::OtherDatabase,
        _ if lower.contains("postgres://") || lower.contains("postgresql://") => Fault::Ahead,
        _ if lower.starts_with("postgres:") || lower.starts_with("postgresql:") => Fault::Slashes,
        _ => Fault::Scheme,
    }
}

/// Whether a password is none: what stands in examples and in the dashboard where one belongs.
pub(super) fn is_placeholder(password: &str) -> bool {
    pasted::is_placeholder(password)
}
