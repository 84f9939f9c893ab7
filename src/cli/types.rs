//! `supadeck types`.

use super::answer::{Answer, Answered};
use super::context::Context;
use super::interrupt;
use crate::domain::catalog::Language;
use crate::ops::types;
use clap::{Args as ClapArgs, ValueEnum};

/// Print types for a program, generated from the database
///
/// `typescript` gives the `Database` type of supabase-js, the same as `supabase gen types`. `zod` gives Zod schemas for rows,
/// inserts and updates: they take what PostgREST sends, such as `infinity`, `NaN` and null inside an array, and refuse the rest.
/// numeric and bigint become `number`, because PostgREST sends them as JSON numbers.
#[derive(ClapArgs)]
pub struct Args {
    /// The language
    language: Choice,

    /// The schema
    #[arg(long, value_name = "NAME", default_value = "public")]
    schema: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// Zod schemas
    Zod,
    /// The Database type of supabase-js
    #[value(name = "typescript")]
    TypeScript,
}

/// Reads the catalogs and generates.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let catalogs = context.catalogs().await?;
    let language = match args.language {
        Choice::Zod => Language::Zod,
        Choice::TypeScript => Language::TypeScript,
    };
    let text = types::generate(catalogs.as_ref(), &args.schema, language);
    Ok(Answer::raw(interrupt::ending(text).await?))
}
