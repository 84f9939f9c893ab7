//! A refusal of the REST interface in words. Judged by the error's code first, since gateways and versions differ in the
//! status; codes are those of supabase.md section 5.

use super::send::host_of;
use crate::adapters::http::Reply;
use crate::domain::grant;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::Verb;
use crate::domain::read_problem;
use crate::domain::secret::{ApiKey, KEY_FORMS, KeyForm};
use crate::domain::text;
use serde_json::Value;

/// The most characters of a server's sentence that are shown.
const LONGEST: usize = 600;

/// Codes of class 22 about the text of a value that was sent, before anything is computed: no value of its type, a date
/// of another form, an argument that a function refuses, a character that text cannot hold, a pattern that cannot be read.
const NOT_A_VALUE: [&str; 8] = [
    "22P02", "22007", "22023", "22021", "22P05", "22025", "22019", "2201B",
];

/// What was tried, for the message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation<'a> {
    /// Reading a table or view.
    Read(&'a str),
    /// Calling a function.
    Call(&'a str),
    /// Changing rows of a table or view.
    Write(Verb, &'a str),
}

impl Operation<'_> {
    fn words(self) -> String {
        match self {
            Self::Read(table) => format!("read {table}"),
            Self::Call(function) => format!("call {function}"),
            Self::Write(Verb::Insert, table) => format!("insert into {table}"),
            Self::Write(Verb::Update, table) => format!("update {table}"),
            Self::Write(Verb::Delete, table) => format!("delete from {table}"),
        }
    }

    /// Whether rows are changed.
    pub(super) fn is_write(self) -> bool {
        matches!(self, Self::Write(..))
    }

    fn name(self) -> String {
        match self {
            Self::Read(name) | Self::Call(name) | Self::Write(_, name) => name.to_owned(),
        }
    }
}

/// An answer that is no success, taken apart. The texts are harmless and bounded already.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    code: String,
    message: String,
    details: String,
    hint: String,
    is_json: bool,
    location: Option<String>,
}

impl Refusal {
    /// Takes an answer apart; one that is no JSON object has no code.
    pub(super) fn read(reply: &Reply) -> Self {
        let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let field = |names: &[&str]| {
            let found = names
                .iter()
                .find_map(|name| body.as_ref()?.get(name).filter(|value| !value.is_null()));
            match found {
                Some(Value::String(text)) => shown(text),
                Some(other) => shown(&other.to_string()),
                None => String::new(),
            }
        };
        Self {
            status: reply.status,
            code: field(&["code", "error_code"]),
            message: field(&["message", "msg", "error_description", "error"]),
            details: field(&["details"]),
            hint: field(&["hint"]),
            is_json: body.as_ref().is_some_and(Value::is_object),
            location: reply.header("location").map(shown),
        }
    }

    /// Whether the access token is the reason: expired or no longer readable.
    pub(super) fn is_about_the_token(&self) -> bool {
        matches!(self.code.as_str(), "PGRST301" | "PGRST303")
    }

    /// Whether the token's times are the reason: the server's clock is another one than the clock by which it was made.
    pub(super) fn is_about_the_time(&self) -> bool {
        let said = self.message.to_lowercase();
        let words = ["expired", "not yet valid", "future"];
        self.is_about_the_token() && words.iter().any(|word| said.contains(word))
    }

    /// Whether the same may work a moment later.
    pub(super) fn is_passing(&self) -> bool {
        match self.code.as_str() {
            "PGRST000" | "PGRST001" | "PGRST002" | "PGRST003" => true,
            // With a code of Postgres the statement ran and failed: again would fail again.
            "" => matches!(self.status, 502..=504),
            code if code.starts_with("PGRST") => matches!(self.status, 502..=504),
            _ => false,
        }
    }

    /// Whether the statement may have run all the same: a gateway gave up waiting, or the connection to the database was lost.
    pub(super) fn may_have_run(&self) -> bool {
        match self.code.as_str() {
            "" => self.status >= 500 && self.status != 540,
            "PGRST000" | "PGRST002" | "PGRST003" => false,
            "PGRST001" => true,
            code if code.len() == 5 && code.starts_with("08") => true,
            // The codes of gateways are words.
            code => code.len() != 5 && !code.starts_with("PGRST") && self.status >= 500,
        }
    }

    /// Whether the name is not in the server's picture of the schema, which says nothing about the schema itself.
    pub(super) fn is_stale_schema(&self) -> bool {
        matches!(self.code.as_str(), "PGRST202" | "PGRST205")
    }

    /// The refusal in words.
    pub(super) fn problem(
        self,
        who: &Identity,
        deed: Operation<'_>,
        url: &str,
        key: Option<&ApiKey>,
    ) -> Problem {
        let mut problem = if self.code.is_empty() {
            self.by_status(who, deed, url, key)
        } else {
            self.by_code(who, deed, key)
        };
        if !self.code.is_empty() {
            problem = problem.with_code(&self.code);
        }
        if problem.detail.is_none() && !self.details.is_empty() && self.is_json {
            problem = problem.with_detail(self.details);
        }
        problem
    }

    fn by_code(&self, who: &Identity, deed: Operation<'_>, key: Option<&ApiKey>) -> Problem {
        let said = sentence(&self.message);
        let problem = match self.code.as_str() {
            "42501" if self.message.contains("row-level security policy") => Problem::new(
                Kind::Denied,
                format!("{} may not {} such a row.", who.subject(), deed.words()),
                format!("{said} The check of a policy refused it, or the row could not be seen afterwards."),
            ),
            "42501" => self.not_granted(who, deed, said),
            "42P17" => Problem::new(
                Kind::Database,
                format!("It is not possible to {}: policies read each other in a circle.", deed.words()),
                said,
            )
            .with_hint("A policy reads a table whose own policies read the first one again. Put that read into a `security definer` function with a fixed search_path: it does not ask the policies."),
            // `PTxyz` is a refusal that the schema itself words: message and hint are meant for people.
            "PT401" => Problem::new(Kind::Auth, said, ""),
            "PT403" => denied_by_schema(Kind::Denied, said, &self.details),
            "PT404" => denied_by_schema(Kind::Usage, said, &self.details),
            "PT409" => denied_by_schema(Kind::Conflict, said, &self.details),
            "PGRST205" | "PGRST202" => unnoticed(&deed.name(), &said, &self.code),
            // The database itself says so, and not of something that a policy or a function reads. 42883 is also an operator
            // that is not there, which only a read can ask for.
            "42P01" if self.is_about(deed) => missing(&deed.name(), &said, &self.code),
            "42883" if matches!(deed, Operation::Call(_)) && self.is_about(deed) => {
                missing(&deed.name(), &said, &self.code)
            }
            "PGRST301" | "PGRST302" | "PGRST303" => return self.token(who, key, said),
            "PGRST000" | "PGRST001" | "PGRST002" | "PGRST003" => Problem::new(
                Kind::Network,
                "The project's REST server cannot reach its database.",
                said,
            )
            .with_hint("It may be starting, paused or overloaded. Try again in a moment.")
            .retryable(),
            "PGRST106" => Problem::new(
                Kind::Config,
                "The project's REST interface does not serve this schema.",
                said,
            )
            .with_hint("Add it to the exposed schemas in the API settings."),
            "57014" if self.message.contains("statement timeout") => {
                let role = who.role();
                Problem::new(
                    Kind::Database,
                    format!("It took too long to {}.", deed.words()),
                    format!("{said} The limit is the project's: the statement_timeout of role {role}, or of authenticator where that has none."),
                )
                .with_hint("Ask for less, with `--limit` or a filter.")
                .retryable()
            }
            "57014" => Problem::new(
                Kind::Database,
                format!("The request to {} was cancelled on the server.", deed.words()),
                format!("{said} It was no limit: somebody with rights on the database stopped it."),
            )
            .with_hint("Try again.")
            .retryable(),
            code if NOT_A_VALUE.contains(&code) => {
                Problem::new(Kind::Usage, "A value was not accepted.", said)
            }
            code if code.len() == 5 && code.starts_with("22") && matches!(deed, Operation::Write(..)) => {
                Problem::new(Kind::Usage, "A value was not accepted.", said)
            }
            // The rest of class 22 comes up while the server computes with what the rows hold.
            code if code.len() == 5 && code.starts_with("22") => Problem::new(
                Kind::Database,
                format!(
                    "The database failed to compute while it tried to {}.",
                    deed.words()
                ),
                said,
            )
            .with_hint("A row that is read holds a value that cannot be computed with, such as a huge number."),
            "23505" => Problem::new(Kind::Conflict, "It is there already.", said),
            code if code.starts_with("08") || code.starts_with("53") => {
                Problem::new(Kind::Network, "The database is not available.", said).retryable()
            }
            code if code.starts_with("40") || code.starts_with("55") => {
                Problem::new(Kind::Conflict, "Somebody else was at it.", said).retryable()
            }
            "PGRST124" => Problem::new(
                Kind::Conflict,
                "Several rows have this key.",
                "Nothing was changed: one row cannot be told from another by it.",
            ),
            code if code.starts_with("PGRST1") => Problem::new(
                Kind::Internal,
                format!(
                    "The project did not understand the request to {}.",
                    deed.words()
                ),
                said,
            ),
            // The codes of the Auth server and of gateways are words.
            _ if self.status == 401 => return self.unauthorised(who, key, said),
            _ if self.status == 429 => return too_many(self.status),
            _ => Problem::new(
                Kind::Database,
                format!("The database refused to {}.", deed.words()),
                said,
            ),
        };
        self.with_server_hint(problem)
    }

    fn by_status(
        &self,
        who: &Identity,
        deed: Operation<'_>,
        url: &str,
        key: Option<&ApiKey>,
    ) -> Problem {
        let host = host_of(url);
        let said = sentence(&self.message);
        let network = |what: String, why: String| Problem::new(Kind::Network, what, why);
        match self.status {
            300..=399 => {
                let to = self.location.as_deref().map_or("another place", host_of);
                network(
                    format!("{host} sends to {to} instead of answering."),
                    "supadeck does not follow, so that no key reaches another host.".to_owned(),
                )
                .with_hint("Give the project's own URL.")
            }
            401 => self.unauthorised(who, key, said),
            403 => Problem::new(
                Kind::Denied,
                format!("{} may not {}.", who.subject(), deed.words()),
                said,
            ),
            404 if self.is_json => Problem {
                code: None,
                ..unnoticed(&deed.name(), &said, "")
            },
            429 => too_many(self.status),
            // Supabase's own status for a project that was paused.
            540 => network(format!("The project at {host} is paused."), said)
                .with_hint("Restore it in the project's dashboard."),
            status if !self.is_json => {
                let problem = network(
                    format!("{host} answered with a page instead of data."),
                    format!("HTTP status {status}: something between here and the project, or the wrong URL."),
                )
                .with_hint("Check the URL, the proxy and whether the project is paused.");
                if status >= 500 {
                    problem.retryable()
                } else {
                    problem
                }
            }
            status if status >= 500 => {
                network(format!("{host} failed with HTTP status {status}."), said).retryable()
            }
            status => network(
                format!("{host} refused the request with HTTP status {status}."),
                said,
            ),
        }
    }

    fn token(&self, who: &Identity, key: Option<&ApiKey>, said: String) -> Problem {
        match who {
            Identity::User(_) => Problem::new(
                Kind::Auth,
                format!("The session of {} is no longer accepted.", who.called()),
                said,
            )
            .with_hint("Sign in again with `supadeck login`."),
            Identity::Anon | Identity::Service => self.unauthorised(who, key, said),
        }
    }

    fn unauthorised(&self, who: &Identity, key: Option<&ApiKey>, said: String) -> Problem {
        let Some(key) = key else {
            return Problem::new(Kind::Auth, "The project asks for a key.", said).with_hint(
                "Set SUPABASE_PUBLISHABLE_KEY, or keep it, or where it comes from, with `supadeck profile add --replace`.",
            );
        };
        let problem = Problem::new(
            Kind::Auth,
            format!("The project did not accept the key ({key})."),
            said,
        );
        let problem = match who {
            _ if key.form() == KeyForm::Unknown => problem.with_hint(format!(
                "What was given does not look like a key, which is {KEY_FORMS}."
            )),
            Identity::Service => problem.with_hint("Replace the secret key: it may have been revoked or belong to another project."),
            Identity::Anon | Identity::User(_) => problem
                .with_hint("Replace the publishable key: it may have been disabled or belong to another project."),
        };
        if self.hint.is_empty() {
            problem
        } else {
            problem.with_detail(&self.hint)
        }
    }

    /// The server's own hint is kept, behind ours.
    fn with_server_hint(&self, problem: Problem) -> Problem {
        if self.hint.is_empty() || problem.detail.as_ref() == Some(&self.hint) {
            return problem;
        }
        let theirs = sentence(&self.hint);
        match problem.hint.clone() {
            Some(ours) if ours != theirs => problem.with_hint(format!("{ours} {theirs}")),
            _ => problem.with_hint(theirs),
        }
    }

    /// Whether the message names what was asked for.
    fn is_about(&self, deed: Operation<'_>) -> bool {
        let name = deed.name();
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let mut words = self.message.split(|c| !is_part(c));
        words.any(|word| word == name)
    }

    /// A missing grant. Policies hide rows, and never refuse a read.
    fn not_granted(&self, who: &Identity, deed: Operation<'_>, said: String) -> Problem {
        let statement = match deed {
            Operation::Read(table) => grant::to_read(&self.message, table, who.role()),
            Operation::Call(function) => grant::to_call(&self.message, function, who.role()),
            Operation::Write(verb, table) => {
                grant::to_write(&self.message, table, verb.word(), who.role())
            }
        };
        let why = match &statement {
            // Who is not signed in may be meant to see nothing.
            Some(statement) if *who == Identity::Anon => format!(
                "{said} Signed-in users may have the grant; `{statement}` gives it to whoever has the publishable key."
            ),
            Some(statement) => format!("{said} A grant is missing: `{statement}` gives it."),
            None => said,
        };
        let may_not = format!("{} may not {}.", who.subject(), deed.words());
        let problem = Problem::new(Kind::Denied, may_not, why);
        match who {
            Identity::Anon => problem.with_hint("Sign in with `supadeck login`."),
            Identity::User(_) if who.lacks_second_factor() => problem.with_hint(
                "The second factor was not given, and policies can ask for it: `supadeck login --second-factor` gives it.",
            ),
            _ if statement.is_some() => problem,
            Identity::User(_) => {
                problem.with_hint("Its grants and policies decide; another identity may see more.")
            }
            Identity::Service => {
                problem.with_hint("The service role has no grant for it: see the schema's grants.")
            }
        }
    }
}

/// Whether a problem says only that a function is not there: then PostgREST itself has answered.
pub(super) fn is_missing_function(problem: &Problem) -> bool {
    matches!(problem.code.as_deref(), Some("PGRST202" | "42883"))
}

fn denied_by_schema(kind: Kind, what: String, details: &str) -> Problem {
    Problem::new(kind, what, sentence(details))
}

fn missing(name: &str, said: &str, code: &str) -> Problem {
    read_problem::absent(name, said, code).with_hint(if is_of_weeksmith(name) {
        "The Weeksmith schema is missing: see `supadeck migration list`."
    } else {
        "`supadeck table list` shows what there is."
    })
}

/// REST does not know the name, also after some patience.
fn unnoticed(name: &str, said: &str, code: &str) -> Problem {
    let mut problem = read_problem::absent(name, said, code);
    problem.what =
        format!("This project has no `{name}`, or its REST server has not noticed it yet.");
    problem.with_hint(if is_of_weeksmith(name) {
        "The Weeksmith schema is missing: see `supadeck migration list`. If it is applied, run `NOTIFY pgrst, 'reload schema'`."
    } else {
        "`supadeck table list` shows what there is. If it was made just now, run `NOTIFY pgrst, 'reload schema'`."
    })
}

/// Whether a table or function is one of those that the screens and commands of Weeksmith read.
fn is_of_weeksmith(name: &str) -> bool {
    let own = [
        "cycle",
        "goal",
        "weekly_plan",
        "task",
        "plan_item",
        "vision",
        "audit_log",
        "chat_session",
        "chat_message",
        "week_lock_status",
        "unlock_week",
    ];
    own.contains(&name)
}

fn too_many(status: u16) -> Problem {
    Problem::new(
        Kind::Network,
        "The project asks for fewer requests.",
        format!("HTTP status {status}, also after waiting."),
    )
    .with_hint("Wait a minute and try again.")
    .retryable()
}

/// The problem of a token that was made by a wrong clock.
pub(super) fn wrong_clock(refusal: &Refusal) -> Problem {
    Problem::new(
        Kind::Auth,
        "The project does not take the time of a token that was signed just now.",
        format!(
            "{}: this machine's clock and the project's are not the same.",
            refusal.message
        ),
    )
    .with_code("wrong_clock")
    .with_hint("Set the clock; `supadeck doctor` compares it with the project's.")
}

/// A server's text: harmless, on one line, not longer than a paragraph.
pub(in crate::adapters) fn shown(raw: &str) -> String {
    let cut: String = raw.chars().take(LONGEST).collect();
    let dots = if cut.len() < raw.len() { "…" } else { "" };
    format!("{}{dots}", text::harmless(cut.trim()))
}

/// A server's text as a sentence.
pub(in crate::adapters) fn sentence(said: &str) -> String {
    if said.is_empty() || said.ends_with(['.', '…', '?', '!']) {
        return said.to_owned();
    }
    format!("{said}.")
}
