-- The audit trail: what is written, what is not, and that nothing of it goes away.
\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\pset format unaligned
begin;
\ir harness.sql
\ir fixture.sql
\o /dev/null

create function pg_temp.newest() returns public.audit_log language sql as $$ select * from public.audit_log order by created_at desc, id desc limit 1 $$;
create function pg_temp.headers(h text) returns void language sql as $$ select set_config('request.headers', h, true) $$;

-- The six tables, all three verbs.
select pg_temp.does('alice', $$insert into public.vision (user_id, year) values ('a0000000-0000-4000-8000-000000000001', 'Calm')$$);
select pg_temp.does('alice', $$update public.vision set year = 'Calmer'$$);
select pg_temp.does('alice', $$delete from public.vision$$);
select pg_temp.expect_value($$select string_agg(action || ':' || coalesce(before_state ->> 'year', '-') || '>' || coalesce(after_state ->> 'year', '-'), ' ' order by created_at)
  from public.audit_log where action like 'vision.%' and subject_user_id = 'a0000000-0000-4000-8000-000000000001' and actor_user_id = subject_user_id and actor_type = 'user'$$,
  'vision.insert:->Calm vision.update:Calm>Calmer vision.delete:Calmer>-');
select pg_temp.expect_value($$select string_agg(distinct action, ' ' order by action) from public.audit_log where action like '%.insert'$$, 'cycle.insert goal.insert plan_item.insert task.insert vision.insert weekly_plan.insert');
select pg_temp.expect_value($$select count(*) from public.audit_log where action = 'plan_item.insert' and subject_user_id is null$$, '0');
select pg_temp.expect_value($$select count(*) from public.audit_log where actor_type <> 'system' and action <> 'vision.insert' and action not like 'vision.%'$$, '0');

-- An update that changes nothing writes nothing, and does not touch updated_at.
create temp table mark as select count(*) as n from public.audit_log;
select pg_temp.does('alice', $$update public.plan_item set qty = qty, notes = notes$$);
select pg_temp.does('alice', $$update public.plan_item set updated_at = 'yesterday' where id = 'f0000000-0000-4000-8001-000000000003'$$);
select pg_temp.expect_value('select count(*) - (select n from mark) from public.audit_log', '0');

-- Headers.
create function pg_temp.with_headers(h text, expected text) returns void language plpgsql as $$
begin
  perform set_config('request.headers', h, true);
  perform pg_temp.does('alice', format('update public.task set title = %L where id = ''e0000000-0000-4000-8000-000000000001''', gen_random_uuid()));
  perform pg_temp.expect_value($q$select concat_ws('|', a.actor_type, coalesce(a.rationale, '-'), coalesce(a.correlation_id::text, '-'), coalesce(host(a.source_ip), '-'), coalesce(a.user_agent, '-')) from pg_temp.newest() a$q$, expected);
  perform set_config('request.headers', '', true);
end
$$;
select pg_temp.with_headers(h, e) from (values
  ('{"x-rationale":" Because. ","x-correlation-id":"5F0C9E3E-1111-4222-8333-444455556666","x-forwarded-for":"203.0.113.7, 10.0.0.1","user-agent":"supadeck/1"}', 'user|Because.|5f0c9e3e-1111-4222-8333-444455556666|203.0.113.7|supadeck/1'),
  ('{"x-actor-type":"AI"}', 'ai|-|-|-|-'), ('{"x-actor-type":"robot"}', 'user|-|-|-|-'), ('{"x-actor-type":"system"}', 'user|-|-|-|-'),
  ('not json', 'user|-|-|-|-'), ('', 'user|-|-|-|-'), ('[]', 'user|-|-|-|-'), ('"x"', 'user|-|-|-|-'), ('null', 'user|-|-|-|-'), ('7', 'user|-|-|-|-'), ('{"user-agent":"\u0000"}', 'user|-|-|-|-'),
  ('{"x-correlation-id":"nonsense","x-forwarded-for":"unknown","x-real-ip":"2001:db8::1"}', 'user|-|-|-|-'),
  ('{"x-forwarded-for":"6.6.6.6, 2001:db8::1, 10.0.0.3"}', 'user|-|-|2001:db8::1|-'), ('{"x-forwarded-for":"6.6.6.6, unknown"}', 'user|-|-|-|-'),
  ('{"cf-connecting-ip":"203.0.113.8","x-forwarded-for":"6.6.6.6"}', 'user|-|-|203.0.113.8|-'), ('{"cf-connecting-ip":["x"],"x-forwarded-for":{"a":1}}', 'user|-|-|-|-'),
  ('{"x-correlation-id":"","x-forwarded-for":"","x-real-ip":"10.0.0.1/8"}', 'user|-|-|-|-'),
  ('{"x-forwarded-for":"[2001:db8::2]:443"}', 'user|-|-|2001:db8::2|-'), ('{"x-forwarded-for":"203.0.113.7:5000"}', 'user|-|-|203.0.113.7|-'),
  ('{"x-forwarded-for":"999.1.1.1","x-real-ip":"::::"}', 'user|-|-|-|-'), ('{"x-rationale":"   ","user-agent":""}', 'user|-|-|-|-'),
  ('{"x-rationale":{"a":1},"user-agent":["x"],"x-correlation-id":5}', 'user|{"a": 1}|-|-|["x"]')
) v (h, e);
select pg_temp.with_headers(json_build_object('x-rationale', repeat('é', 5000), 'user-agent', repeat('x', 5000), 'authorization', 'Bearer secret')::text, 'user|' || repeat('é', 1000) || '|-|-|' || repeat('x', 400));
select pg_temp.expect_value($$select count(*) from public.audit_log a where a::text like '%Bearer%'$$, '0');
-- Claims that hold no uuid do not fail a write of the service role either.
select set_config('request.jwt.claims', '{"sub":"not a uuid","role":"service_role"}', true), set_config('role', 'service_role', true);
update public.task set title = 'By a service' where id = 'e0000000-0000-4000-8000-000000000001';
reset role;
select pg_temp.expect_value($$select actor_type || coalesce(actor_user_id::text, ' nobody') from pg_temp.newest()$$, 'system nobody');

-- Images are in UTC, whatever time zone the request chose.
select pg_temp.does('alice', $$set local timezone = 'Asia/Tokyo'; update public.plan_item set notes = 'tz' where id = 'f0000000-0000-4000-8001-000000000003'; set local timezone = 'UTC'$$);
select pg_temp.expect_value($$select after_state ->> 'created_at' like '%+00:00' from pg_temp.newest()$$, 'true');

-- Append-only, for everyone: the owner has to alter the table first.
select pg_temp.expect(who, statement, outcome)
from (values ('alice', '42501 permission%'), ('service', '42501 permission%'), ('auditor', '42501 permission%'), ('anon', '42501 permission%'), ('owner', '42501 The audit log is append-only%')) w (who, outcome),
  (values ('update public.audit_log set rationale = ''x'''), ('update public.audit_log set rationale = ''x'' where false'), ('delete from public.audit_log'), ('truncate public.audit_log'), ('truncate public.audit_log cascade')) s (statement);
select pg_temp.expect('owner', $$insert into public.audit_log (id, action) select id, 'x' from public.audit_log limit 1 on conflict (id) do update set action = 'forged'$$, '42501 The audit log%');

-- A user reads the records about oneself; nobody else's.
select pg_temp.expect('alice', $$select 1 / (count(*) filter (where subject_user_id is distinct from 'a0000000-0000-4000-8000-000000000001') = 0)::int from public.audit_log$$, 'ok 1');

-- Deleting a goal leaves a trace in the items, with their user.
select pg_temp.does('alice', $$delete from public.goal where id = 'd0000000-0000-4000-8000-000000000004'$$);
select pg_temp.expect_value($$select count(*) from public.audit_log where action = 'plan_item.update' and after_state ->> 'goal_id' is null and before_state ->> 'goal_id' = 'd0000000-0000-4000-8000-000000000004' and subject_user_id = 'a0000000-0000-4000-8000-000000000001'$$, '1');

-- Erasing an account keeps its records and records the erasure, with the subject.
create temp table before_erasure as select count(*) as n from public.audit_log;
create temp table items_left as select count(*) as n from public.plan_item i join public.weekly_plan p on p.id = i.plan_id where p.user_id = 'a0000000-0000-4000-8000-000000000001';
delete from auth.users where id = 'a0000000-0000-4000-8000-000000000001';
select pg_temp.expect_value('select count(*) > (select n from before_erasure) from public.audit_log', 'true');
select pg_temp.expect_value($$select count(*) - (select n from items_left) from public.audit_log where action = 'plan_item.delete' and subject_user_id = 'a0000000-0000-4000-8000-000000000001'$$, '0');
select pg_temp.expect_value($$select count(*) from public.audit_log where subject_user_id is null$$, '0');
select pg_temp.expect_value($$select count(*) from public.weekly_plan where user_id = 'a0000000-0000-4000-8000-000000000001'$$, '0');

\o
select pg_temp.finish();
rollback;
