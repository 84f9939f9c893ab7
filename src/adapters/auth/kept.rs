//! The list of the users whose sessions are kept. It stands in the store beside one entry for each session, since a keyring
//! cannot be asked for its entries, and holds no token. What an earlier version kept, one session for a profile, is carried
//! over when it is met, and is removed only once it stands in its new place.

use super::places::{list_place, user_place};
use super::session::Session;
use super::session_store::{PATIENCE, SessionStore};
use crate::domain::identity::Identity;
use crate::domain::kept::KeptUsers;
use crate::domain::problem::Problem;
use crate::domain::secret::SecretKind;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::sync::PoisonError;
use std::time::Instant;

/// The list as it is stored, for the project at `url`.
#[derive(Serialize, Deserialize, Default)]
struct StoredList {
    url: String,
    #[serde(flatten)]
    kept: KeptUsers,
}

impl SessionStore {
    /// Who is kept for this project.
    pub(super) async fn kept(&self) -> Result<KeptUsers, Problem> {
        let kind = SecretKind::Session;
        let list = self.secrets.get(&list_place(&self.profile), kind).await?;
        let mut kept = self.read(list.as_ref());
        // An earlier version may have left one, and nobody waits for the keyring where that makes no difference.
        if kept.in_use.is_none()
            && let Some(old) = self.secrets.get(&self.profile, kind).await?
            && let Some(session) = Session::from_stored(&old, &self.wire.url)
        {
            kept = match self.carry_over(&session, &old).await {
                Ok(kept) => kept,
                Err(problem) => {
                    tracing::warn!(%problem, "the session of an earlier version stays where it is");
                    put_in_use(&mut kept, &session.identity);
                    kept
                }
            };
        }
        let unstored = self.unstored.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.with(&unstored))
    }

    /// Notes that somebody reads as this user from now on.
    pub(super) async fn used(&self, id: &str) -> Result<(), Problem> {
        let kept = self.kept().await?;
        if kept.in_use.as_deref() == Some(id) {
            return Ok(());
        }
        {
            let mut unstored = self.unstored.lock().unwrap_or_else(PoisonError::into_inner);
            unstored.in_use = None;
            if unstored.get(id).is_some() {
                unstored.used(id);
                return Ok(());
            }
        }
        let _turn = self.turns.take_until(Instant::now() + PATIENCE).await;
        self.edit(|kept| kept.used(id)).await
    }

    /// Changes the stored list; whoever calls has the turn, so that another process' change is not lost.
    pub(super) async fn edit(&self, change: impl FnOnce(&mut KeptUsers)) -> Result<(), Problem> {
        let place = list_place(&self.profile);
        let before = self.read(
            self.secrets
                .get(&place, SecretKind::Session)
                .await?
                .as_ref(),
        );
        let mut kept = before.clone();
        change(&mut kept);
        if kept == before {
            return Ok(());
        }
        let list = StoredList {
            url: self.wire.url.clone(),
            kept,
        };
        let text = serde_json::to_string(&list).unwrap_or_default().into();
        let stored = self.secrets.set(&place, SecretKind::Session, &text).await;
        stored.map(drop)
    }

    /// Every session that is stored under the profile's name, of whichever project, with its place.
    pub(super) async fn all_stored(&self) -> Result<Vec<(String, SecretString)>, Problem> {
        let mut places = self.listed_places().await?;
        places.push(self.profile.clone());
        let mut all = Vec::new();
        for place in places {
            let text = self.secrets.get(&place, SecretKind::Session).await?;
            all.extend(text.map(|text| (place, text)));
        }
        Ok(all)
    }

    /// Forgets every session under the profile's name.
    pub(super) async fn forget_all(&self) -> Result<(), Problem> {
        *self.unstored.lock().unwrap_or_else(PoisonError::into_inner) = KeptUsers::default();
        let mut places = self.listed_places().await?;
        places.extend([list_place(&self.profile), self.profile.clone()]);
        for place in places {
            self.secrets.remove(&place, SecretKind::Session).await?;
        }
        Ok(())
    }

    /// Takes out what is stored for another project, which the profile was for before: nobody can choose it any more.
    pub(super) async fn take_strangers(&self) -> Result<Vec<SecretString>, Problem> {
        let mut strangers = Vec::new();
        for (place, text) in self.all_stored().await? {
            if Session::from_stored(&text, &self.wire.url).is_none() {
                self.secrets.remove(&place, SecretKind::Session).await?;
                strangers.push(text);
            }
        }
        Ok(strangers)
    }

    /// Where the sessions of the list are, of whichever project it is.
    async fn listed_places(&self) -> Result<Vec<String>, Problem> {
        let place = list_place(&self.profile);
        let text = self.secrets.get(&place, SecretKind::Session).await?;
        let list = text.as_ref().and_then(stored_list).unwrap_or_default();
        let users = list.kept.users.iter();
        let place = |id: &str| user_place(&self.profile, id);
        Ok(users.map(|user| place(&user.id)).collect())
    }

    /// The list of this project in a stored text.
    fn read(&self, text: Option<&SecretString>) -> KeptUsers {
        let list = text.and_then(stored_list);
        let list = list.filter(|list| list.url == self.wire.url);
        list.map_or_else(KeptUsers::default, |list| list.kept)
    }

    /// Puts what an earlier version stored into its new place. Where both are there, the later refresh is the one that
    /// can be continued.
    async fn carry_over(&self, old: &Session, text: &SecretString) -> Result<KeptUsers, Problem> {
        let kind = SecretKind::Session;
        let _turn = self.turns.take_until(Instant::now() + PATIENCE).await;
        let list = list_place(&self.profile);
        // Another process may have done it meanwhile.
        let is_there = self.secrets.get(&self.profile, kind).await?;
        if is_there.is_none_or(|now| now.expose_secret() != text.expose_secret()) {
            return Ok(self.read(self.secrets.get(&list, kind).await?.as_ref()));
        }
        let place = user_place(&self.profile, old.identity.user_id().unwrap_or_default());
        let new = self.secrets.get(&place, kind).await?;
        let new = new.and_then(|text| Session::from_stored(&text, &self.wire.url));
        if new.is_none_or(|new| old.is_later(&new)) {
            self.secrets.set(&place, kind, text).await?;
        }
        self.edit(|kept| put_in_use(kept, &old.identity)).await?;
        self.secrets.remove(&self.profile, kind).await?;
        Ok(self.read(self.secrets.get(&list, kind).await?.as_ref()))
    }
}

fn stored_list(text: &SecretString) -> Option<StoredList> {
    serde_json::from_str(text.expose_secret()).ok()
}

fn put_in_use(kept: &mut KeptUsers, identity: &Identity) {
    if let Identity::User(user) = identity {
        kept.put(user);
        kept.used(&user.id);
        if kept.email.is_none() && !user.email.is_empty() {
            kept.email = Some(user.email.clone());
        }
    }
}
