//! The keys of the filter language: what stands before the colon, what it asks for, and what it takes.

/// A key and its words, for completion, for faults and for help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySpec {
    /// The key, without its colon.
    pub key: &'static str,
    /// What it asks for, in a few words.
    pub title: &'static str,
    /// A value to look at.
    pub example: &'static str,
}

const fn key(key: &'static str, title: &'static str, example: &'static str) -> KeySpec {
    KeySpec {
        key,
        title,
        example,
    }
}

/// All keys, those that are wanted most first. `before.` and `after.` come besides.
pub const ALL_KEYS: [KeySpec; 11] = [
    key("actor", "who did it", "bob"),
    key("action", "what was done", "plan_item.*"),
    key("changed", "a field that changed", "qty"),
    key("since", "not before", "2d"),
    key("until", "not after", "2026-10-01"),
    key("on", "on this day", "2026-10-12"),
    key("row", "the row", "plan_item/ID"),
    key(
        "text",
        "a text in what changed, or in the reason",
        "\"deep work\"",
    ),
    key("subject", "whose data it was", "me"),
    key("request", "all of one request", "ID"),
    key("type", "user, system or ai", "ai"),
];

/// What people type for a key: the names of the columns, words from other tools.
pub(super) fn meant(typed: &str) -> Option<&'static str> {
    Some(match typed {
        "actor_user_id" | "user" | "who" | "by" | "author" => "actor",
        "subject_user_id" | "owner" | "of" => "subject",
        "actor_type" | "kind" => "type",
        "correlation_id" | "correlation" => "request",
        "from" | "newer" => "since",
        "to" | "older" => "until",
        "day" | "date" | "at" => "on",
        "field" | "fields" | "column" | "change" | "changes" => "changed",
        "table" | "record" | "id" => "row",
        "search" | "contains" | "words" => "text",
        _ => return None,
    })
}
