-- Drops the indexes for changed fields, the history of a row, the actions of a table and seals. No record is lost; what they
-- answered is answered by reading the whole audit log.

set local lock_timeout = '900ms';

drop index if exists public.audit_log_transaction_idx;
drop index if exists public.audit_log_action_prefix_idx;
drop index if exists public.audit_log_deleted_row_idx;
drop index if exists public.audit_log_row_idx;
drop index if exists public.audit_log_changed_idx;
