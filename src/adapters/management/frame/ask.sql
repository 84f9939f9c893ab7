-- What the measure says of tables of which it did not say the same the last time, and all that it says.
with fresh as materialized (
  select pg_catalog.json_build_array($TEXTS$)::pg_catalog.text collate "C" as one
  from (
$MEASURE$
  ) q ($COLUMNS$)
),
seen as materialized (
  select value::pg_catalog.text collate "C" as one from pg_catalog.json_array_elements($1::pg_catalog.json)
)
select (select coalesce(pg_catalog.json_agg(d.one::pg_catalog.json), '[]')::pg_catalog.text
    from (select one from fresh except select one from seen) d),
  (select coalesce('[' || pg_catalog.string_agg(one, ',') || ']', '[]') from fresh)
