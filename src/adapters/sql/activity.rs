//! What the sessions of a run do, and who is in their way: the blocking chain of `pg_stat_activity`.

use super::lock::{person, read_person};
use super::quote::dollar;
use crate::domain::migration::{Blocker, LockHolder};
use crate::domain::text::harmless;

/// How many columns [`activity_sql`] has.
pub(in crate::adapters) const SIGHT_COLUMNS: usize = 8;
/// The column of [`activity_sql`] that counts from 0 how far behind the first one a session in the way is.
const HOP_COLUMNS: usize = 7;
/// How many sessions are named of those that wait for one another.
const MOST_HOPS: usize = 3;

/// The state of a name's sessions, the table they wait for, and who is in their way: the first session, whom that one waits
/// for itself, and so on, each once.
pub(in crate::adapters) fn activity_sql(name: &str) -> String {
    sight_of(&format!("a.application_name = {}", dollar(name)))
}

pub(in crate::adapters) fn sight_of(whose: &str) -> String {
    format!(
        "select a.state, \
        (select pg_catalog.format('%I.%I', n.nspname, c.relname) from pg_catalog.pg_locks w join pg_catalog.pg_class c on c.oid = w.relation \
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace where w.pid = a.pid and not w.granted limit 1), {}, p.hop \
        from pg_catalog.pg_stat_activity a \
        left join lateral (with recursive chain(pid, hop, seen) as ( \
        (select q.pid, 0, array[a.pid, q.pid] from pg_catalog.unnest(case when a.wait_event_type = 'Lock' and a.wait_event <> 'advisory' \
        then pg_catalog.pg_blocking_pids(a.pid) end) with ordinality q(pid, n) where q.pid <> 0 order by q.n limit 1) \
        union all (select q.pid, c.hop + 1, c.seen || q.pid from chain c cross join lateral (select u.pid from \
        pg_catalog.unnest(pg_catalog.pg_blocking_pids(c.pid)) with ordinality u(pid, n) where u.pid <> 0 and u.pid <> all (c.seen) \
        order by u.n limit 1) q where c.hop + 1 < {MOST_HOPS})) select pid, hop from chain) p on true \
        left join pg_catalog.pg_stat_activity b on b.pid = p.pid \
        where {whose} and a.datname = pg_catalog.current_database() order by a.pid, p.hop",
        person("b"),
    )
}

/// Reads the rows of [`activity_sql`]; `None` when nobody is in the way.
pub(in crate::adapters) fn parse_blocking_chain(rows: &[Vec<Option<String>>]) -> Option<Blocker> {
    let is_hop = |row: &[Option<String>], hop: usize| {
        let cell = row.get(HOP_COLUMNS).and_then(Option::as_deref);
        cell.and_then(|cell| cell.parse().ok()) == Some(hop)
    };
    let first = rows.iter().position(|row| is_hop(row, 0))?;
    let rows = rows.get(first..)?.iter().enumerate();
    let mut holders = rows.map_while(|(hop, row)| {
        let holder: LockHolder = read_person(row, 2)?;
        is_hop(row, hop).then_some((holder, row))
    });
    let (holder, row) = holders.next()?;
    let table = row.get(1)?.as_deref();
    Some(Blocker {
        table: table.map(|table| harmless(table).into_owned()),
        holder,
        behind: holders.map(|(holder, _)| holder).collect(),
    })
}
