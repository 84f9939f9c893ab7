//! The keyring with a real Secret Service: gnome-keyring on a session bus of its own. The tests that run inside that bus are
//! marked as ignored and started by the ones outside.

use crate::test_project::{
    PASSWORD, TestProject, limits, store_session, stored_session, weeksmith, whole,
};
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use supadeck::adapters::connect::{Project, Settings, resolve_with};
use supadeck::adapters::secrets::SecretStore;
use supadeck::domain::secret::{SecretKind, StoredIn};
use supadeck::ops::{cycle, session};
use supadeck::ports::Secrets;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A bus that starts no service by itself: the system's own would start a second, locked keyring beside ours.
const BUS: &str = "<!DOCTYPE busconfig PUBLIC '-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN' \
    'http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd'><busconfig><type>session</type>\
    <listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth><policy context='default'>\
    <allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/><allow own='*'/></policy></busconfig>";

/// Runs a test of this binary inside a session bus; `None`, with the reason printed, where that cannot be done.
fn inside(test: &str, unlock: bool, variables: &[(&str, &str)]) -> Option<Output> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    for program in ["dbus-run-session", "gnome-keyring-daemon"] {
        if !std::env::split_paths(&path).any(|dir| dir.join(program).is_file()) {
            println!("skipped: {program} is not installed");
            return None;
        }
    }
    let home = tempfile::tempdir().unwrap();
    let runtime = home.path().join("run");
    std::fs::create_dir(&runtime).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&runtime, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    let start = if unlock {
        "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1"
    } else {
        "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1"
    };
    let script = format!("{start}; exec \"$0\" --exact {test} --ignored --nocapture");
    let config = runtime.join("bus.conf");
    std::fs::write(&config, BUS).unwrap();
    let mut command = Command::new("dbus-run-session");
    command
        .arg(format!("--config-file={}", config.display()))
        .args(["--", "sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", &runtime)
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("SUPADECK_KEYRING")
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .envs(variables.iter().copied())
        .stdin(Stdio::null());
    Some(command.output().unwrap())
}

fn passed(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}\n{errors}"
    );
}

#[test]
fn secrets_of_every_kind_live_in_the_keyring() {
    if let Some(output) = inside("keyring::in_secrets", true, &[]) {
        passed(&output);
    }
}

#[tokio::test]
#[ignore = "runs inside a session bus, started by secrets_of_every_kind_live_in_the_keyring"]
async fn in_secrets() {
    let vault = SecretStore::keyring();
    assert_eq!(vault.keeping().await.unwrap(), StoredIn::Keyring);
    let large = "s".repeat(7_000);
    for kind in SecretKind::ALL {
        assert!(vault.get("work", kind).await.unwrap().is_none());
        let value = SecretString::from(format!("{}-{large}", kind.word()));
        assert_eq!(
            vault.set("work", kind, &value).await.unwrap(),
            StoredIn::Keyring
        );
    }
    // Another vault knows nothing but what the keyring holds.
    let other = SecretStore::keyring();
    for kind in SecretKind::ALL {
        let value = other.get("work", kind).await.unwrap().unwrap();
        assert!(value.expose_secret().starts_with(kind.word()));
        assert_eq!(value.expose_secret().len(), kind.word().len() + 7_001);
        assert!(
            other.get("play", kind).await.unwrap().is_none(),
            "of that profile only"
        );
    }
    other
        .set("work", SecretKind::Session, &"short".to_owned().into())
        .await
        .unwrap();
    assert_eq!(
        vault
            .get("work", SecretKind::Session)
            .await
            .unwrap()
            .unwrap()
            .expose_secret(),
        "short"
    );
    for kind in SecretKind::ALL {
        vault.remove("work", kind).await.unwrap();
        vault.remove("work", kind).await.unwrap();
        assert!(other.get("work", kind).await.unwrap().is_none());
    }
}

#[test]
fn a_locked_keyring_holds_nothing_up() {
    if let Some(output) = inside("keyring::in_locked", false, &[]) {
        passed(&output);
    }
}

#[tokio::test]
#[ignore = "runs inside a session bus, started by a_locked_keyring_holds_nothing_up"]
async fn in_locked() {
    let vault = SecretStore::keyring();
    let started = Instant::now();
    let kept = vault
        .set("work", SecretKind::PublishableKey, &"k".to_owned().into())
        .await;
    match kept {
        // It said so, or waits for a person and was given up; memory took over.
        Ok(StoredIn::Memory(why)) => assert!(
            ["is locked", "did not answer", "No keyring"]
                .iter()
                .any(|word| why.contains(word)),
            "{why}"
        ),
        Ok(StoredIn::Keyring) => panic!("a locked keyring took a secret"),
        Err(problem) => assert!(
            problem.hint.unwrap().contains("SUPADECK_KEYRING"),
            "{}",
            problem.what
        ),
    }
    assert!(
        vault
            .get("work", SecretKind::SecretKey)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        started.elapsed() < Duration::from_secs(12),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_machine_without_a_keyring_keeps_secrets_in_memory_and_says_so() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let vault = SecretStore::memory();
        let StoredIn::Memory(why) = vault
            .set("p", SecretKind::Session, &"x".to_owned().into())
            .await
            .unwrap()
        else {
            panic!("there is no keyring");
        };
        assert_eq!(why, "The keyring is not used here.");
        assert_eq!(
            vault
                .get("p", SecretKind::Session)
                .await
                .unwrap()
                .unwrap()
                .expose_secret(),
            "x"
        );
    });
}

/// What a process inside the bus needs to know of the test_project outside.
fn variables(test_project: &TestProject, url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("TEST_URL", url.to_owned()),
        ("TEST_KEY", test_project.info.publishable_key.clone()),
        ("TEST_HOME", test_project.home.path().display().to_string()),
    ]
}

/// The project as a program with this config folder finds it.
async fn project_from(config: PathBuf) -> Project {
    let variable = |name: &str| std::env::var(name).unwrap();
    let settings = Settings {
        url: Some(variable("TEST_URL")),
        publishable_key: Some(variable("TEST_KEY").into()),
        config_dir: Some(config),
        ..Settings::default()
    };
    let secrets: Arc<dyn Secrets> = Arc::new(SecretStore::keyring());
    resolve_with(&settings, secrets, limits()).await.unwrap()
}

async fn project() -> Project {
    project_from(std::env::var("TEST_HOME").unwrap().into()).await
}

/// Stands in front of a server and counts the requests whose first line holds a text.
async fn counting(url: &str, text: &'static str) -> (String, Arc<AtomicUsize>) {
    let target = url.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let front = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let (target, counted) = (target.clone(), Arc::clone(&counted));
            tokio::spawn(async move {
                let mut far = TcpStream::connect(target).await.unwrap();
                let (mut from_near, mut to_near) = near.split();
                let (mut from_far, mut to_far) = far.split();
                let upwards = async {
                    let mut piece = [0; 16_384];
                    while let Ok(read) = from_near.read(&mut piece).await
                        && read > 0
                    {
                        let sent = String::from_utf8_lossy(&piece[..read]);
                        counted.fetch_add(sent.matches(text).count(), Ordering::SeqCst);
                        if to_far.write_all(&piece[..read]).await.is_err() {
                            break;
                        }
                    }
                };
                tokio::select! {
                    () = upwards => {}
                    _ = tokio::io::copy(&mut from_far, &mut to_near) => {}
                }
            });
        }
    });
    (front, count)
}

/// Makes the stored session one that has to be refreshed.
async fn grow_stale(project: &Project) {
    let name = &project.profile.name;
    let mut stored = stored_session(&*project.secrets, name).await.unwrap();
    stored["expires_at"] = 0.into();
    store_session(&*project.secrets, name, &stored).await;
}

/// How many processes share one session.
const PROCESSES: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn processes_with_config_folders_of_their_own_refresh_one_session_once() {
    let test_project = weeksmith("keyring_refresh").await;
    let (front, refreshes) = counting(&test_project.info.url, "grant_type=refresh_token").await;
    let variables = variables(&test_project, &front);
    let output = tokio::task::spawn_blocking(move || {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        inside("keyring::in_refresh", true, &variables)
    });
    let Some(output) = output.await.unwrap() else {
        return;
    };
    passed(&output);
    assert_eq!(
        refreshes.load(Ordering::SeqCst),
        1,
        "forty processes, one refresh"
    );
    let over = "select count(*) from auth.sessions where not_after is not null";
    let over: i64 = test_project.db.query_one(over, &[]).await.unwrap().get(0);
    assert_eq!(over, 0, "nobody is signed out");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs inside a session bus, started by processes_with_config_folders_of_their_own_refresh_one_session_once"]
async fn in_refresh() {
    let project = project().await;
    let password = SecretString::from(PASSWORD);
    whole(session::sign_in(&*project.auth, "alice@example.com", &password).await);
    grow_stale(&project).await;
    let home = PathBuf::from(std::env::var("TEST_HOME").unwrap());
    let children: Vec<_> = (0..PROCESSES)
        .map(|number| {
            let own = home.join(number.to_string());
            std::fs::create_dir_all(&own).unwrap();
            let mut child = Command::new(std::env::current_exe().unwrap());
            for name in [
                "HOME",
                "TMPDIR",
                "XDG_CONFIG_HOME",
                "XDG_RUNTIME_DIR",
                "TEST_HOME",
            ] {
                child.env(name, &own);
            }
            child
                .args(["--exact", "keyring::in_child", "--ignored", "--nocapture"])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        passed(&child.wait_with_output().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "one of the processes of in_refresh"]
async fn in_child() {
    let project = project().await;
    let who = project.identity.clone();
    assert_eq!(who.name(), "alice@example.com");
    assert_eq!(cycle::list(&*project.rest, &who).await.unwrap().len(), 2);
}
