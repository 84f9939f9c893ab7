//! The signed-in users that a profile keeps: who they are, who was used last, and who is meant by a name. No tokens are here.

use super::hidden::shown;
use super::identity::User;
use super::plural::listed;
use super::problem::{Kind, Problem};
use super::read_problem;
use serde::{Deserialize, Serialize};

/// The signed-in users of one project, in the order in which they signed in first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptUsers {
    /// The users.
    #[serde(default)]
    pub users: Vec<User>,
    /// The id of the one who reads when nobody is asked for; none after that one's session has ended.
    #[serde(default)]
    pub in_use: Option<String>,
    /// The ids, the last used one first.
    #[serde(default)]
    pub recent: Vec<String>,
    /// The address of the last sign-in, which stays when its user is signed out.
    #[serde(default)]
    pub email: Option<String>,
}

impl KeptUsers {
    /// Nobody is kept.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// The user of this id.
    pub fn get(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// Who reads when nobody is asked for.
    pub fn in_use(&self) -> Option<&User> {
        self.get(self.in_use.as_deref()?)
    }

    /// Who was used last, also when that one is not in use any more.
    pub fn last_used(&self) -> Option<&User> {
        let recent = self.recent.iter().find_map(|id| self.get(id));
        recent.or_else(|| self.users.last())
    }

    /// Puts a user in, or what is new of one who is there.
    pub fn put(&mut self, user: &User) {
        // Nothing is kept of one as whom somebody only acts.
        if user.is_acted {
            return;
        }
        match self.users.iter_mut().find(|kept| kept.id == user.id) {
            Some(kept) => {
                // A stored session does not know of second factors; whoever signed in does.
                let is_known = kept.has_second_factor || user.has_second_factor;
                *kept = user.clone();
                kept.has_second_factor = is_known;
            }
            None => self.users.push(user.clone()),
        }
    }

    /// Notes that somebody reads as this user from now on. Nothing is noted of one who is not kept.
    pub fn used(&mut self, id: &str) {
        if self.get(id).is_none() {
            return;
        }
        self.recent.retain(|kept| kept != id);
        self.recent.insert(0, id.to_owned());
        self.in_use = Some(id.to_owned());
    }

    /// Takes a user out. Nobody is put in the place of one who was in use: no command may go on as another by itself.
    pub fn remove(&mut self, id: &str) {
        self.users.retain(|user| user.id != id);
        self.recent.retain(|kept| kept != id);
        if self.in_use.as_deref() == Some(id) {
            self.in_use = None;
        }
    }

    /// These and the others together; the others go before where both know something.
    #[must_use]
    pub fn with(mut self, others: &Self) -> Self {
        for user in &others.users {
            self.put(user);
        }
        for id in others.recent.iter().rev() {
            self.recent.retain(|kept| kept != id);
            self.recent.insert(0, id.clone());
        }
        self.in_use = others.in_use.clone().or(self.in_use);
        self.email = others.email.clone().or(self.email);
        self
    }

    /// The user who is called so: by e-mail address or phone number in any case, or by id.
    pub fn called(&self, name: &str, project: &str) -> Result<&User, Problem> {
        let name = name.trim();
        let is_called = |user: &&User| {
            !name.is_empty() && (user.name().eq_ignore_ascii_case(name) || user.id == name)
        };
        let found = self.users.iter().filter(is_called);
        if let Some(user) = found.max_by_key(|user| self.in_use.as_ref() == Some(&user.id)) {
            return Ok(user);
        }
        let wanted = shown(name);
        let names: Vec<&str> = self.users.iter().map(User::name).collect();
        let why = match names.as_slice() {
            [] => "No user is kept for it.".to_owned(),
            [only] => format!("Only {only} is kept for it."),
            _ => format!("The users kept for it are {}.", listed(&names)),
        };
        Err(Problem::new(
            Kind::Auth,
            format!("{wanted} is not signed in on {project}."),
            why,
        )
        .with_code(read_problem::NOT_KEPT)
        .with_hint(format!("Sign in with `supadeck login --email {wanted}`.")))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn user(name: &str) -> User {
        User {
            id: format!("id-{name}"),
            email: format!("{name}@example.com"),
            role: "authenticated".into(),
            ..User::default()
        }
    }

    fn of(names: &[&str]) -> KeptUsers {
        let mut kept = KeptUsers::default();
        for name in names {
            kept.put(&user(name));
            kept.used(&format!("id-{name}"));
        }
        kept
    }

    #[test]
    fn nobody_takes_the_place_of_one_who_was_in_use() {
        let mut kept = of(&["alice", "bob"]);
        assert_eq!(kept.in_use().unwrap().name(), "bob@example.com");
        kept.remove("id-bob");
        assert_eq!(kept.in_use(), None);
        assert_eq!(kept.last_used().unwrap().name(), "alice@example.com");
        kept.remove("id-alice");
        assert_eq!(kept.last_used(), None);
    }

    #[test]
    fn a_user_is_called_by_address_or_id_and_who_is_not_kept_is_said() {
        let kept = of(&["alice", "bob"]);
        assert_eq!(
            kept.called("Alice@Example.com ", "x").unwrap().id,
            "id-alice"
        );
        assert_eq!(kept.called("id-bob", "x").unwrap().id, "id-bob");
        let problem = kept.called("carol@example.com", "work").unwrap_err();
        assert_eq!(problem.what, "carol@example.com is not signed in on work.");
        assert_eq!(
            problem.why,
            "The users kept for it are alice@example.com and bob@example.com."
        );
        assert_eq!(
            problem.hint.unwrap(),
            "Sign in with `supadeck login --email carol@example.com`."
        );
        assert!(kept.called("", "work").is_err());
        assert!(
            of(&["alice"]).called("ali", "work").is_err(),
            "a part is not enough"
        );
    }

    #[test]
    fn a_secret_in_the_place_of_a_name_is_not_repeated() {
        let problem = of(&[]).called("sb_secret_hunter2hunter2", "x").unwrap_err();
        assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
    }

    proptest! {
        /// Whatever is put in, used and taken out: who is in use is kept and was used last, and order is that of coming.
        #[test]
        fn in_use_is_kept_and_used_last(steps in proptest::collection::vec((0_u8..4, 0_u8..3), 0..40)) {
            let mut kept = KeptUsers::default();
            let mut came: Vec<String> = Vec::new();
            for (who, what) in steps {
                let name = format!("u{who}");
                let id = format!("id-{name}");
                match what {
                    0 => {
                        kept.put(&user(&name));
                        if !came.contains(&id) {
                            came.push(id);
                        }
                    }
                    1 => kept.used(&id),
                    _ => {
                        kept.remove(&id);
                        came.retain(|one| *one != id);
                    }
                }
                let ids: Vec<&String> = kept.users.iter().map(|user| &user.id).collect();
                prop_assert_eq!(ids, came.iter().collect::<Vec<_>>());
                if kept.in_use.is_some() {
                    prop_assert!(kept.in_use().is_some());
                    prop_assert_eq!(kept.in_use(), kept.last_used());
                }
                let text = serde_json::to_string(&kept).unwrap();
                prop_assert_eq!(&serde_json::from_str::<KeptUsers>(&text).unwrap(), &kept);
            }
        }
    }
}
