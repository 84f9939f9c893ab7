//! Continues a session: one refresh at a time among all processes that share it, within one bound for everything. Whatever
//! the lock does, a token that another process has used already is no end: what that process stored is taken.

use super::error::is_spent;
use super::session::Session;
use super::session_store::{SessionStore, State};
use super::turn::{self, Turn};
use crate::domain::problem::{Kind, Problem};
use crate::domain::read_problem::ends_session;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OwnedMutexGuard;

/// How often the store is looked into while another process has the turn.
const LOOK: Duration = Duration::from_millis(500);
/// How long another process may take to store what it got for the token that was used.
const WRITING: Duration = Duration::from_millis(1500);

impl SessionStore {
    /// Runs a refresh in a task of its own: a caller that goes away half-way must not lose the new token.
    pub(super) async fn refresh(
        self: &Arc<Self>,
        state: OwnedMutexGuard<State>,
    ) -> Result<Session, Problem> {
        let keeper = Arc::clone(self);
        let running = tokio::spawn(async move {
            let mut state = state;
            let until = Instant::now() + keeper.wire.http.limits().session;
            let ended = keeper.continued(&mut state, until).await;
            state.failed = ended
                .as_ref()
                .err()
                .map(|why| (Instant::now(), why.clone()));
            ended
        });
        running
            .await
            .map_err(|_| Problem::internal("The refresh task ended early."))?
    }

    async fn continued(&self, state: &mut State, until: Instant) -> Result<Session, Problem> {
        let Some(session) = state.session.clone() else {
            return Err(super::not_signed_in());
        };
        let _turn = match self.turn_or_newer(state, until).await? {
            Ok(turn) => turn,
            Err(newer) => return Ok(newer),
        };
        // Another process may have refreshed while this one waited.
        let session = match self.take_newer(state).await? {
            Some(newer) if newer.is_fresh(self.now()) => return Ok(newer),
            Some(newer) => newer,
            None => session,
        };
        match self.wire.refresh(&session.refresh, until).await {
            Ok(new) => {
                self.persist(state, new.clone()).await;
                Ok(new)
            }
            Err(problem) if ends_session(&problem) => {
                if is_spent(&problem)
                    && let Some(newer) = self.written_elsewhere(state, &session, until).await?
                {
                    return Ok(newer);
                }
                self.forget(state).await?;
                Err(signed_out(&session, problem))
            }
            Err(problem) => Err(problem),
        }
    }

    /// Waits for the turn. The session that another process has stored meanwhile is as good.
    async fn turn_or_newer(
        &self,
        state: &mut State,
        until: Instant,
    ) -> Result<Result<Turn, Session>, Problem> {
        let mut looked = Instant::now();
        loop {
            match self.turns.take() {
                Turn::Theirs if Instant::now() >= until => return Err(self.their_turn()),
                Turn::Theirs => {}
                turn @ Turn::Ours(_) => return Ok(Ok(turn)),
            }
            turn::pause().await;
            if looked.elapsed() >= LOOK {
                if let Some(newer) = self.take_newer(state).await?
                    && newer.is_fresh(self.now())
                {
                    return Ok(Err(newer));
                }
                looked = Instant::now();
            }
        }
    }

    /// Takes over what is stored, where it is newer than what is held.
    pub(super) async fn take_newer(&self, state: &mut State) -> Result<Option<Session>, Problem> {
        let Some(stored) = self.stored(&state.whose).await? else {
            return Ok(None);
        };
        let is_newer = state.session.as_ref().is_none_or(|held| {
            // What is held and could not be stored is newer than the store, which has the token before it.
            !stored.has_token_of(held) && (state.is_stored || stored.is_later(held))
        });
        if !is_newer {
            return Ok(None);
        }
        state.session = Some(stored.clone());
        state.is_stored = true;
        Ok(Some(stored))
    }

    /// The session that another process got for the token that this one came too late with. It may be a moment from being
    /// stored.
    async fn written_elsewhere(
        &self,
        state: &mut State,
        spent: &Session,
        until: Instant,
    ) -> Result<Option<Session>, Problem> {
        let deadline = until.min(Instant::now() + WRITING);
        loop {
            if let Some(stored) = self.stored(&state.whose).await?
                && !stored.has_token_of(spent)
            {
                if stored.is_later(spent) && stored.is_fresh(self.now()) {
                    state.session = Some(stored.clone());
                    state.is_stored = true;
                    return Ok(Some(stored));
                }
                // It may be older than what was refused: then the server says so.
                let Ok(new) = self.wire.refresh(&stored.refresh, until).await else {
                    return Ok(None);
                };
                self.persist(state, new.clone()).await;
                return Ok(Some(new));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            turn::pause().await;
        }
    }

    /// Another process has held the lock all the time.
    pub(super) fn their_turn(&self) -> Problem {
        let seconds = self.wire.http.limits().session.as_secs();
        Problem::new(
            Kind::Conflict,
            "The session is being refreshed by another supadeck.",
            format!("It has not come to an end within {seconds} seconds."),
        )
        .retryable()
    }
}

fn signed_out(session: &Session, problem: Problem) -> Problem {
    let over = Problem::new(
        Kind::Auth,
        format!("{} is signed out.", session.identity.name()),
        problem.why,
    )
    .with_hint("Sign in again with `supadeck login`.");
    match problem.code {
        Some(code) => over.with_code(code),
        None => over,
    }
}
