//! What must hold for every input. Each function panics where it does not, which is a find.

use crate::app::keymap::Keymap;
use crate::domain::database_url::{DatabaseUrl, encoded};
use crate::domain::file_name::FileName;
use crate::domain::given::{access_token, api_key};
use crate::domain::project_url::ProjectUrl;
use crate::domain::lint::{Level, assess, assess_in_order};
use crate::domain::sql::lexer::{Kind, highlight, tokens};
use crate::domain::sql::psql::parse;
use crate::domain::sql::execution_mode::refusal;
use crate::domain::source::Source;
use crate::domain::sql::split::{split, statements, unclosed};
use secrecy::ExposeSecret as _;

/// The tokens that mean something to the server, without semicolons.
fn significant(sql: &str) -> Vec<&str> {
    tokens(sql)
        .filter(|token| !token.is_blank() && token.kind != Kind::Semicolon)
        .map(|token| token.text(sql))
        .collect()
}

/// Whether trimming a statement can take nothing from a token at its ends. Two things do, on purpose and as in the
/// Supabase CLI: a quote or comment that is never closed loses blanks and semicolons, and blanks that only Unicode knows
/// are trimmed although Postgres reads them as letters.
fn is_plain(sql: &str) -> bool {
    let is_odd = |c: char| c == '\u{feff}' || c == '\u{b}' || c.is_whitespace() && !c.is_ascii();
    unclosed(sql).is_none() && !sql.contains(is_odd)
}

/// The statements of a text are in order, apart, without outer blanks, and hold every token of it.
pub fn split_text(sql: &str) {
    let mut at = 0;
    for token in tokens(sql) {
        assert_eq!(token.start, at, "a gap before a token");
        assert!(token.end > token.start, "an empty token");
        assert!(sql.is_char_boundary(token.end));
        at = token.end;
    }
    assert_eq!(at, sql.len(), "a gap at the end");

    let mut behind = 0;
    for statement in split(sql) {
        let range = statement.range.clone();
        assert!(behind <= range.start && range.start < range.end && range.end <= sql.len());
        assert!(sql.is_char_boundary(range.start) && sql.is_char_boundary(range.end));
        let between = sql[behind..range.start].trim_matches(['\u{feff}', ';']);
        assert!(
            behind == 0 || significant(between).is_empty() || !is_plain(sql),
            "{between:?} is lost between two statements"
        );
        assert_eq!(
            statement.is_blank,
            tokens(statement.text(sql)).all(|token| token.is_blank()),
            "{:?}",
            statement.text(sql)
        );
        behind = range.end;
    }

    let parts = statements(sql);
    let joined = parts.join("\n;\n");
    if is_plain(sql) {
        // Semicolons inside parentheses and bodies are no ends, and are left out on both sides.
        assert_eq!(significant(&joined), significant(sql), "a token is lost");
        for one in &parts {
            // The CLI takes a semicolon at the very end of a text, also when a comment holds it.
            if !one.ends_with(';') {
                assert_eq!(&statements(one), std::slice::from_ref(one), "split again");
            }
        }
    }
    refusal(sql);
    highlight(sql);
}

/// The statements of a seed are whole, begin on lines that are there in the order of the file, and their rows are
/// pieces of the file in their order.
pub fn psql(file: &str) {
    let lines = file.matches('\n').count() + 1;
    match parse(&std::sync::Arc::new(file.to_owned())) {
        Err(fault) => {
            assert!((1..=lines).contains(&fault.line), "{fault:?}");
            assert!(!fault.why.is_empty() && !fault.hint.is_empty());
        }
        Ok(parts) => {
            let mut behind = 0;
            for part in &parts {
                assert!((1..=lines).contains(&part.line), "{part:?}");
                assert!(!part.sql.is_empty());
                if let Some(data) = &part.data {
                    let at = file[behind..].find(&**data);
                    assert!(at.is_some(), "{data:?}");
                    behind += at.unwrap_or_default() + data.len();
                }
            }
            if !file.contains([':', '\\']) && is_plain(file) {
                // Without variables and commands a seed is nothing but SQL.
                let plain: Vec<String> = parts.iter().map(|part| part.sql.to_string()).collect();
                let copies = parts.iter().any(|part| part.data.is_some());
                assert!(copies || plain == statements(file), "{plain:?}");
            }
        }
    }
}

/// A name that is a migration's is rebuilt from its parts, and a name made from what somebody typed is one.
pub fn file_name(name: &str) {
    if let Some(file) = FileName::parse(name) {
        assert_eq!(file.file_name(), name);
        assert!(!file.version.is_empty());
        assert!(file.version.bytes().all(|byte| byte.is_ascii_digit()));
        file.is_old_init();
        assert_eq!(FileName::parse(&file.file_name()), Some(file));
    }
    if let Some(slug) = FileName::slug(name) {
        assert!(!slug.contains(['/', '\\', '\0', '\n', ':']), "{slug:?}");
        let made = FileName {
            version: "20260101000000".into(),
            name: slug.clone(),
        };
        assert_eq!(FileName::parse(&made.file_name()), Some(made));
        assert_eq!(FileName::slug(&slug).as_deref(), Some(slug.as_str()));
    }
}

/// Every statement has an assessment with places inside it, also where nothing can be read; once more gives the same.
pub fn risk(sql: &str) {
    let found = assess(sql);
    let parts = split(sql);
    assert_eq!(found.statements.len(), parts.len());
    for (index, risk) in found.statements.iter().enumerate() {
        assert_eq!(risk.statement, index);
        for finding in &risk.findings {
            assert_eq!(finding.statement, index);
            assert!(sql.is_char_boundary(finding.at), "{finding:?}");
            assert!(!finding.reason.is_empty());
        }
        let open = risk.findings.iter().filter(|one| one.allowed.is_none());
        let worst = open.map(|one| one.level).max().unwrap_or(Level::Safe);
        assert_eq!(risk.level, worst);
    }
    for faulty in &found.faulty_allows {
        assert!(sql.is_char_boundary(faulty.at), "{faulty:?}");
    }
    found.locks();
    assert_eq!(assess_in_order([sql]), [found]);
}

/// Letters that no message has next to each other: what holds them is a piece of a secret.
const SECRET: &str = "QXZKJ";

/// A database URL that is read is written so that it is read the same; a password of any text is in no message, no
/// display and no host, and encoded it is the password.
pub fn database_url(text: &str) {
    if let Ok(url) = DatabaseUrl::parse(text) {
        let again = DatabaseUrl::parse(url.text().expose_secret());
        assert_eq!(again.as_ref(), Ok(&url), "{url}");
    }
    DatabaseUrl::may_hold_password(text);
    let password = format!("{SECRET}{text}{SECRET}");
    for (before, behind) in [
        ("postgresql://postgres:", "@127.0.0.1:5432/postgres?sslmode=require"),
        ("postgres://u:", "@a:1,[::1]:2,%2Frun/d"),
        ("postgres://h/d?user=u&password=", ""),
        ("postgres:///d?host=h&password=", "&user=u"),
        ("DATABASE_URL=postgres://u:", "@h/d"),
        ("host=h user=u password=", ""),
    ] {
        let whole = format!("{before}{password}{behind}");
        let shown = match DatabaseUrl::parse(&whole) {
            Ok(url) => format!("{url} {url:?} {:?}", url.servers()),
            Err(_) => {
                let problem = DatabaseUrl::read(&whole, &Source::variable("DATABASE_URL"));
                format!("{problem:?}")
            }
        };
        assert!(!shown.contains(SECRET), "{whole:?}: {shown}");
        assert!(DatabaseUrl::may_hold_password(&whole), "{whole:?}");
    }
    if !text.contains('\0') {
        let whole = format!("postgres://u:{}@h/d", encoded(password.as_bytes()));
        let read = DatabaseUrl::parse(&whole).ok();
        let read = read.as_ref().and_then(DatabaseUrl::password);
        assert_eq!(read.map(|it| it.expose_secret()), Some(password.as_bytes()));
    }
}

/// A project's URL is its own form, and what is proposed instead of another text is one.
pub fn project_url(text: &str) {
    let own = |url: &ProjectUrl| assert_eq!(ProjectUrl::parse(url.as_str()).as_ref(), Ok(url));
    match ProjectUrl::parse(text) {
        Ok(url) => {
            own(&url);
            assert!(url.as_str().is_ascii() && !url.as_str().contains(['@', '?', '#']));
            assert!(!url.host().is_empty());
        }
        Err(refused) => {
            assert!(!refused.why.is_empty());
            if let Some(proposal) = refused.proposal {
                let url = ProjectUrl::parse(&proposal);
                assert!(url.is_ok(), "{text:?}: {proposal}: {url:?}");
            }
        }
    }
    let whole = format!("postgres://u:{SECRET}{text}{SECRET}@db.abcdefghijklmnopqrst.supabase.co/d");
    let told = format!("{:?}", ProjectUrl::parse(&whole));
    assert!(!told.contains(SECRET), "{whole:?}: {told}");
}

/// A key or a token that is read is clean; nothing of one that is refused is told.
pub fn key(text: &str) {
    let source = Source::variable("SUPABASE_KEY");
    let secret = |text: &str| secrecy::SecretString::from(text.to_owned());
    if let Ok(given) = api_key(&secret(text), &source) {
        let again = api_key(&secret(given.value.expose()), &source);
        let again = again.map(|again| (again.value.expose().to_owned(), again.note));
        assert_eq!(again, Ok((given.value.expose().to_owned(), None)));
        assert!(given.value.expose().bytes().all(|byte| byte.is_ascii_graphic()));
    }
    if let Ok(given) = access_token(&secret(text), &source) {
        assert!(given.value.expose_secret().starts_with("sbp_"));
    }
    for head in ["", "sb_secret_", "sb_publishable_", "sbp_", "eyJ", "Bearer ", "KEY="] {
        let whole = secret(&format!("{head}{SECRET}{text}{SECRET}"));
        let told = (
            api_key(&whole, &source).map(|given| given.note),
            access_token(&whole, &source).map(|given| given.note),
        );
        assert!(!format!("{told:?}").contains(SECRET), "{head}{text:?}: {told:?}");
    }
}

/// A keymap takes any text, and each fault has a line of it.
pub fn keymap(text: &str) {
    let (_, faults) = Keymap::default().with(text);
    let lines = text.matches('\n').count() + 1;
    for fault in faults {
        assert!((1..=lines).contains(&fault.line), "{fault:?}");
        assert!(!fault.what.is_empty());
    }
}
