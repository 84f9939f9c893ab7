//! Draws all keys by the place where they work, those of the screen in view first.

use crate::app::command::{Context, TABLE};
use crate::ui::View;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::text::{Line, Span};

pub fn draw(frame: &mut Frame, top: usize, view: View) {
    let height = frame.area().height.saturating_sub(2);
    let inside = super::window(frame, view, 96, height, "Keys", Role::Accent);
    let mut lines = Vec::new();
    for context in order(view) {
        lines.push(Line::styled(context.title(), view.style(Role::Accent)));
        for spec in TABLE.iter().filter(|spec| spec.context == context) {
            let keys = view.model.keymap.keys_text(spec.command);
            lines.push(Line::from(vec![
                Span::styled(format!("  {keys:<18} "), view.style(Role::Key)),
                Span::styled(spec.title, view.style(Role::Text)),
            ]));
        }
        lines.push(Line::default());
    }
    let last = "What a screen does, a subcommand does too: `supadeck --help` lists them.";
    lines.push(Line::styled(last, view.style(Role::Muted)));
    super::read(frame, inside, view, lines, top, "close");
}

fn order(view: View) -> Vec<Context> {
    let live = view.model.screen_contexts();
    let rest = Context::ALL
        .into_iter()
        .filter(|context| !live.contains(context));
    live.iter().copied().chain(rest).collect()
}
