//! What the audit list tells in a line, and what it can be asked: by keys on a record, by a search that goes on in pieces.

use crate::fixture::{ALICE, alice};
use crate::fixture::{
    answer, answer_all, filled, now, opened, press, project, record, summaries, text, ticket,
};
use serde_json::json;
use std::time::Duration;
use supadeck::app::effect::{Effect, Load, Timer};
use supadeck::app::model::{Focus, Model, Project};
use supadeck::app::msg::{Msg, Report};
use supadeck::app::ticket::{Slot, Ticket};
use supadeck::app::update;
use supadeck::domain::audit::filter::{Atom, Filter, Side, holding};
use supadeck::domain::audit::filter_book::FilterBook;
use supadeck::domain::audit::follow::News;
use supadeck::domain::audit::{ComparedRecord, Cursor, Looked, Page, Record, Summary};
use supadeck::domain::identity::Identity;
use supadeck::domain::people::Known;
use supadeck::domain::problem::{Kind, Problem};

const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (60, 14)];

/// The audit screen with these rows, and the details of the first.
fn trail(size: (u16, u16), rows: Vec<Summary>) -> Model {
    let (mut model, effects) = opened(size, alice());
    answer_all(&mut model, effects);
    let effects = press(&mut model, &["7", "r"]);
    let page = Page {
        rows,
        ..Page::default()
    };
    let effects = answer(&mut model, ticket(&effects), Report::Audit(Ok(page)));
    answer_all(&mut model, effects);
    model
}

/// The filter of the page that is asked for.
fn asked(effects: &[Effect]) -> Option<String> {
    effects.iter().find_map(|effect| match effect {
        Effect::Load {
            load: Load::Audit { filter, .. },
            ..
        } => Some(filter.to_string()),
        _ => None,
    })
}

#[test]
fn a_line_says_who_which_row_and_what_changed_at_every_size() {
    for size in SIZES {
        let model = trail(size, summaries(0..5));
        let frame = text(&model);
        for part in ["qty", "new: start_week", "deleted: unit km"] {
            assert!(frame.contains(part), "{size:?} {part}\n{frame}");
        }
        let wide: &[&str] = match size.0 {
            60 => &["week 9", "you", "ai you", "11:22:33"],
            _ => &[
                "week 9",
                "you",
                "ai you",
                "11:22:33",
                "Ship the b",
                "qty 2→3",
            ],
        };
        for part in wide {
            assert!(frame.contains(part), "{size:?} {part}\n{frame}");
        }
    }
    let frame = text(&trail((160, 40), summaries(0..5)));
    for part in ["qty 2→3", "week 9", "when (UTC)"] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
}

#[test]
fn people_are_called_by_their_names_where_they_are_known() {
    let mut rows = summaries(0..3);
    rows[0].actor_user_id = Some("b0b00000-0000-4000-8000-000000000002".into());
    let mut model = trail((120, 40), rows);
    assert!(text(&model).contains("b0b00000"), "{}", text(&model));
    let email = Some("bob@example.com".to_owned());
    model.people.add(
        "b0b00000-0000-4000-8000-000000000002",
        Known { name: None, email },
    );
    let frame = text(&model);
    assert!(frame.contains(" bob "), "{frame}");
    // And in filters.
    let effects = press(&mut model, &["/", "actor:bob", "enter"]);
    let wanted = "actor:b0b00000-0000-4000-8000-000000000002";
    assert_eq!(asked(&effects).as_deref(), Some(wanted));
    assert!(text(&model).contains("/actor:bob"), "{}", text(&model));
    press(&mut model, &["/", ",bpb", "enter"]);
    let frame = text(&model);
    assert!(frame.contains("Did you mean `actor:bob`?"), "{frame}");
}

#[test]
fn records_of_one_request_fold_under_one_line() {
    let mut rows = summaries(0..12);
    for row in &mut rows[2..9] {
        row.correlation_id = Some("40000000-0000-4000-8000-000000000009".into());
    }
    for size in SIZES {
        let mut model = trail(size, rows.clone());
        let frame = text(&model);
        assert!(frame.contains("▸ 7 in one"), "{frame}");
        press(&mut model, &["j", "j"]);
        assert_eq!(model.audit.selected, 2);
        press(&mut model, &["j"]);
        assert_eq!(model.audit.selected, 9, "over what is folded");
        press(&mut model, &["k", "space"]);
        assert!(!text(&model).contains("7 in one"), "{}", text(&model));
        press(&mut model, &["j", "j"]);
        assert_eq!(model.audit.selected, 4);
        press(&mut model, &["space"]);
        assert_eq!(model.audit.selected, 2);
        press(&mut model, &["g", "space"]);
        assert!(text(&model).contains("stands alone"), "{}", text(&model));
        press(&mut model, &["G"]);
        assert_eq!(model.audit.selected, 11);
        // What a filter finds stands there record by record.
        let effects = press(&mut model, &["/", "type:user", "enter"]);
        let page = Page {
            rows: rows.clone(),
            ..Page::default()
        };
        answer(&mut model, ticket(&effects), Report::Audit(Ok(page)));
        press(&mut model, &["j", "j", "j"]);
        assert_eq!(model.audit.selected, 3);
    }
}

/// Where one request takes a whole page, the lines below it are filled by the pages behind it.
#[test]
fn a_screen_of_folded_requests_is_filled() {
    let (mut model, effects) = opened((120, 40), alice());
    answer_all(&mut model, effects);
    let mut effects = press(&mut model, &["7", "r"]);
    let mut pages = 0_u64;
    while asked(&effects).is_some() {
        let mut rows = summaries(pages * 200..(pages + 1) * 200);
        for row in &mut rows {
            row.correlation_id = Some(format!("request {pages}"));
        }
        pages += 1;
        let page = Page {
            rows,
            has_more: true,
            ..Page::default()
        };
        effects = answer(&mut model, ticket(&effects), Report::Audit(Ok(page)));
        effects.retain(|effect| {
            matches!(
                effect,
                Effect::Load {
                    load: Load::Audit { .. },
                    ..
                }
            )
        });
    }
    assert_eq!(pages, 5, "as far as rows are held");
    assert_eq!(
        text(&model).matches("200 in one").count(),
        5,
        "{}",
        text(&model)
    );
}

#[test]
fn keys_on_a_record_ask_for_more_of_the_same_and_escape_goes_back() {
    let mut model = trail((120, 40), summaries(0..5));
    let history = "row:plan_item/20000000-0000-4000-8001-000000000902";
    let effects = press(&mut model, &["H"]);
    assert_eq!(asked(&effects).as_deref(), Some(history));
    let effects = press(&mut model, &["esc"]);
    assert_eq!(asked(&effects).as_deref(), Some(""));

    let mut model = trail((120, 40), summaries(0..5));
    press(&mut model, &["l"]);
    let effects = press(&mut model, &["c"]);
    let field = format!("{history} changed:qty");
    assert_eq!(asked(&effects).as_deref(), Some(field.as_str()));
    assert_eq!(model.focus, Focus::List);

    let mut model = trail((120, 40), summaries(0..5));
    let effects = press(&mut model, &["f"]);
    assert_eq!(asked(&effects), Some(format!("actor:{ALICE}")));

    // Every line above the difference can be selected, asked for and copied.
    let lines = [
        (
            "row:plan_item/20000000-0000-4000-8001-000000000902",
            "20000000-0000-4000-8001-000000000902",
        ),
        (
            "after.goal_id:60000000-0000-4000-8001-000000000001",
            "60000000-0000-4000-8001-000000000001",
        ),
        (
            "after.plan_id:10000000-0000-4000-8001-000000000009",
            "10000000-0000-4000-8001-000000000009",
        ),
        (
            "after.task_id:70000000-0000-4000-8001-000000000002",
            "70000000-0000-4000-8001-000000000002",
        ),
        ("on:2026-11-22", "2026-11-22T11:22:33.123456+00:00"),
        (&format!("actor:{ALICE}"), ALICE),
        ("text:\"Physio agreed\"", "Physio agreed"),
        (&format!("subject:{ALICE}"), ALICE),
        (
            "request:40000000-0000-4000-8000-000000000009",
            "40000000-0000-4000-8000-000000000009",
        ),
        ("", "203.0.113.7"),
        ("", "weeksmith/1.0"),
        ("changed:qty", "3"),
        ("changed:tags", ""),
    ];
    for size in SIZES {
        for (at, (term, value)) in lines.iter().enumerate() {
            let mut model = trail(size, summaries(0..5));
            press(&mut model, &["l", "g"]);
            press(&mut model, &vec!["j"; at]);
            if !value.is_empty() {
                let copied = press(&mut model, &["y"]);
                let text = (*value).to_owned();
                let what = "the value";
                assert_eq!(copied, [Effect::Copy { what, text }], "{at}");
            }
            let effects = press(&mut model, &["f"]);
            let wanted = (!term.is_empty()).then(|| (*term).to_owned());
            assert_eq!(asked(&effects), wanted, "{at}");
        }
    }
}

/// What is asked for by a key fits the record that it was asked on, and is never more than before.
fn deleted(record: &Record) -> ComparedRecord {
    let mut record = record.clone();
    record.action = "plan_item.delete".into();
    record.after_state = None;
    record.into()
}

#[test]
fn a_key_asks_for_what_the_record_has_and_narrows() {
    let (mut model, effects) = opened((120, 40), alice());
    answer_all(&mut model, effects);
    for effect in press(&mut model, &["7", "r", "l"]) {
        let Effect::Load { ticket, load, .. } = effect else {
            continue;
        };
        let mut report = crate::fixture::report(&load);
        if let Report::Record(Ok(record)) = &mut report {
            **record = deleted(&record.record);
        }
        for effect in answer(&mut model, ticket, report) {
            let Effect::Load { ticket, load, .. } = effect else {
                continue;
            };
            let mut report = crate::fixture::report(&load);
            if let Report::Record(Ok(record)) = &mut report {
                **record = deleted(&record.record);
            }
            answer(&mut model, ticket, report);
        }
    }
    let effects = press(&mut model, &["g", "j", "f"]);
    let goal = "before.goal_id:60000000-0000-4000-8001-000000000001";
    assert_eq!(asked(&effects).as_deref(), Some(goal), "{}", text(&model));

    let mut model = trail((120, 40), summaries(0..5));
    let effects = press(&mut model, &["/", "changed:notes", "enter"]);
    answer_all(&mut model, effects);
    press(&mut model, &["l", "g"]);
    press(&mut model, &["j"; 11]);
    let effects = press(&mut model, &["f"]);
    assert_eq!(
        asked(&effects).as_deref(),
        Some("changed:qty"),
        "{}",
        text(&model)
    );
}

#[test]
fn the_footer_of_the_list_has_room_for_the_filter() {
    let frame = text(&trail((80, 24), summaries(0..5)));
    let footer = frame.lines().last().unwrap();
    assert!(
        footer.contains("/ filter") && footer.contains("f by who"),
        "{footer}"
    );
}

#[test]
fn the_selected_line_above_the_difference_is_in_view_at_every_size() {
    for size in SIZES {
        let mut model = trail(size, summaries(0..5));
        press(&mut model, &["l", "g"]);
        for line in model.audit.head.clone() {
            let frame = text(&model);
            let start: String = line.text.chars().take(20).collect();
            assert!(frame.contains(&start), "{size:?} {start}\n{frame}");
            press(&mut model, &["j"]);
        }
        press(&mut model, &["g", "enter"]);
        assert!(
            text(&model).contains("20000000-0000-4000-8001-000000000902"),
            "{}",
            text(&model)
        );
    }
}

#[test]
fn the_whole_record_is_copied_by_its_own_key() {
    let mut model = trail((120, 40), summaries(0..5));
    press(&mut model, &["l"]);
    let [Effect::Copy { what, text }] = &press(&mut model, &["Y"])[..] else {
        panic!("copies")
    };
    assert_eq!(*what, "the record");
    let copied: Record = serde_json::from_str(text).unwrap();
    assert_eq!(copied, record(&copied.id));
}

#[test]
fn the_next_change_is_found_in_the_record_then_in_the_one_behind_it() {
    let mut model = trail((120, 40), summaries(0..5));
    press(&mut model, &["l"]);
    let key = |model: &Model| model.audit.view.lines[model.audit.view.cursor].key.clone();
    assert_eq!(key(&model), "qty");
    press(&mut model, &["]"]);
    assert_eq!(key(&model), "[1]");
    press(&mut model, &["]"]);
    assert_eq!(key(&model), "x");
    assert_eq!(model.audit.selected, 0);
    press(&mut model, &["]"]);
    assert_eq!((model.audit.selected, model.focus), (1, Focus::Detail));
    press(&mut model, &["["]);
    assert_eq!(model.audit.selected, 0);
}

#[test]
fn a_date_in_the_palette_goes_to_that_day() {
    for (typed, created_at, id) in [
        ("2026-10-12", "2026-10-13T00:00:00Z", "00000000"),
        ("2026-10-12T08:00", "2026-10-12T08:00:00Z", "ffffffff"),
    ] {
        let mut model = trail((120, 40), summaries(0..5));
        press(&mut model, &[":", typed]);
        assert!(
            text(&model).contains("enter goes to the last record"),
            "{}",
            text(&model)
        );
        let effects = press(&mut model, &["enter"]);
        let Some(Effect::Load {
            load: Load::Audit {
                from: Some(from), ..
            },
            ..
        }) = effects.first()
        else {
            panic!("{effects:?}")
        };
        assert_eq!(from.created_at, created_at);
        assert!(from.id.starts_with(id));
        let page = Page {
            rows: summaries(50..60),
            has_more: true,
            ..Page::default()
        };
        answer(&mut model, ticket(&effects), Report::Audit(Ok(page)));
        assert_eq!(model.audit.selected, 0);
        // Newer rows are there, too.
        let effects = press(&mut model, &["j"]);
        let found = effects.iter().any(|effect| {
            matches!(
                effect,
                Effect::Load {
                    load: Load::Audit { from: Some(_), .. },
                    ..
                }
            )
        });
        assert!(found, "{effects:?}");
    }
}

/// A piece of a search: these rows, and how far it came.
fn piece(rows: Vec<Summary>, count: u64, has_more: bool) -> Report {
    let at = now() - jiff::SignedDuration::from_hours(24 * i64::try_from(count / 1_000).unwrap());
    let up_to = at.to_string();
    let next = Cursor {
        created_at: up_to.clone(),
        id: format!("{count:08}-0000-4000-8000-000000000000"),
    };
    Report::Audit(Ok(Page {
        rows,
        has_more,
        next: Some(next),
        looked: Some(Looked {
            count,
            is_more: false,
            up_to: Some(up_to),
        }),
        ..Page::default()
    }))
}

#[test]
fn a_search_goes_on_by_itself_says_how_far_it_is_and_can_be_stopped() {
    for size in SIZES {
        let mut model = filled(size);
        let effects = press(&mut model, &["7", "/", "text:ankle", "enter"]);
        let effects = answer(&mut model, ticket(&effects), piece(Vec::new(), 2_000, true));
        let frame = text(&model);
        assert!(frame.contains("looked at 2,000"), "{frame}");
        assert!(frame.contains("20 Nov"), "{frame}");
        let from = |effects: &[Effect]| {
            effects.iter().find_map(|effect| match effect {
                Effect::Load {
                    load: Load::Audit { from, .. },
                    ..
                } => from.clone(),
                _ => None,
            })
        };
        assert!(
            from(&effects).unwrap().id.starts_with("00002000"),
            "{effects:?}"
        );
        // The first hits are seen at once, and the search goes on.
        let effects = answer(
            &mut model,
            ticket(&effects),
            piece(summaries(3..5), 2_000, true),
        );
        assert_eq!(model.audit.held(), 2);
        let load = effects
            .iter()
            .rfind(|effect| from(std::slice::from_ref(effect)).is_some());
        let waiting = ticket(&[load.unwrap().clone()]);
        assert!(text(&model).contains("4,000"), "{}", text(&model));
        // It is stopped behind the piece that is awaited.
        assert_eq!(press(&mut model, &["esc"]), []);
        let effects = answer(&mut model, waiting, piece(summaries(7..8), 1_000, true));
        assert_eq!(from(&effects), None, "{effects:?}");
        assert_eq!(model.audit.held(), 3);
        assert!(text(&model).contains("stopped"), "{}", text(&model));
        // One step on, it goes on.
        let effects = press(&mut model, &["j", "j", "j"]);
        assert!(from(&effects).is_some(), "{effects:?}");
        let effects = answer(&mut model, ticket(&effects), piece(Vec::new(), 500, false));
        assert_eq!(from(&effects), None);
        assert!(!text(&model).contains("looked at"), "{}", text(&model));
    }
}

#[test]
fn a_filter_is_completed_and_earlier_ones_are_called_up() {
    let mut model = trail((120, 40), summaries(0..5));
    press(&mut model, &["/", "act", "tab"]);
    assert!(text(&model).contains("/actor:"), "{}", text(&model));
    press(&mut model, &["tab", "tab"]);
    assert!(text(&model).contains("/action:") || text(&model).contains("/actor:"));
    press(&mut model, &["esc", "/", "changed:q", "tab", "enter"]);
    assert_eq!(model.audit.filter_text, "changed:qty");
    press(&mut model, &["/", "ctrl-u", "type:a", "tab", "enter"]);
    assert_eq!(model.audit.filter_text, "type:ai");
    press(&mut model, &["/", "up", "up"]);
    assert!(text(&model).contains(" /changed:qty"), "{}", text(&model));
    press(&mut model, &["down"]);
    assert!(text(&model).contains(" /type:ai"), "{}", text(&model));
    press(&mut model, &["enter"]);
    assert_eq!(model.filter_history(), ["changed:qty", "type:ai"]);
}

/// A filter that was typed as one identity is not called up as another, and is kept only where the project keeps them.
#[test]
fn earlier_filters_are_those_of_the_identity() {
    let mut model = trail((120, 40), summaries(0..5));
    let kept = |effects: &[Effect]| -> Vec<String> {
        let kept = effects.iter().filter_map(|effect| match effect {
            Effect::KeepFilter { who, filter, .. } => Some(format!("{who} {filter}")),
            _ => None,
        });
        kept.collect()
    };
    let effects = press(&mut model, &["/", "type:ai", "enter"]);
    assert_eq!(kept(&effects), [""; 0]);
    let mut book = FilterBook::of("http://127.0.0.1:54321");
    book.remember(&format!("user:{ALICE}"), "changed:qty");
    let project = Project {
        filters: Some(book),
        ..project()
    };
    model.open_project(project, alice());
    press(&mut model, &["/", "up"]);
    assert!(text(&model).contains(" /changed:qty"), "{}", text(&model));
    let effects = press(&mut model, &["ctrl-u", "actor:me", "enter"]);
    assert_eq!(kept(&effects), [format!("user:{ALICE} actor:me")]);
    model.become_identity(Identity::Service);
    press(&mut model, &["/", "up"]);
    assert!(!text(&model).contains("actor:me"), "{}", text(&model));
    let effects = press(&mut model, &["type:ai", "enter"]);
    assert_eq!(kept(&effects), ["service type:ai"]);
    model.become_identity(alice());
    assert_eq!(model.filter_history(), ["changed:qty", "actor:me"]);
}

/// The trail is followed only where that was asked for, moves nothing that one reads, and shows each record once.
#[test]
fn a_followed_trail_shows_what_comes_and_moves_nothing() {
    let follows = |effects: &[Effect]| {
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Arm(Timer::Follow, _)))
    };
    let mut model = trail((120, 40), summaries(10..140));
    assert!(
        !follows(&press(&mut model, &["r"])),
        "nothing is asked by itself"
    );
    let mut model = trail((120, 40), summaries(10..140));
    let effects = press(&mut model, &["F"]);
    let page = Page {
        rows: summaries(10..140),
        ..Page::default()
    };
    let effects = answer(&mut model, ticket(&effects), Report::Audit(Ok(page)));
    assert!(follows(&effects));
    assert!(text(&model).contains("following"), "{}", text(&model));
    let news = |model: &mut Model, rows: std::ops::Range<u64>| {
        let effects = update(model, Msg::TimerFired(Timer::Follow));
        let mut rows = summaries(rows);
        rows.reverse();
        let effects = answer(model, ticket(&effects), came(rows));
        assert!(follows(&effects), "{effects:?}");
    };
    // At the newest record the selection goes along.
    news(&mut model, 8..12);
    assert_eq!((model.audit.held(), model.audit.selected), (132, 0));
    assert_eq!(model.audit.row(0).unwrap().id, summaries(8..9)[0].id);
    // Further down nothing moves; what has come is announced.
    press(&mut model, &["j", "j", "j"]);
    let read = model.audit.row(model.audit.selected).unwrap().id.clone();
    let line = model.audit.selected_line();
    news(&mut model, 3..8);
    assert_eq!(model.audit.row(model.audit.selected).unwrap().id, read);
    assert_eq!(model.audit.selected_line(), line);
    assert!(
        text(&model).contains("5 new, . shows them"),
        "{}",
        text(&model)
    );
    press(&mut model, &["."]);
    assert_eq!(
        model.audit.row(model.audit.selected).unwrap().id,
        summaries(3..4)[0].id
    );
    assert!(text(&model).contains("following"), "{}", text(&model));
    // In the order of time, whatever comes late.
    let held: Vec<String> = (0..model.audit.held())
        .map(|at| model.audit.row(at).unwrap().id.clone())
        .collect();
    let all: Vec<String> = summaries(3..140).into_iter().map(|row| row.id).collect();
    assert_eq!(held, all);
    // On another screen nothing is asked; back here it goes on.
    press(&mut model, &["1"]);
    assert_eq!(update(&mut model, Msg::TimerFired(Timer::Follow)), []);
    assert!(asked(&press(&mut model, &["7"])).is_some());
    press(&mut model, &["F"]);
    assert_eq!(update(&mut model, Msg::TimerFired(Timer::Follow)), []);
    // Somebody else's trail is not followed.
    press(&mut model, &["F"]);
    model.become_identity(Identity::Service);
    assert_eq!(update(&mut model, Msg::TimerFired(Timer::Follow)), []);
}

#[test]
fn a_filter_is_saved_under_a_name_and_called_up_by_it() {
    let mut model = trail((120, 40), summaries(0..5));
    let effects = press(&mut model, &["/", "@mine = actor:me changed:qty", "enter"]);
    assert!(asked(&effects).unwrap().contains("changed:qty"));
    assert_eq!(model.audit.filter_text, "actor:me changed:qty");
    // The project of these tests keeps none.
    let saved = |effects: &[Effect]| {
        effects
            .iter()
            .any(|one| matches!(one, Effect::SaveFilter { .. }))
    };
    assert!(!saved(&effects));
    assert!(model.toast.as_deref().unwrap().contains("no profile"));
    press(&mut model, &["esc"]);
    press(&mut model, &["/", "since:2d @m", "tab"]);
    assert!(text(&model).contains("since:2d @mine"), "{}", text(&model));
    press(&mut model, &["enter"]);
    assert_eq!(model.audit.filter_text, "since:2d actor:me changed:qty");
    // A fault is where it was typed, and nothing is saved under a name.
    press(&mut model, &["esc", "/", "@odd = sinc:2d", "enter"]);
    assert!(text(&model).contains("Column 8"), "{}", text(&model));
    press(&mut model, &["-"]);
    assert!(text(&model).contains("@odd = -sinc:2d"), "{}", text(&model));
    press(&mut model, &["esc", "/", "@odd", "enter"]);
    assert!(
        text(&model).contains("No filter is called"),
        "{}",
        text(&model)
    );
    // With a profile it is kept in the user's files; the name is taken away in the same way.
    press(&mut model, &["esc"]);
    let project = model.project.as_mut().unwrap();
    project.filters = Some(FilterBook::default());
    let effects = press(&mut model, &["/", "@mine = actor:me", "enter"]);
    assert!(saved(&effects));
    press(&mut model, &["esc"]);
    let effects = press(&mut model, &["/", "@mine =", "enter"]);
    assert!(matches!(
        effects
            .iter()
            .find(|one| matches!(one, Effect::SaveFilter { .. })),
        Some(Effect::SaveFilter { filter: None, .. })
    ));
    assert_eq!(model.filter_book.saved().count(), 0);
}

#[test]
fn an_id_in_the_palette_goes_to_that_record() {
    let found = |model: &mut Model, effects: &[Effect]| {
        // The palette reads the tables too, to name them.
        let found = effects.iter().find_map(|effect| match effect {
            Effect::Load {
                ticket,
                load: Load::Find(id),
                ..
            } => Some((*ticket, id.clone())),
            _ => None,
        });
        let (ticket, id) = found.unwrap_or_else(|| panic!("{effects:?}"));
        answer(model, ticket, crate::fixture::report(&Load::Find(id)))
    };
    let id = "aaaaaaaa-0000-4000-8000-000000000077".to_owned();
    let mut model = trail((120, 40), summaries(0..5));
    press(&mut model, &[":", &id]);
    let frame = text(&model);
    assert!(
        frame.contains("enter goes to the record aaaaaaaa"),
        "{frame}"
    );
    let effects = press(&mut model, &["enter"]);
    let effects = found(&mut model, &effects);
    assert!(matches!(
        &effects[..],
        [Effect::Load { load: Load::Audit { from: Some(from), .. }, .. }] if from.id == id
    ));
    let page = Page {
        rows: summaries(50..60),
        has_more: true,
        ..Page::default()
    };
    answer(&mut model, ticket(&effects), Report::Audit(Ok(page)));
    assert_eq!(model.audit.row(0).unwrap().id, id);
    assert_eq!((model.audit.held(), model.audit.selected), (11, 0));
    assert_eq!(
        model.audit.shown_record().unwrap().id,
        id,
        "it is here already"
    );
    assert!(model.audit.has_newer);
    // A filter that it does not fit is left, and gone back to; what was followed under it is not shown here.
    let mut model = trail((120, 40), summaries(0..5));
    press(&mut model, &["F"]);
    press(&mut model, &["/", "action:goal.delete", "enter"]);
    let effects = press(&mut model, &[":", &id, "enter"]);
    let effects = found(&mut model, &effects);
    assert!(begun(&effects).is_some(), "{effects:?}");
    assert_eq!(model.audit.filter_text, "");
    assert!(model.toast.as_deref().unwrap().contains("esc goes back"));
    assert_eq!(model.audit.came_from, ["action:goal.delete"]);
    // One that is not there is said, and the list stays.
    let mut model = trail((120, 40), summaries(0..5));
    press(&mut model, &[":", &id]);
    let effects = press(&mut model, &["enter"]);
    let gone = Problem::new(Kind::Denied, "It is not visible.", "");
    answer(&mut model, ticket(&effects), Report::Found(Err(gone)));
    assert_eq!(model.audit.held(), 5);
    assert!(model.toast.as_deref().unwrap().contains("not visible"));
}

#[test]
fn a_moved_element_is_one_line_in_every_view() {
    for size in SIZES {
        let mut model = trail(size, summaries(0..5));
        let mut whole = record(&model.audit.row(0).unwrap().id.clone());
        let items = |ids: [u8; 3]| json!({"list": ids.map(|id| json!({"id": id, "n": "x"}))});
        whole.before_state = Some(items([1, 2, 3]));
        whole.after_state = Some(items([3, 1, 2]));
        model.audit.record_arrived(Ok(whole.into()), now());
        press(&mut model, &["l"]);
        let frame = text(&model);
        assert!(
            frame.contains("> ") && frame.contains("[2→0]") && frame.contains("moved {"),
            "{frame}"
        );
        assert!(!frame.contains("- ["), "{frame}");
        press(&mut model, &["g", "]"]);
        assert_eq!(model.audit.view.lines[model.audit.view.cursor].key, "[2→0]");
        for _ in 0..2 {
            press(&mut model, &["v"]);
            assert!(text(&model).contains("[2→0]"), "{}", text(&model));
        }
    }
}

fn came(rows: Vec<Summary>) -> Report {
    Report::News(Ok(Some(News {
        rows,
        took: Duration::from_millis(20),
    })))
}

/// The wait that is armed until the trail is asked again.
fn wait(effects: &[Effect]) -> Option<Duration> {
    effects.iter().find_map(|effect| match effect {
        Effect::Arm(Timer::Follow, wait) => Some(*wait),
        _ => None,
    })
}

/// The number of the follow that a page begins.
fn begun(effects: &[Effect]) -> Option<u64> {
    effects.iter().find_map(|effect| match effect {
        Effect::Load {
            load: Load::Audit { follow, .. },
            ..
        } => *follow,
        _ => None,
    })
}

fn page(rows: std::ops::Range<u64>) -> Report {
    Report::Audit(Ok(Page {
        rows: summaries(rows),
        ..Page::default()
    }))
}

/// A deck whose trail is followed, and a question that is under way.
fn followed_and_asked() -> (Model, Ticket) {
    let mut model = trail((120, 40), summaries(10..40));
    let effects = press(&mut model, &["F"]);
    answer(&mut model, ticket(&effects), page(10..40));
    let effects = update(&mut model, Msg::TimerFired(Timer::Follow));
    let asked = ticket(&effects);
    (model, asked)
}

#[test]
fn what_comes_late_of_another_filter_identity_or_project_is_neither_shown_nor_counted() {
    // A filter that is typed, one that a key makes, and going back.
    for keys in [
        &["/", "c", "h", "a", "n", "g", "e", "d", ":", "q", "enter"][..],
        &["f"],
        &["H"],
    ] {
        let (mut model, late) = followed_and_asked();
        let effects = press(&mut model, keys);
        assert_eq!(begun(&effects), Some(model.follows), "{keys:?}");
        // While the page is on its way nothing is asked, and what was asked before is not taken.
        assert_eq!(update(&mut model, Msg::TimerFired(Timer::Follow)), []);
        assert_eq!(
            answer(&mut model, late, came(summaries(3..8))),
            [],
            "{keys:?}"
        );
        assert_eq!((model.audit.held(), model.audit.following), (0, Some(0)));
        let next = answer(&mut model, ticket(&effects), page(20..22));
        assert!(wait(&next).is_some());
        assert_eq!(answer(&mut model, late, came(summaries(3..8))), []);
        assert_eq!((model.audit.held(), model.audit.following), (2, Some(0)));
        // The next question is of the new follow.
        let asked = update(&mut model, Msg::TimerFired(Timer::Follow));
        let number = model.follows;
        assert!(matches!(
            asked[..],
            [Effect::Load { load: Load::News { follow }, .. }] if follow == number
        ));
    }
    let (mut model, late) = followed_and_asked();
    let before = model.follows;
    model.become_identity(Identity::Service);
    assert_eq!(answer(&mut model, late, came(summaries(3..8))), []);
    assert_eq!((model.audit.held(), model.audit.following), (0, None));
    press(&mut model, &["7"]);
    assert!(
        begun(&press(&mut model, &["F"])).unwrap() > before,
        "another number"
    );
    // Switched off and on again while it was asked.
    let (mut model, late) = followed_and_asked();
    press(&mut model, &["F"]);
    let effects = press(&mut model, &["F"]);
    assert_eq!(answer(&mut model, late, came(summaries(3..8))), []);
    assert_eq!(model.audit.held(), 30);
    assert!(begun(&effects).is_some());
}

#[test]
fn a_follow_whose_page_is_left_for_another_one_begins_with_that() {
    let mut model = trail((120, 40), summaries(10..40));
    press(&mut model, &["F"]);
    let effects = press(&mut model, &["/", "o", "n", ":", "2", "d", "esc"]);
    assert_eq!(begun(&effects), None);
    let effects = update(&mut model, Msg::TimerFired(Timer::Follow));
    assert_eq!(effects, [], "the page is on its way");
    // To the oldest before the page is there.
    model.audit.has_older = true;
    let effects = press(&mut model, &["G"]);
    assert_eq!(begun(&effects), Some(2));
    let effects = answer(&mut model, ticket(&effects), page(30..40));
    assert!(wait(&effects).is_some());
}

#[test]
fn the_trail_is_asked_less_often_where_asking_takes_long_or_fails() {
    let (mut model, asked) = followed_and_asked();
    let slow = Report::News(Ok(Some(News {
        rows: Vec::new(),
        took: Duration::from_secs(5),
    })));
    let effects = answer(&mut model, asked, slow);
    assert_eq!(wait(&effects), Some(Duration::from_secs(20)));
    // Moving about makes it no more often.
    model.audit.has_older = true;
    press(&mut model, &["j", "j", "j"]);
    let mut waits = Vec::new();
    for _ in 0..5 {
        let effects = update(&mut model, Msg::TimerFired(Timer::Follow));
        let broken = Problem::new(Kind::Network, "broken", "").retryable();
        let effects = answer(&mut model, ticket(&effects), Report::News(Err(broken)));
        waits.push(wait(&effects).unwrap().as_secs());
    }
    assert_eq!(waits, [4, 8, 16, 30, 30]);
    // A follow that never began begins with the list.
    let effects = update(&mut model, Msg::TimerFired(Timer::Follow));
    let effects = answer(&mut model, ticket(&effects), Report::News(Ok(None)));
    assert!(begun(&effects).is_some());
    // Where the list is refused, the list says so, and nothing is asked by itself.
    let denied = Problem::new(Kind::Denied, "denied", "");
    let effects = answer(&mut model, ticket(&effects), Report::Audit(Err(denied)));
    assert_eq!(wait(&effects), None);
    assert_eq!(model.audit.following, None);
}

/// `esc` gives up a question that takes long: the trail is followed no more, which is no fault.
#[test]
fn giving_up_the_question_ends_the_follow_and_says_so() {
    let (mut model, asked) = followed_and_asked();
    update(
        &mut model,
        Msg::Waiting {
            ticket: asked,
            at: now(),
            whom: "REST".into(),
        },
    );
    let effects = press(&mut model, &["esc"]);
    assert!(matches!(&effects[..], [Effect::CancelReads(slots)] if slots == &[Slot::News]));
    let stopped = Report::News(Err(Problem::cancelled("Reading was stopped.")));
    answer(&mut model, asked, stopped);
    assert_eq!(model.audit.following, None);
    assert_eq!(
        model.toast.as_deref(),
        Some("The trail is not followed any more.")
    );
}

/// One rule: days and times are those of the zone that is shown, in the list, above a record, in what a key asks for and in what is typed.
#[test]
fn the_zone_that_is_shown_is_the_zone_that_is_typed() {
    let mut model = trail((120, 40), summaries(0..5));
    model.zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(14));
    let from = |effects: &[Effect]| {
        let asked = effects.iter().find_map(|effect| match effect {
            Effect::Load {
                load: Load::Audit { filter, .. },
                ..
            } => Some(filter.clone()),
            _ => None,
        });
        let moments = asked.into_iter().flat_map(|filter| {
            let atoms = filter.atoms().cloned().collect::<Vec<_>>();
            atoms.into_iter().filter_map(|atom| match atom {
                Atom::On(moment) => Some(moment.at().to_string()),
                _ => None,
            })
        });
        moments.collect::<Vec<_>>()
    };
    // The record is of 11:22 UTC on the 22nd: of the 23rd, 01:22, fourteen hours east.
    press(&mut model, &["t", "t"]);
    assert!(text(&model).contains("when (local)"), "{}", text(&model));
    press(&mut model, &["l"]);
    let frame = text(&model);
    assert!(frame.contains("2026-11-23 01:22:33 +14:00"), "{frame}");
    let at = model
        .audit
        .head
        .iter()
        .position(|line| line.name == "when")
        .unwrap();
    press(&mut model, &["g"]);
    let effects = press(&mut model, &[&vec!["j"; at][..], &["f"]].concat());
    assert_eq!(model.audit.filter_text, "on:2026-11-23");
    assert_eq!(from(&effects), ["2026-11-22T10:00:00Z"]);
    // The same words mean the day of UTC once that is shown.
    let effects = press(&mut model, &["t"]);
    assert_eq!(from(&effects), ["2026-11-23T00:00:00Z"]);
    // What means the same everywhere is not asked for again.
    let effects = press(
        &mut model,
        &["/", "ctrl-u", "since:2026-11-22T11:00Z", "enter", "t"],
    );
    assert_eq!(
        effects
            .iter()
            .filter(|effect| asked(std::slice::from_ref(effect)).is_some())
            .count(),
        1
    );
}

/// Records that came or went changed no field: they are asked for by what they hold.
#[test]
fn a_field_of_a_row_that_came_or_went_is_asked_for_by_its_value() {
    let history = "row:plan_item/20000000-0000-4000-8001-000000000902";
    for (side, key, term) in [
        ("after", "f", "after.qty:3"),
        ("before", "f", "before.qty:2"),
        ("after", "c", "after.qty:3"),
        ("before", "c", "before.qty:2"),
    ] {
        let mut model = trail((120, 40), summaries(0..5));
        let id = model.audit.row(0).unwrap().id.clone();
        let mut whole = record(&id);
        if side == "after" {
            whole.before_state = None;
        } else {
            whole.after_state = None;
        }
        model.audit.record_arrived(Ok(whole.into()), now());
        press(&mut model, &["l"]);
        while model.audit.view.lines[model.audit.view.cursor].key != "qty" {
            press(&mut model, &["j"]);
        }
        let effects = press(&mut model, &[key]);
        let wanted = if key == "c" {
            format!("{history} {term}")
        } else {
            term.to_owned()
        };
        assert_eq!(
            asked(&effects).as_deref(),
            Some(wanted.as_str()),
            "{side} {key}"
        );
    }
}

/// What a value is asked for by is read as that value, whatever it is.
#[test]
fn a_value_is_asked_for_as_it_is() {
    for value in [
        json!("null"),
        json!("3"),
        json!(3),
        json!(""),
        json!("a,\"b\" c"),
        json!(true),
        json!(null),
        json!({"a": 1}),
        json!("x*%_".repeat(100)),
    ] {
        let record = Record {
            after_state: Some(json!({"v": value})),
            ..Record::default()
        };
        let term = holding(Side::After, "v", &value);
        let filter = Filter::parse(&term, now()).unwrap();
        assert!(filter.fits(&record, &Identity::Service), "{term}");
        let other = Record {
            after_state: Some(json!({"v": if value.is_null() { json!(1) } else { json!(null) }})),
            ..Record::default()
        };
        assert!(!filter.fits(&other, &Identity::Service), "{term}");
    }
}

#[test]
fn a_fault_puts_the_cursor_on_its_column() {
    let mut model = trail((120, 40), summaries(0..5));
    press(&mut model, &["/", "since:2h acton:x type:ai", "enter"]);
    assert!(text(&model).contains("Column 10"), "{}", text(&model));
    // What is typed now goes there.
    press(&mut model, &["-"]);
    assert!(
        text(&model).contains("since:2h -acton:x"),
        "{}",
        text(&model)
    );
}

#[test]
fn hostile_values_are_harmless_and_never_wider_than_their_column() {
    let mut rows = summaries(0..1);
    let hostile = "\u{1b}[2J\u{202e}\u{7}漢字漢字漢字漢字漢字漢字";
    let found = Record {
        action: format!("{hostile}.update"),
        before_state: Some(json!({"id": hostile, "title": hostile, hostile: hostile})),
        after_state: Some(json!({"id": hostile, "title": hostile, hostile: 3})),
        rationale: Some(hostile.into()),
        actor_type: hostile.into(),
        created_at: rows[0].created_at.clone(),
        id: rows[0].id.clone(),
        ..Record::default()
    };
    rows[0] = Summary::from(found);
    for size in SIZES {
        let frame = text(&trail(size, rows.clone()));
        assert!(
            !frame.contains('\u{1b}') && !frame.contains('\u{202e}'),
            "{frame}"
        );
    }
}

#[test]
fn nothing_in_the_list_grows_old_on_a_screen_that_rests() {
    let mut model = trail((120, 40), summaries(0..20));
    let before = text(&model);
    model.now += jiff::SignedDuration::from_mins(90);
    assert_eq!(text(&model), before);
}

#[test]
fn a_record_without_images_does_not_say_that_nothing_changed() {
    let (mut model, effects) = opened((120, 40), alice());
    answer_all(&mut model, effects);
    for effect in press(&mut model, &["7", "r"]) {
        let Effect::Load { ticket, load, .. } = effect else {
            continue;
        };
        answer(&mut model, ticket, crate::fixture::report(&load));
    }
    press(&mut model, &["j"]);
    let id = model.audit.row(1).unwrap().id.clone();
    let mut unread = record(&id);
    unread.action = "note.update".into();
    (unread.before_state, unread.after_state) = (None, None);
    for effect in update(&mut model, Msg::TimerFired(Timer::Details)) {
        if let Effect::Load {
            ticket,
            load: Load::Record(_),
            ..
        } = effect
        {
            let record = Box::new(unread.clone().into());
            answer(&mut model, ticket, Report::Record(Ok(record)));
        }
    }
    let frame = text(&model);
    let frame: Vec<&str> = frame
        .split_whitespace()
        .filter(|word| *word != "│")
        .collect();
    let frame = frame.join(" ");
    assert!(
        frame.contains("What changed is not known: the row before and after could not be read."),
        "{frame}"
    );
}
