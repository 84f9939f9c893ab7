//! One dry run, told once: as text, in the deck and as JSON, from the same facts.

use crate::fixture::{answer, filled, plan, press, read_on, target, text, ticket};
use supadeck::app::dialog::Dialog;
use supadeck::app::effect::{Effect, Load, Write};
use supadeck::app::model::Model;
use supadeck::app::msg::{Planned, Report};
use supadeck::domain::dry_run::access::{AccessChange, Verdict, Why};
use supadeck::domain::dry_run::measure::{Blocks, Uncounted};
use supadeck::domain::dry_run::passed_over::PassedOver;
use supadeck::domain::dry_run::{
    End, Environment, Loss, LossKind, NotCounted, Report as DryRun, StatementReport, StepReport,
    TableLockSummary,
};
use supadeck::domain::lint::{LockMode, assess_in_order};
use supadeck::domain::migration::{Direction, Plan};
use supadeck::domain::report::{self, Extent, Lines, Tone, losses, risks, seen};
use supadeck::domain::snapshot::difference::{Change, ChangeKind, Difference, PropertyChange};
use supadeck::domain::snapshot::{Kind, Object};

/// Two files: a column made again and a table opened; a table with rows dropped.
const FILES: [(&str, &str, &[&str]); 2] = [
    (
        "20260101000001",
        "contact",
        &[
            "alter table customer drop column phone",
            "alter table customer add column phone text",
            "drop policy own on customer",
            "create policy own on customer using (user_id = auth.uid())",
            "alter table customer disable row level security",
        ],
    ),
    (
        "20260101000002",
        "tidy",
        &["drop table basket", "create table note (id int)"],
    ),
];

fn files() -> Plan {
    let mut plan = plan();
    let step = plan.steps[0].clone();
    plan.steps = FILES
        .iter()
        .map(|(version, name, statements)| {
            let mut step = step.clone();
            step.version = (*version).into();
            step.name = (*name).into();
            step.file = format!("migrations/{version}_{name}.sql").into();
            step.sha256 = format!("digest of {name}");
            step.statements = statements.iter().collect();
            step
        })
        .collect();
    plan
}

fn planned(plan: Plan) -> Planned {
    let texts: Vec<String> = plan
        .steps
        .iter()
        .map(|step| step.statements.iter().collect::<Vec<_>>().join(";\n") + ";")
        .collect();
    Planned {
        risks: Some(assess_in_order(texts.iter().map(String::as_str))),
        plan,
    }
}

fn change(kind: Kind, on: Option<&str>, name: &str, fate: ChangeKind) -> Change {
    Change {
        object: Object {
            kind,
            on: on.map(str::to_owned),
            name: name.into(),
        },
        fate,
        renamed_from: None,
        properties: Vec::new(),
    }
}

fn lock(table: &str, mode: LockMode, statement: usize, ms: (u64, u64)) -> TableLockSummary {
    TableLockSummary {
        table: table.into(),
        mode,
        blocks: Blocks::of(mode),
        version: FILES[0].0.into(),
        statement,
        held_ms: ms.0,
        rehearsal_held_ms: ms.1,
        rewritten: false,
    }
}

fn dry_run() -> DryRun {
    let loss = |way, table: &str, column: Option<&str>, rows| Loss {
        way,
        table: table.into(),
        column: column.map(str::to_owned),
        rows: Some(rows),
        counted: true,
        attribute: None,
        remade: column.is_some(),
        uncounted: None,
    };
    let anon = |verb: &str, rows| AccessChange {
        table: "public.customer".into(),
        role: "anon".into(),
        verb: verb.into(),
        before: Verdict::Policies,
        after: Verdict::All,
        rows,
        why: Some(Why::RlsOff),
        passes: false,
        only_parts: false,
        remade: false,
        depends_on: None,
        is_alike: false,
        ids: (1, Some(1)),
    };
    let steps = FILES.iter().map(|(version, name, statements)| StepReport {
        version: (*version).into(),
        name: (*name).into(),
        direction: Direction::Apply,
        end: End::Passed,
        took_ms: 12,
        statements: statements
            .iter()
            .enumerate()
            .map(|(index, sql)| StatementReport {
                statement: index + 1,
                line: Some(index + 1),
                sql: (*sql).into(),
                took_ms: 2,
                rows: 0,
                notices: Vec::new(),
                locks: Vec::new(),
                rewrites: Vec::new(),
                changed: Vec::new(),
                problem: None,
            })
            .collect(),
        left_out: Vec::new(),
        difference: None,
        note: None,
    });
    let mut rls = change(Kind::Table, None, "public.customer", ChangeKind::Changed);
    rls.properties.push(PropertyChange {
        property: "row level security".into(),
        before: Some("on".into()),
        after: None,
        follows: false,
    });
    DryRun {
        on: Environment::Target,
        database: target(),
        steps: steps.collect(),
        difference: Difference {
            changes: vec![
                rls,
                change(Kind::Table, None, "public.note", ChangeKind::Added),
                change(Kind::Column, Some("public.note"), "id", ChangeKind::Added),
                change(Kind::Table, None, "public.basket", ChangeKind::Removed),
            ],
        },
        locks: vec![
            lock("public.plan", LockMode::AccessShare, 1, (9, 9)),
            lock("public.customer", LockMode::AccessExclusive, 1, (10, 21)),
            lock("public.basket", LockMode::AccessExclusive, 1, (4, 4)),
        ],
        losses: vec![
            loss(LossKind::TableDropped, "public.basket", None, 40),
            loss(
                LossKind::ColumnDropped,
                "public.customer",
                Some("phone"),
                500,
            ),
        ],
        uncounted: Vec::new(),
        access: vec![anon("select", Some(500)), anon("update", None)],
        sequences: Vec::new(),
        sequence_notes: Vec::new(),
        passed_over: Vec::new(),
        platform_locks: None,
        problem: None,
    }
}

fn sign(tone: Tone) -> char {
    match tone {
        Tone::Text => ' ',
        Tone::Strong => '#',
        Tone::Muted => '.',
        Tone::Ok => '+',
        Tone::Warn => '?',
        Tone::Danger => '!',
        Tone::Accent => '>',
    }
}

/// The text with the tone of each line before it.
fn shown(lines: &Lines) -> String {
    let lines = lines.lines.iter();
    let lines = lines.map(|line| format!("{} {}", sign(line.tone()), line.whole()));
    let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// The deck behind a dry run of the two files, which stands there to be read.
fn tried(size: (u16, u16), plan: Plan, found: DryRun) -> Model {
    let mut model = filled(size);
    press(&mut model, &["2", "G"]);
    let effects = press(&mut model, &["p"]);
    let mut effects = answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Ok(planned(plan))),
    );
    if effects.is_empty() {
        read_on(&mut model);
        effects = press(&mut model, &["y"]);
    }
    assert!(
        matches!(
            effects[..],
            [Effect::Write {
                write: Write::Rehearse(_),
                ..
            }]
        ),
        "{effects:?}"
    );
    let found = Report::Rehearsed(Ok(Box::new(found)));
    answer(&mut model, ticket(&effects), found);
    model
}

/// The question before a plan runs, whole.
fn asked(model: &mut Model, plan: Plan) -> String {
    press(model, &["esc"]);
    let effects = press(model, &["a"]);
    answer(model, ticket(&effects), Report::Plan(Ok(planned(plan))));
    let frames = read_on(model);
    frames.concat()
}

#[test]
fn a_plan_reads_the_same_as_text_in_the_deck_and_as_json() {
    let (planned, found) = (planned(files()), dry_run());
    let settled = seen::settle(planned.risks.as_ref().unwrap(), &found);
    let page = report::plan::page(
        &planned.plan,
        Some(&settled),
        Some(&found),
        Extent::Short,
        false,
    );
    insta::assert_snapshot!("told_text", shown(&page));
    for size in [(120, 40), (80, 24), (60, 14)] {
        let mut model = tried(size, files(), found.clone());
        insta::assert_snapshot!(format!("told_{}x{}", size.0, size.1), text(&model));
        // All of it is in the deck, line by line.
        if size.0 == 120 {
            let mut frames = text(&model);
            for _ in 0..8 {
                press(&mut model, &["pgdn"]);
                frames.push_str(&text(&model));
            }
            for line in page.lines.iter().filter(|line| line.text().len() < 90) {
                assert!(frames.contains(&line.text()), "{}\n{frames}", line.text());
            }
        }
    }
    let facts = serde_json::json!({
        "losses": losses::all(&found),
        "access": found.access,
        "risk_groups": risks::groups(&planned.plan, &settled),
    });
    insta::assert_snapshot!("told_json", serde_json::to_string_pretty(&facts).unwrap());
}

#[test]
fn what_a_dry_run_has_seen_wins_over_what_the_text_made_one_fear() {
    let found = dry_run();
    let all = planned(files()).risks.unwrap();
    let rules = |all: &[supadeck::domain::lint::Assessment]| -> Vec<&'static str> {
        let findings = all
            .iter()
            .flat_map(supadeck::domain::lint::Assessment::open_findings);
        findings.map(|finding| finding.rule).collect()
    };
    assert!(rules(&all).contains(&"drop-policy"), "{:?}", rules(&all));
    let settled = seen::settle(&all, &found);
    // The policy is there as it was; the table that is dropped was there, and so was the one without its guard.
    assert!(!rules(&settled).contains(&"drop-policy"));
    for rule in ["drop-table", "drop-column", "disable-rls", "blocks-readers"] {
        assert!(
            rules(&settled).contains(&rule),
            "{rule}: {:?}",
            rules(&settled)
        );
    }
    // Where neither table was there before, nobody waits for one and no row of one is lost.
    let mut fresh = found.clone();
    fresh.locks.clear();
    // That no lock was seen does not say so: a view's table and a renamed one go by other names.
    assert!(rules(&seen::settle(&all, &fresh)).contains(&"drop-table"));
    for table in ["public.customer", "public.basket"] {
        let added = change(Kind::Table, None, table, ChangeKind::Added);
        fresh.difference.changes.push(added);
    }
    let settled = seen::settle(&all, &fresh);
    assert_eq!(rules(&settled), ["disable-rls", "table-without-rls"]);
    // On a scratch database they may be new, and be there on the other one.
    let mut on_scratch = fresh.clone();
    on_scratch.on = Environment::Scratch;
    let settled = seen::settle(&all, &on_scratch);
    for rule in ["drop-policy", "drop-table", "drop-column"] {
        assert!(rules(&settled).contains(&rule), "{:?}", rules(&settled));
    }
    // A table that is dropped and made again under its name is no new one, and stands without its guard all the same.
    let mut remade = found.clone();
    let table = change(Kind::Table, None, "public.basket", ChangeKind::Changed);
    remade.difference.changes.push(table);
    assert!(rules(&seen::settle(&all, &remade)).contains(&"table-without-rls"));
    // A change of type is judged by what it converted.
    let typed = assess_in_order(["alter table customer alter column age type varchar(3);"]);
    let feared = |found: &DryRun| {
        let settled = seen::settle(&typed, found);
        rules(&settled).contains(&"change-type-may-lose")
    };
    let mut kept = found.clone();
    kept.losses.retain(|loss| loss.table == "public.basket");
    assert!(!feared(&kept));
    // Of a partition or a renamed table the loss has another name.
    let converted = Loss {
        way: LossKind::ValuesConverted,
        table: "public.customer_1".into(),
        ..kept.losses[0].clone()
    };
    kept.losses.push(converted);
    assert!(feared(&kept));
    kept.losses.pop();
    kept.uncounted.push(NotCounted {
        table: "public.customer".into(),
        why: Uncounted::TooLarge,
    });
    assert!(feared(&kept));
    // An update is judged by whether it overwrote anything.
    let filled = assess_in_order(["update customer set age = 3;"]);
    let feared = |found: &DryRun| {
        let settled = seen::settle(&filled, found);
        rules(&settled).contains(&"update-without-where")
    };
    kept.uncounted.clear();
    assert!(!feared(&kept));
    let overwritten = Loss {
        way: LossKind::RowsChanged,
        table: "public.customer_1".into(),
        ..kept.losses[0].clone()
    };
    kept.losses.push(overwritten);
    assert!(feared(&kept));
    // What a scratch server passed over has shown nothing.
    let mut passed = kept.clone();
    passed.losses.pop();
    assert!(!feared(&passed));
    passed.passed_over.push(PassedOver {
        version: passed.steps[0].version.clone(),
        direction: passed.steps[0].direction,
        file: String::new(),
        statement: 1,
        line: None,
        sql: String::new(),
        lacks: "extension vector".into(),
        depends: true,
    });
    assert!(feared(&passed));
    // A policy that is gone is feared rightly, and one that stopped or was not measured has refuted nothing.
    let mut gone = found.clone();
    let policy = change(
        Kind::Policy,
        Some("public.customer"),
        "own",
        ChangeKind::Removed,
    );
    gone.difference.changes.push(policy);
    assert!(rules(&seen::settle(&all, &gone)).contains(&"drop-policy"));
    let mut stopped = fresh.clone();
    stopped.problem = Some(supadeck::domain::problem::Problem::cancelled("No."));
    assert_eq!(seen::settle(&all, &stopped), all);
    for end in [End::Skipped, End::Refused, End::Unsure, End::NotReached] {
        let mut unseen = fresh.clone();
        unseen.steps[0].end = end;
        assert_eq!(seen::settle(&all, &unseen)[0], all[0]);
    }
}

#[test]
fn the_question_has_the_figures_of_the_dry_run_of_the_same_files() {
    for size in [(120, 40), (80, 24), (60, 14)] {
        let mut model = tried(size, files(), dry_run());
        let frames = asked(&mut model, files());
        for part in [
            "40 rows lost",
            "500 values lost",
            "anon gains",
            "objects: 1 new",
        ] {
            assert!(frames.contains(part), "{part}\n{frames}");
        }
        // The policy that is made again as it was is no risk.
        assert!(!frames.contains("Dropping policy"), "{frames}");
    }
    // Of other files, or behind another history, it tells nothing.
    let mut other = files();
    other.steps[1].sha256 = "another".into();
    let mut later = files();
    later.history.push("20260101000000".into());
    for plan in [other, later] {
        let mut model = tried((120, 40), files(), dry_run());
        let frames = asked(&mut model, plan);
        assert!(!frames.contains("40 rows lost"), "{frames}");
        assert!(
            frames.contains("none of these files with this history; p makes one"),
            "{frames}"
        );
    }
    let mut model = filled((120, 40));
    press(&mut model, &["2", "G"]);
    let frames = asked(&mut model, files());
    assert!(frames.contains("none yet; p makes one"), "{frames}");
}

#[test]
fn a_number_comes_first_and_nothing_is_called_lost_that_is_not() {
    let loss = |way, rows, counted, uncounted| Loss {
        way,
        table: "public.t".into(),
        column: None,
        rows,
        counted,
        attribute: None,
        remade: false,
        uncounted,
    };
    let words = |loss: &Loss| {
        let line = losses::line(loss);
        format!("{} {}", sign(line.tone()), line.text())
    };
    let too_large = Some(Uncounted::TooLarge);
    for (loss, said) in [
        (
            loss(LossKind::TableDropped, Some(1), true, None),
            "! 1 row lost: table public.t is dropped",
        ),
        (
            loss(LossKind::TableEmptied, Some(1200), false, None),
            "! about 1200 rows lost: table public.t is emptied",
        ),
        (
            loss(LossKind::TableDropped, Some(0), true, None),
            "  Nothing lost: table public.t is dropped",
        ),
        (
            loss(LossKind::ValuesConverted, Some(7), false, None),
            "! up to 7 rows converted to others: column public.t",
        ),
        (
            loss(LossKind::RowsDeleted, None, false, None),
            "! rows deleted: table public.t",
        ),
        (
            loss(LossKind::RowsChanged, None, false, too_large),
            &format!(
                "! rows, not counted ({}), overwritten: table public.t",
                Uncounted::TooLarge.words()
            ),
        ),
    ] {
        assert_eq!(words(&loss), said);
    }
    let mut unsure = dry_run();
    unsure.losses.clear();
    unsure.uncounted.push(NotCounted {
        table: "public.t".into(),
        why: Uncounted::TooLarge,
    });
    let page = report::plan::page(&files(), Some(&[]), Some(&unsure), Extent::Short, false);
    assert!(
        !shown(&page).contains("No data is lost"),
        "{}",
        shown(&page)
    );
}

#[test]
fn the_risks_of_many_files_are_asked_about_by_rule() {
    let mut plan = files();
    let step = plan.steps[1].clone();
    for number in 0..20 {
        let mut step = step.clone();
        step.version = format!("2026010200{number:04}");
        step.statements = [format!("drop table old{number}")].iter().collect();
        plan.steps.push(step);
    }
    let planned = planned(plan);
    let facts = risks::facts(&planned.plan, planned.risks.as_ref().unwrap());
    let facts: Vec<String> = facts.iter().map(report::Line::text).collect();
    assert!(
        facts.contains(
            &"loses data (drop-table), 21 times in 21 files: basket, old0, old1, old2, old3, old4 and 15 more"
                .to_owned()
        ),
        "{facts:?}"
    );
    assert!(facts.len() < 10, "{facts:?}");
}

#[test]
fn a_huge_file_is_told_on_a_few_screens_and_all_of_it_on_request() {
    let mut plan = files();
    plan.steps.truncate(1);
    let statements: Vec<String> = (0..4_600)
        .map(|number| match number % 100 {
            7 => format!("alter table t{number} drop column a"),
            _ => format!("create table if not exists t{number} ()"),
        })
        .collect();
    plan.steps[0].statements = statements.iter().collect();
    let planned = planned(plan);
    let mut found = dry_run();
    found.steps.truncate(1);
    found.steps[0].statements.clear();
    found.difference.changes = (0..4_600)
        .map(|number| {
            change(
                Kind::Table,
                None,
                &format!("public.t{number}"),
                ChangeKind::Added,
            )
        })
        .collect();
    found.difference.changes.push(change(
        Kind::Table,
        None,
        "public.zz_gone",
        ChangeKind::Removed,
    ));
    let risks = planned.risks.unwrap();
    let page =
        |extent| report::plan::page(&planned.plan, Some(&risks), Some(&found), extent, false);
    let (short, whole) = (page(Extent::Short), page(Extent::All));
    assert!(short.lines.len() < 200, "{}", short.lines.len());
    assert!(whole.lines.len() > 9_000, "{}", whole.lines.len());
    let words = shown(&short);
    // What is gone is named before what is new, and what is left out is counted.
    assert!(words.contains("- table public.zz_gone"), "{words}");
    assert!(
        words.contains("and 4561 tables new; `supadeck migration plan --all` shows all"),
        "{words}"
    );
    assert!(
        words.contains("loses data (drop-column), 46 times: 20260101000001 contact, statements 8, 108, 208, 308, 408, 508 and 40 more"),
        "{words}"
    );
    assert!(
        words.contains("`supadeck migration plan --all` shows all"),
        "{words}"
    );
    assert!(!shown(&whole).contains("--all"));
}

#[test]
fn what_failed_only_here_is_not_known_and_what_was_left_out_is_not_run() {
    let end = |ends: [End; 2]| {
        let mut found = dry_run();
        for (step, end) in found.steps.iter_mut().zip(ends) {
            step.end = end;
        }
        report::dry_run::end(&found)
    };
    assert_eq!(end([End::Passed, End::Passed]), "nothing was changed");
    assert_eq!(end([End::Unsure, End::Unsure]), "NOT KNOWN");
    assert_eq!(
        end([End::Unsure, End::Passed]),
        "1 file NOT KNOWN, nothing was changed"
    );
    assert_eq!(end([End::Refused, End::Skipped]), "NOT RUN");
    assert_eq!(end([End::Unsure, End::Skipped]), "NOT RUN");
    let mut left_out = dry_run();
    left_out.steps[1].end = End::Refused;
    let page = report::plan::page(&files(), Some(&[]), Some(&left_out), Extent::Short, false);
    assert!(
        shown(&page).contains(
            "! Not run here, because it does what a rollback does not undo: 20260101000002 tidy."
        ),
        "{}",
        shown(&page)
    );
}

/// Through a read-only profile the database itself is asked for reads alone: whatever is dry-run, it is on scratch, and nothing goes on
/// from there.
#[test]
fn through_a_read_only_profile_a_dry_run_is_on_scratch_and_leads_to_nothing() {
    let by_profile: fn(&mut Model, &mut Plan) = |model, _| {
        model.project.as_mut().unwrap().is_read_only = true;
    };
    // The database is that of a read-only profile.
    let by_target: fn(&mut Model, &mut Plan) = |_, plan| {
        plan.target.protection.read_only = Some("look".into());
    };
    for read_only in [by_profile, by_target] {
        for (key, is_production) in [("p", false), ("p", true)] {
            let mut model = filled((120, 40));
            model.project.as_mut().unwrap().is_production = is_production;
            let mut plan = files();
            read_only(&mut model, &mut plan);
            let effects = press(&mut model, &["2", key]);
            let plan_ticket = effects.iter().rev().find_map(|effect| match effect {
                Effect::Load { ticket, load, .. } => {
                    matches!(load, Load::Plan(_)).then_some(*ticket)
                }
                _ => None,
            });
            let effects = answer(
                &mut model,
                plan_ticket.unwrap(),
                Report::Plan(Ok(planned(plan.clone()))),
            );
            assert!(
                matches!(&effects[..], [Effect::Write { write: Write::RehearseOnScratch(run), .. }] if *run == plan),
                "{effects:?}"
            );
            assert!(
                text(&model).contains("on a scratch database"),
                "{}",
                text(&model)
            );
            let mut report = dry_run();
            report.on = Environment::Scratch;
            let ran = ticket(&effects);
            answer(&mut model, ran, Report::Rehearsed(Ok(Box::new(report))));
            for key in ["a", "u", "A"] {
                let effects = press(&mut model, &[key]);
                assert!(
                    !effects
                        .iter()
                        .any(|effect| matches!(effect, Effect::Write { .. })),
                    "{effects:?}"
                );
                let is_question = matches!(model.dialogs.last(), Some(Dialog::Confirm(_)));
                assert!(!is_question, "{key}: {}", text(&model));
            }
        }
    }
}
