//! Keeps in the user's files what the deck is to know the next time, away from the loop: another program may hold a file for a moment.

use crate::adapters::column_file::ColumnFile;
use crate::adapters::config_dir::config_dir;
use crate::adapters::deck_file::DeckFile;
use crate::adapters::filter_file::FilterFile;
use crate::adapters::state_file::{Kept, StateFile};
use crate::app::msg::Msg;
use crate::domain::table::column_choice::ColumnChoice;
use crate::domain::table::name::TableName;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// The number of the newest choice of each thing that is chosen.
type Newest = Arc<Mutex<BTreeMap<Choice, u64>>>;

/// What is chosen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Choice {
    Theme,
    /// The columns of a table of a project.
    Columns(String, String, TableName),
}

/// What is to be kept, and where it is said that it could not be.
pub(super) struct StateFiles {
    inbox: mpsc::UnboundedSender<Msg>,
    newest: Newest,
    /// The theme that the user's own file names.
    configured_theme: Option<String>,
}

/// A project as it was opened: the name of its profile, and its address.
pub(super) struct Of {
    pub(super) profile: String,
    pub(super) url: String,
}

impl StateFiles {
    /// Files whose faults go to `inbox`.
    pub(super) fn new(inbox: mpsc::UnboundedSender<Msg>, configured_theme: Option<String>) -> Self {
        Self {
            inbox,
            newest: Newest::default(),
            configured_theme,
        }
    }

    /// Keeps a filter that was typed.
    pub(super) fn keep_filter(&self, of: Of, who: String, filter: String) {
        let change = move |file: &FilterFile| file.remember(&who, &filter);
        self.change("The filter is", of, change);
    }

    /// Gives a filter a name there, or takes the name away.
    pub(super) fn save_filter(&self, of: Of, name: String, filter: Option<String>) {
        let change = move |file: &FilterFile| file.save(&name, filter.as_deref());
        self.change("The filter is", of, change);
    }

    /// Keeps the columns that were chosen for a table. Writes run side by side, so one that another choice has overtaken is dropped.
    pub(super) fn keep_columns(&self, of: Of, table: TableName, choice: ColumnChoice) {
        let chosen = Choice::Columns(of.profile.clone(), of.url.clone(), table.clone());
        let (newest, number) = self.number(&chosen);
        self.change("The columns are", of, move |file: &ColumnFile| {
            file.change(|book| {
                let newest = newest.lock().unwrap_or_else(PoisonError::into_inner);
                let is_newest = newest.get(&chosen) == Some(&number);
                Ok(is_newest && book.keep(&table, &choice))
            })
        });
    }

    /// The number of a choice that is made now.
    fn number(&self, chosen: &Choice) -> (Newest, u64) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let number = newest.entry(chosen.clone()).or_default();
        *number += 1;
        (Arc::clone(&self.newest), *number)
    }

    /// Keeps the theme that was chosen, beside what the user's own file says.
    pub(super) fn keep_theme(&self, name: String) {
        let (inbox, configured) = (self.inbox.clone(), self.configured_theme.clone());
        let (newest, number) = self.number(&Choice::Theme);
        tokio::task::spawn_blocking(move || {
            // Held while it is written: one that another choice has overtaken is dropped.
            let newest = newest.lock().unwrap_or_else(PoisonError::into_inner);
            if newest.get(&Choice::Theme) != Some(&number) {
                return;
            }
            let kept =
                config_dir().map(|dir| DeckFile::keep_theme(&dir, &name, configured.as_deref()));
            let notice = match kept {
                Ok(Ok(())) => format!("The theme is {name} from now on."),
                Ok(Err(error)) => format!("The theme is not kept for the next time: {error}."),
                Err(problem) => format!("The theme is not kept for the next time: {problem}"),
            };
            drop(inbox.send(Msg::Noticed(notice)));
        });
    }

    fn change<T: Kept>(
        &self,
        what: &'static str,
        of: Of,
        change: impl FnOnce(&StateFile<T>) -> io::Result<()> + Send + 'static,
    ) {
        let inbox = self.inbox.clone();
        tokio::task::spawn_blocking(move || {
            let file = config_dir()
                .ok()
                .and_then(|dir| StateFile::of(&dir, &of.profile, &of.url));
            if let Some(Err(error)) = file.map(|file| change(&file)) {
                let notice = format!("{what} not kept for the next time: {error}.");
                drop(inbox.send(Msg::Noticed(notice)));
            }
        });
    }
}
