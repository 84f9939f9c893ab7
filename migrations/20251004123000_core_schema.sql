-- The nine tables of Weeksmith: what they hold and what may never be in them.
-- Nobody but the owner can reach them yet; 20251004125000_row_level_security.sql opens them.

-- Trigger functions and helpers live here, out of reach of the API.
-- A project may have this schema already; the comment tells the rollback whose it is.
do $$
begin
  if to_regnamespace('private') is null then
    create schema private;
    comment on schema private is 'Weeksmith: functions that triggers run; never exposed through the API.';
  end if;
end
$$;

create type public.goal_type as enum ('personal', 'professional');
create type public.plan_mode as enum ('time_block', 'priority_queue');
create type public.plan_item_status as enum ('planned', 'in_progress', 'completed', 'skipped');
create type public.actor_type as enum ('user', 'system', 'ai');
create type public.chat_role as enum ('user', 'ai', 'system');

create table public.vision (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  daily text not null default '',
  weekly text not null default '',
  year text not null default '',
  life text not null default '',
  tags text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint vision_pkey primary key (id),
  constraint vision_one_per_user unique (user_id),
  constraint vision_user_exists foreign key (user_id) references auth.users (id) on delete cascade
);
comment on table public.vision is 'What a person is planning towards; one per user.';

create table public.cycle (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  start_date date not null,
  end_date date not null,
  current_week integer not null default 1,
  created_at timestamptz not null default now(),
  constraint cycle_pkey primary key (id),
  -- The target of the foreign keys that keep a cycle and what belongs to it with one user.
  constraint cycle_id_and_user_key unique (id, user_id),
  constraint cycle_user_exists foreign key (user_id) references auth.users (id) on delete cascade,
  constraint cycle_ends_after_it_starts check (end_date > start_date),
  constraint cycle_current_week_is_1_to_12 check (current_week between 1 and 12)
);
comment on table public.cycle is 'Twelve weeks of planning.';
create index cycle_user_id_idx on public.cycle (user_id);

create table public.goal (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  cycle_id uuid not null,
  type public.goal_type not null,
  description text not null,
  start_week integer not null default 1,
  end_week integer not null default 12,
  created_at timestamptz not null default now(),
  constraint goal_pkey primary key (id),
  constraint goal_one_of_each_type_per_cycle unique (cycle_id, user_id, type),
  constraint goal_user_exists foreign key (user_id) references auth.users (id) on delete cascade,
  constraint goal_cycle_of_same_user foreign key (cycle_id, user_id)
    references public.cycle (id, user_id) on delete cascade,
  constraint goal_description_not_blank check (description ~ '\S'),
  constraint goal_weeks_are_1_to_12_in_order check (start_week >= 1 and start_week <= end_week and end_week <= 12)
);
comment on table public.goal is 'The 1+1 of a cycle: one personal and one professional goal.';
create index goal_user_id_idx on public.goal (user_id);

create table public.weekly_plan (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  cycle_id uuid not null,
  week_no integer not null,
  mode public.plan_mode not null default 'time_block',
  locked_after_week integer not null default 6,
  unlocked_until timestamptz,
  created_at timestamptz not null default now(),
  constraint weekly_plan_pkey primary key (id),
  constraint weekly_plan_one_per_week unique (cycle_id, user_id, week_no),
  constraint weekly_plan_user_exists foreign key (user_id) references auth.users (id) on delete cascade,
  constraint weekly_plan_cycle_of_same_user foreign key (cycle_id, user_id)
    references public.cycle (id, user_id) on delete cascade,
  constraint weekly_plan_week_is_1_to_12 check (week_no between 1 and 12),
  constraint weekly_plan_lock_is_0_to_12 check (locked_after_week between 0 and 12)
);
comment on table public.weekly_plan is 'One week of a cycle.';
comment on column public.weekly_plan.locked_after_week is
  'The plan is locked when week_no is above this; 0 locks every week, 12 none.';
comment on column public.weekly_plan.unlocked_until is
  'While this lies in the future an emergency unlock suspends the lock.';
create index weekly_plan_user_id_idx on public.weekly_plan (user_id);

create table public.task (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  title text not null,
  unit text not null default 'times',
  default_qty numeric not null default 1,
  tags text[] not null default '{}',
  created_at timestamptz not null default now(),
  constraint task_pkey primary key (id),
  constraint task_user_exists foreign key (user_id) references auth.users (id) on delete cascade,
  constraint task_title_not_blank check (title ~ '\S'),
  -- The upper bound also keeps NaN out, which sorts above every number.
  constraint task_default_qty_not_negative check (default_qty >= 0 and default_qty < 'infinity')
);
comment on table public.task is 'Something a person does again and again, with its usual amount.';
create index task_user_id_idx on public.task (user_id);

create table public.plan_item (
  id uuid not null default gen_random_uuid(),
  plan_id uuid not null,
  goal_id uuid,
  task_id uuid,
  unit text not null default 'times',
  qty numeric not null default 1,
  completed_qty numeric not null default 0,
  status public.plan_item_status not null default 'planned',
  notes text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint plan_item_pkey primary key (id),
  constraint plan_item_plan_exists foreign key (plan_id) references public.weekly_plan (id) on delete cascade,
  constraint plan_item_goal_exists foreign key (goal_id) references public.goal (id) on delete set null,
  constraint plan_item_task_exists foreign key (task_id) references public.task (id) on delete set null,
  constraint plan_item_qty_not_negative check (qty >= 0 and qty < 'infinity'),
  constraint plan_item_completed_qty_not_negative check (completed_qty >= 0 and completed_qty < 'infinity')
);
comment on table public.plan_item is 'An amount of one task planned in one week, and how much of it was done.';
create index plan_item_plan_id_idx on public.plan_item (plan_id);
create index plan_item_goal_id_idx on public.plan_item (goal_id);
create index plan_item_task_id_idx on public.plan_item (task_id);

create table public.audit_log (
  id uuid not null default gen_random_uuid(),
  actor_user_id uuid,
  actor_type public.actor_type not null default 'system',
  subject_user_id uuid,
  action text not null,
  before_state jsonb,
  after_state jsonb,
  rationale text,
  correlation_id uuid,
  source_ip inet,
  user_agent text,
  -- The wall clock, so that the rows of one transaction keep the order they were written in.
  created_at timestamptz not null default clock_timestamp(),
  constraint audit_log_pkey primary key (id),
  constraint audit_log_action_not_blank check (action ~ '\S'),
  constraint audit_log_before_is_object check (jsonb_typeof(before_state) = 'object'),
  constraint audit_log_after_is_object check (jsonb_typeof(after_state) = 'object')
);
comment on table public.audit_log is
  'Who changed what, when and why. Append-only; no foreign key to users, so that it outlives them.';

create table public.chat_session (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  cycle_id uuid,
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  summary_md text,
  created_at timestamptz not null default now(),
  constraint chat_session_pkey primary key (id),
  constraint chat_session_user_exists foreign key (user_id) references auth.users (id) on delete cascade,
  constraint chat_session_cycle_of_same_user foreign key (cycle_id, user_id)
    references public.cycle (id, user_id) on delete set null (cycle_id),
  constraint chat_session_ends_after_it_starts check (ended_at >= started_at)
);
comment on table public.chat_session is 'A conversation with the planning assistant.';
create index chat_session_user_id_idx on public.chat_session (user_id);
create index chat_session_cycle_id_user_id_idx on public.chat_session (cycle_id, user_id);

create table public.chat_message (
  id uuid not null default gen_random_uuid(),
  session_id uuid not null,
  role public.chat_role not null,
  content text not null,
  proposal_json jsonb,
  created_at timestamptz not null default now(),
  constraint chat_message_pkey primary key (id),
  constraint chat_message_session_exists foreign key (session_id) references public.chat_session (id) on delete cascade,
  constraint chat_message_proposal_is_object check (jsonb_typeof(proposal_json) = 'object')
);
comment on table public.chat_message is 'One message of a conversation, with the change it proposes, if any.';
create index chat_message_session_id_created_at_idx on public.chat_message (session_id, created_at);

-- updated_at

create function private.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end
$$;

create trigger touch_updated_at before update on public.vision
  for each row when (old.* is distinct from new.*) execute function private.touch_updated_at();
create trigger touch_updated_at before update on public.plan_item
  for each row when (old.* is distinct from new.*) execute function private.touch_updated_at();

-- One user per row, for good.
-- The rule below needs no locks because no row ever changes hands: a foreign key holds the row
-- that it points to, and the row's user is what it was when it was written.

create function private.refuse_new_owner() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception using
    errcode = 'check_violation',
    message = format('The user of a %s cannot change.', replace(tg_table_name, '_', ' ')),
    hint = 'Create a new row for the other user.',
    schema = tg_table_schema, table = tg_table_name, column = 'user_id',
    constraint = tg_table_name || '_keeps_its_user';
end
$$;

-- After the change, so that row level security speaks first.
create trigger keep_user after update of user_id on public.vision
  for each row when (old.user_id is distinct from new.user_id) execute function private.refuse_new_owner();
create trigger keep_user after update of user_id on public.cycle
  for each row when (old.user_id is distinct from new.user_id) execute function private.refuse_new_owner();
create trigger keep_user after update of user_id on public.goal
  for each row when (old.user_id is distinct from new.user_id) execute function private.refuse_new_owner();
create trigger keep_user after update of user_id on public.weekly_plan
  for each row when (old.user_id is distinct from new.user_id) execute function private.refuse_new_owner();
create trigger keep_user after update of user_id on public.task
  for each row when (old.user_id is distinct from new.user_id) execute function private.refuse_new_owner();
create trigger keep_user after update of user_id on public.chat_session
  for each row when (old.user_id is distinct from new.user_id) execute function private.refuse_new_owner();

-- A plan item has no user of its own, so no foreign key can compare users here.
-- Security definer: the caller may not be allowed to see the rows that decide.
create function private.check_plan_item_user() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  plan_user uuid;
begin
  select p.user_id into plan_user from public.weekly_plan p where p.id = new.plan_id;
  if new.goal_id is not null
    and not exists (select from public.goal g where g.id = new.goal_id and g.user_id = plan_user) then
    raise exception using
      errcode = 'foreign_key_violation',
      message = 'The goal of a plan item must belong to the user of the plan.',
      schema = tg_table_schema, table = tg_table_name, column = 'goal_id',
      constraint = 'plan_item_goal_of_same_user';
  end if;
  if new.task_id is not null
    and not exists (select from public.task t where t.id = new.task_id and t.user_id = plan_user) then
    raise exception using
      errcode = 'foreign_key_violation',
      message = 'The task of a plan item must belong to the user of the plan.',
      schema = tg_table_schema, table = tg_table_name, column = 'task_id',
      constraint = 'plan_item_task_of_same_user';
  end if;
  return null;
end
$$;

create trigger check_user_on_insert after insert on public.plan_item
  for each row execute function private.check_plan_item_user();
-- A foreign key that sets one of them to null gives nothing new to check.
create trigger check_user_on_update after update on public.plan_item
  for each row when (
    old.plan_id is distinct from new.plan_id
    or (old.goal_id is distinct from new.goal_id and new.goal_id is not null)
    or (old.task_id is distinct from new.task_id and new.task_id is not null)
  ) execute function private.check_plan_item_user();

-- The audit log takes rows and never gives them up.

create function private.refuse_audit_change() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('The audit log is append-only: %s was refused.', lower(tg_op)),
    hint = 'To correct a record, do the correction where it belongs; it is recorded as a new row.',
    schema = tg_table_schema, table = tg_table_name;
end
$$;

create trigger append_only before update or delete or truncate on public.audit_log
  for each statement execute function private.refuse_audit_change();

-- What PostgREST tells about a request. Anything malformed counts as absent: a header never fails a write.
-- Only the headers named here are read; the rest hold the caller's token.
create function private.request_context(
  out actor_user_id uuid, out actor_type public.actor_type, out rationale text,
  out correlation_id uuid, out source_ip inet, out user_agent text
)
language plpgsql stable set search_path = '' as $$
declare
  headers jsonb;
  address text;
begin
  begin
    headers := nullif(current_setting('request.headers', true), '')::jsonb;
  exception when others then
    headers := null;
  end;
  begin
    actor_user_id := auth.uid();
  exception when others then
    actor_user_id := null;
  end;
  actor_type := case
    when lower(btrim(headers ->> 'x-actor-type')) = 'ai' then 'ai'
    when actor_user_id is not null then 'user'
    else 'system'
  end;
  rationale := nullif(btrim(left(headers ->> 'x-rationale', 1000)), '');
  user_agent := nullif(btrim(left(headers ->> 'user-agent', 400)), '');
  begin
    correlation_id := btrim(headers ->> 'x-correlation-id')::uuid;
  exception when others then
    correlation_id := null;
  end;
  -- The first hop that is an address; a port may follow it, a network mask may not.
  foreach address in array array[split_part(headers ->> 'x-forwarded-for', ',', 1), headers ->> 'x-real-ip'] loop
    exit when source_ip is not null;
    address := btrim(address);
    address := coalesce(
      substring(address from '^\[([0-9a-fA-F:.]+)\](?::\d+)?$'),
      substring(address from '^(\d+\.\d+\.\d+\.\d+)(?::\d+)?$'),
      substring(address from '^[0-9a-fA-F:.]+$')
    );
    begin
      source_ip := address::inet;
    exception when others then
      source_ip := null;
    end;
  end loop;
end
$$;

-- The only way into the audit log.
-- A rationale given here counts before the one of the request.
create function private.record_audit(
  action text, subject_user_id uuid, before_state jsonb, after_state jsonb, rationale text default null
) returns void
language sql security definer set search_path = '' as $$
  insert into public.audit_log (
    actor_user_id, actor_type, subject_user_id, action, before_state, after_state,
    rationale, correlation_id, source_ip, user_agent
  )
  select r.actor_user_id, r.actor_type, record_audit.subject_user_id, record_audit.action,
    record_audit.before_state, record_audit.after_state,
    coalesce(left(record_audit.rationale, 1000), r.rationale), r.correlation_id, r.source_ip, r.user_agent
  from private.request_context() r
$$;

-- Supabase grants everything on new tables to the API roles, and Postgres lets everyone call new functions.
-- Neither is wanted before row level security is in place.
revoke all on public.vision, public.cycle, public.goal, public.weekly_plan, public.task, public.plan_item,
  public.audit_log, public.chat_session, public.chat_message from public, anon, authenticated, service_role;
revoke all on function private.touch_updated_at(), private.refuse_new_owner(), private.check_plan_item_user(),
  private.refuse_audit_change(), private.request_context(), private.record_audit(text, uuid, jsonb, jsonb, text)
  from public, anon, authenticated, service_role;
