//! Takes a database URL apart. The login ends at the one `@` there may be; with a second one, or with what would end the
//! authority before it, nobody can say where the password ends, and the URL is refused.

use super::parameter::{Meaning, meaning};
use super::surroundings::{is_placeholder, rest};
use super::{DatabaseUrl, Fault, Host, PORT, Parameter, Server};
use crate::domain::pasted;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

/// What becomes of a placeholder that stands as the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    Refused,
    LeftOut,
}

pub(super) fn parse(text: &str) -> Result<DatabaseUrl, Fault> {
    parse_with(text, Placeholder::Refused)
}

pub(super) fn parse_with(text: &str, placeholder: Placeholder) -> Result<DatabaseUrl, Fault> {
    let rest = rest(text)?;
    let (login, place) = match rest.rfind('@') {
        Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
        None => (None, rest),
    };
    let (user, password) = match login {
        Some(login) => read_login(login, placeholder)?,
        // `postgresql://postgres:[YOUR-PASSWORD]`, cut off behind the placeholder.
        None if rest.to_ascii_uppercase().contains("[YOUR-PASSWORD]") => {
            return Err(Fault::Placeholder);
        }
        None => (String::new(), None),
    };
    let (place, query) = place.split_once('?').unwrap_or((place, ""));
    let (authority, path) = match place.split_once('/') {
        Some((authority, path)) => (authority, Some(path)),
        None => (place, None),
    };
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let is_unset = pairs.any(|(name, value)| name == "password" && is_placeholder(value));
    if is_unset && placeholder == Placeholder::Refused {
        return Err(Fault::Placeholder);
    }
    check(path.unwrap_or_default(), is_path)?;
    check(query, is_query)?;
    let (names, ports) = read_authority(authority)?;
    let path = path.filter(|path| !path.is_empty());
    if path.is_some_and(is_placeholder) {
        return Err(Fault::PlaceholderPart("database"));
    }
    let mut parts = Parts {
        user,
        password,
        names,
        ports,
        addresses: Vec::new(),
        database: path.map(text_of).transpose()?,
        parameters: Vec::new(),
        is_behind_password: false,
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or(Fault::Unset)?;
        parts.set(&text_of(name)?, value, placeholder)?;
    }
    parts.url()
}

/// The parts as they were read, before it is known whether they fit together.
struct Parts {
    user: String,
    password: Option<Vec<u8>>,
    names: Vec<Host>,
    ports: Vec<u16>,
    addresses: Vec<IpAddr>,
    database: Option<String>,
    parameters: Vec<(Parameter, String)>,
    /// Whether a password stood among the parameters: then what follows may be a piece of it, behind a raw `&`.
    is_behind_password: bool,
}

impl Parts {
    /// Takes a parameter; one that names a part wins over it, and the last of several wins, as with libpq.
    fn set(&mut self, name: &str, value: &str, placeholder: Placeholder) -> Result<(), Fault> {
        let meaning = meaning(name)?;
        if self.is_behind_password && self.has(&meaning) {
            return Err(Fault::Twice);
        }
        match meaning {
            Meaning::Password => {
                self.is_behind_password = true;
                self.password = match placeholder {
                    Placeholder::LeftOut if is_placeholder(value) => None,
                    _ => password_of(value)?,
                };
            }
            Meaning::User => self.user = text_of(value)?,
            Meaning::Database => {
                self.database = Some(text_of(value)?).filter(|name| !name.is_empty());
            }
            Meaning::Host => {
                let value = text_of(value)?;
                let hosts = value.split(',').filter(|host| !host.is_empty());
                self.names = hosts.map(host_of).collect::<Result<_, _>>()?;
            }
            Meaning::HostAddress => {
                let value = text_of(value)?;
                let addresses = value.split(',').filter(|address| !address.is_empty());
                self.addresses = addresses
                    .map(|address| address.parse().map_err(|_| Fault::Address))
                    .collect::<Result<_, _>>()?;
            }
            Meaning::Port => {
                let value = text_of(value)?;
                self.ports = value.split(',').map(port_of).collect::<Result<_, _>>()?;
            }
            Meaning::Ssl => {
                let is_on = matches!(text_of(value)?.as_str(), "true" | "1" | "require");
                let is_set = self
                    .parameters
                    .iter()
                    .any(|(name, _)| *name == Parameter::SslMode);
                if is_on && !is_set {
                    self.parameters
                        .push((Parameter::SslMode, "require".to_owned()));
                }
            }
            Meaning::Used(parameter) => {
                let value = text_of(value)?;
                if !parameter.accepts(&value) {
                    return Err(Fault::Value(parameter));
                }
                self.parameters.retain(|(name, _)| *name != parameter);
                self.parameters.push((parameter, value));
            }
            Meaning::Ignored => {}
        }
        Ok(())
    }

    /// Whether a part is known already.
    fn has(&self, part: &Meaning) -> bool {
        match part {
            Meaning::User => !self.user.is_empty(),
            Meaning::Password => true,
            Meaning::Database => self.database.is_some(),
            Meaning::Host => !self.names.is_empty(),
            Meaning::HostAddress => !self.addresses.is_empty(),
            Meaning::Port => !self.ports.is_empty(),
            Meaning::Used(wanted) => self.parameters.iter().any(|(name, _)| name == wanted),
            Meaning::Ssl | Meaning::Ignored => false,
        }
    }

    fn url(self) -> Result<DatabaseUrl, Fault> {
        let has_password = self.password.is_some();
        if self.names.is_empty() && self.addresses.is_empty() {
            return Err(Fault::NoHost { has_password });
        }
        if self.user.is_empty() {
            return Err(Fault::NoUser { has_password });
        }
        // Addresses without names are servers by their address.
        let (names, addresses) = if self.names.is_empty() {
            let by_address = |ip: &IpAddr| Host::Name(ip.to_string());
            (self.addresses.iter().map(by_address).collect(), Vec::new())
        } else {
            (self.names, self.addresses)
        };
        if !addresses.is_empty() && addresses.len() != names.len() {
            return Err(Fault::Counts);
        }
        let port_at = |at: usize| match self.ports.as_slice() {
            [] => Ok(PORT),
            [one] => Ok(*one),
            several => several.get(at).copied().ok_or(Fault::Counts),
        };
        if self.ports.len() > 1 && self.ports.len() != names.len() {
            return Err(Fault::Counts);
        }
        let servers = names.into_iter().enumerate().map(|(at, host)| {
            let port = port_at(at)?;
            Ok(Server { host, port })
        });
        Ok(DatabaseUrl {
            user: self.user,
            password: self.password.map(Into::into),
            servers: servers.collect::<Result<_, Fault>>()?,
            addresses,
            database: self.database,
            parameters: self.parameters,
        })
    }
}

/// User and password of the login. Whatever RFC 3986 does not allow there unencoded is refused, and a second colon too:
/// where there is one raw special character, the next may have moved the end.
fn read_login(login: &str, placeholder: Placeholder) -> Result<(String, Option<Vec<u8>>), Fault> {
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (login, None),
    };
    if user.split('.').any(is_placeholder) {
        return Err(Fault::PlaceholderPart("user"));
    }
    let mut password = password.filter(|password| !password.is_empty());
    if password.is_some_and(is_placeholder) {
        match placeholder {
            Placeholder::Refused => return Err(Fault::Placeholder),
            Placeholder::LeftOut => password = None,
        }
    }
    let mut raw = raw_in(user, is_login);
    raw.extend(raw_in(password.unwrap_or_default(), is_login));
    if !raw.is_empty() {
        return Err(Fault::Login(raw));
    }
    let password = password.map(password_of).transpose()?.flatten();
    Ok((text_of(user)?, password))
}

fn password_of(text: &str) -> Result<Option<Vec<u8>>, Fault> {
    let bytes = decoded(text)?;
    Ok((!bytes.is_empty()).then_some(bytes))
}

/// Hosts with their ports: `a`, `a:1`, `[::1]:1`, and several of them with commas between.
fn read_authority(authority: &str) -> Result<(Vec<Host>, Vec<u16>), Fault> {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    if authority.is_empty() {
        return Ok((hosts, ports));
    }
    if authority.contains(['<', '>', '{', '}', '$']) {
        return Err(Fault::PlaceholderPart("host"));
    }
    check(authority, is_authority)?;
    let is_alone = !authority.contains(',');
    for place in authority.split(',') {
        let (host, port) = match place.strip_prefix('[') {
            Some(bracketed) => {
                let (inner, behind) = bracketed.split_once(']').ok_or(Fault::Ipv6)?;
                let port = match behind {
                    "" => "",
                    _ => behind.strip_prefix(':').ok_or(Fault::Ipv6)?,
                };
                (Some(bracketed_host(&text_of(inner)?)?), port)
            }
            None if place.parse::<Ipv6Addr>().is_ok() => return Err(Fault::Ipv6),
            None => {
                let (host, port) = place.split_once(':').unwrap_or((place, ""));
                match host {
                    // A port alone, for the host that a parameter names.
                    "" if is_alone && !port.is_empty() => (None, port),
                    "" => return Err(Fault::Host),
                    host => (Some(host_of(&text_of(host)?)?), port),
                }
            }
        };
        hosts.extend(host);
        ports.push(port_of(port)?);
    }
    Ok((hosts, ports))
}

fn bracketed_host(text: &str) -> Result<Host, Fault> {
    if is_ipv6(text) {
        return Ok(Host::Name(text.to_owned()));
    }
    if is_placeholder_name(text) {
        return Err(Fault::PlaceholderPart("host"));
    }
    Err(Fault::Ipv6)
}

fn host_of(text: &str) -> Result<Host, Fault> {
    if text.starts_with('/') {
        return Ok(Host::Socket(text.to_owned()));
    }
    if is_ipv6(text) {
        return Ok(Host::Name(text.to_owned()));
    }
    if text.contains(['<', '>', '[', ']', '{', '}', '$']) || is_placeholder_name(text) {
        return Err(Fault::PlaceholderPart("host"));
    }
    let is_name = text.len() <= 253
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        && text.split('.').all(|label| label.len() <= 63)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if is_name {
        return Ok(Host::Name(text.to_owned()));
    }
    Err(Fault::Host)
}

fn is_placeholder_name(host: &str) -> bool {
    host.to_ascii_lowercase().contains("your-") || host.split('.').any(pasted::is_masked)
}

/// An IPv6 address, also with a zone as in `fe80::1%eth0`.
fn is_ipv6(text: &str) -> bool {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    let is_zone = |zone: &str| {
        !zone.is_empty()
            && zone
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    address.parse::<Ipv6Addr>().is_ok() && zone.is_none_or(is_zone)
}

fn port_of(text: &str) -> Result<u16, Fault> {
    if text.is_empty() {
        return Ok(PORT);
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| is_number && *port != 0);
    port.ok_or(Fault::Port)
}

/// A part that is a text.
fn text_of(part: &str) -> Result<String, Fault> {
    String::from_utf8(decoded(part)?).map_err(|_| Fault::Bytes)
}

/// The bytes of a percent-encoded part. As with libpq, none of them is NUL.
fn decoded(part: &str) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::with_capacity(part.len());
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        let byte = if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte.unwrap_or_default()).to_digit(16);
            match (digit(bytes.next()), digit(bytes.next())) {
                (Some(high), Some(low)) => u8::try_from(high * 16 + low).unwrap_or_default(),
                _ => return Err(Fault::Raw(BTreeSet::from(['%']))),
            }
        } else {
            byte
        };
        if byte == 0 {
            return Err(Fault::Bytes);
        }
        out.push(byte);
    }
    Ok(out)
}

fn check(part: &str, allows: fn(char) -> bool) -> Result<(), Fault> {
    let raw = raw_in(part, allows);
    if raw.is_empty() {
        return Ok(());
    }
    Err(Fault::Raw(raw))
}

/// The characters of a part that have to be percent-encoded there, with `%` where it does not encode anything.
fn raw_in(part: &str, allows: fn(char) -> bool) -> BTreeSet<char> {
    let is_encoding = |at: usize| {
        part.get(at + 1..at + 3)
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    part.char_indices()
        .filter(|(at, c)| match c {
            '%' => !is_encoding(*at),
            c => !allows(*c),
        })
        .map(|(_, c)| c)
        .collect()
}

/// Unreserved characters and sub-delimiters of RFC 3986, and `%`, which is looked at on its own.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=%".contains(c)
}

fn is_login(c: char) -> bool {
    is_plain(c)
}

fn is_authority(c: char) -> bool {
    is_plain(c) || matches!(c, ':' | '[' | ']')
}

fn is_path(c: char) -> bool {
    is_plain(c) || matches!(c, ':' | '/')
}

fn is_query(c: char) -> bool {
    is_plain(c) || matches!(c, ':' | '/' | '?')
}
