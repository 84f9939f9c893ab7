//! A deck with the demo's kind of data, and the few moves that every test makes.

use crate::table_fixture;
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use serde_json::json;
use supadeck::app::effect::{Effect, Load, Write};
use supadeck::app::key::Key;
use supadeck::app::keymap::Keymap;
use supadeck::app::live::{LiveAnswer, LiveFound, LiveNews, LiveQuestion};
use supadeck::app::model::{Model, Project};
use supadeck::app::msg::{Choices, Msg, Opened, Planned, Report};
use supadeck::app::ticket::Ticket;
use supadeck::app::update;
use supadeck::domain::audit::follow::News;
use supadeck::domain::audit::{Page, Record, Summary};
use supadeck::domain::cycle::Cycle;
use supadeck::domain::goal::Goal;
use supadeck::domain::identity::{Identity, User};
use supadeck::domain::lint::assess;
use supadeck::domain::lock::{UnlockRecord, WeekLock};
use supadeck::domain::migration::history::HistoryMark;
use supadeck::domain::migration::journal::{Journal, Line};
use supadeck::domain::migration::{
    Direction, Entry, MigrationList, Plan, RollbackFile, SourceTexts, State, Step, StepMode, Target,
};
use supadeck::domain::seed::{SeedEntry, SeedListing, SeedRun, SeedSource, SeedState};
use supadeck::domain::sql::Statements;
use supadeck::ui::symbol::Symbols;
use supadeck::ui::theme::Theme;
use supadeck::ui::{self, Appearance};

pub const ALICE: &str = "a11ce000-0000-4000-8000-000000000001";

pub fn now() -> Timestamp {
    "2026-11-22T11:22:33Z".parse().unwrap()
}

pub fn alice() -> Identity {
    Identity::User(User {
        id: ALICE.into(),
        email: "alice@example.com".into(),
        role: "authenticated".into(),
        ..User::default()
    })
}

pub fn project() -> Project {
    Project {
        name: "demo".into(),
        url: "http://127.0.0.1:54321".into(),
        has_database: true,
        has_service_key: true,
        patience_s: 20,
        ..Project::default()
    }
}

/// A deck that was just opened, and the reads it asks for.
pub fn opened(size: (u16, u16), identity: Identity) -> (Model, Vec<Effect>) {
    let mut model = Model::new(size, None, Identity::Anon, Keymap::default());
    let effects = supadeck::app::jobs::session(&mut model, Write::Open);
    let opened = Opened {
        project: project(),
        identity,
        ended: None,
    };
    let effects = answer(
        &mut model,
        ticket(&effects),
        Report::Opened(Ok(Box::new(opened))),
    );
    (model, effects)
}

/// A deck in which every first read was answered.
pub fn filled(size: (u16, u16)) -> Model {
    let (mut model, effects) = opened(size, alice());
    answer_all(&mut model, effects);
    model
}

/// Answers reads with the fixture's data until none is left.
pub fn answer_all(model: &mut Model, effects: Vec<Effect>) {
    let mut waiting = effects;
    while let Some(effect) = waiting.pop() {
        let Effect::Load { ticket, load, .. } = effect else {
            continue;
        };
        waiting.extend(answer(model, ticket, report(&load)));
    }
}

pub fn report(load: &Load) -> Report {
    match load {
        Load::Migrations => Report::Migrations(Ok(listing())),
        Load::Sources(version) => Report::Sources(Ok(sources(version))),
        Load::Plan(_) => Report::Plan(Ok(planned(plan()))),
        Load::SeedSource(path) => Report::SeedSource(Ok(seed_source(path))),
        Load::Seeds | Load::SeedPlan { .. } => Report::Seeds(Ok(seeds())),
        Load::Cycles => Report::Cycles(Ok(cycles())),
        Load::Goals => Report::Goals(Ok(goals())),
        Load::Locks => Report::Locks(Ok(locks())),
        Load::Audit { .. } => Report::Audit(Ok(Page {
            rows: summaries(0..5),
            has_more: false,
            ..Page::default()
        })),
        Load::Items(plan) => Report::Items(Ok(crate::planning::items(plan))),
        Load::Vision(of) => {
            Report::Vision(Ok(Some(Box::new(crate::planning::vision(&of.user_id)))))
        }
        Load::Chats(_) => Report::Chats(Ok(crate::planning::chats())),
        Load::Messages(chat) => Report::Messages(Ok(crate::planning::messages(chat))),
        Load::Opening(_) => Report::Opening(Ok(Some(reason()))),
        Load::Record(id) => Report::Record(Ok(Box::new(record(id).into()))),
        Load::Find(id) => Report::Found(Ok(Box::new(record(id).into()))),
        Load::Journal => Report::Journal(Ok(journal())),
        Load::TableList => Report::TableList(Ok(table_fixture::list())),
        Load::TableInfo(name) => Report::TableInfo(Ok(Box::new(table_fixture::info(name)))),
        Load::Rows(wanted) => Report::Rows(Ok(Box::new(table_fixture::page(wanted)))),
        Load::WholeRow(wanted) => Report::WholeRow(Ok(Box::new(table_fixture::page(wanted)))),
        Load::People => Report::People(Box::default()),
        Load::Live(question) => Report::Live(Ok(LiveAnswer {
            found: match question {
                LiveQuestion::History => LiveFound::History(HistoryMark("1".into())),
                LiveQuestion::Locks => LiveFound::Locks(locks()),
                LiveQuestion::Trail { follow, .. } => LiveFound::Trail(LiveNews {
                    follow: *follow,
                    ..LiveNews::default()
                }),
            },
            took: std::time::Duration::from_millis(20),
        })),
        Load::News { .. } => Report::News(Ok(Some(News::default()))),
        Load::Check(_) => Report::Checked(Vec::new()),
        Load::Choices => Report::Choices(Box::new(Choices {
            kept: None,
            profiles: Vec::new(),
        })),
        Load::Access(_) => Report::Access(Ok(Box::new(crate::samples::matrix()))),
        Load::Difference(_)
        | Load::Review { .. }
        | Load::ExportReview { .. }
        | Load::Fix(_)
        | Load::Deletion(_)
        | Load::Prospect(_)
        | Load::CountRows(_)
        | Load::Values { .. }
        | Load::Export { .. }
        | Load::Explain(_) => {
            panic!("{load:?} is asked for by a key only")
        }
    }
}

pub fn answer(model: &mut Model, ticket: Ticket, report: Report) -> Vec<Effect> {
    update(
        model,
        Msg::Reported {
            ticket,
            at: now(),
            report: Box::new(report),
        },
    )
}

/// Presses keys: names as keymap files write them, anything else character by character.
pub fn press(model: &mut Model, keys: &[&str]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for word in keys {
        match word.parse::<Key>() {
            Ok(key) => effects.extend(update(model, Msg::KeyPressed(key))),
            Err(_) => {
                for c in word.chars() {
                    effects.extend(update(model, Msg::KeyPressed(Key::char(c))));
                }
            }
        }
    }
    effects
}

/// Presses the key that a question names, until all of it was shown that must be; the frames that were drawn.
pub fn read_on(model: &mut Model) -> Vec<String> {
    let mut frames = vec![text(model)];
    while let Some(last) = frames.last()
        && let Some((before, _)) = last.split_once(" see the rest")
    {
        let key = before.rsplit(' ').next().unwrap_or_default().to_owned();
        press(model, &[&key]);
        assert!(frames.len() < 2_000, "{}", text(model));
        frames.push(text(model));
    }
    frames
}

/// The ticket of the first read or write.
pub fn ticket(effects: &[Effect]) -> Ticket {
    // What there is to choose from is read beside everything else.
    let is_choices =
        |effect: &&Effect| matches!(effect, Effect::Load { load, .. } if *load == Load::Choices);
    let (choices, others): (Vec<&Effect>, Vec<&Effect>) = effects.iter().partition(is_choices);
    let found = others
        .into_iter()
        .chain(choices)
        .find_map(|effect| match effect {
            Effect::Load { ticket, .. } | Effect::Write { ticket, .. } => Some(*ticket),
            _ => None,
        });
    found.expect("no read or write among the effects")
}

pub fn look(theme: &str) -> Appearance {
    let themes = Theme::built_in()
        .into_iter()
        .filter(|built_in| built_in.name == theme)
        .collect();
    Appearance {
        themes,
        symbols: Symbols {
            is_ascii: theme == "mono",
        },
    }
}

pub fn draw(model: &Model, theme: &str) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(model.size.0, model.size.1)).unwrap();
    terminal
        .draw(|frame| ui::draw(frame, model, &look(theme)))
        .unwrap();
    terminal.backend().buffer().clone()
}

/// The frame as lines without trailing blanks.
pub fn text(model: &Model) -> String {
    lines(&draw(model, "dark"))
}

pub fn lines(buffer: &Buffer) -> String {
    let area = buffer.area;
    let line = |y| {
        (0..area.width)
            .map(|x| buffer[(x, y)].symbol())
            .collect::<String>()
            .trim_end()
            .to_owned()
    };
    (0..area.height).map(line).collect::<Vec<_>>().join("\n")
}

fn listing() -> MigrationList {
    let entry = |version: &str, name: &str, state, reversible| Entry {
        version: version.into(),
        name: name.into(),
        state,
        reversible,
        way_back: match (reversible, state) {
            (true, _) => RollbackFile::Usable,
            (false, State::Edited) => RollbackFile::Empty,
            (false, _) => RollbackFile::Missing,
        },
        file: Some(format!("migrations/{version}_{name}.sql").into()),
        note: None,
        recorded: (state != State::Pending).then(|| version.into()),
        ways: Vec::new(),
    };
    MigrationList {
        entries: vec![
            entry("20251004123000", "core_schema", State::Applied, true),
            entry("20251004124000", "week_lock", State::Applied, true),
            entry("20251004125000", "row_level_security", State::Edited, false),
            entry("20251004130000", "audit_trail", State::Pending, false),
        ],
        skipped: Vec::new(),
        target: target(),
        remarks: Vec::new(),
    }
}

fn journal() -> Journal {
    let line = |minute: u8, version: &str, direction: &str, outcome: &str| Line {
        version: version.into(),
        direction: direction.into(),
        outcome: outcome.into(),
        who: "olga as postgres".into(),
        host: Some("desk".into()),
        started: format!("2026-01-20T09:{minute:02}:00.25Z").parse().ok(),
        took_ms: Some(12),
        ..Line::default()
    };
    let failed = Line {
        failing_statement: Some(3),
        error: Some("Column \"x\" does not exist.\nsee statement 3".into()),
        ..line(30, "20251004130000", "apply", "failed")
    };
    Journal {
        lines: vec![
            failed,
            line(20, "20251004125000", "repair_applied", "done"),
            line(10, "20251004125000", "rollback", "cancelled"),
            line(5, "20251004124000", "apply", "done"),
        ],
        is_kept: true,
        target: target(),
    }
}

pub fn target() -> Target {
    Target {
        host: "127.0.0.1:5432".into(),
        database: "postgres".into(),
        role: "postgres".into(),
        server_version: "15.18".into(),
        ..Target::default()
    }
}

fn sources(version: &str) -> SourceTexts {
    SourceTexts {
        version: version.into(),
        up: Some("-- Weeks after the sixth are locked.\ncreate table x (id int, name text default 'a;b');\n".into()),
        down: Some("drop table x;\n".into()),
        applied: None,
    }
}

/// A plan with what its statements can do.
pub fn planned(plan: Plan) -> Planned {
    let of = |statements: &Statements| assess(&statements.iter().collect::<Vec<_>>().join("\n;\n"));
    let risks = plan.steps.iter().map(|step| of(&step.statements)).collect();
    Planned {
        plan,
        risks: Some(risks),
    }
}

pub fn plan() -> Plan {
    let step = Step {
        version: "20251004130000".into(),
        name: "audit_trail".into(),
        direction: Direction::Apply,
        file: "migrations/20251004130000_audit_trail.sql".into(),
        sha256: "0".repeat(64),
        statements: ["create table y (id int)", "comment on table y is 'why'"]
            .iter()
            .collect(),
        mode: StepMode::Transaction,
        mode_why: None,
        begin_at: 0,
        repeats: 0,
        older_than: None,
        passed_over: std::collections::BTreeSet::new(),
        way_back: RollbackFile::Usable,
    };
    Plan {
        steps: vec![step],
        target: target(),
        history: vec!["20251004123000".into()],
        is_resume: false,
    }
}

fn seed_source(path: &str) -> SeedSource {
    SeedSource {
        path: path.into(),
        text: Some("-- People to try it with.\ninsert into goal (id) values (1);\n".into()),
        ran: (!path.contains("030")).then(|| SeedRun {
            at: Some(now() - jiff::SignedDuration::from_hours(30)),
            who: "olga as postgres".into(),
            sha256: Some("cd".repeat(32)),
        }),
        since: if path.contains("020") {
            vec!["20251004125000 applied".into()]
        } else {
            Vec::new()
        },
    }
}

fn seeds() -> SeedListing {
    let entry = |path: &str, state| SeedEntry {
        path: path.into(),
        state,
        hash: Some("ab".repeat(32)),
        file: Some(path.into()),
    };
    SeedListing {
        entries: vec![
            entry("seeds/010_accounts.sql", SeedState::Applied),
            entry("seeds/020_alice.sql", SeedState::Changed),
            entry("seeds/030_bob.sql", SeedState::Pending),
        ],
        stale: Vec::new(),
        notes: Vec::new(),
        target: target(),
    }
}

fn cycles() -> Vec<Cycle> {
    let cycle = |n: u8, start: &str, end: &str| Cycle {
        id: format!("c0000000-0000-4000-8000-00000000000{n}"),
        user_id: ALICE.into(),
        start_date: start.into(),
        end_date: end.into(),
        current_week: 8,
        created_at: "2026-09-28T08:00:00+00:00".into(),
    };
    vec![
        cycle(1, "2026-09-28", "2026-12-20"),
        cycle(2, "2026-06-22", "2026-09-13"),
    ]
}

fn goals() -> Vec<Goal> {
    let goal = |n: u8, kind: &str, description: &str| Goal {
        id: format!("60000000-0000-4000-8001-00000000000{n}"),
        user_id: ALICE.into(),
        cycle_id: "c0000000-0000-4000-8000-000000000001".into(),
        kind: kind.into(),
        description: description.into(),
        start_week: 1,
        end_week: 12,
        created_at: "2026-09-28T08:00:00+00:00".into(),
    };
    vec![
        goal(1, "personal", "Run a half marathon under 1:50"),
        goal(2, "professional", "Ship the billing service"),
    ]
}

fn locks() -> Vec<WeekLock> {
    let lock = |week: u8| {
        let is_unlocked = week == 9;
        let value = json!({
            "plan_id": format!("10000000-0000-4000-8001-0000000000{week:02}"),
            "cycle_id": "c0000000-0000-4000-8000-000000000001",
            "user_id": ALICE,
            "week_no": week,
            "mode": "priority_queue",
            "locked": week > 6 && !is_unlocked,
            "why": if week > 6 && !is_unlocked { "Weeks after 6 are locked.".to_owned() }
                else if is_unlocked { "Emergency unlock until 14:05 UTC.".to_owned() }
                else { format!("Open: week {week} is within the first 6.") },
            "locked_after_week": 6,
            "unlocked_until": is_unlocked.then_some("2026-11-22T14:05:00+00:00"),
            "is_current_week": week == 8,
            "item_count": 4,
            "planned_qty": 40,
            "completed_qty": 30,
            "completion_pct": if week == 12 { json!(null) } else { json!(f64::from(week) * 11.0) },
        });
        serde_json::from_value(value).unwrap()
    };
    (1..=12).map(lock).collect()
}

/// Rows of a trail, newest first: row `n` is `n` seconds older than the newest.
pub fn summaries(rows: std::ops::Range<u64>) -> Vec<Summary> {
    let row = |n: u64| {
        let at = now() - jiff::SignedDuration::from_secs(i64::try_from(n).unwrap());
        let (action, before, after) = match n % 3 {
            0 => (
                "plan_item.update",
                Some(image(2, &["a", "b"], 1)),
                Some(image(3, &["a"], 2)),
            ),
            1 => (
                "goal.insert",
                None,
                Some(json!({
                    "id": "60000000-0000-4000-8001-000000000002",
                    "user_id": ALICE,
                    "description": "Ship the billing service",
                    "start_week": 1,
                    "end_week": 12,
                })),
            ),
            _ => (
                "task.delete",
                Some(
                    json!({"id": "70000000-0000-4000-8001-000000000002", "title": "Intervals", "unit": "km"}),
                ),
                None,
            ),
        };
        Summary::from(Record {
            id: format!("{n:08}-0000-4000-8000-000000000000"),
            created_at: at.to_string().replace('Z', "+00:00"),
            actor_user_id: Some(ALICE.into()),
            actor_type: if n % 3 == 2 {
                "ai".into()
            } else {
                "user".into()
            },
            subject_user_id: Some(ALICE.into()),
            action: action.into(),
            before_state: before,
            after_state: after,
            ..Record::default()
        })
    };
    rows.map(row).collect()
}

/// Why week 9 is open.
pub fn reason() -> UnlockRecord {
    UnlockRecord {
        record_id: "7e000000-0000-4000-8000-000000000001".into(),
        created_at: "2026-11-22T10:05:00+00:00".into(),
        actor_user_id: None,
        actor_type: "system".into(),
        rationale: Some("Sprained ankle".into()),
    }
}

fn image(qty: u8, tags: &[&str], x: u8) -> serde_json::Value {
    json!({
        "id": "20000000-0000-4000-8001-000000000902",
        "qty": qty,
        "status": "planned",
        "goal_id": "60000000-0000-4000-8001-000000000001",
        "plan_id": "10000000-0000-4000-8001-000000000009",
        "task_id": "70000000-0000-4000-8001-000000000002",
        "tags": tags,
        "meta": {"deep": {"x": x}},
    })
}

pub fn record(id: &str) -> Record {
    Record {
        id: id.into(),
        created_at: "2026-11-22T11:22:33.123456+00:00".into(),
        actor_user_id: Some(ALICE.into()),
        actor_type: "user".into(),
        subject_user_id: Some(ALICE.into()),
        action: "plan_item.update".into(),
        before_state: Some(image(2, &["a", "b"], 1)),
        after_state: Some(image(3, &["a"], 2)),
        rationale: Some("Physio agreed".into()),
        correlation_id: Some("40000000-0000-4000-8000-000000000009".into()),
        source_ip: Some("203.0.113.7".into()),
        user_agent: Some("weeksmith/1.0".into()),
        row_id: None,
    }
}
