//! Looks at a run from a second connection while an answer is awaited: how far it is, who blocks it, and whether the server
//! is at work for it at all. Decides nothing; what it saw goes to the supervisor.

use super::connection::Connection;
use super::database::PgDatabase;
use crate::adapters::sql::activity::{SIGHT_COLUMNS, parse_blocking_chain, sight_of};
use crate::adapters::sql::quote::{array, dollar};
use crate::domain::migration::Blocker;
use crate::domain::script::{Record, Script};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How long a run is left alone before it is looked at, and how often it is then.
const FIRST_LOOK: Duration = Duration::from_millis(300);
const LOOK: Duration = Duration::from_secs(1);
/// A slow line still brings this much of a script to the server; before that the server has nothing to do for it.
const SLOW_BYTES_PER_SECOND: u64 = 32 * 1024;

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Liveness {
    /// Another script of the message is at work than before.
    AtWork,
    /// A statement waits for somebody else's lock.
    Blocked(Blocker),
    /// The line is dead; holds the reason.
    Dead(String),
}

/// A look-out for one run. Dropping it ends it.
pub(super) struct ActivityMonitor {
    seen: UnboundedReceiver<Liveness>,
    answers: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl ActivityMonitor {
    /// Looks out for the sessions of a name. `bytes` is how much is sent to the server.
    pub(super) fn new(
        database: PgDatabase,
        name: String,
        silence: Duration,
        bytes: u64,
        trail: Option<HistoryProgress>,
    ) -> Self {
        let (sender, seen) = unbounded_channel();
        let answers = Arc::new(AtomicU64::new(0));
        let watch = Poller {
            database,
            name,
            silence: silence + Duration::from_secs(bytes / SLOW_BYTES_PER_SECOND),
            answers: Arc::clone(&answers),
            sender,
            trail,
            connection: None,
            backends: BTreeSet::new(),
            told: None,
        };
        let task = tokio::spawn(watch.run());
        Self {
            seen,
            answers,
            task,
        }
    }

    /// The next thing that was seen. Never ends when nothing can be seen any more.
    pub(super) async fn next(&mut self) -> Liveness {
        match self.seen.recv().await {
            Some(seen) => seen,
            None => std::future::pending().await,
        }
    }

    /// An answer came: the line lives.
    pub(super) fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for ActivityMonitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Poller {
    database: PgDatabase,
    name: String,
    silence: Duration,
    answers: Arc<AtomicU64>,
    sender: UnboundedSender<Liveness>,
    trail: Option<HistoryProgress>,
    connection: Option<Connection>,
    /// The backends that the server has shown under the name, with the time they began: a file may rename its session. Behind
    /// some poolers there are none.
    backends: BTreeSet<(String, String)>,
    told: Option<Blocker>,
}

/// What the scripts of a message leave in the history, one after the other. It tells from outside how far the message seems
/// to be: the server keeps its answers back until there are enough of them. What is done, only the answers tell, because anybody
/// can write the history.
pub(super) struct HistoryProgress {
    versions: Vec<String>,
    /// Whether they come into the history, or go.
    come: bool,
    /// How many scripts seemed to be committed at the last look.
    seen: Arc<AtomicUsize>,
}

impl HistoryProgress {
    /// The trail of some scripts; none when they do not all add to the history, or all take from it.
    pub(super) fn of(scripts: &[Script], seen: Arc<AtomicUsize>) -> Option<Self> {
        let come = matches!(scripts.first()?.record, Record::Applied { .. });
        let version = |script: &Script| match &script.record {
            Record::Applied { version, .. } if come => Some(version.clone()),
            Record::RolledBack { version } if !come => Some(version.clone()),
            _ => None,
        };
        let versions = scripts.iter().map(version).collect::<Option<_>>()?;
        Some(Self {
            versions,
            come,
            seen,
        })
    }

    fn sql(&self) -> String {
        format!(
            "set local statement_timeout = '5s'; set local lock_timeout = '200ms'; \
            select version::text from supabase_migrations.schema_migrations where version::text = any ({})",
            array(self.versions.iter().map(String::as_str))
        )
    }

    /// How many scripts are committed before the one at work, when these versions are in the history.
    fn read(&self, rows: Vec<Vec<Option<String>>>) -> usize {
        let there: BTreeSet<String> = rows.into_iter().flatten().flatten().collect();
        let is_done = |version: &&String| there.contains(*version) == self.come;
        let done = self.versions.iter().take_while(is_done).count();
        done.min(self.versions.len() - 1)
    }
}

/// What one look says of the line.
enum Observation {
    /// The server is at work for it, or nobody can tell.
    Fine,
    /// The server has nothing to do for it.
    Idle,
    /// The server did not answer this line either.
    Unreachable,
}

impl Poller {
    async fn run(mut self) {
        tokio::time::sleep(FIRST_LOOK.min(self.silence / 2)).await;
        let mut doubtful: Option<Instant> = None;
        let mut answered = self.answers.load(Ordering::Relaxed);
        loop {
            let begun = Instant::now();
            let sight = match tokio::time::timeout(self.silence, self.look()).await {
                Ok(sight) => sight,
                Err(_) => Observation::Unreachable,
            };
            let now = self.answers.load(Ordering::Relaxed);
            let why = match sight {
                Observation::Fine => None,
                Observation::Idle => {
                    Some("the server has nothing to do for it, and its answer did not come")
                }
                Observation::Unreachable => {
                    self.connection = None;
                    Some("nothing comes from the server, on a second line neither")
                }
            };
            match why {
                Some(why) if now == answered => {
                    let since = *doubtful.get_or_insert(begun);
                    if since.elapsed() >= self.silence {
                        let why = format!(
                            "The line was given up after {} seconds: {why}",
                            since.elapsed().as_secs_f32().ceil()
                        );
                        let _ = self.sender.send(Liveness::Dead(why));
                        return;
                    }
                }
                _ => doubtful = None,
            }
            answered = now;
            tokio::time::sleep(LOOK.min(self.silence / 4)).await;
        }
    }

    async fn look(&mut self) -> Observation {
        if self.connection.is_none() {
            match self.database.open().await {
                Ok(connection) => self.connection = Some(connection),
                // A server that refuses a second line lives; a line that is not made says nothing good.
                Err(problem) if problem.kind == crate::domain::problem::Kind::Network => {
                    return Observation::Unreachable;
                }
                Err(_) => return Observation::Fine,
            }
        }
        let Some(connection) = &self.connection else {
            return Observation::Fine;
        };
        let before = self.committed(connection).await;
        let answers = match connection.rows(&self.view()).await {
            Ok(rows) => rows,
            Err(error) if error.as_db_error().is_some() => return Observation::Fine,
            Err(_) => return Observation::Unreachable,
        };
        let committed = self.committed(connection).await;
        if let (Some(trail), Some(count)) = (&self.trail, committed)
            && trail.seen.swap(count, Ordering::Relaxed) != count
        {
            let _ = self.sender.send(Liveness::AtWork);
        }
        let (rows, backends): (Vec<_>, Vec<_>) = answers
            .into_iter()
            .partition(|row| row.len() == SIGHT_COLUMNS);
        let known = !self.backends.is_empty();
        self.backends.extend(backends.into_iter().filter_map(|row| {
            let mut cells = row.into_iter().flatten();
            Some((cells.next()?, cells.next()?))
        }));
        let state = |row: &Vec<Option<String>>| row.first().cloned().flatten();
        // While it was looked at the run may have come to another script: then it is not known which one was blocked.
        if before == committed {
            match parse_blocking_chain(&rows) {
                Some(blocker) => {
                    if self.told.as_ref().is_none_or(|told| blocker.is_news(told)) {
                        self.told = Some(blocker.clone());
                        let _ = self.sender.send(Liveness::Blocked(blocker));
                    }
                }
                // Whoever is in the way after this is so again.
                None => self.told = None,
            }
        }
        let is_at_work = rows.iter().any(|row| {
            state(row).is_none_or(|state| !state.starts_with("idle") && state != "disabled")
        });
        match (rows.is_empty(), is_at_work) {
            (_, true) => Observation::Fine,
            (true, _) if !known => Observation::Fine,
            _ => Observation::Idle,
        }
    }

    async fn committed(&self, connection: &Connection) -> Option<usize> {
        let trail = self.trail.as_ref()?;
        Some(trail.read(connection.rows(&trail.sql()).await.ok()?))
    }

    fn view(&self) -> String {
        let name = format!("a.application_name = {}", dollar(&self.name));
        let mut whose = name.clone();
        for (pid, since) in &self.backends {
            whose.push_str(&format!(
                " or a.pid = {} and a.backend_start = {}::timestamptz",
                pid.parse::<i32>().unwrap_or_default(),
                dollar(since)
            ));
        }
        format!(
            "set local statement_timeout = '5s'; {}; select a.pid, a.backend_start from pg_catalog.pg_stat_activity a \
            where {name} and a.datname = pg_catalog.current_database()",
            sight_of(&format!("({whose})"))
        )
    }
}
