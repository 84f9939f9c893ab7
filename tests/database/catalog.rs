//! The catalog of a migrated database against `catalog.txt`, which people review. `SUPADECK_BLESS=1` rewrites that file.

use crate::bed::{connect, empty, migrated, migrations, root, stack};
use tokio_postgres::Client;

/// All of schemas public and private in lines of text.
pub async fn describe(client: &Client) -> String {
    client
        .batch_execute("begin; set local search_path = ''")
        .await
        .unwrap();
    let rows = client
        .query(include_str!("catalog.sql"), &[])
        .await
        .unwrap();
    client.batch_execute("rollback").await.unwrap();
    let mut text = String::new();
    for row in rows {
        text += row.get(0);
        text.push('\n');
    }
    text
}

/// What one description has and the other has not, with the heading that it stands under.
pub fn difference(expected: &str, got: &str) -> String {
    let lines = |text: &str| -> Vec<String> {
        let mut heading = String::new();
        text.lines()
            .map(|line| {
                if !line.starts_with(' ') {
                    line.clone_into(&mut heading);
                }
                format!("{heading} | {}", line.trim_start())
            })
            .collect()
    };
    let (expected, got) = (lines(expected), lines(got));
    let missing = expected.iter().filter(|line| !got.contains(line));
    let extra = got.iter().filter(|line| !expected.contains(line));
    let all: Vec<String> = missing
        .map(|line| format!("- {line}"))
        .chain(extra.map(|line| format!("+ {line}")))
        .collect();
    all.join("\n")
}

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
