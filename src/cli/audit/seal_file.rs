//! A file of seals: read to be compared, and added to.

use crate::domain::audit::seal::{self, Seal, compare};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::ops::audit_seal;
use crate::ports::Rest;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

/// Reads the seals of a file.
pub fn read(file: &Path) -> Result<Vec<Seal>, Problem> {
    let text = std::fs::read_to_string(file).map_err(|error| unusable(file, &error))?;
    seal::read(&text)
}

/// Adds the seals that the file does not have; tells how many those were, and how many it has then. A file whose seals are not those that are
/// here is left as it is.
pub async fn add(rest: &dyn Rest, who: &Identity, file: &Path) -> Result<(u64, u64), Problem> {
    let there = match std::fs::read_to_string(file) {
        Ok(text) if text.is_empty() => Vec::new(),
        Ok(text) => seal::read(&text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(unusable(file, &error)),
    };
    let first = there.first().map_or(1, |seal| seal.number);
    let last = there.last().map_or(0, |seal| seal.number);
    let mut to_compare = there.as_slice();
    let mut news = String::new();
    let mut added = 0;
    audit_seal::seals(rest, who, first - 1, |page| {
        let until = page.last().map_or(0, |seal| seal.number);
        let count = to_compare
            .iter()
            .take_while(|seal| seal.number <= until)
            .count();
        if let Some(fault) = compare(&to_compare[..count], &page) {
            return Err(differs(file, &fault.sentence()));
        }
        to_compare = &to_compare[count..];
        for seal in page.iter().filter(|seal| seal.number > last) {
            news += &seal.line();
            added += 1;
        }
        Ok(())
    })
    .await?;
    if let Some(gone) = to_compare.first() {
        let fault = seal::SealFault::of_seal(seal::SealFaultKind::NotThere, gone.number);
        return Err(differs(file, &fault.sentence()));
    }
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .and_then(|mut open| {
            open.write_all(news.as_bytes())
                .and_then(|()| open.sync_all())
        });
    written.map_err(|error| unusable(file, &error))?;
    Ok((added, there.len() as u64 + added))
}

fn differs(file: &Path, why: &str) -> Problem {
    Problem::new(
        Kind::Findings,
        format!("Nothing was added to {}.", file.display()),
        why,
    )
    .with_hint("Keep the file as it is, and see `supadeck audit verify --against` it.")
}

fn unusable(file: &Path, error: &io::Error) -> Problem {
    Problem::new(
        Kind::Config,
        format!("The file {} cannot be used.", file.display()),
        format!("{error}."),
    )
}
