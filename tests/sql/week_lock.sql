-- The week lock: every rule as every role, before and after the start, with and without an unlock.
\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\pset format unaligned
begin;
\ir harness.sql
\ir fixture.sql
\o /dev/null

\set w3 b0000000-0000-4000-8001-000000000003
\set w7 b0000000-0000-4000-8001-000000000007
\set w8 b0000000-0000-4000-8001-000000000008
\set later7 b0000000-0000-4000-8002-000000000007
\set item3 f0000000-0000-4000-8001-000000000003
\set item7 f0000000-0000-4000-8001-000000000007

-- Nobody changes what a locked item plans; everybody who may write records progress.
select pg_temp.expect(who, format($$update public.plan_item set %s where id = 'f0000000-0000-4000-800%s-000000000007'$$, change, c), outcome)
from (values ('alice'), ('service'), ('owner')) w (who),
  (values (1), (2)) cycles (c),
  (values
    ('qty = 6', 'PT403 Week 7 is locked.'), ('unit = ''miles''', 'PT403 Week 7 is locked.'),
    ('task_id = ''e0000000-0000-4000-8000-000000000004''', 'PT403 Week 7 is locked.'), ('task_id = null', 'PT403 Week 7 is locked.'),
    ('goal_id = ''d0000000-0000-4000-8000-000000000004''', 'PT403 Week 7 is locked.'), ('goal_id = null', 'PT403 Week 7 is locked.'),
    ('plan_id = ''b0000000-0000-4000-8001-000000000003''', 'PT403 Week 7 is locked.'),
    ('plan_id = ''b0000000-0000-4000-8001-000000000008''', 'PT403 Week 7 is locked.'),
    ('qty = qty, completed_qty = 4, status = ''completed'', notes = ''done''', 'ok 1'),
    ('qty = 5.0', 'ok 1'), ('completed_qty = -1', '23514 %')
  ) changes (change, outcome);
select pg_temp.expect(who, $$update public.plan_item set plan_id = 'b0000000-0000-4000-8001-000000000007' where id = 'f0000000-0000-4000-8001-000000000003'$$,
  'PT403 Week 7 is locked.') from (values ('alice'), ('service'), ('owner')) w (who);
select pg_temp.expect('alice', $$update public.plan_item set qty = 6, plan_id = 'b0000000-0000-4000-8001-000000000004' where id = 'f0000000-0000-4000-8001-000000000003'$$, 'ok 1');
select pg_temp.expect(who, $$insert into public.plan_item (id, plan_id, qty) values ('f0000000-0000-4000-8001-000000000007', 'b0000000-0000-4000-8001-000000000007', 9) on conflict (id) do update set qty = excluded.qty$$,
  'PT403 Week 7 is locked.') from (values ('alice'), ('service'), ('owner')) w (who);
select pg_temp.expect(who, $$merge into public.plan_item i using (values (1)) v on i.id = 'f0000000-0000-4000-8001-000000000007' when matched then update set qty = 9$$,
  'PT403 Week 7 is locked.') from (values ('alice'), ('service'), ('owner')) w (who);

-- Insert and delete: everyone but the owner, only after the start.
select pg_temp.expect(who, format('insert into public.plan_item (plan_id, qty) values (%L, 1)', plan), outcome)
from (values
  ('alice', 'b0000000-0000-4000-8001-000000000003', 'ok 1'), ('alice', 'b0000000-0000-4000-8001-000000000007', 'PT403 Week 7 is locked.'),
  ('alice', 'b0000000-0000-4000-8002-000000000007', 'ok 1'), ('alice', 'b0000000-0000-4000-8003-000000000007', '42501 %'),
  ('alice', 'b0000000-0000-4000-8003-000000000003', '42501 %'), ('bob', 'b0000000-0000-4000-8003-000000000007', 'PT403 Week 7 is locked.'),
  ('nobody', 'b0000000-0000-4000-8001-000000000007', '42501 %'), ('anon', 'b0000000-0000-4000-8001-000000000007', '42501 permission%'),
  ('auditor', 'b0000000-0000-4000-8001-000000000007', '42501 permission%'),
  ('service', 'b0000000-0000-4000-8001-000000000007', 'PT403 Week 7 is locked.'), ('service', 'b0000000-0000-4000-8002-000000000007', 'ok 1'),
  ('owner', 'b0000000-0000-4000-8001-000000000007', 'ok 1')
) v (who, plan, outcome);
select pg_temp.expect(who, format('delete from public.plan_item where id = %L', item), outcome)
from (values
  ('alice', :'item3', 'ok 1'), ('alice', :'item7', 'PT403 Week 7 is locked.'), ('alice', 'f0000000-0000-4000-8002-000000000007', 'ok 1'),
  ('bob', :'item7', 'ok 0'), ('auditor', :'item7', '42501 permission%'), ('service', :'item7', 'PT403 Week 7 is locked.'),
  ('service', 'f0000000-0000-4000-8002-000000000007', 'ok 1'), ('owner', :'item7', 'ok 1')
) v (who, item, outcome);
select pg_temp.expect(who, 'truncate public.plan_item', '42501 permission%')
from (values ('alice'), ('service'), ('auditor'), ('anon')) w (who);

-- A request's time zone does not bring the start nearer or put it off.
select pg_temp.expect('alice', format($$set local timezone = %L; update public.cycle set start_date = (clock_timestamp() at time zone 'UTC')::date where id = 'c0000000-0000-4000-8000-000000000002'; insert into public.plan_item (plan_id) values ('b0000000-0000-4000-8002-000000000007')$$, zone),
  'PT403 Week 7 is locked.') from (values ('Etc/GMT+12'), ('Pacific/Kiritimati')) z (zone);
select pg_temp.expect('alice', format($$set local timezone = %L; update public.cycle set start_date = (clock_timestamp() at time zone 'UTC')::date + 1 where id = 'c0000000-0000-4000-8000-000000000002'; insert into public.plan_item (plan_id) values ('b0000000-0000-4000-8002-000000000007')$$, zone),
  'ok 1') from (values ('Etc/GMT+12'), ('Pacific/Kiritimati')) z (zone);

-- Goals and tasks that a locked week uses.
select pg_temp.expect(who, format('delete from public.%s where id = %L', entity, id), outcome)
from (values ('alice'), ('service'), ('owner')) w (who), (values
  ('goal', 'd0000000-0000-4000-8000-000000000001', 'PT403 Week 7 is locked.'), ('task', 'e0000000-0000-4000-8000-000000000001', 'PT403 Week 7 is locked.'),
  ('goal', 'd0000000-0000-4000-8000-000000000002', 'ok 1'), ('task', 'e0000000-0000-4000-8000-000000000002', 'ok 1'),
  ('goal', 'd0000000-0000-4000-8000-000000000004', 'ok 1'), ('task', 'e0000000-0000-4000-8000-000000000004', 'ok 1')
) v (entity, id, outcome);
select pg_temp.expect('alice', $$update public.task set unit = 'miles', default_qty = 9 where id = 'e0000000-0000-4000-8000-000000000001'$$, 'ok 1');
select pg_temp.expect('alice', $$update public.goal set description = 'Run far' where id = 'd0000000-0000-4000-8000-000000000001'$$, 'ok 1');

-- Plans.
select pg_temp.expect('alice', format('update public.weekly_plan set %s where id = %L', change, :'w7'), outcome)
from (values
  ('locked_after_week = 7', 'PT403 The lock of week 7 cannot start after week 7.'), ('locked_after_week = 5', 'ok 1'), ('locked_after_week = 6', 'ok 1'),
  ('week_no = 12', 'PT403 The plan of week 7 stays in its week.'), ('cycle_id = ''c0000000-0000-4000-8000-000000000002'', week_no = 12', 'PT403 The plan of week 7 stays in its week.'),
  ('unlocked_until = now() + interval ''1 hour''', 'PT403 Week 7 can only be unlocked by an operator.'), ('unlocked_until = now()', 'PT403 Week 7 can only%'),
  ('mode = ''priority_queue''', 'ok 1'), ('user_id = ''a0000000-0000-4000-8000-000000000002''', '42501 %')
) v (change, outcome);
select pg_temp.expect('alice', $$with l as (update public.weekly_plan set locked_after_week = 3 where id = 'b0000000-0000-4000-8001-000000000005' returning id) select * from l$$, 'ok 1');
select pg_temp.expect('alice', $$update public.weekly_plan set locked_after_week = 3 where id = 'b0000000-0000-4000-8001-000000000005'; update public.weekly_plan set locked_after_week = 4 where id = 'b0000000-0000-4000-8001-000000000005'$$, 'PT403 The lock of week 5 cannot start later than it does.');
select pg_temp.expect('alice', $$update public.weekly_plan set locked_after_week = 3 where id = 'b0000000-0000-4000-8001-000000000005'; delete from public.weekly_plan where id = 'b0000000-0000-4000-8001-000000000005'$$, 'PT403 Week 5 is locked.');
select pg_temp.expect('alice', format('insert into public.weekly_plan (user_id, cycle_id, week_no%s) values (''a0000000-0000-4000-8000-000000000001'', ''c0000000-0000-4000-8000-000000000001'', 12%s)', c, v), outcome)
from (values ('', '', 'ok 1'), (', locked_after_week', ', 12', 'PT403 The lock of week 12 cannot start after week 12.'),
  (', locked_after_week', ', 0', 'ok 1'), (', unlocked_until', ', now()', 'PT403 Week 12 can only be unlocked by an operator.')) v (c, v, outcome);
select pg_temp.expect('alice', $$insert into public.weekly_plan (id, user_id, cycle_id, week_no, locked_after_week) values ('b0000000-0000-4000-8001-000000000007', 'a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 7, 7) on conflict (id) do update set locked_after_week = excluded.locked_after_week$$, 'PT403 The lock of week 7%');
select pg_temp.expect(who, format('delete from public.weekly_plan where id = %L', plan), outcome)
from (values ('alice', :'w7', 'PT403 Week 7 is locked.'), ('alice', :'w8', 'PT403 Week 8 is locked.'), ('alice', :'w3', 'ok 1'),
  ('alice', :'later7', 'ok 1'), ('bob', :'w7', 'ok 0'), ('service', :'w7', 'PT403 Week 7 is locked.'), ('service', :'later7', 'ok 1'), ('owner', :'w7', 'ok 1')) v (who, plan, outcome);
select pg_temp.expect('service', format('update public.weekly_plan set %s where id = %L', change, :'w7'), outcome) from (values
  ('locked_after_week = 12', 'PT403 The lock of week 7 cannot start after week 12.'), ('locked_after_week = 5', 'ok 1'),
  ('week_no = 12', 'PT403 The plan of week 7 stays in its week.'), ('cycle_id = ''c0000000-0000-4000-8000-000000000002'', week_no = 12', 'PT403 The plan of week 7 stays in its week.')
) v (change, outcome);
select pg_temp.expect('owner', format('update public.weekly_plan set %s where id = %L', change, :'w7'), 'ok 1')
from (values ('locked_after_week = 12'), ('week_no = 12')) v (change);
-- Ids never change, but for the owner. What something hangs on is held by its foreign keys first.
select pg_temp.expect(who, format('update public.%s set id = gen_random_uuid() where id = %L', entity, id), case who when 'owner' then 'ok 1' else '23514 The id of a % cannot change.' end)
from (values ('alice'), ('service'), ('owner')) w (who), (values
  ('weekly_plan', :'w8'), ('plan_item', :'item7'), ('plan_item', :'item3')
) v (entity, id);
select pg_temp.expect(who, $$insert into public.weekly_plan (id, user_id, cycle_id, week_no) values (gen_random_uuid(), 'a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 8)
  on conflict (cycle_id, user_id, week_no) do update set id = excluded.id$$, '23514 The id of a weekly plan cannot change.') from (values ('alice'), ('service')) w (who);
-- An item has no user of its own, and stays with the user of its plan.
select pg_temp.expect('service', $$insert into public.plan_item (id, plan_id) values ('f0000000-0000-4000-8009-000000000003', 'b0000000-0000-4000-8001-000000000003');
  update public.plan_item set plan_id = 'b0000000-0000-4000-8003-000000000003' where id = 'f0000000-0000-4000-8009-000000000003'$$, '23514 The user of a plan item cannot change.');
select pg_temp.expect('service', format('update public.weekly_plan set unlocked_until = now() + interval ''1 hour'' where id = %L', :'w7'), 'PT403 Week 7 cannot be unlocked without a reason.');
select pg_temp.expect('service', format('update public.weekly_plan set unlocked_until = now() - interval ''1 hour'' where id = %L', :'w7'), 'PT403 Week 7 cannot be unlocked without a reason.');
select pg_temp.expect('owner', format('update public.weekly_plan set unlocked_until = now() + interval ''1 hour'' where id = %L', :'w7'), 'ok 1');

-- Cycles.
select pg_temp.expect(who, format('update public.cycle set %s where id = %L', change, id), outcome)
from (values
  ('alice', 'start_date = current_date + 1', 'c0000000-0000-4000-8000-000000000001', 'PT403 Week 1 has begun: the start date of the cycle is fixed.'),
  ('alice', 'start_date = start_date - 1', 'c0000000-0000-4000-8000-000000000001', 'PT403 Week 1 has begun%'),
  ('alice', 'end_date = end_date + 7, current_week = 9', 'c0000000-0000-4000-8000-000000000001', 'ok 1'),
  ('alice', 'start_date = start_date + 1', 'c0000000-0000-4000-8000-000000000002', 'ok 1'),
  ('service', 'start_date = current_date + 1', 'c0000000-0000-4000-8000-000000000001', 'PT403 Week 1 has begun%'),
  ('service', 'start_date = start_date + 1', 'c0000000-0000-4000-8000-000000000002', 'ok 1'),
  ('owner', 'start_date = current_date + 1', 'c0000000-0000-4000-8000-000000000001', 'ok 1'),
  ('alice', 'user_id = ''a0000000-0000-4000-8000-000000000002''', 'c0000000-0000-4000-8000-000000000002', '42501 %'),
  ('service', 'user_id = ''a0000000-0000-4000-8000-000000000002''', 'c0000000-0000-4000-8000-000000000002', '23503 %')
) v (who, change, id, outcome);
select pg_temp.expect(who, format('delete from public.cycle where id = %L', id), outcome)
from (values ('alice', 'c0000000-0000-4000-8000-000000000001', 'PT403 Week 7 is locked.'), ('alice', 'c0000000-0000-4000-8000-000000000002', 'ok 1'),
  ('service', 'c0000000-0000-4000-8000-000000000001', 'PT403 Week 7 is locked.'), ('owner', 'c0000000-0000-4000-8000-000000000001', 'ok 1')) v (who, id, outcome);
-- A goal of one cycle used in a locked week of another holds its own cycle.
select pg_temp.expect('owner', $$insert into public.plan_item (plan_id, goal_id) values ('b0000000-0000-4000-8001-000000000009', 'd0000000-0000-4000-8000-000000000002');
  delete from public.cycle where id = 'c0000000-0000-4000-8000-000000000002'$$, 'PT403 Week 9 is locked.');

-- One user a row.
select pg_temp.expect('owner', statement, outcome) from (values
  ($$insert into public.goal (user_id, cycle_id, type, description) values ('a0000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000002', 'professional', 'x')$$, '23503 %goal_cycle_of_same_user%'),
  ($$insert into public.weekly_plan (user_id, cycle_id, week_no) values ('a0000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000002', 12)$$, '23503 %weekly_plan_cycle_of_same_user%'),
  ($$insert into public.chat_session (user_id, cycle_id) values ('a0000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000002')$$, '23503 %chat_session_cycle_of_same_user%'),
  ($$insert into public.plan_item (plan_id, goal_id) values ('b0000000-0000-4000-8001-000000000003', 'd0000000-0000-4000-8000-000000000003')$$, '23503 The goal of%'),
  ($$insert into public.plan_item (plan_id, task_id) values ('b0000000-0000-4000-8001-000000000003', 'e0000000-0000-4000-8000-000000000003')$$, '23503 The task of%'),
  ($$update public.plan_item set plan_id = 'b0000000-0000-4000-8003-000000000003' where id = 'f0000000-0000-4000-8001-000000000003'$$, '23503 The goal of%'),
  ($$update public.task set user_id = 'a0000000-0000-4000-8000-000000000002' where id = 'e0000000-0000-4000-8000-000000000001'$$, '23514 The user of a task cannot change.'),
  ($$update public.weekly_plan set user_id = 'a0000000-0000-4000-8000-000000000002' where id = 'b0000000-0000-4000-8001-000000000003'$$, '23503 %'),
  ($$insert into public.goal (user_id, cycle_id, type, description) values ('a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'personal', 'x')$$, '23505 %goal_one_of_each_type_per_cycle%'),
  ($$insert into public.plan_item (plan_id, qty) values ('b0000000-0000-4000-8001-000000000003', 'NaN')$$, '23514 %'),
  ($$insert into public.plan_item (plan_id, qty) values ('b0000000-0000-4000-8001-000000000003', 'infinity')$$, '23514 %')
) v (statement, outcome);

-- The emergency unlock.
select pg_temp.expect(who, format('select public.unlock_week(%L, %L, %L)', plan, rationale, minutes), outcome)
from (values
  ('alice', :'w7', 'ill', 60, '42501 permission denied%'), ('anon', :'w7', 'ill', 60, '42501 permission denied%'), ('auditor', :'w7', 'ill', 60, '42501 permission denied%'),
  ('service', :'w7', E' \t\n', 60, '22023 An emergency unlock needs a reason.'), ('service', :'w7', null, 60, '22023 An emergency unlock needs a reason.'),
  ('service', :'w7', 'ill', 0, '22023 An emergency unlock lasts%'), ('service', :'w7', 'ill', 1441, '22023 An emergency unlock lasts%'), ('service', :'w7', 'ill', null, '22023 An emergency unlock lasts%'),
  ('service', 'b0000000-0000-4000-8009-000000000007', 'ill', 60, 'PT404 There is no such plan.'), ('service', :'w3', 'ill', 60, 'PT409 Week 3 is not locked.'),
  ('service', :'w7', 'ill', 1440, 'ok 1')
) v (who, plan, rationale, minutes, outcome);
select pg_temp.does('service', format('select public.unlock_week(%L, ''  Broke an ankle.  '', 60)', :'w7'));
select pg_temp.expect_value($$select count(*) || ' ' || min(rationale) || ' ' || min(actor_type) from public.audit_log where action like 'weekly_plan.u%' and (after_state ->> 'id') = 'b0000000-0000-4000-8001-000000000007'$$, '1 Broke an ankle. system');
select pg_temp.expect('alice', statement, outcome) from (values
  ($$update public.plan_item set qty = 6, unit = 'miles' where id = 'f0000000-0000-4000-8001-000000000007'$$, 'ok 1'),
  ($$insert into public.plan_item (plan_id) values ('b0000000-0000-4000-8001-000000000007')$$, 'ok 1'),
  ($$delete from public.plan_item where id = 'f0000000-0000-4000-8001-000000000007'$$, 'ok 1'),
  ($$update public.plan_item set plan_id = 'b0000000-0000-4000-8001-000000000007' where id = 'f0000000-0000-4000-8001-000000000003'$$, 'ok 1'),
  ($$update public.plan_item set plan_id = 'b0000000-0000-4000-8001-000000000008' where id = 'f0000000-0000-4000-8001-000000000007'$$, 'PT403 Week 8 is locked.'),
  ($$delete from public.goal where id = 'd0000000-0000-4000-8000-000000000001'$$, 'ok 1'),
  ($$update public.weekly_plan set unlocked_until = unlocked_until + interval '1 day' where id = 'b0000000-0000-4000-8001-000000000007'$$, 'PT403 Week 7 can only%'),
  ($$update public.weekly_plan set unlocked_until = null where id = 'b0000000-0000-4000-8001-000000000007'$$, 'PT403 Week 7 can only%')
) v (statement, outcome);
select pg_temp.expect('service', format('update public.weekly_plan set unlocked_until = null where id = %L', :'w7'), 'ok 1');
select pg_temp.expect('service', format('update public.weekly_plan set unlocked_until = unlocked_until + interval ''1 minute'' where id = %L', :'w7'), 'PT403 Week 7 cannot be unlocked without a reason.');
select pg_temp.expect_value(format('select locked || '' '' || why || '' '' || item_count || '' '' || planned_qty || '' '' || completion_pct from public.week_lock_status where plan_id = %L', :'w7'), 'false Emergency unlock until % UTC. 1 5 0.0');
select pg_temp.expect_value(format('select locked || '' '' || why || '' '' || is_current_week from public.week_lock_status where plan_id = %L', :'w3'), 'false Open: week 3 is within the first 6. true');
select pg_temp.expect_value(format('select locked || '' '' || why || '' '' || coalesce(completion_pct::text, ''none'') from public.week_lock_status where plan_id = %L', :'w8'), 'true Weeks after 6 are locked. none');
-- A transaction that stays open does not outlive the unlock.
select pg_temp.expect('owner', format($$update public.weekly_plan set unlocked_until = clock_timestamp() + interval '0.2 seconds' where id = %L; select pg_sleep(0.3); update public.plan_item set qty = 7 where plan_id = %1$L$$, :'w7'), 'PT403 Week 7 is locked.');

-- Erasing an account passes through everything, whoever does it.
select pg_temp.expect('owner', $$delete from auth.users where id = 'a0000000-0000-4000-8000-000000000001'$$, 'ok 1');
create function pg_temp.erase_me() returns void language sql security definer as $$ delete from auth.users where id = 'a0000000-0000-4000-8000-000000000001' $$;
select pg_temp.expect('alice', 'select pg_temp.erase_me()', 'ok 1');
-- As the role of the Auth service: bound like a user, but the account is gone by the time it matters.
create role check_eraser;
grant usage on schema auth to check_eraser;
grant delete, select on auth.users to check_eraser;
create policy check_eraser on auth.users to check_eraser using (true);
select pg_temp.expect('owner', $$set local role check_eraser; delete from auth.users where id = 'a0000000-0000-4000-8000-000000000001'$$, 'ok 1');

\o
select pg_temp.finish();
rollback;
