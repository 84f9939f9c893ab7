//! A file too long to be read, statement by statement: what each does to which object, where it begins and how long it is. Where
//! there are hundreds of a kind, they are one group.

use super::lexer::{Kind, Token};
use super::psql;
use super::statement_kind::significant;
use super::statements::{Slice, Statements};
use std::collections::BTreeMap;
use std::sync::Arc;

/// From so many statements of a kind on they are a group.
pub const GROUP_FROM: usize = 100;
/// The most tokens of a statement that are looked at for what it does.
const LOOKED_AT: usize = 48;
/// The most bytes of a statement on one line that is shown as it is.
const SHORT: usize = 100;
/// The most characters of an object's name.
const NAME_LIMIT: usize = 80;

/// What a statement does, and to what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Deed {
    /// Its first words in lower case: `create table`, `insert into`.
    pub kind: String,
    /// The name as it stands there; none where it has none, or it is not seen.
    pub object: Option<String>,
}

/// A statement of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The statement.
    pub sql: Slice,
    /// The rows of a `COPY … FROM stdin` behind it.
    pub data: Option<Slice>,
    /// The line of the file on which it begins, from 1.
    pub line: usize,
}

/// Statements of a kind, by their places in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What all of them do. The object is there where it is that of all.
    pub deed: Deed,
    /// Which statements, in order.
    pub statements: Vec<usize>,
    /// The bytes of all of them.
    pub bytes: usize,
}

/// A line of the outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A statement.
    Statement(usize),
    /// A group, where its first statement stands.
    Group(usize),
}

/// The outline of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The statements, in order.
    pub pieces: Vec<Piece>,
    /// The groups.
    pub groups: Vec<Group>,
    /// The lines, in order.
    pub entries: Vec<Entry>,
}

impl Piece {
    /// Its bytes, with those of its rows.
    pub fn bytes(&self) -> usize {
        self.sql.len() + self.data.as_ref().map_or(0, |data| data.len())
    }

    /// It and its rows as they stand in the file.
    pub fn text(&self) -> String {
        match &self.data {
            Some(data) => format!("{};\n{}", &*self.sql, &**data),
            None => format!("{};", &*self.sql),
        }
    }

    /// Whether it is shown as it is.
    pub fn is_short(&self) -> bool {
        self.sql.len() <= SHORT && !self.sql.contains(['\n', '\r']) && self.data.is_none()
    }

    /// It as it is, where it is short enough for a line; else what it does, in a few words.
    pub fn told(&self) -> String {
        if self.is_short() {
            return self.sql.to_string();
        }
        deed(&self.sql).told()
    }
}

impl Deed {
    /// In words: `create table public.goal`.
    pub fn told(&self) -> String {
        match &self.object {
            Some(object) => format!("{} {object}", self.kind),
            None => self.kind.clone(),
        }
    }
}

impl Outline {
    /// That of a migration file, which is cut as it is run.
    pub fn of_file(text: &str) -> Self {
        Self::of(pieces(&Statements::of(text.to_owned())))
    }

    /// That of a seed file, whose rows behind a `COPY` are no statements. One that cannot be run is cut as any other.
    pub fn of_seed(text: &str) -> Self {
        let whole = Arc::new(text.to_owned());
        match psql::parse(&whole) {
            Ok(parts) => {
                let pieces = parts.into_iter().map(|part| Piece {
                    sql: part.sql,
                    data: part.data,
                    line: part.line,
                });
                Self::of(pieces.collect())
            }
            Err(_) => Self::of_file(text),
        }
    }

    /// That of statements. Groups first what is done to one object hundreds of times, then what of a kind is left.
    pub fn of(pieces: Vec<Piece>) -> Self {
        let deeds: Vec<Deed> = pieces.iter().map(|piece| deed(&piece.sql)).collect();
        let mut group_of: Vec<Option<usize>> = vec![None; pieces.len()];
        let mut groups: Vec<Group> = Vec::new();
        for of_object in [true, false] {
            let mut by_deed: BTreeMap<(&str, Option<&str>), Vec<usize>> = BTreeMap::new();
            for (at, deed) in deeds.iter().enumerate() {
                let object = deed.object.as_deref();
                if group_of[at].is_none() && !(of_object && object.is_none()) {
                    let key = (deed.kind.as_str(), object.filter(|_| of_object));
                    by_deed.entry(key).or_default().push(at);
                }
            }
            for ((kind, object), statements) in by_deed {
                if statements.len() < GROUP_FROM {
                    continue;
                }
                for at in &statements {
                    group_of[*at] = Some(groups.len());
                }
                let deed = Deed {
                    kind: kind.to_owned(),
                    object: object.map(str::to_owned),
                };
                let bytes = statements.iter().map(|at| pieces[*at].bytes()).sum();
                groups.push(Group {
                    deed,
                    statements,
                    bytes,
                });
            }
        }
        let is_first = |at: usize, group: usize| groups[group].statements.first() == Some(&at);
        let entries = group_of.iter().enumerate().filter_map(|(at, of)| match of {
            None => Some(Entry::Statement(at)),
            Some(group) => is_first(at, *group).then_some(Entry::Group(*group)),
        });
        Self {
            entries: entries.collect(),
            pieces,
            groups,
        }
    }
}

/// Statements with the lines of the file on which they begin.
pub fn pieces(statements: &Statements) -> Vec<Piece> {
    let text = statements.text();
    let (mut counted, mut line) = (0, 1);
    let mut pieces = Vec::with_capacity(statements.len());
    for (at, start) in statements.starts().enumerate() {
        line += line_breaks(&text[counted..start]);
        counted = start;
        pieces.extend(statements.piece(at).map(|sql| Piece {
            sql,
            data: None,
            line,
        }));
    }
    pieces
}

/// How many lines end in a text, by any kind of line end.
fn line_breaks(text: &str) -> usize {
    let bytes = text.as_bytes();
    let ends = |at: usize| match bytes[at] {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    (0..bytes.len()).filter(|at| ends(*at)).count()
}

/// Words between the verb and the type of an object that only modify.
const MODIFIERS: [&str; 14] = [
    "or",
    "replace",
    "unique",
    "temp",
    "temporary",
    "unlogged",
    "global",
    "local",
    "recursive",
    "constraint",
    "procedural",
    "trusted",
    "definer",
    "invoker",
];
/// The first words of types of two words, with the second.
const PAIRS: [(&str, &str); 8] = [
    ("materialized", "view"),
    ("foreign", "table"),
    ("event", "trigger"),
    ("default", "privileges"),
    ("user", "mapping"),
    ("access", "method"),
    ("operator", "class"),
    ("text", "search"),
];
/// Words between the type of an object and its name.
const BEFORE_NAMES: [&str; 8] = [
    "if",
    "not",
    "exists",
    "concurrently",
    "only",
    "in",
    "all",
    "system",
];
/// Types of objects that are named with the table they are on.
const ON_TABLES: [&str; 5] = ["policy", "trigger", "rule", "index", "constraint"];

/// What a statement does, by a look at its first words.
pub fn deed(sql: &str) -> Deed {
    let tokens: Vec<Token> = significant(sql).take(LOOKED_AT).collect();
    let mut reader = Reader { sql, tokens, at: 0 };
    reader.deed()
}

struct Reader<'a> {
    sql: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

impl Reader<'_> {
    fn deed(&mut self) -> Deed {
        let Some(verb) = self.word() else {
            let kind = if self.tokens.is_empty() {
                "comment"
            } else {
                "statement"
            };
            return plain(kind, None);
        };
        match verb.as_str() {
            "create" | "alter" | "drop" => self.of_object(&verb),
            "comment" | "security" => {
                self.skip_to("on");
                let (kind, object) = self.typed_name();
                let object = [kind, object.unwrap_or_default()].join(" ");
                plain(&format!("{verb} on"), Some(object.trim().to_owned()))
            }
            "grant" | "revoke" => {
                let object = self
                    .skip_to("on")
                    .then(|| self.typed_name())
                    .map(|(kind, name)| {
                        [kind, name.unwrap_or_default()].join(" ").trim().to_owned()
                    });
                plain(&verb, object)
            }
            "insert" | "merge" => {
                self.skip_word("into");
                let name = self.name();
                plain(&format!("{verb} into"), name)
            }
            "delete" => {
                self.skip_word("from");
                self.skip_before_names();
                let name = self.name();
                plain("delete from", name)
            }
            "truncate" | "lock" => {
                self.skip_word("table");
                self.skip_before_names();
                let name = self.name();
                plain(&verb, name)
            }
            "refresh" | "reindex" => {
                let (kind, name) = self.typed_name();
                plain(&format!("{verb} {kind}"), name)
            }
            "update" | "copy" | "analyze" | "vacuum" | "cluster" | "call" | "set" | "reset"
            | "execute" => {
                self.skip_before_names();
                let name = self.name();
                plain(&verb, name)
            }
            "select" => {
                let name = self.name().filter(|_| self.is_open());
                plain("select", name)
            }
            _ => plain(&verb, None),
        }
    }

    fn of_object(&mut self, verb: &str) -> Deed {
        let (kind, mut name) = self.typed_name();
        if ON_TABLES.contains(&kind.as_str()) && self.skip_to("on") {
            self.skip_before_names();
            if let Some(table) = self.name() {
                let own = name.map(|name| format!("{name} ")).unwrap_or_default();
                name = Some(format!("{own}on {table}"));
            }
        }
        plain(&format!("{verb} {kind}"), name)
    }

    /// The type of an object and its name.
    fn typed_name(&mut self) -> (String, Option<String>) {
        while self
            .peek_word()
            .is_some_and(|word| MODIFIERS.contains(&word.as_str()))
        {
            self.at += 1;
        }
        let Some(mut kind) = self.word() else {
            return (String::new(), self.name());
        };
        let pair = PAIRS.iter().find(|(first, _)| *first == kind);
        if let Some((_, second)) = pair
            && self.skip_word(second)
        {
            kind = format!("{kind} {second}");
        }
        // `grant … on goal`: the name is where a type would be.
        let is_name = self
            .token_text()
            .is_some_and(|text| matches!(text, "." | "to" | "from" | ","));
        if is_name || self.at >= self.tokens.len() {
            self.at -= 1;
            return (String::new(), self.name());
        }
        self.skip_before_names();
        // An index without a name.
        if self.peek_word().is_some_and(|word| word == "on") {
            return (kind, None);
        }
        let name = self.name();
        (kind, name)
    }

    fn token_text(&self) -> Option<&str> {
        self.tokens.get(self.at).map(|token| token.text(self.sql))
    }

    fn peek_word(&self) -> Option<String> {
        let token = self.tokens.get(self.at)?;
        (token.kind == Kind::Word).then(|| token.text(self.sql).to_ascii_lowercase())
    }

    fn word(&mut self) -> Option<String> {
        let word = self.peek_word()?;
        self.at += 1;
        Some(word)
    }

    fn skip_word(&mut self, word: &str) -> bool {
        let is_there = self.peek_word().is_some_and(|next| next == word);
        self.at += usize::from(is_there);
        is_there
    }

    fn skip_before_names(&mut self) {
        while self
            .peek_word()
            .is_some_and(|word| BEFORE_NAMES.contains(&word.as_str()))
        {
            self.at += 1;
        }
    }

    /// Goes behind a word, wherever it stands in what is looked at; stays where it is not.
    fn skip_to(&mut self, word: &str) -> bool {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let found = rest.iter().position(|token| token.is_word(self.sql, word));
        self.at += found.map_or(0, |at| at + 1);
        found.is_some()
    }

    fn is_open(&self) -> bool {
        let next = self.tokens.get(self.at);
        next.is_some_and(|token| token.kind == Kind::Open)
    }

    /// A name of one part or more, as it stands there.
    fn name(&mut self) -> Option<String> {
        let is_part = |token: &&Token| matches!(token.kind, Kind::Word | Kind::QuotedWord);
        let first = self.tokens.get(self.at).filter(is_part)?;
        let mut name = first.text(self.sql).to_owned();
        self.at += 1;
        while self.token_text() == Some(".")
            && let Some(part) = self.tokens.get(self.at + 1).filter(is_part)
        {
            name = format!("{name}.{}", part.text(self.sql));
            self.at += 2;
        }
        if name.chars().count() > NAME_LIMIT {
            name = name.chars().take(NAME_LIMIT).chain(['…']).collect();
        }
        if self.token_text() == Some(",") {
            name.push_str(" and more");
        }
        Some(name)
    }
}

fn plain(kind: &str, object: Option<String>) -> Deed {
    Deed {
        kind: kind.trim_end().to_owned(),
        object: object.filter(|object| !object.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_statement_is_told_by_what_it_does_to_what() {
        for (sql, told) in [
            (
                "create table if not exists public.\"Goal\" (id int)",
                "create table public.\"Goal\"",
            ),
            (
                "-- x\nCREATE OR REPLACE FUNCTION f(a int) returns int",
                "create function f",
            ),
            (
                "create unique index concurrently i on only t (a)",
                "create index i on t",
            ),
            ("create index on t (a)", "create index on t"),
            (
                "create materialized view v as select 1",
                "create materialized view v",
            ),
            (
                "create policy \"own rows\" on goal using (true)",
                "create policy \"own rows\" on goal",
            ),
            (
                "create constraint trigger t after insert on goal",
                "create trigger t on goal",
            ),
            ("drop table if exists a, b", "drop table a and more"),
            (
                "alter table only public.goal add column a int",
                "alter table public.goal",
            ),
            (
                "alter default privileges in schema s grant select on tables to anon",
                "alter default privileges schema",
            ),
            (
                "insert into public.goal values (1)",
                "insert into public.goal",
            ),
            ("delete from only goal", "delete from goal"),
            ("truncate table goal", "truncate goal"),
            ("update auth.users set a = 1", "update auth.users"),
            ("copy goal (id) from stdin", "copy goal"),
            (
                "comment on column public.goal.id is 'x'",
                "comment on column public.goal.id",
            ),
            (
                "grant select, insert on table goal to anon",
                "grant table goal",
            ),
            ("grant select on public.goal to anon", "grant public.goal"),
            ("grant anon to authenticator", "grant"),
            ("refresh materialized view v", "refresh materialized view v"),
            (
                "select pg_catalog.setval('a', 1)",
                "select pg_catalog.setval",
            ),
            ("select a from b", "select"),
            ("set search_path = ''", "set search_path"),
            ("do $$ begin end $$", "do"),
            ("-- nothing", "comment"),
            ("(select 1)", "statement"),
            ("with a as (select 1) insert into b select 2", "with"),
        ] {
            assert_eq!(deed(sql).told(), told, "{sql}");
        }
    }

    #[test]
    fn hundreds_of_a_kind_are_a_group_by_object_first() {
        let mut text = "create table a ();\n\n".to_owned();
        for at in 0..GROUP_FROM {
            text.push_str(&format!("insert into a values ({at});\r\n"));
        }
        for at in 0..GROUP_FROM {
            text.push_str(&format!("alter table t{at} owner to x;\n"));
        }
        text.push_str("drop table b;");
        let outline = Outline::of_file(&text);
        assert_eq!(outline.pieces.len(), 2 * GROUP_FROM + 2);
        let told: Vec<String> = outline
            .entries
            .iter()
            .map(|entry| match entry {
                Entry::Statement(at) => {
                    format!(
                        "{} {}",
                        outline.pieces[*at].line,
                        outline.pieces[*at].told()
                    )
                }
                Entry::Group(group) => {
                    let group = &outline.groups[*group];
                    let line = outline.pieces[group.statements[0]].line;
                    format!("{line} {} x{}", group.deed.told(), group.statements.len())
                }
            })
            .collect();
        let expected = [
            "1 create table a ()",
            "3 insert into a x100",
            "103 alter table x100",
            "203 drop table b",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn rows_behind_a_copy_are_no_statements() {
        let text = "copy t (a) from stdin;\n1;2\ndrop table x;\n\\.\nselect 1;\n";
        let outline = Outline::of_seed(text);
        assert_eq!(outline.pieces.len(), 2);
        assert_eq!(outline.pieces[0].told(), "copy t");
        assert!(outline.pieces[0].text().contains("drop table x;"));
        assert_eq!(outline.pieces[1].line, 5);
        // One that cannot be run has an outline all the same.
        assert_eq!(Outline::of_seed("\\! ls\nselect 1;").pieces.len(), 1);
    }

    proptest! {
        #[test]
        fn every_statement_stands_in_one_place(
            kinds in prop::collection::vec(0_usize..4, 0..400),
        ) {
            let sql = ["insert into a values (1);", "drop table b;\n", "do $$;$$;", "-- x\n;"];
            let text: String = kinds.iter().map(|at| sql[*at]).collect();
            let outline = Outline::of_file(&text);
            let mut found: Vec<usize> = outline.entries.iter().flat_map(|entry| match entry {
                Entry::Statement(at) => vec![*at],
                Entry::Group(group) => outline.groups[*group].statements.clone(),
            }).collect();
            found.sort_unstable();
            prop_assert_eq!(found, (0..outline.pieces.len()).collect::<Vec<_>>());
        }

        #[test]
        fn no_text_breaks_it(text in "[a-z\"'.;$()\\-\\\\\r\n ]{0,200}") {
            let outline = Outline::of_seed(&text);
            for piece in &outline.pieces {
                let _ = (piece.told(), piece.text());
            }
        }
    }
}
