-- Removes the seals of the audit log. The records stay; that they are as they were is not proven any more.
-- Keep the seals before: `supadeck audit seal --export FILE`.

drop function public.verify_audit_seals(bigint, integer);
drop function private.seal_fault(public.audit_seal, public.audit_seal);
drop function public.seal_audit_log(integer);
drop function private.seal_digest(public.audit_seal, bytea);
drop function private.audit_leaves(bigint, uuid, bigint, uuid, integer);
drop table public.audit_seal;
drop function private.refuse_seal_change();
