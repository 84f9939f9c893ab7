//! What is asked before changes, seeds and the service role, and the facts and statements of any such question.

use super::confirm::{Confirm, PendingAction, Said};
use super::script::Script;
use crate::app::effect::{Fix, RowsWrite};
use crate::app::model::Model;
use crate::domain::migration::Target;
use crate::domain::plural::counted;
use crate::domain::report::Tone;
use crate::domain::seed::{SeedPlan, SeedStep};
use crate::domain::sql::outline::Piece;
use crate::domain::table::change::RowChange;

impl Confirm {
    /// The question before a change of files or of the history.
    pub fn fix(fix: Fix, model: &Model) -> Self {
        let facts = facts(model, &fix.target);
        let word = model.confirm_word_at(&fix.target, &fix.word);
        let (title, lines) = (fix.title.clone(), fix.lines.clone());
        Self::all(title, facts, &lines, word, PendingAction::Fix(fix))
    }

    /// The question before a seed plan.
    pub fn seed(plan: SeedPlan, model: &Model) -> Self {
        let title = match plan.steps.as_slice() {
            [step] => format!("Run seed {}", step.path),
            steps => format!("Run {} seed files", steps.len()),
        };
        let bytes = plan.steps.iter().flat_map(SeedStep::statements);
        let mut script = Script::of_bytes(bytes.map(str::len).sum());
        for step in &plan.steps {
            script.head(&format!("seed {}", step.path));
            for part in &step.parts {
                let piece = Piece {
                    sql: part.sql.clone(),
                    data: part.data.clone(),
                    line: part.line,
                };
                script.statement(Vec::new(), piece);
            }
        }
        script.finish();
        let word = model.confirm_word_at(&plan.target, "seed");
        let mut facts = facts(model, &plan.target);
        let count = plan.steps.iter().map(|step| step.parts.len()).sum();
        facts.push(runs(count, plan.steps.len()));
        facts.extend(
            plan.notes
                .iter()
                .map(|note| ("note", Tone::Danger, note.clone())),
        );
        Self::running(title, facts, &script, word, PendingAction::Seed(plan))
    }

    /// The question before rows are changed: each request, and what was and what will be.
    pub fn rows(write: RowsWrite, model: &Model) -> Self {
        let name = write.table.full_name().to_string();
        let title = format!("Write {} of {name}", counted(write.changes.len(), "change"));
        let lines: Vec<String> = write
            .changes
            .iter()
            .flat_map(|change| change.preview(&write.table))
            .collect();
        let (rls, tone) = match (model.identity.is_under_rls(), write.table.hides_no_row()) {
            (true, false) => ("Row Level Security applies", Tone::Text),
            (true, true) => ("Row Level Security is off for this table", Tone::Warn),
            (false, _) => ("Row Level Security does not apply", Tone::Danger),
        };
        let mut facts = vec![
            of_project(model),
            ("as", tone, format!("{} ({rls})", model.identity.called())),
            (
                "each",
                Tone::Text,
                "only while the row is as it was read; the first refusal stops the rest".to_owned(),
            ),
        ];
        if model.identity.is_acted() {
            let text = "the user did not ask for it, and is named all the same where the change is recorded";
            facts.push(("acted", Tone::Danger, text.to_owned()));
        }
        let is_delete = |change: &RowChange| matches!(change, RowChange::Delete { .. });
        if write.is_uncertain {
            facts.push((
                "again",
                Tone::Danger,
                "the new row was sent before and no answer came: it may be there already, and twice then"
                    .to_owned(),
            ));
        }
        let word = if write.is_uncertain {
            "again"
        } else if write.changes.iter().any(is_delete) {
            "delete"
        } else {
            "write"
        };
        let word = model.confirm_word(word);
        Self::all(
            title,
            facts,
            &lines,
            word,
            PendingAction::Rows(Box::new(write)),
        )
    }

    /// The question before the service role is chosen.
    pub fn service(model: &Model) -> Self {
        let lines = vec![
            "The service role bypasses Row Level Security: you will see the rows of every user."
                .to_owned(),
            "The header stays red until another identity is chosen.".to_owned(),
        ];
        let facts = vec![of_project(model)];
        let word = model.confirm_word("service");
        Self::all(
            "Read as the service role".into(),
            facts,
            &lines,
            word,
            PendingAction::Service,
        )
    }
}

/// How a fact about production looks.
fn marked(is_production: bool) -> Tone {
    if is_production {
        Tone::Danger
    } else {
        Tone::Text
    }
}

/// How many statements run, of how many files.
pub(super) fn runs(statements: usize, files: usize) -> Said {
    let text = format!(
        "{} of {}",
        counted(statements, "statement"),
        counted(files, "file")
    );
    ("runs", Tone::Text, text)
}

/// The project, and whether it is production.
pub(super) fn of_project(model: &Model) -> Said {
    let project = model.project.as_ref();
    let is_production = project.is_some_and(|project| project.is_production);
    let name = project.map_or("", |project| project.name.as_str());
    let mark = if is_production { " (PRODUCTION)" } else { "" };
    ("project", marked(is_production), format!("{name}{mark}"))
}

/// The project, the database and the role.
pub(super) fn facts(model: &Model, target: &Target) -> Vec<Said> {
    let owner = match &target.protection.profile {
        Some(name) => format!(", of {name} (PRODUCTION)"),
        None => String::new(),
    };
    let mut facts = vec![
        of_project(model),
        (
            "database",
            marked(target.protection.profile.is_some()),
            format!(
                "{} on {}, PostgreSQL {}{owner}",
                target.database, target.host, target.server_version
            ),
        ),
        ("as role", Tone::Text, target.role.clone()),
    ];
    if let Some(timeout) = &target.statement_timeout {
        let text = format!("a statement may take {}", timeout.words());
        facts.push(("timeout", Tone::Text, text));
    }
    facts
}
