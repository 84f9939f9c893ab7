//! The form of an emergency unlock: for how long, and why.

use super::confirm::Confirm;
use super::{After, Dialog};
use crate::app::command::Command;
use crate::app::field::Field;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::domain::lock::{LONGEST_UNLOCK_MINUTES, UnlockRequest, WeekLock};

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
    /// `unlocked_until` of the week as it is shown.
    pub shown_until: Option<String>,
    /// For how many minutes.
    pub minutes: Field,
    /// Why.
    pub rationale: Field,
    /// Whether the reason has the keys.
    pub is_in_rationale: bool,
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
            shown_until: lock.unlocked_until.clone(),
            minutes: Field::with("60"),
            rationale: Field::new(),
            is_in_rationale: true,
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

    pub(super) fn press(&mut self, key: Key, command: Option<Command>, model: &mut Model) -> After {
        match command {
            Some(Command::Cancel) => return After::Close(Vec::new()),
            Some(Command::NextField | Command::PreviousField) => {
                self.is_in_rationale = !self.is_in_rationale;
            }
            Some(Command::Confirm) => match self.request() {
                Ok(request) => {
                    let confirm = Confirm::unlock(request, self, model);
                    super::open(model, Dialog::Confirm(Box::new(confirm)));
                    return After::Close(Vec::new());
                }
                Err(why) => self.problem = Some(why),
            },
            _ => {
                self.field().press(key);
                self.problem = None;
            }
        }
        After::Stay(Vec::new())
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
            shown_until: self.shown_until.clone(),
        })
    }
}

/// A user by e-mail where somebody signed in is the one, else by id.
fn owner(user_id: &str, model: &Model) -> String {
    let signed_in = model
        .project
        .as_ref()
        .and_then(|project| project.signed_in.as_ref());
    match signed_in.filter(|user| user.id == user_id && !user.email.is_empty()) {
        Some(user) => user.email.clone(),
        None => user_id.to_owned(),
    }
}
