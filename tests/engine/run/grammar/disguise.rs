//! Writes statements down as people and dumps do: cases, blanks, comments with quotes and semicolons in them, a byte order
//! mark, line ends of Windows, empty statements, nothing behind the last one.

use crate::support::chance::Chance;
use supadeck::domain::sql::lexer::{Kind, tokens};

const BLANKS: &[&str] = &[
    "\n",
    "\n\t",
    "  ",
    "\n\n    ",
    " /* ; */ ",
    " /* it's /* $$ ; */ nested\" */\n",
    " -- it's; $$ not (a statement\n",
    "\u{c}",
    " -- 日本; ü\n",
];

const BETWEEN: &[&str] = &[
    "\n",
    "\n\n",
    "\n-- next; isn't it $$?\n",
    "\n/* begin; /* atomic */ case */\n",
    " ",
    "",
    "\n;\n",
    "\n-- alone\n;\n",
    "\t\n \n",
    "\n--\n",
];

/// The text of a file with these statements.
/// `is_windows` gives it the line ends of Windows.
pub(crate) fn file(chance: &mut Chance, statements: &[String], is_windows: bool) -> String {
    let mut text = String::new();
    if chance.percent(40) {
        text.push_str("-- Written by a generator; don't read it.\n\n");
    }
    for (index, statement) in statements.iter().enumerate() {
        text.push_str(&one(chance, statement));
        if index + 1 < statements.len() || chance.percent(85) {
            text.push_str(if chance.percent(10) { " ;" } else { ";" });
        }
        text.push_str(chance.pick::<&str>(BETWEEN));
    }
    if chance.percent(20) {
        text.push_str("\n-- the end; really");
    }
    if is_windows {
        text = text.replace('\n', "\r\n");
    }
    if chance.percent(10) {
        text.insert(0, '\u{feff}');
    }
    text
}

/// One statement with other blanks and cases; what is quoted stays as it is.
fn one(chance: &mut Chance, statement: &str) -> String {
    let shouts = chance.percent(25);
    let strange = if chance.percent(30) { 12 } else { 1 };
    tokens(statement)
        .map(|token| {
            let text = token.text(statement);
            match token.kind {
                Kind::Space if chance.percent(strange) => (*chance.pick(BLANKS)).to_owned(),
                Kind::Word if text.is_ascii() && (shouts || chance.percent(2)) => {
                    text.to_ascii_uppercase()
                }
                _ => text.to_owned(),
            }
        })
        .collect()
}
