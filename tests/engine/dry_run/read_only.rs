//! A dry run through a read-only profile: on scratch, and of the database itself nothing but its history is read.

use crate::fixture::database_contents::database_contents;
use crate::fixture::dry_run::in_use;
use crate::fixture::{TestProject, database, everything, watch};
use std::sync::{Arc, Mutex};
use supadeck::adapters::connect::Transport;
use supadeck::adapters::postgres::PgVariables;
use supadeck::domain::dry_run::Environment;
use supadeck::domain::migration::history::{History, HistoryMark, Stored};
use supadeck::domain::migration::journal::Journal;
use supadeck::domain::migration::owner::Owned;
use supadeck::domain::script::{Change, Failure, Limits};
use supadeck::domain::seed::SeedHistory;
use supadeck::domain::source::Source;
use supadeck::ops::migration::{self, Passing, Workspace};
use supadeck::ports::{Database, Session, Soon, Task};

/// A database that keeps what it was asked for.
struct Asked {
    inner: Arc<dyn Database>,
    names: Mutex<Vec<&'static str>>,
}

impl Asked {
    fn note_of(&self, name: &'static str) -> &dyn Database {
        self.names.lock().unwrap().push(name);
        &*self.inner
    }
}

impl Database for Asked {
    fn history(&self) -> Task<'_, History> {
        self.note_of("history").history()
    }
    fn history_mark(&self) -> Task<'_, HistoryMark> {
        self.note_of("history_mark").history_mark()
    }
    fn stored<'a>(&'a self, versions: &'a [String]) -> Task<'a, Vec<Stored>> {
        self.note_of("stored").stored(versions)
    }
    fn settled<'a>(&'a self, session: &'a str) -> Task<'a, History> {
        self.note_of("settled").settled(session)
    }
    fn session(&self, limits: Limits) -> Task<'_, Box<dyn Session>> {
        self.note_of("session").session(limits)
    }
    fn repair<'a>(&'a self, changes: &'a [Change]) -> Task<'a, ()> {
        self.note_of("repair").repair(changes)
    }
    fn note<'a>(&'a self, failure: &'a Failure) -> Task<'a, ()> {
        self.note_of("note").note(failure)
    }
    fn journal<'a>(&'a self, limit: u32, version: Option<&'a str>) -> Task<'a, Journal> {
        self.note_of("journal").journal(limit, version)
    }
    fn seeds(&self) -> Task<'_, SeedHistory> {
        self.note_of("seeds").seeds()
    }
    fn expect(&self, soon: Soon) {
        self.note_of("expect").expect(soon);
    }
    fn refuses_alone(&self) -> Task<'_, Option<String>> {
        self.note_of("refuses_alone").refuses_alone()
    }
    fn owners<'a>(&'a self, name: &'a str) -> Task<'a, Vec<Owned>> {
        self.note_of("owners").owners(name)
    }
}

#[tokio::test]
async fn on_scratch_the_database_itself_is_asked_for_reads_alone() {
    let project = in_use().await;
    project.up(
        "2_a.sql",
        "create table extra (id int); drop table child cascade;",
    );
    project.up("3_b.sql", "create index concurrently i on extra (id);");
    let url = project.url.clone().into();
    let way = Transport::by_url(&url, &Source::Code, &PgVariables::default()).unwrap();
    let way = way.read_only(Some("look".into()));
    let stage = way.stage();
    let asked = Arc::new(Asked {
        inner: way.database(),
        names: Mutex::default(),
    });
    let schema = Workspace::new(project.root.path(), Arc::clone(&asked) as Arc<dyn Database>);
    let before = database_contents(&project).await;
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    assert_eq!(plan.steps.len(), 2);
    let scratch = TestProject::new().await;
    let there = Workspace::new(project.root.path(), database(&scratch.url));
    let mut passing = Passing::default();
    migration::rebuild(&schema, &there, &mut passing, &watch().0)
        .await
        .unwrap();
    let own = database(&scratch.url);
    let report =
        migration::rehearse_on_scratch(&there, own.as_ref(), &plan, &mut passing, &watch().0)
            .await
            .unwrap();
    assert!(report.problem.is_none(), "{report:?}");
    assert_eq!((report.on, report.steps.len()), (Environment::Scratch, 2));
    let reads = ["history", "stored", "refuses_alone", "expect", "owners"];
    let names = asked.names.lock().unwrap().clone();
    assert!(
        names.contains(&"history") && names.contains(&"stored"),
        "{names:?}"
    );
    assert!(names.iter().all(|name| reads.contains(name)), "{names:?}");
    assert_eq!(database_contents(&project).await, before);
    // Asked for a dry run all the same, it refuses before anything is sent.
    let refused = migration::dry_run(&schema, stage.as_ref(), &plan, &watch().0).await;
    let problem = refused.unwrap_err();
    assert_eq!(problem.code.as_deref(), Some("read_only"), "{problem}");
    assert_eq!(database_contents(&project).await, before);
}
