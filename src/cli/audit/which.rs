//! The option that says which records a command is about.

use clap::Args as ClapArgs;

/// Which records a command is about.
#[derive(ClapArgs)]
pub struct Which {
    /// Only records that fit
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
