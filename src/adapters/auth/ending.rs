//! Ends sessions on the server that nobody can reach from here any more: one that a sign-in or a removed profile replaces,
//! and one that was made for this run. Scope local, within two seconds; here they end in any case.

use super::client::GoTrueClient;
use super::places::user_place;
use super::session::Session;
use super::session_store::{SessionStore, State};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::secret::{ApiKey, SecretKind, unbind};
use futures_util::future::join_all;
use secrecy::SecretString;
use serde_json::json;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// What becomes of a session that the server was not told to end.
pub(super) const ENDS_BY_ITSELF: &str =
    "The session there ends by itself when its token is no longer refreshed.";

impl SessionStore {
    /// Ends a session on the server. A server that cannot be reached is a problem; whatever else it says, there is no such
    /// session any more.
    pub(super) async fn end_on_server(&self, session: Session) -> Result<(), Problem> {
        let ended = end(&self.wire, session, self.now());
        self.in_time(ended).await
    }

    async fn in_time(
        &self,
        ended: impl Future<Output = Result<(), Problem>>,
    ) -> Result<(), Problem> {
        match tokio::time::timeout(self.wire.http.limits().farewell, ended).await {
            Ok(ended) => ended,
            Err(_) => Err(self.wire.silent()),
        }
    }

    /// Ends the sessions that a new one has taken the place of. What cannot be ended is kept to be said.
    pub(super) async fn end_replaced(&self, replaced: Replaced, new: &Session) {
        let Replaced { held, stored } = replaced;
        let stored: Vec<(String, Session)> =
            stored.iter().filter_map(Session::of_any_project).collect();
        let held = held.filter(|held| {
            let is_stored_too = stored.iter().any(|(_, stored)| stored.is_one_with(held));
            !held.is_one_with(new) && !is_stored_too
        });
        let ended = stored
            .into_iter()
            .chain(held.map(|held| (self.wire.url.clone(), held)))
            .filter(|(_, session)| !session.is_one_with(new))
            .map(async |(url, session)| self.end_of(&url, session).await.err());
        let left = join_all(ended).await.into_iter().flatten().next();
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = left;
    }

    /// Ends whatever sessions are stored, and forgets them.
    pub(super) async fn end_stored(&self) -> Result<Vec<Identity>, Problem> {
        let until = Instant::now() + self.wire.http.limits().farewell;
        let _turn = self.turns.take_until(until).await;
        let stored = self.all_stored().await?;
        for state in self.states() {
            let mut state = state.lock().await;
            let whose = std::mem::take(&mut state.whose);
            *state = State {
                whose,
                ..State::default()
            };
        }
        self.forget_all().await?;
        let texts = stored.iter().map(|(_, text)| text);
        let stored: Vec<(String, Session)> = texts.filter_map(Session::of_any_project).collect();
        let whose = stored.iter().map(|(_, session)| session.identity.clone());
        let whose = whose.collect();
        let ended = stored
            .into_iter()
            .map(async |(url, session)| self.end_of(&url, session).await);
        let ended: Result<Vec<()>, Problem> = join_all(ended).await.into_iter().collect();
        ended.map(|_| whose)
    }

    /// Ends a session of the project at `url`, with the key that is kept for that project.
    async fn end_of(&self, url: &str, session: Session) -> Result<(), Problem> {
        let name = session.identity.name().to_owned();
        let ended = if url == self.wire.url {
            self.end_on_server(session).await
        } else {
            let kind = SecretKind::PublishableKey;
            let kept = self.secrets.get(&self.profile, kind).await?;
            match kept.as_ref().and_then(|kept| unbind(url, kept)) {
                Some(key) => {
                    let wire = self.wire.elsewhere(url, ApiKey::new(&key));
                    self.in_time(end(&wire, session, self.now())).await
                }
                None => Err(Problem::new(
                    Kind::Config,
                    format!("The key of {url} is not known any more."),
                    "",
                )),
            }
        };
        ended.map_err(|problem| left_open(&name, &problem))
    }

    /// Ends what is stored nowhere: the program ends, and with it whoever could.
    pub(super) async fn close(self: &Arc<Self>) -> Result<(), Problem> {
        let keeper = Arc::clone(self);
        let closing = async move {
            // A sign-in that is under way may still bring a session.
            let _entering = keeper.entering.lock().await;
            keeper.give_up().await?;
            let ended = keeper
                .states()
                .into_iter()
                .map(async |state| keeper.close_one(&mut *state.lock().await).await);
            join_all(ended).await.into_iter().collect()
        };
        self.in_time(closing).await
    }

    /// Ends a session that the next program will not find.
    async fn close_one(&self, state: &mut State) -> Result<(), Problem> {
        let place = user_place(&self.profile, &state.whose);
        let outlives = self.secrets.outlives(&place, SecretKind::Session);
        if state.is_stored && outlives {
            return Ok(());
        }
        match state.session.take() {
            Some(session) => end(&self.wire, session, self.now()).await,
            None => Ok(()),
        }
    }
}

/// What a new session takes the place of: the one in use, and the texts in the store.
pub(super) struct Replaced {
    pub(super) held: Option<Session>,
    pub(super) stored: Vec<SecretString>,
}

/// The server wants a token that is still good; one that cannot be refreshed belongs to a session that is over.
async fn end(wire: &GoTrueClient, mut session: Session, now: i64) -> Result<(), Problem> {
    let until = Instant::now() + wire.http.limits().farewell;
    let told = async {
        if !session.is_fresh(now) {
            session = wire.refresh(&session.refresh, until).await?;
        }
        let nothing = json!({});
        let bearer = Some(&session.access);
        wire.post("logout?scope=local", &nothing, bearer).await
    };
    match told.await {
        // A code is the Auth server's own word: it knows no such session. Without one it was the key that was refused.
        Err(problem) if problem.kind == Kind::Auth && problem.code.is_some() => Ok(()),
        told => told.map(|_| ()),
    }
}

fn left_open(name: &str, problem: &Problem) -> Problem {
    Problem::new(
        problem.kind,
        format!("The earlier session of {name} could not be ended on the server."),
        problem.what.clone(),
    )
    .with_code("session_left_open")
    .with_hint(ENDS_BY_ITSELF)
}
