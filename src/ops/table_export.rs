//! Writes the rows of a table into a file, page by page as whoever reads; memory does not grow with their number.

use super::table;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::table::export::{RowWriter, RowsFormat, TableExported};
use crate::domain::table::paging::RowsWanted;
use crate::ports::Rest;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use tempfile::NamedTempFile;

/// How many rows the first page has: how large they are is not known yet.
const FIRST: usize = 50;
/// The most rows of a page; with the one that tells whether there are more it is what servers send at most unless told otherwise.
const MOST: usize = 999;
/// How large an answer is meant to be, in bytes.
const MEANT: usize = 1 << 20;

/// Exports what is asked for, from its first row to its last. The file must not be there yet, and is there only when it is whole.
/// `told` hears how many rows were written after each page.
pub async fn export(
    rest: &dyn Rest,
    who: &Identity,
    mut ask: RowsWanted,
    form: RowsFormat,
    path: &Path,
    mut told: impl FnMut(u64),
) -> Result<TableExported, Problem> {
    check_free(path)?;
    let broken = |error: io::Error| unwritable(path, &error);
    let mut part = BufWriter::new(part(path).map_err(broken)?);
    let mut writer: Option<RowWriter> = None;
    let (mut rows, mut bytes) = (0, 0);
    ask.limit = FIRST;
    loop {
        let page = table::rows(rest, who, &ask).await?;
        let is_first = writer.is_none();
        let writer = writer.get_or_insert_with(|| {
            RowWriter::new(form, &ask.table, &ask.columns, page.rows.first())
        });
        let mut lines = if is_first {
            writer.head()
        } else {
            String::new()
        };
        for row in &page.rows {
            lines.push_str(&writer.row(row)?);
        }
        rows += page.rows.len() as u64;
        if page.next.is_none() && rows > 0 {
            lines.push_str(&writer.end(&ask.table.key));
        }
        bytes += lines.len() as u64;
        part.write_all(lines.as_bytes()).map_err(broken)?;
        told(rows);
        let Some(next) = page.next else { break };
        ask.from = next;
        ask.passed += page.rows.len();
        ask.limit = (MEANT / page.row_bytes.max(1)).clamp(1, MOST);
    }
    let part = part
        .into_inner()
        .map_err(|error| broken(error.into_error()))?;
    part.as_file().sync_all().map_err(broken)?;
    part.persist_noclobber(path)
        .map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => exists(path, ANOTHER_NAME),
            _ => broken(error.error),
        })?;
    Ok(TableExported {
        file: path.to_owned(),
        format: form.word(),
        rows,
        bytes,
        columns: writer.map(|writer| writer.columns()).unwrap_or_default(),
        is_keyed: ask.order.is_keyed,
    })
}

/// A file beside the one that is meant, for the owner alone, which is gone unless it becomes that one.
fn part(path: &Path) -> io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        // The error of the file beside it would have a name that nobody gave.
        let why = format!("{} is no folder that is there", folder.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, why));
    }
    tempfile::Builder::new()
        .prefix(".supadeck-export-")
        .tempfile_in(folder)
}

/// Refuses where there is a file already.
pub fn check_free(path: &Path) -> Result<(), Problem> {
    if path.symlink_metadata().is_ok() {
        return Err(exists(path, ANOTHER_NAME));
    }
    Ok(())
}

/// What to do about a file in the place of an export.
pub const ANOTHER_NAME: &str = "Choose another name, or move the file away.";

/// A file is in the place of an export.
pub fn exists(path: &Path, hint: &str) -> Problem {
    Problem::new(
        Kind::Usage,
        format!("{} is there already.", path.display()),
        "An export writes over nothing.",
    )
    .with_hint(hint)
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    Problem::new(
        Kind::Config,
        format!("{} cannot be written.", path.display()),
        format!("{error}."),
    )
    .with_hint("Make room there, or choose another place.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_named_and_no_file_of_ours() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("nowhere");
        let why = part(&missing.join("rows.csv")).unwrap_err().to_string();
        assert!(why.contains("nowhere is no folder"), "{why}");
        assert!(!why.contains("supadeck-export"), "{why}");
        // One that is there takes it.
        part(&folder.path().join("rows.csv")).unwrap();
    }
}
