-- What is doubtful about access, and about what makes it slow: rule, schema, object, what exactly, the statement that mends it and the
-- one that takes that back, both null where only a person can decide. The classes are those of Supabase's database advisors.
with place (oid, schema) as (
  select n.oid, n.nspname from pg_catalog.pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'auth', 'storage', 'vault', 'extensions', 'realtime', 'graphql', 'graphql_public',
    'supabase_functions', 'supabase_migrations', 'cron', 'net', 'pgmq', 'pgroonga', 'pgsodium', 'pgsodium_masks', 'pgtle', 'pgbouncer', 'repack', 'tiger',
    'topology', '_timescaledb_cache', '_timescaledb_catalog', '_timescaledb_config', '_timescaledb_internal')
),
exposed (schema) as (
  select pg_catalog.btrim(s, ' "') from pg_catalog.regexp_split_to_table(coalesce((select pg_catalog.substr(v, 18)
    from pg_catalog.pg_db_role_setting d join pg_catalog.pg_roles a on a.oid = d.setrole and a.rolname = 'authenticator'
    cross join pg_catalog.unnest(d.setconfig) v where pg_catalog.starts_with(v, 'pgrst.db_schemas=') limit 1), 'public'), ',') s
),
rel as (
  select c.oid, c.relkind, c.relname, c.relrowsecurity, c.relacl, p.schema, p.schema in (select schema from exposed) as in_api,
    pg_catalog.format('%I.%I', p.schema, c.relname) as name,
    exists (select from pg_catalog.unnest(c.reloptions) o where pg_catalog.lower(o) in ('security_invoker=true', 'security_invoker=on',
      'security_invoker=1', 'security_invoker=yes')) as invokes,
    (select pg_catalog.string_agg(r.rolname, ', ' order by r.rolname) from pg_catalog.pg_roles r
      where r.rolname in ('anon', 'authenticated') and pg_catalog.has_table_privilege(r.oid, c.oid, 'select')) as readers
  from pg_catalog.pg_class c join place p on p.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f')
    and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
),
pol as (
  select rel.oid, rel.schema, rel.relname, rel.name, rel.relrowsecurity, p.polname, p.polcmd, p.polpermissive, p.polroles,
    pg_catalog.pg_get_expr(p.polqual, p.polrelid) as shows, pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as takes
  from pg_catalog.pg_policy p join rel on rel.oid = p.polrelid and rel.relkind in ('r', 'p')
),
-- A call that is made once a statement and not once a row stands behind SELECT.
slow as (
  select pol.*, pg_catalog.regexp_replace(shows, $$(?<!SELECT )(?<!SELECT \()(?<!SELECT \(\()(?<![.\w"])(auth\.(?:uid|jwt|role|email)\(\)|current_setting\([^()]*\))$$, '(select \1)', 'g') as shows_once,
    pg_catalog.regexp_replace(takes, $$(?<!SELECT )(?<!SELECT \()(?<!SELECT \(\()(?<![.\w"])(auth\.(?:uid|jwt|role|email)\(\)|current_setting\([^()]*\))$$, '(select \1)', 'g') as takes_once
  from pol where relrowsecurity
),
fn as (
  select p.oid, s.schema, p.proname, p.prosecdef, p.proconfig, p.proacl, p.prokind, p.prorettype, s.schema in (select schema from exposed) as in_api,
    pg_catalog.format('%I.%I(%s)', s.schema, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) as name
  from pg_catalog.pg_proc p join place s on s.oid = p.pronamespace
  where p.prokind in ('f', 'p', 'w')
    and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
),
foreign_key as (
  select k.conrelid, k.conname, k.conkey, rel.schema, rel.relname, rel.name,
    (select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by c.n) from pg_catalog.unnest(k.conkey) with ordinality c (number, n)
      join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = c.number) as columns
  from pg_catalog.pg_constraint k join rel on rel.oid = k.conrelid
  where k.contype = 'f' and not exists (select from pg_catalog.pg_index i where i.indrelid = k.conrelid and i.indisvalid and i.indpred is null
    and (pg_catalog.string_to_array(i.indkey::text, ' ')::pg_catalog.int2[])[1:pg_catalog.array_length(k.conkey, 1)] = k.conkey)
),
index_twin as (
  select rel.schema, rel.relname, pg_catalog.array_agg(pg_catalog.format('%I.%I', rel.schema, c.relname) order by i.indisprimary desc, i.indisunique desc, c.relname) as names,
    pg_catalog.array_agg(i.indexrelid order by i.indisprimary desc, i.indisunique desc, c.relname) as ids
  from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid join rel on rel.oid = i.indrelid
  where rel.relkind in ('r', 'm') and i.indisvalid and not i.indisreplident and not c.relispartition
  group by rel.oid, rel.schema, rel.relname, c.relam, i.indisunique, i.indnullsnotdistinct, i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text,
    pg_catalog.pg_get_expr(i.indexprs, i.indrelid), pg_catalog.pg_get_expr(i.indpred, i.indrelid)
  having pg_catalog.count(*) > 1
),
found (rule, schema, object, what, mend, undo) as (
  select 'rls_disabled_in_public', schema, relname, pg_catalog.concat('readable by ', readers),
    -- Without a policy it would be closed to everybody.
    null, null
  from rel where relkind in ('r', 'p') and not relrowsecurity and readers is not null and in_api
  union all
  select 'policy_exists_rls_disabled', schema, relname, pg_catalog.string_agg(pg_catalog.quote_ident(polname), ', ' order by polname),
    pg_catalog.format('alter table %s enable row level security', name), pg_catalog.format('alter table %s disable row level security', name)
  from pol where not relrowsecurity group by schema, relname, name
  union all
  select 'rls_enabled_no_policy', schema, relname, '', null, null
  from rel where relkind in ('r', 'p') and relrowsecurity and not exists (select from pg_catalog.pg_policy p where p.polrelid = rel.oid)
  union all
  select 'security_definer_view', schema, relname, pg_catalog.concat('readable by ', readers),
    -- Whoever reads it may have no right on the tables behind it.
    null, null
  from rel where relkind = 'v' and not invokes and readers is not null and in_api
  union all
  select distinct 'auth_users_exposed', v.schema, v.relname, pg_catalog.concat('readable by ', v.readers),
    case when not is_for_all then pg_catalog.format('revoke select on %s from %s', v.name, v.readers) end,
    case when not is_for_all then pg_catalog.format('grant select on %s to %s', v.name, v.readers) end
  from rel v join pg_catalog.pg_rewrite w on w.ev_class = v.oid
  join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = w.oid and d.deptype = 'n'
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  join pg_catalog.pg_class u on u.oid = d.refobjid and u.relname = 'users'
  join pg_catalog.pg_namespace n on n.oid = u.relnamespace and n.nspname = 'auth'
  cross join lateral (select exists (select from pg_catalog.aclexplode(v.relacl) a where a.grantee = 0) as is_for_all) g
  where v.readers is not null and v.in_api and (v.relkind = 'm' or v.relkind = 'v' and (not v.invokes or not u.relrowsecurity))
  union all
  select 'auth_rls_initplan', schema, relname, polname::text,
    pg_catalog.format('alter policy %I on %s%s%s', polname, name, ' using (' || shows_once || ')', ' with check (' || takes_once || ')'),
    pg_catalog.format('alter policy %I on %s%s%s', polname, name, ' using (' || shows || ')', ' with check (' || takes || ')')
  from slow where shows_once is distinct from shows or takes_once is distinct from takes
  union all
  select 'multiple_permissive_policies', pol.schema, pol.relname,
    pg_catalog.format('%s for %s: %s', r.rolname, verb.word, pg_catalog.string_agg(pg_catalog.quote_ident(pol.polname), ', ' order by pol.polname)), null, null
  from pol join pg_catalog.pg_roles r on r.oid = any (pol.polroles) or pol.polroles = array[0::pg_catalog.oid]
  cross join (values ('select', 'r'::"char"), ('insert', 'a'), ('update', 'w'), ('delete', 'd')) verb (word, command)
  where pol.polpermissive and pol.polcmd in ('*', verb.command) and not r.rolbypassrls and r.rolname !~ '^(pg_|supabase.*admin$)'
  group by pol.schema, pol.relname, r.rolname, verb.word having pg_catalog.count(*) > 1
  union all
  select 'function_search_path_mutable', schema, proname, name,
    -- A procedure that has a setting cannot commit.
    case when prokind <> 'p' then pg_catalog.format('alter routine %s set search_path = %s, extensions, pg_temp', name,
      case schema when 'public' then 'public' else pg_catalog.quote_ident(schema) || ', public' end) end,
    case when prokind <> 'p' then pg_catalog.format('alter routine %s reset search_path', name) end
  from fn where not exists (select from pg_catalog.unnest(proconfig) c where pg_catalog.starts_with(c, 'search_path='))
  union all
  select case r.rolname when 'anon' then 'anon_security_definer_function_executable' else 'authenticated_security_definer_function_executable' end,
    fn.schema, fn.proname, fn.name,
    -- What a policy, a view or a default calls has to stay callable; what everybody has is taken from everybody.
    case when is_needed then null when g.names ~ '\mpublic\M' and r.rolname = 'anon' then pg_catalog.format(
        'revoke execute on routine %1$s from public, anon; grant execute on routine %1$s to authenticated, service_role', fn.name)
      when g.names !~ '\mpublic\M' then pg_catalog.format('revoke execute on routine %s from %s', fn.name, g.names) end,
    case when is_needed then null when g.names ~ '\mpublic\M' and r.rolname = 'anon' then pg_catalog.format('grant execute on routine %s to %s', fn.name, g.names)
      when g.names !~ '\mpublic\M' then pg_catalog.format('grant execute on routine %s to %s', fn.name, g.names) end
  from fn join pg_catalog.pg_roles r on r.rolname in ('anon', 'authenticated') and pg_catalog.has_function_privilege(r.oid, fn.oid, 'execute')
  cross join lateral (select pg_catalog.string_agg(x.name, ', ' order by x.name) as names from (
    select case a.grantee when 0 then 'public' else pg_catalog.quote_ident(r.rolname) end as name
    from pg_catalog.aclexplode(coalesce(fn.proacl, (select pg_catalog.acldefault('f', p.proowner) from pg_catalog.pg_proc p where p.oid = fn.oid))) a
    where a.privilege_type = 'EXECUTE' and a.grantee in (0, r.oid)) x) g
  cross join lateral (select exists (select from pg_catalog.pg_depend d where d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.refobjid = fn.oid
    and d.classid in ('pg_catalog.pg_policy'::pg_catalog.regclass, 'pg_catalog.pg_rewrite'::pg_catalog.regclass, 'pg_catalog.pg_attrdef'::pg_catalog.regclass,
      'pg_catalog.pg_constraint'::pg_catalog.regclass, 'pg_catalog.pg_class'::pg_catalog.regclass)) as is_needed) n
  where fn.prosecdef and fn.in_api and g.names is not null
    and fn.prorettype not in ('trigger'::pg_catalog.regtype, 'event_trigger'::pg_catalog.regtype)
  union all
  -- What names its types and functions would have to be changed with it.
  select 'extension_in_public', 'public', e.extname, '', null, null
  from pg_catalog.pg_extension e where e.extname <> 'plpgsql' and e.extnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = 'public')
  union all
  select case relkind when 'm' then 'materialized_view_in_api' else 'foreign_table_in_api' end, schema, relname, pg_catalog.concat('readable by ', readers),
    case when not is_for_all then pg_catalog.format('revoke select on %s from %s', name, readers) end,
    case when not is_for_all then pg_catalog.format('grant select on %s to %s', name, readers) end
  from rel cross join lateral (select exists (select from pg_catalog.aclexplode(rel.relacl) a where a.grantee = 0) as is_for_all) g where relkind in ('m', 'f') and readers is not null and in_api
  union all
  select 'rls_references_user_metadata', schema, relname, polname::text, null, null
  from pol where pg_catalog.concat(shows, ' ', takes) ~ '(auth\.jwt\(\)|current_setting\(.*request\.jwt\.claims).*user_metadata'
  union all
  select 'rls_policy_always_true', schema, relname, polname::text, null, null
  from pol where relrowsecurity and polpermissive
    and (polroles = array[0::pg_catalog.oid] or exists (select from pg_catalog.pg_roles r where r.oid = any (polroles) and r.rolname in ('anon', 'authenticated')))
    and (polcmd in ('w', 'd', '*') and shows in ('true', '(1 = 1)') or takes in ('true', '(1 = 1)'))
  union all
  select 'unindexed_foreign_keys', schema, relname, conname::text,
    pg_catalog.format('create index %I on %s (%s)', pg_catalog.left(pg_catalog.concat(relname, '_', conname), 57) || '_idx', name, columns),
    pg_catalog.format('drop index %I.%I', schema, pg_catalog.left(pg_catalog.concat(relname, '_', conname), 57) || '_idx')
  from foreign_key
  union all
  select 'no_primary_key', schema, relname, '', null, null
  from rel where relkind in ('r', 'p') and not exists (select from pg_catalog.pg_index i where i.indrelid = rel.oid and i.indisprimary)
  union all
  select 'duplicate_index', schema, relname, pg_catalog.array_to_string(names, ', '),
    (select pg_catalog.string_agg('drop index ' || n, '; ') from pg_catalog.unnest(names[2:]) n),
    (select pg_catalog.string_agg(pg_catalog.pg_get_indexdef(i), '; ') from pg_catalog.unnest(ids[2:]) i)
  from index_twin
  where not exists (select from pg_catalog.pg_constraint k where k.conindid = any (ids[2:]))
)
select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('rule', rule, 'schema', schema, 'object', object, 'what', what, 'mend', mend, 'undo', undo)
  order by rule, schema, object, what), '[]')::pg_catalog.text as supadeck from found
