//! `supadeck demo`.

use crate::world::{PASSWORD, Ran, World};
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
    fn start(world: &World, args: &[&str]) -> Self {
        let args = [&["demo", "--serve", "--port", "0"], args].concat();
        let mut child = world.command(&args).spawn().unwrap();
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

#[cfg(feature = "demo")]
#[test]
fn the_demo_serves_a_filled_project_until_it_is_told_to_stop() {
    let mut world = World::nowhere();
    world.project = world.home.path().to_owned();
    let data = world.path("kept").display().to_string();
    let demo = Served::start(&world, &["--data", &data]);
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
    let mut user = World::nowhere();
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
    let project = world.path("kept/project").display().to_string();
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
    let demo = Served::start(&world, &["--data", &data]);
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
    let world = World::nowhere();
    let demo = Served::start(&world, &["--empty"]);
    assert!(
        !demo
            .lines
            .iter()
            .any(|line| line.contains("alice@example.com"))
    );
    let mut user = World::nowhere();
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
    let mut world = World::nowhere();
    let place = world.path("temporary");
    std::fs::create_dir(&place).unwrap();
    // Whoever runs Postgres has to come in.
    #[cfg(unix)]
    for folder in [world.home.path(), &place] {
        use std::os::unix::fs::PermissionsExt as _;
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder, open).unwrap();
    }
    let shown = place.display().to_string();
    world.set("TMPDIR", &shown);
    let folders = || std::fs::read_dir(&place).unwrap().count();
    let demo = Served::start(&world, &[]);
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
    let world = World::nowhere();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let problem = world.problem(3, &["demo", "--serve", "--port", &port]);
    assert!(
        problem["what"].as_str().unwrap().contains(&port),
        "{problem}"
    );
    assert!(
        problem["hint"].as_str().unwrap().contains("--port 0"),
        "{problem}"
    );
    // It is said before anything else is begun.
    let text = world.run(&["demo", "--serve", "--port", &port]);
    assert!(!text.ended(3).err.contains("database"), "{text:?}");
}

#[cfg(not(feature = "demo"))]
#[test]
fn without_the_feature_the_demo_explains_itself() {
    let problem = World::nowhere().problem(2, &["demo"]);
    assert!(
        problem["hint"]
            .as_str()
            .unwrap()
            .contains("--features demo"),
        "{problem}"
    );
}
