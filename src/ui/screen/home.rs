//! Draws Home: what stands where, in one look.

use super::legend;
use crate::app::command::Command;
use crate::app::loadable::Placeholder;
use crate::app::model::Screen;
use crate::domain::count::counted;
use crate::domain::cycle::Heat;
use crate::domain::identity::Identity;
use crate::domain::lock::Standing;
use crate::domain::migration::State;
use crate::domain::moment::{Form, printed};
use crate::domain::problem::Kind;
use crate::domain::seed::SeedState;
use crate::domain::text::harmless;
use crate::ui::View;
use crate::ui::table;
use crate::ui::text::wrap;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

type Lines = Vec<Line<'static>>;

pub fn draw(frame: &mut Frame, body: Rect, view: View) {
    let is_wide = body.width >= 96;
    let half = if is_wide { body.width / 2 } else { body.width };
    let width = usize::from(half.saturating_sub(3));
    let left = [
        ("You and the project", project(view, width)),
        ("Schema", schema(view, width)),
    ];
    let right = [
        ("Cycles", cycles(view, width)),
        ("Last changes", audit(view, width)),
    ];
    if is_wide {
        column(
            frame,
            Rect {
                width: half,
                ..body
            },
            view,
            &left,
        );
        column(
            frame,
            Rect {
                x: body.x + half,
                width: body.width - half,
                ..body
            },
            view,
            &right,
        );
    } else {
        let all: Vec<(&str, Lines)> = left.into_iter().chain(right).collect();
        column(frame, body, view, &all);
    }
}

fn column(frame: &mut Frame, area: Rect, view: View, sections: &[(&str, Lines)]) {
    let mut y = area.y;
    for (title, lines) in sections {
        if y >= area.bottom() {
            return;
        }
        table::heading(
            frame,
            Rect {
                y,
                height: 1,
                ..area
            },
            view,
            title,
            true,
        );
        y += 1;
        for line in lines {
            if y >= area.bottom() {
                return;
            }
            frame.render_widget(
                line.clone(),
                Rect::new(area.x + 1, y, area.width.saturating_sub(2), 1),
            );
            y += 1;
        }
        y += 1;
    }
}

fn fact(view: View<'_>, name: &str, text: impl Into<String>, role: Role) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{name:<10} "), view.style(Role::Muted)),
        Span::styled(harmless(&text.into()).into_owned(), view.style(role)),
    ])
}

fn project(view: View<'_>, width: usize) -> Lines {
    let model = view.model;
    let Some(project) = &model.project else {
        return Vec::new();
    };
    let identity = &model.identity;
    let mut lines = vec![
        fact(
            view,
            "project",
            crate::ui::text::fit(&project.name, width, view.symbols.more()),
            Role::Text,
        ),
        fact(
            view,
            "url",
            crate::ui::text::fit(&project.url, width, view.symbols.more()),
            Role::Text,
        ),
        fact(view, "you are", identity.name().to_owned(), Role::Accent),
        fact(view, "role", identity.rights().into_owned(), Role::Text),
    ];
    let (text, role) = if identity.is_under_rls() {
        ("Row Level Security decides which rows you see.", Role::Ok)
    } else {
        (
            "Row Level Security does not apply: you see the rows of everyone.",
            Role::Danger,
        )
    };
    lines.extend(paragraph(view, text, width, role));
    if *identity == Identity::Anon {
        let key = model.keymap.first_key(Command::Identity);
        lines.extend(paragraph(
            view,
            &format!("Press {key} to sign in."),
            width,
            Role::Warn,
        ));
        if let Some(hint) = &project.sign_in_hint {
            lines.extend(paragraph(view, hint, width, Role::Muted));
        }
    }
    for note in &project.notes {
        lines.extend(paragraph(view, note, width, Role::Warn));
    }
    lines
}

fn paragraph(view: View<'_>, text: &str, width: usize, role: Role) -> Lines {
    wrap(text, width)
        .into_iter()
        .map(|line| Line::styled(line, view.style(role)))
        .collect()
}

/// The lines in place of a value that is not there.
fn blank(view: View<'_>, blank: Placeholder, width: usize) -> Lines {
    match blank {
        Placeholder::Idle => Vec::new(),
        Placeholder::Loading => vec![Line::styled("Reading.", view.style(Role::Muted))],
        Placeholder::Failed(problem) => {
            if problem.kind == Kind::Denied && view.model.identity == Identity::Anon {
                let key = view.model.keymap.first_key(Command::Identity);
                let text = format!("Nothing here for anon. Press {key} to sign in.");
                return paragraph(view, &text, width, Role::Muted);
            }
            let role = if problem.kind == Kind::Denied {
                Role::Warn
            } else {
                Role::Removed
            };
            let mut lines = paragraph(view, &problem.to_string(), width, role);
            if let Some(hint) = table::hint(view, problem) {
                lines.extend(paragraph(view, &hint, width, Role::Muted));
            }
            lines
        }
    }
}

fn schema(view: View<'_>, width: usize) -> Lines {
    let migrations = &view.model.migrations;
    let entries = match migrations.table.remote.ready() {
        Ok(entries) => entries,
        Err(why) => return blank(view, why, width),
    };
    let mut lines = Vec::new();
    if let Some(target) = &migrations.target {
        let text = format!("{} on {} as {}", target.database, target.host, target.role);
        let text = crate::ui::text::fit(&text, width.saturating_sub(11), view.symbols.more());
        lines.push(fact(view, "database", text, Role::Text));
    }
    let count = |state: State| entries.iter().filter(|entry| entry.state == state).count();
    let states = [
        State::Applied,
        State::Pending,
        State::OutOfOrder,
        State::Edited,
        State::Missing,
        State::Renamed,
        State::Invalid,
        State::Interrupted,
    ];
    let mut parts = Vec::new();
    for state in states.into_iter().filter(|state| count(*state) > 0) {
        let role = super::migrations::state_role(state);
        let text = format!(
            "{} {} {}  ",
            view.symbols.migration(state),
            count(state),
            state.word()
        );
        parts.push(Span::styled(text, view.style(role)));
    }
    let mut line = vec![Span::styled("migrations ", view.style(Role::Muted))];
    if parts.is_empty() {
        parts.push(Span::styled("none", view.style(Role::Muted)));
    }
    line.extend(parts);
    lines.push(Line::from(line));
    if let Ok(seeds) = view.model.seeds.table.remote.ready() {
        let count = |state: SeedState| seeds.iter().filter(|seed| seed.state == state).count();
        let states = [
            SeedState::Applied,
            SeedState::Pending,
            SeedState::Changed,
            SeedState::Missing,
        ];
        let parts: Vec<String> = states
            .into_iter()
            .filter(|state| count(*state) > 0)
            .map(|state| {
                format!(
                    "{} {} {}",
                    view.symbols.seed(state),
                    count(state),
                    state.word()
                )
            })
            .collect();
        let text = if parts.is_empty() {
            "none".to_owned()
        } else {
            parts.join("  ")
        };
        lines.push(fact(view, "seeds", text, Role::Text));
        let stale = view.model.seeds.stale.len();
        if stale > 0 {
            let text = format!(
                "{} {stale} ran before a rollback: rows may be gone",
                view.symbols.mind()
            );
            let text = crate::ui::text::fit(&text, width.saturating_sub(11), view.symbols.more());
            lines.push(fact(view, "", text, Role::Warn));
        }
    }
    lines
}

fn cycles(view: View<'_>, width: usize) -> Lines {
    let cycles = match view.model.cycles.remote.ready() {
        Ok(cycles) => cycles,
        Err(why) => return blank(view, why, width),
    };
    if cycles.is_empty() {
        return paragraph(view, &view.model.identity.no_rows(), width, Role::Muted);
    }
    let mut lines = Vec::new();
    for cycle in cycles.iter().take(6) {
        let owner = super::cycles::owner(view, &cycle.user_id);
        let text = format!(
            "{} to {}  week {:>2}  {owner} ",
            cycle.start_date, cycle.end_date, cycle.current_week
        );
        let mut spans = vec![Span::styled(
            harmless(&text).into_owned(),
            view.style(Role::Text),
        )];
        let weeks = view
            .model
            .locks
            .locks()
            .iter()
            .filter(|lock| lock.cycle_id == cycle.id);
        spans.extend(weeks.map(|lock| {
            let heat = Heat::of(lock.percent());
            match lock.standing() {
                Standing::Open => Span::styled(
                    if heat == Heat::Empty {
                        view.symbols.week(Standing::Open)
                    } else {
                        view.symbols.heat(heat)
                    },
                    view.style(super::cycles::heat_role(heat)),
                ),
                standing => Span::styled(
                    view.symbols.week(standing),
                    view.style(super::locks::standing_role(standing)),
                ),
            }
        }));
        lines.push(Line::from(spans));
    }
    if cycles.len() > 6 {
        lines.push(Line::styled(
            format!("and {} more", cycles.len() - 6),
            view.style(Role::Muted),
        ));
    }
    if !view.model.locks.locks().is_empty() {
        let signs = legend::heat(view).into_iter().chain(legend::standing(view));
        let legend = legend::lines(signs, width).into_iter();
        lines.extend(legend.map(|line| Line::styled(line, view.style(Role::Muted))));
    }
    let goals = view.model.goals.rows().len();
    let locked = view
        .model
        .locks
        .locks()
        .iter()
        .filter(|lock| lock.locked)
        .count();
    lines.push(Line::styled(
        format!(
            "{}, {}",
            counted(goals, "goal"),
            counted(locked, "locked week")
        ),
        view.style(Role::Muted),
    ));
    lines
}

fn audit(view: View<'_>, width: usize) -> Lines {
    let rows = match view.model.audit.rows.ready() {
        Ok(rows) => rows,
        Err(why) => return blank(view, why, width),
    };
    if rows.is_empty() {
        return paragraph(view, &view.model.identity.no_rows(), width, Role::Muted);
    }
    let line = |row: &crate::domain::audit::Summary| {
        let who = match (row.actor_type.as_str(), row.actor_user_id.as_deref()) {
            ("user", Some(id)) => super::cycles::owner(view, id),
            (kind, _) => kind.to_owned(),
        };
        Line::from(vec![
            Span::styled(
                format!("{} ", printed(&row.created_at, Form::List)),
                view.style(Role::Muted),
            ),
            Span::styled(
                format!("{:<20} ", crate::domain::text::cell(&row.action)),
                view.style(super::audit::action_role(&row.action)),
            ),
            Span::styled(harmless(&who).into_owned(), view.style(Role::Muted)),
        ])
    };
    let mut lines: Lines = rows.iter().take(8).map(line).collect();
    let key = view.model.keymap.first_key(Command::Audit);
    let title = Screen::Audit.title();
    lines.push(Line::styled(
        format!("{key} opens {title}."),
        view.style(Role::Muted),
    ));
    lines
}
