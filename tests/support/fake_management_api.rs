//! Stands in for the Management API: runs `query` on a real Postgres, on a connection of its own each time, and
//! misbehaves on request. Plain sockets, so that answers can be cut anywhere.

use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use supadeck::adapters::management::{ManagementDatabase, ProjectAccess, Timeouts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_postgres::error::{DbError, ErrorPosition};
use tokio_postgres::{Error, NoTls, SimpleQueryMessage};

pub(crate) const REF: &str = "abcdefghijklmnopqrst";
pub(crate) const TOKEN: &str = "sbp_0123456789abcdef0123456789abcdef01234567";

/// What is done to a call.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// Answered like this, and not run.
    Instead(&'static str, &'static str, &'static str),
    /// Run, and then answered like this.
    Behind(&'static str, &'static str, &'static str),
    /// Run, and the answer breaks off in the middle of its body.
    CutOff,
    /// Not run, and the connection is reset.
    ResetBefore,
    /// Run, and the connection is reset.
    ResetAfter,
    /// Run, and never answered.
    Silent,
    /// Run only when the test says so, long after the client has gone.
    Late,
    /// Run; an error of the database is answered like this.
    Error(&'static str, &'static str),
}

struct Rule {
    word: &'static str,
    /// How many such calls go well before.
    skip: usize,
    manner: Manner,
    times: usize,
}

/// A running stand-in.
#[derive(Clone)]
pub(crate) struct FakeManagementApi {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    database: String,
    rules: Mutex<Vec<Rule>>,
    calls: Mutex<Vec<String>>,
    late: Notify,
    ran_late: Notify,
}

struct Answer {
    status: &'static str,
    headers: String,
    body: String,
}

impl FakeManagementApi {
    /// Starts one in front of a database.
    pub(crate) async fn start(database: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            database: database.to_owned(),
            rules: Mutex::default(),
            calls: Mutex::default(),
            late: Notify::new(),
            ran_late: Notify::new(),
        });
        let server = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&server)));
            }
        });
        Self { url, shared }
    }

    /// Does this to the next so many calls whose query holds the word.
    pub(crate) fn misbehave(&self, word: &'static str, manner: Manner, times: usize) {
        let rule = Rule {
            word,
            skip: 0,
            manner,
            times,
        };
        self.shared.rules.lock().unwrap().push(rule);
    }

    /// Does this to one call, after so many.
    pub(crate) fn misbehave_after(&self, skip: usize, manner: Manner) {
        let rule = Rule {
            word: "",
            skip,
            manner,
            times: 1,
        };
        self.shared.rules.lock().unwrap().push(rule);
    }

    /// Whether every misbehaviour has taken place.
    pub(crate) fn is_spent(&self) -> bool {
        self.shared.rules.lock().unwrap().is_empty()
    }

    /// The queries so far that hold a word.
    pub(crate) fn count(&self, word: &str) -> usize {
        let calls = self.shared.calls.lock().unwrap();
        calls.iter().filter(|query| query.contains(word)).count()
    }

    /// Runs the call that is late, and waits until it has run.
    pub(crate) async fn release(&self) {
        self.shared.late.notify_one();
        self.shared.ran_late.notified().await;
    }

    /// The database through this stand-in.
    pub(crate) fn database(&self) -> Arc<ManagementDatabase> {
        self.with(patience())
    }

    pub(crate) fn with(&self, patience: Timeouts) -> Arc<ManagementDatabase> {
        Arc::new(ManagementDatabase::with_timeouts(
            self.access(REF, TOKEN),
            patience,
        ))
    }

    pub(crate) fn access(&self, reference: &str, token: &str) -> ProjectAccess {
        ProjectAccess::new(Some(&self.url), reference, &token.to_owned().into()).unwrap()
    }
}

/// Short where a test waits for the end of it, long where it must not be reached.
pub(crate) fn patience() -> Timeouts {
    Timeouts {
        on_the_way: Duration::from_secs(4),
        ..Timeouts::default()
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut request = Vec::new();
    let mut piece = vec![0; 65_536];
    let (head, mut length) = loop {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&piece[..count]),
        }
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(request[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>().unwrap())
            });
            request.drain(..end + 4);
            break (head, length.unwrap_or(0));
        }
    };
    while request.len() < length {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => length = 0,
            Ok(count) => request.extend_from_slice(&piece[..count]),
        }
    }
    if let Some(answer) = turned_away(&head) {
        return send(stream, answer, false).await;
    }
    let body: Value = serde_json::from_slice(&request).unwrap();
    let query = body["query"].as_str().unwrap().to_owned();
    shared.calls.lock().unwrap().push(query.clone());
    let run = || execute(&shared.database, &query);
    match shared.manner(&query) {
        None => {
            let answer = run().await.unwrap_or_else(|error| refusal(&error, &query));
            send(stream, answer, false).await;
        }
        Some(Manner::Instead(status, headers, body)) => {
            send(stream, answer(status, headers, body), false).await;
        }
        Some(Manner::Behind(status, headers, body)) => {
            let _ = run().await;
            send(stream, answer(status, headers, body), false).await;
        }
        Some(Manner::CutOff) => {
            let answer = run().await.unwrap_or_else(|error| refusal(&error, &query));
            send(stream, answer, true).await;
        }
        Some(Manner::ResetBefore) => {
            stream.set_zero_linger().unwrap();
        }
        Some(Manner::ResetAfter) => {
            let _ = run().await;
            stream.set_zero_linger().unwrap();
        }
        Some(Manner::Silent) => {
            let _ = run().await;
            while matches!(stream.read(&mut piece).await, Ok(1..)) {}
        }
        Some(Manner::Late) => {
            shared.late.notified().await;
            let _ = run().await;
            shared.ran_late.notify_one();
        }
        Some(Manner::Error(status, body)) => {
            let answer = run().await.unwrap_or_else(|_| answer(status, "", body));
            send(stream, answer, false).await;
        }
    }
}

impl Shared {
    fn manner(&self, query: &str) -> Option<Manner> {
        let mut rules = self.rules.lock().unwrap();
        let at = rules.iter().position(|rule| query.contains(rule.word))?;
        if rules[at].skip > 0 {
            rules[at].skip -= 1;
            return None;
        }
        let manner = rules[at].manner.clone();
        rules[at].times -= 1;
        if rules[at].times == 0 {
            rules.remove(at);
        }
        Some(manner)
    }
}

fn answer(status: &'static str, headers: &str, body: &str) -> Answer {
    Answer {
        status,
        headers: headers.to_owned(),
        body: body.to_owned(),
    }
}

/// What the API looks at before the query.
fn turned_away(head: &str) -> Option<Answer> {
    let first = head.lines().next().unwrap();
    let has_token = head.lines().any(|line| {
        line.split_once(": ").is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("authorization") && value == format!("Bearer {TOKEN}")
        })
    });
    if !has_token {
        return Some(answer(
            "401 Unauthorized",
            "",
            r#"{"message":"Unauthorized"}"#,
        ));
    }
    let path = format!("POST /v1/projects/{REF}/database/query HTTP/1.1");
    (first != path).then(|| answer("404 Not Found", "", r#"{"message":"Project not found"}"#))
}

async fn send(mut stream: TcpStream, answer: Answer, is_cut: bool) {
    let Answer {
        status,
        headers,
        body,
    } = answer;
    let head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    let end = if is_cut { body.len() / 2 } else { body.len() };
    // The client may have gone meanwhile.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&body.as_bytes()[..end]).await;
    let _ = stream.shutdown().await;
}

/// Runs a query as one simple query and gives the rows of the last statement that has any, as the API does.
async fn execute(database: &str, query: &str) -> Result<Answer, Error> {
    let (client, connection) = tokio_postgres::connect(database, NoTls).await?;
    tokio::spawn(connection);
    let mut rows: Vec<Value> = Vec::new();
    let mut current: Vec<Value> = Vec::new();
    for message in client.simple_query(query).await? {
        match message {
            SimpleQueryMessage::Row(row) => {
                let mut object = Map::new();
                for (at, column) in row.columns().iter().enumerate() {
                    let cell = row.get(at).map(|text| match serde_json::from_str(text) {
                        // The real API parses JSON columns too.
                        Ok(value @ Value::Object(_)) => value,
                        _ => json!(text),
                    });
                    object.insert(column.name().to_owned(), cell.unwrap_or(Value::Null));
                }
                current.push(Value::Object(object));
            }
            SimpleQueryMessage::CommandComplete(_) if !current.is_empty() => {
                rows = std::mem::take(&mut current);
            }
            _ => {}
        }
    }
    Ok(answer("201 Created", "", &json!(rows).to_string()))
}

/// An error of the database in the form of the real API.
fn refusal(error: &Error, query: &str) -> Answer {
    let words = match error.as_db_error() {
        Some(error) => formatted(error, query),
        None => "Connection terminated unexpectedly".to_owned(),
    };
    let message = json!({ "message": format!("Failed to run sql query: {words}") });
    answer("400 Bad Request", "", &message.to_string())
}

fn formatted(error: &DbError, query: &str) -> String {
    let mut text = format!(
        "{}:  {}: {}\n",
        error.severity(),
        error.code().code(),
        error.message()
    );
    if let Some(ErrorPosition::Original(position)) = error.position() {
        let mut rest = usize::try_from(*position).unwrap() - 1;
        for (index, line) in query.split('\n').enumerate() {
            let length = line.chars().count();
            if length > rest {
                let before = format!("LINE {}: ", index + 1);
                let indent = " ".repeat(before.len() + rest);
                text.push_str(&format!("{before}{line}\n{indent}^\n"));
                break;
            }
            rest -= length + 1;
        }
    }
    for (word, part) in [
        ("DETAIL", error.detail()),
        ("HINT", error.hint()),
        ("CONTEXT", error.where_()),
    ] {
        if let Some(part) = part {
            text.push_str(&format!("{word}:  {part}\n"));
        }
    }
    text
}
