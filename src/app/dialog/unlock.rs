//! The form of an emergency unlock: for how long, and why. What was filled in is looked at against the week as it is by
//! then; what the unlock would do to it, and to an unlock that runs already, stands in the confirmation.

use super::confirm::{Confirm, PendingAction};
use super::questions::of_project;
use super::{Dialog, DialogResult};
use crate::app::command::Command;
use crate::app::effect::{Effect, Load};
use crate::app::field::Field;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::requests;
use crate::app::ticket::Slot;
use crate::domain::lock::{
    LONGEST_UNLOCK_MINUTES, UnlockEffect, UnlockPreview, UnlockRequest, WeekLock,
};
use crate::domain::moment::{Form, moment, span};
use crate::domain::problem::Problem;
use crate::domain::report::Tone;
use jiff::Timestamp;

/// What was filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct UnlockForm {
    /// The plan of the week.
    pub plan_id: String,
    /// The week's number.
    pub week: u8,
    /// Whose week it is: the e-mail where it is known, else the user's id.
    pub owner: String,
    /// The cycle: its dates where its row is at hand, else its id.
    pub cycle: String,
    /// The end of the unlock that ran when the form was opened.
    pub running_until: Option<Timestamp>,
    /// For how many minutes.
    pub minutes: Field,
    /// Why.
    pub rationale: Field,
    /// Whether the reason has the keys.
    pub is_in_rationale: bool,
    /// Whether the week is being looked at.
    pub is_asking: bool,
    /// Why the form cannot be accepted.
    pub problem: Option<String>,
}

impl UnlockForm {
    /// A form for a week.
    pub fn new(lock: &WeekLock, model: &Model) -> Self {
        let mut cycles = model.cycles.rows().iter();
        let cycle = cycles.find(|cycle| cycle.id == lock.cycle_id);
        Self {
            plan_id: lock.plan_id.clone(),
            week: lock.week_no,
            owner: owner(&lock.user_id, model),
            cycle: cycle.map_or_else(
                || lock.cycle_id.clone(),
                |cycle| format!("{} to {}", cycle.start_date, cycle.end_date),
            ),
            running_until: lock.running_until(),
            minutes: Field::with("60"),
            rationale: Field::new(),
            is_in_rationale: true,
            is_asking: false,
            problem: None,
        }
    }

    /// The field that has the keys.
    pub fn field(&mut self) -> &mut Field {
        if self.is_in_rationale {
            &mut self.rationale
        } else {
            &mut self.minutes
        }
    }

    pub(super) fn press(
        &mut self,
        key: Key,
        command: Option<Command>,
        model: &mut Model,
    ) -> DialogResult {
        match command {
            Some(Command::Cancel) => return DialogResult::Close(Vec::new()),
            _ if self.is_asking => {}
            Some(Command::NextField | Command::PreviousField) => {
                self.is_in_rationale = !self.is_in_rationale;
            }
            Some(Command::Confirm) => match self.request() {
                Ok(request) => return DialogResult::Stay(vec![self.ask(request, model)]),
                Err(why) => self.problem = Some(why),
            },
            _ => {
                self.field().press(key);
                self.problem = None;
            }
        }
        DialogResult::Stay(Vec::new())
    }

    /// Asks how the week stands: it may have been open for hours that the rows on the screen know nothing of.
    fn ask(&mut self, request: UnlockRequest, model: &mut Model) -> Effect {
        self.is_asking = true;
        self.problem = None;
        requests::effect(model, Slot::Plan, Load::Prospect(request))
    }

    fn request(&self) -> Result<UnlockRequest, String> {
        let minutes = self.minutes.text().trim().parse::<u32>().ok();
        let minutes = minutes
            .filter(|minutes| (1..=LONGEST_UNLOCK_MINUTES).contains(minutes))
            .ok_or_else(|| {
                format!("The minutes are a whole number from 1 to {LONGEST_UNLOCK_MINUTES}.")
            })?;
        let rationale = self.rationale.text().trim().to_owned();
        if rationale.is_empty() {
            return Err("A reason is needed; it goes into the audit log.".into());
        }
        Ok(UnlockRequest {
            plan_id: self.plan_id.clone(),
            rationale,
            minutes,
            // The look finds out.
            shown_until: None,
        })
    }
}

/// Takes what an unlock would do, at the time of the answer: asks for its confirmation, or says in the form why it cannot
/// be. Without a form that waits for it nobody wants it any more.
pub(in crate::app) fn looked(
    model: &mut Model,
    result: Result<UnlockPreview, Problem>,
    now: Timestamp,
) {
    // A late word about something else may lie over the form.
    let mut dialogs = model.dialogs.iter();
    let Some(at) = dialogs.rposition(|dialog| matches!(dialog, Dialog::Unlock(_))) else {
        return;
    };
    let Some(Dialog::Unlock(form)) = model.dialogs.get_mut(at) else {
        return;
    };
    if !std::mem::take(&mut form.is_asking) {
        return;
    }
    match result {
        Ok(prospect) => {
            let form = form.clone();
            let question = question(prospect, form, now, model);
            model.dialogs[at] = Dialog::Confirm(Box::new(question));
        }
        Err(problem) => {
            let hint = problem.hint.as_deref().unwrap_or_default();
            form.problem = Some(format!("{problem} {hint}").trim_end().to_owned());
        }
    }
}

/// The question before an unlock: whose week it is, until when it is open, and until when it will be.
fn question(prospect: UnlockPreview, form: UnlockForm, now: Timestamp, model: &Model) -> Confirm {
    let (week, owner) = (form.week, &form.owner);
    let until = prospect.until(now);
    let from_now = |at: Timestamp| {
        format!(
            "{}, {} from now",
            moment(at, Form::Detail),
            span(at.duration_since(now))
        )
    };
    let role = model.identity.role();
    let mut facts = vec![
        ("as", format!("{role} (Row Level Security does not apply)")),
        ("owner", owner.clone()),
        ("cycle", form.cycle.clone()),
        ("plan", form.plan_id.clone()),
    ];
    match prospect.lock.running_until() {
        None => facts.push(("now", format!("locked. {}", prospect.lock.why))),
        Some(running) => {
            facts.push(("now", format!("open until {}", from_now(running))));
            let reason = prospect.opening.as_ref().map(|opening| &opening.rationale);
            let because = match reason {
                Some(Some(reason)) => reason,
                Some(None) => "no reason recorded",
                None => "its reason could not be read",
            };
            facts.push(("because", because.to_owned()));
        }
    }
    facts.push(("then", format!("open until about {}", from_now(until))));
    let deed = match prospect.bearing(now) {
        UnlockEffect::Opens => "Unlock",
        UnlockEffect::Lengthens(by) => {
            facts.push(("which is", format!("{} later than it ends now", span(by))));
            "Lengthen the unlock of"
        }
        UnlockEffect::Shortens(by) => {
            let text = format!(
                "{} earlier than it ends now: the unlock is cut short",
                span(by)
            );
            facts.push(("note", text));
            "Shorten the unlock of"
        }
    };
    let title = format!("{deed} week {week} of {owner}");
    facts.push(("reason", prospect.request.rationale.clone()));
    let lines = [
        format!("Week {week} is open for changes by its owner until then."),
        "The unlock and its reason are written to the audit log.".to_owned(),
    ];
    let word = model.confirm_word("unlock");
    let asked = PendingAction::Unlock(prospect.request);
    let tone = |name| {
        if name == "note" {
            Tone::Danger
        } else {
            Tone::Text
        }
    };
    let facts = facts.into_iter();
    let facts = facts.map(|(name, text)| (name, tone(name), text));
    let facts = std::iter::once(of_project(model)).chain(facts).collect();
    let mut confirm = Confirm::new(title, facts, &lines, word, asked);
    confirm.form = Some(form);
    confirm
}

/// A user by e-mail where a signed-in user is the one, else by id.
fn owner(user_id: &str, model: &Model) -> String {
    let project = model.project.as_ref();
    let user = project.and_then(|project| project.kept.get(user_id));
    match user.filter(|user| !user.email.is_empty()) {
        Some(user) => user.email.clone(),
        None => user_id.to_owned(),
    }
}
