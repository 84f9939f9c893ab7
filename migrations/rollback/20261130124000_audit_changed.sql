-- Takes `changed` and `transaction_id` away from the audit log. The records stay; which fields they changed can be computed again
-- from their images, which transaction wrote them cannot.

set local lock_timeout = '900ms';

drop trigger backfill_only on public.audit_log;
drop trigger append_only on public.audit_log;
create trigger append_only before update or delete or truncate on public.audit_log
  for each statement execute function private.refuse_audit_change();
drop function private.refuse_audit_update();

drop trigger keep_record on public.audit_log;
drop function private.keep_audit_record();
alter table public.audit_log drop column transaction_id, drop column changed;
drop function private.changed_keys(jsonb, jsonb);
