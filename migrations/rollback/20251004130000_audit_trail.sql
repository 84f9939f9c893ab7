-- Stops the audit trail. The records that it wrote stay; changes from here on leave none.

drop index public.audit_log_correlation_idx;
drop index public.audit_log_action_idx;
drop index public.audit_log_actor_idx;
drop index public.audit_log_subject_idx;
drop index public.audit_log_newest_idx;

drop trigger delete_items_first on public.weekly_plan;
drop function private.delete_items_of_plan();

drop trigger write_audit on public.plan_item;
drop trigger write_audit on public.task;
drop trigger write_audit on public.weekly_plan;
drop trigger write_audit on public.goal;
drop trigger write_audit on public.cycle;
drop trigger write_audit on public.vision;
drop function private.audit_row();
