-- Closes the tables to every role but the owner, and removes the policies.
-- The grants go first: at no point is a table open without its policies.

-- Holds the role until this transaction ends, as the migration does: of two databases that roll back at the same time
-- the second finds the first gone, and so the last one drops the role.
do $$
begin
  execute format('comment on role auditor is %L', (
    select shobj_description(r.oid, 'pg_authid') from pg_roles r where r.rolname = 'auditor'
  ));
exception
  when insufficient_privilege then null; -- Somebody else's role, which stays.
end
$$;

revoke all on public.vision, public.cycle, public.goal, public.weekly_plan, public.task, public.plan_item,
  public.audit_log, public.chat_session, public.chat_message, public.week_lock_status
  from auditor, authenticated, service_role;
revoke usage on schema public from auditor;

drop policy auditor_reads_all on public.chat_message;
drop policy auditor_reads_all on public.chat_session;
drop policy auditor_reads_all on public.audit_log;
drop policy auditor_reads_all on public.plan_item;
drop policy auditor_reads_all on public.task;
drop policy auditor_reads_all on public.weekly_plan;
drop policy auditor_reads_all on public.goal;
drop policy auditor_reads_all on public.cycle;
drop policy auditor_reads_all on public.vision;
drop policy subject_reads_own_records on public.audit_log;
drop policy owner_has_messages_of_own_sessions on public.chat_message;
drop policy owner_has_items_of_own_plans on public.plan_item;
drop policy owner_has_own_sessions on public.chat_session;
drop policy owner_has_own_tasks on public.task;
drop policy owner_has_own_plans on public.weekly_plan;
drop policy owner_has_own_goals on public.goal;
drop policy owner_has_own_cycles on public.cycle;
drop policy owner_has_own_vision on public.vision;

alter table public.chat_message disable row level security;
alter table public.chat_session disable row level security;
alter table public.audit_log disable row level security;
alter table public.plan_item disable row level security;
alter table public.task disable row level security;
alter table public.weekly_plan disable row level security;
alter table public.goal disable row level security;
alter table public.cycle disable row level security;
alter table public.vision disable row level security;

-- The role goes with the last database that uses it, and only when the migration made it.
do $$
begin
  if exists (
    select from pg_roles r
    where r.rolname = 'auditor' and shobj_description(r.oid, 'pg_authid') like 'Weeksmith:%'
  ) then
    drop role auditor;
  end if;
exception
  when dependent_objects_still_exist then
    raise notice 'Role auditor stays: another database of this cluster uses it.';
  when undefined_object then
    null; -- Another database dropped it meanwhile.
end
$$;
