//! What a migration can do with code and rows: functions in every quote, blocks, rules, grants, comments, inserts.

use super::author::{Author, Column, Leaf, PARENT, Piece, Table, qualified};

impl Author {
    pub(crate) fn function(&mut self) -> Piece {
        let schema = self.place();
        let is_guard = self.chance.percent(30);
        let name = qualified(
            schema.as_deref(),
            &self.name(if is_guard { "guard" } else { "function" }),
        );
        if is_guard {
            self.guards.push(name.clone());
            let body = *self.chance.pick(&[
                "$$ begin\n  -- keep; it's\n  if tg_op = 'DELETE' then return old; end if;\n  return new;\nend; $$",
                "$guard$ declare q text := $q$ a; 'b' $q$; begin if q is null then raise notice '%;', q; end if; if tg_op = 'DELETE' then return old; end if; return new; end $guard$",
                "'begin /* it''s; */ if tg_op = ''DELETE'' then return old; end if; return new; end'",
            ]);
            let definer = *self
                .chance
                .pick(&["", " security definer set search_path = ''"]);
            return Piece::of(
                format!(
                    "create function {name}() returns trigger language plpgsql{definer} as {body}"
                ),
                format!("drop function {name}()"),
            );
        }
        let make = self.body(&name);
        self.functions.push((name.clone(), make.clone()));
        Piece::of(make, format!("drop function {name}()"))
    }

    /// The statement that makes a function with this name, in one of many ways.
    fn body(&mut self, name: &str) -> String {
        let number = self.chance.below(100);
        let head = format!("create or replace function {name}() returns int");
        match self.chance.below(9) {
            0 => format!("{head} language sql as $$ select {number}; $$"),
            1 => format!("{head} language sql stable as 'select {number} /* it''s; */'"),
            2 => format!("{head} as E'select {number} -- \\'\\n;' language sql"),
            3 => format!(
                "{head} language plpgsql as $body$\ndeclare\n  s text := $in$ begin; '$$' end $in$;\nbegin\n  -- a; comment, isn't it\n  s := case when s = ';' then 'a' else $$b;$$ end;\n  return {number};\nend;\n$body$"
            ),
            4 => format!(
                "{head} language sql begin atomic select case when {number} > 5 then 1 else 2 end; select {number}; end"
            ),
            5 => {
                // psql, not the server, cuts behind a word `end` that is a name.
                let end = if self.chance.percent(30) {
                    "end"
                } else {
                    "\"end\""
                };
                format!(
                    "{head} language sql begin atomic select {number} as {end}; select (case when true then case when false then 1 else 2 end end); end"
                )
            }
            6 => format!("{head} language sql return {number} + length('a;')"),
            7 => format!(
                "{head} language plpgsql security definer set search_path = '' set work_mem = '8MB' as $_$ begin for i in 1..3 loop perform 'x;'; end loop; begin perform 1; exception when others then null; end; return {number}; end $_$"
            ),
            _ => format!(
                "{head} language sql immutable parallel safe cost 5 as $ü$ select {number} + 0 * length('$$;') $ü$"
            ),
        }
    }

    pub(crate) fn replace_function(&mut self) -> Option<Piece> {
        if self.functions.is_empty() {
            return None;
        }
        let at = self.chance.below(self.functions.len());
        let (name, old) = self.functions[at].clone();
        let new = self.body(&name);
        self.functions[at].1.clone_from(&new);
        Some(Piece::of(new, old))
    }

    pub(crate) fn grant(&mut self) -> Option<Piece> {
        if !self.functions.is_empty() && self.chance.percent(30) {
            let at = self.chance.below(self.functions.len());
            let (name, _) = self.functions.remove(at);
            return Some(Piece::of(
                format!("revoke execute on function {name}() from public"),
                format!("grant execute on function {name}() to public"),
            ));
        }
        let table = self.some_table()?;
        let full = self.tables[table].full();
        self.once(table, "grant")?;
        let (column, _) = self.use_column(table)?;
        Some(match self.chance.below(2) {
            0 => Piece::of(
                format!("grant select, trigger on table {full} to pg_monitor"),
                format!("revoke all on {full} from pg_monitor"),
            ),
            _ => Piece::of(
                format!(
                    "grant update ({column}), references ({column}) on {full} to pg_monitor with grant option"
                ),
                format!(
                    "revoke update ({column}), references ({column}) on {full} from pg_monitor"
                ),
            ),
        })
    }

    pub(crate) fn comment(&mut self) -> Option<Piece> {
        let table = self.some_table()?;
        let full = self.tables[table].full();
        let text = *self.chance.pick(&[
            "'It''s; a table'",
            "E'two\\nlines; \\'quoted\\''",
            "$$a;'b$$",
            "'日本; ü'",
            "U&'\\0441;'",
        ]);
        if self.once(table, "comment").is_some() {
            return Some(Piece::of(
                format!("comment on table {full} is {text}"),
                format!("comment on table {full} is null"),
            ));
        }
        let at = self.chance.below(self.tables[table].columns.len());
        let name = self.tables[table].columns[at].name.clone();
        self.once(table, &format!("comment on {name}"))?;
        self.tables[table].columns[at].used = true;
        Some(Piece::of(
            format!("comment on column {full}.{name} is {text}"),
            format!("comment on column {full}.{name} is null"),
        ))
    }

    /// Rows; the way back leaves them, as most do.
    pub(crate) fn rows(&mut self) -> Option<Piece> {
        let table = self.some_table()?;
        let full = self.tables[table].full();
        let columns: Vec<Column> = self.tables[table]
            .columns
            .iter()
            .filter(|column| column.kind.is_some())
            .cloned()
            .collect();
        if columns.is_empty() {
            return None;
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let mut rows = Vec::new();
        for _ in 0..=self.chance.below(3) {
            let values: Vec<String> = columns
                .iter()
                .map(|column| self.value(column.kind.unwrap()))
                .collect();
            rows.push(format!("({})", values.join(", ")));
        }
        let (first, kind) = (columns[0].name.clone(), columns[0].kind.unwrap());
        let insert = format!(
            "insert into {full} ({}) values\n  {}",
            names.join(", "),
            rows.join(",\n  ")
        );
        let mut piece = Piece {
            up: vec![insert],
            down: Vec::new(),
        };
        match self.chance.below(4) {
            0 => piece.up.push(format!(
                "update {full} set {first} = {} where {first} is not null",
                self.value(kind)
            )),
            1 => piece.up.push(format!(
                "delete from {full} where {first}::text = ';never;'"
            )),
            2 => piece.down.push(format!("delete from {full}")),
            _ => {}
        }
        Some(piece)
    }

    /// Something that leaves the catalog as it is, and locks.
    pub(crate) fn touch(&mut self) -> Option<Piece> {
        let table = self.some_table()?;
        let full = self.tables[table].full();
        let other = self.some_table()?;
        let other = self.tables[other].full();
        let scratch = self.name("scratch");
        let up = match self.chance.below(12) {
            0 => format!("truncate table {full} restart identity cascade"),
            // Postgres empties a partitioned table only together with its partitions.
            1 if !self.is_parent(table) => {
                format!("truncate only {full}, {other} cascade")
            }
            2 => format!(
                "with few as (select 1 as one from {full} limit 1) select count(*) from few, {other} where false"
            ),
            3 => format!("select 1 from {full} for no key update"),
            4 => format!(
                "do $do$ begin perform 1 from {full} a cross join {other} b; lock table {full} in share mode; end $do$"
            ),
            5 => format!("analyze {full}"),
            6 if !self.is_parent(table) => format!("reindex table {full}"),
            7 => format!(
                "create temporary table {scratch} on commit drop as select a.* from {full} a where exists (table {other})"
            ),
            8 => format!("alter table {full} disable trigger user, enable trigger user"),
            9 => format!("delete from {full} as gone using {other} as other where false"),
            10 => format!("lock table {full}, {other} in access exclusive mode"),
            _ => format!(
                "select (select count(*) from {full} where 'a;' = '') + (select count(*) from only {other})"
            ),
        };
        Some(Piece::of(up, format!("select 1 from {full} limit 0")))
    }

    pub(crate) fn table_setting(&mut self) -> Option<Piece> {
        let table = self.some_table()?;
        let full = self.tables[table].full();
        let setting = self.name("setting");
        let way = self.chance.below(4);
        self.once(table, &format!("setting {way}"))?;
        Some(match way {
            0 => Piece::of(
                format!("alter table {full} force row level security"),
                format!("alter table {full} no force row level security"),
            ),
            1 => Piece::of(
                format!("alter table {full} set (autovacuum_enabled = false)"),
                format!("alter table {full} reset (autovacuum_enabled)"),
            ),
            2 => {
                let (column, _) = self.use_column(table)?;
                Piece::of(
                    format!(
                        "create statistics {setting} on ({column}::text), (1 + length({column}::text)) from {full}"
                    ),
                    format!("drop statistics {setting}"),
                )
            }
            _ => Piece::of(
                format!("lock table {full} in share row exclusive mode"),
                "select 1",
            ),
        })
    }

    /// A `DO` block, with what it does.
    pub(crate) fn block(&mut self) -> Piece {
        let name = self.name("block");
        let quoted = name.replace('\'', "''");
        match self.chance.below(4) {
            0 => Piece::of(
                format!(
                    "do $do$\nbegin\n  if true then\n    create table {name} (id int); -- one; two\n  end if;\n  perform case when true then $$;$$ else 'x' end;\nend\n$do$"
                ),
                format!("drop table {name}"),
            ),
            1 => Piece::of(
                format!(
                    "do $do$ begin execute 'create view {quoted} as select '';'' as one'; end $do$"
                ),
                format!(
                    "do language plpgsql $do$ begin execute $x$ drop view {name} $x$; end $do$"
                ),
            ),
            2 => Piece::of(
                format!(
                    "do $do$ declare t text; begin foreach t in array array['a', 'b;'] loop raise notice 'now %;', t; end loop; create sequence {name}; end; $do$"
                ),
                format!("drop sequence if exists {name}"),
            ),
            _ => Piece::of(
                format!(
                    "create procedure {name}(inout a int default 1) language plpgsql as $p$ begin a := a + 1; end $p$"
                ),
                format!("drop procedure {name}"),
            ),
        }
    }

    pub(crate) fn rule(&mut self) -> Option<Piece> {
        let table = self.some_table()?;
        let full = self.tables[table].full();
        let name = self.name("rewrite");
        let log = self.name("log");
        let make = format!(
            "create rule {name} as on update to {full} do also (insert into {log} values (1); delete from {log} where a = 2)"
        );
        let mut piece = Piece::of(
            format!("create table {log} (a int)"),
            format!("drop rule {name} on {full}"),
        );
        piece.up.push(make);
        piece.down.push(format!("drop table {log}"));
        Some(piece)
    }

    pub(crate) fn partitioned(&mut self) -> Piece {
        let schema = self.place();
        let parent = self.name("parted");
        let (full, first, other) = (
            qualified(schema.as_deref(), &parent),
            self.name("part"),
            self.name("part"),
        );
        let (first, other) = (
            qualified(schema.as_deref(), &first),
            qualified(schema.as_deref(), &other),
        );
        let mut piece = Piece::default();
        if self.chance.percent(50) {
            piece.up = vec![
                format!(
                    "create table {full} (c_1 date not null default current_date, c_2 text) partition by range (c_1)"
                ),
                format!(
                    "create table {first} partition of {full} for values from ('2020-01-01') to ('2021-01-01')"
                ),
                format!("create table {other} partition of {full} default"),
            ];
        } else {
            piece.up = vec![
                format!("create table {full} (c_1 int, c_2 text default 'a;')"),
                format!("create table {first} (c_3 int) inherits ({full})"),
                format!("create table {other} (like {full} including all)"),
            ];
        }
        piece.down = vec![
            format!("drop table {other}"),
            format!("drop table {first}"),
            format!("drop table {full}"),
        ];
        if self.chance.percent(50) {
            let name = self.name("everyone");
            let make = format!("create index {name} on {full} (c_2)");
            let drop = format!("drop index {}", qualified(schema.as_deref(), &name));
            self.leaves.push(Leaf {
                make: make.clone(),
                drop: drop.clone(),
            });
            piece.up.push(make);
            piece.down.insert(0, drop);
        }
        let text = Column {
            name: "c_2".into(),
            kind: Some(0),
            used: true,
            has_default: true,
            required: false,
        };
        self.tables.push(Table {
            schema,
            name: parent,
            columns: vec![text],
            key: None,
            secured: false,
            // Storage parameters are not for a partitioned one.
            once: vec![PARENT.into(), "setting 1".into()],
        });
        piece
    }
}
