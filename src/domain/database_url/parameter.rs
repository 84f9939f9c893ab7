//! The parameters of a database URL: which are used, which are other tools' and ignored, and which values they take.

use super::Fault;

/// A parameter that is used. The login, the hosts and the database have parts of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// `sslmode`.
    SslMode,
    /// `sslrootcert`.
    SslRootCert,
    /// `require_auth`: how the server may ask for the password.
    RequireAuth,
    /// `sslnegotiation`.
    SslNegotiation,
    /// `channel_binding`.
    ChannelBinding,
    /// `connect_timeout`, in seconds.
    ConnectTimeout,
    /// `tcp_user_timeout`, in milliseconds.
    TcpUserTimeout,
    /// `keepalives`.
    Keepalives,
    /// `keepalives_idle`, in seconds.
    KeepalivesIdle,
    /// `keepalives_interval`, in seconds.
    KeepalivesInterval,
    /// `keepalives_retries`, or libpq's `keepalives_count`.
    KeepalivesRetries,
    /// `target_session_attrs`.
    TargetSessionAttrs,
    /// `load_balance_hosts`.
    LoadBalanceHosts,
    /// `options`: settings of the session.
    Options,
    /// `application_name`.
    ApplicationName,
}

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
    "client_encoding",
];

/// Parameters of libpq whose absence would be noticed: a certificate or a file that is not used, a check that is not made.
const UNSUPPORTED: &[&str] = &[
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslcrl",
    "sslcrldir",
    "sslcertmode",
    "sslsni",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "min_protocol_version",
    "max_protocol_version",
    "requirepeer",
    "passfile",
    "service",
    "servicefile",
    "gsslib",
    "gssdelegation",
    "replication",
    "scram_client_key",
    "scram_server_key",
];

/// What the name of a parameter stands for.
pub(super) enum Meaning {
    User,
    Password,
    Database,
    Host,
    HostAddress,
    Port,
    /// `ssl=true`, which JDBC and libpq read as `sslmode=require`.
    Ssl,
    Used(Parameter),
    Ignored,
}

impl Parameter {
    const ALL: [Self; 15] = [
        Self::SslMode,
        Self::SslRootCert,
        Self::RequireAuth,
        Self::SslNegotiation,
        Self::ChannelBinding,
        Self::ConnectTimeout,
        Self::TcpUserTimeout,
        Self::Keepalives,
        Self::KeepalivesIdle,
        Self::KeepalivesInterval,
        Self::KeepalivesRetries,
        Self::TargetSessionAttrs,
        Self::LoadBalanceHosts,
        Self::Options,
        Self::ApplicationName,
    ];

    /// Its name in a URL.
    pub fn word(self) -> &'static str {
        match self {
            Self::SslMode => "sslmode",
            Self::SslRootCert => "sslrootcert",
            Self::RequireAuth => "require_auth",
            Self::SslNegotiation => "sslnegotiation",
            Self::ChannelBinding => "channel_binding",
            Self::ConnectTimeout => "connect_timeout",
            Self::TcpUserTimeout => "tcp_user_timeout",
            Self::Keepalives => "keepalives",
            Self::KeepalivesIdle => "keepalives_idle",
            Self::KeepalivesInterval => "keepalives_interval",
            Self::KeepalivesRetries => "keepalives_retries",
            Self::TargetSessionAttrs => "target_session_attrs",
            Self::LoadBalanceHosts => "load_balance_hosts",
            Self::Options => "options",
            Self::ApplicationName => "application_name",
        }
    }

    /// What it may be set to, for messages.
    pub(super) fn takes(self) -> &'static str {
        match self {
            Self::SslMode => "disable, allow, prefer, require, verify-ca or verify-full",
            Self::RequireAuth => "a list of password, md5, scram-sha-256 and none",
            Self::SslNegotiation => "postgres or direct",
            Self::ChannelBinding => "disable, prefer or require",
            Self::TargetSessionAttrs => "any, read-write or read-only",
            Self::LoadBalanceHosts => "disable or random",
            Self::Keepalives => "0 or 1",
            Self::SslRootCert | Self::Options | Self::ApplicationName => "a text",
            _ => "a whole number",
        }
    }

    pub(super) fn accepts(self, value: &str) -> bool {
        match self {
            Self::SslMode => matches!(
                value,
                "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full"
            ),
            Self::SslNegotiation => matches!(value, "postgres" | "direct"),
            Self::ChannelBinding => matches!(value, "disable" | "prefer" | "require"),
            Self::TargetSessionAttrs => matches!(value, "any" | "read-write" | "read-only"),
            Self::LoadBalanceHosts => matches!(value, "disable" | "random"),
            // Which words there are, the requirements know.
            Self::SslRootCert | Self::RequireAuth => !value.is_empty(),
            Self::Options | Self::ApplicationName => true,
            _ => value.parse::<i32>().is_ok(),
        }
    }
}

pub(super) fn meaning(name: &str) -> Result<Meaning, Fault> {
    let unsupported = UNSUPPORTED.iter().find(|known| **known == name);
    if let Some(name) = unsupported {
        return Err(Fault::Unsupported(name));
    }
    Ok(match name {
        "user" => Meaning::User,
        "password" => Meaning::Password,
        "dbname" => Meaning::Database,
        "host" => Meaning::Host,
        "hostaddr" => Meaning::HostAddress,
        "port" => Meaning::Port,
        "ssl" => Meaning::Ssl,
        "keepalives_count" => Meaning::Used(Parameter::KeepalivesRetries),
        name if FOREIGN.contains(&name) => Meaning::Ignored,
        name => {
            let used = Parameter::ALL
                .into_iter()
                .find(|known| known.word() == name);
            Meaning::Used(used.ok_or(Fault::UnknownParameter)?)
        }
    })
}
