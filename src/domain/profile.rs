//! A profile: which project supadeck talks to, under a name. Secrets are not part of it; they live in the keyring.

use serde::{Deserialize, Serialize};
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
}
