//! A small server on loopback that answers as it is told, one answer a request, the last one for ever.

use std::sync::{Arc, Mutex};
use supadeck::adapters::connect::{Project, RoleChoice, Settings, resolve_with};
use supadeck::adapters::http::Limits;
use supadeck::adapters::secrets::SecretStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
#[derive(Clone)]
pub enum Does {
    /// Writes these bytes and closes.
    Write(Vec<u8>),
    /// Closes without a word.
    Close,
    /// Keeps silent until the client gives up.
    Stall,
}

/// A running server.
pub struct MisbehavingServer {
    pub url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

/// An answer with this status, these header lines and this body.
pub fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Does {
    let body = body.as_ref();
    let head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    Does::Write([head.as_bytes(), body].concat())
}

/// A JSON answer.
pub fn json(status: &str, body: &str) -> Does {
    answer(status, "content-type: application/json\r\n", body)
}

/// An empty list, as PostgREST sends it.
pub fn no_rows() -> Does {
    answer(
        "200 OK",
        "content-type: application/json\r\ncontent-range: */*\r\n",
        "[]",
    )
}

/// Starts a server with these answers.
pub async fn serve(answers: Vec<Does>) -> MisbehavingServer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&heard);
    tokio::spawn(async move {
        let mut answers = answers.into_iter();
        let mut current = answers.next().unwrap();
        let mut rest: Vec<Does> = answers.rev().collect();
        while let Ok((stream, _)) = listener.accept().await {
            let does = current.clone();
            if let Some(next) = rest.pop() {
                current = next;
            }
            tokio::spawn(one(stream, does, Arc::clone(&log)));
        }
    });
    MisbehavingServer { url, heard }
}

async fn one(mut stream: TcpStream, does: Does, log: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    let mut piece = [0; 4_096];
    while !is_whole(&request) {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&piece[..count]),
        }
    }
    log.lock()
        .unwrap()
        .push(String::from_utf8_lossy(&request).into_owned());
    match does {
        Does::Close => {}
        Does::Write(bytes) => {
            // The client may have heard enough before the end.
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Does::Stall => while matches!(stream.read(&mut piece).await, Ok(count) if count > 0) {},
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().unwrap())
    });
    body.len() >= length.unwrap_or(0)
}

impl MisbehavingServer {
    /// The requests so far, as they came.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// How many requests there were for a path that holds this.
    pub fn count(&self, path: &str) -> usize {
        let heard = self.heard();
        heard
            .iter()
            .filter(|request| request.lines().next().unwrap().contains(path))
            .count()
    }

    /// A project at this server.
    pub async fn project(&self, who: RoleChoice, limits: Limits) -> Project {
        let settings = Settings {
            url: Some(self.url.clone()),
            publishable_key: Some("sb_publishable_0123456789".to_owned().into()),
            secret_key: Some("sb_secret_0123456789".to_owned().into()),
            as_: Some(who),
            config_dir: Some(std::env::temp_dir().join("supadeck-no-such-config")),
            ..Settings::default()
        };
        resolve_with(&settings, Arc::new(SecretStore::memory()), limits)
            .await
            .unwrap()
    }
}
