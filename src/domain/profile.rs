//! A profile: which project supadeck talks to, under a name. Secrets are not part of it; they live in the keyring.

use super::audit::trail::TrailMapping;
use super::hidden::{HIDDEN, looks_secret, shown};
use super::plural::listed;
use super::problem::{Kind, Problem};
use super::project_url::ProjectUrl;
use super::reference::References;
use super::source::Source;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One project as the user's config file keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The name the user gave it.
    #[serde(skip)]
    pub name: String,
    /// Base URL of the project, such as `https://abcdefghijklmnopqrst.supabase.co`.
    pub url: String,
    /// The twenty letters of a hosted project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_ref: Option<String>,
    /// The project directory with `supabase/` or `migrations/` in it; the current directory when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dir: Option<PathBuf>,
    /// A production profile asks for the project's name before anything destructive.
    #[serde(default)]
    pub production: bool,
    /// Nothing is changed through a read-only profile.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
    /// What the database of a production profile is recognised by, whatever way leads to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_id: Option<String>,
    /// The ref in the address of its database, where the project's URL has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_ref: Option<String>,
    /// What an export of audit records leaves out, such as `*.password`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mask: Vec<String>,
    /// The table with the names of its users, such as `profiles(id, full_name)`; read as whoever reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<String>,
    /// Whether the e-mail addresses of its users are read over the database connection and shown beside ids.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub emails: bool,
    /// Where its audit trail is, where that is a table of its own whose columns have to be named. A table, as what follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<TrailMapping>,
    /// Where its secrets come from, where that is not the keyring. A table, so it stands behind the plain values.
    #[serde(default, skip_serializing_if = "References::is_empty")]
    pub secrets: References,
}

impl Profile {
    /// Its URL, parsed; one that is none is a problem that names the profile.
    pub fn project_url(&self) -> Result<ProjectUrl, Problem> {
        ProjectUrl::read(&self.url, &Source::profile(&self.name))
    }

    /// The project as people are told of it: its name with its URL, or the URL alone where the name was made from it.
    pub fn title(&self) -> String {
        let url = self.shown_url();
        if self.url.contains(&self.name) {
            url
        } else {
            format!("{} ({url})", shown(&self.name))
        }
    }

    /// Its URL as it may be shown. What stands there instead of a project's URL may hold a password.
    pub fn shown_url(&self) -> String {
        match ProjectUrl::parse(&self.url) {
            Ok(_) => shown(&self.url).into_owned(),
            Err(_) => HIDDEN.to_owned(),
        }
    }
}

/// The whole config file: every profile, and the one that is used when none is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileSet {
    /// The name of the profile in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The profiles by name.
    #[serde(default)]
    pub profiles: BTreeMap<String, Profile>,
}

impl ProfileSet {
    /// The profile of that name, or the one in use when none is named.
    pub fn find(&self, name: Option<&str>) -> Result<Option<Profile>, Problem> {
        let Some(wanted) = name.or(self.default.as_deref()) else {
            return Ok(None);
        };
        let Some(profile) = self.profiles.get(wanted) else {
            return Err(self.no_such(wanted));
        };
        let mut profile = profile.clone();
        wanted.clone_into(&mut profile.name);
        Ok(Some(profile))
    }

    /// Whether a profile is one of these, with its project: one that was named for one command is not.
    pub fn owns(&self, profile: &Profile) -> bool {
        let own = self.profiles.get(&profile.name);
        own.is_some_and(|own| own.url == profile.url)
    }

    /// The problem that no project is meant: nothing was named, and no profile is in use.
    pub fn none_in_use(&self) -> Problem {
        let names = self.shown_names();
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        if names.is_empty() {
            return Problem::new(
                Kind::Config,
                "No project is known yet.",
                "There is no profile, no `--url` and no SUPABASE_URL.",
            )
            .with_hint(
                "Add one with `supadeck profile add`, or look around with `supadeck demo`.",
            );
        }
        let (verb, profiles) = match names.len() {
            1 => ("is", "profile"),
            _ => ("are", "profiles"),
        };
        Problem::new(
            Kind::Config,
            "No profile is in use.",
            format!("There {verb} the {profiles} {}.", listed(&names)),
        )
        .with_hint(
            "Choose one with `supadeck profile use NAME`, or for one command with `--profile NAME`.",
        )
    }

    /// The names of the profiles as they may be shown: the file can be written by hand.
    fn shown_names(&self) -> Vec<Cow<'_, str>> {
        self.profiles.keys().map(|name| shown(name)).collect()
    }

    /// The problem of a name that no profile has.
    pub fn no_such(&self, wanted: &str) -> Problem {
        let names = self.shown_names();
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        let problem = Problem::new(
            Kind::Config,
            format!("There is no profile `{}`.", shown(wanted)),
            if names.is_empty() {
                "No profile has been added yet.".to_owned()
            } else {
                format!("The profiles are {}.", listed(&names))
            },
        );
        problem.with_hint("Add one with `supadeck profile add`.")
    }
}

/// Checks a profile's name: it is part of keyring entries and of messages.
pub fn check_name(name: &str) -> Result<(), Problem> {
    let is_fine = (1..=64).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !name.starts_with(['.', '-']);
    if is_fine && !looks_secret(name) {
        return Ok(());
    }
    if looks_secret(name) {
        return Err(Problem::new(
            Kind::Usage,
            format!("`{HIDDEN}` cannot be a profile's name."),
            "It looks like a key, a password or a URL. A name is shown in messages and written into files.",
        )
        .with_hint("Choose a short name, such as `work`."));
    }
    Err(Problem::new(
        Kind::Usage,
        format!("`{}` cannot be a profile's name.", shown(name)),
        "A name is 1 to 64 letters, digits, dots, hyphens and underscores.",
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_name_that_nobody_has_lists_the_names() {
        let mut book = ProfileSet::default();
        book.profiles.insert("work".into(), Profile::default());
        let problem = book.find(Some("wrok")).unwrap_err();
        assert!(problem.why.contains("work"), "{problem}");
        assert_eq!(book.find(Some("work")).unwrap().unwrap().name, "work");
        assert_eq!(book.find(None).unwrap(), None);
    }

    #[test]
    fn profiles_of_which_none_is_in_use_are_named() {
        let mut book = ProfileSet::default();
        let problem = book.none_in_use();
        assert!(problem.why.contains("no profile"), "{problem}");
        for name in ["home", "work"] {
            book.profiles.insert(name.into(), Profile::default());
        }
        let problem = book.none_in_use();
        assert_eq!(problem.why, "There are the profiles home and work.");
        assert!(problem.hint.unwrap().contains("profile use NAME"));
    }

    #[test]
    fn a_secret_in_the_place_of_a_name_is_not_repeated() {
        let book = ProfileSet::default();
        for text in [
            "sb_secret_hunter2hunter2",
            "postgresql://u:hunter2@h/x",
            "postgres://hunter2@h/x",
            "eyJhunter2",
        ] {
            let refused = check_name(text).unwrap_err();
            let unknown = book.find(Some(text)).unwrap_err();
            for problem in [refused, unknown] {
                assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
                assert!(problem.what.contains(HIDDEN), "{problem:?}");
            }
            let profile = Profile {
                name: text.into(),
                url: text.into(),
                ..Profile::default()
            };
            assert!(!profile.title().contains("hunter2"), "{text}");
            assert_eq!(profile.shown_url(), HIDDEN);
        }
    }

    #[test]
    fn a_name_made_from_the_url_is_not_said_twice() {
        let profile = |name: &str| Profile {
            name: name.into(),
            url: "http://127.0.0.1:1".into(),
            ..Profile::default()
        };
        assert_eq!(profile("127.0.0.1:1").title(), "http://127.0.0.1:1");
        assert_eq!(profile("work").title(), "work (http://127.0.0.1:1)");
    }
}
