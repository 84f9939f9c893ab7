-- The week lock: what a locked week still takes, and the emergency unlock.
--
-- A plan is locked when week_no > locked_after_week and no unlock is running. Two kinds of rule follow:
-- some bind everyone, the service role and the owner included; the others bind the roles that row level
-- security binds, which is `authenticated` and any role like it. Erasing an account passes through all of them.
--
-- Checks run after the change wherever they can, so that row level security and the constraints speak first
-- and a stranger learns nothing. Refusals have SQLSTATE PT403, which PostgREST answers with HTTP 403.

-- The role that the request runs as. In a foreign key's cascade and in a security definer function current_user
-- is the owner, but the setting `role` stays what SET ROLE made it.
create function private.caller_is_privileged() returns boolean
language sql stable set search_path = '' as $$
  select exists (
    select from pg_catalog.pg_roles r
    where r.rolname = coalesce(nullif(current_setting('role'), 'none'), session_user)
      and (r.rolsuper or r.rolbypassrls or pg_has_role(
        r.oid, (select c.relowner from pg_catalog.pg_class c where c.oid = 'public.weekly_plan'::regclass), 'USAGE'))
  )
$$;

-- The date in UTC: a request may choose its own time zone, and with it current_date.
create function private.today() returns date
language sql volatile set search_path = '' as $$
  select (clock_timestamp() at time zone 'UTC')::date
$$;

-- The wall clock, so that a transaction that stays open does not outlive an unlock.
create function private.is_locked(plan public.weekly_plan) returns boolean
language sql volatile set search_path = '' as $$
  select plan.week_no > plan.locked_after_week
    and (plan.unlocked_until is null or plan.unlocked_until <= clock_timestamp())
$$;

-- False while the account is being erased: the foreign keys of user_id allow it at no other time.
create function private.user_exists(user_id uuid) returns boolean
language sql volatile security definer set search_path = '' as $$
  select exists (select from auth.users u where u.id = user_exists.user_id)
$$;

-- Holds plan and cycle until the transaction ends, so that neither changes between this look and the commit.
-- No row when the cycle is gone: it is being deleted, and its own guard has let that pass.
create function private.hold_plan(
  plan_id uuid, out week_no integer, out locked_after_week integer, out user_id uuid,
  out is_locked boolean, out has_started boolean
)
language sql volatile security definer set search_path = '' as $$
  select p.week_no, p.locked_after_week, p.user_id, private.is_locked(p), c.start_date <= private.today()
  from public.weekly_plan p join public.cycle c on c.id = p.cycle_id
  where p.id = hold_plan.plan_id
  for share
$$;

create function private.refuse(message text, detail text, hint text) returns void
language plpgsql set search_path = '' as $$
begin
  raise exception using errcode = 'PT403', message = refuse.message, detail = refuse.detail, hint = refuse.hint;
end
$$;

-- Items

create function private.guard_plan_item_change() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  changed text[];
  plan record;
begin
  changed := array_remove(array[
    case when old.qty is distinct from new.qty then 'qty' end,
    case when old.unit is distinct from new.unit then 'unit' end,
    -- Null because the task or the goal is gone: their guard has let that pass.
    case when old.task_id is distinct from new.task_id and (new.task_id is not null
      or exists (select from public.task t where t.id = old.task_id)) then 'task_id' end,
    case when old.goal_id is distinct from new.goal_id and (new.goal_id is not null
      or exists (select from public.goal g where g.id = old.goal_id)) then 'goal_id' end,
    case when old.plan_id is distinct from new.plan_id then 'plan_id' end
  ], null);
  if changed = '{}' then
    return null;
  end if;
  select * into plan from private.hold_plan(old.plan_id);
  if not coalesce(plan.is_locked, false) and old.plan_id <> new.plan_id then
    select * into plan from private.hold_plan(new.plan_id);
  end if;
  if plan.is_locked then
    perform private.refuse(
      format('Week %s is locked.', plan.week_no),
      format('An item of a locked week keeps its qty, unit, task_id, goal_id and plan_id; this would change %s.',
        array_to_string(changed, ', ')),
      'Completed quantity, status and notes stay open. An emergency unlock opens the rest for a while.');
  end if;
  return null;
end
$$;

create function private.guard_plan_item_presence() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  plan record;
begin
  if private.caller_is_privileged() then
    return null;
  end if;
  select * into plan from private.hold_plan(coalesce(new.plan_id, old.plan_id));
  if plan.is_locked and plan.has_started and private.user_exists(plan.user_id) then
    perform private.refuse(
      format('Week %s is locked.', plan.week_no),
      format('The cycle has started, and weeks after %s neither take nor give up items.', plan.locked_after_week),
      'Mark an item as skipped instead of deleting it, or plan it in an open week. '
        || 'An emergency unlock opens the week for a while.');
  end if;
  return null;
end
$$;

create trigger guard_change after update on public.plan_item
  for each row when (
    (old.qty, old.unit, old.task_id, old.goal_id, old.plan_id)
      is distinct from (new.qty, new.unit, new.task_id, new.goal_id, new.plan_id)
  ) execute function private.guard_plan_item_change();
create trigger guard_presence after insert or delete on public.plan_item
  for each row execute function private.guard_plan_item_presence();

-- Plans

create function private.guard_weekly_plan() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  cycle_has_started boolean;
begin
  if private.caller_is_privileged() then
    return null;
  end if;

  if tg_op = 'DELETE' then
    select c.start_date <= private.today() into cycle_has_started from public.cycle c where c.id = old.cycle_id;
    if private.is_locked(old) and cycle_has_started and private.user_exists(old.user_id) then
      perform private.refuse(
        format('Week %s is locked.', old.week_no),
        'The cycle has started, and the plan of a locked week cannot be deleted.',
        'Items of the week can be marked as skipped. An emergency unlock opens the week for a while.');
    end if;
    return null;
  end if;

  if tg_op = 'UPDATE' and (old.week_no, old.cycle_id) is distinct from (new.week_no, new.cycle_id) then
    perform private.refuse(
      format('The plan of week %s stays in its week.', old.week_no),
      'The week and the cycle of a plan cannot change.',
      'Create a plan for the other week and move open items there.');
  end if;
  if new.locked_after_week > 6 and (tg_op = 'INSERT' or new.locked_after_week <> old.locked_after_week) then
    perform private.refuse(
      format('The lock of week %s cannot start after week %s.', new.week_no, new.locked_after_week),
      'locked_after_week is 6 at most.',
      'Choose 6 or an earlier week.');
  end if;
  if tg_op = 'UPDATE' and new.locked_after_week > old.locked_after_week then
    perform private.refuse(
      format('The lock of week %s cannot start later than it does.', new.week_no),
      format('locked_after_week is %s and can only be lowered.', old.locked_after_week),
      'An emergency unlock opens a locked week for a while.');
  end if;
  if (tg_op = 'INSERT' and new.unlocked_until is not null)
    or (tg_op = 'UPDATE' and new.unlocked_until is distinct from old.unlocked_until) then
    perform private.refuse(
      format('Week %s can only be unlocked by an operator.', new.week_no),
      'unlocked_until is set by the emergency unlock alone.',
      'Ask an operator for an emergency unlock, and give the reason.');
  end if;
  return null;
end
$$;

create trigger guard_plan after insert or update or delete on public.weekly_plan
  for each row execute function private.guard_weekly_plan();

-- Whoever is not the owner unlocks through unlock_week, which asks for a reason; ending an unlock is free.
-- Security invoker: inside unlock_week current_user is the owner.
create function private.require_unlock_reason() returns trigger
language plpgsql set search_path = '' as $$
begin
  if new.unlocked_until > clock_timestamp()
    and (tg_op = 'INSERT' or old.unlocked_until is null or new.unlocked_until > old.unlocked_until)
    and not pg_has_role(current_user, (select c.relowner from pg_catalog.pg_class c where c.oid = tg_relid), 'USAGE')
  then
    raise exception using
      errcode = 'PT403',
      message = format('Week %s cannot be unlocked without a reason.', new.week_no),
      detail = 'unlocked_until is moved into the future by the emergency unlock alone.',
      hint = 'Call unlock_week(plan_id, rationale, minutes).';
  end if;
  return null;
end
$$;

create trigger require_unlock_reason after insert or update of unlocked_until on public.weekly_plan
  for each row when (new.unlocked_until is not null) execute function private.require_unlock_reason();

-- Cycles

create function private.guard_cycle_start() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if old.start_date <= private.today() and not private.caller_is_privileged() then
    perform private.refuse(
      'Week 1 has begun: the start date of the cycle is fixed.',
      format('The cycle started on %s.', to_char(old.start_date, 'YYYY-MM-DD')),
      'The end date and the current week can change. Start another cycle for other dates.');
  end if;
  return null;
end
$$;

-- Before the change: afterwards the plans are gone. The row is locked by then, so no plan can arrive in between.
create function private.guard_cycle_delete() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  locked_week integer;
begin
  if private.caller_is_privileged() or old.start_date > private.today() or not private.user_exists(old.user_id) then
    return old;
  end if;
  select min(p.week_no) into locked_week
  from public.weekly_plan p where p.cycle_id = old.id and private.is_locked(p);
  if locked_week is not null then
    perform private.refuse(
      format('Week %s is locked.', locked_week),
      'The cycle has started, and a cycle with locked weeks cannot be deleted.',
      'Set its end date, or start another cycle beside it.');
  end if;
  return old;
end
$$;

create trigger guard_start after update of start_date on public.cycle
  for each row when (old.start_date is distinct from new.start_date) execute function private.guard_cycle_start();
create trigger guard_delete before delete on public.cycle
  for each row execute function private.guard_cycle_delete();

-- Goals and tasks
-- Deleting one sets it to null in the items that use it. In a locked week nobody may do that to an item,
-- so this binds everyone. Before the change, for the reasons given above.

create function private.guard_goal_delete() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  locked_week integer;
begin
  select min(p.week_no) into locked_week
  from public.plan_item i
  join public.weekly_plan p on p.id = i.plan_id
  join public.cycle c on c.id = p.cycle_id
  where i.goal_id = old.id and private.is_locked(p) and c.start_date <= private.today();
  if locked_week is not null and private.user_exists(old.user_id) then
    perform private.refuse(
      format('Week %s is locked.', locked_week),
      'An item of this week uses the goal, and the cycle has started.',
      'The description and the weeks of the goal can change. An emergency unlock opens the week for a while.');
  end if;
  return old;
end
$$;

create function private.guard_task_delete() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  locked_week integer;
begin
  select min(p.week_no) into locked_week
  from public.plan_item i
  join public.weekly_plan p on p.id = i.plan_id
  join public.cycle c on c.id = p.cycle_id
  where i.task_id = old.id and private.is_locked(p) and c.start_date <= private.today();
  if locked_week is not null and private.user_exists(old.user_id) then
    perform private.refuse(
      format('Week %s is locked.', locked_week),
      'An item of this week uses the task, and the cycle has started.',
      'The title and the defaults of the task can change. An emergency unlock opens the week for a while.');
  end if;
  return old;
end
$$;

create trigger guard_delete before delete on public.goal
  for each row execute function private.guard_goal_delete();
create trigger guard_delete before delete on public.task
  for each row execute function private.guard_task_delete();

-- The emergency unlock

create function public.unlock_week(plan_id uuid, rationale text, minutes integer) returns public.weekly_plan
language plpgsql security definer set search_path = '' set timezone = 'UTC' as $$
declare
  before public.weekly_plan;
  after public.weekly_plan;
begin
  if unlock_week.rationale is null or unlock_week.rationale !~ '\S' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'An emergency unlock needs a reason.',
      hint = 'Say in a sentence why the week has to be opened; it is kept in the audit log.';
  end if;
  if unlock_week.minutes is null or unlock_week.minutes not between 1 and 1440 then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'An emergency unlock lasts from 1 minute to 24 hours.',
      hint = 'Give minutes from 1 to 1440; unlock again when that was not enough.';
  end if;
  select p.* into before from public.weekly_plan p where p.id = unlock_week.plan_id for update;
  if not found then
    raise exception using
      errcode = 'PT404',
      message = 'There is no such plan.',
      detail = format('No row of weekly_plan has the id %s.', coalesce(unlock_week.plan_id::text, 'null')),
      hint = 'Take the plan_id from week_lock_status.';
  end if;
  if before.week_no <= before.locked_after_week then
    raise exception using
      errcode = 'PT409',
      message = format('Week %s is not locked.', before.week_no),
      detail = format('Weeks up to %s are open.', before.locked_after_week),
      hint = 'There is nothing to unlock.';
  end if;
  after := before;
  after.unlocked_until := clock_timestamp() + make_interval(mins => unlock_week.minutes);
  -- First the record: the audit trail finds it and leaves the update at that.
  perform private.record_audit(
    'weekly_plan.unlock', before.user_id, to_jsonb(before), to_jsonb(after), btrim(unlock_week.rationale));
  update public.weekly_plan p set unlocked_until = after.unlocked_until where p.id = before.id;
  return after;
end
$$;
comment on function public.unlock_week(uuid, text, integer) is
  'Emergency unlock: opens a locked week for some minutes, at most 1440. Service role only; the reason is recorded.';

-- One row a plan, with the reason in words

create view public.week_lock_status with (security_invoker = true) as
select
  p.id as plan_id,
  p.cycle_id,
  p.user_id,
  p.week_no,
  p.mode,
  lock.is_beyond and not lock.is_unlocked as locked,
  case
    when not lock.is_beyond then format('Open: week %s is within the first %s.', p.week_no, p.locked_after_week)
    when lock.is_unlocked then format('Emergency unlock until %s UTC.', to_char(
      p.unlocked_until at time zone 'UTC',
      case when (p.unlocked_until at time zone 'UTC')::date = lock.today then 'HH24:MI' else 'YYYY-MM-DD HH24:MI' end))
    when p.locked_after_week = 0 then 'Every week is locked.'
    else format('Weeks after %s are locked.', p.locked_after_week)
  end as why,
  p.locked_after_week,
  p.unlocked_until,
  p.week_no = c.current_week and lock.today between c.start_date and c.end_date as is_current_week,
  item.item_count,
  item.planned_qty,
  item.completed_qty,
  item.completion_pct
from public.weekly_plan p
join public.cycle c on c.id = p.cycle_id
cross join lateral (
  select
    p.week_no > p.locked_after_week as is_beyond,
    coalesce(p.unlocked_until > statement_timestamp(), false) as is_unlocked,
    (statement_timestamp() at time zone 'UTC')::date as today
) lock
cross join lateral (
  select
    count(*)::integer as item_count,
    coalesce(sum(i.qty), 0) as planned_qty,
    coalesce(sum(i.completed_qty), 0) as completed_qty,
    -- An item counts up to what was planned: too much of one thing does not make up for another.
    round(100 * sum(least(i.completed_qty, i.qty)) / nullif(sum(i.qty), 0), 1) as completion_pct
  from public.plan_item i
  where i.plan_id = p.id
) item;
comment on view public.week_lock_status is
  'Every plan with its lock, the reason for it, and how much of the plan is done. Shows what the caller may see.';

revoke all on public.week_lock_status from public, anon, authenticated, service_role;
revoke all on function private.caller_is_privileged(), private.today(), private.is_locked(public.weekly_plan),
  private.user_exists(uuid), private.hold_plan(uuid), private.refuse(text, text, text),
  private.guard_plan_item_change(), private.guard_plan_item_presence(), private.guard_weekly_plan(),
  private.require_unlock_reason(), private.guard_cycle_start(), private.guard_cycle_delete(),
  private.guard_goal_delete(), private.guard_task_delete(), public.unlock_week(uuid, text, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.unlock_week(uuid, text, integer) to service_role;
