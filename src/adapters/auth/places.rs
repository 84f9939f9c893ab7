//! Where the store has the sessions of a profile's users, and the list of them.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The place of a user's session: a profile of its own in the store. An id is a text of the server, its digest is a name.
pub fn user_place(profile: &str, user_id: &str) -> String {
    let mut place = format!("{profile}/user/");
    for byte in Sha256::digest(user_id.as_bytes()).iter().take(16) {
        let _ = write!(place, "{byte:02x}");
    }
    place
}

/// The place of the list.
pub fn list_place(profile: &str) -> String {
    format!("{profile}/users")
}
