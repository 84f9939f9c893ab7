//! Reads squawk's syntax tree: what stands below a node, names, and places. Decides nothing.

use crate::domain::sql::name::unquoted;
use squawk_syntax::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};

/// The most characters of a piece of SQL in a reason.
const WORDS_LIMIT: usize = 80;

/// The first child of a kind.
pub fn child(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.children().find(|child| child.kind() == kind)
}

/// The children of a kind.
pub fn children(node: &SyntaxNode, kind: SyntaxKind) -> impl Iterator<Item = SyntaxNode> {
    node.children().filter(move |child| child.kind() == kind)
}

/// The first node of a kind below a node, in the order of the text.
pub fn below(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    all_below(node, kind).next()
}

/// Every node of a kind below a node, in the order of the text.
pub fn all_below(node: &SyntaxNode, kind: SyntaxKind) -> impl Iterator<Item = SyntaxNode> {
    node.descendants()
        .skip(1)
        .filter(move |found| found.kind() == kind)
}

/// Whether a child or a token right below the node is of a kind.
pub fn has(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.children_with_tokens()
        .any(|element| element.kind() == kind)
}

/// The tokens below a node that are neither blanks nor comments.
pub fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> {
    node.descendants_with_tokens()
        .filter_map(SyntaxElement::into_token)
        .filter(|token| !token.kind().is_trivia())
}

/// Byte offset of the first token that is neither blank nor comment, in the text that was parsed.
pub fn start(node: &SyntaxNode) -> usize {
    tokens(node).next().map_or_else(
        || node.text_range().start().into(),
        |token| token.text_range().start().into(),
    )
}

/// The parts of a name: quoted ones without their quotes, the others in lower case.
pub fn name_parts(node: &SyntaxNode) -> Vec<String> {
    tokens(node)
        .filter(|token| !matches!(token.text(), "." | "(" | ")" | "*"))
        .map(|token| unquoted(token.text()))
        .collect()
}

/// The text of a node on one line, cut when it is long, for people.
pub fn words(node: &SyntaxNode) -> String {
    let mut words = String::new();
    let mut end = None;
    for token in tokens(node) {
        if end.is_some_and(|end| end < token.text_range().start()) {
            words.push(' ');
        }
        end = Some(token.text_range().end());
        let left = WORDS_LIMIT.saturating_sub(words.chars().count());
        if token.text().chars().count() > left {
            words.extend(token.text().chars().take(left));
            words.push('…');
            break;
        }
        words.push_str(token.text());
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
