//! The base URL of a project.

/// Whether a text is a project's ref: twenty lower-case letters.
pub fn is_ref(text: &str) -> bool {
    text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_lowercase())
}
