//! Starts a stack, prints what a client needs, serves until its standard input ends. For tries by hand, and the child
//! process of the lifecycle tests: `--panic` panics instead of serving.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use supadeck_stack::{Options, Stack};

#[tokio::main]
async fn main() {
    let mut options = Options::default();
    let mut panics = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--data" => options.data = arguments.next().map(Into::into),
            "--port" => options.port = arguments.next().and_then(|port| port.parse().ok()),
            "--panic" => panics = true,
            other => panic!("unknown argument {other}"),
        }
    }
    let begun = std::time::Instant::now();
    let stack = match Stack::start(options).await {
        Ok(stack) => stack,
        Err(error) => {
            println!("error {error}");
            std::process::exit(1);
        }
    };
    for (name, value) in stack.info().env_lines() {
        println!("{name}={value}");
    }
    println!("ready {} ms", begun.elapsed().as_millis());
    assert!(!panics, "asked to panic");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
    stack.stop().await.unwrap();
}
