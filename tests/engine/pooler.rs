//! Through a real PgBouncer in transaction mode, with TLS towards the client: nothing may rest on the session.

use crate::bench::{Bench, ends, run, until, watch};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use supadeck::domain::migration::StepEnd;
use supadeck::domain::problem::Kind;
use supadeck::domain::run_event::RunEvent;
use supadeck::ops::{migration, seed};

/// A running PgBouncer in front of a bench's database. Stopped when dropped.
pub(crate) struct Pooler {
    child: Child,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) port: u16,
    login: String,
    database: String,
}

impl Pooler {
    /// Starts one in transaction mode; absent, with the reason printed, where PgBouncer or OpenSSL is not installed.
    pub(crate) async fn start(bench: &Bench) -> Option<Self> {
        Self::start_in("transaction", bench).await
    }

    /// Starts one in a mode of its own.
    pub(crate) async fn start_in(mode: &str, bench: &Bench) -> Option<Self> {
        if !has("pgbouncer") || !has("openssl") {
            println!("skipped: pgbouncer or openssl is not installed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let (login, rest) = bench
            .url
            .split_once("://")
            .unwrap()
            .1
            .rsplit_once('@')
            .unwrap();
        let (user, password) = login.split_once(':').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let database = database.split('?').next().unwrap();
        let (host, server_port) = server.split_once(':').unwrap();
        certificates(folder.path());
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(path("users.txt"), format!("\"{user}\" \"{password}\"\n")).unwrap();
        std::fs::write(
            path("bouncer.ini"),
            format!(
                "[databases]\n{database} = host={host} port={server_port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
                auth_type = scram-sha-256\nauth_file = {}\npool_mode = {mode}\ndefault_pool_size = 3\nclient_tls_sslmode = allow\n\
                client_tls_cert_file = {}\nclient_tls_key_file = {}\nlogfile = {}\n",
                path("users.txt"), path("server.crt"), path("server.key"), path("log")
            ),
        )
        .unwrap();
        // PgBouncer does not run as root either.
        let is_root = std::env::var("USER").is_ok_and(|user| user == "root")
            || Path::new("/root").read_dir().is_ok();
        let child = if is_root {
            Command::new("chown")
                .args(["-R", "nobody", &path("")])
                .status()
                .unwrap();
            Command::new("runuser")
                .args([
                    "-u",
                    "nobody",
                    "--",
                    "pgbouncer",
                    "-q",
                    &path("bouncer.ini"),
                ])
                .stderr(Stdio::null())
                .spawn()
        } else {
            Command::new("pgbouncer")
                .args(["-q", &path("bouncer.ini")])
                .stderr(Stdio::null())
                .spawn()
        };
        let pooler = Self {
            child: child.unwrap(),
            port,
            login: login.to_owned(),
            database: database.to_owned(),
            folder,
        };
        let begun = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_err()
        {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "PgBouncer did not start"
            );
            tokio::task::yield_now().await;
        }
        Some(pooler)
    }

    /// Its URL under a host name, with parameters.
    pub(crate) fn url(&self, host: &str, parameters: &str) -> String {
        format!(
            "postgresql://{}@{host}:{}/{}?{parameters}",
            self.login, self.port, self.database
        )
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // `runuser` hands a termination on to what it runs; a kill it could not hand on.
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let _ = self.child.wait();
    }
}

pub(crate) fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// A root, a certificate of it for `localhost`, and another root that signed nothing.
pub(crate) fn certificates(folder: &Path) {
    certificates_for(folder, "localhost");
}

/// The same for another name.
pub(crate) fn certificates_for(folder: &Path, host: &str) {
    let openssl = |arguments: &str| {
        let done = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    for name in ["root", "other"] {
        openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {name}.key -out {name}.crt -days 2 -subj /CN={name}"
        ));
    }
    openssl(&format!(
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout server.key -out server.csr -subj /CN={host}"
    ));
    std::fs::write(folder.join("names"), format!("subjectAltName=DNS:{host}\n")).unwrap();
    openssl(
        "x509 -req -in server.csr -CA root.crt -CAkey root.key -CAcreateserial -days 2 -extfile names -out server.crt",
    );
}

#[tokio::test]
async fn migrations_and_seeds_run_through_a_transaction_mode_pooler() {
    let bench = Bench::new().await;
    let Some(pooler) = Pooler::start(&bench).await else {
        return;
    };
    let schema = bench.through(&pooler.url("127.0.0.1", "pgbouncer=true"));
    bench.up(
        "01_a.sql",
        "set search_path = '';\ncreate table public.a (b int);\nset statement_timeout = '1h';",
    );
    bench.up(
        "02_b.sql",
        "create table b as select current_setting('search_path') as path;",
    );
    for number in 10..25 {
        bench.up(
            &format!("{number}_t.sql"),
            format!("create table t{number} ();"),
        );
        bench.down(
            &format!("{number}_t.sql"),
            &format!("drop table t{number};"),
        );
    }
    let plan = migration::plan(&schema, &crate::bench::everything())
        .await
        .unwrap();
    let outcome = run(&schema, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_ne!(bench.texts("select path from b").await, [""]);
    let wish = supadeck::domain::migration::PlanRequest::RollbackTo {
        version: "20".into(),
    };
    let plan = migration::plan(&schema, &wish).await.unwrap();
    assert!(run(&schema, &plan).await.is_complete());
    bench.write(
        "seeds/a.sql",
        "copy a from stdin;\n1\n2\n\\.\ncopy a from stdin;\n3\n\\.\ninsert into a values (4);",
    );
    bench.write("seeds/b.sql", "copy a from stdin;\n5\n\\.\n");
    let plan = seed::plan(&schema, &[], false).await.unwrap();
    let outcome = seed::run(&schema, &plan, &crate::seeds::watch())
        .await
        .unwrap();
    assert!(outcome.problem.is_none(), "{outcome:?}");
    assert_eq!(bench.texts("select sum(b)::text from a").await, ["15"]);
}

#[tokio::test]
async fn cancelling_and_failing_work_through_the_pooler_and_tls() {
    let bench = Bench::new().await;
    let Some(pooler) = Pooler::start(&bench).await else {
        return;
    };
    let schema = bench.through(&pooler.url("localhost", "sslmode=require"));
    bench.up("1_a.sql", "create table a ();\nselect pg_sleep(600);");
    let plan = migration::plan(&schema, &crate::bench::everything())
        .await
        .unwrap();
    let (watch, mut news) = watch();
    let (cancel, shown, same) = (watch.cancel.clone(), plan.clone(), schema.clone());
    let running = tokio::spawn(async move { migration::run(&same, &shown, &watch).await.unwrap() });
    while !matches!(
        news.recv().await,
        Some(RunEvent::StatementDone {
            step: 0,
            done: 1,
            ..
        })
    ) {}
    cancel.cancel();
    let outcome = tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        outcome.problem.as_ref().map(|problem| problem.kind),
        Some(Kind::Cancelled),
        "{outcome:?}"
    );
    assert!(!bench.has("a").await);

    let same = schema.clone();
    let running = tokio::spawn(async move { run(&same, &plan).await });
    until(&bench.db, "select exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())").await;
    bench
        .db
        .batch_execute("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()")
        .await
        .unwrap();
    let outcome = running.await.unwrap();
    assert_eq!(ends(&outcome), [StepEnd::RolledBack]);
    assert_eq!(outcome.problem.unwrap().kind, Kind::Network);
}
