-- Removes the lock rules, the emergency unlock and the status view.
-- No row is lost; weeks that were locked are open to every role that may write them.

drop view public.week_lock_status;
drop function public.unlock_week(uuid, text, integer);

drop trigger guard_delete on public.task;
drop trigger guard_delete on public.goal;
drop trigger guard_delete on public.cycle;
drop trigger guard_start on public.cycle;
drop trigger require_unlock_reason on public.weekly_plan;
drop trigger guard_plan on public.weekly_plan;
drop trigger guard_presence on public.plan_item;
drop trigger guard_change on public.plan_item;

drop function private.guard_task_delete();
drop function private.guard_goal_delete();
drop function private.guard_cycle_delete();
drop function private.guard_cycle_start();
drop function private.require_unlock_reason();
drop function private.guard_weekly_plan();
drop function private.guard_plan_item_presence();
drop function private.guard_plan_item_change();
drop function private.refuse(text, text, text);
drop function private.hold_plan(uuid);
drop function private.user_exists(uuid);
drop function private.is_locked(public.weekly_plan);
drop function private.today();
drop function private.caller_is_privileged();
