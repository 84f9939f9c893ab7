//! Keeps the sessions of a project's users: loads them, stores them, forgets them, and ends one when its user signs out.
//! `refresh` continues a session, `ending` ends what it replaces, `kept` has the list of users; nowhere else does one change.

use super::client::GoTrueClient;
use super::ending::{ENDS_BY_ITSELF, Replaced};
use super::mfa::PendingSignIn;
use super::places::user_place;
use super::session::Session;
use super::turn::Turns;
use crate::domain::identity::Identity;
use crate::domain::kept::KeptUsers;
use crate::domain::problem::{Kind, Problem};
use crate::domain::secret::{SecretKind, StoredIn};
use crate::ports::{Clock, Secrets};
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long a change that need not wait waits for another process' refresh.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// What is known of a user's session.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Whose it is: the id of the user.
    pub(super) whose: String,
    /// The session, once it was loaded.
    pub(super) session: Option<Session>,
    /// Whether the store has it: then whatever else the store has later is newer.
    pub(super) is_stored: bool,
    /// When the last refresh failed, and why.
    pub(super) failed: Option<(Instant, Problem)>,
    /// Whether the store was asked.
    pub(super) is_loaded: bool,
}

/// The store of a project’s sessions.
pub(super) struct SessionStore {
    pub(super) wire: GoTrueClient,
    pub(super) secrets: Arc<dyn Secrets>,
    pub(super) profile: String,
    pub(super) turns: Turns,
    clock: Arc<dyn Clock>,
    /// What is known of each user's session.
    states: std::sync::Mutex<HashMap<String, Arc<Mutex<State>>>>,
    /// The users whose sessions could not be stored: they are kept for this run.
    pub(super) unstored: std::sync::Mutex<KeptUsers>,
    /// The sign-in that waits for its second factor; locked before the state.
    pub(super) half: Mutex<Option<PendingSignIn>>,
    /// Held while a sign-in is under way; locked before everything else.
    pub(super) entering: Mutex<()>,
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
            states: std::sync::Mutex::default(),
            unstored: std::sync::Mutex::default(),
            half: Mutex::default(),
            entering: Mutex::default(),
            warning: std::sync::Mutex::default(),
            left: std::sync::Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    /// What is known of a user's session.
    pub(super) fn of(&self, whose: &str) -> Arc<Mutex<State>> {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(whose.to_owned()).or_insert_with(|| {
            Arc::new(Mutex::new(State {
                whose: whose.to_owned(),
                ..State::default()
            }))
        });
        Arc::clone(state)
    }

    /// What is known of each session.
    pub(super) fn states(&self) -> Vec<Arc<Mutex<State>>> {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.values().map(Arc::clone).collect()
    }

    /// Whether a session of the user is stored: somebody may have taken it out by hand. Nothing is changed for it, since a
    /// store that does not answer for a moment says the same.
    pub(super) async fn has_session(&self, whose: &str) -> Result<bool, Problem> {
        let state = self.of(whose);
        let mut state = state.lock().await;
        self.load(&mut state).await?;
        Ok(state.session.is_some())
    }

    /// The identity of a user's session with time left on it; anon when there is none.
    pub(super) async fn again(self: &Arc<Self>, whose: &str) -> Result<Identity, Problem> {
        let session = self.valid_session(whose).await?;
        Ok(session.map_or(Identity::Anon, |session| session.identity))
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

    /// The user's session with time left on it; `None` when there is none.
    pub(super) async fn valid_session(
        self: &Arc<Self>,
        whose: &str,
    ) -> Result<Option<Session>, Problem> {
        let asked = Instant::now();
        let mut state = self.of(whose).lock_owned().await;
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
        whose: &str,
        rejected: &SecretString,
    ) -> Result<(), Problem> {
        let state = self.of(whose).lock_owned().await;
        let is_the_same = state
            .session
            .as_ref()
            .is_some_and(|session| session.access.expose_secret() == rejected.expose_secret());
        if is_the_same {
            self.refresh(state).await?;
        }
        Ok(())
    }

    /// Takes a new session: stores it, then uses it, and ends the one of the same user that was there before.
    pub(super) async fn replace(&self, session: Session) -> Result<Identity, Problem> {
        let whose = session.identity.user_id().unwrap_or_default().to_owned();
        let place = user_place(&self.profile, &whose);
        // What an earlier version has stored goes to its place first. A store that does not answer keeps nobody from signing in.
        let _ = self.kept().await;
        let state = self.of(&whose);
        let mut state = state.lock().await;
        let replaced = {
            // A refresh that is under way elsewhere must not store its session over this one. One that hangs does not matter.
            let _turn = self.turns.take_until(Instant::now() + PATIENCE).await;
            let stored = self.secrets.get(&place, SecretKind::Session).await;
            let mut stored: Vec<SecretString> = stored.unwrap_or_default().into_iter().collect();
            stored.extend(self.take_strangers().await.unwrap_or_default());
            let held = state.session.take();
            self.persist(&mut state, session.clone()).await;
            self.entered(&state, &session.identity).await;
            Replaced { held, stored }
        };
        drop(state);
        self.end_replaced(replaced, &session).await;
        Ok(session.identity)
    }

    /// Notes who signed in, by which address.
    async fn entered(&self, state: &State, identity: &Identity) {
        let Identity::User(user) = identity else {
            return;
        };
        let note = |kept: &mut KeptUsers| {
            kept.put(user);
            kept.used(&user.id);
            if !user.email.is_empty() {
                kept.email = Some(user.email.clone());
            }
        };
        {
            let mut unstored = self.unstored.lock().unwrap_or_else(PoisonError::into_inner);
            unstored.in_use = None;
            if !state.is_stored {
                note(&mut unstored);
                return;
            }
        }
        if let Err(problem) = self.edit(note).await {
            tracing::warn!(%problem, "the list of signed-in users could not be stored");
            note(&mut self.unstored.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Ends a user's session on the server and here. Here it ends in any case; those of other users stay.
    pub(super) async fn sign_out(self: &Arc<Self>, who: &Identity) -> Result<(), Problem> {
        let Some(whose) = who.user_id() else {
            return Ok(());
        };
        // The server wants a token that is still good; one that cannot be refreshed belongs to a session that is over.
        let told = match self.valid_session(whose).await {
            Ok(Some(session)) => self.end_on_server(session).await,
            Ok(None) => Ok(()),
            Err(problem) => Err(problem),
        };
        let state = self.of(whose);
        let mut state = state.lock().await;
        let _turn = self.turns.take_until(Instant::now() + PATIENCE).await;
        self.forget(&mut state).await?;
        match told {
            Err(problem) if problem.kind == Kind::Network => Err(Problem::new(
                Kind::Network,
                format!(
                    "{} is signed out here, but the server could not be told.",
                    who.name()
                ),
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
            state.session = self.stored(&state.whose).await?;
            state.is_stored = state.session.is_some();
            state.is_loaded = true;
        }
        Ok(())
    }

    /// The session of a user in the store; where an earlier version left it, too.
    pub(super) async fn stored(&self, whose: &str) -> Result<Option<Session>, Problem> {
        let kind = SecretKind::Session;
        let place = user_place(&self.profile, whose);
        let read = |text: SecretString| Session::from_stored(&text, &self.wire.url);
        let new = self.secrets.get(&place, kind).await?.and_then(read);
        let old = self.secrets.get(&self.profile, kind).await?.and_then(read);
        let old = old.filter(|old| old.identity.user_id() == Some(whose));
        // An earlier version may have run since: its refresh token is the one that is good.
        let sessions = [old, new].into_iter().flatten();
        Ok(sessions.max_by_key(|session| session.expires_at))
    }

    /// Stores the session. When that fails it is still good in this process, which uses it and keeps a warning.
    pub(super) async fn persist(&self, state: &mut State, session: Session) {
        let text = session.to_stored(&self.wire.url);
        let place = user_place(&self.profile, &state.whose);
        let identity = session.identity.clone();
        state.session = Some(session);
        state.is_loaded = true;
        let expected = self.secrets.keeping().await;
        let stored = self.secrets.set(&place, SecretKind::Session, &text).await;
        state.is_stored = stored.is_ok();
        state.failed = None;
        self.list(state, &identity).await;
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

    /// Keeps the list as the session is: its user is in it, by the name and in the role of the session.
    async fn list(&self, state: &State, identity: &Identity) {
        let Identity::User(user) = identity else {
            return;
        };
        {
            let mut unstored = self.unstored.lock().unwrap_or_else(PoisonError::into_inner);
            if !state.is_stored {
                let is_new = unstored.get(&user.id).is_none();
                unstored.put(user);
                if is_new {
                    unstored.used(&user.id);
                }
                return;
            }
            unstored.remove(&user.id);
        }
        if let Err(problem) = self.edit(|kept| kept.put(user)).await {
            tracing::warn!(%problem, "the list of signed-in users could not be stored");
        }
    }

    /// Forgets a user's session, and takes the user from the list.
    pub(super) async fn forget(&self, state: &mut State) -> Result<(), Problem> {
        let kind = SecretKind::Session;
        state.session = None;
        state.is_stored = false;
        state.is_loaded = true;
        let whose = state.whose.as_str();
        self.unstored
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(whose);
        let place = user_place(&self.profile, whose);
        self.secrets.remove(&place, kind).await?;
        // What an earlier version left, where it could not be carried over.
        let old = self.secrets.get(&self.profile, kind).await?;
        let old = old.and_then(|text| Session::from_stored(&text, &self.wire.url));
        if old.is_some_and(|old| old.identity.user_id() == Some(whose)) {
            self.secrets.remove(&self.profile, kind).await?;
        }
        self.edit(|kept| kept.remove(whose)).await
    }
}
