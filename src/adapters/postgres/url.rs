//! Reads a database URL: what `tokio_postgres` knows is left to it, the TLS words and foreign parameters are not.

use super::address::Address;
use super::trust::{Parameters, Requirements};
use super::variables::PgVariables;
use crate::domain::problem::{Kind, Problem};
use crate::domain::text::harmless;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, SslNegotiation};

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

/// Reads `postgresql://user:password@host:port/database?parameters`; what it does not say, the variables may.
pub(super) fn parse(url: &str, variables: &PgVariables) -> Result<Address, Problem> {
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
    let mut parameters = Parameters::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "sslmode" => parameters.sslmode = Some(decode(value)?),
            "sslrootcert" => parameters.sslrootcert = Some(decode(value)?),
            "require_auth" => parameters.require_auth = Some(decode(value)?),
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
    let mut config: Config = rebuilt
        .parse()
        .map_err(|error| fault(&parse_fault(&error)))?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(fault("It names no host."));
    }
    // `postgres://:password@host` gives a user without any letter.
    if config.get_user().is_none_or(str::is_empty) {
        return Err(fault("It names no user."));
    }
    let (hosts, addresses) = (config.get_hosts().len(), config.get_hostaddrs().len());
    if hosts > 0 && addresses > 0 && hosts != addresses {
        return Err(fault(
            "It names another number of hosts than of addresses (hostaddr).",
        ));
    }
    let ports = config.get_ports().len();
    if ports > 1 && ports != hosts.max(addresses) {
        return Err(fault("It names another number of ports than of hosts."));
    }
    parameters.is_direct = config.get_ssl_negotiation() == SslNegotiation::Direct;
    let requirements = Requirements::new(parameters, variables, config.get_password().is_some())?;
    // TLS is made by `handshake`, as each host's policy wants it: the driver is told that it begins at once.
    config
        .ssl_mode(SslMode::Require)
        .ssl_negotiation(SslNegotiation::Direct);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(connect_timeout(variables)?);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNACKNOWLEDGED);
    }
    config
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_INTERVAL)
        .keepalives_retries(KEEPALIVE_RETRIES);
    Ok(Address {
        config,
        requirements,
    })
}

/// `PGCONNECT_TIMEOUT` in seconds; zero and less mean the usual limit, as in a URL.
fn connect_timeout(variables: &PgVariables) -> Result<Duration, Problem> {
    let Some(text) = &variables.connect_timeout else {
        return Ok(CONNECT_TIMEOUT);
    };
    let seconds: i64 = text
        .trim()
        .parse()
        .map_err(|_| fault("PGCONNECT_TIMEOUT is not a number of seconds."))?;
    Ok(match u64::try_from(seconds) {
        Ok(seconds @ 1..) => Duration::from_secs(seconds),
        _ => CONNECT_TIMEOUT,
    })
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
    use super::super::address::Endpoint;
    use super::*;

    fn parse(url: &str) -> Result<Address, Problem> {
        super::parse(url, &PgVariables::default())
    }

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
    }

    #[test]
    fn an_ipv6_host_and_a_missing_database_are_fine() {
        let address = parse("postgres://me@[::1]:5433").unwrap();
        assert_eq!(address.host(), "[::1]:5433");
        assert_eq!(address.database(), "me");
    }

    #[test]
    fn the_number_of_hosts_addresses_and_ports_must_fit() {
        for url in [
            "postgres://u:hush@a,b/d?hostaddr=127.0.0.1",
            "postgres://u:hush@a/d?hostaddr=127.0.0.1,127.0.0.2",
            "postgres://u:hush@a:1,b:2/d?host=c",
        ] {
            let Err(problem) = parse(url) else {
                panic!("{url} was accepted");
            };
            assert!(!format!("{problem:?}").contains("hush"));
        }
        let address = parse("postgres://u@a:1,b:2/d?hostaddr=192.0.2.1,::1").unwrap();
        let shown: Vec<String> = address.endpoints().iter().map(Endpoint::shown).collect();
        assert_eq!(shown, ["a:1", "b:2"]);
        let address = parse("postgres://u@/d?hostaddr=192.0.2.1,::1&port=7").unwrap();
        let shown: Vec<String> = address.endpoints().iter().map(Endpoint::shown).collect();
        assert_eq!(shown, ["192.0.2.1:7", "[::1]:7"]);
    }

    #[test]
    fn the_limit_of_the_url_goes_before_that_of_the_variable() {
        let limit = |url: &str, text: &str| {
            let variables = PgVariables {
                connect_timeout: Some(text.to_owned()),
                ..PgVariables::default()
            };
            super::parse(url, &variables)
                .map(|address| *address.config.get_connect_timeout().unwrap())
        };
        for (url, text, seconds) in [
            ("postgres://u@h/d", "3", 3),
            ("postgres://u@h/d?connect_timeout=4", "3", 4),
            ("postgres://u@h/d", "0", 10),
            ("postgres://u@h/d", "-1", 10),
        ] {
            assert_eq!(
                limit(url, text).unwrap(),
                Duration::from_secs(seconds),
                "{url} {text}"
            );
        }
        let problem = limit("postgres://u:hush@h/d", "soon").unwrap_err();
        assert_eq!(problem.kind, Kind::Config);
        assert!(problem.why.contains("PGCONNECT_TIMEOUT"), "{problem}");
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
