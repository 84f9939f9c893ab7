//! The fault walk: an apply and a rollback are broken at every message of the protocol, in every way. Afterwards history,
//! journal and schema agree, supadeck has said nothing that is not so, and the next run goes on to the end.

use crate::bench::{Bench, database_on, everything, stack};
use crate::wire::{Fault, What, Wire};
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
    pub(crate) bench: Bench,
    pub(crate) admin: String,
}

impl Lane {
    pub(crate) async fn new() -> Self {
        let bench = Bench::new().await;
        bench.up("1_a.sql", UP);
        bench.down("1_a.sql", DOWN);
        let database = bench.url.rsplit_once('/').unwrap().1.to_owned();
        Self {
            admin: stack().await.superuser_url(&database),
            bench,
        }
    }

    /// A lane on a server of which everybody is the superuser.
    pub(crate) async fn on(url: String) -> Self {
        let bench = Bench::on(url.clone()).await;
        bench.up("1_a.sql", UP);
        bench.down("1_a.sql", DOWN);
        Self { admin: url, bench }
    }

    /// The same project after the server was started again.
    pub(crate) async fn again(mut self, url: String) -> Self {
        self.bench.db = crate::bench::connect(&url).await;
        self
    }

    /// Brings the database to where the route begins. The first apply makes the books too.
    pub(crate) async fn start(&self, route: Route) {
        match route.direction {
            Direction::Apply => {
                self.bench
                    .db
                    .batch_execute("drop schema if exists supabase_migrations cascade; drop table if exists a, c")
                    .await
                    .unwrap();
            }
            Direction::Rollback => {
                if !self.bench.has("a").await {
                    assert!(self.bench.apply().await.is_complete());
                }
                self.bench
                    .db
                    .batch_execute("delete from supabase_migrations.supadeck_journal where outcome <> 'done' or direction <> 'apply'")
                    .await
                    .unwrap();
            }
        }
    }

    /// What the database says: whether the migration is there. Everything must say the same.
    pub(crate) async fn facts(&self, route: Route, context: &str) -> bool {
        self.bench.quiet().await;
        let (a, c) = (self.bench.has("a").await, self.bench.has("c").await);
        let has_history = self
            .bench
            .has("supabase_migrations.schema_migrations")
            .await;
        let row = has_history && self.bench.versions().await == ["1"];
        let has_journal = self.bench.has("supabase_migrations.supadeck_journal").await;
        let last = if has_journal {
            self.bench
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
        assert_eq!(self.bench.states().await, [state], "{context}");
        let is_over = is_there == (route.direction == Direction::Apply);
        if !is_over {
            let plan = self.bench.plan(wish(route)).await.unwrap();
            let outcome = crate::bench::run(&self.bench.schema, &plan).await;
            assert!(outcome.is_complete(), "{context}: {outcome:?}");
        }
        assert_eq!(
            self.facts(route, context).await,
            route.direction == Direction::Apply,
            "{context}"
        );
    }

    /// Runs the route over a wire. The plan was made before.
    async fn run(&self, wire: &Wire, route: Route) -> Result<Outcome, Problem> {
        let plan = self.bench.plan(wish(route)).await.unwrap();
        let mut schema = slow_schema(&self.bench, wire);
        if route.mode == Mode::AtOnce {
            schema.limits.live_files = 0;
        }
        let (watch, _news) = crate::bench::watch();
        migration::run(&schema, &plan, &watch).await
    }

    /// One point of the walk; whether its fault came to happen.
    async fn point(&self, route: Route, fault: Fault) -> bool {
        let context = format!("{route:?} {fault:?}");
        self.start(route).await;
        let wire = Wire::new(&self.bench.url, &self.admin, Some(fault), None).await;
        let said = tokio::time::timeout(HANGS, self.run(&wire, route))
            .await
            .unwrap_or_else(|_| panic!("{context}: it hangs"));
        let has_struck = wire.has_struck();
        drop(wire);
        let is_there = self.facts(route, &context).await;
        judge(route, &said, is_there, &context);
        self.go_on(route, is_there, &context).await;
        if !has_struck {
            assert!(said.is_ok_and(|outcome| outcome.is_complete()), "{context}");
        }
        has_struck
    }
}

/// A bench's project over a wire, with limits that notice silence soon.
pub(crate) fn slow_schema(bench: &Bench, wire: &Wire) -> Workspace {
    let mut schema = bench.schema.clone();
    let database = database_on(&wire.url).with_statement_limit(Duration::from_millis(700));
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

/// The points of a route. Behind a message of the server nothing is new to the server: the next message has that point.
async fn points(lane: &Lane, route: Route, what: What) -> Vec<Fault> {
    lane.start(route).await;
    let wire = Wire::new(&lane.bench.url, &lane.admin, None, None).await;
    let outcome = lane.run(&wire, route).await.unwrap();
    assert!(outcome.is_complete(), "{outcome:?}");
    let passed = wire.passed();
    // Start-up and the reading afterwards are the same however the file is sent.
    let session: Vec<usize> = passed
        .iter()
        .enumerate()
        .filter(|(_, message)| message.connection == 0 && message.kind == 'Q')
        .map(|(at, _)| at)
        .collect();
    let last = passed
        .iter()
        .rposition(|message| message.connection == 0)
        .unwrap();
    // Silence is told from slowness by waiting only: the start-ups are left to the soak.
    let is_whole = route.mode == Mode::Live && (what != What::Swallow || is_soak());
    let is_on_route = |at: usize| is_whole || (session[1]..=last).contains(&at);
    let key = passed
        .iter()
        .position(|message| message.kind == 'K')
        .unwrap();
    let mut points = Vec::new();
    for (at, message) in passed.iter().enumerate().filter(|(at, _)| is_on_route(*at)) {
        if what == What::EndBackend && at <= key {
            continue;
        }
        points.push(Fault {
            what,
            at,
            is_behind: false,
        });
        if message.is_frontend {
            points.push(Fault {
                what,
                at,
                is_behind: true,
            });
        }
    }
    points
}

async fn walk(what: What) {
    let first = Lane::new().await;
    let mut all = Vec::new();
    for direction in [Direction::Apply, Direction::Rollback] {
        for mode in [Mode::Live, Mode::AtOnce] {
            let route = Route { direction, mode };
            let points = points(&first, route, what).await;
            all.extend(points.into_iter().map(|fault| (route, fault)));
        }
    }
    in_lanes(
        &format!("{what:?}"),
        all,
        2 * 4,
        || Box::pin(Lane::new()),
        |lane: &Lane, (route, fault)| Box::pin(lane.point(route, fault)),
    )
    .await;
}

/// Whether the long walks are walked whole (`just soak`).
pub(crate) fn is_soak() -> bool {
    std::env::var_os("SUPADECK_SOAK").is_some()
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_closed_at_any_message_leaves_all_or_nothing() {
    walk(What::Close).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_reset_at_any_message_leaves_all_or_nothing() {
    walk(What::Reset).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_goes_silent_at_any_message_leaves_all_or_nothing() {
    walk(What::Swallow).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_is_ended_at_any_message_leaves_all_or_nothing() {
    walk(What::EndBackend).await;
}
