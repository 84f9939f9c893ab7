//! Fault walks: a run is broken at every message, in every way. Afterwards history, journal and schema agree, supadeck has
//! said nothing that is not so, and the next run goes on to the end.

mod batch;
mod kill;
mod management;
mod non_transactional;
mod single;

use crate::fixture::protocol_proxy::{Fault, ProtocolProxy};
use crate::fixture::{TestProject, database_on, everything, stack};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use supadeck::domain::migration::{Direction, Outcome, PlanRequest, StepEnd};
use supadeck::domain::problem::Problem;
use supadeck::ops::migration::{self, Workspace};

/// Lanes, each with a project and a database of its own: a swallowed message costs time and no work.
const LANES: usize = 12;

/// Far more than any point takes; a run that hangs is a fault.
pub(crate) const HANGS: Duration = Duration::from_secs(90);

const UP: &str = "create table a (b int);\ninsert into a values (1);\ncreate table c (d text);";

const DOWN: &str = "drop table c;\ndrop table a;";

/// How the files are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Live,
    AtOnce,
}

/// What is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) direction: Direction,
    pub(crate) mode: Mode,
}

/// One lane: a project with one migration, on a database of its own.
pub(crate) struct Lane {
    pub(crate) project: TestProject,
    pub(crate) admin: String,
}

impl Lane {
    pub(crate) async fn new() -> Self {
        let project = TestProject::new().await;
        project.up("1_a.sql", UP);
        project.down("1_a.sql", DOWN);
        let database = project.url.rsplit_once('/').unwrap().1.to_owned();
        Self {
            admin: stack().await.superuser_url(&database),
            project,
        }
    }

    /// A lane on a server of which everybody is the superuser.
    pub(crate) async fn on(url: String) -> Self {
        let project = TestProject::on(url.clone()).await;
        project.up("1_a.sql", UP);
        project.down("1_a.sql", DOWN);
        Self {
            admin: url,
            project,
        }
    }

    /// The same project after the server was started again.
    pub(crate) async fn again(mut self, url: String) -> Self {
        self.project.db = crate::fixture::connect(&url).await;
        self
    }

    /// Brings the database to where the route begins. The first apply makes the books too.
    pub(crate) async fn start(&self, route: Route) {
        match route.direction {
            Direction::Apply => {
                self.project
                    .db
                    .batch_execute("drop schema if exists supabase_migrations cascade; drop table if exists a, c")
                    .await
                    .unwrap();
            }
            Direction::Rollback => {
                if !self.project.has("a").await {
                    assert!(self.project.apply().await.is_complete());
                }
                self.project
                    .db
                    .batch_execute("delete from supabase_migrations.supadeck_journal where outcome <> 'done' or direction <> 'apply'")
                    .await
                    .unwrap();
            }
        }
    }

    /// What the database says: whether the migration is there. Everything must say the same.
    pub(crate) async fn facts(&self, route: Route, context: &str) -> bool {
        self.project.quiet().await;
        let (a, c) = (self.project.has("a").await, self.project.has("c").await);
        let has_history = self
            .project
            .has("supabase_migrations.schema_migrations")
            .await;
        let row = has_history && self.project.versions().await == ["1"];
        let has_journal = self
            .project
            .has("supabase_migrations.supadeck_journal")
            .await;
        let last = if has_journal {
            self.project
                .texts("select direction from supabase_migrations.supadeck_journal where outcome = 'done' order by id desc limit 1")
                .await
        } else {
            Vec::new()
        };
        let journal = last == ["apply"];
        assert!(
            a == c && a == row && a == journal,
            "{context}: tables {a} {c}, history {row}, journal {last:?}"
        );
        if route.direction == Direction::Rollback && !a {
            assert_eq!(last, ["rollback"], "{context}");
        }
        a
    }

    /// The next run says where it stands and goes on to the end.
    pub(crate) async fn go_on(&self, route: Route, is_there: bool, context: &str) {
        let state = if is_there { "1 applied" } else { "1 pending" };
        assert_eq!(self.project.states().await, [state], "{context}");
        let is_over = is_there == (route.direction == Direction::Apply);
        if !is_over {
            let plan = self.project.plan(wish(route)).await.unwrap();
            let outcome = crate::fixture::run(&self.project.schema, &plan).await;
            assert!(outcome.is_complete(), "{context}: {outcome:?}");
        }
        assert_eq!(
            self.facts(route, context).await,
            route.direction == Direction::Apply,
            "{context}"
        );
    }

    /// Runs the route over a proxy. The plan was made before.
    async fn run(&self, proxy: &ProtocolProxy, route: Route) -> Result<Outcome, Problem> {
        let plan = self.project.plan(wish(route)).await.unwrap();
        let mut schema = slow_schema(&self.project, proxy);
        if route.mode == Mode::AtOnce {
            schema.limits.live_files = 0;
        }
        let (watch, _news) = crate::fixture::watch();
        migration::run(&schema, &plan, &watch).await
    }

    /// One point of the walk; whether its fault came to happen.
    async fn point(&self, route: Route, fault: Fault) -> bool {
        let context = format!("{route:?} {fault:?}");
        self.start(route).await;
        let proxy = ProtocolProxy::new(&self.project.url, &self.admin, Some(fault), None).await;
        let said = tokio::time::timeout(HANGS, self.run(&proxy, route))
            .await
            .unwrap_or_else(|_| panic!("{context}: it hangs"));
        let has_struck = proxy.has_struck();
        drop(proxy);
        let is_there = self.facts(route, &context).await;
        judge(route, &said, is_there, &context);
        self.go_on(route, is_there, &context).await;
        if !has_struck {
            assert!(said.is_ok_and(|outcome| outcome.is_complete()), "{context}");
        }
        has_struck
    }
}

/// A project's project over a proxy, with limits that notice silence soon.
pub(crate) fn slow_schema(project: &TestProject, proxy: &ProtocolProxy) -> Workspace {
    let mut schema = project.schema.clone();
    let database = database_on(&proxy.url).with_statement_limit(Duration::from_millis(700));
    schema.database = Arc::new(database);
    schema.limits.silence = Duration::from_millis(400);
    schema.limits.cancel_timeout = Duration::from_secs(1);
    schema
}

/// What supadeck said is what is there.
pub(crate) fn judge(route: Route, said: &Result<Outcome, Problem>, is_there: bool, context: &str) {
    let is_done = is_there == (route.direction == Direction::Apply);
    match said {
        // Nothing was tried.
        Err(problem) => assert!(!is_done, "{context}: {problem}"),
        Ok(outcome) => {
            match outcome.steps[0].end {
                StepEnd::Done => assert!(is_done, "{context}: {outcome:?}"),
                StepEnd::RolledBack | StepEnd::NotRun => {
                    assert!(!is_done, "{context}: {outcome:?}");
                }
                StepEnd::Unknown => assert!(outcome.history.is_none(), "{context}: {outcome:?}"),
                StepEnd::Interrupted => panic!("{context}: {outcome:?}"),
            }
            if let Some(history) = &outcome.history {
                assert_eq!(history.contains(&"1".to_owned()), is_there, "{context}");
            }
            if outcome.is_complete() {
                assert!(is_done, "{context}: {outcome:?}");
            }
        }
    }
}

pub(crate) fn wish(route: Route) -> PlanRequest {
    match route.direction {
        Direction::Apply => everything(),
        Direction::Rollback => PlanRequest::RollbackLast { count: 1 },
    }
}

/// Whether a point's fault came to happen.
pub(crate) type Struck<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// A lane that is being made.
pub(crate) type Made<L> = Pin<Box<dyn Future<Output = L> + Send>>;

/// Walks points in several lanes at once. Few faults may not happen: the last farewell of a connection is not always sent
/// before the program has what it wants.
pub(crate) async fn in_lanes<L: Send + Sync + 'static, P: Send + 'static>(
    name: &str,
    points: Vec<P>,
    may_miss: usize,
    lane: fn() -> Made<L>,
    point: for<'a> fn(&'a L, P) -> Struck<'a>,
) {
    let begun = Instant::now();
    let count = points.len();
    let queue = Arc::new(Mutex::new(VecDeque::from(points)));
    let mut lanes = tokio::task::JoinSet::new();
    for _ in 0..LANES {
        let queue = Arc::clone(&queue);
        lanes.spawn(async move {
            let lane = lane().await;
            let mut missed = 0;
            loop {
                let next = queue.lock().unwrap().pop_front();
                let Some(next) = next else { return missed };
                missed += usize::from(!point(&lane, next).await);
            }
        });
    }
    let mut missed = 0;
    while let Some(lane) = lanes.join_next().await {
        missed += lane.unwrap();
    }
    println!(
        "{name}: {count} points in {:.1} s",
        begun.elapsed().as_secs_f32()
    );
    assert!(count > 50, "{count}");
    assert!(
        missed <= may_miss,
        "{missed} of {count} faults did not happen"
    );
}
