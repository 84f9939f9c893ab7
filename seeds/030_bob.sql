-- Bob is in week 3, plans by priority, and has locked two weeks early on purpose.

\set bob b0b00000-0000-4000-8000-000000000002

set request.jwt.claims = '{"sub": "b0b00000-0000-4000-8000-000000000002", "role": "authenticated"}';
set request.headers = '{"user-agent": "weeksmith-ios/1.9", "x-forwarded-for": "198.51.100.7, 10.0.0.3"}';

insert into public.vision (id, user_id, daily, weekly, year, life, tags) values (
  '50000000-0000-4000-8000-000000000002', :'bob',
  'Practise before breakfast.', 'Play with the trio on Thursday.',
  'A first concert, and the night shifts behind me.', 'Music in the house.', '{music,nursing}'
) on conflict do nothing;

insert into public.task (id, user_id, title, unit, default_qty, tags) values
  ('70000000-0000-4000-8003-000000000001', :'bob', 'Practise the cello: Bach, Suite № 1', 'minutes', 150, '{music}'),
  ('70000000-0000-4000-8003-000000000002', :'bob', 'Study for the ICU certificate', 'chapters', 2, '{nursing}'),
  ('70000000-0000-4000-8003-000000000003', :'bob', 'Mock exam', 'times', 1, '{nursing}')
on conflict do nothing;

insert into public.cycle (id, user_id, start_date, end_date, current_week)
select 'c0000000-0000-4000-8000-000000000003', :'bob', this_monday - 14, this_monday - 14 + 83, 3
from (select date_trunc('week', now() at time zone 'UTC')::date) today (this_monday)
on conflict do nothing;

insert into public.goal (id, user_id, cycle_id, type, description, start_week, end_week) values
  ('60000000-0000-4000-8003-000000000001', :'bob', 'c0000000-0000-4000-8000-000000000003',
    'personal', 'Play the Prélude from memory', 1, 8),
  ('60000000-0000-4000-8003-000000000002', :'bob', 'c0000000-0000-4000-8000-000000000003',
    'professional', 'Pass the intensive care certificate', 1, 12)
on conflict do nothing;

insert into public.weekly_plan (id, user_id, cycle_id, week_no, mode)
select
  format('10000000-0000-4000-8003-%s', lpad(week::text, 12, '0'))::uuid, :'bob',
  'c0000000-0000-4000-8000-000000000003', week, 'priority_queue'
from generate_series(1, 12) week
on conflict do nothing;

insert into public.plan_item (id, plan_id, goal_id, task_id, unit, qty)
select
  format('20000000-0000-4000-8003-%s', lpad(week::text || '0' || place, 12, '0'))::uuid,
  format('10000000-0000-4000-8003-%s', lpad(week::text, 12, '0'))::uuid,
  format('60000000-0000-4000-8003-00000000000%s', goal)::uuid,
  format('70000000-0000-4000-8003-00000000000%s', place)::uuid,
  unit, qty
from generate_series(1, 12) week, (values
  (1, 1, 'minutes', 150), (2, 2, 'chapters', 2), (3, 2, 'times', 1)
) item (place, goal, unit, qty)
where place < 3 or week % 3 = 0
on conflict do nothing;

set request.headers = '{"user-agent": "weeksmith-ios/1.9", "x-forwarded-for": "198.51.100.7, 10.0.0.3", "x-correlation-id": "40000000-0000-4000-8000-000000000003", "x-rationale": "Exam weeks: nothing may move here."}';

update public.weekly_plan set locked_after_week = 4
where cycle_id = 'c0000000-0000-4000-8000-000000000003' and week_no in (5, 6) and locked_after_week = 6;

reset request.headers;
reset request.jwt.claims;
