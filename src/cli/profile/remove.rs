//! `supadeck profile remove`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Tone};
use super::end_session::end_session;
use super::replace::confirmed_by_name;
use crate::adapters::connect;
use crate::domain::hidden::shown;
use crate::domain::secret::StoredIn;
use crate::ops::profile;
use clap::Args as ClapArgs;
use serde_json::json;

/// Remove a profile, with its keys and its session in the keyring
#[derive(ClapArgs)]
pub struct Args {
    /// Its name
    name: String,
    /// The name once more; a production profile is removed only with it
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

/// Writes the file and empties the keyring.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let settings = context.settings();
    let profiles = connect::profiles(settings)?;
    let secrets = connect::secrets(settings);
    let book = profile::list(profiles.as_ref()).await?;
    profile::check_there(profiles.as_ref(), &args.name).await?;
    let profile = book.profiles.get(&args.name);
    if profile.is_some_and(|profile| profile.production) {
        let why = "It is a production profile: its keys and its mark are removed with it.";
        confirmed_by_name(&args.name, args.confirm.as_deref(), why, "removed").await?;
    }
    end_session(context, &args.name).await?;
    let removed = profile::remove(profiles.as_ref(), secrets.as_ref(), &args.name);
    let keeping = interrupt::finishing(context.output(), removed).await?;
    let name = shown(&args.name);
    let page = match &keeping {
        StoredIn::Keyring => Page::of(format!("{name} is removed, and so are its secrets.")),
        StoredIn::Memory(why) => {
            let mut page = Page::of(format!("{name} is removed."));
            let text = format!(
                "Its secrets may still be in the keyring, which was not asked. {why} They are used for {name}'s URL only."
            );
            page.toned(Tone::Warn, &text);
            page
        }
    };
    let asked = keeping == StoredIn::Keyring;
    Ok(Answer::new(&json!({"name": name}), page)?.with("keyring_asked", &asked)?)
}
