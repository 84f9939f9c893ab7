//! What a review says, and that nothing in it becomes more than text.

use super::*;
use crate::domain::problem::Kind;
use comrak::nodes::NodeValue;
use comrak::{Arena, Options, parse_document};
use proptest::prelude::*;
use serde_json::json;

fn item(week: u8, title: &str, (qty, done): (f64, f64), status: &str, notes: &str) -> ReviewItem {
    let item = serde_json::from_value(json!({
        "id": "i", "plan_id": format!("plan {week}"), "goal_id": "g", "task_id": "t", "unit": "times",
        "qty": qty, "completed_qty": done, "status": status, "notes": notes, "created_at": "2026-10-05T08:00:00Z",
    }));
    ReviewItem {
        item: item.unwrap(),
        title: Some(title.to_owned()),
    }
}

fn week(number: u8, current: u8, items: Vec<ReviewItem>) -> WeekReview {
    let (planned, done) = items.iter().fold((0.0, 0.0), |(planned, done), one| {
        (planned + one.item.planned(), done + one.item.done())
    });
    let percent = (planned > 0.0).then(|| 100.0 * done / planned);
    let lock = serde_json::from_value(json!({
        "plan_id": format!("plan {number}"), "cycle_id": "c", "user_id": "u", "week_no": number, "mode": "time_block",
        "locked": number > 6, "why": "", "locked_after_week": 6, "unlocked_until": null,
        "is_current_week": number == current, "item_count": items.len(), "planned_qty": planned, "completed_qty": done,
        "completion_pct": percent,
    }));
    WeekReview {
        lock: lock.unwrap(),
        days: ("2026-10-05".into(), "2026-10-11".into()),
        is_to_come: number > current,
        items,
    }
}

fn review(weeks: Vec<WeekReview>) -> Review {
    let cycle = json!({
        "id": "c", "user_id": "u", "start_date": "2026-10-05", "end_date": "2026-12-27", "current_week": 3,
        "created_at": "2026-10-01T00:00:00Z",
    });
    let goal = json!({
        "id": "g", "user_id": "u", "cycle_id": "c", "type": "personal", "description": "Run a half marathon",
        "start_week": 1, "end_week": 12, "created_at": "2026-10-01T00:00:00Z",
    });
    Review {
        cycle: serde_json::from_value(cycle).unwrap(),
        phase: Phase::Running,
        week: None,
        vision: None,
        goals: vec![serde_json::from_value(goal).unwrap()],
        weeks,
        changes: Changes {
            records: Vec::new(),
            has_more: false,
            problem: None,
        },
        conversations: Vec::new(),
    }
}

fn told(review: &Review) -> Vec<String> {
    let lines = review.lines(&People::new()).lines;
    lines
        .iter()
        .map(crate::domain::report::Line::whole)
        .collect()
}

#[test]
fn a_cycle_tells_how_far_it_came_what_was_won_and_what_stood_in_the_way() {
    let review = review(vec![
        week(1, 3, vec![item(1, "Run", (3.0, 3.0), "completed", "")]),
        week(
            2,
            3,
            vec![
                item(2, "Run", (3.0, 1.0), "skipped", "knee\nhurts"),
                item(2, "Write", (1.0, 0.0), "planned", ""),
            ],
        ),
        week(3, 3, vec![item(3, "Run", (3.0, 0.0), "in_progress", "")]),
        week(4, 3, vec![item(4, "Run", (3.0, 0.0), "planned", "")]),
    ]);
    assert_eq!(
        told(&review),
        [
            "Owner u, now in week 3 of 12.",
            "Completion so far: 40 %, far from the target of 85 %.",
            "",
            "Goals",
            "  personal, weeks 1 to 12: Run a half marathon",
            "",
            "Weeks",
            "  week 1: 100 %, on the target, 1 item, open",
            "    Run: 3.0 of 3.0 times, completed (personal goal)",
            "  week 2: 25 %, far from the target, 2 items, open",
            "    Run: 1.0 of 3.0 times, skipped; knee hurts (personal goal)",
            "    Write: 0.0 of 1.0 times, planned (personal goal)",
            "  week 3: 0 %, far from the target, 1 item, open",
            "    Run: 0.0 of 3.0 times, in progress (personal goal)",
            "  week 4: to come, 1 item, open",
            "    Run: 0.0 of 3.0 times, planned (personal goal)",
            "",
            "Wins",
            "  week 1: on target with 100 %",
            "  week 1: Run done",
            "",
            "Obstacles",
            "  week 2: far from the target with 25 %",
            "  week 2: Run: 1.0 of 3.0 times, skipped; knee hurts",
            "  week 2: Write: 0.0 of 1.0 times, planned",
        ]
    );
}

#[test]
fn a_week_to_come_has_no_score() {
    let mut review = review(vec![week(
        4,
        3,
        vec![item(4, "Run", (3.0, 0.0), "planned", "")],
    )]);
    review.week = Some(4);
    let told = told(&review);
    assert_eq!(review.title(), "Week 4 of 12, 2026-10-05 to 2026-10-11");
    assert_eq!(told[1], "It is still to come.");
    assert!(!told.iter().any(|line| line.contains('%')), "{told:?}");
}

#[test]
fn what_could_not_be_read_is_said() {
    let mut review = review(Vec::new());
    let problem = Problem::new(Kind::Denied, "The audit log is not visible.", "");
    review.changes.problem = Some(problem);
    let told = told(&review);
    assert!(
        told.contains(&"No week has a plan that is visible.".to_owned()),
        "{told:?}"
    );
    assert!(
        told.iter()
            .any(|line| line.starts_with("  They could not be read: The audit log")),
        "{told:?}"
    );
}

#[test]
fn a_change_names_its_row_as_the_review_does() {
    let mut review = review(vec![week(
        2,
        3,
        vec![item(2, "Run", (3.0, 1.0), "planned", "")],
    )]);
    let record = |action: &str, id: &str| {
        let record = json!({
            "id": "r", "created_at": "2026-10-06T07:08:09Z", "actor_user_id": null, "actor_type": "system",
            "subject_user_id": "u", "action": action, "before_state": {"id": id, "qty": 2}, "after_state": {"id": id, "qty": 3},
            "rationale": "Why not", "correlation_id": null, "source_ip": null, "user_agent": null,
        });
        serde_json::from_value(record).unwrap()
    };
    review.changes.records = vec![
        record("plan_item.update", "i"),
        record("weekly_plan.update", "plan 2"),
        record("goal.update", "g"),
        record("plan_item.update", "another"),
    ];
    let told = told(&review);
    let head = "  2026-10-06 07:08 UTC, system: ";
    let tail = ": qty: 2 → 3 (Why not)";
    for line in [
        "plan_item.update (Run, week 2)",
        "weekly_plan.update (week 2)",
        "goal.update (personal goal)",
        "plan_item.update another",
    ] {
        assert!(
            told.contains(&format!("{head}{line}{tail}")),
            "{line}: {told:?}"
        );
    }
}

proptest! {
    #[test]
    fn nothing_in_it_becomes_more_than_text(notes in "(\n|[-#>*_`|\\[\\]()!<&@:/.a-c1 ]){0,24}", title in "[-#>*_`\\[<@a-c1. ]{1,12}") {
        let review = review(vec![week(1, 3, vec![item(1, &title, (1.0, 0.0), "skipped", &notes)])]);
        let text = review.markdown(&People::new(), "As x.");
        let arena = Arena::new();
        let mut options = Options::default();
        options.extension.autolink = true;
        options.extension.strikethrough = true;
        options.extension.tasklist = true;
        let root = parse_document(&arena, &text, &options);
        for node in root.descendants() {
            let value = &node.data.borrow().value;
            let is_plain = matches!(
                value,
                NodeValue::Document | NodeValue::Text(_) | NodeValue::Code(_) | NodeValue::Paragraph | NodeValue::Heading(_)
                    | NodeValue::List(_) | NodeValue::Item(_) | NodeValue::LineBreak
            );
            prop_assert!(is_plain, "{value:?} in {text}");
        }
        prop_assert_eq!(text.matches("\n## ").count(), 3, "{}", text);
    }
}

#[test]
fn a_cycle_that_is_over_or_not_begun_is_in_no_week() {
    let items = || vec![item(1, "Run", (3.0, 3.0), "completed", "")];
    let mut over = review(vec![week(1, 3, items())]);
    over.phase = Phase::Ended;
    assert_eq!(told(&over)[0], "Owner u. The cycle ended 2026-12-27.");
    assert_eq!(told(&over)[1], "Completion: 100 %, on the target of 85 %.");
    let mut ahead = review(vec![week(4, 3, items())]);
    ahead.phase = Phase::ToCome;
    assert_eq!(told(&ahead)[0], "Owner u. The cycle begins 2026-10-05.");
    assert_eq!(told(&ahead)[1], "It is still to come.");
}
