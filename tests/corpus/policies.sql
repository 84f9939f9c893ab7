create policy "Own; rows" on t for select using ((select auth.uid()) = user_id);
comment on policy "Own; rows" on t is 'a;b';
grant select (a, b) on t to authenticated;