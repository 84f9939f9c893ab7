-- Counts one thing, where that takes no longer than the limit of a statement and there is time left for it.
declare
  number pg_catalog.int8;
begin
  begin
    if pg_catalog.clock_timestamp() < pg_catalog.now() + '$LONGEST$ ms'::pg_catalog.interval then
      execute $RUN$ into number;
    end if;
  exception when query_canceled or others then null;
  end;
  perform pg_catalog.set_config('supadeck.said', pg_catalog.concat(pg_catalog.current_setting('supadeck.said', true), ',',
    coalesce(number::pg_catalog.text, 'null')), true);
end
