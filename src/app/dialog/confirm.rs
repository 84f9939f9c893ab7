//! The confirmation before a write: the exact statements, the target and the role, and a word that must be typed.

use super::sheet::Sheet;
use super::unlock::UnlockForm;
use super::{After, Dialog};
use crate::app::command::Command;
use crate::app::effect::{Effect, Fix, Write};
use crate::app::field::Field;
use crate::app::key::{Code, Key};
use crate::app::model::Model;
use crate::app::progress::RunProgress;
use crate::app::{run, write};
use crate::domain::identity::Identity;
use crate::domain::lock::UnlockRequest;
use crate::domain::migration::{Plan, Target, briefing};
use crate::domain::seed::SeedPlan;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// To run migration or rollback files.
    Migrate(Plan),
    /// To run them and undo all of it, while others wait.
    Rehearse(Plan),
    /// To change files or the history.
    Fix(Fix),
    /// To run seed files.
    Seed(SeedPlan),
    /// To unlock a week.
    Unlock(UnlockRequest),
    /// To read with the service role.
    Service,
}

impl Asked {
    /// Whether one key answers: what is asked for undoes itself.
    pub fn is_light(&self) -> bool {
        matches!(self, Self::Rehearse(_))
    }
}

/// A question and the word that answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// What is asked.
    pub asked: Asked,
    /// The heading.
    pub title: String,
    /// Where it happens and as whom.
    pub facts: Vec<(&'static str, String)>,
    /// What will run, to be read: SQL for plans.
    pub text: String,
    /// The lines of the text.
    pub line_count: usize,
    /// The lines on which risks are marked, from the first on.
    pub risks: Vec<usize>,
    /// Whether the text is SQL.
    pub is_sql: bool,
    /// The word that must be typed; none where one key answers.
    pub word: String,
    /// What was typed.
    pub typed: Field,
    /// First visible line.
    pub top: usize,
    /// The line behind the last risk that is not summed up among the facts: nobody answers before having seen it.
    pub must_see: usize,
    /// The line behind the last one that was seen.
    pub seen: usize,
    /// Whether the wrong word was entered.
    pub is_wrong: bool,
    /// The form that led here, to which cancelling leads back.
    pub form: Option<UnlockForm>,
}

impl Confirm {
    /// The question before a change of files or of the history.
    pub fn fix(fix: Fix, model: &Model) -> Self {
        let facts = facts(model, &fix.target);
        let word = model.confirm_word(&fix.word);
        let (title, lines) = (fix.title.clone(), fix.lines.clone());
        Self::new(title, facts, &lines, false, word, Asked::Fix(fix))
    }

    /// The question before a seed plan.
    pub fn seed(plan: SeedPlan, model: &Model) -> Self {
        let title = match plan.steps.as_slice() {
            [step] => format!("Run seed {}", step.path),
            steps => format!("Run {} seed files", steps.len()),
        };
        let mut lines = Vec::new();
        for step in &plan.steps {
            head(&mut lines, &format!("seed {}", step.path));
            for statement in step.statements() {
                body(&mut lines, statement);
            }
        }
        let word = model.confirm_word("seed");
        Self::new(
            title,
            facts(model, &plan.target),
            &lines,
            true,
            word,
            Asked::Seed(plan),
        )
    }

    /// The question before the service role is chosen.
    pub fn service(model: &Model) -> Self {
        let lines = vec![
            "The service role bypasses Row Level Security: you will see the rows of every user."
                .to_owned(),
            "The header stays red until another identity is chosen.".to_owned(),
        ];
        let facts = vec![("project", project(model))];
        let word = model.confirm_word("service");
        Self::new(
            "Read as the service role".into(),
            facts,
            &lines,
            false,
            word,
            Asked::Service,
        )
    }

    pub(super) fn new(
        title: String,
        facts: Vec<(&'static str, String)>,
        lines: &[String],
        is_sql: bool,
        word: String,
        asked: Asked,
    ) -> Self {
        Self {
            asked,
            title,
            facts,
            line_count: lines.len(),
            text: lines.join("\n"),
            risks: Vec::new(),
            is_sql,
            word,
            typed: Field::new(),
            top: 0,
            must_see: 0,
            seen: 0,
            is_wrong: false,
            form: None,
        }
    }

    /// Whether every risk was seen on a screen of this size, or is summed up among the facts.
    pub fn is_read(&self, size: (u16, u16)) -> bool {
        self.must_see <= self.seen.max(Sheet::of(self, size).end(self))
    }

    pub(super) fn press(&mut self, key: Key, command: Option<Command>, model: &mut Model) -> After {
        let sheet = Sheet::of(self, model.size);
        self.seen = self.seen.max(sheet.end(self));
        let last = self.line_count.saturating_sub(1);
        let page = usize::from(sheet.room).saturating_sub(1).max(1);
        match (command, key.code) {
            (Some(Command::Cancel), _) => {
                if let Some(form) = self.form.take() {
                    super::open(model, Dialog::Unlock(form));
                }
                return After::Close(Vec::new());
            }
            (_, Code::Char('y')) if self.asked.is_light() => {
                return After::Close(self.accept(model));
            }
            (_, Code::Char('n')) if self.asked.is_light() => return After::Close(Vec::new()),
            (Some(Command::Confirm), _) if self.asked.is_light() => {}
            (Some(Command::Confirm), _) if self.must_see > self.seen => {}
            (Some(Command::Confirm), _) if self.typed.text() == self.word => {
                return After::Close(self.accept(model));
            }
            (Some(Command::Confirm), _) => self.is_wrong = true,
            (Some(Command::NextField), _) => self.top = (self.top + 1).min(last),
            (Some(Command::PreviousField), _) => self.top = self.top.saturating_sub(1),
            (Some(Command::NextRisk), _) => self.go_risk(true),
            (Some(Command::PreviousRisk), _) => self.go_risk(false),
            (_, Code::PageDown) => self.top = (self.top + page).min(last),
            (_, Code::PageUp) => self.top = self.top.saturating_sub(page),
            (_, Code::Home) => self.top = 0,
            (_, Code::End) => self.top = Sheet::last_top(self, model.size),
            // Nothing is typed into a field that is not there yet.
            _ if self.must_see > self.seen => {}
            _ => {
                self.typed.press(key);
                self.is_wrong = false;
            }
        }
        After::Stay(Vec::new())
    }

    /// Goes to the next or the previous risk, around the end.
    fn go_risk(&mut self, is_forward: bool) {
        let risks = &self.risks;
        let next = if is_forward {
            let next = risks.iter().find(|at| **at > self.top);
            next.or(risks.first())
        } else {
            let previous = risks.iter().rfind(|at| **at < self.top);
            previous.or(risks.last())
        };
        self.top = next.copied().unwrap_or(self.top);
    }

    /// Which risk stands on the first visible line, from 1 on; 0 where that is none.
    pub fn risk_at_top(&self) -> usize {
        let at = self.risks.iter().position(|at| *at == self.top);
        at.map_or(0, |at| at + 1)
    }

    fn accept(&self, model: &mut Model) -> Vec<Effect> {
        match &self.asked {
            Asked::Migrate(plan) => {
                let progress = RunProgress::of(plan);
                let write = Write::Migrate(plan.clone());
                write::start(model, self.title.clone(), progress, write)
            }
            Asked::Rehearse(plan) => rehearse(plan.clone(), model),
            Asked::Fix(fix) => write::start(
                model,
                self.title.clone(),
                RunProgress::default(),
                Write::Fix(fix.clone()),
            ),
            Asked::Seed(plan) => {
                let steps = plan
                    .steps
                    .iter()
                    .map(|step| (step.path.clone(), step.parts.len()));
                let progress = RunProgress {
                    steps: steps.collect(),
                    ..RunProgress::default()
                };
                write::start(
                    model,
                    self.title.clone(),
                    progress,
                    Write::Seed(plan.clone()),
                )
            }
            Asked::Unlock(request) => write::start(
                model,
                self.title.clone(),
                RunProgress::default(),
                Write::Unlock(request.clone()),
            ),
            Asked::Service => run::become_identity(model, Identity::Service),
        }
    }
}

/// Begins a rehearsal.
pub(in crate::app) fn rehearse(plan: Plan, model: &mut Model) -> Vec<Effect> {
    let (title, progress) = (briefing::rehearsal(&plan), RunProgress::of_rehearsal(&plan));
    write::start(model, title, progress, Write::Rehearse(plan))
}

/// The project, and whether it is production.
pub(super) fn project(model: &Model) -> String {
    model.project.as_ref().map_or_else(String::new, |project| {
        let mark = if project.is_production {
            " (PRODUCTION)"
        } else {
            ""
        };
        format!("{}{mark}", project.name)
    })
}

/// The project, the database and the role.
pub(super) fn facts(model: &Model, target: &Target) -> Vec<(&'static str, String)> {
    vec![
        ("project", project(model)),
        (
            "database",
            format!(
                "{} on {}, PostgreSQL {}",
                target.database, target.host, target.server_version
            ),
        ),
        ("as role", target.role.clone()),
    ]
}

/// The head of a file above its statements.
pub(super) fn head(lines: &mut Vec<String>, text: &str) {
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(format!("-- {text}"));
}

/// A statement.
pub(super) fn body(lines: &mut Vec<String>, statement: &str) {
    lines.extend(format!("{statement};").lines().map(str::to_owned));
}
