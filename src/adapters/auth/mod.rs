//! The Auth interface (GoTrue) of a project and the session that comes from it. Tokens stay in here and in the keyring.
//!
//! ```text
//!            sign in                < 60 s left, or refused by REST
//!  nobody ─────────────► signed in ───────────────────────────────► refreshing ─► signed in
//!    ▲  │                ▲  │ sign out                                  │ revoked, used, expired
//!    │  └─► waiting ─────┘  │                                           │
//!    └──── for its second factor (`second`) ────────────────────────────┘
//! ```
//! Any number of users are signed in at once, each with a session and a keyring entry of its own (`kept`).
//! One refresher at a time: a mutex in this process, and between processes a lock that goes with the place in the store
//! (`turn`); the stored session is read again under the lock. A new refresh token is stored before anything is done with it.
//! What is replaced, and what nobody could reach later, is ended on the server (`ending`).

mod acting;
mod client;
mod ending;
mod error;
mod kept;
mod mfa;
mod places;
mod refresh;
mod session;
mod session_store;
mod turn;

pub use places::{list_place, user_place};

use super::http::Http;
use super::key::Key;
use crate::domain::account::AuthAccount;
use crate::domain::identity::Identity;
use crate::domain::kept::KeptUsers;
use crate::domain::mfa::SignIn;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::Ping;
use crate::domain::read_problem;
use crate::ports::{Auth, Clock, Secrets, Task};
use acting::{Acting, secret_refused};
use client::GoTrueClient;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use session::Session;
use session_store::SessionStore;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// What the Auth interface of a project is made of.
pub struct Parts {
    /// The project's base URL.
    pub url: String,
    /// The publishable key, which every call carries.
    pub key: Option<Key>,
    /// Why it is missing although a key was given in its place.
    pub misplaced: Option<String>,
    /// The client.
    pub http: Arc<Http>,
    /// Where the session is kept.
    pub secrets: Arc<dyn Secrets>,
    /// The profile under which it is kept.
    pub profile: String,
    /// The directory of a lock file, for where the user has no directory for locks; without one only this process is
    /// guarded then.
    pub lock_dir: Option<PathBuf>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The project's JWT secret, with which one can act as a user.
    pub jwt_secret: Option<SecretString>,
}

/// The Auth interface of one project.
#[derive(Clone)]
pub struct GoTrue {
    keeper: Arc<SessionStore>,
    acting: Arc<Acting>,
}

impl std::fmt::Debug for GoTrue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GoTrue")
    }
}

impl GoTrue {
    /// The interface with nobody asked yet.
    pub fn new(parts: Parts) -> Self {
        let wire = GoTrueClient {
            url: parts.url.clone(),
            key: parts.key,
            misplaced: parts.misplaced,
            http: parts.http,
            clock: Arc::clone(&parts.clock),
        };
        let lock = parts.lock_dir.map(|dir| {
            // A profile without a name is called by its host, which may have a port: not every file system takes a colon.
            let name = parts
                .profile
                .replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            dir.join(format!("session-{name}.lock"))
        });
        Self {
            acting: Arc::new(Acting::new(parts.jwt_secret)),
            keeper: Arc::new(SessionStore::new(
                wire,
                parts.secrets,
                parts.profile,
                lock,
                parts.clock,
            )),
        }
    }

    /// Whether a session of this user is stored, without asking the server.
    pub async fn has_session(&self, id: &str) -> Result<bool, Problem> {
        self.keeper.has_session(id).await
    }

    /// An access token of exactly that identity with some time left; refreshes when there is not. A user whose role has
    /// changed meanwhile is somebody else: the answer would stand under the old role.
    pub async fn bearer(&self, who: &Identity) -> Result<SecretString, Problem> {
        let id = who.user_id().unwrap_or_default();
        if who.is_acted() {
            let (url, now) = (&self.keeper.wire.url, self.keeper.now());
            return self.acting.bearer(id, url, now);
        }
        let session = self.keeper.valid_session(id).await?;
        let session = session.ok_or_else(not_signed_in)?;
        if session.identity.sees_as(who) {
            return Ok(session.access);
        }
        Err(Problem::new(
            Kind::Conflict,
            format!(
                "{} is {} now.",
                session.identity.name(),
                session.identity.rights()
            ),
            format!(
                "The request was for {} ({}) and was not sent.",
                who.name(),
                who.rights()
            ),
        )
        .with_code(read_problem::REPLACED)
        .with_hint("Run the command again to read as what the user is now; in the deck, choose the user again."))
    }

    /// Refreshes because the server did not accept this token; does nothing when it has been replaced meanwhile.
    pub async fn renew(&self, who: &Identity, rejected: &SecretString) -> Result<(), Problem> {
        let id = who.user_id().unwrap_or_default();
        if who.is_acted() {
            return Err(secret_refused());
        }
        self.keeper.refresh_if(id, rejected).await
    }

    async fn enter(&self, path: &'static str, body: serde_json::Value) -> Result<SignIn, Problem> {
        let keeper = Arc::clone(&self.keeper);
        to_its_end(async move {
            let _entering = keeper.entering.lock().await;
            let session: Session = keeper.wire.session(path, &body).await?;
            keeper.begin(session).await
        })
        .await
    }
}

impl Auth for GoTrue {
    fn kept(&self) -> Task<'_, KeptUsers> {
        Box::pin(self.keeper.kept())
    }

    fn current(&self) -> Task<'_, Identity> {
        Box::pin(async {
            let kept = self.keeper.kept().await?;
            match kept.in_use() {
                Some(user) => self.keeper.again(&user.id).await,
                None => Ok(Identity::Anon),
            }
        })
    }

    fn again<'a>(&'a self, who: &'a Identity) -> Task<'a, Identity> {
        Box::pin(async {
            match who {
                Identity::User(user) if user.is_acted => {
                    let is_there = self.acting.has(&user.id);
                    Ok(if is_there {
                        who.clone()
                    } else {
                        Identity::Anon
                    })
                }
                Identity::User(user) => self.keeper.again(&user.id).await,
                Identity::Anon | Identity::Service => Ok(who.clone()),
            }
        })
    }

    fn used<'a>(&'a self, who: &'a Identity) -> Task<'a, ()> {
        Box::pin(async {
            match who {
                Identity::User(user) if !user.is_acted => self.keeper.used(&user.id).await,
                Identity::User(_) | Identity::Anon | Identity::Service => Ok(()),
            }
        })
    }

    fn go_on<'a>(&'a self, who: &'a Identity) -> Task<'a, ()> {
        Box::pin(async move {
            match who {
                Identity::User(_) => self.bearer(who).await.map(drop),
                Identity::Anon | Identity::Service => Ok(()),
            }
        })
    }

    fn sign_in<'a>(&'a self, email: &'a str, password: &'a SecretString) -> Task<'a, SignIn> {
        Box::pin(async move {
            let mut body = address(email);
            body["password"] = password.expose_secret().into();
            self.enter("token?grant_type=password", body).await
        })
    }

    fn send_code<'a>(&'a self, email: &'a str) -> Task<'a, ()> {
        Box::pin(async move {
            let mut body = address(email);
            body["create_user"] = false.into();
            self.keeper.wire.post("otp", &body, None).await?;
            Ok(())
        })
    }

    fn verify_code<'a>(&'a self, email: &'a str, code: &'a SecretString) -> Task<'a, SignIn> {
        Box::pin(async move {
            let mut body = address(email);
            body["type"] = if email.starts_with('+') {
                "sms"
            } else {
                "email"
            }
            .into();
            body["token"] = code.expose_secret().into();
            self.enter("verify", body).await
        })
    }

    fn step_up<'a>(&'a self, who: &'a Identity) -> Task<'a, SignIn> {
        let keeper = Arc::clone(&self.keeper);
        Box::pin(async move { keeper.step_up(who).await })
    }

    fn give_code<'a>(&'a self, factor: &'a str, code: &'a SecretString) -> Task<'a, Identity> {
        let keeper = Arc::clone(&self.keeper);
        let (factor, code) = (factor.to_owned(), code.clone());
        Box::pin(to_its_end(
            async move { keeper.give_code(&factor, &code).await },
        ))
    }

    fn go_without(&self) -> Task<'_, Identity> {
        let keeper = Arc::clone(&self.keeper);
        Box::pin(to_its_end(async move { keeper.skip_second_factor().await }))
    }

    fn give_up(&self) -> Task<'_, ()> {
        let keeper = Arc::clone(&self.keeper);
        Box::pin(to_its_end(async move { keeper.give_up().await }))
    }

    fn act<'a>(&'a self, account: &'a AuthAccount) -> Task<'a, Identity> {
        Box::pin(async { self.acting.take(account) })
    }

    fn sign_out<'a>(&'a self, who: &'a Identity) -> Task<'a, ()> {
        if let Identity::User(user) = who
            && user.is_acted
        {
            self.acting.forget(&user.id);
            return Box::pin(async { Ok(()) });
        }
        let keeper = Arc::clone(&self.keeper);
        let who = who.clone();
        Box::pin(to_its_end(async move { keeper.sign_out(&who).await }))
    }

    fn close(&self) -> Task<'_, ()> {
        let keeper = Arc::clone(&self.keeper);
        Box::pin(to_its_end(async move { keeper.close().await }))
    }

    fn end_stored(&self) -> Task<'_, Vec<Identity>> {
        let keeper = Arc::clone(&self.keeper);
        Box::pin(to_its_end(async move { keeper.end_stored().await }))
    }

    fn take_left_open(&self) -> Option<Problem> {
        self.keeper.take_left_open()
    }

    fn take_warning(&self) -> Option<Problem> {
        self.keeper.take_warning()
    }

    fn ping(&self) -> Task<'_, Ping> {
        Box::pin(async {
            let started = Instant::now();
            let server_time = self.keeper.wire.settings().await?;
            Ok(Ping {
                server_time,
                took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            })
        })
    }
}

/// Runs something that must not be cancelled half-way: between the server's answer and the keyring a session would be lost.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(work)
        .await
        .map_err(|_| Problem::internal("A task that changes the session ended early."))?
}

/// The body with an e-mail address, or a phone number when it starts with a plus.
fn address(text: &str) -> serde_json::Value {
    if text.starts_with('+') {
        json!({"phone": text})
    } else {
        json!({"email": text})
    }
}

/// The problem that no session is held for the user who is to read.
pub fn not_signed_in() -> Problem {
    Problem::new(
        Kind::Auth,
        "Nobody is signed in.",
        "The request needs a user's session.",
    )
    .with_code(read_problem::NOBODY)
    .with_hint(HOW_TO_SIGN_IN)
}

/// What somebody can do who is not signed in, also without a keyring that would keep the session.
pub(super) const HOW_TO_SIGN_IN: &str = "Sign in with `supadeck login`; without a keyring, set SUPADECK_EMAIL and SUPADECK_PASSWORD and use `--as user`.";
