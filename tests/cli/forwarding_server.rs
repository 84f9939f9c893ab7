//! A server that stands in front of a test_env's project, and hears, delays or changes what passes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A running front.
pub struct Front {
    pub url: String,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    heard: String,
    hangs_on: Option<String>,
    expires: bool,
    is_slow: bool,
}

impl Front {
    /// Starts one in front of this project.
    pub fn of(url: &str) -> Self {
        let target = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared: Arc<Mutex<Shared>> = Arc::default();
        let state = Arc::clone(&shared);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(&target) else {
                    continue;
                };
                let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                let (up, down) = (Arc::clone(&state), Arc::clone(&state));
                std::thread::spawn(move || upwards(near, far, &up));
                std::thread::spawn(move || downwards(far_too, near_too, &down));
            }
        });
        Self { url, shared }
    }

    /// From now on a request that holds this text gets no answer.
    pub fn hang_on(&self, text: Option<&str>) {
        self.shared.lock().unwrap().hangs_on = text.map(str::to_owned);
    }

    /// From now on access tokens end at once by what is said of them.
    pub fn expire(&self, expires: bool) {
        self.shared.lock().unwrap().expires = expires;
    }

    /// From now on an answer with tokens takes a second.
    pub fn slow_down(&self) {
        self.shared.lock().unwrap().is_slow = true;
    }

    /// How often a text was in a request.
    pub fn count(&self, text: &str) -> usize {
        self.shared.lock().unwrap().heard.matches(text).count()
    }
}

fn upwards(mut near: TcpStream, mut far: TcpStream, state: &Mutex<Shared>) {
    let mut piece = vec![0; 65_536];
    while let Ok(read @ 1..) = near.read(&mut piece) {
        let text = String::from_utf8_lossy(&piece[..read]);
        let hangs = {
            let mut state = state.lock().unwrap();
            state.heard.push_str(&text);
            state
                .hangs_on
                .as_ref()
                .is_some_and(|word| text.contains(word.as_str()))
        };
        if !hangs && far.write_all(&piece[..read]).is_err() {
            break;
        }
    }
    let _ = far.shutdown(Shutdown::Both);
}

fn downwards(mut far: TcpStream, mut near: TcpStream, state: &Mutex<Shared>) {
    let mut piece = vec![0; 65_536];
    while let Ok(read @ 1..) = far.read(&mut piece) {
        let mut bytes = piece[..read].to_vec();
        let (expires, is_slow) = {
            let state = state.lock().unwrap();
            (state.expires, state.is_slow)
        };
        let text = String::from_utf8_lossy(&bytes);
        if is_slow && text.contains("refresh_token") {
            std::thread::sleep(Duration::from_secs(1));
        }
        if expires {
            // As long as before, so that the length that was said stays right.
            bytes = text
                .replace("\"expires_in\":3600", "\"expires_in\":   0")
                .into_bytes();
        }
        if near.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = near.shutdown(Shutdown::Both);
}
