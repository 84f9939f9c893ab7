//! The project that is open: what the requests of the deck are made with.

use super::Start;
use super::followed::Followed;
use super::pending_changes::PendingChanges;
use crate::adapters::config_dir::config_dir;
use crate::adapters::connect::{
    self, Account, Guarded, Project as Connected, RoleChoice, Settings, Transport,
};
use crate::adapters::file_watch::FileWatch;
use crate::adapters::http::Limits;
use crate::adapters::secrets::Told;
use crate::adapters::state_file::{Kept, StateFile};
use crate::app::dialog::project::ProfileBrief;
use crate::app::model::Project;
use crate::app::msg::{Choices, Msg, Opened};
use crate::domain::audit::trail::{Trail, TrailMapping};
use crate::domain::hidden::shown;
use crate::domain::identity::Identity;
use crate::domain::people::PeopleTold;
use crate::domain::problem::{Kind, Problem};
use crate::domain::production::{self, Claim};
use crate::domain::profile::ProfileSet;
use crate::domain::read_problem;
use crate::ops::audit_follow::Follow;
use crate::ops::migration::{self, Workspace};
use crate::ops::{acting, audit_trail, people, seed, session};
use crate::ports::{
    AccessDatabase, Auth, Catalogs, DryRunDatabase, Profiles, Rest, TableCatalog, UserDirectory,
};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long the first screen waits for Auth to continue a session.
const PATIENCE: Duration = Duration::from_secs(3);

/// An open project.
pub(super) struct OpenProject {
    /// Its rows.
    pub(super) rest: Arc<dyn Rest>,
    /// Its sign-in.
    pub(super) auth: Arc<dyn Auth>,
    /// The project's address.
    url: String,
    schema: Result<Ways, Problem>,
    /// What was planned on the way out of a state.
    pub(super) fixes: PendingChanges,
    /// Where the names of its users are, as the profile says.
    names: Option<String>,
    /// Whether their e-mail addresses may be read.
    has_emails: bool,
    /// The user's file.
    profiles: Option<Arc<dyn Profiles>>,
    /// Where the profile says that its audit trail is.
    named_trail: Option<TrailMapping>,
    /// Where it was found.
    trail: Mutex<Option<Trail>>,
    /// Tells when its files change.
    watch: Mutex<Option<FileWatch>>,
    /// How far it was followed.
    pub(super) followed: Followed<Follow>,
}

/// What goes over the way to the project's database.
struct Ways {
    schema: Workspace,
    stage: Arc<dyn DryRunDatabase>,
    catalogs: Arc<dyn Catalogs>,
    access: Arc<dyn AccessDatabase>,
    directory: Arc<dyn UserDirectory>,
    tables: Arc<dyn TableCatalog>,
    /// What the database is called while it is waited for.
    place: String,
}

impl OpenProject {
    fn ways(&self) -> Result<&Ways, Problem> {
        self.schema.as_ref().map_err(Clone::clone)
    }

    /// The project's files and database.
    pub(super) fn schema(&self) -> Result<&Workspace, Problem> {
        self.ways().map(|ways| &ways.schema)
    }

    /// The project's files and database, and where changes are dry-run.
    pub(super) fn stage(&self) -> Result<(&Workspace, &dyn DryRunDatabase), Problem> {
        self.ways().map(|ways| (&ways.schema, ways.stage.as_ref()))
    }

    /// Begins to tell of changes of the project's files, as long as it is open.
    pub(super) fn watch_files(&self, inbox: &mpsc::UnboundedSender<Msg>) {
        let Ok(schema) = self.schema() else {
            return;
        };
        let root = schema.root.clone();
        let folders = move || {
            let mut folders = migration::watched(&root);
            folders.extend(seed::watched(&root));
            folders
        };
        let told = inbox.clone();
        match FileWatch::begin(folders, move || drop(told.send(Msg::FilesChanged))) {
            Ok(watch) => {
                if let Ok(mut place) = self.watch.lock() {
                    *place = Some(watch);
                }
            }
            Err(problem) => drop(inbox.send(Msg::Noticed(problem.to_string()))),
        }
    }

    /// The catalogs of the database.
    pub(super) fn catalogs(&self) -> Result<&dyn Catalogs, Problem> {
        self.ways().map(|ways| ways.catalogs.as_ref())
    }

    /// The tables as the database knows them, where there is a way to it.
    pub(super) fn tables(&self) -> Option<&dyn TableCatalog> {
        self.schema.as_ref().ok().map(|ways| ways.tables.as_ref())
    }

    /// Who may do what on the database.
    pub(super) fn access(&self) -> Result<&dyn AccessDatabase, Problem> {
        self.ways().map(|ways| ways.access.as_ref())
    }

    /// Where the trail is looked for first: where it was found before, where the profile says, or in the table of this program.
    pub(super) async fn first_trail(&self, who: &Identity) -> Result<Trail, Problem> {
        let known = self.trail.lock().ok().and_then(|trail| trail.clone());
        match known {
            Some(trail) => Ok(trail),
            None if self.named_trail.is_some() => {
                let trail = self.own_trail(who).await?.unwrap_or_default();
                self.keep_trail(&trail);
                Ok(trail)
            }
            None => Ok(Trail::Own),
        }
    }

    /// Where the trail is otherwise, after it could not be read there; none where the fault is another, or the project has none.
    pub(super) async fn other_trail(
        &self,
        who: &Identity,
        trail: &Trail,
        problem: &Problem,
    ) -> Result<Option<Trail>, Problem> {
        if !trail.is_own() || !audit_trail::is_without_own(problem) {
            return Ok(None);
        }
        let found = self.own_trail(who).await?;
        if let Some(trail) = &found {
            self.keep_trail(trail);
        }
        Ok(found)
    }

    fn keep_trail(&self, trail: &Trail) {
        if let Ok(mut place) = self.trail.lock() {
            *place = Some(trail.clone());
        }
    }

    async fn own_trail(&self, who: &Identity) -> Result<Option<Trail>, Problem> {
        let catalogs = self.catalogs().ok();
        audit_trail::find(self.rest.as_ref(), who, catalogs, self.named_trail.as_ref()).await
    }

    /// The people whose names the project tells, as far as its settings allow.
    pub(super) async fn people(&self, who: &Identity) -> PeopleTold {
        let ways = self.schema.as_ref().ok().filter(|_| self.has_emails);
        let directory = ways.map(|ways| ways.directory.as_ref());
        people::read(
            self.rest.as_ref(),
            who,
            (self.names.as_deref(), None),
            Ok(directory),
        )
        .await
    }

    /// Takes any user of the project to act as; what is to be known about it goes out before the answer.
    pub(super) async fn act(
        &self,
        name: &str,
        inbox: &mpsc::UnboundedSender<Msg>,
    ) -> Result<Identity, Problem> {
        let directory = self.ways().ok().map(|ways| ways.directory.as_ref());
        let (who, note) = acting::act(self.auth.as_ref(), directory, name).await?;
        if let Some(note) = note {
            let _ = inbox.send(Msg::Noticed(note));
        }
        Ok(who)
    }

    /// Who and what there is to choose from now.
    pub(super) async fn choices(&self) -> Choices {
        let kept = session::kept(self.auth.as_ref()).await;
        let profiles = match &self.profiles {
            Some(profiles) => profiles.read().await.unwrap_or_default(),
            None => ProfileSet::default(),
        };
        Choices {
            kept: kept.ok(),
            profiles: briefs(&profiles),
        }
    }

    /// What Auth is called while it is waited for, and how long that is at most.
    pub(super) fn auth_name(&self) -> String {
        let most = Limits::default().session.as_secs();
        format!("Auth at {}, {most} seconds at most,", self.url)
    }

    /// What REST is called while it is waited for.
    pub(super) fn rest_name(&self) -> String {
        format!("REST at {}", self.url)
    }

    /// What the database is called while it is waited for.
    pub(super) fn database_name(&self) -> String {
        let place = self.ways().map(|ways| ways.place.clone());
        place.unwrap_or_else(|_| "the database".to_owned())
    }
}

/// Opens the project that the settings mean, and says who reads at first. What the deck was started with is about the
/// project that it was started for, and about no other.
pub(super) async fn open(
    settings: &Settings,
    start: Option<&Start>,
) -> Result<(OpenProject, Opened), Problem> {
    let account = settings.account_for_run();
    let mut connected = match account {
        Some(_) => connect::resolve(&settings.for_run()).await?,
        None => connect::resolve(settings).await?,
    };
    let (identity, ended) = match account {
        Some(account) => (
            signed_in(&mut connected, account, &settings.told).await,
            None,
        ),
        None => stored(&connected).await,
    };
    let profiles = connect::profiles(settings).ok();
    let book = match &profiles {
        // A file that cannot be read keeps nobody from reading; each plan is then refused by what guards the database.
        Some(profiles) => profiles.read().await.unwrap_or_default(),
        None => ProfileSet::default(),
    };
    let production = production::of_project(&book, &connected.profile);
    let claim = Claim {
        own: connected
            .is_own_database
            .then(|| connected.profile.name.clone()),
        meant: production.clone(),
        read_only: connected.read_only(),
    };
    let schema = schema(&mut connected, settings, (profiles.clone(), claim)).await;
    let project = Project {
        profiles: briefs(&book),
        is_production: production.is_some(),
        production,
        filters: kept(&connected, &book, start),
        columns: kept(&connected, &book, start),
        ..describe(&connected, start)
    };
    let world = OpenProject {
        url: connected.profile.url.clone(),
        schema,
        fixes: PendingChanges::default(),
        names: connected.profile.names.clone(),
        has_emails: project.tells_emails,
        profiles,
        named_trail: connected.profile.trail.clone(),
        trail: Mutex::default(),
        watch: Mutex::default(),
        followed: Followed::default(),
        rest: connected.rest,
        auth: connected.auth,
    };
    let mut opened = Opened {
        project,
        identity,
        ended,
    };
    if let Some(RoleChoice::Acted(name)) = &settings.as_ {
        let directory = world.ways().ok().map(|ways| ways.directory.as_ref());
        match acting::act(world.auth.as_ref(), directory, name).await {
            Ok((identity, note)) => {
                opened.identity = identity;
                opened.project.notes.extend(note);
            }
            Err(problem) => opened.project.notes.push(problem.to_string()),
        }
    }
    Ok((world, opened))
}

/// What was kept before, where that is done: for a profile of the user's file, as which it is opened. The demo is another project each
/// time.
fn kept<T: Kept>(connected: &Connected, book: &ProfileSet, start: Option<&Start>) -> Option<T> {
    let profile = &connected.profile;
    let is_titled = start.is_some_and(|start| start.title.is_some());
    let is_own = !is_titled && book.owns(profile);
    let dir = is_own.then(config_dir)?.ok()?;
    Some(StateFile::of(&dir, &profile.name, &profile.url)?.read())
}

/// Who signs in for this run; a refusal is said, and the deck starts as anon.
async fn signed_in(connected: &mut Connected, account: &Account, told: &Told) -> Identity {
    let auth = connected.auth.as_ref();
    let signed_in = session::sign_in_for_run(auth, &account.email, &account.password);
    tokio::pin!(signed_in);
    let signed_in = if let Ok(signed_in) = tokio::time::timeout(PATIENCE, &mut signed_in).await {
        signed_in
    } else {
        let url = &connected.profile.url;
        told.tell(format!("Waiting for Auth at {url}, 20 seconds at most."));
        signed_in.await
    };
    match signed_in {
        Ok((identity, note)) => {
            connected.notes.extend(note);
            identity
        }
        Err(problem) => {
            connected.notes.push(problem.to_string());
            Identity::Anon
        }
    }
}

/// Who was signed in, and why that session is over, where it is. An Auth server that does not answer, or refuses for
/// another reason, says nothing about the session: the reads ask it again, each for itself, and say what it answered.
async fn stored(connected: &Connected) -> (Identity, Option<Problem>) {
    let kept = connected.identity.clone();
    match tokio::time::timeout(PATIENCE, connect::identity(connected)).await {
        Ok(Ok(Identity::Anon)) if kept != Identity::Anon => (kept, Some(connect::not_signed_in())),
        Ok(Ok(identity)) => (identity, None),
        Ok(Err(problem)) if read_problem::ends_session(&problem) => (kept, Some(problem)),
        Ok(Err(_)) | Err(_) => (kept, None),
    }
}

/// The files and the database; what is to be known about the way there goes to the project's notes.
async fn schema(
    connected: &mut Connected,
    settings: &Settings,
    (profiles, claim): (Option<Arc<dyn Profiles>>, Claim),
) -> Result<Ways, Problem> {
    let Some(way) = Transport::of(connected).await? else {
        return Err(Problem::new(
            Kind::Config,
            "The schema cannot be read.",
            "Neither a database URL nor an access token is known for this project.",
        )
        .with_hint("Set SUPABASE_DB_URL or SUPABASE_ACCESS_TOKEN, or store one with `supadeck profile add`."));
    };
    connected.notes.extend(way.notes());
    let here = PathBuf::from(".");
    let root = settings
        .dir
        .clone()
        .or_else(|| connected.profile.dir.clone())
        .unwrap_or(here);
    let (stage, catalogs, place) = (way.stage(), way.clone().catalogs(), way.label());
    let (directory, tables) = (way.clone().directory(), way.clone().tables());
    let access = way.access();
    let database = Guarded {
        database: way.database(),
        profiles,
        claim,
    };
    Ok(Ways {
        schema: Workspace::new(root, Arc::new(database)),
        stage,
        catalogs,
        access,
        directory,
        tables,
        place,
    })
}

/// The profiles of the file, as far as they can be opened and shown.
fn briefs(book: &ProfileSet) -> Vec<ProfileBrief> {
    let profiles = book.profiles.iter();
    profiles
        .filter_map(|(name, profile)| {
            Some(ProfileBrief {
                name: shown(name).into_owned(),
                url: profile.project_url().ok()?.to_string(),
                is_production: profile.production,
                is_profile: true,
                variables: profile.secrets.variables(),
            })
        })
        .collect()
}

/// The settings with which a profile is opened. What was typed when the deck was started was about another project.
pub(super) fn of_profile(start: &Start, name: &str) -> Result<Settings, Problem> {
    let started = &start.settings;
    let typed = Settings {
        profile: Some(name.to_owned()),
        config_dir: started.config_dir.clone(),
        told: started.told.clone(),
        ..Settings::default()
    };
    Ok(typed.over(Settings::from_environment()?))
}

fn describe(connected: &Connected, start: Option<&Start>) -> Project {
    let title = start.and_then(|start| start.title.clone());
    Project {
        name: title.unwrap_or_else(|| connected.profile.name.clone()),
        url: connected.profile.url.clone(),
        has_database: Transport::is_known(connected),
        has_service_key: connected.has_service_key,
        can_act: connected.can_act,
        has_unnamed_jwt_secret: connected.has_unnamed_jwt_secret,
        notes: connected.notes.clone(),
        patience_s: Limits::default().session.as_secs(),
        demo: start.and_then(|start| start.demo.clone()),
        tells_emails: (start.is_some_and(|start| start.tells_emails) || connected.profile.emails)
            && Transport::is_known(connected),
        has_names: connected.profile.names.is_some(),
        is_read_only: connected.profile.read_only,
        kept: connected.kept.clone(),
        ..Project::default()
    }
}
