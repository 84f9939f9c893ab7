//! Who is connected to what, how that database is recognised, the statement timeout there, and who owns what.

use super::quote::dollar;
use crate::domain::lint::irreversible_names;
use crate::domain::migration::irreversible::SETVAL;
use crate::domain::migration::limit::Timeout;
use crate::domain::migration::owner::Owned;
use crate::domain::migration::platform_grants::PlatformGrants;
use std::sync::LazyLock;

/// Who is connected to what.
pub(in crate::adapters) const WHO: &str = "select current_user, pg_catalog.current_database()";

/// What the database is recognised by: its cluster's identifier and its own number there. A server may refuse to tell.
pub(in crate::adapters) const MARK: &str = "(select (select s.system_identifier from pg_catalog.pg_control_system() s) || '/' || d.oid \
    from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())";

/// What a server says that does not tell [`MARK`].
pub(in crate::adapters) const NO_MARK: &[&str] = &["42501", "42883", "0A000"];

/// The statement timeout that a session begins with and whose it is, as JSON; null where there is none. The value is the one
/// that `reset` would give, because the questions of ours have limits of their own.
pub(in crate::adapters) const TIMEOUT: &str = "(select pg_catalog.json_build_object('ms', s.reset_val::pg_catalog.int8, 'role', session_user, \
    'database', pg_catalog.current_database(), 'of', coalesce((select case when d.setrole = 0 and d.setdatabase = 0 then 'all' \
    when d.setrole = 0 then 'database' when d.setdatabase = 0 then 'role' else 'both' end \
    from pg_catalog.pg_db_role_setting d where (d.setrole = 0 or d.setrole = (select r.oid from pg_catalog.pg_roles r where r.rolname = session_user)) \
    and (d.setdatabase = 0 or d.setdatabase = (select b.oid from pg_catalog.pg_database b where b.datname = pg_catalog.current_database())) \
    and exists (select from pg_catalog.unnest(d.setconfig) c where pg_catalog.starts_with(c, 'statement_timeout=')) \
    order by d.setrole = 0, d.setdatabase = 0 limit 1), 'server'))::pg_catalog.text \
    from pg_catalog.pg_settings s where s.name = 'statement_timeout' and s.reset_val <> '0')";

/// The lists of tables that supautils locks for the role, and the role, as JSON; null for a superuser, whom it leaves alone.
pub(in crate::adapters) const PLATFORM: &str = "(select pg_catalog.json_build_array(pg_catalog.current_setting('supautils.policy_grants', true), \
    pg_catalog.current_setting('supautils.drop_trigger_grants', true), r.rolname)::pg_catalog.text \
    from pg_catalog.pg_roles r where r.rolname = current_user and not r.rolsuper)";

/// How many functions call one another, up to the one that no rollback undoes. Levels instead of a recursion: that one looks so long
/// to the server that it compiles it for seconds.
const CALLS: usize = 5;

/// The code of the database that no rollback undoes, as JSON: the functions that call such a function or are written in an untrusted
/// language, whoever calls those, and the tables whose triggers do. `net.http_post` and its like only queue a request.
pub(in crate::adapters) static IRREVERSIBLE: LazyLock<String> = LazyLock::new(|| {
    let levels: Vec<String> = (1..CALLS)
        .map(|level| {
            format!(
                r#", r{level}(name) as (select c.name from code c where c.source ~* (select '\m('
    || pg_catalog.string_agg(distinct pg_catalog.regexp_replace(r.name, '\W', '\\\&', 'g'), '|') || ')"?\s*\(' from r{} r) limit 500)"#,
                level - 1
            )
        })
        .collect();
    let all: Vec<String> = (0..CALLS)
        .map(|level| format!("select r{level}.name from r{level}"))
        .collect();
    format!(
        r#"(with code(name, source, is_unread) as materialized (
    select p.proname::pg_catalog.text, case when p.prosqlbody is null then p.prosrc else pg_catalog.pg_get_function_sqlbody(p.oid) end,
      not l.lanpltrusted and l.lanname <> 'sql'
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace join pg_catalog.pg_language l on l.oid = p.prolang
    where l.lanname not in ('internal', 'c') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'),
  r0(name) as (select c.name from code c where c.is_unread
    or c.source ~* '\m({SETVAL}|{names})"?\s*\(|\mprogram\M'
      and c.source ~* '(?<!\mnet"?\s*\.\s*)\m({SETVAL}|{names})"?\s*\(|\mcopy\M.*\mprogram\M' limit 500){levels},
  reached(name) as materialized ({all})
  select pg_catalog.json_build_object('functions', (select coalesce(pg_catalog.json_agg(r.name), '[]') from reached r),
    'tables', (select coalesce(pg_catalog.json_agg(distinct c.relname), '[]') from pg_catalog.pg_trigger t
      join pg_catalog.pg_class c on c.oid = t.tgrelid join pg_catalog.pg_proc p on p.oid = t.tgfoid
      where p.proname in (select r.name::pg_catalog.name from reached r)),
    'is_everywhere', exists (select from pg_catalog.pg_event_trigger e join pg_catalog.pg_proc p on p.oid = e.evtfoid
      where p.proname in (select r.name::pg_catalog.name from reached r)))::pg_catalog.text)"#,
        names = irreversible_names(),
        levels = levels.concat(),
        all = all.join(" union ")
    )
});

/// Reads what [`PLATFORM`] gave.
pub(in crate::adapters) fn platform(json: Option<&str>) -> PlatformGrants {
    let told = json.and_then(|json| serde_json::from_str::<[Option<String>; 3]>(json).ok());
    let [policy, trigger, role] = told.unwrap_or_default();
    PlatformGrants::parse(
        policy.as_deref(),
        trigger.as_deref(),
        &role.unwrap_or_default(),
    )
}

/// Reads what [`TIMEOUT`] gave. `by_url` says that the URL's own options set one.
pub(in crate::adapters) fn timeout(json: Option<&str>, by_url: bool) -> Option<Timeout> {
    let value: serde_json::Value = serde_json::from_str(json?).ok()?;
    let text = |name: &str| {
        crate::domain::text::cell(value[name].as_str().unwrap_or_default()).into_owned()
    };
    let (role, database) = (text("role"), text("database"));
    let of = match value["of"].as_str()? {
        _ if by_url => "this connection by the database URL".to_owned(),
        "both" => format!("role {role} in database {database}"),
        "role" => format!("role {role}"),
        "database" => format!("database {database}"),
        "all" => "all roles".to_owned(),
        _ => "the server, or by the way to it".to_owned(),
    };
    Some(Timeout {
        ms: value["ms"].as_u64()?,
        of,
    })
}

/// What is called so, with its schema, its owner, and whether nobody can be that owner.
pub(in crate::adapters) fn owners(name: &str) -> String {
    format!(
        "select o.schema, o.name, r.rolname, not r.rolcanlogin and not r.rolsuper and not exists (select from pg_catalog.pg_auth_members m where m.roleid = r.oid) \
        from (select n.nspname::pg_catalog.text as schema, c.relname::pg_catalog.text as name, c.relowner as owner \
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
        union select n.nspname, p.proname, p.proowner from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace \
        union select n.nspname, t.typname, t.typowner from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace where t.typrelid = 0 \
        union select null, n.nspname, n.nspowner from pg_catalog.pg_namespace n) o \
        join pg_catalog.pg_roles r on r.oid = o.owner where o.name = {} limit 50",
        dollar(name)
    )
}

/// Reads a row of [`owners`].
pub(in crate::adapters) fn owned(row: Vec<Option<String>>) -> Option<Owned> {
    let mut cells = row.into_iter();
    let schema = cells.next()?;
    Some(Owned {
        schema,
        name: cells.next()??,
        owner: cells.next()??,
        is_out_of_reach: matches!(cells.next()??.as_str(), "t" | "true"),
    })
}
