//! Rolling every migration back one by one and forward again: the identical catalog at each step, the rows that a
//! rollback does not name, and the role that belongs to the whole cluster.

use crate::catalog_text::{describe, difference};
use crate::image;
use crate::seed;
use crate::test_database::{Migration, connect, empty, migrated, migrations, stack, value};
use supadeck_stack::{Options, Stack};
use tokio_postgres::Client;

#[tokio::test]
async fn every_step_back_and_forward_gives_the_identical_catalog() {
    let owner = empty(stack().await, "rollback").await;
    let mut steps = vec![describe(&owner).await];
    for migration in migrations() {
        migration.apply(&owner).await;
        steps.push(describe(&owner).await);
    }
    for pair in steps.windows(2) {
        assert_ne!(pair[0], pair[1], "a migration changes something");
    }
    // Down to each step, and up again from there.
    for bottom in 0..steps.len() {
        for (at, migration) in migrations().iter().enumerate().skip(bottom).rev() {
            migration.roll_back(&owner).await.unwrap();
            compare(
                &owner,
                &steps[at],
                &format!("after the rollback of {}", migration.name),
            )
            .await;
        }
        for (at, migration) in migrations().iter().enumerate().skip(bottom) {
            migration.apply(&owner).await;
            compare(
                &owner,
                &steps[at + 1],
                &format!("after {} again", migration.name),
            )
            .await;
        }
    }
}

async fn compare(owner: &Client, expected: &str, when: &str) {
    let got = describe(owner).await;
    assert!(got == *expected, "{when}:\n{}", difference(expected, &got));
}

#[tokio::test]
async fn rollbacks_keep_every_row_until_the_tables_go() {
    let owner = migrated("rollback_rows").await;
    seed::run_all(&owner).await;
    let before = image::of_everything(&owner).await;
    for migration in migrations().iter().skip(1).rev() {
        migration.roll_back(&owner).await.unwrap();
        let now = image::of_everything(&owner).await;
        assert!(
            now == before,
            "{}:\n{}",
            migration.name,
            image::difference(&before, &now)
        );
    }
    for migration in migrations().iter().skip(1) {
        migration.apply(&owner).await;
    }
    assert_eq!(image::of_everything(&owner).await, before);

    // With the first one the rows go, and the accounts stay.
    for migration in migrations().iter().rev() {
        migration.roll_back(&owner).await.unwrap();
    }
    assert_eq!(value(&owner, "select count(*) from auth.users").await, "4");
    for migration in migrations() {
        migration.apply(&owner).await;
    }
    assert_eq!(
        value(&owner, "select count(*) from public.cycle").await,
        "0"
    );
}

#[tokio::test]
async fn rollback_out_of_order_or_under_a_dependent_changes_nothing() {
    let owner = migrated("rollback_refused").await;
    let before = describe(&owner).await;
    let all = migrations();
    // The oldest first: later ones stand on it.
    let fault = all[0].roll_back(&owner).await.unwrap_err();
    assert_eq!(fault.code().unwrap().code(), "2BP01", "{fault}");
    compare(&owner, &before, "after a refused rollback").await;

    // Somebody's own view; nothing is dropped in cascade.
    let view =
        "create schema mine; create view mine.goals as select id, description from public.goal";
    owner.batch_execute(view).await.unwrap();
    for migration in all.iter().skip(1).rev() {
        migration.roll_back(&owner).await.unwrap();
    }
    let before = describe(&owner).await;
    let fault = all[0].roll_back(&owner).await.unwrap_err();
    let detail = fault.as_db_error().unwrap().detail().unwrap_or_default();
    assert!(detail.contains("mine.goals"), "{fault}: {detail}");
    compare(&owner, &before, "under somebody's view").await;
    owner
        .batch_execute("drop schema mine cascade")
        .await
        .unwrap();
    all[0].roll_back(&owner).await.unwrap();
}

#[tokio::test]
async fn schema_private_of_somebody_else_stays() {
    let owner = empty(stack().await, "rollback_private").await;
    owner
        .batch_execute("create schema private; create table private.mine (id int)")
        .await
        .unwrap();
    let before = describe(&owner).await;
    up(&owner).await;
    down(&owner).await;
    compare(&owner, &before, "with a schema private of one's own").await;

    // One that the migration made, into which something else moved.
    owner
        .batch_execute("drop schema private cascade")
        .await
        .unwrap();
    up(&owner).await;
    owner
        .batch_execute("create table private.mine (id int)")
        .await
        .unwrap();
    down(&owner).await;
    let table = value(&owner, "select to_regclass('private.mine')").await;
    assert_eq!(table, "private.mine");
}

async fn up(owner: &Client) {
    for migration in migrations() {
        migration.apply(owner).await;
    }
}

async fn down(owner: &Client) {
    for migration in migrations().iter().rev() {
        migration.roll_back(owner).await.unwrap();
    }
}

/// In a cluster of its own: the others of this process keep the role alive.
#[tokio::test]
async fn role_auditor_goes_with_the_last_database_that_uses_it() {
    const ROLE: &str = "select coalesce((select concat_ws(' ', r.rolcanlogin, r.rolsuper, r.rolbypassrls, r.rolcreaterole,
        shobj_description(r.oid, 'pg_authid'), (select string_agg(m.member::regrole::text, ',')
          from pg_auth_members m where m.roleid = r.oid and m.member = 'authenticator'::regrole))
        from pg_roles r where r.rolname = 'auditor'), 'none')";
    let stack = Stack::start(Options::default()).await.unwrap();
    let (first, second) = (empty(&stack, "first").await, empty(&stack, "second").await);
    assert_eq!(value(&first, ROLE).await, "none");
    up(&first).await;
    let role = "f f f f Weeksmith: reads all nine tables, writes none. authenticator";
    assert_eq!(value(&first, ROLE).await, role);
    up(&second).await;
    assert_eq!(value(&first, ROLE).await, role);
    down(&first).await;
    assert_eq!(
        value(&first, ROLE).await,
        role,
        "the second database uses it"
    );
    down(&second).await;
    assert_eq!(value(&first, ROLE).await, "none");

    // Both at once, again and again: neither is left without the role.
    for _ in 0..3 {
        tokio::join!(up(&first), up(&second));
        assert_eq!(value(&first, ROLE).await, role);
        tokio::join!(down(&first), down(&second));
        assert_eq!(value(&first, ROLE).await, "none");
    }

    // A role of that name that was there before is somebody else's.
    let superuser = connect(&stack.superuser_url("first")).await;
    superuser
        .batch_execute("create role auditor; comment on role auditor is 'Ours.'; grant auditor to postgres with admin option")
        .await
        .unwrap();
    up(&first).await;
    down(&first).await;
    assert!(value(&first, ROLE).await.contains("Ours."));
    drop((first, second, superuser));
    stack.stop().await.unwrap();
}

/// Each migration has a rollback under its own name, and no rollback is without its migration.
#[test]
fn every_migration_has_its_rollback() {
    let forward: Vec<String> = migrations()
        .into_iter()
        .map(|m: Migration| m.name)
        .collect();
    let folder = crate::test_database::root().join("migrations/rollback");
    let back: Vec<String> = crate::test_database::sql_files(&folder)
        .iter()
        .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(forward, back);
}
