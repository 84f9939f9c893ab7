//! A database URL as parts that know which of them may hold a password. It is read once, by RFC 3986 and the rules of
//! libpq (PostgreSQL documentation, 34.1.1.2 Connection URIs); where the two leave it open what is meant, it is refused.
//! Messages are made of the parts and never of the text, and a refused URL gives away no part of itself.

mod fault;
mod parameter;
mod parse;
mod surroundings;
#[cfg(test)]
mod tests;

pub use fault::Fault;
pub use parameter::Parameter;
pub use surroundings::trimmed;

use super::problem::Problem;
use super::source::Source;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use std::fmt;
use std::net::IpAddr;

/// The port of Postgres.
pub const PORT: u16 = 5432;

/// One place where the database may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its name or address.
    pub host: Host,
    /// Its port.
    pub port: u16,
}

/// The host of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name, an IPv4 address, or an IPv6 address without its brackets.
    Name(String),
    /// The directory of a Unix socket.
    Socket(String),
}

/// A database URL. `Debug` and `Display` show no password and no parameter.
#[derive(Clone)]
pub struct DatabaseUrl {
    user: String,
    password: Option<SecretSlice<u8>>,
    servers: Vec<Server>,
    addresses: Vec<IpAddr>,
    database: Option<String>,
    /// In the order of the text, each once; none of them can hold a secret.
    parameters: Vec<(Parameter, String)>,
}

impl DatabaseUrl {
    /// Reads a database URL. White space and quotes around it are left out; see [`trimmed`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        parse::parse(trimmed(text).0)
    }

    /// The same, with the fault as a problem that names where the URL came from.
    pub fn read(text: &str, source: &Source) -> Result<Self, Problem> {
        Self::parse(text).map_err(|fault| fault.problem(source))
    }

    /// Reads a URL whose password is nobody's yet: the pooler's in a link file still has a placeholder there. The password
    /// is left out.
    pub fn parse_without_password(text: &str) -> Result<Self, Fault> {
        let mut url = parse::parse_with(trimmed(text).0, parse::Placeholder::LeftOut)?;
        url.password = None;
        Ok(url)
    }

    /// Whether a text may hold a password. It does not, for certain, only where its parts can be told apart and none is
    /// one, or where nothing in it could be a login.
    pub fn may_hold_password(text: &str) -> bool {
        let text = trimmed(text).0;
        match parse::parse(text) {
            Ok(url) => url.password.is_some(),
            // Refused for what it names, and not for what it is: its login was read.
            Err(Fault::NoHost { has_password } | Fault::NoUser { has_password }) => has_password,
            Err(_) => {
                let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
                let lower = text.to_ascii_lowercase();
                rest.contains([':', '@']) || lower.contains("pass") || lower.contains("pwd")
            }
        }
    }

    /// Who connects.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password, which need not be UTF-8.
    pub fn password(&self) -> Option<&SecretSlice<u8>> {
        self.password.as_ref()
    }

    /// The servers in the order in which they are tried; empty only where [`addresses`](Self::addresses) is not.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// `hostaddr`: the addresses to connect to, whatever the names resolve to.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// The database; the server takes the user's name where there is none.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// The value of a parameter.
    pub fn parameter(&self, wanted: Parameter) -> Option<&str> {
        let found = self.parameters.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| value.as_str())
    }

    /// Every parameter with its value.
    pub fn parameters(&self) -> &[(Parameter, String)] {
        &self.parameters
    }

    /// The ref of a hosted project that the URL belongs to: from `db.<ref>.supabase.co`, or from the login
    /// `postgres.<ref>` of a pooler.
    pub fn project_ref(&self) -> Option<&str> {
        let by_host = self.servers.iter().find_map(|server| match &server.host {
            Host::Name(name) => {
                let rest = name.strip_prefix("db.")?;
                rest.strip_suffix(".supabase.co")
                    .or_else(|| rest.strip_suffix(".supabase.in"))
            }
            Host::Socket(_) => None,
        });
        let by_login = || {
            let is_pooler = self.servers.iter().any(|server| {
                matches!(&server.host, Host::Name(name) if name.to_ascii_lowercase().ends_with(".pooler.supabase.com"))
            });
            self.user
                .split_once('.')
                .map(|(_, reference)| reference)
                .filter(|_| is_pooler)
        };
        by_host
            .or_else(by_login)
            .filter(|name| super::project_url::is_ref(name))
    }

    /// The same URL with another password.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.password = (!password.is_empty()).then(|| password.as_bytes().to_vec().into());
        self
    }

    /// The same URL with a parameter set.
    #[must_use]
    pub fn with_parameter(mut self, name: Parameter, value: &str) -> Self {
        self.set(name, value.to_owned());
        self
    }

    /// The same URL with every server at another port.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        for server in &mut self.servers {
            server.port = port;
        }
        self
    }

    fn set(&mut self, name: Parameter, value: String) {
        match self.parameters.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.parameters.push((name, value)),
        }
    }

    /// The URL as a text that reads as the same URL again, with its password percent-encoded.
    pub fn text(&self) -> SecretString {
        let password = self
            .password
            .as_ref()
            .map(|password| format!(":{}", literal(password.expose_secret())));
        self.written(password.as_deref().unwrap_or_default(), true)
            .into()
    }

    fn written(&self, password: &str, with_parameters: bool) -> String {
        let servers: Vec<String> = self.servers.iter().map(Server::encoded).collect();
        let mut text = format!(
            "postgresql://{}{password}@{}",
            literal(self.user.as_bytes()),
            servers.join(",")
        );
        if let Some(database) = &self.database {
            text.push('/');
            text.push_str(&literal(database.as_bytes()));
        }
        if !with_parameters {
            return text;
        }
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        let mut pairs = Vec::new();
        if !addresses.is_empty() {
            pairs.push(format!("hostaddr={}", addresses.join(",")));
        }
        for (name, value) in &self.parameters {
            pairs.push(format!("{}={}", name.word(), encoded(value.as_bytes())));
        }
        if !pairs.is_empty() {
            text.push('?');
            text.push_str(&pairs.join("&"));
        }
        text
    }
}

impl Server {
    fn encoded(&self) -> String {
        match &self.host {
            Host::Name(name) if name.contains(':') => {
                format!("[{}]:{}", name.replace('%', "%25"), self.port)
            }
            Host::Name(name) => format!("{name}:{}", self.port),
            Host::Socket(folder) => format!("{}:{}", encoded(folder.as_bytes()), self.port),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) if name.contains(':') => write!(f, "[{name}]:{}", self.port),
            Host::Name(host) | Host::Socket(host) => write!(f, "{host}:{}", self.port),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written("", false))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

impl PartialEq for DatabaseUrl {
    fn eq(&self, other: &Self) -> bool {
        self.text().expose_secret() == other.text().expose_secret()
    }
}

/// Bytes as a part of a URL that is taken for what it is, also where it looks like a placeholder.
fn literal(bytes: &[u8]) -> String {
    let usual = encoded(bytes);
    if !usual.split('.').any(surroundings::is_placeholder) && !surroundings::is_placeholder(&usual)
    {
        return usual;
    }
    let mut out = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        out.push_str(&format!("%{byte:02X}"));
    }
    out
}

/// Bytes as a part of a URL: everything but the unreserved characters of RFC 3986 is percent-encoded.
pub fn encoded(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(*byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
