//! Finds the transaction control of a file: whether it is run as one transaction of ours, and what stands in the way.

use super::command::{leading_words, significant};

/// What a statement does to the transaction around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// `BEGIN` or `START TRANSACTION`; `plain` without a mode such as `ISOLATION LEVEL SERIALIZABLE`.
    Begin {
        /// Whether it starts what supadeck starts anyway.
        plain: bool,
    },
    /// `COMMIT` or `END`, plain or with `AND CHAIN`.
    Commit {
        /// Whether no new transaction follows from it.
        plain: bool,
    },
    /// `ROLLBACK` or `ABORT` of the whole transaction, plain or with `AND CHAIN`.
    Rollback {
        /// Whether no new transaction follows from it.
        plain: bool,
    },
    /// `PREPARE TRANSACTION`, `COMMIT PREPARED`, `ROLLBACK PREPARED`.
    TwoPhase,
}

/// How a file deals with transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// No control at all.
    Plain,
    /// One `BEGIN` … `COMMIT` around everything: the indices of the two statements.
    Wrapped {
        /// Index of `BEGIN`.
        begin: usize,
        /// Index of `COMMIT`.
        commit: usize,
    },
    /// Several complete transactions, or one that does not hold the whole file: the index of the first control.
    Series {
        /// Index of the first `BEGIN`.
        first: usize,
    },
    /// Control that does not pair up: the index of the statement at fault and what is wrong with it.
    Broken {
        /// Index of the statement.
        at: usize,
        /// What is wrong, a sentence.
        why: &'static str,
    },
}

/// What a statement does to the transaction, when it does anything. Savepoints stay inside and do not count.
pub fn control(statement: &str) -> Option<Control> {
    let words = leading_words(statement, 8);
    let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    let ends = || {
        !words.iter().any(|word| word == "chain")
            || words.windows(2).any(|pair| pair == ["no", "chain"])
    };
    match word(0) {
        "begin" => Some(Control::Begin {
            plain: is_plain_mode(&words[1..]),
        }),
        "start" if word(1) == "transaction" => Some(Control::Begin {
            plain: is_plain_mode(&words[2..]),
        }),
        "prepare" if word(1) == "transaction" => Some(Control::TwoPhase),
        "commit" | "rollback" if word(1) == "prepared" => Some(Control::TwoPhase),
        "commit" | "end" => Some(Control::Commit { plain: ends() }),
        "rollback" if words.iter().any(|word| word == "to") => None,
        "rollback" | "abort" => Some(Control::Rollback { plain: ends() }),
        _ => None,
    }
}

/// `READ COMMITTED` and `READ WRITE` are what supadeck's own transaction has.
fn is_plain_mode(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let modes = match words.first() {
        Some(&("transaction" | "work")) => &words[1..],
        _ => &words[..],
    };
    matches!(
        modes,
        [] | ["read", "write"]
            | ["isolation", "level", "read", "committed"]
            | ["isolation", "level", "read", "committed", "read", "write"]
    )
}

/// How the statements of a file deal with transactions.
pub fn shape(statements: &[&str]) -> Shape {
    let controls: Vec<(usize, Control)> = statements
        .iter()
        .enumerate()
        .filter_map(|(index, statement)| Some((index, control(statement)?)))
        .collect();
    let Some((first, _)) = controls.first().copied() else {
        return Shape::Plain;
    };
    if let Some((at, why)) = fault(&controls) {
        return Shape::Broken { at, why };
    }
    let runs = |index: &usize| significant(statements[*index]).next().is_some();
    let (front, back) = (
        (0..statements.len()).find(runs),
        (0..statements.len()).rev().find(runs),
    );
    match controls[..] {
        [
            (begin, Control::Begin { plain: true }),
            (commit, Control::Commit { plain: true }),
        ] if front == Some(begin) && back == Some(commit) => Shape::Wrapped { begin, commit },
        _ => Shape::Series { first },
    }
}

/// The first control that does not pair up.
fn fault(controls: &[(usize, Control)]) -> Option<(usize, &'static str)> {
    let mut open = None;
    for (at, control) in controls.iter().copied() {
        match (control, open) {
            (Control::Begin { .. }, None) => open = Some(at),
            (Control::Begin { .. }, Some(_)) => {
                return Some((at, "A transaction begins inside another one."));
            }
            (Control::Commit { plain } | Control::Rollback { plain }, Some(_)) => {
                if plain {
                    open = None;
                }
            }
            (Control::Commit { .. }, None) => {
                return Some((at, "A COMMIT has no BEGIN in the file."));
            }
            (Control::Rollback { .. }, None) => {
                return Some((at, "A ROLLBACK has no BEGIN in the file."));
            }
            (Control::TwoPhase, _) => {
                return Some((at, "A two-phase transaction outlives the file."));
            }
        }
    }
    open.map(|at| (at, "A BEGIN has no COMMIT in the file."))
}

#[cfg(test)]
mod tests {
    use super::super::split::statements;
    use super::*;

    fn of(sql: &str) -> Shape {
        let statements = statements(sql);
        let texts: Vec<&str> = statements.iter().map(String::as_str).collect();
        shape(&texts)
    }

    #[test]
    fn a_file_without_control_is_plain() {
        assert_eq!(
            of("create table a(); savepoint s; rollback to savepoint s; release s"),
            Shape::Plain
        );
        assert_eq!(
            of("create function f() returns int begin atomic select 1; end"),
            Shape::Plain
        );
        assert_eq!(of("do $$ begin commit; end $$"), Shape::Plain);
        assert_eq!(of(""), Shape::Plain);
    }

    #[test]
    fn a_pair_around_everything_counts_as_our_transaction() {
        for sql in [
            "begin; select 1; commit;",
            "-- why\nBEGIN TRANSACTION;\nselect 1;\nEND;\n-- the end\n",
            "start transaction isolation level read committed; select 1; commit work",
            "begin; commit and no chain",
        ] {
            assert!(matches!(of(sql), Shape::Wrapped { .. }), "{sql}");
        }
    }

    #[test]
    fn complete_pairs_elsewhere_are_a_series() {
        for sql in [
            "begin; select 1; commit; begin; select 2; commit",
            "select 0; begin; select 1; commit",
            "begin; select 1; rollback",
            "begin isolation level serializable; select 1; commit",
            "begin; select 1; commit and chain; select 2; commit",
        ] {
            assert!(matches!(of(sql), Shape::Series { .. }), "{sql}");
        }
    }

    #[test]
    fn incomplete_control_is_broken_at_its_statement() {
        for (sql, index) in [
            ("begin; select 1", 0),
            ("select 1; commit", 1),
            ("select 1; rollback; select 2", 1),
            ("begin; begin; commit", 1),
            ("begin; select 1; commit; end", 3),
            ("begin; prepare transaction 'x'", 1),
            ("begin; commit and chain", 0),
        ] {
            assert!(
                matches!(of(sql), Shape::Broken { at, .. } if at == index),
                "{sql}"
            );
        }
    }
}
