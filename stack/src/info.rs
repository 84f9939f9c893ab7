//! What a client needs to use a stack, and the lines that say it to a shell. It holds secrets and must never
//! show them through `Debug`.

use std::fmt;

/// What a client needs; `Debug` does not print the keys, the password or the JWT secret.
#[derive(Clone)]
pub struct Info {
    /// Base URL of the HTTP side, `http://127.0.0.1:54321`.
    pub url: String,
    /// `sb_publishable_…`: role anon, or the user of the token in `Authorization`.
    pub publishable_key: String,
    /// `sb_secret_…`: role service_role.
    pub secret_key: String,
    /// Legacy JWT key of role anon.
    pub anon_key: String,
    /// Legacy JWT key of role service_role.
    pub service_role_key: String,
    /// Connection URL of role postgres, the owner of migrations.
    pub db_url: String,
    /// The HS256 secret of every token.
    pub jwt_secret: String,
}

impl Info {
    /// The environment variables of this stack, in the order `supadeck demo --serve` prints them.
    pub fn env_lines(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("SUPABASE_URL", &self.url),
            ("SUPABASE_PUBLISHABLE_KEY", &self.publishable_key),
            ("SUPABASE_SECRET_KEY", &self.secret_key),
            ("SUPABASE_ANON_KEY", &self.anon_key),
            ("SUPABASE_SERVICE_ROLE_KEY", &self.service_role_key),
            ("SUPABASE_DB_URL", &self.db_url),
            ("SUPABASE_JWT_SECRET", &self.jwt_secret),
        ]
    }
}

impl fmt::Debug for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Info")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let secret = || "hidden".to_owned();
        let info = Info {
            url: "http://127.0.0.1:1".into(),
            publishable_key: secret(),
            secret_key: secret(),
            anon_key: secret(),
            service_role_key: secret(),
            db_url: secret(),
            jwt_secret: secret(),
        };
        assert!(!format!("{info:?}").contains("hidden"));
        assert_eq!(info.env_lines().len(), 7);
    }
}
