//! Who did what a record tells, for people.

use crate::domain::identity::Identity;
use crate::domain::people::People;

/// Who did it, for people: the kind of actor, the name where it is known, and the id; `(you)` behind one's own.
pub fn actor(kind: &str, id: Option<&str>, known: (&Identity, &People)) -> String {
    match id {
        None => kind.to_owned(),
        Some(id) => format!("{kind} {}", person(id, known)),
    }
}

/// A person: the name where it is known, and the id; `(you)` behind one's own.
pub fn person(id: &str, (reader, people): (&Identity, &People)) -> String {
    let you = if reader.user_id() == Some(id) {
        " (you)"
    } else {
        ""
    };
    match people.called(id) {
        Some(name) => format!("{name} {id}{you}"),
        None => format!("{id}{you}"),
    }
}

#[cfg(test)]
mod tests {
    use super::actor;
    use crate::domain::identity::{Identity, User};
    use crate::domain::people::{Known, People};

    #[test]
    fn a_name_stands_beside_the_id_and_only_the_reader_is_you() {
        let alice = Identity::User(User {
            id: "1".into(),
            ..User::default()
        });
        let mut people = People::new();
        let name = Some("Bob \u{1b}[2JStone".to_owned());
        people.add("2", Known { name, email: None });
        let told = |kind, id, who: &Identity| actor(kind, id, (who, &people));
        assert_eq!(told("user", Some("1"), &alice), "user 1 (you)");
        let bob = told("ai", Some("2"), &alice);
        assert!(
            bob.starts_with("ai Bob ") && bob.ends_with("Stone 2"),
            "{bob}"
        );
        assert!(!bob.contains('\u{1b}'), "{bob}");
        assert_eq!(told("system", None, &alice), "system");
        assert_eq!(told("user", Some("1"), &Identity::Service), "user 1");
    }
}
