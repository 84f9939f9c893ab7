//! A project on disk with a database of its own, and the words the tests use.

pub(crate) use crate::support::{connect, stack};

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use supadeck::adapters::postgres::PgDatabase;
use supadeck::domain::migration::{Outcome, Plan, PlanRequest, StepEnd};
use supadeck::domain::problem::Problem;
use supadeck::domain::run_event::RunEvent;
use supadeck::ops::migration::{self, RunControl, Workspace};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

static NEXT: AtomicU32 = AtomicU32::new(1);

pub(crate) struct Bench {
    pub(crate) root: tempfile::TempDir,
    pub(crate) url: String,
    pub(crate) db: Client,
    pub(crate) schema: Workspace,
}

impl Bench {
    /// An empty project with `supabase/migrations`, and an empty database.
    pub(crate) async fn new() -> Self {
        let name = format!("engine{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let url = stack().await.create_database(&name).await.unwrap();
        Self::on(url).await
    }

    /// An empty project on a database that is there.
    pub(crate) async fn on(url: String) -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("supabase/migrations/rollback")).unwrap();
        Self {
            schema: Workspace::new(root.path(), database(&url)),
            db: connect(&url).await,
            root,
            url,
        }
    }

    /// The same project through another address.
    pub(crate) fn through(&self, url: &str) -> Workspace {
        Workspace::new(self.root.path(), database(url))
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let file = self.root.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        file
    }

    /// Writes a migration.
    pub(crate) fn up(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        self.write(&format!("supabase/migrations/{name}"), text)
    }

    /// Writes a rollback file.
    pub(crate) fn down(&self, name: &str, text: &str) {
        self.write(&format!("supabase/migrations/rollback/{name}"), text);
    }

    pub(crate) async fn plan(&self, wish: PlanRequest) -> Result<Plan, Problem> {
        migration::plan(&self.schema, &wish).await
    }

    /// Plans and runs everything pending.
    pub(crate) async fn apply(&self) -> Outcome {
        let plan = self.plan(everything()).await.unwrap();
        run(&self.schema, &plan).await
    }

    /// Version and state of every entry, one word each.
    pub(crate) async fn states(&self) -> Vec<String> {
        let listing = migration::list(&self.schema).await.unwrap();
        listing
            .entries
            .iter()
            .map(|entry| format!("{} {}", entry.version, entry.state.word()))
            .collect()
    }

    /// The first column of a query, as text.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        self.db
            .query(sql, &[])
            .await
            .unwrap()
            .iter()
            .map(|row| {
                row.get::<_, Option<String>>(0)
                    .unwrap_or_else(|| "null".into())
            })
            .collect()
    }

    /// Whether a table, view or sequence is there.
    pub(crate) async fn has(&self, relation: &str) -> bool {
        self.texts(&format!("select to_regclass('{relation}')::text"))
            .await
            != ["null"]
    }

    /// Waits until the server has ended what a lost session left: nobody is at the other end.
    pub(crate) async fn quiet(&self) {
        self.db
            .batch_execute(
                "do $$ begin for i in 1..2000 loop perform pg_stat_clear_snapshot(); \
                exit when not exists (select from pg_stat_activity where application_name like 'supadeck%' and datname = current_database()); \
                perform pg_sleep(0.01); end loop; end $$",
            )
            .await
            .unwrap();
    }

    /// The versions in the history, as the table has them.
    pub(crate) async fn versions(&self) -> Vec<String> {
        self.texts("select version from supabase_migrations.schema_migrations order by version collate \"C\"")
            .await
    }
}

pub(crate) fn database(url: &str) -> Arc<PgDatabase> {
    Arc::new(database_on(url))
}

pub(crate) fn database_on(url: &str) -> PgDatabase {
    PgDatabase::parse(&url.to_owned().into()).unwrap()
}

pub(crate) fn everything() -> PlanRequest {
    PlanRequest::Apply {
        to: None,
        include_out_of_order: false,
    }
}

pub(crate) fn watch() -> (RunControl, UnboundedReceiver<RunEvent>) {
    let (progress, news) = unbounded_channel();
    let cancel = CancellationToken::new();
    (RunControl { progress, cancel }, news)
}

pub(crate) async fn run(schema: &Workspace, plan: &Plan) -> Outcome {
    migration::run(schema, plan, &watch().0).await.unwrap()
}

/// The ends of an outcome's steps.
pub(crate) fn ends(outcome: &Outcome) -> Vec<StepEnd> {
    outcome.steps.iter().map(|step| step.end).collect()
}

/// Waits until a condition in the database holds.
pub(crate) async fn until(db: &Client, sql: &str) {
    let holds = async {
        while !db.query_one(sql, &[]).await.unwrap().get::<_, bool>(0) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), holds)
        .await
        .unwrap_or_else(|_| panic!("never held: {sql}"));
}
