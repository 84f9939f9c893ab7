//! Sentences about who may do what: written, read and checked.

use super::parse::*;
use super::snapshot::*;
use super::*;
use crate::domain::access::rules::{AccessRules, ApiRole, FoundUser, RowPolicy};
use crate::domain::access::viewer::Viewer;
use proptest::prelude::*;

fn role(name: &str) -> ApiRole {
    ApiRole {
        name: name.into(),
        ..ApiRole::default()
    }
}

fn matrix(verdict: Verdict, visible: Option<u64>) -> Matrix {
    let table = SecuredTable {
        id: 1,
        schema: "public".into(),
        name: "goal".into(),
        kind: "r".into(),
        ..SecuredTable::default()
    };
    let cells = Verb::ALL.map(|verb| AccessCell {
        schema: "public".into(),
        table: "goal".into(),
        identity: "anon".into(),
        role: "anon".into(),
        verb,
        verdict,
        policies: if verdict == Verdict::Policies {
            vec!["b \"x\"".into(), "a".into()]
        } else {
            Vec::new()
        },
        columns: None,
        visible,
        at_least: false,
        total: Some(4),
        why: String::new(),
        note: None,
        disagrees: None,
        is_refused: false,
    });
    Matrix {
        rules: AccessRules {
            tables: vec![table],
            policies: vec![RowPolicy {
                table: 1,
                name: "a".into(),
                verb: "select".into(),
                permissive: true,
                roles: vec!["public".into()],
                shows: Some("(x =\n  1)".into()),
                ..RowPolicy::default()
            }],
            schemas: vec!["public".into()],
            roles: ["anon", "authenticated"].map(role).into(),
            ..AccessRules::default()
        },
        viewers: vec![Viewer::anon()],
        schemas: vec!["public".into()],
        tables: vec![1],
        cells: cells.into(),
        ..Matrix::default()
    }
}

#[test]
fn a_snapshot_checks_against_itself_and_against_nothing_else() {
    let of = |verdict| matrix(verdict, Some(0));
    for (at, verdict) in [Verdict::None, Verdict::Policies, Verdict::All]
        .into_iter()
        .enumerate()
    {
        let file = parse(&snapshot(&of(verdict))).unwrap();
        for (other, second) in [Verdict::None, Verdict::Policies, Verdict::All]
            .into_iter()
            .enumerate()
        {
            let report = file.check(&of(second));
            assert_eq!(report.differences.is_empty(), at == other, "{report:?}");
        }
    }
}

#[test]
fn a_file_that_is_complete_finds_what_it_does_not_name() {
    let text = snapshot(&matrix(Verdict::None, Some(0)));
    let less: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("delete"))
        .collect();
    let report = parse(&less.join("\n"))
        .unwrap()
        .check(&matrix(Verdict::None, Some(0)));
    assert_eq!(report.differences.len(), 1);
    assert_eq!(
        report.differences[0].found.as_deref(),
        Some("anon may not delete public.goal")
    );
    let by_hand = less
        .iter()
        .filter(|line| !line.starts_with("schemas"))
        .copied()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        parse(&by_hand)
            .unwrap()
            .check(&matrix(Verdict::None, Some(0)))
            .differences
            .is_empty()
    );
}

#[test]
fn a_policy_whose_name_holds_several_blanks_is_itself() {
    let mut one = matrix(Verdict::All, Some(0));
    one.rules.policies[0].name = "  own   goals ".into();
    let report = parse(&snapshot(&one)).unwrap().check(&one);
    assert!(report.differences.is_empty(), "{report:?}");
}

#[test]
fn a_policy_with_the_same_name_and_another_condition_is_a_difference() {
    let old = matrix(Verdict::Policies, Some(0));
    let mut new = old.clone();
    new.rules.policies[0].shows = Some("true".into());
    let report = parse(&snapshot(&old)).unwrap().check(&new);
    assert_eq!(report.differences.len(), 1);
    assert!(
        report.differences[0]
            .found
            .as_ref()
            .unwrap()
            .ends_with("using true"),
        "{report:?}"
    );
}

#[test]
fn a_sentence_about_a_table_that_was_not_looked_at_is_a_difference() {
    let mut some = matrix(Verdict::None, Some(0));
    some.rules.tables.push(SecuredTable {
        id: 2,
        schema: "other".into(),
        name: "away".into(),
        kind: "r".into(),
        ..SecuredTable::default()
    });
    for line in [
        "anon may not select other.away",
        "anon may not anything with away",
        "anon may select rows of away",
        "anon sees nothing of away",
    ] {
        let file = parse(line).unwrap();
        let report = file.check(&some);
        let found = report.differences[0].found.as_ref().unwrap();
        assert!(found.contains("nothing was compared"), "{line}: {found}");
    }
}

#[test]
fn where_the_server_answers_otherwise_than_the_catalogs_nothing_holds() {
    for verdict in [Verdict::None, Verdict::Policies, Verdict::All] {
        let mut odd = matrix(verdict, Some(3));
        let text = format!("{}anon sees 3 of goal\n", snapshot(&odd));
        let file = parse(&text).unwrap();
        assert!(file.check(&odd).differences.is_empty());
        odd.cells[0].disagrees = Some("the server shows anon 3 rows".into());
        let report = file.check(&odd);
        assert_eq!(report.differences.len(), 2, "{report:?}");
        for one in &report.differences {
            let found = one.found.as_ref().unwrap();
            assert!(found.contains("the server shows anon 3 rows"), "{found}");
        }
    }
}

#[test]
fn a_sentence_is_about_whom_it_names_and_about_nobody_else_in_the_same_role() {
    let mut both = matrix(Verdict::All, Some(4));
    let user = |id: &str, email: &str| FoundUser {
        id: id.into(),
        email: Some(email.into()),
        ..FoundUser::default()
    };
    both.rules.people = vec![user("1", "alice@example.com"), user("2", "alice@b.c")];
    both.viewers = vec![
        Viewer::user(&both.rules.people[0]),
        Viewer::user(&both.rules.people[1]),
        Viewer::stranger(),
    ];
    let all = both.cells.clone();
    both.cells.clear();
    for (viewer, verdict) in
        both.viewers
            .iter()
            .zip([Verdict::All, Verdict::None, Verdict::Policies])
    {
        both.cells
            .extend(all.iter().cloned().map(|cell| AccessCell {
                identity: viewer.name.clone(),
                role: viewer.role.clone(),
                policies: Vec::new(),
                verdict,
                ..cell
            }));
    }
    for line in [
        "role:authenticated may select rows of goal",
        "stranger may select rows of goal",
        "user:alice@example.com may select all of goal",
        "user:ALICE@example.com may select all of goal",
        "user:1 may select all of goal",
        "user:alice@b.c may not select goal",
        "user:2 may not select goal",
    ] {
        let report = parse(line).unwrap().check(&both);
        assert!(report.differences.is_empty(), "{line}: {report:?}");
    }
    // Whoever was not looked at has nothing that holds.
    for line in [
        "anon may not select goal",
        "user:alice may select all of goal",
        "anon may execute public.f() as its owner",
        "anon sees 4 of goal",
    ] {
        let report = parse(line).unwrap().check(&both);
        let found = report.differences[0].found.as_ref().unwrap();
        assert!(found.contains("nobody looked as"), "{line}: {found}");
    }
}

#[test]
fn sentences_by_hand() {
    let some = matrix(Verdict::Policies, Some(3));
    for (line, holds) in [
        ("anon sees 3 of goal", true),
        ("anon sees 3 of public.goal", true),
        ("anon sees 4 of goal", false),
        ("anon sees nothing of goal", false),
        ("anon sees all of goal", false),
        ("anon sees some of goal", true),
        ("anon sees at least 3 of goal", true),
        ("anon sees at most 2 of goal", false),
        ("anon may select goal", true),
        ("anon may select, update and delete goal", true),
        ("anon may not select goal", false),
        ("anon may not anything with goal", false),
        ("anon may select all of goal", false),
        ("anon may select rows of goal", true),
        ("anon may select rows of goal by a, \"b \"\"x\"\"\"", true),
        ("anon may select rows of goal by a", false),
        ("anon may select rows (x) of goal", false),
        ("anon sees nothing of gaol", false),
    ] {
        let report = parse(line).unwrap().check(&some);
        assert_eq!(report.differences.is_empty(), holds, "{line}: {report:?}");
    }
    for line in [
        "anon",
        "anon sees goal",
        "anon sees four of goal",
        "anon may goal",
        "bob sees 4 of goal",
        "anon sees 4 of goal today",
        "anon may select goal by a",
        "anon may select all of",
        "anon can read goal",
        "anon may select \"goal",
    ] {
        let problem = parse(&format!("# x\n\n{line}")).unwrap_err();
        assert!(problem.what.contains("Line 3"), "{line}: {problem:?}");
    }
    assert!(matrix(Verdict::None, None).cells[0].visible.is_none());
    let unknown = parse("anon sees nothing of goal")
        .unwrap()
        .check(&matrix(Verdict::None, None));
    assert!(
        unknown.differences[0]
            .found
            .as_ref()
            .unwrap()
            .contains("not known")
    );
}

proptest! {
    #[test]
    fn any_name_is_read_as_it_was_written(schema in "[ -~äß\n]{1,8}", table in "[ -~äß\n]{1,8}", policy in "[ -~\n]{1,8}") {
        let mut one = matrix(Verdict::Policies, Some(0));
        one.rules.tables[0].schema.clone_from(&schema);
        one.rules.schemas = vec![schema.clone()];
        one.schemas = vec![schema.clone()];
        one.rules.tables[0].name.clone_from(&table);
        one.rules.policies[0].name.clone_from(&policy);
        for cell in &mut one.cells {
            cell.schema.clone_from(&schema);
            cell.table.clone_from(&table);
            cell.policies = vec![policy.clone()];
        }
        let file = parse(&snapshot(&one)).unwrap();
        let report = file.check(&one);
        prop_assert!(report.differences.is_empty(), "{:?}", report);
    }
}
