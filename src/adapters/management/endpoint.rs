//! Where the Management API is, which project is meant, and with which token. Nothing is sent here.

use crate::domain::base_url::BaseUrl;
use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;

/// The API of supabase.com.
pub const API_URL: &str = "https://api.supabase.com";

/// A project behind a Management API. `Debug` shows no token.
#[derive(Clone)]
pub struct ProjectAccess {
    base: BaseUrl,
    reference: String,
    token: SecretString,
}

impl ProjectAccess {
    /// Takes the API's base URL, [`API_URL`] when absent, the project's ref and an access token.
    pub fn new(url: Option<&str>, reference: &str, token: &SecretString) -> Result<Self, Problem> {
        let base = BaseUrl::parse(url.unwrap_or(API_URL)).map_err(|fault| {
            Problem::new(
                Kind::Config,
                "The URL of the Management API from the variable SUPADECK_API_URL cannot be used.",
                fault.why(),
            )
            .with_hint(format!(
                "It is {API_URL} unless SUPADECK_API_URL says otherwise."
            ))
        })?;
        if base.is_in_the_clear() {
            return Err(Problem::new(
                Kind::Config,
                "The URL of the Management API cannot be used.",
                "The access token opens every project of its owner, and http would send it in the clear.",
            )
            .with_hint("Use https; http is for this machine only."));
        }
        let is_fine = (1..=64).contains(&reference.len())
            && reference
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !is_fine {
            return Err(Problem::new(
                Kind::Config,
                format!("`{}` is no project ref.", text::cell(reference)),
                "A ref is twenty lower-case letters.",
            )
            .with_hint("It is the first part of the project's URL."));
        }
        let token = token.expose_secret().trim();
        if token.is_empty() || !token.chars().all(|c| c.is_ascii_graphic()) {
            return Err(Problem::new(
                Kind::Auth,
                "The access token cannot be used.",
                "It is empty, or has characters in it that no token has.",
            )
            .with_hint("Make one on the account page of the dashboard; it begins with sbp_."));
        }
        Ok(Self {
            base,
            reference: reference.to_owned(),
            token: token.to_owned().into(),
        })
    }

    /// What stands as the host of the target.
    pub(super) fn host(&self) -> String {
        format!("project {} (Management API)", self.reference)
    }

    /// The project's ref.
    pub(super) fn reference(&self) -> &str {
        &self.reference
    }

    /// The API's host, for messages.
    pub(super) fn server(&self) -> &str {
        self.base.host()
    }

    /// The token, for the header.
    pub(super) fn token(&self) -> &str {
        self.token.expose_secret()
    }

    /// Where queries go. Source: the API's OpenAPI document, operation `v1-run-a-query`.
    pub(super) fn query_url(&self) -> String {
        format!(
            "{}/v1/projects/{}/database/query",
            self.base, self.reference
        )
    }

    /// What is to be known about this way before anything is sent.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!(
            "Migrations of project {} go over the Management API, which tells no notices and no progress within a file.",
            self.reference
        )];
        if self.base.as_str() != API_URL {
            notes.push(format!(
                "The access token is sent to {}.",
                text::cell(self.server())
            ));
        }
        notes
    }
}

impl fmt::Debug for ProjectAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Access({} at {})", self.reference, self.server())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(url: Option<&str>, reference: &str, token: &str) -> Result<ProjectAccess, Problem> {
        ProjectAccess::new(url, reference, &token.to_owned().into())
    }

    const REF: &str = "abcdefghijklmnopqrst";

    #[test]
    fn the_token_goes_over_https_or_stays_on_this_machine() {
        for url in [
            "http://api.example.org",
            "http://10.0.0.1",
            "ftp://x",
            "https://u:p@x",
            "x",
        ] {
            let problem = access(Some(url), REF, "sbp_1").unwrap_err();
            assert_eq!(problem.kind, Kind::Config, "{url}");
        }
        for url in [
            "http://127.0.0.1:1",
            "http://[::1]:1",
            "https://api.example.org/",
        ] {
            assert!(access(Some(url), REF, "sbp_1").is_ok(), "{url}");
        }
        let usual = access(None, REF, " sbp_1\n").unwrap();
        assert_eq!(
            usual.query_url(),
            format!("{API_URL}/v1/projects/{REF}/database/query")
        );
        assert_eq!((usual.token(), usual.notes().len()), ("sbp_1", 1));
    }

    #[test]
    fn a_ref_cannot_lead_to_another_path() {
        for reference in ["", "a/b", "..", "a?b", "ä", &"x".repeat(65)] {
            assert!(access(None, reference, "sbp_1").is_err(), "{reference}");
        }
    }

    #[test]
    fn no_message_holds_the_token() {
        for token in ["", " ", "sbp hush", "sbp_hush\u{7}x"] {
            let told = format!("{:?}", access(None, REF, token));
            assert!(!told.contains("hush"), "{told}");
        }
        let told = format!("{:?}", access(None, REF, "sbp_hush"));
        assert!(told.contains(REF) && !told.contains("hush"), "{told}");
    }
}
