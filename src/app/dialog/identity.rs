//! Who reads: the choice between anon, a signed-in user and the service role, and the forms to sign in.

use super::confirm::Confirm;
use super::mfa::{self, MfaStep};
use super::{Dialog, DialogResult};
use crate::app::command::Command;
use crate::app::effect::{Effect, Write};
use crate::app::field::Field;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::{execute, jobs};
use crate::domain::identity::{Aal, Identity};
use crate::domain::mfa::{MfaChallenge, can_try_again};
use crate::domain::problem::Problem;

/// A way to go from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Read as nobody.
    Anon,
    /// Go back to the user who is signed in.
    Return,
    /// Sign in with a password.
    Password,
    /// Sign in with a code by e-mail.
    Code,
    /// Give the second factor of the user who is signed in.
    SecondFactor,
    /// End the session.
    SignOut,
    /// Read as the service role.
    Service,
}

/// The choices in their order.
pub const CHOICES: [Choice; 7] = [
    Choice::Password,
    Choice::Code,
    Choice::Return,
    Choice::SecondFactor,
    Choice::SignOut,
    Choice::Anon,
    Choice::Service,
];

impl Choice {
    /// The words of the choice.
    pub fn title(self, model: &Model) -> String {
        let signed_in = model
            .project
            .as_ref()
            .and_then(|project| project.signed_in.clone());
        let name =
            signed_in.map_or_else(String::new, |user| Identity::User(user).name().to_owned());
        match self {
            Self::Anon => "Read as anon: nobody is signed in".into(),
            Self::Return if name.is_empty() => "Read as the signed-in user".into(),
            Self::Return => format!("Read as {name}"),
            Self::Password => "Sign in with e-mail and password".into(),
            Self::Code => "Sign in with a code by e-mail".into(),
            Self::SecondFactor if name.is_empty() => "Enter the 2FA code".into(),
            Self::SecondFactor => format!("Enter the 2FA code for {name}"),
            Self::SignOut if name.is_empty() => "Sign out".into(),
            Self::SignOut => format!("Sign out {name}"),
            Self::Service => "Read as the service role: bypasses Row Level Security".into(),
        }
    }

    /// Why the choice cannot be taken now.
    pub fn reason(self, model: &Model) -> Option<&'static str> {
        let project = model.project.as_ref()?;
        match self {
            Self::Anon if model.identity == Identity::Anon => Some("this is who you are"),
            Self::Service if model.identity == Identity::Service => Some("this is who you are"),
            Self::Return | Self::SignOut | Self::SecondFactor if model.ended.is_some() => {
                Some("the session has ended")
            }
            Self::Return if matches!(model.identity, Identity::User(_)) => {
                Some("this is who you are")
            }
            Self::Return | Self::SignOut | Self::SecondFactor if project.signed_in.is_none() => {
                Some("nobody is signed in")
            }
            Self::SecondFactor => {
                let user = project.signed_in.as_ref()?;
                (user.aal > Aal::Aal1).then_some("it was given")
            }
            Self::Service if !project.has_service_key => {
                Some("no secret key; set SUPABASE_SECRET_KEY")
            }
            _ => None,
        }
    }
}

/// Where in the dialog one is.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Choosing.
    Choose,
    /// Typing e-mail and password.
    Password,
    /// Typing the e-mail address for a code.
    Email,
    /// Typing the code.
    Code,
    /// Giving the second factor.
    Second(MfaStep),
}

/// The dialog.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityDialog {
    /// Where one is.
    pub step: Step,
    /// The selected choice.
    pub selected: usize,
    /// E-mail address.
    pub email: Field,
    /// Password or code.
    pub secret: Field,
    /// Whether the secret has the keys.
    pub is_in_secret: bool,
    /// Whether an answer is awaited.
    pub is_busy: bool,
    /// Why the last try failed.
    pub problem: Option<Problem>,
}

impl IdentityDialog {
    /// The dialog at the choice; the first choice that can be taken is selected.
    pub fn new(model: &Model) -> Self {
        let selected = CHOICES
            .iter()
            .position(|choice| choice.reason(model).is_none())
            .unwrap_or(0);
        // Whoever was signed out need not type the address again.
        let email = match &model.identity {
            Identity::User(user) if model.ended.is_some() => user.email.as_str(),
            _ => "",
        };
        Self {
            step: Step::Choose,
            selected,
            is_in_secret: !email.is_empty(),
            email: Field::with(email),
            secret: Field::secret(),
            is_busy: false,
            problem: None,
        }
    }

    /// The field that has the keys.
    pub fn field(&mut self) -> Option<&mut Field> {
        match &mut self.step {
            Step::Choose => None,
            Step::Email => Some(&mut self.email),
            Step::Password if !self.is_in_secret => Some(&mut self.email),
            Step::Password | Step::Code => Some(&mut self.secret),
            Step::Second(second) => second.field(),
        }
    }

    /// Takes the answer that a code is on its way.
    pub fn code_sent(&mut self, result: Result<(), Problem>) {
        self.is_busy = false;
        match result {
            Ok(()) => (self.step, self.problem) = (Step::Code, None),
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// Takes the answer that a second factor is needed.
    pub fn second_needed(&mut self, waiting: MfaChallenge) {
        self.is_busy = false;
        let is_usable = !waiting.usable().is_empty();
        self.problem = (!is_usable).then(|| waiting.unusable());
        self.step = Step::Second(MfaStep::new(waiting));
    }

    /// Takes a refusal. After one that ends a sign-in which waited for its second factor, one begins anew.
    pub fn refused(&mut self, problem: Problem) {
        self.is_busy = false;
        if matches!(self.step, Step::Second(_)) && !can_try_again(&problem) {
            self.step = Step::Choose;
        }
        self.problem = Some(problem);
    }

    pub(super) fn press(
        &mut self,
        key: Key,
        command: Option<Command>,
        model: &mut Model,
    ) -> DialogResult {
        match (command, &self.step) {
            (Some(Command::Cancel), Step::Choose) => DialogResult::Close(Vec::new()),
            (Some(Command::Cancel), _) => {
                // An answer still under way must not make somebody who went back read as another. A sign-in that waits for
                // its second factor is given up at once, or when that answer has come.
                let is_under_way = self.is_busy || model.is_session_busy;
                model.is_sign_in_unwanted |= is_under_way;
                let effects = if is_under_way {
                    Vec::new()
                } else {
                    mfa::give_up(model)
                };
                *self = Self {
                    selected: self.selected,
                    ..Self::new(model)
                };
                DialogResult::Stay(effects)
            }
            (_, _) if self.is_busy => DialogResult::Stay(Vec::new()),
            (_, Step::Choose) => self.choose(key, command, model),
            (_, Step::Second(_)) => DialogResult::Stay(self.second(key, command, model)),
            (Some(Command::NextField | Command::PreviousField), Step::Password) => {
                self.is_in_secret = !self.is_in_secret;
                DialogResult::Stay(Vec::new())
            }
            (Some(Command::Confirm), _) => DialogResult::Stay(self.submit(model)),
            _ => {
                if let Some(field) = self.field() {
                    field.press(key);
                }
                DialogResult::Stay(Vec::new())
            }
        }
    }

    fn second(&mut self, key: Key, command: Option<Command>, model: &mut Model) -> Vec<Effect> {
        let was_busy = model.is_session_busy;
        let Step::Second(second) = &mut self.step else {
            return Vec::new();
        };
        let selected = second.selected;
        let effects = second.press(key, command, model);
        if second.selected != selected {
            self.problem = None;
        }
        if model.is_session_busy && !was_busy {
            self.is_busy = true;
            self.problem = None;
        }
        effects
    }

    fn choose(&mut self, key: Key, command: Option<Command>, model: &mut Model) -> DialogResult {
        let last = CHOICES.len() - 1;
        match (command, key.typed()) {
            (Some(Command::NextField), _) | (_, Some('j')) => {
                self.selected = (self.selected + 1).min(last);
            }
            (Some(Command::PreviousField), _) | (_, Some('k')) => {
                self.selected = self.selected.saturating_sub(1);
            }
            (Some(Command::Confirm), _) => return self.take(CHOICES[self.selected], model),
            (_, Some('q')) => return DialogResult::Close(Vec::new()),
            _ => {}
        }
        DialogResult::Stay(Vec::new())
    }

    fn take(&mut self, choice: Choice, model: &mut Model) -> DialogResult {
        if choice.reason(model).is_some() {
            return DialogResult::Stay(Vec::new());
        }
        self.problem = None;
        match choice {
            Choice::Anon => {
                return DialogResult::Close(execute::become_identity(model, Identity::Anon));
            }
            Choice::Return => {
                let user = model
                    .project
                    .as_ref()
                    .and_then(|project| project.signed_in.clone());
                let identity = user.map_or(Identity::Anon, Identity::User);
                return DialogResult::Close(execute::become_identity(model, identity));
            }
            Choice::Password => self.step = Step::Password,
            Choice::Code => self.step = Step::Email,
            Choice::SecondFactor => {
                self.is_busy = !model.is_session_busy;
                return DialogResult::Stay(jobs::session(model, Write::StepUp));
            }
            Choice::SignOut => {
                self.is_busy = !model.is_session_busy;
                return DialogResult::Stay(jobs::session(model, Write::SignOut));
            }
            Choice::Service => {
                let confirm = Confirm::service(model);
                super::open(model, Dialog::Confirm(Box::new(confirm)));
                return DialogResult::Close(Vec::new());
            }
        }
        DialogResult::Stay(Vec::new())
    }

    fn submit(&mut self, model: &mut Model) -> Vec<Effect> {
        let email = self.email.text().trim().to_owned();
        if email.is_empty() {
            self.is_in_secret = false;
            return Vec::new();
        }
        if matches!(self.step, Step::Password | Step::Code) && self.secret.is_empty() {
            self.is_in_secret = true;
            return Vec::new();
        }
        if model.is_session_busy {
            return execute::toast(model, "The last sign-in is still to be answered.");
        }
        self.is_busy = true;
        self.problem = None;
        let write = match self.step {
            Step::Email => Write::SendCode(email),
            Step::Code => Write::VerifyCode {
                email,
                code: self.secret.take_secret(),
            },
            Step::Password | Step::Choose | Step::Second(_) => Write::SignIn {
                email,
                password: self.secret.take_secret(),
            },
        };
        jobs::session(model, write)
    }
}
