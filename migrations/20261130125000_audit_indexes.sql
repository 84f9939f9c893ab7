-- Indexes for what the audit trail is asked: changed fields, the history of a row, all actions of a table; and for seals.
--
-- Building one keeps writers waiting. Where the audit log is small that is over at once, and they are built here. Where it is larger they
-- are left to `supadeck audit backfill`, which builds them beside readers and writers (CREATE INDEX CONCURRENTLY). A file of that kind
-- cannot run in a transaction, and so neither over the Management API nor through a pooler: it would keep all migrations from there.

set local lock_timeout = '900ms';

do $$
begin
  -- 16 MB, some ten thousand records: a fraction of a second.
  if pg_relation_size('public.audit_log') > 16 * 1024 * 1024 then
    raise warning 'The audit log is large, so its new indexes are not built here. Run: supadeck audit backfill';
    return;
  end if;
  -- `changed @> '{qty}'`, `changed && '{qty,notes}'`.
  create index audit_log_changed_idx on public.audit_log using gin (changed);
  -- The history of a row: after_state ->> 'id' = X, or after_state is null and before_state ->> 'id' = X.
  create index audit_log_row_idx on public.audit_log ((after_state ->> 'id'), created_at desc, id desc);
  create index audit_log_deleted_row_idx on public.audit_log ((before_state ->> 'id'), created_at desc, id desc)
    where after_state is null;
  -- `action like 'goal.%'`, whatever the collation of the database.
  create index audit_log_action_prefix_idx on public.audit_log (action text_pattern_ops);
  -- The records of transactions that have ended, in the order in which they are sealed.
  create index audit_log_transaction_idx on public.audit_log (transaction_id, id);
end
$$;
