-- Alice sprained an ankle. She asks the assistant, an operator unlocks week 9 for a day, and the assistant makes the change.

\set alice a11ce000-0000-4000-8000-000000000001
\set week_9 10000000-0000-4000-8001-000000000009

insert into public.chat_session (id, user_id, cycle_id, started_at, ended_at, summary_md) values
  ('80000000-0000-4000-8000-000000000001', :'alice', 'c0000000-0000-4000-8000-000000000001',
    now() - interval '50 minutes', null, null),
  ('80000000-0000-4000-8000-000000000002', 'b0b00000-0000-4000-8000-000000000002',
    'c0000000-0000-4000-8000-000000000003', now() - interval '3 days', now() - interval '71 hours',
    E'**Exam weeks**\n\n- Weeks 5 and 6 are locked early.\n- Mock exams in weeks 3, 6, 9 and 12.')
on conflict do nothing;

insert into public.chat_message (id, session_id, role, content, proposal_json, created_at)
select ('90000000-0000-4000-800' || session || '-00000000000' || place)::uuid,
  ('80000000-0000-4000-8000-00000000000' || session)::uuid, role::public.chat_role, content, proposal::jsonb,
  started + make_interval(mins => 2 * place)
from (values
  (1, 1, 'user', 'I sprained my ankle. The physio says no running for a week, then half. What about week 9?', null),
  (1, 2, 'ai', 'I am sorry to hear it. Week 9 is locked, so an operator has to open it first. I suggest this:',
    '{"kind": "plan_item.update", "plan_id": "10000000-0000-4000-8001-000000000009", "changes": [{"item_id": "20000000-0000-4000-8001-000000000901", "qty": {"from": 25, "to": 12}}, {"item_id": "20000000-0000-4000-8001-000000000902", "qty": {"from": 2, "to": 0}}], "reason": "Return to running after a sprained ankle"}'),
  (1, 3, 'user', 'Yes, please. The half marathon stays 🙂', null),
  (1, 4, 'system', 'Week 9 was unlocked for 24 hours.', null),
  (2, 1, 'user', 'Keep me from moving things in the exam weeks.', null),
  (2, 2, 'ai', 'Then lock weeks 5 and 6 now; you can lower the lock yourself, and only an operator can open them.', null)
) message (session, place, role, content, proposal)
cross join lateral (select case session when 1 then now() - interval '50 minutes' else now() - interval '3 days' end) at (started)
on conflict do nothing;

set request.jwt.claims = '{"role": "service_role"}';
set request.headers = '{"user-agent": "supadeck", "x-forwarded-for": "192.0.2.10", "x-correlation-id": "40000000-0000-4000-8000-000000000009"}';

-- Once: an unlock that is over is not started again.
select (public.unlock_week(p.id, 'Sprained ankle; physio asks for half the distance. Ticket 4711.', 1440)).unlocked_until
from public.weekly_plan p
where p.id = :'week_9' and not exists (
  select from public.audit_log a where a.action = 'weekly_plan.unlock' and a.after_state ->> 'id' = :'week_9'
);

set request.jwt.claims = '{"sub": "a11ce000-0000-4000-8000-000000000001", "role": "authenticated"}';
set request.headers = '{"user-agent": "weeksmith-assistant/0.8", "x-actor-type": "ai", "x-correlation-id": "40000000-0000-4000-8000-000000000009", "x-rationale": "Return to running after a sprained ankle; accepted by Alice in chat."}';

update public.plan_item i set qty = change.qty, notes = change.notes
from (values
  ('20000000-0000-4000-8001-000000000901', 25, 12, 'Flat ground only'),
  ('20000000-0000-4000-8001-000000000902', 2, 0, 'Paused until the physio agrees')
) change (id, was, qty, notes)
where i.id = change.id::uuid and i.qty = change.was and i.updated_at = i.created_at;

reset request.headers;
reset request.jwt.claims;
