//! How the difference between a file and what was applied reads: statements with their numbers, and the lines that changed
//! with a few around them.

use super::super::page::{Page, Tone};
use super::show::counted;
use crate::domain::migration::difference::{Change, Difference, Line, Piece};

/// Unchanged lines that are shown on either side of a changed one.
const AROUND: usize = 3;

/// The whole difference.
pub fn page(found: &Difference) -> Page {
    let mut page = Page::default();
    let title = format!("{} {}: {}", found.version, found.name, found.state.word());
    page.toned(Tone::Strong, &title);
    if let Some(note) = &found.note {
        page.line(note);
    }
    if !found.differs {
        if found.note.is_none() {
            page.toned(Tone::Ok, "The file matches what was applied.");
        }
        return page;
    }
    if found.only_comments {
        page.line("Only comments and blanks differ: the statements do the same.");
    }
    page.toned(Tone::Muted, "- applied   + file");
    let mut same = 0;
    for piece in &found.statements {
        if piece.change == Change::Same {
            same += 1;
            continue;
        }
        page.blank();
        page.toned(Tone::Strong, &heading(piece));
        lines(&mut page, &piece.lines);
    }
    if same > 0 {
        page.blank();
        let the_same = format!("{} the same on both sides.", counted(same, "statement"));
        page.toned(Tone::Muted, &the_same);
    }
    page
}

fn heading(piece: &Piece) -> String {
    let number = |at: Option<usize>| at.map_or_else(String::new, |at| at.to_string());
    match piece.change {
        Change::Same => String::new(),
        Change::Added => format!(
            "Statement {} of the file was not applied:",
            number(piece.file)
        ),
        Change::Removed => format!(
            "Statement {} that was applied is not in the file:",
            number(piece.applied)
        ),
        Change::Changed if piece.applied == piece.file => {
            format!("Statement {} differs:", number(piece.file))
        }
        Change::Changed => format!(
            "Statement {} that was applied and {} of the file differ:",
            number(piece.applied),
            number(piece.file)
        ),
    }
}

fn lines(page: &mut Page, lines: &[Line]) {
    let is_near = |at: usize| {
        let near = at.saturating_sub(AROUND)..lines.len().min(at + AROUND + 1);
        lines[near].iter().any(|line| line.sign != ' ')
    };
    let mut is_gap = false;
    for (at, line) in lines.iter().enumerate() {
        if !is_near(at) {
            if !is_gap {
                page.toned(Tone::Muted, "  …");
            }
            is_gap = true;
            continue;
        }
        is_gap = false;
        let tone = match line.sign {
            '+' => Tone::Ok,
            '-' => Tone::Danger,
            _ => Tone::Plain,
        };
        if line.text.is_empty() {
            page.toned(tone, &line.sign.to_string());
        } else {
            page.block(tone, &format!("{} ", line.sign), &line.text);
        }
    }
}
