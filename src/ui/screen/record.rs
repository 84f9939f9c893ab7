//! Draws the selected audit record: what, when, who and why, then the difference, then the whole of a long reason.

use crate::app::command::Command;
use crate::app::layout;
use crate::app::model::Focus;
use crate::app::screen::rationale::NAME;
use crate::app::screen::record::{Mark, Mode, RecordLine};
use crate::app::screen::record_head::HeadKind;
use crate::domain::audit::Record;
use crate::domain::audit::diff::window;
use crate::domain::text::harmless;
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::text::{fit, pad};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Levels that are indented; deeper ones stand at the same place.
const DEEPEST: usize = 12;
/// Keys up to this width, indentation included, have their values in one column.
const KEY_COLUMNS: usize = 24;

pub fn draw(frame: &mut Frame, pane: Rect, view: DrawContext) {
    let audit = &view.model.audit;
    let is_focused = view.model.focus == Focus::Detail;
    let inside = layout::inside(pane);
    let Some(record) = audit.shown_record() else {
        table::heading(frame, pane, view, "", is_focused);
        let failure = audit
            .record
            .failure()
            .filter(|_| !audit.record.is_loading());
        if let Some(failure) = failure {
            table::problem_lines(frame, inside, view, failure.why);
        } else if audit.held() > 0 {
            table::lines(
                frame,
                inside,
                view,
                &[(Role::Muted, "Reading the record.".into())],
            );
        }
        return;
    };
    let mut title = format!("{}, {}", record.action, audit.view.mode.title());
    if !audit.search.is_empty() {
        let found = match audit.view.matches.len() {
            0 => "nothing fits".to_owned(),
            1 => "1 line fits".to_owned(),
            count => format!("{count} lines fit"),
        };
        title = format!("{title}; {found} “{}”", audit.search);
    }
    table::heading(frame, pane, view, &title, is_focused);
    // On a low pane some lines are kept for the difference, as far as it has so many: it can be scrolled, the facts not.
    let height = usize::from(inside.height);
    let free = height.saturating_sub(audit.view.difference().len() + 1);
    let facts = facts(inside, free.max(height * 2 / 3), view);
    let shown = facts.len();
    for (row, line) in facts.into_iter().enumerate() {
        frame.render_widget(
            line,
            Rect {
                y: inside.y + row as u16,
                height: 1,
                ..inside
            },
        );
    }
    let used = (shown as u16 + 1).min(inside.height);
    let area = Rect {
        y: inside.y + used,
        height: inside.height - used,
        ..inside
    };
    draw_lines(frame, area, view, record);
}

/// What the record is about, when it was, who did it, and the beginning of why, then the rest; on so many lines at most.
/// Where they are few, what it is about gives way first: its ids stand in the images too. The selected line is among them.
fn facts(area: Rect, most: usize, view: DrawContext<'_>) -> Vec<Line<'static>> {
    let audit = &view.model.audit;
    let column = audit.heading_columns();
    let (reason, is_cut) = audit.view.reason.beginning();
    let more = view.symbols.more();
    let room = usize::from(area.width).saturating_sub(column + 2);
    let line = |name: &str, text: &str, role: Role| {
        let head = format!("{}  ", pad(name, column, more));
        Line::from(vec![
            Span::styled(head, view.style(Role::Muted)),
            Span::styled(fit(text, room, more), view.style(role)),
        ])
    };
    let is_focused = view.model.focus == Focus::Detail;
    let mut lines: Vec<(usize, bool, Line)> = Vec::new();
    let mut is_about = true;
    for (at, head) in audit.head.iter().enumerate() {
        is_about &= head.name != "when";
        let is_cursor = is_focused && audit.head_at == Some(at);
        if head.kind != HeadKind::Reason {
            let role = match head.kind {
                HeadKind::Row => Role::Accent,
                _ => Role::Text,
            };
            let drawn = marked(line(&head.name, &head.text, role), is_cursor, view);
            lines.push((at, is_about, drawn));
            continue;
        }
        for (row, text) in reason.iter().enumerate() {
            let name = if row == 0 { NAME } else { "" };
            let drawn = if is_cut && row + 1 == reason.len() {
                let kept = fit(text, room.saturating_sub(more.width()), "");
                line(name, &format!("{kept}{more}"), Role::Warn)
            } else {
                line(name, text, Role::Warn)
            };
            lines.push((at, false, marked(drawn, is_cursor, view)));
        }
    }
    let all = lines.clone();
    let about = most.saturating_sub(2 + reason.len()).max(1);
    let mut abouts = 0;
    lines.retain(|(_, is_about, _)| {
        abouts += usize::from(*is_about);
        !is_about || abouts <= about
    });
    lines.truncate(most);
    // The selected line is shown, whatever gives way for it.
    if let Some(cursor) = audit.head_at.filter(|_| is_focused)
        && !lines.iter().any(|(at, ..)| *at == cursor)
    {
        let end = all
            .iter()
            .rposition(|(at, ..)| *at == cursor)
            .map_or(0, |at| at + 1);
        lines = all[end.saturating_sub(most.max(1))..end].to_vec();
    }
    lines.into_iter().map(|(.., line)| line).collect()
}

fn draw_lines(frame: &mut Frame, area: Rect, view: DrawContext, record: &Record) {
    let record_view = &view.model.audit.view;
    let mut area = area;
    if record_view.difference().is_empty() {
        let key = view.model.keymap.first_key(Command::DiffMode);
        let why = record.no_difference();
        let text = match (&record.before_state, &record.after_state) {
            (None, None) => why.to_owned(),
            _ => format!("{why} Press {key} for everything."),
        };
        let role = if record.lacks_images() {
            Role::Warn
        } else {
            Role::Muted
        };
        table::lines(frame, area, view, &[(role, text)]);
        let used = area.height.min(2);
        area.y += used;
        area.height -= used;
    }
    let height = usize::from(area.height);
    let top = record_view.visible_top(height);
    // Values stand in one column, as far as the keys are not too long for that.
    let indent = |line: &RecordLine| line.key.width() + 2 * line.depth.min(DEEPEST);
    let keys = record_view
        .difference()
        .iter()
        .map(indent)
        .filter(|width| *width <= KEY_COLUMNS)
        .max()
        .unwrap_or(0);
    for (row, at) in (top..record_view.lines.len()).take(height).enumerate() {
        let line = &record_view.lines[at];
        let is_cursor = at == record_view.cursor
            && view.model.focus == Focus::Detail
            && view.model.audit.head_at.is_none();
        let is_match = record_view.matches.contains(&at);
        let drawn = line_of(
            view,
            line,
            record_view.mode,
            (usize::from(area.width), keys),
            is_cursor,
            is_match,
        );
        frame.render_widget(
            drawn,
            Rect {
                y: area.y + row as u16,
                height: 1,
                ..area
            },
        );
    }
}

fn line_of(
    view: DrawContext<'_>,
    line: &RecordLine,
    mode: Mode,
    (width, keys): (usize, usize),
    is_cursor: bool,
    is_match: bool,
) -> Line<'static> {
    let (sign, role) = match line.mark {
        Mark::Reason => return reason_line(view, line, is_cursor, is_match),
        Mark::Same => (" ", Role::Text),
        Mark::Added => ("+", Role::Added),
        Mark::Removed => ("-", Role::Removed),
        Mark::Changed => ("~", Role::Changed),
        Mark::Moved => (">", Role::Changed),
    };
    let fold = line
        .fold
        .map_or(" ", |is_folded| view.symbols.fold(is_folded));
    let more = view.symbols.more();
    let key_role = match (is_match, line.mark) {
        (true, _) => Role::Match,
        (false, Mark::Same) => Role::Muted,
        (false, _) => role,
    };
    let name = format!(
        "{}{fold} {}",
        "  ".repeat(line.depth.min(DEEPEST)),
        line.key
    );
    let head = format!("{sign} {}", pad(&name, name.width().max(keys + 2), more));
    let mut spans = vec![Span::styled(fit(&head, width, more), view.style(key_role))];
    let room = width.saturating_sub(head.width() + 2);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    match (mode, line.fold) {
        (mode, _) if line.mark == Mark::Moved && mode != Mode::SideBySide => {
            let moved = format!("moved {}", text(&line.new));
            spans.push(Span::styled(
                format!("  {}", fit(moved.trim_end(), room, more)),
                view.style(role),
            ));
        }
        (_, Some(_)) => spans.push(Span::styled(
            format!(
                "  {}",
                fit(
                    line.new.as_deref().or(line.old.as_deref()).unwrap_or(""),
                    room,
                    more
                )
            ),
            view.style(Role::Muted),
        )),
        (Mode::SideBySide, None) => {
            // Both sides share what the keys leave.
            let begin = 4 + keys + 2;
            let half = width.saturating_sub(begin + 3) / 2;
            let left = (begin + half).saturating_sub(head.width() + 2);
            let is_same = matches!(line.mark, Mark::Same | Mark::Moved);
            let old_role = if is_same { Role::Text } else { Role::Removed };
            let new_role = if is_same { Role::Text } else { Role::Added };
            let right = width.saturating_sub(begin + half + 3);
            let (old, new) = window(&text(&line.old), &text(&line.new), (left, right), more);
            spans.push(Span::styled(
                format!("  {}", pad(&old, left, more)),
                view.style(old_role),
            ));
            let bar = if view.symbols.is_ascii {
                " | "
            } else {
                " │ "
            };
            spans.push(Span::styled(bar, view.style(Role::Border)));
            spans.push(Span::styled(fit(&new, right, more), view.style(new_role)));
        }
        (_, None) => match line.mark {
            Mark::Changed => {
                let arrow = if view.symbols.is_ascii {
                    " -> "
                } else {
                    " → "
                };
                let (old, new) = (text(&line.old), text(&line.new));
                let half = old.width().min(room.saturating_sub(4) / 2);
                let rest = room.saturating_sub(half + 4);
                let (old, new) = window(&old, &new, (half, rest), more);
                spans.push(Span::styled(format!("  {old}"), view.style(Role::Removed)));
                spans.push(Span::styled(arrow, view.style(Role::Muted)));
                spans.push(Span::styled(fit(&new, rest, more), view.style(Role::Added)));
            }
            Mark::Removed => {
                let old = beside_other(line.old.as_deref(), line, room, more);
                spans.push(Span::styled(
                    format!("  {}", fit(&old, room, more)),
                    view.style(role),
                ));
            }
            Mark::Added | Mark::Same | Mark::Moved | Mark::Reason => {
                let new = beside_other(line.new.as_deref(), line, room, more);
                spans.push(Span::styled(
                    format!("  {}", fit(&new, room, more)),
                    view.style(role),
                ));
            }
        },
    }
    marked(Line::from(spans), is_cursor, view)
}

/// A value in so much room, from where it differs from the other side's, which has a line of its own.
fn beside_other(own: Option<&str>, line: &RecordLine, room: usize, more: &str) -> String {
    let own = own.unwrap_or_default();
    match &line.other {
        Some(other) => window(own, other, (room, room), more).0,
        None => own.to_owned(),
    }
}

/// A line of the reason, as it stands above the difference.
fn reason_line(
    view: DrawContext<'_>,
    line: &RecordLine,
    is_cursor: bool,
    is_match: bool,
) -> Line<'static> {
    let column = view.model.audit.heading_columns();
    let role = if is_match { Role::Match } else { Role::Warn };
    let name = pad(&line.key, column, view.symbols.more());
    let text = line.new.as_deref().unwrap_or_default();
    let spans = vec![
        Span::styled(format!("{name}  "), view.style(Role::Muted)),
        Span::styled(harmless(text).into_owned(), view.style(role)),
    ];
    marked(Line::from(spans), is_cursor, view)
}

/// The line under the cursor, or another.
fn marked<'a>(line: Line<'a>, is_cursor: bool, view: DrawContext) -> Line<'a> {
    if is_cursor {
        line.style(view.style(Role::SelectionDim))
    } else {
        line
    }
}
