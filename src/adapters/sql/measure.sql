-- The tables that this transaction holds locks on, among those with the numbers that are put in and the partitions of those: the
-- modes, the file, the rows so far, and the partitioned table that one belongs to in the end.
-- A table that is gone has no name any more. A row without a number says below which number each transaction is taken.
select l.relation, case when c.oid is not null then pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) end,
  l.modes, pg_catalog.pg_relation_filenode(c.oid),
  case when c.relkind in ('r', 'm') and 'AccessExclusiveLock' = any (l.modes) then pg_catalog.pg_relation_size(c.oid) end,
  pg_catalog.pg_stat_get_xact_tuples_inserted(l.relation), pg_catalog.pg_stat_get_xact_tuples_updated(l.relation),
  pg_catalog.pg_stat_get_xact_tuples_deleted(l.relation), pg_catalog.pg_partition_root(l.relation)::pg_catalog.oid
from (
  select k.relation, pg_catalog.array_agg(k.mode) as modes from pg_catalog.pg_locks k
  where k.pid = pg_catalog.pg_backend_pid() and k.locktype = 'relation' and k.granted and (k.relation = any ('{$KNOWN$}'::pg_catalog.oid[])
      or pg_catalog.pg_partition_root(k.relation)::pg_catalog.oid = any ('{$KNOWN$}'::pg_catalog.oid[]))
    and k.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
  group by k.relation
) l
left join pg_catalog.pg_class c on c.oid = l.relation
left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
union all
select null, null, null, null, pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::pg_catalog.text::pg_catalog.int8, null, null, null, null
