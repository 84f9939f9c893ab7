-- Seals: proof that audit records are as they were. A seal holds a digest over all records of transactions that had ended, chained to
-- the seal before it. Nothing of this stands in the way of a write: sealing reads, and locks the seals alone.

create table public.audit_seal (
  number bigint not null,
  sealed_at timestamptz not null default clock_timestamp(),
  -- The seal reaches up to this key of the audit log, (transaction_id, id), from where the seal before it ends.
  end_transaction bigint not null,
  end_id uuid not null,
  record_count bigint not null,
  first_created_at timestamptz not null,
  last_created_at timestamptz not null,
  -- SHA-256 over the head of the seal, the digest before it and the leaves.
  digest bytea not null,
  -- 48 bytes a record, in the order of the keys: the id and the SHA-256 of its text. They tell which record is another one.
  leaves bytea not null,
  constraint audit_seal_pkey primary key (number),
  constraint audit_seal_number_from_1 check (number > 0),
  constraint audit_seal_has_records check (record_count > 0),
  constraint audit_seal_has_a_leaf_a_record check (octet_length(leaves) = 48 * record_count),
  constraint audit_seal_digest_is_sha256 check (octet_length(digest) = 32)
);
alter table public.audit_seal alter column leaves set storage external;
comment on table public.audit_seal is 'Digests over the audit log, each chained to the one before it. Append-only for everyone but the owner.';
comment on column public.audit_seal.leaves is 'For each record its id and the SHA-256 of its text, 48 bytes.';

create function private.refuse_seal_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('The seals of the audit log are append-only: %s was refused.', lower(tg_op)),
    hint = 'Seal again: a new seal goes on from the last one.',
    schema = tg_table_schema, table = tg_table_name;
end
$$;

create trigger append_only before update or delete or truncate on public.audit_seal
  for each statement execute function private.refuse_seal_change();

-- The records beyond one key up to another, with the digest of each. The text is a JSON array of every column but `changed`, which
-- follows from the images and comes later to old records, in an order that does not change; jsonb writes a value in one way only.
-- What `changed` says is looked at beside it: a name that hides a record from a filter is as bad as another record.
create function private.audit_leaves(
  after_transaction bigint, after_id uuid, end_transaction bigint, end_id uuid, most integer
) returns table (transaction_id bigint, id uuid, created_at timestamptz, leaf bytea, is_misnamed boolean)
language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  return query
  select a.transaction_id, a.id, a.created_at, uuid_send(a.id) || sha256(convert_to(jsonb_build_array(
      'audit_log 1', a.id, a.transaction_id, extract(epoch from a.created_at), a.actor_user_id, a.actor_type, a.subject_user_id, a.action,
      a.before_state, a.after_state, a.rationale, a.correlation_id, a.source_ip, a.user_agent
    )::text, 'UTF8')),
    a.changed is not null and case
      when a.before_state is null or a.after_state is null then a.changed <> '{}'
      else (a.before_state - 'updated_at' - a.changed) <> (a.after_state - 'updated_at' - a.changed)
        or exists (select from unnest(a.changed) k where k = 'updated_at' or a.before_state -> k is not distinct from a.after_state -> k)
    end
  from public.audit_log a
  where (a.transaction_id, a.id) > (audit_leaves.after_transaction, audit_leaves.after_id)
    and (a.transaction_id, a.id) <= (audit_leaves.end_transaction, audit_leaves.end_id)
  order by a.transaction_id, a.id
  limit most;
end
$$;

-- The digest of a seal. The head is a JSON array, so that no two seals have the same.
create function private.seal_digest(seal public.audit_seal, digest_before bytea) returns bytea
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  return sha256(
    convert_to(jsonb_build_array(
      'audit_seal 1', seal.number, extract(epoch from seal.sealed_at), seal.end_transaction, seal.end_id, seal.record_count,
      extract(epoch from seal.first_created_at), extract(epoch from seal.last_created_at), encode(digest_before, 'hex')
    )::text, 'UTF8') || seal.leaves);
end
$$;

-- Makes the next seal, of at most so many records. `more` says whether another is due at once; nothing to seal gives no number.
create function public.seal_audit_log(most integer default 10000) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  greatest_id constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  before public.audit_seal;
  seal public.audit_seal;
  horizon bigint;
  last_key record;
begin
  if most is null or most < 1 or most > 100000 then
    raise exception using errcode = 'invalid_parameter_value',
      message = 'A seal holds 1 to 100000 records.', hint = 'Leave `most` out, or choose a number in between.';
  end if;
  -- One at a time; who reads the seals goes on.
  lock table public.audit_seal in exclusive mode;
  select s.* into before from public.audit_seal s order by s.number desc limit 1;
  if not found then
    before.number := 0;
    before.end_transaction := -9223372036854775808;
    before.end_id := '00000000-0000-0000-0000-000000000000';
    before.digest := ''::bytea;
  end if;
  -- Every transaction before this one has ended: no record of theirs can come any more.
  horizon := (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint;
  if before.end_transaction >= horizon then
    raise exception using errcode = 'object_not_in_prerequisite_state',
      message = 'The last seal is ahead of this server.',
      detail = format('It reaches to transaction %s, and the server is at %s: the database was restored from another one.',
        before.end_transaction, horizon),
      hint = 'Keep these seals as a file, and begin a new chain as the owner of the table.';
  end if;
  select count(*), string_agg(l.leaf, ''::bytea order by l.transaction_id, l.id), min(l.created_at), max(l.created_at)
    into seal.record_count, seal.leaves, seal.first_created_at, seal.last_created_at
    from private.audit_leaves(before.end_transaction, before.end_id, horizon - 1, greatest_id, most) l;
  if seal.record_count = 0 then
    return jsonb_build_object('number', null, 'records', 0, 'more', false);
  end if;
  seal.number := before.number + 1;
  seal.sealed_at := clock_timestamp();
  seal.end_transaction := horizon - 1;
  seal.end_id := greatest_id;
  if seal.record_count = most then
    seal.end_id := encode(substring(seal.leaves from 48 * (most - 1) + 1 for 16), 'hex')::uuid;
    select a.transaction_id into seal.end_transaction from public.audit_log a where a.id = seal.end_id;
  end if;
  seal.digest := private.seal_digest(seal, before.digest);
  insert into public.audit_seal values (seal.*);
  return jsonb_build_object('number', seal.number, 'records', seal.record_count, 'digest', encode(seal.digest, 'hex'),
    'more', seal.record_count = most);
end
$$;

-- Checks one seal against the one before it and the records as they are now: null where all is as it was, else what is not.
create function private.seal_fault(seal public.audit_seal, before public.audit_seal) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  now_leaves bytea;
  misnamed uuid;
  sealed_id uuid;
  found_id uuid;
  place integer := 0;
  fault jsonb;
begin
  if seal.digest <> private.seal_digest(seal, before.digest) then
    return jsonb_build_object('kind', 'seal_changed', 'seal', seal.number);
  end if;
  select coalesce(string_agg(l.leaf, ''::bytea order by l.transaction_id, l.id), ''::bytea),
      (array_agg(l.id order by l.transaction_id, l.id) filter (where l.is_misnamed))[1]
    into now_leaves, misnamed
    from private.audit_leaves(before.end_transaction, before.end_id, seal.end_transaction, seal.end_id, null) l;
  if now_leaves = seal.leaves then
    if misnamed is null then
      return null;
    end if;
    fault := jsonb_build_object('kind', 'changed', 'record', misnamed, 'column', 'changed');
  else
    -- Both are in the order of the keys: the first leaf that differs is of a record that is another one, gone or new.
    while substring(now_leaves from 48 * place + 1 for 48) = substring(seal.leaves from 48 * place + 1 for 48)
      and octet_length(substring(seal.leaves from 48 * place + 1 for 48)) = 48 loop
      place := place + 1;
    end loop;
    sealed_id := nullif(encode(substring(seal.leaves from 48 * place + 1 for 16), 'hex'), '')::uuid;
    found_id := nullif(encode(substring(now_leaves from 48 * place + 1 for 16), 'hex'), '')::uuid;
    fault := case
      when sealed_id = found_id then jsonb_build_object('kind', 'changed', 'record', sealed_id)
      -- In another place than it was: the transaction or the id before it is not what was sealed.
      when sealed_id is not null and not exists (
          select from generate_series(0, octet_length(now_leaves) / 48 - 1) n
          where substring(now_leaves from 48 * n + 1 for 16) = uuid_send(sealed_id))
        then jsonb_build_object('kind',
          case when exists (select from public.audit_log a where a.id = sealed_id) then 'changed' else 'removed' end, 'record', sealed_id)
      else jsonb_build_object('kind', 'added', 'record', found_id)
    end;
  end if;
  return fault || jsonb_build_object('seal', seal.number, 'found', (
    select jsonb_build_object('action', a.action, 'created_at', a.created_at)
    from public.audit_log a where a.id = (fault ->> 'record')::uuid));
end
$$;

-- Checks the seals behind a number, in order, until about so many records were looked at or something is not as it was.
create function public.verify_audit_seals(after bigint default 0, records integer default 50000) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  before public.audit_seal;
  seal public.audit_seal;
  fault jsonb;
  seals bigint := 0;
  checked bigint := 0;
begin
  select s.* into before from public.audit_seal s where s.number = verify_audit_seals.after;
  if not found then
    before.number := verify_audit_seals.after;
    before.end_transaction := -9223372036854775808;
    before.end_id := '00000000-0000-0000-0000-000000000000';
    before.digest := ''::bytea;
  end if;
  if before.number > 0 and before.sealed_at is null then
    fault := jsonb_build_object('kind', 'seal_removed', 'seal', before.number);
  end if;
  while fault is null and checked < verify_audit_seals.records and seals < 1000 loop
    select s.* into seal from public.audit_seal s where s.number > before.number order by s.number limit 1;
    exit when not found;
    if seal.number <> before.number + 1 then
      fault := jsonb_build_object('kind', 'seal_removed', 'seal', before.number + 1);
    else
      fault := private.seal_fault(seal, before);
    end if;
    if fault is null then
      seals := seals + 1;
      checked := checked + seal.record_count;
      before := seal;
    end if;
  end loop;
  return jsonb_build_object(
    'seals', seals, 'records', checked, 'last', before.number, 'digest', encode(before.digest, 'hex'), 'fault', fault,
    'more', fault is null and exists (select from public.audit_seal s where s.number > before.number),
    -- At most so many are counted.
    'unsealed', case when fault is null and not exists (select from public.audit_seal s where s.number > before.number) then (
      select jsonb_build_object('records', count(*), 'oldest', min(u.created_at)) from (
        select a.created_at from public.audit_log a
        where (a.transaction_id, a.id) > (before.end_transaction, before.end_id) limit 100001
      ) u) end);
end
$$;

alter table public.audit_seal enable row level security;
create policy auditor_reads_all on public.audit_seal for select to auditor using (true);

revoke all on public.audit_seal from public, anon, authenticated, service_role;
grant select on public.audit_seal to auditor, service_role;
revoke all on function private.refuse_seal_change(), private.audit_leaves(bigint, uuid, bigint, uuid, integer),
  private.seal_digest(public.audit_seal, bytea), private.seal_fault(public.audit_seal, public.audit_seal),
  public.seal_audit_log(integer), public.verify_audit_seals(bigint, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.seal_audit_log(integer) to service_role;
grant execute on function public.verify_audit_seals(bigint, integer) to service_role, auditor;
