//! The second factor in the identity dialog: a list of what can be done, and the code that is typed for the selected
//! authenticator app.
//!
//! ```text
//!  asking ── enter ──► checking ──► signed in
//!    ▲                    │
//!    └── wrong, expired, network trouble
//!  asking ── without ──► signed in at aal1       asking ── esc ──► given up
//! ```

use crate::app::command::Command;
use crate::app::effect::{Effect, Write};
use crate::app::field::Field;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::{execute, jobs};
use crate::domain::mfa::{Factor, MfaChallenge};

/// A way on from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MfaOption<'a> {
    /// Give the code of this factor.
    Factor(&'a Factor),
    /// Go on with one factor.
    Without,
}

impl MfaOption<'_> {
    /// The words of the way.
    pub fn title(&self) -> String {
        match self {
            Self::Factor(factor) if factor.is_usable() => format!("Code of the {}", factor.title()),
            Self::Factor(factor) => format!("Not supported here: {}", factor.title()),
            Self::Without => "Continue without the second factor (aal1)".to_owned(),
        }
    }

    /// Whether it can be taken.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Factor(factor) => factor.is_usable(),
            Self::Without => true,
        }
    }
}

/// The step of the dialog.
#[derive(Debug, Clone, PartialEq)]
pub struct MfaStep {
    /// Who is asked, and for what.
    pub waiting: MfaChallenge,
    /// The selected way.
    pub selected: usize,
    /// The code.
    pub code: Field,
}

impl MfaStep {
    /// Asks. The first factor that can be used is selected; nothing goes on without one by a single stray key.
    pub fn new(waiting: MfaChallenge) -> Self {
        Self {
            waiting,
            selected: 0,
            code: Field::secret(),
        }
    }

    /// The ways in their order.
    pub fn ways(&self) -> Vec<MfaOption<'_>> {
        let factors = self.waiting.factors.iter().map(MfaOption::Factor);
        factors.chain([MfaOption::Without]).collect()
    }

    /// The selected way.
    pub fn way(&self) -> MfaOption<'_> {
        let ways = self.ways();
        ways.get(self.selected)
            .copied()
            .unwrap_or(MfaOption::Without)
    }

    /// The field, while a factor is selected that takes a code.
    pub fn field(&mut self) -> Option<&mut Field> {
        let takes_code = matches!(self.way(), MfaOption::Factor(factor) if factor.is_usable());
        takes_code.then_some(&mut self.code)
    }

    /// Handles a key; the effects ask for the sign-in to go on.
    pub fn press(&mut self, key: Key, command: Option<Command>, model: &mut Model) -> Vec<Effect> {
        let last = self.waiting.factors.len();
        match command {
            Some(Command::NextField) => self.select((self.selected + 1).min(last)),
            Some(Command::PreviousField) => self.select(self.selected.saturating_sub(1)),
            Some(Command::Confirm) => return self.submit(model),
            _ => {
                if let Some(field) = self.field() {
                    field.press(key);
                }
            }
        }
        Vec::new()
    }

    /// A code belongs to the factor it was typed for.
    fn select(&mut self, index: usize) {
        if index != self.selected {
            self.code.clear();
        }
        self.selected = index;
    }

    fn submit(&mut self, model: &mut Model) -> Vec<Effect> {
        if model.is_session_busy {
            return execute::toast(model, "The last sign-in is still to be answered.");
        }
        let write = match self.way() {
            MfaOption::Without => Write::GoWithout,
            MfaOption::Factor(factor) if factor.is_usable() && !self.code.is_empty() => {
                let factor = factor.id.clone();
                let code = self.code.take_secret();
                Write::GiveCode { factor, code }
            }
            MfaOption::Factor(_) => return Vec::new(),
        };
        jobs::session(model, write)
    }
}

/// Gives up the sign-in that waits, if one does, and says so.
pub fn give_up(model: &mut Model) -> Vec<Effect> {
    let Some(waiting) = model.waiting.take() else {
        return Vec::new();
    };
    let name = waiting.name();
    let text = if waiting.is_signed_in {
        format!("{name} stays signed in with one factor.")
    } else {
        format!("{name} was not signed in.")
    };
    let mut effects = jobs::session(model, Write::GiveUp);
    effects.extend(execute::toast(model, text));
    effects
}
