-- Numbers below a billion, dates with years of four digits, and an unlock that ends: no sum, format or reader fails on
-- what the tables accept. Two items of 9e131071 had made week_lock_status fail for everybody who sees it.

-- Rows that are beyond a bound are named before anything changes; to correct them is for people to decide.
do $$
declare
  beyond record;
begin
  select r.*, count(*) over () as rows into beyond
  from (
    select 'plan_item' as name, i.id, 'qty' as what, left(i.qty::text, 20) as value, 1 as nr
    from public.plan_item i where i.qty >= 1000000000
    union all
    select 'plan_item', i.id, 'completed_qty', left(i.completed_qty::text, 20), 2
    from public.plan_item i where i.completed_qty >= 1000000000
    union all
    select 'task', t.id, 'default_qty', left(t.default_qty::text, 20), 3
    from public.task t where t.default_qty >= 1000000000
    union all
    select 'cycle', c.id, 'dates', concat(c.start_date, ' to ', c.end_date), 4
    from public.cycle c where c.start_date < '0001-01-01' or c.end_date > '9999-12-31'
    union all
    select 'weekly_plan', p.id, 'unlocked_until', p.unlocked_until::text, 5
    from public.weekly_plan p where not isfinite(p.unlocked_until)
  ) r
  order by r.nr, r.id limit 1;
  if found then
    raise exception using
      errcode = 'check_violation',
      message = format('%s of %s %s is beyond the bounds that this migration sets%s.', beyond.what, beyond.name, beyond.id,
        case when beyond.rows > 1 then format(', and %s more', beyond.rows - 1) else '' end),
      detail = format('It is %s. Quantities are below 1000000000, dates lie in the years 1 to 9999, an unlock ends.', beyond.value),
      hint = format('Correct the rows, then apply again: update public.%s set … where id = %L. '
        || 'In a locked week unlock_week opens the item first.', beyond.name, beyond.id);
  end if;
end
$$;

alter table public.task
  add constraint task_default_qty_under_a_billion check (default_qty < 1000000000);
alter table public.plan_item
  add constraint plan_item_qty_under_a_billion check (qty < 1000000000),
  add constraint plan_item_completed_qty_under_a_billion check (completed_qty < 1000000000);
alter table public.cycle
  add constraint cycle_years_have_four_digits check (start_date >= '0001-01-01' and end_date <= '9999-12-31');
alter table public.weekly_plan
  add constraint weekly_plan_unlock_ends check (isfinite(unlocked_until));
