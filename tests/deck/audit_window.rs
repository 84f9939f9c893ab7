//! The audit window: any row of a long trail, a few pages in memory, none lost and none twice.

use crate::fixture::{
    alice, answer, answer_all, filled, opened, press, record, summaries, text, ticket,
};
use supadeck::app::effect::{Effect, Load};
use supadeck::app::model::{Focus, Model};
use supadeck::app::msg::Report;
use supadeck::app::screen::audit::PAGE_ROWS;
use supadeck::domain::audit::{Page, PageDirection};

const TRAIL: u64 = 3_000;

/// Answers like a server with a trail of `TRAIL` rows.
fn serve(model: &mut Model, effects: Vec<Effect>) {
    for effect in effects {
        let Effect::Load {
            ticket,
            load: Load::Audit { from, way, .. },
            ..
        } = effect
        else {
            continue;
        };
        let at = from.map(|cursor| cursor.id[..8].parse::<u64>().unwrap());
        let page = PAGE_ROWS as u64;
        let rows = match (way, at) {
            (PageDirection::Older, None) => 0..page.min(TRAIL),
            (PageDirection::Older, Some(at)) => at + 1..(at + 1 + page).min(TRAIL),
            (PageDirection::Newer, None) => TRAIL - page..TRAIL,
            (PageDirection::Newer, Some(at)) => at.saturating_sub(page)..at,
        };
        let has_more = match way {
            PageDirection::Older => rows.end < TRAIL,
            PageDirection::Newer => rows.start > 0,
        };
        let report = Report::Audit(Ok(Page {
            rows: summaries(rows),
            has_more,
            ..Page::default()
        }));
        let effects = answer(model, ticket, report);
        serve(model, effects);
    }
}

fn trail() -> Model {
    let (mut model, effects) = opened((120, 40), alice());
    press(&mut model, &["7"]);
    serve(&mut model, effects);
    model
}

fn selected(model: &Model) -> u64 {
    model.audit.row(model.audit.selected).unwrap().id[..8]
        .parse()
        .unwrap()
}

#[test]
fn walking_down_and_up_meets_every_row_once_and_holds_few() {
    let mut model = trail();
    for row in 0..TRAIL {
        assert_eq!(selected(&model), row);
        assert!(
            model.audit.held() <= 6 * PAGE_ROWS,
            "{} rows are held",
            model.audit.held()
        );
        let effects = press(&mut model, &["j"]);
        serve(&mut model, effects);
    }
    assert_eq!(selected(&model), TRAIL - 1);
    assert!(
        text(&model).contains("row 3000 of 3000"),
        "{}",
        text(&model)
    );
    for row in (0..TRAIL).rev() {
        assert_eq!(selected(&model), row);
        let effects = press(&mut model, &["k"]);
        serve(&mut model, effects);
    }
    assert!(text(&model).contains("row 1"), "{}", text(&model));
}

#[test]
fn the_ends_are_one_key_away() {
    let mut model = trail();
    let effects = press(&mut model, &["G"]);
    serve(&mut model, effects);
    assert_eq!(selected(&model), TRAIL - 1);
    let effects = press(&mut model, &["k"]);
    serve(&mut model, effects);
    assert_eq!(selected(&model), TRAIL - 2);
    let effects = press(&mut model, &["g"]);
    serve(&mut model, effects);
    assert_eq!(selected(&model), 0);
}

#[test]
fn only_the_resting_selection_reads_its_record() {
    let mut model = trail();
    let effects = press(&mut model, &["j", "j", "j"]);
    assert!(
        effects
            .iter()
            .all(|effect| matches!(effect, Effect::Arm(..))),
        "{effects:?}"
    );
    let effects = supadeck::app::update(
        &mut model,
        supadeck::app::msg::Msg::TimerFired(supadeck::app::effect::Timer::Details),
    );
    let [
        Effect::Load {
            load: Load::Record(id),
            ..
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    assert!(id.starts_with("00000003"));
}

#[test]
fn a_record_that_is_not_the_selected_one_is_not_shown() {
    let mut model = trail();
    let effects = press(&mut model, &["j"]);
    answer_all(&mut model, effects);
    model.audit.record_arrived(
        Ok(record("ffffffff-0000-4000-8000-000000000000").into()),
        crate::fixture::now(),
    );
    assert!(
        text(&model).contains("Reading the record."),
        "{}",
        text(&model)
    );
}

#[test]
fn a_wrong_filter_stays_in_the_line_with_its_reason() {
    let mut model = filled((120, 40));
    press(&mut model, &["7", "/", "acton:x", "enter"]);
    let text = text(&model);
    assert!(text.contains("acton"), "{text}");
    assert!(!model.dialogs.is_empty());
    assert!(model.audit.filter.is_empty());
}

#[test]
fn what_a_wrong_filter_may_have_meant_comes_first_and_nothing_is_cut() {
    for size in [(120, 40), (80, 24)] {
        let mut model = filled(size);
        let wrong = format!("action:plan_item.update {}acton:x", "since:1h ".repeat(5));
        press(&mut model, &["7", "/", &wrong, "enter"]);
        let frame = text(&model);
        let told = frame.split_whitespace().collect::<Vec<_>>().join(" ");
        let fault = "Did you mean `action:`? Column 70: `acton:` is not a filter. The keys are actor, action, changed, since, until, on, row, text, subject, request, type, and paths such as `after.status`.";
        assert!(told.contains(fault), "{frame}");
        press(&mut model, &["backspace"]);
        assert!(!text(&model).contains("Did you mean"), "{}", text(&model));
    }
}

#[test]
fn escape_leaves_the_search_inside_a_record_then_the_details() {
    let mut model = filled((120, 40));
    let effects = press(&mut model, &["7"]);
    answer_all(&mut model, effects);
    press(&mut model, &["l", "/", "nowhere", "enter"]);
    assert!(text(&model).contains("nothing fits “nowhere”"));
    press(&mut model, &["esc"]);
    assert!(!text(&model).contains("nowhere"), "{}", text(&model));
    assert_eq!(model.focus, Focus::Detail);
    press(&mut model, &["esc"]);
    assert_eq!(model.focus, Focus::List);
    // From the list it can be left as well, and before the filter of the list.
    press(&mut model, &["l", "/", "nowhere", "enter", "h", "esc"]);
    assert!(!text(&model).contains("nowhere"), "{}", text(&model));
}

/// The first record in view, with this reason.
fn with_reason(size: (u16, u16), reason: &str) -> Model {
    let mut model = filled(size);
    let effects = press(&mut model, &["7"]);
    let mut found = record(&model.audit.row(0).unwrap().id);
    found.rationale = Some(reason.into());
    let report = Report::Record(Ok(Box::new(found.into())));
    answer(&mut model, ticket(&effects), report);
    model
}

#[test]
fn a_long_reason_is_read_whole_and_a_huge_one_hides_nothing() {
    for size in [(120, 40), (100, 30), (80, 24)] {
        let words = "Sprained ankle, and the physiotherapist said that running has to wait until the swelling is gone";
        let frame = text(&with_reason(size, words));
        // Side by side the list stands before the reason: its last words are looked for.
        for part in ["Sprained ankle", "physiotherapist", "swelling", "gone"] {
            assert!(frame.contains(part), "{part}\n{frame}");
        }
        let huge = format!("{}and so it ended", "because ".repeat(250));
        let mut model = with_reason(size, &huge);
        let frame = text(&model);
        let cut = |line: &str| line.contains("becaus") && line.ends_with('…');
        assert!(frame.lines().any(cut), "{frame}");
        for part in ["qty", "actor", "alice@example.com", "when"] {
            assert!(frame.contains(part), "{part}\n{frame}");
        }
        assert!(!frame.contains("and so it ended"), "{frame}");
        press(&mut model, &["l", "G"]);
        assert!(text(&model).contains("and so it ended"), "{}", text(&model));
    }
}

/// In every view and at every size the end of a long text is seen to have changed; enter opens it whole.
#[test]
fn a_long_text_whose_end_changed_is_seen_to_differ_and_opens_whole() {
    for size in [(120, 40), (80, 24), (60, 14)] {
        let mut model = filled(size);
        let effects = press(&mut model, &["7"]);
        let mut found = record(&model.audit.row(0).unwrap().id);
        let text_of = |end: &str| format!("{}{end}", "lorem ipsum dolor sit amet ".repeat(18));
        found.before_state = Some(serde_json::json!({"notes": text_of("one")}));
        found.after_state = Some(serde_json::json!({"notes": text_of("two")}));
        answer(
            &mut model,
            ticket(&effects),
            Report::Record(Ok(Box::new(found.into()))),
        );
        press(&mut model, &["l"]);
        for _ in 0..3 {
            let frame = text(&model);
            assert!(
                frame.contains("one\"") && frame.contains("two\""),
                "{size:?}\n{frame}"
            );
            press(&mut model, &["v"]);
        }
        press(&mut model, &["enter"]);
        let mut seen = text(&model);
        for _ in 0..40 {
            press(&mut model, &["j"]);
            seen.push_str(&text(&model));
        }
        for part in ["before", "after", "amet one", "amet two", "lorem ipsum"] {
            assert!(seen.contains(part), "{size:?} {part}\n{seen}");
        }
        press(&mut model, &["esc"]);
        assert!(model.dialogs.is_empty());
    }
}

#[test]
fn the_search_inside_a_record_finds_its_reason() {
    let mut model = with_reason((80, 24), "Sprained ankle, running has to wait");
    press(&mut model, &["l", "G"]);
    assert_eq!(text(&model).matches("Sprained").count(), 1, "said once");
    press(&mut model, &["/", "Running HAS", "enter"]);
    let frame = text(&model);
    assert!(frame.contains("1 line fits"), "{frame}");
    let line = &model.audit.view.lines[model.audit.view.cursor];
    assert_eq!(line.key, "why", "the cursor is on it");
    press(&mut model, &["esc"]);
    assert_eq!(text(&model).matches("Sprained").count(), 1);
}

#[test]
fn a_filter_asks_the_server_and_escape_drops_it() {
    let mut model = filled((120, 40));
    let effects = press(&mut model, &["7", "/", "action:goal.*", "enter"]);
    let found = effects.iter().any(|effect| {
        matches!(effect, Effect::Load { load: Load::Audit { filter, .. }, .. } if filter.to_string() == "action:goal.*")
    });
    assert!(found, "{effects:?}");
    let effects = press(&mut model, &["esc"]);
    let dropped = effects.iter().any(|effect| {
        matches!(effect, Effect::Load { load: Load::Audit { filter, .. }, .. } if filter.is_empty())
    });
    assert!(dropped, "{effects:?}");
}

#[test]
fn the_difference_has_three_views_folds_and_finds() {
    let mut model = filled((120, 40));
    let effects = press(&mut model, &["7"]);
    answer_all(&mut model, effects);
    let changes = text(&model);
    assert!(
        changes.contains("2 → 3") && !changes.contains("\"planned\""),
        "{changes}"
    );
    press(&mut model, &["v"]);
    assert!(text(&model).contains("\"planned\""), "{}", text(&model));
    press(&mut model, &["v"]);
    assert!(text(&model).contains("unified"), "{}", text(&model));
    press(&mut model, &["v", "l", "/", "deep", "enter"]);
    assert_eq!(model.audit.view.lines[model.audit.view.cursor].key, "deep");
    press(&mut model, &["space"]);
    assert!(
        !text(&model).contains("1 → 2"),
        "folded away:\n{}",
        text(&model)
    );
    press(&mut model, &["space"]);
    assert!(text(&model).contains("1 → 2"), "{}", text(&model));
}

#[test]
fn rows_of_the_old_filter_do_not_stand_under_the_new_one() {
    let mut model = filled((120, 40));
    press(&mut model, &["7"]);
    assert!(text(&model).contains("Ship the"), "{}", text(&model));
    press(&mut model, &["/", "action:task.*", "enter"]);
    let frame = text(&model);
    assert!(
        !frame.contains("Ship the") && frame.contains("Reading."),
        "{frame}"
    );
}

#[test]
fn a_record_says_first_which_row_it_is_about() {
    for size in [(120, 40), (80, 24)] {
        let mut model = filled(size);
        let effects = press(&mut model, &["7"]);
        answer_all(&mut model, effects);
        let frame = text(&model);
        let place = |words: &str| {
            let found = frame.lines().position(|line| line.contains(words));
            found.unwrap_or_else(|| panic!("{words}: {frame}"))
        };
        let row = place("plan_item  20000000-0000-4000-8001-000000000902");
        let week = place("week 9 of the cycle from 2026-09-28");
        place("personal goal: Run a half marathon under 1:50");
        place("70000000-0000-4000-8001-000000000002");
        place("Physio agreed");
        assert!(
            row < week && week < place("2026-11-22 11:22:33 UTC"),
            "{frame}"
        );
        place("2 → 3");
    }
}

#[test]
fn a_name_that_comes_after_the_record_still_reaches_it() {
    let (mut model, effects) = opened((120, 40), alice());
    press(&mut model, &["7"]);
    let (locks, others): (Vec<_>, Vec<_>) = effects.into_iter().partition(|effect| {
        matches!(
            effect,
            Effect::Load {
                load: Load::Locks,
                ..
            }
        )
    });
    answer_all(&mut model, others);
    assert!(!text(&model).contains("week 9 of"), "{}", text(&model));
    answer_all(&mut model, locks);
    assert!(text(&model).contains("week 9 of"), "{}", text(&model));
}

#[test]
fn an_action_that_nothing_has_brings_the_one_that_was_meant() {
    let mut model = filled((120, 40));
    let effects = press(&mut model, &["7", "/", "action:plan_item.updat", "enter"]);
    let page = Page {
        rows: Vec::new(),
        has_more: false,
        meant: Some("plan_item.update".into()),
        ..Page::default()
    };
    answer(&mut model, ticket(&effects), Report::Audit(Ok(page)));
    let frame = text(&model);
    assert!(frame.contains("Did you"), "{frame}");
    assert!(frame.contains("action:plan_item.update?"), "{frame}");
}
