//! Tests of the comparison of files with the history.

use super::*;

fn file(name: &str, digest: &str) -> LocalFile {
    LocalFile {
        name: FileName::parse(name).unwrap_or(FileName {
            version: String::new(),
            name: String::new(),
        }),
        path: name.into(),
        digest: Ok(digest.into()),
        way_back: RollbackFile::Missing,
        down_section: None,
    }
}

fn row(version: &str, digest: Option<&str>) -> Row {
    Row {
        version: version.into(),
        name: None,
        digest: digest.map(Into::into),
    }
}

fn listed(files: Vec<LocalFile>, rows: Vec<Row>, closer: &Closer) -> Vec<Entry> {
    let local = LocalFiles {
        files,
        ..LocalFiles::default()
    };
    let history = History {
        rows,
        ..History::default()
    };
    listing(local, &history, closer).entries
}

fn states(files: Vec<LocalFile>, rows: Vec<Row>) -> Vec<(String, State)> {
    listed(files, rows, &Closer::default())
        .into_iter()
        .map(|entry| (format!("{}_{}", entry.version, entry.name), entry.state))
        .collect()
}

#[test]
fn every_state_is_told_apart() {
    let found = states(
        vec![
            file("1_a.sql", "same"),
            file("2_b.sql", "new"),
            file("3_c.sql", "x"),
            file("5_e.sql", "x"),
            file("6_f.sql", "x"),
            file("6_g.sql", "x"),
        ],
        vec![
            row("1", Some("same")),
            row("2", Some("old")),
            row("4", None),
            row("5", None),
        ],
    );
    let expected = [
        ("1_a", State::Applied),
        ("2_b", State::Edited),
        ("3_c", State::OutOfOrder),
        ("4_", State::Missing),
        ("5_e", State::Applied),
        ("6_f", State::Invalid),
        ("6_g", State::Invalid),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, state)| ((*name).to_owned(), *state))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn versions_compare_as_text() {
    let found = states(
        vec![file("10_b.sql", ""), file("9_a.sql", "")],
        vec![row("9", None)],
    );
    assert_eq!(found[0], ("10_b".into(), State::OutOfOrder));
    assert_eq!(found[1], ("9_a".into(), State::Applied));
}

#[test]
fn of_two_files_of_an_applied_version_the_one_that_was_applied_is_told() {
    let files = || vec![file("1_a.sql", "x"), file("1_b.sql", "same")];
    let found = listed(files(), vec![row("1", Some("same"))], &Closer::default());
    assert_eq!(
        (found[0].state, found[1].state),
        (State::Invalid, State::Applied)
    );
    assert_eq!(found[0].recorded, None);
    let note = found[0].note.as_deref().unwrap_or_default();
    assert!(note.contains("1_a.sql, 1_b.sql"), "{note}");
    let ways: Vec<String> = found[0]
        .ways
        .iter()
        .map(|way| way.resolution.command())
        .collect();
    assert_eq!(
        ways,
        [
            "supadeck migration renumber --all",
            "supadeck migration renumber 1_a.sql"
        ]
    );
    let found = listed(files(), vec![row("1", Some("other"))], &Closer::default());
    assert!(found.iter().all(|entry| entry.state == State::Invalid));
    assert_eq!(found[0].recorded.as_deref(), Some("1"));
    assert_eq!(found[1].recorded, None);
}

#[test]
fn a_file_that_was_applied_under_another_version_is_one_entry() {
    let mut closer = Closer::default();
    closer.pairing.pairs.insert("10".into(), "30".into());
    let found = listed(
        vec![file("10_a.sql", "x"), file("20_b.sql", "y")],
        vec![row("30", Some("x"))],
        &closer,
    );
    let states: Vec<_> = found
        .iter()
        .map(|entry| (entry.version.as_str(), entry.state))
        .collect();
    // Measured by the version of the call, the second would be out of order.
    assert_eq!(states, [("10", State::Renamed), ("20", State::Pending)]);
    assert_eq!(found[0].recorded.as_deref(), Some("30"));
    assert!(
        found[0]
            .note
            .as_deref()
            .is_some_and(|note| note.starts_with("Applied as 30"))
    );
}
