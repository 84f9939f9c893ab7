//! The savepoints of a file: what was done behind one is undone by a return to it.

use crate::domain::sql::lexer::Kind;
use crate::domain::sql::name::quoted;
use crate::domain::sql::statement_kind::significant;

/// The bytes of the longest name.
const LONGEST: usize = 63;

/// A state at each savepoint of a file that still stands.
#[derive(Debug, Clone)]
pub struct Marks<T>(Vec<(String, T)>);

impl<T> Default for Marks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone> Marks<T> {
    /// Enters a statement: one that returns to a savepoint puts the state back as it was there. Says whether it does.
    pub fn enter(&mut self, sql: &str, now: &mut T) -> bool {
        let place =
            |marks: &[(String, T)], name: &str| marks.iter().rposition(|(own, _)| own == name);
        match Savepoint::of(sql) {
            None => {}
            Some(Savepoint::Set(name)) => self.0.push((name, now.clone())),
            Some(Savepoint::Return(name)) => {
                if let Some(at) = place(&self.0, &name) {
                    self.0.truncate(at + 1);
                    now.clone_from(&self.0[at].1);
                    return true;
                }
            }
            Some(Savepoint::Release(name)) => {
                if let Some(at) = place(&self.0, &name) {
                    self.0.truncate(at);
                }
            }
        }
        false
    }

    /// The file has ended, and its savepoints with it.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// What a statement does with a savepoint; its name as the catalog would print it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Savepoint {
    /// It is set.
    Set(String),
    /// What came behind it is undone, and it stays.
    Return(String),
    /// It goes, and so do those behind it; what was done stays.
    Release(String),
}

impl Savepoint {
    /// What a statement does, where it is about a savepoint.
    pub fn of(sql: &str) -> Option<Self> {
        let mut tokens = significant(sql).take_while(|token| token.kind != Kind::Semicolon);
        let mut word = || {
            let token = tokens.next()?;
            let mut name = token.name(sql)?;
            // The server cuts longer ones (PostgreSQL documentation, 4.1.1 Identifiers and Key Words).
            name.truncate(name.floor_char_boundary(LONGEST));
            Some((name, token.kind == Kind::QuotedWord))
        };
        let first = word()?;
        if first.1 {
            return None;
        }
        let mut last = word()?;
        let is = |last: &(String, bool), words: &[&str]| !last.1 && words.contains(&&*last.0);
        match first.0.as_str() {
            "savepoint" => Some(Self::Set(quoted(&last.0))),
            "release" => {
                // One may be called `savepoint`.
                if is(&last, &["savepoint"]) {
                    last = word().unwrap_or(last);
                }
                Some(Self::Release(quoted(&last.0)))
            }
            "rollback" => {
                if is(&last, &["work", "transaction"]) {
                    last = word()?;
                }
                if !is(&last, &["to"]) {
                    return None;
                }
                last = word()?;
                if is(&last, &["savepoint"]) {
                    last = word().unwrap_or(last);
                }
                Some(Self::Return(quoted(&last.0)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_about_savepoints_are_read() {
        for (sql, found) in [
            ("savepoint a", Some(Savepoint::Set("a".into()))),
            ("SAVEPOINT A;", Some(Savepoint::Set("a".into()))),
            (
                "/* x */ rollback to \"A b\"",
                Some(Savepoint::Return("\"A b\"".into())),
            ),
            (
                "rollback work to savepoint a",
                Some(Savepoint::Return("a".into())),
            ),
            (
                "rollback transaction to a",
                Some(Savepoint::Return("a".into())),
            ),
            ("release a", Some(Savepoint::Release("a".into()))),
            ("release savepoint a", Some(Savepoint::Release("a".into()))),
            ("rollback", None),
            ("rollback and chain", None),
            ("select savepoint", None),
        ] {
            assert_eq!(Savepoint::of(sql), found, "{sql}");
        }
    }
}
