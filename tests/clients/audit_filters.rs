//! A filter means the same to the server as it does here: random filters over records with hostile values, each asked of the
//! REST interface, page by page, and computed over all records. What no index answers comes in pieces that miss nothing.

use crate::test_project::{TestProject, weeksmith};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use supadeck::adapters::connect::{Project, RoleChoice};
use supadeck::domain::audit::filter::{
    ActorType, Atom, Filter, IdPart, ImageTest, Person, RowRef, Side, Term, Test,
};
use supadeck::domain::audit::path::Step;
use supadeck::domain::audit::{Ask, Page, PageDirection, Record};
use supadeck::domain::identity::Identity;
use supadeck::ops::audit;

const PEOPLE: [&str; 3] = [
    "1b4e28ba-2fa1-4d2b-883f-0016d3cca427",
    "1b4e28ba-2fa1-4d2b-883f-0016d3cca428",
    "ffffffff-2fa1-4d2b-883f-0016d3cca427",
];

/// Texts that mean something to JSON, to arrays, to LIKE, to PostgREST's grammar or to the filter's own.
const TEXTS: [&str; 30] = [
    "",
    " ",
    "a",
    "a,b",
    "a, b",
    "\"",
    "\\",
    "a\"b\\c",
    "(x)",
    "{}",
    "[1, 2]",
    "50%",
    "a_b",
    "*",
    "a*b",
    "null",
    "3",
    "3.00",
    "true",
    "é",
    "漢字",
    "two\nlines",
    "and(id.eq.1)",
    "x.eq.y",
    "not.a",
    "2026-10-01",
    "2026-10-01T08:30:00+00:00",
    "👩‍👩‍👧",
    "a:b",
    "-a",
];

const KEYS: [&str; 9] = [
    "qty",
    "notes",
    "a.b",
    "",
    "a b",
    "q\"\\",
    "0",
    "updated_at",
    "größe",
];

fn text() -> impl Strategy<Value = String> {
    prop::sample::select(TEXTS.to_vec()).prop_map(str::to_owned)
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => text().prop_map(Value::from),
        2 => prop::sample::select(vec!["3", "3.00", "-2.5", "0", "10", "1e3", "12345678901234567890.1"])
            .prop_map(|text| serde_json::from_str(text).unwrap()),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ]
}

fn inner() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => leaf(),
        1 => prop::collection::vec(leaf(), 0..3).prop_map(Value::from),
        1 => (key(), leaf()).prop_map(|(key, value)| Value::Object(Map::from_iter([(key, value)]))),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(KEYS.to_vec()).prop_map(str::to_owned)
}

fn image() -> impl Strategy<Value = Option<Value>> {
    let id = prop::option::of(prop::sample::select(vec![
        json!(7),
        json!("7"),
        json!(PEOPLE[0]),
    ]));
    let object = (prop::collection::vec((key(), inner()), 0..6), id).prop_map(|(fields, id)| {
        let mut map = Map::from_iter(fields);
        map.extend(id.map(|id| ("id".to_owned(), id)));
        Some(Value::Object(map))
    });
    prop_oneof![4 => object, 1 => Just(None)]
}

fn action() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "task.update",
        "task.insert",
        "shop.task.update",
        "taxk.update",
        "a_b.x",
        "x",
        "*.y",
    ])
    .prop_map(str::to_owned)
}

fn person() -> impl Strategy<Value = Person> {
    prop_oneof![
        (prop::sample::select(PEOPLE.to_vec()), 8_usize..=36)
            .prop_filter_map("an id", |(id, length)| IdPart::parse(&id[..length]))
            .prop_map(Person::Id),
        Just(Person::None),
    ]
}

fn path() -> impl Strategy<Value = Vec<Step>> {
    let inner = prop_oneof![
        key().prop_map(Step::Key),
        (0_usize..3).prop_map(Step::Index),
    ];
    (key(), prop::option::weighted(0.3, inner)).prop_map(|(key, inner)| {
        let mut steps = vec![Step::Key(key)];
        steps.extend(inner);
        steps
    })
}

fn image_test() -> impl Strategy<Value = (Side, Vec<Step>, Test)> {
    let side = prop::sample::select(vec![Side::Before, Side::After]);
    let tests = vec![
        Test::Is,
        Test::Is,
        Test::Contains,
        Test::Above,
        Test::AtLeast,
        Test::Below,
        Test::AtMost,
    ];
    (side, path(), prop::sample::select(tests))
}

fn atoms() -> impl Strategy<Value = Vec<Atom>> {
    fn some<T: std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
        prop::collection::vec(of, 1..3)
    }
    let pattern = prop::sample::select(vec![
        "task.*",
        "*.update",
        "t*k.*",
        "a_b.*",
        "*",
        "%",
        "task.insert",
    ]);
    let table = prop::sample::select(vec!["task", "shop.task", "a_b", "*", "nothing"]);
    let id = prop::option::of(prop::sample::select(vec![
        "7",
        PEOPLE[0],
        &PEOPLE[0][..8],
        &PEOPLE[0][..20],
    ]));
    let kinds = prop::sample::select(vec![ActorType::User, ActorType::System, ActorType::Ai]);
    let request = prop_oneof![
        Just(None),
        prop::sample::select(PEOPLE.to_vec()).prop_map(|id| IdPart::parse(&id[..10])),
    ];
    let needle = text().prop_filter("something", |text| !text.is_empty());
    let values = prop::collection::vec((text(), any::<bool>()), 1..3);
    let bounds = prop::sample::select(vec![
        "3",
        "-2.5",
        "0",
        "1e3",
        "2026-10-01",
        "2026-10-01T08:30Z",
    ]);
    let images = (image_test(), values, bounds).prop_map(|((side, path, test), values, bound)| {
        let is_order = !matches!(test, Test::Is | Test::Contains);
        let image = |(value, quotes): (String, bool)| {
            let is_number = serde_json::from_str::<serde_json::Number>(&value).is_ok();
            let is_text = quotes && test == Test::Is && (value == "null" || is_number);
            let value = if is_order { bound.to_owned() } else { value };
            (test == Test::Is || !value.is_empty()).then(|| {
                Atom::Image(ImageTest {
                    side,
                    path: path.clone(),
                    test,
                    value,
                    is_text,
                })
            })
        };
        values
            .into_iter()
            .filter_map(image)
            .take(if is_order { 1 } else { 2 })
            .collect::<Vec<_>>()
    });
    prop_oneof![
        1 => some(person().prop_map(Atom::Actor)),
        1 => some(person().prop_map(Atom::Subject)),
        1 => some(pattern.prop_map(|pattern| Atom::Action(pattern.to_owned()))),
        1 => some(kinds.prop_map(Atom::Type)),
        1 => some(request.prop_map(Atom::Request)),
        1 => some((table, id).prop_map(|(table, id)| Atom::Row(RowRef {
            table: table.to_owned(),
            id: id.map(str::to_owned),
        }))),
        1 => some(key().prop_filter("a name", |key| !key.is_empty()).prop_map(Atom::Changed)),
        1 => some(needle.prop_map(Atom::Text)),
        6 => images.prop_filter("something", |images| !images.is_empty()),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let term = (prop::bool::weighted(0.3), atoms()).prop_map(|(is_not, any)| Term { is_not, any });
    let times = prop::sample::select(vec![
        "",
        "since:2026-10-02",
        "until:2026-10-02",
        "on:2026-10-02",
        "-on:2026-10-02",
    ]);
    (prop::collection::vec(term, 1..3), times).prop_map(|(terms, times)| {
        let mut filter = Filter { terms };
        let times = Filter::parse(times, jiff::Timestamp::UNIX_EPOCH).unwrap();
        filter.terms.extend(times.terms);
        filter
    })
}

fn one<S: Strategy>(runner: &mut TestRunner, of: &S) -> S::Value {
    of.new_tree(runner).unwrap().current()
}

/// Fills the trail with records of hostile values; names the changed fields as the migration of them does.
async fn fill(test_project: &TestProject, runner: &mut TestRunner, count: i32) {
    let db = &test_project.db;
    db.batch_execute("alter table audit_log disable trigger user; delete from audit_log; alter table audit_log add column if not exists changed text[]")
        .await
        .unwrap();
    let add = "insert into audit_log (action, actor_type, actor_user_id, subject_user_id, correlation_id, before_state,
                                      after_state, rationale, created_at)
               select $1, $2::text::actor_type, $3::text::uuid, $4::text::uuid, $5::text::uuid, $6::text::jsonb,
                      $7::text::jsonb, $8, timestamptz '2026-10-01' + $9 * interval '10 minutes'";
    let someone = prop::option::of(prop::sample::select(PEOPLE.to_vec()));
    let record = (
        action(),
        prop::sample::select(vec!["user", "system", "ai"]),
        [someone.clone(), someone.clone(), someone],
        image(),
        image(),
        prop::option::of(text()),
    );
    for n in 0..count {
        let (action, kind, [actor, subject, request], before, after, reason) = one(runner, &record);
        let json = |image: Option<Value>| image.map(|image| image.to_string());
        // Two records share each moment.
        let at = f64::from(n / 2);
        db.execute(
            add,
            &[
                &action,
                &kind,
                &actor,
                &subject,
                &request,
                &json(before),
                &json(after),
                &reason,
                &at,
            ],
        )
        .await
        .unwrap();
    }
    db.batch_execute(
        "update audit_log set changed = case when before_state is null or after_state is null then '{}' else array(
             select coalesce(b.key, a.key) from jsonb_each(before_state) b full join jsonb_each(after_state) a using (key)
             where b.value is distinct from a.value and coalesce(b.key, a.key) <> 'updated_at') end;
         alter table audit_log enable trigger user; analyze audit_log",
    )
    .await
    .unwrap();
}

/// Every record that a filter finds, page by page.
async fn found(project: &Project, mut ask: Ask) -> Vec<Record> {
    let mut rows = Vec::new();
    loop {
        let page: Page<Record> = audit::page(&*project.rest, &Identity::Service, &ask)
            .await
            .unwrap();
        let looked = page.looked.is_some();
        assert!(page.rows.len() <= ask.limit.max(1) || ask.limit == 0);
        rows.extend(page.rows);
        if !page.has_more {
            return rows;
        }
        assert_ne!(page.next, ask.from, "goes on, looked: {looked}");
        ask.from = page.next;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_means_the_same_to_the_server_as_it_does_here() {
    let test_project = weeksmith("audit_meaning").await;
    let mut runner = TestRunner::deterministic();
    fill(&test_project, &mut runner, 300).await;
    crate::test_project::stack()
        .await
        .reload_schema("audit_meaning")
        .await
        .unwrap();
    let project = test_project.project(RoleChoice::Service).await;
    let all = found(&project, Ask::default()).await;
    assert_eq!(all.len(), 300);
    let filters = filter();
    let (mut hits, mut empty) = (0, 0);
    for _ in 0..400 {
        let filter = one(&mut runner, &filters);
        let typed = filter.to_string();
        let read = Filter::parse(&typed, jiff::Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(read, filter, "{typed}");
        let wanted: Vec<&str> = all
            .iter()
            .filter(|record| filter.fits(record, &Identity::Service))
            .map(|record| record.id.as_str())
            .collect();
        hits += wanted.len();
        empty += usize::from(wanted.is_empty());
        let has_column = typed.contains("changed:") || typed.contains("row:");
        for has_changed in [Some(false), Some(true)]
            .into_iter()
            .take(1 + usize::from(has_column))
        {
            let ask = Ask {
                filter: filter.clone(),
                limit: 70,
                has_changed,
                ..Ask::default()
            };
            let rows = found(&project, ask).await;
            let ids: Vec<&str> = rows.iter().map(|record| record.id.as_str()).collect();
            assert_eq!(ids, wanted, "{typed} (has_changed: {has_changed:?})");
        }
    }
    println!("{hits} hits, {empty} filters without any");
    assert!(hits > 2_000 && empty < 250, "{hits} hits, {empty} empty");
}

/// A search over more records than one piece has says how far it has come, both ways, and finds the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_goes_on_in_pieces_and_says_how_far_it_has_come() {
    let test_project = weeksmith("audit_pieces").await;
    let add = "insert into audit_log (action, actor_type, created_at, before_state, after_state)
               select 'test.piece', 'system', timestamptz '2020-01-01' + n * interval '1 second', jsonb_build_object('n', n - 1, 'same', 1, 'rare', null),
                      jsonb_build_object('n', n, 'same', 1, 'rare', case when n % 11000 = 0 then 'here' end)
               from generate_series(1, 45000) n";
    test_project.db.batch_execute(add).await.unwrap();
    test_project
        .db
        .batch_execute("analyze audit_log")
        .await
        .unwrap();
    let project = test_project.project(RoleChoice::Service).await;
    for (text, wanted) in [
        (
            "action:test.piece after.rare:here",
            vec![44_000, 33_000, 22_000, 11_000],
        ),
        (
            "action:test.piece text:here since:2020-01-01T11:00Z",
            vec![44_000],
        ),
        (
            "action:test.piece -changed:n,rare since:2020-01-01T11:00Z",
            vec![],
        ),
        (
            "action:test.piece changed:rare since:2020-01-01T09:00Z",
            vec![44_000, 33_000],
        ),
    ] {
        for way in [PageDirection::Older, PageDirection::Newer] {
            let filter = Filter::parse(text, jiff::Timestamp::now()).unwrap();
            let mut ask = Ask {
                filter,
                way,
                has_changed: Some(false),
                ..Ask::default()
            };
            let mut found: Vec<u64> = Vec::new();
            let (mut pieces, mut count) = (0, 0);
            loop {
                let page: Page<Record> = audit::page(&*project.rest, &Identity::Service, &ask)
                    .await
                    .unwrap();
                let looked = page.looked.expect("no index answers it");
                assert!(looked.count <= 20_000, "{text} {looked:?}");
                count += looked.count;
                pieces += 1;
                let numbers = page
                    .rows
                    .iter()
                    .map(|row| row.after_state.as_ref().unwrap()["n"].as_u64().unwrap());
                // Each page is newest first, whichever way one goes.
                match way {
                    PageDirection::Older => found.extend(numbers),
                    PageDirection::Newer => drop(found.splice(0..0, numbers)),
                }
                if !page.has_more {
                    break;
                }
                assert!(looked.up_to.is_some());
                ask.from = page.next;
            }
            assert_eq!(found, wanted, "{text} {way:?}");
            assert!(pieces > 1, "{text} {way:?}: {pieces} pieces");
            assert!(count > 4_000, "{text} {way:?}: {count}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_records_name_what_changed_is_found_out_first() {
    let test_project = weeksmith("audit_names").await;
    let project = test_project.project(RoleChoice::Service).await;
    let probe = |filter: &str| Ask {
        filter: Filter::parse(filter, jiff::Timestamp::now()).unwrap(),
        ..Ask::default()
    };
    let page = |ask: Ask| {
        let project = &project;
        async move {
            let page: Page<Record> = audit::page(&*project.rest, &Identity::Service, &ask)
                .await
                .unwrap();
            page.has_changed
        }
    };
    test_project
        .db
        .batch_execute("alter table audit_log drop column if exists changed cascade")
        .await
        .unwrap();
    crate::test_project::stack()
        .await
        .reload_schema("audit_names")
        .await
        .unwrap();
    assert_eq!(page(probe("actor:none")).await, None);
    assert_eq!(page(probe("changed:qty")).await, Some(false));
    let add = "alter table audit_log add column changed text[]; alter table audit_log disable trigger user";
    test_project.db.batch_execute(add).await.unwrap();
    crate::test_project::stack()
        .await
        .reload_schema("audit_names")
        .await
        .unwrap();
    assert_eq!(
        page(probe("changed:qty")).await,
        Some(false),
        "old records have no names yet"
    );
    test_project
        .db
        .batch_execute("update audit_log set changed = '{}'")
        .await
        .unwrap();
    assert_eq!(page(probe("changed:qty")).await, Some(true));
    // One is left out, wherever it stands.
    let half = "alter table audit_log add column if not exists transaction_id bigint not null default 0;
                update audit_log set changed = null, transaction_id = 0 where id = (select id from audit_log order by created_at, id offset 3 limit 1)";
    test_project.db.batch_execute(half).await.unwrap();
    crate::test_project::stack()
        .await
        .reload_schema("audit_names")
        .await
        .unwrap();
    assert_eq!(
        page(probe("changed:qty")).await,
        Some(false),
        "half filled in"
    );
}
