//! Files in hand: edited, made and deleted from the lists, and from a dry run on to running it.

use crate::fixture::{answer, answer_all, filled, plan, planned, press, target, text, ticket};
use crate::samples::rehearsal;
use supadeck::app::dialog::Dialog;
use supadeck::app::effect::{Effect, Fix, Load, Timer, Write};
use supadeck::app::model::Model;
use supadeck::app::msg::{Msg, Report};
use supadeck::app::outline::OUTLINE_FROM;
use supadeck::app::update;
use supadeck::domain::migration::SourceTexts;
use supadeck::domain::problem::{Kind, Problem};
use supadeck::domain::project_file::{MadeFile, NewFile, PendingFile};
use supadeck::domain::seed::SeedSource;

fn on(screen: &str, keys: &[&str]) -> Model {
    let mut model = filled((120, 40));
    let effects = press(&mut model, &[screen]);
    answer_all(&mut model, effects);
    let effects = press(&mut model, keys);
    answer_all(&mut model, effects);
    model
}

fn edited(model: &mut Model) -> String {
    let effects = press(model, &["e"]);
    match effects.as_slice() {
        [Effect::Edit(file)] => file.display().to_string(),
        other => panic!("{other:?}\n{}", text(model)),
    }
}

#[test]
fn the_editor_is_given_the_file_that_is_shown() {
    let mut model = on("2", &["g"]);
    let file = "migrations/20251004123000_core_schema.sql";
    assert_eq!(edited(&mut model), file);
    press(&mut model, &["v"]);
    let rollback = "migrations/rollback/20251004123000_core_schema.sql";
    assert_eq!(edited(&mut model), rollback);
    press(&mut model, &["v"]);
    assert!(matches!(press(&mut model, &["e"])[..], [Effect::Arm(..)]));
    assert!(text(&model).contains("in no file"), "{}", text(&model));
    let mut model = on("2", &["G", "v"]);
    press(&mut model, &["e"]);
    assert!(text(&model).contains("has no rollback file"));
    let mut model = on("3", &["G"]);
    assert_eq!(edited(&mut model), "seeds/030_bob.sql");
}

#[test]
fn nothing_is_edited_made_or_deleted_while_something_runs() {
    for screen in ["2", "3"] {
        let mut model = on("2", &["G"]);
        let effects = press(&mut model, &["a"]);
        answer(
            &mut model,
            ticket(&effects),
            Report::Plan(Ok(planned(plan()))),
        );
        press(&mut model, &["apply", "enter"]);
        assert!(model.running.is_some());
        // A dialog lies over the lists; the palette could not be reached either.
        model.dialogs.clear();
        press(&mut model, &[screen, "G"]);
        for key in ["e", "n", "D"] {
            let effects = press(&mut model, &[key]);
            assert!(
                matches!(effects[..], [Effect::Arm(..)]),
                "{key}: {effects:?}"
            );
            assert!(
                text(&model).contains("is still running"),
                "{}",
                text(&model)
            );
        }
    }
}

#[test]
fn the_list_is_read_again_when_the_editor_has_ended_and_a_failure_is_said() {
    let mut model = on("2", &["G"]);
    let effects = update(&mut model, Msg::Edited(Ok(())));
    assert!(effects.iter().any(|effect| matches!(
        effect,
        Effect::Load {
            load: Load::Migrations,
            ..
        }
    )));
    assert!(effects.iter().any(|effect| matches!(
        effect,
        Effect::Load {
            load: Load::Sources(_),
            ..
        }
    )));
    let problem =
        Problem::new(Kind::Config, "No editor is known.", "Neither is set.").with_hint("Set one.");
    let effects = update(&mut model, Msg::Edited(Err(problem)));
    assert!(effects.iter().any(|effect| matches!(
        effect,
        Effect::Load {
            load: Load::Migrations,
            ..
        }
    )));
    let frame = text(&model);
    assert!(
        frame.contains("No editor is known.") && frame.contains("Set one."),
        "{frame}"
    );
    assert_eq!(model.last_result, None, "nothing has run");
}

/// Asks for a file, and gives what is to be made.
fn wanted(model: &mut Model, keys: &[&str]) -> (NewFile, Vec<Effect>) {
    let effects = press(model, keys);
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Write {
            write: Write::NewFile(file),
            ..
        } => Some(file.clone()),
        _ => None,
    });
    let file = found.unwrap_or_else(|| panic!("{effects:?}\n{}", text(model)));
    (file, effects)
}

fn made(key: &str) -> Report {
    Report::FileMade(Ok(MadeFile {
        file: format!("migrations/{key}_x.sql").into(),
        key: key.into(),
        made: None,
        note: None,
    }))
}

#[test]
fn a_new_migration_is_named_in_place_and_selected_when_it_is_there() {
    let mut model = on("2", &["g"]);
    press(&mut model, &["n"]);
    insta::assert_snapshot!("new_migration_120x40", text(&model));
    let (file, effects) = wanted(&mut model, &["add week lock", "enter"]);
    assert_eq!(
        file,
        NewFile::Migration {
            name: "add week lock".into()
        }
    );
    // The one that is named as made is in the list that is read then.
    let effects = answer(&mut model, ticket(&effects), made("20251004130000"));
    assert!(model.dialogs.is_empty() && model.running.is_none());
    assert!(text(&model).contains("Made 20251004130000_x.sql; e edits it."));
    answer_all(&mut model, effects);
    let selected = model.migrations.table.selected().unwrap();
    assert_eq!(selected.version, "20251004130000");
}

#[test]
fn a_file_that_could_not_be_made_leaves_the_name_in_its_field() {
    let mut model = on("3", &["g", "n"]);
    let (file, effects) = wanted(&mut model, &["a/b", "enter"]);
    assert_eq!(file, NewFile::Seed { name: "a/b".into() });
    let problem = Problem::new(
        Kind::Usage,
        "The seed needs another name.",
        "It becomes part of a file name.",
    );
    answer(&mut model, ticket(&effects), Report::FileMade(Err(problem)));
    let frame = text(&model);
    assert!(
        frame.contains("needs another name") && frame.contains("a/b"),
        "{frame}"
    );
    assert!(model.running.is_none());
    let (file, _) = wanted(&mut model, &["backspace", "backspace", "c", "enter"]);
    assert_eq!(file, NewFile::Seed { name: "ac".into() });
}

#[test]
fn a_rollback_is_offered_for_a_migration_without_one() {
    // The newest of the fixture has none.
    let mut model = on("2", &["G", "n", "tab"]);
    insta::assert_snapshot!("new_rollback_80x24", {
        update(&mut model, Msg::Resized(80, 24));
        text(&model)
    });
    let (file, _) = wanted(&mut model, &["enter"]);
    assert_eq!(
        file,
        NewFile::Rollback {
            version: "20251004130000".into()
        }
    );
    let mut model = on("2", &["G", "v", "n"]);
    let (file, _) = wanted(&mut model, &["enter"]);
    assert!(
        matches!(file, NewFile::Rollback { .. }),
        "who looks at it wants it"
    );
    let mut model = on("2", &["g", "n", "tab", "x"]);
    let (file, _) = wanted(&mut model, &["enter"]);
    assert_eq!(file, NewFile::Migration { name: "x".into() });
}

#[test]
fn only_a_pending_file_is_deleted_and_only_after_its_text_and_a_word() {
    for (screen, file) in [
        (
            "2",
            PendingFile::Migration {
                version: "20251004130000".into(),
            },
        ),
        (
            "3",
            PendingFile::Seed {
                path: "seeds/030_bob.sql".into(),
            },
        ),
    ] {
        let mut model = on(screen, &["g"]);
        assert!(matches!(press(&mut model, &["D"])[..], [Effect::Arm(..)]));
        assert!(text(&model).contains("nly a pending"), "{}", text(&model));
        press(&mut model, &["G"]);
        let effects = press(&mut model, &["D"]);
        let [
            Effect::Load {
                load: Load::Deletion(found),
                ..
            },
        ] = effects.as_slice()
        else {
            panic!("{effects:?}");
        };
        assert_eq!(*found, file);
        let fix = Fix {
            number: 7,
            title: "Delete it".into(),
            word: "delete".into(),
            lines: vec![
                "x.sql is deleted; it says:".into(),
                "    drop table gone;".into(),
            ],
            target: target(),
        };
        answer(&mut model, ticket(&effects), Report::Fix(Ok(fix.clone())));
        assert!(
            text(&model).contains("drop table gone;"),
            "{}",
            text(&model)
        );
        assert_eq!(press(&mut model, &["D", "D", "enter"]), []);
        press(&mut model, &["ctrl-u"]);
        let effects = press(&mut model, &["dele", "te", "enter"]);
        assert!(
            matches!(&effects[..], [Effect::Write { write: Write::Fix(found), .. }] if *found == fix),
            "{effects:?}"
        );
    }
}

/// A dry run of the pending migration that was answered.
fn dry_run() -> Model {
    let mut model = on("2", &["G"]);
    let effects = press(&mut model, &["p"]);
    let effects = answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Ok(planned(plan()))),
    );
    let report = Report::Rehearsed(Ok(Box::new(rehearsal())));
    answer(&mut model, ticket(&effects), report);
    model
}

#[test]
fn a_dry_run_goes_on_to_apply_the_same_plan_after_its_word() {
    let mut model = dry_run();
    insta::assert_snapshot!("dry_run_goes_on_120x40", text(&model));
    assert_eq!(press(&mut model, &["a"]), []);
    let frame = text(&model);
    assert!(
        frame.contains("create table y") && frame.contains("To confirm"),
        "{frame}"
    );
    let effects = press(&mut model, &["apply", "enter"]);
    assert!(
        matches!(&effects[..], [Effect::Write { write: Write::Migrate(found), .. }] if *found == plan()),
        "{effects:?}"
    );
}

#[test]
fn only_the_last_dry_run_that_went_well_goes_on() {
    // Shown again it goes on as well.
    let mut model = dry_run();
    press(&mut model, &["esc", "R", "a"]);
    assert!(matches!(model.dialogs.last(), Some(Dialog::Confirm(_))));
    // Another plan in another direction has another key.
    let mut model = dry_run();
    press(&mut model, &["u"]);
    assert!(matches!(model.dialogs.last(), Some(Dialog::Result(_))));
    // What ran since made it old.
    let mut model = dry_run();
    model.rehearsed = None;
    press(&mut model, &["a"]);
    assert!(matches!(model.dialogs.last(), Some(Dialog::Result(_))));
    // Another project is open by then.
    let mut model = dry_run();
    let project = model.project.clone().unwrap();
    let identity = model.identity.clone();
    model.open_project(project, identity);
    press(&mut model, &["a"]);
    assert!(matches!(model.dialogs.last(), Some(Dialog::Result(_))));
}

#[test]
fn a_failed_dry_run_does_not_go_on() {
    let mut model = dry_run();
    press(&mut model, &["esc"]);
    let effects = press(&mut model, &["p"]);
    let effects = answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Ok(planned(plan()))),
    );
    let mut failed = rehearsal();
    failed.problem = Some(Problem::new(Kind::Database, "It failed.", "No."));
    answer(
        &mut model,
        ticket(&effects),
        Report::Rehearsed(Ok(Box::new(failed))),
    );
    press(&mut model, &["a"]);
    assert!(
        matches!(model.dialogs.last(), Some(Dialog::Result(_))),
        "{}",
        text(&model)
    );
}

#[test]
fn a_seed_shows_its_sql_when_it_ran_and_what_moved_since() {
    let mut model = on("3", &["g", "j"]);
    let rested = Msg::TimerFired(supadeck::app::effect::Timer::Details);
    let effects = update(&mut model, rested);
    answer_all(&mut model, effects);
    let frame = text(&model);
    for part in [
        "It ran",
        "by olga as postgres",
        "Since then: 20251004125000 applied.",
        "has changed since",
        "insert into goal (id) values (1);",
    ] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
    // That of another file never stands under this one's name.
    press(&mut model, &["j"]);
    let frame = text(&model);
    assert!(
        !frame.contains("olga") && !frame.contains("insert into goal"),
        "{frame}"
    );
}

#[test]
fn a_change_on_disk_is_read_at_once_and_after_what_runs() {
    let mut model = on("2", &["G"]);
    let is_read = |effects: &[Effect]| {
        effects.iter().any(|effect| {
            matches!(
                effect,
                Effect::Load {
                    load: Load::Migrations,
                    ..
                }
            )
        }) && effects.iter().any(|effect| {
            matches!(
                effect,
                Effect::Load {
                    load: Load::Seeds,
                    ..
                }
            )
        })
    };
    let effects = update(&mut model, Msg::FilesChanged);
    assert!(is_read(&effects), "{effects:?}");
    answer_all(&mut model, effects);
    // A question that is open stays as it was shown.
    let effects = press(&mut model, &["a"]);
    answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Ok(planned(plan()))),
    );
    let before = model.dialogs.clone();
    let effects = update(&mut model, Msg::FilesChanged);
    answer_all(&mut model, effects);
    assert_eq!(model.dialogs, before);
    // A run is not disturbed; the lists are read when it has ended.
    let effects = press(&mut model, &["apply", "enter"]);
    let write = ticket(&effects);
    assert_eq!(update(&mut model, Msg::FilesChanged), []);
    let failed = Problem::new(Kind::Database, "It failed.", "No.");
    let effects = answer(&mut model, write, Report::Migrated(Err(failed)));
    assert!(is_read(&effects), "{effects:?}");
    assert_eq!(
        update(
            &mut model,
            Msg::TimerFired(supadeck::app::effect::Timer::Toast)
        ),
        []
    );
}

/// A file of megabytes: a table, a function on several lines, hundreds of rows, a table that goes.
fn long(rows: usize) -> String {
    let mut text = "create table t (id int);\n-- why\ncreate function public.f() returns int\nlanguage sql as $$\nselect 1 -- \u{1b}[2J\n$$;\n".to_owned();
    for row in 0..rows {
        text.push_str(&format!(
            "insert into t values ({row}, 'something that makes it long enough');\n"
        ));
    }
    text.push_str("drop table gone;\n");
    text
}

/// The deck with such a file selected on a screen, its details read.
fn with_long(screen: &str, size: (u16, u16), file: &str) -> Model {
    let mut model = filled(size);
    press(&mut model, &[screen, "g"]);
    let effects = update(&mut model, Msg::TimerFired(Timer::Details));
    let report = match &effects[..] {
        [
            Effect::Load {
                load: Load::Sources(version),
                ..
            },
        ] => Report::Sources(Ok(SourceTexts {
            version: version.clone(),
            up: Some(file.to_owned()),
            down: Some("drop table t;".to_owned()),
            applied: None,
        })),
        [
            Effect::Load {
                load: Load::SeedSource(path),
                ..
            },
        ] => Report::SeedSource(Ok(SeedSource {
            path: path.clone(),
            text: Some(file.to_owned()),
            ..SeedSource::default()
        })),
        other => panic!("{other:?}"),
    };
    answer(&mut model, ticket(&effects), report);
    model
}

#[test]
fn a_file_of_megabytes_is_shown_by_its_outline() {
    let file = long(20_000);
    assert!(file.len() > OUTLINE_FROM);
    for screen in ["2", "3"] {
        for size in [(140, 40), (80, 24), (60, 14)] {
            let mut model = with_long(screen, size, &file);
            press(&mut model, &["l"]);
            let frame = text(&model);
            assert!(
                frame.contains("Outline of 20,003 statements") || size.0 < 100,
                "{frame}"
            );
            for part in [
                "create table t (id int)",
                "create function public.f",
                "+ insert into t",
                "drop table gone",
            ] {
                assert!(frame.contains(part) || size.1 < 40, "{part}: {frame}");
            }
            assert!(!frame.contains("something that makes"), "{frame}");
            // A statement is read whole, harmless, and left again.
            press(&mut model, &["j", "enter"]);
            let frame = text(&model);
            assert!(
                matches!(model.dialogs.last(), Some(Dialog::Statement(_))),
                "{frame}"
            );
            assert!(
                frame.contains("returns int") && !frame.contains('\u{1b}'),
                "{frame}"
            );
            press(&mut model, &["esc"]);
            // The last line is the last statement; the group opens and closes.
            press(&mut model, &["G", "k", "enter", "j", "j"]);
            let frame = text(&model);
            assert!(frame.contains("- insert into t"), "{frame}");
            let copied = press(&mut model, &["y"]);
            assert!(
                matches!(&copied[..], [Effect::Copy { text, .. }] if text.starts_with("insert into t values (1,")),
                "{copied:?}"
            );
            press(&mut model, &["G", "enter"]);
            assert!(
                text(&model).contains("drop table gone;"),
                "{}",
                text(&model)
            );
            press(&mut model, &["esc", "g", "j", "j", "enter", "G"]);
            let outline = model.outline().unwrap();
            assert_eq!((outline.len(), outline.selected), (4, 3));
        }
    }
    // The rollback of the same version is short, and shown as it is.
    let mut model = with_long("2", (140, 40), &file);
    press(&mut model, &["v"]);
    assert!(
        model.outline().is_none() && text(&model).contains("drop table t;"),
        "{}",
        text(&model)
    );
    press(&mut model, &["v", "v"]);
    assert!(model.outline().is_some());
}

/// What is drawn of it is what is in view, and no answer to another question has it made again.
#[test]
fn an_outline_stays_where_one_is_when_other_answers_come() {
    let file = long(20_000);
    let mut model = with_long("2", (120, 40), &file);
    press(&mut model, &["l", "j", "j", "enter", "G", "k"]);
    let place = model.outline().unwrap().selected;
    assert_eq!(place, 20_002);
    let effects = press(&mut model, &["r"]);
    for effect in effects {
        if let Effect::Load {
            ticket,
            load: Load::Migrations,
            ..
        } = effect
        {
            answer(
                &mut model,
                ticket,
                crate::fixture::report(&Load::Migrations),
            );
        }
    }
    assert_eq!(model.outline().unwrap().selected, place);
    assert!(
        text(&model).contains("20,000 statements") || text(&model).contains("insert into t"),
        "{}",
        text(&model)
    );
}
