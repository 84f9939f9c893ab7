//! Reads CSV as RFC 4180 has it, line by line: cells between commas, in double quotes where they hold commas, quotes or line ends.
//! A cell without any letter and one in empty quotes are told apart, as Postgres and [`super::csv`] do: the first is no value. The crate
//! `csv` does not tell which one it read.

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvCell {
    /// What it holds.
    pub text: String,
    /// Whether it stood in quotes.
    pub was_quoted: bool,
}

/// A record, and the line of the file on which it begins, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvRecord {
    /// The line.
    pub line: u64,
    /// Its cells.
    pub cells: Vec<CsvCell>,
}

/// What is wrong, and on which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvFault {
    /// The line.
    pub line: u64,
    /// What is wrong, as a sentence.
    pub why: &'static str,
}

/// The most bytes of one record: a quote that is never closed must not take a whole file into memory.
const LONGEST: usize = 64 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum At {
    /// Where a cell begins.
    #[default]
    Start,
    /// In a cell without quotes.
    Plain,
    /// Between quotes.
    Quoted,
    /// Behind a quote that closes, or is the first of two.
    Closed,
}

/// Reads records.
#[derive(Debug, Default)]
pub struct CsvReader {
    at: At,
    /// How many lines were read.
    lines: u64,
    begins: u64,
    size: usize,
    cell: Vec<u8>,
    cells: Vec<CsvCell>,
}

impl CsvReader {
    /// Takes a line with its end; gives the record that ends with it.
    pub fn line(&mut self, line: &[u8]) -> Result<Option<CsvRecord>, CsvFault> {
        let mut line = line;
        if self.lines == 0 {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        self.lines += 1;
        if self.at != At::Quoted {
            self.begins = self.lines;
            self.size = 0;
        }
        self.size += line.len();
        if self.size > LONGEST {
            return Err(self.fault("The record is longer than 64 MiB: a quote may not be closed."));
        }
        // The end of the line, unless it is within quotes.
        let body = line.strip_suffix(b"\n").unwrap_or(line);
        let body = body.strip_suffix(b"\r").unwrap_or(body);
        for &byte in body {
            self.byte(byte)?;
        }
        if self.at == At::Quoted {
            self.cell.extend_from_slice(&line[body.len()..]);
            return Ok(None);
        }
        self.end_cell()?;
        Ok(Some(CsvRecord {
            line: self.begins,
            cells: std::mem::take(&mut self.cells),
        }))
    }

    /// Makes sure that nothing is left open at the end of the file.
    pub fn end(&self) -> Result<(), CsvFault> {
        if self.at == At::Quoted {
            return Err(CsvFault {
                line: self.begins,
                why: "A quote that begins here is not closed.",
            });
        }
        Ok(())
    }

    fn byte(&mut self, byte: u8) -> Result<(), CsvFault> {
        match (self.at, byte) {
            (At::Start, b'"') => self.at = At::Quoted,
            (At::Start | At::Plain, b',') => self.end_cell()?,
            (At::Plain, b'"') => {
                return Err(
                    self.fault("A quote stands in the middle of a cell that began without one.")
                );
            }
            (At::Start | At::Plain, byte) => {
                self.at = At::Plain;
                self.cell.push(byte);
            }
            (At::Quoted, b'"') => self.at = At::Closed,
            (At::Closed, b'"') => {
                self.at = At::Quoted;
                self.cell.push(byte);
            }
            (At::Quoted, byte) => self.cell.push(byte),
            (At::Closed, b',') => self.end_cell()?,
            (At::Closed, _) => {
                return Err(self.fault("Something stands behind the quote that closes a cell."));
            }
        }
        Ok(())
    }

    fn end_cell(&mut self) -> Result<(), CsvFault> {
        let was_quoted = self.at == At::Closed;
        self.at = At::Start;
        let text = String::from_utf8(std::mem::take(&mut self.cell))
            .map_err(|_| self.fault("It is not UTF-8."))?;
        self.cells.push(CsvCell { text, was_quoted });
        Ok(())
    }

    fn fault(&self, why: &'static str) -> CsvFault {
        CsvFault {
            line: self.lines,
            why,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn read(text: &[u8]) -> Result<Vec<CsvRecord>, CsvFault> {
        let mut reader = CsvReader::default();
        let mut records = Vec::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            records.extend(reader.line(line)?);
        }
        reader.end()?;
        Ok(records)
    }

    fn cells(text: &str) -> Vec<(String, bool)> {
        let records = read(text.as_bytes()).unwrap();
        let cells = records.into_iter().flat_map(|record| record.cells);
        cells.map(|cell| (cell.text, cell.was_quoted)).collect()
    }

    #[test]
    fn no_value_and_an_empty_text_are_told_apart() {
        let plain = |text: &str| (text.to_owned(), false);
        let quoted = |text: &str| (text.to_owned(), true);
        assert_eq!(
            cells("\u{feff}a,,\"\",\"x,\"\"y\r\nz\"\r\n"),
            [plain("a"), plain(""), quoted(""), quoted("x,\"y\r\nz")]
        );
        assert_eq!(cells("a,b"), [plain("a"), plain("b")]);
        assert_eq!(cells("\n"), [plain("")]);
    }

    #[test]
    fn a_fault_is_told_with_its_line() {
        for (text, line) in [
            (&b"a\nb,\"c"[..], 2),
            (b"a\n\"b\"c\n", 2),
            (b"a\nb\"c\n", 2),
            (b"\"x\n\ny\"\n\xff\n", 4),
        ] {
            assert_eq!(read(text).unwrap_err().line, line);
        }
        let records = read(b"\"x\n\ny\"\nz\n").unwrap();
        assert_eq!((records[0].line, records[1].line), (1, 4));
    }

    proptest! {
        // Without a carriage return: in front of one at the begin of a cell an apostrophe is written.
        #[test]
        fn what_is_written_is_read(cells in prop::collection::vec(prop::option::of("[ab,;\" \n]{0,6}"), 1..5)) {
            let text = crate::domain::csv::values(&cells);
            let records = read(text.as_bytes()).unwrap();
            prop_assert_eq!(records.len(), 1);
            let got: Vec<Option<String>> = records[0].cells.iter().map(|cell| {
                (cell.was_quoted || !cell.text.is_empty()).then(|| cell.text.clone())
            }).collect();
            prop_assert_eq!(got, cells);
        }

        #[test]
        fn nothing_it_is_given_makes_it_fall(text in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = read(&text);
        }
    }
}
