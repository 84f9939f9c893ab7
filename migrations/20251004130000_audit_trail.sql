-- The audit trail: every change of six tables leaves a row in audit_log.

-- UTC, so that the same instant looks the same in every record.
create function private.audit_row() returns trigger
language plpgsql security definer set search_path = '' set timezone = 'UTC' as $$
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

create trigger write_audit after insert or update or delete on public.vision
  for each row execute function private.audit_row();
create trigger write_audit after insert or update or delete on public.cycle
  for each row execute function private.audit_row();
create trigger write_audit after insert or update or delete on public.goal
  for each row execute function private.audit_row();
create trigger write_audit after insert or update or delete on public.weekly_plan
  for each row execute function private.audit_row();
create trigger write_audit after insert or update or delete on public.task
  for each row execute function private.audit_row();
create trigger write_audit after insert or update or delete on public.plan_item
  for each row execute function private.audit_row();

-- An item has no user of its own. It goes before its plan does, while the plan can still say whose it was.
create function private.delete_items_of_plan() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from public.plan_item i where i.plan_id = old.id;
  return old;
end
$$;

create trigger delete_items_first before delete on public.weekly_plan
  for each row execute function private.delete_items_of_plan();

revoke all on function private.audit_row(), private.delete_items_of_plan()
  from public, anon, authenticated, service_role;

-- One index for each way of reading, newest first, with the id as the key-set tie-break.
create index audit_log_newest_idx on public.audit_log (created_at desc, id desc);
create index audit_log_subject_idx on public.audit_log (subject_user_id, created_at desc, id desc);
create index audit_log_actor_idx on public.audit_log (actor_user_id, created_at desc, id desc);
create index audit_log_action_idx on public.audit_log (action, created_at desc, id desc);
create index audit_log_correlation_idx on public.audit_log (correlation_id, created_at desc, id desc);
