//! Frames: every screen in its states, at three sizes, in three themes, and at any size at all.

use crate::fixture::{alice, answer, answer_all, draw, filled, lines, opened, press, report, text};
use ratatui::buffer::Buffer;
use supadeck::app::effect::{Effect, Load};
use supadeck::app::model::{Model, Screen};
use supadeck::app::msg::{Msg, Report};
use supadeck::app::update;
use supadeck::domain::audit::Page;
use supadeck::domain::migration::journal::Journal;
use supadeck::domain::problem::{Kind, Problem};
use supadeck::ui::theme::{Role, Theme};

const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (40, 12)];

fn on_screen(size: (u16, u16), digit: &str) -> Model {
    let mut model = filled(size);
    let effects = press(&mut model, &[digit]);
    answer_all(&mut model, effects);
    model
}

#[test]
fn every_screen_at_three_sizes() {
    for (_, title, command) in &Screen::ALL {
        let key = supadeck::app::keymap::Keymap::default().first_key(*command);
        for size in SIZES {
            let model = on_screen(size, &key);
            insta::assert_snapshot!(
                format!("{}_{}x{}", title.to_lowercase(), size.0, size.1),
                text(&model)
            );
        }
    }
}

#[test]
fn every_screen_in_ansi_and_mono() {
    for (_, title, command) in &Screen::ALL {
        let key = supadeck::app::keymap::Keymap::default().first_key(*command);
        let model = on_screen((100, 20), &key);
        let mono = draw(&model, "mono");
        insta::assert_snapshot!(format!("{}_mono", title.to_lowercase()), lines(&mono));
        for theme in ["ansi", "dark"] {
            let roles = roles(&draw(&model, theme), theme);
            insta::assert_snapshot!(format!("{}_{theme}_roles", title.to_lowercase()), roles);
        }
    }
}

#[test]
fn the_journal_tells_apply_from_rollback_at_any_width() {
    for width in 40..=130 {
        let frame = text(&on_screen((width, 20), "8"));
        let deeds: Vec<bool> = frame
            .lines()
            .filter(|line| line.contains("2026-01-20 09:") && !line.contains("took 12 ms "))
            .skip(1)
            .take(3)
            .map(|line| {
                line.contains("rollback") || line.contains("repair") || line.contains("apply")
            })
            .collect();
        assert_eq!(deeds, [true; 3], "{width}:\n{frame}");
    }
}

#[test]
fn an_empty_rollback_file_is_told_from_none() {
    let frame = text(&on_screen((80, 24), "2"));
    let back = |name: &str| {
        let mut lines = frame.lines().filter(|line| line.contains(name));
        let line = lines.next().unwrap_or_default();
        line.split_whitespace().next_back().map(str::to_owned)
    };
    assert_eq!(back("core_schema").as_deref(), Some("yes"), "{frame}");
    assert_eq!(back("row_level_security").as_deref(), Some("empty"));
    assert_eq!(back("audit_trail").as_deref(), Some("no"));
}

#[test]
fn mono_is_plain_ascii() {
    for digit in ["1", "2", "3", "4", "5", "6", "8"] {
        let frame = lines(&draw(&on_screen((100, 20), digit), "mono"));
        assert!(frame.is_ascii(), "screen {digit}:\n{frame}");
    }
}

/// The runs of one style in each line, by the roles that have the style: `12 muted, 4 key, …`.
fn roles(buffer: &Buffer, theme: &str) -> String {
    let theme = Theme::built_in()
        .into_iter()
        .find(|built_in| built_in.name == theme)
        .unwrap();
    let text_style = theme.style(Role::Text);
    let name = |style| {
        let is_it = |role: &Role| {
            text_style.patch(theme.style(*role)) == style || theme.style(*role) == style
        };
        Role::ALL
            .into_iter()
            .find(is_it)
            .map_or("other".to_owned(), |role| {
                format!("{role:?}").to_lowercase()
            })
    };
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut runs: Vec<(usize, String)> = Vec::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let style = ratatui::style::Style::new().add_modifier(cell.modifier);
            let plain = ratatui::style::Color::Reset;
            let style = if cell.fg == plain {
                style
            } else {
                style.fg(cell.fg)
            };
            let style = if cell.bg == plain {
                style
            } else {
                style.bg(cell.bg)
            };
            let name = name(style);
            match runs.last_mut() {
                Some((count, last)) if *last == name => *count += 1,
                _ => runs.push((1, name)),
            }
        }
        let line: Vec<String> = runs
            .into_iter()
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        out.push_str(&line.join(", "));
        out.push('\n');
    }
    out
}

#[test]
fn no_size_breaks_any_screen_or_dialog() {
    let mut models = Vec::new();
    for digit in ["1", "2", "3", "4", "5", "6", "7", "8"] {
        models.push(on_screen((120, 40), digit));
    }
    for keys in [
        &["?"][..],
        &["ctrl-p"],
        &["i"],
        &["i", "with e-mail", "enter"],
        &["2", "/", "x"],
        &["7", "l"],
    ] {
        let mut model = filled((120, 40));
        press(&mut model, keys);
        models.push(model);
    }
    let widths = [1, 2, 5, 20, 33, 60, 80, 95, 96, 120, 300];
    for model in &mut models {
        for width in widths {
            for height in [1, 2, 3, 5, 8, 13, 24, 100] {
                update(model, Msg::Resized(width, height));
                draw(model, "dark");
            }
        }
    }
}

/// What each read answers in a state that is not the ready one: with a problem, else with nothing.
fn not_ready(load: &Load, problem: Option<&Problem>) -> Option<Report> {
    fn or<T>(problem: Option<&Problem>, empty: T) -> Result<T, Problem> {
        problem.cloned().map_or(Ok(empty), Err)
    }
    Some(match load {
        Load::Migrations => {
            let empty = supadeck::domain::migration::MigrationList {
                entries: Vec::new(),
                skipped: Vec::new(),
                target: crate::fixture::target(),
                remarks: Vec::new(),
            };
            Report::Migrations(or(problem, empty))
        }
        Load::Seeds => {
            let empty = supadeck::domain::seed::SeedListing {
                entries: Vec::new(),
                stale: Vec::new(),
                notes: Vec::new(),
                target: crate::fixture::target(),
            };
            Report::Seeds(or(problem, empty))
        }
        Load::Journal => Report::Journal(or(problem, Journal::default())),
        Load::Access(_) => Report::Access(or(problem, Box::default())),
        Load::Cycles => Report::Cycles(or(problem, Vec::new())),
        Load::Goals => Report::Goals(or(problem, Vec::new())),
        Load::Locks => Report::Locks(or(problem, Vec::new())),
        Load::Audit { .. } => Report::Audit(or(problem, Page::default())),
        Load::TableList => {
            use supadeck::domain::table::info::TableList;
            Report::TableList(or(problem, TableList::default()))
        }
        _ => return None,
    })
}

/// A deck whose reads were answered so.
fn in_state(problem: Option<&Problem>) -> Model {
    let (mut model, effects) = opened((100, 20), alice());
    answer_in_state(&mut model, effects, problem);
    model
}

fn answer_in_state(model: &mut Model, effects: Vec<Effect>, problem: Option<&Problem>) {
    for effect in effects {
        if let Effect::Load { ticket, load, .. } = effect
            && let Some(report) = not_ready(&load, problem)
        {
            answer(model, ticket, report);
        }
    }
}

#[test]
fn every_screen_empty_loading_failed_and_denied() {
    let failed = Problem::new(
        Kind::Network,
        "The project did not answer.",
        "No answer within 10 s.",
    )
    .with_hint("Check the network, then press r.");
    let denied = Problem::new(
        Kind::Denied,
        "alice@example.com may not read this.",
        "The role has no grant.",
    )
    .with_code("42501");
    let (loading, _) = opened((100, 20), alice());
    // A model is too large for four of them to lie on a test's stack.
    let states = vec![
        ("empty", in_state(None), None),
        ("loading", loading, None),
        ("failed", in_state(Some(&failed)), Some(&failed)),
        ("denied", in_state(Some(&denied)), Some(&denied)),
    ];
    for (state, mut model, problem) in states {
        for (_, title, command) in &Screen::ALL {
            let key = model.keymap.first_key(*command);
            let effects = press(&mut model, &[&key]);
            if state != "loading" {
                answer_in_state(&mut model, effects, problem);
            }
            let frame = text(&model);
            let expected = match (state, title) {
                ("empty", &"Migrations") => "No migration files.",
                ("empty", &"Seeds") => "No seed files.",
                ("empty", &"Tables") => "The schemas that REST serves have no tables.",
                ("empty", &"Access") => "There are no tables in the schemas of the API.",
                ("empty", &"Journal") => "This database has no journal yet",
                ("empty", _) => "No rows visible to alice@example.com",
                ("loading", _) => "Reading.",
                ("failed", _) => "The project did not answer.",
                _ => "may not read",
            };
            assert!(frame.contains(expected), "{title} {state}:\n{frame}");
        }
    }
}

#[test]
fn a_failed_reload_keeps_the_rows_and_says_so() {
    let mut model = on_screen((100, 20), "5");
    let effects = press(&mut model, &["r"]);
    let problem = Problem::new(Kind::Network, "The project did not answer.", "");
    for effect in effects {
        let Effect::Load { ticket, load, .. } = effect else {
            continue;
        };
        let answered = match load {
            Load::Goals => Report::Goals(Err(problem.clone())),
            other => report(&other),
        };
        answer(&mut model, ticket, answered);
    }
    let frame = text(&model);
    for part in [
        "Run a half marathon",
        "Goals (2, old)",
        "refresh failed; showing 11:22:33 UTC",
        "These goals are old. Refreshing has failed since 11:22:33 UTC: The project did not answer.",
    ] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
}

#[test]
fn hostile_text_is_harmless_on_every_screen() {
    let mut model = filled((120, 40));
    let evil = "\u{1b}]0;owned\u{7}\u{202e}drow\u{9b}31m\nline";
    for goal in model.goals.remote.held_mut().unwrap() {
        evil.clone_into(&mut goal.description);
        evil.clone_into(&mut goal.kind);
    }
    for cycle in model.cycles.remote.held_mut().unwrap() {
        evil.clone_into(&mut cycle.start_date);
        evil.clone_into(&mut cycle.end_date);
    }
    for lock in model.locks.remote.held_mut().unwrap() {
        evil.clone_into(&mut lock.why);
        evil.clone_into(&mut lock.mode);
    }
    for row in model.audit.rows.held_mut().unwrap() {
        evil.clone_into(&mut row.action);
        evil.clone_into(&mut row.actor_type);
        evil.clone_into(&mut row.created_at);
    }
    for entry in model.migrations.table.remote.held_mut().unwrap() {
        evil.clone_into(&mut entry.name);
        entry.note = Some(evil.into());
    }
    for digit in ["1", "2", "3", "4", "5", "6", "7"] {
        press(&mut model, &[digit]);
        let buffer = draw(&model, "dark");
        for cell in buffer.content() {
            let bad = cell
                .symbol()
                .chars()
                .find(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(c));
            assert_eq!(bad, None, "screen {digit}");
        }
    }
}

#[test]
fn fewer_rows_after_a_reload_are_drawn_and_can_be_clicked() {
    let mut model = on_screen((80, 24), "5");
    let goal = model.goals.rows()[0].clone();
    let goals = |count: usize| -> Vec<_> {
        let named = |n| supadeck::domain::goal::Goal {
            id: format!("{n}"),
            ..goal.clone()
        };
        (0..count).map(named).collect()
    };
    for count in [100, 3] {
        let effects = press(&mut model, &["r"]);
        for effect in effects {
            if let Effect::Load {
                ticket,
                load: Load::Goals,
                ..
            } = effect
            {
                answer(&mut model, ticket, Report::Goals(Ok(goals(count))));
            }
        }
        press(&mut model, &["G"]);
    }
    assert!(
        text(&model).contains("Run a half marathon"),
        "{}",
        text(&model)
    );
    let rows = supadeck::app::layout::rows(model.panes().list);
    update(&mut model, Msg::Clicked(rows.x, rows.y + 1));
    assert_eq!(model.goals.selected().unwrap().id, "1");
}
