//! Another session of the server that stands in the way: who it is, as far as the server tells. Pure values.

use crate::domain::sql::lexer::{Kind, Token, tokens};
use crate::domain::text::harmless;
use serde::Serialize;
use std::fmt;

/// The most of another session's query that is shown, in characters.
const QUERY_CHARS: usize = 120;

/// A session of the server that holds what a run waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LockHolder {
    /// Process id of its backend.
    pub pid: i32,
    /// The role it signed in as; empty where the server does not tell.
    pub user: String,
    /// What it calls itself; empty when it does not.
    pub application: String,
    /// Since when, as the server writes times: the begin of its transaction, else of its session.
    pub since: Option<String>,
    /// The start of what it runs, harmless and bounded; absent where the server does not tell.
    pub query: Option<String>,
}

impl LockHolder {
    /// A holder from the server's words, which are made harmless here.
    pub fn of(
        pid: i32,
        user: &str,
        application: &str,
        since: Option<&str>,
        query: Option<&str>,
    ) -> Self {
        let shown = |text: &str| harmless(text).into_owned();
        let query = query.map(|query| {
            let query = without_values(query);
            let start: String = query.trim().chars().take(QUERY_CHARS + 1).collect();
            let words = start.split_whitespace().collect::<Vec<_>>().join(" ");
            let cut: String = words.chars().take(QUERY_CHARS).collect();
            if cut.len() < words.len() {
                shown(&format!("{cut}…"))
            } else {
                shown(&cut)
            }
        });
        Self {
            pid,
            user: shown(user),
            application: shown(application),
            since: since.map(shown),
            query: query.filter(|query| !query.is_empty()),
        }
    }
}

/// A query without what stands in its quotes, which may be anybody's password.
fn without_values(query: &str) -> String {
    let text = |token: Token| match token.kind {
        Kind::Text | Kind::DollarText => "'…'",
        _ => token.text(query),
    };
    tokens(query).map(text).collect()
}

impl fmt::Display for LockHolder {
    /// `pid 4711, user postgres, application psql, since 2026-01-31 12:00:00+00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {}", self.pid)?;
        if !self.user.is_empty() {
            write!(f, ", user {}", self.user)?;
        }
        if !self.application.is_empty() {
            write!(f, ", application {}", self.application)?;
        }
        match &self.since {
            Some(since) => write!(f, ", since {since}"),
            None => Ok(()),
        }
    }
}

/// What a statement waits for, and who has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Blocker {
    /// The table whose lock is waited for, when it is a table's.
    pub table: Option<String>,
    /// The session in the way.
    pub holder: LockHolder,
    /// Whom that session waits for itself, and whom that one does, as far as it was looked.
    pub behind: Vec<LockHolder>,
}

impl Blocker {
    /// Whether it says more than what was told last: another session is in the way, or on another table, or it waits itself
    /// by now. For whom, in a queue that moves on, is not told again and again.
    pub fn is_news(&self, told: &Self) -> bool {
        self.holder.pid != told.holder.pid
            || self.table != told.table
            || (told.behind.is_empty() && !self.behind.is_empty())
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            Some(table) => write!(f, "a lock on {table} held by {}", self.holder)?,
            None => write!(f, "a lock held by {}", self.holder)?,
        }
        at_work(&self.holder, f)?;
        for holder in &self.behind {
            write!(f, ", which itself waits for {holder}")?;
            at_work(holder, f)?;
        }
        Ok(())
    }
}

/// What a session runs, in brackets behind it.
fn at_work(holder: &LockHolder, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match &holder.query {
        Some(query) => write!(f, " ({query})"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_named_harmless_and_bounded() {
        let query = format!("select\n\t1, \u{1b}[31m{}", "x".repeat(1_000));
        let holder = LockHolder::of(7, "me", "p\u{202e}sql", Some("today"), Some(&query));
        let text = Blocker {
            table: Some("public.a".into()),
            holder,
            behind: Vec::new(),
        }
        .to_string();
        assert!(
            text.starts_with("a lock on public.a held by pid 7, user me, application p"),
            "{text}"
        );
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains('\n'));
        assert!(text.chars().count() < 260, "{text}");
    }

    #[test]
    fn what_stands_in_quotes_is_not_shown() {
        for query in [
            "alter role a password 'secret'",
            "alter role a password E'sec\\'ret",
            "do $a$ secret $a$",
            "do $a$ secret",
            "set x = U&'secret'",
        ] {
            let holder = LockHolder::of(7, "", "", None, Some(query));
            let shown = holder.query.unwrap_or_default();
            assert!(!shown.contains("secret") && shown.contains('…'), "{shown}");
        }
    }

    #[test]
    fn whom_the_blocker_waits_for_is_named_behind_it() {
        let blocker = Blocker {
            table: None,
            holder: LockHolder::of(12, "", "", None, Some("update a")),
            behind: vec![LockHolder::of(34, "", "psql", None, Some("select 1"))],
        };
        assert_eq!(
            blocker.to_string(),
            "a lock held by pid 12 (update a), which itself waits for pid 34, application psql (select 1)"
        );
        let alone = Blocker {
            behind: Vec::new(),
            ..blocker.clone()
        };
        assert!(blocker.is_news(&alone) && !alone.is_news(&blocker));
        assert!(!blocker.is_news(&blocker));
    }
}
