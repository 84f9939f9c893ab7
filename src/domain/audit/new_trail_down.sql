-- Drops the audit trail of $LIST$. Its records are lost.

set local lock_timeout = '5s';

$TRIGGERS$
drop table public.audit_log;
drop function audit_trail.write_audit_record();
drop function audit_trail.refuse_audit_log_change();
drop function public.audit_horizon();
drop schema audit_trail;
