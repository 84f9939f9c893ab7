//! The one place where a process is started: a child gets a few variables by name and nothing else. The program's own
//! environment may hold the keys, passwords and tokens of its user.

use std::ffi::OsStr;
use std::process::Command;

/// What a child is, which decides what it may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A program that works on this machine: Postgres, PostgREST, the watchdog, `tar`, `id`.
    Local,
    /// npm, which reads the user's settings and goes to the network, perhaps through a proxy.
    Npm,
}

/// Where programs, libraries and temporary files are, and the language of messages.
const LOCAL: &[&str] = &[
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "TMPDIR",
    "TEMP",
    "TMP",
    "LANG",
    "LANGUAGE",
    "TZ",
    "SystemRoot",
    "SystemDrive",
    "windir",
    "ComSpec",
    "PATHEXT",
];

/// What npm reads: its user's files, proxies and certificates, and the token that `.npmrc` names by custom.
const NPM: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "ProgramData",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "NPM_TOKEN",
    "NODE_AUTH_TOKEN",
    "NVM_DIR",
    "VOLTA_HOME",
    "FNM_DIR",
    "ASDF_DIR",
    "ASDF_DATA_DIR",
];

/// A command whose environment holds what such a child may know.
pub(crate) fn command(program: impl AsRef<OsStr>, purpose: Purpose) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(
        std::env::vars_os()
            .filter(|(name, _)| name.to_str().is_some_and(|name| may_know(purpose, name))),
    );
    command
}

fn may_know(purpose: Purpose, name: &str) -> bool {
    let is_in = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let starts = |prefixes: &[&str]| {
        let name = name.to_ascii_uppercase();
        prefixes.iter().any(|prefix| name.starts_with(prefix))
    };
    if is_in(LOCAL) || starts(&["LC_"]) {
        return true;
    }
    purpose == Purpose::Npm && (is_in(NPM) || starts(&["NPM_CONFIG_", "XDG_"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_child_knows_a_secret_of_the_user() {
        for name in [
            "SUPABASE_SECRET_KEY",
            "SUPABASE_ACCESS_TOKEN",
            "SUPABASE_DB_URL",
            "DATABASE_URL",
            "SUPADECK_PASSWORD",
            "PGPASSWORD",
            "AWS_SECRET_ACCESS_KEY",
            "GITHUB_TOKEN",
            "OPENAI_API_KEY",
            "LD_PRELOAD",
            "NODE_OPTIONS",
            "BASH_ENV",
            "ENV",
        ] {
            for purpose in [Purpose::Local, Purpose::Npm] {
                assert!(!may_know(purpose, name), "{purpose:?} {name}");
            }
        }
        for name in ["PATH", "TMPDIR", "LC_ALL", "Path"] {
            assert!(may_know(Purpose::Local, name) && may_know(Purpose::Npm, name));
        }
        for name in ["HTTPS_PROXY", "npm_config_registry", "XDG_CACHE_HOME"] {
            assert!(may_know(Purpose::Npm, name) && !may_know(Purpose::Local, name));
        }
    }
}
