//! A database URL for `tokio_postgres`: its parts become the driver's configuration, the TLS words become whom to trust.

use super::address::ConnectionConfig;
use super::trust::{Parameters, Requirements};
use super::variables::PgVariables;
use crate::domain::database_url::{self, DatabaseUrl, Parameter};
use crate::domain::problem::{Kind, Problem};
use crate::domain::source::Source;
use secrecy::ExposeSecret as _;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{
    ChannelBinding, LoadBalanceHosts, SslMode, SslNegotiation, TargetSessionAttrs,
};

/// How long one address may take to answer a connection attempt, unless the URL says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A dead line is noticed after about a minute: idle time, then interval times retries.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_RETRIES: u32 = 3;
/// Keepalives are not sent while something that was sent awaits its receipt, so that has a limit of its own.
const UNACKNOWLEDGED: Duration = Duration::from_mins(1);

/// Reads a database URL from somewhere; what it does not say, the variables may.
pub(super) fn parse(
    text: &str,
    source: &Source,
    variables: &PgVariables,
) -> Result<ConnectionConfig, Problem> {
    address(&DatabaseUrl::read(text, source)?, variables)
}

/// The driver's configuration of a URL.
fn address(url: &DatabaseUrl, variables: &PgVariables) -> Result<ConnectionConfig, Problem> {
    let word = |parameter| url.parameter(parameter).map(str::to_owned);
    let parameters = Parameters {
        sslmode: word(Parameter::SslMode),
        sslrootcert: word(Parameter::SslRootCert),
        require_auth: word(Parameter::RequireAuth),
        is_direct: url.parameter(Parameter::SslNegotiation) == Some("direct"),
    };
    let requirements = Requirements::new(parameters, variables, url.password().is_some())?;
    let mut config = Config::new();
    config
        .user(url.user())
        // TLS is made by `handshake`, as each host's policy wants it: the driver is told that it begins at once.
        .ssl_mode(SslMode::Require)
        .ssl_negotiation(SslNegotiation::Direct)
        .connect_timeout(connect_timeout(variables)?)
        .tcp_user_timeout(UNACKNOWLEDGED)
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_INTERVAL)
        .keepalives_retries(KEEPALIVE_RETRIES);
    if let Some(password) = url.password() {
        config.password(password.expose_secret());
    }
    if let Some(database) = url.database() {
        config.dbname(database);
    }
    for server in url.servers() {
        match &server.host {
            database_url::Host::Name(name) | database_url::Host::Socket(name) => config.host(name),
        };
        config.port(server.port);
    }
    for ip in url.addresses() {
        config.hostaddr(*ip);
    }
    for (parameter, value) in url.parameters() {
        set(&mut config, *parameter, value);
    }
    Ok(ConnectionConfig {
        config,
        requirements,
    })
}

/// `PGCONNECT_TIMEOUT` in seconds; zero and less mean the usual limit, as in a URL.
fn connect_timeout(variables: &PgVariables) -> Result<Duration, Problem> {
    let Some(text) = &variables.connect_timeout else {
        return Ok(CONNECT_TIMEOUT);
    };
    let seconds: i64 = text.trim().parse().map_err(|_| {
        Problem::new(
            Kind::Config,
            "PGCONNECT_TIMEOUT cannot be used.",
            "It is not a number of seconds.",
        )
    })?;
    Ok(match u64::try_from(seconds) {
        Ok(seconds @ 1..) => Duration::from_secs(seconds),
        _ => CONNECT_TIMEOUT,
    })
}

/// Sets one parameter; its value was checked when the URL was read.
fn set(config: &mut tokio_postgres::Config, parameter: Parameter, value: &str) {
    let number = value.parse::<i32>().unwrap_or_default();
    let positive = u64::try_from(number).ok().filter(|number| *number > 0);
    let seconds = positive.map(Duration::from_secs);
    match parameter {
        // The requirements decide these.
        Parameter::SslMode
        | Parameter::SslRootCert
        | Parameter::SslNegotiation
        | Parameter::RequireAuth => {}
        Parameter::ChannelBinding => {
            config.channel_binding(match value {
                "disable" => ChannelBinding::Disable,
                "require" => ChannelBinding::Require,
                _ => ChannelBinding::Prefer,
            });
        }
        Parameter::ConnectTimeout => {
            if let Some(timeout) = seconds {
                config.connect_timeout(timeout);
            }
        }
        Parameter::TcpUserTimeout => {
            if let Some(timeout) = positive {
                config.tcp_user_timeout(Duration::from_millis(timeout));
            }
        }
        Parameter::Keepalives => {
            config.keepalives(number != 0);
        }
        Parameter::KeepalivesIdle => {
            if let Some(idle) = seconds {
                config.keepalives_idle(idle);
            }
        }
        Parameter::KeepalivesInterval => {
            if let Some(interval) = seconds {
                config.keepalives_interval(interval);
            }
        }
        Parameter::KeepalivesRetries => {
            if let Some(retries) = u32::try_from(number).ok().filter(|number| *number > 0) {
                config.keepalives_retries(retries);
            }
        }
        Parameter::TargetSessionAttrs => {
            config.target_session_attrs(match value {
                "read-write" => TargetSessionAttrs::ReadWrite,
                "read-only" => TargetSessionAttrs::ReadOnly,
                _ => TargetSessionAttrs::Any,
            });
        }
        Parameter::LoadBalanceHosts => {
            config.load_balance_hosts(match value {
                "random" => LoadBalanceHosts::Random,
                _ => LoadBalanceHosts::Disable,
            });
        }
        Parameter::Options => {
            config.options(value);
        }
        Parameter::ApplicationName => {
            config.application_name(value);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::address::Endpoint;
    use super::*;

    fn parse(url: &str) -> Result<ConnectionConfig, Problem> {
        let source = Source::variable("SUPABASE_DB_URL");
        super::parse(url, &source, &PgVariables::default())
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
            super::parse(url, &Source::Code, &variables)
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
        assert!(
            problem.to_string().contains("PGCONNECT_TIMEOUT"),
            "{problem}"
        );
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
            let told = format!("{problem:?}");
            assert!(!told.contains("hush"), "{url}: {told}");
        }
    }
}
