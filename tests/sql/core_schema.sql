-- The tables: each constraint by its name, one user a row, updated_at, and what an erased account takes along.
\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\pset format unaligned
begin;
\ir harness.sql
\ir fixture.sql
\o /dev/null

\set alice a0000000-0000-4000-8000-000000000001
\set bob a0000000-0000-4000-8000-000000000002
insert into public.vision (user_id, created_at, updated_at) values (:'alice', 'yesterday', 'yesterday');
insert into public.chat_session (id, user_id, cycle_id) values
  (:'alice', :'alice', 'c0000000-0000-4000-8000-000000000001'), (:'bob', :'bob', null);
insert into public.chat_message (session_id, role, content) values (:'alice', 'user', 'hello');

-- Constraints, as the owner, whom neither grants nor policies stop.
select pg_temp.expect('owner', statement, format('%s %%"%s"', code, constraint_name)) from (values
  ('23505', 'vision_one_per_user', $$insert into public.vision (user_id) values ('a0000000-0000-4000-8000-000000000001')$$),
  ('23503', 'vision_user_exists', $$insert into public.vision (user_id) values (gen_random_uuid())$$),
  ('23503', 'cycle_user_exists', $$insert into public.cycle (user_id, start_date, end_date) values (gen_random_uuid(), '2025-01-06', '2025-03-30')$$),
  ('23514', 'cycle_ends_after_it_starts', $$update public.cycle set end_date = start_date$$),
  ('23514', 'cycle_current_week_is_1_to_12', $$update public.cycle set current_week = 13$$),
  ('23514', 'cycle_current_week_is_1_to_12', $$update public.cycle set current_week = 0$$),
  ('23505', 'goal_one_of_each_type_per_cycle', $$update public.goal set type = 'personal'$$),
  ('23514', 'goal_description_not_blank', $$update public.goal set description = E' \t'$$),
  ('23514', 'goal_weeks_are_1_to_12_in_order', $$update public.goal set start_week = 5, end_week = 4$$),
  ('23514', 'goal_weeks_are_1_to_12_in_order', $$update public.goal set start_week = 0$$),
  ('23514', 'goal_weeks_are_1_to_12_in_order', $$update public.goal set end_week = 13$$),
  ('23505', 'weekly_plan_one_per_week', $$insert into public.weekly_plan (user_id, cycle_id, week_no) values ('a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 3)$$),
  ('23514', 'weekly_plan_week_is_1_to_12', $$insert into public.weekly_plan (user_id, cycle_id, week_no) values ('a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 13)$$),
  ('23514', 'weekly_plan_lock_is_0_to_12', $$update public.weekly_plan set locked_after_week = 13$$),
  ('23514', 'task_title_not_blank', $$update public.task set title = ''$$),
  ('23514', 'task_default_qty_not_negative', $$update public.task set default_qty = -0.5$$),
  ('23514', 'task_default_qty_not_negative', $$update public.task set default_qty = 'NaN'$$),
  ('23514', 'plan_item_completed_qty_not_negative', $$update public.plan_item set completed_qty = 'NaN'$$),
  ('23503', 'plan_item_plan_exists', $$insert into public.plan_item (plan_id) values (gen_random_uuid())$$),
  ('23503', 'plan_item_task_exists', $$insert into public.plan_item (plan_id, task_id) values ('b0000000-0000-4000-8001-000000000003', gen_random_uuid())$$),
  ('23503', 'plan_item_goal_exists', $$insert into public.plan_item (plan_id, goal_id) values ('b0000000-0000-4000-8001-000000000003', gen_random_uuid())$$),
  ('23514', 'audit_log_action_not_blank', $$insert into public.audit_log (action) values ('')$$),
  ('23514', 'audit_log_before_is_object', $$insert into public.audit_log (action, before_state) values ('x', '[]')$$),
  ('23514', 'audit_log_after_is_object', $$insert into public.audit_log (action, after_state) values ('x', 'null')$$),
  ('23514', 'chat_session_ends_after_it_starts', $$update public.chat_session set ended_at = started_at - interval '1 second'$$),
  ('23514', 'chat_message_proposal_is_object', $$update public.chat_message set proposal_json = '"x"'$$),
  ('23503', 'chat_message_session_exists', $$insert into public.chat_message (session_id, role, content) values (gen_random_uuid(), 'user', 'x')$$)
) v (code, constraint_name, statement);

-- No row changes hands.
select pg_temp.expect('owner', statement, '23514 The user of a % cannot change.') from (values
  ($$update public.vision set user_id = 'a0000000-0000-4000-8000-000000000002'$$),
  ($$insert into public.cycle (id, user_id, start_date, end_date) values ('c0000000-0000-4000-8000-000000000009', 'a0000000-0000-4000-8000-000000000001', '2025-01-06', '2025-03-30'); update public.cycle set user_id = 'a0000000-0000-4000-8000-000000000002' where id = 'c0000000-0000-4000-8000-000000000009'$$),
  ($$update public.goal set user_id = 'a0000000-0000-4000-8000-000000000002', cycle_id = 'c0000000-0000-4000-8000-000000000003' where id = 'd0000000-0000-4000-8000-000000000004'$$),
  ($$update public.weekly_plan set user_id = 'a0000000-0000-4000-8000-000000000002', cycle_id = 'c0000000-0000-4000-8000-000000000003', week_no = 12 where id = 'b0000000-0000-4000-8001-000000000001'$$),
  ($$update public.task set user_id = 'a0000000-0000-4000-8000-000000000002' where title = 'Swim'$$),
  ($$update public.chat_session set user_id = 'a0000000-0000-4000-8000-000000000002', cycle_id = null$$)
) v (statement);

-- updated_at follows real changes only.
update public.vision set year = year;
select pg_temp.expect_value($$select updated_at = 'yesterday' from public.vision$$, 'true');
update public.vision set year = 'Calm';
select pg_temp.expect_value($$select updated_at = now() from public.vision$$, 'true');
update public.plan_item set updated_at = 'yesterday';
select pg_temp.expect_value($$select bool_and(updated_at = now()) from public.plan_item$$, 'true');

-- A conversation outlives its cycle.
delete from public.cycle where id = 'c0000000-0000-4000-8000-000000000001';
select pg_temp.expect_value($$select user_id || coalesce(cycle_id::text, ' none') from public.chat_session where cycle_id is null and id = user_id and id::text like '%1'$$, 'a0000000-0000-4000-8000-000000000001 none');

-- Nothing of an erased account is left.
delete from auth.users where id in (:'alice', :'bob');
select pg_temp.expect_value(format('select count(*) from public.%I', name), '0')
from (values ('vision'), ('cycle'), ('goal'), ('weekly_plan'), ('task'), ('plan_item'), ('chat_session'), ('chat_message')) v (name);

\o
select pg_temp.finish();
rollback;
