//! The project that is open: what the requests of the deck are made with.

use super::Start;
use super::fix::Fixes;
use crate::adapters::connect::{self, Guarded, Project as Connected, Settings, Way};
use crate::adapters::http::Limits;
use crate::app::model::Project;
use crate::app::msg::Opened;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::production::{self, Claim};
use crate::domain::profile::Book;
use crate::ops::migration::Schema;
use crate::ports::{Auth, Profiles, Rest, Stage};
use std::path::PathBuf;
use std::sync::Arc;

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
    let mut connected = connect::resolve(settings).await?;
    // A stored session that has ended is said once; the deck then starts as anon.
    let identity = match connect::identity(&connected).await {
        Ok(identity) => identity,
        Err(problem) => {
            connected.notes.push(problem.to_string());
            match &connected.identity {
                // A server that cannot be reached says nothing about the session.
                user if problem.kind == Kind::Network => user.clone(),
                _ => Identity::Anon,
            }
        }
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
    let schema = schema(&mut connected, settings, (profiles, claim));
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

/// The files and the database; what is to be known about the way there goes to the project's notes.
fn schema(
    connected: &mut Connected,
    settings: &Settings,
    (profiles, claim): (Option<Arc<dyn Profiles>>, Claim),
) -> Result<(Schema, Arc<dyn Stage>), Problem> {
    let Some(way) = Way::of(connected)? else {
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
        has_database: !matches!(Way::of(connected), Ok(None)),
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
