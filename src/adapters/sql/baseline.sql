-- The tables of users' schemas with their files and sizes, and the sequences that the role may read with their values.
select case when c.relkind = 'S' then 'sequence' else 'table' end, c.oid,
  pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
  pg_catalog.pg_relation_filenode(c.oid),
  case when c.relkind in ('r', 'm') then pg_catalog.pg_relation_size(c.oid) end,
  case when c.relkind = 'S' then pg_catalog.pg_sequence_last_value(c.oid)
    when c.reltuples >= 0 then c.reltuples::bigint end,
  c.relkind in ('r', 'p')
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'supabase_migrations')
  and (c.relkind in ('r', 'p', 'm', 'f')
    or c.relkind = 'S' and c.relpersistence <> 't' and pg_catalog.has_sequence_privilege(c.oid, 'select, usage'))
