//! Where access is looked at: in the database, or in a scratch database that is built of the project's files.

use super::super::answer::{Answer, Failure};
use super::super::context::Context;
use super::super::interrupt;
use super::super::migration::chosen::On;
use super::super::migration::scratch::{self, Scratch, VERSION};
use super::super::migration::skipped;
use super::super::page::{Page, Tone};
use crate::domain::plural::counted;
use crate::domain::problem::{Kind, Problem};
use crate::domain::report::{Lines, dry_run};
use crate::domain::script::Limits;
use crate::ops::link;
use crate::ops::migration::RunControl;
use crate::ops::scratch_project::{self, ScratchProject};
use crate::ports::AccessDatabase;
use clap::Args as ClapArgs;
use std::path::Path;
use std::sync::Arc;

/// Where.
#[derive(ClapArgs)]
pub struct Place {
    /// Where to look: with `scratch` no database of the project is needed, one is made of its migrations and seeds
    #[arg(long, value_name = "PLACE", default_value = "target")]
    on: On,
}

/// A database whose access is looked at.
pub struct Looked {
    /// The database.
    pub database: Arc<dyn AccessDatabase>,
    built: Option<Built>,
}

/// A scratch database with the project in it.
struct Built {
    scratch: Scratch,
    project: ScratchProject,
    skipped: Vec<String>,
    page: Page,
}

impl Place {
    /// Whether a scratch database is meant.
    pub fn is_scratch(&self) -> bool {
        self.on == On::Scratch
    }

    /// Finds the database, or builds one.
    pub async fn open(&self, context: &Context) -> Result<Looked, Problem> {
        if !self.is_scratch() {
            let database = context.access().await?;
            return Ok(Looked {
                database,
                built: None,
            });
        }
        let root = context.root().await?;
        let schemas = api_schemas(&root)?;
        let (skipped, said) = skipped::of(&root)?;
        let wanted = scratch::known(context, &root).await?;
        let scratch = interrupt::ending(Box::pin(Scratch::start(context, wanted))).await?;
        let watch = RunControl::quiet();
        let cancel = watch.cancel.clone();
        let building = async {
            if let Some(schemas) = &schemas {
                scratch.name_api_schemas(schemas).await?;
            }
            let work = scratch.work(context, &root, Limits::default())?;
            let is_right = scratch.is_right_version();
            let project = scratch_project::build(&work.schema, is_right, &watch).await?;
            Ok((work.access, project))
        };
        let building = Box::pin(building);
        match interrupt::cancelling(context.output(), &cancel, building).await {
            Ok((database, project)) => {
                let mut page = page(&project);
                page.append(said);
                Ok(Looked {
                    database,
                    built: Some(Built {
                        scratch,
                        project,
                        skipped,
                        page,
                    }),
                })
            }
            Err(problem) => {
                scratch.stop().await;
                Err(problem)
            }
        }
    }
}

impl Looked {
    /// Stops the scratch database, where it is one, and puts in front of what was made of it what it was.
    pub async fn close(self, answered: Result<Answer, Failure>) -> Result<Answer, Failure> {
        let Some(Built {
            scratch,
            project,
            skipped,
            page,
        }) = self.built
        else {
            return answered;
        };
        scratch.stop().await;
        match answered {
            Ok(answer) => {
                let answer = answer
                    .with("scratch", &project)?
                    .with("skipped", &skipped)?;
                Ok(answer.below(page))
            }
            Err(failure) => Err(failure
                .with("scratch", &project)?
                .with("skipped", &skipped)?
                .below(page)),
        }
    }
}

/// The schemas of the API, where the directory names them.
fn api_schemas(root: &Path) -> Result<Option<Vec<String>>, Problem> {
    let schemas = link::read(Some(root))?.api_schemas;
    let is_one = |schema: &String| {
        !schema.is_empty() && schema.trim() == schema && !schema.contains([',', '\0'])
    };
    match schemas.iter().flatten().find(|schema| !is_one(schema)) {
        None => Ok(schemas.filter(|schemas| !schemas.is_empty())),
        Some(odd) => Err(Problem::new(
            Kind::Config,
            "The schemas of the API are not known.",
            format!(
                "supabase/config.toml names {odd:?} among them, which the API cannot serve: a list with commas holds them."
            ),
        )
        .with_hint("Correct `schemas` of [api] there.")),
    }
}

/// What the scratch database was made of.
fn page(project: &ScratchProject) -> Page {
    let mut page = Page::default();
    let text = format!(
        "On a scratch database of Postgres {} with {} and {} of this project; it is gone again.",
        project.server_version,
        counted(project.migrations, "migration"),
        counted(project.seeds, "seed")
    );
    page.toned(Tone::Muted, &text);
    if !project.is_right_version {
        let text = format!(
            "That is the Postgres of this machine; the project's is not known. `major_version` in supabase/config.toml, or {VERSION}, chooses another."
        );
        page.toned(Tone::Muted, &text);
    }
    for note in &project.notes {
        page.toned(Tone::Warn, note);
    }
    let mut lines = Lines::default();
    dry_run::not_covered(&mut lines, &project.passed_over);
    page.report(lines);
    page
}
