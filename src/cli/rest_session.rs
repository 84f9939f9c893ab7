//! The project's REST interface with the identity that reads, for the commands that show rows.

use super::answer::{Answer, Answered};
use super::interrupt;
use super::output::Output;
use super::page::{Page, Table, Tone};
use super::slow_notice::Patient;
use crate::adapters::connect::{Project, Transport};
use crate::domain::audit::filter::Filter;
use crate::domain::audit::trail::{Trail, TrailMapping};
use crate::domain::identity::Identity;
use crate::domain::kept::KeptUsers;
use crate::domain::people::{Known, PeopleTold};
use crate::domain::problem::Problem;
use crate::domain::profile::Profile;
use crate::ops::{audit_trail, people};
use crate::ports::{Rest, TableCatalog};
use serde::Serialize;
use std::sync::Arc;

/// What to do where a project has no trail.
const NO_TRAIL: &str = "Name the table of a trail of your own in `[profiles.NAME.trail]`, or make one with `supadeck audit init TABLE…`: \
                        see docs/audit.md.";

/// The project's REST interface with the identity that reads, so that every answer says whose rows it shows.
pub struct Reader {
    project: Project,
    rest: Patient,
    who: Identity,
}

impl Reader {
    /// A project that is read as somebody.
    pub fn new(project: Project, who: Identity, output: Output) -> Self {
        let rest = Patient::new(Arc::clone(&project.rest), &project.profile.url, output);
        Self { project, rest, who }
    }

    /// The REST interface.
    pub fn rest(&self) -> &dyn Rest {
        &self.rest
    }

    /// The profile, or what stands for one.
    pub fn profile(&self) -> &Profile {
        &self.project.profile
    }

    /// The users whose sessions are kept.
    pub fn kept(&self) -> &KeptUsers {
        &self.project.kept
    }

    /// The project's address.
    pub fn url(&self) -> &str {
        &self.project.profile.url
    }

    /// The way to the database: its word and its sentence, if one is known that can be used.
    pub async fn way(&self) -> Option<(&'static str, String)> {
        Transport::told(&self.project).await
    }

    /// The tables as the database knows them, where there is a way to it.
    pub async fn tables(&self) -> Result<Option<Arc<dyn TableCatalog>>, Problem> {
        Ok(Transport::of(&self.project).await?.map(Transport::tables))
    }

    /// Reads the trail: that of this program, or where the project has none, its own one. What is read is read again where it is not where
    /// it was looked for first.
    pub async fn on_trail<T>(
        &self,
        mut act: impl AsyncFnMut(&Trail) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let named = self.project.profile.trail.as_ref();
        if named.is_none() {
            match act(&Trail::Own).await {
                Err(problem) if audit_trail::is_without_own(&problem) => {
                    match self.own_trail(None).await? {
                        Some(trail) => act(&trail).await,
                        None => Err(problem.with_hint(NO_TRAIL)),
                    }
                }
                done => done,
            }
        } else {
            let trail = self.own_trail(named).await?.unwrap_or_default();
            act(&trail).await
        }
    }

    async fn own_trail(&self, named: Option<&TrailMapping>) -> Result<Option<Trail>, Problem> {
        // Without a way to the database the trail is looked for in rows.
        let way = Transport::of(&self.project).await.ok().flatten();
        let catalogs = way.map(Transport::catalogs);
        audit_trail::find(self.rest(), &self.who, catalogs.as_deref(), named).await
    }

    /// A filter with ids in place of names. Nobody is asked where it has none. In another trail a name may be what its records hold.
    pub async fn resolved(&self, filter: Filter, trail: &Trail) -> Result<Filter, Problem> {
        if !filter.names_somebody() {
            return Ok(filter);
        }
        let told = interrupt::ending(async { Ok(self.people().await) }).await?;
        if !trail.is_own() {
            return Ok(filter.resolved_where_known(&told.people));
        }
        // Of fewer names the filter would mean others.
        let resolved = match told.problems.into_iter().next() {
            Some(problem) => Err(problem),
            None => filter.resolved(&told.people),
        };
        match resolved {
            Ok(resolved) => Ok(resolved),
            Err(problem) => Err(self.without_trail().await.unwrap_or(problem)),
        }
    }

    /// The problem that the project has no trail of this program, where that is so: a name may be one of its own trail then.
    async fn without_trail(&self) -> Option<Problem> {
        let query = Trail::Own.select().limit(1);
        let problem = self.rest().select(&self.who, &query).await.err()?;
        audit_trail::is_without_own(&problem).then_some(problem)
    }

    /// The people whose names are known: who reads, who is kept, and whom the profile's settings let one name.
    pub async fn people(&self) -> PeopleTold {
        self.people_among(None).await
    }

    /// The same of some people; nothing is read of nobody.
    pub async fn people_of(&self, ids: &[String]) -> PeopleTold {
        if ids.is_empty() {
            return PeopleTold::default();
        }
        self.people_among(Some(ids)).await
    }

    /// Whether the profile's settings let one name others than who is kept.
    pub fn tells_names(&self) -> bool {
        self.project.profile.emails || self.project.profile.names.is_some()
    }

    async fn people_among(&self, ids: Option<&[String]>) -> PeopleTold {
        let way = if self.project.profile.emails {
            let way = Transport::of(&self.project).await;
            way.map(|way| way.map(Transport::directory))
        } else {
            Ok(None)
        };
        let names = self.project.profile.names.as_deref();
        let directory = way.as_ref().map(Option::as_deref);
        let directory = directory.map_err(Clone::clone);
        let mut told = people::read(self.rest(), &self.who, (names, ids), directory).await;
        for user in &self.project.kept.users {
            let email = Some(user.email.clone());
            told.people.add(&user.id, Known { name: None, email });
        }
        told
    }

    /// The identity.
    pub fn who(&self) -> &Identity {
        &self.who
    }

    /// An answer of rows: a table, or the sentence that none is visible.
    pub fn answer(&self, data: &impl Serialize, is_empty: bool, table: &Table) -> Answered {
        let mut page = Page::default();
        if is_empty {
            page.line(self.who.no_rows());
        } else {
            page.table(table);
        }
        self.page(data, page)
    }

    /// An answer that says first as whom it was read.
    pub fn page(&self, data: &impl Serialize, rest: Page) -> Answered {
        let mut page = self.heading();
        page.append(rest);
        let answer = Answer::new(data, page)?
            .with("identity", &self.who)?
            .with("role", &self.who.role())?
            .with("rls", &self.who.is_under_rls())?;
        Ok(answer)
    }

    /// The line that says as whom it was read.
    pub fn heading(&self) -> Page {
        let mut page = Page::default();
        let tone = if self.who.is_under_rls() {
            Tone::Muted
        } else {
            Tone::Danger
        };
        page.toned(tone, &self.who.sentence());
        page
    }
}
