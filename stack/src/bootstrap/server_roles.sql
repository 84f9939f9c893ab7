-- Keeps every role but the superuser away from the programs and files of the machine. Runs as supabase_admin at every
-- start: data that an older stack made lacks it.
do $$
declare
    held record;
    closed constant text[] := array['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'];
    has_grantors constant boolean := pg_catalog.current_setting('server_version_num')::integer >= 160000;
begin
    for held in
        select m.roleid::pg_catalog.regrole as granted, m.member::pg_catalog.regrole as member,
               m.grantor::pg_catalog.regrole as grantor
          from pg_catalog.pg_auth_members m
          join pg_catalog.pg_roles r on r.oid = m.roleid
         where r.rolname = any (closed) or r.rolsuper
    loop
        execute pg_catalog.format('revoke %s from %s', held.granted, held.member)
            || case when has_grantors then pg_catalog.format(' granted by %s cascade', held.grantor) else ' cascade' end;
    end loop;
    for held in
        select r.oid::pg_catalog.regrole as name from pg_catalog.pg_roles r
         where r.rolsuper and r.oid <> 10 and r.rolname <> all (closed)
    loop
        execute pg_catalog.format('alter role %s nosuperuser', held.name);
    end loop;
    -- Before 16, CREATEROLE lets a role grant every role that is no superuser, these three to itself too. Nobody can sign
    -- in as them or set a role to them, so as superusers they can do no more than before, and only a superuser grants them.
    if not has_grantors then
        update pg_catalog.pg_authid set rolsuper = true where rolname = any (closed) and not rolsuper;
    end if;
end
$$;
