//! A stack in a process of its own, which tests kill. The process is this test binary again.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use supadeck_stack::{Options, Stack};
use tempfile::TempDir;

const MODE: &str = "SUPADECK_STACK_TEST_CHILD";
const DATA: &str = "SUPADECK_STACK_TEST_DATA";

/// The process. `serve` serves until its input ends, `panic` panics once everything runs.
#[tokio::test]
#[ignore = "the child process of other tests"]
async fn serve() {
    let Ok(mode) = std::env::var(MODE) else {
        println!("skipped: {MODE} is not set");
        return;
    };
    let begun = Instant::now();
    let options = Options {
        data: std::env::var_os(DATA).map(Into::into),
        progress: Some(std::sync::Arc::new(move |step| {
            println!("\n{} ms: {step}", begun.elapsed().as_millis());
        })),
        ..Options::default()
    };
    let stack = match Stack::start(options).await {
        Ok(stack) => stack,
        Err(error) => {
            println!("\nerror={error}");
            return;
        }
    };
    for (name, value) in stack.info().env_lines() {
        println!("\n{name}={value}");
    }
    println!("\nstart_ms={}", begun.elapsed().as_millis());
    println!("\nready=yes");
    assert_ne!(mode, "panic", "asked to panic");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
    stack.stop().await.unwrap();
}

/// A running child with a temporary folder of its own, in which everything it leaves behind can be seen.
pub(crate) struct Running {
    pub(crate) process: Child,
    pub(crate) lines: HashMap<String, String>,
    pub(crate) folder: TempDir,
}

/// A folder that the account of Postgres can enter.
pub(crate) fn open_folder() -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix("sd")
        .tempdir_in("/tmp")
        .unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    folder
}

/// Starts a child without waiting for it.
pub(crate) fn spawn(mode: &str, folder: &Path, settings: &[(&str, &str)]) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child::serve", "--ignored", "--nocapture"])
        .env(MODE, mode)
        .env("TMPDIR", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.envs(settings.iter().copied()).spawn().unwrap()
}

/// Reads what a child prints until it is ready, has failed, or is gone.
pub(crate) fn read(process: &mut Child) -> HashMap<String, String> {
    let mut lines = HashMap::new();
    for line in BufReader::new(process.stdout.as_mut().unwrap())
        .lines()
        .map_while(Result::ok)
    {
        if let Some((name, value)) = line.split_once('=') {
            lines.insert(name.to_owned(), value.to_owned());
            if name == "ready" || name == "error" {
                break;
            }
        }
    }
    lines
}

impl Running {
    /// Starts a child and waits until it is ready (or said why not).
    pub(crate) fn start(mode: &str, settings: &[(&str, &str)]) -> Self {
        let folder = open_folder();
        let mut process = spawn(mode, folder.path(), settings);
        let lines = read(&mut process);
        Self {
            process,
            lines,
            folder,
        }
    }

    /// With kept data.
    pub(crate) fn keeping(data: &Path) -> Self {
        Self::start("serve", &[(DATA, data.to_str().unwrap())])
    }

    pub(crate) fn line(&self, name: &str) -> &str {
        self.lines
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {:?}", self.lines.get("error")))
    }

    pub(crate) fn db_url(&self) -> &str {
        self.line("SUPABASE_DB_URL")
    }

    /// Sends a signal to the process, or to its whole group as a terminal does.
    pub(crate) fn signal(&self, signal: &str, to_group: bool) {
        let id = self.process.id();
        let target = if to_group {
            format!("-{id}")
        } else {
            id.to_string()
        };
        assert!(
            Command::new("kill")
                .args(["-s", signal, "--", &target])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for the process, then until nothing of it is left: no process, no file.
    pub(crate) fn leaves_nothing(mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
        nothing_is_left(self.folder.path());
    }
}

/// Waits until no process names the folder and the folder is empty.
pub(crate) fn nothing_is_left(folder: &Path) {
    let begun = Instant::now();
    loop {
        let processes = processes_naming(folder.to_str().unwrap());
        let files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        if processes.is_empty() && files.is_empty() {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "left behind: {processes:#?} {files:?}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Command lines, with their numbers, that contain a text.
pub(crate) fn processes_naming(text: &str) -> Vec<String> {
    let list = Command::new("ps")
        .args(["-A", "-ww", "-o", "pid=,args="])
        .output()
        .unwrap();
    String::from_utf8_lossy(&list.stdout)
        .lines()
        .filter(|line| line.contains(text))
        .map(str::to_owned)
        .collect()
}
