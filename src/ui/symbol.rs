//! The symbols that stand for states, in Unicode and in ASCII for terminals that show nothing else.

use crate::domain::cycle::Heat;
use crate::domain::lock::LockState;
use crate::domain::migration::State;
use crate::domain::seed::SeedState;

/// A set of symbols, one column wide each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbols {
    /// Whether only ASCII is used.
    pub is_ascii: bool,
}

impl Symbols {
    fn pick(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.is_ascii { ascii } else { unicode }
    }

    /// What stands for a character that is not shown.
    pub fn mask(self) -> &'static str {
        self.pick("•", "*")
    }

    /// A migration's state.
    pub fn migration(self, state: State) -> &'static str {
        match state {
            State::Applied => self.pick("✓", "*"),
            State::Pending => self.pick("○", "o"),
            State::OutOfOrder => self.pick("◐", "~"),
            State::Edited => self.pick("≠", "!"),
            State::Missing => self.pick("?", "?"),
            State::Renamed => self.pick("≈", "="),
            State::Invalid => self.pick("✗", "x"),
            State::Interrupted => self.pick("▲", "^"),
        }
    }

    /// A seed's state.
    pub fn seed(self, state: SeedState) -> &'static str {
        match state {
            SeedState::Applied => self.pick("✓", "*"),
            SeedState::Pending => self.pick("○", "o"),
            SeedState::Changed => self.pick("≠", "!"),
            SeedState::Missing => self.pick("?", "?"),
        }
    }

    /// The mark of something that asks for a look.
    pub fn mind(self) -> &'static str {
        "!"
    }

    /// How a week stands.
    pub fn week(self, standing: LockState) -> &'static str {
        match standing {
            LockState::Locked => self.pick("■", "#"),
            LockState::Unlocked => self.pick("◇", "U"),
            LockState::Open => self.pick("·", "."),
        }
    }

    /// How much of a week is completed.
    pub fn heat(self, heat: Heat) -> &'static str {
        match heat {
            Heat::Empty => " ",
            Heat::Low => self.pick("▁", "_"),
            Heat::Near => self.pick("▄", "-"),
            Heat::OnTarget => self.pick("█", "="),
        }
    }

    /// What stands between two facts on a line.
    pub fn dot(self) -> &'static str {
        self.pick("·", "-")
    }

    /// The sign of a cut text.
    pub fn more(self) -> &'static str {
        self.pick("…", "~")
    }

    /// The mark of the selected line in a theme without colours.
    pub fn cursor(self) -> &'static str {
        self.pick("▌", ">")
    }

    /// A filled and an empty part of a progress bar.
    pub fn bar(self) -> (&'static str, &'static str) {
        if self.is_ascii {
            ("#", ".")
        } else {
            ("█", "░")
        }
    }

    /// The mark of a folded and of an open part.
    pub fn fold(self, is_folded: bool) -> &'static str {
        if is_folded {
            self.pick("▸", "+")
        } else {
            self.pick("▾", "-")
        }
    }
}
