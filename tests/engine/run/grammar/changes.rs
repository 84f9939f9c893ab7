//! What a migration can do to a table that is there, and to what hangs on it, each with what undoes it.

use super::author::{Author, Column, Leaf, Piece, TYPES, Table, qualified};

impl Author {
    pub(super) fn add_column(&mut self) -> Option<Piece> {
        let table = self.some_table()?;
        let full = self.tables[table].full();
        let mut adds = Vec::new();
        let mut drops = Vec::new();
        for _ in 0..=self.chance.below(2) {
            let (line, column) = self.column();
            drops.insert(0, format!("drop column {}", column.name));
            adds.push(format!(
                "add column {}{line}",
                if self.chance.percent(10) {
                    "if not exists "
                } else {
                    ""
                }
            ));
            self.tables[table].columns.push(column);
        }
        let only = if !self.is_parent(table) && self.chance.percent(10) {
            "only "
        } else {
            ""
        };
        Some(Piece::of(
            format!("alter table {only}{full} {}", adds.join(", ")),
            format!("alter table {full} {}", drops.join(", ")),
        ))
    }

    pub(super) fn column_setting(&mut self) -> Option<Piece> {
        let table = self.some_table()?;
        let full = self.tables[table].full();
        let at = self.chance.below(self.tables[table].columns.len());
        let column = self.tables[table].columns[at].clone();
        let kind = column.kind?;
        let head = format!("alter table {full} alter column {}", column.name);
        if !column.has_default {
            let value = self.value(kind);
            self.tables[table].columns[at].has_default = true;
            return Some(Piece::of(
                format!("{head} set default {value}"),
                format!("{head} drop default"),
            ));
        }
        if column.required {
            self.tables[table].columns[at].required = false;
            let mut piece = Piece::of(
                format!("{head} drop not null"),
                format!(
                    "update {full} set {0} = default where {0} is null",
                    column.name
                ),
            );
            piece.down.push(format!("{head} set not null"));
            self.tables[table].columns[at].used = true;
            return Some(piece);
        }
        self.once(table, &format!("statistics of {}", column.name))?;
        self.tables[table].columns[at].used = true;
        Some(Piece::of(
            format!("{head} set statistics 500"),
            format!("{head} set statistics -1"),
        ))
    }

    pub(super) fn constraint(&mut self) -> Option<Piece> {
        let table = self.some_table()?;
        let full = self.tables[table].full();
        let name = self.name("rule");
        let (column, _) = self.use_column(table)?;
        let down = format!("alter table {full} drop constraint {name}");
        Some(match self.chance.below(4) {
            0 => Piece::of(
                format!(
                    "alter table {full} add constraint {name} check ({column} is null or {column}::text <> ';never;')"
                ),
                down,
            ),
            1 => {
                let mut piece = Piece::of(
                    format!(
                        "alter table {full} add constraint {name} check ({column}::text is distinct from E'\\';') not valid"
                    ),
                    down,
                );
                piece
                    .up
                    .push(format!("alter table {full} validate constraint {name}"));
                piece
            }
            2 => {
                let parents: Vec<String> = self
                    .tables
                    .iter()
                    .filter(|one| one.key.is_some())
                    .map(Table::full)
                    .collect();
                if parents.is_empty() {
                    return None;
                }
                let parent = self.chance.pick(&parents).clone();
                let column = self.name("ref");
                let mut piece = Piece::of(
                    format!("alter table {full} add column {column} bigint"),
                    format!("alter table {full} drop column {column}"),
                );
                piece.up.push(format!("alter table {full} add constraint {name} foreign key ({column}) references {parent} (id) match full"));
                self.tables[table].columns.push(Column {
                    name: column,
                    kind: None,
                    used: true,
                    has_default: false,
                    required: false,
                });
                piece
            }
            _ => {
                let (first, other) = (self.name("check"), self.name("check"));
                let heirs = if self.is_parent(table) {
                    ""
                } else {
                    " no inherit"
                };
                Piece::of(
                    format!(
                        "alter table {full} add constraint {first} check (true), add constraint {other} check ({column} is null or true){heirs}"
                    ),
                    format!("alter table {full} drop constraint {other}, drop constraint {first}"),
                )
            }
        })
    }

    pub(super) fn index(&mut self) -> Option<Piece> {
        let table = self.some_table()?;
        let full = self.tables[table].full();
        let (column, kind) = self.use_column(table)?;
        let name = self.name("index");
        let dropped = qualified(self.tables[table].schema.as_deref(), &name);
        let type_name = TYPES[kind].0;
        let has_no_hash = ["money", "bit varying(8)", "tsvector"].contains(&type_name);
        let on = match self.chance.below(6) {
            0 => format!("{full} ({column} desc nulls last) where {column} is not null"),
            1 if !has_no_hash => format!("{full} using hash ({column})"),
            2 if matches!(type_name, "jsonb" | "text[]" | "int[]" | "tsvector") => {
                format!("{full} using gin ({column})")
            }
            3 => format!("{full} using btree ({column}) with (fillfactor = 90)"),
            4 if type_name == "text" => {
                format!("{full} (lower({column}), (case when {column} = ';' then 1 else 2 end))")
            }
            5 => format!("only {full} ({column}) include ({column})"),
            _ => format!("{full} ({column})"),
        };
        let exists = if self.chance.percent(10) {
            "if not exists "
        } else {
            ""
        };
        let make = format!("create index {exists}{name} on {on}");
        let drop = format!("drop index {dropped}");
        self.leaves.push(Leaf {
            make: make.clone(),
            drop: drop.clone(),
        });
        Some(Piece::of(make, drop))
    }

    pub(super) fn view(&mut self) -> Option<Piece> {
        let table = self.some_table()?;
        let full = self.tables[table].full();
        let schema = self.place();
        let name = qualified(schema.as_deref(), &self.name("view"));
        let (column, _) = self.use_column(table)?;
        let is_stored = self.chance.percent(25);
        let word = if is_stored {
            "materialized view"
        } else {
            "view"
        };
        let options = if !is_stored && self.chance.percent(50) {
            " with (security_invoker = true)"
        } else {
            ""
        };
        let query = match self.chance.below(4) {
            0 => format!(
                "select {column} as \"end\", case when {column} is null then ';' else $x$a;'b$x$ end as what from {full}"
            ),
            1 => format!(
                "with few as (select {column} as one from {full} limit 5) select count(*) as many, max(one::text) as top from few"
            ),
            2 => format!(
                "select t.{column}, row_number() over () as nth from {full} as t where exists (select 1 from {full} u where u.{column} is not null)"
            ),
            _ => format!(
                "select {column} from {full} union all select {column} from only {full} where false"
            ),
        };
        let make = format!("create {word} {name}{options} as {query}");
        let drop = format!("drop {word} {name}");
        self.leaves.push(Leaf {
            make: make.clone(),
            drop: drop.clone(),
        });
        Some(Piece::of(make, drop))
    }

    pub(super) fn trigger(&mut self) -> Option<Piece> {
        let table = self.some_table()?;
        if self.guards.is_empty() {
            return None;
        }
        let guard = self.chance.pick(&self.guards).clone();
        let full = self.tables[table].full();
        let name = self.name("trigger");
        let when = *self.chance.pick(&[
            "before insert or update",
            "after delete",
            "after insert",
            "before update",
        ]);
        let each = if self.chance.percent(60) {
            "for each row"
        } else {
            "for each statement"
        };
        let make =
            format!("create trigger {name} {when} on {full} {each} execute function {guard}()");
        let drop = format!("drop trigger {name} on {full}");
        self.leaves.push(Leaf {
            make: make.clone(),
            drop: drop.clone(),
        });
        Some(Piece::of(make, drop))
    }

    pub(super) fn policy(&mut self) -> Option<Piece> {
        let table = self.some_table()?;
        let full = self.tables[table].full();
        let mut piece = Piece::default();
        if !self.tables[table].secured {
            self.tables[table].secured = true;
            piece = Piece::of(
                format!("alter table {full} enable row level security"),
                format!("alter table {full} disable row level security"),
            );
        }
        let name = self.name("policy");
        let (column, _) = self.use_column(table)?;
        let rule = match self.chance.below(4) {
            0 => format!("for select to anon using ({column} is not null or case when current_user = 'a;' then true else false end)"),
            1 => "for insert to authenticated with check (current_setting('a.b;', true) is distinct from '$$')".to_owned(),
            2 => format!("as restrictive for update to authenticated using (true) with check ({column} is null)"),
            _ => format!("using (exists (select 1 from {full} other where other.{column} is not null))"),
        };
        let make = format!("create policy {name} on {full} {rule}");
        let drop = format!("drop policy {name} on {full}");
        self.leaves.push(Leaf {
            make: make.clone(),
            drop: drop.clone(),
        });
        piece.up.push(make);
        piece.down.insert(0, drop);
        Some(piece)
    }

    pub(super) fn drop_leaf(&mut self) -> Option<Piece> {
        if self.leaves.is_empty() {
            return None;
        }
        let at = self.chance.below(self.leaves.len());
        let leaf = self.leaves.remove(at);
        Some(Piece::of(leaf.drop, leaf.make))
    }

    pub(super) fn rename(&mut self) -> Option<Piece> {
        let table = self.some_table()?;
        let full = self.tables[table].full();
        let free: Vec<usize> = (0..self.tables[table].columns.len())
            .filter(|at| !self.tables[table].columns[*at].used)
            .collect();
        let at = *self.chance.pick(&[free.first().copied()?, *free.last()?]);
        let new = self.column_name();
        let old = std::mem::replace(&mut self.tables[table].columns[at].name, new.clone());
        Some(Piece::of(
            format!("alter table {full} rename column {old} to {new}"),
            format!("alter table {full} rename {new} to {old}"),
        ))
    }

    pub(super) fn change_type(&mut self) -> Option<Piece> {
        let table = self.some_table()?;
        let full = self.tables[table].full();
        let at = (0..self.tables[table].columns.len()).find(|at| {
            let column = &self.tables[table].columns[*at];
            !column.used
                && !column.has_default
                && column
                    .kind
                    .is_some_and(|kind| matches!(TYPES[kind].0, "int" | "smallint" | "varchar(40)"))
        })?;
        let column = &mut self.tables[table].columns[at];
        column.used = true;
        let old = TYPES[column.kind.take()?].0;
        let new = if old == "varchar(40)" {
            "varchar(80)"
        } else {
            "bigint"
        };
        Some(Piece::of(
            format!(
                "alter table {full} alter column {0} type {new} using {0}::{new}",
                column.name
            ),
            format!(
                "alter table {full} alter {} set data type {old}",
                column.name
            ),
        ))
    }
}
