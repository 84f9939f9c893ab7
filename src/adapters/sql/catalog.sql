-- One JSON document about a schema: what types can be made from it. No row when there is no such schema.
-- The schema's name is put in as a literal.
with recursive target as (
  select n.oid, n.nspname from pg_catalog.pg_namespace n where n.nspname = $SCHEMA$
),
relation as (
  select c.oid, c.relname, c.relkind, c.reltype
  from pg_catalog.pg_class c
  where c.relnamespace = (select oid from target) and c.relkind in ('r', 'p', 'v', 'm', 'f')
),
attribute as not materialized (
  select a.attrelid, a.attnum, a.attname, a.atttypid, a.atthasdef, a.attidentity, a.attgenerated, a.attnotnull
  from pg_catalog.pg_attribute a
  where a.attnum > 0 and not a.attisdropped
),
function as (
  select p.oid, p.proname, p.prorettype, p.proretset, p.prorows, p.pronargdefaults,
    coalesce(p.proallargtypes, p.proargtypes::oid[]) as types, p.proargmodes as modes, p.proargnames as names
  from pg_catalog.pg_proc p
  where p.pronamespace = (select oid from target) and p.prokind = 'f'
    and p.prorettype not in ('pg_catalog.trigger'::regtype, 'pg_catalog.event_trigger'::regtype)
),
-- The types that are used, and those that they are made of.
used (oid) as (
  (
    select a.atttypid from relation r join attribute a on a.attrelid = r.oid
    union select r.reltype from relation r
    union select unnest(f.types) from function f
    union select f.prorettype from function f
    union select t.oid
      from pg_catalog.pg_type t left join pg_catalog.pg_class c on c.oid = t.typrelid
      where t.typnamespace = (select oid from target) and (t.typtype = 'e' or c.relkind = 'c')
  )
  union
  select part.oid
  from used
  join pg_catalog.pg_type t on t.oid = used.oid
  cross join lateral (
    select t.typelem
    union select t.typbasetype
    union select a.atttypid from attribute a where a.attrelid = t.typrelid
  ) as part (oid)
),
-- The views of the schema, and the views that those are made of.
view (oid) as (
  select r.oid from relation r where r.relkind in ('v', 'm')
  union
  select c.oid
  from view
  join pg_catalog.pg_rewrite w on w.ev_class = view.oid and w.rulename = '_RETURN'
  join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = w.oid
    and d.refclassid = 'pg_catalog.pg_class'::regclass
  join pg_catalog.pg_class c on c.oid = d.refobjid and c.relkind in ('v', 'm')
)
select jsonb_build_object(
  'schema', (select nspname from target),
  'types', coalesce((
    select jsonb_agg(jsonb_build_object(
      'id', t.oid::bigint,
      'name', t.typname,
      'kind', t.typtype,
      'is_own', t.typnamespace = (select oid from target),
      'format', pg_catalog.format_type(t.oid, null),
      'element', (select e.oid::bigint from pg_catalog.pg_type e where e.oid = t.typelem and e.typarray = t.oid),
      'items', case when t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc then t.typelem::bigint end,
      'base', nullif(t.typbasetype, 0)::bigint,
      'values', coalesce((select jsonb_agg(v.enumlabel order by v.enumsortorder)
        from pg_catalog.pg_enum v where v.enumtypid = t.oid), '[]'),
      'relation', (select c.oid::bigint from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind <> 'c'),
      'attributes', coalesce((select jsonb_agg(
          jsonb_build_object('name', a.attname, 'type', a.atttypid::bigint) order by a.attnum)
        from attribute a where a.attrelid = t.typrelid), '[]'),
      -- Postgres turns a type of an extension into JSON by its cast, where there is one.
      'has_json', t.oid >= 16384 and exists (select from pg_catalog.pg_cast k
        where k.castsource = t.oid and k.casttarget = 'pg_catalog.json'::regtype and k.castmethod = 'f')
    ))
    from pg_catalog.pg_type t
    join used on used.oid = t.oid
  ), '[]'),
  'relations', coalesce((
    select jsonb_agg(jsonb_build_object(
      'id', r.oid::bigint,
      'name', r.relname,
      'is_view', r.relkind in ('v', 'm'),
      -- The bits of insert and of update, with what triggers and rules make possible.
      'takes_inserts', case r.relkind when 'm' then false when 'v' then pg_catalog.pg_relation_is_updatable(r.oid, true) & 8 = 8 else true end,
      'takes_updates', case r.relkind when 'm' then false when 'v' then pg_catalog.pg_relation_is_updatable(r.oid, true) & 4 = 4 else true end,
      'columns', coalesce((
        select jsonb_agg(jsonb_build_object(
          'number', a.attnum,
          'name', a.attname,
          'type', a.atttypid::bigint,
          'nullable', not (a.attnotnull or t.typtype = 'd' and t.typnotnull
            or r.relkind in ('v', 'm') and coalesce(pg_catalog.col_description(r.oid, a.attnum) ~ '(?n)^\s*@notNull\s*$', false)),
          'has_default', a.atthasdef or a.attidentity <> '',
          'writable', case r.relkind
            when 'v' then pg_catalog.pg_column_is_updatable(r.oid, a.attnum, false)
              -- INSTEAD OF triggers for insert or update, and unconditional INSTEAD rules, take whole rows.
              or exists (select from pg_catalog.pg_trigger g
                where g.tgrelid = r.oid and g.tgtype & 64 <> 0 and g.tgtype & 20 <> 0 and not g.tgisinternal)
              or exists (select from pg_catalog.pg_rewrite w
                where w.ev_class = r.oid and w.is_instead and w.ev_type in ('2', '3') and w.ev_qual::text = '<>')
            else a.attgenerated = '' and a.attidentity <> 'a' end
        ) order by a.attnum)
        from attribute a
        join pg_catalog.pg_type t on t.oid = a.atttypid
        where a.attrelid = r.oid
      ), '[]'),
      'checks', coalesce((
        select jsonb_agg(pg_catalog.pg_get_constraintdef(k.oid))
        from pg_catalog.pg_constraint k
        where k.conrelid = r.oid and k.contype = 'c'
      ), '[]')
    ))
    from relation r
  ), '[]'),
  -- The foreign keys of every schema: a view of this one may show columns of another one's tables.
  'keys', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', k.conname,
      'is_own', o.relnamespace = (select oid from target),
      'relation', o.oid::bigint,
      'columns', (select jsonb_agg(jsonb_build_object('number', a.attnum, 'name', a.attname) order by place)
        from unnest(k.conkey) with ordinality as key (attnum, place)
        join attribute a on a.attrelid = k.conrelid and a.attnum = key.attnum),
      'refers_to_own', r.relnamespace = (select oid from target),
      'referenced', r.oid::bigint,
      'referenced_name', r.relname,
      'referenced_columns', (select jsonb_agg(jsonb_build_object('number', a.attnum, 'name', a.attname) order by place)
        from unnest(k.confkey) with ordinality as key (attnum, place)
        join attribute a on a.attrelid = k.confrelid and a.attnum = key.attnum),
      'is_one_to_one', exists (
        select from pg_catalog.pg_constraint u
        where u.conrelid = k.conrelid and u.contype in ('p', 'u')
          and u.conkey @> k.conkey and u.conkey <@ k.conkey)
    ))
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class o on o.oid = k.conrelid
    join pg_catalog.pg_class r on r.oid = k.confrelid
    where k.contype = 'f' and k.conparentid = 0
      and o.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  ), '[]'),
  'views', coalesce((
    select jsonb_agg(jsonb_build_object(
      'id', view.oid::bigint,
      -- PostgREST follows the views of the schemas that it serves and of its search path.
      'is_followed', n.oid = (select oid from target) or n.nspname in ('public', 'extensions'),
      'definition', w.ev_action::text,
      'required', coalesce((
        select jsonb_agg(jsonb_build_object('relation', d.refobjid::bigint, 'number', d.refobjsubid))
        from pg_catalog.pg_depend d
        join attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        join pg_catalog.pg_type t on t.oid = a.atttypid
        where d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = w.oid
          and d.refclassid = 'pg_catalog.pg_class'::regclass
          and (a.attnotnull or t.typtype = 'd' and t.typnotnull)
      ), '[]')
    ))
    from view
    join pg_catalog.pg_class c on c.oid = view.oid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_rewrite w on w.ev_class = view.oid and w.rulename = '_RETURN'
  ), '[]'),
  'functions', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', f.proname,
      'signature', pg_catalog.pg_get_function_arguments(f.oid),
      'arguments', coalesce((
        select jsonb_agg(jsonb_build_object(
          'name', coalesce(f.names[place], ''),
          'mode', coalesce(f.modes[place], 'i'),
          'type', argument.type::bigint
        ) order by place)
        from unnest(f.types) with ordinality as argument (type, place)
      ), '[]'),
      'defaults', f.pronargdefaults,
      'returns', f.prorettype::bigint,
      'returns_set', f.proretset,
      'returns_several', f.proretset and f.prorows > 1
    ))
    from function f
  ), '[]')
)::text
from target
