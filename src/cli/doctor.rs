//! `supadeck doctor`.

use super::answer::{Answer, Answered, Failure};
use super::context::Context;
use super::interrupt;
use super::keys;
use super::page::{Page, Span, Table, Tone};
use super::slow_notice;
use crate::adapters::clock::SystemClock;
use crate::adapters::connect::Transport;
use crate::adapters::rest::Misplaced;
use crate::adapters::secrets::SecretSource;
use crate::adapters::{config_dir, connect, key, log};
use crate::domain::plural::{counted, listed};
use crate::domain::problem::{Kind, Problem};
use crate::domain::secret::{ApiKey, KEY_FORMS, KeyForm, SecretKind};
use crate::ops::doctor::{self, Check, LeftOut, PATIENCE, PendingChecks, State, Subject};
use clap::Args as ClapArgs;
use secrecy::SecretString;

/// Check the project, the keys, the session, the database and your settings
///
/// It changes nothing. Exit code 1 when a check fails. A server that says nothing is given up after ten seconds. The last lines name the config directory and the log.
#[derive(ClapArgs)]
pub struct Args {}

/// Runs every check, also when some fail.
pub async fn run(context: &Context, _args: &Args) -> Answered {
    let checks = match interrupt::ending(Box::pin(checks(context))).await {
        Ok(checks) => checks,
        Err(problem) => return Err(Failure::after(problem, answer(&[])?)),
    };
    let answer = answer(&checks)?;
    let failed: Vec<_> = checks
        .iter()
        .filter(|check| check.state == State::Fail)
        .map(|check| check.name)
        .collect();
    if failed.is_empty() {
        return Ok(answer);
    }
    let what = format!("{} failed.", counted(failed.len(), "check"));
    let why = format!("Look at {}.", listed(&failed));
    Err(Failure::after(
        Problem::new(Kind::Findings, what, why),
        answer,
    ))
}

async fn checks(context: &Context) -> Result<Vec<Check>, Problem> {
    let (project, refused) = if let Some(mut project) = context.project_for_this_run().await? {
        let signed_in = context.sign_in_for_this_run(&project);
        let url = &project.profile.url;
        let signed_in = tokio::time::timeout(PATIENCE, signed_in).await;
        match signed_in.unwrap_or_else(|_| Err(silent(url))) {
            Ok(who) => {
                project.identity = who;
                (project, None)
            }
            Err(problem) => (project, Some(problem)),
        }
    } else {
        let mut project = context.project().await?;
        if let Some(connect::RoleChoice::Acted(name)) = &context.settings().as_ {
            project.identity = context.act(&project, name).await?;
        }
        (project, None)
    };
    let profiles = connect::profiles(context.settings())?;
    // A command that has to ask somebody must not look like a server that does not answer.
    let mut references = Vec::new();
    for source in &project.references {
        references.push(reference(context, source).await);
    }
    let way = Transport::of(&project).await;
    if let Ok(Some(way)) = &way
        && way.is_postgres()
    {
        context.note(&way.notes());
    }
    let way = way.map(|way| way.map(|way| (way.label(), way.database())));
    let database = match &way {
        Ok(None) => None,
        Ok(Some((name, database))) => Some(Ok(doctor::Way {
            name: name.clone(),
            database: database.as_ref(),
        })),
        Err(problem) => Some(Err(problem.clone())),
    };
    let waits = PendingChecks::default();
    let subject = Subject {
        profile: &project.profile,
        profiles: profiles.as_ref(),
        secrets: project.secrets.as_ref(),
        rest: project.rest.as_ref(),
        auth: project.auth.as_ref(),
        identity: &project.identity,
        has_publishable_key: project.has_publishable_key,
        has_service_key: project.has_service_key,
        left_out: left_out(context, &project.misplaced),
        database,
        clock: &SystemClock,
        waits: &waits,
    };
    let whom = || {
        let seconds = counted(PATIENCE.as_secs() as usize, "second");
        format!("{}, {seconds} at most", listed(&waits.open()))
    };
    let checking = doctor::check(&subject);
    let mut checks = slow_notice::telling(context.output(), whom, checking).await;
    if let Some(problem) = refused
        && let Some(check) = checks.iter_mut().find(|check| check.name == "session")
    {
        *check = failed("session", &problem);
    }
    let is_lost = |one: &Check| one.name == "publishable key from" && one.state == State::Fail;
    if references.iter().any(is_lost)
        && let Some(check) = checks.iter_mut().find(|one| one.name == "publishable key")
    {
        check.state = State::Skip;
        "It could not be looked up.".clone_into(&mut check.what);
        check.hint = None;
    }
    checks.extend(references);
    checks.push(keymap());
    Ok(checks)
}

/// Whether what the profile refers to is there and of the right form.
async fn reference(context: &Context, source: &SecretSource) -> Check {
    let name = match source.kind() {
        SecretKind::PublishableKey => "publishable key from",
        SecretKind::SecretKey => "secret key from",
        SecretKind::DatabaseUrl => "database URL from",
        SecretKind::AccessToken | SecretKind::Session => "access token from",
    };
    let found = match source.get().await {
        Ok(secret) => form(context, source, &secret),
        Err(problem) => Err(problem),
    };
    let from = source
        .reference()
        .map(ToString::to_string)
        .unwrap_or_default();
    match found {
        Ok(()) => Check {
            name,
            state: State::Ok,
            what: format!("{from} gives it."),
            hint: None,
        },
        Err(problem) => failed(name, &problem),
    }
}

fn form(context: &Context, source: &SecretSource, secret: &SecretString) -> Result<(), Problem> {
    let wrong = match source.kind() {
        kind @ (SecretKind::PublishableKey | SecretKind::SecretKey) => {
            let key = ApiKey::new(secret);
            match key.form() {
                KeyForm::Unknown => Some(format!("A key is {KEY_FORMS}.")),
                _ => key::wrong(kind, &key).map(str::to_owned),
            }
        }
        SecretKind::DatabaseUrl => {
            let from = source.source();
            return Transport::by_url(secret, &from, &context.settings().postgres).map(|_| ());
        }
        SecretKind::AccessToken | SecretKind::Session => None,
    };
    let Some(why) = wrong else { return Ok(()) };
    let (kind, from) = (source.kind().title(), source.reference());
    let from = from.map(ToString::to_string).unwrap_or_default();
    Err(Problem::new(
        Kind::Config,
        format!("What {from} gives is no {kind}."),
        why,
    ))
}

fn failed(name: &'static str, problem: &Problem) -> Check {
    Check {
        name,
        state: State::Fail,
        what: problem.to_string(),
        hint: problem.hint.clone(),
    }
}

fn silent(url: &str) -> Problem {
    let seconds = PATIENCE.as_secs();
    Problem::new(
        Kind::Network,
        format!("Auth at {url} did not answer."),
        format!("It was given {seconds} seconds."),
    )
}

/// The variables whose secrets are another project's, with the reason.
fn left_out(context: &Context, misplaced: &Misplaced) -> LeftOut {
    let misplaced = LeftOut {
        publishable_key: misplaced.publishable.clone(),
        secret_key: misplaced.secret.clone(),
        db_url: None,
    };
    let Some(found) = &context.settings().variables.left_out else {
        return misplaced;
    };
    let why = |name: Option<&str>| {
        name.map(|name| {
            format!(
                "{name} is set, but not used, because {} names another project than SUPABASE_URL.",
                found.by
            )
        })
    };
    LeftOut {
        publishable_key: misplaced
            .publishable_key
            .or_else(|| why(found.publishable_key)),
        secret_key: misplaced.secret_key.or_else(|| why(found.secret_key)),
        db_url: why(found.db_url),
    }
}

/// Whether the user's keymap can be read, and what is wrong inside it.
fn keymap() -> Check {
    let mut hint = None;
    let (state, what) = match keys::own_file() {
        Ok(None) => (State::Ok, "The built-in keys are used.".to_owned()),
        Ok(Some((path, faults))) if faults.is_empty() => {
            (State::Ok, format!("{} is laid over them.", path.display()))
        }
        Ok(Some((path, faults))) => {
            let rest = "Those lines do not count; `supadeck keys` shows the keys in use.";
            hint = Some(rest.to_owned());
            (
                State::Warn,
                format!("{}, {}", path.display(), faults.join(" ")),
            )
        }
        Err(problem) => {
            hint.clone_from(&problem.hint);
            (State::Fail, problem.to_string())
        }
    };
    Check {
        name: "keymap",
        state,
        what,
        hint,
    }
}

fn answer(checks: &[Check]) -> Result<Answer, Problem> {
    let mut page = Page::default();
    if !checks.is_empty() {
        let mut table = Table::new(&["", "CHECK", "RESULT"]);
        for check in checks {
            let (tone, word) = match check.state {
                State::Ok => (Tone::Ok, "ok"),
                State::Warn => (Tone::Warn, "warn"),
                State::Fail => (Tone::Danger, "FAIL"),
                State::Skip => (Tone::Muted, "skip"),
            };
            let result = match &check.hint {
                Some(hint) => format!("{} {hint}", check.what),
                None => check.what.clone(),
            };
            table.row(vec![
                Span::new(tone, word),
                check.name.into(),
                result.into(),
            ]);
        }
        page.table(&table);
    }
    let shown = |path: Option<std::path::PathBuf>| {
        path.map_or_else(|| "none".to_owned(), |path| path.display().to_string())
    };
    let (config, log) = (shown(config_dir::config_dir().ok()), shown(log::path()));
    page.toned(Tone::Muted, &format!("Config directory: {config}"));
    page.toned(Tone::Muted, &format!("Log: {log}"));
    Answer::new(&checks, page)?
        .with("config_dir", &config)?
        .with("log", &log)
}
