//! The header, which always says who one is and whether Row Level Security applies, and the tabs under it.

use super::View;
use super::text::fit;
use super::theme::Role;
use crate::app::model::Screen;
use crate::app::tab;
use crate::domain::identity::Identity;
use crate::domain::moment::{Form, moment};
use crate::domain::problem::Kind;
use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// From this width on the header has room for more than the role.
const ROOMY: usize = 100;

/// Draws the header. When it gets narrow the freshness goes first, then the project; the identity never.
pub fn draw(frame: &mut Frame, area: Rect, view: View) {
    if area.height == 0 {
        return;
    }
    let width = usize::from(area.width);
    let identity = identity_spans(view, width);
    let identity_width: usize = identity.iter().map(|span| span.content.width()).sum();
    let mut room = width.saturating_sub(identity_width);
    let mut spans = Vec::new();
    if let Some(project) = &view.model.project {
        let more = view.symbols.more();
        let brand = if room > 36 { " supadeck " } else { " " };
        let mark = if project.is_production {
            " PRODUCTION "
        } else {
            ""
        };
        let name_room = room.saturating_sub(brand.width() + mark.width() + 2);
        if name_room > 3 {
            let name = fit(&project.name, name_room.min(32), more);
            room -= (brand.width() + mark.width() + name.width() + 2).min(room);
            spans.push(Span::styled(brand, view.style(Role::Accent)));
            spans.push(Span::styled(name, view.style(Role::Text)));
            spans.push(Span::styled(mark, view.style(Role::Danger)));
            spans.push(Span::raw("  "));
        }
    }
    spans.extend(identity);
    let fresh = freshness(view);
    if fresh.width() + 2 <= room {
        spans.push(Span::raw(" ".repeat(room - fresh.width() - 1)));
        spans.push(Span::styled(fresh, view.style(Role::Muted)));
    }
    frame.render_widget(Line::from(spans), area);
}

fn identity_spans(view: View<'_>, width: usize) -> Vec<Span<'static>> {
    let identity = &view.model.identity;
    if view.model.project.is_none() {
        let what = if view.model.is_opening {
            "opening the project"
        } else {
            "no project yet"
        };
        return vec![Span::styled(
            format!(" supadeck  {what}"),
            view.style(Role::Accent),
        )];
    }
    let (sign, role) = if identity.is_under_rls() {
        (" RLS on ", Role::Ok)
    } else {
        (" RLS OFF ", Role::Danger)
    };
    let who_style = if identity.is_under_rls() {
        view.style(Role::Text)
    } else {
        view.style(Role::Danger)
    };
    let who = match identity {
        // Where there is room, the assurance level too; the start screen has it at any width.
        Identity::User(_) if width >= ROOMY => {
            format!("{} ({})", identity.name(), identity.rights())
        }
        Identity::User(user) => format!("{} ({})", identity.name(), user.role),
        Identity::Anon => "anon".to_owned(),
        Identity::Service => "service role".to_owned(),
    };
    let who = fit(
        &who,
        width.saturating_sub(sign.len()).max(4),
        view.symbols.more(),
    );
    vec![
        Span::styled(who, who_style),
        Span::styled(sign, view.style(role)),
    ]
}

/// When the screen's rows were read, or that they are being read, or that the last try failed.
fn freshness(view: View) -> String {
    let model = view.model;
    let (is_loading, read_at, has_failed) = match model.screen {
        Screen::Home | Screen::Cycles => state(&model.cycles.remote),
        Screen::Migrations => state(&model.migrations.table.remote),
        Screen::Seeds => state(&model.seeds.table.remote),
        Screen::Goals => state(&model.goals.remote),
        Screen::Locks => state(&model.locks.remote),
        Screen::Audit => state(&model.audit.rows),
        Screen::Journal => state(&model.journal.table.remote),
    };
    let time = read_at.map(|at| moment(at, Form::Clock));
    match (is_loading, has_failed, time) {
        (true, _, _) => "reading".to_owned(),
        (false, true, Some(time)) => format!("failed, from {time}"),
        (false, true, None) => "failed".to_owned(),
        (false, false, Some(time)) => format!("read {time}"),
        (false, false, None) => String::new(),
    }
}

fn state<T>(remote: &crate::app::loadable::Loadable<T>) -> (bool, Option<Timestamp>, bool) {
    (
        remote.is_loading,
        remote.read_at,
        remote
            .problem
            .as_ref()
            .is_some_and(|problem| problem.kind != Kind::Denied),
    )
}

/// Draws the names of the screens with their keys.
pub fn draw_tabs(frame: &mut Frame, area: Rect, view: View) {
    if area.height == 0 {
        return;
    }
    for tab in tab::tabs(area.width, view.model.screen) {
        let is_current = tab.screen == view.model.screen;
        let key = view.model.keymap.first_key(tab.command);
        let text_role = if is_current {
            Role::Selection
        } else {
            Role::Muted
        };
        let key_role = if is_current {
            Role::Selection
        } else {
            Role::Key
        };
        let key: String = key.chars().take(1).collect();
        let title = tab
            .title
            .map_or(" ".to_owned(), |title| format!(" {title} "));
        let spans = vec![
            Span::styled(format!(" {key:1}"), view.style(key_role)),
            Span::styled(title, view.style(text_role)),
        ];
        let place = Rect::new(area.x + tab.left, area.y, tab.width, 1);
        frame.render_widget(Line::from(spans), place.intersection(area));
    }
}
