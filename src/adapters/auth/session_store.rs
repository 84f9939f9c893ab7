//! Keeps the session: loads it, stores it, forgets it, and ends it when somebody signs out. `refresh` continues it, `ending`
//! ends what it replaces; nowhere else does a session change.

use super::client::GoTrueClient;
use super::ending::{ENDS_BY_ITSELF, Replaced};
use super::mfa::PendingSignIn;
use super::session::Session;
use super::turn::Turns;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::secret::{SecretKind, StoredIn};
use crate::ports::{Clock, Secrets};
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long a change that need not wait waits for another process' refresh.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is known of the session.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The session, once it was loaded.
    pub(super) session: Option<Session>,
    /// Whether the store has it: then whatever else the store has later is newer.
    pub(super) is_stored: bool,
    /// When the last refresh failed, and why.
    pub(super) failed: Option<(Instant, Problem)>,
    /// Whether the store was asked.
    is_loaded: bool,
}

/// The store of a project’s session.
pub(super) struct SessionStore {
    pub(super) wire: GoTrueClient,
    pub(super) secrets: Arc<dyn Secrets>,
    pub(super) profile: String,
    pub(super) turns: Turns,
    clock: Arc<dyn Clock>,
    pub(super) state: Arc<Mutex<State>>,
    /// The sign-in that waits for its second factor; locked before the state.
    pub(super) half: Mutex<Option<PendingSignIn>>,
    /// Held while a sign-in is under way; locked before everything else.
    pub(super) entering: Mutex<()>,
    /// Whose session was handed out last: the user on screen.
    shown: std::sync::Mutex<Option<Identity>>,
    /// Why the session could not be stored.
    warning: std::sync::Mutex<Option<Problem>>,
    /// Which session was replaced and could not be ended on the server.
    pub(super) left: std::sync::Mutex<Option<Problem>>,
}

impl SessionStore {
    /// A store that has not been read yet.
    pub(super) fn new(
        wire: GoTrueClient,
        secrets: Arc<dyn Secrets>,
        profile: String,
        lock: Option<PathBuf>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let place = secrets.place(&profile, SecretKind::Session);
        Self {
            wire,
            secrets,
            profile,
            turns: Turns::new(place, lock),
            clock,
            state: Arc::default(),
            half: Mutex::default(),
            entering: Mutex::default(),
            shown: std::sync::Mutex::default(),
            warning: std::sync::Mutex::default(),
            left: std::sync::Mutex::default(),
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
        let session = self.valid_session().await?;
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

    /// Which session was replaced and could not be ended on the server, once.
    pub(super) fn take_left_open(&self) -> Option<Problem> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.take()
    }

    /// The session with time left on it; `None` when nobody is signed in.
    pub(super) async fn valid_session(self: &Arc<Self>) -> Result<Option<Session>, Problem> {
        let asked = Instant::now();
        let mut state = Arc::clone(&self.state).lock_owned().await;
        self.load(&mut state).await?;
        let Some(session) = state.session.clone() else {
            return Ok(None);
        };
        if session.is_fresh(self.now()) {
            return Ok(Some(session));
        }
        // Whoever waited behind a refresh that failed has waited long enough.
        if let Some((at, problem)) = &state.failed
            && *at >= asked
        {
            return self.while_alive(session, problem.clone());
        }
        match self.refresh(state).await {
            Ok(session) => Ok(Some(session)),
            Err(problem) => self.while_alive(session, problem),
        }
    }

    /// Where the Auth server is out of reach, a token that still has some seconds is good.
    fn while_alive(&self, session: Session, problem: Problem) -> Result<Option<Session>, Problem> {
        let may_go_on = matches!(problem.kind, Kind::Network | Kind::Conflict);
        if may_go_on && session.is_alive(self.now()) {
            return Ok(Some(session));
        }
        Err(problem)
    }

    /// Refreshes because this token was refused, unless it was replaced meanwhile.
    pub(super) async fn refresh_if(
        self: &Arc<Self>,
        rejected: &SecretString,
    ) -> Result<(), Problem> {
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

    /// Takes a new session: stores it, then uses it, and ends the one that was there before.
    pub(super) async fn replace(&self, session: Session) -> Result<Identity, Problem> {
        let mut state = self.state.lock().await;
        let replaced = {
            // A refresh that is under way elsewhere must not store its session over this one. One that hangs does not matter.
            let _turn = self.turns.take_until(Instant::now() + PATIENCE).await;
            let stored = self.secrets.get(&self.profile, SecretKind::Session).await;
            let held = state.session.take();
            self.persist(&mut state, session.clone()).await;
            Replaced {
                held,
                stored: stored.unwrap_or_default(),
            }
        };
        drop(state);
        self.end_replaced(replaced, &session).await;
        Ok(self.handed_out(&session.identity))
    }

    /// Ends the session of the user on screen on the server and here. Here it ends in any case; a session of somebody else
    /// that another program has kept meanwhile stays.
    pub(super) async fn sign_out(self: &Arc<Self>) -> Result<(), Problem> {
        // The server wants a token that is still good; one that cannot be refreshed belongs to a session that is over.
        let session = self.valid_session().await;
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
        let told = match session {
            Ok(Some(session)) => self.end_on_server(session).await,
            Ok(None) => Ok(()),
            Err(problem) => Err(problem),
        };
        let mut state = self.state.lock().await;
        let _turn = self.turns.take_until(Instant::now() + PATIENCE).await;
        self.forget(&mut state, shown.as_ref()).await?;
        match told {
            Err(problem) if problem.kind == Kind::Network => Err(Problem::new(
                Kind::Network,
                "You are signed out here, but the server could not be told.",
                problem.what,
            )
            .with_hint(ENDS_BY_ITSELF)),
            // Whatever else the server says, there is no such session any more.
            _ => Ok(()),
        }
    }

    /// Looks into the store, once; where nothing was found, again: somebody may have signed in by another program.
    async fn load(&self, state: &mut State) -> Result<(), Problem> {
        if !state.is_loaded || state.session.is_none() {
            state.session = self.stored().await?;
            state.is_stored = state.session.is_some();
            state.is_loaded = true;
        }
        Ok(())
    }

    pub(super) async fn stored(&self) -> Result<Option<Session>, Problem> {
        let stored = self.secrets.get(&self.profile, SecretKind::Session).await?;
        Ok(stored.and_then(|text| Session::from_stored(&text, &self.wire.url)))
    }

    /// Stores the session. When that fails it is still good in this process, which uses it and keeps a warning.
    pub(super) async fn persist(&self, state: &mut State, session: Session) {
        let text = session.to_stored(&self.wire.url);
        state.session = Some(session);
        state.is_loaded = true;
        let expected = self.secrets.keeping().await;
        let stored = self
            .secrets
            .set(&self.profile, SecretKind::Session, &text)
            .await;
        state.is_stored = stored.is_ok();
        state.failed = None;
        let why = match (expected, stored) {
            (_, Err(problem)) => Some(problem.why),
            // Where there is no keyring at all, people were told so at the start.
            (Ok(StoredIn::Keyring), Ok(StoredIn::Memory(why))) => Some(why),
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
    pub(super) async fn forget(
        &self,
        state: &mut State,
        whose: Option<&Identity>,
    ) -> Result<(), Problem> {
        state.session = None;
        state.is_stored = false;
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
