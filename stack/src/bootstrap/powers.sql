-- What the hosted postgres may do through supautils, and no more. Postgres itself knows only owners, so postgres inherits the
-- roles that own the tables of the platform, and event triggers refuse what it may not do with them. Runs once, as
-- supabase_admin. Nothing here reaches the machine: server_roles.sql closes that for every role.
set client_min_messages = warning;

do $$
begin
    execute 'grant supabase_auth_admin, supabase_storage_admin, supabase_realtime_admin to postgres'
        || case when pg_catalog.current_setting('server_version_num')::integer >= 160000
            then ' with inherit true, set false' else '' end;
end
$$;

-- supautils.privileged_role_allowed_configs, as far as this server knows them. Others are refused there too.
do $$
declare
    setting text;
begin
    foreach setting in array array[
        'session_replication_role', 'log_lock_waits', 'log_min_duration_statement', 'log_min_messages', 'log_statement',
        'log_replication_commands', 'log_temp_files', 'track_io_timing', 'wal_compression', 'safeupdate.enabled',
        'pgrst.admin_server_port', 'pgrst.app_settings', 'pgrst.db_aggregates_enabled', 'pgrst.db_anon_role',
        'pgrst.db_channel', 'pgrst.db_channel_enabled', 'pgrst.db_config', 'pgrst.db_extra_search_path',
        'pgrst.db_hoisted_tx_settings', 'pgrst.db_max_rows', 'pgrst.db_plan_enabled', 'pgrst.db_pool',
        'pgrst.db_pool_acquisition_timeout', 'pgrst.db_pre_config', 'pgrst.db_pre_request',
        'pgrst.db_prepared_statements', 'pgrst.db_root_spec', 'pgrst.db_schema', 'pgrst.db_schemas',
        'pgrst.db_tx_end', 'pgrst.db_timezone_enabled', 'pgrst.jwt_aud', 'pgrst.jwt_cache_max_lifetime',
        'pgrst.jwt_role_claim_key', 'pgrst.jwt_secret', 'pgrst.jwt_secret_is_base64', 'pgrst.log_level',
        'pgrst.log_query', 'pgrst.openapi_mode', 'pgrst.openapi_security_active', 'pgrst.openapi_server_proxy_uri',
        'pgrst.server_cors_allowed_origins', 'pgrst.server_timing_enabled', 'pgrst.server_trace_header'
    ]
    loop
        execute pg_catalog.format('grant set on parameter %s to postgres', setting);
    end loop;
end
$$;

-- Nobody but the superuser has a right on this schema: its functions run as event triggers only.
create schema supadeck_platform authorization supabase_admin;

-- Whether the session is one of the platform's own roles.
create function supadeck_platform.is_own() returns boolean language sql stable set search_path = pg_catalog, pg_temp as $$
    select session_user in ('supabase_admin', 'supabase_auth_admin')
$$;

create function supadeck_platform.is_closed(schema_name text) returns boolean language sql immutable
set search_path = pg_catalog, pg_temp as $$
    select schema_name = any (array['auth', 'storage', 'realtime', 'vault', 'graphql', 'graphql_public'])
$$;

-- supautils.policy_grants: policies, and triggers, on the tables of the platform. Everything else is the owner's.
create function supadeck_platform.keep_owned() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    made record;
    kept record;
begin
    if supadeck_platform.is_own() then
        return;
    end if;
    for made in select * from pg_catalog.pg_event_trigger_ddl_commands() loop
        if made.command_tag in ('CREATE POLICY', 'ALTER POLICY', 'CREATE TRIGGER', 'GRANT', 'REVOKE') then
            continue;
        end if;
        select n.nspname, c.relname, made.schema_name is null or made.objid = c.oid as is_table into kept
          from (select case made.classid
                    when 'pg_catalog.pg_class'::pg_catalog.regclass then made.objid
                    when 'pg_catalog.pg_policy'::pg_catalog.regclass
                        then (select polrelid from pg_catalog.pg_policy where oid = made.objid)
                    when 'pg_catalog.pg_trigger'::pg_catalog.regclass
                        then (select tgrelid from pg_catalog.pg_trigger where oid = made.objid)
                    when 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                        then (select ev_class from pg_catalog.pg_rewrite where oid = made.objid)
                end as relation) as found
          join pg_catalog.pg_class c on c.oid = found.relation
          join pg_catalog.pg_namespace n on n.oid = c.relnamespace;
        if made.command_tag like 'CREATE %' and supadeck_platform.is_closed(made.schema_name) then
            raise insufficient_privilege using message = pg_catalog.format('permission denied for schema %s', made.schema_name);
        end if;
        if supadeck_platform.is_closed(coalesce(made.schema_name, kept.nspname)) then
            raise insufficient_privilege using message = pg_catalog.format(
                'must be owner of %s %s', case when kept.is_table then 'table' else made.object_type end,
                coalesce(kept.relname, made.object_identity));
        end if;
    end loop;
end
$$;

create function supadeck_platform.keep_dropped() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    gone record;
begin
    if supadeck_platform.is_own() then
        return;
    end if;
    for gone in select * from pg_catalog.pg_event_trigger_dropped_objects() where not is_temporary loop
        if supadeck_platform.is_closed(gone.schema_name) and gone.object_type not in ('policy', 'trigger') then
            raise insufficient_privilege using message = pg_catalog.format(
                'must be owner of %s %s', pg_catalog.split_part(gone.object_type, ' ', 1),
                coalesce(gone.address_names[2], gone.object_identity));
        end if;
    end loop;
end
$$;

-- supautils.privileged_extensions: those of contrib that only a superuser can create, do nothing outside the database, and
-- call no function while they are made. The role is a superuser for that one command; where it fails, that is undone with it.
-- The command is known only where it is all that the client sent.
create function supadeck_platform.open_extension() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    blank constant text := '(?:[ \t\n\r\f]|--[^\n\r]*(?:[\n\r]|$))';
    name constant text := '("?)(?:autoinc|bloom|dict_xsyn|earthdistance|insert_username|moddatetime|pg_buffercache'
        || '|pg_prewarm|pg_stat_statements|pg_walinspect|pgrowlocks|pgstattuple|refint|sslinfo)\1';
    command constant text := '^' || blank || '*create' || blank || '+extension' || blank
        || '+(?:if' || blank || '+not' || blank || '+exists' || blank || '+)?' || name
        || '(?:' || blank || '+with)?(?:' || blank || '+schema' || blank || '+(?:[a-z_][a-z0-9_]*|"[a-z_][a-z0-9_]*"))?'
        || '(?:' || blank || '+cascade)?' || blank || '*;?' || blank || '*$';
begin
    if session_user = 'postgres' and pg_catalog.current_query() ~* command then
        alter role postgres superuser;
    end if;
end
$$;
create function supadeck_platform.close_extension() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if session_user = 'postgres' and (select rolsuper from pg_catalog.pg_roles where rolname = 'postgres') then
        alter role postgres nosuperuser;
    end if;
end
$$;

create event trigger supadeck_keep_owned on ddl_command_end execute function supadeck_platform.keep_owned();
create event trigger supadeck_keep_dropped on sql_drop execute function supadeck_platform.keep_dropped();
create event trigger supadeck_open_extension on ddl_command_start
    when tag in ('CREATE EXTENSION') execute function supadeck_platform.open_extension();
create event trigger supadeck_close_extension on ddl_command_end
    when tag in ('CREATE EXTENSION') execute function supadeck_platform.close_extension();
-- Also where a seed has triggers off for its session.
alter event trigger supadeck_keep_owned enable always;
alter event trigger supadeck_keep_dropped enable always;
alter event trigger supadeck_open_extension enable always;
alter event trigger supadeck_close_extension enable always;
