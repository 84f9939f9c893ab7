//! Which of the places that a secret can come from goes first. Nothing here decides which project is meant.

use super::settings::Variable;
use crate::domain::problem::Problem;
use crate::domain::profile::Profile;
use crate::domain::secret::{SecretKind, unbind};
use crate::domain::source::Source;
use crate::ports::Secrets;
use secrecy::{ExposeSecret, SecretString};

/// A secret, and where it came from.
pub(super) type Found = (SecretString, Source);

/// The keyring's secrets of a profile, if they may be used.
pub(super) struct Kept<'a> {
    pub(super) secrets: &'a dyn Secrets,
    pub(super) profile: Option<&'a Profile>,
    /// Whether the environment's secrets are those of this project, because SUPABASE_URL says so.
    pub(super) is_ours: bool,
}

impl Kept<'_> {
    /// What was typed, else what is kept, else what the environment has. A variable goes before what is kept only where
    /// SUPABASE_URL says whose it is; otherwise it may belong to anything, and its use for a profile is a note.
    pub(super) async fn or(
        &self,
        typed: Option<(&SecretString, Source)>,
        variable: Option<&Variable>,
        kind: SecretKind,
        notes: &mut Vec<String>,
    ) -> Result<Option<Found>, Problem> {
        if let Some((typed, source)) = typed.filter(|(typed, _)| !typed.expose_secret().is_empty())
        {
            return Ok(Some((typed.clone(), source)));
        }
        let taken =
            variable.map(|variable| (variable.value.clone(), Source::variable(variable.name)));
        let Some(profile) = self.profile else {
            return Ok(taken);
        };
        if self.is_ours && taken.is_some() {
            return Ok(taken);
        }
        let name = &profile.name;
        if let Some(text) = self.secrets.get(name, kind).await? {
            if let Some(secret) = unbind(&profile.url, &text) {
                return Ok(Some((secret, Source::profile(name))));
            }
            notes.push(format!(
                "A {} that is kept under `{name}` is for another URL and is not used; `profile add {name} --replace` forgets it.",
                kind.word()
            ));
        }
        if let Some(variable) = variable {
            notes.push(format!(
                "{} is used for `{name}`, which has none of its own.",
                variable.name
            ));
        }
        Ok(taken)
    }
}
