//! Bounds how deep a statement is nested before it is parsed: the parser and its tree recurse, and a stack that
//! overflows cannot be caught.

use crate::domain::sql::lexer::{Kind, Token, tokens};

/// The most brackets, `CASE`s, blocks and prefix operators inside one another.
/// A thread with 2 MiB of stack and a build without optimisation manages 400 of the costliest.
const NESTING_LIMIT: usize = 150;
/// The most tokens in chains such as `a + b + …` that stand inside one another.
/// The same thread manages chains of twice that length.
const CHAIN_LIMIT: usize = 3_000;
/// The most bytes of a statement: its tree takes many times as much.
const BYTES_LIMIT: usize = 16 << 20;

/// Why a text is not parsed, when it goes deeper than what people write.
pub fn too_deep(sql: &str) -> Option<&'static str> {
    if sql.len() > BYTES_LIMIT {
        return Some("it is longer than 16 MiB");
    }
    let mut gauge = DepthGuard::default();
    for token in tokens(sql).filter(|token| !token.is_blank()) {
        gauge.take(sql, token);
        if gauge.levels.len() + gauge.blocks + gauge.prefixes > NESTING_LIMIT {
            return Some("it is nested too deeply");
        }
        if gauge.chain > CHAIN_LIMIT {
            return Some("one of its expressions is too long");
        }
    }
    None
}

/// Counts while the tokens go by.
#[derive(Default)]
struct DepthGuard {
    /// For each open bracket, the tokens and prefixes of its present item.
    levels: Vec<(usize, usize)>,
    /// The same outside brackets.
    ground: (usize, usize),
    /// Sums over all levels.
    chain: usize,
    prefixes: usize,
    /// Open `CASE`, `BEGIN`, `LOOP` and `IF`.
    blocks: usize,
    before: Before,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A statement of PL/pgSQL can begin here.
    #[default]
    Start,
    End,
    /// An operator here has nothing on its left.
    Operator,
    Operand,
}

impl DepthGuard {
    fn take(&mut self, sql: &str, token: Token) {
        let text = token.text(sql);
        let is = |word: &str| token.is_word(sql, word);
        self.before = match token.kind {
            Kind::Open => self.open(),
            Kind::Close => self.close(),
            Kind::Other if text == "[" => self.open(),
            Kind::Other if text == "]" => self.close(),
            Kind::Semicolon => {
                self.next_item();
                Before::Start
            }
            Kind::Other if text == "," => {
                self.next_item();
                Before::Operator
            }
            Kind::Operator => {
                self.link(self.before != Before::Operand);
                Before::Operator
            }
            Kind::Word => self.word(text, is),
            _ => {
                self.link(false);
                Before::Operand
            }
        };
    }

    fn word(&mut self, text: &str, is: impl Fn(&str) -> bool) -> Before {
        self.link(is("not"));
        if self.before == Before::End {
            // `END IF`, `END LOOP`, `END CASE`: closed already.
            return Before::Operand;
        }
        if is("case") || is("loop") || is("begin") || (is("if") && self.before == Before::Start) {
            self.blocks += 1;
        }
        if is("end") {
            self.blocks = self.blocks.saturating_sub(1);
            return Before::End;
        }
        let starts = ["begin", "then", "else", "loop"];
        if starts.iter().any(|word| is(word)) {
            Before::Start
        } else if ["and", "or", "not", "select", "when", "return"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
        {
            Before::Operator
        } else {
            Before::Operand
        }
    }

    fn open(&mut self) -> Before {
        self.link(false);
        self.levels.push((0, 0));
        Before::Operator
    }

    fn close(&mut self) -> Before {
        if let Some((chain, prefixes)) = self.levels.pop() {
            self.chain -= chain;
            self.prefixes -= prefixes;
        }
        Before::Operand
    }

    /// A comma or a semicolon ends the chain at this level.
    fn next_item(&mut self) {
        let level = self.levels.last_mut().unwrap_or(&mut self.ground);
        self.chain -= level.0;
        self.prefixes -= level.1;
        *level = (0, 0);
    }

    fn link(&mut self, is_prefix: bool) {
        let level = self.levels.last_mut().unwrap_or(&mut self.ground);
        level.0 += 1;
        level.1 += usize::from(is_prefix);
        self.chain += 1;
        self.prefixes += usize::from(is_prefix);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_passes() {
        let long_list = format!("insert into t values (1){}", ", (2, 3 + 4)".repeat(20_000));
        let long_body = format!(
            "begin {} end",
            "if a then b := case when c then -1 else not d end; end if; drop table if exists x;"
                .repeat(500)
        );
        for sql in ["", "select 1", ")))", &long_list, &long_body] {
            assert_eq!(too_deep(sql), None);
        }
    }

    #[test]
    fn what_would_overflow_the_stack_is_stopped() {
        for (open, close) in [
            ("(", ")"),
            ("(select ", ")"),
            ("array[", "]"),
            ("case when true then ", " end"),
            ("not ", ""),
            ("- ", ""),
            ("begin ", " end;"),
            ("if true then ", " end if;"),
            ("1 + ", ""),
            ("a.", ""),
            ("a::int ", ""),
            ("select 1 union ", ""),
        ] {
            let sql = format!("select {}1{}", open.repeat(5_000), close.repeat(5_000));
            assert!(too_deep(&sql).is_some(), "{open}");
        }
    }
}
