//! Why a text is no database URL, without any part of the text but single characters.

use super::encoded;
use super::parameter::Parameter;
use crate::domain::pasted;
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::source::Source;
use std::collections::BTreeSet;

/// Why a text cannot be used as a database URL. It holds no part of the text, except single characters that have to be
/// percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is nothing.
    Empty,
    /// A quote in front that is not closed.
    Quote,
    /// `jdbc:postgresql:…`.
    Jdbc,
    /// `postgresql+asyncpg://…`.
    Driver,
    /// `psql …`.
    Command,
    /// `DATABASE_URL=…`.
    Assignment,
    /// Something else in front of the URL.
    Ahead,
    /// `host=… user=…`.
    Keywords,
    /// An API key.
    Key,
    /// An access token.
    AccessToken,
    /// `https://…`.
    WebAddress,
    /// A URL of another kind of database.
    OtherDatabase,
    /// `postgresql:` without `//`.
    Slashes,
    /// It begins with something else.
    Scheme,
    /// The password is a placeholder.
    Placeholder,
    /// The user, the host or the database is a placeholder.
    PlaceholderPart(&'static str),
    /// Characters that have to be percent-encoded in the user or the password, or before the last `@`.
    Login(BTreeSet<char>),
    /// The same behind the login: in the host, the database or the parameters.
    Raw(BTreeSet<char>),
    /// A byte that no part may have: NUL, or what is no UTF-8 outside of the password.
    Bytes,
    /// The host cannot be one.
    Host,
    /// An IPv6 address without brackets, or with something else in them.
    Ipv6,
    /// A port that is none.
    Port,
    /// Hosts, addresses and ports are not equally many.
    Counts,
    /// There is no host.
    NoHost {
        /// Whether there is a password.
        has_password: bool,
    },
    /// There is no user.
    NoUser {
        /// Whether there is a password all the same.
        has_password: bool,
    },
    /// Behind a password among the parameters, a part that is known already.
    Twice,
    /// A parameter without a value.
    Unset,
    /// A parameter that is not known.
    UnknownParameter,
    /// A parameter that supadeck does not use, and whose absence would be noticed.
    Unsupported(&'static str),
    /// A value that a parameter does not take.
    Value(Parameter),
    /// `hostaddr` is not an address.
    Address,
}

/// The form that is wanted.
const FORM: &str = "It looks like postgresql://user:password@host:5432/postgres, with special characters of the password percent-encoded (`@` is %40).";

impl Fault {
    /// Why the text cannot be used, in sentences.
    pub fn why(&self) -> String {
        match self {
            Self::Empty => "It is empty.".to_owned(),
            Self::Quote => "It begins with a quote that is not closed.".to_owned(),
            Self::Jdbc => "It is a JDBC URL, which begins with jdbc:.".to_owned(),
            Self::Driver => {
                "It is a URL of SQLAlchemy, with a driver's name behind the `+`.".to_owned()
            }
            Self::Command => "It is a command line, not the URL alone.".to_owned(),
            Self::Assignment => {
                "It is a line of a shell or of a settings file: a name stands in front of the URL."
                    .to_owned()
            }
            Self::Ahead => "Something stands in front of the URL.".to_owned(),
            Self::Keywords => {
                "It is a list of keywords such as host=… user=…, not a URL.".to_owned()
            }
            Self::Key => "It is an API key.".to_owned(),
            Self::AccessToken => "It is an access token of the Management API.".to_owned(),
            Self::WebAddress => "It is a web address.".to_owned(),
            Self::OtherDatabase => "It is the URL of another kind of database.".to_owned(),
            Self::Slashes => "Two slashes are missing behind postgresql:.".to_owned(),
            Self::Scheme => "It does not start with postgresql://.".to_owned(),
            Self::Placeholder => {
                "A placeholder stands where the password belongs, such as [YOUR-PASSWORD]."
                    .to_owned()
            }
            Self::PlaceholderPart(part) => {
                format!("A placeholder stands where the {part} belongs.")
            }
            Self::Login(characters) => format!(
                "Before the host it has {}, which {} percent-encoded in a user name or password: {}.",
                raw(characters),
                if characters.len() == 1 { "is" } else { "are" },
                codes(characters)
            ),
            Self::Raw(characters) => format!(
                "It has {}, which {} percent-encoded: {}.",
                raw(characters),
                if characters.len() == 1 { "is" } else { "are" },
                codes(characters)
            ),
            Self::Bytes => "Something percent-encoded in it is no text.".to_owned(),
            Self::Host => "Its host cannot be the name of one.".to_owned(),
            Self::Ipv6 => "An IPv6 address stands in brackets: [::1].".to_owned(),
            Self::Port => "Its port is not a number from 1 to 65535.".to_owned(),
            Self::Counts => {
                "Its hosts, their addresses and their ports are not equally many.".to_owned()
            }
            Self::NoHost { .. } => "It names no host.".to_owned(),
            Self::NoUser { .. } => "It names no user.".to_owned(),
            Self::Twice => {
                "Behind the password, its parameters name a part that it has already.".to_owned()
            }
            Self::Unset => "A parameter behind its `?` has no `=`.".to_owned(),
            Self::UnknownParameter => "A parameter behind its `?` is not known.".to_owned(),
            Self::Unsupported(name) => format!("supadeck does not use the parameter {name}."),
            Self::Value(parameter) => format!(
                "The value of {} cannot be used: it takes {}.",
                parameter.word(),
                parameter.takes()
            ),
            Self::Address => "The value of hostaddr is not an IP address.".to_owned(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Quote => format!("Leave out the quote. {FORM}"),
            Self::Jdbc => format!("Leave out jdbc:, and put the login before the host. {FORM}"),
            Self::Driver => format!("Leave out the `+` and the driver's name. {FORM}"),
            Self::Command | Self::Ahead => format!("Give only the URL that stands in it. {FORM}"),
            Self::Assignment => format!("Leave out the name and the `=`. {FORM}"),
            Self::Key => "An API key is given with --key, --secret-key, SUPABASE_PUBLISHABLE_KEY or SUPABASE_SECRET_KEY.".to_owned(),
            Self::AccessToken => "An access token is given with --access-token or SUPABASE_ACCESS_TOKEN; it needs no database URL.".to_owned(),
            Self::WebAddress => format!("The project's URL is given with --url or SUPABASE_URL. The database's is shown in the dashboard under Connect. {FORM}"),
            Self::Placeholder => "Put the database password there, with its special characters percent-encoded (`@` is %40). It is set in the dashboard under Database, Settings.".to_owned(),
            Self::Login(_) => format!("Also an `@` that stands behind the host is written %40. {FORM}"),
            Self::Twice => format!("Name each part once; a `&` in the password is written %26. {FORM}"),
            Self::UnknownParameter | Self::Unset => format!("Look for a misspelt name, or for a `&` in a value, which is written %26. {FORM}"),
            _ => FORM.to_owned(),
        }
    }

    /// As a problem of the URL from somewhere.
    pub fn problem(&self, source: &Source) -> Problem {
        Problem::new(
            Kind::Config,
            format!("{} cannot be used.", source.of("The database URL")),
            self.why(),
        )
        .with_hint(self.hint())
    }
}

/// How many characters are named at most.
const MOST_NAMED: usize = 6;

fn raw(characters: &BTreeSet<char>) -> String {
    let names: Vec<String> = characters
        .iter()
        .take(MOST_NAMED)
        .map(|c| match c {
            '%' => "a `%` without two hexadecimal digits behind it".to_owned(),
            c => pasted::named(*c),
        })
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    listed(&names)
}

fn codes(characters: &BTreeSet<char>) -> String {
    let codes: Vec<String> = characters
        .iter()
        .take(MOST_NAMED)
        .map(|c| encoded(c.encode_utf8(&mut [0; 4]).as_bytes()))
        .collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    listed(&codes)
}
