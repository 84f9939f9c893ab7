-- The catalog of every schema that belongs to users, one row an object: kind, the relation it belongs to, name, and its
-- properties as one JSON object of texts, and which entry of the catalogs it is. Run with an empty search_path, so that every name is written in full.
-- Left out: system schemas, the books of migrations, and everything that belongs to an extension.
with recursive space as (
  select n.oid, n.nspname, n.nspowner, n.nspacl from pg_catalog.pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'supabase_migrations')
),
owned as (
  select d.classid, d.objid from pg_catalog.pg_depend d where d.deptype = 'e'
),
rel as (
  select c.*, pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(c.relname) as name
  from pg_catalog.pg_class c join space s on s.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'f', 'v', 'm', 'S', 'c')
    and not exists (select from owned o where o.classid = 'pg_catalog.pg_class'::regclass and o.objid = c.oid)
),
kind_of_relation (relkind, word) as (
  values ('r'::"char", 'table'), ('p', 'table'), ('f', 'foreign table'), ('v', 'view'), ('m', 'materialized view')
),
typ as (
  select t.*, pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(t.typname) as name
  from pg_catalog.pg_type t join space s on s.oid = t.typnamespace
  where (t.typtype in ('e', 'd', 'r') or (t.typtype = 'b' and t.typcategory <> 'A')
      or exists (select from rel where rel.relkind = 'c' and rel.oid = t.typrelid))
    and not exists (select from owned o where o.classid = 'pg_catalog.pg_type'::regclass and o.objid = t.oid)
),
proc as (
  select p.*, pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(p.proname)
    || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' as name
  from pg_catalog.pg_proc p join space s on s.oid = p.pronamespace
  where not exists (select from owned o where o.classid = 'pg_catalog.pg_proc'::regclass and o.objid = p.oid)
),
-- The platform's own roles, and the one that asks.
platform (rolname) as (
  values ('postgres'), ('dashboard_user'), ('authenticator'), ('pgbouncer'), ('pgsodium_keyholder'), ('pgsodium_keyiduser'), ('pgsodium_keymaker'), ('pgtle_admin'), ('cli_login_postgres'), ('supabase_admin'), ('supabase_auth_admin'), ('supabase_storage_admin'), ('supabase_functions_admin'), ('supabase_realtime_admin'), ('supabase_replication_admin'), ('supabase_etl_admin'), ('supabase_read_only_user'), ('supabase_privileged_role'), ('supabase_superuser'), (session_user)
),
-- Whom this database concerns: the roles of the API, those that own something here, are granted something or are named in a policy, those
-- that everything is open to, the groups that Postgres has, and whoever is a member of one of them, over however many roles.
concerned (oid) as (
  select one.oid from (
    select r.oid from pg_catalog.pg_roles r
    where r.rolname in ('anon', 'authenticated', 'service_role', 'postgres') or r.rolname ~ '^pg_' or r.rolbypassrls or r.rolsuper
    union
    select m.roleid from pg_catalog.pg_auth_members m join pg_catalog.pg_roles a on a.oid = m.member where a.rolname = 'authenticator'
    union select c.relowner from pg_catalog.pg_class c join space s on s.oid = c.relnamespace
    union select p.proowner from pg_catalog.pg_proc p join space s on s.oid = p.pronamespace
    union select n.nspowner from pg_catalog.pg_namespace n join space s on s.oid = n.oid
    union select a.grantee from pg_catalog.pg_class c join space s on s.oid = c.relnamespace cross join lateral pg_catalog.aclexplode(c.relacl) a
    union
    select a.grantee from pg_catalog.pg_attribute t join pg_catalog.pg_class c on c.oid = t.attrelid join space s on s.oid = c.relnamespace
    cross join lateral pg_catalog.aclexplode(t.attacl) a where t.attacl is not null
    union select a.grantee from pg_catalog.pg_proc p join space s on s.oid = p.pronamespace cross join lateral pg_catalog.aclexplode(p.proacl) a
    union select a.grantee from pg_catalog.pg_namespace n join space s on s.oid = n.oid cross join lateral pg_catalog.aclexplode(n.nspacl) a
    union select o from pg_catalog.pg_policy p cross join lateral pg_catalog.unnest(p.polroles) o
  ) one (oid)
  union
  select m.member from concerned c join pg_catalog.pg_auth_members m on m.roleid = c.oid
),
thing (classid, objid, subid, kind, parent, name, owner, acl, said) as (
  select 'pg_catalog.pg_namespace'::regclass::oid, s.oid, 0, 'schema', null::text, pg_catalog.quote_ident(s.nspname),
    s.nspowner, coalesce(s.nspacl, pg_catalog.acldefault('n', s.nspowner)), '{}'::jsonb
  from space s
  where not exists (select from owned o where o.classid = 'pg_catalog.pg_namespace'::regclass and o.objid = s.oid)
  union all
  select 'pg_catalog.pg_extension'::regclass, e.oid, 0, 'extension', null, pg_catalog.quote_ident(e.extname),
    e.extowner, null, jsonb_build_object('version', e.extversion, 'schema', n.nspname)
  from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
  union all
  select 'pg_catalog.pg_class'::regclass, r.oid, 0, k.word, null, r.name, r.relowner,
    coalesce(r.relacl, pg_catalog.acldefault('r', r.relowner)),
    jsonb_build_object(
      'persistence', case r.relpersistence when 'u' then 'unlogged' when 't' then 'temporary' end,
      'row level security', case when r.relrowsecurity then 'enabled' end,
      'row level security for the owner', case when r.relforcerowsecurity then 'forced' end,
      'options', (select pg_catalog.string_agg(o, ', ' order by o) from pg_catalog.unnest(r.reloptions) o),
      'definition', case when r.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(r.oid) end,
      'filled', case when r.relkind = 'm' and not r.relispopulated then 'no' end,
      'partitioned by', case when r.relkind = 'p' then pg_catalog.pg_get_partkeydef(r.oid) end,
      'partition', pg_catalog.pg_get_expr(r.relpartbound, r.oid),
      'inherits', (select pg_catalog.string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno)
        from pg_catalog.pg_inherits i where i.inhrelid = r.oid),
      'replica identity', case r.relreplident when 'f' then 'full' when 'n' then 'nothing' when 'i' then (
        select i.indexrelid::regclass::text from pg_catalog.pg_index i where i.indrelid = r.oid and i.indisreplident) end,
      'access method', (select m.amname from pg_catalog.pg_am m where m.oid = r.relam and m.amname <> 'heap'),
      'tablespace', (select t.spcname from pg_catalog.pg_tablespace t where t.oid = r.reltablespace),
      'of type', case when r.reloftype <> 0 then pg_catalog.format_type(r.reloftype, null) end,
      -- Options of foreign things can hold secrets, so only whether they differ is told.
      'foreign', (select s.srvname || ' ' || pg_catalog.md5(coalesce(f.ftoptions::text, '')) from pg_catalog.pg_foreign_table f
        join pg_catalog.pg_foreign_server s on s.oid = f.ftserver where f.ftrelid = r.oid)
    )
  from rel r join kind_of_relation k on k.relkind = r.relkind
  union all
  select 'pg_catalog.pg_class'::regclass, r.oid, 0, 'sequence', null, r.name, r.relowner,
    coalesce(r.relacl, pg_catalog.acldefault('s', r.relowner)),
    jsonb_build_object(
      'persistence', case r.relpersistence when 'u' then 'unlogged' when 't' then 'temporary' end,
      'type', pg_catalog.format_type(q.seqtypid, null),
      'values', q.seqstart || ' from ' || q.seqmin || ' to ' || q.seqmax || ' by ' || q.seqincrement
        || ' cache ' || q.seqcache || case when q.seqcycle then ' cycle' else '' end,
      'owned by', (select d.refobjid::regclass::text || '.' || pg_catalog.quote_ident(a.attname)
        from pg_catalog.pg_depend d
        join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = r.oid and d.deptype in ('a', 'i')
          and d.refclassid = 'pg_catalog.pg_class'::regclass limit 1)
    )
  from rel r join pg_catalog.pg_sequence q on q.seqrelid = r.oid
  union all
  select 'pg_catalog.pg_class'::regclass, r.oid, a.attnum, 'column', r.name, pg_catalog.quote_ident(a.attname), null, a.attacl,
    jsonb_build_object(
      'position', case when r.relkind not in ('v', 'm') then
        (pg_catalog.row_number() over (partition by a.attrelid order by a.attnum))::text end,
      'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
      'not null', case when a.attnotnull then 'yes' end,
      'default', case when a.attgenerated = '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) end,
      'generated', case when a.attgenerated <> '' then
        case a.attgenerated when 's' then 'stored ' else 'virtual ' end || pg_catalog.pg_get_expr(d.adbin, d.adrelid) end,
      'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
      'collation', case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end,
      'storage', case when a.attstorage <> t.typstorage then a.attstorage::text end,
      'compression', nullif(a.attcompression::text, ''),
      'statistics target', nullif(coalesce(a.attstattarget, -1), -1)::text,
      -- Some minor releases of Postgres count versions of a column among its options: new with each change, no setting.
      'options', (select pg_catalog.string_agg(o, ', ' order by o) from pg_catalog.unnest(a.attoptions) o where o !~ '^pg_attver='),
      'foreign options', pg_catalog.md5(a.attfdwoptions::text),
      'inherited', case when a.attinhcount > 0 then case when a.attislocal then 'and own' else 'yes' end end
    )
  from rel r
  join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  join pg_catalog.pg_type t on t.oid = a.atttypid
  left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where r.relkind <> 'S' and (
    -- A view's definition says which columns it has.
    r.relkind not in ('v', 'm') or a.attacl is not null or d.oid is not null or exists (
      select from pg_catalog.pg_description x
      where x.classoid = 'pg_catalog.pg_class'::regclass and x.objoid = r.oid and x.objsubid = a.attnum))
  union all
  select 'pg_catalog.pg_constraint'::regclass, c.oid, 0, 'constraint', coalesce(r.name, t.name),
    pg_catalog.quote_ident(c.conname), null, null,
    jsonb_build_object(
      'definition', pg_catalog.pg_get_constraintdef(c.oid),
      'validated', case when c.convalidated then 'yes' else 'no' end,
      'inherited', case when c.coninhcount > 0 then case when c.conislocal then 'and own' else 'yes' end end
    )
  from pg_catalog.pg_constraint c left join rel r on r.oid = c.conrelid left join typ t on t.oid = c.contypid
  -- Postgres 18 names what attnotnull says already.
  where coalesce(r.name, t.name) is not null and c.contype not in ('t', 'n')
  union all
  select 'pg_catalog.pg_class'::regclass, c.oid, 0, 'index', r.name, pg_catalog.quote_ident(c.relname), null, null,
    jsonb_build_object(
      'definition', pg_catalog.pg_get_indexdef(i.indexrelid),
      'valid', case when i.indisvalid then 'yes' else 'no' end,
      'clustered', case when i.indisclustered then 'yes' end,
      'tablespace', (select t.spcname from pg_catalog.pg_tablespace t where t.oid = c.reltablespace)
    )
  from rel r join pg_catalog.pg_index i on i.indrelid = r.oid join pg_catalog.pg_class c on c.oid = i.indexrelid
  where not exists (select from pg_catalog.pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
  union all
  select 'pg_catalog.pg_proc'::regclass, p.oid, 0, 'function', null, p.name, p.proowner,
    coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)),
    jsonb_build_object(
      'is a', case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' when 'w' then 'window function' end,
      'definition', case when p.prokind <> 'a' then pg_catalog.pg_get_functiondef(p.oid) else (
        select pg_catalog.concat_ws(' ', 'returns', pg_catalog.format_type(p.prorettype, null), 'step', g.aggtransfn::text,
          'type', pg_catalog.format_type(g.aggtranstype, null), 'final', g.aggfinalfn::text, 'combine', g.aggcombinefn::text,
          'start', g.agginitval, 'moving', g.aggmtransfn::text, 'sort', g.aggsortop::text, 'parallel', p.proparallel::text)
        from pg_catalog.pg_aggregate g where g.aggfnoid = p.oid) end,
      'security', case when p.prosecdef then 'definer' end,
      'settings', (select pg_catalog.string_agg(o, ', ' order by o) from pg_catalog.unnest(p.proconfig) o)
    )
  from proc p
  union all
  select 'pg_catalog.pg_trigger'::regclass, g.oid, 0, 'trigger', r.name, pg_catalog.quote_ident(g.tgname), null, null,
    jsonb_build_object('definition', pg_catalog.pg_get_triggerdef(g.oid), 'enabled',
      case g.tgenabled when 'O' then 'yes' when 'D' then 'no' when 'R' then 'on replicas' else 'always' end)
  from rel r join pg_catalog.pg_trigger g on g.tgrelid = r.oid and not g.tgisinternal
  union all
  select 'pg_catalog.pg_policy'::regclass, p.oid, 0, 'policy', r.name, pg_catalog.quote_ident(p.polname), null, null,
    jsonb_build_object(
      'kind', case when p.polpermissive then 'permissive' else 'restrictive' end,
      'for', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      'to', (select pg_catalog.string_agg(case when o = 0 then 'public' else pg_catalog.pg_get_userbyid(o)::text end, ', '
        order by pg_catalog.pg_get_userbyid(o)) from pg_catalog.unnest(p.polroles) o),
      'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
      'with check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
    )
  from rel r join pg_catalog.pg_policy p on p.polrelid = r.oid
  union all
  select 'pg_catalog.pg_rewrite'::regclass, w.oid, 0, 'rule', r.name, pg_catalog.quote_ident(w.rulename), null, null,
    jsonb_build_object('definition', pg_catalog.pg_get_ruledef(w.oid), 'enabled',
      case w.ev_enabled when 'O' then 'yes' when 'D' then 'no' when 'R' then 'on replicas' else 'always' end)
  from rel r join pg_catalog.pg_rewrite w on w.ev_class = r.oid and w.rulename <> '_RETURN'
  union all
  select 'pg_catalog.pg_type'::regclass, t.oid, 0, 'type', null, t.name, t.typowner,
    coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)),
    jsonb_build_object(
      'is a', case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'r' then 'range' when 'c' then 'composite' else 'base type' end,
      'labels', (select pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
        from pg_catalog.pg_enum e where e.enumtypid = t.oid),
      'base', case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end,
      'not null', case when t.typtype = 'd' and t.typnotnull then 'yes' end,
      'default', case when t.typtype = 'd' then t.typdefault end,
      'collation', case when t.typtype = 'd' and t.typcollation <> 0 then t.typcollation::regcollation::text end,
      'range of', (select pg_catalog.concat_ws(' ', pg_catalog.format_type(g.rngsubtype, null), g.rngsubdiff::text, g.rngcanonical::text)
        from pg_catalog.pg_range g where g.rngtypid = t.oid)
    )
  from typ t
  union all
  select 'pg_catalog.pg_statistic_ext'::regclass, x.oid, 0, 'statistics', null,
    pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(x.stxname), x.stxowner, null,
    jsonb_build_object('definition', pg_catalog.pg_get_statisticsobjdef(x.oid),
      'target', nullif(coalesce(pg_catalog.to_jsonb(x) ->> 'stxstattarget', '-1'), '-1'))
  from pg_catalog.pg_statistic_ext x join space s on s.oid = x.stxnamespace
  union all
  select 'pg_catalog.pg_operator'::regclass, o.oid, 0, 'operator', null, o.oid::regoperator::text, o.oprowner, null,
    jsonb_build_object('definition', pg_catalog.concat_ws(' ', o.oprcode::text, 'returns', pg_catalog.format_type(o.oprresult, null),
      'commutator', o.oprcom::regoperator::text, 'negator', o.oprnegate::regoperator::text, o.oprrest::text, o.oprjoin::text,
      o.oprcanmerge::text, o.oprcanhash::text))
  from pg_catalog.pg_operator o join space s on s.oid = o.oprnamespace
  union all
  select 'pg_catalog.pg_cast'::regclass, c.oid, 0, 'cast', null,
    pg_catalog.format_type(c.castsource, null) || ' as ' || pg_catalog.format_type(c.casttarget, null), null, null,
    jsonb_build_object('definition', pg_catalog.concat_ws(' ', nullif(c.castfunc, 0)::regprocedure::text, c.castcontext::text, c.castmethod::text))
  from pg_catalog.pg_cast c where c.oid >= 16384
  union all
  select 'pg_catalog.pg_collation'::regclass, c.oid, 0, 'collation', null,
    pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(c.collname), c.collowner, null,
    jsonb_build_object('definition', (pg_catalog.to_jsonb(c) - 'oid' - 'collnamespace' - 'collowner')::text)
  from pg_catalog.pg_collation c join space s on s.oid = c.collnamespace
  union all
  select 'pg_catalog.pg_event_trigger'::regclass, e.oid, 0, 'event trigger', null, pg_catalog.quote_ident(e.evtname), e.evtowner, null,
    jsonb_build_object('definition', pg_catalog.concat_ws(' ', 'on', e.evtevent, e.evttags::text, 'execute', e.evtfoid::regprocedure::text),
      'enabled', case e.evtenabled when 'O' then 'yes' when 'D' then 'no' when 'R' then 'on replicas' else 'always' end)
  from pg_catalog.pg_event_trigger e
  union all
  select 'pg_catalog.pg_publication'::regclass, p.oid, 0, 'publication', null, pg_catalog.quote_ident(p.pubname), p.pubowner, null,
    jsonb_build_object(
      'of', pg_catalog.concat_ws(', ', case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end,
        case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end),
      'through the root', case when p.pubviaroot then 'yes' end,
      'tables', case when p.puballtables then 'all' else (
        select pg_catalog.string_agg(pg_catalog.quote_ident(t.schemaname) || '.' || pg_catalog.quote_ident(t.tablename)
          || coalesce(' where ' || (pg_catalog.to_jsonb(t) ->> 'rowfilter'), ''), ', ' order by t.schemaname, t.tablename)
        from pg_catalog.pg_publication_tables t where t.pubname = p.pubname) end
    )
  from pg_catalog.pg_publication p
  union all
  select 'pg_catalog.pg_foreign_server'::regclass, s.oid, 0, 'server', null, pg_catalog.quote_ident(s.srvname), s.srvowner,
    coalesce(s.srvacl, pg_catalog.acldefault('S', s.srvowner)),
    jsonb_build_object('definition', pg_catalog.concat_ws(' ', w.fdwname, s.srvtype, s.srvversion, pg_catalog.md5(coalesce(s.srvoptions::text, ''))))
  from pg_catalog.pg_foreign_server s join pg_catalog.pg_foreign_data_wrapper w on w.oid = s.srvfdw
  union all
  select 'pg_catalog.pg_default_acl'::regclass, d.oid, 0, 'default privileges', null,
    'of ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.defaclrole)) || coalesce(' in ' || pg_catalog.quote_ident(s.nspname), '')
      || ' on ' || case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' else 'schemas' end,
    null, d.defaclacl, '{}'::jsonb
  from pg_catalog.pg_default_acl d left join space s on s.oid = d.defaclnamespace
  where d.defaclnamespace = 0 or s.oid is not null
  union all
  select 'pg_catalog.pg_database'::regclass, d.oid, 0, 'settings', null, 'of ' || w.name, null, null,
    (select coalesce(pg_catalog.jsonb_object_agg(pg_catalog.split_part(o, '=', 1),
        case when o ~ '^([a-z_]+|pgrst\.db_(schemas|anon_role|max_rows|extra_search_path|pre_request|aggregates_enabled|plan_enabled))='
          then pg_catalog.substr(o, pg_catalog.strpos(o, '=') + 1) else '(hidden, ' || pg_catalog."left"(pg_catalog.md5(o), 8) || ')' end), '{}')
      from pg_catalog.pg_db_role_setting s cross join pg_catalog.unnest(s.setconfig) o where s.setrole = 0 and s.setdatabase = w.oid)
  from pg_catalog.pg_database d cross join lateral (values (d.oid, 'this database'), (0, 'every database')) w (oid, name)
  where d.datname = pg_catalog.current_database()
    and exists (select from pg_catalog.pg_db_role_setting s where s.setrole = 0 and s.setdatabase = w.oid)
  union all
  -- Values of settings can be secrets: of those with a name of their own only whether they differ is told.
  select 'pg_catalog.pg_authid'::regclass, r.oid, 0, 'role', null, pg_catalog.quote_ident(r.rolname), null, null,
    jsonb_build_object(
      'passes row level security by', case when r.rolbypassrls then 'yes' end,
      'superuser', case when r.rolsuper then 'yes' end,
      'may log in', case when r.rolcanlogin then 'yes' end,
      'may create roles', case when r.rolcreaterole then 'yes' end,
      'inherits', case when not r.rolinherit then 'no' end,
      'member of', case when r.rolname <> 'authenticator' then (
        -- Since Postgres 16 each membership says for itself whether it is inherited.
        select pg_catalog.string_agg(distinct o.name, ', ' order by o.name) from (
          select pg_catalog.quote_ident(g.rolname) || case when pg_catalog.to_jsonb(m) ->> 'inherit_option' = 'false' then ' without inheriting' else '' end as name
          from pg_catalog.pg_auth_members m join pg_catalog.pg_roles g on g.oid = m.roleid where m.member = r.oid) o) end,
      'members', (select pg_catalog.string_agg(distinct pg_catalog.quote_ident(g.rolname), ', ' order by pg_catalog.quote_ident(g.rolname))
        from pg_catalog.pg_auth_members m join pg_catalog.pg_roles g on g.oid = m.member
        where m.roleid = r.oid and (g.rolname = 'authenticator' or g.rolname not in (select rolname from platform))),
      'settings', (select pg_catalog.string_agg(pg_catalog.concat(pg_catalog.split_part(o, '=', 1), '=',
          case when o ~ '^([a-z_]+|pgrst\.db_(schemas|anon_role|max_rows|extra_search_path|pre_request|aggregates_enabled|plan_enabled))='
            then pg_catalog.substr(o, pg_catalog.strpos(o, '=') + 1) else '(hidden, ' || pg_catalog."left"(pg_catalog.md5(o), 8) || ')' end,
          case when s.setdatabase <> 0 then ' in this database' end), ', ' order by o, s.setdatabase)
        from pg_catalog.pg_db_role_setting s cross join pg_catalog.unnest(s.setconfig) o
        where s.setrole = r.oid and s.setdatabase in (0, (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())))
    )
  from pg_catalog.pg_roles r
  join concerned c on c.oid = r.oid
  where r.rolname !~ '^pg_' and r.rolname not in (select rolname from platform) or r.rolname = 'authenticator'
),
granted as (
  select one.classid, one.objid, one.subid, pg_catalog.jsonb_object_agg('grant to ' || one.who, one.what) as said
  from (
    select t.classid, t.objid, t.subid,
      case when a.grantee = 0 then 'public' else pg_catalog.pg_get_userbyid(a.grantee)::text end as who,
      pg_catalog.string_agg(pg_catalog.lower(a.privilege_type) || case when a.is_grantable then ' with grant option' else '' end,
        ', ' order by a.privilege_type) as what
    from thing t cross join lateral pg_catalog.aclexplode(t.acl) a
    group by 1, 2, 3, 4
  ) one
  group by 1, 2, 3
)
select t.kind, t.parent, t.name, (pg_catalog.jsonb_strip_nulls(t.said || jsonb_build_object(
    'owner', case when t.owner is not null then pg_catalog.pg_get_userbyid(t.owner)::text end,
    'comment', d.description
  )) || coalesce(g.said, '{}'))::text, t.classid || '.' || t.objid || '.' || t.subid
from thing t
left join granted g on g.classid = t.classid and g.objid = t.objid and g.subid = t.subid
left join pg_catalog.pg_description d on d.classoid = t.classid and d.objoid = t.objid and d.objsubid = t.subid
where not exists (select from owned o where o.classid = t.classid and o.objid = t.objid)
