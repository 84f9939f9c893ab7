//! The Access screen: the matrix with its cursor, the details, and the form that asks which row is to be explained.

use crate::fixture::{alice, answer, filled, opened, press, text};
use supadeck::app::effect::{Effect, Load};
use supadeck::app::model::{Focus, Screen};
use supadeck::app::msg::Report;
use supadeck::domain::access::explain::{ExplainedStep, Explanation};
use supadeck::domain::access::lint::{AccessFinding, Severity};
use supadeck::domain::access::rules::Verb;
use supadeck::domain::access::viewer::Who;
use supadeck::domain::identity::Identity;
use supadeck::domain::problem::{Kind, Problem};

fn looked(size: (u16, u16)) -> supadeck::app::model::Model {
    let mut model = filled(size);
    for effect in press(&mut model, &["0"]) {
        if let Effect::Load { ticket, load, .. } = effect {
            answer(&mut model, ticket, crate::fixture::report(&load));
        }
    }
    model
}

#[test]
fn the_matrix_is_read_when_it_is_looked_at_with_the_user_who_reads() {
    let (mut model, effects) = opened((120, 40), alice());
    let is_access = |effect: &Effect| {
        matches!(
            effect,
            Effect::Load {
                load: Load::Access(_),
                ..
            }
        )
    };
    assert!(!effects.iter().any(is_access));
    let effects = press(&mut model, &["0"]);
    assert_eq!(model.screen, Screen::Access);
    assert!(
        matches!(&effects[..], [Effect::Load { load: Load::Access(also), .. }] if matches!(&also[..], [Who::User(_)])),
        "{effects:?}"
    );
    assert!(text(&model).contains("Reading."), "{}", text(&model));
}

#[test]
fn a_start_on_it_that_fails_says_why_and_the_key_reads_it_again() {
    for (kind, what) in [
        (Kind::Network, "The database cannot be reached."),
        (Kind::Config, "The database is not known."),
        (Kind::Denied, "The role may not read the catalogs."),
    ] {
        for size in [(120, 40), (80, 24), (60, 14)] {
            let mut model = filled(size);
            let effects = press(&mut model, &["0"]);
            let [Effect::Load { ticket, .. }] = &effects[..] else {
                panic!("{effects:?}")
            };
            // Before the answer no key does anything that needs a cell.
            assert!(
                press(&mut model, &["e"])
                    .iter()
                    .all(|one| !matches!(one, Effect::Load { .. }))
            );
            assert!(model.dialogs.is_empty());
            let problem = Problem::new(kind, what, "Why \u{1b}[2J.");
            answer(&mut model, *ticket, Report::Access(Err(problem)));
            let frame = text(&model);
            assert!(
                frame.contains(what) && !frame.contains('\u{1b}'),
                "{size:?}: {frame}"
            );
            press(&mut model, &["j", "l", "G"]);
            let effects = press(&mut model, &["r"]);
            assert!(loads_access(&effects), "{effects:?}");
            for effect in effects {
                if let Effect::Load { ticket, load, .. } = effect {
                    answer(&mut model, ticket, crate::fixture::report(&load));
                }
            }
            assert!(text(&model).contains("closed"), "{}", text(&model));
        }
    }
}

#[test]
fn anon_and_the_service_role_start_on_it_with_nobody_beside_the_usual_identities() {
    for who in [Identity::Anon, Identity::Service] {
        let (mut model, _) = opened((120, 40), who);
        let effects = press(&mut model, &["0"]);
        assert!(
            matches!(&effects[..], [Effect::Load { load: Load::Access(also), .. }] if also.is_empty()),
            "{effects:?}"
        );
    }
}

fn loads_access(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| {
        matches!(
            effect,
            Effect::Load {
                load: Load::Access(_),
                ..
            }
        )
    })
}

#[test]
fn what_is_not_in_view_is_read_again_when_it_comes_into_view() {
    let mut model = looked((120, 40));
    press(&mut model, &["1"]);
    assert!(
        !loads_access(&press(&mut model, &["r"])),
        "Home does not need it"
    );
    assert!(loads_access(&press(&mut model, &["0"])));
    // Read once: coming back asks for nothing.
    press(&mut model, &["1"]);
    assert!(!loads_access(&press(&mut model, &["0"])));
}

#[test]
fn the_cursor_goes_over_tables_and_identities() {
    for size in [(120, 40), (80, 24), (60, 14)] {
        let mut model = looked(size);
        let frame = text(&model);
        for part in ["closed", "doc", "loose", "anon"] {
            assert!(frame.contains(part), "{size:?}: {part}\n{frame}");
        }
        press(&mut model, &["j", "l"]);
        assert_eq!(model.focus, Focus::List);
        let frame = text(&model);
        assert!(
            frame.contains("stranger") && frame.contains("siud 4/12"),
            "{size:?}\n{frame}"
        );
        press(&mut model, &["enter"]);
        let mut frames = text(&model);
        for _ in 0..20 {
            press(&mut model, &["j"]);
            frames.push_str(&text(&model));
        }
        for part in ["doc as stranger", "Lets authenticated", "read as postgres"] {
            assert!(frames.contains(part), "{size:?}: {part}\n{frames}");
        }
        press(&mut model, &["esc", "l", "l", "l"]);
        assert!(
            text(&model).contains("SIUD 12/12"),
            "{size:?}\n{}",
            text(&model)
        );
    }
}

#[test]
fn what_anybody_reads_whole_and_row_level_security_that_is_off_stand_out() {
    let model = looked((120, 40));
    let frame = text(&model);
    let loose = frame
        .lines()
        .find(|line| line.contains("loose  OFF"))
        .unwrap();
    assert!(
        loose.contains("OFF") && loose.contains("S--- 12/12"),
        "{loose}"
    );
    let closed = frame
        .lines()
        .find(|line| line.contains("closed on"))
        .unwrap();
    assert!(closed.contains("----"), "{closed}");
    let mut model = model;
    press(&mut model, &["j", "j"]);
    let frame = text(&model);
    assert!(
        frame.contains("rls_disabled_in_public")
            && frame.contains("alter table public.loose enable row"),
        "{frame}"
    );
    assert!(frame.contains("1 finding"), "{frame}");
}

#[test]
fn a_row_is_explained_for_the_selected_identity() {
    let mut model = looked((120, 40));
    press(&mut model, &["j", "l", "e"]);
    assert!(
        text(&model).contains("Explain a row of public.doc"),
        "{}",
        text(&model)
    );
    assert!(press(&mut model, &["enter"]).is_empty());
    assert!(
        text(&model).contains("Type which row: its id."),
        "{}",
        text(&model)
    );
    press(&mut model, &["tab", "tab", "tab", "7"]);
    let effects = press(&mut model, &["enter"]);
    let [
        Effect::Load {
            ticket,
            load: Load::Explain(request),
            ..
        },
    ] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(
        (request.table.as_str(), request.verb, &request.asked),
        ("public.doc", Verb::Delete, &Who::Stranger)
    );
    assert_eq!(request.wanted.key.as_deref(), Some("7"));
    let told = Explanation {
        schema: "public".into(),
        table: "doc".into(),
        key: serde_json::Map::new(),
        identity: "stranger".into(),
        role: "authenticated".into(),
        verb: Verb::Delete,
        exists: Some(true),
        visible: Some(false),
        row: None,
        new_row: None,
        steps: vec![ExplainedStep::Schema {
            schema: "public".into(),
            holds: true,
        }],
        allowed: Some(false),
        why: "stranger may not delete it.".into(),
        disagrees: None,
    };
    answer(&mut model, *ticket, Report::Explained(Ok(Box::new(told))));
    let frame = text(&model);
    assert!(
        frame.contains("may use schema public") && frame.contains("stranger may not delete it."),
        "{frame}"
    );
}

#[test]
fn the_filter_narrows_the_tables_and_keeps_the_cell() {
    let mut model = looked((120, 40));
    press(&mut model, &["j", "j", "l", "/", "loo", "enter"]);
    let frame = text(&model);
    assert!(
        frame.contains("loose as stranger") && !frame.contains("closed"),
        "{frame}"
    );
}

#[test]
fn what_is_doubtful_of_no_table_is_shown_too() {
    let mut model = looked((120, 40));
    let matrix = model.access.remote.held_mut().unwrap();
    let own = matrix.findings[0].clone();
    matrix.findings.extend([
        AccessFinding {
            rule: "function_search_path_mutable".into(),
            object: "sum_up".into(),
            level: Severity::Warn,
            ..own.clone()
        },
        AccessFinding {
            rule: "no_primary_key".into(),
            level: Severity::Info,
            ..own
        },
    ]);
    let matrix = matrix.clone();
    model.access.arrived(Ok(matrix), crate::fixture::now());
    let frame = text(&model);
    assert!(frame.contains("Access (3), 2 findings, 1 note"), "{frame}");
    press(&mut model, &["G"]);
    let frame = text(&model);
    for part in [
        "all findings",
        "public.sum_up",
        "rls_disabled_in_public",
        "no_primary_key",
    ] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
    // It is no table: nothing of it is explained, and no column goes over it.
    press(&mut model, &["l", "e"]);
    assert!(model.dialogs.is_empty(), "{}", text(&model));
    press(&mut model, &["/", "clo", "enter"]);
    assert!(
        text(&model).contains("Access (1 of 3, /clo)"),
        "{}",
        text(&model)
    );
}
