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
