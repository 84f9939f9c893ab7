//! A line between supadeck and Postgres that can be cut at a word.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the line does when a client's message holds the word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Nothing.
    Pass,
    /// Is cut before the message reaches the server.
    CutBefore(&'static str),
    /// Is cut behind the message: the server has it, and its answer is lost.
    CutBehind(&'static str),
    /// Goes silent behind the message: it stays open, and nothing comes through any more, either way.
    SilentBehind(&'static str),
    /// Stands, and counts as cut for everybody who comes after the message.
    LastBehind(&'static str),
    /// Swallows requests to cancel.
    DropCancels,
    /// Is slow for what comes right behind the message.
    SlowBehind(&'static str),
}

/// The code of a cancel request, behind its length.
const CANCEL: [u8; 4] = 80_877_102_u32.to_be_bytes();

/// How late a slow message comes, and how many are.
const SLOW: Duration = Duration::from_millis(600);
const SLOW_MESSAGES: usize = 4;

pub(crate) struct Line {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

struct State {
    rule: Rule,
    /// How many messages are still to be slow.
    slow: usize,
    open_again: bool,
    is_cut: bool,
}

impl Line {
    /// A line to the server of a URL. After a cut, new connections go through only if `open_again`.
    pub(crate) async fn new(url: &str, rule: Rule, open_again: bool) -> Self {
        let (head, rest) = url.rsplit_once('@').unwrap();
        let (server, path) = rest.split_once('/').unwrap();
        let server = server.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State {
            rule,
            slow: 0,
            open_again,
            is_cut: false,
        }));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let refused = {
                    let state = shared.lock().unwrap();
                    state.is_cut && !state.open_again
                };
                if !refused {
                    tokio::spawn(carry(client, server.clone(), Arc::clone(&shared)));
                }
            }
        });
        Self {
            url: format!("{head}@127.0.0.1:{port}/{path}"),
            state,
        }
    }

    /// Whether it was cut, or slow.
    pub(crate) fn is_cut(&self) -> bool {
        self.state.lock().unwrap().is_cut
    }
}

async fn carry(mut client: TcpStream, server: String, state: Arc<Mutex<State>>) {
    let mut server = TcpStream::connect(server).await.unwrap();
    let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(count @ 1..) = read else { return };
                let (rule, is_slow) = {
                    let mut state = state.lock().unwrap();
                    let is_slow = state.slow > 0;
                    state.slow = state.slow.saturating_sub(1);
                    (state.rule, is_slow)
                };
                if is_slow {
                    tokio::time::sleep(SLOW).await;
                }
                let holds = |word: &str| up[..count].windows(word.len()).any(|window| window == word.as_bytes());
                match rule {
                    Rule::CutBefore(word) if holds(word) => {
                        cut(&state);
                        return;
                    }
                    Rule::CutBehind(word) if holds(word) => {
                        server.write_all(&up[..count]).await.unwrap();
                        cut(&state);
                        drop(client);
                        // The server's answer is read to its end, so that it does not run into a closed line.
                        server.shutdown().await.unwrap();
                        while matches!(server.read(&mut down).await, Ok(1..)) {}
                        return;
                    }
                    Rule::SilentBehind(word) if holds(word) => {
                        server.write_all(&up[..count]).await.unwrap();
                        cut(&state);
                        // Until the client gives it up.
                        while matches!(client.read(&mut up).await, Ok(1..)) {}
                        return;
                    }
                    Rule::LastBehind(word) if holds(word) => {
                        cut(&state);
                        server.write_all(&up[..count]).await.unwrap();
                    }
                    Rule::SlowBehind(word) if holds(word) => {
                        cut(&state);
                        state.lock().unwrap().slow = SLOW_MESSAGES;
                        server.write_all(&up[..count]).await.unwrap();
                    }
                    Rule::DropCancels if up[..count].get(4..8) == Some(&CANCEL[..]) => {
                        state.lock().unwrap().is_cut = true;
                        return;
                    }
                    _ => if server.write_all(&up[..count]).await.is_err() { return },
                }
            }
            read = server.read(&mut down) => {
                let Ok(count @ 1..) = read else { return };
                if client.write_all(&down[..count]).await.is_err() { return }
            }
        }
    }
}

fn cut(state: &Mutex<State>) {
    let mut state = state.lock().unwrap();
    state.is_cut = true;
    state.rule = Rule::Pass;
}
