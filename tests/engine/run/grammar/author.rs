//! Knows the schema that a chain of files has built so far, and writes the next file with its rollback file.
//! A rollback undoes the pieces of its file in reverse order, so each piece needs to know only how to undo itself.

use super::disguise;
use crate::support::chance::Chance;

/// Something that a file does, and what undoes it.
#[derive(Default)]
pub(crate) struct Piece {
    pub(crate) up: Vec<String>,
    pub(crate) down: Vec<String>,
}

impl Piece {
    pub(crate) fn of(up: impl Into<String>, down: impl Into<String>) -> Self {
        Self {
            up: vec![up.into()],
            down: vec![down.into()],
        }
    }
}

#[derive(Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// Index into [`TYPES`], or absent for a type that is nobody's business here.
    pub(crate) kind: Option<usize>,
    /// Whether something else refers to it, so that its type and name stay.
    pub(crate) used: bool,
    pub(crate) has_default: bool,
    pub(crate) required: bool,
}

#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// The column that other tables refer to.
    pub(crate) key: Option<String>,
    pub(crate) secured: bool,
    /// What was done to it that is undone rightly only when it was done once.
    pub(crate) once: Vec<String>,
}

impl Table {
    pub(crate) fn full(&self) -> String {
        qualified(self.schema.as_deref(), &self.name)
    }
}

pub(crate) fn qualified(schema: Option<&str>, name: &str) -> String {
    schema.map_or_else(|| name.to_owned(), |schema| format!("{schema}.{name}"))
}

/// What a table was done once that has partitions or heirs.
pub(crate) const PARENT: &str = "parent";

/// Types with values of them.
pub(crate) const TYPES: &[(&str, &[&str])] = &[
    (
        "text",
        &[
            "'a;b'",
            "E'it\\'s;\\n\\\\'",
            "'$$'",
            "$q$ '; $q$",
            "''''",
            "U&'\\0441;'",
            "'--'",
            "'/*'",
        ],
    ),
    ("int", &["1", "-7", "(2 + 3)"]),
    ("bigint", &["9007199254740993", "length('a;')"]),
    ("smallint", &["3"]),
    ("numeric(12,2)", &["12.50", "0", "1e3"]),
    ("varchar(40)", &["'x'", "E'\\x41;'"]),
    (
        "boolean",
        &["true", "false", "(case when true then false else true end)"],
    ),
    (
        "timestamptz",
        &["now()", "'2026-01-02 03:04:05+00'", "clock_timestamp()"],
    ),
    ("timestamp(3) without time zone", &["'2026-01-02 03:04:05'"]),
    ("date", &["'2026-01-02'", "current_date"]),
    ("time with time zone", &["'03:04:05+02'"]),
    (
        "uuid",
        &[
            "gen_random_uuid()",
            "'00000000-0000-4000-8000-000000000001'",
        ],
    ),
    (
        "jsonb",
        &[
            "'{\"a\": [1, \"b;c\"]}'",
            "jsonb_build_object('k', 1)",
            "'{}'::jsonb",
        ],
    ),
    ("json", &["'[]'"]),
    ("text[]", &["array['a;', 'b']", "'{}'", "array[]::text[]"]),
    ("int[]", &["'{1,2}'::int[]", "array[1, 2]"]),
    ("bytea", &["'\\x00ff'", "E'\\\\x01'"]),
    ("inet", &["'10.0.0.1'"]),
    ("interval", &["interval '1 day'", "'2 hours'"]),
    ("double precision", &["1.5", "'NaN'"]),
    ("real", &["0.25"]),
    ("int4range", &["'[1,5)'", "int4range(1, 5)"]),
    ("tsvector", &["to_tsvector('simple', 'a b')"]),
    ("point", &["point(1,2)"]),
    ("bit varying(8)", &["B'101'"]),
    ("\"char\"", &["'x'"]),
    ("char(3)", &["'abc'"]),
    ("money", &["12.50::money"]),
    ("macaddr", &["'08:00:2b:01:02:03'"]),
];

/// Types without an order, which no b-tree takes.
pub(crate) const UNORDERED: &[&str] = &["json", "point"];

/// A thing that can be dropped and made again, because nothing hangs on it.
pub(crate) struct Leaf {
    pub(crate) make: String,
    pub(crate) drop: String,
}

/// The author of one chain.
pub(crate) struct Author {
    pub(crate) chance: Chance,
    count: usize,
    pub(crate) schemas: Vec<String>,
    pub(crate) tables: Vec<Table>,
    pub(crate) enums: Vec<(String, Vec<String>)>,
    pub(crate) leaves: Vec<Leaf>,
    /// Functions without arguments that return an integer, with the statement that makes them.
    pub(crate) functions: Vec<(String, String)>,
    /// Functions for triggers.
    pub(crate) guards: Vec<String>,
    /// Whether all files of the chain have the line ends of Windows: the body of a function holds its own.
    is_windows: bool,
}

/// The text of a migration and of its rollback.
pub(crate) struct Written {
    pub(crate) up: String,
    pub(crate) down: String,
}

impl Author {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        Self {
            is_windows: chance.percent(15),
            chance,
            count: 0,
            schemas: Vec::new(),
            tables: Vec::new(),
            enums: Vec::new(),
            leaves: Vec::new(),
            functions: Vec::new(),
            guards: Vec::new(),
        }
    }

    /// The files of one chain, one to eight.
    pub(crate) fn chain(seed: u64) -> Vec<Written> {
        let mut author = Self::new(seed);
        let files = 1 + author.chance.below(8);
        (0..files).map(|_| author.file()).collect()
    }

    fn file(&mut self) -> Written {
        let pieces: Vec<Piece> = (0..=self.chance.below(7)).map(|_| self.piece()).collect();
        let up: Vec<String> = pieces.iter().flat_map(|piece| piece.up.clone()).collect();
        let mut down: Vec<String> = pieces
            .iter()
            .rev()
            .flat_map(|piece| piece.down.clone())
            .collect();
        if down.is_empty() {
            down.push("select 'nothing to undo;'".into());
        }
        Written {
            up: disguise::file(&mut self.chance, &up, self.is_windows),
            down: disguise::file(&mut self.chance, &down, self.is_windows),
        }
    }

    /// A new name, mostly a plain one, else one that only stands in quotes or is not ASCII.
    pub(crate) fn name(&mut self, stem: &str) -> String {
        self.count += 1;
        let number = self.count;
        match self.chance.below(20) {
            0 => format!("\"{stem};{number}\""),
            1 => format!("\"The {stem} {number}\""),
            2 => format!("\"{stem}\"\"{number}\""),
            3 => format!("größe_{stem}_{number}"),
            4 => format!("\"日本 {stem}{number}\""),
            5 => format!("\"$$ {stem}{number}\""),
            6 => format!("\"it's {stem}{number}\""),
            7 => format!("\"{stem} -- {number}\""),
            8 => format!("{stem}${number}"),
            _ => format!("{stem}_{number}"),
        }
    }

    /// A name that is one of SQL's own words, in quotes, or a plain one.
    pub(crate) fn column_name(&mut self) -> String {
        self.count += 1;
        let number = self.count;
        match self.chance.below(12) {
            0 => format!("\"end{number}\""),
            1 => format!("\"case {number}\""),
            2 => format!("begin_{number}"),
            3 => format!("\"Select;{number}\""),
            4 => format!("ünïcode_{number}"),
            _ => format!("c_{number}"),
        }
    }

    /// The schema of a new thing.
    pub(crate) fn place(&mut self) -> Option<String> {
        if self.schemas.is_empty() || self.chance.percent(70) {
            return None;
        }
        Some(self.chance.pick(&self.schemas).clone())
    }

    /// A value of a type.
    pub(crate) fn value(&mut self, kind: usize) -> String {
        (*self.chance.pick(TYPES[kind].1)).to_owned()
    }

    pub(crate) fn kind(&mut self) -> usize {
        if self.chance.percent(40) {
            self.chance.below(8)
        } else {
            self.chance.below(TYPES.len())
        }
    }

    /// The index of some table.
    pub(crate) fn some_table(&mut self) -> Option<usize> {
        (!self.tables.is_empty()).then(|| self.chance.below(self.tables.len()))
    }

    /// Whether it has partitions or heirs.
    pub(crate) fn is_parent(&self, table: usize) -> bool {
        self.tables[table].once.iter().any(|done| done == PARENT)
    }

    /// Present when this is done to the table for the first time.
    pub(crate) fn once(&mut self, table: usize, what: &str) -> Option<()> {
        let once = &mut self.tables[table].once;
        let is_new = !once.iter().any(|done| done == what);
        is_new.then(|| once.push(what.to_owned()))
    }

    /// Columns of a table that a b-tree takes, as indexes.
    pub(crate) fn ordered(&self, table: usize) -> Vec<usize> {
        let columns = self.tables[table].columns.iter().enumerate();
        columns
            .filter(|(_, column)| {
                column
                    .kind
                    .is_some_and(|kind| !UNORDERED.contains(&TYPES[kind].0))
            })
            .map(|(at, _)| at)
            .collect()
    }

    /// Some column of a table that a b-tree takes, which is in use from now on.
    pub(crate) fn use_column(&mut self, table: usize) -> Option<(String, usize)> {
        let ordered = self.ordered(table);
        if ordered.is_empty() {
            return None;
        }
        let at = *self.chance.pick(&ordered);
        let column = &mut self.tables[table].columns[at];
        column.used = true;
        Some((column.name.clone(), column.kind.unwrap()))
    }
}
