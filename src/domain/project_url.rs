//! The URL of a project, and what people give instead of it: the dashboard's address, the database's, a key. What is
//! recognised is refused with the URL that is meant, so that no key goes anywhere else.

use super::base_url::{self, BaseUrl, Fault};
use super::database_url::DatabaseUrl;
use super::pasted;
use super::problem::{Kind, Problem};
use super::source::Source;
use std::fmt;
use url::Url;

/// The interfaces of a project, each at `/<name>/v1`.
const INTERFACES: [&str; 6] = [
    "rest",
    "auth",
    "storage",
    "functions",
    "realtime",
    "graphql",
];
/// The domains of hosted projects.
const HOSTED: [&str; 2] = [".supabase.co", ".supabase.in"];

/// The base URL of a project.
#[derive(Clone, PartialEq, Eq)]
pub struct ProjectUrl(BaseUrl);

/// Why a text is no project's URL, and the one that is meant where that can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why, as a sentence without any part of the text but single characters.
    pub why: String,
    /// The project's URL.
    pub proposal: Option<String>,
}

impl ProjectUrl {
    /// Reads a project's URL from somewhere.
    pub fn read(text: &str, source: &Source) -> Result<Self, Problem> {
        Self::parse(text).map_err(|refused| refused.problem(source))
    }

    /// The same, with the refusal in parts.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        Self::examine(text).map_err(|refused| Refused {
            proposal: refused.proposal.and_then(settled),
            ..refused
        })
    }

    /// Reads a text, and names the first thing that is wrong with it. What is proposed may still have something else wrong.
    fn examine(text: &str) -> Result<Self, Refused> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        if let Some(refused) = instead(text) {
            return Err(refused);
        }
        let url = base_url::located(text).map_err(|fault| unlocated(&fault, text))?;
        if let Some(refused) = elsewhere(&url) {
            return Err(refused);
        }
        BaseUrl::parse(text).map(Self).map_err(|fault| Refused {
            why: fault.why(),
            proposal: Some(BaseUrl::of(url).to_string()),
        })
    }

    /// The hosted project of that ref.
    pub fn hosted(reference: &str) -> Option<Self> {
        let text = is_ref(reference).then(|| hosted(reference))?;
        BaseUrl::parse(&text).ok().map(Self)
    }

    /// The URL as a text, without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Host and port, for messages.
    pub fn host(&self) -> &str {
        self.0.host()
    }

    /// Whether keys would cross a network in the clear.
    pub fn is_in_the_clear(&self) -> bool {
        self.0.is_in_the_clear()
    }

    /// The address in the one form of every name for it, to compare projects by.
    pub fn place(&self) -> String {
        self.0.place()
    }

    /// Whether no hosted project is there, under no domain of its own either: this machine, or a plain IP address.
    pub fn is_never_hosted(&self) -> bool {
        self.0.is_loopback() || self.0.ip().is_some()
    }

    /// The twenty letters of a hosted project.
    pub fn project_ref(&self) -> Option<&str> {
        let url = self.0.url();
        let reference = subdomain(url.host_str()?)?;
        (url.scheme() == "https" && is_ref(reference)).then_some(reference)
    }
}

impl fmt::Display for ProjectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ProjectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Refused {
    fn new(why: impl Into<String>, proposal: Option<String>) -> Self {
        let why = why.into();
        Self { why, proposal }
    }

    /// As a problem of the URL from somewhere.
    pub fn problem(self, source: &Source) -> Problem {
        let problem = Problem::new(
            Kind::Config,
            format!("{} cannot be used.", source.of("The project URL")),
            self.why,
        );
        match self.proposal {
            Some(url) => problem.with_hint(format!("The project's URL is {url}.")),
            None => problem.with_hint(
                "It looks like https://abcdefghijklmnopqrst.supabase.co; the dashboard shows it under Project Settings, Data API.",
            ),
        }
    }
}

/// Whether a text is a project's ref: twenty lower-case letters, and not the crosses of an example.
pub fn is_ref(text: &str) -> bool {
    text.len() == 20
        && text.bytes().all(|byte| byte.is_ascii_lowercase())
        && !pasted::is_masked(text)
}

fn hosted(reference: &str) -> String {
    format!("https://{reference}.supabase.co")
}

/// What stands before the domain of hosted projects.
fn subdomain(host: &str) -> Option<&str> {
    HOSTED.iter().find_map(|domain| host.strip_suffix(domain))
}

/// What a proposal comes to when everything that is wrong with it is mended in turn, where a URL is left.
fn settled(mut proposal: String) -> Option<String> {
    // Each step takes something away. No text has more than this many things around its URL.
    for _ in 0..8 {
        match ProjectUrl::examine(&proposal) {
            Ok(url) => return Some(url.to_string()),
            Err(refused) => proposal = refused.proposal?,
        }
    }
    None
}

/// What a text is that is no web address.
fn instead(text: &str) -> Option<Refused> {
    let lower = text.to_ascii_lowercase();
    if is_ref(&lower) {
        return Some(Refused::new(
            "It is the project's ref alone.",
            Some(hosted(&lower)),
        ));
    }
    if lower.starts_with("sbp_") {
        return Some(Refused::new(
            "It is an access token of the Management API.",
            None,
        ));
    }
    if lower.starts_with("sb_") || text.starts_with("eyJ") {
        return Some(Refused::new("It is an API key.", None));
    }
    if [
        "postgres:",
        "postgresql:",
        "postgres+",
        "postgresql+",
        "jdbc:",
        "psql ",
    ]
    .iter()
    .any(|head| lower.starts_with(head))
    {
        let url = DatabaseUrl::parse(text).ok();
        let reference = url.as_ref().and_then(DatabaseUrl::project_ref);
        return Some(Refused::new(
            "It is a database URL; that is given with --db-url or SUPABASE_DB_URL.",
            reference.map(hosted),
        ));
    }
    if let Some((_, value)) = pasted::assigned(text) {
        return Some(Refused::new(
            "It is a line of a shell or of a settings file: a name stands in front of the URL.",
            Some(pasted::trimmed(value).0.to_owned()),
        ));
    }
    let (inner, _) = pasted::trimmed(text);
    if text.starts_with(['"', '\'', '`', '“', '‘', '«']) {
        let proposal = (inner != text).then(|| inner.to_owned());
        return Some(Refused::new("Quotes stand around it.", proposal));
    }
    let host = lower
        .split_once("://")
        .map_or(lower.as_str(), |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    let is_bracketed = host.contains('[') && !host.starts_with("[:") && !host.contains("::");
    let is_unfilled = host.contains(['<', '>', '{', '}', '$', '*', '…'])
        || is_bracketed
        || host.contains("...")
        || host.contains("your-")
        || host.contains("your_")
        || host.contains("project-ref")
        || host.split('.').any(pasted::is_masked)
        || subdomain(host).is_some_and(pasted::is_placeholder);
    (is_unfilled && !text.contains('@')).then(|| {
        Refused::new(
            "A placeholder stands where the project's ref or host belongs.",
            None,
        )
    })
}

/// A text that cannot be parsed, with what it may mean.
fn unlocated(fault: &Fault, text: &str) -> Refused {
    let proposal = match fault {
        // What cannot be seen joins what belongs together; a space parts two things.
        Fault::Blank(_) if !text.contains([' ', '\t', '\n', '\r']) => {
            Some(text.chars().filter(|c| !pasted::is_blank(*c)).collect())
        }
        Fault::NoScheme if text.contains('@') => None,
        Fault::NoScheme => {
            let is_here = ["localhost", "127.", "[::1]"]
                .iter()
                .any(|here| text.starts_with(here));
            let rest = ["https:", "http:", "https//", "http//"]
                .iter()
                .find_map(|scheme| text.strip_prefix(scheme));
            let rest = rest.unwrap_or(text).trim_start_matches('/');
            let is_named = (is_here || rest.contains('.')) && !rest.contains("//");
            let scheme = if is_here { "http" } else { "https" };
            is_named.then(|| format!("{scheme}://{rest}"))
        }
        Fault::Host => {
            let bare = text.replacen(".supabase.co.", ".supabase.co", 1);
            let bare = bare.trim_end_matches([',', ';']);
            (bare != text).then(|| bare.to_owned())
        }
        _ => None,
    };
    Refused::new(fault.why(), proposal)
}

/// What a web address is that is not a project's.
fn elsewhere(url: &Url) -> Option<Refused> {
    let host = url.host_str()?;
    let segments: Vec<&str> = url
        .path()
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let by_path = || {
        let found = segments.iter().find(|segment| is_ref(segment));
        found.map(|reference| hosted(reference))
    };
    match host {
        "supabase.com" | "www.supabase.com" | "app.supabase.com" | "app.supabase.io"
        | "supabase.io" => {
            return Some(Refused::new(
                "It is an address of the dashboard, not of the project.",
                by_path(),
            ));
        }
        "api.supabase.com" | "api.supabase.io" => {
            return Some(Refused::new(
                "It is the Management API, not the project.",
                by_path(),
            ));
        }
        _ => {}
    }
    if host.ends_with(".pooler.supabase.com") {
        return Some(Refused::new(
            "It is the host of a database pooler, not of the project.",
            None,
        ));
    }
    if let Some(reference) = host
        .strip_suffix(".supabase.com")
        .filter(|name| is_ref(name))
    {
        return Some(Refused::new(
            "Hosted projects are under supabase.co, not supabase.com.",
            Some(hosted(reference)),
        ));
    }
    if is_of_the_platform(host) {
        return Some(Refused::new(
            "It is an address of Supabase itself, not of a project.",
            by_path(),
        ));
    }
    let Some(name) = subdomain(host) else {
        return by_its_path(url, &segments);
    };
    let (ahead, reference) = match name.split_once('.') {
        Some((ahead, reference)) if is_ref(reference) => (Some(ahead), reference),
        Some((reference, behind)) if is_ref(reference) => (Some(behind), reference),
        // A name that the project was given stands alone too.
        Some((ahead, reference)) => (Some(ahead), reference),
        None => (None, name),
    };
    let proposal = || is_ref(reference).then(|| hosted(reference));
    match ahead {
        Some("db") => Some(Refused::new(
            "It is the host of the project's database.",
            proposal(),
        )),
        Some(_) => Some(Refused::new(
            "It is the host of one part of the project.",
            proposal(),
        )),
        None if url.port().is_some() => Some(Refused::new(
            "A hosted project is at the usual port.",
            Some(format!("https://{host}")),
        )),
        None => by_its_path(url, &segments).or_else(|| {
            (!segments.is_empty()).then(|| {
                Refused::new(
                    "It has a path, which the URL of a hosted project has not.",
                    Some(format!("https://{host}")),
                )
            })
        }),
    }
}

/// Whether a host is the platform's own: a bare domain, or one of its pages.
fn is_of_the_platform(host: &str) -> bool {
    const PAGES: [&str; 6] = ["www", "api", "app", "docs", "status", "studio"];
    let is_bare = |domain: &&str| domain.strip_prefix('.') == Some(host);
    host.ends_with(".supabase.com")
        || host.ends_with(".supabase.io")
        || HOSTED.iter().any(is_bare)
        || subdomain(host).is_some_and(|name| PAGES.contains(&name))
}

/// An address of one interface, or of Studio.
fn by_its_path(url: &Url, segments: &[&str]) -> Option<Refused> {
    let at = segments
        .windows(2)
        .position(|pair| pair[1] == "v1" && INTERFACES.contains(&pair[0]));
    if let Some(at) = at {
        let mut base = url.clone();
        base.set_path(&segments[..at].join("/"));
        return Some(Refused::new(
            format!(
                "It is the address of one interface, with /{}/v1 in it.",
                segments[at]
            ),
            Some(BaseUrl::of(base).to_string()),
        ));
    }
    if segments.first() == Some(&"project") {
        let mut base = url.clone();
        base.set_path("");
        // Studio's port of local development, beside the project's.
        let is_local = base.port() == Some(54_323) && base.set_port(Some(54_321)).is_ok();
        return Some(Refused::new(
            "It is an address of Studio, not of the project.",
            is_local.then(|| BaseUrl::of(base).to_string()),
        ));
    }
    None
}

#[cfg(test)]
mod tests;
