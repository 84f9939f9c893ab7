//! Rules about Row Level Security, grants and other guards. They own words only; `read` decides when one is broken.

super::define::rules! {
    DISABLE_RLS: WeakensAccess "disable-rls",
        "Without Row Level Security every role with a grant on {} sees and changes every row.",
        Some("Keep it enabled and write a policy for whoever needs more."),
        "alter table goal disable row level security;";
    NO_FORCE_RLS: WeakensAccess "no-force-rls",
        "The owner of {} is no longer bound by its policies.",
        Some("Keep FORCE, and give the job that needs more a role with a policy of its own."),
        "alter table goal no force row level security;";
    DROP_POLICY: WeakensAccess "drop-policy",
        "Dropping {} opens rows when it is a restrictive one, and closes them to everybody it let in when it is not.",
        Some("Change it with ALTER POLICY, or create its successor before dropping it, in the same file."),
        "drop policy goal_owner on goal;";
    ALTER_POLICY: WeakensAccess "alter-policy",
        "{} decides anew who sees and changes which rows.",
        Some("Check it with the rows of two users in a test before it is applied."),
        "alter policy goal_owner on goal using (user_id = auth.uid());";
    POLICY_FOR_EVERYONE: WeakensAccess "policy-for-everyone",
        "{} lets everybody, signed in or not, through to every row.",
        Some("Name a role with TO authenticated and a condition such as `(select auth.uid()) = user_id`."),
        "create policy everyone on goal using (true);";
    POLICY_SIGNED_IN_WRITE: WeakensAccess "policy-signed-in-write",
        "{} lets everybody who signs up write every row, those of others too.",
        Some("Write a condition such as `(select auth.uid()) = user_id`, in USING and in WITH CHECK."),
        "create policy signed_in on goal for all to authenticated using (true) with check (true);";
    POLICY_SIGNED_IN_READ: WeakensAccess "policy-signed-in-read",
        "{} lets everybody who signs up read every row, which is right only for what all of them may know.",
        Some("Where rows belong to somebody, write a condition such as `(select auth.uid()) = user_id`."),
        "create policy signed_in on goal for select to authenticated using (true);";
    POLICY_USER_METADATA: WeakensAccess "policy-user-metadata",
        "{} believes `user_metadata`, which every user writes for themselves, here or in a function that it calls.",
        Some("Ask `app_metadata`, which users cannot write, or a table of roles."),
        "create policy admins on goal to authenticated using ((auth.jwt() -> 'user_metadata' ->> 'role') = 'admin');";
    STORAGE_BUCKET_ALONE: WeakensAccess "storage-bucket-alone",
        "{} asks for the bucket alone: whoever it is for writes or deletes the files of everybody in it.",
        Some("Ask whose file it is too: `owner_id = (select auth.uid()::text)`, or `(storage.foldername(name))[1] = (select auth.uid()::text)`."),
        "create policy files on storage.objects for all to authenticated using (bucket_id = 'avatars');";
    PUBLIC_BUCKET: WeakensAccess "public-bucket",
        "{} makes every file of the bucket readable by everybody who knows its address, past every policy.",
        Some("Leave it private, and hand out signed URLs."),
        "insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true);";
    GRANT_ON_AUTH: WeakensAccess "grant-on-auth",
        "{} opens accounts: schema `auth` holds e-mail addresses, phone numbers, hashes of passwords and sessions.",
        Some("Keep what others may see of a user in a table of your own, with policies."),
        "grant select on auth.users to authenticated;";
    VIEW_ON_AUTH: WeakensAccess "view-on-auth",
        "{} reads schema `auth` with its owner's rights: whoever may read it sees accounts of everybody.",
        Some("Keep what others may see of a user in a table of your own, with policies."),
        "create view people as select id, email from auth.users;";
    REALTIME_WITHOUT_RLS: WeakensAccess "realtime-without-rls",
        "{} is sent to everybody who listens: nothing in this file enables Row Level Security on it.",
        Some("Add `alter table … enable row level security` and a policy to the same file."),
        "create table goal (id uuid primary key); alter publication supabase_realtime add table goal;";
    DEFINER_FOR_EVERYBODY: WeakensAccess "definer-for-everybody",
        "Everybody may call {}, which runs with its owner's rights, past every policy: EXECUTE is granted to all roles of the API by default.",
        Some("Add `revoke execute on function … from public, anon, authenticated` to the same file and grant it to whoever needs it, or create it in a schema that the API does not expose."),
        "create function unlock() returns void language sql security definer set search_path = pg_catalog, pg_temp as $$ select 1 $$;";
    TABLE_WITHOUT_RLS: WeakensAccess "table-without-rls",
        "{} is in a schema that the API exposes, and nothing in this file enables Row Level Security on it.",
        Some("Add `alter table … enable row level security` to the same file, or create the table in a schema that is not exposed."),
        "create table goal (id uuid primary key);";
    GRANT_TO_ANON: WeakensAccess "grant-to-anon",
        "{} is for everybody who knows the address of the API, signed in or not.",
        Some("Grant to `authenticated`, and only what is needed."),
        "grant select on goal to anon;";
    GRANT_ALL: WeakensAccess "grant-all",
        "{} grants everything, TRUNCATE, REFERENCES and TRIGGER too, which no policy checks.",
        Some("Name what is needed: `grant select, insert, update, delete on …`."),
        "grant all on goal to authenticated;";
    GRANT_OPTION: WeakensAccess "grant-option",
        "{} lets the receiver pass the right on to anybody.",
        Some("Leave out WITH GRANT OPTION and WITH ADMIN OPTION."),
        "grant select on goal to auditor with grant option;";
    GRANT_ROLE: WeakensAccess "grant-role",
        "{} gives everything that the granted role may do.",
        Some("Grant the single rights that are needed."),
        "grant service_role to auditor;";
    DEFAULT_PRIVILEGES: WeakensAccess "default-privileges",
        "{} opens every object that is created from now on, also those that nobody thought about.",
        Some("Grant on each object, in the file that creates it."),
        "alter default privileges in schema public grant select on tables to anon;";
    DEFINER_WITHOUT_SEARCH_PATH: WeakensAccess "definer-without-search-path",
        "{} runs with its owner's rights and finds names through the caller's search_path, so the caller can put their own in the way.",
        Some("Add `set search_path = pg_catalog, pg_temp`, and write every other name with its schema."),
        "create function unlock() returns void language sql security definer as $$ select 1 $$;";
    DEFINER_SEARCH_PATH: WeakensAccess "definer-search-path",
        "{}. It runs with its owner's rights, so a caller can put types, tables or functions of their own in the way of those that it names.",
        Some("Write `set search_path = pg_catalog, pg_temp`, with pg_temp last and before it only schemas that others cannot create in, and every other name with its schema."),
        "create function unlock() returns void language sql security definer set search_path = '' as $$ select 1 $$;";
    VIEW_WITHOUT_SECURITY_INVOKER: WeakensAccess "view-without-security-invoker",
        "{} reads with its owner's rights, past the Row Level Security of whoever asks.",
        Some("Create it `with (security_invoker = true)`."),
        "create view goals as select 1 as one;";
    MATERIALIZED_VIEW_EXPOSED: WeakensAccess "materialized-view-exposed",
        "{} is in a schema that the API exposes, and materialized views know no Row Level Security.",
        Some("Create it in a schema that is not exposed, and read it through a function or a view that checks."),
        "create materialized view completion as select 1 as one;";
    ROLE_PAST_RLS: WeakensAccess "role-past-rls",
        "{} is bound by no policy.",
        Some("Leave SUPERUSER and BYPASSRLS out and write policies for the role."),
        "alter role auditor bypassrls;";
    CHANGE_OWNER: WeakensAccess "change-owner",
        "{}: the owner of a table passes its policies, and the owner of a function lends it their rights.",
        Some("Leave it with `postgres` and grant what is needed."),
        "alter table goal owner to auditor;";
    DISABLE_TRIGGER: WeakensAccess "disable-trigger",
        "{} switches off guards and audit triggers, for every session, until somebody enables them again.",
        Some("Let the trigger's function decide, by role or by a setting of the session."),
        "alter table goal disable trigger all;";
    DROP_TRIGGER: WeakensAccess "drop-trigger",
        "{} removes a guard or a piece of the audit trail, and this file creates no other in its place.",
        Some("Create the successor in the same file, or use CREATE OR REPLACE TRIGGER."),
        "drop trigger goal_audit on goal;";
    MOVE_INTO_API: WeakensAccess "move-into-api",
        "{} brings the object into a schema that the API exposes.",
        Some("Leave it where it is, and show what is needed through a view with security_invoker or a function."),
        "alter table private.goal set schema public;";
    API_SETTINGS: WeakensAccess "api-settings",
        "{} decides what the API shows and to whom.",
        Some("Change it in the project's settings, where it is seen, and check every table of a schema that becomes visible."),
        "alter role authenticator set pgrst.db_schemas = 'public, private';";
    TRIGGERS_OFF: WeakensAccess "triggers-off",
        "With {} no trigger fires and no foreign key is checked for the rest of the session.",
        Some("Order the statements so that the foreign keys hold."),
        "set session_replication_role = replica;";
}
