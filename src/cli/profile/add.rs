//! `supadeck profile add`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::page::{Page, Tone};
use super::super::{interrupt, prompt, slow_notice};
use super::check;
use super::collect::{Collected, Means, missing};
use super::end_session::end_session;
use super::linked::{self, Origin};
use super::replace::Wish;
use super::view;
use crate::adapters::connect;
use crate::domain::names_from::NamesFrom;
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::production::learn;
use crate::domain::profile::{Profile, check_name};
use crate::domain::secret::StoredIn;
use crate::ops::profile::{self, NewProfile};
use clap::Args as ClapArgs;

/// Add a project: its URL in a file, its keys in the keyring
///
/// What is not given is asked for at a terminal: --url, --key, --db-url, the directory with --dir. The project is asked
/// whether it knows the key, and the database whether it lets in, before anything is kept. With --linked the URL, the ref
/// and the pooler come from the files of `supabase link`, with --local from supabase/config.toml. A secret given as
/// cmd:COMMAND is looked up by that command whenever it is needed, and never kept; env:NAME is read now and kept in the
/// keyring, and where there is none, or with --by-reference, the variable is read whenever it is needed.
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

    /// The secret key, for the service role: `env:NAME`, `cmd:COMMAND`, or `-` to read it from stdin
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    secret_key: Option<String>,

    /// Keep `env:NAME` itself instead of the variable's value, as is done where there is no keyring
    #[arg(long)]
    by_reference: bool,

    /// Ask for the project's name before anything destructive; what replaces a production profile does so without this
    #[arg(long)]
    production: bool,

    /// End that for the production profile that is replaced; its name is asked for
    #[arg(long, requires = "replace", conflicts_with = "production")]
    no_production: bool,

    /// Change nothing through it; what replaces a read-only profile stays so without this
    #[arg(long)]
    read_only: bool,

    /// The table with the names of its users, to be shown beside ids: `profiles(id, full_name)`
    #[arg(long, value_name = "TABLE")]
    names: Option<String>,

    /// Show the e-mail addresses of its users beside ids, read over the database connection, past Row Level Security
    #[arg(long)]
    emails: bool,

    /// Make it the one in use
    #[arg(long = "use")]
    is_default: bool,

    /// Replace a profile of that name
    #[arg(long)]
    replace: bool,

    /// The name of the production profile that is ended, or gets another project, where nobody can be asked
    #[arg(long, value_name = "PROFILE", requires = "replace")]
    confirm: Option<String>,

    /// Keep it without asking the project
    #[arg(long)]
    no_check: bool,
}

/// What is said where no keyring would keep the keys.
const NOT_ADDED: &str = "The profile was not added: its keys cannot be kept.";

/// What is said of a production profile whose database was not asked, or did not tell.
const UNKNOWN: &str =
    "Its database is not known yet; the first connection with this profile makes it known.";

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
    args.names.as_deref().map(NamesFrom::parse).transpose()?;
    let profiles = connect::profiles(context.settings())?;
    profile::check_free(profiles.as_ref(), &name, args.replace).await?;
    let keyring = connect::secrets(context.settings());
    let means = Means {
        asks: prompt::is_possible(),
        has_keyring: keyring.keeping().await? == StoredIn::Keyring,
        by_reference: args.by_reference,
    };
    let secret_key = args.secret_key.as_deref();
    let collected = Collected::new(context, secret_key, origin.as_ref(), means).await?;
    let url = collected.project_url(context)?;
    let kept = collected.kept();
    if !kept.is_empty()
        && let StoredIn::Memory(why) = keyring.keeping().await?
    {
        return Err(no_keyring(NOT_ADDED, &why).into());
    }
    let dir = collected.settings.dir.as_ref();
    let dir = dir.map(std::path::absolute).transpose();
    let dir = dir
        .map_err(|error| Problem::new(Kind::Usage, "--dir cannot be used.", format!("{error}.")))?;
    let mut profile = Profile {
        name,
        project_ref: url.project_ref().map(str::to_owned),
        url: url.to_string(),
        dir,
        secrets: collected.references.clone(),
        names: args.names.clone(),
        emails: args.emails,
        read_only: args.read_only,
        ..Profile::default()
    };
    if profile.project_ref.is_none() {
        // Behind a domain of its own, a hosted project is known by what its legacy keys say.
        profile.database_ref = collected.ref_of_keys();
    }
    let wish = Wish {
        production: args.production,
        ends: args.no_production,
        confirm: args.confirm.as_deref(),
    };
    let book = profiles.read().await?;
    let before = book.profiles.get(&profile.name);
    profile.read_only |= before.is_some_and(|before| before.read_only);
    wish.settle(before, &mut profile).await?;
    let mut mark = None;
    if !args.no_check {
        let checking =
            Box::pin(async { check::check(&check::looked_up(context, &collected).await?).await });
        let whom = || format!("{url} and what belongs to it");
        let checking = slow_notice::telling(context.output(), whom, checking);
        mark = interrupt::ending(checking).await?;
    }
    end_session(context, &profile.name).await?;
    if let Some(mark) = mark.filter(|_| profile.production) {
        learn(&mut profile, &mark);
    } else if !profile.production {
        profile.database_ref = None;
    }
    let is_known = profile.database_id.is_some();
    let new = NewProfile {
        profile,
        secrets: kept,
        is_default: args.is_default,
        replace: args.replace,
    };
    let write = profile::add(profiles.as_ref(), keyring.as_ref(), new);
    let added = interrupt::finishing(context.output(), write).await?;
    if let Some(StoredIn::Memory(why)) = added.keeping {
        let what = "The profile was added without its keys: they could not be kept.";
        return Err(no_keyring(what, &why).into());
    }
    context.note(&collected.taken);
    let mut page = Page::default();
    page.toned(Tone::Ok, &format!("{} is kept.", added.profile.name));
    page.append(view::page(&added.profile));
    if added.is_default {
        page.line("It is the profile in use.");
    }
    let forgotten: Vec<&str> = added.forgotten.iter().map(|kind| kind.title()).collect();
    if !forgotten.is_empty() {
        let text = format!(
            "Of the profile before, these are forgotten: {}.",
            listed(&forgotten)
        );
        page.toned(Tone::Warn, &text);
    }
    if added.profile.production && !is_known {
        page.toned(Tone::Warn, UNKNOWN);
    }
    let lacks = origin.as_ref().map(|_| linked::missing(&collected));
    for lack in lacks.iter().flatten() {
        page.toned(Tone::Warn, lack);
    }
    let answer = Answer::new(&view::data(&added.profile), page)?;
    let mut answer = answer.with("in_use", &added.is_default)?;
    if !forgotten.is_empty() {
        answer = answer.with("forgotten", &forgotten)?;
    }
    if added.profile.production {
        answer = answer.with("database_known", &is_known)?;
    }
    match (&origin, lacks) {
        (Some(origin), Some(lacks)) => Ok(answer
            .with("found", &origin.data())?
            .with("missing", &lacks)?),
        _ => Ok(answer),
    }
}

fn no_keyring(what: &str, why: &str) -> Problem {
    Problem::new(Kind::Config, what, why)
    .with_hint("Say where each secret comes from: --key env:NAME or --key 'cmd:COMMAND', and the same with --secret-key, --db-url and --access-token. Or go without a profile: set SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY and SUPABASE_DB_URL.")
}
