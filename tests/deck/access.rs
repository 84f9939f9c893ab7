//! The Access screen: the matrix with its cursor, the details, and the form that asks which row is to be explained.

use crate::fixture::{alice, answer, filled, opened, press, text};
use supadeck::app::effect::{Effect, Load};
use supadeck::app::model::{Focus, Screen};
use supadeck::app::msg::Report;
use supadeck::domain::access::explain::{ExplainedStep, Explanation};
use supadeck::domain::access::lint::{AccessFinding, FoundByRule};
use supadeck::domain::access::listing::Matrix;
use supadeck::domain::access::matrix::{Sight, Unseen, draft};
use supadeck::domain::access::rules::{
    AccessRules, ApiRole, Connected, Held, RowPolicy, SecuredTable, TableGrant, Verb,
};
use supadeck::domain::access::viewer::{Viewer, Who};
use supadeck::domain::dry_run::access::{Right, Verdict, Why};

/// A project of three tables: one by policies, one without row level security, one that is closed.
pub fn matrix() -> Matrix {
    let role = |name: &str, passes| ApiRole {
        name: name.into(),
        passes,
        is_of_api: true,
        may_set: true,
        has: vec![name.into()],
        schemas: vec!["public".into()],
    };
    let table = |id, name: &str, secured| SecuredTable {
        id,
        schema: "public".into(),
        name: name.into(),
        kind: "r".into(),
        owner: "postgres".into(),
        secured,
        key: vec!["id".into()],
        ..SecuredTable::default()
    };
    let right = |role: &str, id, verb: Verb, verdict, why| Right {
        role: role.into(),
        id,
        object: String::new(),
        verb: verb.word().into(),
        verdict,
        digest: None,
        why,
        passes: false,
        parts: None,
    };
    let held = |role: &str, table, verb| Held {
        role: role.into(),
        table,
        verb,
        columns: None,
    };
    let mut rules = AccessRules {
        connection: Connected {
            role: "postgres".into(),
            passes: true,
        },
        roles: vec![
            role("anon", false),
            role("authenticated", false),
            role("service_role", true),
        ],
        tables: vec![
            table(1, "closed", true),
            table(2, "doc", true),
            table(3, "loose", false),
        ],
        policies: vec![RowPolicy {
            table: 2,
            name: "own docs".into(),
            verb: "all".into(),
            permissive: true,
            roles: vec!["authenticated".into()],
            applies: vec!["authenticated".into()],
            shows: Some("(owner = ( SELECT auth.uid() AS uid))".into()),
            check: None,
        }],
        grants: vec![TableGrant {
            table: 2,
            to: "authenticated".into(),
            verb: Verb::Select,
            column: None,
        }],
        ..AccessRules::default()
    };
    for verb in Verb::ALL {
        rules.held.push(held("authenticated", 2, verb));
        rules.rights.push(right(
            "authenticated",
            2,
            verb,
            Verdict::Policies,
            Why::Policies,
        ));
        for id in 1..=3 {
            rules.held.push(held("service_role", id, verb));
            rules
                .rights
                .push(right("service_role", id, verb, Verdict::All, Why::Passes));
        }
    }
    rules.held.push(held("anon", 3, Verb::Select));
    rules
        .rights
        .push(right("anon", 3, Verb::Select, Verdict::All, Why::RlsOff));
    let viewers = vec![Viewer::anon(), Viewer::stranger(), Viewer::service()];
    let tables: Vec<&SecuredTable> = rules.tables.iter().collect();
    let draft = draft(&rules, &tables, &viewers);
    let sights: Vec<Sight> = draft
        .probes
        .iter()
        .map(|probe| {
            let role = probe.viewer.as_ref().map(|viewer| viewer.role.as_str());
            let seen = |rows| Sight {
                rows,
                is_whole: true,
                failure: None,
            };
            match (role, probe.table.as_str()) {
                (None | Some("service_role"), _) | (Some("anon"), "loose") => seen(12),
                (Some("authenticated"), "doc") => seen(4),
                _ => Sight {
                    failure: Some(Unseen::Refused("42501".into(), "permission denied".into())),
                    ..Sight::default()
                },
            }
        })
        .collect();
    let cells = draft.finish(&sights);
    Matrix {
        tables: vec![1, 2, 3],
        viewers,
        cells,
        rules,
        findings: vec![finding()],
        ..Matrix::default()
    }
}

fn finding() -> AccessFinding {
    AccessFinding::from(FoundByRule {
        rule: "rls_disabled_in_public".into(),
        schema: "public".into(),
        object: "loose".into(),
        what: "readable by anon".into(),
        mend: Some("alter table public.loose enable row level security".into()),
        undo: None,
    })
}

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
