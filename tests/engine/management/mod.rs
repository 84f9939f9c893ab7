//! The engine over the Management API.

mod concurrent_runners;
mod dry_run;
mod faults;
mod run;

use crate::fixture::{TestProject, everything, run};
use crate::support::fake_management_api::FakeManagementApi;
use supadeck::domain::migration::PlanRequest;
use supadeck::ops::migration::{self, Workspace};

/// The migration lock, as another runner holds it.
pub(crate) const LOCK: &str = "begin; select pg_advisory_xact_lock(x'737570616465636b'::bigint)";

/// Rolls the newest back.
pub(crate) const BACK: PlanRequest = PlanRequest::RollbackLast { count: 1 };

/// The project over the API.
pub(crate) fn schema(project: &TestProject, api: &FakeManagementApi) -> Workspace {
    Workspace::new(project.root.path(), api.database())
}

/// A project of two migrations, the first of which is applied.
pub(crate) async fn begun() -> (TestProject, FakeManagementApi, Workspace) {
    let project = TestProject::new().await;
    let api = FakeManagementApi::start(&project.url).await;
    let schema = schema(&project, &api);
    project.up("1_a.sql", "create table a ();");
    project.down("1_a.sql", "drop table a;");
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    assert!(run(&schema, &plan).await.is_complete());
    project.up(
        "2_b.sql",
        "create table b ();\ninsert into b default values;",
    );
    project.down("2_b.sql", "drop table b;");
    (project, api, schema)
}

/// Asserts that schema, history and journal say the same of version 2, and tells what.
pub(crate) async fn agreed(project: &TestProject) -> bool {
    let is_there = project.has("b").await;
    assert_eq!(project.versions().await.contains(&"2".to_owned()), is_there);
    let last = project
        .texts("select direction from supabase_migrations.supadeck_journal where version = '2' and outcome = 'done' order by id desc limit 1")
        .await;
    let by_journal = last
        .first()
        .is_some_and(|direction| direction != "rollback");
    assert_eq!(by_journal, is_there, "{last:?}");
    is_there
}

/// What a proxy in front of the API answers when it fails.
pub(crate) const HTML: &str = "<html><body>Bad gateway</body></html>";
