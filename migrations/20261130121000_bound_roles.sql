-- Everyone but the owner of the tables is bound, the service role included, and ids never change.
--
-- Until now the rules for users let every role with `bypassrls` pass: the service role opened a week by
-- locked_after_week = 12, without a reason. And an upsert on another unique key than the id could exchange the ids of two
-- plans: the items of a locked week then hung on an open one.

-- The role that the request runs as. In a foreign key's cascade and in a security definer function current_user
-- is the owner, but the setting `role` stays what SET ROLE made it.
create or replace function private.caller_is_privileged() returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select exists (
    select from pg_catalog.pg_roles r
    where r.rolname = coalesce(nullif(current_setting('role'), 'none'), session_user)
      and (r.rolsuper or pg_has_role(
        r.oid, (select c.relowner from pg_catalog.pg_class c where c.oid = 'public.weekly_plan'::regclass), 'USAGE'))
  )
$$;

-- An operator is who may call the emergency unlock.
create function private.caller_is_operator() returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select has_function_privilege(
    coalesce(nullif(current_setting('role'), 'none'), session_user)::name,
    'public.unlock_week(uuid, text, integer)', 'EXECUTE')
$$;

-- Ids

create function private.refuse_new_id() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if private.caller_is_privileged() then
    return null;
  end if;
  raise exception using
    errcode = 'check_violation',
    message = format('The id of a %s cannot change.', replace(tg_table_name, '_', ' ')),
    detail = format('The row has the id %s; its items, messages and audit records go by it.', old.id),
    hint = 'Leave the id out, or give the id that the row has.',
    schema = tg_table_schema, table = tg_table_name, column = 'id',
    constraint = tg_table_name || '_keeps_its_id';
end
$$;

-- After the change, so that row level security speaks first. The audit log takes no update at all.
create trigger keep_id after update of id on public.vision
  for each row when (old.id is distinct from new.id) execute function private.refuse_new_id();
create trigger keep_id after update of id on public.cycle
  for each row when (old.id is distinct from new.id) execute function private.refuse_new_id();
create trigger keep_id after update of id on public.goal
  for each row when (old.id is distinct from new.id) execute function private.refuse_new_id();
create trigger keep_id after update of id on public.weekly_plan
  for each row when (old.id is distinct from new.id) execute function private.refuse_new_id();
create trigger keep_id after update of id on public.task
  for each row when (old.id is distinct from new.id) execute function private.refuse_new_id();
create trigger keep_id after update of id on public.plan_item
  for each row when (old.id is distinct from new.id) execute function private.refuse_new_id();
create trigger keep_id after update of id on public.chat_session
  for each row when (old.id is distinct from new.id) execute function private.refuse_new_id();
create trigger keep_id after update of id on public.chat_message
  for each row when (old.id is distinct from new.id) execute function private.refuse_new_id();

-- An item has no user of its own: it also stays with the user of its plan. Without a goal and a task nothing else held it.
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
  -- A plan that is gone cannot say whose the item was: one statement may move an item and delete the plan that it leaves.
  if tg_op = 'UPDATE' and old.plan_id <> new.plan_id
    and not exists (select from public.weekly_plan p where p.id = old.plan_id and p.user_id = plan_user) then
    raise exception using
      errcode = 'check_violation',
      message = 'The user of a plan item cannot change.',
      hint = 'Create a new row for the other user.',
      schema = tg_table_schema, table = tg_table_name, column = 'plan_id',
      constraint = 'plan_item_keeps_its_user';
  end if;
  return null;
end
$$;

-- Items
-- One statement can change an item and delete what the rules ask: its plan, its cycle, its task. And while a long DELETE runs,
-- another request can lock the week. So an item is looked at before it changes, while its plan is still there, and once more
-- afterwards; and the plan and the cycle are held from then on.

create or replace function private.guard_plan_item_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  changed text[];
  detached text[];
  plan record;
begin
  changed := array_remove(array[
    case when old.qty is distinct from new.qty then 'qty' end,
    case when old.unit is distinct from new.unit then 'unit' end,
    case when old.task_id is distinct from new.task_id then 'task_id' end,
    case when old.goal_id is distinct from new.goal_id then 'goal_id' end,
    case when old.plan_id is distinct from new.plan_id then 'plan_id' end
  ], null);
  if changed = '{}' then
    return new;
  end if;
  -- Null because the task or the goal is gone: a week that has not begun to count may lose it, as its guard says.
  detached := array_remove(array[
    case when new.task_id is null and not exists (select from public.task t where t.id = old.task_id) then 'task_id' end,
    case when new.goal_id is null and not exists (select from public.goal g where g.id = old.goal_id) then 'goal_id' end
  ], null);
  select * into plan from private.hold_plan(old.plan_id);
  if not coalesce(plan.is_locked, false) and old.plan_id <> new.plan_id then
    select * into plan from private.hold_plan(new.plan_id);
  end if;
  if plan.is_locked and not (changed <@ detached and not (plan.has_started and private.user_exists(plan.user_id))) then
    perform private.refuse(
      format('Week %s is locked.', plan.week_no),
      format('An item of a locked week keeps its qty, unit, task_id, goal_id and plan_id; this would change %s.',
        array_to_string(changed, ', ')),
      'Completed quantity, status and notes stay open. An emergency unlock opens the rest for a while.');
  end if;
  return new;
end
$$;

create or replace function private.guard_plan_item_presence() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  plan record;
begin
  if private.caller_is_privileged() then
    return coalesce(new, old);
  end if;
  select * into plan from private.hold_plan(coalesce(new.plan_id, old.plan_id));
  if plan.is_locked and plan.has_started and private.user_exists(plan.user_id) then
    perform private.refuse(
      format('Week %s is locked.', plan.week_no),
      format('The cycle has started, and weeks after %s neither take nor give up items.', plan.locked_after_week),
      'Mark an item as skipped instead of deleting it, or plan it in an open week. '
        || 'An emergency unlock opens the week for a while.');
  end if;
  return coalesce(new, old);
end
$$;

create trigger guard_change_first before update on public.plan_item
  for each row when (
    (old.qty, old.unit, old.task_id, old.goal_id, old.plan_id)
      is distinct from (new.qty, new.unit, new.task_id, new.goal_id, new.plan_id)
  ) execute function private.guard_plan_item_change();
create trigger guard_presence_first before delete on public.plan_item
  for each row execute function private.guard_plan_item_presence();

-- The record of a deleted item is written before it goes, while its plan can say whose it was.
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
  return coalesce(new, old);
end
$$;

drop trigger write_audit on public.plan_item;
create trigger write_audit after insert or update on public.plan_item
  for each row execute function private.audit_row();
create trigger write_audit_first before delete on public.plan_item
  for each row execute function private.audit_row();

-- Plans

-- Under an emergency unlock the items of a week change, but its plan stays where a new one could begin open: a plan that was
-- locked early, within the weeks that a new plan leaves open.
create function private.is_kept(plan public.weekly_plan) returns boolean
language sql volatile set search_path = pg_catalog, pg_temp as $$
  select private.is_locked(plan) or (plan.week_no > plan.locked_after_week and plan.week_no <= 6)
$$;

create or replace function private.guard_weekly_plan() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  cycle_has_started boolean;
begin
  if private.caller_is_privileged() then
    return coalesce(new, old);
  end if;

  if tg_op = 'DELETE' then
    -- Held, so that the cycle does not start between this look and the commit.
    select c.start_date <= private.today() into cycle_has_started
    from public.cycle c where c.id = old.cycle_id for share;
    if private.is_kept(old) and cycle_has_started and private.user_exists(old.user_id) then
      perform private.refuse(
        format(case when private.is_locked(old) then 'Week %s is locked.'
          else 'The plan of week %s stays, also during an emergency unlock.' end, old.week_no),
        'The cycle has started, and the plan of a locked week cannot be deleted.',
        'Items of the week can be marked as skipped. An emergency unlock opens the week for a while.');
    end if;
    return old;
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
  -- What an operator may do with it, require_unlock_reason says.
  if ((tg_op = 'INSERT' and new.unlocked_until is not null)
      or (tg_op = 'UPDATE' and new.unlocked_until is distinct from old.unlocked_until))
    and not private.caller_is_operator() then
    perform private.refuse(
      format('Week %s can only be unlocked by an operator.', new.week_no),
      'unlocked_until is set by the emergency unlock alone.',
      'Ask an operator for an emergency unlock, and give the reason.');
  end if;
  return null;
end
$$;

-- Before the plan goes: afterwards the same statement may have deleted its cycle.
create trigger guard_plan_first before delete on public.weekly_plan
  for each row execute function private.guard_weekly_plan();

-- Whoever is not the owner unlocks through unlock_week, which asks for a reason. By hand an unlock can only be ended or
-- shortened. Security invoker: inside unlock_week current_user is the owner.
create or replace function private.require_unlock_reason() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'UPDATE' and new.unlocked_until <= old.unlocked_until then
    return null;
  end if;
  if not pg_has_role(current_user, (select c.relowner from pg_catalog.pg_class c where c.oid = tg_relid), 'USAGE')
  then
    raise exception using
      errcode = 'PT403',
      message = format('Week %s cannot be unlocked without a reason.', new.week_no),
      detail = 'unlocked_until is moved forward by the emergency unlock alone.',
      hint = 'Call unlock_week(plan_id, rationale, minutes).';
  end if;
  return null;
end
$$;

-- Cycles

create or replace function private.guard_cycle_delete() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  kept public.weekly_plan;
begin
  if private.caller_is_privileged() or old.start_date > private.today() or not private.user_exists(old.user_id) then
    return old;
  end if;
  -- Held, so that no week is locked between this look and the end of the statement, when the plans go.
  perform from public.weekly_plan p where p.cycle_id = old.id for update;
  select p.* into kept
  from public.weekly_plan p where p.cycle_id = old.id and private.is_kept(p)
  order by private.is_locked(p) desc, p.week_no limit 1;
  if kept.id is not null then
    perform private.refuse(
      format(case when private.is_locked(kept) then 'Week %s is locked.'
        else 'The plan of week %s stays, also during an emergency unlock.' end, kept.week_no),
      'The cycle has started, and a cycle with locked weeks cannot be deleted.',
      'Set its end date, or start another cycle beside it.');
  end if;
  return old;
end
$$;

-- The owner can still rewrite it by altering the table.
comment on table public.audit_log is
  'Who changed what, when and why. Append-only for everyone but the owner; no foreign key to users, so that it outlives them.';

revoke all on function private.caller_is_operator(), private.refuse_new_id(), private.is_kept(public.weekly_plan)
  from public, anon, authenticated, service_role;
