-- Alice is in week 8 of her cycle; the one before it is over.
-- What she writes is recorded as hers: the triggers read the actor from the claims and headers of a request.

\set alice a11ce000-0000-4000-8000-000000000001

set request.jwt.claims = '{"sub": "a11ce000-0000-4000-8000-000000000001", "role": "authenticated"}';
set request.headers = '{"user-agent": "weeksmith-web/2.4", "x-forwarded-for": "203.0.113.24"}';

insert into public.vision (id, user_id, daily, weekly, year, life, tags) values (
  '50000000-0000-4000-8000-000000000001', :'alice',
  'Up at six, an hour of deep work before the first meeting, outside before dark.',
  'Four runs, two evenings without a screen, one long table with friends.',
  'Run a half marathon under 1:50 and hand over a billing service that nobody is afraid of.',
  'Healthy, curious, and home for dinner.',
  '{health,craft,family}'
) on conflict do nothing;

insert into public.task (id, user_id, title, unit, default_qty, tags) values
  ('70000000-0000-4000-8001-000000000001', :'alice', 'Easy running', 'km', 20, '{running}'),
  ('70000000-0000-4000-8001-000000000002', :'alice', 'Intervals on the track', 'sessions', 2, '{running,hard}'),
  ('70000000-0000-4000-8001-000000000003', :'alice', 'Deep work on billing', 'hours', 10, '{billing,focus}'),
  ('70000000-0000-4000-8001-000000000004', :'alice', 'Review pull requests', 'reviews', 8, '{billing,team}')
on conflict do nothing;

insert into public.cycle (id, user_id, start_date, end_date, current_week)
select cycle.id::uuid, :'alice', this_monday - 7 * cycle.weeks_ago, this_monday - 7 * cycle.weeks_ago + 83, cycle.current_week
from (select date_trunc('week', now() at time zone 'UTC')::date) today (this_monday), (values
  ('c0000000-0000-4000-8000-000000000001', 7, 8),
  ('c0000000-0000-4000-8000-000000000002', 21, 12)
) cycle (id, weeks_ago, current_week)
on conflict do nothing;

insert into public.goal (id, user_id, cycle_id, type, description, start_week, end_week) values
  ('60000000-0000-4000-8001-000000000001', :'alice', 'c0000000-0000-4000-8000-000000000001',
    'personal', 'Run a half marathon under 1:50', 1, 12),
  ('60000000-0000-4000-8001-000000000002', :'alice', 'c0000000-0000-4000-8000-000000000001',
    'professional', 'Ship the billing service', 1, 10),
  ('60000000-0000-4000-8002-000000000001', :'alice', 'c0000000-0000-4000-8000-000000000002',
    'personal', 'Run 10 km without stopping', 1, 12),
  ('60000000-0000-4000-8002-000000000002', :'alice', 'c0000000-0000-4000-8000-000000000002',
    'professional', 'Retire the nightly invoice script', 2, 12)
on conflict do nothing;

-- Plan and item ids spell cycle, week and place: …-8001-000000000009 is week 9 of her running cycle.
insert into public.weekly_plan (id, user_id, cycle_id, week_no, mode)
select
  format('10000000-0000-4000-800%s-%s', cycle, lpad(week::text, 12, '0'))::uuid, :'alice',
  format('c0000000-0000-4000-8000-00000000000%s', cycle)::uuid, week,
  case when week % 4 = 0 then 'priority_queue' else 'time_block' end::public.plan_mode
from generate_series(1, 2) cycle, generate_series(1, 12) week
on conflict do nothing;

insert into public.plan_item (id, plan_id, goal_id, task_id, unit, qty)
select
  format('20000000-0000-4000-800%s-%s', cycle, lpad(week::text || '0' || place, 12, '0'))::uuid,
  format('10000000-0000-4000-800%s-%s', cycle, lpad(week::text, 12, '0'))::uuid,
  format('60000000-0000-4000-800%s-00000000000%s', cycle, goal)::uuid,
  format('70000000-0000-4000-8001-00000000000%s', place)::uuid,
  unit, base + step * week
from generate_series(1, 2) cycle, generate_series(1, 12) week, (values
  (1, 1, 'km', 16, 1), (2, 1, 'sessions', 2, 0), (3, 2, 'hours', 10, 0), (4, 2, 'reviews', 8, 0)
) item (place, goal, unit, base, step)
on conflict do nothing;

reset request.headers;
reset request.jwt.claims;
