-- What decides who may do what, as one JSON document: who is connected, the roles of the API, tables and views, policies, grants,
-- and the rights that follow from them by the same rules as in a dry run. `$PEOPLE$` stands for the users that were asked for.
with every_right (role, id, object, verb, verdict, digest, why, passes, parts, touched) as ($RIGHTS$),
-- What the matrix shows of them: no memberships, and nothing on catalogs or that row level security does not hold for.
rights as (
  select * from every_right e where e.why not in ('beyond', 'member', 'system')
),
space as (
  select n.oid, n.nspname from pg_catalog.pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'supabase_migrations')
),
rel as (
  select c.oid, c.relkind, c.relname, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity, c.reltuples, c.reloptions, s.nspname
  from pg_catalog.pg_class c join space s on s.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f')
),
role as (
  select r.oid, r.rolname, r.rolbypassrls, api.is_of_api
  from pg_catalog.pg_roles r
  cross join lateral (select exists (select from pg_catalog.pg_auth_members m join pg_catalog.pg_roles a on a.oid = m.member
    where m.roleid = r.oid and a.rolname = 'authenticator') as is_of_api) api
  -- The same as those of the rights: the platform's own are none of a project.
  where not r.rolsuper and r.rolname !~ '^pg_' and r.rolname <> session_user
    and r.rolname not in ('postgres', 'dashboard_user', 'authenticator') and r.rolname !~ '^supabase_'
    and (r.rolname in ('anon', 'authenticated', 'service_role') or api.is_of_api or r.rolname in (select role from rights where why <> 'owner'))
),
verb (word) as (values ('select'), ('insert'), ('update'), ('delete'))
select pg_catalog.json_build_object(
  'connection', (select pg_catalog.json_build_object('role', r.rolname, 'passes', r.rolsuper or r.rolbypassrls)
    from pg_catalog.pg_roles r where r.rolname = current_user),
  'exposed', (select pg_catalog.substr(s, 18) from pg_catalog.pg_db_role_setting d
    join pg_catalog.pg_roles a on a.oid = d.setrole and a.rolname = 'authenticator'
    cross join pg_catalog.unnest(d.setconfig) s where pg_catalog.starts_with(s, 'pgrst.db_schemas=') limit 1),
  'roles', (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', role.rolname, 'passes', role.rolbypassrls,
      'is_of_api', role.is_of_api,
      'may_set', pg_catalog.pg_has_role(current_user, role.oid,
        case when pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 160000 then 'set' else 'member' end),
      'has', (select coalesce(pg_catalog.json_agg(o.rolname order by o.rolname), '[]') from pg_catalog.pg_roles o
        where pg_catalog.pg_has_role(role.oid, o.oid, 'usage')),
      'schemas', (select coalesce(pg_catalog.json_agg(space.nspname order by space.nspname), '[]') from space
        where pg_catalog.has_schema_privilege(role.oid, space.oid, 'usage'))) order by role.rolname), '[]') from role),
  'schemas', (select coalesce(pg_catalog.json_agg(space.nspname order by space.nspname), '[]') from space),
  'tables', (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('id', rel.oid::pg_catalog.int8, 'schema', rel.nspname, 'name', rel.relname,
      'kind', rel.relkind, 'owner', pg_catalog.pg_get_userbyid(rel.relowner), 'secured', rel.relrowsecurity, 'forced', rel.relforcerowsecurity,
      'invokes', exists (select from pg_catalog.unnest(rel.reloptions) o where pg_catalog.lower(o) in ('security_invoker=true',
        'security_invoker=on', 'security_invoker=1', 'security_invoker=yes')),
      'columns', (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname,
          'is_given', a.attgenerated <> '' or a.attidentity <> '', 'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid)) order by a.attnum), '[]')
        from pg_catalog.pg_attribute a left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum and a.attgenerated = ''
        where a.attrelid = rel.oid and a.attnum > 0 and not a.attisdropped),
      'key', (select coalesce(pg_catalog.json_agg(a.attname order by k.n), '[]') from pg_catalog.pg_index i
        cross join pg_catalog.unnest(i.indkey) with ordinality k (attnum, n)
        join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
        where i.indrelid = rel.oid and i.indisprimary),
      'reads', (select coalesce(pg_catalog.json_agg(distinct d.refobjid::pg_catalog.int8), '[]') from pg_catalog.pg_rewrite w
        join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = w.oid
          and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid <> rel.oid
        where rel.relkind = 'v' and w.ev_class = rel.oid and w.rulename = '_RETURN'),
      'closed_to', (select coalesce(pg_catalog.json_agg(verb.word), '[]') from verb
        where rel.relkind in ('v', 'm') and verb.word <> 'select' and pg_catalog.pg_relation_is_updatable(rel.oid, true)
          & case verb.word when 'update' then 4 when 'insert' then 8 else 16 end = 0)
    ) order by rel.nspname, rel.relname), '[]') from rel),
  'policies', (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('table', p.polrelid::pg_catalog.int8, 'name', p.polname,
      'verb', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      'permissive', p.polpermissive,
      'roles', (select pg_catalog.json_agg(case when o = 0 then 'public' else pg_catalog.pg_get_userbyid(o)::pg_catalog.text end) from pg_catalog.unnest(p.polroles) o),
      'applies', (select coalesce(pg_catalog.json_agg(role.rolname order by role.rolname), '[]') from role
        where 0 = any (p.polroles) or exists (select from pg_catalog.unnest(p.polroles) o where o <> 0 and pg_catalog.pg_has_role(role.oid, o, 'usage'))),
      'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
      order by p.polname), '[]') from pg_catalog.pg_policy p where p.polrelid in (select oid from rel)),
  'held', (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(role.rolname, rel.oid::pg_catalog.int8, verb.word,
      case when not pg_catalog.has_table_privilege(role.oid, rel.oid, verb.word) then (select pg_catalog.json_agg(a.attname order by a.attnum)
        from pg_catalog.pg_attribute a where a.attrelid = rel.oid and a.attnum > 0 and not a.attisdropped
          and pg_catalog.has_column_privilege(role.oid, rel.oid, a.attnum, verb.word)) end)), '[]')
    from role cross join rel cross join verb
    where pg_catalog.has_table_privilege(role.oid, rel.oid, verb.word)
      or verb.word <> 'delete' and pg_catalog.has_any_column_privilege(role.oid, rel.oid, verb.word)),
  'grants', (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(g.oid::pg_catalog.int8,
      case when g.grantee = 0 then 'public' else pg_catalog.pg_get_userbyid(g.grantee)::pg_catalog.text end, pg_catalog.lower(g.privilege_type), g.attname)), '[]')
    from (select rel.oid, x.grantee, x.privilege_type, null::pg_catalog.name as attname from rel
        cross join pg_catalog.aclexplode(coalesce(rel.relacl, pg_catalog.acldefault('r', rel.relowner))) x
      union all
      select rel.oid, x.grantee, x.privilege_type, a.attname from rel
        join pg_catalog.pg_attribute a on a.attrelid = rel.oid and a.attacl is not null and not a.attisdropped
        cross join pg_catalog.aclexplode(a.attacl) x) g
    where g.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')),
  'rights', (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(r.role, r.id::pg_catalog.text, r.object, r.verb, r.verdict, r.digest, r.why,
    r.passes::pg_catalog.text)), '[]') from rights r),
  'people', $PEOPLE$)::pg_catalog.text as supadeck
