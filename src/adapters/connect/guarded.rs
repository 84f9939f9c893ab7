//! A database of which it is known whose it is: each read says which production profile it belongs to, and a production
//! profile learns what its own database is recognised by.

use crate::domain::migration::Target;
use crate::domain::migration::history::{History, HistoryMark, Stored};
use crate::domain::migration::journal::Journal;
use crate::domain::migration::owner::Owned;
use crate::domain::problem::Problem;
use crate::domain::production::{Claim, Protection, is_news, learn, protection};
use crate::domain::profile::ProfileSet;
use crate::domain::script::{Change, Failure, Limits};
use crate::domain::seed::SeedHistory;
use crate::ports::{Database, Profiles, Session, Soon, Task};
use std::sync::Arc;

/// A database and what was known of it before.
pub struct Guarded {
    /// The database.
    pub database: Arc<dyn Database>,
    /// The user's profiles; none without a config directory.
    pub profiles: Option<Arc<dyn Profiles>>,
    /// What is claimed of it.
    pub claim: Claim,
}

impl Guarded {
    async fn look(&self, target: &mut Target) {
        let Some(profiles) = &self.profiles else {
            target.protection.profile.clone_from(&self.claim.meant);
            target
                .protection
                .read_only
                .clone_from(&self.claim.read_only);
            return;
        };
        *target.protection = match profiles.read().await {
            Ok(book) => {
                self.teach(profiles.as_ref(), &book, target).await;
                protection(&book, &self.claim, &target.mark)
            }
            Err(problem) => Protection {
                profile: self.claim.meant.clone().or_else(|| self.claim.own.clone()),
                unknown: Some(problem.to_string()),
                read_only: self.claim.read_only.clone(),
                ..Protection::default()
            },
        };
    }

    /// Keeps with the profile in use what its database is recognised by.
    async fn teach(&self, profiles: &dyn Profiles, book: &ProfileSet, target: &Target) {
        let own = self.claim.own.as_ref();
        let own = own.and_then(|name| book.profiles.get(name).map(|known| (name, known)));
        let Some((name, _)) = own.filter(|(_, known)| is_news(known, &target.mark)) else {
            return;
        };
        let (name, mark) = (name.clone(), target.mark.clone());
        let edit = profiles.edit(Box::new(move |book| {
            if let Some(profile) = book.profiles.get_mut(&name).filter(|it| it.production) {
                learn(profile, &mark);
            }
            Ok(())
        }));
        // A file that cannot be written protects as far as it did before; the next connection tries again.
        let _ = edit.await;
    }
}

impl Database for Guarded {
    fn history(&self) -> Task<'_, History> {
        Box::pin(async move {
            let mut history = self.database.history().await?;
            self.look(&mut history.target).await;
            Ok(history)
        })
    }

    fn history_mark(&self) -> Task<'_, HistoryMark> {
        self.database.history_mark()
    }

    fn stored<'a>(&'a self, versions: &'a [String]) -> Task<'a, Vec<Stored>> {
        self.database.stored(versions)
    }

    fn settled<'a>(&'a self, session: &'a str) -> Task<'a, History> {
        Box::pin(async move {
            let mut history = self.database.settled(session).await?;
            self.look(&mut history.target).await;
            Ok(history)
        })
    }

    fn session(&self, limits: Limits) -> Task<'_, Box<dyn Session>> {
        self.database.session(limits)
    }

    fn repair<'a>(&'a self, changes: &'a [Change]) -> Task<'a, ()> {
        self.database.repair(changes)
    }

    fn note<'a>(&'a self, failure: &'a Failure) -> Task<'a, ()> {
        self.database.note(failure)
    }

    fn journal<'a>(&'a self, limit: u32, version: Option<&'a str>) -> Task<'a, Journal> {
        self.database.journal(limit, version)
    }

    fn expect(&self, soon: Soon) {
        self.database.expect(soon);
    }

    fn refuses_alone(&self) -> Task<'_, Option<String>> {
        self.database.refuses_alone()
    }

    fn owners<'a>(&'a self, name: &'a str) -> Task<'a, Vec<Owned>> {
        self.database.owners(name)
    }

    fn seeds(&self) -> Task<'_, SeedHistory> {
        Box::pin(async move {
            let mut seeds: Result<SeedHistory, Problem> = self.database.seeds().await;
            if let Ok(seeds) = &mut seeds {
                self.look(&mut seeds.target).await;
            }
            seeds
        })
    }
}
