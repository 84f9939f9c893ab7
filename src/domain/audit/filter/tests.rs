//! The filter's grammar, its faults, and what it asks for.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::domain::audit::path::Step;
use crate::domain::filter::condition::is_number;
use crate::domain::identity::{Identity, User};
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Filter as Condition, Op};
use proptest::prelude::*;

const ID: &str = "1b4e28ba-2fa1-4d2b-883f-0016d3cca427";

fn now() -> jiff::Timestamp {
    "2025-10-04T12:00:00Z".parse().unwrap()
}

fn parse(text: &str) -> Filter {
    Filter::parse(text, now()).unwrap()
}

fn fault(text: &str) -> Problem {
    Filter::parse(text, now()).unwrap_err()
}

fn conditions(text: &str) -> Vec<Condition> {
    let filter = parse(text);
    let pushdown = filter.pushdown(&Identity::Service, false).unwrap();
    assert!(pushdown.rest.is_empty(), "{text}");
    [pushdown.indexed, pushdown.checked].concat()
}

fn not(condition: Condition) -> Condition {
    let column = condition.column().unwrap().to_owned();
    Condition::Any(vec![
        Condition::Not(Box::new(condition)),
        Condition::IsNull { column },
    ])
}

#[test]
fn every_key_is_read() {
    let text = format!(
        "actor:{ID} subject:none action:plan_item.* type:ai since:2h until:2025-10-04 correlation:{ID} \
         before.qty>3 after.status:completed \"after.notes~two words\""
    );
    let filter = parse(&text);
    assert_eq!(filter.terms.len(), 10);
    assert_eq!(parse(&filter.to_string()), filter);
    assert!(parse("  ").is_empty());
}

#[test]
fn keys_do_not_mind_case_and_quotes_may_stand_anywhere() {
    assert_eq!(parse("ACTOR:me"), parse("\"actor:me\""));
    assert_eq!(parse("after.a~\"x y\""), parse("\"after.a~x y\""));
}

#[test]
fn times_are_counted_back_from_now_or_read_as_utc() {
    let at = |text: &str| match &parse(text).terms[0].any[0] {
        Atom::Since(moment) | Atom::Until(moment) => moment.at().to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(at("since:2h"), "2025-10-04T10:00:00Z");
    assert_eq!(at("since:1d12h"), "2025-10-03T00:00:00Z");
    assert_eq!(at("since:1w"), "2025-09-27T12:00:00Z");
    assert_eq!(at("since:yesterday"), "2025-10-03T00:00:00Z");
    assert_eq!(at("since:2025-10-01"), "2025-10-01T00:00:00Z");
    assert_eq!(at("since:2025-10-01T08:30"), "2025-10-01T08:30:00Z");
    assert_eq!(
        at("since:2025-10-01T08:30:00+02:00"),
        "2025-10-01T06:30:00Z"
    );
    assert_eq!(at("since:99999999w"), jiff::Timestamp::MIN.to_string());
}

#[test]
fn a_whole_day_is_included_by_until() {
    let wanted = Condition::compare("created_at", Op::Lt, "2025-10-05T00:00:00Z");
    assert_eq!(conditions("until:2025-10-04"), [wanted]);
    let wanted = Condition::compare("created_at", Op::LtEq, "2025-10-04T11:00:00Z");
    assert_eq!(conditions("until:1h"), [wanted]);
}

#[test]
fn terms_of_one_key_are_alternatives() {
    assert_eq!(
        conditions("type:user type:ai action:cycle.insert"),
        [
            Condition::eq("action", "cycle.insert"),
            Condition::Any(vec![
                Condition::eq("actor_type", "user"),
                Condition::eq("actor_type", "ai"),
            ]),
        ]
    );
}

#[test]
fn commas_are_alternatives_too_and_a_minus_takes_the_rest() {
    assert_eq!(conditions("type:user,ai"), conditions("type:user type:ai"));
    assert_eq!(
        conditions("after.status:a,b"),
        conditions("after.status:a after.status:b")
    );
    assert_eq!(
        conditions("after.status:\"a,b\""),
        [Condition::eq("after_state->>status", "a,b")]
    );
    assert_eq!(
        conditions("-type:user,ai"),
        [
            not(Condition::eq("actor_type", "user")),
            not(Condition::eq("actor_type", "ai")),
        ]
    );
    // Both ends of a span must hold.
    assert_eq!(conditions("before.qty>3 before.qty<9").len(), 4);
    assert_eq!(
        conditions("-after.v:null"),
        [Condition::NotNull {
            column: "after_state->>v".into()
        }]
    );
    assert_eq!(conditions("-after.v!=1"), conditions("after.v:1"));
    assert_eq!(conditions("after.v!=1"), conditions("-after.v:1"));
}

#[test]
fn a_fault_has_its_column() {
    let fault = Filter::read("since:2h  -acton:x", now()).unwrap_err();
    assert_eq!(fault.at, 10);
    assert!(
        fault.problem.what.starts_with("Column 11: `acton:`"),
        "{}",
        fault.problem
    );
    let fault = Filter::read("since:2h after.x:\"a", now()).unwrap_err();
    assert_eq!(fault.at, 17);
}

#[test]
fn the_beginning_of_an_id_stands_for_all_ids_that_begin_so() {
    assert_eq!(
        conditions("actor:1B4E28BA-2f"),
        [
            Condition::compare(
                "actor_user_id",
                Op::GtEq,
                "1b4e28ba-2f00-0000-0000-000000000000"
            ),
            Condition::compare(
                "actor_user_id",
                Op::LtEq,
                "1b4e28ba-2fff-ffff-ffff-ffffffffffff"
            ),
        ]
    );
    assert!(parse("actor:1b4e28b").names_somebody());
    assert!(!parse("actor:1b4e28ba").names_somebody());
}

#[test]
fn names_become_ids_and_one_that_nobody_has_says_so() {
    let mut people = People::new();
    let email = Some("bob@example.com".to_owned());
    people.add(ID, crate::domain::people::Known { name: None, email });
    let filter = parse("actor:bob,me -subject:bob@example.com").resolved(&people);
    assert_eq!(
        filter.unwrap().to_string(),
        format!("actor:{ID},me -subject:{ID}")
    );
    // A name of too many is no filter: with some of them it would ask for other records.
    let mut crowd = People::new();
    for n in 0..30 {
        let name = Some("Zed Alpha".to_owned());
        let id = format!("00000000-0000-4000-8000-0000000000{n:02}");
        crowd.add(&id, crate::domain::people::Known { name, email: None });
        let resolved = parse("-actor:\"Zed Alpha\"").resolved(&crowd);
        assert_eq!(resolved.is_ok(), n < 20, "{n}: {resolved:?}");
    }
    let problem = parse("actor:bpb").resolved(&people).unwrap_err();
    assert!(problem.hint.unwrap().contains("actor:bob"));
    let problem = parse("actor:zoe").resolved(&People::new()).unwrap_err();
    assert!(problem.why.contains("No names"));
}

#[test]
fn a_filter_says_who_answers_it() {
    let cost = |text: &str, has_changed| {
        parse(text)
            .pushdown(&Identity::Service, has_changed)
            .unwrap()
            .cost()
    };
    for (text, without, with) in [
        ("", Cost::Indexed, Cost::Indexed),
        (
            "actor:none action:a.* since:2h request:none",
            Cost::Indexed,
            Cost::Indexed,
        ),
        ("changed:qty", Cost::Here, Cost::Indexed),
        ("-changed:qty", Cost::Here, Cost::Checked),
        ("row:task/7", Cost::Checked, Cost::Indexed),
        ("action:*.x", Cost::Checked, Cost::Checked),
        ("after.qty:3", Cost::Checked, Cost::Checked),
        ("text:x", Cost::Here, Cost::Here),
    ] {
        assert_eq!(
            (cost(text, false), cost(text, true)),
            (without, with),
            "{text}"
        );
    }
}

#[test]
fn a_name_of_a_field_is_one_element_of_an_array() {
    let filter = parse(r#"changed:"a\"b,{c}""#);
    let pushdown = filter.pushdown(&Identity::Service, true).unwrap();
    let wanted = Condition::compare("changed", Op::Contains, r#"{"a\"b,{c}"}"#);
    assert_eq!(pushdown.indexed, [wanted]);
}

#[test]
fn wildcards_are_the_only_signs_with_a_meaning() {
    let wanted = Condition::compare("action", Op::Like, "plan\\_item.*\\%");
    assert_eq!(conditions("action:plan_item.*%"), [wanted]);
    let wanted = Condition::compare("after_state->>notes", Op::ILike, "*50\\%*");
    assert_eq!(conditions("after.notes~50%"), [wanted]);
}

#[test]
fn numbers_in_images_are_compared_as_numbers() {
    assert_eq!(
        conditions("before.a.0.qty>3"),
        [
            Condition::compare("before_state->a->0->qty", Op::Gt, "3"),
            Condition::compare("before_state->a->0->qty", Op::Lt, "false"),
        ]
    );
    assert_eq!(
        conditions("after.qty:3"),
        [Condition::Any(vec![
            Condition::eq("after_state->>qty", "3"),
            Condition::eq("after_state->qty", "3"),
        ])]
    );
    assert_eq!(
        conditions("after.qty<=-2.5"),
        [
            Condition::compare("after_state->qty", Op::LtEq, "-2.5"),
            Condition::compare("after_state->qty", Op::GtEq, "-1e131071"),
        ]
    );
}

#[test]
fn quotes_tell_a_text_from_a_number_and_from_nothing() {
    let json = |text: &str| vec![Condition::eq("after_state->v", format!("\"{text}\""))];
    assert_eq!(conditions("after.v:\"null\""), json("null"));
    assert_eq!(conditions("after.v:\"3\""), json("3"));
    let column = "after_state->>v".to_owned();
    assert_eq!(conditions("after.v:null"), [Condition::IsNull { column }]);
    assert_eq!(
        conditions("after.v:\"two words\""),
        [Condition::eq("after_state->>v", "two words")]
    );
}

#[test]
fn a_path_is_typed_as_it_is_shown() {
    let contains = |document: &str| Condition::compare("after_state", Op::Contains, document);
    assert_eq!(
        conditions("after.tags[0]:x after.a.1.b:y before.k[2→3]:z after.k[2→3]:z"),
        [
            Condition::eq("after_state->tags->>0", "x"),
            Condition::eq("after_state->a->1->>b", "y"),
            Condition::eq("before_state->k->>2", "z"),
            Condition::eq("after_state->k->>3", "z"),
        ]
    );
    assert_eq!(
        conditions("after.\"a.b\".c:x"),
        [contains("{\"a.b\":{\"c\":\"x\"}}")]
    );
    assert_eq!(
        conditions("after.\"\":1"),
        [Condition::Any(vec![
            contains("{\"\":\"1\"}"),
            contains("{\"\":1}")
        ])]
    );
    assert_eq!(conditions("after.\"0\":\"1\""), [contains("{\"0\":\"1\"}")]);
    assert_eq!(
        conditions("\"after.\\\"a b\\\"~two words\"")[0],
        Condition::compare("after_state->>\"a b\"", Op::ILike, "*two words*")
    );
    // Not every server reads such a key: the record is looked at here.
    let filter = parse("after.\"q\\\"\\\\\">3");
    assert_eq!(
        filter.pushdown(&Identity::Service, true).unwrap().cost(),
        Cost::Here
    );
    for text in [
        "after.a[x]:1",
        "after.a[0:1",
        "after.[]:1",
        "after.\"a\"b:1",
        "after.a\\u:1",
    ] {
        assert_eq!(fault(text).kind, Kind::Usage, "{text}");
    }
}

#[test]
fn times_in_images_are_compared_with_times_only() {
    let only_times = [
        Condition::compare("after_state->at", Op::GtEq, "\"0000-00-00\""),
        Condition::compare("after_state->at", Op::LtEq, "\"9999-99-99\""),
        Condition::compare("after_state->>at", Op::Like, "____-__-__*"),
    ];
    for (text, op, bound) in [
        ("after.at>=2025-10-01", Op::GtEq, "2025-10-01"),
        ("after.at>2025-10-01", Op::GtEq, "2025-10-02"),
        ("after.at<2025-10-01", Op::Lt, "2025-10-01"),
        ("after.at<=2025-10-01", Op::Lt, "2025-10-02"),
        (
            "after.at>2025-10-01T08:30",
            Op::Gt,
            "2025-10-01T08:30:00+00:00",
        ),
        (
            "after.at<=2025-10-01T08:30:00.50+02:00",
            Op::LtEq,
            "2025-10-01T06:30:00.5+00:00",
        ),
    ] {
        let found = conditions(text);
        let wanted = Condition::compare("after_state->at", op, format!("\"{bound}\""));
        assert_eq!(found[0], wanted, "{text}");
        assert_eq!(found[1..], only_times, "{text}");
    }
}

#[test]
fn an_order_wants_a_number_or_a_time() {
    for text in [
        "after.qty>abc",
        "after.qty<=2h",
        "before.qty>=null",
        "after.qty<1,5",
    ] {
        let problem = fault(text);
        assert_eq!(problem.kind, Kind::Usage);
        assert!(
            problem.what.contains("neither a number nor a time"),
            "{problem}"
        );
        assert!(problem.why.contains("2025-10-04"), "{problem}");
    }
}

#[test]
fn an_empty_value_is_written_as_two_quotes() {
    for text in [
        "after.status:",
        "after.status!=",
        "after.status>",
        "after.\"status\":",
    ] {
        assert!(fault(text).what.contains("compares with nothing"), "{text}");
    }
    let filter = parse("after.status:\"\" before.status!=\"\"");
    assert_eq!(filter.terms.len(), 2);
    assert_eq!(parse(&filter.to_string()), filter);
    assert_eq!(
        conditions("after.status:\"\""),
        [Condition::eq("after_state->>status", "")]
    );
}

#[test]
fn me_is_whoever_reads() {
    let alice = Identity::User(User {
        id: ID.into(),
        email: "alice@example.com".into(),
        role: "authenticated".into(),
        ..User::default()
    });
    let filter = parse("actor:me");
    assert_eq!(
        filter.pushdown(&alice, false).unwrap().indexed,
        [Condition::eq("actor_user_id", ID)]
    );
    let problem = filter.pushdown(&Identity::Service, false).unwrap_err();
    assert_eq!(problem.kind, Kind::Usage);
}

#[test]
fn every_fault_says_what_to_do() {
    let hint = |text: &str| fault(text).hint.unwrap_or_default();
    assert!(hint("actr:me").contains("`actor:`"));
    assert!(hint("sinc:2h").contains("`since:`"));
    assert!(hint("actor_user_id:x").contains("`actor:`"));
    assert!(hint("correlation_id:x").contains("`request:`"));
    assert!(hint("after:x").contains("after.status"));
    assert!(hint("login").contains("action:login"));
    assert!(hint("plan_item.update").contains("action:plan_item.update"));
    assert!(hint("since").contains("since:"));
    assert!(fault("zzz:1").why.contains("request"));
    assert!(fault("type:robot").why.contains("system"));
    assert!(hint("changed:meta.deep").contains("`changed:meta`"));
    assert!(hint(&format!("row:{ID}")).contains("row:TABLE/"));
    assert!(hint("on:2h").contains("since:2h"));
    assert!(hint("changed:").contains("changed:qty"));
    assert!(hint("action:a,").contains("action:"));
    assert!(hint("day:x").contains("`on:`"));
    assert!(hint("deep").contains("text:deep"));
    assert!(fault("request:bob").why.contains("UUID"));
    assert!(fault("since:soon").why.contains("2h"));
    assert!(fault("since:").what.contains("value"));
    assert!(fault("after.notes").why.contains('~'));
    assert!(fault("after.a,b:1").what.contains("a,b"));
    assert!(fault("after.(x):1").what.contains("JSON path"));
    assert!(fault("after..x:1").what.contains("JSON path"));
    assert!(fault("after.x!1").why.contains('!'));
    assert!(fault("after.x:\"a").what.contains("quotes"));
    assert!(fault("after.x>").what.contains("nothing"));
}

#[test]
fn a_fault_shows_no_control_characters() {
    let problem = fault("x\u{1b}[2J:1");
    assert!(!problem.to_string().contains('\u{1b}'), "{problem}");
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9_%*\\\\\" .,:()äß漢-]{1,20}",
        Just("null".to_owned()),
        "-?[1-9][0-9]{0,4}",
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        "[a-z_]{1,8}".prop_map(Step::Key),
        ".{0,6}"
            .prop_filter("no NUL", |key: &String| !key.contains('\0'))
            .prop_map(Step::Key),
        (0_usize..2000).prop_map(Step::Index),
    ]
}

fn any_id() -> impl Strategy<Value = IdPart> {
    (8_usize..=36).prop_filter_map("an id", |length| IdPart::parse(&ID[..length]))
}

fn any_person() -> impl Strategy<Value = Person> {
    prop_oneof![
        any_id().prop_map(Person::Id),
        Just(Person::Me),
        Just(Person::None),
        value().prop_map(Person::Named),
        Just(Person::Named("me".to_owned())),
        Just(Person::Named(ID[..8].to_owned())),
    ]
}

fn any_image() -> impl Strategy<Value = Atom> {
    let texts = (
        prop::sample::select(vec![Test::Is, Test::Contains]),
        value(),
    );
    let orders = (
        prop::sample::select(vec![Test::Above, Test::AtLeast, Test::Below, Test::AtMost]),
        "-?[1-9][0-9]{0,5}(\\.[0-9]{1,3})?|20[0-9]{2}-0[1-9]-1[0-9](T12:30Z)?",
    );
    let test = prop_oneof![texts, orders];
    let side = prop::sample::select(vec![Side::Before, Side::After]);
    let path = prop::collection::vec(any_step(), 1..4);
    (side, path, test, any::<bool>()).prop_map(|(side, path, (test, value), in_quotes)| {
        let is_text = in_quotes && test == Test::Is && (value == "null" || is_number(&value));
        Atom::Image(ImageTest {
            side,
            path,
            test,
            value,
            is_text,
        })
    })
}

/// Values of one key.
fn any_atoms() -> impl Strategy<Value = Vec<Atom>> {
    fn some<T: std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
        prop::collection::vec(of, 1..4)
    }
    let moment = |text: String| Moment::parse(&text, now(), "since").unwrap();
    let row = ("[a-z_]{1,8}(\\.[a-z]{1,4})?", prop::option::of(value()));
    prop_oneof![
        some(value().prop_map(Atom::Action)),
        some(any_person().prop_map(Atom::Actor)),
        some(any_person().prop_map(Atom::Subject)),
        some(prop::option::of(any_id()).prop_map(Atom::Request)),
        some(Just(Atom::Type(ActorType::System))),
        some(value().prop_map(Atom::Changed)),
        some(value().prop_map(Atom::Text)),
        some(row.prop_map(|(table, id)| Atom::Row(RowRef { table, id }))),
        "[0-9]{1,4}[smhdw]".prop_map(move |text| vec![Atom::Since(moment(text))]),
        some("20[0-9]{2}-0[1-9]-1[0-9]".prop_map(move |text| Atom::On(moment(text)))),
        any_image().prop_map(|atom| vec![atom]),
    ]
}

fn any_term() -> impl Strategy<Value = Term> {
    (any::<bool>(), any_atoms()).prop_map(|(is_not, any)| Term { is_not, any })
}

proptest! {
    #[test]
    fn a_filter_prints_as_it_parses(terms in prop::collection::vec(any_term(), 0..6)) {
        let filter = Filter { terms };
        // `=` directly after a sign would be read as part of it; the strategy makes no such value.
        let printed = filter.to_string();
        prop_assert_eq!(Filter::parse(&printed, now()).unwrap(), filter, "{}", printed);
    }

    #[test]
    fn no_text_makes_the_parser_fall_over(text in "\\PC{0,200}") {
        let _ = Filter::parse(&text, now());
    }
}

#[test]
fn another_value_of_a_key_takes_the_place_of_the_one_that_is_there() {
    for (own, new, both) in [
        ("changed:notes", "changed:qty", Some("changed:qty")),
        (
            "action:plan_item.* -type:ai",
            "action:task.insert",
            Some("-type:ai action:task.insert"),
        ),
        (
            "after.qty:1 after.b:2",
            "after.qty:3",
            Some("after.b:2 after.qty:3"),
        ),
        ("actor:bob since:2h", "type:ai", None),
        ("-changed:notes", "changed:qty", None),
        ("after.qty:1", "before.qty:1", None),
    ] {
        let narrowed = parse(own).narrowed(&parse(new));
        assert_eq!(
            narrowed.map(|filter| filter.to_string()).as_deref(),
            both,
            "{own} {new}"
        );
    }
}

#[test]
fn a_field_without_its_side_is_asked_about() {
    for (typed, hint) in [
        ("qty>3", "Did you mean `after.qty>3`?"),
        ("tags[0]!=x", "Did you mean `after.tags[0]!=x`?"),
        ("notes~deep", "Did you mean `after.notes~deep`?"),
        (
            "status:done",
            "For a field of the row write `after.status:`.",
        ),
        ("acter:me", "Did you mean `actor:`?"),
    ] {
        let problem = Filter::parse(typed, now()).unwrap_err();
        assert_eq!(problem.hint.as_deref(), Some(hint), "{typed}");
    }
}
