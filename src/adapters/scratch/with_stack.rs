//! The scratch database of a build with the local stack.

use super::{Said, VERSION, Wanted};
use crate::domain::problem::{Kind, Problem};
use secrecy::SecretString;
use std::sync::Arc;
use supadeck_stack::{Error, Options, Stack, Step};

/// A database like that of a new Supabase project. Dropping it stops it too.
pub struct ScratchDatabase {
    stack: Stack,
    is_right_version: bool,
}

impl ScratchDatabase {
    /// Starts it with the version that `SUPADECK_POSTGRES_VERSION` chooses, else with the one that is wanted. Where that cannot
    /// be had, it says so and takes another.
    pub async fn start(wanted: Wanted, said: &Said) -> Result<Self, Problem> {
        let is_chosen = std::env::var_os(VERSION).is_some_and(|value| !value.is_empty());
        let major = wanted.major.filter(|_| !is_chosen);
        let (stack, is_right_version) = match Self::with(said, major).await {
            Ok(stack) => (Ok(stack), is_chosen || major.is_some()),
            Err(Error::NoPostgres { tried }) if major.is_some() => {
                let tried: Vec<String> = tried
                    .iter()
                    .map(|(provider, why)| format!("{provider}: {why}."))
                    .collect();
                let text = format!(
                    "Postgres {} is wanted, because {}, and cannot be had here: {} The scratch database takes another version.",
                    major.unwrap_or_default(),
                    wanted.why,
                    tried.join(" ")
                );
                said(true, &text);
                (Self::with(said, None).await, false)
            }
            Err(error) => (Err(error), false),
        };
        let stack = stack.map_err(|error| {
            Problem::new(
                Kind::Config,
                "The scratch database could not be started.",
                error.to_string(),
            )
        })?;
        Ok(Self {
            stack,
            is_right_version,
        })
    }

    async fn with(said: &Said, major: Option<u32>) -> Result<Stack, Error> {
        let said = Arc::clone(said);
        let options = Options {
            progress: Some(Arc::new(move |step| {
                // Only what takes long is worth a line.
                if matches!(step, Step::Fetching { .. } | Step::Creating) {
                    said(false, &format!("Scratch database: {step}."));
                }
            })),
            major,
            ..Options::default()
        };
        Stack::start(options).await
    }

    /// How it is reached.
    pub fn url(&self) -> SecretString {
        self.stack.info().db_url.clone().into()
    }

    /// Names the schemas of the API there, as far as the project's directory knows them.
    pub async fn name_api_schemas(&self, schemas: &[String]) -> Result<(), Problem> {
        let named = self.stack.name_api_schemas(schemas).await;
        named.map_err(|error| {
            Problem::new(
                Kind::Config,
                "The schemas of the API cannot be named on the scratch database.",
                error.to_string(),
            )
            .with_hint("They stand in supabase/config.toml, as `schemas` of [api].")
        })
    }

    /// Whether its major version is known to be the project's.
    pub fn is_right_version(&self) -> bool {
        self.is_right_version
    }

    /// Stops it in order.
    pub async fn stop(self) {
        if let Err(error) = self.stack.stop().await {
            tracing::error!(%error, "the scratch database did not stop in order");
        }
    }
}
