//! A backend that does not rely on how wide the terminal takes a character to be: where that is not sure, the cells are blank
//! before it is drawn, and what follows is placed by its column.

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::{Cell, CellWidth};
use ratatui::layout::{Position, Size};
use std::io::{self, Write};

/// The backend of crossterm, drawn to with care.
pub(super) struct Careful<W: Write> {
    inner: CrosstermBackend<W>,
}

impl<W: Write> Careful<W> {
    /// Draws to a terminal behind this writer.
    pub(super) fn new(writer: W) -> Self {
        Self {
            inner: CrosstermBackend::new(writer),
        }
    }
}

impl<W: Write> Write for Careful<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut self.inner)
    }
}

/// Whether every terminal takes a character to be as wide as the deck does.
fn is_sure(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else {
        return false;
    };
    match symbol.cell_width() {
        1 => c < '\u{1f000}',
        2 => {
            matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{ff01}'..='\u{ff60}' | '\u{20000}'..)
        }
        _ => false,
    }
}

impl<W: Write> Backend for Careful<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut run = Vec::new();
        for (x, y, cell) in content {
            if is_sure(cell.symbol()) {
                run.push((x, y, cell));
                continue;
            }
            // Each call begins by going to its place.
            self.inner.draw(run.drain(..))?;
            let mut blank = cell.clone();
            blank.set_symbol(" ");
            let cells = x..x + cell.cell_width().max(1);
            self.inner.draw(cells.map(|x| (x, y, &blank)))?;
            self.inner.draw([(x, y, cell)].into_iter())?;
        }
        self.inner.draw(run.into_iter())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::text::Line;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[derive(Clone, Default)]
    struct Sink(Rc<RefCell<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(lines: [&str; 2]) -> String {
        let sink = Sink::default();
        let backend = Careful::new(sink.clone());
        let area = ratatui::layout::Rect::new(0, 0, 20, 1);
        let viewport = ratatui::Viewport::Fixed(area);
        let mut terminal =
            Terminal::with_options(backend, ratatui::TerminalOptions { viewport }).unwrap();
        for line in lines {
            terminal
                .draw(|frame| frame.render_widget(Line::raw(line), frame.area()))
                .unwrap();
        }
        let bytes = sink.0.take();
        String::from_utf8(bytes).unwrap()
    }

    /// The cells of a terminal that takes an emoji to be so wide.
    fn shown(bytes: &str, wide: usize) -> String {
        let mut cells = vec![' '; 20];
        let mut at = 0;
        let mut chars = bytes.chars();
        while let Some(c) = chars.next() {
            if c != '\u{1b}' {
                cells[at] = c;
                for further in 1..if c < '\u{1f000}' { 1 } else { wide } {
                    cells[at + further] = ' ';
                }
                at += if c < '\u{1f000}' { 1 } else { wide };
                continue;
            }
            let code: String = chars.by_ref().skip(1).take_while_inclusive();
            if let Some(place) = code.strip_suffix('H') {
                let column = place.split(';').next_back().unwrap_or("1");
                at = column.parse::<usize>().unwrap_or(1) - 1;
            }
        }
        cells.into_iter().collect::<String>().trim_end().to_owned()
    }

    trait UpToEnd {
        fn take_while_inclusive(self) -> String;
    }

    impl<I: Iterator<Item = char>> UpToEnd for I {
        /// The rest of a control sequence with its last character.
        fn take_while_inclusive(mut self) -> String {
            let mut out = String::new();
            for c in self.by_ref() {
                out.push(c);
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
            out
        }
    }

    #[test]
    fn nothing_of_an_older_frame_remains_however_wide_the_terminal_takes_an_emoji_to_be() {
        let bytes = written(["xxxxxxxxxx", "a\u{1fae8}b"]);
        for wide in [1, 2] {
            let shown: String = shown(&bytes, wide).replace(' ', "");
            assert_eq!(shown, "a\u{1fae8}b", "{wide}");
        }
    }

    #[test]
    fn what_is_sure_is_written_in_one_go() {
        let ends = |bytes: String| bytes.matches("\u{1b}[0m").count();
        assert_eq!(ends(written(["", "漢字 plain ✓"])), 2, "a frame each");
        assert!(ends(written(["", "\u{1fae8}"])) > 2);
    }
}
