//! Draws the selected audit record: who, what, when and why, then the difference.

use crate::app::command::Command;
use crate::app::layout;
use crate::app::model::Focus;
use crate::app::screen::record::{Mark, Mode, RecordLine};
use crate::domain::audit::Record;
use crate::ui::View;
use crate::ui::table;
use crate::ui::text::{fit, moment, pad, wrap};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Levels that are indented; deeper ones stand at the same place.
const DEEPEST: usize = 12;
/// Headings of facts up to this width have their texts in one column.
const FACT_COLUMNS: usize = 16;
/// Keys up to this width, indentation included, have their values in one column.
const KEY_COLUMNS: usize = 24;

pub fn draw(frame: &mut Frame, pane: Rect, view: View) {
    let audit = &view.model.audit;
    let is_focused = view.model.focus == Focus::Detail;
    let inside = layout::inside(pane);
    let Some(record) = audit.shown_record() else {
        table::heading(frame, pane, view, "", is_focused);
        if let Some(problem) = &audit.record.problem {
            table::problem_lines(frame, inside, view, problem);
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
    let facts = facts(record, inside, view);
    // On a low pane some lines are kept for the difference, as far as it has so many: it can be scrolled, the facts not.
    let height = usize::from(inside.height);
    let free = height.saturating_sub(audit.view.lines.len() + 1);
    let shown = facts.len().min(free.max(height * 2 / 3));
    for (row, line) in facts.into_iter().take(shown).enumerate() {
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

/// What the record is about, then why, when and who, for an area: a low pane shows the first of them.
fn facts(record: &Record, area: Rect, view: View<'_>) -> Vec<Line<'static>> {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let about = &view.model.audit.about;
    let keys = about.iter().map(|(key, _)| key.width());
    let keys = keys.filter(|width| *width <= FACT_COLUMNS);
    let column = keys.max().unwrap_or(0).max("request".width());
    let actor = match &record.actor_user_id {
        Some(id) => format!("{} ({})", id, record.actor_type),
        None => record.actor_type.clone(),
    };
    let mut facts: Vec<(&str, &str, Role)> = Vec::new();
    for (at, (key, text)) in about.iter().enumerate() {
        let role = if at == 0 { Role::Accent } else { Role::Text };
        facts.push((key, text, role));
    }
    if let Some(why) = &record.rationale {
        facts.push(("why", why, Role::Warn));
    }
    let when = format!("{} UTC", moment(&record.created_at));
    facts.push(("when", &when, Role::Text));
    facts.push(("actor", &actor, Role::Text));
    let optional = [
        ("subject", &record.subject_user_id),
        ("request", &record.correlation_id),
        ("from", &record.source_ip),
        ("with", &record.user_agent),
    ];
    let told = optional.into_iter();
    facts.extend(told.filter_map(|(name, text)| Some((name, text.as_deref()?, Role::Text))));
    let more = view.symbols.more();
    let room = width.saturating_sub(column + 2);
    let most = (height / 2).min((height * 2 / 3).saturating_sub(about.len()));
    let mut lines = Vec::new();
    for (name, text, role) in facts {
        // Only a reason is prose, and is read whole as far as there is room; a copy has the rest of a huge one.
        let is_reason = (name, Some(text)) == ("why", record.rationale.as_deref());
        let texts = if is_reason {
            wrapped(text, room, most.max(1), more)
        } else {
            vec![fit(text, room, more)]
        };
        let mut name = name;
        for text in texts {
            let head = format!("{}  ", pad(std::mem::take(&mut name), column, more));
            lines.push(Line::from(vec![
                Span::styled(head, view.style(Role::Muted)),
                Span::styled(text, view.style(role)),
            ]));
        }
    }
    lines
}

/// A text on at most so many lines, with a sign on the last one where more was left off.
fn wrapped(text: &str, columns: usize, most: usize, more: &str) -> Vec<String> {
    let mut lines = wrap(text.trim_end(), columns);
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            let kept = fit(last, columns.saturating_sub(more.width()), "");
            *last = format!("{kept}{more}");
        }
    }
    lines
}

fn draw_lines(frame: &mut Frame, area: Rect, view: View, record: &Record) {
    let record_view = &view.model.audit.view;
    if record_view.lines.is_empty() {
        let key = view.model.keymap.first_key(Command::DiffMode);
        let text = match (&record.before_state, &record.after_state) {
            (None, None) => "This record has no images.".to_owned(),
            _ => format!("Before and after are the same. Press {key} for everything."),
        };
        return table::lines(frame, area, view, &[(Role::Muted, text)]);
    }
    let height = usize::from(area.height);
    let top = record_view.visible_top(height);
    // Values stand in one column, as far as the keys are not too long for that.
    let indent = |line: &RecordLine| line.key.width() + 2 * line.depth.min(DEEPEST);
    let keys = record_view
        .lines
        .iter()
        .map(indent)
        .filter(|width| *width <= KEY_COLUMNS)
        .max()
        .unwrap_or(0);
    for (row, at) in (top..record_view.lines.len()).take(height).enumerate() {
        let line = &record_view.lines[at];
        let is_cursor = at == record_view.cursor && view.model.focus == Focus::Detail;
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
    view: View<'_>,
    line: &RecordLine,
    mode: Mode,
    (width, keys): (usize, usize),
    is_cursor: bool,
    is_match: bool,
) -> Line<'static> {
    let (sign, role) = match line.mark {
        Mark::Same => (" ", Role::Text),
        Mark::Added => ("+", Role::Added),
        Mark::Removed => ("-", Role::Removed),
        Mark::Changed => ("~", Role::Changed),
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
            let left = (width / 2).saturating_sub(head.width() + 2);
            let old_role = if line.mark == Mark::Same {
                Role::Text
            } else {
                Role::Removed
            };
            let new_role = if line.mark == Mark::Same {
                Role::Text
            } else {
                Role::Added
            };
            spans.push(Span::styled(
                format!("  {}", pad(&text(&line.old), left, more)),
                view.style(old_role),
            ));
            let bar = if view.symbols.is_ascii {
                " | "
            } else {
                " │ "
            };
            spans.push(Span::styled(bar, view.style(Role::Border)));
            let right = width.saturating_sub(width / 2 + 3);
            spans.push(Span::styled(
                fit(&text(&line.new), right, more),
                view.style(new_role),
            ));
        }
        (_, None) => match line.mark {
            Mark::Changed => {
                let arrow = if view.symbols.is_ascii {
                    " -> "
                } else {
                    " → "
                };
                let half = room.saturating_sub(4) / 2;
                let old = fit(&text(&line.old), half, more);
                let rest = room.saturating_sub(old.width() + 4);
                spans.push(Span::styled(format!("  {old}"), view.style(Role::Removed)));
                spans.push(Span::styled(arrow, view.style(Role::Muted)));
                spans.push(Span::styled(
                    fit(&text(&line.new), rest, more),
                    view.style(Role::Added),
                ));
            }
            Mark::Removed => {
                spans.push(Span::styled(
                    format!("  {}", fit(&text(&line.old), room, more)),
                    view.style(role),
                ));
            }
            Mark::Added | Mark::Same => {
                spans.push(Span::styled(
                    format!("  {}", fit(&text(&line.new), room, more)),
                    view.style(role),
                ));
            }
        },
    }
    let line = Line::from(spans);
    if is_cursor {
        line.style(view.style(Role::SelectionDim))
    } else {
        line
    }
}
