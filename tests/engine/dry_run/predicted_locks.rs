//! Predicted locks and rewrites against what Postgres does: each sample runs in a transaction, and what `pg_locks` and
//! `pg_class.relfilenode` show is compared with the prediction, table by table.

mod samples;

use crate::fixture::TestProject;
use samples::{SAMPLES, SETUP, Sample};
use std::collections::BTreeMap;
use std::path::PathBuf;
use supadeck::domain::lint::{LockMode, assess};
use tokio_postgres::Client;

/// A relation before the sample ran.
struct Relation {
    oid: u32,
    name: String,
    kind: String,
    file: u32,
}

async fn relations(db: &Client) -> Vec<Relation> {
    let sql = "select c.oid, c.relname::text, c.relkind::text, c.relfilenode from pg_class c \
               join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' order by 1";
    let rows = db.query(sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| Relation {
            oid: row.get(0),
            name: row.get(1),
            kind: row.get(2),
            file: row.get(3),
        })
        .collect()
}

/// The strongest lock of this session on each relation.
async fn locks(db: &Client) -> BTreeMap<u32, LockMode> {
    let sql = "select relation, mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation' and granted";
    let mut strongest: BTreeMap<u32, LockMode> = BTreeMap::new();
    for row in db.query(sql, &[]).await.unwrap() {
        let mode = LockMode::parse(row.get(1)).unwrap();
        let known = strongest.entry(row.get(0)).or_insert(mode);
        *known = (*known).max(mode);
    }
    strongest
}

/// What Postgres does, one line a table; indexes and sequences only where they are asked for.
async fn seen(db: &Client, sample: &Sample, asked: &[String]) -> Vec<String> {
    let before = relations(db).await;
    db.batch_execute("begin").await.unwrap();
    if let Err(error) = db.batch_execute(sample.sql).await {
        db.batch_execute("rollback").await.unwrap();
        return vec![format!("refused: {error:?}")];
    }
    let held = locks(db).await;
    let after = relations(db).await;
    db.batch_execute("rollback").await.unwrap();
    let mut lines: Vec<String> = before
        .iter()
        .filter(|relation| {
            !matches!(relation.kind.as_str(), "i" | "I" | "S") || asked.contains(&relation.name)
        })
        .filter_map(|relation| {
            let mode = held.get(&relation.oid)?;
            let is_moved = after
                .iter()
                .any(|now| now.oid == relation.oid && now.file != relation.file);
            Some(line(&relation.name, *mode, is_moved))
        })
        .collect();
    lines.sort();
    lines
}

fn line(table: &str, mode: LockMode, rewrites: bool) -> String {
    let rewrites = if rewrites { " rewrites" } else { "" };
    format!("{table} {}{rewrites}", mode.words())
}

#[tokio::test]
async fn every_predicted_lock_and_rewrite_is_what_postgres_does() {
    let project = TestProject::new().await;
    project.db.batch_execute(SETUP).await.unwrap();
    let mut wrong = Vec::new();
    for sample in SAMPLES {
        let locks = assess(sample.sql).locks();
        let asked: Vec<String> = locks.iter().map(|lock| bare(&lock.table)).collect();
        let mut predicted: Vec<String> = locks
            .iter()
            .map(|lock| line(&bare(&lock.table), lock.mode, lock.rewrites))
            .collect();
        let mut expected = seen(&project.db, sample, &asked).await;
        for unseen in sample.unseen {
            assert!(!predicted.contains(&(*unseen).to_owned()), "{}", sample.sql);
            predicted.push((*unseen).to_owned());
        }
        for over in sample.over {
            assert!(!expected.contains(&(*over).to_owned()), "{}", sample.sql);
            let modest = over.trim_end_matches(" rewrites").to_owned();
            if let Some(at) = expected.iter().position(|line| *line == modest) {
                expected[at] = (*over).to_owned();
            }
        }
        predicted.sort();
        expected.sort();
        if predicted != expected {
            wrong.push(format!(
                "{}\n   predicted {predicted:?}\n   Postgres  {expected:?}",
                sample.sql
            ));
        }
    }
    assert!(SAMPLES.len() >= 60);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn bare(table: &str) -> String {
    table.rsplit('.').next().unwrap_or(table).to_owned()
}

/// Statements that Postgres runs only alone are told to be such, and only they are.
#[tokio::test]
async fn what_cannot_run_in_a_transaction_is_what_postgres_refuses_there() {
    let project = TestProject::new().await;
    project.db.batch_execute(SETUP).await.unwrap();
    for sample in SAMPLES {
        let found = assess(sample.sql);
        assert!(
            found
                .findings()
                .all(|finding| finding.rule != "cannot-run-in-transaction"),
            "{}",
            sample.sql
        );
    }
    for sql in [
        "create index concurrently on child (a)",
        "drop index concurrently child_b",
        "reindex (concurrently) table child",
        "vacuum full child",
        "alter system set work_mem = '8MB'",
        "create database other",
        "alter table part detach partition part_1 concurrently",
    ] {
        project.db.batch_execute("begin").await.unwrap();
        let refused = project.db.batch_execute(sql).await.unwrap_err();
        project.db.batch_execute("rollback").await.unwrap();
        assert_eq!(refused.code().unwrap().code(), "25001", "{sql}");
        let found = assess(sql);
        assert!(
            found
                .findings()
                .any(|finding| finding.rule == "cannot-run-in-transaction"),
            "{sql}: {found:?}"
        );
    }
}

/// A seed as the server gets it, with psql's variables put in.
fn expanded(seed: &str) -> String {
    let parts = supadeck::domain::sql::psql::parse(&std::sync::Arc::new(seed.to_owned())).unwrap();
    parts
        .iter()
        .map(|part| format!("{};\n", part.sql))
        .collect()
}

#[test]
fn every_file_of_this_project_can_be_read() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut read = 0;
    for folder in ["migrations", "migrations/rollback", "seeds"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "sql") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let text = if folder == "seeds" {
                expanded(&text)
            } else {
                text
            };
            let found = assess(&text);
            let unread: Vec<_> = found
                .findings()
                .filter(|finding| finding.rule == "unreadable")
                .map(|finding| (&finding.reason, text[finding.at..].lines().next()))
                .collect();
            assert!(unread.is_empty(), "{}: {unread:?}", path.display());
            assert!(found.faulty_allows.is_empty(), "{found:?}");
            read += 1;
        }
    }
    assert!(read >= 14, "{read}");
}

#[test]
fn the_corpus_is_assessed_statement_by_statement() {
    for (name, text) in crate::fixture::corpus::files() {
        let found = assess(&text);
        let statements = supadeck::domain::sql::split::statements(&text);
        assert_eq!(found.statements.len(), statements.len(), "{name}");
        for finding in found.findings() {
            assert!(text.is_char_boundary(finding.at), "{name}: {finding:?}");
        }
    }
}
