//! What was typed or came from the environment, before anything is looked up.

use crate::adapters::postgres::PgVariables;
use crate::adapters::secrets::Told;
use crate::domain::problem::{Kind, Problem};
use crate::domain::reference::References;
use crate::domain::source::Source;
use secrecy::SecretString;
use std::cell::RefCell;
use std::env::VarError;
use std::path::PathBuf;

/// The identity that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleChoice {
    /// The publishable key alone.
    Anon,
    /// The signed-in user who was used last.
    User,
    /// The signed-in user who is called so.
    UserCalled(String),
    /// Any user of the project, by e-mail address or id: a token for them is signed here.
    Acted(String),
    /// The service role, to which RLS does not apply.
    Service,
}

/// A secret from the environment, with the variable's name for messages.
#[derive(Debug, Clone)]
pub struct Variable {
    /// The variable.
    pub name: &'static str,
    /// Its value.
    pub value: SecretString,
}

/// An account of SUPADECK_EMAIL and SUPADECK_PASSWORD: for machines where no session can be kept.
#[derive(Debug, Clone)]
pub struct Account {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: SecretString,
}

/// The secrets of the environment. Whose they are is known only where SUPABASE_URL says it.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    /// Whether SUPABASE_URL names the project in use.
    pub name_project: bool,
    /// The publishable or legacy anon key.
    pub publishable_key: Option<Variable>,
    /// The secret or legacy service_role key.
    pub secret_key: Option<Variable>,
    /// The database URL.
    pub db_url: Option<Variable>,
    /// The secret with which the project's tokens are signed.
    pub jwt_secret: Option<Variable>,
    /// What is set and not used, because another project was named than SUPABASE_URL's.
    pub left_out: Option<IgnoredVariables>,
}

/// The names of secrets of the environment that belong to another project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredVariables {
    /// What names the project in use: `--url` or `--profile`.
    pub by: &'static str,
    /// The variable with the publishable or legacy anon key.
    pub publishable_key: Option<&'static str>,
    /// The variable with the secret or legacy service_role key.
    pub secret_key: Option<&'static str>,
    /// The variable with the database URL.
    pub db_url: Option<&'static str>,
}

impl IgnoredVariables {
    fn of(variables: &Variables, by: &'static str) -> Self {
        let name = |variable: &Option<Variable>| variable.as_ref().map(|variable| variable.name);
        Self {
            by,
            publishable_key: name(&variables.publishable_key),
            secret_key: name(&variables.secret_key),
            db_url: name(&variables.db_url),
        }
    }
}

/// What was typed or came from the environment. `Debug` shows no secret.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The profile's name.
    pub profile: Option<String>,
    /// The project's base URL.
    pub url: Option<String>,
    /// An API key of either kind, as `--key` takes it.
    pub key: Option<SecretString>,
    /// The publishable or legacy anon key, where it was given as one.
    pub publishable_key: Option<SecretString>,
    /// The secret or legacy service_role key.
    pub secret_key: Option<SecretString>,
    /// The database URL.
    pub db_url: Option<SecretString>,
    /// The secret with which the project's tokens are signed.
    pub jwt_secret: Option<SecretString>,
    /// The token for the Management API.
    pub access_token: Option<SecretString>,
    /// Whether the token was typed.
    pub is_token_typed: bool,
    /// Where the Management API is, unless it is supabase.com's.
    pub api_url: Option<String>,
    /// The project directory.
    pub dir: Option<PathBuf>,
    /// The identity; a user's session, else anon, when none was asked for.
    pub as_: Option<RoleChoice>,
    /// The config directory; the user's own when absent.
    pub config_dir: Option<PathBuf>,
    /// Keeps secrets in memory whatever the environment says.
    pub without_keyring: bool,
    /// Keeps a session in memory, and starts without one: somebody signs in for this run only.
    pub session_for_run: bool,
    /// Who signs in for this run, where the user's identity is asked for.
    pub account: Option<Account>,
    /// References that were typed in place of secrets, where they are to be kept as such.
    pub references: References,
    /// Who is told that a command is waited for.
    pub told: Told,
    /// The secrets of the environment, which give way to what was typed.
    pub variables: Variables,
    /// What the environment says about every connection to Postgres.
    pub postgres: PgVariables,
}

impl Settings {
    /// The variables of the Supabase CLI, and `SUPADECK_PROFILE`. One that is not UTF-8 is a fault: taken for one that is not
    /// set, it would let another project or database be meant.
    pub fn from_environment() -> Result<Self, Problem> {
        let odd = RefCell::new(None);
        let settings = Self::from_variables(|name| match std::env::var(name) {
            Ok(text) => Some(text),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(_)) => {
                odd.borrow_mut().get_or_insert_with(|| name.to_owned());
                None
            }
        });
        match odd.into_inner() {
            None => Ok(settings),
            Some(name) => Err(Problem::new(
                Kind::Config,
                format!("The variable {name} cannot be used."),
                "It is not UTF-8.",
            )
            .with_hint(format!("Set {name} again, or unset it."))),
        }
    }

    /// The same from any source of variables; an empty variable counts as none.
    pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&'static str]| {
            names
                .iter()
                .map(|name| (*name, lookup(name)))
                .find_map(|(name, value)| {
                    Some((name, value.filter(|text| !text.trim().is_empty())?))
                })
        };
        let text = |names: &[&'static str]| first(names).map(|(_, value)| value);
        let secret = |names: &[&'static str]| {
            first(names).map(|(name, value)| Variable {
                name,
                // What else stands around it is left out where it is read, and said.
                value: value.trim_end_matches(['\r', '\n']).into(),
            })
        };
        let url = text(&["SUPABASE_URL"]);
        Self {
            profile: text(&["SUPADECK_PROFILE"]),
            variables: Variables {
                name_project: url.is_some(),
                publishable_key: secret(&["SUPABASE_PUBLISHABLE_KEY", "SUPABASE_ANON_KEY"]),
                secret_key: secret(&["SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY"]),
                db_url: secret(&["SUPABASE_DB_URL", "DATABASE_URL"]),
                jwt_secret: secret(&["SUPABASE_JWT_SECRET"]),
                left_out: None,
            },
            access_token: secret(&["SUPABASE_ACCESS_TOKEN"]).map(|variable| variable.value),
            // Not SUPABASE_API_URL: programs of the project's own use that name, and the token must not go there.
            api_url: text(&["SUPADECK_API_URL"]),
            postgres: PgVariables::read(&lookup),
            url,
            account: account(&lookup),
            ..Self::default()
        }
    }

    /// The account that signs in for this run: where the user is asked for, and one is known.
    pub fn account_for_run(&self) -> Option<&Account> {
        self.account.as_ref().filter(|account| match &self.as_ {
            Some(RoleChoice::User) => true,
            Some(RoleChoice::UserCalled(name)) => name.eq_ignore_ascii_case(&account.email),
            Some(RoleChoice::Anon | RoleChoice::Acted(_) | RoleChoice::Service) | None => false,
        })
    }

    /// The same settings for whoever signs in for this run: without the session that is stored.
    #[must_use]
    pub fn for_run(&self) -> Self {
        Self {
            as_: Some(RoleChoice::Anon),
            session_for_run: true,
            ..self.clone()
        }
    }

    /// What names the project by its URL.
    pub fn url_from(&self) -> Option<&'static str> {
        self.url.as_ref()?;
        Some(if self.variables.name_project {
            "SUPABASE_URL"
        } else {
            "`--url`"
        })
    }

    /// Where the URL came from.
    pub fn url_source(&self) -> Source {
        if self.variables.name_project {
            Source::variable("SUPABASE_URL")
        } else {
            Source::Option("--url")
        }
    }

    /// Fills what was not typed from the environment. When a profile or another URL was typed and the environment names a
    /// project of its own (SUPABASE_URL), its URL, keys and database belong to that one and stay out.
    #[must_use]
    pub fn over(mut self, environment: Self) -> Self {
        let is_elsewhere = environment.url.is_some()
            && (self.profile.is_some()
                || self
                    .url
                    .as_ref()
                    .is_some_and(|url| Some(url) != environment.url.as_ref()));
        if is_elsewhere {
            let by = if self.url.is_some() {
                "--url"
            } else {
                "--profile"
            };
            self.variables.left_out = Some(IgnoredVariables::of(&environment.variables, by));
        } else {
            if self.profile.is_none() && self.url.is_none() {
                self.profile = environment.profile;
                self.url = environment.url;
            }
            self.publishable_key = self.publishable_key.or(environment.publishable_key);
            self.secret_key = self.secret_key.or(environment.secret_key);
            self.db_url = self.db_url.or(environment.db_url);
            self.jwt_secret = self.jwt_secret.or(environment.jwt_secret);
            self.variables = environment.variables;
        }
        self.access_token = self.access_token.or(environment.access_token);
        self.api_url = self.api_url.or(environment.api_url);
        self.dir = self.dir.or(environment.dir);
        self.as_ = self.as_.or(environment.as_);
        self.config_dir = self.config_dir.or(environment.config_dir);
        self.without_keyring |= environment.without_keyring;
        self.postgres = environment.postgres;
        self.account = self.account.or(environment.account);
        self
    }
}

/// Both variables, or none. A password may begin or end with a blank.
fn account(lookup: &impl Fn(&str) -> Option<String>) -> Option<Account> {
    let set = |name| lookup(name).filter(|value| !value.is_empty());
    let (email, password) = (set("SUPADECK_EMAIL")?, set("SUPADECK_PASSWORD")?);
    Some(Account {
        email,
        password: password.into(),
    })
}
