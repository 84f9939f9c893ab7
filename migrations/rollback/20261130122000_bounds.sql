-- Takes the bounds of numbers, dates, times and tags away. No row is lost; huge numbers can make week_lock_status fail again.

alter table public.chat_message drop constraint chat_message_years_have_four_digits;
alter table public.chat_session drop constraint chat_session_years_have_four_digits;
alter table public.plan_item drop constraint plan_item_years_have_four_digits;
alter table public.task drop constraint task_years_have_four_digits;
alter table public.weekly_plan drop constraint weekly_plan_years_have_four_digits;
alter table public.goal drop constraint goal_years_have_four_digits;
alter table public.cycle drop constraint cycle_years_have_four_digits;
alter table public.vision drop constraint vision_years_have_four_digits;

alter table public.task drop constraint task_tags_are_a_list;
alter table public.vision drop constraint vision_tags_are_a_list;

alter table public.plan_item
  drop constraint plan_item_completed_qty_under_a_billion,
  drop constraint plan_item_qty_under_a_billion;
alter table public.task drop constraint task_default_qty_under_a_billion;
