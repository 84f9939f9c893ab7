//! Reads a `pg_node_tree`, the text in which Postgres keeps the query of a view: `{QUERY :commandType 1 :rtable (…) …}`.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::vec::IntoIter;

/// How deep a tree may be: a deeper one is not read.
const DEEPEST: usize = 400;

/// A part of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// `<>`, or a field without a value.
    Null,
    /// A word.
    Text(String),
    /// `(…)`
    List(Vec<Node>),
    /// `{KIND :field value …}`
    Object {
        /// The kind.
        kind: String,
        /// The fields; of a value of several words the first.
        fields: BTreeMap<String, Node>,
    },
}

impl Node {
    /// A field of an object of this kind.
    pub(super) fn field(&self, of: &str, name: &str) -> Option<&Node> {
        match self {
            Self::Object { kind, fields } if kind == of => fields.get(name),
            _ => None,
        }
    }

    /// The parts of a list; nothing else has any.
    pub(super) fn parts(&self) -> &[Node] {
        match self {
            Self::List(parts) => parts,
            _ => &[],
        }
    }

    /// A word as a number.
    pub(super) fn number<T: std::str::FromStr>(&self) -> Option<T> {
        match self {
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
}

/// Reads a whole tree, of every object only these fields; nothing when it is no tree.
pub(super) fn read(text: &str, kept: &[&str]) -> Option<Node> {
    let mut reader = Reader {
        tokens: tokens(text).into_iter().peekable(),
        kept,
    };
    let node = reader.value(0)?;
    reader.tokens.next().is_none().then_some(node)
}

/// A word or a bracket, as written and without its escapes.
struct Token {
    raw: String,
    text: String,
}

fn tokens(text: &str) -> Vec<Token> {
    let is_bracket = |c: char| "(){}".contains(c);
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.next() {
        if first.is_ascii_whitespace() {
            continue;
        }
        let mut token = Token {
            raw: first.to_string(),
            text: String::new(),
        };
        if is_bracket(first) {
            tokens.push(token);
            continue;
        }
        if first == '\\' {
            if let Some(escaped) = chars.next() {
                token.raw.push(escaped);
                token.text.push(escaped);
            }
        } else {
            token.text.push(first);
        }
        while let Some(next) = chars.next_if(|&c| !c.is_ascii_whitespace() && !is_bracket(c)) {
            token.raw.push(next);
            if next == '\\' {
                if let Some(escaped) = chars.next() {
                    token.raw.push(escaped);
                    token.text.push(escaped);
                }
            } else {
                token.text.push(next);
            }
        }
        tokens.push(token);
    }
    tokens
}

struct Reader<'a> {
    tokens: Peekable<IntoIter<Token>>,
    kept: &'a [&'a str],
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Option<Node> {
        if depth > DEEPEST {
            return None;
        }
        let token = self.tokens.next()?;
        match token.raw.as_str() {
            "<>" => Some(Node::Null),
            "(" => {
                // A list of integers, object ids, bits or transactions begins with a letter.
                let letters = ["i", "o", "b", "x"];
                self.tokens
                    .next_if(|next| letters.contains(&next.raw.as_str()));
                let mut parts = Vec::new();
                while self.tokens.next_if(|next| next.raw == ")").is_none() {
                    parts.push(self.value(depth + 1)?);
                }
                Some(Node::List(parts))
            }
            "{" => self.object(depth),
            ")" | "}" => None,
            _ => Some(Node::Text(token.text)),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Node> {
        let kind = self.tokens.next()?.text;
        let mut fields = BTreeMap::new();
        while self.tokens.next_if(|next| next.raw == "}").is_none() {
            let name = self.tokens.next()?.raw.strip_prefix(':')?.to_owned();
            let is_over = |next: &Token| next.raw == "}" || next.raw.starts_with(':');
            let mut first = None;
            while self.tokens.peek().is_some_and(|next| !is_over(next)) {
                let part = self.value(depth + 1)?;
                first.get_or_insert(part);
            }
            if self.kept.contains(&name.as_str()) {
                fields.insert(name, first.unwrap_or(Node::Null));
            }
        }
        Some(Node::Object { kind, fields })
    }
}

#[cfg(test)]
mod tests {
    use super::{Node, read};

    #[test]
    fn lists_objects_escapes_and_values_of_several_words_are_read() {
        let tree = read(
            r#"({A :left {OUT :none <>} :none <> :empty :word a\ b\)\\ :bytes 4 [ 1 0 ] :ids (o 12 13) :in {B :deep ("x" "y")}})"#,
            &["none", "empty", "word", "bytes", "ids", "in", "deep"],
        )
        .unwrap();
        let a = &tree.parts()[0];
        assert_eq!(a.field("A", "none"), Some(&Node::Null));
        assert_eq!(a.field("A", "empty"), Some(&Node::Null));
        assert_eq!(a.field("A", "word"), Some(&Node::Text("a b)\\".into())));
        assert_eq!(a.field("A", "bytes").and_then(Node::number), Some(4));
        let ids = a.field("A", "ids").unwrap().parts();
        assert_eq!(
            ids.iter().filter_map(Node::number).collect::<Vec<i32>>(),
            [12, 13]
        );
        let deep = a.field("A", "in").unwrap().field("B", "deep").unwrap();
        assert_eq!(deep.parts().len(), 2);
        assert_eq!(a.field("B", "none"), None);
        assert_eq!(a.field("A", "left"), None);
    }

    #[test]
    fn what_is_no_tree_is_nothing() {
        for text in ["", "(", "{A", "{A :b", "{A b}", ")", "(a) b", "{A :b }}"] {
            assert_eq!(read(text, &[]), None, "{text}");
        }
        let deep = "(".repeat(100_000) + &")".repeat(100_000);
        assert_eq!(read(&deep, &[]), None);
    }
}
