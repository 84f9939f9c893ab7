-- Carol starts next Monday: her weeks can still be filled, the locked ones included.

\set carol ca401000-0000-4000-8000-000000000003

set request.jwt.claims = '{"sub": "ca401000-0000-4000-8000-000000000003", "role": "authenticated"}';
set request.headers = '{"user-agent": "weeksmith-web/2.4", "x-forwarded-for": "2001:db8::c4, 10.0.0.3"}';

insert into public.vision (id, user_id, daily, weekly, year, life, tags) values (
  '50000000-0000-4000-8000-000000000003', :'carol',
  'Write three pages by hand.', 'Sunday: phone off, library on.',
  'Finish the novel; speak Japanese with Haruka (日本語で話す).', 'Stories that stay.', '{writing,日本語}'
) on conflict do nothing;

insert into public.task (id, user_id, title, unit, default_qty, tags) values
  ('70000000-0000-4000-8004-000000000001', :'carol', 'Draft the novel ✍', 'words', 3500, '{writing}'),
  ('70000000-0000-4000-8004-000000000002', :'carol', 'Kanji 漢字 cards', 'cards', 120, '{日本語}')
on conflict do nothing;

insert into public.cycle (id, user_id, start_date, end_date, current_week)
select 'c0000000-0000-4000-8000-000000000004', :'carol', this_monday + 7, this_monday + 7 + 83, 1
from (select date_trunc('week', now() at time zone 'UTC')::date) today (this_monday)
on conflict do nothing;

insert into public.goal (id, user_id, cycle_id, type, description, start_week, end_week) values
  ('60000000-0000-4000-8004-000000000001', :'carol', 'c0000000-0000-4000-8000-000000000004',
    'personal', 'Pass JLPT N4 (日本語能力試験)', 1, 12),
  ('60000000-0000-4000-8004-000000000002', :'carol', 'c0000000-0000-4000-8000-000000000004',
    'professional', 'Send the first draft to the editor', 3, 12)
on conflict do nothing;

insert into public.weekly_plan (id, user_id, cycle_id, week_no, mode)
select
  format('10000000-0000-4000-8004-%s', lpad(week::text, 12, '0'))::uuid, :'carol',
  'c0000000-0000-4000-8000-000000000004', week, 'time_block'
from generate_series(1, 12) week
on conflict do nothing;

-- Weeks 9 to 12 are still empty.
insert into public.plan_item (id, plan_id, goal_id, task_id, unit, qty, notes)
select
  format('20000000-0000-4000-8004-%s', lpad(week::text || '0' || place, 12, '0'))::uuid,
  format('10000000-0000-4000-8004-%s', lpad(week::text, 12, '0'))::uuid,
  format('60000000-0000-4000-8004-00000000000%s', goal)::uuid,
  format('70000000-0000-4000-8004-00000000000%s', place)::uuid,
  unit, qty, notes
from generate_series(1, 8) week, (values
  (1, 2, 'words', 3500, 'Mornings, café on the corner'), (2, 1, 'cards', 120, 'がんばって')
) item (place, goal, unit, qty, notes)
on conflict do nothing;

reset request.headers;
reset request.jwt.claims;
