//! The time between two factors: a session at `aal1` that is in use nowhere, until the code is given, it is taken as it
//! is, or it is given up. Whoever was signed in before is not touched (docs/decisions/0302).

use super::ending::ENDS_BY_ITSELF;
use super::session::Session;
use super::session_store::SessionStore;
use super::turn::Turn;
use crate::domain::identity::{Aal, Identity};
use crate::domain::mfa::{MfaChallenge, SignIn, can_try_again};
use crate::domain::problem::{Kind, Problem};
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// Refusals that a new challenge mends: the old one is too old, of another network, or gone.
const STALE: [&str; 3] = [
    "mfa_challenge_expired",
    "mfa_ip_address_mismatch",
    "mfa_factor_not_found",
];

/// A sign-in that waits for its second factor. Nothing of it is stored.
pub(super) struct PendingSignIn {
    whose: Identity,
    /// The session of one factor; none when it is the one in use.
    session: Option<Session>,
    /// The open challenge of each factor that was asked for: a wrong code leaves it open.
    challenges: HashMap<String, String>,
}

impl SessionStore {
    /// Takes the answer of a sign-in: a session to use, or one that waits.
    pub(super) async fn begin(&self, session: Session) -> Result<SignIn, Problem> {
        let mut half = self.half.lock().await;
        if let Some(older) = half.take() {
            // Whatever the server says: the newer sign-in is the one that counts.
            let _ = self.end(older).await;
        }
        let Some(waiting) = session.waiting() else {
            return self.replace(session).await.map(SignIn::Done);
        };
        *half = Some(PendingSignIn {
            whose: session.identity.clone(),
            session: Some(session),
            challenges: HashMap::new(),
        });
        Ok(SignIn::Waiting(waiting))
    }

    /// Which second factors a signed-in user can give.
    pub(super) async fn step_up(self: &Arc<Self>, who: &Identity) -> Result<SignIn, Problem> {
        let mut half = self.half.lock().await;
        let whose = who.user_id().unwrap_or_default();
        let session = self.valid_session(whose).await?;
        let session = session.ok_or_else(super::not_signed_in)?;
        let user = match &session.identity {
            Identity::User(user) if user.aal == Aal::Aal1 => user.clone(),
            other => return Ok(SignIn::Done(other.clone())),
        };
        let factors = self.wire.user(&session.access).await?.factors();
        if factors.is_empty() {
            return Err(Problem::new(
                Kind::Auth,
                format!("{} has no second factor.", user.name()),
                "The account has none that is verified.",
            )
            .with_code("no_second_factor")
            .with_hint("One is added in the project's own app; supadeck adds none."));
        }
        if let Some(older) = half.take() {
            let _ = self.end(older).await;
        }
        *half = Some(PendingSignIn {
            whose: session.identity,
            session: None,
            challenges: HashMap::new(),
        });
        Ok(SignIn::Waiting(MfaChallenge::new(user, factors, true)))
    }

    /// Gives a code. After a refusal that leaves a way on, the sign-in still waits.
    pub(super) async fn give_code(
        self: &Arc<Self>,
        factor: &str,
        code: &SecretString,
    ) -> Result<Identity, Problem> {
        let mut place = self.half.lock().await;
        let half = place.as_mut().ok_or_else(no_pending_sign_in)?;
        let given = self.give_to(half, factor, code).await;
        match &given {
            // The session that was raised is the one that is used now.
            Ok(_) => *place = None,
            Err(problem) if !can_try_again(problem) => {
                if let Some(half) = place.take() {
                    let _ = self.end(half).await;
                }
            }
            Err(_) => {}
        }
        given
    }

    async fn give_to(
        self: &Arc<Self>,
        half: &mut PendingSignIn,
        factor: &str,
        code: &SecretString,
    ) -> Result<Identity, Problem> {
        let Some(session) = &mut half.session else {
            return self.verify(half, factor, code).await;
        };
        self.refresh_first(session).await?;
        let access = session.access.clone();
        let raised = self.exchange(half, factor, code, &access).await?;
        self.replace(raised).await
    }

    /// Takes the session of one factor as it is.
    pub(super) async fn skip_second_factor(self: &Arc<Self>) -> Result<Identity, Problem> {
        let mut place = self.half.lock().await;
        let mut half = place.take().ok_or_else(no_pending_sign_in)?;
        if let Some(session) = half.session.take() {
            return self.replace(session).await;
        }
        match self.again(half.whose.user_id().unwrap_or_default()).await {
            Ok(Identity::Anon) => Err(super::not_signed_in()),
            Ok(now) => Ok(now),
            Err(problem) => {
                if can_try_again(&problem) {
                    *place = Some(half);
                }
                Err(problem)
            }
        }
    }

    /// Gives the sign-in up.
    pub(super) async fn give_up(&self) -> Result<(), Problem> {
        match self.half.lock().await.take() {
            Some(half) => self.end(half).await,
            None => Ok(()),
        }
    }

    /// Ends the session of one factor on the server, unless it is the one in use.
    async fn end(&self, half: PendingSignIn) -> Result<(), Problem> {
        let Some(session) = half.session else {
            return Ok(());
        };
        match self.end_on_server(session).await {
            Err(problem) if problem.kind == Kind::Network => Err(Problem::new(
                Kind::Network,
                "The sign-in was given up, but the server could not be told.",
                problem.what,
            )
            .with_hint(ENDS_BY_ITSELF)),
            // Whatever else the server says, there is no such session any more.
            _ => Ok(()),
        }
    }

    /// Refreshes a session that is stored nowhere, when it is about to end.
    async fn refresh_first(&self, session: &mut Session) -> Result<(), Problem> {
        if !session.is_fresh(self.now()) {
            let until = Instant::now() + self.wire.http.limits().session;
            *session = self.wire.refresh(&session.refresh, until).await?;
        }
        Ok(())
    }

    /// Gives the code for the session in use, which nobody else may refresh meanwhile.
    async fn verify(
        self: &Arc<Self>,
        half: &mut PendingSignIn,
        factor: &str,
        code: &SecretString,
    ) -> Result<Identity, Problem> {
        let whose = half.whose.user_id().unwrap_or_default().to_owned();
        self.valid_session(&whose).await?;
        let state = self.of(&whose);
        let mut state = state.lock().await;
        let until = Instant::now() + self.wire.http.limits().session;
        let turn = self.turns.take_until(until).await;
        if matches!(turn, Turn::Theirs) {
            return Err(self.their_turn());
        }
        self.take_newer(&mut state).await?;
        let session = state.session.clone().ok_or_else(super::not_signed_in)?;
        let raised = self.exchange(half, factor, code, &session.access).await?;
        let identity = raised.identity.clone();
        self.persist(&mut state, raised).await;
        Ok(identity)
    }

    /// Gives the code to the challenge that is open, or to a new one; a stale challenge is replaced once.
    async fn exchange(
        &self,
        half: &mut PendingSignIn,
        factor: &str,
        code: &SecretString,
        access: &SecretString,
    ) -> Result<Session, Problem> {
        if let Some(open) = half.challenges.get(factor) {
            match self.wire.verify_factor(factor, open, code, access).await {
                Err(problem) if is_stale(&problem) => half.challenges.remove(factor),
                answered => return answered,
            };
        }
        let challenge = self.wire.challenge(factor, access).await?;
        let answered = self.wire.verify_factor(factor, &challenge, code, access);
        let answered = answered.await;
        if !answered.as_ref().is_err_and(is_stale) {
            half.challenges.insert(factor.to_owned(), challenge);
        }
        answered
    }
}

fn is_stale(problem: &Problem) -> bool {
    let code = problem.code.as_deref();
    code.is_some_and(|code| STALE.contains(&code))
}

fn no_pending_sign_in() -> Problem {
    Problem::new(
        Kind::Auth,
        "No sign-in waits for a second factor.",
        "It has come to its end.",
    )
    .with_hint("Sign in again.")
}
