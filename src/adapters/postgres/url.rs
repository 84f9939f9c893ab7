//! Reads a database URL: what `tokio_postgres` knows is left to it, the TLS words and foreign parameters are not.

use super::tls::{Trust, Verify};
use crate::domain::problem::{Kind, Problem};
use crate::domain::production::{Mark, ref_of_host, ref_of_login, ref_of_options};
use crate::domain::text::harmless;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::config::{Host, SslMode};

/// How long one address may take to answer a connection attempt, unless the URL says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A dead line is noticed after about a minute: idle time, then interval times retries.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_RETRIES: u32 = 3;
/// Keepalives are not sent while something that was sent awaits its receipt, so that has a limit of its own.
const UNACKNOWLEDGED: Duration = Duration::from_mins(1);

/// Parameters that other tools put into URLs and that mean nothing to a plain connection.
const FOREIGN: &[&str] = &[
    "pgbouncer",
    "connection_limit",
    "pool_timeout",
    "schema",
    "statement_cache_size",
    "prepared_statements",
    "socket_timeout",
    "gssencmode",
    "krbsrvname",
    "fallback_application_name",
    "sslcompression",
    "supa",
    "workaround",
    "pool_mode",
];

/// Where a database is and how to get in.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: tokio_postgres::Config,
    pub(super) trust: Trust,
}

impl Address {
    /// Host and port as they are shown.
    pub(super) fn host(&self) -> String {
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) if host.contains(':') => format!("[{host}]:{port}"),
            Some(Host::Tcp(host)) => format!("{host}:{port}"),
            #[cfg(unix)]
            Some(Host::Unix(folder)) => format!("{}:{port}", folder.display()),
            None => format!("?:{port}"),
        }
    }

    /// The name the connection is opened under.
    pub(super) fn user(&self) -> &str {
        self.config.get_user().unwrap_or("?")
    }

    /// The database, which is the user's name when the URL has none.
    pub(super) fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_else(|| self.user())
    }

    /// What its database is recognised by: the refs of hosted projects that it names, and what the server told.
    pub(super) fn mark(&self, id: Option<String>) -> Mark {
        let refs = self.refs();
        Mark { refs, id }
    }

    fn refs(&self) -> Vec<String> {
        let mut refs: Vec<String> = self
            .config
            .get_hosts()
            .iter()
            .filter_map(|host| match host {
                Host::Tcp(host) => ref_of_host(host),
                #[cfg(unix)]
                Host::Unix(_) => None,
            })
            .collect();
        refs.extend(ref_of_login(self.user()));
        refs.extend(self.config.get_options().and_then(ref_of_options));
        refs
    }

    /// Says so when the way to another machine may be unencrypted. As in libpq, `sslmode` decides and nothing is refused.
    pub(super) fn note(&self) -> Option<String> {
        let how = match self.trust.verify {
            Verify::Disabled => "is not encrypted",
            Verify::IfOffered => "may be unencrypted, and the server is not checked",
            Verify::Nothing | Verify::Chain | Verify::ChainAndName => return None,
        };
        let is_here = self.config.get_hosts().iter().all(is_loopback_host)
            && self.config.get_hostaddrs().iter().all(IpAddr::is_loopback);
        (!is_here).then(|| {
            format!(
                "The connection to {} {how}. Put `sslmode=require` or `sslmode=verify-full` into the database URL.",
                harmless(&self.host())
            )
        })
    }
}

fn is_loopback_host(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// Reads `postgresql://user:password@host:port/database?parameters`.
pub(super) fn parse(url: &str) -> Result<Address, Problem> {
    let url = url.trim();
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(fault("It does not start with postgresql://."));
    }
    if url.contains("[YOUR-PASSWORD]") {
        return Err(fault(
            "It still says [YOUR-PASSWORD] where the password belongs.",
        ));
    }
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut kept: Vec<&str> = Vec::new();
    let mut mode = None;
    let mut roots = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "sslmode" => mode = Some(decode(value)?),
            "sslrootcert" => roots = Some(PathBuf::from(decode(value)?)),
            "sslcert" | "sslkey" | "sslpassword" | "sslcrl" => {
                return Err(fault(&format!(
                    "supadeck does not use the parameter {name}."
                )));
            }
            name if FOREIGN.contains(&name) => {}
            _ => kept.push(pair),
        }
    }
    let rebuilt = if kept.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{}", kept.join("&"))
    };
    let mut config: tokio_postgres::Config = rebuilt
        .parse()
        .map_err(|error| fault(&parse_fault(&error)))?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(fault("It names no host."));
    }
    // `postgres://:password@host` gives a user without any letter.
    if config.get_user().is_none_or(str::is_empty) {
        return Err(fault("It names no user."));
    }
    let trust = trust(mode.as_deref(), roots)?;
    config.ssl_mode(match trust.verify {
        Verify::Disabled => SslMode::Disable,
        Verify::IfOffered => SslMode::Prefer,
        _ => SslMode::Require,
    });
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNACKNOWLEDGED);
    }
    config
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_INTERVAL)
        .keepalives_retries(KEEPALIVE_RETRIES);
    Ok(Address { config, trust })
}

/// The words of libpq's `sslmode`; as there, `require` with a root certificate verifies like `verify-ca`.
fn trust(mode: Option<&str>, roots: Option<PathBuf>) -> Result<Trust, Problem> {
    let verify = match mode {
        Some("disable") => Verify::Disabled,
        Some("allow" | "prefer") | None => Verify::IfOffered,
        Some("require") if roots.is_some() => Verify::Chain,
        Some("require") => Verify::Nothing,
        Some("verify-ca") => Verify::Chain,
        Some("verify-full") => Verify::ChainAndName,
        Some(other) => {
            return Err(fault(&format!(
                "It has an sslmode that Postgres does not know: {}.",
                harmless(other)
            )));
        }
    };
    Ok(Trust { verify, roots })
}

fn decode(value: &str) -> Result<String, Problem> {
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let hex = value
                .get(at + 1..at + 3)
                .and_then(|hex| u8::from_str_radix(hex, 16).ok())
                .ok_or_else(|| fault("A percent sign in it is not followed by two hex digits."))?;
            out.push(hex);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).map_err(|_| fault("A parameter in it is not UTF-8."))
}

/// What the parser said, without any part of the URL: only names of parameters are repeated.
fn parse_fault(error: &tokio_postgres::Error) -> String {
    let said = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    match said.split('`').nth(1) {
        Some(name) if said.starts_with("unknown option") => {
            format!("The parameter {} is not known.", harmless(name))
        }
        Some(name) if said.starts_with("invalid value for option") => {
            format!("The value of {} cannot be used.", harmless(name))
        }
        _ => "Its parts cannot be told apart.".to_owned(),
    }
}

fn fault(why: &str) -> Problem {
    Problem::new(Kind::Config, "The database URL cannot be used.", why).with_hint(
        "It looks like postgresql://user:password@host:5432/postgres, with special characters of the password percent-encoded (`@` is %40).",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_plain_url_is_read() {
        let address = parse("postgresql://postgres.abc:p%40ss%2Fw@db.example.org:6543/planning?connect_timeout=3&options=-c%20work_mem%3D8MB&application_name=x").unwrap();
        assert_eq!(address.host(), "db.example.org:6543");
        assert_eq!(address.user(), "postgres.abc");
        assert_eq!(address.database(), "planning");
        assert_eq!(address.config.get_password(), Some(&b"p@ss/w"[..]));
        assert_eq!(address.config.get_options(), Some("-c work_mem=8MB"));
        assert_eq!(
            address.config.get_connect_timeout(),
            Some(&Duration::from_secs(3))
        );
        assert_eq!(address.trust.verify, Verify::IfOffered);
    }

    #[test]
    fn an_ipv6_host_and_a_missing_database_are_fine() {
        let address = parse("postgres://me@[::1]:5433").unwrap();
        assert_eq!(address.host(), "[::1]:5433");
        assert_eq!(address.database(), "me");
    }

    #[test]
    fn the_words_of_sslmode_are_those_of_libpq() {
        for (query, verify) in [
            ("", Verify::IfOffered),
            ("?sslmode=disable", Verify::Disabled),
            ("?sslmode=prefer", Verify::IfOffered),
            ("?sslmode=require", Verify::Nothing),
            ("?sslmode=require&sslrootcert=/x", Verify::Chain),
            ("?sslmode=verify-ca", Verify::Chain),
            (
                "?pgbouncer=true&sslmode=verify-full&sslrootcert=%2Fx",
                Verify::ChainAndName,
            ),
        ] {
            let address = parse(&format!("postgres://u@h/d{query}")).unwrap();
            assert_eq!(address.trust.verify, verify, "{query}");
        }
    }

    #[test]
    fn an_unchecked_way_to_another_machine_is_noted() {
        for (url, noted) in [
            ("postgres://u:hush@db.example.org/d", true),
            ("postgres://u:hush@db.example.org/d?sslmode=disable", true),
            (
                "postgres://u:hush@localhost,db.example.org/d?sslmode=prefer",
                true,
            ),
            ("postgres://u:hush@localhost/d?hostaddr=192.0.2.1", true),
            ("postgres://u:hush@db.example.org/d?sslmode=require", false),
            (
                "postgres://u:hush@db.example.org/d?sslmode=verify-full",
                false,
            ),
            ("postgres://u:hush@127.0.0.1/d", false),
            ("postgres://u:hush@[::1]/d", false),
            ("postgres://u:hush@localhost/d?sslmode=disable", false),
            ("postgres://u:hush@%2Frun%2Fpg/d", false),
        ] {
            let note = parse(url).unwrap().note();
            assert_eq!(note.is_some(), noted, "{url}");
            assert!(!note.unwrap_or_default().contains("hush"), "{url}");
        }
    }

    #[test]
    fn faults_never_repeat_the_password() {
        for url in [
            "mysql://u:hush@h/d",
            "postgres://u:hush@/d?port=x",
            "postgres://u:hush@h:x/d",
            "postgres://:hush@h/d",
            "postgres://u:hush@h/d?sslmode=hush",
            "postgres://u:hush@h/d?nonsense=1",
            "postgres://u:hush@h/d?sslkey=/x",
            "postgres://u:[YOUR-PASSWORD]@h/hush",
            "hush",
        ] {
            let Err(problem) = parse(url) else {
                panic!("{url} was accepted");
            };
            assert_eq!(problem.kind, Kind::Config);
            let told = format!("{problem:?}").replace("not know: hush", "");
            assert!(!told.contains("hush"), "{url}: {told}");
        }
    }
}
