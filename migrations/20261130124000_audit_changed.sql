-- What a record changed, as names that an index finds, and the transaction that wrote it.
--
-- Both columns come without a rewrite of the table, and everything here changes the catalog only. The table is locked for
-- that moment; where somebody reads it for longer, this gives up after 0.9 seconds, so that nobody waits behind it, and
-- changes nothing. Run it again then. Records that are there get their names by `supadeck audit backfill`.

set local lock_timeout = '900ms';

-- The top-level keys that differ, without `updated_at`, in the order of their bytes. Equal is what jsonb calls equal: 1.0 and 1 are.
-- What was inserted or deleted as a whole changed no field of a row: none.
create function private.changed_keys(before_state jsonb, after_state jsonb) returns text[]
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
begin
  if before_state is null or after_state is null then
    return '{}';
  end if;
  return array(
    select coalesce(b.key, a.key) collate "C"
    from jsonb_each(before_state) b full join jsonb_each(after_state) a on a.key = b.key
    where b.value is distinct from a.value and coalesce(b.key, a.key) <> 'updated_at'
    order by 1
  );
end
$$;

-- A record from before this migration has no names yet, and the transaction 0.
alter table public.audit_log
  add column changed text[],
  add column transaction_id bigint not null default 0;
alter table public.audit_log alter column transaction_id set default (pg_current_xact_id()::text)::bigint;
comment on column public.audit_log.changed is
  'The fields that an update changed. Empty for an insert and a delete, null until `supadeck audit backfill` reaches an old record.';
comment on column public.audit_log.transaction_id is 'The transaction that wrote the record; 0 where it was not kept yet.';

-- Whoever writes a record, these two are what they are.
create function private.keep_audit_record() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.changed := private.changed_keys(new.before_state, new.after_state);
  new.transaction_id := (pg_current_xact_id()::text)::bigint;
  return new;
end
$$;

create trigger keep_record before insert on public.audit_log
  for each row execute function private.keep_audit_record();

-- Append-only, but for one change: `changed` of an old record, once, from null to what its images say.

create function private.refuse_audit_update() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  backfilled public.audit_log := old;
begin
  backfilled.changed := private.changed_keys(old.before_state, old.after_state);
  if old.changed is null and new *= backfilled then
    return new;
  end if;
  raise exception using
    errcode = 'insufficient_privilege',
    message = 'The audit log is append-only: update was refused.',
    detail = 'Only `changed` of a record that has none yet is filled in, with the fields that its images differ in.',
    hint = 'To correct a record, do the correction where it belongs; it is recorded as a new row.',
    schema = tg_table_schema, table = tg_table_name;
end
$$;

-- Every column but `changed`: such an update is refused before it looks for a row.
drop trigger append_only on public.audit_log;
create trigger append_only before update of id, actor_user_id, actor_type, subject_user_id, action, before_state, after_state,
    rationale, correlation_id, source_ip, user_agent, created_at, transaction_id
  or delete or truncate on public.audit_log
  for each statement execute function private.refuse_audit_change();
create trigger backfill_only before update on public.audit_log
  for each row execute function private.refuse_audit_update();

revoke all on function private.changed_keys(jsonb, jsonb), private.keep_audit_record(), private.refuse_audit_update()
  from public, anon, authenticated, service_role;
