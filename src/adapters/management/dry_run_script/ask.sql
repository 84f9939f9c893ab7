-- What the measure says of tables of which it did not say the same the last time, all that it says, and the tables that have
-- another file than then.
with fresh as materialized (
  select pg_catalog.json_build_array($TEXTS$)::pg_catalog.text collate "C" as one, c0::pg_catalog.text as id, c3::pg_catalog.text as file, c4 as bytes
  from (
$MEASURE$
  ) q ($COLUMNS$)
),
seen as materialized (
  select value::pg_catalog.text collate "C" as one, value ->> 0 as id, value ->> 3 as file from pg_catalog.json_array_elements($1::pg_catalog.json)
)
select (select coalesce(pg_catalog.json_agg(d.one::pg_catalog.json), '[]')::pg_catalog.text
    from (select one from fresh except select one from seen) d),
  (select coalesce('[' || pg_catalog.string_agg(one, ',') || ']', '[]') from fresh),
  (select pg_catalog.array_agg(f.id::pg_catalog.oid) from fresh f where f.bytes is not null and '$FILES$'::pg_catalog.json ->> f.id is not null
    and f.file is distinct from coalesce((select s.file from seen s where s.id = f.id), '$FILES$'::pg_catalog.json ->> f.id))
