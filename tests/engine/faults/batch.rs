//! The fault walk over a message that holds several files: wherever it is broken, the files that are done are the first
//! ones, whole, and exactly those that supadeck says are done or does not deny; and the next run goes on with the rest.

use crate::faults::{HANGS, in_lanes, slow_schema};
use crate::fixture::protocol_proxy::{Fault, ProtocolProxy, What};
use crate::fixture::{TestProject, everything, is_soak, run, stack, watch};
use std::collections::BTreeSet;
use supadeck::domain::migration::{Direction, Outcome, PlanRequest, StepEnd};
use supadeck::domain::problem::Problem;
use supadeck::ops::migration;

const FILES: usize = 4;

/// A project with some files that go together, on a database of its own.
struct Pack {
    project: TestProject,
    admin: String,
}

impl Pack {
    async fn new() -> Self {
        let project = TestProject::new().await;
        for at in 1..=FILES {
            // A notice is sent on at once, so the line breaks while the server is at work on the rest.
            let said =
                format!("do $$ begin raise notice 'of {at}'; perform pg_sleep(0.01); end $$;\n");
            project.up(
                &format!("{at}_t.sql"),
                format!("create table t{at} (a int);\n{said}insert into t{at} values (1);"),
            );
            project.down(&format!("{at}_t.sql"), &format!("{said}drop table t{at};"));
        }
        let database = project.url.rsplit_once('/').unwrap().1.to_owned();
        Self {
            admin: stack().await.superuser_url(&database),
            project,
        }
    }

    /// Brings the database to where the route begins; the books are there in either case.
    async fn start(&self, direction: Direction) {
        let has_history = self
            .project
            .has("supabase_migrations.schema_migrations")
            .await;
        if !has_history || self.project.versions().await.len() < FILES {
            assert!(self.project.apply().await.is_complete());
        }
        if direction == Direction::Apply {
            let plan = self.project.plan(wish(Direction::Rollback)).await.unwrap();
            assert!(run(&self.project.schema, &plan).await.is_complete());
        }
    }

    /// How many of the files are applied: the first ones, and everything says the same.
    async fn applied(&self, context: &str) -> usize {
        self.project.quiet().await;
        let versions = self.project.versions().await;
        let texts = async |sql: &str| self.project.texts(sql).await;
        let tables = texts(
            "select substr(relname, 2)::text from pg_class where relname ~ '^t[0-9]$' order by 1",
        )
        .await;
        let lines = texts(
            "select version from (select distinct on (version) version, direction from supabase_migrations.supadeck_journal \
            where outcome = 'done' order by version, id desc) last where direction = 'apply' order by 1",
        )
        .await;
        let first: Vec<String> = (1..=versions.len()).map(|at| at.to_string()).collect();
        assert_eq!(versions, first, "{context}");
        assert_eq!(tables, first, "{context}");
        assert_eq!(lines, first, "{context}");
        for at in &first {
            let rows = texts(&format!("select a::text from t{at}")).await;
            assert_eq!(rows, ["1"], "{context}: a file is half there");
        }
        first.len()
    }

    async fn run(&self, proxy: &ProtocolProxy, direction: Direction) -> Result<Outcome, Problem> {
        let plan = self.project.plan(wish(direction)).await.unwrap();
        let mut schema = slow_schema(&self.project, proxy);
        schema.limits.live_files = 0;
        let (watch, _news) = watch();
        migration::run(&schema, &plan, &watch).await
    }

    /// One point of the walk; whether its fault came to happen.
    async fn point(&self, direction: Direction, fault: Fault) -> bool {
        let context = format!("{direction:?} {fault:?}");
        self.start(direction).await;
        let proxy = ProtocolProxy::new(&self.project.url, &self.admin, Some(fault), None).await;
        let said = tokio::time::timeout(HANGS, self.run(&proxy, direction))
            .await
            .unwrap_or_else(|_| panic!("{context}: it hangs"));
        let has_struck = proxy.has_struck();
        drop(proxy);
        let applied = self.applied(&context).await;
        judge(direction, &said, applied, &context);
        let plan = self.project.plan(wish(direction)).await.unwrap();
        assert!(
            run(&self.project.schema, &plan).await.is_complete(),
            "{context}"
        );
        let end = if direction == Direction::Apply {
            FILES
        } else {
            0
        };
        assert_eq!(self.applied(&context).await, end, "{context}");
        has_struck
    }
}

fn wish(direction: Direction) -> PlanRequest {
    match direction {
        Direction::Apply => everything(),
        Direction::Rollback => PlanRequest::RollbackTo {
            version: "0".into(),
        },
    }
}

/// What supadeck said of each file is what is there.
fn judge(direction: Direction, said: &Result<Outcome, Problem>, applied: usize, context: &str) {
    let begun = if direction == Direction::Apply {
        0
    } else {
        FILES
    };
    let outcome = match said {
        Ok(outcome) => outcome,
        // Nothing was tried.
        Err(problem) => return assert_eq!(applied, begun, "{context}: {problem}"),
    };
    let mut seen = BTreeSet::new();
    for step in &outcome.steps {
        let number: usize = step.version.parse().unwrap();
        let is_done = (number <= applied) == (direction == Direction::Apply);
        match step.end {
            StepEnd::Done => assert!(is_done, "{context}: {outcome:?}"),
            StepEnd::RolledBack | StepEnd::NotRun => assert!(!is_done, "{context}: {outcome:?}"),
            StepEnd::Unknown => assert!(outcome.history.is_none(), "{context}: {outcome:?}"),
            StepEnd::Interrupted => panic!("{context}: {outcome:?}"),
        }
        // What one file says is told of no other.
        let own = format!("NOTICE: of {number}");
        assert!(
            step.notices.iter().all(|said| *said == own),
            "{context}: {outcome:?}"
        );
        assert!(seen.insert(number), "{context}: {outcome:?}");
    }
    assert_eq!(seen.len(), FILES, "{context}");
    if outcome.is_complete() {
        assert_eq!(applied, FILES - begun, "{context}");
    }
}

/// The points of a route: every message of the connection that runs the files, from the one that holds them on.
async fn points(pack: &Pack, direction: Direction, what: What) -> Vec<Fault> {
    pack.start(direction).await;
    let proxy = ProtocolProxy::new(&pack.project.url, &pack.admin, None, None).await;
    let outcome = pack.run(&proxy, direction).await.unwrap();
    assert!(outcome.is_complete(), "{outcome:?}");
    let passed = proxy.passed();
    let own = |at: &usize| passed[*at].connection == 0;
    let question = |at: &usize| own(at) && passed[*at].kind == 'Q';
    // The first question is about the books.
    let files = (0..passed.len()).filter(question).nth(1).unwrap();
    let fault = |at, is_behind| Fault {
        what,
        at,
        is_behind,
    };
    let mut points = vec![fault(files, false), fault(files, true)];
    points.extend(
        (files + 1..passed.len())
            .filter(own)
            .map(|at| fault(at, false)),
    );
    points
}

async fn walk(what: What) {
    let first = Pack::new().await;
    let mut all = Vec::new();
    for direction in [Direction::Apply, Direction::Rollback] {
        let points = points(&first, direction, what).await;
        all.extend(points.into_iter().map(|fault| (direction, fault)));
    }
    in_lanes(
        &format!("pack, {what:?}"),
        all,
        2 * 4,
        || Box::pin(Pack::new()),
        |pack: &Pack, (direction, fault)| Box::pin(pack.point(direction, fault)),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_closed_at_any_message_leaves_whole_files() {
    walk(What::Close).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_is_ended_at_any_message_leaves_whole_files() {
    walk(What::EndBackend).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_reset_or_silent_at_any_message_leaves_whole_files() {
    if !is_soak() {
        println!("skipped: SUPADECK_SOAK is not set; `just soak` walks it");
        return;
    }
    walk(What::Reset).await;
    walk(What::Swallow).await;
}
