//! Who gains or loses access, and how many rows become visible: told by a dry run from the catalogs before and after, and
//! the same over the Management API.

use crate::fixture::dry_run::rehearse;
use crate::fixture::{TestProject, everything, stack, watch};
use crate::support::fake_management_api::FakeManagementApi;
use supadeck::domain::dry_run::Report;
use supadeck::domain::dry_run::access::Verdict;
use supadeck::domain::report::Extent;
use supadeck::domain::report::access::list;
use supadeck::ops::migration::{self, Workspace};

const IN_USE: &str = "
    create table public.letter (id int primary key, owner uuid, body text);
    insert into public.letter select n, case when n <= 4 then gen_random_uuid() end, 'x' from generate_series(1, 12) n;
    alter table public.letter enable row level security;
    create policy own on public.letter for select to authenticated using (owner = (select auth.uid()));
    create policy gone on public.letter for delete to authenticated using (owner = (select auth.uid()));
    revoke all on public.letter from anon, authenticated, service_role;
    grant select, delete on public.letter to authenticated;
    create table public.stamp (id int);
    insert into public.stamp select generate_series(1, 5);
    alter table public.stamp enable row level security;
    revoke all on public.stamp from anon, authenticated, service_role;
    create table public.pebble (id int); insert into public.pebble select generate_series(1, 5);
    alter table public.pebble enable row level security; revoke all on public.pebble from anon, authenticated, service_role;
    create view public.peek as select * from public.pebble where id < 3;
    revoke all on public.peek from anon, authenticated, service_role; grant select on public.peek to anon;
    create schema hidden; create table hidden.key (id int);
    create function public.is_friend() returns boolean language sql stable as 'select false';
    create table public.den (id int); insert into public.den select generate_series(1, 6);
    create table public.twig (id int); insert into public.twig values (1);
    create table public.nest (id int); insert into public.nest select generate_series(1, 3);
    alter table public.den enable row level security; alter table public.twig enable row level security; alter table public.nest enable row level security;
    create policy friends on public.den for select to authenticated using (public.is_friend());
    create policy none_yet on public.twig for select to authenticated using (id > 1);
    create policy with_twigs on public.nest for select to authenticated using (exists (select from public.twig));
    create view public.porch with (security_invoker = true) as select * from public.den;
    revoke all on public.den, public.twig, public.nest, public.porch from anon, authenticated, service_role;
    grant select on public.den, public.twig, public.nest, public.porch to authenticated;";

/// What a text can only fear, a dry run decides: a table of Realtime with and without row level security, a view and a function that
/// are altered, rights that nobody can use, and what was not there to be dropped.
#[tokio::test]
#[rustfmt::skip]
async fn what_the_text_fears_is_decided_by_the_dry_run() {
    const HERE: &str = "create table public.open (id int primary key); create table public.closed (id int primary key);
        alter table public.closed enable row level security; create policy all_of_them on public.closed for select using (id > 3);
        revoke all on public.open, public.closed from anon, authenticated, service_role; grant select on public.open, public.closed to anon;
        create view public.shown with (security_invoker = true) as select * from public.closed;
        revoke all on public.shown from anon, authenticated, service_role; grant select on public.shown to anon;
        create function public.lend() returns int language sql set search_path = pg_catalog, pg_temp as 'select 1';
        create index there on public.open (id); create materialized view public.sum as select count(*) from public.open;
        revoke all on public.sum from anon, authenticated, service_role;";
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("alter publication supabase_realtime add table public.open",
            &["anon listen public.open: none to all -"], &["realtime-without-rls"]),
        ("alter publication supabase_realtime add table public.closed", &[], &[]),
        ("alter publication supabase_realtime add table public.closed; alter table public.closed disable row level security",
            &["anon select public.closed: policies to all 0", "anon listen public.closed: none to all -", "anon select public.shown: policies to policies 0"],
            &["blocks-readers", "disable-rls", "realtime-without-rls"]),
        ("grant all on public.sum to authenticated", &["authenticated select public.sum: none to all 1"], &["grant-all"]),
        ("alter view public.shown set (security_invoker = off)", &["anon select public.shown: policies to all 0"],
            &["blocks-readers", "view-without-security-invoker"]),
        ("alter function public.lend() security definer",
            &["anon execute function public.lend(): none to all -", "authenticated execute function public.lend(): none to all -"],
            &["definer-for-everybody", "definer-without-search-path"]),
        ("drop index if exists public.nowhere", &[], &[]),
        ("drop index if exists public.nowhere, public.there", &[], &["drop-index-not-concurrently"]),
        ("drop index if exists public.there", &[], &["drop-index-not-concurrently"]),
        ("drop table if exists public.nowhere cascade", &[], &[]),
        ("drop materialized view if exists public.nowhere; drop view if exists nowhere.at_all", &[], &[]),
        ("alter table if exists public.nowhere drop column id, disable row level security", &[], &[]),
        ("alter table public.open drop column if exists nowhere", &[], &["drop-column"]),
    ];
    let mut wrong = Vec::new();
    for (file, access, risks) in cases {
        let project = TestProject::new().await;
        project.db.batch_execute(HERE).await.unwrap();
        project.up("1_f.sql", file);
        let plan = project.plan(everything()).await.unwrap();
        let stage = crate::fixture::database(&project.url);
        let report = migration::dry_run(&project.schema, stage.as_ref(), &plan, &watch().0).await.unwrap();
        assert!(report.problem.is_none(), "{file}: {:?}", report.problem);
        let told: Vec<String> = words(&report).into_iter().filter(|word| !word.starts_with("service_role")).collect();
        let assessments: Vec<_> = migration::risks(&plan).into_iter().map(|risk| risk.assessment).collect();
        let settled = supadeck::domain::report::seen::settle(&assessments, &report);
        let mut found: Vec<&str> = settled[0].open_findings().map(|finding| finding.rule).collect();
        found.sort_unstable();
        found.dedup();
        if told != *access || found != *risks {
            wrong.push(format!("{file}\n  {told:?}\n  {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each change that is told: role, verb, table, how far before and after, rows.
fn words(report: &Report) -> Vec<String> {
    let verdict = |verdict| match verdict {
        Verdict::None => "none",
        Verdict::Policies => "policies",
        Verdict::All => "all",
    };
    // Other tests make roles of their own in the same cluster.
    let changes = report.access.iter();
    let changes = changes.filter(|change| change.is_told() && !change.role.contains("_engine"));
    changes
        .map(|change| {
            let rows = change
                .rows
                .map_or_else(|| "-".into(), |rows| rows.to_string());
            format!(
                "{} {} {}: {} to {} {rows}",
                change.role,
                change.verb,
                change.table,
                verdict(change.before),
                verdict(change.after)
            )
        })
        .collect()
}

#[tokio::test]
#[rustfmt::skip]
async fn what_opens_and_what_closes_is_told_with_its_rows() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("alter table letter disable row level security",
            &["authenticated select public.letter: policies to all 12", "authenticated delete public.letter: policies to all -"],
            "now every row, because row level security is off; 12 rows become visible to any signed-in stranger"),
        ("grant select on stamp to anon", &[], ""),
        ("grant select on stamp to anon; create policy everybody on stamp for select using (true)",
            &["anon select public.stamp: none to all 5"],
            "anon gains select on public.stamp: every row, because a policy lets all of them through; 5 rows become visible to everybody"),
        ("grant select on stamp to anon; create policy a_few on stamp for select to public using (id > 3)",
            &["anon select public.stamp: none to policies 2"], "the rows that policies let through; 2 rows"),
        ("drop policy own on letter",
            &["authenticated select public.letter: policies to none -"], "authenticated loses select on public.letter"),
        ("drop policy own on letter; create policy mine on letter for select to authenticated using (owner = (select auth.uid()))", &[], ""),
        ("alter policy own on letter using (true)",
            &["authenticated select public.letter: policies to all 12"], "12 rows become visible"),
        ("alter policy own on letter using (owner is null)",
            &["authenticated select public.letter: policies to policies 8"], "may select other rows of public.letter"),
        ("create table note (id int); insert into note values (1); revoke all on note from anon, authenticated, service_role; grant select on note to anon",
            &["anon select public.note: none to all 1"], "row level security is off; 1 row becomes visible to everybody"),
        ("create view spy as select * from letter; revoke all on spy from anon, authenticated, service_role; grant select on spy to anon",
            &["anon select public.spy: none to all 12"], "it reads as its owner, past the policies of its tables (no security_invoker); 12 rows"),
        ("create or replace view peek as select * from pebble",
            &["anon select public.peek: all to all 3"],
            "anon may select other rows or columns of public.peek: its definition, owner or grants differ; 3 rows become visible to everybody"),
        ("alter table pebble rename column id to number; alter table pebble rename to stone", &[], ""),
        ("create view spy with (security_invoker = true) as select * from letter; revoke all on spy from anon, authenticated, service_role; grant select on spy to authenticated",
            &["authenticated select public.spy: none to policies 0"], "what the policies of its tables let through"),
        ("create function peek() returns bigint language sql security definer set search_path = '' as 'select count(*) from public.letter'; \
          revoke all on function peek() from public, anon, authenticated, service_role; grant execute on function peek() to anon",
            &["anon execute function public.peek(): none to all -"], "anon gains execute on function public.peek(): it runs as its owner, past every policy"),
        ("grant select on hidden.key to anon", &[], ""),
        ("grant usage on schema hidden to anon; grant select on hidden.key to anon",
            &["anon select hidden.key: none to all 0"], "anon gains select on hidden.key"),
        ("revoke delete on letter from authenticated", &["authenticated delete public.letter: policies to none -"], "authenticated loses delete"),
        ("alter table letter rename to mail", &[], ""),
        ("alter table letter rename owner to holder", &[], ""),
        ("alter table twig rename to branch; alter table branch rename id to number", &[], ""),
        ("drop table letter", &[], ""),
        // What a policy calls and reads decides too, and so does what a view reads.
        ("create or replace function is_friend() returns boolean language sql stable as 'select true'",
            &["authenticated select public.den: policies to policies 6", "authenticated select public.porch: policies to policies 6"],
            "may select other rows of public.den: the policies, or what they read or call, differ; 6 rows"),
        ("alter policy none_yet on twig using (id > 0)",
            &["authenticated select public.nest: policies to policies 3", "authenticated select public.twig: policies to policies 1"], "3 rows become visible"),
        ("create policy for_reading on twig for select to service_role using (true)", &[], ""),
        ("drop policy gone on letter; comment on table letter is 'x'", &["authenticated delete public.letter: policies to none -"], ""),
    ];
    let project = TestProject::new().await;
    project.db.batch_execute(IN_USE).await.unwrap();
    let api = FakeManagementApi::start(&project.url).await;
    for (sql, changes, said) in cases {
        project.up("1_case.sql", format!("{sql};"));
        let report = rehearse(&project, everything()).await;
        assert!(report.problem.is_none(), "{sql}: {:?}", report.problem);
        assert_eq!(words(&report), *changes, "{sql}");
        let text = list(&report.access).into_iter().map(|line| line.text()).collect::<Vec<_>>().join("\n");
        assert!(text.contains(said), "{sql}: {text}");
        let remote = api.database();
        let schema = Workspace::new(project.root.path(), remote.clone());
        let plan = migration::plan(&schema, &everything()).await.unwrap();
        let there = migration::dry_run(&schema, remote.as_ref(), &plan, &watch().0).await.unwrap();
        assert_eq!(words(&there), words(&report), "{sql}");
        assert_eq!(list(&there.access), list(&report.access), "{sql}");
    }
}

/// The access of a dry run over a connection, which must be the same over the Management API, as it stands in the report.
async fn access_page(project: &TestProject, api: &FakeManagementApi, sql: &str) -> String {
    project.up("1_case.sql", format!("{sql};"));
    let report = rehearse(project, everything()).await;
    assert!(report.problem.is_none(), "{sql}: {:?}", report.problem);
    let remote = api.database();
    let schema = Workspace::new(project.root.path(), remote.clone());
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let there = migration::dry_run(&schema, remote.as_ref(), &plan, &watch().0)
        .await
        .unwrap();
    assert_eq!(list(&there.access), list(&report.access), "{sql}");
    let page = supadeck::domain::report::plan::page(&plan, None, Some(&report), Extent::All, true);
    let lines: Vec<String> = page
        .lines
        .iter()
        .map(supadeck::domain::report::Line::text)
        .collect();
    let lines = lines.iter().skip_while(|line| *line != "Access").skip(1);
    // Roles are of the whole cluster: those of other tests see what is made here too.
    let is_of_another_test = |line: &&str| {
        let role = line.split(' ').next().unwrap_or_default();
        role.rsplit_once("_engine").is_some_and(|(_, number)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let lines: Vec<&str> = lines
        .take_while(|line| !line.is_empty())
        .map(|line| line.trim())
        .filter(|line| !is_of_another_test(line))
        .collect();
    if lines.is_empty() {
        return "Nobody gains or loses access.".to_owned();
    }
    lines.join("\n")
}

/// A name is no table: what has a name now shows its own rows.
#[tokio::test]
#[rustfmt::skip]
async fn the_name_of_another_table_hides_no_rows() {
    let project = TestProject::new().await;
    project.db.batch_execute("
        create table public.old (id int); insert into public.old select generate_series(1, 50);
        create table public.kept (id int, word text); insert into public.kept select n, 'x' from generate_series(1, 50) n;
        revoke all on public.old, public.kept from anon, authenticated, service_role; grant select on public.old to anon;
        create view public.glance as select 1 as id; revoke all on public.glance from anon, authenticated; grant select on public.glance to anon;"
    ).await.unwrap();
    let cases: &[(&str, &str)] = &[
        ("drop table old; alter table kept rename to old; grant select on old to anon",
            "anon gains select on public.old: every row, because row level security is off; 50 rows become visible to everybody"),
        ("alter table old rename to older; revoke all on older from anon; alter table kept rename to old; grant select on old to anon",
            "anon gains select on public.old: every row, because row level security is off; 50 rows become visible to everybody"),
        ("drop table old; create table old as select * from kept; revoke all on old from anon, authenticated; grant select on old to anon",
            "anon may select another table that is called public.old now: every row, because row level security is off; 50 rows become visible to everybody"),
        ("drop table old; create table old (id int); revoke all on old from anon, authenticated; grant select on old to anon",
            "Nobody gains or loses access."),
        ("drop view glance; create view glance as select 1 as id; revoke all on glance from anon, authenticated; grant select on glance to anon",
            "Nobody gains or loses access."),
    ];
    let api = FakeManagementApi::start(&project.url).await;
    for (sql, said) in cases {
        let text = access_page(&project, &api, sql).await;
        assert!(text.contains(said), "{sql}: {text}");
    }
}

/// A table of 50 rows that anon may select by its policy, and nothing else may be done with.
fn closed(name: &str, condition: &str) -> String {
    format!(
        "create table public.{name} (id int, is_public boolean default false); insert into public.{name} select generate_series(1, 50);
        alter table public.{name} enable row level security; create policy p on public.{name} for select using ({condition});
        revoke all on public.{name} from anon, authenticated, service_role; grant select on public.{name} to anon;"
    )
}

/// What policies, views and functions depend on from further away decides too.
#[tokio::test]
#[rustfmt::skip]
async fn what_is_changed_further_away_hides_no_rows() {
    stack().await.create_database("truth_far").await.unwrap();
    let project = TestProject::on(stack().await.superuser_url("truth_far")).await;
    let setup = [
        "create function public.inner_() returns bool language plpgsql stable as $$ begin return false; end $$;
        create function public.outer_() returns bool language plpgsql stable as $$ begin return public.inner_(); end $$;".to_owned(),
        closed("nested", "public.outer_()"),
        "create function public.eqf(int, int) returns bool language sql as 'select false'; create operator public.=== (leftarg = int, rightarg = int, function = public.eqf);".to_owned(),
        closed("operated", "id operator(public.===) 1"),
        "create function public.by_sign() returns bool language plpgsql as $$ begin return 1 operator(public.===) 1; end $$;".to_owned(),
        closed("signed", "public.by_sign()"),
        "create function public.dynamic() returns bool language plpgsql as $$ declare one bool; begin execute format('select public.%I()', 'in' || 'ner_') into one; return one; end $$;".to_owned(),
        closed("spoken", "public.dynamic()"),
        "create function public.helper() returns bigint language sql as 'select 0::bigint';
        create function public.definer() returns bigint language sql security definer set search_path = '' as 'select public.helper()';
        create function public.atomic() returns bigint language sql security definer begin atomic select 0::bigint; end;
        create role far_owner_engine; create function public.owned() returns bigint language sql security definer as 'select count(*) from public.nested'; alter function public.owned() owner to far_owner_engine;
        revoke all on function public.definer(), public.atomic(), public.owned() from public, anon, authenticated, service_role;
        grant execute on function public.definer(), public.atomic(), public.owned() to anon;".to_owned(),
        "create table public.kept (id int); insert into public.kept select generate_series(1, 50); alter table public.kept enable row level security;
        create policy p on public.kept to far_owner_engine using (false); grant select on public.kept to far_owner_engine; revoke all on public.kept from anon, authenticated, service_role;
        create view public.pane as select * from public.kept; alter view public.pane owner to far_owner_engine;
        revoke all on public.pane from anon, authenticated, service_role; grant select on public.pane to anon; grant usage on schema public to far_owner_engine;
        create view public.allowed as select 2 as flag; grant select on public.allowed to anon;".to_owned(),
        closed("by_view", "1 in (select flag from public.allowed)"),
        "create view public.counter as select count(*) as c from public.kept; revoke all on public.counter from anon, authenticated, service_role; grant insert on public.counter to anon;
        create function public.empties() returns trigger language plpgsql security definer as $$ begin delete from public.kept; return new; end $$;".to_owned(),
        closed("doc", "is_public"),
        "create table public.own (id int, user_id uuid, note text, updated_at timestamptz); insert into public.own select n, gen_random_uuid() from generate_series(1, 50) n;
        alter table public.own enable row level security; create policy p on public.own for select to authenticated using (user_id = auth.uid());
        create table public.filled (like public.own); insert into public.filled select * from public.own; alter table public.filled enable row level security;
        create policy p on public.filled for select to authenticated using (user_id = auth.uid());
        create table public.asked (like public.own); insert into public.asked select * from public.own; alter table public.asked enable row level security;
        create function public.may_ask(one int) returns bool language sql security definer as 'select exists (select from public.asked a where a.id = one and a.note is not null and a.user_id = auth.uid())';
        create policy p on public.asked for select to authenticated using (public.may_ask(id));
        revoke all on public.own, public.filled, public.asked from anon, authenticated, service_role; grant select on public.own, public.filled, public.asked to authenticated;
        create function public.touch() returns trigger language plpgsql as $$ begin new.updated_at := now(); return new; end $$;
        create function public.takes() returns trigger language plpgsql as $$ begin new.user_id := null; return new; end $$;
        create trigger t before update on public.own for each row execute function public.touch();
        create trigger t before update on public.filled for each row execute function public.takes();".to_owned(),
        "create function public.notes() returns trigger language plpgsql security definer as $$ begin perform 1 from public.doc; return new; end $$;
        create policy i on public.doc for insert with check (true); grant insert on public.doc to anon;
        create trigger notes after insert on public.doc for each row execute function public.notes();".to_owned(),
        "create table public.cfg (open bool); insert into public.cfg values (false); revoke all on public.cfg from authenticated; grant select on public.cfg to anon;".to_owned(),
        closed("by_table", "exists (select from public.cfg where open)"),
        "create table public.member (id int); revoke all on public.member from anon, authenticated;
        create function public.is_member(one int) returns bool language sql security definer stable set search_path = '' as 'select exists (select from public.member m where m.id = one)';".to_owned(),
        closed("by_member", "public.is_member(id)"),
        "create view public.doors as select id from public.doc where is_public; revoke all on public.doors from anon, authenticated, service_role; grant select on public.doors to anon;".to_owned(),
    ];
    project.db.batch_execute(&setup.concat()).await.unwrap();
    let all = "50 rows become visible to everybody";
    let cases: &[(&str, &[&str])] = &[
        ("create or replace function inner_() returns bool language plpgsql stable as $$ begin return true; end $$",
            &["anon may select other rows of public.nested: its policies depend on what was changed: public.inner_(); 50", "anon may select other rows of public.spoken", all]),
        ("create or replace function eqf(int, int) returns bool language sql as 'select true'",
            &["anon may select other rows of public.operated: its policies depend on what was changed: public.eqf(); 50", "public.signed", all]),
        ("create or replace function helper() returns bigint language sql as 'select count(*) from public.kept'",
            &["anon may execute function public.definer(), which runs as its owner and depends on what was changed: public.helper()"]),
        ("create or replace function atomic() returns bigint language sql security definer begin atomic select count(*) from kept; end",
            &["anon may execute another body of function public.atomic(), which runs as its owner"]),
        ("alter function owned() owner to current_user", &["anon may execute another body of function public.owned()"]),
        ("alter policy p on kept using (true)", &["anon may select other rows of public.pane: it depends on what was changed: public.kept; 50 rows"]),
        ("create or replace view allowed as select 1 as flag", &["anon may select other rows of public.by_view: its policies depend on what was changed: public.allowed; 50 rows"]),
        ("create trigger t instead of insert on counter for each row execute function empties()", &["anon runs other code by insert on public.counter"]),
        ("create rule r as on insert to counter do instead delete from kept", &["anon runs other code by insert on public.counter"]),
        ("do $$ begin update doc set is_public = true; end $$",
            &["anon may select other rows of public.doc: its policies depend on what was changed: public.doc; 50 rows", "anon may select other rows of public.doors: it depends on what was changed: public.doc; 50 rows"]),
        ("update cfg set open = true", &["anon may select other rows of public.by_table: its policies depend on what was changed: public.cfg; 50 rows"]),
        ("set track_counts = off; update cfg set open = true", &["public.by_table"]),
        ("insert into member values (1), (2)", &["anon may select other rows of public.by_member: its policies depend on what was changed: public.member; 2 rows"]),
        // What shows nothing more is not told.
        ("update doc set id = id + 1", &["Nobody gains or loses access."]),
        ("update own set note = 'x'; update own set note = 'y' where false", &["Nobody gains or loses access."]),
        ("update own set note = 'x', user_id = null", &["authenticated may select other rows of public.own"]),
        ("update own set user_id = null where false", &["Nobody gains or loses access."]),
        ("do $$ begin update own set note = 'x'; end $$", &["authenticated may select other rows of public.own"]),
        ("update filled set note = 'x'", &["authenticated may select other rows of public.filled"]),
        ("update asked set note = 'x'", &["authenticated may select other rows of public.asked"]),
        ("alter table doc add column note text; create index on doc (note)", &["Nobody gains or loses access."]),
        ("alter table member add column note text; create function nothing() returns int language sql as 'select 1'; revoke all on function nothing() from public", &["Nobody gains or loses access."]),
    ];
    let api = FakeManagementApi::start(&project.url).await;
    for (sql, said) in cases {
        let text = access_page(&project, &api, sql).await;
        for said in *said {
            assert!(text.contains(said), "{sql}: {said}\n{text}");
        }
    }
}

/// Whoever gains something is told, whatever the role is called and whatever the right is on.
#[tokio::test]
#[rustfmt::skip]
async fn no_role_and_no_right_is_passed_over() {
    stack().await.create_database("truth_who").await.unwrap();
    let project = TestProject::on(stack().await.superuser_url("truth_who")).await;
    project.db.batch_execute(
        "create role who_login login; create role who_owner; create role who_column login; create role supabase_who_named login;
        grant usage on schema public to who_column;
        create table public.kept (id int, word text); insert into public.kept select generate_series(1, 50);
        create table public.owned (id int); insert into public.owned select generate_series(1, 50); alter table public.owned enable row level security; alter table public.owned owner to who_owner;
        create table public.held (id int, word text); insert into public.held select generate_series(1, 50); alter table public.held enable row level security; grant select (word) on public.held to who_column;
        create function public.open_all() returns bigint language sql security definer set search_path = '' as 'select count(*) from public.kept'; revoke all on function public.open_all() from public, anon, authenticated, service_role;
        create schema apart; create table apart.kept (id int); insert into apart.kept select generate_series(1, 50); grant select on apart.kept to public;
        revoke all on public.kept, public.owned, public.held from anon, authenticated, service_role;
        create policy by_setting on public.held for select using (current_setting('app.open', true) = 'yes');"
    ).await.unwrap();
    let cases: &[(&str, &str)] = &[
        ("create role who_new login in role postgres", "who_new belongs to role postgres now, and may do all that it may"),
        ("create role who_new login in role pg_read_all_data", "who_new belongs to role pg_read_all_data now"),
        ("create role who_new login in role pg_read_all_data", "who_new gains select on public.kept: every row, because row level security is off; 50 rows become visible to it"),
        ("create role supabase_who login in role who_owner", "supabase_who gains select, insert, update, delete on public.owned: every row, because the role owns it; 50 rows become visible to it"),
        ("create role supabase_who login bypassrls; grant usage on schema public to supabase_who; grant select on kept to supabase_who", "supabase_who gains select on public.kept: every row, because the role bypasses RLS; 50 rows"),
        ("alter role who_login superuser", "who_login gains select, insert, update, delete on public.kept: every row, because the role bypasses RLS; 50 rows"),
        ("grant who_owner to who_login", "who_login gains select, insert, update, delete on public.owned: every row, because the role owns it; 50 rows"),
        ("grant service_role to supabase_who_named", "members: authenticator, supabase_who_named"),
        ("grant select (word) on kept to who_column", "who_column gains select on public.kept"),
        ("grant execute on function open_all() to who_column", "who_column gains execute on function public.open_all(): it runs as its owner"),
        ("grant usage on schema apart to who_login", "who_login gains select on apart.kept: every row, because row level security is off; 50 rows"),
        ("create policy p on held for select using (true)", "who_column gains select on public.held"),
        ("do $$ begin execute 'gra' || 'nt truncate on kept to anon'; end $$", "anon gains truncate on public.kept: all of it, because row level security does not hold for that"),
        ("grant select on pg_catalog.pg_authid to anon", "anon gains select on pg_catalog.pg_authid"),
        ("create schema if not exists supabase_migrations; grant usage on schema supabase_migrations to public", "public gains usage on schema supabase_migrations"),
        ("grant set on parameter session_replication_role to anon", "anon gains set on parameter session_replication_role"),
        ("create publication all_of_it; do $$ begin execute 'alter publication all_of' || '_it add table kept'; end $$", "publication all_of_it has"),
        ("do $$ begin execute pg_catalog.format('alter database %I set app.open = %L', current_database(), 'yes'); end $$", "settings of this database has app.open: (hidden, "),
        ("alter default privileges in schema public grant select on tables to who_column", "grant to who_column: select, on what is made later"),
    ];
    let api = FakeManagementApi::start(&project.url).await;
    for (sql, said) in cases {
        let text = access_page(&project, &api, sql).await;
        assert!(text.contains(said), "{sql}: {said}\n{text}");
    }
}

/// What a role is and whom it belongs to decides too, and so does what a table shows of others.
#[tokio::test]
#[rustfmt::skip]
async fn roles_and_partitions_open_what_they_open() {
    // Only a superuser may give BYPASSRLS on this version.
    stack().await.create_database("truth_roles").await.unwrap();
    let project = TestProject::on(stack().await.superuser_url("truth_roles")).await;
    project.db.batch_execute(IN_USE).await.unwrap();
    project.db.batch_execute(
        "create role truth_reader nologin; create role truth_person login;
        grant usage on schema public to truth_reader, truth_person; grant select on public.letter to truth_reader;
        create table public.bag (kind int, note text) partition by list (kind);
        create table public.bag_1 partition of public.bag for values in (1);
        create table public.loose (kind int, note text); insert into public.loose select 2, 'x' from generate_series(1, 3);
        revoke all on public.bag, public.bag_1, public.loose from anon, authenticated, service_role; grant select on public.bag to anon;
        create table public.crate (kind int, note text) partition by list (kind);
        create table public.crate_1 partition of public.crate for values in (1) partition by list (note);
        create table public.pile (kind int, note text); insert into public.pile select 1, 'x' from generate_series(1, 4);
        create view public.shelf as select * from public.crate;
        create table public.safe (kind int, note text) partition by list (kind); alter table public.safe enable row level security;
        create table public.stray (kind int, note text); insert into public.stray select 2, 'x' from generate_series(1, 3);
        revoke all on public.crate, public.crate_1, public.pile, public.shelf, public.safe, public.stray from anon, authenticated, service_role;
        grant select on public.crate, public.safe, public.stray to anon; grant select on public.shelf to authenticated;
        create role truth_group nologin; create role truth_heir nologin; create role truth_loner nologin noinherit;
        grant usage on schema public to truth_heir, truth_loner; grant select on public.loose to truth_group;
        grant select on public.stamp to truth_heir, truth_loner;"
    ).await.unwrap();
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("grant service_role to truth_person", &["role service_role has members: authenticator, truth_person (before: authenticator)"], &["truth_person gains select"]),
        ("grant authenticated to truth_reader", &["role authenticated has members: authenticator, truth_reader (before: authenticator)"], &["truth_reader gains select"]),
        ("alter role truth_reader bypassrls", &["role truth_reader has passes row level security by: yes"],
            &["truth_reader gains select on public.letter: every row, because the role bypasses RLS; 12 rows become visible to it"]),
        ("alter role truth_reader set search_path = 'hidden'; alter role truth_reader set app.secret = 'hush'",
            &["role truth_reader has settings: app.secret=(hidden, ", "search_path=hidden"], &[]),
        ("alter table bag attach partition loose for values in (2)", &[], &["anon may select other rows of public.bag: its partitions or heirs differ; 3 rows become visible to everybody"]),
        ("create table bag_3 partition of bag for values in (3); revoke all on bag_3 from anon, authenticated, service_role", &[], &[]),
        ("alter table bag detach partition bag_1", &[], &[]),
        // However deep a partition is, and through whatever it is seen.
        ("alter table crate_1 attach partition pile for values in ('x')", &[],
            &["anon may select other rows of public.crate: its partitions or heirs differ; 4 rows become visible to everybody",
              "authenticated may select other rows of public.shelf: its partitions or heirs differ; 4 rows become visible to any signed-in stranger"]),
        ("alter table safe attach partition stray for values in (2)", &[],
            &["anon may select every row, past the policies of the table that it is a part of, because its own row level security is off: public.stray"]),
        ("create table safe_3 partition of safe for values in (3); revoke all on safe_3 from anon, authenticated, service_role; grant select on safe_3 to anon", &[],
            &["anon gains select on public.safe_3: every row, past the policies of the table that it is a part of"]),
        ("create table safe_3 partition of safe for values in (3); revoke all on safe_3 from anon, authenticated, service_role; grant select on safe_3 to anon; alter table safe_3 enable row level security", &[], &[]),
        // Who does not inherit has nothing of its group by itself.
        ("grant truth_group to truth_heir", &["role truth_heir has member of: truth_group"], &["truth_heir gains select on public.loose"]),
        ("grant truth_group to truth_loner", &["role truth_loner has member of: truth_group"], &[]),
        ("grant truth_group to truth_loner; alter role truth_loner inherit", &[], &["truth_loner gains select on public.loose"]),
    ];
    let api = FakeManagementApi::start(&project.url).await;
    for (sql, roles, access) in cases {
        project.up("1_case.sql", format!("{sql};"));
        let report = rehearse(&project, everything()).await;
        assert!(report.problem.is_none(), "{sql}: {:?}", report.problem);
        let plan = project.plan(everything()).await.unwrap();
        let page = supadeck::domain::report::plan::page(&plan, None, Some(&report), Extent::All, true);
        let text: Vec<String> = page.lines.iter().map(supadeck::domain::report::Line::text).collect();
        let text = text.join("\n");
        for said in roles.iter().chain(*access) {
            assert!(text.contains(said), "{sql}: {said}\n{text}");
        }
        assert!(!access.is_empty() || !text.contains(" gains select"), "{sql}: {text}");
        let is_nobody = text.contains("Nobody gains or loses access");
        assert_eq!(is_nobody, roles.is_empty() && access.is_empty(), "{sql}: {text}");
        // A value can be a secret; only the statement itself holds it.
        let told = format!("{:?}", report.difference);
        assert!(!told.contains("hush"), "{told}");
        let remote = api.database();
        let schema = Workspace::new(project.root.path(), remote.clone());
        let plan = migration::plan(&schema, &everything()).await.unwrap();
        let there = migration::dry_run(&schema, remote.as_ref(), &plan, &watch().0).await.unwrap();
        assert_eq!(list(&there.access), list(&report.access), "{sql}");
        assert_eq!(there.difference, report.difference, "{sql}");
    }
}
