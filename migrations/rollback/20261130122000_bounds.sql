-- Takes the bounds of numbers and dates away. No row is lost; huge numbers can make week_lock_status fail again.

alter table public.weekly_plan drop constraint weekly_plan_unlock_ends;
alter table public.cycle drop constraint cycle_years_have_four_digits;
alter table public.plan_item
  drop constraint plan_item_completed_qty_under_a_billion,
  drop constraint plan_item_qty_under_a_billion;
alter table public.task drop constraint task_default_qty_under_a_billion;
