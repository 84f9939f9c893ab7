//! Who may do what: the matrix with its proof, one table, one row.

use super::migration::files::write_over;
use super::migration::new_file::{NewFiles, free_name, make};
use crate::domain::access::expected::{CheckReport, ExpectedFile, snapshot};
use crate::domain::access::explain::{ExplainRequest, Explanation, inquire};
use crate::domain::access::lint::{AccessFinding, migration};
use crate::domain::access::listing::Matrix;
use crate::domain::access::matrix::{Probe, Sight, draft};
use crate::domain::access::rules::{AccessRules, SecuredTable};
use crate::domain::access::viewer::{Who, find, usual};
use crate::domain::near::edits;
use crate::domain::problem::{Kind, Problem};
use crate::ports::AccessDatabase;
use std::path::Path;

/// The most probes that are sent at once.
const MOST_AT_ONCE: usize = 240;

/// What is asked of the matrix.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MatrixRequest {
    /// Only these; without any the usual ones.
    pub only: Vec<Who>,
    /// These as well.
    pub also: Vec<Who>,
    /// The schemas; without any those of the API.
    pub schemas: Vec<String>,
    /// Whether all schemas are meant.
    pub is_everywhere: bool,
    /// The tables; without any all of the schemas.
    pub tables: Vec<String>,
}

/// The texts under which users have to be looked up.
fn people<'a>(asked: impl Iterator<Item = &'a Who>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for one in asked {
        if let Who::User(name) = one
            && !names.contains(name)
        {
            names.push(name.clone());
        }
    }
    names
}

/// Reads the catalogs, judges every cell, and counts the rows that prove it.
pub async fn matrix(
    database: &dyn AccessDatabase,
    request: &MatrixRequest,
) -> Result<Matrix, Problem> {
    made(database, request, true).await
}

/// The same without counting.
pub async fn judged(
    database: &dyn AccessDatabase,
    request: &MatrixRequest,
) -> Result<Matrix, Problem> {
    made(database, request, false).await
}

async fn made(
    database: &dyn AccessDatabase,
    request: &MatrixRequest,
    counts: bool,
) -> Result<Matrix, Problem> {
    let people = people(request.only.iter().chain(&request.also));
    let rules = database.rules(&people).await?;
    let mut viewers = Vec::new();
    if request.only.is_empty() {
        viewers = usual(&rules);
    }
    for asked in request.only.iter().chain(&request.also) {
        let viewer = find(&rules, asked)?;
        if !viewers.contains(&viewer) {
            viewers.push(viewer);
        }
    }
    let tables = chosen(&rules, request)?;
    let draft = draft(&rules, &tables, &viewers);
    let sights = if counts {
        count(database, &draft.probes).await?
    } else {
        Vec::new()
    };
    let schemas = schemas(&rules, request);
    let ids = tables.iter().map(|table| table.id).collect();
    let cells = draft.finish(&sights);
    Ok(Matrix {
        viewers,
        is_of_some: !request.only.is_empty(),
        schemas,
        tables: ids,
        cells,
        rules,
        ..Matrix::default()
    })
}

/// The schemas that are meant. The API may name one that is not there.
fn schemas(rules: &AccessRules, request: &MatrixRequest) -> Vec<String> {
    if request.is_everywhere {
        return rules.schemas.clone();
    }
    if !request.schemas.is_empty() {
        return request.schemas.clone();
    }
    let mut schemas = rules.api_schemas();
    schemas.retain(|schema| rules.schemas.contains(schema));
    schemas
}

/// The tables that are meant.
fn chosen<'a>(
    rules: &'a AccessRules,
    request: &MatrixRequest,
) -> Result<Vec<&'a SecuredTable>, Problem> {
    if !request.tables.is_empty() {
        return request
            .tables
            .iter()
            .map(|name| table(rules, name))
            .collect();
    }
    let schemas = schemas(rules, request);
    let is_meant = |table: &&SecuredTable| schemas.contains(&table.schema);
    Ok(rules.tables.iter().filter(is_meant).collect())
}

/// The table that a name means.
pub fn table<'a>(rules: &'a AccessRules, name: &str) -> Result<&'a SecuredTable, Problem> {
    rules.table(name).ok_or_else(|| {
        let problem = Problem::new(
            Kind::Usage,
            format!("There is no table or view `{name}`."),
            "The database does not have it, or several schemas do.",
        );
        let names = rules.tables.iter().map(|table| {
            if name.contains('.') {
                table.full_name()
            } else {
                table.name.clone()
            }
        });
        let near = names.map(|own| (edits(&own, name), own)).min();
        match near.filter(|(edits, _)| *edits <= 2) {
            Some((_, own)) => problem.with_hint(format!("Did you mean `{own}`?")),
            None => problem.with_hint("See `supadeck access list --all-schemas`."),
        }
    })
}

/// Counts, some at once; those of one table are counted in one transaction.
async fn count(database: &dyn AccessDatabase, probes: &[Probe]) -> Result<Vec<Sight>, Problem> {
    let mut sights = Vec::with_capacity(probes.len());
    let mut start = 0;
    while start < probes.len() {
        let most = probes.len().min(start + MOST_AT_ONCE);
        let begins = |at: usize| probes[at].viewer.is_none();
        let end = if most == probes.len() {
            most
        } else {
            (start + 1..=most)
                .rev()
                .find(|at| begins(*at))
                .unwrap_or(most)
        };
        sights.extend(database.count_rows(&probes[start..end]).await?);
        start = end;
    }
    Ok(sights)
}

/// Explains why somebody may, or may not, do something with one row.
pub async fn explain(
    database: &dyn AccessDatabase,
    request: &ExplainRequest,
) -> Result<(AccessRules, Explanation), Problem> {
    let people = people(std::iter::once(&request.asked));
    let rules = database.rules(&people).await?;
    let viewer = find(&rules, &request.asked)?;
    let table = table(&rules, &request.table)?;
    if let Some(role) = rules.role(&viewer.role).filter(|role| !role.may_set) {
        return Err(Problem::new(
            Kind::Denied,
            format!("The row cannot be looked at as {}.", viewer.name),
            format!(
                "The connection's role {} may not take the role {}.",
                rules.connection.role, role.name
            ),
        )
        .with_hint("Connect as a role that may, such as `postgres`."));
    }
    let inquiry = inquire(&rules, table, &viewer, request.verb, &request.wanted)?;
    let answer = database.explain(&inquiry.question).await?;
    inquiry.is_of_one(&answer)?;
    let explanation = inquiry.finish(answer);
    Ok((rules, explanation))
}

/// Checks what a file expects, in one reading of the database.
pub async fn check(
    database: &dyn AccessDatabase,
    file: &ExpectedFile,
) -> Result<(Matrix, CheckReport), Problem> {
    let named = file.who();
    let (only, also) = if file.is_of_usual() {
        (Vec::new(), named)
    } else {
        (named, Vec::new())
    };
    let request = MatrixRequest {
        only,
        also,
        schemas: file.schemas.clone().unwrap_or_default(),
        is_everywhere: file.schemas.is_none(),
        ..MatrixRequest::default()
    };
    let matrix = matrix(database, &request).await?;
    let report = file.check(&matrix);
    Ok((matrix, report))
}

/// The matrix with what is doubtful, for somebody who looks at both. What cannot be asked for the second keeps nobody from the first.
pub async fn overview(
    database: &dyn AccessDatabase,
    request: &MatrixRequest,
) -> Result<Matrix, Problem> {
    let mut matrix = matrix(database, request).await?;
    match database.lint().await {
        Ok(findings) => matrix.findings = findings,
        Err(problem) => matrix.unlinted = Some(format!("{} {}", problem.what, problem.why)),
    }
    Ok(matrix)
}

/// Writes what can be mended as a migration with its rollback.
pub fn write_mending(
    root: &Path,
    name: &str,
    now: jiff::Timestamp,
    findings: &[AccessFinding],
) -> Result<NewFiles, Problem> {
    if findings.iter().all(|finding| finding.mend.is_none()) {
        return Err(Problem::new(
            Kind::Usage,
            "No migration was written.",
            "There is nothing that a statement can mend.",
        ));
    }
    let (up, down) = migration(findings);
    let file = free_name(root, name, now)?;
    make(root, &file, &up, &down)
}

/// Writes a matrix as a file; one that is there is replaced whole. Tells how many sentences it has.
pub fn write_snapshot(matrix: &Matrix, file: &Path) -> Result<usize, Problem> {
    let text = snapshot(matrix);
    write_over(file, &text)?;
    Ok(text.lines().count().saturating_sub(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::expected::parse;
    use crate::domain::access::explain::{RowAnswer, RowQuestion};
    use crate::domain::access::rules::{ApiRole, Held, Verb};
    use crate::domain::dry_run::access::{Right, Verdict, Why};
    use crate::ports::Task;

    /// A database that holds rules and no row.
    struct Told(AccessRules);

    impl AccessDatabase for Told {
        fn rules<'a>(&'a self, _: &'a [String]) -> Task<'a, AccessRules> {
            Box::pin(async { Ok(self.0.clone()) })
        }

        fn lint(&self) -> Task<'_, Vec<AccessFinding>> {
            Box::pin(async { Err(Problem::new(Kind::Denied, "Unread.", "Not a member.")) })
        }

        fn count_rows<'a>(&'a self, probes: &'a [Probe]) -> Task<'a, Vec<Sight>> {
            Box::pin(async { Ok(vec![Sight::default(); probes.len()]) })
        }

        fn explain<'a>(&'a self, _: &'a RowQuestion) -> Task<'a, RowAnswer> {
            Box::pin(async { Err(Problem::internal("It is not asked for.")) })
        }
    }

    fn told(roles: &[&str]) -> Told {
        let role = |name: &&str| ApiRole {
            name: (*name).to_owned(),
            is_of_api: true,
            may_set: true,
            has: vec![(*name).to_owned()],
            schemas: vec!["public".into()],
            ..ApiRole::default()
        };
        let held = |name: &&str| Held {
            role: (*name).to_owned(),
            table: 1,
            verb: Verb::Select,
            columns: None,
        };
        let right = |name: &&str| Right {
            role: (*name).to_owned(),
            id: 1,
            object: "public.goal".into(),
            verb: "select".into(),
            verdict: Verdict::All,
            digest: None,
            why: Why::RlsOff,
            passes: false,
            parts: None,
            touched: None,
        };
        Told(AccessRules {
            schemas: vec!["public".into(), "quiet".into()],
            exposed: Some(vec!["public".into(), "quiet".into(), "gone".into()]),
            roles: roles.iter().map(role).collect(),
            tables: vec![SecuredTable {
                id: 1,
                schema: "public".into(),
                name: "goal".into(),
                kind: "r".into(),
                ..SecuredTable::default()
            }],
            held: roles.iter().map(held).collect(),
            rights: roles.iter().map(right).collect(),
            ..AccessRules::default()
        })
    }

    #[tokio::test]
    async fn a_role_that_became_one_of_the_api_is_a_difference_of_a_complete_file() {
        let old = told(&["anon", "authenticated"]);
        let new = told(&["anon", "authenticated", "auditor"]);
        let written = judged(&old, &MatrixRequest::default()).await.unwrap();
        let whole = parse(&snapshot(&written)).unwrap();
        assert!(check(&old, &whole).await.unwrap().1.differences.is_empty());
        let found = check(&new, &whole).await.unwrap().1.differences;
        let found = found.iter().filter_map(|one| one.found.as_deref());
        assert!(
            found
                .clone()
                .any(|line| line == "role:auditor may select all of public.goal")
        );
        assert_eq!(found.count(), 4);
        // A file that was written of some, or by hand, is about those.
        let request = MatrixRequest {
            only: vec![Who::Anon],
            ..MatrixRequest::default()
        };
        let written = judged(&old, &request).await.unwrap();
        for text in [snapshot(&written), "anon may select all of goal".to_owned()] {
            let file = parse(&text).unwrap();
            let report = check(&new, &file).await.unwrap().1;
            assert!(report.differences.is_empty(), "{text}: {report:?}");
        }
    }

    #[tokio::test]
    async fn a_table_in_a_schema_that_had_none_is_a_difference_and_so_is_a_schema_that_is_gone() {
        let mut now = told(&["anon"]);
        let written = judged(&now, &MatrixRequest::default()).await.unwrap();
        let text = snapshot(&written);
        assert!(text.contains("\nschemas public, quiet\n"), "{text}");
        let file = parse(&text).unwrap();
        assert!(check(&now, &file).await.unwrap().1.differences.is_empty());
        now.0.tables.push(SecuredTable {
            id: 2,
            schema: "quiet".into(),
            name: "fresh".into(),
            kind: "r".into(),
            ..SecuredTable::default()
        });
        let found = check(&now, &file).await.unwrap().1.differences;
        assert_eq!(found.len(), 4, "{found:?}");
        now.0.tables.pop();
        now.0.schemas.pop();
        let found = check(&now, &file).await.unwrap().1.differences;
        assert_eq!(found[0].found.as_deref(), Some("there is no schema quiet"));
        // Nothing to compare with is no agreement.
        let file = parse("schemas pubilc").unwrap();
        assert_eq!(check(&now, &file).await.unwrap().1.differences.len(), 1);
        now.0.schemas.clear();
        now.0.tables.clear();
        let written = judged(&now, &MatrixRequest::default()).await.unwrap();
        assert_eq!(parse(&snapshot(&written)).unwrap().schemas, Some(vec![]));
    }

    #[tokio::test]
    async fn findings_that_cannot_be_read_are_not_taken_for_none() {
        let matrix = overview(&told(&["anon"]), &MatrixRequest::default())
            .await
            .unwrap();
        assert_eq!(matrix.cells.len(), 4);
        assert_eq!(matrix.unlinted.as_deref(), Some("Unread. Not a member."));
    }
}
