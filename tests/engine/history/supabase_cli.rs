//! Both ways with the real Supabase CLI: either tool takes over from the other, and they say the same.

use crate::fixture::corpus::files;
use crate::fixture::supabase_cli::{cli, said, succeeds, supabase};
use crate::fixture::{TestProject, everything, run};
use supadeck::domain::migration::{PlanRequest, State};
use supadeck::domain::seed::SeedState;
use supadeck::ops::{migration, seed};

/// Local and remote versions as `migration list` of the CLI has them.
fn listed(project: &TestProject) -> Vec<(String, String)> {
    let output = supabase(project, &["migration", "list", "--output-format", "json"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    let text = |entry: &serde_json::Value, name: &str| entry[name].as_str().unwrap().to_owned();
    json["migrations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (text(entry, "local"), text(entry, "remote")))
        .collect()
}

#[tokio::test]
async fn what_supadeck_applied_the_cli_knows_and_the_other_way_round() {
    if cli().is_none() {
        return;
    }
    let project = TestProject::new().await;
    project.up("20240101000000_a.sql", "create table a (b text);\n-- end\n");
    assert!(project.apply().await.is_complete());
    project.up(
        "20240102000000_b.sql",
        "insert into a values ('x;y');\ncreate table b ();\n",
    );
    let up = succeeds(&project, &["migration", "up", "--yes"]);
    assert!(
        up.contains("20240102000000_b.sql") && !up.contains("20240101000000_a.sql"),
        "{up}"
    );
    assert_eq!(
        project.states().await,
        ["20240101000000 applied", "20240102000000 applied"]
    );
    project.up("20240103000000_c.sql", "create table c ();");
    assert!(project.apply().await.is_complete());
    assert!(
        listed(&project)
            .iter()
            .all(|(local, remote)| local == remote)
    );
    assert!(succeeds(&project, &["migration", "up", "--yes"]).contains("up to date"));
}

#[tokio::test]
async fn both_store_the_same_of_files_that_run() {
    if cli().is_none() {
        return;
    }
    // Those of the corpus that need nothing else to run; the first line makes what they use.
    let runnable = [
        "blank.sql",
        "byte_order_mark.sql",
        "comment_only.sql",
        "crlf.sql",
        "dollar_tags.sql",
        "empty.sql",
        "escape_strings.sql",
        "no_final_semicolon.sql",
        "trailing_comment.sql",
        "unicode.sql",
    ];
    let (ours, theirs) = (TestProject::new().await, TestProject::new().await);
    for (number, (name, text)) in files()
        .iter()
        .filter(|(name, _)| runnable.contains(&name.as_str()))
        .enumerate()
    {
        for project in [&ours, &theirs] {
            project.up(&format!("{number:02}_{name}"), text);
        }
    }
    let outcome = ours.apply().await;
    assert!(outcome.is_complete(), "{outcome:?}");
    succeeds(&theirs, &["migration", "up", "--yes"]);
    let rows =
        "select to_jsonb(m)::text from supabase_migrations.schema_migrations m order by version";
    assert_eq!(ours.texts(rows).await, theirs.texts(rows).await);
    assert_eq!(ours.versions().await.len(), runnable.len());
    let columns = "select attname || ' ' || atttypid::regtype || ' ' || attnotnull from pg_attribute where attrelid = any (array['supabase_migrations.schema_migrations', 'supabase_migrations.seed_files']::regclass[]) and attnum > 0 order by attrelid::regclass::text, attnum";
    succeeds(&theirs, &["db", "push", "--include-seed", "--yes"]);
    let made = ours.texts(columns).await;
    assert_eq!(
        made[..3],
        theirs
            .texts(
                columns
                    .replace(", 'supabase_migrations.seed_files'", "")
                    .as_str()
            )
            .await
    );
}

#[tokio::test]
async fn the_cli_fetches_what_supadeck_stored() {
    if cli().is_none() {
        return;
    }
    let project = TestProject::new().await;
    let text = "-- why\ncreate table a (b text default 'x;');\ninsert into a values ($$;$$);\n";
    let file = project.up("20240101000000_a.sql", text);
    assert!(project.apply().await.is_complete());
    std::fs::remove_file(&file).unwrap();
    assert_eq!(project.states().await, ["20240101000000 missing"]);
    succeeds(&project, &["migration", "fetch", "--yes"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert_eq!(project.states().await, ["20240101000000 applied"]);
}

#[tokio::test]
async fn both_read_the_directory_alike() {
    if cli().is_none() {
        return;
    }
    let names = [
        "10_a.sql",
        "9_c.sql",
        "1_b.sql",
        "2_d.sql",
        "100_e.sql",
        "20200101000000_init.sql",
        "20240101_x.down.sql",
        "5_.sql",
        "6_UP.SQL",
        "7-x.sql",
        "x_8.sql",
        "README.md",
        "3_a b.sql",
    ];
    for extra in [None, Some(".gitkeep"), Some("0folder/1_x.sql")] {
        let project = TestProject::new().await;
        for name in names.iter().copied().chain(extra) {
            project.up(name, "select 1;");
        }
        if extra.is_none() {
            project.up("00000000000001_init.sql", "select 1;");
        }
        let listing = migration::list(&project.schema).await.unwrap();
        let ours: Vec<String> = listing
            .entries
            .iter()
            .map(|entry| entry.version.clone())
            .collect();
        let theirs: Vec<String> = listed(&project)
            .into_iter()
            .map(|(local, _)| local)
            .collect();
        assert_eq!(ours, theirs, "{extra:?}");
        let plan = project.plan(everything()).await.unwrap();
        assert!(run(&project.schema, &plan).await.is_complete());
        let up = succeeds(&project, &["migration", "up", "--yes"]);
        assert!(up.contains("up to date"), "{up}");
    }
}

#[tokio::test]
async fn both_refuse_the_same_mismatches() {
    if cli().is_none() {
        return;
    }
    let project = TestProject::new().await;
    project.up("2_b.sql", "select 2;");
    assert!(project.apply().await.is_complete());
    project.up("1_a.sql", "select 1;");
    assert!(
        !supabase(&project, &["migration", "up", "--yes"])
            .status
            .success()
    );
    assert!(project.plan(everything()).await.is_err());
    let wish = PlanRequest::Apply {
        to: None,
        include_out_of_order: true,
    };
    let plan = project.plan(wish).await.unwrap();
    assert!(run(&project.schema, &plan).await.is_complete());
    assert!(succeeds(&project, &["migration", "up", "--yes"]).contains("up to date"));
    std::fs::remove_file(project.root.path().join("supabase/migrations/1_a.sql")).unwrap();
    let refused = supabase(&project, &["migration", "up", "--yes"]);
    assert!(!refused.status.success(), "{}", said(&refused));
    assert!(project.plan(everything()).await.is_err());
    succeeds(
        &project,
        &["migration", "repair", "--yes", "--status", "reverted", "1"],
    );
    let listing = migration::list(&project.schema).await.unwrap();
    assert_eq!(listing.count(State::Applied), 1);
    assert_eq!(listing.entries.len(), 1);
}

#[tokio::test]
async fn both_record_seeds_alike() {
    if cli().is_none() {
        return;
    }
    let (ours, theirs) = (TestProject::new().await, TestProject::new().await);
    for project in [&ours, &theirs] {
        project.up("1_a.sql", "create table s (i serial, a text);");
        project.write(
            "supabase/config.toml",
            "project_id = \"x\"\n[db.seed]\nenabled = true\nsql_paths = [\"./seeds/*.sql\", \"seed.sql\", \"seeds/**/*.sql\", \"../out.sql\", \"nothing.sql\"]\n",
        );
        for path in [
            "supabase/seeds/b.sql",
            "supabase/seeds/a.sql",
            "supabase/seed.sql",
            "supabase/seeds/deep/c.sql",
            "out.sql",
        ] {
            project.write(path, format!("insert into s (a) values ('{path}');"));
        }
    }
    succeeds(&theirs, &["db", "push", "--include-seed", "--yes"]);
    assert!(ours.apply().await.is_complete());
    let plan = seed::plan(&ours.schema, &[], false).await.unwrap();
    let outcome = seed::run(&ours.schema, &plan, &crate::fixture::run_control())
        .await
        .unwrap();
    assert!(outcome.problem.is_none(), "{outcome:?}");
    for query in [
        "select a from s order by i",
        "select path || ' ' || hash from supabase_migrations.seed_files order by path",
    ] {
        assert_eq!(ours.texts(query).await, theirs.texts(query).await);
    }
    let listing = seed::list(&theirs.schema).await.unwrap();
    assert!(
        listing
            .entries
            .iter()
            .all(|entry| entry.state == SeedState::Applied),
        "{listing:?}"
    );
    assert!(!succeeds(&ours, &["db", "push", "--include-seed", "--yes"]).contains("Seeding data"));
}
