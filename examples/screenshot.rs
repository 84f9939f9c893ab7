//! Makes `docs/screenshot.svg` from the program's own buffer: `just screenshot` runs it.
//! Usage: screenshot BINARY OUT KEYS…   BINARY is supadeck with the feature `demo`; KEYS are pressed one after the other.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use supadeck::adapters::connect::Settings;
use supadeck::shell::{Start, headless};

/// Columns and rows of the picture.
const SIZE: (u16, u16) = (120, 30);

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
    let (binary, out) = (args.next().expect("BINARY"), args.next().expect("OUT"));
    let keys: Vec<String> = args.collect();
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
        line.map(str::to_owned)
    };
    let start = Start {
        settings: Settings {
            without_keyring: true,
            ..Settings::from_variables(find)
        },
        title: Some("demo".to_owned()),
        ..Start::default()
    };
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let buffer = runtime.block_on(headless(start, SIZE, &keys)).unwrap();
    std::fs::write(&out, supadeck::ui::theme::svg::svg(&buffer)).unwrap();
}
