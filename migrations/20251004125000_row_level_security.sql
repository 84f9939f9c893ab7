-- Who reads and writes what. Owners have their own rows, the role auditor reads everything,
-- the service role passes row level security by, and anon has nothing.

-- Roles belong to the cluster, not to the database: another database may have made this one, or be about to
-- drop it. Setting its comment holds the role until this transaction ends.
do $$
declare
  remark text := 'Weeksmith: reads all nine tables, writes none.';
begin
  loop
    begin
      create role auditor nologin;
    exception
      when duplicate_object or unique_violation then
        -- It stays as it is, and so does what is said about it.
        select shobj_description(r.oid, 'pg_authid') into remark from pg_roles r where r.rolname = 'auditor';
    end;
    begin
      execute format('comment on role auditor is %L', remark);
      exit;
    exception
      when undefined_object then remark := 'Weeksmith: reads all nine tables, writes none.';
      when insufficient_privilege then exit;
    end;
  end loop;
  if not exists (
    select from pg_auth_members m
    where m.roleid = 'auditor'::regrole and m.member = 'authenticator'::regrole
  ) then
    grant auditor to authenticator;
  end if;
end
$$;

grant usage on schema public to auditor;
grant select on public.vision, public.cycle, public.goal, public.weekly_plan, public.task, public.plan_item,
  public.audit_log, public.chat_session, public.chat_message, public.week_lock_status to auditor;

grant select, insert, update, delete on public.vision, public.cycle, public.goal, public.weekly_plan, public.task,
  public.plan_item, public.chat_session, public.chat_message to authenticated, service_role;
grant select on public.audit_log, public.week_lock_status to authenticated, service_role;

alter table public.vision enable row level security;
alter table public.cycle enable row level security;
alter table public.goal enable row level security;
alter table public.weekly_plan enable row level security;
alter table public.task enable row level security;
alter table public.plan_item enable row level security;
alter table public.audit_log enable row level security;
alter table public.chat_session enable row level security;
alter table public.chat_message enable row level security;

create policy owner_has_own_vision on public.vision for all to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy owner_has_own_cycles on public.cycle for all to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy owner_has_own_goals on public.goal for all to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy owner_has_own_plans on public.weekly_plan for all to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy owner_has_own_tasks on public.task for all to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy owner_has_own_sessions on public.chat_session for all to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));

-- These two belong to whom their parent belongs to.
create policy owner_has_items_of_own_plans on public.plan_item for all to authenticated
  using (plan_id in (select p.id from public.weekly_plan p where p.user_id = (select auth.uid())))
  with check (plan_id in (select p.id from public.weekly_plan p where p.user_id = (select auth.uid())));
create policy owner_has_messages_of_own_sessions on public.chat_message for all to authenticated
  using (session_id in (select s.id from public.chat_session s where s.user_id = (select auth.uid())))
  with check (session_id in (select s.id from public.chat_session s where s.user_id = (select auth.uid())));

-- The records about oneself, whoever wrote them.
create policy subject_reads_own_records on public.audit_log for select to authenticated
  using (subject_user_id = (select auth.uid()));

create policy auditor_reads_all on public.vision for select to auditor using (true);
create policy auditor_reads_all on public.cycle for select to auditor using (true);
create policy auditor_reads_all on public.goal for select to auditor using (true);
create policy auditor_reads_all on public.weekly_plan for select to auditor using (true);
create policy auditor_reads_all on public.task for select to auditor using (true);
create policy auditor_reads_all on public.plan_item for select to auditor using (true);
create policy auditor_reads_all on public.audit_log for select to auditor using (true);
create policy auditor_reads_all on public.chat_session for select to auditor using (true);
create policy auditor_reads_all on public.chat_message for select to auditor using (true);
