//! `audit follow`: every record once, whatever transactions and lines do.

use crate::test_environment::{TestEnvironment, binary};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long a record may take to come before the test gives up.
const PATIENCE: Duration = Duration::from_mins(1);

struct Following {
    child: Child,
    lines: Receiver<String>,
    notes: Receiver<String>,
}

impl Following {
    fn start(test_env: &TestEnvironment, arguments: &[&str]) -> Self {
        let mut all = vec!["audit", "follow", "--every", "1", "--format", "json"];
        all.extend(arguments);
        let mut child = test_env
            .command(&all)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = lines(child.stdout.take().unwrap());
        let notes = lines_of(child.stderr.take().unwrap());
        let following = Self {
            child,
            lines,
            notes,
        };
        while !following.note().contains("Waiting for records") {}
        following
    }

    fn note(&self) -> String {
        self.notes.recv_timeout(PATIENCE).expect("a note")
    }

    /// The number in the next record.
    fn next(&self) -> i64 {
        let line = self.lines.recv_timeout(PATIENCE).expect("a record");
        let record: serde_json::Value = serde_json::from_str(&line).unwrap();
        record["after_state"]["n"].as_i64().unwrap()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    lines_of(from)
}

fn lines_of(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

fn insert(n: i64) -> String {
    format!(
        "insert into public.audit_log (action, after_state) values ('follow.insert', '{{\"n\": {n}}}')"
    )
}

/// A record that is dated in the future is told like any other, and what is written after it is told too.
#[test]
fn a_record_of_the_future_stops_nothing() {
    let test_env = TestEnvironment::empty();
    test_env.sql_of_superuser("grant usage on schema public to service_role");
    test_env.sql(
        "create table audits (id bigserial primary key, auditable_type text, event text, old_values jsonb, new_values jsonb, created_at timestamptz default now());
         insert into audits (auditable_type, event, new_values, created_at) values ('x', 'created', '{\"n\": 0}', '2100-01-01');
         grant select on audits to service_role",
    );
    test_env.reload();
    let insert = |n: i64, at: &str| {
        test_env.sql(&format!(
            "insert into audits (auditable_type, event, new_values, created_at) values ('x', 'created', '{{\"n\": {n}}}', {at})"
        ));
    };
    let following = Following::start(&test_env, &["--as", "service"]);
    for (n, at) in [
        (1, "now()"),
        (2, "'2100-01-01'"),
        (3, "now()"),
        (4, "now()"),
    ] {
        insert(n, at);
        assert_eq!(following.next(), n);
    }
}

/// A transaction that wrote first and ends last is told, once, though later ones were told before.
#[test]
fn a_transaction_that_ends_late_is_told_once() {
    let test_env = TestEnvironment::own();
    test_env.sql(&insert(0));
    let following = Following::start(
        &test_env,
        &["--as", "service", "--where", "action:follow.insert"],
    );
    let (runtime, late) = test_env.client();
    runtime
        .block_on(late.batch_execute(&format!("begin; {}", insert(1))))
        .unwrap();
    for n in 2..5 {
        test_env.sql(&insert(n));
        assert_eq!(following.next(), n);
    }
    runtime.block_on(late.batch_execute("commit")).unwrap();
    assert_eq!(following.next(), 1);
    // Of another action, and another that fits: nothing stands between.
    test_env.sql("insert into public.audit_log (action) values ('other.insert')");
    test_env.sql(&insert(5));
    assert_eq!(following.next(), 5);
    assert!(following.lines.try_recv().is_err());
    assert!(binary().contains("supadeck"));
}
