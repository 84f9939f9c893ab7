-- Reads what each role may do behind the last file, and counts the rows that it sees where that is new or another right.
declare
  said pg_catalog.text := pg_catalog.current_setting('supadeck.said', true);
  rights pg_catalog.text := pg_catalog.current_setting('supadeck.rights', true);
  later pg_catalog.text;
  $SEES$
  one record;
begin
  if pg_catalog.starts_with(said, 'r') is not true then
    return;
  end if;
  begin
    $ASIDE$
    execute $RIGHTS$ into later;
    for one in
      select n.value ->> 0 as role, pg_catalog.array_agg((n.value ->> 1)::pg_catalog.oid) as ids from pg_catalog.json_array_elements(later::pg_catalog.json) n
      where n.value ->> 3 = 'select' and n.value ->> 0 <> 'service_role' and not exists (
        select from pg_catalog.json_array_elements(rights::pg_catalog.json) o where o.value::pg_catalog.text = n.value::pg_catalog.text)
      group by 1
    loop
      $SEEING$
    end loop;
    raise sqlstate '$BACK$';
  exception when sqlstate '$BACK$' then null;
  end;
  perform pg_catalog.set_config('supadeck.said', pg_catalog.concat(said, ',', pg_catalog.json_build_object('rights', pg_catalog.json_build_object(
    'after', later::pg_catalog.json, 'visible', pg_catalog.concat('[', pg_catalog.substr(visible, 2), ']')::pg_catalog.json))), true);
end
