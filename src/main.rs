//! The program: arguments, match, done.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use supadeck::cli::{self, Deck, Ended};
use supadeck::shell::{self, Start};

fn main() -> ExitCode {
    cli::keep_memory_private();
    let args: Vec<OsString> = std::env::args_os().collect();
    std::panic::set_hook(Box::new(|panic| {
        // Only the place: the message of a panic may quote what must stay secret.
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "supadeck panicked");
    }));
    let code = catch_unwind(AssertUnwindSafe(|| run(args.clone())));
    code.unwrap_or_else(|_| cli::crashed(&args)).into()
}

fn run(args: Vec<OsString>) -> u8 {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        return cli::crashed(&args);
    };
    let code = runtime.block_on(async {
        match cli::run(args).await {
            Ended::Exit(code) => code,
            Ended::Deck(deck) => open(*deck).await,
        }
    });
    // A key press that is still being waited for must not hold the program.
    runtime.shutdown_background();
    code
}

/// Opens the deck; the demo's stack, if there is one, stops after it.
async fn open(deck: Deck) -> u8 {
    let start = Start {
        settings: deck.settings,
        title: deck.title,
        demo: deck.demo,
        tells_emails: deck.stack.is_some(),
        keymap: deck.keymap,
        theme: deck.theme,
        configured_theme: deck.configured_theme,
    };
    let result = shell::run(start).await;
    if let Some(running) = deck.stack {
        running.stop().await;
    }
    cli::ended(result)
}
