//! What is doubtful about access: the findings, how bad they are, and the migration that mends them.

use crate::domain::plural::counted;
use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Rows may be open to everybody.
    Error,
    /// It is probably not meant, or slow.
    Warn,
    /// To be known.
    Info,
}

impl Severity {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
        }
    }
}

/// What is found, as the database tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FoundByRule {
    /// The name of the rule, that of Supabase's database advisors.
    pub rule: String,
    /// The schema.
    pub schema: String,
    /// The table, view, function or extension.
    pub object: String,
    /// What exactly: a policy, roles, an index.
    pub what: String,
    /// The statement that mends it; none where only a person can decide.
    pub mend: Option<String>,
    /// The statement that takes that back.
    pub undo: Option<String>,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessFinding {
    /// How bad it is.
    pub level: Severity,
    /// The name of the rule.
    pub rule: String,
    /// The schema.
    pub schema: String,
    /// The table, view, function or extension.
    pub object: String,
    /// What exactly.
    pub what: String,
    /// Why it matters, and what to do, in a sentence.
    pub why: &'static str,
    /// The statement that mends it.
    pub mend: Option<String>,
    /// The statement that takes that back.
    pub undo: Option<String>,
}

/// The rules: name, severity, and why it matters with what to do.
pub const RULES: &[(&str, Severity, &str)] = &[
    (
        "rls_disabled_in_public",
        Severity::Error,
        "Row level security is off on a table of the API, so whoever has the grant reaches every row. Switched on without a policy it closes the table.",
    ),
    (
        "policy_exists_rls_disabled",
        Severity::Error,
        "The table has policies, and row level security is off: they decide nothing.",
    ),
    (
        "security_definer_view",
        Severity::Error,
        "The view reads as its owner, past the policies of its tables. As its caller it needs grants and policies there.",
    ),
    (
        "auth_users_exposed",
        Severity::Error,
        "The view shows rows of auth.users to the API. Show a table of profiles instead.",
    ),
    (
        "rls_references_user_metadata",
        Severity::Error,
        "Users write their own user_metadata, so a policy must not trust it. Use app_metadata or a table.",
    ),
    (
        "auth_rls_initplan",
        Severity::Warn,
        "The policy calls a function of auth for each row. Behind SELECT it is called once for the statement.",
    ),
    (
        "multiple_permissive_policies",
        Severity::Warn,
        "Several permissive policies for one role and verb are all evaluated for each row. Join them by OR where that reads well.",
    ),
    (
        "function_search_path_mutable",
        Severity::Warn,
        "Who calls the function chooses where its names are looked up. Set a search_path; the safest is an empty one, with every name qualified.",
    ),
    (
        "anon_security_definer_function_executable",
        Severity::Warn,
        "Everybody may run this function as its owner, past every policy. Take the right away, or move it out of the API's schemas.",
    ),
    (
        "authenticated_security_definer_function_executable",
        Severity::Warn,
        "Whoever is signed in may run this function as its owner, past every policy. Take the right away, or move it out of the API's schemas.",
    ),
    (
        "rls_policy_always_true",
        Severity::Warn,
        "The policy lets everybody of its roles write any row.",
    ),
    (
        "extension_in_public",
        Severity::Warn,
        "The functions of an extension in public are functions of the API. Not every extension can be moved.",
    ),
    (
        "materialized_view_in_api",
        Severity::Warn,
        "A materialized view has no row level security: who may read it reads all of it.",
    ),
    (
        "foreign_table_in_api",
        Severity::Warn,
        "A foreign table has no row level security: who may read it reads all of it.",
    ),
    (
        "duplicate_index",
        Severity::Warn,
        "The indexes are the same; each write pays for all of them.",
    ),
    (
        "rls_enabled_no_policy",
        Severity::Info,
        "Row level security is on and there is no policy, so only roles that pass it by reach a row. Meant for tables that the API does not use.",
    ),
    (
        "unindexed_foreign_keys",
        Severity::Info,
        "No index begins with the columns of the foreign key: to delete or change a row that it refers to reads the whole table.",
    ),
    (
        "no_primary_key",
        Severity::Info,
        "Without a primary key no row can be named for sure.",
    ),
];

impl From<FoundByRule> for AccessFinding {
    fn from(found: FoundByRule) -> Self {
        let rule = RULES.iter().find(|(name, _, _)| *name == found.rule);
        let (level, why) = rule.map_or((Severity::Info, ""), |(_, level, why)| (*level, *why));
        Self {
            level,
            rule: found.rule,
            schema: found.schema,
            object: found.object,
            what: found.what,
            why,
            mend: found.mend,
            undo: found.undo,
        }
    }
}

/// How many there are, in words: what is only to be known is no finding. `4 findings, 1 note`.
pub fn counts(findings: &[AccessFinding]) -> String {
    let notes = findings.iter();
    let notes = notes.filter(|finding| finding.level == Severity::Info);
    let notes = notes.count();
    match (findings.len() - notes, notes) {
        (found, 0) => counted(found, "finding"),
        (0, notes) => counted(notes, "note"),
        (found, notes) => format!("{}, {}", counted(found, "finding"), counted(notes, "note")),
    }
}

/// The findings, the worst first.
pub fn sorted(found: Vec<FoundByRule>) -> Vec<AccessFinding> {
    let mut findings: Vec<AccessFinding> = found.into_iter().map(AccessFinding::from).collect();
    findings.sort_by(|a, b| {
        (a.level, &a.rule, &a.schema, &a.object, &a.what)
            .cmp(&(b.level, &b.rule, &b.schema, &b.object, &b.what))
    });
    findings
}

/// The statements of a migration that mends what can be mended, and of its rollback: each once, the second in reverse. What only a
/// person can decide stands in the migration as a comment.
pub fn migration(findings: &[AccessFinding]) -> (String, String) {
    let (mut up, mut undo): (String, Vec<&str>) = (String::new(), Vec::new());
    let mut made: Vec<&str> = Vec::new();
    for finding in findings {
        let what = if finding.what.is_empty() {
            String::new()
        } else {
            format!(" ({})", finding.what)
        };
        let head = format!(
            "-- {}: {}.{}{what}",
            finding.rule, finding.schema, finding.object
        );
        // A name may hold a line break, which would end the comment.
        let head: Vec<&str> = head.split(['\n', '\r']).collect();
        up.push_str(&head.join(" "));
        up.push('\n');
        match &finding.mend {
            Some(mend) if made.contains(&mend.as_str()) => up.push_str("-- mended above\n"),
            Some(mend) => {
                made.push(mend);
                up.push_str(mend);
                up.push_str(";\n");
                undo.extend(finding.undo.as_deref());
            }
            None => up.push_str(&format!("-- to be decided: {}\n", finding.why)),
        }
        up.push('\n');
    }
    let down = undo.iter().rev().map(|undo| format!("{undo};\n"));
    (up, down.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: &str, object: &str, mend: Option<&str>) -> FoundByRule {
        FoundByRule {
            rule: rule.into(),
            schema: "public".into(),
            object: object.into(),
            what: String::new(),
            mend: mend.map(str::to_owned),
            undo: mend.map(|mend| format!("undo {mend}")),
        }
    }

    #[test]
    fn the_worst_comes_first_and_each_statement_once() {
        let findings = sorted(vec![
            found("no_primary_key", "a", None),
            found("rls_disabled_in_public", "b", Some("on b")),
            found("policy_exists_rls_disabled", "b", Some("on b")),
            found("unindexed_foreign_keys", "c\nselect 1", Some("index c")),
        ]);
        let levels: Vec<Severity> = findings.iter().map(|finding| finding.level).collect();
        assert!(levels.is_sorted());
        assert_eq!(counts(&findings), "2 findings, 2 notes");
        assert_eq!(counts(&findings[..2]), "2 findings");
        assert_eq!(counts(&findings[3..]), "1 note");
        let (up, down) = migration(&findings);
        assert_eq!(up.matches("on b;").count(), 1);
        assert!(up.contains("-- to be decided: Without a primary key"));
        assert!(
            up.lines()
                .all(|line| line.is_empty() || line.starts_with("--") || line.ends_with(';')),
            "{up}"
        );
        assert_eq!(down, "undo index c;\nundo on b;\n");
    }
}
