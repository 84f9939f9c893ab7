//! What of a profile stays when another of its name replaces it, and when its name is asked for.

use crate::cli::prompt;
use crate::domain::problem::{Kind, Problem};
use crate::domain::production::is_same_project;
use crate::domain::profile::Profile;

/// What was typed about production.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// `--production`.
    pub production: bool,
    /// `--no-production`.
    pub ends: bool,
    /// `--confirm NAME`.
    pub confirm: Option<&'a str>,
}

impl Wish<'_> {
    /// Makes the new profile a production one where that was asked for, or where the one before it is. Ending that, and
    /// another project under the name, want the name. What the database is recognised by stays with its project.
    pub async fn settle(self, before: Option<&Profile>, new: &mut Profile) -> Result<(), Problem> {
        let before = before.filter(|before| before.production);
        new.production = self.production || (before.is_some() && !self.ends);
        let Some(before) = before else {
            return Ok(());
        };
        let is_same = is_same_project(before, new);
        if self.ends {
            let why = "It is a production profile and would be none any more.";
            self.named(&new.name, why).await?;
        } else if !is_same {
            let why = "It is a production profile and would be of another project.";
            self.named(&new.name, why).await?;
        }
        if new.production && is_same {
            new.database_id.clone_from(&before.database_id);
            new.database_ref.clone_from(&before.database_ref);
        }
        Ok(())
    }

    async fn named(self, name: &str, why: &str) -> Result<(), Problem> {
        confirmed_by_name(name, self.confirm, why, "replaced").await
    }
}

/// Asks for the profile's name, or compares the one that was typed with `--confirm`. `done` is what would be done to the
/// profile, such as `replaced`.
pub async fn confirmed_by_name(
    name: &str,
    confirm: Option<&str>,
    why: &str,
    done: &str,
) -> Result<(), Problem> {
    let what = format!("{name} was not {done}: it was not confirmed.");
    if let Some(typed) = confirm {
        if typed == name {
            return Ok(());
        }
    } else if prompt::is_possible() {
        let question = format!("{why} To confirm, type the profile’s name, {name}: ");
        if prompt::word(&question).await?.trim() == name {
            return Ok(());
        }
        let why = format!("What was typed is not `{name}`.");
        return Err(Problem::new(Kind::Cancelled, what, why));
    }
    Err(Problem::new(Kind::Usage, what, why).with_hint(format!("Add --confirm {name}.")))
}
