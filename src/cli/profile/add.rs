//! `supadeck profile add`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::page::{Page, Tone};
use super::super::secret::{self, Asked};
use super::super::{ask, interrupt};
use super::check;
use crate::adapters::connect::{self, Settings, Variable};
use crate::domain::problem::{Kind, Problem};
use crate::domain::profile::{Profile, check_name, check_url};
use crate::domain::secret::{ApiKey, Keeping, SecretKind};
use crate::ops::profile::{self, NewProfile};
use clap::Args as ClapArgs;
use secrecy::{ExposeSecret, SecretString};

/// Add a project: its URL in a file, its keys in the keyring
///
/// What is not given is asked for at a terminal: --url, --key, --db-url, the directory with --dir. The project is asked
/// whether it knows the key, and the database whether it lets in, before anything is kept.
#[derive(ClapArgs)]
pub struct Args {
    /// A name for it
    name: String,

    /// The secret key, for the service role: `env:NAME`, or `-` to read it from stdin
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    secret_key: Option<String>,

    /// Ask for the project's name before anything destructive
    #[arg(long)]
    production: bool,

    /// Make it the one in use
    #[arg(long = "use")]
    is_default: bool,

    /// Replace a profile of that name
    #[arg(long)]
    replace: bool,

    /// Keep it without asking the project
    #[arg(long)]
    no_check: bool,
}

/// Collects, checks and keeps.
pub async fn run(context: &Context, args: &Args) -> Answered {
    check_name(&args.name)?;
    let settings = collect(context, args).await?;
    let url = check_url(settings.url.as_deref().unwrap_or_default())?;
    if !args.no_check {
        interrupt::ending(check::check(&settings)).await?;
    }
    let keyring = connect::secrets(context.settings());
    if let Keeping::Memory(why) = keyring.keeping().await? {
        let what = "The profile was not added: its keys cannot be kept.";
        return Err(no_keyring(what, &why).into());
    }
    let dir = settings.dir.as_ref().map(std::path::absolute).transpose();
    let dir = dir
        .map_err(|error| Problem::new(Kind::Usage, "--dir cannot be used.", format!("{error}.")))?;
    let new = NewProfile {
        profile: Profile {
            name: args.name.clone(),
            url,
            dir,
            production: args.production,
            ..Profile::default()
        },
        secrets: secrets(&settings),
        is_default: args.is_default,
        replace: args.replace,
    };
    let profiles = connect::profiles(context.settings())?;
    let write = profile::add(profiles.as_ref(), keyring.as_ref(), new);
    let added = interrupt::finishing(context.output(), write).await?;
    if let Some(Keeping::Memory(why)) = added.keeping {
        let what = "The profile was added without its keys: they could not be kept.";
        return Err(no_keyring(what, &why).into());
    }
    let mut page = Page::default();
    page.toned(Tone::Ok, &format!("{} is kept.", added.profile.name));
    page.append(super::page(&added.profile));
    if added.is_default {
        page.line("It is the profile in use.");
    }
    let answer = Answer::new(&super::data(&added.profile), page)?;
    Ok(answer.with("in_use", &added.is_default)?)
}

fn no_keyring(what: &str, why: &str) -> Problem {
    Problem::new(Kind::Config, what, why)
    .with_hint("Without a keyring, set SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY and SUPABASE_DB_URL instead.")
}

/// What was given, and at a terminal what was asked for.
async fn collect(context: &Context, args: &Args) -> Result<Settings, Problem> {
    let given = context.settings();
    let mut settings = Settings {
        url: given.url.clone(),
        publishable_key: given.publishable_key.clone(),
        secret_key: given.secret_key.clone(),
        db_url: given.db_url.clone(),
        dir: given.dir.clone(),
        without_keyring: true,
        ..Settings::default()
    };
    if let Some(key) = &given.key {
        put_key(&mut settings, key.clone());
    }
    if let Some(text) = &args.secret_key {
        settings.secret_key = Some(secret::resolve(Asked::Key, text)?);
    }
    take_variables(context, &mut settings).await?;
    if !ask::is_possible() {
        return match settings {
            Settings { url: None, .. } => Err(missing("URL", "--url")),
            Settings {
                publishable_key: None,
                secret_key: None,
                ..
            } => Err(missing("key", "--key")),
            settings => Ok(settings),
        };
    }
    if settings.url.is_none() {
        settings.url = Some(ask::line("Project URL: ").await?);
    }
    if settings.publishable_key.is_none() {
        let key = ask::hidden("Publishable key (not shown): ").await?;
        put_key(&mut settings, key);
    }
    if settings.secret_key.is_none() {
        let key = ask::hidden("Secret key, empty to leave it out (not shown): ").await?;
        put_key(&mut settings, key);
    }
    if settings.db_url.is_none() {
        let url = ask::hidden("Database URL, empty to leave it out (not shown): ").await?;
        settings.db_url = Some(url).filter(|url| !url.expose_secret().trim().is_empty());
    }
    Ok(settings)
}

/// Takes from the environment what was not typed. At a terminal each variable is asked about; without one those are taken
/// whose project SUPABASE_URL names, and the others belong to nobody knows whom. All are named.
async fn take_variables(context: &Context, settings: &mut Settings) -> Result<(), Problem> {
    let variables = &context.settings().variables;
    let places = [
        (&variables.publishable_key, &mut settings.publishable_key),
        (&variables.secret_key, &mut settings.secret_key),
        (&variables.db_url, &mut settings.db_url),
    ];
    for (variable, place) in places {
        let Some(Variable { name, value }) = variable.as_ref().filter(|_| place.is_none()) else {
            continue;
        };
        let (is_taken, text) = if ask::is_possible() {
            let answer = ask::line(&format!("Keep {name} of the environment? [y/N] ")).await?;
            let is_yes = matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes");
            (is_yes, None)
        } else if variables.name_project {
            (true, Some(format!("{name} is kept with the profile.")))
        } else {
            let text = format!(
                "{name} is left out: SUPABASE_URL does not say which project it is for. Give it as env:{name}."
            );
            (false, Some(text))
        };
        if let Some(text) = text {
            let mut page = Page::default();
            page.toned(Tone::Warn, &format!("Note: {text}"));
            context.output().note(&page);
        }
        if is_taken {
            *place = Some(value.clone());
        }
    }
    Ok(())
}

/// Puts a key where it belongs by its form.
fn put_key(settings: &mut Settings, key: SecretString) {
    if key.expose_secret().trim().is_empty() {
        return;
    }
    let place = if ApiKey::new(&key).is_secret() {
        &mut settings.secret_key
    } else {
        &mut settings.publishable_key
    };
    *place = Some(key);
}

fn missing(what: &str, option: &str) -> Problem {
    Problem::new(
        Kind::Usage,
        format!("The project's {what} was not given."),
        "There is no terminal to ask at.",
    )
    .with_hint(format!("Give it with {option}."))
}

fn secrets(settings: &Settings) -> Vec<(SecretKind, SecretString)> {
    [
        (SecretKind::PublishableKey, &settings.publishable_key),
        (SecretKind::SecretKey, &settings.secret_key),
        (SecretKind::DatabaseUrl, &settings.db_url),
    ]
    .into_iter()
    .filter_map(|(kind, secret)| Some((kind, secret.clone()?)))
    .collect()
}
