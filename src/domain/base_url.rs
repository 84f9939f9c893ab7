//! The base URL of an HTTP service, parsed by the `url` crate: no user, no query, no fragment, no slash at the end.

use super::pasted;
use std::fmt;
use std::net::IpAddr;
use url::{Host, ParseError, Url};

/// A base URL in its one form. It holds no secret, and two of the same place are equal.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    /// The URL without the slash that ends it.
    text: String,
}

/// Why a text is no base URL, without any part of the text but single characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is nothing.
    Empty,
    /// White space or something that cannot be seen.
    Blank(char),
    /// A character that a URL does not have, such as a letter that looks like another.
    Character(char),
    /// No `https://`.
    NoScheme,
    /// Another scheme than https and http.
    Scheme,
    /// A user, a password, or an `@` for another reason.
    User,
    /// A query.
    Query,
    /// A fragment.
    Fragment,
    /// No host.
    NoHost,
    /// A host that cannot be one.
    Host,
    /// A port that cannot be one.
    Port,
}

impl Fault {
    /// Why, as a sentence.
    pub fn why(&self) -> String {
        match self {
            Self::Empty => "It is empty.".to_owned(),
            Self::Blank(c) => format!("It has {} in it.", pasted::named(*c)),
            Self::Character(c) if c.is_ascii() => {
                format!("It has {} in it, which a URL does not have.", pasted::named(*c))
            }
            Self::Character(c) => format!(
                "It has {} (U+{:04X}) in it, which is no ASCII letter, though it may look like one.",
                pasted::named(*c),
                u32::from(*c)
            ),
            Self::NoScheme => "It has no `https://` in front.".to_owned(),
            Self::Scheme => "It begins with neither https:// nor http://.".to_owned(),
            Self::User => {
                "It has an `@` in it, as before a host with a user or a password; keys are given apart.".to_owned()
            }
            Self::Query => "It has a query behind a `?`.".to_owned(),
            Self::Fragment => "It has a fragment behind a `#`.".to_owned(),
            Self::NoHost => "It names no host.".to_owned(),
            Self::Host => "Its host cannot be the name of one.".to_owned(),
            Self::Port => "Its port is not a number from 1 to 65535.".to_owned(),
        }
    }
}

impl BaseUrl {
    /// Reads a base URL. White space around it does not count.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        let url = located(text)?;
        if url.query().is_some() {
            return Err(Fault::Query);
        }
        if url.fragment().is_some() {
            return Err(Fault::Fragment);
        }
        Ok(Self::of(url))
    }

    /// The part of a URL that is one: without query and fragment.
    pub(super) fn of(mut url: Url) -> Self {
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        let text = url.as_str().trim_end_matches('/').to_owned();
        Self { url, text }
    }

    /// The URL as a text, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host and port, for messages.
    pub fn host(&self) -> &str {
        let rest = self.text.split_once("://").map_or("", |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// The parsed URL.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether it is of this machine.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip).to_canonical().is_loopback(),
            None => false,
        }
    }

    /// The address in the one form of every name for it, to compare projects by: the names of this machine are one, and the
    /// scheme does not count beside the port.
    pub fn place(&self) -> String {
        let is_any = match self.url.host() {
            Some(Host::Ipv4(ip)) => ip.is_unspecified(),
            Some(Host::Ipv6(ip)) => ip.is_unspecified(),
            _ => false,
        };
        let host = if is_any || self.is_loopback() {
            "localhost".to_owned()
        } else {
            match self.ip() {
                Some(ip) => ip.to_string(),
                None => self.url.host_str().unwrap_or_default().to_owned(),
            }
        };
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{host}:{port}{}", self.url.path().trim_end_matches('/'))
    }

    /// The IP address, where the host is one and no name; one of IPv4 that is written as IPv6 is that of IPv4.
    pub fn ip(&self) -> Option<IpAddr> {
        match self.url.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(ip).to_canonical()),
        }
    }

    /// Whether what is sent there crosses a network in the clear: plain http to another machine.
    pub fn is_in_the_clear(&self) -> bool {
        self.url.scheme() == "http" && !self.is_loopback()
    }
}

/// Parses a URL of a web server. The `url` crate, which does as browsers do, mends much silently; what it would mend is
/// refused here, because a key goes to what comes of it.
pub(super) fn located(text: &str) -> Result<Url, Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if let Some(c) = text.chars().find(|c| pasted::is_blank(*c)) {
        return Err(Fault::Blank(c));
    }
    let is_odd = |c: char| !c.is_ascii() || "\\\"'`<>{}|^".contains(c);
    if let Some(c) = text.chars().find(|c| is_odd(*c)) {
        return Err(Fault::Character(c));
    }
    let (scheme, rest) = text.split_once("://").ok_or(Fault::NoScheme)?;
    if !["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return Err(Fault::Scheme);
    }
    if text.contains('@') {
        return Err(Fault::User);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.starts_with(':') {
        return Err(Fault::NoHost);
    }
    // An encoded host, and one that ends with a dot, would be another text for the same place.
    let name = authority.split(':').next().unwrap_or_default();
    if authority.contains('%') || (name.ends_with('.') && !authority.starts_with('[')) {
        return Err(Fault::Host);
    }
    let url = Url::parse(text).map_err(|error| match error {
        ParseError::InvalidPort => Fault::Port,
        ParseError::EmptyHost => Fault::NoHost,
        _ => Fault::Host,
    })?;
    let is_name = match url.host() {
        Some(Host::Domain(name)) => name.len() <= 253 && name.split('.').all(is_label),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => return Err(Fault::NoHost),
    };
    if !is_name {
        return Err(Fault::Host);
    }
    if url.port() == Some(0) {
        return Err(Fault::Port);
    }
    Ok(url)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_url_has_one_form() {
        for (text, form) in [
            ("https://X.example.org/", "https://x.example.org"),
            (" https://x:443\n", "https://x"),
            ("HTTP://x:80//", "http://x"),
            ("http://127.0.0.1:54321", "http://127.0.0.1:54321"),
            ("http://[0:0::1]:1/", "http://[::1]:1"),
            ("https://x.example/base/", "https://x.example/base"),
        ] {
            let url = BaseUrl::parse(text).unwrap();
            assert_eq!(url.as_str(), form);
            assert_eq!(BaseUrl::parse(form).unwrap(), url);
        }
        assert_eq!(
            BaseUrl::parse("http://[::1]:1/a").unwrap().host(),
            "[::1]:1"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, fault) in [
            ("", Fault::Empty),
            ("https://a\u{200b}.example", Fault::Blank('\u{200b}')),
            ("https://a b", Fault::Blank(' ')),
            ("https://a\tb", Fault::Blank('\t')),
            ("https://ехample.org", Fault::Character('е')),
            ("https://<ref>.supabase.co", Fault::Character('<')),
            ("https:\\\\x", Fault::Character('\\')),
            ("x.supabase.co", Fault::NoScheme),
            ("ftp://x", Fault::Scheme),
            ("https://u:p@x", Fault::User),
            ("https://u:12/34@x", Fault::User),
            ("https://x?y=1", Fault::Query),
            ("https://x?", Fault::Query),
            ("https://x#y", Fault::Fragment),
            ("https://", Fault::NoHost),
            ("https:///x", Fault::NoHost),
            ("https://:1", Fault::NoHost),
            ("http://h:99999", Fault::Port),
            ("http://h:x", Fault::Port),
            ("http://h:0", Fault::Port),
            ("http://h.", Fault::Host),
            ("http://a..b", Fault::Host),
            ("http://%68", Fault::Host),
            ("http://[::1", Fault::Host),
            ("http://256.1.1.1", Fault::Host),
            ("http://a;b", Fault::Host),
        ] {
            assert_eq!(BaseUrl::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn plain_http_is_fine_on_this_machine_only() {
        for text in [
            "http://localhost:1",
            "http://a.localhost",
            "http://127.0.0.1",
            "http://127.1",
            "http://[::1]:8000",
            "https://x",
        ] {
            assert!(!BaseUrl::parse(text).unwrap().is_in_the_clear(), "{text}");
        }
        for text in ["http://192.168.1.5:8000", "http://127.0.0.1.example.com"] {
            assert!(BaseUrl::parse(text).unwrap().is_in_the_clear(), "{text}");
        }
    }
}
