//! Where in a statement the server's complaint is. A block is told no position, so it is looked for: a syntax error by letting
//! the server read the statement once more, a name by its only place.

use crate::adapters::sql::quote::block;
use crate::domain::script::NOT_HERE;

/// SQLSTATE of a syntax error.
pub(super) const SYNTAX: &str = "42601";

/// A call that the server reads to its end and runs nothing of: the first statement refuses. Told with the number of
/// characters in front of the statement.
pub(super) fn parse_only(sql: &str) -> (String, usize) {
    let stop = block(&format!(
        "begin raise exception 'supadeck: the statement was read' using errcode = '{NOT_HERE}'; end"
    ));
    let head = format!("begin;\n{stop};\n");
    let before = head.chars().count();
    (format!("{head}{sql}\n;\nrollback"), before)
}

/// The character, from 1, of what a message names, when that stands in the statement exactly once. Only for complaints in
/// which Postgres means what is written there.
pub(super) fn find_name(code: &str, message: &str, sql: &str) -> Option<usize> {
    // No such table, column or type; text that is no value of a type, or one that cannot be used yet.
    let is_text = matches!(code, "22P02" | "55P04");
    if !is_text && !matches!(code, "42P01" | "42703" | "42704") {
        return None;
    }
    let name = message.split('"').nth(1).filter(|name| !name.is_empty())?;
    let mut places = sql.match_indices(name).filter(|(at, _)| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let (before, behind) = (&sql[..*at], &sql[at + name.len()..]);
        !before.ends_with(is_word) && !behind.starts_with(is_word)
    });
    let (at, _) = places.next()?;
    if places.next().is_some() {
        return None;
    }
    let before = &sql[..at];
    // Postgres points at the quote.
    let quote = if is_text { '\'' } else { '"' };
    let before = before.strip_suffix(quote).unwrap_or(before);
    Some(before.chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_place_when_it_stands_there_once() {
        let at = |code, message, sql| find_name(code, message, sql);
        let gone = "relation \"a.b\" does not exist";
        assert_eq!(at("42P01", gone, "ä select * from a.b"), Some(17));
        assert_eq!(at("42P01", gone, "select * from a.b, a.b"), None);
        assert_eq!(at("42P01", gone, "select * from a.bc"), None);
        assert_eq!(at("23505", gone, "select * from a.b"), None);
        let text = "invalid input syntax for type integer: \"x\"";
        assert_eq!(at("22P02", text, "values ('x')"), Some(9));
        assert_eq!(at("42703", "column t.x does not exist", "select t.x"), None);
        let quoted = "column \"X y\" does not exist";
        assert_eq!(at("42703", quoted, "select \"X y\""), Some(8));
    }
}
