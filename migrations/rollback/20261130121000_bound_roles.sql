-- Frees the service role and every other role with `bypassrls` from the rules for users again, and lets ids change.
-- No row is lost. The functions are what they were before, with the search_path that they had then.

drop trigger keep_id on public.chat_message;
drop trigger keep_id on public.chat_session;
drop trigger keep_id on public.plan_item;
drop trigger keep_id on public.task;
drop trigger keep_id on public.weekly_plan;
drop trigger keep_id on public.goal;
drop trigger keep_id on public.cycle;
drop trigger keep_id on public.vision;
drop function private.refuse_new_id();

drop trigger guard_plan_first on public.weekly_plan;
drop trigger write_audit_first on public.plan_item;
drop trigger write_audit on public.plan_item;
drop trigger guard_presence_first on public.plan_item;
drop trigger guard_change_first on public.plan_item;

create or replace function private.audit_row() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  before jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  after jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  subject uuid;
begin
  if before - 'updated_at' = after - 'updated_at' then
    return null;
  end if;
  -- unlock_week has written its own record of this very change.
  if tg_table_name = 'weekly_plan' and tg_op = 'UPDATE' and exists (
    select from public.audit_log a
    where a.action = 'weekly_plan.unlock' and a.created_at >= transaction_timestamp()
      and a.before_state = before and a.after_state = after
  ) then
    return null;
  end if;
  if tg_table_name = 'plan_item' then
    select p.user_id into subject
    from public.weekly_plan p where p.id = (coalesce(after, before) ->> 'plan_id')::uuid;
  else
    subject := (coalesce(after, before) ->> 'user_id')::uuid;
  end if;
  perform private.record_audit(tg_table_name || '.' || lower(tg_op), subject, before, after);
  return null;
end
$$;

create trigger write_audit after insert or update or delete on public.plan_item
  for each row execute function private.audit_row();

create or replace function private.guard_plan_item_presence() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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

create or replace function private.guard_plan_item_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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

create or replace function private.guard_cycle_delete() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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

create or replace function private.require_unlock_reason() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
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

create or replace function private.guard_weekly_plan() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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

create or replace function private.check_plan_item_user() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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

create or replace function private.caller_is_privileged() returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select exists (
    select from pg_catalog.pg_roles r
    where r.rolname = coalesce(nullif(current_setting('role'), 'none'), session_user)
      and (r.rolsuper or r.rolbypassrls or pg_has_role(
        r.oid, (select c.relowner from pg_catalog.pg_class c where c.oid = 'public.weekly_plan'::regclass), 'USAGE'))
  )
$$;

comment on table public.audit_log is
  'Who changed what, when and why. Append-only; no foreign key to users, so that it outlives them.';

drop function private.is_kept(public.weekly_plan);
drop function private.caller_is_operator();
