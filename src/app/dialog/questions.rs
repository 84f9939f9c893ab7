//! What is asked before changes, seeds and the service role, and the facts and statements of any such question.

use super::confirm::{Confirm, PendingAction};
use super::script::Script;
use crate::app::effect::Fix;
use crate::app::model::Model;
use crate::domain::migration::Target;
use crate::domain::seed::SeedPlan;

impl Confirm {
    /// The question before a change of files or of the history.
    pub fn fix(fix: Fix, model: &Model) -> Self {
        let facts = facts(model, &fix.target);
        let word = model.confirm_word_at(&fix.target, &fix.word);
        let (title, lines) = (fix.title.clone(), fix.lines.clone());
        Self::new(title, facts, &lines, word, PendingAction::Fix(fix))
    }

    /// The question before a seed plan.
    pub fn seed(plan: SeedPlan, model: &Model) -> Self {
        let title = match plan.steps.as_slice() {
            [step] => format!("Run seed {}", step.path),
            steps => format!("Run {} seed files", steps.len()),
        };
        let mut script = Script::default();
        for step in &plan.steps {
            script.head(&format!("seed {}", step.path));
            for statement in step.statements() {
                script.statement(Vec::new(), statement);
            }
        }
        let word = model.confirm_word_at(&plan.target, "seed");
        let mut facts = facts(model, &plan.target);
        facts.extend(plan.notes.iter().map(|note| ("note", note.clone())));
        Self::running(title, facts, &script, word, PendingAction::Seed(plan))
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
            word,
            PendingAction::Service,
        )
    }
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
    let owner = match &target.protection.profile {
        Some(name) => format!(", of {name} (PRODUCTION)"),
        None => String::new(),
    };
    let mut facts = vec![
        ("project", project(model)),
        (
            "database",
            format!(
                "{} on {}, PostgreSQL {}{owner}",
                target.database, target.host, target.server_version
            ),
        ),
        ("as role", target.role.clone()),
    ];
    if let Some(timeout) = &target.statement_timeout {
        let text = format!("a statement may take {}", timeout.words());
        facts.push(("timeout", text));
    }
    facts
}
