//! What is asked before changes, seeds and the service role, and the facts and statements of any such question.

use super::confirm::{Asked, Confirm};
use crate::app::effect::Fix;
use crate::app::model::Model;
use crate::app::rows::clean;
use crate::domain::migration::Target;
use crate::domain::seed::SeedPlan;

impl Confirm {
    /// The question before a change of files or of the history.
    pub fn fix(fix: Fix, model: &Model) -> Self {
        let facts = facts(model, &fix.target);
        let word = model.confirm_word_at(&fix.target, &fix.word);
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
        let word = model.confirm_word_at(&plan.target, "seed");
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
    vec![
        ("project", project(model)),
        (
            "database",
            format!(
                "{} on {}, PostgreSQL {}{owner}",
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
    let text = format!("{statement};");
    lines.extend(clean(&text).lines().map(str::to_owned));
}
