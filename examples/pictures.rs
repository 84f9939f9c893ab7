//! Makes the pictures of the README from the program's own buffer: `just pictures` runs it.
//! Usage: pictures BINARY DIR   BINARY is supadeck with the feature `demo`; the pictures are written into DIR.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use supadeck::adapters::connect::{RoleChoice, Settings};
use supadeck::shell::{Start, headless};

/// Columns and rows of a picture.
const SIZE: (u16, u16) = (120, 30);

/// Who reads: a user of the demo.
const ALICE: [(&str, &str); 2] = [
    ("SUPADECK_EMAIL", "alice@example.com"),
    ("SUPADECK_PASSWORD", "weeksmith-demo"),
];

/// Draws again: the server is given time to answer what takes long.
const WAIT: &str = "ctrl-l";

/// A picture: its file, and the keys that lead to it, pressed one after the other.
const PICTURES: [(&str, &[&str]); 3] = [
    ("dry-run.svg", &["2", "G", "p", "y"]),
    ("audit.svg", &["7"]),
    ("access.svg", &["0", WAIT, WAIT, WAIT, WAIT, WAIT, WAIT]),
];

/// A migration that loses values and opens rows, to be dry-run for the first picture. It is in no project of anybody.
const PENDING: &str = "-- Notes move into the chat, and the coach may read the goals.
alter table public.plan_item drop column notes;
delete from public.chat_message where role = 'system';
create policy everybody_reads_goals on public.goal for select to anon using (true);
grant select on public.goal to anon;
";

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let pid = self.0.id().to_string();
        let _ = Command::new("kill").arg(pid).status();
        let _ = self.0.wait();
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let (binary, out) = (args.next().expect("BINARY"), args.next().expect("DIR"));
    let mut child = Command::new(binary)
        .args(["demo", "--serve", "--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _demo = Demo(child);
    let lines: Vec<String> = lines
        .map(Result::unwrap)
        .take_while(|line| line != "ready")
        .collect();
    let find = |name: &str| {
        let line = lines
            .iter()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let account = ALICE.iter().find(|(variable, _)| *variable == name);
        line.or(account.map(|(_, value)| *value)).map(str::to_owned)
    };
    let project = project();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (name, keys) in PICTURES {
        let start = Start {
            settings: Settings {
                without_keyring: true,
                as_: Some(RoleChoice::User),
                dir: Some(project.path().to_owned()),
                ..Settings::from_variables(find)
            },
            title: Some("demo".to_owned()),
            ..Start::default()
        };
        let buffer = runtime.block_on(headless(start, SIZE, keys)).unwrap();
        let file = Path::new(&out).join(name);
        fs::write(file, supadeck::ui::theme::svg::svg(&buffer)).unwrap();
    }
}

/// The project of the demo with one migration more.
fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["migrations", "migrations/rollback", "seeds"] {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
        for entry in fs::read_dir(source.join(folder)).unwrap().flatten() {
            if entry.path().is_file() {
                fs::copy(
                    entry.path(),
                    dir.path().join(folder).join(entry.file_name()),
                )
                .unwrap();
            }
        }
    }
    fs::write(
        dir.path().join("migrations/20991231120000_tidy_up.sql"),
        PENDING,
    )
    .unwrap();
    dir
}
