//! Draws Home: what stands where, in one look.

use super::legend;
use super::roles::{action_role, heat_role, standing_role, state_role};
use super::words::owner;
use crate::app::command::Command;
use crate::app::dialog::identity::{self, Choice};
use crate::app::loadable::{Loadable, Placeholder};
use crate::app::model::Screen;
use crate::app::screen::home::{self, CHANGES, CYCLES, Place};
use crate::domain::cycle::{Heat, Phase};
use crate::domain::identity::Identity;
use crate::domain::lock::LockState;
use crate::domain::migration::State;
use crate::domain::moment::{Form, printed};
use crate::domain::plural::{counted, grouped};
use crate::domain::seed::SeedState;
use crate::domain::table::info::{TableInfo, TableKind};
use crate::domain::text::harmless;
use crate::ui::DrawContext;
use crate::ui::loadable;
use crate::ui::table;
use crate::ui::text::{fit, wrap};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

type Lines = Vec<Row>;

/// A line, and where it leads.
#[derive(Clone)]
struct Row {
    line: Line<'static>,
    place: Option<Place>,
}

impl From<Line<'static>> for Row {
    fn from(line: Line<'static>) -> Self {
        Self { line, place: None }
    }
}

impl Row {
    fn to(self, place: Place) -> Self {
        Self {
            place: Some(place),
            ..self
        }
    }
}

pub fn draw(frame: &mut Frame, body: Rect, view: DrawContext) {
    let is_wide = home::is_wide(body);
    let half = if is_wide { body.width / 2 } else { body.width };
    let width = usize::from(half.saturating_sub(3));
    let left = [
        ("You and the project", project(view, width)),
        ("Schema", schema(view, width)),
    ];
    let right = if view.model.is_other_project() {
        let title = if view.model.browser.table.remote.is_wanted() {
            "Tables"
        } else {
            "Screens"
        };
        vec![(title, tables(view, width))]
    } else {
        vec![
            ("Cycles", cycles(view, width)),
            ("Last changes", audit(view, width)),
        ]
    };
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
        let [project, schema] = left;
        // Where there is little room, what the header does not say already comes first.
        let all: Vec<(&str, Lines)> = if home::is_low(body) {
            [schema].into_iter().chain(right).chain([project]).collect()
        } else {
            [project, schema].into_iter().chain(right).collect()
        };
        column(frame, body, view, &all);
    }
}

/// Draws sections below each other. Where there is no room for all of them, the selected line is in view.
fn column(frame: &mut Frame, area: Rect, view: DrawContext, sections: &[(&str, Lines)]) {
    let selected = home::selected(view.model);
    let is_selected = |row: &Row| row.place.is_some() && row.place == selected;
    // A heading and an empty line stand around each section.
    let length: usize = sections.iter().map(|(_, lines)| lines.len() + 2).sum();
    let length = length.saturating_sub(1);
    let rows = sections.iter().flat_map(|(_, lines)| {
        let lines = lines.iter().map(Some);
        std::iter::once(None).chain(lines).chain([None])
    });
    let places: Vec<usize> = rows
        .clone()
        .enumerate()
        .filter(|(_, row)| row.is_some_and(|row| row.place.is_some()))
        .map(|(at, _)| at)
        .collect();
    let at = rows.clone().position(|row| row.is_some_and(is_selected));
    let height = usize::from(area.height);
    let most = length.saturating_sub(height);
    let top = match at {
        Some(at) if Some(&at) == places.last() => most,
        Some(at) if Some(&at) == places.first() => 0,
        // Two lines below it are in view too.
        Some(at) => (at + 3).saturating_sub(height).min(most),
        None => 0,
    };
    let mut line = 0;
    let mut place = |draw: &mut dyn FnMut(Rect)| {
        if line >= top && line - top < height {
            let y = area.y + (line - top) as u16;
            draw(Rect {
                y,
                height: 1,
                ..area
            });
        }
        line += 1;
    };
    for (title, lines) in sections {
        place(&mut |area| table::heading(frame, area, view, title, true));
        for row in lines {
            place(&mut |area| {
                let mut line = row.line.clone();
                if is_selected(row) {
                    let role = if view.model.dialogs.is_empty() {
                        Role::Selection
                    } else {
                        Role::SelectionDim
                    };
                    for span in &mut line.spans {
                        span.style = span.style.patch(view.style(role));
                    }
                    let mark = Span::styled(view.symbols.cursor(), view.style(Role::Accent));
                    frame.render_widget(mark, Rect { width: 1, ..area });
                }
                let area = Rect {
                    x: area.x + 1,
                    width: area.width.saturating_sub(2),
                    ..area
                };
                frame.render_widget(line, area);
            });
        }
        place(&mut |_| {});
    }
}

fn fact(view: DrawContext<'_>, name: &str, text: impl Into<String>, role: Role) -> Row {
    Line::from(vec![
        Span::styled(format!("{name:<10} "), view.style(Role::Muted)),
        Span::styled(harmless(&text.into()).into_owned(), view.style(role)),
    ])
    .into()
}

fn project(view: DrawContext<'_>, width: usize) -> Lines {
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
        match &model.ended {
            None => fact(view, "you are", identity.name().to_owned(), Role::Accent),
            Some(_) => fact(view, "you were", identity.name().to_owned(), Role::Warn),
        }
        .to(Place::Identity),
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
        for (choice, entry) in identity::choices(model)
            .iter()
            .zip(identity::entries(model))
        {
            if let (Choice::DemoAccount(email), Some(digit)) = (choice, entry.digit) {
                lines.push(fact(view, &format!("  {key} {digit}"), email, Role::Text));
            }
        }
    }
    if let Some(demo) = &project.demo {
        let files = crate::ui::text::fit(&demo.files, width, view.symbols.more());
        lines.push(fact(view, "files", files, Role::Text));
        lines.extend(paragraph(view, demo.files_note(), width, Role::Muted));
    }
    for note in &project.notes {
        lines.extend(paragraph(view, note, width, Role::Warn));
    }
    lines
}

fn paragraph(view: DrawContext<'_>, text: &str, width: usize, role: Role) -> Lines {
    wrap(text, width)
        .into_iter()
        .map(|line| Line::styled(line, view.style(role)).into())
        .collect()
}

/// The lines in place of a value that is not there.
fn blank(view: DrawContext<'_>, blank: Placeholder, width: usize) -> Lines {
    let paragraphs = match blank {
        Placeholder::Denied(_) if view.model.identity == Identity::Anon => {
            let key = view.model.keymap.first_key(Command::Identity);
            vec![(
                Role::Muted,
                format!("Not visible to anon. Press {key} to sign in."),
            )]
        }
        Placeholder::Failed(problem) => {
            let mut out = vec![(loadable::role(problem), problem.to_string())];
            out.extend(loadable::hint(view, problem).map(|hint| (Role::Muted, hint)));
            out
        }
        other => table::placeholder(view, other),
    };
    let lines = paragraphs.into_iter();
    lines
        .flat_map(|(role, text)| paragraph(view, &text, width, role))
        .collect()
}

/// What has to be said of rows that a section uses.
fn remark<T>(view: DrawContext<'_>, what: &str, rows: &Loadable<T>, width: usize) -> Lines {
    let remark = loadable::remark(view, what, rows);
    remark.map_or_else(Vec::new, |(role, text)| paragraph(view, &text, width, role))
}

/// The tables of a project that is not Weeksmith's: how many rows each has, what the identity may do, and what is open.
fn tables(view: DrawContext<'_>, width: usize) -> Lines {
    let remote = &view.model.browser.table.remote;
    let mut lines = remark(view, "tables", remote, width);
    if let Ok(tables) = remote.ready() {
        let views = tables.iter().filter(|one| is_view(&one.info)).count();
        let count = match (tables.len() - views, views) {
            (tables, 0) => counted(tables, "table"),
            (tables, views) => format!("{}, {}", counted(tables, "table"), counted(views, "view")),
        };
        lines.push(fact(view, "in all", count, Role::Text));
        for (at, listed) in tables.iter().take(home::TABLES).enumerate() {
            lines.push(table_line(view, &listed.info, width).to(Place::Table(at)));
        }
        if tables.len() > home::TABLES {
            let rest = format!(
                "and {} more, on the Tables screen",
                tables.len() - home::TABLES
            );
            lines.push(Line::styled(rest, view.style(Role::Muted)).into());
        }
    }
    let text = "Cycles, Goals and Locks appear in a project with the Weeksmith schema.";
    lines.extend(paragraph(view, text, width, Role::Muted));
    let text = match view.model.audit.trail.sentence() {
        Some(sentence) => format!("Audit: {sentence}"),
        None => "Audit shows an audit trail of any kind that is recognised, and none was found. `supadeck audit init TABLE` writes the migration that makes one.".to_owned(),
    };
    lines.extend(paragraph(view, &text, width, Role::Muted));
    lines
}

fn is_view(table: &TableInfo) -> bool {
    matches!(table.kind, TableKind::View | TableKind::MaterializedView)
}

/// A table: its name, about how many rows it has, and what the identity may do with them.
fn table_line(view: DrawContext<'_>, table: &TableInfo, width: usize) -> Row {
    let identity = &view.model.identity;
    let is_open = identity.is_under_rls()
        && table.rls.is_some_and(|rls| !rls.enabled)
        && table
            .rights
            .is_some_and(|may| may.select || may.insert || may.update || may.delete);
    let may = match table.rights {
        None => "",
        Some(may) => match (may.select, may.insert || may.update || may.delete) {
            (true, true) => "read, write",
            (true, false) => "read",
            (false, true) => "write",
            (false, false) => "no grant",
        },
    };
    let may = if is_open {
        format!("{may}, RLS off")
    } else {
        may.to_owned()
    };
    let rows = table.rows.map(|rows| format!("~{}", grouped(rows)));
    let more = format!("{:>12}  {may}", rows.unwrap_or_default());
    let kind = if is_view(table) { "view" } else { "table" };
    let room = width.saturating_sub(11 + more.width()).max(8);
    let name = table.full_name().to_string();
    let name = fit(&harmless(&name), room, view.symbols.more());
    let pad = " ".repeat(room.saturating_sub(name.width()));
    let role = if is_open { Role::Warn } else { Role::Muted };
    Line::from(vec![
        Span::styled(format!("{kind:<10} "), view.style(Role::Muted)),
        Span::styled(name, view.style(Role::Text)),
        Span::styled(format!("{pad}{more}"), view.style(role)),
    ])
    .into()
}

fn schema(view: DrawContext<'_>, width: usize) -> Lines {
    let migrations = &view.model.migrations;
    let entries = match migrations.table.remote.ready() {
        Ok(entries) => entries,
        Err(why) => return blank(view, why, width),
    };
    let mut lines = remark(view, "migrations", &migrations.table.remote, width);
    if let Some(target) = &migrations.target {
        let text = format!("{} on {} as {}", target.database, target.host, target.role);
        let text = crate::ui::text::fit(&text, width.saturating_sub(11), view.symbols.more());
        lines.push(fact(view, "database", text, Role::Text));
    }
    let count = |state: State| entries.iter().filter(|entry| entry.state == state).count();
    // What is wrong comes first: it is never cut off.
    let states = [
        State::Interrupted,
        State::Invalid,
        State::Missing,
        State::Edited,
        State::Renamed,
        State::OutOfOrder,
        State::Pending,
        State::Applied,
    ];
    let mut parts = Vec::new();
    for state in states.into_iter().filter(|state| count(*state) > 0) {
        let role = state_role(state);
        let text = format!(
            "{} {} {}  ",
            view.symbols.migration(state),
            count(state),
            state.word()
        );
        parts.push(Span::styled(text, view.style(role)));
    }
    if parts.is_empty() {
        parts.push(Span::styled("none", view.style(Role::Muted)));
    }
    let mut line = vec![Span::styled("migrations ", view.style(Role::Muted))];
    let mut used = 11;
    for part in parts {
        let wide = part.content.trim_end().width();
        if used > 11 && used + wide > width {
            let full = std::mem::replace(&mut line, vec![Span::raw(" ".repeat(11))]);
            lines.push(Row::from(Line::from(full)).to(Place::Migrations));
            used = 11;
        }
        used += part.content.width();
        line.push(part);
    }
    lines.push(Row::from(Line::from(line)).to(Place::Migrations));
    lines.extend(remark(view, "seeds", &view.model.seeds.table.remote, width));
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
        lines.push(fact(view, "seeds", text, Role::Text).to(Place::Seeds));
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

fn cycles(view: DrawContext<'_>, width: usize) -> Lines {
    let cycles = match view.model.cycles.remote.ready() {
        Ok(cycles) => cycles,
        Err(why) => return blank(view, why, width),
    };
    let mut lines = remark(view, "cycles", &view.model.cycles.remote, width);
    if cycles.is_empty() {
        let text = view.model.identity.no_rows();
        lines.extend(paragraph(view, &text, width, Role::Muted));
        return lines;
    }
    let today = view.model.today();
    for (at, cycle) in cycles.iter().enumerate().take(CYCLES) {
        let owner = owner(view, &cycle.user_id);
        let text = format!(
            "{} to {}  {:<7}  {owner} ",
            cycle.start_date,
            cycle.end_date,
            match cycle.phase(today) {
                Phase::Running => format!("week {:>2}", cycle.current_week),
                Phase::ToCome | Phase::Ended => cycle.progress_cell(today),
            }
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
            let heat = Heat::of(lock.score(Some(cycle), today));
            match lock.standing() {
                LockState::Open => Span::styled(
                    if heat == Heat::Empty {
                        view.symbols.week(LockState::Open)
                    } else {
                        view.symbols.heat(heat)
                    },
                    view.style(heat_role(heat)),
                ),
                standing => Span::styled(
                    view.symbols.week(standing),
                    view.style(standing_role(standing)),
                ),
            }
        }));
        lines.push(Row::from(Line::from(spans)).to(Place::Cycle(at)));
    }
    if cycles.len() > CYCLES {
        let rest = format!("and {} more", cycles.len() - CYCLES);
        lines.push(Line::styled(rest, view.style(Role::Muted)).into());
    }
    if !view.model.locks.locks().is_empty() {
        let signs = legend::heat(view).into_iter().chain(legend::standing(view));
        let legend = legend::lines(signs, width).into_iter();
        lines.extend(legend.map(|line| Line::styled(line, view.style(Role::Muted)).into()));
    }
    // What was not read is not counted.
    let goals = view.model.goals.remote.ready().ok();
    let goals = goals.map(|goals| counted(goals.len(), "goal"));
    let locks = view.model.locks.remote.ready().ok();
    let locked = locks.map(|locks| locks.iter().filter(|lock| lock.locked).count());
    let locked = locked.map(|count| counted(count, "locked week"));
    let counts: Vec<String> = goals.into_iter().chain(locked).collect();
    if !counts.is_empty() {
        lines.push(Line::styled(counts.join(", "), view.style(Role::Muted)).into());
    }
    lines.extend(remark(view, "goals", &view.model.goals.remote, width));
    lines.extend(remark(view, "week locks", &view.model.locks.remote, width));
    lines
}

fn audit(view: DrawContext<'_>, width: usize) -> Lines {
    let rows = match view.model.audit.rows.ready() {
        Ok(rows) => rows,
        Err(why) => return blank(view, why, width),
    };
    let old = remark(view, "changes", &view.model.audit.rows, width);
    if rows.is_empty() {
        let text = view.model.identity.no_rows();
        return [old, paragraph(view, &text, width, Role::Muted)].concat();
    }
    let line = |(at, row): (usize, &crate::domain::audit::Summary)| {
        let who = match (row.actor_type.as_str(), row.actor_user_id.as_deref()) {
            ("user", Some(id)) => owner(view, id),
            (kind, _) => kind.to_owned(),
        };
        let line = Line::from(vec![
            Span::styled(
                format!("{} ", printed(&row.created_at, Form::List)),
                view.style(Role::Muted),
            ),
            Span::styled(
                format!("{:<20} ", crate::domain::text::cell(&row.action)),
                view.style(action_role(&row.action)),
            ),
            Span::styled(harmless(&who).into_owned(), view.style(Role::Muted)),
        ]);
        Row::from(line).to(Place::Change(at))
    };
    let mut lines = old;
    lines.extend(rows.iter().enumerate().take(CHANGES).map(line));
    let key = view.model.keymap.first_key(Command::Audit);
    let title = Screen::Audit.title();
    let text = format!("{key} opens {title}.");
    lines.push(Line::styled(text, view.style(Role::Muted)).into());
    lines
}
