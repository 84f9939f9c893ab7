//! The form that asks for the file into which the rows of the grid, or a review, are written.

use super::DialogResult;
use crate::app::command::Command;
use crate::app::effect::Load;
use crate::app::field::Field;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::requests;
use crate::app::ticket::Slot;
use crate::domain::table::export::RowsFormat;
use crate::domain::table::paging::RowsWanted;
use std::path::PathBuf;

/// What is said of the file of an export of rows.
const ROWS_REMARK: &str = "Its end says the form: .jsonl, .csv, .sql, or seed.sql for a seed. What is there already is not written over.";

/// What goes into the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Exported {
    /// Rows of a table.
    Rows {
        /// Which: the table with the filter and the order that it is shown with.
        wanted: Box<RowsWanted>,
        /// The filter as it was typed.
        filter: String,
    },
    /// The review of a cycle, or of one of its weeks.
    Review {
        /// The cycle's id.
        cycle: String,
        /// The week; the whole cycle when absent.
        week: Option<u8>,
        /// The first day of the cycle, where it is known.
        start: Option<String>,
    },
}

/// What was filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportForm {
    /// What is exported.
    pub what: Exported,
    /// The name of the file.
    pub field: Field,
    /// Why the form cannot be accepted.
    pub problem: Option<String>,
}

impl ExportForm {
    /// A form for rows of a table, as they are shown.
    pub fn of_rows(wanted: RowsWanted, filter: &str) -> Self {
        let name = format!("{}.jsonl", plain(&wanted.table.name));
        let (wanted, filter) = (Box::new(wanted), filter.to_owned());
        Self::new(Exported::Rows { wanted, filter }, &name)
    }

    /// A form for a review.
    pub fn of_review(cycle: String, week: Option<u8>, start: Option<&str>) -> Self {
        let of = plain(start.unwrap_or(&cycle));
        let week_words = week.map_or_else(String::new, |week| format!("-week-{week:02}"));
        let what = Exported::Review {
            cycle,
            week,
            start: start.map(str::to_owned),
        };
        Self::new(what, &format!("review-{of}{week_words}.md"))
    }

    fn new(what: Exported, name: &str) -> Self {
        Self {
            what,
            field: Field::with(name),
            problem: None,
        }
    }

    /// What the form says of the name.
    pub fn remark(&self) -> &'static str {
        match self.what {
            Exported::Rows { .. } => ROWS_REMARK,
            Exported::Review { .. } => {
                "The review is Markdown. What is there already is not written over."
            }
        }
    }

    /// What is read, or why the name will not do.
    fn load(&self) -> Result<Load, String> {
        let name = self.field.text().trim();
        let path = PathBuf::from(name);
        match &self.what {
            _ if name.is_empty() => Err("Name the file.".to_owned()),
            Exported::Rows { wanted, .. } => match RowsFormat::of_name(name) {
                Some(form) => Ok(Load::Export {
                    wanted: wanted.clone(),
                    form,
                    path,
                }),
                None => Err(
                    "The end of the name says the form: .jsonl, .csv, .sql, or seed.sql for a seed."
                        .to_owned(),
                ),
            },
            Exported::Review { cycle, week, .. } => Ok(Load::ExportReview {
                cycle: cycle.clone(),
                week: *week,
                path,
            }),
        }
    }

    pub(super) fn press(
        &mut self,
        key: Key,
        command: Option<Command>,
        model: &mut Model,
    ) -> DialogResult {
        match command {
            Some(Command::Cancel) => return DialogResult::Close(Vec::new()),
            Some(Command::Confirm) => {
                let load = match self.load() {
                    Ok(load) => load,
                    Err(problem) => {
                        self.problem = Some(problem);
                        return DialogResult::Stay(Vec::new());
                    }
                };
                return DialogResult::Close(vec![requests::effect(model, Slot::Export, load)]);
            }
            _ => {
                self.field.press(key);
                self.problem = None;
            }
        }
        DialogResult::Stay(Vec::new())
    }
}

/// A name as a part of a file's name.
fn plain(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let name = name.chars().take(60);
    name.map(|c| if is_plain(c) { c } else { '_' }).collect()
}
