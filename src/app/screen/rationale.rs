//! The reason of the audit record in view, in lines of the room there is. The first of them stand above the difference;
//! where they are not all, or where the search found words in them, the whole reason follows below the difference.

use crate::app::wrap::wrap;

/// What stands before the reason.
pub const NAME: &str = "why";

/// The reason and its lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reason {
    text: String,
    lines: Vec<String>,
    columns: usize,
    /// The lines that stand above the difference at most.
    most: usize,
}

impl Reason {
    /// Takes the reason of another record.
    pub fn set(&mut self, text: Option<&str>) {
        text.unwrap_or_default().trim().clone_into(&mut self.text);
        self.break_lines();
    }

    /// Fits it into so many columns of a pane of so many rows: a fifth of them is for its beginning, so that who did
    /// it stands above the difference too, and the difference has room. True when the lines are others than before.
    pub fn fit(&mut self, columns: usize, rows: usize) -> bool {
        let most = (rows / 5).max(1);
        if (self.columns, self.most) == (columns, most) {
            return false;
        }
        (self.columns, self.most) = (columns, most);
        self.break_lines();
        true
    }

    /// The lines that stand above the difference, and whether they are not all.
    pub fn beginning(&self) -> (&[String], bool) {
        let shown = self.lines.len().min(self.most);
        (&self.lines[..shown], shown < self.lines.len())
    }

    /// All lines.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The lines on which the words begin, in small letters; words may go on in the next line.
    pub fn places(&self, words: &str) -> Vec<usize> {
        if words.is_empty() || self.lines.is_empty() {
            return Vec::new();
        }
        let (mut whole, mut starts) = (String::new(), Vec::new());
        for line in &self.lines {
            starts.push(whole.len());
            whole.push_str(&line.to_lowercase());
            whole.push(' ');
        }
        let found = whole.match_indices(words).map(|(at, _)| at);
        let line_of = |at: usize| starts.partition_point(|start| *start <= at) - 1;
        let mut places: Vec<usize> = found.map(line_of).collect();
        if NAME.contains(words) {
            places.insert(0, 0);
        }
        places.dedup();
        places
    }

    fn break_lines(&mut self) {
        self.lines = if self.text.is_empty() {
            Vec::new()
        } else {
            wrap(&self.text, self.columns)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_over_the_end_of_a_line() {
        let mut reason = Reason::default();
        reason.fit(10, 12);
        reason.set(Some("Sprained ankle, running has to wait"));
        assert_eq!(
            reason.lines(),
            ["Sprained", "ankle,", "running", "has to", "wait"]
        );
        assert_eq!(reason.places("running has"), [2]);
        assert_eq!(reason.places("wh"), [0]);
        assert_eq!(reason.places("knee"), [0; 0]);
        assert_eq!(reason.beginning().0.len(), 2);
        assert!(reason.fit(80, 12) && !reason.beginning().1);
    }
}
