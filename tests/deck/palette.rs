//! What the palette finds: commands of this screen first, and places to go to.

use crate::fixture::{alice, answer_all, filled, press, text};
use supadeck::app::command::{Command, Context};
use supadeck::app::dialog::Dialog;
use supadeck::app::dialog::palette::{Palette, Target};
use supadeck::app::effect::{Effect, Load, Write};
use supadeck::app::model::{Model, Screen};
use supadeck::domain::identity::{Identity, User};

/// The palette, with every list read that it looks in.
fn opened(screen: &str, words: &str) -> Model {
    let mut model = filled((120, 40));
    let effects = press(&mut model, &[screen, "ctrl-p"]);
    answer_all(&mut model, effects);
    press(&mut model, &[words]);
    model
}

fn palette(model: &Model) -> &Palette {
    match model.dialogs.last() {
        Some(Dialog::Palette(palette)) => palette,
        other => panic!("{other:?}"),
    }
}

fn first(model: &Model) -> &Target {
    &palette(model).found[0].target
}

#[test]
fn commands_of_the_screen_in_view_come_first() {
    for (screen, context) in [
        ("2", Context::Migrations),
        ("3", Context::Seeds),
        ("7", Context::Audit),
    ] {
        let mut model = filled((120, 40));
        press(&mut model, &[screen, "ctrl-p"]);
        let found = palette(&model)
            .found
            .iter()
            .filter(|found| found.reason.is_none());
        let contexts: Vec<Context> = found
            .filter_map(|found| match &found.target {
                Target::Command(command) => Some(command.spec().context),
                _ => None,
            })
            .collect();
        assert_eq!(contexts[0], context);
        let last = contexts.iter().rposition(|one| *one == context).unwrap();
        assert!(
            contexts[..=last].iter().all(|one| *one == context),
            "{contexts:?}"
        );
    }
    let mut model = opened("3", "run");
    assert_eq!(*first(&model), Target::Command(Command::SeedApply));
    press(&mut model, &["esc", "2", "ctrl-p", "dry-run"]);
    assert_eq!(*first(&model), Target::Command(Command::Rehearse));
}

#[test]
fn a_command_of_another_screen_leads_there_and_does_nothing_yet() {
    let mut model = opened("7", "dry-run applying");
    let found = &palette(&model).found[0];
    assert_eq!(found.goes_to, Some(Screen::Migrations));
    let frame = text(&model);
    assert!(frame.contains("Migrations p"), "{frame}");
    assert!(
        frame.contains("supadeck migration plan"),
        "its arguments\n{frame}"
    );
    let effects = press(&mut model, &["enter"]);
    assert_eq!(model.screen, Screen::Migrations);
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Write { .. }))
    );
    assert!(
        text(&model).contains("p: Dry-run applying"),
        "{}",
        text(&model)
    );
}

#[test]
fn a_table_a_migration_and_a_seed_are_gone_to() {
    let mut model = opened("1", "table goal");
    assert!(
        matches!(first(&model), Target::Table(_)),
        "{}",
        text(&model)
    );
    press(&mut model, &["enter"]);
    assert_eq!(model.screen, Screen::Tables);
    assert!(model.browser.grid.is_some());
    let mut model = opened("1", "week_lock");
    press(&mut model, &["enter"]);
    assert_eq!(model.screen, Screen::Migrations);
    assert_eq!(model.migrations.table.selected().unwrap().name, "week_lock");
    let mut model = opened("1", "030_bob");
    press(&mut model, &["enter"]);
    assert_eq!(model.screen, Screen::Seeds);
    assert_eq!(
        model.seeds.table.selected().unwrap().path,
        "seeds/030_bob.sql"
    );
    // A filter that hides the row is in nobody's way.
    let mut model = filled((120, 40));
    press(
        &mut model,
        &[
            "2",
            "/",
            "audit",
            "enter",
            "1",
            "ctrl-p",
            "week_lock",
            "enter",
        ],
    );
    assert_eq!(model.migrations.table.selected().unwrap().name, "week_lock");
}

#[test]
fn somebody_to_read_as_is_found_and_the_service_role_still_asks() {
    let mut model = filled((120, 40));
    let bob = User {
        id: "b0b".into(),
        email: "bob@example.com".into(),
        ..User::default()
    };
    model.project.as_mut().unwrap().kept.put(&bob);
    press(&mut model, &["ctrl-p", "bob@", "enter"]);
    assert_eq!(model.identity, Identity::User(bob));
    press(&mut model, &["ctrl-p", "read as the service", "enter"]);
    assert!(
        matches!(model.dialogs.last(), Some(Dialog::Confirm(_))),
        "{}",
        text(&model)
    );
    assert_ne!(model.identity, Identity::Service);
    press(&mut model, &["esc", "ctrl-p", "read as anon", "enter"]);
    assert_eq!(model.identity, Identity::Anon);
    assert_ne!(model.identity, alice());
}

#[test]
fn a_project_is_opened_by_its_name() {
    use supadeck::app::dialog::project::ProfileBrief;
    let mut model = filled((120, 40));
    model.project.as_mut().unwrap().profiles = vec![ProfileBrief {
        name: "staging".into(),
        url: "https://staging.example.com".into(),
        is_production: false,
        is_profile: true,
        variables: Vec::new(),
    }];
    let effects = press(&mut model, &["ctrl-p", "staging", "enter"]);
    let is_it = |effect: &Effect| matches!(effect, Effect::Write { write: Write::OpenProfile(name), .. } if name == "staging");
    assert!(effects.iter().any(is_it), "{effects:?}");
}

#[test]
fn tables_that_come_later_leave_the_selection_where_it_is() {
    let mut model = filled((120, 40));
    let effects = press(&mut model, &["ctrl-p", "t", "down", "down"]);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Load { .. }))
    );
    let selected = palette(&model).found[palette(&model).selected]
        .target
        .clone();
    answer_all(&mut model, effects);
    let after = palette(&model);
    assert_eq!(after.found[after.selected].target, selected);
    insta::assert_snapshot!("palette_120x40", text(&model));
}

#[test]
fn a_saved_filter_is_a_place_to_go_to() {
    let mut model = filled((120, 40));
    let book = &mut model.filter_book;
    book.save("mine", "actor:me changed:qty").unwrap();
    book.save("ai", "type:ai").unwrap();
    press(&mut model, &["2", "ctrl-p", "mine"]);
    let mine = Target::Filter("mine".into(), "actor:me changed:qty".into());
    assert_eq!(*first(&model), mine);
    let frame = text(&model);
    assert!(frame.contains("Filter @mine"), "{frame}");
    assert!(frame.contains("actor:me changed:qty"), "{frame}");
    let effects = press(&mut model, &["enter"]);
    assert_eq!(model.screen, Screen::Audit);
    assert!(model.dialogs.is_empty());
    assert_eq!(model.audit.filter_text, "actor:me changed:qty");
    assert!(effects.iter().any(|effect| matches!(
        effect,
        Effect::Load { load: Load::Audit { filter, from: None, .. }, .. } if !filter.is_empty()
    )));
    // It is found by what it stands for, and one goes back as from any filter.
    press(&mut model, &["ctrl-p", "type:ai"]);
    assert_eq!(
        *first(&model),
        Target::Filter("ai".into(), "type:ai".into())
    );
    press(&mut model, &["enter"]);
    assert_eq!(model.audit.filter_text, "type:ai");
    press(&mut model, &["esc"]);
    assert_eq!(model.audit.filter_text, "actor:me changed:qty");
    // Without an audit trail it cannot be gone to, and that is said.
    let gone = supadeck::domain::read_problem::absent("audit_log", "", "PGRST205");
    model.audit.rows.arrived(Err(gone), crate::fixture::now());
    press(&mut model, &["1", "ctrl-p", "mine"]);
    assert!(text(&model).contains("no audit trail"), "{}", text(&model));
}
