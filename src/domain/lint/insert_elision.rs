//! Leaves out the rows of a long `INSERT … VALUES` that hold nothing but values, before it is parsed: its tree would take
//! many times the memory of its text, and values harm nobody. Knows where each place of the rest was.

use crate::domain::sql::lexer::{Kind, Token, tokens};

/// Shorter statements are parsed whole.
const SHORT_BYTES: usize = 64 << 10;

/// A statement without its plain rows.
#[derive(Debug, Default)]
pub struct Elided {
    /// What is left.
    pub text: String,
    /// Places in what is left from which on so many bytes are missing.
    cuts: Vec<(usize, usize)>,
}

impl Elided {
    /// The place in the whole statement of a place in what is left.
    pub fn whole(&self, at: usize) -> usize {
        let cut = self.cuts.partition_point(|(from, _)| *from <= at);
        at + cut.checked_sub(1).map_or(0, |index| self.cuts[index].1)
    }
}

/// The statement without the plain rows behind its first one; nothing when there is nothing to leave out.
pub fn shortened(sql: &str) -> Option<Elided> {
    if sql.len() <= SHORT_BYTES {
        return None;
    }
    let mut meaningful = tokens(sql).filter(|token| !token.is_blank());
    if !meaningful.next()?.is_word(sql, "insert") {
        return None;
    }
    let mut depth = 0_usize;
    meaningful.find(|token| {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && token.is_word(sql, "values")
    })?;
    let mut short = Elided::default();
    let mut kept = 0;
    let mut row = row(sql, &mut meaningful)?;
    while meaningful
        .next()
        .is_some_and(|token| token.text(sql) == ",")
    {
        let Some(next) = self::row(sql, &mut meaningful) else {
            break;
        };
        if next.is_plain {
            short.text.push_str(&sql[kept..row.end]);
            kept = next.end;
            let missing = kept - short.text.len();
            match short.cuts.last_mut() {
                Some(last) if last.0 == short.text.len() => last.1 = missing,
                _ => short.cuts.push((short.text.len(), missing)),
            }
        }
        row = next;
    }
    short.text.push_str(&sql[kept..]);
    (!short.cuts.is_empty()).then_some(short)
}

/// Whether a statement is an `INSERT … VALUES` of rows that hold nothing but values: it does nothing else, whatever stands in it.
pub fn holds_only_values(sql: &str) -> bool {
    let mut meaningful = tokens(sql).filter(|token| !token.is_blank()).peekable();
    let mut word = |word: &str| {
        let next = meaningful.next();
        next.is_some_and(|token| token.is_word(sql, word))
    };
    if !word("insert") || !word("into") {
        return false;
    }
    // The table, and its columns in parentheses.
    let mut depth = 0_usize;
    loop {
        let Some(token) = meaningful.next() else {
            return false;
        };
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close if depth > 0 => depth -= 1,
            Kind::Word if depth == 0 && token.is_word(sql, "values") => break,
            Kind::Word | Kind::QuotedWord => {}
            Kind::Other if matches!(token.text(sql), "." | ",") => {}
            _ => return false,
        }
        let is_query = ["select", "with", "table"];
        if is_query.iter().any(|word| token.is_word(sql, word)) {
            return false;
        }
    }
    loop {
        match row(sql, &mut meaningful) {
            Some(row) if row.is_plain => {}
            _ => return false,
        }
        match meaningful.next() {
            None => return true,
            Some(token) if token.kind == Kind::Semicolon => return meaningful.next().is_none(),
            Some(token) if token.text(sql) == "," => {}
            Some(_) => return false,
        }
    }
}

struct Row {
    end: usize,
    is_plain: bool,
}

/// Reads one row, from its parenthesis to the other one.
fn row(sql: &str, tokens: &mut impl Iterator<Item = Token>) -> Option<Row> {
    if tokens.next()?.kind != Kind::Open {
        return None;
    }
    let mut depth = 1_usize;
    let mut is_plain = true;
    let mut is_cast = false;
    for token in tokens {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            Kind::Semicolon => return None,
            _ => {}
        }
        if depth == 0 {
            return Some(Row {
                end: token.end,
                is_plain,
            });
        }
        let is_value = match token.kind {
            Kind::Text | Kind::DollarText | Kind::Number => token.closed,
            Kind::Word => {
                is_cast
                    || ["null", "true", "false", "default"]
                        .iter()
                        .any(|word| token.is_word(sql, word))
            }
            Kind::Operator => matches!(token.text(sql), "-" | "+"),
            Kind::Other => matches!(token.text(sql), "," | ":"),
            _ => false,
        };
        is_plain &= is_value;
        is_cast = token.text(sql) == ":";
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(rows: &str, tail: &str) -> String {
        let rows = rows.repeat(2 * SHORT_BYTES / rows.len());
        format!("/* c */ insert into t (a, b) values (1, 'first'){rows}{tail}")
    }

    #[test]
    fn plain_rows_go_and_the_rest_keeps_its_place() {
        let sql = long(
            ",\n(-1.5, 'it''s (a), b'), (null, E'\\'x')\n, (default, '{}'::jsonb)",
            ", (2, f(3)), (4, 'y') on conflict (a) do update set b = 1",
        );
        let short = shortened(&sql).unwrap();
        assert_eq!(
            short.text,
            "/* c */ insert into t (a, b) values (1, 'first'), (2, f(3)) on conflict (a) do update set b = 1"
        );
        for piece in ["insert", "'first'", "f(3)", "on conflict", "= 1"] {
            assert_eq!(
                short.whole(short.text.find(piece).unwrap()),
                sql.find(piece).unwrap(),
                "{piece}"
            );
        }
    }

    #[test]
    fn rows_of_nothing_but_values_are_known() {
        for sql in [
            "insert into t values (1)",
            "INSERT INTO a.\"b c\" (id, \"note\") VALUES (1, 'x; select f()'), (-2.5, null) ;",
            "-- c\ninsert into t (a) values ('{}'::jsonb)",
        ] {
            assert!(holds_only_values(sql), "{sql}");
        }
        for sql in [
            "insert into t values (f(1))",
            "insert into t values (1) on conflict do nothing",
            "insert into t values (1) returning f(a)",
            "insert into t select f()",
            "insert into t (a) select f() from (values (1)) x",
            "insert into t values (1); select f()",
            "insert into t values ((select 1))",
            "insert into t values ('cut",
            "insert into t default values",
            "with x as (select f()) insert into t values (1)",
            "insert into t[f()] values (1)",
            "",
        ] {
            assert!(!holds_only_values(sql), "{sql}");
        }
    }

    #[test]
    fn what_is_more_than_values_stays() {
        for row in [
            ", (1, set_config('session_replication_role', 'replica', true))",
            ", (1, (select 1))",
            ", (1, a)",
            ", (1, 'x' || 'y')",
        ] {
            assert!(shortened(&long(row, "")).is_none(), "{row}");
        }
        assert!(shortened("insert into t values (1), (2)").is_none());
        let other = format!("select '{}'", "x".repeat(2 * SHORT_BYTES));
        assert!(shortened(&other).is_none());
        assert!(shortened(&long(", (1, 'x')", ", (1, 'cut")).is_some());
    }
}
