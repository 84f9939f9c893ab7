//! All keys as lines, by the place where they work, those of the screen in view first.

use crate::app::command::{Context, TABLE};
use crate::app::layout;
use crate::app::model::Model;
use crate::app::wrap::wrap;

/// The columns of the keys, with the room around them.
const KEY_COLUMNS: usize = 21;

/// What stands below all keys.
const LAST: &str = "What a screen does, a subcommand does too: `supadeck --help` lists them.";

/// A line of help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelpLine {
    /// The place where the keys below it work.
    Heading(&'static str),
    /// Keys, filled up to their column, and what they do; a long text goes on below without keys.
    Keys(String, String),
    /// Nothing, or what ends the page.
    Note(String),
}

/// The lines for a screen as wide as the model's.
pub fn lines(model: &Model) -> Vec<HelpLine> {
    let columns = layout::help_columns(model.size.0);
    let room = columns.saturating_sub(KEY_COLUMNS);
    let mut lines = Vec::new();
    for context in order(model) {
        lines.push(HelpLine::Heading(context.title()));
        for spec in TABLE.iter().filter(|spec| spec.context == context) {
            let mut keys = model.keymap.keys_text(spec.command);
            for text in wrap(spec.title, room) {
                let shown = format!("  {:<18} ", std::mem::take(&mut keys));
                lines.push(HelpLine::Keys(shown, text));
            }
        }
        lines.push(HelpLine::Note(String::new()));
    }
    lines.extend(wrap(LAST, columns).into_iter().map(HelpLine::Note));
    lines
}

fn order(model: &Model) -> Vec<Context> {
    let live = model.screen_contexts();
    let rest = Context::ALL
        .into_iter()
        .filter(|context| !live.contains(context));
    live.iter().copied().chain(rest).collect()
}
