-- What following the audit log and its backfill ask: which transactions may still write records, and which records have no names yet.

set local lock_timeout = '900ms';

-- The oldest transaction that is still open: no record of an older one can come any more. Who follows the log asks for what is behind it.
create or replace function public.audit_horizon() returns bigint
language sql stable set search_path = pg_catalog, pg_temp as $$
  select (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
$$;

revoke all on function public.audit_horizon() from public, anon, authenticated, service_role;
grant execute on function public.audit_horizon() to authenticated, auditor, service_role;

do $$
begin
  -- 16 MB, some ten thousand records: a fraction of a second. Building an index keeps writers waiting.
  if pg_relation_size('public.audit_log') > 16 * 1024 * 1024 then
    raise warning 'The audit log is large, so its new index is not built here. Run: supadeck audit backfill';
    return;
  end if;
  -- The records that have no names yet: none once the backfill is over.
  create index if not exists audit_log_unfilled_idx on public.audit_log (id) where changed is null;
end
$$;
