//! A dry run on a connection of its own: a transaction that is never committed, in which files run and are measured.

use super::connection::Connection;
use super::database::{PgDatabase, Spare};
use super::dry_run_feed::goes_back;
use super::dry_run_files::{FilesRun, Flown};
use super::dry_run_questions::{KnownTables, Questions, asked, counted, refused, send};
use super::error::statement_problem;
use super::spare::Purpose;
use crate::adapters::sql::between;
use crate::adapters::sql::codes::BUSY;
use crate::adapters::sql::dry_run_limits::{
    self, COUNT, NOT_BEGUN, NOT_MEASURED, busy, status, undone,
};
use crate::adapters::sql::snapshot::{self, Texts};
use crate::domain::dry_run::access::{Right, Rights, Visible, changes};
use crate::domain::dry_run::losses::Counts;
use crate::domain::dry_run::measure::{Baseline, CountTarget};
use crate::domain::dry_run::quiet::Quiet;
use crate::domain::dry_run::recording::{
    DryRunResult, Failed, FileResult, FileScript, PostRollback,
};
use crate::domain::problem::Problem;
use crate::domain::run_event::RunEvent;
use crate::domain::script::{Limits, RunError};
use crate::domain::snapshot::Snapshot;
use crate::ports::{
    Database as _, DryRun, DryRunDatabase, DryRunTransaction, Events, GoesOn, Task,
};
use tokio_util::sync::CancellationToken;

/// The savepoint to which the transaction returns for what was there before the files, and that before everything.
const MARK: &str = "rollback to savepoint supadeck_mark";
const START: &str = "rollback to savepoint supadeck_start";
/// Undoes the file that runs, and all that were sent together.
const UNDO_FILE: &str = "rollback to savepoint supadeck_file; release savepoint supadeck_file";
const UNDO_FILES: &str = "rollback to savepoint supadeck_files; release savepoint supadeck_files";

/// A dry run on a connection of its own.
pub(super) struct PgDryRun {
    database: PgDatabase,
    connection: Connection,
    name: String,
    /// When it began, by the server's clock.
    begun: String,
    questions: Questions,
    /// The tables that were there, once they were asked for; what is made on the way is nobody's concern, and a new
    /// database would pay for it with every statement.
    known: Vec<u32>,
    /// Those tables as they were seen last, before anything ran, and where the transaction was marked.
    tables: KnownTables,
    first_tables: KnownTables,
    marked_tables: KnownTables,
    /// Which statements are measured together with others.
    quiet: Quiet,
    /// Whether the savepoint of files that were sent together still stands, and no mark behind it.
    has_files: bool,
    /// What was there before anything ran, where it was asked for.
    before: Option<Before>,
    /// The transaction number below which each was taken when something was undone last, until a file begins behind it.
    undone_xid: Option<u64>,
}

/// What is asked before anything runs.
struct Before {
    snapshot: Snapshot,
    baseline: Baseline,
    rights: Vec<Right>,
}

impl DryRunDatabase for PgDatabase {
    fn dry_run(&self, limits: Limits) -> Task<'_, Box<dyn DryRun>> {
        Box::pin(async move {
            let begun = PgDryRun::begin(self, limits, true).await?;
            Ok(Box::new(begun) as Box<dyn DryRun>)
        })
    }

    fn open_dry_run(&self, limits: Limits) -> Task<'_, Box<dyn DryRunTransaction>> {
        Box::pin(async move {
            let begun = PgDryRun::begin(self, limits, false).await?;
            Ok(Box::new(begun) as Box<dyn DryRunTransaction>)
        })
    }
}

impl PgDryRun {
    /// Begins the transaction; `looks` says whether everything that was there before is asked for at once.
    async fn begin(database: &PgDatabase, limits: Limits, looks: bool) -> Result<Self, Problem> {
        let Spare {
            connection, name, ..
        } = database.open_to_run().await?;
        // In the end another connection is asked whether all of it is undone.
        database.open_ahead(Purpose::Read);
        let mut dry_run = Self {
            database: database.clone(),
            connection,
            name,
            begun: String::new(),
            questions: Questions {
                number: String::new(),
                limits,
                patience: database.patience,
            },
            known: Vec::new(),
            tables: KnownTables::default(),
            first_tables: KnownTables::default(),
            marked_tables: KnownTables::default(),
            quiet: Quiet::default(),
            has_files: false,
            before: None,
            undone_xid: None,
        };
        dry_run.open(looks).await?;
        Ok(dry_run)
    }

    /// Begins, and sends what is asked before anything runs right behind: where the transaction does not begin, none of it is
    /// answered.
    async fn open(&mut self, looks: bool) -> Result<(), Problem> {
        let begin = format!(
            "{}; {}; savepoint supadeck_start; select pg_catalog.txid_current(), pg_catalog.now()",
            between::open(),
            self.questions.caps(),
        );
        let (snapshot, baseline, rights) = (
            self.questions.usual(snapshot::SNAPSHOT),
            self.questions.usual(snapshot::BASELINE),
            self.questions.usual(snapshot::RIGHTS),
        );
        let patience = self.database.patience;
        let mut looked = Vec::new();
        let rows = {
            let client = &self.connection.client;
            let beginning = send(asked(client, &begin));
            let questions = [&snapshot, &baseline, &rights];
            let mut looking = Vec::new();
            let mut marking = None;
            if looks {
                looking.extend(questions.map(|question| send(asked(client, question))));
                marking = Some(send(asked(client, "savepoint supadeck_mark")));
            }
            let opening = async {
                beginning.await.map_err(|error| {
                    if super::answers::has_code(&error, &[BUSY]) {
                        return busy();
                    }
                    statement_problem(&error, NOT_BEGUN)
                })
            };
            let rows = patience.on(&self.connection, NOT_BEGUN, opening).await?;
            for question in looking.into_iter().chain(marking) {
                let asking = async { question.await.map_err(|error| refused(&error)) };
                looked.push(patience.on(&self.connection, NOT_MEASURED, asking).await?);
            }
            rows
        };
        let mut cells = rows.into_iter().next_back().into_iter().flatten().flatten();
        let (Some(number), Some(begun)) = (cells.next(), cells.next()) else {
            return Err(Problem::internal("The transaction has no number."));
        };
        (self.questions.number, self.begun) = (number, begun);
        self.drop_notices();
        // The savepoint answers nothing.
        looked.truncate(3);
        let answers = looked.into_iter().map(|rows| self.questions.rows(rows));
        let answers = answers.collect::<Result<Vec<Texts>, Problem>>()?;
        let mut answers = answers.into_iter();
        if let (Some(snapshot), Some(baseline), Some(rights)) =
            (answers.next(), answers.next(), answers.next())
        {
            let baseline = snapshot::parse_baseline(baseline);
            self.know(&baseline);
            self.before = Some(Before {
                snapshot: snapshot::parse_snapshot(snapshot)?,
                baseline,
                rights: snapshot::parse_rights(rights)?,
            });
        }
        Ok(())
    }

    fn drop_notices(&mut self) {
        while self.connection.notices.try_recv().is_ok() {}
    }

    /// Keeps the tables that were there before.
    fn know(&mut self, baseline: &Baseline) {
        self.known = baseline.tables.iter().map(|table| table.id).collect();
        self.tables = KnownTables::of(baseline);
        self.first_tables = self.tables.clone();
        self.marked_tables = self.tables.clone();
        self.quiet = Quiet::new(baseline);
    }

    /// Asks several things at once.
    async fn ask(&mut self, messages: Vec<String>) -> Result<Vec<Texts>, Problem> {
        let answers = self.questions.ask(&self.connection, messages).await?;
        self.drop_notices();
        Ok(answers)
    }

    async fn ask_one(&mut self, question: &str) -> Result<Texts, Problem> {
        let answers = self.ask(vec![self.questions.usual(question)]).await?;
        Ok(answers.into_iter().next().unwrap_or_default())
    }

    /// Runs files up to the first that fails. What the server refuses is undone.
    async fn files(
        &mut self,
        scripts: &[FileScript],
        is_told: bool,
        wants_rights: bool,
        news: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<Flown, Problem> {
        let (tables, quiet) = (self.tables.clone(), self.quiet.clone());
        let mut is_strict = self.database.is_strict || scripts.iter().any(goes_back);
        loop {
            let open = if std::mem::replace(&mut self.has_files, true) {
                "release savepoint supadeck_files; savepoint supadeck_files; "
            } else {
                "savepoint supadeck_files; "
            };
            let run = FilesRun {
                database: &self.database,
                connection: &mut self.connection,
                name: &self.name,
                questions: &self.questions,
                known: &self.known,
                tables: &mut self.tables,
                quiet: &mut self.quiet,
                open,
                is_strict,
                wants_rights,
                tells_files: is_told,
            };
            let mut flown = run.run(scripts, news, cancel).await?;
            self.drop_notices();
            if !flown.is_unclear {
                if let Some(first) = flown.files.first_mut() {
                    first.begun_xid = self.undone_xid.take();
                }
                let failed = flown.files.last().and_then(|file| file.failed.as_ref());
                if failed.is_some_and(|failed| matches!(failed.halt, RunError::Refused(_))) {
                    self.undo(UNDO_FILE).await?;
                }
                return Ok(flown);
            }
            (self.tables, self.quiet) = (tables.clone(), quiet.clone());
            self.undo(UNDO_FILES).await?;
            self.has_files = false;
            is_strict = true;
            if let Some(script) = scripts.first() {
                news(RunEvent::StepRestarted { step: script.step });
            }
        }
    }

    /// The SQL that returns to a savepoint, and leaves the session as the next file finds it in a run.
    fn returning(&self, savepoint: &str) -> String {
        let (reset, limits) = (dry_run_limits::end_session(), self.questions.caps());
        format!("{savepoint}; {reset}; {limits}")
    }

    async fn return_to(&mut self, savepoint: &str) -> Result<(), Problem> {
        self.plain(&self.returning(savepoint)).await
    }

    /// Undoes what ran and was not told as done. The server goes on counting rows over it.
    async fn undo(&mut self, savepoint: &str) -> Result<(), Problem> {
        self.return_to(savepoint).await?;
        let counters = snapshot::counters_sql(&self.known);
        let questions = [counters.as_str(), snapshot::NEXT_XID];
        let questions = questions.map(|question| self.questions.usual(question));
        let mut answers = self.ask(questions.to_vec()).await?.into_iter();
        let mut answer = || answers.next().unwrap_or_default();
        self.tables.count_besides(answer());
        self.undone_xid = snapshot::parse_next_xid(&answer());
        Ok(())
    }

    /// Enters which transactions were undone, where files changed rows.
    async fn enter_undone(&mut self, results: &mut [FileResult]) -> Result<(), Problem> {
        if !results.iter().any(FileResult::has_changed_rows) {
            return Ok(());
        }
        let question = format!("select {}", snapshot::undone_sql());
        let said = self.ask_one(&question).await?;
        let said = said.into_iter().flatten().next().flatten();
        let undone = snapshot::parse_undone(said.as_deref());
        for result in results {
            result.undone.clone_from(&undone);
        }
        Ok(())
    }

    /// Runs SQL of ours whose answer says nothing.
    async fn plain(&self, sql: &str) -> Result<(), Problem> {
        let running = async {
            let ran = self.connection.client.simple_query(sql).await;
            ran.map(drop).map_err(|error| refused(&error))
        };
        let patience = self.database.patience;
        patience.on(&self.connection, NOT_MEASURED, running).await
    }

    /// Runs the files.
    async fn all(
        &mut self,
        scripts: &[FileScript],
        goes_on: GoesOn<'_>,
        news: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<DryRunResult, Problem> {
        let Some(before) = self.before.take() else {
            return Err(Problem::internal("A dry run runs once."));
        };
        let mut rights = Rights {
            before: before.rights,
            ..Rights::default()
        };
        let mut results: Vec<FileResult> = Vec::with_capacity(scripts.len());
        let (mut undone, mut is_seen, mut after) = (Vec::new(), true, None);
        while results.len() < scripts.len() {
            let left = &scripts[results.len()..];
            let next = &left[..together(left)];
            let is_last = next.len() == left.len();
            let flown = self.files(next, true, is_last, news, cancel).await?;
            for (script, mut result) in left.iter().zip(flown.files) {
                if let Some(failed) = &result.failed
                    && matches!(failed.halt, RunError::Refused(_))
                    && !is_seen
                {
                    result.after = Some(self.snapshot().await?);
                    is_seen = true;
                } else if result.failed.is_none() {
                    is_seen = script.wants_snapshot;
                }
                results.push(result);
            }
            after = flown.rights;
            let step = scripts[results.len() - 1].step;
            let failed = results.last().and_then(|result| result.failed.as_ref());
            if let Some(failed) = failed {
                if !goes_on(step, failed, &undone) {
                    break;
                }
                undone.push(step);
            }
        }
        // A transaction that is lost answers nothing any more.
        let is_there = results
            .last()
            .and_then(|result: &FileResult| result.failed.as_ref())
            .is_none_or(|failed| matches!(failed.halt, RunError::Refused(_)));
        if is_there {
            let after = match after {
                Some(after) => after,
                None => self.rights().await?,
            };
            let changes = changes(&rights.before, &after, &before.snapshot.ids());
            let wanted: Vec<(String, u32)> = changes
                .iter()
                .filter(|change| change.may_show())
                .map(|change| (change.role.clone(), change.ids.0))
                .collect();
            let seen = self.seeing(&wanted);
            rights.visible = visible(self.ask(seen).await?)?;
            rights.after = Some(after);
            self.enter_undone(&mut results).await?;
        }
        Ok(DryRunResult {
            before: before.snapshot,
            baseline: before.baseline,
            files: results,
            rights,
        })
    }

    /// The questions how many rows roles see of tables, each counted for no longer than a limit.
    fn seeing(&self, wanted: &[(String, u32)]) -> Vec<String> {
        let blocks = snapshot::visible_blocks(wanted, "true").into_iter();
        let question = |block| {
            let sql = format!("{block}; select {}", snapshot::SEEN);
            self.questions.message(&sql, COUNT + COUNT)
        };
        blocks.map(question).collect()
    }

    /// The questions how much there is of tables, each counted for no longer than a limit.
    fn counting(&self, holdings: &[CountTarget]) -> Vec<String> {
        let blocks = holdings.iter();
        let blocks = blocks.map(|holding| snapshot::count_block(holding, "true"));
        blocks
            .map(|block| self.questions.counting(&block))
            .collect()
    }

    /// Returns to the state before the files, and asks everything of it at once.
    async fn before(
        &mut self,
        holdings: &[CountTarget],
        seen: &[(String, u32)],
    ) -> Result<PostRollback, Problem> {
        self.tables.return_to(&self.marked_tables);
        self.has_files = false;
        let mut messages = vec![self.questions.usual(snapshot::BASELINE)];
        messages.extend(self.counting(holdings));
        messages.extend(self.seeing(seen));
        let back = self.returning(MARK);
        let client = &self.connection.client;
        let returning = send(asked(client, &back));
        let asking = self.questions.ask(&self.connection, messages);
        let (returned, answers) = futures_util::join!(returning, asking);
        returned.map_err(|error| refused(&error))?;
        let mut answers = answers?.into_iter();
        self.drop_notices();
        let baseline = snapshot::parse_baseline(answers.next().unwrap_or_default());
        let mut counts = Counts::new();
        for answer in answers.by_ref().take(holdings.len()) {
            counts.extend(counted(answer)?);
        }
        Ok(PostRollback {
            sequences: baseline.sequences,
            counts,
            visible: visible(answers.collect())?,
        })
    }

    async fn try_end(&mut self) -> Result<(), Problem> {
        // What is still in the session's hands is undone with it, whatever the answer is.
        let rollback = format!(
            "rollback; {}; select pg_catalog.pg_advisory_unlock_all()",
            snapshot::forget(&self.begun)
        );
        if self.plain(&rollback).await.is_err() {
            self.connection.give_up();
            self.database.settled(&self.name).await?;
        }
        let spare = self.database.spare_reader().await;
        let answered = match &spare {
            Some(spare) => self.status(spare).await.ok(),
            None => None,
        };
        let (fresh, status) = if let Some(known) = spare.zip(answered) {
            known
        } else {
            let fresh = self.database.open().await?;
            let status = self.status(&fresh).await?;
            (fresh, status)
        };
        // The history is read next.
        self.database.keep_to_read(fresh);
        undone(status.as_deref())
    }

    /// What became of the transaction, as another connection sees it.
    async fn status(&self, fresh: &Connection) -> Result<Option<String>, Problem> {
        let patience = self.database.patience;
        let sql = patience.with_limits(&format!("select {}", status(&self.questions.number)));
        let asking = async {
            let rows = fresh.rows(&sql).await;
            rows.map_err(|error| statement_problem(&error, NOT_MEASURED))
        };
        let rows = patience.on(fresh, NOT_MEASURED, asking).await?;
        Ok(rows.into_iter().flatten().flatten().next())
    }
}

/// How many files are sent together: one that may return to a state before goes by itself.
fn together(scripts: &[FileScript]) -> usize {
    let plain = scripts.iter().take_while(|script| !goes_back(script));
    plain.count().max(1)
}

/// What roles see.
fn visible(answers: Vec<Texts>) -> Result<Vec<Visible>, Problem> {
    let mut found = Vec::new();
    for answer in answers {
        let text = answer.into_iter().flatten().flatten().next();
        let seen: Vec<snapshot::Seen> = serde_json::from_str(&text.unwrap_or_default())
            .map_err(|error| Problem::internal(format!("A count cannot be read: {error}.")))?;
        found.extend(snapshot::parse_visible(seen));
    }
    Ok(found)
}

impl DryRun for PgDryRun {
    fn run_files<'a>(
        &'a mut self,
        scripts: &'a [FileScript],
        goes_on: GoesOn<'a>,
        news: Events<'a>,
        cancel: &'a CancellationToken,
    ) -> Task<'a, DryRunResult> {
        Box::pin(self.all(scripts, goes_on, news, cancel))
    }

    fn measure_before<'a>(
        &'a mut self,
        holdings: &'a [CountTarget],
        seen: &'a [(String, u32)],
    ) -> Task<'a, PostRollback> {
        Box::pin(self.before(holdings, seen))
    }

    fn end(mut self: Box<Self>) -> Task<'static, ()> {
        Box::pin(async move { self.try_end().await })
    }
}

impl DryRunTransaction for PgDryRun {
    fn snapshot(&mut self) -> Task<'_, Snapshot> {
        Box::pin(async move { snapshot::parse_snapshot(self.ask_one(snapshot::SNAPSHOT).await?) })
    }

    fn baseline(&mut self) -> Task<'_, Baseline> {
        Box::pin(async move {
            // What was counted until now is nothing of what follows.
            let counters = snapshot::counters_sql(&self.known);
            let questions = [snapshot::BASELINE, &counters];
            let questions = questions.map(|question| self.questions.usual(question));
            let mut answers = self.ask(questions.to_vec()).await?.into_iter();
            let baseline = snapshot::parse_baseline(answers.next().unwrap_or_default());
            self.know(&baseline);
            self.tables
                .count_besides(answers.next().unwrap_or_default());
            self.first_tables = self.tables.clone();
            self.marked_tables = self.tables.clone();
            Ok(baseline)
        })
    }

    fn rights(&mut self) -> Task<'_, Vec<Right>> {
        Box::pin(async move { snapshot::parse_rights(self.ask_one(snapshot::RIGHTS).await?) })
    }

    fn run_file<'a>(
        &'a mut self,
        script: &'a FileScript,
        news: Events<'a>,
        cancel: &'a CancellationToken,
    ) -> Task<'a, FileResult> {
        Box::pin(async move {
            let one = std::slice::from_ref(script);
            let mut flown = self.files(one, false, false, news, cancel).await?;
            let is_refused = |failed: &Failed| matches!(failed.halt, RunError::Refused(_));
            let mut files = flown.files.iter().filter_map(|file| file.failed.as_ref());
            if files.all(is_refused) {
                self.enter_undone(&mut flown.files).await?;
            }
            Ok(flown.files.into_iter().next().unwrap_or_default())
        })
    }

    fn set_mark(&mut self) -> Task<'_, ()> {
        self.marked_tables.clone_from(&self.tables);
        self.has_files = false;
        Box::pin(self.plain("savepoint supadeck_mark"))
    }

    fn rollback_to_start(&mut self) -> Task<'_, ()> {
        self.tables.return_to(&self.first_tables);
        self.has_files = false;
        Box::pin(self.return_to(START))
    }

    fn rollback_to_mark(&mut self) -> Task<'_, ()> {
        self.tables.clone_from(&self.marked_tables);
        self.has_files = false;
        Box::pin(self.undo(MARK))
    }

    fn count<'a>(&'a mut self, holdings: &'a [CountTarget]) -> Task<'a, Counts> {
        Box::pin(async move {
            let mut counts = Counts::new();
            for answer in self.ask(self.counting(holdings)).await? {
                counts.extend(counted(answer)?);
            }
            Ok(counts)
        })
    }

    fn end(mut self: Box<Self>) -> Task<'static, ()> {
        Box::pin(async move { self.try_end().await })
    }
}
