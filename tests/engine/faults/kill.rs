//! The fault walk with the real program killed by SIGKILL, and with the whole server stopped at once and started again.
//!
//! In the test command both walk every message between the begin of the script and the end of its connection; with
//! `SUPADECK_SOAK` set (`just soak`) every message from the first one on.

use crate::faults::{HANGS, Lane, Mode, Route, in_lanes, judge, slow_schema, wish};
use crate::fixture::protocol_proxy::{Fault, Hook, Passed, ProtocolProxy, What};
use crate::fixture::{TestProject, is_soak};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use supadeck::domain::migration::{Direction, PlanRequest};
use supadeck::ops::migration;

const ROUTES: [Route; 2] = [
    Route {
        direction: Direction::Apply,
        mode: Mode::Live,
    },
    Route {
        direction: Direction::Rollback,
        mode: Mode::Live,
    },
];

/// The program on a project's project over a line.
fn program(project: &TestProject, url: &str, route: Route) -> Child {
    let arguments: &[&str] = match route.direction {
        Direction::Apply => &["migration", "apply", "--yes"],
        Direction::Rollback => &["migration", "rollback", "--last", "1", "--yes"],
    };
    let home = project.root.path().display().to_string();
    Command::new(env!("CARGO_BIN_EXE_supadeck"))
        .args(arguments)
        .args(["--dir", &home])
        .env_clear()
        .env("SUPABASE_DB_URL", url)
        .env("HOME", &home)
        .env("SUPADECK_KEYRING", "off")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

async fn end_of(child: Arc<Mutex<Option<Child>>>) -> Output {
    let wait = tokio::task::spawn_blocking(move || {
        loop {
            // The lock is free between two looks, because the hook wants it too.
            let mut held = child.lock().unwrap();
            if held.as_mut().unwrap().try_wait().unwrap().is_some() {
                return held.take().unwrap().wait_with_output().unwrap();
            }
            drop(held);
            std::thread::sleep(std::time::Duration::from_millis(3));
        }
    });
    tokio::time::timeout(HANGS, wait)
        .await
        .expect("it hangs")
        .unwrap()
}

async fn kill_point(lane: &Lane, route: Route, fault: Fault) -> bool {
    let context = format!("killed, {route:?} {fault:?}");
    lane.start(route).await;
    let child: Arc<Mutex<Option<Child>>> = Arc::default();
    let killed = Arc::clone(&child);
    let hook: Hook = Arc::new(move || {
        if let Some(child) = killed.lock().unwrap().as_mut() {
            child.kill().unwrap();
        }
    });
    let proxy = ProtocolProxy::new(&lane.project.url, &lane.admin, Some(fault), Some(hook)).await;
    // Held until the child is in its place, so that the hook finds it.
    {
        let mut place = child.lock().unwrap();
        *place = Some(program(&lane.project, &proxy.url, route));
    }
    let output = end_of(child).await;
    let has_struck = proxy.close().await;
    let is_there = lane.facts(route, &context).await;
    if output.status.success() {
        assert_eq!(is_there, route.direction == Direction::Apply, "{context}");
    }
    lane.go_on(route, is_there, &context).await;
    has_struck
}

/// The connection that runs the script: one reads for the plan, one how it ended, and it asks more than both.
fn script_of(passed: &[Passed]) -> usize {
    let queries = |connection: &usize| {
        let asks = |one: &&Passed| one.connection == *connection && one.kind == 'Q';
        passed.iter().filter(asks).count()
    };
    (0..3).max_by_key(queries).unwrap()
}

/// The points of a reference run: all, or those of the script's own connection from its first message on.
fn points(passed: &[Passed], script: usize, what: What) -> Vec<Fault> {
    let queries: Vec<usize> = passed
        .iter()
        .enumerate()
        .filter(|(_, message)| message.connection == script && message.kind == 'Q')
        .map(|(at, _)| at)
        .collect();
    let last = passed
        .iter()
        .rposition(|message| message.connection == script)
        .unwrap();
    // The first query of that connection looks which of the books there are.
    let range = if is_soak() {
        0..=passed.len() - 1
    } else {
        queries[1]..=last
    };
    let mut points = Vec::new();
    for at in range {
        let behind: &[bool] = if passed[at].is_frontend {
            &[false, true]
        } else {
            &[false]
        };
        points.extend(behind.iter().map(|is_behind| Fault {
            what,
            at,
            is_behind: *is_behind,
        }));
    }
    points
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_killed_at_any_message_leaves_all_or_nothing() {
    let lane = Lane::new().await;
    let mut all = Vec::new();
    for route in ROUTES {
        lane.start(route).await;
        let proxy = ProtocolProxy::new(&lane.project.url, &lane.admin, None, None).await;
        let child = program(&lane.project, &proxy.url, route);
        let output = end_of(Arc::new(Mutex::new(Some(child)))).await;
        assert!(output.status.success(), "{output:?}");
        let passed = proxy.passed();
        let points = points(&passed, script_of(&passed), What::Hook);
        all.extend(points.into_iter().map(|fault| (route, fault)));
    }
    in_lanes(
        "SIGKILL",
        all,
        4,
        || Box::pin(Lane::new()),
        |lane: &Lane, (route, fault)| Box::pin(kill_point(lane, route, fault)),
    )
    .await;
}

/// A cluster of our own, which can be stopped without a good-bye.
struct Cluster {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

impl Cluster {
    fn new() -> Option<Self> {
        let programs = std::fs::read_dir("/usr/lib/postgresql")
            .ok()?
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .find(|path| path.join("pg_ctl").exists())?;
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let cluster = Self {
            folder,
            programs,
            port,
        };
        if is_root() {
            let owned = Command::new("chown")
                .arg("nobody")
                .arg(cluster.folder.path())
                .status();
            assert!(owned.unwrap().success());
        }
        let data = cluster.data();
        cluster.call(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "--no-sync",
                "-E",
                "UTF8",
            ],
        );
        cluster.start();
        Some(cluster)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn call(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "nobody", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let done = command
            .args(arguments)
            .current_dir(Path::new("/"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(done.success(), "{arguments:?}");
    }

    fn start(&self) {
        let folder = self.folder.path().display();
        let options = format!(
            "-p {} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=40",
            self.port
        );
        let log = self.folder.path().join("log").display().to_string();
        self.call(
            "pg_ctl",
            &[
                "-D",
                &self.data(),
                "-o",
                &options,
                "-l",
                &log,
                "-w",
                "start",
            ],
        );
    }

    fn stop(&self) {
        self.call(
            "pg_ctl",
            &["-D", &self.data(), "-m", "immediate", "-w", "stop"],
        );
    }

    fn url(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_root() -> bool {
    Path::new("/root").read_dir().is_ok()
}

/// The line of a lane on a cluster, made again after each stop.
async fn lane_on(cluster: &Cluster) -> Lane {
    Lane::on(cluster.url()).await
}

async fn run_over(
    lane: &Lane,
    proxy: &ProtocolProxy,
    route: Route,
) -> Result<supadeck::domain::migration::Outcome, supadeck::domain::problem::Problem> {
    let plan = lane.project.plan(wish(route)).await.unwrap();
    let (watch, _news) = crate::fixture::watch();
    migration::run(&slow_schema(&lane.project, proxy), &plan, &watch).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_stopped_at_any_message_leaves_all_or_nothing() {
    let Some(cluster) = Cluster::new().map(Arc::new) else {
        println!("skipped: there is no pg_ctl in /usr/lib/postgresql");
        return;
    };
    let begun = Instant::now();
    let mut count = 0;
    let mut missed = 0;
    for route in ROUTES {
        let lane = lane_on(&cluster).await;
        lane.start(route).await;
        let proxy = ProtocolProxy::new(&lane.project.url, &lane.admin, None, None).await;
        let outcome = run_over(&lane, &proxy, route).await.unwrap();
        assert!(outcome.is_complete(), "{outcome:?}");
        let passed = proxy.passed();
        let mut points = points(&passed, 0, What::Hook);
        // At a farewell the run may be over before the server is.
        points.retain(|fault| passed[fault.at].kind != 'X');
        if !is_soak() {
            // From the message with COMMIT on: before it, the stop is a closed line like any other.
            let tail = passed
                .iter()
                .rposition(|message| message.connection == 0 && message.kind == 'Q')
                .unwrap();
            points.retain(|fault| fault.at >= tail);
        }
        // Started again at once, the server answers what is asked about the end; else nobody does.
        for comes_back in if is_soak() {
            vec![true, false]
        } else {
            vec![true]
        } {
            for fault in &points {
                let lane = lane_on(&cluster).await;
                let context = format!("stopped, back {comes_back}, {route:?} {fault:?}");
                lane.start(route).await;
                let stopped = Arc::clone(&cluster);
                let hook: Hook = Arc::new(move || {
                    stopped.stop();
                    if comes_back {
                        stopped.start();
                    }
                });
                let proxy =
                    ProtocolProxy::new(&lane.project.url, &lane.admin, Some(*fault), Some(hook))
                        .await;
                let said = tokio::time::timeout(HANGS, run_over(&lane, &proxy, route))
                    .await
                    .unwrap_or_else(|_| panic!("{context}: it hangs"));
                let has_struck = proxy.close().await;
                if has_struck && !comes_back {
                    cluster.start();
                }
                missed += usize::from(!has_struck);
                let lane = lane.again(cluster.url()).await;
                let is_there = lane.facts(route, &context).await;
                judge(route, &said, is_there, &context);
                lane.go_on(route, is_there, &context).await;
                count += 1;
            }
        }
    }
    println!(
        "server stopped: {count} points in {:.1} s",
        begun.elapsed().as_secs_f32()
    );
    assert!(
        count >= 16 && missed <= 4,
        "{missed} of {count} faults did not happen"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_program_leaves_its_file_outside_a_transaction_interrupted() {
    let lane = Lane::new().await;
    let project = &lane.project;
    lane.start(ROUTES[0]).await;
    let text = "-- supadeck: no-transaction\ncreate table a ();\nselect pg_sleep(600);\n";
    project.up("1_a.sql", text);
    let mut child = program(project, &project.url, ROUTES[0]);
    let sleeps = "exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())";
    crate::fixture::until(&project.db, &format!("select {sleeps}")).await;
    child.kill().unwrap();
    child.wait().unwrap();
    crate::fixture::until(&project.db, "select not exists (select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database()))").await;
    assert_eq!(project.states().await, ["1 interrupted"]);
    let go_on = |from_start| PlanRequest::GoOn {
        direction: Direction::Apply,
        from_start,
    };
    // The server knows nothing of the kill, and works on.
    let refused = project.plan(go_on(true)).await.unwrap_err();
    assert!(refused.what.contains("still at a statement"), "{refused}");
    project
        .db
        .batch_execute("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()")
        .await
        .unwrap();
    lane.project.quiet().await;
    let listing = migration::list(&project.schema).await.unwrap();
    let note = listing.entries[0].note.clone().unwrap();
    assert!(
        note.contains("statement 2 of 2") && note.contains("may or may not"),
        "{note}"
    );
    project.up(
        "1_a.sql",
        text.replace("600", "0").replace("table a", "table c"),
    );
    let plan = project.plan(go_on(true)).await.unwrap();
    assert!(
        crate::fixture::run(&project.schema, &plan)
            .await
            .is_complete()
    );
    assert_eq!(project.states().await, ["1 applied"]);
}
