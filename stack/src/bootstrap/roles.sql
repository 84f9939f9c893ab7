-- Roles of the cluster, as a fresh Supabase project has them. Runs once, as supabase_admin. The placeholders are SCRAM
-- verifiers, so that no password is in any statement.
alter role supabase_admin password '{admin}';
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit password '{authenticator}';
create role supabase_auth_admin login noinherit createrole password '{auth_admin}';
-- Services that this stack does not run: their roles own what is theirs, and nobody signs in as them.
create role supabase_storage_admin nologin noinherit createrole;
create role supabase_realtime_admin nologin noinherit;
create role supabase_replication_admin nologin replication;
create role supabase_etl_admin nologin replication;
create role supabase_read_only_user nologin bypassrls;
create role dashboard_user nologin createdb createrole replication;
create role pgbouncer nologin;
-- The hosted postgres owns migrations, and is no superuser.
create role postgres login createdb createrole replication bypassrls password '{postgres}';

grant anon, authenticated, service_role to authenticator;
-- From 16 on, createrole alone no longer lets a role grant roles that others made.
grant anon, authenticated, service_role, authenticator to postgres with admin option;
grant pg_read_all_data, pg_monitor, pg_signal_backend to postgres with admin option;
grant pg_read_all_data to supabase_read_only_user;

alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role supabase_auth_admin set search_path = auth;
alter role supabase_auth_admin set idle_in_transaction_session_timeout = '60s';
alter role supabase_storage_admin set search_path = storage;
alter role postgres set search_path = "$user", public, extensions;
alter role postgres set statement_timeout = '2min';
alter role supabase_admin set search_path = "$user", public, auth, extensions;
