-- Everything that the migrations may make or change in schemas public and private, a line each, in an order that depends
-- on nothing but names. Needs an empty search_path, so that every name is written out. The owner's own privileges are
-- left out, and what newer versions of Postgres list in addition (the privilege MAINTAIN, NOT NULL as a constraint).
with
space as (
  select n.* from pg_catalog.pg_namespace n where n.nspname in ('public', 'private')
),
relation as (
  select c.*, s.nspname || '.' || c.relname as name
  from pg_catalog.pg_class c join space s on s.oid = c.relnamespace
  where c.relkind not in ('i', 'I', 't', 'c')
),
-- Every object with its heading and its access list.
object (section, name, class, oid, owner, acl, heading) as (
  select 1, s.nspname::text, 'pg_catalog.pg_namespace'::regclass, s.oid, s.nspowner,
    coalesce(s.nspacl, acldefault('n', s.nspowner)), 'schema ' || s.nspname
  from space s
  union all
  select 2, s.nspname || '.' || t.typname, 'pg_catalog.pg_type'::regclass, t.oid, t.typowner,
    coalesce(t.typacl, acldefault('T', t.typowner)),
    format('type %s.%s %s', s.nspname, t.typname, case t.typtype
      when 'e' then 'enum (' || (
        select string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid
      ) || ')'
      else t.typtype::text
    end)
  from pg_catalog.pg_type t join space s on s.oid = t.typnamespace
  where t.typelem = 0 and not exists (select from pg_catalog.pg_class c where c.reltype = t.oid and c.relkind <> 'c')
  union all
  select case r.relkind when 'v' then 4 else 3 end, r.name, 'pg_catalog.pg_class'::regclass, r.oid, r.relowner,
    coalesce(r.relacl, acldefault('r', r.relowner)),
    concat_ws(', ',
      case r.relkind when 'r' then 'table' when 'v' then 'view' when 'S' then 'sequence' else r.relkind::text end || ' ' || r.name,
      case when r.relkind = 'r' then 'row level security ' || case when r.relrowsecurity then 'on' else 'off' end end,
      case when r.relforcerowsecurity then 'forced' end,
      array_to_string(r.reloptions, ', '),
      case r.relpersistence when 'p' then null else r.relpersistence::text end)
  from relation r
  union all
  select 5, p.oid::regprocedure::text, 'pg_catalog.pg_proc'::regclass, p.oid, p.proowner,
    coalesce(p.proacl, acldefault('f', p.proowner)),
    format('function %s.%s(%s) returns %s', s.nspname, p.proname,
      pg_catalog.pg_get_function_arguments(p.oid), pg_catalog.pg_get_function_result(p.oid))
  from pg_catalog.pg_proc p join space s on s.oid = p.pronamespace
),
part (section, name, part, key, line) as (
  select o.section, o.name, 0, '', format('%s, owned by %s', o.heading, pg_catalog.pg_get_userbyid(o.owner))
  from object o
  union all
  select o.section, o.name, 1, '', '  comment ' || d.description
  from object o join pg_catalog.pg_description d on d.classoid = o.class and d.objoid = o.oid and d.objsubid = 0
  union all
  select o.section, o.name, 2, lpad(a.attnum::text, 4, '0'), concat_ws(' ',
    '  column', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
    case when a.attnotnull then 'not null' end,
    'default ' || pg_catalog.pg_get_expr(f.adbin, f.adrelid),
    nullif('generated ' || a.attgenerated::text, 'generated '), nullif('identity ' || a.attidentity::text, 'identity '),
    '-- ' || d.description)
  from object o
  join pg_catalog.pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
  left join pg_catalog.pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
  left join pg_catalog.pg_description d on d.classoid = o.class and d.objoid = o.oid and d.objsubid = a.attnum
  where o.class = 'pg_catalog.pg_class'::regclass
  union all
  select o.section, o.name, 3, k.conname, format('  constraint %s %s', k.conname, pg_catalog.pg_get_constraintdef(k.oid))
    || case when k.convalidated then '' else ' not valid' end
  from object o join pg_catalog.pg_constraint k on k.conrelid = o.oid and k.contype not in ('n', 't')
  where o.class = 'pg_catalog.pg_class'::regclass
  union all
  select o.section, o.name, 4, i.indexrelid::regclass::text, '  ' || pg_catalog.pg_get_indexdef(i.indexrelid)
    || case when i.indisvalid then '' else ' -- not valid' end
  from object o join pg_catalog.pg_index i on i.indrelid = o.oid
  where o.class = 'pg_catalog.pg_class'::regclass
  union all
  select o.section, o.name, 5, t.tgname, '  ' || pg_catalog.pg_get_triggerdef(t.oid)
    || case t.tgenabled when 'O' then '' else ' -- enabled: ' || t.tgenabled::text end
  from object o join pg_catalog.pg_trigger t on t.tgrelid = o.oid and not t.tgisinternal
  where o.class = 'pg_catalog.pg_class'::regclass
  union all
  select o.section, o.name, 6, p.polname, concat_ws(' ', '  policy', p.polname,
    case when p.polpermissive then 'permissive' else 'restrictive' end,
    'for', case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end,
    'to', (
      select string_agg(case member when 0 then 'public' else pg_catalog.pg_get_userbyid(member)::text end, ', ' order by member)
      from unnest(p.polroles) member
    ),
    'using ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid),
    'with check ' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
  from object o join pg_catalog.pg_policy p on p.polrelid = o.oid
  where o.class = 'pg_catalog.pg_class'::regclass
  union all
  -- The text of a body and of a view is in the migrations; here it is enough to see that it is another.
  select o.section, o.name, 7, '', concat_ws(', ', '  language ' || l.lanname,
    case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
    case when p.prosecdef then 'security definer' else 'security invoker' end,
    case when p.proisstrict then 'strict' end, case when p.proleakproof then 'leakproof' end,
    'set ' || array_to_string(p.proconfig, ' and '), 'body ' || md5(p.prosrc))
  from object o
  join pg_catalog.pg_proc p on p.oid = o.oid
  join pg_catalog.pg_language l on l.oid = p.prolang
  where o.class = 'pg_catalog.pg_proc'::regclass
  union all
  select o.section, o.name, 7, '', '  definition ' || md5(pg_catalog.pg_get_viewdef(o.oid))
  from object o where o.section = 4
  union all
  select o.section, o.name, 8, g.grantee || g.is_grantable, format('  grant %s to %s%s',
    string_agg(lower(g.privilege_type), ', ' order by g.privilege_type), g.grantee,
    case when g.is_grantable then ' with grant option' else '' end)
  from object o cross join lateral (
    select a.privilege_type, a.is_grantable,
      case a.grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(a.grantee)::text end as grantee
    from pg_catalog.aclexplode(o.acl) a where a.grantee <> o.owner and a.privilege_type <> 'MAINTAIN'
  ) g
  group by o.section, o.name, g.grantee, g.is_grantable
  union all
  select o.section, o.name, 9, a.attname, format('  column access of %s: %s', a.attname, a.attacl)
  from object o join pg_catalog.pg_attribute a on a.attrelid = o.oid and a.attacl is not null
  where o.class = 'pg_catalog.pg_class'::regclass
)
select line from part order by section, name collate "C", part, key collate "C"
