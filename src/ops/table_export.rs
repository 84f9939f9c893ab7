//! Writes the rows of a table into a file, page by page as whoever reads; memory does not grow with their number.

use super::exported_file::ExportedFile;
use super::table;
use crate::domain::identity::Identity;
use crate::domain::problem::Problem;
use crate::domain::table::export::{RowWriter, RowsFormat, TableExported};
use crate::domain::table::paging::RowsWanted;
use crate::ports::Rest;
use std::path::Path;

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
    let mut file = ExportedFile::begin(path)?;
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
        file.write(&lines)?;
        told(rows);
        let Some(next) = page.next else { break };
        ask.from = next;
        ask.passed += page.rows.len();
        ask.limit = (MEANT / page.row_bytes.max(1)).clamp(1, MOST);
    }
    file.finish()?;
    Ok(TableExported {
        file: path.to_owned(),
        format: form.word(),
        rows,
        bytes,
        columns: writer.map(|writer| writer.columns()).unwrap_or_default(),
        is_keyed: ask.order.is_keyed,
    })
}
