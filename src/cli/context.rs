//! What every command needs: the settings that were typed, and the project, database and identity that follow from them.

use super::global::{As, Global};
use super::output::Output;
use super::page::{Page, Tone};
pub use super::rest_session::Reader;
use super::secret::{self, Asked};
use super::{interrupt, seen, slow_notice};
use crate::adapters::clock::SystemClock;
use crate::adapters::connect::{self, Guarded, Project, Settings, Transport};
use crate::adapters::secrets::Told;
use crate::domain::access::viewer::Who;
use crate::domain::hidden;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::production::{self, Claim, Protection, normal};
use crate::domain::profile::{Profile, ProfileSet};
use crate::domain::reference::{References, is_reference};
use crate::domain::source::Source;
use crate::ops::migration::Workspace;
use crate::ops::{acting, session};
use crate::ports::{AccessDatabase, AuditUpkeep, Auth, Catalogs, Clock, DryRunDatabase};
use secrecy::SecretString;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The settings of one run of the command line.
pub struct Context {
    settings: Settings,
    /// What `--as` says.
    identity: Option<As>,
    output: Output,
    /// With what a session may have been made or continued.
    auth: Mutex<Option<Arc<dyn Auth>>>,
}

/// A project directory and the database it belongs to.
pub struct Work {
    /// For the engine.
    pub schema: Workspace,
    /// For dry runs.
    pub stage: Arc<dyn DryRunDatabase>,
    /// For its audit log.
    pub upkeep: Arc<dyn AuditUpkeep>,
    /// For who may do what there.
    pub access: Arc<dyn AccessDatabase>,
    /// The production profile that is meant, as far as is known before anything is connected to.
    pub production: Option<String>,
    /// Whether the profile is a read-only one.
    pub is_read_only: bool,
    /// What the database is called while it is waited for.
    place: String,
    output: Output,
}

impl Work {
    /// Awaits a read of the database, which a signal ends; one that takes long is told of.
    pub async fn read<T>(
        &self,
        read: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let read = slow_notice::telling(self.output, || self.place.clone(), read);
        interrupt::ending(read).await
    }
}

impl Context {
    /// Reads the secrets that the options stand for. Only one of them can come from stdin. A command that keeps profiles
    /// `keeps` references as they are.
    pub async fn new(global: &Global, output: Output, keeps: bool) -> Result<Self, Problem> {
        let from_stdin: Vec<&str> = [
            ("--key", &global.key),
            ("--db-url", &global.db_url),
            ("--access-token", &global.access_token),
        ]
        .into_iter()
        .filter(|(_, value)| value.as_deref().is_some_and(secret::is_stdin))
        .map(|(name, _)| name)
        .collect();
        if let [first, second, ..] = from_stdin.as_slice() {
            return Err(Problem::new(
                Kind::Usage,
                format!("{first} and {second} cannot both be read from stdin."),
                "It holds one secret.",
            ));
        }
        check_dir(global)?;
        let told = Told::by(move |text| {
            let mut page = Page::default();
            page.toned(Tone::Muted, &text);
            output.remark(&page);
        });
        let mut references = References::default();
        let mut secrets = [None, None, None];
        for (place, (asked, text)) in secrets.iter_mut().zip([
            (Asked::Key, &global.key),
            (Asked::DatabaseUrl, &global.db_url),
            (Asked::AccessToken, &global.access_token),
        ]) {
            let Some(text) = text else { continue };
            if keeps && is_reference(text) {
                references.put(asked.kind(), secret::reference(asked, text)?);
            } else if is_reference(text) {
                let given = secret::given(asked, text, &told);
                *place = Some(interrupt::ending(given).await?);
            } else {
                // Stdin is read here and now: no signal may be waited for meanwhile, which would take it from the system.
                *place = Some(secret::resolve(asked, text)?);
            }
        }
        let [key, db_url, access_token] = secrets;
        let typed = Settings {
            profile: global.profile.clone(),
            url: global.url.clone(),
            key,
            db_url,
            access_token,
            references,
            told,
            is_token_typed: global.access_token.is_some(),
            dir: global.dir.clone(),
            as_: global
                .identity
                .as_ref()
                .and_then(|identity| match identity {
                    As::Anon => Some(connect::RoleChoice::Anon),
                    As::User => Some(connect::RoleChoice::User),
                    As::UserCalled(name) => Some(connect::RoleChoice::UserCalled(name.clone())),
                    As::Acted(name) => Some(connect::RoleChoice::Acted(name.clone())),
                    As::Service => Some(connect::RoleChoice::Service),
                    As::Who(_) => None,
                }),
            ..Settings::default()
        };
        Ok(Self {
            settings: typed.over(Settings::from_environment()?),
            identity: global.identity.clone(),
            output,
            auth: Mutex::default(),
        })
    }

    /// Ends on the server what was made for this command alone, also when it failed or was stopped. A refresh that is under
    /// way is waited for, so that its token is stored. All of it takes two seconds at most.
    pub async fn close(&self) {
        let auth = self
            .auth
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(auth) = auth {
            session::close(auth.as_ref()).await;
        }
    }

    /// Whose access is asked for with `--as`.
    pub fn asked(&self) -> Result<Option<Who>, Problem> {
        match &self.identity {
            None => Ok(None),
            Some(As::Anon) => Ok(Some(Who::Anon)),
            Some(As::Service) => Ok(Some(Who::Service)),
            Some(As::Who(asked)) => Ok(Some(asked.clone())),
            Some(As::UserCalled(name) | As::Acted(name)) => Ok(Some(Who::User(name.clone()))),
            Some(As::User) => Err(Problem::new(
                Kind::Usage,
                "Which user is meant is not known.",
                "The catalogs are read over the database, where nobody is signed in.",
            )
            .with_hint("Use --as user:EMAIL.")),
        }
    }

    /// Where notes and questions go.
    pub fn output(&self) -> Output {
        self.output
    }

    /// What was typed and what the environment says.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The time now.
    #[allow(clippy::unused_self)] // A command asks its context, so that a test can stop the clock.
    pub fn now(&self) -> jiff::Timestamp {
        SystemClock.now()
    }

    /// The project that is meant, with what the user should know about it on stderr.
    pub async fn project(&self) -> Result<Project, Problem> {
        self.resolved(&self.settings).await
    }

    /// The project for a command that reads no rows: nobody need be signed in for it.
    pub async fn without_reader(&self) -> Result<Project, Problem> {
        let is_user = |who: &connect::RoleChoice| {
            matches!(
                who,
                connect::RoleChoice::User | connect::RoleChoice::UserCalled(_)
            )
        };
        let as_ = self.settings.as_.clone().filter(|who| !is_user(who));
        let settings = Settings {
            as_,
            ..self.settings.clone()
        };
        self.resolved(&settings).await
    }

    async fn resolved(&self, settings: &Settings) -> Result<Project, Problem> {
        let project = connect::resolve(settings).await?;
        seen::users(&project.profile, &project.kept.users);
        let auth = Arc::clone(&project.auth);
        *self.auth.lock().unwrap_or_else(PoisonError::into_inner) = Some(auth);
        // That there is no keyring matters to `login` and `profile add` only, and they say so themselves.
        let notes: Vec<String> = project
            .notes
            .iter()
            .filter(|note| !note.ends_with(connect::IN_MEMORY))
            .cloned()
            .collect();
        self.note(&notes);
        Ok(project)
    }

    /// What the user should know, on stderr.
    pub fn note(&self, notes: &[String]) {
        let mut page = Page::default();
        for note in notes {
            page.toned(Tone::Warn, &format!("Note: {note}"));
        }
        self.output.note(&page);
    }

    /// The project's REST interface with the identity that reads.
    pub async fn reader(&self) -> Result<Reader, Problem> {
        if let Some(project) = self.project_for_this_run().await? {
            let who = self.sign_in_for_this_run(&project).await?;
            return Ok(Reader::new(project, who, self.output));
        }
        let project = self.project().await?;
        if let Some(connect::RoleChoice::Acted(name)) = &self.settings.as_ {
            let who = self.act(&project, name).await?;
            return Ok(Reader::new(project, who, self.output));
        }
        let url = || format!("Auth at {}", project.profile.url);
        let who = slow_notice::telling(self.output, url, connect::identity(&project)).await?;
        if let Err(problem) = session::used(project.auth.as_ref(), &who).await {
            tracing::warn!(%problem, "who was used last could not be stored");
        }
        Ok(Reader::new(project, who, self.output))
    }

    /// Takes any user of the project to read as, with a token that is signed here.
    pub async fn act(&self, project: &Project, name: &str) -> Result<Identity, Problem> {
        let way = Transport::of(project).await?;
        let place = way.as_ref().map_or_else(String::new, Transport::label);
        let directory = way.map(Transport::directory);
        let acting = acting::act(project.auth.as_ref(), directory.as_deref(), name);
        let acting = slow_notice::telling(self.output, || place.clone(), acting);
        let (who, note) = interrupt::ending(acting).await?;
        self.note(note.as_slice());
        Ok(who)
    }

    /// The project for a user who signs in for this run only, with SUPADECK_EMAIL and SUPADECK_PASSWORD: for machines
    /// without a keyring, where no session can be kept. `None` where that was not asked for.
    pub async fn project_for_this_run(&self) -> Result<Option<Project>, Problem> {
        if self.settings.account_for_run().is_none() {
            return Ok(None);
        }
        let project = self.resolved(&self.settings.for_run()).await?;
        Ok(Some(project))
    }

    /// Signs in for this run.
    pub async fn sign_in_for_this_run(&self, project: &Project) -> Result<Identity, Problem> {
        let Some(account) = self.settings.account_for_run() else {
            return Ok(Identity::Anon);
        };
        let signed_in =
            session::sign_in_for_run(project.auth.as_ref(), &account.email, &account.password);
        let url = || format!("Auth at {}", project.profile.url);
        let (who, note) = slow_notice::telling(self.output, url, signed_in).await?;
        self.note(note.as_slice());
        Ok(who)
    }

    /// The project directory and its database. A database URL that is given without a profile stands for itself: then
    /// the keyring is not asked, and the profiles only for whether the work is on a production one.
    pub async fn work(&self) -> Result<Work, Problem> {
        let book = self.book().await?;
        if let Some((url, source)) = self.bare_database(&book) {
            let root = self.settings.dir.clone().unwrap_or_else(|| ".".into());
            // A URL that was typed is no profile's; one of the environment is meant for the project that is in use.
            let is_typed = self.settings.db_url.is_some();
            let found = self.found(&book, |profile| profile.read_only && !is_typed);
            let claim = Claim {
                meant: self.production(&book),
                read_only: found.clone(),
                ..Claim::default()
            };
            let way = Transport::by_url(url, &source, &self.settings.postgres)?;
            let way = way.read_only(found);
            return Ok(self.work_over(&root, way, Some(claim)));
        }
        let project = self.without_reader().await?;
        let way = interrupt::ending(Transport::needed(&project)).await?;
        let root = project.profile.dir.clone().unwrap_or_else(|| ".".into());
        let meant = production::of_project(&book, &project.profile);
        let claim = Claim {
            read_only: project.read_only(),
            own: project.is_own_database.then_some(project.profile.name),
            meant: meant.or_else(|| self.production(&book)),
        };
        Ok(self.work_over(&root, way, Some(claim)))
    }

    /// A directory and a database of the local stack: what the environment says about connections is not meant for it.
    pub fn work_at(&self, root: &Path, url: &SecretString) -> Result<Work, Problem> {
        let way = Transport::by_url(
            url,
            &Source::Code,
            &crate::adapters::postgres::PgVariables::default(),
        )?;
        Ok(self.work_over(root, way, None))
    }

    /// A directory and a database, which is looked up among the production profiles unless nothing is claimed of it.
    fn work_over(&self, root: &Path, way: Transport, claim: Option<Claim>) -> Work {
        self.note(&way.notes());
        let (stage, upkeep, place) = (way.stage(), way.audit_upkeep(), way.label());
        let access = way.access();
        let database = way.database();
        let production = claim.as_ref().and_then(|claim| claim.meant.clone());
        let is_read_only = claim
            .as_ref()
            .is_some_and(|claim| claim.read_only.is_some());
        let database = match claim {
            Some(claim) => Arc::new(Guarded {
                database,
                profiles: connect::profiles(&self.settings).ok(),
                claim,
            }),
            None => database,
        };
        Work {
            schema: Workspace::new(root, database),
            stage,
            upkeep,
            access,
            place,
            production,
            is_read_only,
            output: self.output,
        }
    }

    /// The catalogs of the database.
    pub async fn catalogs(&self) -> Result<Arc<dyn Catalogs>, Problem> {
        Ok(self.way().await?.catalogs())
    }

    /// The database, as far as access is concerned.
    pub async fn access(&self) -> Result<Arc<dyn AccessDatabase>, Problem> {
        Ok(self.way().await?.access())
    }

    /// The way to the database, for a command that only reads it.
    async fn way(&self) -> Result<Transport, Problem> {
        let book = self.book().await?;
        match self.bare_database(&book) {
            Some((url, source)) => Transport::by_url(url, &source, &self.settings.postgres),
            None => {
                interrupt::ending(async { Transport::needed(&self.without_reader().await?).await })
                    .await
            }
        }
    }

    /// The project directory, for a command that needs no database.
    pub async fn root(&self) -> Result<PathBuf, Problem> {
        if let Some(dir) = &self.settings.dir {
            return Ok(dir.clone());
        }
        let book = connect::profiles(&self.settings)?.read().await?;
        let profile = book.find(self.settings.profile.as_deref())?;
        Ok(profile
            .and_then(|profile| profile.dir)
            .unwrap_or_else(|| ".".into()))
    }

    /// The profiles; without a config directory there are none.
    async fn book(&self) -> Result<ProfileSet, Problem> {
        match connect::profiles(&self.settings) {
            Ok(profiles) => profiles.read().await,
            Err(_) => Ok(ProfileSet::default()),
        }
    }

    /// The database URL that stands for itself: typed without a profile, or of an environment that names its project, or
    /// of one that names none while no profile is in use.
    fn bare_database(&self, book: &ProfileSet) -> Option<(&SecretString, Source)> {
        let Settings {
            profile: None,
            url,
            db_url,
            variables,
            ..
        } = &self.settings
        else {
            return None;
        };
        if self.settings.is_token_typed && db_url.is_none() {
            return None;
        }
        let is_free = variables.name_project || (url.is_none() && book.default.is_none());
        let variable = variables.db_url.as_ref().filter(|_| is_free);
        match db_url {
            Some(url) => Some((url, Source::Option("--db-url"))),
            None => variable.map(|variable| (&variable.value, Source::variable(variable.name))),
        }
    }

    /// The production profile whose rows are changed, where it is one.
    pub async fn production_of(&self, reader: &Reader) -> Result<Protection, Problem> {
        let book = self.book().await?;
        let found = production::of_project(&book, reader.profile());
        Ok(Protection {
            profile: found.or_else(|| self.production(&book)),
            read_only: reader
                .profile()
                .read_only
                .then(|| reader.profile().name.clone()),
            ..Protection::default()
        })
    }

    /// The production profile that is worked on.
    fn production(&self, book: &ProfileSet) -> Option<String> {
        self.found(book, |profile| profile.production)
    }

    /// A profile that is worked on and is of that kind: the one in use, or one with the URL that was given.
    fn found(&self, book: &ProfileSet, is_meant: impl Fn(&Profile) -> bool) -> Option<String> {
        let in_use = self.settings.profile.as_ref().or(book.default.as_ref());
        let wanted = self.settings.url.as_deref().map(normal);
        let found = book.profiles.iter().find(|(name, profile)| {
            is_meant(profile)
                && match &wanted {
                    Some(url) => normal(&profile.url) == *url,
                    None => in_use == Some(*name),
                }
        });
        found.map(|(name, _)| name.clone())
    }
}

/// Refuses a directory that looks like a secret: it is shown, and kept with a profile.
fn check_dir(global: &Global) -> Result<(), Problem> {
    let is_secret = |dir: &PathBuf| hidden::holds_secret(&dir.to_string_lossy());
    if !global.dir.as_ref().is_some_and(is_secret) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Usage,
        "--dir cannot be used.",
        "It looks like a key, a password or a URL, and not like a directory.",
    ))
}
