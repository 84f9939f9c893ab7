//! The option that says which records a command is about.

use super::super::context::Context;
use crate::adapters::config_dir::config_dir;
use crate::adapters::filter_file::FilterFile;
use crate::domain::audit::filter_book::{FilterBook, has_names};
use crate::domain::problem::Problem;
use clap::Args as ClapArgs;

/// Which records a command is about.
#[derive(ClapArgs)]
pub struct Which {
    /// Only records that fit; @NAME is a filter that was saved under that name on the Audit screen
    // A condition may begin with `-`, which turns it round.
    #[arg(
        long = "where",
        value_name = "FILTER",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    pub filter: String,
}

impl Which {
    /// The filter with saved ones in place of their names.
    pub async fn filter(&self, context: &Context) -> Result<String, Problem> {
        if !has_names(&self.filter) {
            return Ok(self.filter.clone());
        }
        let profile = context.without_reader().await?.profile;
        let file = FilterFile::of(&config_dir()?, &profile.name, &profile.url);
        let book = file.map_or_else(FilterBook::default, |file| file.read());
        Ok(book.expanded(&self.filter)?.into_owned())
    }
}
