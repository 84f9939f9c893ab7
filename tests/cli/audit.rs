//! Looking after the audit trail from the command line: the backfill of old records, seals, exports.

use crate::support::fake_management_api::{REF, TOKEN};
use crate::test_environment::TestEnvironment;
use serde_json::json;

/// A database whose log has records without names, as it has them from before the migration.
fn with_old_records() -> TestEnvironment {
    let test_env = TestEnvironment::own();
    test_env.sql(
        "alter table public.audit_log disable trigger keep_record;
         insert into public.audit_log (action, before_state, after_state)
           select 'old.update', jsonb_build_object('qty', n, 'notes', 'a'), jsonb_build_object('qty', n + 1, 'notes', 'a')
           from generate_series(1, 5000) n;
         alter table public.audit_log enable trigger keep_record",
    );
    assert_eq!(test_env.sql(UNNAMED), ["5000"]);
    test_env
}

const UNNAMED: &str = "select count(*) from public.audit_log where changed is null";
const WRONG: &str = "select count(*) from public.audit_log where changed is distinct from private.changed_keys(before_state, after_state)";

#[test]
fn old_records_get_their_names_and_a_second_run_finds_none_without() {
    let test_env = with_old_records();
    // Nothing happens without a word.
    let ran = test_env.run(&["audit", "backfill"]);
    assert!(
        ran.ended(2).out.contains("audit_log") && ran.err.contains("--yes"),
        "{ran:?}"
    );
    assert_eq!(test_env.sql(UNNAMED), ["5000"]);
    let ran = test_env.run(&["audit", "backfill", "--yes"]);
    assert!(
        ran.done()
            .out
            .contains("5000 records now name the fields that they changed")
            && ran.err.contains("100 % looked through"),
        "{ran:?}"
    );
    assert_eq!(test_env.sql(UNNAMED), ["0"]);
    assert_eq!(test_env.sql(WRONG), ["0"]);
    let data = test_env.data(&["audit", "backfill", "--yes"]);
    assert_eq!(data["filled"], json!(0));
    assert_eq!(data["done"], data["blocks"]);
}

/// As the migration leaves a large log: it gets the indexes that a small one has, and one that was broken off is built anew.
#[test]
fn the_indexes_that_a_migration_left_out_are_built() {
    let test_env = TestEnvironment::own();
    let indexes = "select string_agg(indexdef, ';' order by indexname) from pg_indexes where tablename = 'audit_log'";
    let before = test_env.sql(indexes);
    for name in ["changed", "row", "deleted_row", "action_prefix", "unfilled"] {
        test_env.sql(&format!("drop index public.audit_log_{name}_idx"));
    }
    test_env.sql_of_superuser("update pg_index set indisvalid = false where indexrelid = 'public.audit_log_transaction_idx'::regclass");
    assert_eq!(
        test_env.data(&["audit", "backfill", "--yes"])["indexes"],
        json!(6)
    );
    assert_eq!(test_env.sql(indexes), before);
    let invalid = "select count(*) from pg_index where indrelid = 'public.audit_log'::regclass and not indisvalid";
    assert_eq!(test_env.sql(invalid), ["0"]);
    assert_eq!(
        test_env.data(&["audit", "backfill", "--yes"])["indexes"],
        json!(0)
    );
}

#[test]
fn the_management_api_does_it_too() {
    let mut test_env = with_old_records();
    let api = test_env.stand_in();
    for name in [
        "SUPABASE_PUBLISHABLE_KEY",
        "SUPABASE_SECRET_KEY",
        "SUPABASE_DB_URL",
    ] {
        test_env.unset(name);
    }
    test_env.set("SUPABASE_URL", format!("https://{REF}.supabase.co"));
    test_env.set("SUPADECK_API_URL", api.url.clone());
    test_env.set("SUPABASE_ACCESS_TOKEN", TOKEN);
    assert_eq!(
        test_env.data(&["audit", "backfill", "--yes"])["filled"],
        json!(5000)
    );
    assert_eq!(test_env.sql(WRONG), ["0"]);
}

#[test]
fn without_the_column_and_as_somebody_else_it_says_what_to_do() {
    let test_env = TestEnvironment::empty();
    let problem = test_env.problem(6, &["audit", "backfill", "--yes"]);
    assert_eq!(problem["what"], "There is no audit log.");
    test_env
        .run(&["migration", "apply", "--to", "20261130123000", "--yes"])
        .done();
    let problem = test_env.problem(6, &["audit", "backfill", "--yes"]);
    assert_eq!(problem["what"], "The audit log has no column `changed`.");
    assert!(
        problem["hint"]
            .as_str()
            .unwrap()
            .contains("migration apply")
    );
    test_env.run(&["migration", "apply", "--yes"]).done();
    let data = test_env.data(&["audit", "backfill", "--yes"]);
    assert_eq!(data["filled"], json!(0));
}

/// Seals everything, once no other database's transaction holds it back.
fn sealed(test_env: &TestEnvironment) {
    let unsealed = |test_env: &TestEnvironment| {
        test_env.data(&["audit", "verify", "--as", "service"])["unsealed"]["records"].clone()
    };
    test_env.data(&["audit", "seal", "--as", "service"]);
    while unsealed(test_env) != json!(0) {
        test_env.data(&["audit", "seal", "--as", "service"]);
    }
}

#[test]
fn seals_are_made_checked_exported_and_compared() {
    let mut test_env = TestEnvironment::own();
    let problem = test_env.problem(5, &["audit", "seal"]);
    assert!(
        problem["hint"].as_str().unwrap().contains("--as service"),
        "{problem}"
    );
    let ran = test_env.run(&["audit", "verify", "--as", "service"]);
    assert!(ran.done().out.contains("There is no seal yet"), "{ran:?}");
    sealed(&test_env);
    let file = test_env.path("seals.jsonl").display().to_string();
    let export = ["audit", "seal", "--as", "service", "--export", &file];
    test_env.run(&export).done();
    let exported = std::fs::read_to_string(&file).unwrap();
    let against = ["audit", "verify", "--as", "service", "--against", &file];
    let found = test_env.data(&against);
    assert_eq!(found["fault"], json!(null));
    assert_eq!(found["compared"], json!(exported.lines().count()));
    assert_eq!(
        test_env.sql("select count(*) from public.audit_log"),
        [found["records"].to_string()]
    );
    // An auditor checks too; anon does not.
    let anon = test_env.problem(5, &["audit", "verify"]);
    assert!(anon["hint"].as_str().unwrap().contains("auditor"), "{anon}");
    test_env.sign_in("auditor@example.com");
    assert_eq!(
        test_env.data(&["audit", "verify", "--as", "user"])["fault"],
        json!(null)
    );

    // More records and another export: the file grows and keeps what it has.
    test_env.sql("insert into public.audit_log (action) values ('more')");
    sealed(&test_env);
    test_env.run(&export).done();
    let more = std::fs::read_to_string(&file).unwrap();
    assert!(more.starts_with(&exported) && more.len() > exported.len());

    // The owner rewrites a record and every seal: only the file tells.
    let rewrite = "set session_replication_role = replica;
        update public.audit_log set rationale = 'Never mind.' where action = 'more';
        delete from public.audit_seal";
    test_env.sql_of_superuser(rewrite);
    sealed(&test_env);
    assert_eq!(
        test_env.data(&["audit", "verify", "--as", "service"])["fault"],
        json!(null)
    );
    let problem = test_env.problem(1, &against);
    assert!(
        problem["what"]
            .as_str()
            .unwrap()
            .starts_with("Seal 1 is not the one of the file"),
        "{problem}"
    );
    let problem = test_env.problem(1, &export);
    assert!(
        problem["what"]
            .as_str()
            .unwrap()
            .starts_with("Nothing was added"),
        "{problem}"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), more);

    // A record: named, with what it is now.
    let id = test_env
        .sql("select id from public.audit_log where action = 'more'")
        .remove(0);
    test_env.sql_of_superuser("set session_replication_role = replica; update public.audit_log set action = 'less' where action = 'more'");
    let ran = test_env.run(&["audit", "verify", "--as", "service"]);
    ran.ended(1);
    assert!(
        ran.err.contains(&id) && ran.err.contains("`less`"),
        "{ran:?}"
    );
    test_env.sql_of_superuser("set session_replication_role = replica; delete from public.audit_log where action = 'less'");
    let ran = test_env.run(&["audit", "verify", "--as", "service"]);
    assert!(
        ran.ended(1).err.contains("is gone since it was sealed"),
        "{ran:?}"
    );
    let nonsense = test_env.path("nonsense").display().to_string();
    std::fs::write(&nonsense, "x\n").unwrap();
    test_env.problem(
        2,
        &["audit", "verify", "--as", "service", "--against", &nonsense],
    );
}

/// A log of so many records beside those of the seeds, with hostile values among them.
fn with_records(count: u32) -> TestEnvironment {
    let test_env = TestEnvironment::own();
    test_env.sql(&format!(
        "insert into public.audit_log (action, actor_type, before_state, after_state, rationale, created_at)
         select 'export.update', 'system', jsonb_build_object('password', 'secret-' || n, 'deep', jsonb_build_object('password', 'secret'), 'n', 1.50),
           jsonb_build_object('password', 'secret', 'n', n, 'text', E'a,\"b\"\\n\\u202e|<b>'), '=1+' || n, now() - n * interval '1 minute'
         from generate_series(1, {count}) n"
    ));
    test_env
}

#[test]
fn every_format_holds_every_record_and_its_manifest_says_so() {
    let test_env = with_records(3_000);
    let path = |name: &str| test_env.path(name).display().to_string();
    let export = |name: &str, more: &[&str]| {
        test_env.data(&[&["audit", "export", &path(name), "--as", "service"], more].concat())
    };
    let all: usize = test_env.sql("select count(*) from public.audit_log")[0]
        .parse()
        .unwrap();
    let manifest = export("all.jsonl", &[]);
    assert_eq!(manifest["records"], json!(all));
    let text = std::fs::read_to_string(path("all.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), all);
    assert_eq!(manifest["first"]["id"], lines[0]["id"]);
    assert_eq!(manifest["last"]["id"], lines[all - 1]["id"]);
    // The same as the table has, number by number, in the same order.
    let order = test_env.sql("select id from public.audit_log order by created_at desc, id desc");
    assert!(
        lines
            .iter()
            .zip(&order)
            .all(|(line, id)| line["id"] == json!(id))
    );
    assert!(text.contains("\"n\":1.50") && text.contains("\"changed\":"));
    let written: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path("all.jsonl.manifest.json")).unwrap())
            .unwrap();
    assert_eq!(written, manifest);
    let sum = std::process::Command::new("sha256sum")
        .arg(path("all.jsonl"))
        .output();
    if let Ok(sum) = sum {
        let sum = String::from_utf8(sum.stdout).unwrap();
        assert!(
            sum.starts_with(manifest["sha256"].as_str().unwrap()),
            "{sum}"
        );
    }
    assert_eq!(manifest["role"], json!("service_role"));

    // Masked, filtered, and fit for a spreadsheet.
    let filter = ["--where", "action:export.update", "--mask", "*.password"];
    let manifest = export("some.csv", &filter);
    assert_eq!(manifest["records"], json!(3_000));
    assert_eq!(manifest["masked"], json!(["*.password"]));
    let csv = std::fs::read_to_string(path("some.csv")).unwrap();
    assert!(
        csv.starts_with("id,created_at,actor_user_id,")
            && csv.contains(",changed,transaction_id\r\n")
    );
    assert!(
        !csv.contains("secret") && csv.contains("[masked]") && csv.contains(",'=1+7,"),
        "{}",
        &csv[..600]
    );
    assert_eq!(csv.matches("\r\n").count(), 3_001);
    let manifest = export("some.md", &filter);
    assert_eq!(manifest["format"], json!("markdown"));
    let markdown = std::fs::read_to_string(path("some.md")).unwrap();
    assert_eq!(markdown.lines().count(), 3_002);
    assert!(!markdown.contains("secret") && !markdown.contains('\u{202e}'));

    // Nothing is written over, nothing unknown is taken, and nobody who may not read gets a file of nothing without a word.
    for (args, code) in [
        (
            &["audit", "export", &path("some.csv"), "--as", "service"][..],
            2,
        ),
        (
            &["audit", "export", &path("some.txt"), "--as", "service"],
            2,
        ),
        (
            &[
                "audit",
                "export",
                &path("new.csv"),
                "--as",
                "service",
                "--mask",
                "password",
            ],
            2,
        ),
        (
            &[
                "audit",
                "export",
                &path("new.csv"),
                "--as",
                "service",
                "--resume",
            ],
            2,
        ),
        (
            &[
                "audit",
                "export",
                &path("new.csv"),
                "--as",
                "service",
                "--where",
                "nonsense:1",
            ],
            2,
        ),
        (
            &["audit", "export", &path("no/new.csv"), "--as", "service"],
            3,
        ),
    ] {
        test_env.problem(code, args);
    }
    let empty = export("none.csv", &["--where", "action:none.none"]);
    assert_eq!(empty["records"], json!(0));
    assert!(
        std::fs::read_to_string(path("none.csv"))
            .unwrap()
            .starts_with("id,created_at")
    );
}

/// Stopped by a signal in the middle, it leaves a part, and goes on with it to the same bytes as an export that was not stopped.
#[cfg(unix)]
/// What the profile masks leaves the project neither in an export nor in a listing for a program, and the listing says so.
#[test]
fn a_listing_for_a_program_is_masked_as_an_export_is() {
    let test_env = with_records(20);
    let dir = test_env.path("config/supadeck");
    std::fs::create_dir_all(&dir).unwrap();
    let profile = format!(
        "[profiles.work]\nurl = \"{}\"\nmask = [\"*.password\", \"source_ip\"]\n\n[profiles.work.secrets]\nsecret_key = \"env:SUPABASE_SECRET_KEY\"\n",
        test_env.info.url
    );
    std::fs::write(dir.join("profiles.toml"), profile).unwrap();
    let list = [
        "audit",
        "list",
        "--profile",
        "work",
        "--as",
        "service",
        "--where",
        "action:export.update",
        "--format",
    ];
    for form in ["json", "csv", "markdown"] {
        let ran = test_env.run(&[&list[..], &[form]].concat());
        let out = &ran.done().out;
        assert!(!out.contains("secret"), "{form} {out}");
        assert!(
            form == "markdown" || out.contains("[masked]"),
            "{form} {out}"
        );
        assert!(
            ran.err.contains("masks *.password: 20 records")
                && ran.err.contains("masks source_ip: 0 records"),
            "{ran:?}"
        );
    }
    let document = test_env.run(&[
        "audit",
        "list",
        "--profile",
        "work",
        "--as",
        "service",
        "--where",
        "action:export.update",
        "--json",
    ]);
    assert!(!document.done().out.contains("secret"), "{document:?}");
    assert_eq!(
        document.document()["meta"]["masked"],
        json!(["*.password", "source_ip"])
    );
    // One record is masked in the same way, and the page for a person says what it holds.
    let id = document.document()["data"][0]["id"].clone();
    let show = [
        "audit",
        "show",
        id.as_str().unwrap(),
        "--profile",
        "work",
        "--as",
        "service",
    ];
    for more in [
        &["--json"][..],
        &["--format", "json"],
        &["--format", "patch"],
    ] {
        let ran = test_env.run(&[&show[..], more].concat());
        let out = &ran.done().out;
        assert!(
            !out.contains("secret") && !out.contains("source_ip\":\""),
            "{more:?} {out}"
        );
        assert!(more.contains(&"patch") || out.contains("[masked]"), "{out}");
    }
    let ran = test_env.run(&[&show[..], &["--json"]].concat());
    assert_eq!(ran.document()["meta"]["mask_matches"], json!([true, false]));
    let patch = test_env.run(&[&show[..], &["--format", "patch"]].concat());
    let patch: serde_json::Value = serde_json::from_str(&patch.done().out).unwrap();
    assert!(
        patch
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["op"].is_string()),
        "{patch}"
    );
    assert!(test_env.run(&show).done().out.contains("secret"));
}

/// Names that the profile's settings tell stand beside ids in the table, on the page of a record, and in an export as columns.
#[test]
fn names_stand_beside_ids_where_the_profile_tells_them() {
    let test_env = TestEnvironment::own();
    let dir = test_env.path("config/supadeck");
    std::fs::create_dir_all(&dir).unwrap();
    let profile = |names: &str| {
        let text = format!(
            "[profiles.work]\nurl = \"{}\"\n{names}\n[profiles.work.secrets]\nsecret_key = \"env:SUPABASE_SECRET_KEY\"\n",
            test_env.info.url
        );
        std::fs::write(dir.join("profiles.toml"), text).unwrap();
    };
    test_env.sql("create table people (id uuid primary key, full_name text); grant select on people to service_role; \
               insert into people select id, 'Alice =Stone' from auth.users where email = 'alice@example.com'; \
               insert into public.audit_log (action, actor_type, actor_user_id, subject_user_id) \
                 select 'named.update', 'user', id, id from auth.users where email = 'alice@example.com'");
    test_env.reload();
    let filter = [
        "--profile",
        "work",
        "--as",
        "service",
        "--where",
        "action:named.update",
    ];
    let list = |more: &[&str]| {
        test_env
            .run(&[&["audit", "list"][..], &filter, more].concat())
            .done()
            .out
            .clone()
    };
    profile("");
    assert!(!list(&[]).contains("Alice"));
    profile("names = \"people(id, full_name)\"");
    assert!(list(&[]).contains("Alice =Stone"), "{}", list(&[]));
    assert!(list(&["--format", "markdown"]).contains("Alice =Stone"));
    let rows: serde_json::Value = serde_json::from_str(&list(&["--format", "json"])).unwrap();
    assert!(rows[0].get("actor_name").is_none(), "the bare record");
    let show = test_env.run(&[
        "audit",
        "show",
        rows[0]["id"].as_str().unwrap(),
        "--profile",
        "work",
        "--as",
        "service",
    ]);
    assert_eq!(
        show.done().out.matches("Alice =Stone").count(),
        2,
        "{show:?}"
    );
    for (name, mask, wanted) in [
        ("a.jsonl", "*.x", 2),
        ("b.csv", "*.x", 2),
        ("c.csv", "actor_user_id", 1),
    ] {
        let file = test_env.path(name).display().to_string();
        test_env
            .run(&[&["audit", "export", &file, "--mask", mask][..], &filter].concat())
            .done();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            text.contains("actor_name") && text.contains("subject_name"),
            "{text}"
        );
        assert_eq!(text.matches("Alice =Stone").count(), wanted, "{text}");
    }
    // A table that cannot be read leaves ids, and says so.
    profile("names = \"nobody(id, full_name)\"");
    let ran = test_env.run(&[&["audit", "list"][..], &filter].concat());
    assert!(ran.done().err.contains("Names are not known"), "{ran:?}");
}

/// The heading of an export without records is that of one with some, also where the project lacks the later columns.
#[test]
fn an_export_without_records_has_the_columns_of_the_project() {
    let test_env = TestEnvironment::own();
    let heading = |test_env: &TestEnvironment, name: &str, filter: &str| {
        let file = test_env.path(name).display().to_string();
        test_env
            .run(&[
                "audit", "export", &file, "--as", "service", "--where", filter,
            ])
            .done();
        let text = std::fs::read_to_string(&file).unwrap();
        text.lines().next().unwrap_or_default().to_owned()
    };
    let some = heading(&test_env, "some.csv", "");
    assert_eq!(
        heading(&test_env, "none.csv", "action:nothing.at_all"),
        some
    );
    assert_eq!(some.split(',').count(), 14);
    test_env.sql("alter table public.audit_log drop column changed cascade");
    test_env.reload();
    assert_eq!(
        heading(&test_env, "fewer.csv", "action:nothing.at_all")
            .split(',')
            .count(),
        12
    );
}

#[test]
fn a_stopped_export_goes_on_to_the_same_bytes() {
    let test_env = with_records(20_000);
    let path = |name: &str| test_env.path(name).display().to_string();
    let args = |name: &str| -> Vec<String> {
        [
            "audit",
            "export",
            &path(name),
            "--as",
            "service",
            "--where",
            "action:export.update",
        ]
        .map(str::to_owned)
        .to_vec()
    };
    let run = |args: &[String], more: &[&str]| {
        let args: Vec<&str> = args
            .iter()
            .map(String::as_str)
            .chain(more.iter().copied())
            .collect();
        test_env.run(&args)
    };
    run(&args("whole.csv"), &[]).done();
    for signal in ["INT", "KILL"] {
        let name = format!("stopped-{signal}.csv");
        let typed = args(&name);
        let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
        let mut child = test_env.command(&typed).spawn().unwrap();
        let part = path(&format!("{name}.part"));
        // As soon as something is written.
        while std::fs::metadata(&part).map_or(0, |part| part.len()) == 0 {
            assert!(
                child.try_wait().unwrap().is_none(),
                "it ended before it wrote"
            );
            std::thread::yield_now();
        }
        let kill = std::process::Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        let ended = child.wait().unwrap();
        if !ended.success() {
            assert!(!std::path::Path::new(&path(&name)).exists());
            // Only by the same.
            let other = run(&args(&name), &["--resume", "--mask", "*.password"]);
            other.ended(2);
            assert!(run(&args(&name), &[]).ended(2).err.contains("--resume"));
            run(&args(&name), &["--resume"]).done();
        }
        let (whole, stopped) = (
            std::fs::read(path("whole.csv")).unwrap(),
            std::fs::read(path(&name)).unwrap(),
        );
        assert!(
            whole == stopped,
            "{signal}: {} and {} bytes",
            whole.len(),
            stopped.len()
        );
        let manifest = |name: &str| -> serde_json::Value {
            let text = std::fs::read_to_string(path(&format!("{name}.manifest.json"))).unwrap();
            serde_json::from_str(&text).unwrap()
        };
        for member in ["sha256", "bytes", "records", "first", "last"] {
            assert_eq!(
                manifest("whole.csv")[member],
                manifest(&name)[member],
                "{member}"
            );
        }
        assert!(!std::path::Path::new(&format!("{part}.json")).exists());
    }
}

/// What cannot be asked leaves nothing behind, what is there stays, and a mask that matched nothing is told.
#[test]
fn an_export_leaves_nothing_that_is_in_the_way_and_writes_over_nothing() {
    let test_env = with_records(50);
    let path = test_env.path("x.jsonl").display().to_string();
    let part = format!("{path}.part");
    let export = |more: &[&str]| {
        let args = ["audit", "export", &path, "--as", "service"];
        test_env.run(&[&args[..], more].concat())
    };
    for filter in ["actor:nobdy", "actor:me"] {
        export(&["--where", filter]).ended(2);
        assert!(!std::path::Path::new(&part).exists(), "{filter}");
    }
    let ran = export(&["--mask", "*.password", "--mask", "*.pasword"]);
    assert!(
        ran.done().out.contains("*.pasword matched nothing") && !ran.out.contains("*.password "),
        "{ran:?}"
    );
    let manifest = std::fs::read_to_string(format!("{path}.manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["mask_matches"][1], json!(0));
    assert!(manifest["mask_matches"][0].as_u64() > Some(0), "{manifest}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A part that was left, and a file that came there meanwhile.
    let whole = std::fs::read(&path).unwrap();
    std::fs::remove_file(format!("{path}.manifest.json")).unwrap();
    std::fs::write(&part, "").unwrap();
    let state = json!({
        "wanted": {
            "project": manifest["project"], "filter": "", "meaning": "", "format": "json", "masked": [],
            "identity": manifest["identity"], "role": manifest["role"], "rls": manifest["rls"],
        },
        "started_at": manifest["started_at"], "records": 0, "bytes": 0, "first": null, "last": null, "columns": [],
    });
    std::fs::write(format!("{part}.json"), state.to_string()).unwrap();
    let ran = export(&["--resume"]);
    assert!(ran.ended(2).err.contains("is there already"), "{ran:?}");
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    std::fs::remove_file(&path).unwrap();
    export(&["--resume"]).done();
}
