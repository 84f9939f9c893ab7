-- Counts one table, without its partitions and heirs: its rows, and the values other than null of the columns with the
-- numbers that are put in, or of all. Where the third condition holds, a digest of each column's values as text follows: the
-- same values give the same digest in any order. What is said begins with the number of the table; where counting fails the
-- SQLSTATE follows. The search_path is empty here, so the name of the table is written in full.
begin
  select pg_catalog.format('select pg_catalog.json_build_array(%s, pg_catalog.count(*), %L::pg_catalog.json, pg_catalog.to_json(array[%s]::pg_catalog.int8[]), pg_catalog.to_json(array[%s]::pg_catalog.text[])) from only %s',
      c.oid, coalesce(pg_catalog.json_agg(a.attnum order by a.attnum) filter (where a.attnum is not null), '[]'),
      pg_catalog.string_agg(pg_catalog.format('pg_catalog.count(%I)', a.attname), ', ' order by a.attnum) filter (where a.attnum is not null),
      pg_catalog.string_agg(pg_catalog.format('coalesce(pg_catalog.sum(pg_catalog.hashtextextended(%I::pg_catalog.text collate "C", 0)), 0)', a.attname), ', ' order by a.attnum)
        filter (where a.attnum is not null and ($DIGESTED$)), c.oid::pg_catalog.regclass)
    into counting
    from pg_catalog.pg_class c
    left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and ($NUMBERS$)
    where c.oid = $ID$ and c.relkind in ('r', 'p')
    group by c.oid;
  if counting is not null then
    execute counting into counted;
  end if;
exception when query_canceled or others then
  counted := pg_catalog.json_build_array($ID$::pg_catalog.int8, sqlstate);
end;
