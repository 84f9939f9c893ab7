//! A database URL for `tokio_postgres`: its parts become the driver's configuration, the TLS words become whom to trust.

use super::tls::{Trust, Verify};
use crate::domain::database_url::{self, DatabaseUrl, Parameter};
use crate::domain::problem::Problem;
use crate::domain::source::Source;
use crate::domain::text::harmless;
use secrecy::ExposeSecret as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::config::{
    ChannelBinding, Host, LoadBalanceHosts, SslMode, SslNegotiation, TargetSessionAttrs,
};

/// How long one address may take to answer a connection attempt, unless the URL says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A dead line is noticed after about a minute: idle time, then interval times retries.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_RETRIES: u32 = 3;
/// Keepalives are not sent while something that was sent awaits its receipt, so that has a limit of its own.
const UNACKNOWLEDGED: Duration = Duration::from_mins(1);

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

/// Reads a database URL from somewhere.
pub(super) fn parse(text: &str, source: &Source) -> Result<Address, Problem> {
    DatabaseUrl::read(text, source).map(|url| address(&url))
}

/// The driver's configuration of a URL.
fn address(url: &DatabaseUrl) -> Address {
    let trust = trust(url);
    let mut config = tokio_postgres::Config::new();
    config
        .user(url.user())
        .ssl_mode(match trust.verify {
            Verify::Disabled => SslMode::Disable,
            Verify::IfOffered => SslMode::Prefer,
            _ => SslMode::Require,
        })
        .connect_timeout(CONNECT_TIMEOUT)
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
    Address { config, trust }
}

/// Sets one parameter; its value was checked when the URL was read.
fn set(config: &mut tokio_postgres::Config, parameter: Parameter, value: &str) {
    let number = value.parse::<i32>().unwrap_or_default();
    let positive = u64::try_from(number).ok().filter(|number| *number > 0);
    let seconds = positive.map(Duration::from_secs);
    match parameter {
        // Whom to trust decides these.
        Parameter::SslMode | Parameter::SslRootCert => {}
        Parameter::SslNegotiation => {
            config.ssl_negotiation(match value {
                "direct" => SslNegotiation::Direct,
                _ => SslNegotiation::Postgres,
            });
        }
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

/// The words of libpq's `sslmode`; as there, `require` with a root certificate verifies like `verify-ca`.
fn trust(url: &DatabaseUrl) -> Trust {
    let roots = url.parameter(Parameter::SslRootCert).map(PathBuf::from);
    let verify = match url.parameter(Parameter::SslMode) {
        Some("disable") => Verify::Disabled,
        Some("require") if roots.is_some() => Verify::Chain,
        Some("require") => Verify::Nothing,
        Some("verify-ca") => Verify::Chain,
        Some("verify-full") => Verify::ChainAndName,
        _ => Verify::IfOffered,
    };
    Trust { verify, roots }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::problem::Kind;

    fn parse(url: &str) -> Result<Address, Problem> {
        super::parse(url, &Source::variable("SUPABASE_DB_URL"))
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
            let told = format!("{problem:?}");
            assert!(!told.contains("hush"), "{url}: {told}");
        }
    }
}
