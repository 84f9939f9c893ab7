//! Nothing runs unseen: whatever the text, the terminal and the keys, a write begins only when the facts, every group of
//! risks and the field for the word were on screen, and everything can be read to its last row.

use crate::fixture::{answer, filled, plan, planned, press, read_on, text, ticket};
use proptest::prelude::*;
use supadeck::app::effect::{Effect, Write};
use supadeck::app::model::Model;
use supadeck::app::msg::{Msg, Report};
use supadeck::app::update;
use supadeck::domain::migration::Plan;

/// What stands at the very end of a text.
const END: &str = "zz_end_zz";
/// The word that confirms.
const WORD: &str = "apply";

fn of(statements: &[String]) -> Plan {
    let mut plan = plan();
    plan.steps[0].statements = statements.iter().map(String::as_str).collect();
    plan
}

/// A plan to apply these statements, asked about on a screen of some size.
fn asked(size: (u16, u16), statements: &[String]) -> Model {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "G"]);
    let effects = press(&mut model, &["a"]);
    let planned = planned(of(statements));
    answer(&mut model, ticket(&effects), Report::Plan(Ok(planned)));
    update(&mut model, Msg::Resized(size.0, size.1));
    model
}

/// A frame as one line of words, without borders and breaks.
fn words(frame: &str) -> String {
    let words = frame.split_whitespace();
    let words = words.filter(|word| !matches!(*word, "│" | "╭" | "╰"));
    words.collect::<Vec<_>>().join(" ")
}

/// Draws what a key answers, remembers it, and presses the key.
fn see_and_press(model: &mut Model, seen: &mut Vec<String>, key: &str) -> Vec<Effect> {
    seen.push(text(model));
    press(model, &[key])
}

fn is_migrating(effects: &[Effect]) -> bool {
    let is_it = |effect: &Effect| {
        matches!(
            effect,
            Effect::Write {
                write: Write::Migrate(_),
                ..
            }
        )
    };
    effects.iter().any(is_it)
}

/// Types the word and enter; true when the plan runs.
fn confirm(model: &mut Model, seen: &mut Vec<String>) -> bool {
    for letter in WORD.chars() {
        see_and_press(model, seen, &letter.to_string());
    }
    is_migrating(&see_and_press(model, seen, "enter"))
}

fn is_too_small(model: &Model) -> bool {
    // On the smallest ones a letter stands on each row.
    let frame = text(model).split_whitespace().collect::<String>();
    frame.starts_with("Toosmall") || "Toosmalltoconfirm.".starts_with(&frame)
}

#[test]
fn the_end_of_a_line_of_1500_words_is_shown_and_can_be_confirmed() {
    let padding = "word ".repeat(1_500);
    let sql = format!("/* {padding}*/ update auth.users set email = 'x'; drop table {END}");
    for size in [(120, 40), (80, 24), (60, 14), (40, 12)] {
        let statements: Vec<String> = sql.split("; ").map(str::to_owned).collect();
        let mut model = asked(size, &statements);
        assert!(!text(&model).contains("email = 'x';"), "{}", text(&model));
        assert!(!confirm(&mut model, &mut Vec::new()), "{size:?}");
        let mut shown = Vec::new();
        let mut before = String::new();
        while before != text(&model) {
            before = text(&model);
            see_and_press(&mut model, &mut shown, "pgdn");
        }
        let last = words(&text(&model));
        for part in [
            "update auth.users set email = 'x';",
            &format!("drop table {END};"),
        ] {
            assert!(
                last.contains(part) || shown.iter().any(|frame| words(frame).contains(part)),
                "{part} {size:?}\n{last}"
            );
        }
        assert!(
            confirm(&mut model, &mut Vec::new()),
            "{size:?}\n{}",
            text(&model)
        );
    }
}

#[test]
fn the_end_key_leads_to_the_end_and_back_up_row_by_row() {
    let sql = format!(
        "select '{}{END}'",
        "漢字 e\u{301} 👩\u{200d}👧 ".repeat(400)
    );
    for size in [(120, 40), (80, 24), (60, 14)] {
        let mut model = asked(size, std::slice::from_ref(&sql));
        press(&mut model, &["end"]);
        let end = text(&model);
        assert!(end.contains(END), "{end}");
        press(&mut model, &["down", "pgdn"]);
        assert_eq!(text(&model), end, "nothing stands behind the end");
        press(&mut model, &["up"]);
        assert!(!text(&model).contains(END), "{}", text(&model));
    }
}

#[test]
fn a_key_is_named_that_leads_to_what_was_not_seen() {
    for size in [(60, 14), (60, 12), (40, 13), (80, 24)] {
        for first in ["pgdn", "end", "home"] {
            let drops: Vec<String> = (0..30).map(|n| format!("drop table t{n}")).collect();
            let mut model = asked(size, &drops);
            press(&mut model, &[first]);
            let mut left = 100;
            while let Some((before, _)) = text(&model).split_once(" see the rest") {
                let key = before.rsplit(' ').next().unwrap().to_owned();
                press(&mut model, &[&key]);
                left -= 1;
                assert!(left > 0, "{size:?}\n{}", text(&model));
            }
            assert!(
                confirm(&mut model, &mut Vec::new()),
                "{size:?}\n{}",
                text(&model)
            );
        }
    }
}

#[test]
fn a_terminal_that_is_too_small_says_so_and_confirms_nothing() {
    for size in [(1, 1), (5, 1), (14, 5), (20, 24), (80, 6), (300, 2)] {
        let mut model = asked(size, &["drop table t".to_owned()]);
        assert!(is_too_small(&model), "{size:?}\n{}", text(&model));
        assert!(!confirm(&mut model, &mut Vec::new()), "{size:?}");
        // What was typed there is not typed where it can be seen.
        update(&mut model, Msg::Resized(120, 40));
        assert!(!is_migrating(&press(&mut model, &["enter"])), "{size:?}");
        update(&mut model, Msg::Resized(size.0, size.1));
        press(&mut model, &["esc"]);
        assert!(model.dialogs.is_empty(), "{size:?}");
    }
}

#[test]
fn what_a_small_terminal_has_no_room_for_is_not_seen_by_making_it_larger_and_smaller() {
    let drops: Vec<String> = (0..40).map(|n| format!("drop table t{n}")).collect();
    let mut model = asked((120, 100), &drops);
    // Drawn at no time but in the small one.
    update(&mut model, Msg::Resized(60, 12));
    assert!(!confirm(&mut model, &mut Vec::new()));
}

#[test]
fn the_viewer_shows_the_end_of_a_long_line_and_of_a_note() {
    for size in [(120, 40), (80, 24), (60, 14)] {
        let mut model = filled(size);
        press(&mut model, &["2", "g"]);
        let effects = update(
            &mut model,
            Msg::TimerFired(supadeck::app::effect::Timer::Details),
        );
        let sources = supadeck::domain::migration::SourceTexts {
            version: "20251004123000".into(),
            up: Some(format!(
                "/* {}*/ drop table {END};\n",
                "word ".repeat(1_500)
            )),
            down: None,
            applied: None,
        };
        answer(&mut model, ticket(&effects), Report::Sources(Ok(sources)));
        press(&mut model, &["l", "G"]);
        let frame = text(&model);
        assert!(frame.contains(&format!("{END};")), "{frame}");
        press(&mut model, &["k"]);
        assert_ne!(text(&model), frame, "one row up");
    }
}

#[test]
fn a_failed_run_in_the_journal_can_be_read_to_its_end() {
    for size in [(120, 40), (80, 24), (60, 16)] {
        let mut model = filled(size);
        press(&mut model, &["8"]);
        let effects = press(&mut model, &["r"]);
        for effect in effects {
            let Effect::Load { ticket, load, .. } = effect else {
                continue;
            };
            let mut report = crate::fixture::report(&load);
            if let Report::Journal(Ok(journal)) = &mut report {
                journal.lines[0].error = Some(format!("{} {END}", "word ".repeat(900)));
            }
            answer(&mut model, ticket, report);
        }
        press(&mut model, &["g", "l", "G"]);
        let mut frames = text(&model);
        for _ in 0..12 {
            press(&mut model, &["k"]);
            frames.push_str(&text(&model));
        }
        assert!(frames.contains(END), "{frames}");
    }
}

#[test]
fn sql_that_was_not_looked_at_for_risks_is_scrolled_to_its_end() {
    let mut statements = vec!["select 1".to_owned(); 90];
    statements.push("alter table t\nadd a int,\ndrop column zz_gone".to_owned());
    let mut model = filled((80, 24));
    press(&mut model, &["2", "G"]);
    let effects = press(&mut model, &["a"]);
    let mut planned = planned(of(&statements));
    planned.risks = None;
    answer(&mut model, ticket(&effects), Report::Plan(Ok(planned)));
    assert!(!confirm(&mut model, &mut Vec::new()));
    let frames = read_on(&mut model).concat();
    assert!(frames.contains("There is more below. Scroll to the end to confirm."));
    assert!(frames.contains("zz_gone"));
    assert!(confirm(&mut model, &mut Vec::new()));
}

#[test]
fn however_long_a_text_is_its_end_is_enough_and_without_risks_nothing_of_it_is_needed() {
    let columns = "    a,\n".repeat(40);
    let quiet: Vec<String> = (0..100)
        .map(|n| format!("select zz{n}zz,\n{columns}    b"))
        .collect();
    let mut risky = quiet.clone();
    risky[50] = "drop table zz50zz".to_owned();
    for size in [(120, 40), (80, 24), (60, 16)] {
        let mut model = asked(size, &quiet);
        read_on(&mut model);
        assert!(confirm(&mut model, &mut Vec::new()), "{}", text(&model));
        let mut model = asked(size, &risky);
        let frames = read_on(&mut model);
        let all = words(&frames.concat());
        assert!(
            all.contains("More risks below. Scroll to the end to confirm."),
            "{all}"
        );
        assert!(all.contains("zz50zz") && frames.len() < 8, "{all}");
        assert!(confirm(&mut model, &mut Vec::new()), "{}", text(&model));
        let mut model = asked((120, 40), &risky);
        press(&mut model, &["end"]);
        assert!(confirm(&mut model, &mut Vec::new()), "{}", text(&model));
    }
}

/// A statement of what is hard to show.
fn statements() -> impl Strategy<Value = Vec<String>> {
    let piece = prop_oneof![
        "[a-z ]{0,30}",
        Just("word ".repeat(700)),
        Just("x".repeat(1_300)),
        Just(" ".repeat(1_200)),
        Just("漢字かな交じり文 ".repeat(30)),
        Just("👩\u{200d}👩\u{200d}👧 🇩🇪 ❤\u{fe0f} ".repeat(20)),
        Just("e\u{301}o\u{308}\t\u{1b}[2J\u{200b}\u{202e}".to_owned()),
        Just("a\nb\r\nc\rd\n\n".to_owned()),
    ];
    let statement = (0usize..6, piece).prop_map(|(kind, piece)| match kind {
        0 => format!("/* {piece} */ drop table t1"),
        1 => format!("select '{piece}'"),
        2 => format!("/* {piece} */ update auth.users set email = 'x'"),
        3 => format!("alter table goal add column unit text default '{piece}'"),
        4 => format!("truncate t2 /* {piece} */"),
        _ => format!("comment on table y is '{piece}'"),
    });
    prop::collection::vec(statement, 1..9)
}

fn keys() -> impl Strategy<Value = Vec<String>> {
    let key = prop_oneof![
        Just("end"),
        Just("home"),
        Just("pgdn"),
        Just("pgup"),
        Just("down"),
        Just("up"),
        Just("ctrl-r"),
        Just("ctrl-t"),
        Just("resize"),
    ];
    prop::collection::vec(key.prop_map(str::to_owned), 0..14)
}

fn sizes() -> impl Strategy<Value = (u16, u16)> {
    prop_oneof![
        (1u16..200, 1u16..60),
        (20u16..90, 6u16..26),
        Just((120, 40)),
        Just((80, 24)),
        Just((60, 14)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn nothing_runs_unseen(
        mut all in statements(),
        keys in keys(),
        sizes in prop::collection::vec(sizes(), 1..4),
    ) {
        all.push(format!("drop table {END}"));
        let mut model = asked(sizes[0], &all);
        let mut seen = Vec::new();
        let mut at = 0;
        for key in &keys {
            if key == "resize" {
                at += 1;
                let size = sizes[at % sizes.len()];
                // What is drawn before the size is known stays drawn.
                update(&mut model, Msg::Resized(size.0, size.1));
            } else {
                see_and_press(&mut model, &mut seen, key);
            }
        }
        if confirm(&mut model, &mut seen) {
            let frames: Vec<String> = seen.iter().map(|frame| words(frame)).collect();
            let is_seen = |part: &str| frames.iter().any(|frame| frame.contains(part));
            prop_assert!(is_seen("127.0.0.1:5432"), "{:?}", sizes);
            // Every group of risks was there, and what is named in one that is short.
            prop_assert!(is_seen("risk loses data"), "{:?}", sizes);
            let count = planned(of(&all)).risks.map_or(0, |risks| risks[0].open_findings().count());
            if count > 4 {
                // The end was there, or the note of each risk; the last one is above the last statement.
                let whole = format!("drop table {END};");
                let is_noted = frames.iter().any(|frame| frame.contains("-- ! "));
                prop_assert!(is_seen(&whole) || is_noted, "{}", seen.last().unwrap());
            }
            let last = seen.last().unwrap();
            prop_assert!(last.contains(WORD), "{}", last);
            prop_assert!(words(last).contains("To confirm, type"), "{}", last);
        }
    }

    #[test]
    fn everything_can_be_read_and_then_confirmed(all in statements(), size in sizes()) {
        let mut all = all;
        all.push(format!("drop table {END}"));
        let mut model = asked(size, &all);
        let mut seen = Vec::new();
        if is_too_small(&model) {
            for key in ["end", "pgdn", "home"] {
                see_and_press(&mut model, &mut seen, key);
            }
            prop_assert!(!confirm(&mut model, &mut seen));
            return Ok(());
        }
        let mut before = String::new();
        while before != text(&model) {
            before = text(&model);
            see_and_press(&mut model, &mut seen, "pgdn");
        }
        // The last row of the last statement, which has a risk.
        let end = format!("{END};");
        prop_assert!(before.contains(&end), "{}", before);
        see_and_press(&mut model, &mut seen, "home");
        see_and_press(&mut model, &mut seen, "end");
        prop_assert_eq!(text(&model), before.clone());
        prop_assert!(confirm(&mut model, &mut seen), "{:?}\n{}", size, before);
    }
}
