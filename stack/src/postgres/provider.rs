//! Chooses the Postgres binaries: the provider that was asked for, else the first that works.

use super::binaries::{Binaries, OLDEST};
use super::npm;
use crate::{Error, Options, Provider, Step};
use std::path::{Path, PathBuf};

/// The variable that chooses the major version.
const VERSION: &str = "SUPADECK_POSTGRES_VERSION";

/// The major version that is wanted: that of kept data, else the one that was chosen.
pub(crate) fn wanted(options: &Options, kept: Option<u32>) -> Result<Option<u32>, Error> {
    let chosen = match options.major {
        Some(major) => Some(major),
        None => set_version()?,
    };
    match (kept, chosen) {
        (Some(kept), Some(chosen)) if kept != chosen && options.major.is_some() => {
            Err(Error::Version {
                why: format!("the kept data is of Postgres {kept}, and {chosen} was chosen"),
            })
        }
        (kept, chosen) => Ok(kept.or(chosen)),
    }
}

/// Reads the variable: a number such as `17`.
fn set_version() -> Result<Option<u32>, Error> {
    let Some(text) = std::env::var(VERSION).ok().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match text.trim().parse() {
        Ok(major) if major >= OLDEST => Ok(Some(major)),
        _ => Err(Error::Version {
            why: format!("{VERSION} is not a major version, {OLDEST} or newer, such as 17"),
        }),
    }
}

/// Finds binaries, of one major version where one is wanted.
pub(crate) fn find(options: &Options, major: Option<u32>) -> Result<Binaries, Error> {
    let asked = options.provider.clone().or_else(|| {
        Some(Provider::parse(
            &std::env::var("SUPADECK_POSTGRES")
                .ok()
                .filter(|v| !v.is_empty())?,
        ))
    });
    let order = match asked {
        Some(provider) => vec![provider],
        None => vec![Provider::System, Provider::Npm, Provider::Archive],
    };
    let mut tried = Vec::new();
    for provider in order {
        let found = match &provider {
            Provider::System => system(major),
            Provider::Npm => match npm::find(options, major) {
                Ok(found) => right_major(found, major),
                // A wrong package is no reason to look further: somebody should know.
                Err(npm::Fault::Checksum(package)) => return Err(Error::Checksum { package }),
                Err(npm::Fault::Unusable(why)) => Err(why),
            },
            Provider::Archive => archive(options).and_then(|found| right_major(found, major)),
            Provider::Dir(folder) => {
                Binaries::at(folder).and_then(|found| right_major(found, major))
            }
        };
        match found {
            Ok(found) => {
                options.report(Step::Found {
                    version: found.version.clone(),
                    provider,
                });
                return Ok(found);
            }
            Err(why) => tried.push((provider.to_string(), why)),
        }
    }
    Err(Error::NoPostgres { tried })
}

fn right_major(found: Binaries, major: Option<u32>) -> Result<Binaries, String> {
    match major {
        Some(major) if major != found.major => Err(format!(
            "it is Postgres {}, and {major} is wanted",
            found.version
        )),
        _ => Ok(found),
    }
}

fn system(major: Option<u32>) -> Result<Binaries, String> {
    let mut reason = format!(
        "no Postgres {} is installed",
        major.map_or(format!("{OLDEST} or newer"), |m| m.to_string())
    );
    for folder in folders() {
        match Binaries::at(&folder).and_then(|found| right_major(found, major)) {
            Ok(found) => return Ok(found),
            Err(why) if folder.join("postgres").exists() => reason = why,
            Err(_) => {}
        }
    }
    Err(reason)
}

/// Where distributions put Postgres: `PATH`, then versioned folders, newest first.
fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    // On Debian PATH has wrappers only, on others it may have clients only: both need `initdb` beside it.
    folders.retain(|folder| folder.join("initdb").exists() || folder.join("initdb.exe").exists());
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr/local/opt", "postgresql@"),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql@"),
        ("/Applications/Postgres.app/Contents/Versions", ""),
        ("/usr", "pgsql-"),
        ("C:\\Program Files\\PostgreSQL", ""),
    ] {
        folders.extend(versioned(Path::new(parent), prefix));
    }
    folders.push(PathBuf::from("/usr/local/pgsql/bin"));
    folders
}

fn versioned(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, entry.path().join("bin")))
        })
        .collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(_, bin)| bin).collect()
}

#[cfg(feature = "archive")]
fn archive(options: &Options) -> Result<Binaries, String> {
    super::archive::find(options)
}

#[cfg(not(feature = "archive"))]
fn archive(_options: &Options) -> Result<Binaries, String> {
    Err("this build has no archive support".into())
}
