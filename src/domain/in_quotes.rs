//! A text in double quotes with `"` and `\` escaped, as the REST interface reads names and values, and Postgres the elements of an array.

/// The text in double quotes.
pub fn in_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::in_quotes;

    #[test]
    fn only_what_ends_the_quotes_is_escaped() {
        assert_eq!(in_quotes("a\"b\\c,d\ne"), "\"a\\\"b\\\\c,d\ne\"");
    }
}
