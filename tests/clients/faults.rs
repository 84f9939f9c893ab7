//! Servers and proxies that misbehave. Each fault has its own clear problem, and the next attempt works.

use crate::misbehaving_server::{Does, MisbehavingServer, answer, json, no_rows, serve};
use crate::test_project::limits;
use serde_json::json;
use std::time::{Duration, Instant};
use supadeck::adapters::connect::{Project, RoleChoice};
use supadeck::adapters::http::Limits;
use supadeck::domain::identity::Identity;
use supadeck::domain::lock::UnlockRequest;
use supadeck::domain::problem::{Kind, Problem};
use supadeck::domain::query::Select;
use supadeck::domain::table::change::RowChange;
use supadeck::domain::table::info::TableInfo;
use supadeck::domain::table::name::TableName;
use supadeck::ops::{lock, table_change};

const PAGE: &str =
    "<html><head><title>Gateway</title></head><body><script>steal()</script></body></html>";

async fn read(project: &Project) -> Result<usize, Problem> {
    let query = Select::from("cycle").under("1b4e28ba-2fa1-4d2b-883f-0016d3cca427");
    let answer = project.rest.select(&Identity::Anon, &query).await?;
    Ok(answer.rows::<serde_json::Value>()?.len())
}

/// The first read meets the answers, the second one a server that works.
async fn meets(answers: Vec<Does>, limits: Limits) -> (MisbehavingServer, Problem) {
    let answers = answers.into_iter().chain([no_rows()]).collect();
    let server = serve(answers).await;
    let project = server.project(RoleChoice::Anon, limits).await;
    let problem = read(&project).await.unwrap_err();
    assert!(
        !format!("{problem:?}").contains("0123456789"),
        "no key in {problem:?}"
    );
    assert_eq!(read(&project).await, Ok(0), "the next attempt works");
    (server, problem)
}

fn page(status: &str) -> Does {
    answer(status, "content-type: text/html\r\n", PAGE)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_proxy_is_called_so_and_not_shown() {
    let (_, problem) = meets(vec![page("403 Forbidden")], limits()).await;
    assert!(!format!("{problem:?}").contains("script"), "{problem:?}");
    for (answers, status) in [
        (vec![page("502 Bad Gateway"); 3], "502"),
        (vec![page("404 Not Found")], "404"),
    ] {
        let (_, problem) = meets(answers, limits()).await;
        assert_eq!(problem.kind, Kind::Network);
        assert!(problem.what.contains("a page instead of data"), "{problem}");
        assert!(problem.why.contains(status), "{problem}");
        assert!(!format!("{problem:?}").contains("script"), "{problem:?}");
    }
    // The page of a captive portal says that all is well.
    let (_, problem) = meets(vec![page("200 OK")], limits()).await;
    assert_eq!(problem.kind, Kind::Network);
    assert!(problem.why.contains("not JSON"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_cut_off_is_an_error_and_never_a_shorter_list() {
    let whole = r#"[{"a":1},{"a":2}]"#;
    let by_length = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n[{{\"a\":1}}]",
        whole.len()
    );
    let by_chunk = "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n9\r\n[{\"a\":1}]\r\n";
    for cut in [by_length.as_str(), by_chunk] {
        let cut = Does::Write(cut.as_bytes().to_vec());
        let (server, problem) = meets(vec![cut; 3], limits()).await;
        assert_eq!(problem.kind, Kind::Network);
        assert!(problem.what.contains("broke"), "{problem}");
        assert_eq!(
            server.count("cycle"),
            4,
            "three tries, then the next attempt"
        );
    }
    // A whole body that holds less than it announces.
    let short = answer(
        "206 Partial Content",
        "content-range: 0-1/*\r\n",
        r#"[{"a":1}]"#,
    );
    let (_, problem) = meets(vec![short], limits()).await;
    assert!(problem.what.contains("not complete"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_passes_is_not_even_noticed() {
    let passing: Vec<Vec<Does>> = vec![
        vec![Does::Close],
        vec![Does::Close, Does::Close],
        vec![page("503 Service Unavailable"), page("504 Gateway Timeout")],
        vec![json(
            "503 Service Unavailable",
            r#"{"code":"PGRST002","message":"Could not query the database"}"#,
        )],
        vec![json(
            "504 Gateway Timeout",
            r#"{"code":"PGRST003","message":"Timed out acquiring connection"}"#,
        )],
    ];
    for answers in passing {
        let answers = answers.into_iter().chain([no_rows()]).collect();
        let server = serve(answers).await;
        let project = server.project(RoleChoice::Anon, limits()).await;
        assert_eq!(read(&project).await, Ok(0));
        let heard = server.heard();
        let id = "x-correlation-id: 1b4e28ba-2fa1-4d2b-883f-0016d3cca427";
        assert!(
            heard.len() > 1 && heard.iter().all(|request| request.contains(id)),
            "{heard:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_pass_is_not_repeated() {
    let failed = json(
        "500 Internal Server Error",
        r#"{"code":"XX000","message":"internal"}"#,
    );
    let (server, problem) = meets(vec![failed], limits()).await;
    assert_eq!((problem.kind, server.count("cycle")), (Kind::Database, 2));
    let starved = json(
        "503 Service Unavailable",
        r#"{"code":"53300","message":"too many connections"}"#,
    );
    let (_, problem) = meets(vec![starved], limits()).await;
    assert!(
        problem.retry && problem.kind == Kind::Network,
        "{problem:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_answer_is_lost_is_of_unknown_end_and_sent_once() {
    let table = TableInfo {
        key: vec!["id".into()],
        ..TableInfo::unknown(&TableName::new("public", "note"))
    };
    let values = json!({"text": "x"}).as_object().unwrap().clone();
    let change = RowChange::Insert { values };
    let refused = json(
        "503 Service Unavailable",
        r#"{"code":"PGRST002","message":"Could not query the database"}"#,
    );
    let broken = json("400 Bad Request", r#"{"code":"22P02","message":"no"}"#);
    for (does, is_unknown) in [
        (Does::Close, true),
        (page("502 Bad Gateway"), true),
        (page("504 Gateway Timeout"), true),
        (
            json("500 Internal Server Error", r#"{"message":"timeout"}"#),
            true,
        ),
        (json("201 Created", r#"[{"id":1"#), true),
        (page("201 Created"), true),
        (
            json(
                "503 Service Unavailable",
                r#"{"code":"PGRST001","message":"lost"}"#,
            ),
            true,
        ),
        (refused, false),
        (broken, false),
    ] {
        let server = serve(vec![does.clone(), no_rows()]).await;
        let project = server.project(RoleChoice::Anon, limits()).await;
        let made = table_change::make(&*project.rest, &Identity::Anon, &table, &change).await;
        let problem = made.unwrap_err();
        assert_eq!(problem.is_outcome_unknown(), is_unknown, "{problem:?}");
        assert_eq!(server.count("note"), 1);
        if is_unknown {
            assert!(problem.why.contains("not known whether"), "{problem:?}");
            assert!(!problem.retry, "{problem:?}");
            let hint = problem.hint.unwrap_or_default();
            assert!(!hint.contains("ry again"), "{hint}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_honoured_and_bounded() {
    let busy = answer("429 Too Many Requests", "retry-after: 1\r\n", "");
    let server = serve(vec![busy, no_rows()]).await;
    let project = server.project(RoleChoice::Anon, limits()).await;
    let started = Instant::now();
    assert_eq!(read(&project).await, Ok(0));
    assert!(
        started.elapsed() >= Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );

    let started = Instant::now();
    let far = answer("429 Too Many Requests", "retry-after: 3600\r\n", "");
    let (server, problem) = meets(vec![far], limits()).await;
    // An hour is not waited for.
    assert!(started.elapsed() < Duration::from_mins(10));
    assert!(problem.what.contains("fewer requests"), "{problem}");
    assert_eq!(server.count("cycle"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_search_of_a_large_table_is_awaited_for_long() {
    let unequal = |read, quick| Limits {
        read,
        quick,
        ..limits()
    };
    let (short, long) = (Duration::from_millis(300), Duration::from_mins(10));
    // An ordinary read is over although others may take minutes.
    let (_, problem) = meets(vec![Does::Stall], unequal(long, short)).await;
    assert!(problem.what.contains("did not answer in time"), "{problem}");
    let server = serve(vec![Does::Stall]).await;
    let project = server
        .project(RoleChoice::Anon, unequal(short, Duration::ZERO))
        .await;
    let mut search = Select::from("audit_log");
    search.is_long = true;
    let started = Instant::now();
    let searched = project.rest.select(&Identity::Anon, &search).await;
    assert!(started.elapsed() >= short);
    assert!(
        searched
            .unwrap_err()
            .hint
            .unwrap()
            .contains("`--limit` or a filter")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_given_up() {
    let quick = Limits {
        read: Duration::from_millis(300),
        ..limits()
    };
    let (server, problem) = meets(vec![Does::Stall], quick).await;
    assert!(problem.what.contains("did not answer in time"), "{problem}");
    assert_eq!(problem.hint.as_deref(), Some("Try again."));
    assert_eq!(
        server.count("cycle"),
        2,
        "a slow query is not asked three times"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_and_carries_no_key() {
    let elsewhere = serve(vec![no_rows()]).await;
    let to = format!("location: {}/rest/v1/cycle\r\n", elsewhere.url);
    let (_, problem) = meets(vec![answer("307 Temporary Redirect", &to, "")], limits()).await;
    assert_eq!(problem.kind, Kind::Network);
    let host = elsewhere.url.strip_prefix("http://").unwrap();
    assert!(problem.what.contains(host), "{problem}");
    assert_eq!(elsewhere.heard().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_of_zeros_is_stopped_at_the_bound() {
    let bomb = answer(
        "200 OK",
        "content-encoding: gzip\r\n",
        zeros(300 * 1024 * 1024),
    );
    let small = Limits {
        body_bytes: 8 * 1024 * 1024,
        ..limits()
    };
    let (_, problem) = meets(vec![bomb], small).await;
    assert!(problem.what.contains("too large"), "{problem}");
    assert!(problem.why.contains("8 MB"), "{problem}");
    let broken = answer("200 OK", "content-encoding: gzip\r\n", b"this is no gzip");
    let (_, problem) = meets(vec![broken; 3], limits()).await;
    assert_eq!(problem.kind, Kind::Network, "{problem:?}");
}

/// A gzip stream of so many zeros: one literal, then copies of 258 bytes, all in one block with the fixed codes (RFC 1951).
fn zeros(bytes: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut put = |text: &str| bits.extend(text.chars().map(|c| c == '1'));
    // The last block, fixed codes; the literal 0.
    put("1");
    put("10");
    put("00110000");
    for _ in 0..bytes / 258 {
        // Length 258 (code 285), distance 1 (code 0).
        put("11000101");
        put("00000");
    }
    put("0000000");
    let packed = bits.chunks(8).map(|chunk| {
        chunk
            .iter()
            .rev()
            .fold(0_u8, |byte, bit| byte << 1 | u8::from(*bit))
    });
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    head.into_iter().chain(packed).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_decides_and_not_the_status() {
    let denied = json(
        "401 Unauthorized",
        r#"{"code":"42501","message":"permission denied for table cycle","hint":null}"#,
    );
    let (_, problem) = meets(vec![denied], limits()).await;
    assert_eq!(problem.kind, Kind::Denied);
    let locked = json(
        "403 Forbidden",
        r#"{"code":"PT403","message":"Week 9 is locked.","details":"Weeks after 6 are.","hint":"Progress stays open."}"#,
    );
    let (_, problem) = meets(vec![locked], limits()).await;
    assert_eq!(
        (problem.what.as_str(), problem.why.as_str()),
        ("Week 9 is locked.", "Weeks after 6 are.")
    );
    assert_eq!(problem.hint.as_deref(), Some("Progress stays open."));
    let paused = json("540 Project Paused", r#"{"message":"paused"}"#);
    let (_, problem) = meets(vec![paused], limits()).await;
    assert!(problem.what.contains("paused"), "{problem}");
}

/// What was sent may be no value; what the server computes of its own rows is not the user's fault.
#[tokio::test(flavor = "multi_thread")]
async fn class_22_tells_a_value_that_was_sent_from_one_that_was_computed() {
    for (code, message, kind) in [
        (
            "22P02",
            "invalid input syntax for type uuid: \"x\"",
            Kind::Usage,
        ),
        (
            "22007",
            "invalid input syntax for type date: \"x\"",
            Kind::Usage,
        ),
        ("22023", "An emergency unlock needs a reason.", Kind::Usage),
        ("22021", "invalid byte sequence for encoding", Kind::Usage),
        ("22003", "value overflows numeric format", Kind::Database),
        ("22003", "integer out of range", Kind::Database),
        ("22012", "division by zero", Kind::Database),
        ("22008", "timestamp out of range", Kind::Database),
        (
            "22001",
            "value too long for type character(1)",
            Kind::Database,
        ),
        ("2201E", "cannot take logarithm of zero", Kind::Database),
        ("22030", "duplicate JSON object key value", Kind::Database),
    ] {
        let body = serde_json::json!({ "code": code, "message": message }).to_string();
        let (_, problem) = meets(vec![json("400 Bad Request", &body)], limits()).await;
        assert_eq!(problem.kind, kind, "{problem:?}");
        assert_eq!(problem.code.as_deref(), Some(code));
        assert!(problem.why.starts_with(message), "{problem:?}");
        assert_eq!(
            problem.hint.is_some(),
            kind == Kind::Database,
            "{problem:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_servers_text_is_harmless_and_bounded() {
    let text = format!("\\u001b[2J\\u202e{}", "x".repeat(100_000));
    let nasty = json(
        "400 Bad Request",
        &format!(r#"{{"code":"P0001","message":"{text}","details":{{"a":1}},"hint":"{text}"}}"#),
    );
    let (_, problem) = meets(vec![nasty], limits()).await;
    let all = format!("{} {:?} {:?}", problem, problem.hint, problem.detail);
    assert!(
        !problem.to_string().contains(['\u{1b}', '\u{202e}']),
        "{problem}"
    );
    assert!(all.len() < 4_000, "{}", all.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_where_they_belong_and_nowhere_else() {
    let server = serve(vec![no_rows()]).await;
    let project = server.project(RoleChoice::Anon, limits()).await;
    let query = Select::from("cycle");
    project.rest.select(&Identity::Anon, &query).await.unwrap();
    project
        .rest
        .select(&Identity::Service, &query)
        .await
        .unwrap();
    let heard = server.heard();
    for (request, key) in heard
        .iter()
        .zip(["sb_publishable_0123456789", "sb_secret_0123456789"])
    {
        let request = request.to_ascii_lowercase();
        assert!(request.contains(&format!("apikey: {key}\r\n")), "{request}");
        assert!(!request.contains("authorization"), "{request}");
        let agent = format!("user-agent: supadeck/{}\r\n", env!("CARGO_PKG_VERSION"));
        assert!(request.contains(&agent), "{request}");
        assert!(request.contains("accept-encoding: gzip"), "{request}");
    }
}

fn status(is_locked: bool, until: Option<&str>) -> Does {
    let row = json!([{
        "plan_id": crate::test_project::LOCKED, "cycle_id": "c", "user_id": "u", "week_no": 9, "mode": "time_block",
        "locked": is_locked, "why": "w", "locked_after_week": 6, "unlocked_until": until, "is_current_week": false,
        "item_count": 0, "planned_qty": 0, "completed_qty": 0, "completion_pct": null,
    }]);
    answer("200 OK", "content-range: 0-0/*\r\n", row.to_string())
}

async fn unlock_at(answers: Vec<Does>) -> (MisbehavingServer, Result<bool, Problem>) {
    let server = serve(answers).await;
    let project = server.project(RoleChoice::Service, limits()).await;
    let request = UnlockRequest {
        plan_id: crate::test_project::LOCKED.into(),
        rationale: "x".into(),
        minutes: 5,
        shown_until: None,
    };
    let done = lock::unlock(&*project.rest, &Identity::Service, &request).await;
    (server, done.map(|unlocked| unlocked.lock.locked))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_is_lost_is_looked_up_and_never_sent_twice() {
    let until = Some("2030-01-01T00:00:00+00:00");
    let (server, done) =
        unlock_at(vec![status(true, None), Does::Close, status(false, until)]).await;
    let perhaps = done.unwrap_err();
    assert_eq!(perhaps.kind, Kind::Network);
    assert!(
        perhaps.what.contains("is unlocked until 2030-01-01")
            && perhaps.what.contains("perhaps by somebody else"),
        "{perhaps}"
    );
    assert_eq!(server.count("rpc/unlock_week"), 1);

    let (server, done) = unlock_at(vec![status(true, None), Does::Close, status(true, None)]).await;
    assert_eq!(done.unwrap_err().kind, Kind::Network, "it was not done");
    assert_eq!(server.count("rpc/unlock_week"), 1);

    let (_, done) = unlock_at(vec![status(true, None), Does::Close]).await;
    assert!(done.unwrap_err().what.contains("not known"));

    let (_, done) = unlock_at(vec![
        status(true, None),
        json("200 OK", "{}"),
        status(true, None),
    ])
    .await;
    assert_eq!(
        done.unwrap_err().kind,
        Kind::Conflict,
        "accepted, and not there"
    );
}

/// The problem of a read that is refused with this body.
async fn refused(status: &str, body: &str) -> Problem {
    let (_, problem) = meets(vec![json(status, body)], limits()).await;
    problem
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_says_whose_it_is() {
    let body = r#"{"code":"57014","message":"canceling statement due to statement timeout"}"#;
    let server = refused("500 Internal Server Error", body).await;
    assert!(
        server.why.contains("statement_timeout of role anon"),
        "{server}"
    );
    assert!(server.hint.unwrap().contains("`--limit` or a filter"));
    let body = r#"{"code":"57014","message":"canceling statement due to user request"}"#;
    let stopped = refused("500 Internal Server Error", body).await;
    assert!(stopped.why.contains("It was no limit"), "{stopped}");
    let quick = Limits {
        quick: Duration::from_millis(50),
        ..limits()
    };
    let (_, own) = meets(vec![Does::Stall], quick).await;
    assert!(own.why.contains("supadeck's own limit"), "{own}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_servers_own_hint_is_kept() {
    for body in [
        r#"{"code":"42501","message":"permission denied for table cycle","hint":"Ask the owner of it."}"#,
        r#"{"code":"PGRST205","message":"Not in the schema cache","hint":"Ask the owner of it."}"#,
        r#"{"code":"42P17","message":"infinite recursion detected in policy","hint":"Ask the owner of it."}"#,
        r#"{"code":"57014","message":"canceling statement due to statement timeout","hint":"Ask the owner of it."}"#,
        r#"{"code":"XX000","message":"internal","hint":"Ask the owner of it."}"#,
    ] {
        let answers = vec![json("400 Bad Request", body); 12];
        let server = serve(answers).await;
        let project = server.project(RoleChoice::Anon, limits()).await;
        let problem = read(&project).await.unwrap_err();
        let hint = problem.hint.clone().unwrap();
        assert!(hint.ends_with("Ask the owner of it."), "{problem:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_a_policy_misses_is_not_the_one_that_was_read() {
    let missing = |name: &str| {
        format!(r#"{{"code":"42P01","message":"relation \"{name}\" does not exist"}}"#)
    };
    let own = refused("404 Not Found", &missing("public.cycle")).await;
    assert!(supadeck::domain::read_problem::is_absent(&own), "{own:?}");
    let inner = refused("404 Not Found", &missing("public.cycle_member")).await;
    assert!(
        !supadeck::domain::read_problem::is_absent(&inner),
        "{inner:?}"
    );
    assert!(inner.to_string().contains("cycle_member"), "{inner}");
}
