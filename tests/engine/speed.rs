//! Speed against psql on the same server, in turns. Run by hand, optimised:
//! `cargo test --release --test engine -- --ignored --nocapture speed`.

use crate::bench::{Bench, everything, run};
use std::process::Command;
use std::time::{Duration, Instant};
use supadeck::ops::migration;

const FILES: usize = 1_000;
const TURNS: usize = 5;

fn file(number: usize) -> String {
    format!("create table t{number} (id int primary key, b text);\n")
}

/// One psql session that runs every file in a transaction of its own.
async fn with_psql() -> Duration {
    let bench = Bench::new().await;
    let script: String = (0..FILES).map(|number| format!("begin;\n{}commit;\n", file(number))).collect();
    let script = bench.write("all.sql", script);
    let begun = Instant::now();
    let done = Command::new("psql")
        .args(["-q", "-X", "-v", "ON_ERROR_STOP=1", "-f"])
        .arg(script)
        .arg(&bench.url)
        .status()
        .unwrap();
    assert!(done.success());
    begun.elapsed()
}

/// Reading, planning and running, as `migration apply` does.
async fn with_supadeck() -> (Duration, Duration, Duration) {
    let bench = Bench::new().await;
    for number in 0..FILES {
        bench.up(&format!("{:014}_t.sql", 20_240_101_000_000 + number), file(number));
    }
    let begun = Instant::now();
    let plan = bench.plan(everything()).await.unwrap();
    let planned = begun.elapsed();
    let outcome = run(&bench.schema, &plan).await;
    let ran = begun.elapsed();
    assert!(outcome.is_complete(), "{:?}", outcome.problem);
    let begun = Instant::now();
    migration::list(&bench.schema).await.unwrap();
    (planned, ran, begun.elapsed())
}

#[tokio::test]
#[ignore = "a measurement: it means something only in an optimised build on a quiet machine"]
async fn a_thousand_small_files_take_no_longer_than_with_psql() {
    let (mut psql, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let peer = with_psql().await;
        let (planned, ran, listed) = with_supadeck().await;
        println!("psql {peer:?}  supadeck {ran:?} (plan {planned:?})  list of {FILES} {listed:?}");
        psql.push(peer);
        ours.push(ran);
    }
    psql.sort();
    ours.sort();
    let (psql, ours) = (psql[TURNS / 2], ours[TURNS / 2]);
    println!("median: psql {psql:?}, supadeck {ours:?}");
    assert!(ours <= psql, "psql {psql:?}, supadeck {ours:?}");
}
