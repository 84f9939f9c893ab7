//! What key was probably meant by a text that is none, or that no terminal sends.

use super::key::{Code, Key};

/// Other names of the keys that are not characters.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("return", "enter"),
    ("ret", "enter"),
    ("cr", "enter"),
    ("newline", "enter"),
    ("escape", "esc"),
    ("del", "delete"),
    ("bs", "backspace"),
    ("bksp", "backspace"),
    ("spacebar", "space"),
    ("spc", "space"),
    ("tabulator", "tab"),
    ("backtab", "shift-tab"),
    ("pageup", "pgup"),
    ("page-up", "pgup"),
    ("pagedown", "pgdn"),
    ("page-down", "pgdn"),
    ("pgdown", "pgdn"),
    ("arrowup", "up"),
    ("arrowdown", "down"),
    ("arrowleft", "left"),
    ("arrowright", "right"),
    ("minus", "-"),
    ("plus", "+"),
];

/// The key that a text was probably meant to name.
pub(super) fn guess(text: &str) -> Option<Key> {
    let bare = text.trim().trim_matches(['<', '>']);
    // `ctrl++` and `ctrl+-` name the signs themselves.
    let (signs, last) = match bare.char_indices().next_back() {
        Some((at, sign @ ('+' | '-' | '_'))) if at > 0 => (&bare[..at], Some(sign.to_string())),
        _ => (bare, None),
    };
    let joined = signs.replace(['+', '_', ' '], "-");
    let mut words: Vec<&str> = joined.split('-').filter(|word| !word.is_empty()).collect();
    let last = match &last {
        Some(sign) => sign.as_str(),
        None => words.pop()?,
    };
    let (mut ctrl, mut alt, mut shift) = (false, false, false);
    let mut rest = Vec::new();
    for word in words {
        match word.to_lowercase().as_str() {
            "ctrl" | "control" | "ctl" | "c" => ctrl = true,
            "alt" | "meta" | "option" | "opt" | "m" | "a" => alt = true,
            "shift" | "s" => shift = true,
            _ => rest.push(word),
        }
    }
    let mut last = last.to_owned();
    if let Some(caret) = last
        .strip_prefix('^')
        .filter(|rest| rest.chars().count() == 1)
    {
        (ctrl, last) = (true, caret.to_owned());
    }
    rest.push(&last);
    let name = rest.join("-");
    let mut key = base(&name)?;
    if shift {
        key = match key.code {
            Code::Char(c) if c.is_ascii_lowercase() => Key::char(c.to_ascii_uppercase()),
            Code::Tab => Key::plain(Code::BackTab),
            _ => return None,
        };
    }
    key.ctrl |= ctrl;
    key.alt |= alt;
    Some(sent(key).unwrap_or(key))
}

/// The key that a name without modifiers stands for.
fn base(name: &str) -> Option<Key> {
    if let Ok(key) = name.parse::<Key>() {
        return Some(key);
    }
    let lower = name.to_lowercase();
    if let Ok(key) = lower.parse::<Key>() {
        return Some(key);
    }
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == lower);
    if let Some((_, known)) = other {
        return known.parse().ok();
    }
    // A slip of the fingers.
    let near = super::key::names()
        .map(|known| {
            (
                similar::TextDiff::from_chars(lower.as_str(), known).ratio(),
                known,
            )
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    (lower.chars().count() > 2 && near.0 > 0.7).then(|| near.1.parse().ok())?
}

/// The key that a terminal sends in place of one that it cannot tell apart from it.
pub(super) fn sent(key: Key) -> Option<Key> {
    let plain = |code| Key {
        code,
        ctrl: false,
        ..key
    };
    match key.code {
        Code::Char('i' | 'I') if key.ctrl => Some(plain(Code::Tab)),
        Code::Char('m' | 'M') if key.ctrl => Some(plain(Code::Enter)),
        Code::Char('[') if key.ctrl => Some(plain(Code::Esc)),
        Code::Char(c) if key.ctrl && c.is_ascii_uppercase() => Some(Key {
            code: Code::Char(c.to_ascii_lowercase()),
            ..key
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_found() {
        for (text, key) in [
            ("ctrl+q", "ctrl-q"),
            ("Ctrl-Q", "ctrl-q"),
            ("control_x", "ctrl-x"),
            ("C-x", "ctrl-x"),
            ("<C-x>", "ctrl-x"),
            ("^x", "ctrl-x"),
            ("ctrl+alt+a", "ctrl-alt-a"),
            ("alt+ctrl+a", "ctrl-alt-a"),
            ("M-a", "alt-a"),
            ("option+left", "alt-left"),
            ("return", "enter"),
            ("Enter", "enter"),
            ("ESC", "esc"),
            ("escape", "esc"),
            ("PageDown", "pgdn"),
            ("page_up", "pgup"),
            ("F5", "f5"),
            ("shift+a", "A"),
            ("shift+tab", "shift-tab"),
            ("ctrl+return", "ctrl-enter"),
            ("ctrl++", "ctrl-+"),
            ("ctrl+-", "ctrl--"),
            ("ctrl+m", "enter"),
            ("bakspace", "backspace"),
        ] {
            let found = guess(text).map(|key| key.to_string());
            assert_eq!(found.as_deref(), Some(key), "{text}");
        }
    }

    #[test]
    fn nothing_is_guessed_of_nonsense() {
        for text in [
            "",
            " ",
            "+",
            "hyper-x",
            "super+x",
            "f99",
            "漢字",
            "sb_secret_hunter2",
        ] {
            assert_eq!(guess(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_a_terminal_cannot_send_is_named_as_it_sends_it() {
        for (text, key) in [
            ("ctrl-m", "enter"),
            ("ctrl-i", "tab"),
            ("ctrl-[", "esc"),
            ("ctrl-Q", "ctrl-q"),
        ] {
            let sent = sent(text.parse().unwrap()).map(|key| key.to_string());
            assert_eq!(sent.as_deref(), Some(key), "{text}");
        }
        assert_eq!(sent("ctrl-q".parse().unwrap()), None);
        assert_eq!(sent(Key::char('m')), None);
    }
}
