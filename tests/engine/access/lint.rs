//! What is doubtful about access: each rule on a project that breaks it, against Supabase's own SQL where that is at hand
//! (`SUPADECK_SPLINTER=FILE`), and gone once it was mended.

use crate::fixture::{TestProject, database_on};
use crate::support::fake_management_api::FakeManagementApi;
use std::collections::BTreeMap;
use supadeck::domain::access::lint::{AccessFinding, RULES, migration};
use supadeck::ports::AccessDatabase as _;
use tokio_postgres::SimpleQueryMessage;

const DOUBTFUL: &str = "
    create table public.plain (id int primary key, owner uuid); grant select on public.plain to anon;
    create table public.quiet (id int primary key); alter table public.quiet enable row level security;
    create table public.half (id int primary key, owner uuid, plain_id int references public.plain);
    create policy \"of half\" on public.half for select using (true);
    create table public.slow (id int, owner uuid); alter table public.slow enable row level security;
    create policy \"each row\" on public.slow for all to authenticated
      using (owner = auth.uid() and auth.jwt() ->> 'x' = current_setting('app.x', true))
      with check (owner = (select auth.uid()) and auth.role() = 'authenticated');
    create policy once on public.slow for select to authenticated using (owner = (select auth.uid()));
    create policy open on public.slow for insert to anon with check (true);
    create policy meta on public.slow for update to authenticated using ((auth.jwt() -> 'user_metadata' ->> 'admin') = 'yes');
    create view public.peek as select * from public.quiet; grant select on public.peek to anon, authenticated;
    create view public.fine with (security_invoker = on) as select * from public.quiet; grant select on public.fine to anon;
    create view public.accounts as select id, email from auth.users; grant select on public.accounts to authenticated;
    create materialized view public.kept as select * from public.plain; grant select on public.kept to authenticated;
    create function public.loose(a int) returns int language sql as 'select a';
    create function public.lent(a int, b text default 'x') returns int language sql security definer set search_path = '' as 'select a';
    create function public.shut() returns int language sql security definer set search_path = '' as 'select 1';
    revoke all on function public.shut() from public, anon, authenticated;
    create index one on public.half (owner); create index two on public.half (owner);";

/// How often each rule was broken by which object.
fn counted<'a>(
    findings: impl Iterator<Item = (&'a str, &'a str, &'a str)>,
) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (rule, schema, object) in findings {
        *counts
            .entry(format!("{rule} {schema}.{object}"))
            .or_default() += 1;
    }
    counts
}

fn own(findings: &[AccessFinding]) -> BTreeMap<String, usize> {
    let findings = findings.iter();
    counted(findings.map(|one| (one.rule.as_str(), one.schema.as_str(), one.object.as_str())))
}

#[tokio::test]
async fn each_rule_finds_what_breaks_it_and_what_was_mended_is_gone() {
    let project = TestProject::new().await;
    let database = database_on(&project.url);
    assert_eq!(database.lint().await.unwrap(), [], "a new project");
    project.db.batch_execute(DOUBTFUL).await.unwrap();
    let findings = database.lint().await.unwrap();
    let broken: Vec<&str> = findings
        .iter()
        .map(|finding| finding.rule.as_str())
        .collect();
    for (rule, _, _) in RULES {
        // An extension of public and a foreign table are made by a superuser only.
        let is_left_out = ["extension_in_public", "foreign_table_in_api"].contains(rule);
        assert_eq!(broken.contains(rule), !is_left_out, "{rule}");
    }
    let objects: Vec<&str> = findings
        .iter()
        .map(|finding| finding.object.as_str())
        .collect();
    assert!(
        !objects.contains(&"fine") && !objects.contains(&"shut"),
        "{objects:?}"
    );
    let api = FakeManagementApi::start(&project.url).await;
    assert_eq!(api.database().lint().await.unwrap(), findings);
    // What a statement mends is gone with it, and there again behind its rollback.
    let (up, down) = migration(&findings);
    project
        .db
        .batch_execute(&up)
        .await
        .unwrap_or_else(|error| panic!("{error:?}\n{up}"));
    let left = database.lint().await.unwrap();
    let mended = findings.iter().filter(|finding| finding.mend.is_some());
    for finding in mended {
        assert!(!left.contains(finding), "{finding:?}");
    }
    // Row level security that is on makes its policies count.
    let before = own(&findings);
    let new = own(&left)
        .into_keys()
        .filter(|one| !before.contains_key(one));
    assert_eq!(new.collect::<Vec<_>>(), [""; 0], "{left:#?}");
    project
        .db
        .batch_execute(&down)
        .await
        .unwrap_or_else(|error| panic!("{error:?}\n{down}"));
    assert_eq!(own(&database.lint().await.unwrap()), own(&findings));
}

#[tokio::test]
async fn it_agrees_with_the_advisors_own_sql() {
    let Ok(file) = std::env::var("SUPADECK_SPLINTER") else {
        println!("SUPADECK_SPLINTER names no splinter.sql: not compared.");
        return;
    };
    let project = TestProject::new().await;
    project.db.batch_execute(DOUBTFUL).await.unwrap();
    let findings = database_on(&project.url).lint().await.unwrap();
    let sql = std::fs::read_to_string(file).unwrap();
    let (_, select) = sql.split_once(';').unwrap();
    let select = select.trim().trim_end_matches(';');
    project
        .db
        .batch_execute("set pgrst.db_schemas = 'public'; set search_path = ''")
        .await
        .unwrap();
    let asked =
        format!("select name, metadata ->> 'schema', metadata ->> 'name' from ({select}) x");
    let rows = project.db.simple_query(&asked).await.unwrap();
    let rows: Vec<[String; 3]> = rows
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some([0, 1, 2].map(|at| row.get(at).unwrap_or_default().to_owned()))
            }
            _ => None,
        })
        .collect();
    let theirs = rows
        .iter()
        .filter(|[rule, _, _]| RULES.iter().any(|(own, _, _)| own == rule));
    let theirs = counted(
        theirs.map(|[rule, schema, object]| (rule.as_str(), schema.as_str(), object.as_str())),
    );
    assert_eq!(own(&findings), theirs);
}
