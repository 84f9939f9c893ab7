//! What tests of several screens show: an access matrix, a dry run with a loss, an edited migration, a week that was looked at.

use crate::fixture::{answer, answer_all, press, reason, target};
use supadeck::app::effect::{Effect, Load};
use supadeck::app::model::Model;
use supadeck::app::msg::Report;
use supadeck::domain::access::lint::{AccessFinding, FoundByRule};
use supadeck::domain::access::listing::Matrix;
use supadeck::domain::access::matrix::{Sight, Unseen, draft};
use supadeck::domain::access::rules::{
    AccessRules, ApiRole, Connected, Held, RowPolicy, SecuredTable, TableGrant, Verb,
};
use supadeck::domain::access::viewer::Viewer;
use supadeck::domain::dry_run::access::{Right, Verdict, Why};
use supadeck::domain::dry_run::{Environment, Loss, LossKind, Report as Rehearsal};
use supadeck::domain::lock::{UnlockPreview, UnlockRequest};
use supadeck::domain::migration::resolution::{Correction, Resolution, Suggestion};
use supadeck::domain::migration::{MigrationList, State};

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
        touched: None,
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

pub fn rehearsal() -> Rehearsal {
    Rehearsal {
        on: Environment::Target,
        database: target(),
        steps: Vec::new(),
        difference: supadeck::domain::snapshot::difference::Difference::default(),
        locks: Vec::new(),
        losses: vec![Loss {
            way: LossKind::TableDropped,
            table: "public.goal".into(),
            column: None,
            rows: Some(12),
            counted: true,
            attribute: None,
            remade: false,
            uncounted: None,
        }],
        uncounted: Vec::new(),
        access: Vec::new(),
        sequences: Vec::new(),
        sequence_notes: Vec::new(),
        passed_over: Vec::new(),
        platform_locks: None,
        problem: None,
    }
}

/// Puts ways out on the edited migration and selects it.
pub fn edited(model: &mut Model) {
    let effects = press(model, &["2", "r"]);
    for effect in effects {
        let Effect::Load { ticket, load, .. } = effect else {
            continue;
        };
        let mut report = crate::fixture::report(&load);
        if let Report::Migrations(Ok(MigrationList { entries, .. })) = &mut report {
            let entry = entries.iter_mut().find(|one| one.state == State::Edited);
            let entry = entry.unwrap();
            entry.note = Some("The file differs.".into());
            entry.ways = vec![
                Suggestion {
                    resolution: Resolution::Correct(Correction::restore("20251004125000")),
                    what: "Writes the file back.".into(),
                },
                Suggestion {
                    resolution: Resolution::ExtractEdits {
                        version: "20251004125000".into(),
                    },
                    what: "Writes a new migration.".into(),
                },
            ];
        }
        let more = answer(model, ticket, report);
        answer_all(model, more);
    }
    press(model, &["g", "j", "j"]);
}

/// Enter on the form: the week is looked at, and stands as it does on the screen.
pub fn look(model: &mut Model) {
    let effects = press(model, &["enter"]);
    let [
        Effect::Load {
            load: Load::Prospect(request),
            ticket,
            ..
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    let lock = model.locks.selected().unwrap().clone();
    let opening = lock.running_until().map(|_| reason());
    let prospect = UnlockPreview {
        cycle: None,
        opening,
        request: UnlockRequest {
            shown_until: lock.unlocked_until.clone(),
            ..request.clone()
        },
        lock,
    };
    answer(model, *ticket, Report::Prospect(Ok(Box::new(prospect))));
}

pub fn finding() -> AccessFinding {
    AccessFinding::from(FoundByRule {
        rule: "rls_disabled_in_public".into(),
        schema: "public".into(),
        object: "loose".into(),
        what: "readable by anon".into(),
        mend: Some("alter table public.loose enable row level security".into()),
        undo: None,
    })
}
