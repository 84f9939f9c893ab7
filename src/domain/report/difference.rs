//! The difference between a file and what was applied from it: statements with their numbers, and the lines that changed
//! with a few around them.

use super::{Lines, Tone};
use crate::domain::migration::difference::{Change, Difference, Line, Piece};
use crate::domain::plural::counted;

/// Unchanged lines that are shown on either side of a changed one.
const AROUND: usize = 3;

/// The whole difference.
pub fn page(found: &Difference) -> Lines {
    let mut lines = Lines::default();
    if let Some(note) = &found.note {
        lines.put(0, Tone::Warn, note);
    }
    if !found.differs {
        if found.note.is_none() {
            lines.put(0, Tone::Ok, "The file matches what was applied.");
        }
        return lines;
    }
    if found.only_comments {
        let text = "Only comments and blanks differ: the statements do the same.";
        lines.put(0, Tone::Text, text);
    }
    lines.put(0, Tone::Muted, "- was applied, + is in the file.");
    let mut same = 0;
    for piece in &found.statements {
        if piece.change == Change::Same {
            same += 1;
            continue;
        }
        lines.heading(&heading(piece));
        changed(&mut lines, &piece.lines);
    }
    if same > 0 {
        lines.blank();
        let the_same = format!("{} the same on both sides.", counted(same, "statement"));
        lines.put(0, Tone::Muted, &the_same);
    }
    lines
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

fn changed(lines: &mut Lines, all: &[Line]) {
    let is_near = |at: usize| {
        let near = at.saturating_sub(AROUND)..all.len().min(at + AROUND + 1);
        all[near].iter().any(|line| line.sign != ' ')
    };
    let mut is_gap = false;
    for (at, line) in all.iter().enumerate() {
        if !is_near(at) {
            if !is_gap {
                lines.put(2, Tone::Muted, "…");
            }
            is_gap = true;
            continue;
        }
        is_gap = false;
        let tone = match line.sign {
            '+' => Tone::Ok,
            '-' => Tone::Danger,
            _ => Tone::Text,
        };
        let text = format!("{} {}", line.sign, line.text);
        lines.put(0, tone, text.trim_end());
    }
}
