//! What a line that is longer than any screen is wide can hide: what stands behind a long comment or many blanks, and its
//! end. Nobody answers before having seen that.

use crate::domain::sql::lexer::{Kind, tokens};

/// From so many bytes on a line, or a comment or blanks in one, is long.
const LONG_LINE: usize = 1_000;
const LONG_GAP: usize = 200;
/// Texts beyond this are not read for comments.
const READ_BYTES: usize = 8 << 20;

/// The bytes of a text that long lines hide: one for each place.
pub(super) fn hidden(sql: &str) -> Vec<usize> {
    let mut hidden = Vec::new();
    let mut start = 0;
    let mut long_lines = Vec::new();
    for line in sql.split('\n') {
        if line.len() > LONG_LINE {
            long_lines.push(start..start + line.len());
            let shown = line.trim_end().len();
            hidden.extend(shown.checked_sub(1).map(|last| start + floor(line, last)));
        }
        start += line.len() + 1;
    }
    if !long_lines.is_empty() && sql.len() <= READ_BYTES {
        let mut gap = 0;
        for token in tokens(sql) {
            let length = token.end - token.start;
            match token.kind {
                Kind::Space | Kind::LineComment | Kind::BlockComment => gap += length,
                _ if std::mem::take(&mut gap) > LONG_GAP => {
                    let at = long_lines.partition_point(|line| line.end <= token.start);
                    if long_lines
                        .get(at)
                        .is_some_and(|line| line.start <= token.start)
                    {
                        hidden.push(token.start);
                    }
                }
                _ => {}
            }
        }
    }
    hidden.sort_unstable();
    hidden.dedup();
    hidden
}

/// The begin of the character that holds a byte.
fn floor(text: &str, at: usize) -> usize {
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_and_what_follows_a_long_comment_are_hidden() {
        let padding = "word ".repeat(300);
        let sql = format!("select 1;\n/* {padding}*/ drop table t; /* {padding}*/\nselect 2;");
        let shown: Vec<&str> = hidden(&sql).iter().map(|at| &sql[*at..=*at]).collect();
        assert_eq!(shown, ["d", "/"]);
        assert_eq!(hidden(&sql)[0], sql.find("drop").unwrap());
        assert_eq!(hidden("select 1; -- short"), [0; 0]);
    }
}
