//! What a new profile is made of: what was typed, what the environment has, and what is asked for. A secret is kept in the
//! keyring, or the profile keeps a reference to it.

use super::keys::{self, Slot};
use super::linked::Origin;
use crate::adapters::connect::{Settings, Variable};
use crate::cli::context::Context;
use crate::cli::output::Output;
use crate::cli::page::Page;
use crate::cli::prompt;
use crate::cli::secret::{self, Asked};
use crate::domain::given;
use crate::domain::problem::{Kind, Problem};
use crate::domain::project_url::ProjectUrl;
use crate::domain::reference::{REFERENCE_FORMS, Reference, References, is_reference};
use crate::domain::secret::{ApiKey, SecretKind};
use crate::domain::source::Source;
use secrecy::{ExposeSecret, SecretString};

/// How secrets are taken.
#[derive(Debug, Clone, Copy)]
pub struct Means {
    /// Whether somebody is asked for what is missing.
    pub asks: bool,
    /// Whether there is a keyring that keeps secrets.
    pub has_keyring: bool,
    /// Whether a variable is referred to instead of kept.
    pub by_reference: bool,
}

impl Means {
    /// Whether a reference is kept as such, instead of the secret that it gives now.
    fn keeps(self, reference: &Reference) -> bool {
        reference.is_command() || self.by_reference || !self.has_keyring
    }
}

/// What was collected.
pub struct Collected {
    /// Everything that is known, secrets included.
    pub settings: Settings,
    /// What is looked up when it is needed.
    pub references: References,
    /// What was taken from the environment without a question, as sentences that are true once the profile is kept.
    pub taken: Vec<String>,
    means: Means,
    output: Output,
}

impl Collected {
    /// Collects what was given, and where it is asked, what was answered.
    pub async fn new(
        context: &Context,
        secret_key: Option<&str>,
        origin: Option<&Origin>,
        means: Means,
    ) -> Result<Self, Problem> {
        let given = context.settings();
        let settings = Settings {
            url: given.url.clone(),
            publishable_key: given.publishable_key.clone(),
            secret_key: given.secret_key.clone(),
            access_token: given.access_token.clone(),
            is_token_typed: given.is_token_typed,
            api_url: given.api_url.clone(),
            dir: given.dir.clone(),
            without_keyring: true,
            postgres: given.postgres.clone(),
            ..Settings::default()
        };
        let mut found = Self {
            settings,
            references: References::default(),
            taken: Vec::new(),
            means,
            output: context.output(),
        };
        found.take_options(context, secret_key).await?;
        let owns_variables = match origin {
            Some(origin) => origin.fill(context, &mut found.settings)?,
            None => true,
        };
        if owns_variables {
            found.take_variables(context).await?;
        }
        if let Some(origin) = origin
            && found.lacks(SecretKind::DatabaseUrl)
            && (means.has_keyring || !means.asks)
        {
            let has_token = !found.lacks(SecretKind::AccessToken);
            found.settings.db_url = origin
                .database_url(has_token, means.asks, &mut found.taken)
                .await?;
        }
        if means.asks {
            found.ask(context, origin.is_some()).await?;
        } else if found.settings.url.is_none() {
            return Err(missing("URL", "--url"));
        } else if found.lacks_key() && origin.is_none() {
            let option = if means.has_keyring {
                "--key"
            } else {
                "--key env:NAME or --key 'cmd:COMMAND'"
            };
            return Err(missing("key", option));
        }
        Ok(found)
    }

    async fn take_options(
        &mut self,
        context: &Context,
        secret_key: Option<&str>,
    ) -> Result<(), Problem> {
        let options = [
            (Asked::Key, SecretKind::PublishableKey),
            (Asked::DatabaseUrl, SecretKind::DatabaseUrl),
            (Asked::AccessToken, SecretKind::AccessToken),
        ];
        for (asked, kind) in options {
            if let Some(reference) = context.settings().references.of(kind) {
                self.take_reference(asked, reference.clone()).await?;
            }
        }
        let given = context.settings();
        if let Some(key) = &given.key {
            let source = Source::Option("--key");
            self.put(SecretKind::PublishableKey, key, &source).await?;
        }
        if let Some(url) = &given.db_url {
            let source = Source::Option("--db-url");
            self.put(SecretKind::DatabaseUrl, url, &source).await?;
        }
        if let Some(token) = given.access_token.as_ref().filter(|_| given.is_token_typed) {
            let source = Source::Option("--access-token");
            self.put(SecretKind::AccessToken, token, &source).await?;
        }
        match secret_key {
            Some(text) if is_reference(text) => {
                let asked = Asked::SecretKey;
                self.take_reference(asked, secret::reference(asked, text)?)
                    .await?;
            }
            Some(text) => {
                let key = secret::resolve(Asked::SecretKey, text)?;
                let source = Source::Option("--secret-key");
                self.put(SecretKind::SecretKey, &key, &source).await?;
            }
            None => {}
        }
        Ok(())
    }

    /// Keeps a reference, or takes the value of a variable that the keyring keeps.
    async fn take_reference(&mut self, asked: Asked, reference: Reference) -> Result<(), Problem> {
        let source = Source::Reference(reference.to_string());
        if self.means.keeps(&reference) {
            let (asks, output) = (self.means.asks, self.output);
            let kind = asked.kind();
            let kind = keys::kind_by_value(kind, &reference, &source, asks, output).await?;
            self.references.put(kind, reference);
            return Ok(());
        }
        let value = secret::resolve(asked, &reference.to_string())?;
        self.put(asked.kind(), &value, &source).await
    }

    /// Reads a secret and puts it where it belongs; nothing stays nothing. A key of the other kind goes there only when
    /// somebody who can be asked says so.
    async fn put(
        &mut self,
        kind: SecretKind,
        text: &SecretString,
        source: &Source,
    ) -> Result<(), Problem> {
        if text.expose_secret().trim().is_empty() {
            return Ok(());
        }
        let (asks, output) = (self.means.asks, self.output);
        match kind {
            SecretKind::PublishableKey | SecretKind::SecretKey => {
                let slot = Slot::of(kind);
                let (slot, key) = keys::key(slot, text, source, asks, output).await?;
                match slot {
                    Slot::Publishable => self.settings.publishable_key = Some(key),
                    Slot::Secret => self.settings.secret_key = Some(key),
                }
            }
            SecretKind::DatabaseUrl => {
                self.settings.db_url = Some(keys::database_url(text, source, output)?);
            }
            SecretKind::AccessToken | SecretKind::Session => {
                self.settings.access_token = Some(keys::access_token(text, source, output)?);
            }
        }
        Ok(())
    }

    /// The project's URL, and that no key says it is another project's.
    pub fn project_url(&self, context: &Context) -> Result<ProjectUrl, Problem> {
        let source = match context.settings().url {
            Some(_) => context.settings().url_source(),
            None => Source::Answer("Project URL"),
        };
        let url = self.settings.url.as_deref().unwrap_or_default();
        let url = ProjectUrl::read(url, &source)?;
        let all = [&self.settings.publishable_key, &self.settings.secret_key];
        let is_foreign = all
            .into_iter()
            .flatten()
            .any(|key| given::is_of_another_project(&ApiKey::new(key), &url));
        if is_foreign {
            return Err(given::another_project(&Source::Code));
        }
        Ok(url)
    }

    /// The ref of the hosted project that a legacy key is of.
    pub fn ref_of_keys(&self) -> Option<String> {
        let all = [&self.settings.secret_key, &self.settings.publishable_key];
        let mut known = all.into_iter().flatten();
        known.find_map(|key| given::ref_of_key(&ApiKey::new(key)))
    }

    /// Whether nothing is known of a kind, neither a secret nor a reference.
    pub fn lacks(&self, kind: SecretKind) -> bool {
        let value = match kind {
            SecretKind::PublishableKey => &self.settings.publishable_key,
            SecretKind::SecretKey => &self.settings.secret_key,
            SecretKind::DatabaseUrl => &self.settings.db_url,
            SecretKind::AccessToken | SecretKind::Session => &self.settings.access_token,
        };
        value.is_none() && self.references.of(kind).is_none()
    }

    /// Whether there is no API key.
    pub fn lacks_key(&self) -> bool {
        self.lacks(SecretKind::PublishableKey) && self.lacks(SecretKind::SecretKey)
    }

    /// Takes from the environment what was not typed. Where it asks, each variable is asked about; else those are taken
    /// whose project SUPABASE_URL names, and the others belong to nobody knows whom. All are named.
    async fn take_variables(&mut self, context: &Context) -> Result<(), Problem> {
        let variables = &context.settings().variables;
        let places = [
            (&variables.publishable_key, SecretKind::PublishableKey),
            (&variables.secret_key, SecretKind::SecretKey),
            (&variables.db_url, SecretKind::DatabaseUrl),
        ];
        let refers = self.means.by_reference || (self.means.asks && !self.means.has_keyring);
        for (variable, kind) in places {
            let Some(Variable { name, value }) = variable.as_ref().filter(|_| self.lacks(kind))
            else {
                continue;
            };
            let is_taken = if self.means.asks {
                let what = if refers {
                    format!("env:{name} as the {}", kind.title())
                } else {
                    format!("{name} of the environment")
                };
                let answer = prompt::line(&format!("Keep {what}? [y/N] ")).await?;
                matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
            } else if variables.name_project {
                let kept = format!("{name} is kept with the profile.");
                let referred = format!("The profile refers to env:{name}.");
                self.taken.push(if refers { referred } else { kept });
                true
            } else {
                let text = format!(
                    "{name} is left out: SUPABASE_URL does not say which project it is for. Give it as env:{name}."
                );
                context.note(&[text]);
                false
            };
            if is_taken && refers {
                self.references
                    .put(kind, Reference::Variable((*name).to_owned()));
            } else if is_taken {
                self.put(kind, value, &Source::variable(name)).await?;
            }
        }
        Ok(())
    }

    /// Asks for what is missing.
    async fn ask(&mut self, context: &Context, has_origin: bool) -> Result<(), Problem> {
        if self.settings.url.is_none() {
            self.settings.url = Some(prompt::line("Project URL: ").await?);
        }
        if !self.means.has_keyring {
            let mut page = Page::default();
            page.line(format!(
                "No keyring keeps secrets here, so the profile says where each one comes from: {REFERENCE_FORMS}, such as env:SUPABASE_DB_URL or cmd:pass show supabase/db. The answers are not shown while they are typed."
            ));
            context.output().note(&page);
        }
        let is_needed = self.lacks_key() && !has_origin;
        let questions = [
            (Asked::Key, "Publishable key", is_needed),
            (Asked::SecretKey, "Secret key", false),
            (Asked::DatabaseUrl, "Database URL", false),
        ];
        for (asked, title, is_needed) in questions {
            if !self.lacks(asked.kind())
                || (asked == Asked::DatabaseUrl && has_origin && self.means.has_keyring)
            {
                continue;
            }
            let empty = if is_needed {
                ""
            } else {
                ", empty to leave it out"
            };
            let text = if self.means.has_keyring {
                prompt::hidden(&format!("{title}{empty} (not shown): ")).await?
            } else {
                // What is pasted may be the secret itself: it is not shown while it is typed.
                let question = format!("{title} as {REFERENCE_FORMS}{empty}: ");
                prompt::hidden(&question).await?
            };
            self.take_answer(context, asked, title, &text).await?;
        }
        if self.lacks_key() && !has_origin {
            return Err(no_key());
        }
        Ok(())
    }

    async fn take_answer(
        &mut self,
        context: &Context,
        asked: Asked,
        title: &'static str,
        text: &SecretString,
    ) -> Result<(), Problem> {
        let typed = text.expose_secret().trim();
        if typed.is_empty() {
            return Ok(());
        }
        if is_reference(typed) || !self.means.has_keyring {
            // What is no reference is not repeated: it may be the secret itself.
            let reference = Reference::parse(typed).map_err(|problem| Problem {
                kind: Kind::Usage,
                what: format!("The answer to the question \"{title}\" cannot be used."),
                why: problem.what,
                ..problem
            })?;
            let mut page = Page::default();
            page.line(format!("{title}: {reference}"));
            context.output().note(&page);
            return self.take_reference(asked, reference).await;
        }
        self.put(asked.kind(), text, &Source::Answer(title)).await
    }

    /// What goes to the keyring.
    pub fn kept(&self) -> Vec<(SecretKind, SecretString)> {
        let settings = &self.settings;
        // The variable's token is for every project of its owner, and stays where it is.
        let token = settings
            .access_token
            .as_ref()
            .filter(|_| settings.is_token_typed);
        [
            (
                SecretKind::PublishableKey,
                settings.publishable_key.as_ref(),
            ),
            (SecretKind::SecretKey, settings.secret_key.as_ref()),
            (SecretKind::DatabaseUrl, settings.db_url.as_ref()),
            (SecretKind::AccessToken, token),
        ]
        .into_iter()
        .filter(|(kind, _)| self.references.of(*kind).is_none())
        .filter_map(|(kind, secret)| Some((kind, secret?.clone())))
        .collect()
    }
}

fn no_key() -> Problem {
    Problem::new(
        Kind::Usage,
        "The profile was not added: no key was given for it.",
        "Without one nothing can be read.",
    )
    .with_hint(format!(
        "Give the publishable key itself where there is a keyring, else as {REFERENCE_FORMS}."
    ))
}

/// The problem that something is missing, and that nobody can be asked for it.
pub fn missing(what: &str, option: &str) -> Problem {
    Problem::new(
        Kind::Usage,
        format!("The project's {what} was not given."),
        "There is no terminal to ask at.",
    )
    .with_hint(format!("Give it with {option}."))
}
