//! The first run: what supadeck needs to know about a project, each answer checked while it is typed.

use super::DialogResult;
use crate::app::command::Command;
use crate::app::effect::{Effect, Load, Setup, Timer, Write};
use crate::app::field::Field;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::msg::Verdict;
use crate::app::secret::Secret;
use crate::app::ticket::Slot;
use crate::app::{jobs, requests};
use crate::domain::problem::Problem;
use std::time::Duration;

/// How long a field rests before it is checked.
const REST: Duration = Duration::from_millis(400);

/// The questions: label, and what to type.
pub const QUESTIONS: [(&str, &str); 4] = [
    ("Name", "a short name for this project, such as staging"),
    (
        "Project URL",
        "https://abcdefghijklmnopqrst.supabase.co, from the dashboard under Project Settings, API",
    ),
    (
        "Publishable key",
        "sb_publishable_… or the anon key, or env:NAME, or cmd:COMMAND; secret keys are not asked for here",
    ),
    (
        "Database URL",
        "optional, for migrations: postgresql://…:5432/postgres, or env:NAME, or cmd:COMMAND",
    ),
];

/// The places of the key and the database URL among the questions.
const KEY: usize = 2;
const DATABASE: usize = 3;

/// What was filled in, and what is known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Onboarding {
    /// Name, URL, key, database URL.
    pub fields: [Field; 4],
    /// One verdict a field.
    pub verdicts: Vec<Verdict>,
    /// The field that has the keys.
    pub at: usize,
    /// Whether the checks are under way.
    pub is_checking: bool,
    /// Whether the check under way, or the last one, looked at the key.
    pub has_key: bool,
    /// Whether it looked at the database.
    pub has_database: bool,
    /// Whether the profile is being stored.
    pub is_saving: bool,
    /// Why it could not be stored.
    pub problem: Option<Problem>,
}

impl Default for Onboarding {
    fn default() -> Self {
        Self {
            fields: [
                Field::with("default"),
                Field::new(),
                Field::secret_or_reference(),
                Field::secret_or_reference(),
            ],
            verdicts: vec![Verdict::Empty; QUESTIONS.len()],
            at: 1,
            is_checking: false,
            has_key: false,
            has_database: false,
            is_saving: false,
            problem: None,
        }
    }
}

impl Onboarding {
    /// The field that has the keys.
    pub fn field(&mut self) -> &mut Field {
        &mut self.fields[self.at]
    }

    /// What was filled in.
    pub fn setup(&self) -> Setup {
        Setup {
            name: self.fields[0].text().trim().to_owned(),
            url: self.fields[1].text().trim().to_owned(),
            key: self.fields[2].as_secret(),
            db_url: self.fields[3].as_secret(),
        }
    }

    /// Asks for a check once the typing rests; a check of what stood there before is void.
    pub fn edited(&mut self, model: &mut Model) -> Vec<Effect> {
        model.tickets.void(Slot::Guide);
        self.is_checking = false;
        self.problem = None;
        self.verdicts[self.at] = Verdict::Empty;
        vec![Effect::Arm(Timer::Guide, REST)]
    }

    /// Checks what is there. While the database URL is being typed it is left out, unless the check was asked for: a
    /// password must not be offered to half a host name. A command is left out likewise: half of one is another command.
    pub fn check(&mut self, model: &mut Model, is_asked_for: bool) -> Vec<Effect> {
        let mut setup = self.setup();
        let is_command = |at: usize| self.fields[at].text().trim_start().starts_with("cmd:");
        self.has_key = is_asked_for || !is_command(KEY);
        self.has_database = is_asked_for || (self.at != DATABASE && !is_command(DATABASE));
        if !self.has_key {
            setup.key = Secret::default();
        }
        if !self.has_database {
            setup.db_url = Secret::default();
        }
        self.is_checking = true;
        vec![requests::effect(model, Slot::Guide, Load::Check(setup))]
    }

    /// Takes the verdicts.
    pub fn checked(&mut self, mut verdicts: Vec<Verdict>) {
        self.is_checking = false;
        for (at, was_looked_at) in [(KEY, self.has_key), (DATABASE, self.has_database)] {
            if !was_looked_at
                && let (Some(new), Some(old)) = (verdicts.get_mut(at), self.verdicts.get(at))
            {
                new.clone_from(old);
            }
        }
        self.verdicts = verdicts;
    }

    /// Whether everything that is needed works.
    pub fn is_complete(&self) -> bool {
        let is_good = |at: usize| matches!(self.verdicts.get(at), Some(Verdict::Good(_)));
        let is_database_known = self.fields[DATABASE].is_empty() || is_good(DATABASE);
        is_good(0) && is_good(1) && is_good(2) && is_database_known && !self.is_checking
    }

    pub(super) fn press(
        &mut self,
        key: Key,
        command: Option<Command>,
        model: &mut Model,
    ) -> DialogResult {
        if self.is_saving {
            return DialogResult::Stay(Vec::new());
        }
        let last = QUESTIONS.len() - 1;
        match command {
            Some(Command::Cancel) => return DialogResult::Stay(vec![Effect::Quit]),
            Some(Command::NextField) => {
                self.at = (self.at + 1).min(last);
                return DialogResult::Stay(vec![Effect::Arm(Timer::Guide, REST)]);
            }
            Some(Command::PreviousField) => {
                self.at = self.at.saturating_sub(1);
                return DialogResult::Stay(vec![Effect::Arm(Timer::Guide, REST)]);
            }
            Some(Command::Confirm) if self.is_complete() => {
                self.is_saving = true;
                return DialogResult::Stay(jobs::session(model, Write::SaveProfile(self.setup())));
            }
            Some(Command::Confirm) => {
                let is_open =
                    |at: &usize| !matches!(self.verdicts.get(*at), Some(Verdict::Good(_)));
                self.at = (0..last).find(is_open).unwrap_or(last);
                return DialogResult::Stay(self.check(model, true));
            }
            _ => {
                if self.field().press(key) {
                    return DialogResult::Stay(self.edited(model));
                }
            }
        }
        DialogResult::Stay(Vec::new())
    }
}
