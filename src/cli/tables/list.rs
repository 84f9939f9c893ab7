//! `supadeck table list`.

use super::super::answer::Answered;
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Span, Table};
use super::super::seen;
use crate::domain::plural::grouped;
use crate::domain::report::row_security;
use crate::domain::table::cell::size;
use crate::domain::table::info::{TableList, TableRights};
use crate::domain::text;
use crate::ops::table;
use clap::Args as ClapArgs;

/// List tables and views, with what the identity may do
///
/// Of the schemas that the REST interface serves, as far as the database says. The rights are those of grants; which rows are seen, policies decide.
#[derive(ClapArgs)]
pub struct Args {
    /// Another schema; can be given several times
    #[arg(long, value_name = "NAME")]
    schema: Vec<String>,
}

/// Reads the list.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let reader = context.reader().await?;
    let reading = async {
        let catalog = reader.tables().await?;
        table::list(
            catalog.as_deref(),
            reader.rest(),
            reader.who(),
            &args.schema,
        )
        .await
    };
    let found = interrupt::ending(reading).await?;
    let names = found.tables.iter().map(|one| one.full_name().to_string());
    seen::tables(reader.profile(), names.collect());
    let mut page = Page::default();
    if found.tables.is_empty() {
        let schemas: Vec<_> = found.schemas.iter().map(|name| text::cell(name)).collect();
        page.line(format!("No tables in {}.", schemas.join(", ")));
    } else {
        page.table(&table_of(&found, reader.who().role()));
    }
    let answer = reader.page(&found.tables, page)?;
    Ok(answer.with("schemas", &found.schemas)?)
}

fn table_of(found: &TableList, role: &str) -> Table {
    let mut table = Table::new(&[
        "TABLE", "KIND", ">ROWS", ">SIZE", "RLS", "GRANTS", "~COMMENT",
    ]);
    for one in &found.tables {
        let (tone, rls) = row_security::words(one, role);
        table.row(vec![
            Span::from(one.full_name().to_string()),
            Span::from(one.kind.word()),
            Span::from(
                one.rows
                    .map(|rows| format!("~{}", grouped(rows)))
                    .unwrap_or_default(),
            ),
            Span::from(one.bytes.map(size).unwrap_or_default()),
            Span::new(tone, &rls),
            Span::from(one.rights.map(TableRights::words).unwrap_or_default()),
            Span::from(one.comment.clone().unwrap_or_default()),
        ]);
    }
    table
}
