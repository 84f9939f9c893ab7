-- An audit trail for $LIST$: every change of their rows leaves a record in public.audit_log, which supadeck reads.
--
-- Written by `supadeck audit init`; read it, change what you like, and apply it like any other migration. Who may read the records is
-- decided at the end: $READERS$. Nobody but the owner of the table can change or remove one.

set local lock_timeout = '5s';

create schema audit_trail;

create table public.audit_log (
  id uuid not null default gen_random_uuid(),
  actor_user_id uuid,
  actor_type text not null default 'system',
  -- Whose data it was: the row's user_id, where it has one.
  subject_user_id uuid,
  action text not null,
  before_state jsonb,
  after_state jsonb,
  rationale text,
  correlation_id uuid,
  source_ip inet,
  user_agent text,
  -- The wall clock, so that the records of one transaction keep the order in which they were written.
  created_at timestamptz not null default clock_timestamp(),
  -- The fields that an update changed; none of an insert and a delete.
  changed text[] not null,
  transaction_id bigint not null default (pg_current_xact_id()::text)::bigint,
  constraint audit_log_pkey primary key (id),
  constraint audit_log_actor_type_known check (actor_type in ('user', 'system', 'ai'))
);
comment on table public.audit_log is 'Who changed what, when and why. Append-only.';

create index audit_log_newest_idx on public.audit_log (created_at desc, id desc);
create index audit_log_subject_idx on public.audit_log (subject_user_id, created_at desc, id desc);
create index audit_log_actor_idx on public.audit_log (actor_user_id, created_at desc, id desc);
create index audit_log_action_idx on public.audit_log (action, created_at desc, id desc);
create index audit_log_action_prefix_idx on public.audit_log (action text_pattern_ops);
create index audit_log_correlation_idx on public.audit_log (correlation_id, created_at desc, id desc);
create index audit_log_changed_idx on public.audit_log using gin (changed);
create index audit_log_row_idx on public.audit_log ((after_state ->> 'id'), created_at desc, id desc);
create index audit_log_deleted_row_idx on public.audit_log ((before_state ->> 'id'), created_at desc, id desc)
  where after_state is null;
create index audit_log_unfilled_idx on public.audit_log (id) where changed is null;
-- In the order in which transactions began: for who follows the trail.
create index audit_log_transaction_idx on public.audit_log (transaction_id, id);

-- One record a changed row. What came with the request is read as it is; what is malformed counts as absent, so that no header fails a
-- write. Of the headers only those named here are read: the others hold the caller's token.
create function audit_trail.write_audit_record() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  before jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  after jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  entry public.audit_log;
  headers jsonb;
begin
  if before - 'updated_at' = after - 'updated_at' then
    return null;
  end if;
  begin
    headers := nullif(current_setting('request.headers', true), '')::jsonb;
  exception when others then
    headers := null;
  end;
  begin
    entry.actor_user_id := (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
  exception when others then
    entry.actor_user_id := null;
  end;
  begin
    entry.subject_user_id := (coalesce(after, before) ->> 'user_id')::uuid;
  exception when others then
    entry.subject_user_id := null;
  end;
  begin
    entry.correlation_id := btrim(headers ->> 'x-correlation-id')::uuid;
  exception when others then
    entry.correlation_id := null;
  end;
  -- The last hop is the proxy's word; what stands before it came with the request.
  begin
    entry.source_ip := coalesce(
      headers ->> 'cf-connecting-ip',
      btrim(reverse(split_part(reverse(headers ->> 'x-forwarded-for'), ',', 1))))::inet;
  exception when others then
    entry.source_ip := null;
  end;
  entry.actor_type := case
    when lower(btrim(headers ->> 'x-actor-type')) = 'ai' then 'ai'
    when entry.actor_user_id is not null then 'user'
    else 'system'
  end;
  entry.changed := case when before is null or after is null then '{}'::text[] else array(
    select coalesce(b.key, a.key) collate "C"
    from jsonb_each(before) b full join jsonb_each(after) a on a.key = b.key
    where b.value is distinct from a.value and coalesce(b.key, a.key) <> 'updated_at'
    order by 1
  ) end;
  insert into public.audit_log (actor_user_id, actor_type, subject_user_id, action, before_state, after_state,
    rationale, correlation_id, source_ip, user_agent, changed)
  values (entry.actor_user_id, entry.actor_type, entry.subject_user_id,
    case when tg_table_schema = 'public' then '' else tg_table_schema || '.' end || tg_table_name || '.' || lower(tg_op),
    before, after, nullif(btrim(left(headers ->> 'x-rationale', 1000)), ''), entry.correlation_id, entry.source_ip,
    nullif(btrim(left(headers ->> 'user-agent', 400)), ''), entry.changed);
  return null;
end
$$;

create function audit_trail.refuse_audit_log_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('The audit log is append-only: %s was refused.', lower(tg_op)),
    schema = tg_table_schema, table = tg_table_name;
end
$$;

create trigger append_only before update or delete or truncate on public.audit_log
  for each statement execute function audit_trail.refuse_audit_log_change();

$TRIGGERS$
-- The oldest transaction that is still open: no record of an older one can come any more. Who follows the trail asks for what is behind it.
create function public.audit_horizon() returns bigint
language sql stable set search_path = pg_catalog, pg_temp as $$
  select (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
$$;

revoke all on function audit_trail.write_audit_record(), audit_trail.refuse_audit_log_change() from public, anon, authenticated, service_role;
revoke all on function public.audit_horizon() from public, anon, authenticated, service_role;
grant execute on function public.audit_horizon() to $FOLLOWERS$;

-- Who reads the records.
alter table public.audit_log enable row level security;
revoke all on public.audit_log from public, anon, authenticated, service_role;
grant select on public.audit_log to service_role;
$SUBJECTS$