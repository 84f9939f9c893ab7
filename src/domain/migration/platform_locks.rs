//! What a plan locks of the platform: supautils locks all its tables for a policy or a dropped trigger, whatever table that
//! is on. Foretold from the text, and told in one line.

use super::platform_grants::PlatformGrants;
use super::{Plan, Step};
use crate::domain::plural::{counted, listed};
use serde::Serialize;

/// A statement of a plan that locks them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LockingStatement {
    /// The version of its file.
    pub version: String,
    /// Its number in the file, from 1.
    pub statement: usize,
}

/// What a plan locks of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlatformLocks {
    /// The tables, with their schemas.
    pub tables: Vec<String>,
    /// The statements that lock them.
    pub statements: Vec<LockingStatement>,
    /// How long the longest of these locks is held until its file is committed, in milliseconds; known after a dry run.
    pub held_ms: Option<u64>,
}

/// What steps that are run lock of the platform; `None` where they lock nothing of it.
pub fn predicted<'a>(
    grants: &PlatformGrants,
    steps: impl IntoIterator<Item = &'a Step>,
) -> Option<PlatformLocks> {
    let mut tables: Vec<String> = Vec::new();
    let mut statements = Vec::new();
    for step in steps {
        for (at, sql) in step.left() {
            let locked = grants.locked_by(sql);
            if locked.is_empty() {
                continue;
            }
            statements.push(LockingStatement {
                version: step.version.clone(),
                statement: at + 1,
            });
            for table in locked {
                if !tables.contains(table) {
                    tables.push(table.clone());
                }
            }
        }
    }
    (!tables.is_empty()).then_some(PlatformLocks {
        tables,
        statements,
        held_ms: None,
    })
}

/// What running a plan locks of the platform.
pub fn of_plan(plan: &Plan) -> Option<PlatformLocks> {
    predicted(&plan.target.platform, &plan.steps)
}

impl PlatformLocks {
    /// All of it in one line: `18 tables of auth and storage: …`.
    pub fn line(&self) -> String {
        let mut schemas: Vec<&str> = Vec::new();
        for table in &self.tables {
            let schema = table.split('.').next().unwrap_or_default();
            if !schemas.contains(&schema) {
                schemas.push(schema);
            }
        }
        let mut versions: Vec<&str> = self
            .statements
            .iter()
            .map(|one| one.version.as_str())
            .collect();
        versions.dedup();
        let of = match versions.as_slice() {
            [one] => format!("of {one}"),
            several => format!("of {}", counted(several.len(), "file")),
        };
        let meanwhile = match (schemas.contains(&"auth"), schemas.contains(&"storage")) {
            (true, true) => "nobody can sign in or reach a file",
            (true, false) => "nobody can sign in",
            (false, true) => "nobody can reach a file",
            (false, false) => "whoever needs them waits",
        };
        let held = match self.held_ms {
            Some(ms) => format!(", for {ms} ms"),
            None => String::new(),
        };
        format!(
            "{} of {}: supautils locks them for every policy and dropped trigger, here for {} {of}, until the file is committed{held}; meanwhile {meanwhile}.",
            counted(self.tables.len(), "table"),
            listed(&schemas),
            counted(self.statements.len(), "statement"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_in_one_line() {
        let mut locks = PlatformLocks {
            tables: ["auth.users", "auth.sessions", "storage.objects"]
                .map(str::to_owned)
                .to_vec(),
            statements: vec![LockingStatement {
                version: "1".into(),
                statement: 2,
            }],
            held_ms: None,
        };
        let line = locks.line();
        assert!(
            line.starts_with("3 tables of auth and storage: supautils locks them"),
            "{line}"
        );
        assert!(
            line.contains("here for 1 statement of 1,") && line.contains("nobody can sign in"),
            "{line}"
        );
        locks.held_ms = Some(12);
        assert!(locks.line().contains("for 12 ms"));
    }
}
