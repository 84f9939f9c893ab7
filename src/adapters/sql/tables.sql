-- One JSON document about the tables of some schemas, and what a role may do to them. Columns and keys come for one table only.
-- The names are put in as literals: $WANTED$ is an array of schemas (none: those that REST serves), $TABLE$ a name or null.
with setting as (
  -- What REST serves stands with its login role, for this database or for all; the settings of one database win.
  select pg_catalog.split_part(entry, '=', 2) as schemas
  from pg_catalog.pg_db_role_setting s
  cross join lateral unnest(s.setconfig) as entry
  where s.setrole = (select r.oid from pg_catalog.pg_roles r where r.rolname = 'authenticator')
    and s.setdatabase in (0, (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()))
    and entry ~ '^pgrst\.db_schemas?='
  order by s.setdatabase desc
  limit 1
),
exposed as (
  select pg_catalog.btrim(part, ' "') as name, place
  from pg_catalog.regexp_split_to_table(coalesce((select schemas from setting), 'public'), ',') with ordinality as p (part, place)
  where pg_catalog.btrim(part, ' "') <> ''
),
target as (
  select n.oid, n.nspname
  from pg_catalog.pg_namespace n
  where n.nspname = any ($WANTED$)
    or (pg_catalog.cardinality($WANTED$) = 0 and n.nspname in (select name from exposed))
),
reader as (
  -- No row where there is no such role: then every right is null.
  select r.oid from pg_catalog.pg_roles r where r.rolname = $ROLE$
),
relation as (
  select c.*, n.nspname
  from pg_catalog.pg_class c
  join target n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f')
    and ($TABLE$::pg_catalog.text is null or c.relname = $TABLE$)
),
link as (
  select k.oid, k.conname, k.conrelid, k.confrelid,
    (select jsonb_agg(a.attname order by place) from unnest(k.conkey) with ordinality as u (number, place)
      join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number) as own,
    (select jsonb_agg(a.attname order by place) from unnest(k.confkey) with ordinality as u (number, place)
      join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.number) as other
  from pg_catalog.pg_constraint k
  where k.contype = 'f' and k.conparentid = 0 and $TABLE$::pg_catalog.text is not null
)
select jsonb_build_object(
  'exposed', coalesce((select jsonb_agg(name order by place) from exposed), '[]'),
  'schemas', coalesce((select jsonb_agg(nspname order by nspname) from target), '[]'),
  'tables', coalesce((
    select jsonb_agg(jsonb_build_object(
      'schema', r.nspname,
      'name', r.relname,
      'kind', case
        when r.relispartition then 'partition'
        when r.relkind = 'p' then 'partitioned_table'
        when r.relkind = 'v' then 'view'
        when r.relkind = 'm' then 'materialized_view'
        when r.relkind = 'f' then 'foreign_table'
        else 'table' end,
      'rls', case when r.relkind in ('r', 'p') then jsonb_build_object(
        'enabled', r.relrowsecurity,
        'forced', r.relforcerowsecurity,
        'policies', (select count(*) from pg_catalog.pg_policy p where p.polrelid = r.oid)) end,
      'security_invoker', case when r.relkind = 'v' then coalesce((
        select option_value::pg_catalog.bool from pg_catalog.pg_options_to_table(r.reloptions)
        where option_name = 'security_invoker'), false) end,
      'rights', (select jsonb_build_object(
          'select', may.enters and pg_catalog.has_any_column_privilege(reader.oid, r.oid, 'SELECT'),
          'insert', may.enters and pg_catalog.has_any_column_privilege(reader.oid, r.oid, 'INSERT') and may.writes & 8 = 8,
          'update', may.enters and pg_catalog.has_any_column_privilege(reader.oid, r.oid, 'UPDATE') and may.writes & 4 = 4,
          'delete', may.enters and pg_catalog.has_table_privilege(reader.oid, r.oid, 'DELETE') and may.writes & 16 = 16)
        from reader
        cross join lateral (select
          pg_catalog.has_schema_privilege(reader.oid, r.relnamespace, 'USAGE') as enters,
          case when r.relkind in ('v', 'f') then pg_catalog.pg_relation_is_updatable(r.oid, true)
            when r.relkind = 'm' then 0 else 28 end as writes) as may),
      'rows', case when r.relkind = 'p' then (
          select nullif(sum(greatest(part.reltuples, 0)), 0)::bigint
          from pg_catalog.pg_partition_tree(r.oid) as tree
          join pg_catalog.pg_class part on part.oid = tree.relid
          where tree.isleaf)
        when r.relkind in ('r', 'm', 'f') and r.reltuples >= 0 then r.reltuples::bigint end,
      'bytes', case when r.relkind = 'p' then (
          select sum(pg_catalog.pg_total_relation_size(tree.relid)) from pg_catalog.pg_partition_tree(r.oid) as tree)
        when r.relkind in ('r', 'm') then pg_catalog.pg_total_relation_size(r.oid) end,
      'comment', pg_catalog.obj_description(r.oid, 'pg_class'),
      'key', coalesce((
        -- The primary key, else the narrowest unique index without nulls, conditions and expressions.
        select (select jsonb_agg(a.attname order by place)
          from unnest(i.indkey::smallint[]) with ordinality as u (number, place)
          join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum = u.number
          where u.place <= i.indnkeyatts)
        from pg_catalog.pg_index i
        where i.indrelid = r.oid and i.indisunique and i.indisvalid and i.indimmediate
          and i.indpred is null and i.indexprs is null
          and not exists (select from unnest(i.indkey::smallint[]) with ordinality as u (number, place)
            join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum = u.number
            where u.place <= i.indnkeyatts and not a.attnotnull)
        order by i.indisprimary desc, i.indnkeyatts, i.indexrelid
        limit 1), '[]'),
      'columns', case when $TABLE$::pg_catalog.text is null then '[]' else coalesce((
        select jsonb_agg(jsonb_build_object(
          'name', a.attname,
          'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
          'base_type', pg_catalog.format_type(base.oid, null),
          'nullable', not (a.attnotnull or t.typnotnull),
          'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
          'values', coalesce((select jsonb_agg(v.enumlabel order by v.enumsortorder)
            from pg_catalog.pg_enum v where v.enumtypid = base.oid), '[]'),
          'is_generated', a.attgenerated <> '' or a.attidentity = 'a',
          'may_select', (select pg_catalog.has_column_privilege(reader.oid, r.oid, a.attnum, 'SELECT') from reader),
          'may_insert', (select pg_catalog.has_column_privilege(reader.oid, r.oid, a.attnum, 'INSERT') from reader),
          'may_update', (select pg_catalog.has_column_privilege(reader.oid, r.oid, a.attnum, 'UPDATE') from reader),
          'comment', pg_catalog.col_description(r.oid, a.attnum)
        ) order by a.attnum)
        from pg_catalog.pg_attribute a
        join pg_catalog.pg_type t on t.oid = a.atttypid
        cross join lateral (
          with recursive up (oid, base, depth) as (
            select t.oid, t.typbasetype, 0
            union all
            select b.oid, b.typbasetype, up.depth + 1
            from up join pg_catalog.pg_type b on b.oid = up.base
          )
          select oid from up order by depth desc limit 1) as base
        left join pg_catalog.pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
        where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
      ), '[]') end,
      'policies', case when $TABLE$::pg_catalog.text is null then '[]' else coalesce((
        select jsonb_agg(jsonb_build_object(
          'name', p.polname,
          'verb', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
          'permissive', p.polpermissive,
          'applies', (select exists (select from unnest(p.polroles) as u (role)
            where u.role = 0 or pg_catalog.pg_has_role(reader.oid, u.role, 'USAGE')) from reader),
          'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
          'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
        ) order by p.polname)
        from pg_catalog.pg_policy p where p.polrelid = r.oid), '[]') end,
      'references', coalesce((
        select jsonb_agg(jsonb_build_object('name', k.conname, 'columns', k.own, 'other_columns', k.other,
          'table', jsonb_build_object('schema', n.nspname, 'name', o.relname)) order by k.conname)
        from link k
        join pg_catalog.pg_class o on o.oid = k.confrelid
        join pg_catalog.pg_namespace n on n.oid = o.relnamespace
        where k.conrelid = r.oid), '[]'),
      'referenced_by', coalesce((
        select jsonb_agg(jsonb_build_object('name', k.conname, 'columns', k.other, 'other_columns', k.own,
          'table', jsonb_build_object('schema', n.nspname, 'name', o.relname)) order by n.nspname, o.relname, k.conname)
        from link k
        join pg_catalog.pg_class o on o.oid = k.conrelid
        join pg_catalog.pg_namespace n on n.oid = o.relnamespace
        where k.confrelid = r.oid), '[]'),
      'source', 'database'
    ) order by r.nspname, r.relname)
    from relation r
  ), '[]')
)::text
