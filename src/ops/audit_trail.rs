//! Finds the table in which a project keeps its audit trail: the one that its profile names, else one whose columns are recognised. The
//! database's catalogs say what there is; without a way to it, the rows of tables that are usually called so do.

use super::paging::correlation;
use crate::domain::audit::export::ExportRow;
use crate::domain::audit::new_trail::TrailTable;
use crate::domain::audit::trail::{
    ColumnKind, KNOWN, OWN, Trail, TrailColumn, TrailMapping, recognise,
};
use crate::domain::catalog::{Catalog, Oid};
use crate::domain::identity::Identity;
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::Select;
use crate::domain::read_problem;
use crate::domain::text;
use crate::ports::{Catalogs, Rest};
use serde_json::Value;

/// The schemas that are looked through.
const SCHEMAS: [&str; 2] = ["public", "audit"];
/// So many rows tell what the columns of a table hold.
const SAMPLE: usize = 20;
/// How deep a domain is made of domains, at most.
const DEEPEST: usize = 8;

/// Whether a read failed because the project has no `audit_log` as this program makes it: then it may have a trail of its own.
pub fn is_without_own(problem: &Problem) -> bool {
    let is_other_shape = matches!(problem.code.as_deref(), Some("42703" | "PGRST204"));
    read_problem::is_absent(problem) || is_other_shape
}

/// Checks that the tables of a new trail are there, and that the project has no `audit_log` yet.
pub async fn check_new(catalogs: &dyn Catalogs, tables: &[TrailTable]) -> Result<(), Problem> {
    if let Some(public) = catalogs.read("public").await?
        && public.relations.iter().any(|one| one.name == OWN)
    {
        return Err(Problem::new(
            Kind::Conflict,
            format!("There is a table `{OWN}` already."),
            "The new trail would be called the same.",
        )
        .with_hint("See what it holds with `supadeck audit list`."));
    }
    let mut schemas: Vec<&str> = tables.iter().map(|table| table.schema.as_str()).collect();
    schemas.sort_unstable();
    schemas.dedup();
    for schema in schemas {
        let catalog = catalogs.read(schema).await?.unwrap_or_default();
        let names: Vec<&str> = catalog
            .relations
            .iter()
            .filter(|one| !one.is_view)
            .map(|one| one.name.as_str())
            .collect();
        let missing = tables
            .iter()
            .find(|table| table.schema == schema && !names.contains(&table.name.as_str()));
        if let Some(missing) = missing {
            return Err(Problem::new(
                Kind::Usage,
                format!("There is no table `{}`.", missing.shown()),
                match names.as_slice() {
                    [] => format!("The schema {} has no tables.", text::cell(schema)),
                    names => format!("There are {}.", text::cell(&listed(names))),
                },
            ));
        }
    }
    Ok(())
}

/// The trail of a project; none where nothing is recognised as one.
pub async fn find(
    rest: &dyn Rest,
    who: &Identity,
    catalogs: Option<&dyn Catalogs>,
    named: Option<&TrailMapping>,
) -> Result<Option<Trail>, Problem> {
    let mapping = match (named, catalogs) {
        (Some(named), catalogs) => Some(named_one(rest, who, catalogs, named).await?),
        (None, Some(catalogs)) => match of_catalogs(catalogs).await {
            Ok(found) => found,
            // The database cannot be asked: REST can.
            Err(_) => of_rows(rest, who).await?,
        },
        (None, None) => of_rows(rest, who).await?,
    };
    Ok(mapping.map(|mapping| Trail::Other(Box::new(mapping))))
}

/// The trail that the profile names, with what its columns hold as far as that can be known.
async fn named_one(
    rest: &dyn Rest,
    who: &Identity,
    catalogs: Option<&dyn Catalogs>,
    named: &TrailMapping,
) -> Result<TrailMapping, Problem> {
    if !named.is_table_only() {
        named.check()?;
    }
    let (schema, table) = named.place();
    let mut columns = None;
    if let Some(catalogs) = catalogs
        && let Ok(Some(catalog)) = catalogs.read(schema.unwrap_or("public")).await
    {
        let relation = catalog.relations.iter().find(|one| one.name == table);
        columns = relation.map(|relation| columns_of(&catalog, relation));
    }
    if columns.is_none() {
        columns = sample(rest, who, &named.table).await?;
    }
    match columns {
        Some(columns) if named.is_table_only() => recognise(&named.table, &columns)
            .map(|found| found.with_words_of(named))
            .ok_or_else(|| unrecognised(named)),
        Some(columns) => named.clone().with_columns(&columns),
        None if named.is_table_only() => Err(unrecognised(named)),
        None => Ok(named.clone()),
    }
}

fn unrecognised(named: &TrailMapping) -> Problem {
    Problem::new(
        Kind::Config,
        format!("The columns of {} are not recognised as those of a trail.", named.name()),
        "The profile names the table alone, and none of its rows or columns tells which of them hold the row before and after.",
    )
    .with_hint("Name the columns in `[profiles.NAME.trail]`: see docs/audit.md.")
}

/// The best of what is recognised in the database.
async fn of_catalogs(catalogs: &dyn Catalogs) -> Result<Option<TrailMapping>, Problem> {
    let mut best: Option<(usize, TrailMapping)> = None;
    for schema in SCHEMAS {
        let Some(catalog) = catalogs.read(schema).await? else {
            continue;
        };
        for relation in &catalog.relations {
            let name = match schema {
                "public" => relation.name.clone(),
                schema => format!("{schema}.{}", relation.name),
            };
            let Some(mapping) = recognise(&name, &columns_of(&catalog, relation)) else {
                continue;
            };
            let worth = worth(&mapping);
            if best.as_ref().is_none_or(|(least, _)| worth > *least) {
                best = Some((worth, mapping));
            }
        }
    }
    Ok(best.map(|(_, mapping)| mapping))
}

/// What tells most of what happened to all tables is the trail of the project.
fn worth(mapping: &TrailMapping) -> usize {
    let name = mapping.name().to_lowercase();
    let is_called_so = ["audit", "record_version"]
        .iter()
        .any(|word| name.contains(word));
    let columns = [
        &mapping.action,
        &mapping.actor,
        &mapping.request,
        &mapping.reason,
        &mapping.row,
    ];
    let columns = columns.into_iter().flatten().count();
    columns + 4 * usize::from(is_called_so) + 8 * usize::from(mapping.changed_table.is_some())
}

fn columns_of(catalog: &Catalog, relation: &crate::domain::catalog::Relation) -> Vec<TrailColumn> {
    let columns = relation.columns.iter();
    columns
        .map(|column| TrailColumn {
            name: column.name.clone(),
            kind: kind(catalog, column.data_type),
        })
        .collect()
}

fn kind(catalog: &Catalog, mut data_type: Oid) -> ColumnKind {
    for _ in 0..DEEPEST {
        let Some(found) = catalog.types.iter().find(|one| one.id == data_type) else {
            return ColumnKind::Other;
        };
        match (found.kind, found.base) {
            ('e', _) => return ColumnKind::Word,
            ('d', Some(base)) => data_type = base,
            _ => {
                return match found.name.as_str() {
                    "uuid" => ColumnKind::Uuid,
                    "int2" | "int4" | "int8" => ColumnKind::Number,
                    "text" | "varchar" | "bpchar" | "name" | "citext" => ColumnKind::Text,
                    "timestamptz" | "timestamp" => ColumnKind::Time,
                    "json" | "jsonb" => ColumnKind::Json,
                    "hstore" => ColumnKind::Word,
                    _ => ColumnKind::Other,
                };
            }
        }
    }
    ColumnKind::Other
}

/// The first of the tables that are usually called so whose rows are those of a trail.
async fn of_rows(rest: &dyn Rest, who: &Identity) -> Result<Option<TrailMapping>, Problem> {
    for table in KNOWN {
        match sample(rest, who, table).await {
            Ok(Some(columns)) => {
                if let Some(mapping) = recognise(table, &columns) {
                    return Ok(Some(mapping));
                }
            }
            Ok(None) => {}
            // A table that is not there, not served or not granted is none.
            Err(problem) if matches!(problem.kind, Kind::Network | Kind::Auth) => {
                return Err(problem);
            }
            Err(_) => {}
        }
    }
    Ok(None)
}

/// The columns of a table by some of its rows; none where no row is visible.
async fn sample(
    rest: &dyn Rest,
    who: &Identity,
    table: &str,
) -> Result<Option<Vec<TrailColumn>>, Problem> {
    let (schema, name) = match table.split_once('.') {
        Some(("public", name)) => (None, name),
        Some((schema, name)) => (Some(schema), name),
        None => (None, table),
    };
    let mut query = Select::from(name).limit(SAMPLE).under(correlation());
    if let Some(schema) = schema {
        query = query.of_schema(schema);
    }
    let rows: Vec<ExportRow> = rest.select(who, &query).await?.rows()?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let column = |name: &String| TrailColumn {
        name: name.clone(),
        kind: rows
            .iter()
            .filter_map(|row| row.get(name).filter(|value| !value.is_null()))
            .map(kind_of)
            .next()
            .unwrap_or(ColumnKind::Word),
    };
    Ok(Some(first.keys().map(column).collect()))
}

/// What a value lets one say of its column: never more than is certain.
fn kind_of(value: &Value) -> ColumnKind {
    match value {
        Value::Object(_) | Value::Array(_) => ColumnKind::Json,
        Value::Number(number) if number.as_i64().is_some() => ColumnKind::Number,
        Value::String(text) if uuid::Uuid::try_parse(text).is_ok() => ColumnKind::Uuid,
        Value::String(text) if is_time(text) => ColumnKind::Time,
        Value::String(_) => ColumnKind::Word,
        _ => ColumnKind::Other,
    }
}

fn is_time(text: &str) -> bool {
    let is_civil = text.contains(':') && text.parse::<jiff::civil::DateTime>().is_ok();
    is_civil || text.parse::<jiff::Timestamp>().is_ok()
}
