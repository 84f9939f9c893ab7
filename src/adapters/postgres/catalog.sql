-- One JSON document about a schema: what types can be made from it. No row when there is no such schema.
-- The schema's name is put in as a literal.
with target as (
  select n.oid, n.nspname from pg_catalog.pg_namespace n where n.nspname = $SCHEMA$
),
-- A type as the generators read it: the element of an array, the base of a domain.
kind as (
  select
    t.oid,
    jsonb_build_object(
      'name', coalesce(e.typname, b.typname, t.typname),
      'is_enum', coalesce(e.typtype, b.typtype, t.typtype) = 'e'
        and coalesce(e.typnamespace, b.typnamespace, t.typnamespace) = (select oid from target),
      'is_array', e.oid is not null
    ) as described
  from pg_catalog.pg_type t
  left join pg_catalog.pg_type b on t.typtype = 'd' and b.oid = t.typbasetype
  left join pg_catalog.pg_type e on e.oid = nullif(coalesce(b.typelem, t.typelem), 0)
    and coalesce(b.typcategory, t.typcategory) = 'A'
)
select jsonb_build_object(
  'schema', (select nspname from target),
  'enums', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', t.typname,
      'values', (select jsonb_agg(v.enumlabel order by v.enumsortorder)
        from pg_catalog.pg_enum v where v.enumtypid = t.oid)
    ))
    from pg_catalog.pg_type t
    where t.typtype = 'e' and t.typnamespace = (select oid from target)
  ), '[]'),
  'relations', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', c.relname,
      'is_view', c.relkind in ('v', 'm'),
      'columns', coalesce((
        select jsonb_agg(jsonb_build_object(
          'name', a.attname,
          'type', kind.described,
          'nullable', not a.attnotnull,
          'has_default', a.atthasdef or a.attidentity <> '',
          'writable', a.attgenerated = '' and a.attidentity <> 'a'
        ) order by a.attnum)
        from pg_catalog.pg_attribute a
        join kind on kind.oid = a.atttypid
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      ), '[]'),
      'foreign_keys', coalesce((
        select jsonb_agg(jsonb_build_object(
          'name', k.conname,
          'columns', (select jsonb_agg(a.attname order by place)
            from unnest(k.conkey) with ordinality as key(attnum, place)
            join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.attnum),
          'table', r.relname,
          'referenced', (select jsonb_agg(a.attname order by place)
            from unnest(k.confkey) with ordinality as key(attnum, place)
            join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = key.attnum),
          'is_one_to_one', exists (
            select from pg_catalog.pg_constraint u
            where u.conrelid = k.conrelid and u.contype in ('p', 'u')
              and u.conkey @> k.conkey and u.conkey <@ k.conkey)
        ))
        from pg_catalog.pg_constraint k
        join pg_catalog.pg_class r on r.oid = k.confrelid
        where k.conrelid = c.oid and k.contype = 'f' and r.relnamespace = (select oid from target)
      ), '[]'),
      'checks', coalesce((
        select jsonb_agg(pg_catalog.pg_get_constraintdef(k.oid))
        from pg_catalog.pg_constraint k
        where k.conrelid = c.oid and k.contype = 'c'
      ), '[]')
    ))
    from pg_catalog.pg_class c
    where c.relnamespace = (select oid from target) and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and not c.relispartition
      and not exists (select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  ), '[]'),
  -- Functions that can be called by name: no triggers, no overloads, every input argument named.
  'functions', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', p.proname,
      'arguments', coalesce((
        select jsonb_agg(jsonb_build_object(
          'name', p.proargnames[place],
          'type', kind.described,
          'has_default', place > p.pronargs - p.pronargdefaults
        ) order by place)
        from unnest(p.proargtypes::oid[]) with ordinality as argument(type, place)
        join kind on kind.oid = argument.type
      ), '[]'),
      'returns', (select described from kind where kind.oid = p.prorettype),
      'returns_set', p.proretset,
      'returns_relation', (select r.relname from pg_catalog.pg_type t
        join pg_catalog.pg_class r on r.oid = t.typrelid and r.relkind in ('r', 'p', 'v', 'm', 'f')
        where t.oid = p.prorettype and r.relnamespace = (select oid from target)),
      'returns_void', p.prorettype = 'pg_catalog.void'::regtype
    ))
    from pg_catalog.pg_proc p
    where p.pronamespace = (select oid from target) and p.prokind = 'f'
      and coalesce(p.proargmodes::text[] <@ '{i,t}', true)
      and p.prorettype not in ('pg_catalog.trigger'::regtype, 'pg_catalog.event_trigger'::regtype)
      and coalesce(array_length(p.proargnames, 1), 0) >= p.pronargs
      and not ('' = any (coalesce(p.proargnames[1:p.pronargs], '{}')))
      and not exists (select from pg_catalog.pg_proc o
        where o.pronamespace = p.pronamespace and o.proname = p.proname and o.oid <> p.oid)
      and not exists (select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  ), '[]')
)::text
from target
