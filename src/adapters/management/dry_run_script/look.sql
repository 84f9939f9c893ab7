-- The rows of the snapshot that were not there the last time, those that are there no longer, and all of them.
with fresh as materialized (
  select pg_catalog.json_build_array(q.kind::pg_catalog.text, q.parent::pg_catalog.text, q.name::pg_catalog.text, q.said::pg_catalog.text, q.id::pg_catalog.text)::pg_catalog.text collate "C" as one
  from (
$SNAPSHOT$
  ) q (kind, parent, name, said, id)
),
seen as materialized (
  select value::pg_catalog.text collate "C" as one from pg_catalog.json_array_elements($1::pg_catalog.json)
)
select pg_catalog.json_build_object(
    'new', (select coalesce(pg_catalog.json_agg(d.one::pg_catalog.json), '[]') from (select one from fresh except select one from seen) d),
    'gone', (select coalesce(pg_catalog.json_agg(d.one::pg_catalog.json), '[]') from (select one from seen except select one from fresh) d)
  )::pg_catalog.text,
  (select coalesce('[' || pg_catalog.string_agg(one, ',') || ']', '[]') from fresh)
