//! The table that a command is about, with what is known of it.

use super::super::context::{Context, Reader};
use super::super::interrupt;
use super::super::page::{Page, Tone};
use crate::domain::problem::Problem;
use crate::domain::table::info::TableInfo;
use crate::domain::table::name::TableName;
use crate::ops::table;
use clap::Args as ClapArgs;

/// Which table a command is about.
#[derive(ClapArgs)]
pub struct Which {
    /// The table or view: a name, or a schema, a dot and a name; in double quotes where it has a dot in it
    #[arg(value_name = "TABLE")]
    pub table: String,
}

impl Which {
    /// What is known of the table. Why that is not more goes to stderr.
    pub async fn described(
        &self,
        context: &Context,
        reader: &Reader,
    ) -> Result<TableInfo, Problem> {
        let name = TableName::parse(&self.table)?;
        let reading = async {
            let mut note = None;
            let catalog = match reader.tables().await {
                Ok(catalog) => catalog,
                Err(problem) => {
                    note = Some(problem);
                    None
                }
            };
            let described =
                table::describe(catalog.as_deref(), reader.rest(), reader.who(), &name).await?;
            Ok((described.table, described.note.or(note)))
        };
        let (table, note) = interrupt::ending(reading).await?;
        if let Some(problem) = note {
            let mut page = Page::default();
            let text =
                format!("Note: the database was not asked what it knows of the table: {problem}");
            page.toned(Tone::Warn, &text);
            context.output().note(&page);
        }
        Ok(table)
    }
}
