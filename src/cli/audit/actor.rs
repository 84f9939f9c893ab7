//! Who did what a record tells, for people.

use crate::domain::identity::Identity;

/// Who did it, for people: the kind of actor and the id, which is all that is known of others; `(you)` behind one's own.
pub fn actor(kind: &str, id: Option<&str>, reader: &Identity) -> String {
    match id {
        None => kind.to_owned(),
        Some(id) if reader.user_id() == Some(id) => format!("{kind} {id} (you)"),
        Some(id) => format!("{kind} {id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::actor;
    use crate::domain::identity::{Identity, User};

    #[test]
    fn only_the_reader_is_known_by_more_than_an_id() {
        let alice = Identity::User(User {
            id: "1".into(),
            ..User::default()
        });
        assert_eq!(actor("user", Some("1"), &alice), "user 1 (you)");
        assert_eq!(actor("ai", Some("2"), &alice), "ai 2");
        assert_eq!(actor("system", None, &alice), "system");
        assert_eq!(actor("user", Some("1"), &Identity::Service), "user 1");
    }
}
