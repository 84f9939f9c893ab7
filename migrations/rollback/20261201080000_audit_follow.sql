-- Removes what following the audit log and its backfill ask. No record is lost; `supadeck audit follow` tells a record that was
-- committed late by its time only.

set local lock_timeout = '900ms';

drop index if exists public.audit_log_unfilled_idx;
drop function public.audit_horizon();
