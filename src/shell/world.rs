//! The project that is open: what the requests of the deck are made with.

use super::Start;
use super::fix::Fixes;
use crate::adapters::connect::{self, Account, Guarded, Project as Connected, Settings, Way};
use crate::adapters::http::Limits;
use crate::adapters::secrets::Told;
use crate::app::model::Project;
use crate::app::msg::Opened;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::production::{self, Claim};
use crate::domain::profile::Book;
use crate::ops::migration::Schema;
use crate::ops::session;
use crate::ports::{Auth, Profiles, Rest, Stage};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long the first screen waits for Auth to continue a session.
const PATIENCE: Duration = Duration::from_secs(3);

/// An open project.
pub(super) struct World {
    /// Its rows.
    pub(super) rest: Arc<dyn Rest>,
    /// Its sign-in.
    pub(super) auth: Arc<dyn Auth>,
    schema: Result<(Schema, Arc<dyn Stage>), Problem>,
    /// What was planned on the way out of a state.
    pub(super) fixes: Fixes,
}

impl World {
    /// The project's files and database.
    pub(super) fn schema(&self) -> Result<&Schema, Problem> {
        let found = self.schema.as_ref().map_err(Clone::clone);
        found.map(|(schema, _)| schema)
    }
}

impl World {
    /// The project's files and database, and where changes are rehearsed.
    pub(super) fn stage(&self) -> Result<(&Schema, &dyn Stage), Problem> {
        let found = self.schema.as_ref().map_err(Clone::clone);
        found.map(|(schema, stage)| (schema, stage.as_ref()))
    }
}

/// Opens the project that the settings mean, and says who reads at first.
pub(super) async fn open(settings: &Settings, start: &Start) -> Result<(World, Opened), Problem> {
    let account = settings.account_for_run();
    let mut connected = match account {
        Some(_) => connect::resolve(&settings.for_run()).await?,
        None => connect::resolve(settings).await?,
    };
    let identity = match account {
        Some(account) => signed_in(&mut connected, account, &settings.told).await,
        None => stored(&mut connected).await,
    };
    let profiles = connect::profiles(settings).ok();
    let book = match &profiles {
        // A file that cannot be read keeps nobody from reading; each plan is then refused by what guards the database.
        Some(profiles) => profiles.read().await.unwrap_or_default(),
        None => Book::default(),
    };
    let production = production::of_project(&book, &connected.profile);
    let claim = Claim {
        own: connected
            .is_own_database
            .then(|| connected.profile.name.clone()),
        meant: production.clone(),
    };
    let schema = schema(&mut connected, settings, (profiles, claim)).await;
    let project = Project {
        is_production: production.is_some(),
        production,
        ..describe(&connected, start, &identity)
    };
    let world = World {
        schema,
        fixes: Fixes::default(),
        rest: connected.rest,
        auth: connected.auth,
    };
    Ok((world, Opened { project, identity }))
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

/// Who was signed in. A stored session that has ended is said once; the deck then starts as anon. An Auth server that does
/// not answer says nothing about the session: the reads wait for it, each for itself, and the screens are there meanwhile.
async fn stored(connected: &mut Connected) -> Identity {
    let kept = connected.identity.clone();
    let (problem, is_over) = match tokio::time::timeout(PATIENCE, connect::identity(connected))
        .await
    {
        Ok(Ok(identity)) => return identity,
        Ok(Err(problem)) => (problem.to_string(), problem.kind != Kind::Network),
        Err(_) => {
            let (url, name) = (&connected.profile.url, kept.name());
            let problem = format!(
                "Auth at {url} has not answered yet, and {name}'s session has to be continued: what is read as {name} waits for it."
            );
            (problem, false)
        }
    };
    connected.notes.push(problem);
    if is_over { Identity::Anon } else { kept }
}

/// The files and the database; what is to be known about the way there goes to the project's notes.
async fn schema(
    connected: &mut Connected,
    settings: &Settings,
    (profiles, claim): (Option<Arc<dyn Profiles>>, Claim),
) -> Result<(Schema, Arc<dyn Stage>), Problem> {
    let Some(way) = Way::of(connected).await? else {
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
    let stage = way.stage();
    let database = Guarded {
        database: way.database(),
        profiles,
        claim,
    };
    Ok((Schema::new(root, Arc::new(database)), stage))
}

fn describe(connected: &Connected, start: &Start, identity: &Identity) -> Project {
    Project {
        name: start
            .title
            .clone()
            .unwrap_or_else(|| connected.profile.name.clone()),
        url: connected.profile.url.clone(),
        has_database: Way::is_known(connected),
        has_service_key: connected.has_service_key,
        notes: connected.notes.clone(),
        silence_s: Limits::default().read.as_secs(),
        sign_in_hint: start.sign_in_hint.clone(),
        signed_in: match identity {
            Identity::User(user) => Some(user.clone()),
            Identity::Anon | Identity::Service => None,
        },
        ..Project::default()
    }
}
