//! `supadeck audit seal`.

use super::super::answer::Answered;
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Tone};
use super::seal_file;
use crate::domain::plural::counted;
use crate::ops::audit_seal::{self, Sealed};
use clap::Args as ClapArgs;
use std::path::PathBuf;

/// Seal the audit log, so that a later change of its records is found; needs --as service
///
/// A seal holds a digest over the records of all transactions that have ended, and the digest of the seal before it. Nobody who writes waits
/// for it. Run it from a scheduler; a record of a transaction that ends later falls into the next seal.
///
/// With --export the seals are also written to a file, one JSON object a line. A file that is there is added to, and only when what it holds
/// is still so here. Keep it where the owner of the database cannot write: `audit verify --against` finds then what the owner rewrote.
#[derive(ClapArgs)]
pub struct Args {
    /// The file that the seals are added to
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
}

/// Seals, and writes what the file does not have yet.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let reader = context.reader().await?;
    let output = context.output();
    let told = |sealed: &Sealed| {
        if sealed.seals.is_multiple_of(20) {
            let mut page = Page::default();
            page.toned(Tone::Muted, &format!("{} records sealed.", sealed.records));
            output.note(&page);
        }
    };
    let sealing = audit_seal::seal(reader.rest(), reader.who(), told);
    let sealed = interrupt::ending(sealing).await?;
    let mut page = Page::default();
    page.line(match (sealed.last, &sealed.digest) {
        (Some(last), Some(digest)) => format!(
            "Sealed {} in {}, up to seal {last}: {digest}.",
            counted(sealed.records, "record"),
            counted(sealed.seals, "seal")
        ),
        _ => "Nothing to seal: no record has come since the last seal, or its transaction has not ended.".to_owned(),
    });
    let mut exported = None;
    if let Some(file) = &args.export {
        let adding = seal_file::add(reader.rest(), reader.who(), file);
        let (added, all) = interrupt::ending(adding).await?;
        page.line(format!(
            "{} added to {}, which has {all} now.",
            counted(added, "seal"),
            file.display()
        ));
        exported = Some(all);
    }
    Ok(reader.page(&sealed, page)?.with("exported", &exported)?)
}
