//! The questions that a rehearsal asks the catalogs, and how their answers are read.

use super::books::{block, dollar};
use crate::domain::picture::{Kind, Object, Picture};
use crate::domain::problem::Problem;
use crate::domain::rehearsal::measure::{Ground, Holding, Known, Rows, Touched};
use crate::domain::risk::LockMode;

/// The whole catalog.
pub(in crate::adapters) const PICTURE: &str = include_str!("picture.sql");
/// Tables and sequences.
pub(in crate::adapters) const GROUND: &str = include_str!("ground.sql");
/// Locks, files and rows of the transaction; `$KNOWN$` stands for the numbers of the tables.
pub(in crate::adapters) const MEASURE: &str = include_str!("measure.sql");

/// Gives the constraints that are deferred from the start their mode back, after all were made immediate.
pub(in crate::adapters) const DEFER_AGAIN: &str = "do $$ declare one text; begin for one in \
    select distinct pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.conname) \
    from pg_catalog.pg_constraint c join pg_catalog.pg_namespace n on n.oid = c.connamespace where c.condeferred \
    loop execute 'set constraints ' || one || ' deferred'; end loop; end $$";

/// Forgets the statements that the driver prepared since a time, to read types of results: they outlive a transaction, and
/// behind a pooler they would stay with somebody else's connection under a name that is taken then.
pub(super) fn forget(begun: &str) -> String {
    block(&format!(
        "declare one text; begin for one in select name from pg_catalog.pg_prepared_statements \
        where not from_sql and name ~ '^s[0-9]+$' and prepare_time >= {}::pg_catalog.timestamptz \
        loop execute 'deallocate ' || pg_catalog.quote_ident(one); end loop; end",
        dollar(begun)
    ))
}

/// Rows as text.
pub(in crate::adapters) type Texts = Vec<Vec<Option<String>>>;

/// Reads the rows of [`PICTURE`].
pub(in crate::adapters) fn picture(rows: Texts) -> Result<Picture, Problem> {
    let mut picture = Picture::default();
    for row in rows {
        let mut cells = row.into_iter();
        let mut cell = || cells.next().flatten();
        let (word, on, name, said) = (cell(), cell(), cell(), cell());
        let kind = word.as_deref().and_then(Kind::of);
        let (Some(kind), Some(name), Some(said)) = (kind, name, said) else {
            return Err(unknown(&format!("an object of kind {word:?}")));
        };
        let properties =
            serde_json::from_str(&said).map_err(|error| unknown(&error.to_string()))?;
        picture
            .objects
            .insert(Object { kind, on, name }, properties);
    }
    Ok(picture)
}

fn unknown(what: &str) -> Problem {
    Problem::internal(format!("The catalogs say something unknown: {what}."))
}

/// Reads the rows of [`GROUND`].
pub(in crate::adapters) fn ground(rows: Texts) -> Ground {
    let mut ground = Ground::default();
    for row in rows {
        let mut cells = row.into_iter();
        let mut cell = || cells.next().flatten();
        let (kind, id, name) = (cell(), cell(), cell().unwrap_or_default());
        let (file, bytes, number) = (cell(), cell(), cell());
        if kind.as_deref() == Some("sequence") {
            ground.sequences.push((name, number));
        } else {
            ground.tables.push(Known {
                id: parsed(id).unwrap_or_default(),
                table: name,
                file: parsed(file),
                bytes: parsed(bytes).unwrap_or_default(),
                about: parsed(number),
            });
        }
    }
    ground
}

/// The question about the locks on some tables; about none it is none.
pub(super) fn measure(known: &[u32]) -> String {
    if known.is_empty() {
        return "select where false".to_owned();
    }
    let ids: Vec<String> = known.iter().map(u32::to_string).collect();
    MEASURE.replace("$KNOWN$", &ids.join(","))
}

/// Reads the rows of [`MEASURE`], in the order of the tables' numbers.
pub(in crate::adapters) fn touched(rows: &Texts) -> Vec<Touched> {
    let mut touched: Vec<Touched> = rows.iter().filter_map(|row| one_touched(row)).collect();
    touched.sort_by_key(|table| table.id);
    touched
}

fn one_touched(row: &[Option<String>]) -> Option<Touched> {
    let cell = |at: usize| row.get(at).cloned().flatten();
    let modes = cell(2)?;
    let mode = modes
        .trim_matches(['{', '}'])
        .split(',')
        .filter_map(LockMode::parse)
        .max()?;
    Some(Touched {
        id: parsed(cell(0))?,
        table: cell(1),
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

/// Counts. The names come quoted from the catalog.
pub(in crate::adapters) fn count(holding: &Holding) -> String {
    let column = holding.column.as_deref().unwrap_or("*");
    format!("select pg_catalog.count({column}) from {}", holding.table)
}
