//! The names of those whom records name, as far as the project's settings tell them.

use super::super::context::{Context, Reader};
use super::super::interrupt;
use super::super::page::{Page, Tone};
use crate::domain::audit::{Record, Summary};
use crate::domain::people::{People, PeopleTold};
use crate::domain::problem::Problem;

/// What names somebody: who did it, and whose data it was.
pub trait Named {
    /// The ids.
    fn ids(&self) -> [Option<&str>; 2];
}

impl Named for Record {
    fn ids(&self) -> [Option<&str>; 2] {
        [
            self.actor_user_id.as_deref(),
            self.subject_user_id.as_deref(),
        ]
    }
}

impl Named for Summary {
    fn ids(&self) -> [Option<&str>; 2] {
        [
            self.actor_user_id.as_deref(),
            self.subject_user_id.as_deref(),
        ]
    }
}

/// The people whom some records name. A name that cannot be read stays an id, and that is said.
pub async fn of<T: Named>(
    context: &Context,
    reader: &Reader,
    records: &[T],
) -> Result<People, Problem> {
    let ids = records.iter().flat_map(|record| record.ids());
    let mut ids: Vec<String> = ids.flatten().map(str::to_owned).collect();
    ids.sort_unstable();
    ids.dedup();
    let told = interrupt::ending(async { Ok(reader.people_of(&ids).await) }).await?;
    say(context, &told);
    Ok(told.people)
}

/// Says why some names are not known.
pub fn say(context: &Context, told: &PeopleTold) {
    let mut page = Page::default();
    for problem in &told.problems {
        page.toned(Tone::Muted, &format!("Names are not known: {problem}"));
    }
    context.output().note(&page);
}
