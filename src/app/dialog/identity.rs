//! Who reads: the choice between anon, a signed-in user and the service role, and the forms to sign in.

use super::choose::{Chooser, Entry, Pressed, digit};
use super::confirm::Confirm;
use super::mfa::{self, MfaStep};
use super::{Dialog, DialogResult};
use crate::app::command::Command;
use crate::app::effect::{Effect, Write};
use crate::app::field::Field;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::secret::Secret;
use crate::app::{execute, jobs};
use crate::domain::identity::{Aal, Identity, User};
use crate::domain::mfa::{MfaChallenge, can_try_again};
use crate::domain::problem::Problem;

/// A way to go from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Read as a user who is kept.
    Kept(User),
    /// Sign in as an account of the demo, by its e-mail address.
    DemoAccount(String),
    /// Read as nobody.
    Anon,
    /// Sign in with a password.
    Password,
    /// Sign in with a code by e-mail.
    Code,
    /// Give the second factor of the user who reads.
    SecondFactor(User),
    /// End the session of the user who reads.
    SignOut(User),
    /// Act as any user.
    Act,
    /// Read as the service role.
    Service,
}

/// The choices in their order: the accounts of the demo, each at its digit whether it is signed in or not, the other
/// signed-in users, then the others.
pub fn choices(model: &Model) -> Vec<Choice> {
    let mut choices = Vec::new();
    if let Some(project) = &model.project {
        let kept = &project.kept.users;
        let demo = project.demo.as_ref();
        let accounts = demo.map_or(&[][..], |demo| &demo.accounts);
        choices.extend(accounts.iter().map(|email| {
            let user = kept.iter().find(|user| user.email == *email);
            user.map_or_else(
                || Choice::DemoAccount(email.clone()),
                |user| Choice::Kept(user.clone()),
            )
        }));
        let others = kept.iter().filter(|user| !accounts.contains(&user.email));
        choices.extend(others.cloned().map(Choice::Kept));
    }
    choices.extend([
        Choice::Anon,
        Choice::Password,
        Choice::Code,
        Choice::Act,
        Choice::Service,
    ]);
    if let Identity::User(user) = &model.identity
        && model.ended.is_none()
        && !user.is_acted
    {
        choices.extend([
            Choice::SecondFactor(user.clone()),
            Choice::SignOut(user.clone()),
        ]);
    }
    choices
}

/// The choices as a list to choose from.
pub fn entries(model: &Model) -> Vec<Entry> {
    let choices = choices(model).into_iter().enumerate();
    choices
        .map(|(at, choice)| choice.entry(at, model))
        .collect()
}

impl Choice {
    fn entry(&self, at: usize, model: &Model) -> Entry {
        let mut entry = Entry::new(match self {
            Self::Kept(user) => {
                let identity = Identity::User(user.clone());
                identity.called()
            }
            Self::DemoAccount(email) => format!("Sign in as {email}"),
            Self::Anon => "Read as anon (publishable key only)".into(),
            Self::Password => "Sign in with e-mail and password".into(),
            Self::Code => "Sign in with a code by e-mail".into(),
            Self::Act if model.identity.is_acted() => {
                format!("Acting as {}; act as another user", model.identity.name())
            }
            Self::Act => "Act as any user".into(),
            Self::SecondFactor(user) => format!("Enter the 2FA code for {}", user.name()),
            Self::SignOut(user) => format!("Sign out {}", user.name()),
            Self::Service => "Read as the service role: bypasses Row Level Security".into(),
        });
        entry.digit = match self {
            Self::Kept(_) | Self::DemoAccount(_) => digit(at),
            Self::Anon => Some('0'),
            _ => None,
        };
        entry.is_here = match self {
            Self::Kept(user) => is_reader(user, model),
            // Who is nobody and has nobody to go to wants to sign in.
            Self::Anon => {
                let has_kept = model.project.as_ref().is_some_and(|it| !it.kept.is_empty());
                model.identity == Identity::Anon && has_kept
            }
            Self::Service => model.identity == Identity::Service,
            Self::Act => model.identity.is_acted(),
            // Whose session is over signs in again.
            Self::Password => model.ended.is_some(),
            _ => false,
        };
        entry.is_danger = *self == Self::Service;
        entry.reason = self.reason(model).map(str::to_owned);
        entry
    }

    /// Why the choice cannot be taken now.
    fn reason(&self, model: &Model) -> Option<&'static str> {
        let project = model.project.as_ref()?;
        match self {
            Self::Anon if model.identity == Identity::Anon => Some("this is who you are"),
            Self::Service if model.identity == Identity::Service => Some("this is who you are"),
            Self::Kept(user) if is_reader(user, model) => Some("this is who you are"),
            Self::Act if project.has_unnamed_jwt_secret => {
                Some("SUPABASE_JWT_SECRET counts with SUPABASE_URL; set that too")
            }
            Self::Act if !project.can_act => Some("no JWT secret; set SUPABASE_JWT_SECRET"),
            Self::SecondFactor(user) if user.aal > Aal::Aal1 => Some("it was given"),
            Self::Service if !project.has_service_key => {
                Some("no secret key; set SUPABASE_SECRET_KEY")
            }
            _ => None,
        }
    }
}

fn is_reader(user: &User, model: &Model) -> bool {
    let is_acted = model.identity.is_acted();
    model.identity.user_id() == Some(user.id.as_str()) && model.ended.is_none() && !is_acted
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
    /// Typing whom to act as.
    Act,
    /// Giving the second factor.
    Second(MfaStep),
}

/// The dialog.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityDialog {
    /// Where one is.
    pub step: Step,
    /// The list of the choices.
    pub list: Chooser,
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
    /// The dialog at the choice; it begins at who one is.
    pub fn new(model: &Model) -> Self {
        let kept = model.project.as_ref().map(|project| &project.kept);
        // Whoever was signed out need not type the address again.
        let email = match &model.identity {
            Identity::User(user) if model.ended.is_some() => Some(&user.email),
            _ => kept.and_then(|kept| kept.email.as_ref()),
        };
        let is_kept = |email: &&String| {
            kept.is_some_and(|kept| kept.users.iter().any(|user| user.email == **email))
        };
        let email = email.filter(|email| !is_kept(email));
        let email = email.map_or("", String::as_str);
        Self {
            step: Step::Choose,
            list: Chooser::at_here(&entries(model)),
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
            Step::Email | Step::Act => Some(&mut self.email),
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
            (
                Some(Command::Cancel),
                Step::Password | Step::Email | Step::Code | Step::Act | Step::Second(_),
            ) => {
                // An answer still under way must not make somebody who went back read as another. A sign-in that waits for
                // its second factor is given up at once, or when that answer has come.
                let is_under_way = self.is_busy || model.is_session_busy;
                model.is_sign_in_unwanted |= is_under_way;
                let effects = if is_under_way {
                    Vec::new()
                } else {
                    mfa::give_up(model)
                };
                let selected = self.list.selected;
                *self = Self::new(model);
                self.list.selected = selected;
                DialogResult::Stay(effects)
            }
            (Some(Command::Cancel), Step::Choose) if self.is_busy => {
                DialogResult::Close(Vec::new())
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
        let choices = choices(model);
        match self.list.press(key, command, &entries(model)) {
            Pressed::Left => DialogResult::Close(Vec::new()),
            Pressed::Chosen(at) => match choices.into_iter().nth(at) {
                Some(choice) => self.take(choice, model),
                None => DialogResult::Stay(Vec::new()),
            },
            Pressed::Removed(at) => match choices.into_iter().nth(at) {
                Some(Choice::Kept(user)) => DialogResult::Stay(self.sign_out(user, model)),
                _ => DialogResult::Stay(Vec::new()),
            },
            Pressed::Moved => DialogResult::Stay(Vec::new()),
        }
    }

    fn sign_out(&mut self, user: User, model: &mut Model) -> Vec<Effect> {
        self.problem = None;
        self.is_busy = !model.is_session_busy;
        jobs::session(model, Write::SignOut(Identity::User(user)))
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
            Choice::Kept(user) => {
                return DialogResult::Close(execute::choose_identity(model, Identity::User(user)));
            }
            Choice::DemoAccount(email) => {
                let demo = model.project.as_ref().and_then(|it| it.demo.as_ref());
                let Some(password) = demo.map(|demo| Secret::new(&*demo.password)) else {
                    return DialogResult::Stay(Vec::new());
                };
                self.is_busy = !model.is_session_busy;
                return DialogResult::Stay(jobs::session(model, Write::SignIn { email, password }));
            }
            Choice::Password => self.step = Step::Password,
            Choice::Code => self.step = Step::Email,
            Choice::Act => {
                self.email = Field::new();
                self.step = Step::Act;
            }
            Choice::SecondFactor(_) => {
                self.is_busy = !model.is_session_busy;
                return DialogResult::Stay(jobs::session(model, Write::StepUp));
            }
            Choice::SignOut(user) => return DialogResult::Stay(self.sign_out(user, model)),
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
            Step::Act => Write::Act(email),
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
