-- What each role may do with each table, view and function, as far as it is more than nothing: role, number of the object, its
-- name, the verb, how far it reaches, a digest of what decides that, why, whether the role passes row level security by, and a digest
-- of the partitions and heirs, of every level, whose rows a table or view shows.
-- A view is digested by its rule and a policy by its tree, which name tables and columns by their numbers: a rename is no change. Roles are those that the API takes, and those that are granted something; a superuser and an owner need no grant.
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
role as (
  select r.oid, r.rolname, r.rolbypassrls as passes from pg_catalog.pg_roles r
  where not r.rolsuper and r.rolname !~ '^pg_' and r.oid <> (select u.oid from pg_catalog.pg_roles u where u.rolname = session_user)
    and r.rolname not in ('postgres', 'dashboard_user', 'authenticator') and r.rolname !~ '^supabase_'
    and (r.rolname in ('anon', 'authenticated', 'service_role') or r.rolbypassrls
      or exists (select from pg_catalog.pg_auth_members m join pg_catalog.pg_roles a on a.oid = m.roleid
        where m.member = r.oid and a.rolname in ('anon', 'authenticated', 'service_role'))
      or exists (select from pg_catalog.pg_auth_members m join pg_catalog.pg_roles a on a.oid = m.member
        where m.roleid = r.oid and a.rolname = 'authenticator')
      or r.oid in (select a.grantee from rel cross join lateral pg_catalog.aclexplode(rel.relacl) a where a.grantee <> rel.relowner))
),
verb (word, command) as (values ('select', 'r'::"char"), ('insert', 'a'), ('update', 'w'), ('delete', 'd')),
granted as (
  select role.oid as role, role.rolname, role.passes, rel.*, verb.word, verb.command,
    rel.relkind in ('r', 'p') and rel.relrowsecurity and not role.passes
      and (rel.relforcerowsecurity or not pg_catalog.pg_has_role(role.oid, rel.relowner, 'usage')) as is_secured
  from role cross join rel cross join verb
  where pg_catalog.has_schema_privilege(role.oid, rel.relnamespace, 'usage')
    and (pg_catalog.has_table_privilege(role.oid, rel.oid, verb.word)
      or verb.word <> 'delete' and pg_catalog.has_any_column_privilege(role.oid, rel.oid, verb.word))
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
judged as (
  select g.*, coalesce(p.permissive, 0) as permissive, coalesce(p.is_open, false) as is_open, p.digest,
    not g.passes and not g.relrowsecurity and exists (select from part_of_secured s where s.oid = g.oid
      and (s.is_forced or not exists (select from pg_catalog.unnest(s.owners) o where pg_catalog.pg_has_role(g.role, o, 'usage')))) as is_open_part
  from granted g
  left join lateral (
    select pg_catalog.count(*) filter (where p.polpermissive) as permissive,
      pg_catalog.bool_or(p.polpermissive and (g.command = 'a' or p.shows = 'true') and (g.command in ('r', 'd') or p.takes = 'true'))
        and not pg_catalog.bool_or(not p.polpermissive) as is_open,
      pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', p.polpermissive, case when g.command <> 'a' then p.shows_tree end,
        case when g.command in ('a', 'w') then p.takes_tree end), ',' order by p.polpermissive, p.shows_tree, p.takes_tree)) as digest
    from policy p
    where p.polrelid = g.oid and p.polcmd in ('*', g.command)
      and (0 = any (p.polroles) or exists (select from pg_catalog.unnest(p.polroles) o where o <> 0 and pg_catalog.pg_has_role(g.role, o, 'usage')))
  ) p on g.is_secured
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
  pg_catalog.md5(pg_catalog.concat_ws(' ', case when j.relkind in ('v', 'm') then (select pg_catalog.string_agg(w.ev_action::text, '')
      from pg_catalog.pg_rewrite w where w.ev_class = j.oid) || j.relowner else j.digest end,
    case when not pg_catalog.has_table_privilege(j.role, j.oid, j.word) then (select pg_catalog.string_agg(a.attnum::text, ',' order by a.attnum)
      from pg_catalog.pg_attribute a where a.attrelid = j.oid and a.attnum > 0 and not a.attisdropped
        and pg_catalog.has_column_privilege(j.role, j.oid, a.attnum, j.word)) end,
    case when j.is_open_part then 'open part' end,
    case when j.is_secured and not j.is_open or j.relkind = 'v' then pg_catalog.concat_ws(' ', called.digest, case when j.invokes or j.relkind <> 'v' then beyond.digest end) end)),
  case when j.passes then 'passes' when j.relkind = 'v' then case when j.invokes then 'invoker_view' else 'owner_view' end
    when j.relkind in ('m', 'f') then 'no_policies' when not j.is_secured then case when j.relrowsecurity then 'owner' when j.is_open_part then 'open_part' else 'rls_off' end
    when j.is_open then 'open_policy' else 'policies' end,
  j.passes,
  case when j.word = 'select' then shown.parts end
from judged j
left join shown on shown.rel = j.oid
left join called on called.rel = j.oid
left join beyond on beyond.rel = j.oid and beyond.role = j.role
where not j.is_secured or j.permissive > 0
union all
-- Realtime sends the changes of a published table to whoever may read it and asks; without row level security that is all of them.
select j.rolname, j.oid, j.name, 'listen', 'all', 'listen', 'rls_off', j.passes, null
from judged j
where j.word = 'select' and j.relkind in ('r', 'p') and not j.relrowsecurity and exists (select from pg_catalog.pg_publication p
  where p.pubname = 'supabase_realtime' and (p.puballtables
    or exists (select from pg_catalog.pg_publication_rel r where r.prpubid = p.oid and r.prrelid = j.oid)))
union all
select role.rolname, p.oid, pg_catalog.concat('function ', pg_catalog.quote_ident(s.nspname), '.', pg_catalog.quote_ident(p.proname), '(',
    pg_catalog.pg_get_function_identity_arguments(p.oid), ')'), 'execute', 'all', pg_catalog.md5(p.prosrc), 'definer', role.passes, null
from role cross join pg_catalog.pg_proc p join space s on s.oid = p.pronamespace
where p.prosecdef and p.prorettype not in ('trigger'::pg_catalog.regtype, 'event_trigger'::pg_catalog.regtype)
  and pg_catalog.has_schema_privilege(role.oid, p.pronamespace, 'usage') and pg_catalog.has_function_privilege(role.oid, p.oid, 'execute')
  and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
