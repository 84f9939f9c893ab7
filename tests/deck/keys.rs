//! Keys, palette, filter and mouse.

use crate::fixture::{alice, filled, opened, press, text};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use supadeck::app::command::Command;
use supadeck::app::dialog::Dialog;
use supadeck::app::effect::{Effect, Load};
use supadeck::app::keymap::Keymap;
use supadeck::app::model::{Focus, Model, Screen};
use supadeck::app::msg::Msg;
use supadeck::app::screen::home::{self, Place};
use supadeck::app::update;
use supadeck::ui::Appearance;
use supadeck::ui::symbol::Symbols;
use supadeck::ui::theme::Theme;

#[test]
fn digits_and_tab_go_through_the_screens() {
    let mut model = filled((120, 40));
    for (screen, _, command) in Screen::ALL {
        let key = model.keymap.first_key(command);
        press(&mut model, &[&key]);
        assert_eq!(model.screen, screen);
    }
    press(&mut model, &["tab"]);
    assert_eq!(model.screen, Screen::Home);
    press(&mut model, &["shift-tab"]);
    assert_eq!(model.screen, Screen::ALL[Screen::ALL.len() - 1].0);
}

#[test]
fn the_palette_finds_by_words_and_gives_reasons() {
    let mut model = filled((120, 40));
    model.project.as_mut().unwrap().has_database = false;
    press(&mut model, &["2", "ctrl-p", "roll back"]);
    let frame = text(&model);
    assert!(frame.contains("no database URL is known"), "{frame}");
    press(&mut model, &["esc", ":", "locks", "enter"]);
    assert_eq!(model.screen, Screen::Locks);
}

#[test]
fn the_palette_puts_a_title_first_and_then_what_can_run_now() {
    let mut model = filled((120, 40));
    press(&mut model, &["ctrl-p", "migrations"]);
    let Some(Dialog::Palette(palette)) = model.dialogs.last() else {
        panic!("{:?}", model.dialogs)
    };
    let found = palette.found.iter();
    let reasons: Vec<bool> = found.map(|found| found.reason.is_some()).collect();
    assert!(reasons.is_sorted(), "{reasons:?}");
    press(&mut model, &["enter"]);
    assert_eq!(model.screen, Screen::Migrations);
    press(&mut model, &["ctrl-p", "Home", "enter"]);
    assert_eq!(model.screen, Screen::Home);
}

#[test]
fn help_shows_every_command_with_its_keys() {
    let mut model = filled((120, 140));
    press(&mut model, &["?"]);
    let frame = text(&model);
    for spec in supadeck::app::command::TABLE {
        assert!(
            frame.contains(&spec.title[..spec.title.len().min(60)]),
            "{} is missing in\n{frame}",
            spec.title
        );
    }
    press(&mut model, &["?"]);
    assert!(model.dialogs.is_empty());
}

#[test]
fn a_filter_narrows_while_one_types_and_escape_restores() {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "/", "lock"]);
    assert!(!text(&model).contains("core_schema"), "{}", text(&model));
    press(&mut model, &["enter"]);
    assert!(text(&model).contains("1 of 4, /lock"), "{}", text(&model));
    press(&mut model, &["esc"]);
    assert!(text(&model).contains("core_schema"));
    press(&mut model, &["/", "zzz"]);
    assert!(
        text(&model).contains("Nothing fits “zzz”"),
        "{}",
        text(&model)
    );
    press(&mut model, &["esc"]);
    assert!(text(&model).contains("core_schema"));
}

#[test]
fn the_mouse_selects_rows_opens_tabs_and_scrolls() {
    let mut model = filled((120, 40));
    press(&mut model, &["2"]);
    let rows = supadeck::app::layout::rows(model.panes().list);
    update(&mut model, Msg::Clicked(rows.x + 2, rows.y + 1));
    assert_eq!(model.migrations.table.selected().unwrap().name, "week_lock");
    update(&mut model, Msg::Wheeled(rows.x, rows.y, 1));
    assert_eq!(
        model.migrations.table.selected().unwrap().name,
        "audit_trail"
    );
    let detail = model.panes().detail.x + 5;
    update(&mut model, Msg::Clicked(detail, 10));
    assert_eq!(model.focus, Focus::Detail);
    let tabs: Vec<String> = text(&model)
        .lines()
        .nth(1)
        .map(ToOwned::to_owned)
        .into_iter()
        .collect();
    let column = tabs[0].find("Locks").unwrap() as u16;
    update(&mut model, Msg::Clicked(column, 1));
    assert_eq!(model.screen, Screen::Locks);
}

#[test]
fn clicking_a_week_selects_it() {
    let mut model = filled((120, 40));
    press(&mut model, &["6"]);
    let rows = supadeck::app::layout::rows(model.panes().list);
    for x in rows.x..rows.right() {
        if supadeck::app::screen::locks::week_at(x - rows.x, rows.width) == Some(3) {
            update(&mut model, Msg::Clicked(x, rows.y));
            break;
        }
    }
    assert_eq!(model.locks.week, 3);
    assert!(
        text(&model).contains("Open: this plan locks after week"),
        "{}",
        text(&model)
    );
}

#[test]
fn copying_gives_the_text_to_the_clipboard() {
    let mut model = filled((120, 40));
    press(&mut model, &["4"]);
    let effects = press(&mut model, &["y"]);
    assert_eq!(
        effects,
        [Effect::Copy {
            what: "the cycle's id",
            text: "c0000000-0000-4000-8000-000000000001".into()
        }]
    );
}

#[test]
fn a_users_keymap_shows_in_the_footer_and_works() {
    let (mut model, _) = opened((120, 40), alice());
    let (keymap, faults) = Keymap::default().with("\"app.quit\" = [\"ctrl-q\"]\n");
    assert_eq!(faults, []);
    model.keymap = keymap;
    assert!(text(&model).contains("ctrl-q quit"), "{}", text(&model));
    assert_eq!(press(&mut model, &["q"]), []);
    assert_eq!(press(&mut model, &["ctrl-q"]), [Effect::Quit]);
    assert_eq!(model.keymap.first_key(Command::Quit), "ctrl-q");
}

#[test]
fn quitting_is_one_key() {
    let mut model = filled((120, 40));
    assert_eq!(press(&mut model, &["q"]), [Effect::Quit]);
    assert_eq!(press(&mut model, &["ctrl-c"]), [Effect::Quit]);
}

#[test]
fn the_journal_is_read_when_it_is_looked_at_and_kept_up_to_date_from_then_on() {
    let reads = |effects: &[Effect]| {
        let is_journal = |effect: &Effect| {
            matches!(
                effect,
                Effect::Load {
                    load: Load::Journal,
                    ..
                }
            )
        };
        effects.iter().any(is_journal)
    };
    let (mut model, effects) = opened((120, 40), alice());
    assert!(!reads(&effects), "{effects:?}");
    let effects = press(&mut model, &["8"]);
    assert!(reads(&effects), "{effects:?}");
    press(&mut model, &["1"]);
    assert!(!reads(&press(&mut model, &["8"])), "it is on its way");
    let effects = press(&mut model, &["1", "r"]);
    assert!(reads(&effects), "{effects:?}");
}

#[test]
fn every_line_of_home_that_leads_somewhere_is_reached_and_opened_at_any_height() {
    for size in [(120, 40), (80, 24), (60, 14), (40, 8)] {
        let mut model = filled(size);
        let count = home::places(&model).len();
        assert!(count > 8, "{count}");
        for at in 0..count {
            assert_eq!(model.home, at);
            let mut there = model.clone();
            press(&mut model, &["j"]);
            let model = &mut there;
            let place = home::selected(model).unwrap();
            // The mark of the selected line is in view.
            let shown = text(model);
            assert!(shown.contains('▌'), "{size:?} {place:?}:\n{shown}");
            press(model, &["enter"]);
            match place {
                Place::Identity => {
                    assert!(matches!(model.dialogs.last(), Some(Dialog::Identity(_))));
                }
                Place::Migrations => assert_eq!(model.screen, Screen::Migrations),
                Place::Seeds => assert_eq!(model.screen, Screen::Seeds),
                Place::Table(_) => panic!("this project has cycles"),
                Place::Cycle(row) => {
                    assert_eq!(model.screen, Screen::Cycles);
                    assert_eq!(model.cycles.list.current(), Some(row));
                }
                Place::Change(row) => {
                    assert_eq!(model.screen, Screen::Audit);
                    assert_eq!(
                        model.audit.selected,
                        model
                            .audit
                            .groups
                            .line_of(model.audit.rows.held().unwrap(), row)
                    );
                }
            }
        }
        press(&mut model, &["j", "g"]);
        assert_eq!(model.home, 0);
    }
}

#[test]
fn keys_in_the_footer_are_clicked_where_they_are_drawn() {
    for size in [(120, 40), (80, 24), (60, 14)] {
        for digit in ["1", "2", "5", "7"] {
            let mut model = filled(size);
            press(&mut model, &[digit]);
            let footer = text(&model).lines().last().unwrap().to_owned();
            let hints = supadeck::app::hints::hints(&model, size.0.into());
            assert!(hints.len() >= 2, "{footer}");
            for hint in hints {
                let drawn: String = footer.chars().skip(hint.left).take(hint.width()).collect();
                assert_eq!(drawn, format!("{} {}", hint.key, hint.word));
            }
            // A click on the word is the key.
            let column = footer.find("? help").unwrap() as u16;
            let mut clicked = model.clone();
            update(&mut clicked, Msg::Clicked(column + 3, size.1 - 1));
            press(&mut model, &["?"]);
            assert_eq!(clicked.dialogs, model.dialogs);
            // Over a dialog nothing of the screen is clicked.
            update(&mut clicked, Msg::Clicked(column + 3, size.1 - 1));
            assert_eq!(clicked.dialogs.len(), 1);
        }
    }
    // Between two keys there is none; what is said for a moment goes first.
    let mut model = filled((120, 40));
    assert_eq!(update(&mut model, Msg::Clicked(0, 39)), []);
    let column = text(&model).lines().last().unwrap().find("q quit").unwrap() as u16;
    model.toast = Some("Said.".to_owned());
    assert_eq!(update(&mut model, Msg::Clicked(column, 39)), []);
    assert_eq!(model.toast, None);
    assert_eq!(update(&mut model, Msg::Clicked(column, 39)), [Effect::Quit]);
}

fn drawn(model: &Model) -> String {
    let look = Appearance {
        themes: Theme::built_in(),
        symbols: Symbols { is_ascii: false },
    };
    let mut terminal = Terminal::new(TestBackend::new(model.size.0, model.size.1)).unwrap();
    terminal
        .draw(|frame| supadeck::ui::draw(frame, model, &look))
        .unwrap();
    let buffer = terminal.backend().buffer();
    let cell = buffer
        .content
        .iter()
        .find(|cell| cell.symbol() == "S")
        .unwrap();
    format!("{:?} {:?}", cell.fg, cell.modifier)
}

#[test]
fn a_theme_is_tried_at_once_kept_by_enter_and_left_by_escape() {
    let mut model = filled((120, 40));
    press(&mut model, &["3"]);
    let dark = drawn(&model);
    assert_eq!(press(&mut model, &["T"]), []);
    let frame = text(&model);
    for name in ["auto", "dark", "light", "ansi", "mono"] {
        assert!(frame.contains(name), "{frame}");
    }
    let mut seen = vec![dark.clone()];
    for _ in 0..4 {
        press(&mut model, &["j"]);
        seen.push(drawn(&model));
    }
    assert_eq!(seen[1], dark, "`auto` is dark here, and so is `dark`");
    assert!(
        seen[2] != dark && seen[3] != dark && seen[4] != dark,
        "{seen:?}"
    );
    assert_eq!(press(&mut model, &["esc"]), []);
    assert!(model.dialogs.is_empty());
    assert_eq!(drawn(&model), dark);
    assert_eq!(model.themes.chosen, None);
    // A few letters find it as well.
    let effects = press(&mut model, &["T", "lig", "enter"]);
    assert_eq!(effects, [Effect::KeepTheme("light".to_owned())]);
    assert_eq!(drawn(&model), seen[2]);
    // What suits the terminal is chosen like any other.
    let effects = press(&mut model, &["T", "k", "k", "enter"]);
    assert_eq!(effects, [Effect::KeepTheme("auto".to_owned())]);
    assert_eq!(drawn(&model), dark);
    // Where there is one alone, that is said.
    model.themes.names = vec!["mono".to_owned()];
    press(&mut model, &["T"]);
    assert!(text(&model).contains("NO_COLOR"), "{}", text(&model));
}

#[test]
fn the_themes_at_every_size() {
    for size in [(120, 40), (80, 24), (60, 14)] {
        let mut model = filled(size);
        press(&mut model, &["T", "j", "j"]);
        insta::assert_snapshot!(format!("themes_{}x{}", size.0, size.1), text(&model));
    }
}
