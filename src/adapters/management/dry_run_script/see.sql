-- Looks at the catalog behind a file, and says what is new and what is gone since the last time.
declare
  said pg_catalog.text := pg_catalog.current_setting('supadeck.said', true);
  seen pg_catalog.text := pg_catalog.current_setting('supadeck.seen', true);
  look pg_catalog.text := pg_catalog.current_setting('supadeck.look', true);
  answer pg_catalog.text;
begin
  if pg_catalog.starts_with(said, 'r') is not true then
    return;
  end if;
  begin
    $ASIDE$
    execute look into answer, seen using seen;
    raise sqlstate '$BACK$';
  exception when sqlstate '$BACK$' then null;
  end;
  perform pg_catalog.set_config('supadeck.said', pg_catalog.concat(said, ',', pg_catalog.json_build_object(
    'snapshot', answer::pg_catalog.json)), true);
  perform pg_catalog.set_config('supadeck.seen', seen, true),
    pg_catalog.set_config('statement_timeout', pg_catalog.current_setting('supadeck.limit', true), true);
end
