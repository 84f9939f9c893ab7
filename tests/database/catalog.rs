//! The catalog of a migrated database against `catalog.txt`, which people review. `SUPADECK_BLESS=1` rewrites that file.

use crate::catalog_text::{describe, difference};
use crate::test_database::{connect, empty, migrated, migrations, root, stack};

#[tokio::test]
async fn migrated_database_is_as_described() {
    let owner = migrated("catalog").await;
    let got = describe(&owner).await;
    let file = root().join("tests/database/catalog.txt");
    if std::env::var_os("SUPADECK_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&file, &got).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        expected == got,
        "The catalog is not as tests/database/catalog.txt says; SUPADECK_BLESS=1 rewrites it.\n{}",
        difference(&expected, &got)
    );
}

/// Grants are explicit: what a platform gives by default neither adds to them nor is needed.
#[tokio::test]
async fn default_privileges_make_no_difference() {
    let described = describe(&migrated("catalog_default").await).await;
    for (name, change) in [
        (
            "catalog_closed",
            "revoke all on tables from anon, authenticated, service_role;
             alter default privileges in schema public revoke all on functions from anon, authenticated, service_role",
        ),
        (
            "catalog_open",
            "grant all on tables to public; alter default privileges grant all on functions to public;
             alter default privileges grant all on tables to anon, authenticated, service_role",
        ),
    ] {
        let owner = empty(stack().await, name).await;
        let change = format!("alter default privileges in schema public {change}");
        owner.batch_execute(&change).await.unwrap();
        for migration in migrations() {
            migration.apply(&owner).await;
        }
        let got = describe(&owner).await;
        assert!(got == described, "{name}:\n{}", difference(&described, &got));
    }
}

/// Another role than the one that the platform migrates with gives the same, but for the owner.
#[tokio::test]
async fn superuser_may_migrate_too() {
    let described = describe(&migrated("catalog_owner").await).await;
    stack()
        .await
        .create_database("catalog_super")
        .await
        .unwrap();
    let superuser = connect(&stack().await.superuser_url("catalog_super")).await;
    for migration in migrations() {
        migration.apply(&superuser).await;
    }
    let got = describe(&superuser).await;
    let got = got.replace("owned by supabase_admin", "owned by postgres");
    assert!(got == described, "{}", difference(&described, &got));
}
