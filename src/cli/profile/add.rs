//! `supadeck profile add`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::page::{Page, Tone};
use super::super::secret::{self, Asked};
use super::super::{ask, interrupt, waiting};
use super::check;
use super::linked::{self, Origin};
use crate::adapters::connect::{self, Settings, Variable};
use crate::domain::problem::{Kind, Problem};
use crate::domain::production::learn;
use crate::domain::profile::{Profile, check_name, check_url, project_ref};
use crate::domain::secret::{ApiKey, Keeping, SecretKind};
use crate::ops::profile::{self, NewProfile};
use clap::Args as ClapArgs;
use secrecy::{ExposeSecret, SecretString};

/// Add a project: its URL in a file, its keys in the keyring
///
/// What is not given is asked for at a terminal: --url, --key, --db-url, the directory with --dir. The project is asked
/// whether it knows the key, and the database whether it lets in, before anything is kept. With --linked the URL, the ref
/// and the pooler come from the files of `supabase link`, with --local from supabase/config.toml.
#[derive(ClapArgs)]
pub struct Args {
    /// A name for it; with --linked or --local the name in supabase/config.toml when it is left out
    #[arg(required_unless_present_any = ["linked", "local"])]
    name: Option<String>,

    /// Take the project that the Supabase CLI has linked the directory to
    #[arg(long, conflicts_with = "local")]
    linked: bool,

    /// Take the stack of local development (`supabase start`)
    #[arg(long)]
    local: bool,

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

/// What is said where no keyring would keep the keys.
const NOT_ADDED: &str = "The profile was not added: its keys cannot be kept.";

/// Collects, checks and keeps.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let is_from_files = args.linked || args.local;
    let origin = is_from_files.then(|| Origin::read(context, args.local));
    let origin = origin.transpose()?;
    let name = match (&args.name, &origin) {
        (Some(name), _) => name.clone(),
        (None, Some(origin)) => origin.name(),
        (None, None) => return Err(missing("name", "the first argument").into()),
    };
    check_name(&name)?;
    let profiles = connect::profiles(context.settings())?;
    profile::check_free(profiles.as_ref(), &name, args.replace).await?;
    let keyring = connect::secrets(context.settings());
    // Nobody is asked for what could not be kept then.
    let asks = match keyring.keeping().await? {
        Keeping::Keyring => ask::is_possible(),
        Keeping::Memory(why) if origin.is_none() && ask::is_possible() => {
            return Err(no_keyring(NOT_ADDED, &why).into());
        }
        Keeping::Memory(_) => false,
    };
    let settings = collect(context, args, origin.as_ref(), asks).await?;
    let kept = secrets(&settings);
    if !kept.is_empty()
        && let Keeping::Memory(why) = keyring.keeping().await?
    {
        return Err(no_keyring(NOT_ADDED, &why).into());
    }
    let url = check_url(settings.url.as_deref().unwrap_or_default())?;
    let mut mark = None;
    if !args.no_check {
        let checking = check::check(&settings);
        let whom = || format!("{url} and what belongs to it");
        let checking = waiting::telling(context.output(), whom, checking);
        mark = interrupt::ending(checking).await?;
    }
    let dir = settings.dir.as_ref().map(std::path::absolute).transpose();
    let dir = dir
        .map_err(|error| Problem::new(Kind::Usage, "--dir cannot be used.", format!("{error}.")))?;
    let mut profile = Profile {
        name,
        project_ref: project_ref(&url),
        url,
        dir,
        production: args.production,
        ..Profile::default()
    };
    if let Some(mark) = mark.filter(|_| args.production) {
        learn(&mut profile, &mark);
    }
    let new = NewProfile {
        profile,
        secrets: kept,
        is_default: args.is_default,
        replace: args.replace,
    };
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
    let lacks = origin.as_ref().map(|_| linked::missing(&settings));
    for lack in lacks.iter().flatten() {
        page.toned(Tone::Warn, lack);
    }
    let answer = Answer::new(&super::data(&added.profile), page)?;
    let answer = answer.with("in_use", &added.is_default)?;
    match (&origin, lacks) {
        (Some(origin), Some(lacks)) => Ok(answer
            .with("found", &origin.data())?
            .with("missing", &lacks)?),
        _ => Ok(answer),
    }
}

fn no_keyring(what: &str, why: &str) -> Problem {
    Problem::new(Kind::Config, what, why)
    .with_hint("Without a keyring, set SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY and SUPABASE_DB_URL instead.")
}

/// What was given, and where it `asks`, what was answered.
async fn collect(
    context: &Context,
    args: &Args,
    origin: Option<&Origin>,
    asks: bool,
) -> Result<Settings, Problem> {
    let given = context.settings();
    let mut settings = Settings {
        url: given.url.clone(),
        publishable_key: given.publishable_key.clone(),
        secret_key: given.secret_key.clone(),
        db_url: given.db_url.clone(),
        access_token: given.access_token.clone(),
        is_token_typed: given.is_token_typed,
        api_url: given.api_url.clone(),
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
    let owns_variables = match origin {
        Some(origin) => origin.fill(context, &mut settings)?,
        None => true,
    };
    if owns_variables {
        take_variables(context, &mut settings, asks).await?;
    }
    if let (Some(origin), None) = (origin, &settings.db_url) {
        let has_token = settings.access_token.is_some();
        settings.db_url = origin.database_url(context, has_token, asks).await?;
    }
    if !asks {
        return match settings {
            Settings { url: None, .. } => Err(missing("URL", "--url")),
            settings if origin.is_some() => Ok(settings),
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
        let question = match origin {
            Some(_) => "Publishable key, empty to leave it out (not shown): ",
            None => "Publishable key (not shown): ",
        };
        let key = ask::hidden(question).await?;
        put_key(&mut settings, key);
    }
    if settings.secret_key.is_none() {
        let key = ask::hidden("Secret key, empty to leave it out (not shown): ").await?;
        put_key(&mut settings, key);
    }
    if settings.db_url.is_none() && origin.is_none() {
        let url = ask::hidden("Database URL, empty to leave it out (not shown): ").await?;
        settings.db_url = Some(url).filter(|url| !url.expose_secret().trim().is_empty());
    }
    Ok(settings)
}

/// Takes from the environment what was not typed. Where it `asks`, each variable is asked about; else those are taken whose
/// project SUPABASE_URL names, and the others belong to nobody knows whom. All are named.
async fn take_variables(
    context: &Context,
    settings: &mut Settings,
    asks: bool,
) -> Result<(), Problem> {
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
        let (is_taken, text) = if asks {
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
        // The variable's token is for every project of its owner, and stays where it is.
        (
            SecretKind::AccessToken,
            if settings.is_token_typed {
                &settings.access_token
            } else {
                &None
            },
        ),
    ]
    .into_iter()
    .filter_map(|(kind, secret)| Some((kind, secret.clone()?)))
    .collect()
}
