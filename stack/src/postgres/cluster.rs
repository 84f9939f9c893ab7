//! One running Postgres cluster: throw-away or kept, always stopped, also when this process is killed. Knows how to
//! start and stop it, not what is in it.

use super::folder::Folder;
use super::initdb::{self, SUPERUSER};
use super::kept::Kept;
use super::provider;
use super::scratch::Scratch;
use super::watchdog::Watchdog;
use crate::{Error, Options, Step};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A start that takes longer than this has failed. Recovery after a crash can take a while.
const START_LIMIT: Duration = Duration::from_mins(1);
/// How long a killed predecessor on the same data may take to go away.
const PREDECESSOR_LIMIT: Duration = Duration::from_secs(15);
/// The watchdog gives Postgres 30 s; this is longer.
const STOP_LIMIT: Duration = Duration::from_secs(45);

/// What a cluster is started with.
pub(crate) struct Settings<'a> {
    /// The caller's options.
    pub(crate) options: &'a Options,
    /// The opened folder of kept data.
    pub(crate) kept: Option<Kept>,
    /// Password of the superuser of a new cluster.
    pub(crate) admin_password: &'a str,
}

/// A running cluster. Dropping it stops it and waits until it is gone.
pub(crate) struct Cluster {
    postgres: Child,
    watchdog: Watchdog,
    /// Where it listens.
    pub(crate) endpoint: Endpoint,
    /// Whether it was made by this start.
    pub(crate) is_new: bool,
    /// The folder of kept data.
    pub(crate) kept: Option<Kept>,
}

impl Cluster {
    /// Makes (or reopens) and starts a cluster. Blocks.
    pub(crate) fn start(settings: Settings<'_>) -> Result<Self, Error> {
        let Settings {
            options,
            kept,
            admin_password,
        } = settings;
        let is_new = kept.as_ref().is_none_or(|kept| kept.secrets.is_none());
        let major = kept.as_ref().filter(|_| !is_new).and_then(Kept::major);
        let binaries = provider::find(options, provider::wanted(options, major)?)?;

        let Scratch {
            folder: scratch,
            theirs,
            private,
            mut watchdog,
            account,
        } = Scratch::make()?;
        if let Some(folder) = &options.folder {
            watchdog.remove_too(folder)?;
        }
        let data = kept
            .as_ref()
            .map_or_else(|| theirs.path().join("data"), Kept::cluster);
        let signal = if kept.is_some() { "INT" } else { "QUIT" };
        let binaries = binaries.readable_by(&account, &scratch)?;
        if let Some(kept) = &kept {
            kept.admit(&account)?;
        }
        if is_new {
            options.report(Step::Creating);
            initdb::run(
                &binaries,
                &account,
                &mut watchdog,
                &data,
                &scratch,
                admin_password,
            )?;
        }

        options.report(Step::Starting);
        let mut log = private
            .new_file("postgres.log", 0o600)
            .map_err(|e| Error::io("The log of Postgres cannot be made", e))?;
        let begun = Instant::now();
        let (postgres, port) = loop {
            let port = free_port()?;
            // Postgres gets it open: it cannot enter the folder that it is in.
            let share = || {
                let shared = log.set_len(0).and_then(|()| log.try_clone());
                shared.map_err(|e| Error::io("The log of Postgres cannot be shared", e))
            };
            let (output, errors) = (share()?, share()?);
            watchdog.starting(&data, signal)?;
            let mut postgres = account
                .command(&binaries.program("postgres"))
                .arg("-D")
                .arg(&data)
                .args(arguments(port, theirs.path(), kept.is_some()))
                .stdout(Stdio::from(output))
                .stderr(Stdio::from(errors))
                .spawn()
                .map_err(|e| Error::io("Postgres cannot be started", e))?;
            watchdog.postmaster(postgres.id())?;
            match wait_until_ready(&mut postgres, &data, &mut log) {
                Ok(()) => break (postgres, port),
                Err(_) if watchdog.no_postmaster().is_err() => return Err(Error::Stopped),
                Err(why) if may_retry(&why, begun) => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                Err(why) => {
                    return Err(Error::Postgres {
                        what: "starting",
                        why,
                    });
                }
            }
        };
        Ok(Self {
            postgres,
            watchdog,
            endpoint: Endpoint {
                port,
                sockets: theirs.path().to_path_buf(),
                private: Arc::new(private),
            },
            is_new,
            kept,
        })
    }

    /// Lets the watchdog end a process of ours together with Postgres.
    pub(crate) fn guard(&mut self, child: &Child) -> Result<(), Error> {
        self.watchdog.child(child.id())
    }

    /// Takes that back for a process that has ended: its number may soon be somebody else's.
    pub(crate) fn forget(&mut self, id: u32) -> Result<(), Error> {
        self.watchdog.forget(id)
    }

    /// Stops Postgres and waits until the watchdog has cleaned up. Blocks; doing it twice does nothing.
    pub(crate) fn stop(&mut self) {
        self.watchdog.release();
        let begun = Instant::now();
        while begun.elapsed() < STOP_LIMIT {
            // Our own child stays a zombie, which looks alive to the watchdog, until it is waited for.
            let _ = self.postgres.try_wait();
            if self.watchdog.is_done() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.postgres.kill();
        let _ = self.postgres.wait();
    }
}

/// Where a cluster listens.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// TCP port on 127.0.0.1.
    pub(crate) port: u16,
    /// The folder of its socket.
    pub(crate) sockets: PathBuf,
    /// A folder for sockets and logs of ours, which nobody else enters; the watchdog removes it.
    pub(crate) private: Arc<Folder>,
}

impl Endpoint {
    /// A connection configuration for a role and database; over the socket where there is one.
    pub(crate) fn config(
        &self,
        role: &str,
        password: &str,
        database: &str,
    ) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        #[cfg(unix)]
        config.host_path(&self.sockets);
        #[cfg(not(unix))]
        config.host("127.0.0.1");
        config
            .port(self.port)
            .user(role)
            .password(password)
            .dbname(database);
        config
            .connect_timeout(Duration::from_secs(10))
            .application_name("supadeck-stack");
        config
    }

    /// The same as the superuser. It looks for names in `pg_catalog` only, whatever a project has put elsewhere: an
    /// operator of the project's that fits better than one of Postgres would run with its rights.
    pub(crate) fn admin_config(&self, password: &str, database: &str) -> tokio_postgres::Config {
        let mut config = self.config(SUPERUSER, password, database);
        config.options("-c search_path=pg_catalog,pg_temp");
        config
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

fn arguments(port: u16, sockets: &Path, is_kept: bool) -> Vec<String> {
    let mut arguments = vec![
        "-c".into(),
        format!("unix_socket_directories={}", sockets.display()),
        "-c".into(),
        format!("port={port}"),
    ];
    let mut set = |setting: &str| arguments.extend(["-c".to_owned(), setting.to_owned()]);
    set("listen_addresses=127.0.0.1");
    set("unix_socket_permissions=0700");
    set("max_connections=300");
    set("timezone=UTC");
    set("log_timezone=UTC");
    set("logging_collector=off");
    set("password_encryption=scram-sha-256");
    set("jit=off");
    if !is_kept {
        // Nothing of it outlives this process, so nothing needs to reach the disk.
        set("fsync=off");
        set("synchronous_commit=off");
        set("full_page_writes=off");
        set("max_wal_size=4GB");
    }
    arguments
}

fn free_port() -> Result<u16, Error> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|e| Error::io("No free port was found", e))
}

/// Reads the eighth line of `postmaster.pid`, as `pg_ctl` does. The error is the end of the log.
fn wait_until_ready(postgres: &mut Child, data: &Path, log: &mut File) -> Result<(), String> {
    let begun = Instant::now();
    let id = postgres.id().to_string();
    loop {
        if let Ok(Some(status)) = postgres.try_wait() {
            return Err(tail(log).unwrap_or_else(|| status.to_string()));
        }
        let file = Folder::open(data).and_then(|data| data.read("postmaster.pid"));
        let file = String::from_utf8(file.unwrap_or_default()).unwrap_or_default();
        let mut lines = file.lines();
        if lines.next() == Some(&id) && lines.nth(6).is_some_and(|status| status.trim() == "ready")
        {
            return Ok(());
        }
        if begun.elapsed() > START_LIMIT {
            let _ = postgres.kill();
            let _ = postgres.wait();
            return Err(
                tail(log).unwrap_or_else(|| "it did not become ready within a minute".into())
            );
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn may_retry(why: &str, begun: Instant) -> bool {
    let port_taken = why.contains("could not bind") || why.contains("could not create any TCP/IP");
    let predecessor = why.contains("postmaster.pid") || why.contains("shared memory block");
    begun.elapsed() < PREDECESSOR_LIMIT && (port_taken || predecessor)
}

fn tail(log: &mut File) -> Option<String> {
    let mut text = Vec::new();
    // What is written goes to the end, wherever we read.
    log.seek(SeekFrom::Start(0)).ok()?;
    log.read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = lines.get(lines.len().saturating_sub(4)..)?;
    (!last.is_empty()).then(|| last.join(" "))
}
