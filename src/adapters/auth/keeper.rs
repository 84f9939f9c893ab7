//! Keeps the session: loads it, refreshes it, stores it, forgets it. The only place where a session changes.

use super::refusal::is_the_end;
use super::second::Half;
use super::session::Session;
use super::wire::Wire;
use crate::adapters::file_lock::{FileLock, LockFault};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::secret::{Keeping, SecretKind};
use crate::ports::{Clock, Secrets};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How long another process may take over its own refresh.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is known of the session.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The session, once it was loaded.
    pub(super) session: Option<Session>,
    /// Whether the store was asked.
    is_loaded: bool,
}

/// The keeper of a project's session.
pub(super) struct Keeper {
    pub(super) wire: Wire,
    secrets: Arc<dyn Secrets>,
    profile: String,
    lock: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    pub(super) state: Arc<Mutex<State>>,
    /// The sign-in that waits for its second factor; locked before the state.
    pub(super) half: Mutex<Option<Half>>,
    /// Whose session was handed out last: the user on screen.
    shown: std::sync::Mutex<Option<Identity>>,
    /// Why the session could not be stored.
    warning: std::sync::Mutex<Option<Problem>>,
}

impl Keeper {
    /// A keeper that has not looked yet.
    pub(super) fn new(
        wire: Wire,
        secrets: Arc<dyn Secrets>,
        profile: String,
        lock: Option<PathBuf>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            wire,
            secrets,
            profile,
            lock,
            clock,
            state: Arc::default(),
            half: Mutex::default(),
            shown: std::sync::Mutex::default(),
            warning: std::sync::Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    /// Whose session is kept, without asking the server.
    pub(super) async fn stored_identity(&self) -> Result<Option<Identity>, Problem> {
        let mut state = self.state.lock().await;
        self.load(&mut state).await?;
        let identity = state.session.as_ref().map(|session| &session.identity);
        Ok(identity.map(|identity| self.handed_out(identity)))
    }

    /// The identity of the session with time left on it.
    pub(super) async fn current(self: &Arc<Self>) -> Result<Identity, Problem> {
        let session = self.fresh().await?;
        Ok(session.map_or(Identity::Anon, |session| self.handed_out(&session.identity)))
    }

    pub(super) fn handed_out(&self, identity: &Identity) -> Identity {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(identity.clone());
        identity.clone()
    }

    /// Why the session could not be stored, once.
    pub(super) fn take_warning(&self) -> Option<Problem> {
        let mut warning = self.warning.lock().unwrap_or_else(PoisonError::into_inner);
        warning.take()
    }

    /// The session with time left on it; `None` when nobody is signed in.
    pub(super) async fn fresh(self: &Arc<Self>) -> Result<Option<Session>, Problem> {
        let mut state = Arc::clone(&self.state).lock_owned().await;
        self.load(&mut state).await?;
        let Some(session) = state.session.clone() else {
            return Ok(None);
        };
        if session.is_fresh(self.now()) {
            return Ok(Some(session));
        }
        match self.refresh(state).await {
            Ok(session) => Ok(Some(session)),
            // The Auth server is out of reach, but the token still has some seconds.
            Err(problem) if problem.kind == Kind::Network && session.is_alive(self.now()) => {
                Ok(Some(session))
            }
            Err(problem) => Err(problem),
        }
    }

    /// Refreshes because this token was refused, unless it was replaced meanwhile.
    pub(super) async fn renew(self: &Arc<Self>, rejected: &SecretString) -> Result<(), Problem> {
        let state = Arc::clone(&self.state).lock_owned().await;
        let is_the_same = state
            .session
            .as_ref()
            .is_some_and(|session| session.access.expose_secret() == rejected.expose_secret());
        if is_the_same {
            self.refresh(state).await?;
        }
        Ok(())
    }

    /// Takes a new session: stores it, then uses it.
    pub(super) async fn adopt(&self, session: Session) -> Result<Identity, Problem> {
        let mut state = self.state.lock().await;
        // A refresh that is under way elsewhere must not store its session over this one. One that hangs does not matter.
        let _between_processes = self.hold().await;
        let identity = self.handed_out(&session.identity);
        self.keep(&mut state, session).await;
        Ok(identity)
    }

    /// Ends the session of the user on screen on the server and here. Here it ends in any case; a session of somebody else
    /// that another program has kept meanwhile stays.
    pub(super) async fn leave(self: &Arc<Self>) -> Result<(), Problem> {
        // The server wants a token that is still good; one that cannot be refreshed belongs to a session that is over.
        let session = self.fresh().await;
        let shown = self
            .shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let (Ok(Some(session)), Some(shown)) = (&session, &shown)
            && session.identity.user_id() != shown.user_id()
        {
            let (now, then) = (session.identity.name(), shown.name());
            return Err(Problem::new(
                Kind::Conflict,
                format!("{now} is signed in now."),
                format!(
                    "{then}'s session has been replaced by another program, and nothing was ended."
                ),
            )
            .with_hint(format!("Sign out again to end {now}'s session.")));
        }
        let told = match &session {
            Ok(Some(session)) => {
                let nothing = json!({});
                let bearer = Some(&session.access);
                let ended = self.wire.post("logout?scope=local", &nothing, bearer);
                ended.await.map(|_| ())
            }
            Ok(None) => Ok(()),
            Err(problem) => Err(problem.clone()),
        };
        let mut state = self.state.lock().await;
        let _between_processes = self.hold().await;
        self.forget(&mut state, shown.as_ref()).await?;
        match told {
            Err(problem) if problem.kind == Kind::Network => Err(Problem::new(
                Kind::Network,
                "You are signed out here, but the server could not be told.",
                problem.what,
            )
            .with_hint("The session there ends by itself when its token is no longer refreshed.")),
            // Whatever else the server says, there is no such session any more.
            _ => Ok(()),
        }
    }

    /// Runs a refresh in a task of its own: a caller that goes away half-way must not lose the new token.
    async fn refresh(self: &Arc<Self>, state: OwnedMutexGuard<State>) -> Result<Session, Problem> {
        let keeper = Arc::clone(self);
        let running = tokio::spawn(async move { keeper.refresh_now(state).await });
        running
            .await
            .map_err(|_| Problem::internal("The refresh task ended early."))?
    }

    async fn refresh_now(&self, mut state: OwnedMutexGuard<State>) -> Result<Session, Problem> {
        let _between_processes = self.hold().await?;
        let Some(mut session) = state.session.clone() else {
            return Err(super::nobody());
        };
        // Another process may have refreshed while this one waited. One that ends earlier is what was stored before a keyring
        // refused this process' own: its token has been used.
        if let Some(stored) = self.stored().await?
            && stored.is_later(&session)
        {
            state.session = Some(stored.clone());
            if stored.is_fresh(self.now()) {
                return Ok(stored);
            }
            session = stored;
        }
        match self.wire.refresh(&session.refresh).await {
            Ok(new) => {
                self.keep(&mut state, new.clone()).await;
                Ok(new)
            }
            Err(problem) if is_the_end(&problem) => {
                self.forget(&mut state, Some(&session.identity)).await?;
                let over = Problem::new(
                    Kind::Auth,
                    format!("{} is signed out.", session.identity.name()),
                    problem.why,
                )
                .with_hint("Sign in again with `supadeck login`.");
                Err(match problem.code {
                    Some(code) => over.with_code(code),
                    None => over,
                })
            }
            Err(problem) => Err(problem),
        }
    }

    /// Takes the lock file, always after the lock of the state; without a place for one only this process is guarded.
    pub(super) async fn hold(&self) -> Result<Option<FileLock>, Problem> {
        let Some(path) = self.lock.clone() else {
            return Ok(None);
        };
        let taken = tokio::task::spawn_blocking(move || FileLock::take(&path, PATIENCE)).await;
        match taken {
            Ok(Ok(lock)) => Ok(Some(lock)),
            Ok(Err(LockFault::Held)) => Err(Problem::new(
                Kind::Conflict,
                "The session is being refreshed by another supadeck.",
                format!(
                    "It has not come to an end within {} seconds.",
                    PATIENCE.as_secs()
                ),
            )
            .retryable()),
            // A read-only home directory must not keep anybody from working.
            Ok(Err(LockFault::Io(error))) => {
                tracing::warn!(%error, "no lock file: refreshes are not guarded between processes");
                Ok(None)
            }
            Err(_) => Err(Problem::internal(
                "The task that waits for the lock ended early.",
            )),
        }
    }

    async fn load(&self, state: &mut State) -> Result<(), Problem> {
        if !state.is_loaded {
            state.session = self.stored().await?;
            state.is_loaded = true;
        }
        Ok(())
    }

    pub(super) async fn stored(&self) -> Result<Option<Session>, Problem> {
        let stored = self.secrets.get(&self.profile, SecretKind::Session).await?;
        Ok(stored.and_then(|text| Session::from_stored(&text, &self.wire.url)))
    }

    /// Stores the session. When that fails it is still good in this process, which uses it and keeps a warning.
    pub(super) async fn keep(&self, state: &mut State, session: Session) {
        let text = session.to_stored(&self.wire.url);
        state.session = Some(session);
        state.is_loaded = true;
        let expected = self.secrets.keeping().await;
        let stored = self
            .secrets
            .set(&self.profile, SecretKind::Session, &text)
            .await;
        let why = match (expected, stored) {
            (_, Err(problem)) => Some(problem.why),
            // Where there is no keyring at all, people were told so at the start.
            (Ok(Keeping::Keyring), Ok(Keeping::Memory(why))) => Some(why),
            (_, Ok(_)) => None,
        };
        let warning = why.map(|why| {
            tracing::warn!(%why, "the session could not be stored");
            Problem::new(
                Kind::Config,
                "You are signed in for this run only: the session could not be stored.",
                why,
            )
            .with_code("session_not_stored")
            .with_hint("Look after the keyring, then sign in again.")
            .retryable()
        });
        *self.warning.lock().unwrap_or_else(PoisonError::into_inner) = warning;
    }

    /// Forgets the session, in the store only where it is that user's.
    async fn forget(&self, state: &mut State, whose: Option<&Identity>) -> Result<(), Problem> {
        state.session = None;
        state.is_loaded = true;
        if let (Some(stored), Some(whose)) = (self.stored().await?, whose)
            && stored.identity.user_id() != whose.user_id()
        {
            return Ok(());
        }
        self.secrets
            .remove(&self.profile, SecretKind::Session)
            .await
            .map(|_| ())
    }
}
