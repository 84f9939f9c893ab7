//! A line between supadeck and Postgres that knows the wire protocol: it counts the messages of both sides over all
//! connections, and lets a fault happen before or after one of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What happens at a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Both lines are closed.
    Close,
    /// Both lines are reset: what was under way is lost with them.
    Reset,
    /// The lines stay open, and nothing comes through any more, either way.
    Swallow,
    /// The server's backend is ended, and the line goes on.
    EndBackend,
    /// The hook of the walk is called: kills the program, or stops the server.
    Hook,
}

/// A fault at one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) what: What,
    /// Number of the message, from 0.
    pub(crate) at: usize,
    /// Whether the message still reaches the other side.
    pub(crate) is_behind: bool,
}

/// A message as it was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Number of the connection, from 0.
    pub(crate) connection: usize,
    /// Whether the client sent it.
    pub(crate) is_frontend: bool,
    /// Its type; `?` for those of the start-up that have none.
    pub(crate) kind: char,
}

/// What is done at the message, off the line.
pub(crate) type Hook = Arc<dyn Fn() + Send + Sync>;

struct Shared {
    server: String,
    admin: String,
    fault: Option<Fault>,
    hook: Option<Hook>,
    passed: Mutex<Vec<Passed>>,
    struck: AtomicBool,
    /// Whether the hook is at work.
    busy: AtomicBool,
    connections: Mutex<usize>,
}

pub(crate) struct Wire {
    pub(crate) url: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Wire {
    /// A line to the server of a URL. `admin` is a URL that may end backends.
    pub(crate) async fn new(
        url: &str,
        admin: &str,
        fault: Option<Fault>,
        hook: Option<Hook>,
    ) -> Self {
        let (head, rest) = url.rsplit_once('@').unwrap();
        let (server, path) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            server: server.to_owned(),
            admin: admin.to_owned(),
            fault,
            hook,
            passed: Mutex::default(),
            struck: AtomicBool::new(false),
            busy: AtomicBool::new(false),
            connections: Mutex::default(),
        });
        let carried = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            // Dropped with the wire: what was swallowed until then ends too.
            let mut lines = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let number = {
                    let mut connections = carried.connections.lock().unwrap();
                    *connections += 1;
                    *connections - 1
                };
                lines.spawn(carry(client, number, Arc::clone(&carried)));
            }
        });
        let join = if path.contains('?') { '&' } else { '?' };
        Self {
            url: format!("{head}@127.0.0.1:{port}/{path}{join}connect_timeout=1"),
            shared,
            task,
        }
    }

    /// The messages that were counted.
    pub(crate) fn passed(&self) -> Vec<Passed> {
        self.shared.passed.lock().unwrap().clone()
    }

    /// Ends all lines and waits for the hook, which may have been called by a farewell; whether the fault happened.
    pub(crate) async fn close(mut self) -> bool {
        self.task.abort();
        let _ = (&mut self.task).await;
        while self.shared.busy.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.has_struck()
    }

    /// Whether the fault happened.
    pub(crate) fn has_struck(&self) -> bool {
        self.shared.struck.load(Ordering::SeqCst)
    }
}

/// One direction's bytes that are no whole message yet.
#[derive(Default)]
struct Half {
    bytes: Vec<u8>,
    is_started: bool,
    /// One byte without a length comes: the answer to the question for TLS.
    single: bool,
}

impl Half {
    /// The next whole message and its type.
    fn take(&mut self) -> Option<(char, Vec<u8>)> {
        if self.single {
            self.single = false;
            if self.bytes.is_empty() {
                self.single = true;
                return None;
            }
            return Some(('1', self.bytes.drain(..1).collect()));
        }
        let skip = usize::from(self.is_started);
        let length = self.bytes.get(skip..skip + 4)?;
        let length = u32::from_be_bytes(length.try_into().unwrap()) as usize + skip;
        if self.bytes.len() < length {
            return None;
        }
        let kind = if self.is_started {
            char::from(self.bytes[0])
        } else {
            '?'
        };
        Some((kind, self.bytes.drain(..length).collect()))
    }
}

enum Step {
    Go,
    Stop,
}

struct Line {
    client: TcpStream,
    server: TcpStream,
    number: usize,
    pid: Option<i32>,
    shared: Arc<Shared>,
}

async fn carry(client: TcpStream, number: usize, shared: Arc<Shared>) {
    let Ok(server) = TcpStream::connect(&shared.server).await else {
        return;
    };
    for line in [&client, &server] {
        line.set_nodelay(true).unwrap();
    }
    let mut line = Line {
        client,
        server,
        number,
        pid: None,
        shared,
    };
    let (mut up, mut down) = (Half::default(), Half::default());
    down.is_started = true;
    let (mut from_client, mut from_server) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            read = line.client.read(&mut from_client) => {
                let Ok(count @ 1..) = read else { break };
                up.bytes.extend_from_slice(&from_client[..count]);
                while let Some((kind, bytes)) = up.take() {
                    if !up.is_started {
                        // A question for TLS is answered with one byte, and another start follows.
                        down.single = bytes.get(4..8) == Some(&80_877_103_u32.to_be_bytes()[..]);
                        up.is_started = !down.single;
                    }
                    if matches!(line.message(true, kind, &bytes).await, Step::Stop) { return }
                }
            }
            read = line.server.read(&mut from_server) => {
                let Ok(count @ 1..) = read else { break };
                down.bytes.extend_from_slice(&from_server[..count]);
                while let Some((kind, bytes)) = down.take() {
                    if kind == 'K' {
                        line.pid = Some(i32::from_be_bytes(bytes[5..9].try_into().unwrap()));
                    }
                    if matches!(line.message(false, kind, &bytes).await, Step::Stop) { return }
                }
            }
        }
    }
}

impl Line {
    async fn message(&mut self, is_frontend: bool, kind: char, bytes: &[u8]) -> Step {
        let at = {
            let mut passed = self.shared.passed.lock().unwrap();
            passed.push(Passed {
                connection: self.number,
                is_frontend,
                kind,
            });
            passed.len() - 1
        };
        let fault = self.shared.fault.filter(|fault| fault.at == at);
        match fault {
            Some(fault) if fault.is_behind => {
                let _ = self.forward(is_frontend, bytes).await;
                self.strike(fault.what).await
            }
            Some(fault) => match self.strike(fault.what).await {
                Step::Go => self.forward(is_frontend, bytes).await,
                Step::Stop => Step::Stop,
            },
            None => self.forward(is_frontend, bytes).await,
        }
    }

    async fn forward(&mut self, is_frontend: bool, bytes: &[u8]) -> Step {
        let to = if is_frontend {
            &mut self.server
        } else {
            &mut self.client
        };
        match to.write_all(bytes).await {
            Ok(()) => Step::Go,
            // The client may have gone, which the server must still be told; or the server, after its last words.
            Err(_) => Step::Stop,
        }
    }

    async fn strike(&mut self, what: What) -> Step {
        self.shared.struck.store(true, Ordering::SeqCst);
        match what {
            What::Close => Step::Stop,
            What::Reset => {
                for line in [&self.client, &self.server] {
                    let _ = reset(line);
                }
                Step::Stop
            }
            What::Swallow => {
                let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
                let (mut client, mut server) = (true, true);
                while client || server {
                    tokio::select! {
                        read = self.client.read(&mut up), if client => client = matches!(read, Ok(1..)),
                        read = self.server.read(&mut down), if server => server = matches!(read, Ok(1..)),
                    }
                }
                Step::Stop
            }
            What::EndBackend => {
                if let Some(pid) = self.pid {
                    let admin = crate::bench::connect(&self.shared.admin).await;
                    admin
                        .execute("select pg_terminate_backend($1, 10000)", &[&pid])
                        .await
                        .unwrap();
                }
                Step::Go
            }
            What::Hook => {
                self.shared.busy.store(true, Ordering::SeqCst);
                let shared = Arc::clone(&self.shared);
                let hook = shared.hook.clone().unwrap();
                let task = tokio::task::spawn_blocking(move || {
                    hook();
                    shared.busy.store(false, Ordering::SeqCst);
                });
                task.await.unwrap();
                Step::Stop
            }
        }
    }
}

/// A line that is closed with this is reset, and what it had not sent is thrown away.
fn reset(line: &TcpStream) -> std::io::Result<()> {
    #[allow(deprecated)]
    line.set_linger(Some(Duration::ZERO))
}
