-- Numbers below a billion, years of four digits, tags that are a plain list: no sum, format or reader fails on what the
-- tables accept. Two items of 9e131071 had made week_lock_status fail for everybody who sees it. An array with other bounds
-- or dimensions looks in JSON, and so in the audit log, like another one.

-- Rows that are beyond a bound are named before anything changes; to correct them is for people to decide.
do $$
declare
  beyond record;
begin
  select r.*, count(*) over () as rows into beyond
  from (
    select 1 as nr, 'plan_item' as name, i.id, 'qty' as what, i.qty >= 1000000000 as is_beyond, left(i.qty::text, 20) as value
    from public.plan_item i
    union all
    select 2, 'plan_item', i.id, 'completed_qty', i.completed_qty >= 1000000000, left(i.completed_qty::text, 20)
    from public.plan_item i
    union all
    select 3, 'task', t.id, 'default_qty', t.default_qty >= 1000000000, left(t.default_qty::text, 20)
    from public.task t
    union all
    select 4, 'cycle', c.id, 'start_date', not c.start_date between '0001-01-01' and '9999-12-31', c.start_date::text
    from public.cycle c
    union all
    select 5, 'cycle', c.id, 'end_date', not c.end_date between '0001-01-01' and '9999-12-31', c.end_date::text
    from public.cycle c
    union all
    select 6, 'vision', v.id, 'created_at', not v.created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00', v.created_at::text
    from public.vision v
    union all
    select 7, 'vision', v.id, 'updated_at', not v.updated_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00', v.updated_at::text
    from public.vision v
    union all
    select 8, 'cycle', c.id, 'created_at', not c.created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00', c.created_at::text
    from public.cycle c
    union all
    select 9, 'goal', g.id, 'created_at', not g.created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00', g.created_at::text
    from public.goal g
    union all
    select 10, 'weekly_plan', p.id, 'created_at', not p.created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00', p.created_at::text
    from public.weekly_plan p
    union all
    select 11, 'weekly_plan', p.id, 'unlocked_until', not p.unlocked_until between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00', p.unlocked_until::text
    from public.weekly_plan p
    union all
    select 12, 'task', t.id, 'created_at', not t.created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00', t.created_at::text
    from public.task t
    union all
    select 13, 'plan_item', i.id, 'created_at', not i.created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00', i.created_at::text
    from public.plan_item i
    union all
    select 14, 'plan_item', i.id, 'updated_at', not i.updated_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00', i.updated_at::text
    from public.plan_item i
    union all
    select 15, 'chat_session', s.id, 'created_at', not s.created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00', s.created_at::text
    from public.chat_session s
    union all
    select 16, 'chat_session', s.id, 'started_at', not s.started_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00', s.started_at::text
    from public.chat_session s
    union all
    select 17, 'chat_session', s.id, 'ended_at', not s.ended_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00', s.ended_at::text
    from public.chat_session s
    union all
    select 18, 'chat_message', m.id, 'created_at', not m.created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00', m.created_at::text
    from public.chat_message m
    union all
    select 19, 'vision', v.id, 'tags', not case when array_ndims(v.tags) = 1 then array_lower(v.tags, 1) = 1 and array_position(v.tags, null) is null else v.tags = '{}' end, left(v.tags::text, 40)
    from public.vision v
    union all
    select 20, 'task', t.id, 'tags', not case when array_ndims(t.tags) = 1 then array_lower(t.tags, 1) = 1 and array_position(t.tags, null) is null else t.tags = '{}' end, left(t.tags::text, 40)
    from public.task t
  ) r
  where r.is_beyond order by r.nr, r.id limit 1;
  if found then
    raise exception using
      errcode = 'check_violation',
      message = format('%s of %s %s is beyond the bounds that this migration sets%s.', beyond.what, beyond.name, beyond.id,
        case when beyond.rows > 1 then format(', and %s more', beyond.rows - 1) else '' end),
      detail = format('It is %s. Quantities are below 1000000000, years have four digits, tags are a plain list.', beyond.value),
      hint = format('Correct the rows, then apply again: update public.%s set %s = … where id = %L. '
        || 'In a locked week unlock_week opens the item first.', beyond.name, beyond.what, beyond.id);
  end if;
end
$$;

alter table public.task
  add constraint task_default_qty_under_a_billion check (default_qty < 1000000000);
alter table public.plan_item
  add constraint plan_item_qty_under_a_billion check (qty < 1000000000),
  add constraint plan_item_completed_qty_under_a_billion check (completed_qty < 1000000000);

alter table public.vision add constraint vision_tags_are_a_list check (
  case when array_ndims(tags) = 1 then array_lower(tags, 1) = 1 and array_position(tags, null) is null else tags = '{}' end
);
alter table public.task add constraint task_tags_are_a_list check (
  case when array_ndims(tags) = 1 then array_lower(tags, 1) = 1 and array_position(tags, null) is null else tags = '{}' end
);

alter table public.vision add constraint vision_years_have_four_digits check (
  created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00'
  and updated_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00'
);
alter table public.cycle add constraint cycle_years_have_four_digits check (
  start_date >= '0001-01-01' and end_date <= '9999-12-31'
  and created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00'
);
alter table public.goal add constraint goal_years_have_four_digits check (
  created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00'
);
alter table public.weekly_plan add constraint weekly_plan_years_have_four_digits check (
  created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00'
  and unlocked_until between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00'
);
alter table public.task add constraint task_years_have_four_digits check (
  created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00'
);
alter table public.plan_item add constraint plan_item_years_have_four_digits check (
  created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00'
  and updated_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00'
);
alter table public.chat_session add constraint chat_session_years_have_four_digits check (
  created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00'
  and started_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00'
  and ended_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00'
);
alter table public.chat_message add constraint chat_message_years_have_four_digits check (
  created_at between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00'
);
