//! `supadeck access snapshot`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::Tone;
use super::heading::heading;
use super::place::Place;
use crate::domain::access::viewer::Who;
use crate::domain::plural::counted;
use crate::ops::access::{self, MatrixRequest};
use crate::ports::AccessDatabase;
use clap::Args as ClapArgs;
use serde_json::json;
use std::path::PathBuf;

/// Write who may do what as a file, sorted, one sentence a line, to be kept with the project and checked in CI
///
/// `supadeck access check` compares it with a database later. It holds no row and no count: only what each identity may do by
/// grants and policies, the functions that run as their owner, and the policies with their conditions.
#[derive(ClapArgs)]
pub struct Args {
    /// The file; one that is there is replaced
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Another identity beside the usual ones: user:EMAIL, role:NAME
    #[arg(long, value_name = "IDENTITY")]
    also: Vec<Who>,

    /// Only these schemas, instead of those of the API
    #[arg(long, value_name = "NAME")]
    schema: Vec<String>,

    #[command(flatten)]
    place: Place,
}

/// Reads, and writes the file.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let looked = args.place.open(context).await?;
    let answered = look(context, args, looked.database.as_ref()).await;
    looked.close(answered).await
}

async fn look(context: &Context, args: &Args, database: &dyn AccessDatabase) -> Answered {
    let request = MatrixRequest {
        only: context.asked()?.into_iter().collect(),
        also: args.also.clone(),
        schemas: args.schema.clone(),
        ..MatrixRequest::default()
    };
    let matrix = interrupt::ending(access::judged(database, &request)).await?;
    let sentences = access::write_snapshot(&matrix, &args.file)?;
    let mut page = heading(&matrix.rules);
    page.toned(
        Tone::Ok,
        &format!(
            "{} written to {}.",
            counted(sentences, "rule"),
            args.file.display()
        ),
    );
    let data = json!({ "file": args.file.display().to_string(), "sentences": sentences });
    Ok(Answer::new(&data, page)?)
}
