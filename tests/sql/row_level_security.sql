-- Row level security: each table, each role, each verb; grants included.
\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\pset format unaligned
begin;
\ir harness.sql
\ir fixture.sql
\o /dev/null

insert into public.vision (id, user_id, year) select id, id, 'x' from auth.users where email in ('alice@test.example', 'bob@test.example');
insert into public.chat_session (id, user_id) select id, id from auth.users where email in ('alice@test.example', 'bob@test.example');
insert into public.chat_message (session_id, role, content, proposal_json)
select s.id, 'user', 'hello', '{}' from public.chat_session s;

-- Every row of every table: its own for a user, all for auditor and service role, none for the others.
create temp table entity (name text, owner_sql text, column_name text);
insert into entity values
  ('vision', 'user_id', 'year = year'), ('cycle', 'user_id', 'end_date = end_date'), ('goal', 'user_id', 'description = description'),
  ('weekly_plan', 'user_id', 'mode = mode'), ('task', 'user_id', 'title = title'),
  ('plan_item', '(select p.user_id from public.weekly_plan p where p.id = t.plan_id)', 'notes = notes'),
  ('chat_session', 'user_id', 'summary_md = summary_md'),
  ('chat_message', '(select s.user_id from public.chat_session s where s.id = t.session_id)', 'content = content'),
  ('audit_log', 'subject_user_id', 'action = action'), ('week_lock_status', 'user_id', 'mode = mode');

create function pg_temp.rows_of(e entity, who text) returns text language plpgsql as $$
declare
  n bigint;
begin
  execute format('select count(*) from public.%I t where %L in (''auditor'', ''service'') or %s = (select id from person where name = %L and role = ''authenticated'')',
    e.name, who, e.owner_sql, who) into n;
  return n::text;
end
$$;

-- Read.
select pg_temp.expect(p.name, format('select * from public.%I', e.name),
  case when p.role = 'anon' then '42501 permission denied%' else 'ok ' || pg_temp.rows_of(e, p.name) end)
from entity e, person p where p.name <> 'owner';
select pg_temp.expect_value(format('select count(*) > 0 from public.%I', name), 'true') from entity;

-- Update and delete.
select pg_temp.expect(p.name, format('update public.%I set %s', e.name, e.column_name),
  case when p.role in ('anon', 'auditor') or e.name in ('audit_log', 'week_lock_status') then '42501 permission denied%'
    else 'ok ' || pg_temp.rows_of(e, p.name) end)
from entity e, person p where p.name <> 'owner' and e.name <> 'week_lock_status';
select pg_temp.expect(p.name, format('delete from public.%I where %s', e.name, case e.name when 'plan_item' then 'id::text like ''%3''' else 'true' end),
  case when p.role in ('anon', 'auditor') or e.name = 'audit_log' then '42501 permission denied%'
    when p.role = 'service_role' and e.name in ('vision', 'chat_session', 'chat_message', 'plan_item') then 'ok %'
    when p.id is null and p.role = 'authenticated' then 'ok 0'
    when p.role = 'authenticated' and e.name in ('vision', 'chat_session', 'chat_message') then 'ok 1'
    when p.name = 'alice' and e.name = 'plan_item' then 'ok 1'
    when p.name = 'bob' and e.name = 'plan_item' then 'ok 0'
    else 'PT403 Week 7 is locked.' end)
from entity e, person p where p.name <> 'owner' and e.name <> 'week_lock_status';
select pg_temp.expect(p.name, format('truncate public.%I cascade', e.name), '42501 %')
from entity e, person p where p.name <> 'owner' and e.name <> 'week_lock_status';

-- Insert: a row of Alice's, by everybody.
select pg_temp.expect(p.name, v.statement,
  case when p.role in ('anon', 'auditor') then '42501 permission denied%' when p.name in ('alice', 'service') then 'ok 1' else '42501 new row violates%' end)
from person p, (values
  ($$insert into public.cycle (user_id, start_date, end_date) values ('a0000000-0000-4000-8000-000000000001', current_date, current_date + 1)$$),
  ($$insert into public.goal (user_id, cycle_id, type, description) values ('a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000002', 'professional', 'x')$$),
  ($$insert into public.weekly_plan (user_id, cycle_id, week_no) values ('a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 12)$$),
  ($$insert into public.task (user_id, title) values ('a0000000-0000-4000-8000-000000000001', 'x')$$),
  ($$insert into public.plan_item (plan_id) values ('b0000000-0000-4000-8001-000000000003')$$),
  ($$insert into public.chat_session (user_id) values ('a0000000-0000-4000-8000-000000000001')$$),
  ($$insert into public.chat_message (session_id, role, content) values ('a0000000-0000-4000-8000-000000000001', 'user', 'x')$$)
) v (statement) where p.name <> 'owner';
select pg_temp.expect(p.name, $$insert into public.audit_log (action) values ('x')$$, '42501 permission denied%') from person p where p.name <> 'owner';
delete from public.vision where id = 'a0000000-0000-4000-8000-000000000001';
select pg_temp.expect(p.name, $$insert into public.vision (user_id) values ('a0000000-0000-4000-8000-000000000001')$$,
  case when p.role in ('anon', 'auditor') then '42501 permission denied%' when p.name in ('alice', 'service') then 'ok 1' else '42501 new row violates%' end)
from person p where p.name <> 'owner';

-- A row cannot be given away.
select pg_temp.expect('alice', format('update public.%I set user_id = ''a0000000-0000-4000-8000-000000000002''', e.name), '42501 new row violates%')
from entity e where e.owner_sql = 'user_id' and e.name not in ('week_lock_status', 'vision');
select pg_temp.expect('alice', $$update public.chat_message set session_id = 'a0000000-0000-4000-8000-000000000002'$$, '42501 new row violates%');
select pg_temp.expect('alice', $$update public.plan_item set plan_id = 'b0000000-0000-4000-8003-000000000003', goal_id = null, task_id = null where id = 'f0000000-0000-4000-8001-000000000003'$$, '42501 new row violates%');

-- Nothing in private can be reached, and no security definer function can be called by a user; an auditor, who sees every record,
-- may have the seals checked.
select pg_temp.expect(p.name, 'select private.user_exists(null)', '42501 permission denied for schema private') from person p where p.name <> 'owner';
select pg_temp.expect_value($$select count(*) from pg_proc p, pg_roles r where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  and r.rolname in ('anon', 'authenticated', 'auditor') and has_function_privilege(r.oid, p.oid, 'EXECUTE')
  and (r.rolname, p.proname) is distinct from ('auditor', 'verify_audit_seals')
  -- A number of the server, of no row.
  and not (r.rolname <> 'anon' and p.proname = 'audit_horizon')$$, '0');
select pg_temp.expect_value($$select count(*) from pg_proc p where p.pronamespace = 'private'::regnamespace and p.proconfig::text not like '%search_path=%'$$, '0');

\o
select pg_temp.finish();
rollback;
