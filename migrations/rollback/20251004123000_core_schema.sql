-- Removes the nine tables with everything in them, the audit log included.

drop table public.chat_message;
drop table public.chat_session;
drop table public.audit_log;
drop table public.plan_item;
drop table public.task;
drop table public.weekly_plan;
drop table public.goal;
drop table public.cycle;
drop table public.vision;

drop function private.record_audit(text, uuid, jsonb, jsonb, text);
drop function private.request_context();
drop function private.refuse_audit_change();
drop function private.check_plan_item_user();
drop function private.refuse_new_owner();
drop function private.touch_updated_at();

drop type public.chat_role;
drop type public.actor_type;
drop type public.plan_item_status;
drop type public.plan_mode;
drop type public.goal_type;

-- Only the schema that the migration made, and only when nothing else moved in.
do $$
begin
  if obj_description(to_regnamespace('private'), 'pg_namespace') like 'Weeksmith:%' then
    drop schema private restrict;
  end if;
exception
  when dependent_objects_still_exist then
    raise notice 'Schema private stays: it holds objects that Weeksmith did not create.';
end
$$;
