//! Every dialog at every size: it is drawn, it can be left, and nothing begins that was not seen. A write begins only where
//! each group of risks and the word that was typed stood on the screen.

use crate::fixture::{alice, answer, filled, opened, plan, planned, press, target, text, ticket};
use crate::samples::look;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use supadeck::app::dialog::confirm::Confirm;
use supadeck::app::dialog::result::ResultView;
use supadeck::app::dialog::{Dialog, ResultState, migrate, onboarding};
use supadeck::app::effect::{Effect, Fix, Write};
use supadeck::app::key::{Code, Key};
use supadeck::app::keymap::Keymap;
use supadeck::app::model::Model;
use supadeck::app::msg::{Msg, Report};
use supadeck::app::{execute, update};
use supadeck::domain::identity::Identity;
use supadeck::domain::migration::{Direction, Plan};
use supadeck::domain::seed::{SeedPlan, SeedStep};
use supadeck::domain::sql::psql;

/// The largest terminal that is drawn.
const LARGEST: (u16, u16) = (300, 100);

fn risky() -> Plan {
    let mut plan = plan();
    plan.steps[0].statements = [
        "drop table goal",
        "alter table task add column unit text not null",
        "truncate plan_item",
        "create index on vision (id)",
    ]
    .iter()
    .collect();
    plan
}

fn rollback() -> Plan {
    let mut plan = risky();
    plan.steps[0].direction = Direction::Rollback;
    plan.steps[0].file = "migrations/rollback/20251004130000_audit_trail.sql".into();
    plan
}

fn seed() -> SeedPlan {
    let text = "truncate goal;\ninsert into goal values (1);\n";
    SeedPlan {
        steps: vec![SeedStep {
            path: "seeds/010_accounts.sql".into(),
            file: "seeds/010_accounts.sql".into(),
            hash: "ab".repeat(32),
            parts: psql::parse(&Arc::new(text.to_owned())).unwrap(),
        }],
        target: target(),
        notes: Vec::new(),
    }
}

fn fix() -> Fix {
    Fix {
        number: 7,
        title: "Write it back".into(),
        word: "restore".into(),
        lines: vec!["a.sql will say:".into(), "select 1;".into()],
        target: target(),
    }
}

/// A deck on which a dialog lies, made on a large screen.
fn with(make: impl FnOnce(&mut Model) -> Dialog) -> Model {
    let mut model = filled((120, 40));
    let dialog = make(&mut model);
    model.dialogs.push(dialog);
    // Lays it out.
    update(&mut model, Msg::Resized(120, 40));
    model
}

fn with_confirm(make: impl FnOnce(&Model) -> Confirm) -> Model {
    with(|model| Dialog::Confirm(Box::new(make(model))))
}

/// Every dialog by its name, as it is when it opens.
static DIALOGS: LazyLock<Vec<(&str, Model)>> = LazyLock::new(made);

fn dialogs() -> Vec<(&'static str, Model)> {
    DIALOGS.clone()
}

fn made() -> Vec<(&'static str, Model)> {
    let keys = |keys: &[&str]| {
        let mut model = filled((120, 40));
        press(&mut model, keys);
        assert!(!model.dialogs.is_empty(), "{keys:?}");
        model
    };
    let unlock = || {
        let mut model = filled((120, 40));
        for effect in execute::become_identity(&mut model, Identity::Service) {
            crate::fixture::answer_all(&mut model, vec![effect]);
        }
        press(&mut model, &["6", "l", "l", "l", "u", "Sprained ankle"]);
        model
    };
    let locking = || planned(risky());
    let all = vec![
        (
            "apply",
            with_confirm(|model| migrate::running(locking(), model)),
        ),
        (
            "rollback",
            with_confirm(|model| migrate::running(planned(rollback()), model)),
        ),
        (
            "dry-run",
            with_confirm(|model| migrate::rehearsing(&locking(), model).unwrap()),
        ),
        ("seed", with_confirm(|model| Confirm::seed(seed(), model))),
        ("fix", with_confirm(|model| Confirm::fix(fix(), model))),
        ("service", with_confirm(Confirm::service)),
        ("unlock", {
            let mut model = unlock();
            look(&mut model);
            model
        }),
        ("unlock form", unlock()),
        ("help", keys(&["?"])),
        ("palette", keys(&["ctrl-p", "x"])),
        ("filter", keys(&["2", "/", "漢字🇩🇪"])),
        ("identity", keys(&["i"])),
        (
            "password",
            keys(&["i", "with e-mail", "enter", "me@example.com", "tab", "hush"]),
        ),
        ("ways", {
            let mut model = filled((120, 40));
            crate::samples::edited(&mut model);
            press(&mut model, &["w"]);
            model
        }),
        ("value", {
            let mut model = filled((120, 40));
            let effects = press(&mut model, &["7"]);
            crate::fixture::answer_all(&mut model, effects);
            press(&mut model, &["l", "down", "enter"]);
            model
        }),
        (
            "guide",
            with(|_| Dialog::Guide(onboarding::Onboarding::default())),
        ),
        (
            "result",
            with(|_| {
                let (_, faults) = Keymap::default().with("\"app.quit\" = [\"ctrl+q\"]");
                let view = ResultView::keymap("keymap.toml", &faults);
                Dialog::Result(ResultState { view, top: 0 })
            }),
        ),
    ];
    let kinds = |dialog: &Dialog| std::mem::discriminant(dialog);
    let found: BTreeSet<String> = all
        .iter()
        .map(|(name, model)| format!("{:?}", kinds(model.dialogs.last().expect(name))))
        .collect();
    // All kinds but the one that shows a run.
    assert_eq!(found.len(), 10);
    all
}

fn confirm(model: &Model) -> Option<&Confirm> {
    match model.dialogs.last() {
        Some(Dialog::Confirm(confirm)) => Some(confirm),
        _ => None,
    }
}

/// Whether something begins that changes a database, or leaves Row Level Security.
fn begins(before: &Model, model: &Model, effects: &[Effect]) -> bool {
    let is_write = |effect: &Effect| {
        matches!(
            effect,
            Effect::Write {
                write: Write::Migrate(_)
                    | Write::Rehearse(_)
                    | Write::Fix(_)
                    | Write::Seed(_)
                    | Write::Unlock(_),
                ..
            }
        )
    };
    effects.iter().any(is_write)
        || (model.identity == Identity::Service && before.identity != Identity::Service)
}

/// A frame as one line of words, without borders and breaks.
fn words(frame: &str) -> String {
    let words = frame.split_whitespace();
    let words = words.filter(|word| !matches!(*word, "│" | "╭" | "╰"));
    words.collect::<Vec<_>>().join(" ")
}

/// Types the word of the question and enter, or `y` where one key answers. `keys` come first.
fn answered(model: &Model, size: (u16, u16), keys: &[&str]) -> Result<bool, String> {
    let mut model = model.clone();
    update(&mut model, Msg::Resized(size.0, size.1));
    let mut seen = vec![text(&model)];
    for key in keys {
        press(&mut model, &[key]);
        seen.push(text(&model));
    }
    let Some(question) = confirm(&model).cloned() else {
        let before = model.clone();
        for key in ["apply", "enter", "y"] {
            let effects = press(&mut model, &[key]);
            if begins(&before, &model, &effects) {
                return Err(format!("{key} began something at {size:?}"));
            }
        }
        text(&model);
        return Ok(false);
    };
    let before = model.clone();
    let mut effects = Vec::new();
    if question.asked.is_light() {
        effects.extend(press(&mut model, &["enter", "y"]));
    } else {
        for c in question.word.chars() {
            effects.extend(update(&mut model, Msg::KeyPressed(Key::char(c))));
        }
        if begins(&before, &model, &effects) {
            return Err(format!("typing alone began something at {size:?}"));
        }
        let with_word = text(&model);
        let enter = update(&mut model, Msg::KeyPressed(Key::plain(Code::Enter)));
        if begins(&before, &model, &enter) {
            let is_shown = words(&with_word).contains(&format!("”: {}", question.word))
                || with_word.lines().any(|line| {
                    words(line) == question.word || words(line) == format!("{} │", question.word)
                });
            if !is_shown {
                return Err(format!("the word was not shown at {size:?}\n{with_word}"));
            }
        }
        seen.push(with_word);
        effects.extend(enter);
    }
    if !begins(&before, &model, &effects) {
        return Ok(false);
    }
    let frames: Vec<String> = seen.iter().map(|frame| words(frame)).collect();
    for fact in &question.facts {
        for row in 0..fact.rows.len() {
            let shown = fact.rows.row(row).shown;
            let part = words(&fact.rows.text()[shown]);
            if !frames.iter().any(|frame| frame.contains(&part)) {
                return Err(format!(
                    "{} “{part}” was not shown at {size:?}\n{}",
                    fact.name,
                    seen.join("\n")
                ));
            }
        }
    }
    Ok(true)
}

/// Sizes from nothing on, close where things are small.
fn steps() -> Vec<(u16, u16)> {
    if std::env::var_os("SUPADECK_SIZES").is_some() {
        return (1..=LARGEST.0)
            .flat_map(|x| (1..=LARGEST.1).map(move |y| (x, y)))
            .collect();
    }
    let columns = [1, 5, 14, 30, 40, 60, 80, 120, 300];
    let rows = [1, 5, 8, 10, 12, 14, 24, 40, 100];
    columns
        .iter()
        .flat_map(|x| rows.iter().map(move |y| (*x, *y)))
        .collect()
}

#[test]
fn a_write_begins_only_where_each_group_of_risks_and_the_word_were_drawn() {
    for (name, model) in dialogs() {
        let mut begun = 0;
        for size in steps() {
            match answered(&model, size, &[]) {
                Ok(is_begun) => begun += usize::from(is_begun),
                Err(why) => panic!("{name}: {why}"),
            }
        }
        // On a large terminal everything is in view at once.
        assert_eq!(begun > 0, confirm(&model).is_some(), "{name}");
    }
}

fn reading() -> impl Strategy<Value = Vec<&'static str>> {
    let key = prop::sample::select(vec![
        "pgdn", "pgup", "down", "up", "home", "end", "ctrl-r", "ctrl-t",
    ]);
    prop::collection::vec(key, 0..10)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_read_before_and_however_large(
        at in 0usize..17,
        columns in prop_oneof![1..=LARGEST.0, 30u16..70],
        rows in prop_oneof![1..=LARGEST.1, 8u16..20],
        keys in reading(),
    ) {
        let (name, model) = &DIALOGS[at];
        if let Err(why) = answered(model, (columns, rows), &keys) {
            prop_assert!(false, "{}: {}", name, why);
        }
    }

    #[test]
    fn every_dialog_can_be_left_at_any_size(at in 0usize..17, columns in 1..=LARGEST.0, rows in 1..=LARGEST.1) {
        let (name, mut model) = dialogs().swap_remove(at);
        update(&mut model, Msg::Resized(columns, rows));
        let mut left = 5;
        while !model.dialogs.is_empty() && left > 0 {
            text(&model);
            let effects = press(&mut model, &["ctrl-c"]);
            if effects.contains(&Effect::Quit) {
                return Ok(());
            }
            left -= 1;
        }
        prop_assert!(model.dialogs.is_empty(), "{}", name);
        prop_assert_eq!(press(&mut model, &["ctrl-c"]), [Effect::Quit]);
    }
}

#[test]
fn a_key_that_came_together_with_others_answers_no_question() {
    for (name, mut model) in dialogs() {
        let Some(question) = confirm(&model).cloned() else {
            continue;
        };
        let before = model.clone();
        crate::fixture::read_on(&mut model);
        let word = if question.asked.is_light() {
            "y"
        } else {
            question.word.as_str()
        };
        let rushed = |model: &mut Model, key| update(model, Msg::KeyRushed(key));
        let mut effects = Vec::new();
        for c in word.chars() {
            effects.extend(rushed(&mut model, Key::char(c)));
        }
        effects.extend(rushed(&mut model, Key::plain(Code::Enter)));
        assert!(!begins(&before, &model, &effects), "{name}");
        assert!(
            text(&model).contains("by itself"),
            "{name}\n{}",
            text(&model)
        );
        let last = if question.asked.is_light() {
            Key::char('y')
        } else {
            Key::plain(Code::Enter)
        };
        let effects = update(&mut model, Msg::KeyPressed(last));
        assert!(begins(&before, &model, &effects), "{name}");
    }
}

#[test]
fn ctrl_l_asks_for_a_whole_frame_whatever_has_the_keys() {
    let (mut model, _) = opened((80, 24), alice());
    assert_eq!(press(&mut model, &["ctrl-l"]), [Effect::Redraw]);
    for (name, mut model) in dialogs() {
        let before = model.dialogs.clone();
        assert_eq!(press(&mut model, &["ctrl-l"]), [Effect::Redraw], "{name}");
        assert_eq!(model.dialogs, before, "{name}");
    }
}

#[test]
fn what_is_pasted_goes_into_the_field_and_only_its_part() {
    for (name, mut model) in dialogs() {
        update(&mut model, Msg::Pasted("one\ttw0-secret\nthr33".into()));
        let frame = text(&model);
        assert!(
            !frame.contains("tw0") && !frame.contains("thr33"),
            "{name}\n{frame}"
        );
        update(&mut model, Msg::Pasted("x".repeat(1 << 20)));
        let with_field = ["unlock form", "palette", "filter", "password", "guide"];
        let is_field = with_field.contains(&name);
        if is_field {
            assert!(text(&model).contains("16 KiB"), "{name}\n{}", text(&model));
        }
    }
}

#[test]
fn what_there_is_to_read_stays_when_the_project_opens_and_when_it_cannot_be() {
    let faults = || {
        let (_, faults) = Keymap::default().with("\"app.quit\" = [\"ctrl+q\"]");
        let view = ResultView::keymap("keymap.toml", &faults);
        Dialog::Result(ResultState { view, top: 0 })
    };
    let mut model = Model::new((80, 24), None, Identity::Anon, Keymap::default());
    model.dialogs.push(faults());
    let effects = supadeck::app::jobs::session(&mut model, Write::Open);
    let project = crate::fixture::project();
    let open = supadeck::app::msg::Opened {
        project,
        identity: alice(),
        ended: None,
    };
    answer(
        &mut model,
        ticket(&effects),
        Report::Opened(Ok(Box::new(open))),
    );
    assert!(
        text(&model).contains("did you mean `ctrl-q`?"),
        "{}",
        text(&model)
    );
    press(&mut model, &["enter"]);
    assert!(model.dialogs.is_empty());

    let mut model = Model::new((80, 24), None, Identity::Anon, Keymap::default());
    model.dialogs.push(faults());
    let effects = supadeck::app::jobs::session(&mut model, Write::Open);
    let why = supadeck::domain::problem::Problem::internal("No.");
    answer(&mut model, ticket(&effects), Report::Opened(Err(why)));
    assert!(
        text(&model).contains("did you mean `ctrl-q`?"),
        "{}",
        text(&model)
    );
    press(&mut model, &["enter"]);
    assert!(
        text(&model).contains("Welcome to supadeck"),
        "{}",
        text(&model)
    );
}
