//! A frame as an SVG picture: one text a run of equal style, on a monospaced grid.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::fmt::Write;

/// Width of a column and height of a row, in pixels.
const GRID: (u32, u32) = (9, 19);
/// Room around the frame, in pixels.
const MARGIN: u32 = 14;
/// The colours where a theme leaves the terminal's own.
const DEFAULT: (&str, &str) = ("#c0caf5", "#1a1b26");

/// Draws the buffer as an SVG document.
pub fn svg(buffer: &Buffer) -> String {
    let area = buffer.area;
    let width = u32::from(area.width) * GRID.0 + 2 * MARGIN;
    let height = u32::from(area.height) * GRID.1 + 2 * MARGIN;
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"15\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        DEFAULT.1
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let start = x;
            let style = look(&buffer[(x, y)]);
            let mut text = String::new();
            while x < area.width && look(&buffer[(x, y)]) == style {
                text.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            run(&mut out, start, y, x - start, &style, &text);
        }
    }
    out.push_str("</svg>\n");
    out
}

#[derive(PartialEq)]
struct Style {
    fg: String,
    bg: String,
    is_bold: bool,
    is_italic: bool,
}

fn look(cell: &Cell) -> Style {
    let (mut fg, mut bg) = (hex(cell.fg, DEFAULT.0), hex(cell.bg, DEFAULT.1));
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut fg, &mut bg);
    }
    Style {
        fg,
        bg,
        is_bold: cell.modifier.contains(Modifier::BOLD),
        is_italic: cell.modifier.contains(Modifier::ITALIC),
    }
}

fn hex(color: Color, default: &str) -> String {
    match color {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        _ => default.to_owned(),
    }
}

fn run(out: &mut String, x: u16, y: u16, columns: u16, style: &Style, text: &str) {
    let (left, top) = (
        MARGIN + u32::from(x) * GRID.0,
        MARGIN + u32::from(y) * GRID.1,
    );
    let width = u32::from(columns) * GRID.0;
    if style.bg != DEFAULT.1 {
        let bg = &style.bg;
        let _ = writeln!(
            out,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{}\" fill=\"{bg}\"/>",
            GRID.1
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let mut attributes = String::new();
    if style.is_bold {
        attributes.push_str(" font-weight=\"bold\"");
    }
    if style.is_italic {
        attributes.push_str(" font-style=\"italic\"");
    }
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    // The length is forced, so that a font with other widths keeps the grid.
    let _ = writeln!(
        out,
        "<text x=\"{left}\" y=\"{}\" fill=\"{}\"{attributes} textLength=\"{width}\" xml:space=\"preserve\">{text}</text>",
        top + 14,
        style.fg
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    #[test]
    fn markup_in_a_cell_stays_text() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 1));
        buffer.set_string(0, 0, "<b>&", ratatui::style::Style::new());
        let svg = svg(&buffer);
        assert!(svg.contains("&lt;b&gt;&amp;"), "{svg}");
    }
}
