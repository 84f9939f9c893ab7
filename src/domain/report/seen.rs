//! What a dry run has seen wins over what the text made one fear, and its figures stand in the question before the same files
//! are run.

use super::{Tone, access, changes, dry_run, locks, losses};
use crate::domain::dry_run::access::{AccessChange, LISTEN, Verdict, Why};
use crate::domain::dry_run::{End, Environment, LossKind, Report, StatementReport};
use crate::domain::lint::{Assessment, Finding, Level, StatementRisk, rule};
use crate::domain::migration::{Direction, Plan};
use crate::domain::plural::counted;
use crate::domain::snapshot::Kind;
use crate::domain::snapshot::difference::ChangeKind;
use crate::domain::sql::lexer::Kind as TokenKind;
use crate::domain::sql::statement_kind::{outer_words, significant};
use std::collections::BTreeSet;

/// The most losses, and the most changes of access, that a question names.
const NAMED: usize = 3;

/// The assessments of a plan without the findings that the dry run has shown to be unfounded: waiting for a table, or losing
/// rows of one, that was not there before; a change of type that converted no value to another; a policy or a trigger that was dropped and made again, or never there; a table that was there already; a grant to everybody that lets nobody
/// at every row; a function that nobody can call who could not before. A file that was not measured keeps all of its
/// findings, and so does every one of a dry run that stopped.
pub fn settle(assessments: &[Assessment], report: &Report) -> Vec<Assessment> {
    let seen = Seen::of(report);
    let mut settled = assessments.to_vec();
    for (assessment, step) in settled.iter_mut().zip(&report.steps) {
        if report.problem.is_some() || step.end != End::Passed || step.note.is_some() {
            continue;
        }
        for statement in &mut assessment.statements {
            // What was not run shows nothing.
            let is_run = !report.passed_over.iter().any(|one| {
                one.version == step.version
                    && one.direction == step.direction
                    && one.statement == statement.statement + 1
            });
            if !is_run {
                continue;
            }
            let number = statement.statement + 1;
            let ran = step.statements.iter().find(|one| one.statement == number);
            if seen.is_target && ran.is_some_and(did_nothing) {
                statement
                    .findings
                    .retain(|finding| finding.allowed.is_some() || !is_of_work(finding));
            }
            let tables = tables(statement);
            statement
                .findings
                .retain(|finding| finding.allowed.is_some() || !seen.refutes(finding, &tables));
            let open = statement.findings.iter();
            let open = open.filter(|finding| finding.allowed.is_none());
            statement.level = open
                .map(|finding| finding.level)
                .max()
                .unwrap_or(Level::Safe);
        }
    }
    settled
}

/// Whether a finding is about what a statement does, not about how it is written.
fn is_of_work(finding: &Finding) -> bool {
    finding.level != Level::Unreadable && finding.rule != rule::ODD_BLANK.name
}

/// Whether a `DROP … IF EXISTS`, or an `ALTER TABLE IF EXISTS`, met nothing of what it names, as the server said of each.
fn did_nothing(ran: &StatementReport) -> bool {
    let words = outer_words(&ran.sql);
    let has_condition = words.windows(2).any(|pair| *pair == ["if", "exists"]);
    let first = words.first().map(String::as_str);
    let is_of_table = words
        .get(1)
        .is_some_and(|word| word == "table" || word == "view")
        && words.get(2).is_some_and(|word| word == "if");
    if ran.problem.is_some() || !has_condition {
        return false;
    }
    let mut skipped = ran.notices.iter().filter(|notice| {
        notice.contains(" does not exist, skipping")
            && (first == Some("drop") || notice.contains("relation \""))
    });
    match first {
        Some("drop") => {
            let mut depth = 0_usize;
            let mut named = 1;
            for token in significant(&ran.sql) {
                match token.kind {
                    TokenKind::Open => depth += 1,
                    TokenKind::Close => depth = depth.saturating_sub(1),
                    TokenKind::Other if depth == 0 && token.text(&ran.sql) == "," => named += 1,
                    _ => {}
                }
            }
            skipped.count() == named
        }
        Some("alter") if is_of_table => skipped.next().is_some(),
        _ => false,
    }
}

/// The relations that a statement is expected to lock, without their schemas: the text does not always name those.
fn tables(statement: &StatementRisk) -> Vec<String> {
    let locks = statement.locks.iter();
    locks.map(|lock| bare(&lock.table)).collect()
}

/// The last part of a name, as it can be compared.
fn bare(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.trim_matches('"').to_lowercase()
}

/// What a dry run has seen.
struct Seen {
    /// The relations that were there before and were locked.
    locked: BTreeSet<String>,
    /// The tables that the plan makes. Nothing else is known to be new by its name: a table may have been renamed, or be a view's.
    added: BTreeSet<String>,
    /// Whether it ran on the database itself: what a scratch database is like says little of that.
    is_target: bool,
    /// Whether everything that may be lost was counted.
    is_counted: bool,
    /// Whether rows of anything were overwritten: a partition's loss does not have the name that the statement has.
    is_overwritten: bool,
    /// Whether values of anything were converted to others, or to none.
    is_converted: bool,
    /// Whether any policy is gone.
    is_policy_gone: bool,
    /// Whether any trigger is gone.
    is_trigger_gone: bool,
    /// Whether a relation was made at all.
    is_any_made: bool,
    /// Whether everybody is let at every row of something.
    is_opened: bool,
    /// Whether anybody may listen to the changes of a table without row level security who could not before.
    is_heard: bool,
    /// Whether a function that runs as its owner can be called by users who could not before.
    is_callable: bool,
}

impl Seen {
    fn of(report: &Report) -> Self {
        let is_gone = |kind: Kind| {
            let mut changes = report.difference.changes.iter();
            changes.any(|change| change.object.kind == kind && change.fate == ChangeKind::Removed)
        };
        let mut changes = report.difference.changes.iter();
        // One that is dropped and made again under its name has changed.
        let is_any_made = changes
            .any(|change| change.fate == ChangeKind::Added || change.object.kind == Kind::Table);
        let is_open = |change: &AccessChange| {
            matches!(change.role.as_str(), "anon" | "public") && change.after == Verdict::All
        };
        let is_called = |change: &AccessChange| {
            change.why == Some(Why::Definer) && change.is_told() && change.gains()
        };
        let added =
            report.difference.changes.iter().filter(|change| {
                change.object.kind == Kind::Table && change.fate == ChangeKind::Added
            });
        let platform = report.platform_locks.iter().flat_map(|locks| &locks.tables);
        let locked = report.locks.iter().map(|held| &held.table).chain(platform);
        let is_counted = report.on == Environment::Target && report.uncounted.is_empty();
        Self {
            is_target: report.on == Environment::Target,
            is_counted,
            is_overwritten: report
                .losses
                .iter()
                .any(|loss| loss.way == LossKind::RowsChanged),
            is_converted: report.losses.iter().any(|loss| {
                matches!(
                    loss.way,
                    LossKind::ValuesConverted | LossKind::ValuesNulled | LossKind::TableEmptied
                )
            }),
            added: added.map(|change| bare(&change.object.name)).collect(),
            locked: locked.map(|table| bare(table)).collect(),
            is_policy_gone: is_gone(Kind::Policy),
            is_trigger_gone: is_gone(Kind::Trigger),
            is_any_made,
            is_opened: report.access.iter().any(is_open),
            is_heard: report.access.iter().any(|change| change.verb == LISTEN),
            is_callable: report.access.iter().any(is_called),
        }
    }

    /// Whether a finding of a statement that is expected to lock these relations did not come true.
    fn refutes(&self, finding: &Finding, tables: &[String]) -> bool {
        let is_new = !tables.is_empty()
            && tables
                .iter()
                .all(|table| self.added.contains(table) && !self.locked.contains(table));
        let is_about_rows = [
            &rule::DROP_TABLE,
            &rule::DROP_COLUMN,
            &rule::TRUNCATE,
            &rule::DELETE_WITHOUT_WHERE,
        ]
        .iter()
        .any(|one| one.name == finding.rule);
        match finding.level {
            Level::BlocksWriters | Level::BlocksReaders | Level::RewritesTable => is_new,
            // Only columns that the plan makes were filled.
            _ if finding.rule == rule::UPDATE_WITHOUT_WHERE.name => {
                self.is_target && is_new || self.is_counted && !self.is_overwritten
            }
            _ if is_about_rows => self.is_target && is_new,
            // What was converted to other values, or to none, was counted.
            _ if finding.rule == rule::CHANGE_TYPE_MAY_LOSE.name => {
                self.is_counted && !self.is_converted
            }
            // A scratch database has what the history makes, and not what was made by hand.
            _ if !self.is_target => false,
            _ if finding.rule == rule::DROP_POLICY.name => {
                // Policies and their tables may be renamed on the way, so any that is gone may be this one.
                !self.is_policy_gone
            }
            // Of IF EXISTS nothing may have come, and of IF NOT EXISTS.
            _ if finding.rule == rule::DROP_TRIGGER.name => !self.is_trigger_gone,
            _ if finding.rule == rule::TABLE_WITHOUT_RLS.name => !self.is_any_made,
            _ if finding.rule == rule::DEFINER_FOR_EVERYBODY.name => !self.is_callable,
            _ if finding.rule == rule::REALTIME_WITHOUT_RLS.name => !self.is_heard,
            _ if finding.rule == rule::GRANT_TO_ANON.name => {
                !self.is_opened && is_on_tables(&finding.subject)
            }
            _ => false,
        }
    }
}

/// Whether a grant is one on tables: what those open is counted.
fn is_on_tables(grant: &str) -> bool {
    let grant = grant.to_lowercase();
    let words: Vec<&str> = grant.split_whitespace().collect();
    let Some(on) = words.iter().position(|word| *word == "on") else {
        return false;
    };
    let mut kind = words[on + 1..].iter().copied();
    let kind = match kind.next() {
        Some("all") => kind.next(),
        kind => kind,
    };
    // A name without a word before it is one of a table.
    !kind.is_some_and(|kind| {
        [
            "function",
            "functions",
            "procedure",
            "procedures",
            "routine",
            "routines",
            "schema",
            "sequence",
            "sequences",
            "type",
            "domain",
            "language",
            "database",
            "foreign",
            "large",
            "parameter",
            "tablespace",
        ]
        .contains(&kind)
    })
}

/// A dry run that was made, and of what.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    files: Vec<(String, Direction, String)>,
    history: Vec<String>,
    database: (String, String),
    /// What it found.
    pub report: Report,
    /// When it ended, in words.
    pub at: String,
}

impl Tried {
    /// The dry run of a plan.
    pub fn new(plan: &Plan, report: Report, at: String) -> Self {
        Self {
            files: files(plan),
            history: plan.history.clone(),
            database: database(plan),
            report,
            at,
        }
    }

    /// Whether it was one of the same files (by their digests) behind the same history of the same database.
    pub fn is_of(&self, plan: &Plan) -> bool {
        self.files == files(plan)
            && self.history == plan.history
            && self.database == database(plan)
            && !plan.is_resume
    }
}

fn files(plan: &Plan) -> Vec<(String, Direction, String)> {
    let steps = plan.steps.iter();
    steps
        .map(|step| (step.version.clone(), step.direction, step.sha256.clone()))
        .collect()
}

fn database(plan: &Plan) -> (String, String) {
    (plan.target.host.clone(), plan.target.database.clone())
}

/// What a dry run found, in a few facts: what is lost, opened, locked and changed.
pub fn figures(tried: &Tried) -> Vec<(&'static str, Tone, String)> {
    let report = &tried.report;
    let mut facts = Vec::new();
    if let Some(problem) = &report.problem {
        let text = format!("at {}: FAILED: {} {}", tried.at, problem.what, problem.why);
        facts.push(("dry run", Tone::Danger, text));
        return facts;
    }
    facts.push((
        "dry run",
        Tone::Muted,
        format!("at {}: {}", tried.at, dry_run::end(report)),
    ));
    if let Some(unknown) = report.unrehearsed() {
        facts.push(("note", Tone::Danger, unknown.not_rehearsed()));
        if unknown.is_all {
            return facts;
        }
    }
    let mut lost = super::Lines::default();
    losses::uncounted(&mut lost, 0, &report.uncounted);
    losses::list(&mut lost, 0, &report.losses);
    named(&mut facts, "lost", &lost.lines, "loss", report.no_loss());
    let opened = access::all(report);
    named(
        &mut facts,
        "access",
        &opened,
        "change",
        Some(access::nothing(report)),
    );
    let platform = report.platform_locks.as_ref();
    facts.extend(platform.map(|locks| ("locks", Tone::Danger, locks.line())));
    let nothing = || (Tone::Text, "No query waits for a lock.".to_owned());
    let locked = locks::sum(report).or_else(|| platform.is_none().then(nothing));
    facts.extend(locked.map(|(tone, text)| ("locks", tone, text)));
    facts.push(("changes", Tone::Text, changes::sum(&report.difference)));
    facts
}

fn named(
    facts: &mut Vec<(&'static str, Tone, String)>,
    name: &'static str,
    lines: &[super::Line],
    noun: &str,
    nothing: Option<&str>,
) {
    if lines.is_empty() {
        facts.extend(nothing.map(|text| (name, Tone::Text, format!("{text}."))));
    }
    let shown = super::Extent::Short.of(lines.len(), NAMED);
    let all = lines[..shown].iter();
    facts.extend(all.map(|line| (name, line.tone(), line.text())));
    if shown < lines.len() {
        let rest = counted(lines.len() - shown, &format!("more {noun}"));
        facts.push((name, Tone::Danger, format!("and {rest}")));
    }
}
