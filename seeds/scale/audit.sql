-- Audit records of 5,000 people over two years, made by the database: a million, or as many as `-v records` says. Only for measuring;
-- `seed apply` does not take it. The same records every time; running it again with the same number adds none.
--
--   PGOPTIONS='-c statement_timeout=0' psql "$SUPABASE_DB_URL" -v records=10000000 -1 -f seeds/scale/audit.sql

\if :{?records}
\else
\set records 1000000
\endif
\set people 5000

insert into auth.users (id, aud, role, email, raw_user_meta_data, created_at, updated_at)
select md5('person ' || n)::uuid, 'authenticated', 'authenticated', 'person' || n || '@scale.example',
  jsonb_build_object('name', 'Person ' || n), now(), now()
from generate_series(1, :people) n
on conflict do nothing;

-- `mixed` looks random and is the same every time; few people do most of the work, as everywhere.
insert into public.audit_log (
  id, created_at, actor_user_id, actor_type, subject_user_id, action, before_state, after_state,
  rationale, correlation_id, source_ip, user_agent
)
select md5('record ' || n)::uuid, '2026-11-30 00:00Z'::timestamptz - (:records - n) * (interval '730 days' / :records),
  case when kind = 'system' then null when is_helped then helper else person end, kind::public.actor_type, person,
  case when action = 'cycle.update' and n % 17 = 0 then 'weekly_plan.unlock' else action end,
  case when action not like '%.insert' then image || jsonb_build_object('qty', mixed % 40, 'completed_qty', mixed % 7, 'status', 'planned') end,
  case when action not like '%.delete' then image || case mixed % 10
    when 0 then jsonb_build_object('qty', mixed % 41 + 1, 'completed_qty', mixed % 7, 'status', 'planned')
    when 1 then jsonb_build_object('qty', mixed % 40, 'completed_qty', mixed % 7, 'status', 'skipped', 'notes', 'Ill on day ' || mixed % 7)
    else jsonb_build_object('qty', mixed % 40, 'completed_qty', mixed % 7 + 1, 'status', 'completed')
  end || case when n % 9973 = 0 then '{"rarely": true}' else '{}' end::jsonb end,
  case when mixed % 200 = 3 then 'Agreed on the phone with person ' || mixed % :people end,
  md5('request ' || n / 3)::uuid, '203.0.113.0'::inet + mixed % 250,
  case mixed % 3 when 0 then 'weeksmith-web/2.4' when 1 then 'weeksmith-ios/1.9' else 'curl/8.5.0' end
from generate_series(1, :records) n
cross join lateral (select (n::bigint * 2654435761 % 4294967291) as mixed) m
cross join lateral (
  select md5('person ' || 1 + (mixed % :people) * (mixed / 7 % :people) / :people)::uuid as person,
    md5('person ' || 1 + mixed % 40)::uuid as helper, mixed / 11 % 50 = 0 as is_helped,
    case when mixed / 3 % 30 = 0 then 'system' when mixed / 5 % 20 = 0 then 'ai' else 'user' end as kind,
    case
      when mixed % 1000 < 720 then 'plan_item.update' when mixed % 1000 < 860 then 'plan_item.insert'
      when mixed % 1000 < 890 then 'plan_item.delete' when mixed % 1000 < 950 then 'weekly_plan.update'
      when mixed % 1000 < 980 then 'task.update' when mixed % 1000 < 990 then 'goal.update'
      when mixed % 1000 < 998 then 'cycle.update' else 'vision.update'
    end as action
) p
cross join lateral (
  select jsonb_build_object(
    'id', md5('row ' || mixed / 10 % (:records / 8))::uuid, 'plan_id', md5('plan ' || mixed / 80 % (:records / 60))::uuid,
    'goal_id', md5('goal ' || mixed % 10000)::uuid, 'task_id', md5('task ' || mixed % 25000)::uuid, 'unit', 'km',
    'notes', 'Week ' || mixed % 12 + 1 || ', as planned', 'created_at', '2026-01-05T08:30:00+00:00', 'updated_at', '2026-11-30T08:30:00+00:00'
  ) as image
) i
on conflict do nothing;

analyze public.audit_log;
