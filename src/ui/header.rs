//! The header, which always says who one is and whether Row Level Security applies, what is wrong, and the tabs under it.

use super::DrawContext;
use super::text::{fit, wrap};
use super::theme::Role;
use crate::app::command::Command;
use crate::app::known_change::KnownChange;
use crate::app::live::LiveSign;
use crate::app::loadable::{Failure, Reading};
use crate::app::tab;
use crate::domain::identity::{Identity, User};
use crate::domain::moment::{Form, moment};
use crate::domain::problem::Kind;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// From this width on the header has room for more than the role.
const ROOMY: usize = 100;

/// Draws the header. When it gets narrow the name of the program goes first, then a role that goes without saying, then the
/// freshness, then the project; the identity never.
pub fn draw(frame: &mut Frame, area: Rect, view: DrawContext) {
    if area.height == 0 {
        return;
    }
    // The freshness stays before the name of the program, and before a role that goes without saying.
    let fresh = freshness(view);
    let lines = Detail::ALL.map(|detail| line(area, view, &fresh, detail));
    let best = lines.iter().find(|(_, is_fresh)| *is_fresh);
    if let Some((line, _)) = best.or(lines.first()) {
        frame.render_widget(line.clone(), area);
    }
}

/// How much the header says beside what it must.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    /// The identity without its role, where that is the usual one.
    Least,
    /// With its role.
    Role,
    /// With the name of the program too.
    All,
}

impl Detail {
    const ALL: [Self; 3] = [Self::All, Self::Role, Self::Least];
}

/// The header in so much detail, and whether the freshness had room in it.
fn line<'a>(
    area: Rect,
    view: DrawContext<'a>,
    fresh: &[(Role, String)],
    detail: Detail,
) -> (Line<'a>, bool) {
    let width = usize::from(area.width);
    let identity = identity_spans(view, width, detail);
    let identity_width: usize = identity.iter().map(|span| span.content.width()).sum();
    let live = live_span(view);
    let live_width = live.as_ref().map_or(0, |span| span.content.width());
    let mut room = width.saturating_sub(identity_width + live_width);
    let mut spans = Vec::new();
    if let Some(project) = &view.model.project {
        let more = view.symbols.more();
        let is_named = detail == Detail::All && room > 36;
        let brand = if is_named { " supadeck " } else { " " };
        let mark = match (project.is_production, project.is_read_only) {
            (true, false) => " PRODUCTION ",
            (true, true) => " PRODUCTION, READ-ONLY ",
            (false, true) => " READ-ONLY ",
            (false, false) => "",
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
    spans.extend(live);
    let fits = |fresh: &&(Role, String)| fresh.1.width() + 2 <= room;
    let shown = fresh.iter().find(fits);
    if let Some((role, fresh)) = shown {
        spans.push(Span::raw(" ".repeat(room - fresh.width() - 1)));
        spans.push(Span::styled(fresh.clone(), view.style(*role)));
    }
    (Line::from(spans), shown.is_some())
}

fn identity_spans(view: DrawContext<'_>, width: usize, detail: Detail) -> Vec<Span<'static>> {
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
    let (sign, role) = if view.model.ended.is_some() {
        (" SIGNED OUT ", Role::Danger)
    } else if identity.is_under_rls() {
        (" RLS on ", Role::Ok)
    } else {
        (" RLS OFF ", Role::Danger)
    };
    let who_style = if identity.is_under_rls() {
        view.style(Role::Text)
    } else {
        view.style(Role::Danger)
    };
    let project = view.model.project.as_ref();
    let acted = if identity.is_acted() { " ACTED " } else { "" };
    // Names that Row Level Security did not let through are marked.
    let mark = if project.is_some_and(|project| project.tells_emails) {
        " e-mails "
    } else {
        ""
    };
    let who = match identity {
        // Where there is room, the assurance level too; the start screen has it at any width.
        Identity::User(user) if width >= ROOMY => {
            format!("{} ({})", identity.name(), rights_of(user))
        }
        Identity::User(user) if detail == Detail::Least && user.role == "authenticated" => {
            identity.name().to_owned()
        }
        Identity::User(user) => format!("{} ({})", identity.name(), user.role),
        Identity::Anon => "anon".to_owned(),
        Identity::Service => "service role".to_owned(),
    };
    let who = fit(
        &who,
        width
            .saturating_sub(acted.len() + sign.len() + mark.len())
            .max(4),
        view.symbols.more(),
    );
    vec![
        Span::styled(who, who_style),
        Span::styled(acted, view.style(Role::Warn)),
        Span::styled(sign, view.style(role)),
        Span::styled(mark, view.style(Role::Warn)),
    ]
}

/// That live mode is on, and whether it is told anything.
fn live_span(view: DrawContext<'_>) -> Option<Span<'static>> {
    let (text, role) = match view.model.live_sign()? {
        LiveSign::Asking => (" LIVE ", Role::Ok),
        LiveSign::Failing => (" LIVE, NO ANSWER ", Role::Warn),
        LiveSign::Paused => (" LIVE, PAUSED ", Role::Muted),
    };
    Some(Span::styled(text, view.style(role)))
}

/// The role with the assurance level; that it is acted stands beside it.
fn rights_of(user: &User) -> String {
    let user = User {
        is_acted: false,
        ..user.clone()
    };
    Identity::User(user).rights().into_owned()
}

/// Draws what is wrong, since when, and the key that helps; what does not fit is cut.
pub fn draw_notice(frame: &mut Frame, area: Rect, view: DrawContext) {
    let Some(notice) = view.model.notice() else {
        return;
    };
    let role = if notice.is_calm {
        Role::Muted
    } else {
        Role::Warn
    };
    let columns = usize::from(area.width.saturating_sub(2)).max(1);
    let rows = wrap(&notice.text, columns);
    let is_cut = rows.len() > usize::from(area.height);
    for (y, row) in (area.y..area.bottom()).zip(rows) {
        let is_last = y + 1 == area.bottom();
        let text = if is_cut && is_last {
            let more = view.symbols.more();
            format!(
                "{}{more}",
                fit(&row, columns.saturating_sub(more.width()), "")
            )
        } else {
            row
        };
        let line = Line::styled(format!(" {text}"), view.style(role));
        frame.render_widget(
            line,
            Rect {
                y,
                height: 1,
                ..area
            },
        );
    }
}

/// What there is to say of the freshness, the longest first. That somebody has changed what is shown comes before when it was read.
fn freshness(view: DrawContext) -> Vec<(Role, String)> {
    let (words, is_plain) = reading_words(view);
    let Some(change) = view.model.known_change().filter(|_| is_plain) else {
        return vec![(Role::Muted, words)];
    };
    let key = view.model.keymap.first_key(Command::Refresh);
    let said = match change {
        KnownChange::Server => [
            format!("{words}, changed since; {key} reads it"),
            format!("changed since; {key} reads it"),
            format!("old: {key}"),
        ],
        // No key does anything until then.
        KnownChange::Files => [
            format!("{words}, files changed; read after the run"),
            "files changed; read after the run".to_owned(),
            "files changed".to_owned(),
        ],
    };
    said.map(|text| (Role::Warn, text)).to_vec()
}

/// When the oldest of the screen's rows were read, that they are being read, or that the last try failed. That who reads may
/// not read some of them, or that nothing leads to them, is no failure to try again. With whether that is all there is to say of them.
fn reading_words(view: DrawContext) -> (String, bool) {
    let readings = view.model.readings();
    if readings.iter().any(|one| one.is_loading) {
        return ("reading".to_owned(), false);
    }
    let clock = |at| moment(at, Form::Clock);
    let time = readings
        .iter()
        .filter_map(|one| one.read_at)
        .min()
        .map(clock);
    let is_old = |one: &&Reading| one.read_at.is_some() && one.failure.is_some();
    if let (Some(time), Some(_)) = (&time, readings.iter().find(is_old)) {
        return (format!("refresh failed; showing {time}"), false);
    }
    let failures = || readings.iter().filter_map(|one| one.failure);
    let is_fault = |one: &Failure| !matches!(one.why.kind, Kind::Denied | Kind::Config);
    if let Some(since) = failures().filter(is_fault).map(|one| one.since).min() {
        return (format!("failed since {}", clock(since)), false);
    }
    let asked_at = view.model.live_sign().and(view.model.live.answered_at);
    let asked_at =
        asked_at.filter(|at| Some(*at) > readings.iter().filter_map(|one| one.read_at).min());
    match time {
        Some(time) => match asked_at {
            Some(at) => (format!("as of {}", clock(at)), false),
            None => (format!("read {time}"), true),
        },
        None if failures().any(|one| one.why.kind == Kind::Denied) => {
            ("not visible".to_owned(), false)
        }
        None => (String::new(), false),
    }
}

/// Draws the names of the screens with their keys.
pub fn draw_tabs(frame: &mut Frame, area: Rect, view: DrawContext) {
    if area.height == 0 {
        return;
    }
    for tab in tab::tabs(area.width, view.model.screen, |screen| {
        view.model.has(screen)
    }) {
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
