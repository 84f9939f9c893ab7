//! How text goes into SQL: between dollar quotes, which mean the same under every setting.

/// An array of text.
pub(in crate::adapters) fn array<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = pieces.into_iter().map(dollar).collect();
    format!("array[{}]::pg_catalog.text[]", quoted.join(","))
}

/// A block of PL/pgSQL. What it quotes itself is quoted once more with the block.
pub(in crate::adapters) fn block(body: &str) -> String {
    format!("do {}", dollar(body))
}

/// Text between dollar quotes whose tag is not in it. A text that ends in a dollar sign needs no care: the tag's own
/// first dollar follows, and no tag is shorter than the whole of it.
pub(in crate::adapters) fn dollar(text: &str) -> String {
    let mut tag = "$sd$".to_owned();
    let mut number = 0_u32;
    // The closing quote must be the first place where the tag occurs, also across the end of the text.
    while format!("{text}{tag}").find(&tag) != Some(text.len()) {
        number += 1;
        tag = format!("$sd{number}$");
    }
    format!("{tag}{text}{tag}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_dollar_quote_holds_any_text(text in "[$sd0-9a' ;]{0,24}") {
            let quoted = dollar(&text);
            let tokens: Vec<_> = crate::domain::sql::lexer::tokens(&quoted).collect();
            prop_assert_eq!(tokens.len(), 1);
            prop_assert!(tokens[0].closed);
            prop_assert!(quoted.contains(&text));
        }
    }
}
