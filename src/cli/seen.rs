//! Keeps what a command saw of a profile's project, for completing command lines later. That it could not be kept matters to nobody.

use crate::adapters::config_dir::config_dir;
use crate::adapters::known_names::KnownNamesFile;
use crate::adapters::profiles::ProfileFile;
use crate::domain::identity::User;
use crate::domain::profile::Profile;

/// Keeps whose sessions there are.
pub fn users(profile: &Profile, kept: &[User]) {
    let mut users: Vec<String> = kept.iter().map(|user| user.email.clone()).collect();
    users.retain(|email| !email.is_empty());
    users.sort();
    users.dedup();
    keep(profile, |file| file.keep_users(users));
}

/// Keeps what the tables are called.
pub fn tables(profile: &Profile, tables: Vec<String>) {
    keep(profile, |file| file.keep_tables(tables));
}

fn keep(profile: &Profile, keep: impl FnOnce(&KnownNamesFile) -> std::io::Result<()>) {
    if let Some(Err(error)) = file_of(profile).map(|file| keep(&file)) {
        tracing::debug!(%error, "what was seen could not be kept");
    }
}

/// The file, where the profile is one of the user's own: a project that was named for one command is kept nowhere.
fn file_of(profile: &Profile) -> Option<KnownNamesFile> {
    let dir = config_dir().ok()?;
    let profiles = ProfileFile::new(&dir).read_now();
    profiles.owns(profile).then_some(())?;
    KnownNamesFile::of(&dir, &profile.name, &profile.url)
}
