//! The owner's rights are not borrowed: where each function looks for names, and what a login role can put there.

use crate::cell::Cells;
use crate::lock_fixture::{
    self, CYCLE, GOAL, ITEM, OPEN_ITEM, OPEN_PLAN, PLAN, State, TASK, Unlock,
};
use crate::test_database::{ALICE, TestDatabase, migrated, value};
use tokio_postgres::Client;

/// Of every function of the migrations, from the catalog: pg_catalog first, and pg_temp last instead of first.
#[tokio::test]
async fn every_function_looks_in_pg_temp_last() {
    let owner = migrated("borrowed_catalog").await;
    let functions = "from pg_catalog.pg_proc p
        where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
          and not exists (select from pg_catalog.pg_depend d where d.objid = p.oid and d.deptype = 'e')";
    let other = format!(
        "select coalesce(string_agg(p.oid::regprocedure || ' ' || coalesce(p.proconfig::text, 'nothing'), '; '), 'none')
         {functions} and not coalesce('search_path=pg_catalog, pg_temp' = any (p.proconfig), false)"
    );
    assert_eq!(value(&owner, &other).await, "none");
    let count = value(&owner, &format!("select count(*) {functions}")).await;
    assert!(count.parse::<u32>().unwrap() >= 23, "{count} functions");
}

/// The names of types that functions use without a schema, as a session could make them in pg_temp.
const TYPES: [&str; 13] = [
    "jsonb",
    "json",
    "uuid",
    "text",
    "inet",
    "name",
    "bool",
    "int4",
    "int8",
    "date",
    "timestamptz",
    "numeric",
    "regclass",
];

/// Makes a domain of each name whose check tells who ran it, and tables that stand in for those of the catalog.
async fn set_the_trap(intruder: &Client) {
    let mut trap = "create table pg_temp.theft (who name, what text);
        grant insert on pg_temp.theft to public;
        create function pg_temp.steal(what text) returns boolean language plpgsql as $$
        begin insert into pg_temp.theft values (current_user, what); return true; end $$;
        grant execute on function pg_temp.steal(text) to public;
        create table pg_temp.pg_class (like pg_catalog.pg_class);
        create table pg_temp.pg_roles (like pg_catalog.pg_roles);"
        .to_owned();
    for name in TYPES {
        trap += &format!(
            "create domain pg_temp.{name} as pg_catalog.{name} check (pg_temp.steal('{name}'::pg_catalog.text));"
        );
    }
    intruder.batch_execute(&trap).await.unwrap();
}

/// Everything that fires a trigger, and the one function that can be called.
fn writes() -> Vec<String> {
    vec![
        format!(
            "insert into public.task (id, user_id, title) values ('e0000000-0000-4000-8000-00000000000a', '{ALICE}', 'x')"
        ),
        format!("insert into public.vision (user_id) values ('{ALICE}')"),
        format!(
            "insert into public.cycle (user_id, start_date, end_date) values ('{ALICE}', '2199-01-07', '2199-03-31')"
        ),
        format!(
            "insert into public.weekly_plan (user_id, cycle_id, week_no) values ('{ALICE}', '{CYCLE}', 2)"
        ),
        format!(
            "insert into public.plan_item (plan_id, goal_id, task_id) values ('{OPEN_PLAN}', '{GOAL}', '{TASK}')"
        ),
        format!(
            "insert into public.chat_session (user_id, cycle_id) values ('{ALICE}', '{CYCLE}')"
        ),
        "update public.task set title = 'y'".to_owned(),
        "update public.goal set description = 'y'".to_owned(),
        "update public.vision set year = 'y'".to_owned(),
        "update public.weekly_plan set mode = 'priority_queue'".to_owned(),
        "update public.weekly_plan set unlocked_until = '2199-01-01'".to_owned(),
        "update public.cycle set current_week = 2".to_owned(),
        "update public.cycle set start_date = '2199-01-06'".to_owned(),
        format!("update public.plan_item set qty = 7, completed_qty = 1 where id = '{OPEN_ITEM}'"),
        format!("update public.plan_item set qty = 7 where id = '{ITEM}'"),
        format!("update public.plan_item set id = '{ALICE}' where id = '{OPEN_ITEM}'"),
        format!("update public.plan_item set plan_id = '{PLAN}' where id = '{OPEN_ITEM}'"),
        format!("delete from public.plan_item where id = '{ITEM}'"),
        format!("delete from public.weekly_plan where id = '{OPEN_PLAN}'"),
        format!("delete from public.cycle where id = '{CYCLE}'"),
        "delete from public.goal".to_owned(),
        "delete from public.task where title = 'y'".to_owned(),
        format!("select public.unlock_week('{PLAN}', 'Ill.', 5)"),
        "select count(*) from public.week_lock_status".to_owned(),
        "select count(*) from public.audit_log".to_owned(),
    ]
}

#[tokio::test]
async fn nothing_of_a_login_role_runs_as_the_owner() {
    let test_db = TestDatabase::new("borrowed_trap").await;
    let mut cells = Cells::default();
    for group in ["authenticated", "service_role"] {
        lock_fixture::make(&test_db, State::locked(true, Unlock::None)).await;
        let vision = "delete from public.vision";
        test_db.owner.batch_execute(vision).await.unwrap();
        let role = format!("borrowed_{group}");
        let intruder = test_db.superuser().await;
        // The first statement of a real login; from here on the session has no more than the role.
        let become_it = format!(
            "create role {role} login in role {group}; grant usage on schema public to {role}; set session authorization {role};
             set request.jwt.claims = '{{\"sub\": \"{ALICE}\", \"role\": \"{group}\"}}'"
        );
        intruder.batch_execute(&become_it).await.unwrap();
        set_the_trap(&intruder).await;
        let mut done = 0;
        for write in writes() {
            // A refusal is fine; what counts is whose rights were used on the way.
            done += usize::from(intruder.batch_execute(&write).await.is_ok());
            let thefts =
                "select coalesce(string_agg(distinct who || ' for ' || what, ', '), 'none')
                from pg_temp.theft where who <> current_user";
            let thefts = value(&intruder, thefts).await;
            cells.same(&format!("{group}: {write}"), &"none".to_owned(), &thefts);
        }
        cells.check(done >= 10, || format!("{group}: only {done} writes passed"));
        // The trap works where it is asked for by name.
        let sprung = "create function pg_temp.proof() returns void language plpgsql as
            $$ declare x pg_temp.jsonb := '{}'; begin null; end $$; select pg_temp.proof()";
        intruder.batch_execute(sprung).await.unwrap();
        let count = value(
            &intruder,
            "select count(*) from pg_temp.theft where what = 'jsonb'",
        )
        .await;
        cells.check(count != "0", || "the trap does not work".to_owned());
        drop(intruder);
    }
    cells.finish();
}

/// A session's settings change neither what is recorded nor what is refused.
#[tokio::test]
async fn settings_of_a_session_do_not_change_the_functions() {
    let test_db = TestDatabase::new("borrowed_settings").await;
    let superuser = test_db.superuser().await;
    let mut cells = Cells::default();
    let mut records = Vec::new();
    for settings in [
        "select 1",
        "set standard_conforming_strings = off; set escape_string_warning = off",
        "set datestyle = 'German, DMY'; set intervalstyle = 'iso_8601'; set timezone = 'Asia/Tokyo'",
        "set transform_null_equals = on; set array_nulls = off; set quote_all_identifiers = on",
        "set search_path = pg_temp; set row_security = on; set plan_cache_mode = force_generic_plan",
    ] {
        lock_fixture::make(&test_db, State::locked(true, Unlock::None)).await;
        let session = test_db.superuser().await;
        let begin = format!(
            "{settings}; set role authenticated;
             set request.jwt.claims = '{{\"sub\": \"{ALICE}\", \"role\": \"authenticated\"}}';
             set request.headers = '{{\"x-forwarded-for\": \"6.6.6.6, 203.0.113.9:80, 10.0.0.1\", \"x-rationale\": \" Why. \",
               \"x-correlation-id\": \"5f0c9e3e-1111-4222-8333-444455556666\", \"user-agent\": \"test/1\"}}';
             update public.plan_item set qty = 6 where id = '{OPEN_ITEM}'"
        );
        session.batch_execute(&begin).await.unwrap();
        for (refused, code) in [
            (
                format!("update public.plan_item set qty = 6 where id = '{ITEM}'"),
                "PT403",
            ),
            (
                format!("delete from public.plan_item where id = '{ITEM}'"),
                "PT403",
            ),
            (
                format!("delete from public.goal where id = '{GOAL}'"),
                "PT403",
            ),
            (
                format!("update public.weekly_plan set locked_after_week = 12 where id = '{PLAN}'"),
                "PT403",
            ),
        ] {
            let fault = session.batch_execute(&refused).await.unwrap_err();
            let got = fault.code().unwrap().code().to_owned();
            cells.same(&format!("{settings}: {refused}"), &code.to_owned(), &got);
        }
        let newest = "select concat_ws('|', a.action, a.actor_user_id, a.actor_type, a.rationale, a.correlation_id, host(a.source_ip),
              a.user_agent, a.after_state - '{created_at,updated_at}'::text[], a.after_state ->> 'created_at' like '____-__-__T%+00:00')
            from public.audit_log a where a.action = 'plan_item.update' order by a.created_at desc limit 1";
        records.push((settings, value(&superuser, newest).await));
    }
    let (_, first) = records[0].clone();
    assert!(
        first.contains("|user|Why.|5f0c9e3e-") && first.contains("|203.0.113.9|"),
        "{first}"
    );
    for (settings, record) in records {
        cells.same(settings, &first, &record);
    }
    cells.finish();
}
