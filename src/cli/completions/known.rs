//! What is known on this machine of the values that a command line can have: files of the project, the profiles, and what commands
//! saw last. Nothing is asked over the network, no secret is looked at, and whatever cannot be read is not there.

use super::words::{Kind, Value};
use crate::adapters::config_dir::config_dir;
use crate::adapters::known_names::{KnownNames, KnownNamesFile};
use crate::adapters::profiles::ProfileFile;
use crate::domain::hidden::shown;
use crate::domain::migration::file_name::FileName;
use crate::domain::profile::{Profile, ProfileSet};
use crate::domain::sql::made_tables::made_tables;
use crate::ops::migration;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// The most migration files that are looked at, the newest ones.
const MOST_FILES: usize = 2_000;
/// The most bytes of SQL that are read for the names of tables.
const MOST_BYTES: u64 = 8 << 20;

/// Whom `supadeck access` alone knows.
const STRANGER: (&str, &str) = ("stranger", "somebody who is signed in and owns nothing");

/// The project that the typed words are about.
pub struct Known {
    profiles: ProfileSet,
    profile: Option<Profile>,
    dir: PathBuf,
}

impl Known {
    /// By the options among the words, then the environment, then the profile in use.
    pub fn of(words: &[String]) -> Self {
        let profiles = config_dir().map(|dir| ProfileFile::new(dir).read_now());
        let profiles = profiles.unwrap_or_default();
        let named = option(words, "--profile").or_else(|| std::env::var("SUPADECK_PROFILE").ok());
        let named = named.filter(|name| !name.is_empty());
        let profile = profiles.find(named.as_deref()).ok().flatten();
        let of_profile = profile.as_ref().and_then(|profile| profile.dir.clone());
        let dir = option(words, "--dir").map(PathBuf::from);
        Self {
            dir: dir.or(of_profile).unwrap_or_else(|| PathBuf::from(".")),
            profiles,
            profile,
        }
    }

    /// The values of a kind.
    pub fn values(&self, kind: Kind) -> Vec<Value> {
        match kind {
            Kind::Version => self.versions(),
            Kind::Table => plain(self.tables()),
            Kind::Profile => self.profile_names(),
            Kind::Identity => self.identities(&[]),
            Kind::Viewer => self.identities(&[STRANGER]),
            Kind::Email => plain(self.seen().users),
        }
    }

    /// The migration files of the project, the newest first.
    fn files(&self) -> Vec<(FileName, PathBuf)> {
        let Ok(entries) = fs::read_dir(migration::directory(&self.dir)) else {
            return Vec::new();
        };
        let mut files: Vec<(FileName, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| Some((FileName::parse(entry.file_name().to_str()?)?, entry.path())))
            .collect();
        let key = |version: &str| (version.trim_start_matches('0').len(), version.to_owned());
        files.sort_by_cached_key(|(name, _)| std::cmp::Reverse(key(&name.version)));
        files.truncate(MOST_FILES);
        files
    }

    fn versions(&self) -> Vec<Value> {
        let files = self.files().into_iter();
        files.map(|(name, _)| (name.version, name.name)).collect()
    }

    /// The tables that commands saw last, and those that the migrations make.
    fn tables(&self) -> BTreeSet<String> {
        let mut tables: BTreeSet<String> = self.seen().tables.into_iter().collect();
        let mut left = MOST_BYTES;
        for (_, path) in self.files() {
            // A pipe would wait for who writes into it.
            let length = fs::metadata(&path)
                .ok()
                .filter(fs::Metadata::is_file)
                .map(|file| file.len());
            let Some(length) = length.filter(|length| *length <= left) else {
                continue;
            };
            left -= length;
            if let Ok(text) = fs::read_to_string(&path) {
                tables.extend(made_tables(&text));
            }
        }
        tables
    }

    fn profile_names(&self) -> Vec<Value> {
        let named = self.profiles.profiles.iter();
        // A key may have been pasted where a name belongs.
        let named = named.filter(|(name, _)| shown(name) == name.as_str());
        named
            .map(|(name, profile)| (name.clone(), shown(&profile.url).into_owned()))
            .collect()
    }

    fn identities(&self, more: &[(&str, &str)]) -> Vec<Value> {
        let words = [
            ("anon", "nobody: the publishable key alone"),
            ("user", "the signed-in user who was used last"),
            ("service", "the service role, past Row Level Security"),
        ];
        let words = words.iter().chain(more);
        let words = words.map(|(word, help)| ((*word).to_owned(), (*help).to_owned()));
        let users = self.seen().users.into_iter();
        let users = users.map(|email| (format!("user:{email}"), "signed in".to_owned()));
        words.chain(users).collect()
    }

    fn seen(&self) -> KnownNames {
        let file = self.profile.as_ref().zip(config_dir().ok());
        let file =
            file.and_then(|(profile, dir)| KnownNamesFile::of(&dir, &profile.name, &profile.url));
        file.map(|file| file.read()).unwrap_or_default()
    }
}

fn plain(values: impl IntoIterator<Item = String>) -> Vec<Value> {
    values
        .into_iter()
        .map(|value| (value, String::new()))
        .collect()
}

/// The value of an option among the words.
fn option(words: &[String], name: &str) -> Option<String> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == name {
            return words.next().cloned().filter(|value| !value.is_empty());
        }
        if let Some(value) = word
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('='))
        {
            return Some(value.to_owned());
        }
    }
    None
}
