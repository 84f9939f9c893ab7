//! Finds the transaction control of a file: whether it is run as one transaction of ours, and what stands in the way.

use super::statement_kind::{leading_words, significant};

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

/// The words without one of which no command ends a transaction.
const ENDS: [&str; 5] = ["commit", "end", "rollback", "abort", "prepare"];

/// Whether a text may hold a command that ends a transaction, wherever it stands: also in a string, a comment or a body. So it
/// holds whatever one takes for a string, a comment or the end of a statement.
pub fn may_end(text: &str) -> bool {
    // What may stand in a word; a number, a parameter or a quote of dollars may stand right before one.
    let goes_on = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_' || !byte.is_ascii();
    let mut words = text.as_bytes().split(|byte| !goes_on(byte));
    words.any(|word| {
        let is = |end: &&str| word.eq_ignore_ascii_case(end.as_bytes());
        ENDS.iter().any(is)
    })
}

/// How a file deals with transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// No control at all.
    Plain,
    /// One transaction that holds everything: the indices of the words whose place supadeck's own transaction takes. They are
    /// one `BEGIN` … `COMMIT` around everything, a `COMMIT` at the end, and what has no effect beside them.
    Wrapped {
        /// Indices of the statements, in order.
        words: Vec<usize>,
    },
    /// Several complete transactions, or one that does not hold the whole file: the index of the first control.
    Series {
        /// Index of the first `BEGIN`.
        first: usize,
    },
    /// A `COMMIT` without a `BEGIN` with something behind it: it ends what stands before it, and what follows is a
    /// transaction of its own, as the Supabase CLI runs it.
    Parted {
        /// Index of the first such `COMMIT`.
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
    let lone = lone_commits(statements, &controls);
    if is_one(statements, &controls) {
        let words = controls.iter().map(|(index, _)| *index).collect();
        return Shape::Wrapped { words };
    }
    match lone.first() {
        Some(&first) => Shape::Parted { first },
        None => Shape::Series { first },
    }
}

fn runs(statement: &str) -> bool {
    significant(statement).next().is_some()
}

/// Whether all that runs is in one transaction: nothing in front of the first `BEGIN`, and behind the first end of a
/// transaction nothing but more words of that kind.
fn is_one(statements: &[&str], controls: &[(usize, Control)]) -> bool {
    let is_plain = |control: &Control| {
        matches!(
            control,
            Control::Begin { plain: true } | Control::Commit { plain: true }
        )
    };
    let end = controls
        .iter()
        .position(|(_, control)| matches!(control, Control::Commit { .. }));
    let Some(end) = end.filter(|_| controls.iter().all(|(_, control)| is_plain(control))) else {
        return false;
    };
    let begin = controls[..end].first().map_or(0, |(index, _)| *index);
    let mut before = statements[..begin].iter();
    let mut behind = statements[controls[end].0..].iter();
    !before.any(|statement| runs(statement))
        && behind.all(|statement| !runs(statement) || control(statement).is_some())
}

/// The `COMMIT`s without a `BEGIN` that end something.
fn lone_commits(statements: &[&str], controls: &[(usize, Control)]) -> Vec<usize> {
    let mut lone = Vec::new();
    let (mut is_open, mut from) = (false, 0);
    for (at, control) in controls.iter().copied() {
        match control {
            Control::Begin { .. } => is_open = true,
            Control::Commit { plain: true } | Control::Rollback { plain: true } => {
                let holds = statements[from..at].iter().any(|statement| runs(statement));
                if !is_open && holds {
                    lone.push(at);
                }
                (is_open, from) = (false, at + 1);
            }
            _ => {}
        }
    }
    lone
}

/// The words about transactions that have no effect: a `BEGIN` inside a transaction, of which Postgres only warns, and a
/// `COMMIT` with nothing to commit or at the end of a file.
pub fn idle(statements: &[&str]) -> Vec<(usize, Control)> {
    let is_wrapped = matches!(shape(statements), Shape::Wrapped { .. });
    let mut idle = Vec::new();
    let (mut is_open, mut from) = (false, 0);
    for (at, statement) in statements.iter().enumerate() {
        let Some(control) = control(statement) else {
            continue;
        };
        match control {
            Control::Begin { .. } if is_open => idle.push((at, control)),
            Control::Begin { .. } => is_open = true,
            Control::Commit { plain: true } => {
                let holds = statements[from..at].iter().any(|statement| runs(statement));
                if !is_open && (is_wrapped || !holds) {
                    idle.push((at, control));
                }
                (is_open, from) = (false, at + 1);
            }
            Control::Rollback { plain: true } => (is_open, from) = (false, at + 1),
            _ => {}
        }
    }
    idle
}

/// The first control that does not pair up.
fn fault(controls: &[(usize, Control)]) -> Option<(usize, &'static str)> {
    let mut open = None;
    for (at, control) in controls.iter().copied() {
        match (control, open) {
            (Control::Begin { .. }, None) => open = Some(at),
            // Postgres warns, and the transaction goes on.
            (Control::Begin { .. }, Some(_)) | (Control::Commit { plain: true }, None) => {}
            (Control::Commit { plain } | Control::Rollback { plain }, Some(_)) => {
                if plain {
                    open = None;
                }
            }
            (Control::Commit { .. }, None) => {
                return Some((at, "A COMMIT AND CHAIN has no BEGIN in the file."));
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

    #[test]
    fn what_may_end_a_transaction_is_seen_wherever_it_stands() {
        for text in [
            "commit",
            "select 1; COMMIT",
            "select '; end; '",
            "-- rollback",
            "select 1commit",
            "$1abort",
            "$a$end$a$",
            "case when a then b end",
            "PREPARE transaction 'a'",
        ] {
            assert!(may_end(text), "{text}");
        }
        for text in [
            "select ending, commits, send from vendor",
            "create table the_end ()",
            "insert into a values ('é')",
        ] {
            assert!(!may_end(text), "{text}");
        }
    }

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
            "select 1; commit;",
            "select 1; end; -- done",
            "select 1; commit; commit; begin; commit;",
            "begin; begin; select 1; commit",
            "begin; select 1; commit; end",
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
    fn a_commit_without_a_begin_parts_the_file_where_it_ends_something() {
        for (sql, index) in [
            ("select 1; commit; select 2", 1),
            ("select 1; commit; select 2; commit; select 3", 1),
            ("begin; select 1; commit; select 2; end; select 3", 4),
            ("begin; select 1; commit; select 2; commit", 4),
        ] {
            assert_eq!(of(sql), Shape::Parted { first: index }, "{sql}");
        }
        assert!(matches!(
            of("begin; select 1; commit; commit; begin; select 2; commit"),
            Shape::Series { .. }
        ));
    }

    #[test]
    fn words_without_an_effect_are_told() {
        for (sql, expected) in [
            ("select 1; commit", vec![1]),
            ("begin; begin; select 1; commit; end", vec![1, 4]),
            ("select 1; commit; select 2", vec![]),
            ("select 1; commit; commit; select 2", vec![2]),
            ("begin; select 1; commit", vec![]),
        ] {
            let statements = statements(sql);
            let texts: Vec<&str> = statements.iter().map(String::as_str).collect();
            let found: Vec<usize> = idle(&texts).into_iter().map(|(at, _)| at).collect();
            assert_eq!(found, expected, "{sql}");
        }
    }

    #[test]
    fn incomplete_control_is_broken_at_its_statement() {
        for (sql, index) in [
            ("begin; select 1", 0),
            ("select 1; rollback; select 2", 1),
            ("select 1; commit and chain; select 2", 1),
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
