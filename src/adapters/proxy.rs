//! Which requests go through a proxy: https to other machines only, by CONNECT, so that a proxy sees a host's name and no
//! key. The environment's proxy variables are read here and nowhere else.

use crate::domain::problem::{Kind, Problem};
use reqwest::Url;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The variables that name a proxy for https, first come first served; as in curl, an empty one means none.
const PROXY: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
/// The variables that name the hosts without a proxy.
const NO_PROXY: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// Where a request goes.
#[derive(Clone)]
pub enum Route {
    /// To the host itself.
    Direct,
    /// Through a tunnel that this proxy is asked for.
    Tunnel(Url),
    /// Nowhere: what the variable names is no proxy that can be used.
    Refused(Box<Problem>),
}

/// The proxy for https and the hosts that do without. `Debug` shows no address: it may hold a password.
#[derive(Clone, Default)]
pub struct Proxies {
    named: Option<Named>,
    without: Vec<Exception>,
}

#[derive(Clone)]
struct Named {
    variable: &'static str,
    proxy: Result<Url, &'static str>,
}

/// Hosts that do without a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Exception {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    All,
    /// An address, and how many of its bits count.
    Network(IpAddr, u32),
    /// A name and everything below it.
    Domain(String),
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variable = self.named.as_ref().map(|named| named.variable);
        write!(f, "Proxies({variable:?})")
    }
}

impl Proxies {
    /// Those of the environment.
    pub fn from_environment() -> Self {
        Self::read(|name| Some(std::env::var_os(name)?.to_string_lossy().into_owned()))
    }

    /// Those of any source of variables.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let named = PROXY
            .iter()
            .find_map(|name| Some((*name, lookup(name)?)))
            .filter(|(_, value)| !value.trim().is_empty())
            .map(|(variable, value)| Named {
                variable,
                proxy: proxy(value.trim()),
            });
        let without = NO_PROXY.iter().find_map(|name| lookup(name));
        Self {
            named,
            without: without.as_deref().map(exceptions).unwrap_or_default(),
        }
    }

    /// Where a request to a URL goes.
    pub fn route(&self, url: &Url) -> Route {
        let Some(named) = &self.named else {
            return Route::Direct;
        };
        if url.scheme() != "https" || is_this_machine(url) || self.does_without(url) {
            return Route::Direct;
        }
        match &named.proxy {
            Ok(proxy) => Route::Tunnel(proxy.clone()),
            Err(why) => Route::Refused(Box::new(
                Problem::new(
                    Kind::Config,
                    format!("The proxy that {} names cannot be used.", named.variable),
                    *why,
                )
                .with_hint(format!(
                    "It looks like http://proxy.example.org:3128. Set {} to that, or to nothing, or name the host in NO_PROXY.",
                    named.variable
                )),
            )),
        }
    }

    /// The variable that names the proxy, for messages.
    pub fn variable(&self) -> Option<&'static str> {
        self.named.as_ref().map(|named| named.variable)
    }

    fn does_without(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else {
            return false;
        };
        let host = host.trim_matches(['[', ']']).trim_end_matches('.');
        let port = url.port_or_known_default();
        self.without.iter().any(|exception| {
            exception.port.is_none_or(|wanted| Some(wanted) == port) && exception.hosts.hold(host)
        })
    }
}

impl Hosts {
    fn hold(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Network(network, bits) => host
                .parse()
                .is_ok_and(|ip: IpAddr| is_within(ip, *network, *bits)),
            Self::Domain(domain) => {
                let host = host.to_ascii_lowercase();
                host.strip_suffix(domain.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
        }
    }
}

fn is_within(ip: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (ip.to_canonical(), network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            let differ = u32::from(ip) ^ u32::from(network);
            differ.checked_shr(32 - bits.min(32)).unwrap_or(0) == 0
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => {
            let differ = u128::from(ip) ^ u128::from(network);
            differ.checked_shr(128 - bits.min(128)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// The address of a proxy, or what is wrong with it. The text itself is never repeated.
fn proxy(text: &str) -> Result<Url, &'static str> {
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let url = Url::parse(&full).map_err(|_| "Its address is malformed.")?;
    match url.scheme() {
        "http" | "https" => {}
        "socks" | "socks4" | "socks4a" | "socks5" | "socks5h" => {
            return Err("It is a SOCKS proxy, and only CONNECT over http or https is spoken.");
        }
        _ => return Err("Only proxies over http or https are spoken to."),
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("It names no host.");
    }
    Ok(url)
}

fn exceptions(list: &str) -> Vec<Exception> {
    list.split([',', ' ', '\t'])
        .filter(|entry| !entry.is_empty())
        .map(exception)
        .collect()
}

fn exception(entry: &str) -> Exception {
    let of = |hosts| Exception { hosts, port: None };
    if entry == "*" {
        return of(Hosts::All);
    }
    if let Some((network, bits)) = entry.split_once('/')
        && let (Ok(network), Ok(bits)) = (network.parse(), bits.parse())
    {
        return of(Hosts::Network(network, bits));
    }
    let (name, port) = match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    };
    let name = name.trim_matches(['[', ']']);
    let hosts = match name.parse() {
        Ok(ip @ IpAddr::V4(_)) => Hosts::Network(ip, 32),
        Ok(ip @ IpAddr::V6(_)) => Hosts::Network(ip, 128),
        Err(_) => {
            let domain = name.trim_start_matches("*.").trim_matches('.');
            Hosts::Domain(domain.to_ascii_lowercase())
        }
    };
    Exception { hosts, port }
}

/// Whether a URL is one of this machine, by its host's name or address.
fn is_this_machine(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let host = host.trim_matches(['[', ']']).trim_end_matches('.');
    match host.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(ip) => {
            ip.is_loopback()
                || ip == IpAddr::V4(Ipv4Addr::UNSPECIFIED)
                || ip == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
        }
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::read(|name| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    fn route(variables: &[(&str, &str)], url: &str) -> String {
        match proxies(variables).route(&url.parse().unwrap()) {
            Route::Direct => "direct".to_owned(),
            Route::Tunnel(proxy) => proxy.to_string(),
            Route::Refused(problem) => {
                assert_eq!(problem.kind, Kind::Config);
                format!("refused: {problem}")
            }
        }
    }

    const ALL: [(&str, &str); 8] = [
        ("http_proxy", "http://p:1"),
        ("HTTP_PROXY", "http://p:2"),
        ("https_proxy", "http://p:3"),
        ("HTTPS_PROXY", "http://p:4"),
        ("all_proxy", "http://p:5"),
        ("ALL_PROXY", "http://p:6"),
        ("ftp_proxy", "http://p:7"),
        ("REQUEST_METHOD", "GET"),
    ];

    #[test]
    fn plain_http_and_this_machine_have_no_proxy() {
        for url in [
            "http://abcdefghijklmnopqrst.supabase.co/rest/v1",
            "http://192.0.2.1:8000",
            "http://127.0.0.1:54321",
            "https://127.0.0.1:54321",
            "https://127.1",
            "https://localhost:1",
            "https://LOCALHOST.",
            "https://x.localhost",
            "https://[::1]:1",
            "https://[::ffff:127.0.0.1]",
            "https://0.0.0.0:1",
        ] {
            assert_eq!(route(&ALL, url), "direct", "{url}");
        }
    }

    #[test]
    fn https_goes_through_the_first_that_is_named() {
        let url = "https://abcdefghijklmnopqrst.supabase.co/rest/v1";
        assert_eq!(route(&ALL, url), "http://p:3/");
        for (at, found) in [
            (3, "http://p:4/"),
            (4, "http://p:5/"),
            (5, "http://p:6/"),
            (6, "direct"),
        ] {
            assert_eq!(route(&ALL[at..], url), found);
        }
        assert_eq!(route(&ALL[..2], url), "direct");
        assert_eq!(route(&[("https_proxy", "p:3128")], url), "http://p:3128/");
        assert_eq!(route(&[("https_proxy", "https://p")], url), "https://p/");
        // An empty one means none, and hides what stands behind it.
        assert_eq!(
            route(&[("https_proxy", " "), ("ALL_PROXY", "p")], url),
            "direct"
        );
        for host in [
            "https://127.0.0.1.example.org",
            "https://localhost.example.org",
        ] {
            assert_eq!(route(&ALL, host), "http://p:3/", "{host}");
        }
    }

    #[test]
    fn hosts_in_no_proxy_do_without() {
        for (list, url, is_direct) in [
            ("*", "https://a.b", true),
            ("a.b", "https://a.b", true),
            ("A.B", "https://x.a.b", true),
            (".a.b", "https://x.a.b", true),
            (".a.b", "https://a.b", true),
            ("*.a.b", "https://x.a.b", true),
            ("a.b", "https://xa.b", false),
            ("a.b,c.d", "https://c.d", true),
            (" a.b , c.d ", "https://c.d.", true),
            ("a.b:8443", "https://a.b:8443", true),
            ("a.b:8443", "https://a.b", false),
            ("a.b:443", "https://a.b", true),
            ("10.0.0.0/8", "https://10.9.9.9", true),
            ("10.0.0.0/8", "https://11.9.9.9", false),
            ("0.0.0.0/0", "https://11.9.9.9", true),
            ("10.1.2.3", "https://10.1.2.3", true),
            ("10.1.2.3:8443", "https://10.1.2.3:8443", true),
            ("fd00::/8", "https://[fd12::1]", true),
            ("fd00::1", "https://[fd00::1]:8443", true),
            ("[fd00::1]:8443", "https://[fd00::1]:8443", true),
            ("10.0.0.0/99", "https://10.0.0.1", false),
            ("", "https://a.b", false),
        ] {
            let found = route(&[("https_proxy", "p"), ("NO_PROXY", list)], url) == "direct";
            assert_eq!(found, is_direct, "{list} {url}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_and_not_shown() {
        for value in [
            "socks5://u:hush@p:1080",
            "socks5h://u:hush@p:1080",
            "ftp://u:hush@p",
            "http://u:hush@",
            "http://u:hush@p:99999",
            "http://u:hush@p p",
            "://hush",
            "hush\u{200b}://",
        ] {
            for name in PROXY {
                let found = route(&[(name, value)], "https://a.b");
                assert!(found.starts_with("refused"), "{value}: {found}");
                assert!(found.contains(name), "{value}: {found}");
                assert!(!found.contains("hush"), "{value}: {found}");
                assert_eq!(route(&[(name, value)], "http://a.b"), "direct");
                assert_eq!(route(&[(name, value)], "https://127.0.0.1"), "direct");
                let excepted = [(name, value), ("no_proxy", "a.b")];
                assert_eq!(route(&excepted, "https://a.b"), "direct");
            }
        }
        let shown = format!("{:?}", proxies(&[("https_proxy", "http://u:hush@p")]));
        assert!(!shown.contains("hush"), "{shown}");
    }
}
