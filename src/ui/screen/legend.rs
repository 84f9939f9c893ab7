//! What the signs of a week mean, for the screens that show many weeks in little room.

use crate::domain::cycle::{Heat, NEAR_PERCENT, TARGET_PERCENT};
use crate::domain::lock::LockState;
use crate::ui::DrawContext;
use unicode_width::UnicodeWidthStr;

/// What stands between two signs.
const GAP: &str = "  ";

/// The signs of completion.
pub fn heat(view: DrawContext) -> [String; 3] {
    let s = view.symbols;
    [
        format!(
            "{} on target ({TARGET_PERCENT:.0} %)",
            s.heat(Heat::OnTarget)
        ),
        format!("{} near ({NEAR_PERCENT:.0} %)", s.heat(Heat::Near)),
        format!("{} under", s.heat(Heat::Low)),
    ]
}

/// The signs of how a week stands.
pub fn standing(view: DrawContext) -> [String; 3] {
    let s = view.symbols;
    [
        format!("{} locked", s.week(LockState::Locked)),
        format!("{} unlocked", s.week(LockState::Unlocked)),
        format!("{} open", s.week(LockState::Open)),
    ]
}

/// What a bar shows, and from where on it is how good.
pub fn bar() -> [String; 3] {
    [
        "completed of the plan:".to_owned(),
        format!("on target from {TARGET_PERCENT:.0} %"),
        format!("near from {NEAR_PERCENT:.0} %"),
    ]
}

/// Signs in lines of so many columns; none is torn from its word.
pub fn lines(signs: impl IntoIterator<Item = String>, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for sign in signs {
        match lines.last_mut() {
            Some(line) if line.width() + GAP.len() + sign.width() <= columns => {
                line.push_str(GAP);
                line.push_str(&sign);
            }
            _ => lines.push(sign),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_stays_with_its_word() {
        let signs = ["# locked", "U unlocked", ". open"].map(str::to_owned);
        assert_eq!(lines(signs, 20), ["# locked  U unlocked", ". open"]);
    }
}
