//! The demo with its local stack.

use super::super::answer::{Answer, Failure};
use super::super::context::Context;
use super::super::page::{Page, Tone};
use super::super::{Deck, interrupt};
use super::args::{Args, Done};
use super::files;
use super::running::Running;
use crate::adapters::connect::Settings;
use crate::domain::config::Config;
use crate::domain::demo::Demo;
use crate::domain::migration::PlanRequest;
use crate::domain::problem::{Kind, Problem};
use crate::ops::{migration, seed};
use serde_json::{Map, Value, json};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use supadeck_stack::{Error, Info, Options, Stack};
use tempfile::TempDir;

/// The accounts that the seeds make, with their roles.
const ACCOUNTS: [(&str, &str); 4] = [
    ("alice@example.com", "authenticated"),
    ("bob@example.com", "authenticated"),
    ("carol@example.com", "authenticated"),
    ("auditor@example.com", "auditor"),
];
/// Their password, which stands in the seeds for everybody to read.
const PASSWORD: &str = "weeksmith-demo";

/// Starts the stack, fills it, and serves it or hands it to the deck.
pub async fn run(context: &Context, config: &Config, args: &Args) -> Result<Done, Failure> {
    let (root, folder) = project(args)?;
    let temporary = folder.as_ref().map(TempDir::path);
    let stack = Box::pin(start(context, args, temporary));
    let stack = interrupt::ending(stack).await?;
    if let Err(problem) = files::write(&root) {
        return Err(stopped(stack, problem).await);
    }
    let running = Running { stack, folder };
    if !args.empty
        && let Err(problem) = Box::pin(fill(context, &running.stack, &root)).await
    {
        running.stop().await;
        return Err(problem.into());
    }
    if args.serve {
        let served = serve(context, args, running.stack.info()).await;
        running.stop().await;
        return served.map(|()| Done::Served).map_err(Failure::from);
    }
    let url = running.stack.info().url.clone();
    let demo = Demo {
        accounts: if args.empty { &[][..] } else { &ACCOUNTS }
            .iter()
            .map(|(email, _)| (*email).to_owned())
            .collect(),
        password: PASSWORD.to_owned(),
        inbox: format!("{url}/inbox"),
        files: root.display().to_string(),
        is_kept: args.data.is_some(),
    };
    let settings = settings(running.stack.info(), root);
    let mut deck = Deck::on(settings, config)?;
    deck.title = Some("demo".to_owned());
    deck.demo = Some(Box::new(demo));
    deck.stack = Some(running);
    Ok(Done::Deck(Box::new(deck)))
}

async fn start(context: &Context, args: &Args, temporary: Option<&Path>) -> Result<Stack, Problem> {
    let output = context.output();
    let options = Options {
        port: (args.port != 0).then_some(args.port),
        data: args.data.clone(),
        folder: temporary.map(Path::to_owned),
        postgrest: args.postgrest.clone(),
        major: args.postgres,
        // The real one is what hosted projects run.
        prefer_real_postgrest: true,
        progress: Some(Arc::new(move |step| {
            let mut page = Page::default();
            page.toned(Tone::Muted, &format!("{step}."));
            output.note(&page);
        })),
        ..Options::default()
    };
    Stack::start(options).await.map_err(|error| failed(&error))
}

/// The directory with the migrations and seeds: beside kept data, or a temporary one, which the stack's watchdog removes
/// even when this process is killed.
fn project(args: &Args) -> Result<(PathBuf, Option<TempDir>), Problem> {
    if let Some(data) = &args.data {
        return Ok((data.join("project"), None));
    }
    let folder = TempDir::with_prefix("supadeck-demo-").map_err(|error| {
        Problem::new(
            Kind::Config,
            "The demo's project directory could not be made.",
            format!("{error}."),
        )
    })?;
    Ok((folder.path().to_owned(), Some(folder)))
}

/// Applies what is pending and runs the seeds that have not run.
async fn fill(context: &Context, stack: &Stack, root: &Path) -> Result<(), Problem> {
    let schema = context
        .work_at(root, &stack.info().db_url.clone().into())?
        .schema;
    let filling = async {
        let wish = PlanRequest::Apply {
            to: None,
            include_out_of_order: false,
        };
        let plan = migration::plan(&schema, &wish).await?;
        let watch = migration::RunControl::quiet();
        let outcome = migration::run(&schema, &plan, &watch).await?;
        if let Some(problem) = outcome.problem {
            return Err(problem);
        }
        let plan = seed::plan(&schema, &[], false).await?;
        let outcome = seed::run(&schema, &plan, &watch).await?;
        outcome.problem.map_or(Ok(()), Err)
    };
    interrupt::ending(filling).await?;
    let reloaded = stack.reload_schema("postgres").await;
    reloaded.map_err(|error| failed(&error))
}

/// How the deck reaches the stack: with nothing of the environment, and with the service role at hand but not in use.
fn settings(info: &Info, root: PathBuf) -> Settings {
    Settings {
        url: Some(info.url.clone()),
        publishable_key: Some(info.publishable_key.clone().into()),
        secret_key: Some(info.secret_key.clone().into()),
        db_url: Some(info.db_url.clone().into()),
        jwt_secret: Some(info.jwt_secret.clone().into()),
        dir: Some(root),
        without_keyring: true,
        ..Settings::default()
    }
}

/// Prints how to reach the stack and waits for a signal.
async fn serve(context: &Context, args: &Args, info: &Info) -> Result<(), Problem> {
    let accounts: &[(&str, &str)] = if args.empty { &[] } else { &ACCOUNTS };
    context.output().now(described(info, accounts)?)?;
    interrupt::awaited().await
}

fn described(info: &Info, accounts: &[(&str, &str)]) -> Result<Answer, Problem> {
    let mut page = Page::default();
    let mut data = Map::new();
    for (name, value) in info.env_lines() {
        page.line(format!("{name}={value}"));
        data.insert(name.to_owned(), Value::from(value));
    }
    let mut list = Vec::new();
    for (email, role) in accounts {
        page.line(format!("# account {email} password {PASSWORD} role {role}"));
        list.push(json!({"email": email, "password": PASSWORD, "role": role}));
    }
    page.line("ready");
    data.insert("accounts".to_owned(), Value::from(list));
    Answer::new(&data, page)
}

async fn stopped(stack: Stack, problem: Problem) -> Failure {
    if let Err(error) = stack.stop().await {
        tracing::error!(%error, "the demo's stack did not stop in order");
    }
    problem.into()
}

fn failed(error: &Error) -> Problem {
    if let Error::Port { port, source } = error {
        return Problem::new(
            Kind::Config,
            format!("Port {port} on 127.0.0.1 cannot be used."),
            match source.kind() {
                ErrorKind::AddrInUse => {
                    "Another program listens there, perhaps another demo.".to_owned()
                }
                _ => format!("{source}."),
            },
        )
        .with_hint("Choose another one with `--port N`; `--port 0` takes one that is free.");
    }
    Problem::new(
        Kind::Config,
        "The local stack could not be used.",
        error.to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accounts_are_those_of_the_seeds() {
        let (_, seed) = files::FILES
            .iter()
            .find(|(path, _)| path.ends_with("accounts.sql"))
            .unwrap();
        assert!(seed.contains(PASSWORD));
        for (email, role) in ACCOUNTS {
            let line = seed.lines().find(|line| line.contains(email)).unwrap();
            assert!(line.contains(&format!("'{role}'")), "{line}");
        }
    }
}
