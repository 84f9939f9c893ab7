//! Decides how a server is checked and how it may ask for the password, for each host of a database URL. Nothing is read
//! or sent here. The rules are those of libpq, and stricter where nothing is checked: see docs/security.md.

use super::variables::PgVariables;
use crate::domain::problem::{Kind, Problem};
use crate::domain::text::harmless;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use tokio_postgres::config::Host;

/// How much of the server's certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verify {
    /// No TLS at all.
    Disabled,
    /// TLS when the server has it, without a check.
    IfOffered,
    /// TLS without a check.
    Nothing,
    /// Signed by a trusted root.
    Chain,
    /// Signed by a trusted root, and for this host.
    ChainAndName,
}

/// The ways to sign in that a server may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Methods {
    pub(super) password: bool,
    pub(super) md5: bool,
    pub(super) scram: bool,
    /// It asks for nothing.
    pub(super) none: bool,
    /// Whether SCRAM with few rounds, which makes the proof cheap to guess from, is refused.
    pub(super) strong_scram: bool,
}

impl Methods {
    pub(super) const ANY: Self = Self {
        password: true,
        md5: true,
        scram: true,
        none: true,
        strong_scram: false,
    };
    const SCRAM: Self = Self {
        password: false,
        md5: false,
        scram: true,
        none: false,
        strong_scram: true,
    };

    /// libpq's `require_auth`: names between commas, or names with `!` in front of each.
    fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(',').map(str::trim).collect();
        let is_negated = words.iter().all(|word| word.starts_with('!'));
        let mut methods = Self {
            password: is_negated,
            md5: is_negated,
            scram: is_negated,
            none: is_negated,
            strong_scram: false,
        };
        for word in words {
            let name = if is_negated { &word[1..] } else { word };
            match name {
                "password" => methods.password = !is_negated,
                "md5" => methods.md5 = !is_negated,
                "scram-sha-256" => methods.scram = !is_negated,
                "none" => methods.none = !is_negated,
                // Known to libpq, and never spoken here.
                "gss" | "sspi" | "oauth" => {}
                _ => return None,
            }
        }
        Some(methods)
    }
}

/// Which roots are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Roots {
    /// Those of a file.
    pub(super) file: Option<PathBuf>,
    /// Supabase's own.
    pub(super) supabase: bool,
    /// Those of the operating system.
    pub(super) system: bool,
}

/// How one host is treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) verify: Verify,
    pub(super) roots: Roots,
    pub(super) methods: Methods,
    /// TLS begins without a question (`sslnegotiation=direct`).
    pub(super) is_direct: bool,
}

/// Where a word came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Url,
    Variable,
}

/// What the URL and the variables ask for.
#[derive(Debug, Clone, Default)]
pub(super) struct Requirements {
    mode: Option<Verify>,
    /// The word of `sslmode` as it was given.
    word: Option<String>,
    roots: Option<(PathBuf, Origin)>,
    /// `~/.postgresql/root.crt`, where it is.
    default_root: Option<PathBuf>,
    require_auth: Option<Methods>,
    has_password: bool,
    is_direct: bool,
}

/// The TLS and sign-in parameters of a URL.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters {
    pub(super) sslmode: Option<String>,
    pub(super) sslrootcert: Option<String>,
    pub(super) require_auth: Option<String>,
    /// `sslnegotiation=direct`.
    pub(super) is_direct: bool,
}

impl Requirements {
    /// Takes the parameters of a URL, and for what it does not say the variables.
    pub(super) fn new(
        parameters: Parameters,
        variables: &PgVariables,
        has_password: bool,
    ) -> Result<Self, Problem> {
        let pick = |parameter: Option<String>, variable: &Option<String>, name| match parameter {
            Some(value) => Some((value, Origin::Url, "It")),
            None => variable
                .clone()
                .map(|value| (value, Origin::Variable, name)),
        };
        let mut new = Self {
            default_root: variables.root_file.clone(),
            has_password,
            is_direct: parameters.is_direct,
            ..Self::default()
        };
        if let Some((word, _, origin)) = pick(parameters.sslmode, &variables.sslmode, "PGSSLMODE") {
            new.mode = Some(match word.as_str() {
                "disable" => Verify::Disabled,
                "allow" | "prefer" => Verify::IfOffered,
                "require" => Verify::Nothing,
                "verify-ca" => Verify::Chain,
                "verify-full" => Verify::ChainAndName,
                // What stands there may be anything, so it is not repeated.
                _ => {
                    return Err(unusable(&format!(
                        "{origin} has an sslmode that is not disable, allow, prefer, require, verify-ca or verify-full."
                    )));
                }
            });
            new.word = Some(word);
        }
        if let Some((path, origin, _)) = pick(
            parameters.sslrootcert,
            &variables.sslrootcert,
            "PGSSLROOTCERT",
        ) {
            new.roots = Some((PathBuf::from(path), origin));
        }
        if new.wants_system_roots() {
            // As libpq 16 does: whoever trusts every public root must also check the name.
            if new.mode.is_some_and(|mode| mode < Verify::ChainAndName) {
                return Err(unusable(&format!(
                    "sslrootcert=system goes with sslmode=verify-full only, not with {}.",
                    new.word.as_deref().map(harmless).unwrap_or_default()
                )));
            }
            new.mode = Some(Verify::ChainAndName);
        }
        // A server without TLS would take such a beginning for something else; libpq refuses it too.
        if new.is_direct && new.mode.is_none_or(|mode| mode < Verify::Nothing) {
            return Err(unusable(
                "sslnegotiation=direct goes with sslmode=require or a stronger one only.",
            ));
        }
        if let Some((words, _, origin)) = pick(
            parameters.require_auth,
            &variables.require_auth,
            "PGREQUIREAUTH",
        ) {
            let methods = Methods::parse(&words).ok_or_else(|| {
                unusable(&format!(
                    "{origin} has a require_auth that is not a list of password, md5, scram-sha-256 and none, or of these with `!` in front of each."
                ))
            })?;
            new.require_auth = Some(methods);
        }
        Ok(new)
    }

    fn wants_system_roots(&self) -> bool {
        self.roots
            .as_ref()
            .is_some_and(|(path, _)| path == Path::new("system"))
    }

    /// How a host is treated.
    pub(super) fn policy(&self, host: Option<&Host>, address: Option<IpAddr>) -> Policy {
        let is_hosted = is_hosted(host);
        let verify = if is_hosted {
            Verify::ChainAndName
        } else {
            match self.mode {
                // As libpq does, a root file makes `require` check like `verify-ca`.
                Some(Verify::Nothing) if self.has_root_file() => Verify::Chain,
                Some(mode) => mode,
                None => Verify::IfOffered,
            }
        };
        let methods = match self.require_auth {
            Some(methods) => methods,
            None if verify >= Verify::Chain || is_here(host, address) => Methods::ANY,
            // Without a password there is nothing to prove, nor to lose by it.
            None => Methods {
                none: !self.has_password,
                ..Methods::SCRAM
            },
        };
        Policy {
            verify,
            roots: self.roots_for(is_hosted),
            methods,
            is_direct: self.is_direct,
        }
    }

    fn has_root_file(&self) -> bool {
        self.roots.is_some() || self.default_root.is_some()
    }

    /// The named file alone, else libpq's own place, else the system's. A hosted project's are built in, and only a file
    /// that its URL names takes their place: variables and the file at home are for all databases.
    fn roots_for(&self, is_hosted: bool) -> Roots {
        if self.wants_system_roots() {
            return Roots {
                system: true,
                supabase: is_hosted,
                file: None,
            };
        }
        match &self.roots {
            Some((path, Origin::Url)) => Roots {
                file: Some(path.clone()),
                ..Roots::default()
            },
            other => {
                let named = other.as_ref().map(|(path, _)| path);
                let file = named.or(self.default_root.as_ref()).cloned();
                Roots {
                    system: is_hosted || file.is_none(),
                    supabase: is_hosted,
                    file,
                }
            }
        }
    }

    /// What is not checked about a host, as sentences.
    pub(super) fn notes(
        &self,
        shown: &str,
        host: Option<&Host>,
        address: Option<IpAddr>,
    ) -> Vec<String> {
        let mut notes = Vec::new();
        if is_here(host, address) {
            return notes;
        }
        let policy = self.policy(host, address);
        if is_hosted(host)
            && let Some(word) = self
                .word
                .as_deref()
                .filter(|_| self.mode < Some(policy.verify))
        {
            notes.push(format!(
                "sslmode={word} is not used for {shown}: the certificate of a hosted project is always checked in full."
            ));
        }
        let unchecked = match policy.verify {
            Verify::Disabled => Some(
                "is not encrypted, and nobody checks who answers: rows and SQL can be read and changed on the way",
            ),
            Verify::IfOffered => Some(
                "may be unencrypted, and the server's certificate is not checked: somebody in between could read and change rows and SQL",
            ),
            Verify::Nothing => Some(
                "is encrypted, but the server's certificate is not checked: somebody in between could read and change rows and SQL",
            ),
            Verify::Chain => Some(
                "is encrypted, and the certificate is of a trusted root, but its name is not checked: another server of that root could answer",
            ),
            Verify::ChainAndName => None,
        };
        if let Some(unchecked) = unchecked {
            let rest = if policy.verify == Verify::Chain {
                ""
            } else if policy.methods.password || policy.methods.md5 {
                " The URL allows the password itself to be asked for (require_auth)."
            } else if policy.methods.none {
                ""
            } else {
                " The password itself is not sent: only SCRAM is answered."
            };
            notes.push(format!(
                "The connection to {shown} {unchecked}.{rest} `sslmode=verify-full` in the database URL checks everything."
            ));
        }
        notes
    }
}

/// Whether a host is this machine: by its name and by the address that is given for it.
fn is_here(host: Option<&Host>, address: Option<IpAddr>) -> bool {
    let by_name = match host {
        Some(Host::Tcp(name)) => {
            name.eq_ignore_ascii_case("localhost")
                || name
                    .parse()
                    .is_ok_and(|ip: IpAddr| ip.to_canonical().is_loopback())
        }
        #[cfg(unix)]
        Some(Host::Unix(_)) => true,
        None => address.is_some(),
    };
    by_name && address.is_none_or(|ip| ip.to_canonical().is_loopback())
}

/// Whether a host is one of Supabase's.
pub(super) fn is_hosted(host: Option<&Host>) -> bool {
    let Some(Host::Tcp(name)) = host else {
        return false;
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    [".supabase.co", ".supabase.com", ".supabase.in"]
        .iter()
        .any(|end| name.ends_with(end))
}

fn unusable(why: &str) -> Problem {
    Problem::new(Kind::Config, "The database URL cannot be used.", why)
        .with_hint("`sslmode=verify-full` is the one that checks everything.")
}

#[cfg(test)]
mod tests;
