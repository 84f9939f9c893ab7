-- Every function looks in pg_catalog first and in pg_temp last.
--
-- With an empty search_path the temporary schema of the session comes first, for types and for tables. A login role could
-- make a domain pg_temp.jsonb whose check calls a function of its own; the triggers that declare a jsonb would run that
-- function as the owner of the tables.

alter function private.touch_updated_at() set search_path = pg_catalog, pg_temp;
alter function private.refuse_new_owner() set search_path = pg_catalog, pg_temp;
alter function private.check_plan_item_user() set search_path = pg_catalog, pg_temp;
alter function private.refuse_audit_change() set search_path = pg_catalog, pg_temp;
alter function private.request_context() set search_path = pg_catalog, pg_temp;
alter function private.record_audit(text, uuid, jsonb, jsonb, text) set search_path = pg_catalog, pg_temp;
alter function private.caller_is_privileged() set search_path = pg_catalog, pg_temp;
alter function private.today() set search_path = pg_catalog, pg_temp;
alter function private.is_locked(public.weekly_plan) set search_path = pg_catalog, pg_temp;
alter function private.user_exists(uuid) set search_path = pg_catalog, pg_temp;
alter function private.hold_plan(uuid) set search_path = pg_catalog, pg_temp;
alter function private.refuse(text, text, text) set search_path = pg_catalog, pg_temp;
alter function private.guard_plan_item_change() set search_path = pg_catalog, pg_temp;
alter function private.guard_plan_item_presence() set search_path = pg_catalog, pg_temp;
alter function private.guard_weekly_plan() set search_path = pg_catalog, pg_temp;
alter function private.require_unlock_reason() set search_path = pg_catalog, pg_temp;
alter function private.guard_cycle_start() set search_path = pg_catalog, pg_temp;
alter function private.guard_cycle_delete() set search_path = pg_catalog, pg_temp;
alter function private.guard_goal_delete() set search_path = pg_catalog, pg_temp;
alter function private.guard_task_delete() set search_path = pg_catalog, pg_temp;
alter function private.audit_row() set search_path = pg_catalog, pg_temp;
alter function private.delete_items_of_plan() set search_path = pg_catalog, pg_temp;
alter function public.unlock_week(uuid, text, integer) set search_path = pg_catalog, pg_temp;
