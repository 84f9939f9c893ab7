-- What each role may do with each table, view and function, as far as it is more than nothing: role, number of the object, its
-- name, the verb, how far it reaches, a digest of what decides that, why, whether the role passes row level security by, and a digest
-- of the partitions and heirs, of every level, whose rows a table or view shows (of what a change of rows runs as somebody else: triggers of
-- a security definer, and rules), and what this transaction changed that decides it
-- from further away: `code`, `data` or `shape`, a colon, and the names of what was changed, as far as they are few.
-- A view is digested by its rule and a policy by its tree, which name tables and columns by their numbers: a rename is no change. A superuser and an owner need no grant.
with recursive space as (
  select n.oid, n.nspname from pg_catalog.pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'supabase_migrations')
),
rel as (
  select c.oid, c.relkind, c.relowner, c.relacl, c.relnamespace, c.relrowsecurity, c.relforcerowsecurity,
    pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(c.relname) as name,
    exists (select from pg_catalog.unnest(c.reloptions) o where pg_catalog.lower(o) ~ '^security_invoker=(t|tr|tru|true|y|ye|yes|on|1)$') as invokes
  from pg_catalog.pg_class c join space s on s.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f')
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
role as (
  select r.oid, r.rolname, r.rolbypassrls or r.rolsuper as passes from pg_catalog.pg_roles r join concerned c on c.oid = r.oid
  where r.rolname !~ '^pg_' and r.oid <> (select u.oid from pg_catalog.pg_roles u where u.rolname = session_user)
    and r.rolname not in ('postgres', 'dashboard_user', 'authenticator', 'pgbouncer', 'pgsodium_keyholder', 'pgsodium_keyiduser', 'pgsodium_keymaker', 'pgtle_admin',
      'cli_login_postgres', 'supabase_admin', 'supabase_auth_admin', 'supabase_storage_admin', 'supabase_functions_admin', 'supabase_realtime_admin',
      'supabase_replication_admin', 'supabase_etl_admin', 'supabase_read_only_user', 'supabase_privileged_role', 'supabase_superuser')
),
verb (word, command) as (values ('select', 'r'::"char"), ('insert', 'a'), ('update', 'w'), ('delete', 'd'), ('truncate', 'x'), ('trigger', 'x')),
granted as (
  select role.oid as role, role.rolname, role.passes, rel.*, verb.word, verb.command,
    verb.command <> 'x' and rel.relkind in ('r', 'p') and rel.relrowsecurity and not role.passes
      and (rel.relforcerowsecurity or not pg_catalog.pg_has_role(role.oid, rel.relowner, 'usage')) as is_secured
  from role cross join rel cross join verb
  where pg_catalog.has_schema_privilege(role.oid, rel.relnamespace, 'usage')
    and (pg_catalog.has_table_privilege(role.oid, rel.oid, verb.word)
      or verb.word in ('select', 'insert', 'update') and pg_catalog.has_any_column_privilege(role.oid, rel.oid, verb.word))
    -- Nobody changes the rows of a materialized view.
    and (rel.relkind <> 'm' or verb.word = 'select')
),
policy as materialized (
  select p.polrelid, p.polcmd, p.polpermissive, p.polroles,
    -- Without a condition a permissive policy lets nothing through, and a restrictive one holds nothing back.
    coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), (not p.polpermissive)::text) as shows,
    coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), pg_catalog.pg_get_expr(p.polqual, p.polrelid), (not p.polpermissive)::text) as takes,
    -- Without the places in the text that it was read from.
    pg_catalog.regexp_replace(p.polqual::text, ':[a-z_]*(location|_len) -?[0-9]+', '', 'g') as shows_tree,
    pg_catalog.regexp_replace(coalesce(p.polwithcheck, p.polqual)::text, ':[a-z_]*(location|_len) -?[0-9]+', '', 'g') as takes_tree
  from pg_catalog.pg_policy p
),
-- What the rows of a table or view depend on: the tables that its policies or its rule read, and the functions that they call.
reads as (
  select p.polrelid as rel, d.refclassid, d.refobjid
  from pg_catalog.pg_policy p
  join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.objid = p.oid and d.refobjid <> p.polrelid
    and d.refclassid in ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass)
  union
  select w.ev_class, d.refclassid, d.refobjid
  from pg_catalog.pg_rewrite w
  join pg_catalog.pg_class c on c.oid = w.ev_class and c.relkind = 'v'
  join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = w.oid and d.refobjid <> w.ev_class
    and d.refclassid in ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass)
),
behind (rel, refclassid, refobjid) as (
  select rel, refclassid, refobjid from reads where rel in (select oid from rel)
  union
  select b.rel, r.refclassid, r.refobjid from behind b join reads r on r.rel = b.refobjid and b.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
),
heir (top, oid) as (
  select i.inhparent, i.inhrelid from pg_catalog.pg_inherits i where i.inhrelid in (select oid from rel)
  union
  select h.top, i.inhrelid from heir h join pg_catalog.pg_inherits i on i.inhparent = h.oid
),
shown as (
  select one.rel, pg_catalog.md5(pg_catalog.string_agg(one.oid::text, ',' order by one.oid)) as parts
  from (
    select h.top as rel, h.oid from heir h
    union
    select b.rel, h.oid from behind b join heir h on h.top = b.refobjid and b.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  ) one
  group by one.rel
),
-- What is read by itself is read past the policies of the table that it is a part of.
part_of_secured as (
  select h.oid, pg_catalog.bool_or(p.relforcerowsecurity) as is_forced, pg_catalog.array_agg(p.relowner) as owners
  from heir h join pg_catalog.pg_class p on p.oid = h.top and p.relrowsecurity group by h.oid
),
called as (
  select b.rel, pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', p.prosrc, p.prosqlbody, p.prosecdef, p.proowner), ',' order by p.oid)) as digest
  from behind b
  join pg_catalog.pg_proc p on p.oid = b.refobjid and b.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
  join space s on s.oid = p.pronamespace
  group by b.rel
),
-- What this transaction has changed: functions, operators and views, by the versions of their rows in the catalogs; the rows and the
-- shape of tables, by its locks, which also show a policy that is gone. Nothing of it is there before anything ran, and then
-- nothing below is looked for.
held as (
  select k.relation as oid, pg_catalog.bool_or(k.mode = 'RowExclusiveLock') as is_written, pg_catalog.bool_or(k.mode = 'AccessExclusiveLock') as is_changed
  from pg_catalog.pg_locks k
  where k.pid = pg_catalog.pg_backend_pid() and k.locktype = 'relation' and k.granted and k.mode in ('RowExclusiveLock', 'AccessExclusiveLock')
    and k.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
  group by k.relation
),
code as (
  select p.oid, p.proname, p.prosrc, pg_catalog.age(p.xmin) <= 0 as is_changed, s.nspname
  from pg_catalog.pg_proc p join space s on s.oid = p.pronamespace join pg_catalog.pg_language l on l.oid = p.prolang
  where l.lanname not in ('c', 'internal')
),
changed as materialized (
  select 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid as classid, c.oid as objid, 'code' as kind, false as is_own,
    pg_catalog.concat(pg_catalog.quote_ident(c.nspname), '.', pg_catalog.quote_ident(c.proname), '()') as label
  from code c where c.is_changed
  union all
  select 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid, 'code', false, pg_catalog.concat('operator ', o.oprname)
  from pg_catalog.pg_operator o join space s on s.oid = o.oprnamespace where pg_catalog.age(o.xmin) <= 0
  union all
  select 'pg_catalog.pg_class'::pg_catalog.regclass, r.oid, 'code', false, r.name
  from rel r join pg_catalog.pg_class c on c.oid = r.oid
  where r.relkind = 'v' and (pg_catalog.age(c.xmin) <= 0
    or exists (select from pg_catalog.pg_rewrite w where w.ev_class = r.oid and pg_catalog.age(w.xmin) <= 0))
  union all
  -- Rows that are only new were hidden from nobody: they decide about other tables.
  select 'pg_catalog.pg_class'::pg_catalog.regclass, r.oid, 'data',
    (pg_catalog.pg_stat_get_xact_tuples_updated(r.oid) + pg_catalog.pg_stat_get_xact_tuples_deleted(r.oid) > 0
      or pg_catalog.pg_stat_get_xact_tuples_inserted(r.oid) = 0)
    and exists (select from pg_catalog.pg_policy p join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
      and d.objid = p.oid and d.refobjid = p.polrelid and d.refobjsubid > 0 where p.polrelid = r.oid), r.name
  from rel r join held h on h.oid = r.oid and h.is_written
  where r.relkind in ('r', 'p', 'f')
  union all
  select 'pg_catalog.pg_class'::pg_catalog.regclass, r.oid, 'shape', r.relkind = 'm', r.name
  from rel r join pg_catalog.pg_class c on c.oid = r.oid left join held h on h.oid = r.oid
  where r.relkind <> 'v' and (h.is_changed or pg_catalog.age(c.xmin) <= 0)
),
-- The words of each function that are names of functions or relations. Names of several words are looked for as they are.
spoken as materialized (
  select c.oid, w.word
  from code c cross join lateral (select distinct w.word from pg_catalog.unnest(pg_catalog.string_to_array(pg_catalog.translate(pg_catalog.lower(c.prosrc),
    pg_catalog.concat('().,;:=<>+-*/|"''!@#%^&~?[]{}', pg_catalog.chr(9), pg_catalog.chr(10), pg_catalog.chr(13)), pg_catalog.repeat(' ', 40)), ' ')) w (word)) w
  where exists (select from changed) and w.word in (select pg_catalog.lower(n.proname) from code n union select pg_catalog.lower(k.relname) from rel r join pg_catalog.pg_class k on k.oid = r.oid
    union select 'execute')
),
-- What decides about what: whatever a policy, a rule or a body of SQL reads and calls, what a body in text names, the function of an
-- operator, the partitions of a table. A body that makes its statements itself may name anything.
edge (fromclass, fromid, classid, objid) as materialized (
  select one.* from (
  select d.refclassid, d.refobjid, 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, coalesce(p.polrelid, w.ev_class)
  from pg_catalog.pg_depend d
  left join pg_catalog.pg_policy p on d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and p.oid = d.objid
  left join pg_catalog.pg_rewrite w on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and w.oid = d.objid
  where d.classid in ('pg_catalog.pg_policy'::pg_catalog.regclass, 'pg_catalog.pg_rewrite'::pg_catalog.regclass)
    and d.refclassid in ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
    and d.refobjid <> coalesce(p.polrelid, w.ev_class)
  union
  select d.refclassid, d.refobjid, d.classid, d.objid
  from pg_catalog.pg_depend d
  where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.deptype = 'n'
    and d.refclassid in ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
  union
  select 'pg_catalog.pg_proc'::pg_catalog.regclass, o.oprcode, 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid
  from pg_catalog.pg_operator o join space s on s.oid = o.oprnamespace
  union
  select 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid, 'pg_catalog.pg_proc'::pg_catalog.regclass, c.oid
  from pg_catalog.pg_operator o join space s on s.oid = o.oprnamespace join code c on pg_catalog.strpos(c.prosrc, o.oprname) > 0
  where not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass and d.objid = o.oid and d.deptype = 'e')
  union
  select 'pg_catalog.pg_proc'::pg_catalog.regclass, c.oid, 'pg_catalog.pg_proc'::pg_catalog.regclass, w.oid
  from spoken w join code c on pg_catalog.lower(c.proname) = w.word and c.oid <> w.oid
  union
  select 'pg_catalog.pg_class'::pg_catalog.regclass, k.oid, 'pg_catalog.pg_proc'::pg_catalog.regclass, w.oid
  from spoken w join pg_catalog.pg_class k on pg_catalog.lower(k.relname) = w.word join rel r on r.oid = k.oid
  union
  select h.classid, h.objid, 'pg_catalog.pg_proc'::pg_catalog.regclass, c.oid
  from changed h join code c on c.oid <> h.objid
  where h.kind <> 'shape' and (c.oid in (select w.oid from spoken w where w.word = 'execute')
    or h.label ~ '[" ]' and pg_catalog.strpos(c.prosrc, pg_catalog.split_part(h.label, '"', 2)) > 0)
  union
  select 'pg_catalog.pg_proc'::pg_catalog.regclass, g.tgfoid, 'pg_catalog.pg_trigger'::pg_catalog.regclass, g.oid from pg_catalog.pg_trigger g where not g.tgisinternal
  union
  select 'pg_catalog.pg_class'::pg_catalog.regclass, i.inhrelid, 'pg_catalog.pg_class'::pg_catalog.regclass, i.inhparent from pg_catalog.pg_inherits i
  ) one where exists (select from changed)
),
moved (classid, objid, kind, is_own, label) as (
  select h.classid, h.objid, h.kind, h.is_own, case when (select pg_catalog.count(*) from changed) <= 8 then h.label end from changed h
  union
  select e.classid, e.objid, m.kind, true, m.label from moved m join edge e on e.fromclass = m.classid and e.fromid = m.objid
),
touched as materialized (
  select m.classid, m.objid, pg_catalog.bool_or(m.kind = 'code') as is_code, pg_catalog.bool_or(m.kind = 'data') as is_data,
    pg_catalog.string_agg(distinct m.label, ', ' order by m.label) as names,
    pg_catalog.string_agg(distinct m.label, ', ' order by m.label) filter (where m.kind = 'code') as code_names
  from moved m where m.is_own group by m.classid, m.objid
),
-- What runs as somebody else when rows are inserted, updated or deleted.
run as (
  select one.rel, verb.word, pg_catalog.md5(pg_catalog.string_agg(one.digest, ',' order by one.digest)) as digest
  from (
    select g.tgrelid as rel, (g.tgtype & 4) > 0 as inserts, (g.tgtype & 16) > 0 as updates, (g.tgtype & 8) > 0 as deletes,
      pg_catalog.concat_ws(' ', g.tgenabled, g.tgtype, g.tgqual, p.prosrc, p.prosqlbody, p.proowner, p.proconfig,
        case when t.is_code then t.code_names end) as digest
    from pg_catalog.pg_trigger g join pg_catalog.pg_proc p on p.oid = g.tgfoid and p.prosecdef
    left join touched t on t.objid = g.oid and t.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass
    where not g.tgisinternal and g.tgenabled <> 'D'
    union all
    select w.ev_class, w.ev_type = '3', w.ev_type = '2', w.ev_type = '4', pg_catalog.concat_ws(' ', w.ev_enabled, w.is_instead, w.ev_qual, w.ev_action)
    from pg_catalog.pg_rewrite w where w.ev_type <> '1' and w.ev_enabled <> 'D'
  ) one
  join verb on case verb.word when 'insert' then one.inserts when 'update' then one.updates when 'delete' then one.deletes end
  group by one.rel, verb.word
),
-- The policies of a table that hold for a role and a verb, together. Joined by hashes: there may be thousands of tables and policies.
held_by as materialized (
  select role.oid as role, p.polrelid, verb.word, pg_catalog.count(*) filter (where p.polpermissive) as permissive,
    pg_catalog.bool_or(p.polpermissive and (verb.command = 'a' or p.shows = 'true') and (verb.command in ('r', 'd') or p.takes = 'true'))
      and not pg_catalog.bool_or(not p.polpermissive) as is_open,
    pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', p.polpermissive, case when verb.command <> 'a' then p.shows_tree end,
      case when verb.command in ('a', 'w') then p.takes_tree end), ',' order by p.polpermissive, p.shows_tree, p.takes_tree)) as digest
  from policy p join verb on p.polcmd = '*' and verb.command <> 'x' or p.polcmd = verb.command
  join role on not role.passes
    and (0 = any (p.polroles) or exists (select from pg_catalog.unnest(p.polroles) o where o <> 0 and pg_catalog.pg_has_role(role.oid, o, 'usage')))
  group by role.oid, p.polrelid, verb.word
),
judged as materialized (
  select g.*, coalesce(p.permissive, 0) as permissive, coalesce(p.is_open, false) as is_open, p.digest,
    not g.passes and not g.relrowsecurity and g.command <> 'x' and s.oid is not null
      and (s.is_forced or not exists (select from pg_catalog.unnest(s.owners) o where pg_catalog.pg_has_role(g.role, o, 'usage'))) as is_open_part
  from granted g
  left join held_by p on g.is_secured and p.role = g.role and p.polrelid = g.oid and p.word = g.word
  left join part_of_secured s on s.oid = g.oid
),
-- The same of the tables that are read on the way, for each role.
beyond as (
  select b.rel, j.role, pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', j.is_secured, j.permissive, j.digest), ',' order by j.oid)) as digest
  from (select distinct rel, refobjid from behind where refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass) b
  join judged j on j.oid = b.refobjid and j.oid <> b.rel and j.word = 'select'
  group by b.rel, j.role
)
select j.rolname, j.oid, j.name, j.word,
  case when j.relkind = 'v' and j.invokes or j.is_secured and not j.is_open then 'policies' else 'all' end,
  pg_catalog.md5(pg_catalog.concat_ws(' ', case when j.relkind in ('v', 'm') then (select pg_catalog.string_agg(
      -- Without the places in the text, and without the view itself, which some versions name by a number that is another one when it is made again.
      pg_catalog.regexp_replace(w.ev_action::text, pg_catalog.concat(':([a-z_]*(location|_len) -?[0-9]+|relid ', j.oid, ' )'), '', 'g'), '')
      from pg_catalog.pg_rewrite w where w.ev_class = j.oid and w.ev_type = '1') || j.relowner else j.digest end,
    case when j.command <> 'x' and not pg_catalog.has_table_privilege(j.role, j.oid, j.word) then (select pg_catalog.string_agg(a.attnum::text, ',' order by a.attnum)
      from pg_catalog.pg_attribute a where a.attrelid = j.oid and a.attnum > 0 and not a.attisdropped
        and pg_catalog.has_column_privilege(j.role, j.oid, a.attnum, j.word)) end,
    case when j.is_open_part then 'open part' end,
    case when j.is_secured and not j.is_open or j.relkind = 'v' then pg_catalog.concat_ws(' ', called.digest, case when j.invokes or j.relkind <> 'v' then beyond.digest end) end)),
  case when j.command = 'x' then 'beyond' when j.passes then 'passes' when j.relkind = 'v' then case when j.invokes then 'invoker_view' else 'owner_view' end
    when j.relkind in ('m', 'f') then 'no_policies' when not j.is_secured then case when j.relrowsecurity then 'owner' when j.is_open_part then 'open_part' else 'rls_off' end
    when j.is_open then 'open_policy' else 'policies' end,
  j.passes,
  case when j.word = 'select' then shown.parts else run.digest end,
  case when t.objid is not null and j.command <> 'x' and (j.is_secured and not j.is_open or j.relkind in ('v', 'm')) and (j.word = 'select' or t.is_code or t.is_data)
    then pg_catalog.concat(case when t.is_code then 'code' when t.is_data then 'data' else 'shape' end, ':', t.names) end
from judged j
left join touched t on t.objid = j.oid and t.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
left join shown on shown.rel = j.oid
left join run on run.rel = j.oid and run.word = j.word
left join called on called.rel = j.oid
left join beyond on beyond.rel = j.oid and beyond.role = j.role
where not j.is_secured or j.permissive > 0
union all
-- Realtime sends the changes of a published table to whoever may read it and asks; without row level security that is all of them.
select j.rolname, j.oid, j.name, 'listen', 'all', 'listen', 'rls_off', j.passes, null, null
from judged j
where j.word = 'select' and j.relkind in ('r', 'p') and not j.relrowsecurity and exists (select from pg_catalog.pg_publication p
  where p.pubname = 'supabase_realtime' and (p.puballtables
    or exists (select from pg_catalog.pg_publication_rel r where r.prpubid = p.oid and r.prrelid = j.oid)))
union all
select role.rolname, p.oid, pg_catalog.concat('function ', pg_catalog.quote_ident(s.nspname), '.', pg_catalog.quote_ident(p.proname), '(',
    pg_catalog.pg_get_function_identity_arguments(p.oid), ')'), 'execute', 'all',
  pg_catalog.md5(pg_catalog.concat_ws(' ', p.prosrc, p.prosqlbody, p.proconfig, p.proowner, p.prolang, p.probin)), 'definer', role.passes, null,
  case when t.is_code then pg_catalog.concat('code:', t.code_names) end
from role cross join pg_catalog.pg_proc p join space s on s.oid = p.pronamespace
left join touched t on t.objid = p.oid and t.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
where p.prosecdef and p.prorettype not in ('trigger'::pg_catalog.regtype, 'event_trigger'::pg_catalog.regtype)
  and pg_catalog.has_schema_privilege(role.oid, p.pronamespace, 'usage') and pg_catalog.has_function_privilege(role.oid, p.oid, 'execute')
  and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
union all
-- Groups with rights that stand in no grant here: of the server, of the platform, and those that no policy holds back.
select role.rolname, g.oid, pg_catalog.concat('role ', pg_catalog.quote_ident(g.rolname)), 'member', 'all', null, 'member', role.passes, null, null
from role join pg_catalog.pg_auth_members m on m.member = role.oid join pg_catalog.pg_roles g on g.oid = m.roleid
where g.rolname ~ '^pg_' or g.rolsuper or g.rolbypassrls or g.rolname in ('postgres', 'dashboard_user', 'authenticator')
union all
-- What is granted on the catalogs, the history and the server's settings. Nothing of it is of the database's beginning.
select case a.grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(a.grantee)::text end, one.oid, one.name,
  pg_catalog.lower(a.privilege_type), 'all', null, 'system', false, null, null
from (
  select c.oid, pg_catalog.concat(pg_catalog.quote_ident(n.nspname), '.', pg_catalog.quote_ident(c.relname)) as name, c.relowner as owner, c.relacl as acl,
    'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid as classid
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('pg_catalog', 'supabase_migrations') and c.relacl is not null
  union all
  select n.oid, pg_catalog.concat('schema ', pg_catalog.quote_ident(n.nspname)), n.nspowner, n.nspacl, 'pg_catalog.pg_namespace'::pg_catalog.regclass
  from pg_catalog.pg_namespace n where n.nspname in ('pg_catalog', 'supabase_migrations') and n.nspacl is not null
  union all
  -- Postgres 14 has no such catalog: it stands in a text, which `ts_stat` runs only where it is there.
  select pg_catalog.split_part(w.word, ' ', 1)::pg_catalog.oid, pg_catalog.concat('parameter ', pg_catalog.split_part(w.word, ' ', 2)), 10,
    pg_catalog.substr(w.word, pg_catalog.strpos(w.word, '{'))::pg_catalog.aclitem[], pg_catalog.to_regclass('pg_catalog.pg_parameter_acl')
  from pg_catalog.ts_stat(case when pg_catalog.to_regclass('pg_catalog.pg_parameter_acl') is null then 'select null::pg_catalog.tsvector'
    else 'select pg_catalog.array_to_tsvector(array[pg_catalog.concat_ws('' '', p.oid, p.parname, p.paracl)]) from pg_catalog.pg_parameter_acl p where p.paracl is not null' end) w
) one
cross join lateral pg_catalog.aclexplode(one.acl) a
where a.grantee <> one.owner and not exists (select from pg_catalog.pg_init_privs i cross join lateral pg_catalog.aclexplode(i.initprivs) b
  where i.classoid = one.classid and i.objoid = one.oid and i.objsubid = 0 and b.grantee = a.grantee and b.privilege_type = a.privilege_type)
