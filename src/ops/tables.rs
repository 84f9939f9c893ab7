//! The tables of any project, for a first look at it.

use crate::domain::problem::Problem;
use crate::domain::table::Table;
use crate::ports::Catalogs;

/// The schema that a project's tables are in unless they were put elsewhere.
const SCHEMA: &str = "public";

/// The tables and views of the schema `public`, tables first, by name. A database without that schema has none.
pub async fn list(catalogs: &dyn Catalogs) -> Result<Vec<Table>, Problem> {
    let catalog = catalogs.read(SCHEMA).await?.unwrap_or_default();
    let mut tables: Vec<Table> = catalog.relations.into_iter().map(Table::from).collect();
    tables.sort_by(|a, b| (a.is_view, &a.name).cmp(&(b.is_view, &b.name)));
    Ok(tables)
}
