//! The questions that a dry run asks the catalogs, and how their answers are read.

use super::dry_run_limits::COUNT;
use super::quote::{block, dollar};
use crate::domain::dry_run::access::{Right, Touch, Touched, Verdict, Visible, Why};
use crate::domain::dry_run::losses::Counts;
use crate::domain::dry_run::measure::{
    Baseline, BaselineTable, CountTarget, Rows, Tally, TouchedTable, Uncounted,
};
use crate::domain::dry_run::undone::Undone;
use crate::domain::lint::LockMode;
use crate::domain::problem::Problem;
use crate::domain::snapshot::{Identity, Kind, Object, Snapshot};
use std::collections::BTreeMap;

/// The whole catalog.
pub(in crate::adapters) const SNAPSHOT: &str = include_str!("snapshot.sql");
/// Tables and sequences.
pub(in crate::adapters) const BASELINE: &str = include_str!("baseline.sql");
/// Locks, files and rows of the transaction; `$KNOWN$` stands for the numbers of the tables.
pub(in crate::adapters) const LOCKS_AND_ROWS: &str = include_str!("measure.sql");

/// Forgets the statements that a file, or the driver to read types of results, prepared since a time: they outlive a transaction, and
/// behind a pooler they would stay with somebody else's connection under a name that is taken then.
pub(in crate::adapters) fn forget(begun: &str) -> String {
    block(&format!(
        "declare one text; begin for one in select name from pg_catalog.pg_prepared_statements \
        where (from_sql or name ~ '^s[0-9]+$') and prepare_time >= {}::pg_catalog.timestamptz \
        loop execute 'deallocate ' || pg_catalog.quote_ident(one); end loop; end",
        dollar(begun)
    ))
}

/// What each role may do.
pub(in crate::adapters) const RIGHTS: &str = include_str!("rights.sql");

/// Reads the rows of [`RIGHTS`].
pub(in crate::adapters) fn parse_rights(rows: Texts) -> Result<Vec<Right>, Problem> {
    let right = |row: Vec<Option<String>>| {
        let mut cells = row.into_iter();
        let mut cell = || cells.next().flatten();
        Some(Right {
            role: cell()?,
            id: parsed(cell())?,
            object: cell()?,
            verb: cell()?,
            verdict: match cell()?.as_str() {
                "all" => Verdict::All,
                _ => Verdict::Policies,
            },
            digest: cell(),
            why: Why::of(&cell()?)?,
            // A connection says `t`, JSON says `true`.
            passes: cell()?.starts_with('t'),
            parts: cell(),
            touched: cell().as_deref().and_then(touch),
        })
    };
    let rights = rows
        .into_iter()
        .map(|row| right(row).ok_or_else(|| unknown("a right")));
    rights.collect()
}

/// Reads what was changed further away.
fn touch(said: &str) -> Option<Touched> {
    let (kind, names) = said.split_once(':')?;
    Some(Touched {
        kind: Touch::of(kind)?,
        names: names.to_owned(),
    })
}

/// The id of somebody who owns nothing.
const STRANGER: &str = "00000000-0000-4000-8000-00000000beef";

/// The inner block that counts the rows of tables that a role sees, and adds them to `visible`, by expressions for the role and
/// the numbers of the tables; around it what [`visible_declarations`] gives is declared. `authenticated` is somebody who owns nothing.
pub(in crate::adapters) fn visible_sql(role: &str, ids: &str) -> String {
    let claims = format!(
        "pg_catalog.json_build_object('role', {role}, 'aud', {role}, 'sub', case when {role} = 'anon' then null else '{STRANGER}' end)::pg_catalog.text"
    );
    let failed = format!(
        "visible := pg_catalog.concat(visible, ',', pg_catalog.json_build_array({role}, id::pg_catalog.int8, sqlstate)); "
    );
    format!(
        "begin \
        perform pg_catalog.set_config('request.jwt.claims', {claims}, true), pg_catalog.set_config('request.jwt.claim.role', {role}, true), \
        pg_catalog.set_config('request.jwt.claim.sub', case when {role} = 'anon' then '' else '{STRANGER}' end, true), \
        pg_catalog.set_config('row_security', 'on', true), pg_catalog.set_config('search_path', 'public, extensions', true), \
        pg_catalog.set_config('role', {role}, true); \
        foreach id in array {ids} loop begin \
        if pg_catalog.clock_timestamp() > until then raise sqlstate '57014'; end if; \
        execute pg_catalog.concat('select pg_catalog.count(*) from ', id::pg_catalog.regclass::pg_catalog.text) into counted; \
        visible := pg_catalog.concat(visible, ',', pg_catalog.json_build_array({role}, id::pg_catalog.int8, counted)); \
        exception when query_canceled or others then {failed}end; end loop; \
        perform pg_catalog.set_config('role', 'none', true), pg_catalog.set_config('search_path', '', true); \
        exception when others then foreach id in array {ids} loop {failed}end loop; \
        end; "
    )
}

/// The variables of [`visible_sql`]: it ends some seconds after they are declared.
pub(in crate::adapters) fn visible_declarations() -> String {
    format!(
        "id pg_catalog.oid; counted pg_catalog.int8; visible pg_catalog.text; \
        until pg_catalog.timestamptz := pg_catalog.clock_timestamp() + '{} ms'::pg_catalog.interval; ",
        COUNT.as_millis()
    )
}

/// A block for each role that counts what it sees, and adds it to the setting that [`SEEN`] reads. `given` is a condition under
/// which there is time for it.
pub(in crate::adapters) fn visible_blocks(wanted: &[(String, u32)], given: &str) -> Vec<String> {
    let mut roles: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (role, id) in wanted {
        roles.entry(role).or_default().push(id.to_string());
    }
    let one = |(role, ids): (&str, Vec<String>)| {
        block(&format!(
            "declare {}begin if {given} then {}end if; \
            perform pg_catalog.set_config('supadeck.visible', pg_catalog.concat(pg_catalog.current_setting('supadeck.visible', true), visible), true); end",
            visible_declarations(),
            visible_sql(
                &format!("{}::pg_catalog.text", dollar(role)),
                &format!("'{{{}}}'::pg_catalog.oid[]", ids.join(","))
            )
        ))
    };
    roles.into_iter().map(one).collect()
}

/// What was counted by [`visible_blocks`] so far, as one JSON array.
pub(in crate::adapters) const SEEN: &str = "pg_catalog.concat('[', pg_catalog.substr(pg_catalog.current_setting('supadeck.visible', true), 2), ']')";

/// What is said of the rows that a role sees: the role, the number of the table, and how many, or the SQLSTATE.
#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
pub(in crate::adapters) enum Seen {
    /// So many.
    Rows(String, u32, u64),
    /// Counting failed.
    Failed(String, u32, String),
}

/// Reads what was seen.
pub(in crate::adapters) fn parse_visible(seen: Vec<Seen>) -> Vec<Visible> {
    let one = |seen| match seen {
        Seen::Rows(role, id, rows) => Visible {
            role,
            id,
            rows: Ok(rows),
        },
        Seen::Failed(role, id, code) => Visible {
            role,
            id,
            rows: Err(Uncounted::of(&code)),
        },
    };
    seen.into_iter().map(one).collect()
}

/// Rows as text.
pub(in crate::adapters) type Texts = Vec<Vec<Option<String>>>;

/// Reads the rows of [`SNAPSHOT`].
pub(in crate::adapters) fn parse_snapshot(rows: Texts) -> Result<Snapshot, Problem> {
    let mut snapshot = Snapshot::default();
    for row in rows {
        let mut cells = row.into_iter();
        let mut cell = || cells.next().flatten();
        let (word, on, name, said) = (cell(), cell(), cell(), cell());
        let identity = cell().as_deref().and_then(identity);
        let kind = word.as_deref().and_then(Kind::of);
        let (Some(kind), Some(name), Some(said)) = (kind, name, said) else {
            return Err(unknown(&format!("an object of kind {word:?}")));
        };
        let properties =
            serde_json::from_str(&said).map_err(|error| unknown(&error.to_string()))?;
        let object = Object { kind, on, name };
        if let Some(identity) = identity {
            snapshot.identities.insert(object.clone(), identity);
        }
        snapshot.objects.insert(object, properties);
    }
    Ok(snapshot)
}

fn identity(text: &str) -> Option<Identity> {
    let mut numbers = text.split('.');
    Some(Identity {
        catalog: numbers.next()?.parse().ok()?,
        id: numbers.next()?.parse().ok()?,
        part: numbers.next()?.parse().ok()?,
    })
}

fn unknown(what: &str) -> Problem {
    Problem::internal(format!("The catalogs say something unknown: {what}."))
}

/// Reads the rows of [`BASELINE`].
pub(in crate::adapters) fn parse_baseline(rows: Texts) -> Baseline {
    let mut baseline = Baseline::default();
    for row in rows {
        let mut cells = row.into_iter();
        let mut cell = || cells.next().flatten();
        let (kind, id, name) = (cell(), cell(), cell().unwrap_or_default());
        let (file, bytes, number, holds) = (cell(), cell(), cell(), cell());
        if kind.as_deref() == Some("sequence") {
            baseline.sequences.push((name, number));
        } else {
            baseline.tables.push(BaselineTable {
                id: parsed(id).unwrap_or_default(),
                table: name,
                file: parsed(file),
                bytes: parsed(bytes).unwrap_or_default(),
                about: parsed(number),
                // A connection says `t`, JSON says `true`.
                holds_rows: holds.is_some_and(|holds| holds.starts_with('t')),
            });
        }
    }
    baseline
}

/// The question about the locks on some tables; about none it is none.
pub(in crate::adapters) fn measure_sql(known: &[u32]) -> String {
    if known.is_empty() {
        return "select where false".to_owned();
    }
    let ids: Vec<String> = known.iter().map(u32::to_string).collect();
    LOCKS_AND_ROWS.replace("$KNOWN$", &ids.join(","))
}

/// The question how many rows of some tables the transaction has inserted, updated and deleted, also those that are undone.
pub(in crate::adapters) fn counters_sql(known: &[u32]) -> String {
    let ids: Vec<String> = known.iter().map(u32::to_string).collect();
    format!(
        "select k, pg_catalog.pg_stat_get_xact_tuples_inserted(k), pg_catalog.pg_stat_get_xact_tuples_updated(k), \
        pg_catalog.pg_stat_get_xact_tuples_deleted(k) from pg_catalog.unnest('{{{}}}'::pg_catalog.oid[]) k \
        where pg_catalog.pg_stat_get_xact_tuples_inserted(k) + pg_catalog.pg_stat_get_xact_tuples_updated(k) \
        + pg_catalog.pg_stat_get_xact_tuples_deleted(k) > 0",
        ids.join(",")
    )
}

/// Reads the rows of [`LOCKS_AND_ROWS`], in the order of the tables' numbers.
pub(in crate::adapters) fn parse_touched(rows: &Texts) -> Vec<TouchedTable> {
    let mut touched: Vec<TouchedTable> = rows.iter().filter_map(|row| one_touched(row)).collect();
    touched.sort_by_key(|table| table.id);
    touched
}

/// Reads from the same rows below which number each transaction is taken.
pub(in crate::adapters) fn parse_next_xid(rows: &Texts) -> Option<u64> {
    let row = rows.iter().find(|row| matches!(row.first(), Some(None)))?;
    parsed(row.get(4).cloned().flatten())
}

/// The question for that alone, in the same form.
pub(in crate::adapters) const NEXT_XID: &str = "select null, null, null, null, pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::pg_catalog.text";

/// The most transactions that are looked at one by one.
const MOST_XIDS: u64 = 1_000_000;

/// An expression for the transactions that were undone since this one began, its own and those of others, as a JSON array; null
/// where they are too many. No search_path is known where it stands.
pub(in crate::adapters) fn undone_sql() -> String {
    let next = "pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::pg_catalog.text::pg_catalog.int8";
    format!(
        "case when {next} operator(pg_catalog.-) pg_catalog.txid_current() operator(pg_catalog.<=) {MOST_XIDS} then (\
        select coalesce(pg_catalog.json_agg(n), '[]')::pg_catalog.text \
        from pg_catalog.generate_series(pg_catalog.txid_current(), {next} operator(pg_catalog.-) 1::pg_catalog.int8) n \
        where pg_catalog.pg_xact_status(n::pg_catalog.text::pg_catalog.xid8) operator(pg_catalog.=) 'aborted') end"
    )
}

/// Reads what [`undone_sql`] says.
pub(in crate::adapters) fn parse_undone(said: Option<&str>) -> Undone {
    let numbers = said.and_then(|said| serde_json::from_str(said).ok());
    numbers.map_or(Undone::Unknown, Undone::Known)
}

fn one_touched(row: &[Option<String>]) -> Option<TouchedTable> {
    let cell = |at: usize| row.get(at).cloned().flatten();
    let modes = cell(2)?;
    let mode = modes
        .trim_matches(['{', '}'])
        .split(',')
        .filter_map(LockMode::parse)
        .max()?;
    Some(TouchedTable {
        id: parsed(cell(0))?,
        table: cell(1),
        root: parsed(cell(8)),
        mode,
        file: parsed(cell(3)),
        bytes: parsed(cell(4)),
        rows: Rows {
            inserted: parsed(cell(5)).unwrap_or_default(),
            updated: parsed(cell(6)).unwrap_or_default(),
            deleted: parsed(cell(7)).unwrap_or_default(),
        },
    })
}

fn parsed<T: std::str::FromStr>(cell: Option<String>) -> Option<T> {
    cell?.parse().ok()
}

/// A condition on a statement, given as an expression: whether it may write other values than there were when it writes a
/// table anew. Of an `ALTER TABLE` only one with a `TYPE` can; whatever hides its statements may.
pub(in crate::adapters) fn may_convert(statement: &str) -> String {
    format!(
        "{statement} operator(pg_catalog.!~*) '^\\s*alter\\s+table' or {statement} operator(pg_catalog.~*) '\\mtype\\M'"
    )
}

/// The inner block that counts one table into `counted`, by an expression for its number, one for its columns' numbers, and a
/// condition under which their values are digested; around it `counting` and `counted` are declared as text.
pub(in crate::adapters) fn count_sql(id: &str, numbers: &str, digested: &str) -> String {
    let lines = include_str!("count.sql").lines();
    let lines = lines.filter(|line| !line.starts_with("--"));
    let code = lines.collect::<Vec<_>>().join("\n");
    code.replace("$ID$", id)
        .replace("$NUMBERS$", numbers)
        .replace("$DIGESTED$", digested)
}

/// A block that counts a holding, and adds what it says to the setting that [`COUNTED`] reads. `given` is a condition under
/// which there is time for it.
pub(in crate::adapters) fn count_block(holding: &CountTarget, given: &str) -> String {
    let numbers: Vec<String> = holding.columns.iter().map(i16::to_string).collect();
    let numbers = format!(
        "a.attnum = any ('{{{}}}'::pg_catalog.int2[])",
        numbers.join(",")
    );
    let id = holding.id;
    let digested = if holding.is_digested { "true" } else { "false" };
    count_block_of(id, &count_sql(&id.to_string(), &numbers, digested), given)
}

/// The block around [`count_sql`].
pub(in crate::adapters) fn count_block_of(id: u32, counting: &str, given: &str) -> String {
    block(&format!(
        "declare counting pg_catalog.text; counted pg_catalog.text := pg_catalog.json_build_array({id}, '57014')::pg_catalog.text; \
        begin if {given} then counted := null;\n{counting}end if; \
        perform pg_catalog.set_config('supadeck.counted', pg_catalog.concat(pg_catalog.current_setting('supadeck.counted', true), ',', \
        coalesce(counted, pg_catalog.json_build_array({id}, '42P01')::pg_catalog.text)), true); end"
    ))
}

/// What was counted by [`count_block`] so far, as one JSON array.
pub(in crate::adapters) const COUNTED: &str = "pg_catalog.concat('[', pg_catalog.substr(pg_catalog.current_setting('supadeck.counted', true), 2), ']')";

/// Reads what was counted.
pub(in crate::adapters) fn parse_counts(counts: &[Count]) -> Counts {
    let counts = counts.iter().map(|count| match count {
        Count::Failed(id, code) => (*id, Err(Uncounted::of(code))),
        Count::Done(id, rows, numbers, values, digests) => {
            let values = numbers.iter().copied().zip(values.iter().copied());
            let digests = numbers.iter().copied().zip(digests.iter().cloned());
            let tally = Tally {
                rows: *rows,
                values: values.collect(),
                digests: digests.collect(),
            };
            (*id, Ok(tally))
        }
    });
    counts.collect()
}

/// What is said of one table that was counted.
#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
pub(in crate::adapters) enum Count {
    /// Its number, its rows, the numbers of the columns, how many values each of them has, and their digests.
    Done(u32, u64, Vec<i16>, Vec<u64>, Vec<String>),
    /// Its number, and the SQLSTATE with which counting failed.
    Failed(u32, String),
}
