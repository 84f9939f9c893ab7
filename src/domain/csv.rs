//! CSV whose cells no spreadsheet runs, whatever it takes for the separator: a comma, a semicolon or a tab.
//!
//! Quotes alone do not do: a reader that splits at semicolons sees a new cell in the middle of a quoted one. So wherever a
//! reader may begin a cell, and it would begin like a formula, an apostrophe stands in front, as OWASP recommends.

use super::text::is_dangerous;

/// Where a reader of some kind begins a new cell.
const SEPARATORS: [char; 5] = [',', ';', '\t', '\r', '\n'];

/// Spreadsheets run cells that begin like this (OWASP, CSV Injection), also in their full-width forms.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// One line of CSV as RFC 4180 has it: CRLF, quotes where they are needed.
pub fn record<T: AsRef<str>>(cells: &[T]) -> String {
    let mut line = String::new();
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        // The first cell may be the begin of a longer one: a reader that knows no comma takes the whole line.
        push(&mut line, cell.as_ref(), at > 0);
    }
    line.push_str("\r\n");
    line
}

/// The same of cells of which some have no value: those are empty, and a text without any letter is in quotes, as Postgres
/// tells them apart.
pub fn values<T: AsRef<str>>(cells: &[Option<T>]) -> String {
    let mut line = String::new();
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        match cell.as_ref().map(AsRef::as_ref) {
            None => {}
            Some("") => line.push_str("\"\""),
            Some(text) => push(&mut line, text, at > 0),
        }
    }
    line.push_str("\r\n");
    line
}

fn push(line: &mut String, cell: &str, may_be_number: bool) {
    let safe = if may_be_number && is_number(cell) {
        cell.to_owned()
    } else {
        defused(cell)
    };
    let needs_quotes = |c: char| c == '"' || SEPARATORS.contains(&c);
    if safe.contains(needs_quotes) || safe.starts_with(' ') || safe.ends_with(' ') {
        line.push('"');
        line.push_str(&safe.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(&safe);
    }
}

/// The text with an apostrophe wherever a cell would begin like a formula.
fn defused(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    let mut before = None;
    for (at, c) in text.char_indices() {
        let begins = before.is_none_or(|before| SEPARATORS.contains(&before));
        if begins && is_risky(&text[at..], before) {
            out.push('\'');
        }
        out.push(c);
        before = Some(c);
    }
    out
}

/// Whether a text may have been written with an apostrophe for it: one stands where [`record`] and [`values`] put them.
pub fn may_be_defused(text: &str) -> bool {
    let mut before = None;
    text.char_indices().any(|(at, c)| {
        let begins = before
            .replace(c)
            .is_none_or(|before| SEPARATORS.contains(&before));
        begins && c == '\'' && is_risky(&text[at + 1..], None)
    })
}

/// Whether a cell with this text would be run, or begins with what leads a spreadsheet to look further.
fn is_risky(cell: &str, before: Option<char>) -> bool {
    let is_line_end = |c: char| c == '\r' || c == '\n';
    let is_blank = |c: char| {
        !is_line_end(c) && c != '\t' && (c.is_whitespace() || is_dangerous(c) || c == '"')
    };
    match cell.trim_start_matches(is_blank).chars().next() {
        Some('\t' | '\r') => !before.is_some_and(is_line_end),
        first => first.is_some_and(|first| FORMULA.contains(&first)),
    }
}

/// A number as programs write it: it may begin with a sign and stays one.
fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let fits = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+');
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(fits)
        && digits.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, separator: u8) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let rows = reader.records().map(|row| row.unwrap());
        rows.map(|row| row.iter().map(str::to_owned).collect())
            .collect()
    }

    /// Whether a spreadsheet may run a cell. A reader of another separator takes our quotes for the middle of a cell, and
    /// may so begin one with a line end of ours; what stands behind that counts there.
    fn runs(cell: &str, separator: u8) -> bool {
        let is_blank = |c: char| c.is_whitespace() || c == '"' || is_dangerous(c);
        let begins = cell.trim_start_matches(is_blank);
        let is_formula =
            begins.starts_with(FORMULA) || (separator == b',' && cell.starts_with(['\t', '\r']));
        is_formula && cell.trim_matches(is_blank).parse::<f64>().is_err()
    }

    #[test]
    fn a_formula_gets_an_apostrophe_wherever_a_cell_may_begin() {
        for (cell, line) in [
            ("plain", "x,plain"),
            ("=cmd|' /C calc'!A0", "x,'=cmd|' /C calc'!A0"),
            ("a;=cmd()", "x,\"a;'=cmd()\""),
            ("a\t=cmd()", "x,\"a\t'=cmd()\""),
            ("a\n@cmd()", "x,\"a\n'@cmd()\""),
            ("a; \"=cmd()", "x,\"a;' \"\"=cmd()\""),
            ("＝cmd()", "x,'＝cmd()"),
            ("\u{a0}=cmd()", "x,'\u{a0}=cmd()"),
            ("-5", "x,-5"),
            ("+1.5e-3", "x,+1.5e-3"),
            ("-5+cmd()", "x,'-5+cmd()"),
            ("-inf", "x,'-inf"),
            ("a - b = c; d", "x,\"a - b = c; d\""),
            ("a,\"b\"", "x,\"a,\"\"b\"\"\""),
        ] {
            assert_eq!(record(&["x", cell]), format!("{line}\r\n"), "{cell}");
        }
        assert_eq!(record(&["-5", "x"]), "'-5,x\r\n");
    }

    fn cells() -> impl Strategy<Value = Vec<String>> {
        let piece = prop_oneof![
            "[a-z0-9 .]{0,6}",
            "[-+=@＝＋－＠]",
            "[;,\t\r\n\"' ]",
            Just("\u{a0}\u{200b}\u{feff}".to_owned()),
            Just("\r\n".to_owned()),
            Just("-5".to_owned()),
        ];
        let cell = prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat());
        prop::collection::vec(cell, 1..5)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn no_reader_gets_a_cell_that_runs(rows in prop::collection::vec(cells(), 1..4)) {
            let text: String = rows.iter().map(|cells| record(cells)).collect();
            for separator in [b',', b';', b'\t'] {
                for cell in read(&text, separator).into_iter().flatten() {
                    prop_assert!(!runs(&cell, separator), "{:?} of {:?}", cell, text);
                }
            }
        }

        #[test]
        fn what_got_an_apostrophe_is_known_by_it(text in "[a;,'=\\- \t\r\n]{0,8}") {
            let written = defused(&text);
            prop_assert!(written == text || may_be_defused(&written), "{:?}", written);
        }

        #[test]
        fn a_reader_of_commas_gets_every_cell_with_no_more_than_apostrophes(cells in cells()) {
            let rows = read(&record(&cells), b',');
            let plain = |text: &str| text.replace('\'', "");
            if cells.len() > 1 || !cells[0].is_empty() {
                prop_assert_eq!(rows.len(), 1);
                let got: Vec<String> = rows[0].iter().map(|cell| plain(cell)).collect();
                let wanted: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
                prop_assert_eq!(got, wanted);
            }
        }
    }
}
