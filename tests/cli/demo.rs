//! `supadeck demo`.

use crate::test_environment::{PASSWORD, Ran, TestEnvironment};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command};

/// A demo that serves, and what it printed up to `ready`.
struct Served {
    child: Child,
    out: BufReader<ChildStdout>,
    variables: BTreeMap<String, String>,
    lines: Vec<String>,
}

impl Served {
    fn start(test_env: &TestEnvironment, args: &[&str]) -> Self {
        let args = [&["demo", "--serve", "--port", "0"], args].concat();
        let mut child = test_env.command(&args).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if out.read_line(&mut line).unwrap() == 0 {
                let mut err = String::new();
                child
                    .stderr
                    .take()
                    .unwrap()
                    .read_to_string(&mut err)
                    .unwrap();
                panic!("the demo ended before it was ready: {err}");
            }
            let line = line.trim_end().to_owned();
            if line == "ready" {
                break;
            }
            lines.push(line);
        }
        let variables = lines
            .iter()
            .filter(|line| line.starts_with("SUPABASE_"))
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self {
            child,
            out,
            variables,
            lines,
        }
    }

    /// Tells it to stop, and gives its exit code.
    fn stop(mut self, signal: &str) -> i32 {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        Ran::of(self.child).code
    }
}

/// Secrets of the user's that have nothing to do with the demo.
const SECRETS: [(&str, &str); 6] = [
    ("SUPABASE_SECRET_KEY", "sb_secret_hush_Zebra_1"),
    ("SUPABASE_ACCESS_TOKEN", "sbp_hush_Zebra_2"),
    ("SUPADECK_PASSWORD", "hush_Zebra_3"),
    ("PGPASSWORD", "hush_Zebra_4"),
    ("SOME_OTHER_TOKEN", "hush_Zebra_5"),
    (
        "SUPABASE_DB_URL",
        "postgresql://u:hush_Zebra_6@db.example.org/d",
    ),
];

/// A process and everything below it, with the name of each.
#[cfg(target_os = "linux")]
fn family(root: u32) -> Vec<(u32, String)> {
    let processes: Vec<(u32, u32, String)> = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|id: u32| {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            let (name, rest) = stat.rsplit_once(')')?;
            let parent = rest.split_whitespace().nth(1)?.parse().ok()?;
            Some((id, parent, name.split_once('(')?.1.to_owned()))
        })
        .collect();
    let mut found = vec![(root, String::new())];
    let mut at = 0;
    while at < found.len() {
        let parent = found[at].0;
        found.extend(
            processes
                .iter()
                .filter(|process| process.1 == parent)
                .map(|(id, _, name)| (*id, name.clone())),
        );
        at += 1;
    }
    found
}

#[cfg(all(feature = "demo", target_os = "linux"))]
#[test]
fn no_child_of_the_demo_knows_a_secret_and_nothing_is_dumped() {
    use std::os::unix::process::ExitStatusExt as _;
    let mut test_env = TestEnvironment::nowhere();
    test_env.project = test_env.home.path().to_owned();
    for (name, value) in SECRETS {
        test_env.set(name, value);
    }
    // A shell in between allows dumps; the program takes that back.
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\""])
        .arg(crate::test_environment::binary())
        .args(["demo", "--serve", "--port", "0", "--empty"])
        .env_clear()
        .envs(test_env.variables())
        .current_dir(&test_env.project)
        .stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    for line in out.lines() {
        if line.unwrap() == "ready" {
            break;
        }
    }
    let family = family(child.id());
    let names: Vec<&str> = family.iter().map(|(_, name)| name.as_str()).collect();
    assert!(names.contains(&"postgres"), "{names:?}");
    assert!(names.contains(&"sh"), "the watchdog: {names:?}");
    for (id, name) in &family {
        let limits = std::fs::read_to_string(format!("/proc/{id}/limits")).unwrap_or_default();
        // One that has ended meanwhile has none.
        let core = limits.lines().find(|line| line.contains("core file"));
        if let Some(core) = core {
            let words: Vec<&str> = core.split_whitespace().collect();
            assert_eq!(words[4..6], ["0", "0"], "{name}: {core}");
        }
        if *id == child.id() {
            continue;
        }
        let known = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        let known = String::from_utf8_lossy(&known);
        assert!(!known.contains("hush_Zebra"), "{name} knows: {known}");
    }
    let killed = Command::new("kill")
        .args(["-ABRT", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let ended = child.wait().unwrap();
    assert_eq!(ended.signal(), Some(6));
    assert!(!ended.core_dumped(), "{ended:?}");
}

#[cfg(all(feature = "demo", unix))]
#[test]
fn npm_gets_its_own_variables_and_no_other() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut test_env = TestEnvironment::nowhere();
    test_env.project = test_env.home.path().to_owned();
    let bin = test_env.path("bin");
    std::fs::create_dir(&bin).unwrap();
    let told = test_env.path("told");
    let script = format!("#!/bin/sh\nenv > '{}'\nexit 1\n", told.display());
    std::fs::write(bin.join("npm"), script).unwrap();
    std::fs::set_permissions(bin.join("npm"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        bin.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let cache = test_env.path("cache").display().to_string();
    test_env
        .set("PATH", path)
        .set("SUPADECK_POSTGRES", "npm")
        .set("XDG_CACHE_HOME", cache)
        .set("npm_config_registry", "http://127.0.0.1:9/")
        .set("HTTPS_PROXY", "http://127.0.0.1:9");
    for (name, value) in SECRETS {
        test_env.set(name, value);
    }
    test_env.run(&["demo", "--serve", "--port", "0"]).ended(3);
    let known = std::fs::read_to_string(told).unwrap();
    assert!(!known.contains("hush_Zebra"), "{known}");
    for name in ["PATH=", "HOME=", "npm_config_registry=", "HTTPS_PROXY="] {
        assert!(known.contains(name), "{name}: {known}");
    }
}

#[cfg(feature = "demo")]
#[test]
fn the_demo_serves_a_filled_project_until_it_is_told_to_stop() {
    let mut test_env = TestEnvironment::nowhere();
    test_env.project = test_env.home.path().to_owned();
    let data = test_env.path("kept").display().to_string();
    // What is meant for servers elsewhere does not reach the stack's own.
    test_env.set("PGSSLMODE", "verify-full");
    let demo = Served::start(&test_env, &["--data", &data]);
    let names: Vec<_> = demo
        .lines
        .iter()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        [
            "SUPABASE_URL",
            "SUPABASE_PUBLISHABLE_KEY",
            "SUPABASE_SECRET_KEY",
            "SUPABASE_ANON_KEY",
            "SUPABASE_SERVICE_ROLE_KEY",
            "SUPABASE_DB_URL",
            "SUPABASE_JWT_SECRET"
        ]
    );
    assert!(
        demo.lines
            .iter()
            .any(|line| line.contains("alice@example.com") && line.contains(PASSWORD))
    );
    let mut user = TestEnvironment::nowhere();
    for (name, value) in &demo.variables {
        user.set(name, value);
    }
    user.sign_in("alice@example.com");
    assert!(
        !user
            .data(&["cycle", "list", "--as", "user"])
            .as_array()
            .unwrap()
            .is_empty()
    );
    let project = test_env.path("kept/project").display().to_string();
    let list = user.data(&["migration", "list", "--dir", &project]);
    assert!(
        list.as_array()
            .unwrap()
            .iter()
            .all(|row| row["state"] == "applied"),
        "{list}"
    );
    assert_eq!(demo.stop("-INT"), 0);
    user.problem(7, &["migration", "list"]);

    // What was kept is there again, and nothing is applied or seeded twice.
    let demo = Served::start(&test_env, &["--data", &data]);
    for (name, value) in &demo.variables {
        user.set(name, value);
    }
    assert!(
        !user
            .data(&["cycle", "list", "--as", "user"])
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(demo.stop("-TERM"), 0);
}

#[cfg(feature = "demo")]
#[test]
fn an_empty_demo_is_a_new_project() {
    let test_env = TestEnvironment::nowhere();
    let demo = Served::start(&test_env, &["--empty"]);
    assert!(
        !demo
            .lines
            .iter()
            .any(|line| line.contains("alice@example.com"))
    );
    let mut user = TestEnvironment::nowhere();
    for (name, value) in &demo.variables {
        user.set(name, value);
    }
    let list = user.data(&["migration", "list"]);
    assert!(
        list.as_array()
            .unwrap()
            .iter()
            .all(|row| row["state"] == "pending"),
        "{list}"
    );
    assert_eq!(demo.stop("-TERM"), 0);
}

#[cfg(feature = "demo")]
#[test]
fn a_demo_that_is_killed_leaves_no_folder() {
    let mut test_env = TestEnvironment::nowhere();
    let place = test_env.path("temporary");
    std::fs::create_dir(&place).unwrap();
    // Whoever runs Postgres has to come in.
    #[cfg(unix)]
    for folder in [test_env.home.path(), &place] {
        use std::os::unix::fs::PermissionsExt as _;
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder, open).unwrap();
    }
    let shown = place.display().to_string();
    test_env.set("TMPDIR", &shown);
    let folders = || std::fs::read_dir(&place).unwrap().count();
    let demo = Served::start(&test_env, &[]);
    assert_eq!(folders(), 2, "the project's and the stack's");
    demo.stop("-KILL");
    let begun = std::time::Instant::now();
    while folders() > 0 {
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(30),
            "{:?}",
            std::fs::read_dir(&place).unwrap().collect::<Vec<_>>()
        );
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[cfg(feature = "demo")]
#[test]
fn a_port_that_is_taken_is_a_problem() {
    let test_env = TestEnvironment::nowhere();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let problem = test_env.problem(3, &["demo", "--serve", "--port", &port]);
    assert!(
        problem["what"].as_str().unwrap().contains(&port),
        "{problem}"
    );
    assert!(
        problem["hint"].as_str().unwrap().contains("--port 0"),
        "{problem}"
    );
    // It is said before anything else is begun.
    let text = test_env.run(&["demo", "--serve", "--port", &port]);
    assert!(!text.ended(3).err.contains("database"), "{text:?}");
}

#[cfg(not(feature = "demo"))]
#[test]
fn without_the_feature_the_demo_explains_itself() {
    let problem = TestEnvironment::nowhere().problem(2, &["demo"]);
    assert!(
        problem["hint"]
            .as_str()
            .unwrap()
            .contains("--features demo"),
        "{problem}"
    );
}
