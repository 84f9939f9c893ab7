//! Who is connected to what, how that database is recognised, the statement timeout there, and who owns what.

use super::quote::dollar;
use crate::domain::migration::limit::Timeout;
use crate::domain::migration::owner::Owned;
use crate::domain::migration::platform_grants::PlatformGrants;

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
