//! Where a database is and how to get in: its hosts, and what the driver is told for each of them.

use super::trust::{Requirements, is_hosted};
use crate::domain::production::{Mark, ref_of_host, ref_of_login, ref_of_options};
use crate::domain::text::harmless;
use std::net::IpAddr;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};

/// Where a database is and how to get in.
#[derive(Clone)]
pub(super) struct ConnectionConfig {
    pub(super) config: Config,
    pub(super) requirements: Requirements,
}

/// One host of an address.
pub(super) struct Endpoint {
    pub(super) host: Option<Host>,
    /// `hostaddr`: where to connect to instead of asking for the name.
    pub(super) address: Option<IpAddr>,
    pub(super) port: u16,
}

impl Endpoint {
    /// Whether it is a socket of this machine.
    pub(super) fn is_socket(&self) -> bool {
        match &self.host {
            #[cfg(unix)]
            Some(Host::Unix(_)) => true,
            _ => false,
        }
    }

    /// Whether it is one of Supabase's.
    pub(super) fn is_hosted(&self) -> bool {
        is_hosted(self.host.as_ref())
    }

    /// Host and port as they are shown.
    pub(super) fn shown(&self) -> String {
        let port = self.port;
        match (&self.host, self.address) {
            (Some(Host::Tcp(host)), _) if host.contains(':') => format!("[{host}]:{port}"),
            (Some(Host::Tcp(host)), _) => format!("{host}:{port}"),
            #[cfg(unix)]
            (Some(Host::Unix(folder)), _) => format!("{}:{port}", folder.display()),
            (None, Some(IpAddr::V6(ip))) => format!("[{ip}]:{port}"),
            (None, Some(ip)) => format!("{ip}:{port}"),
            (None, None) => format!("?:{port}"),
        }
    }
}

impl ConnectionConfig {
    /// Host and port of the first host as they are shown.
    pub(super) fn host(&self) -> String {
        let first = self.endpoints().into_iter().next();
        first.map_or_else(|| "?".to_owned(), |endpoint| endpoint.shown())
    }

    /// Whether the URL's own options set something for the session.
    pub(super) fn sets(&self, setting: &str) -> bool {
        let options = self.config.get_options().unwrap_or_default();
        options
            .to_ascii_lowercase()
            .contains(&format!("{setting}="))
    }

    /// What its database is recognised by: the refs of hosted projects that it names, and what the server told.
    pub(super) fn mark(&self, id: Option<String>) -> Mark {
        let hosts = self.config.get_hosts().iter();
        let mut refs: Vec<String> = hosts
            .filter_map(|host| match host {
                Host::Tcp(host) => ref_of_host(host),
                #[cfg(unix)]
                Host::Unix(_) => None,
            })
            .collect();
        refs.extend(ref_of_login(self.user()));
        refs.extend(self.config.get_options().and_then(ref_of_options));
        Mark { refs, id }
    }

    /// Every host with its address and port, in order.
    pub(super) fn endpoints(&self) -> Vec<Endpoint> {
        let (hosts, addresses) = (self.config.get_hosts(), self.config.get_hostaddrs());
        let ports = self.config.get_ports();
        (0..hosts.len().max(addresses.len()))
            .map(|at| Endpoint {
                host: hosts.get(at).cloned(),
                address: addresses.get(at).copied(),
                port: *ports.get(at).or(ports.first()).unwrap_or(&5432),
            })
            .collect()
    }

    /// The driver's configuration for one host. Nothing of another host is in it.
    pub(super) fn config_of(&self, endpoint: &Endpoint) -> Config {
        let all = &self.config;
        let mut config = Config::new();
        match &endpoint.host {
            Some(Host::Tcp(name)) => {
                config.host(name);
            }
            #[cfg(unix)]
            Some(Host::Unix(folder)) => {
                config
                    .host_path(folder)
                    .ssl_mode(SslMode::Disable)
                    .ssl_negotiation(SslNegotiation::Postgres);
            }
            None => {}
        }
        if !endpoint.is_socket() {
            config
                .ssl_mode(all.get_ssl_mode())
                .ssl_negotiation(all.get_ssl_negotiation());
            if let Some(ip) = endpoint.address {
                config.hostaddr(ip);
                if endpoint.host.is_none() {
                    // TLS wants a name: the address is one.
                    config.host(ip.to_string());
                }
            }
        }
        config
            .port(endpoint.port)
            .target_session_attrs(all.get_target_session_attrs())
            .channel_binding(all.get_channel_binding())
            .keepalives(all.get_keepalives())
            .keepalives_idle(all.get_keepalives_idle());
        if let Some(user) = all.get_user() {
            config.user(user);
        }
        if let Some(password) = all.get_password() {
            config.password(password);
        }
        if let Some(name) = all.get_dbname() {
            config.dbname(name);
        }
        if let Some(options) = all.get_options() {
            config.options(options);
        }
        if let Some(name) = all.get_application_name() {
            config.application_name(name);
        }
        if let Some(limit) = all.get_connect_timeout() {
            config.connect_timeout(*limit);
        }
        if let Some(limit) = all.get_tcp_user_timeout() {
            config.tcp_user_timeout(*limit);
        }
        if let Some(interval) = all.get_keepalives_interval() {
            config.keepalives_interval(interval);
        }
        if let Some(retries) = all.get_keepalives_retries() {
            config.keepalives_retries(retries);
        }
        config
    }

    /// The name the connection is opened under.
    pub(super) fn user(&self) -> &str {
        self.config.get_user().unwrap_or("?")
    }

    /// The database, which is the user's name when the URL has none.
    pub(super) fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_else(|| self.user())
    }

    /// What is not checked on the way to each host, as sentences.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = Vec::new();
        for endpoint in self.endpoints() {
            let shown = harmless(&endpoint.shown()).into_owned();
            let (host, address) = (endpoint.host.as_ref(), endpoint.address);
            for note in self.requirements.notes(&shown, host, address) {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        notes
    }
}
