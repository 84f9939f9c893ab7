//! The `Database` type of supabase-js, as the Supabase CLI generates it: the same types, in an order and a layout of its own.

use super::names::{heading, literal, literals, property};
use super::relationship::{Relationship, relationships};
use super::rpc::{Overload, callable, computed_fields};
use super::{Catalog, Column, DataType, Oid, Relation};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const JSON: &str = "
/** A JSON value. */
export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];
";

/// `Tables<>`, `Enums<>` and the like; `$SCHEMA$` stands for the schema's name.
const SHORTHANDS: &str = include_str!("shorthands.ts");

/// Generates the file.
pub fn generate(catalog: &Catalog) -> String {
    let functions = callable(catalog);
    let relationships = relationships(catalog);
    let mut file = File {
        catalog,
        functions: &functions,
        relationships: &relationships,
        text: heading("typescript"),
    };
    file.text.push_str(JSON);
    file.put(0, "");
    file.put(0, "export type Database = {");
    file.put(1, &format!("{}: {{", property(&catalog.schema)));
    file.relations("Tables", false);
    file.relations("Views", true);
    file.functions();
    file.enums();
    file.composites();
    file.put(1, "};");
    file.put(0, "};");
    let schema = literal(&catalog.schema);
    file.text.push('\n');
    file.text.push_str(&SHORTHANDS.replace("$SCHEMA$", &schema));
    file.constants();
    file.text
}

pub(super) struct File<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) functions: &'a BTreeMap<&'a str, Vec<Overload<'a>>>,
    relationships: &'a BTreeMap<Oid, Vec<Relationship>>,
    text: String,
}

impl File<'_> {
    /// Writes a line.
    pub(super) fn put(&mut self, depth: usize, line: &str) {
        let _ = writeln!(self.text, "{:width$}{line}", "", width = depth * 2);
    }

    /// A group of entries, or the empty type that supabase-js expects.
    pub(super) fn group<T>(
        &mut self,
        name: &str,
        entries: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        let mut entries = entries.into_iter().peekable();
        if entries.peek().is_none() {
            self.put(2, &format!("{name}: {{ [_ in never]: never }};"));
            return;
        }
        self.put(2, &format!("{name}: {{"));
        for entry in entries {
            each(self, entry);
        }
        self.put(2, "};");
    }

    fn relations(&mut self, name: &str, is_view: bool) {
        let meant = self.catalog.relations.iter();
        let meant = meant.filter(|relation| relation.is_view == is_view);
        self.group(name, meant, |file, relation| {
            file.put(3, &format!("{}: {{", property(&relation.name)));
            file.row(relation);
            if relation.takes_inserts {
                file.writing("Insert", relation, |column| {
                    column.nullable || column.has_default
                });
            }
            if relation.takes_updates {
                file.writing("Update", relation, |_| true);
            }
            file.relationships(relation);
            file.put(3, "};");
        });
    }

    fn row(&mut self, relation: &Relation) {
        let computed = computed_fields(self.functions, relation);
        self.put(4, "Row: {");
        for column in &relation.columns {
            let kind = self.column(column, column.nullable);
            self.put(5, &format!("{}: {kind};", property(&column.name)));
        }
        for field in &computed {
            let kind = or_null(self.returns_one(field), true);
            self.put_type(5, &property(&field.function.name), &kind);
        }
        self.put(4, "};");
        let names: Vec<_> = computed
            .iter()
            .map(|one| literal(&one.function.name))
            .collect();
        let names = if names.is_empty() {
            "never".to_owned()
        } else {
            names.join(" | ")
        };
        self.put(4, &format!("ComputedFields: {names};"));
    }

    /// What an insert or an update takes. A view takes null for every column: what becomes of it, the view decides.
    fn writing(
        &mut self,
        name: &str,
        relation: &Relation,
        may_be_left_out: impl Fn(&Column) -> bool,
    ) {
        self.put(4, &format!("{name}: {{"));
        for column in &relation.columns {
            let line = if column.writable {
                let is_optional = relation.is_view || may_be_left_out(column);
                let kind = self.column(column, relation.is_view || column.nullable);
                let mark = if is_optional { "?" } else { "" };
                format!("{}{mark}: {kind};", property(&column.name))
            } else {
                format!("{}?: never;", property(&column.name))
            };
            self.put(5, &line);
        }
        self.put(4, "};");
    }

    fn relationships(&mut self, relation: &Relation) {
        let Some(all) = self.relationships.get(&relation.id) else {
            self.put(4, "Relationships: [];");
            return;
        };
        self.put(4, "Relationships: [");
        for one in all {
            self.put(5, "{");
            self.put(6, &format!("foreignKeyName: {};", literal(&one.name)));
            self.put(6, &format!("columns: [{}];", literals(&one.columns, ", ")));
            self.put(6, &format!("isOneToOne: {};", one.is_one_to_one));
            self.put(
                6,
                &format!("referencedRelation: {};", literal(&one.referenced)),
            );
            let columns = literals(&one.referenced_columns, ", ");
            self.put(6, &format!("referencedColumns: [{columns}];"));
            self.put(5, "},");
        }
        self.put(4, "];");
    }

    fn enums(&mut self) {
        let enums = self.catalog.enums();
        self.group("Enums", enums, |file, one| {
            let values = literals(&one.values, " | ");
            file.put(3, &format!("{}: {values};", property(&one.name)));
        });
    }

    fn composites(&mut self) {
        let composites = self.catalog.composites();
        self.group("CompositeTypes", composites, |file, one| {
            file.put(3, &format!("{}: {{", property(&one.name)));
            for part in &one.attributes {
                let kind = or_null(file.kind(part.data_type), true);
                file.put(4, &format!("{}: {kind};", property(&part.name)));
            }
            file.put(3, "};");
        });
    }

    /// The values of the enums, for a program that runs.
    fn constants(&mut self) {
        self.put(0, "");
        self.put(0, "/** The values of the enums. */");
        self.put(0, "export const Constants = {");
        self.put(1, &format!("{}: {{", property(&self.catalog.schema)));
        self.put(2, "Enums: {");
        for one in self.catalog.enums() {
            let values = literals(&one.values, ", ");
            self.put(3, &format!("{}: [{values}],", property(&one.name)));
        }
        self.put(2, "},");
        self.put(1, "},");
        self.put(0, "} as const;");
    }

    /// The type of a column. A domain is what it is made from, as far as that is no domain itself.
    pub(super) fn column(&self, column: &Column, nullable: bool) -> String {
        let base = self
            .catalog
            .data_type(column.data_type)
            .and_then(|one| one.base);
        or_null(self.kind(base.unwrap_or(column.data_type)), nullable)
    }

    /// A type, by its number.
    pub(super) fn kind(&self, id: Oid) -> String {
        let Some(of) = self.catalog.data_type(id) else {
            return "unknown".to_owned();
        };
        if let Some(element) = of.element {
            return list_of(&self.kind(element));
        }
        let schema = literal(&self.catalog.schema);
        let own =
            |group: &str, name: &str| format!("Database[{schema}][\"{group}\"][{}]", literal(name));
        match of.kind {
            'e' if of.values.is_empty() => "unknown".to_owned(),
            'e' if of.is_own => own("Enums", &of.name),
            'e' => literals(&of.values, " | "),
            'c' if of.is_composite() && of.is_own => own("CompositeTypes", &of.name),
            'c' => match self.row_of(of) {
                Some(relation) => format!("{relation}[\"Row\"]"),
                None => "unknown".to_owned(),
            },
            _ => plain(&of.name).to_owned(),
        }
    }

    /// The relation of the schema whose row type this is.
    pub(super) fn row_of(&self, data_type: &DataType) -> Option<String> {
        let relation = self.catalog.relation(data_type.relation?)?;
        let group = if relation.is_view { "Views" } else { "Tables" };
        let schema = literal(&self.catalog.schema);
        let name = literal(&relation.name);
        Some(format!("Database[{schema}][\"{group}\"][{name}]"))
    }
}

/// A type that is nobody's own.
fn plain(name: &str) -> &'static str {
    match name {
        "bool" => "boolean",
        "int2" | "int4" | "int8" | "float4" | "float8" | "numeric" => "number",
        "bytea" | "bpchar" | "varchar" | "date" | "text" | "citext" | "time" | "timetz"
        | "timestamp" | "timestamptz" | "uuid" | "vector" | "interval" => "string",
        "json" | "jsonb" => "Json",
        "void" => "undefined",
        "record" => "Record<string, unknown>",
        _ => "unknown",
    }
}

/// A type with null, or `Json` without it. `unknown` holds null already.
pub(super) fn or_null(kind: String, nullable: bool) -> String {
    match kind.as_str() {
        "Json" if !nullable => "NonNullable<Json>".to_owned(),
        "unknown" => kind,
        _ if nullable => format!("{kind} | null"),
        _ => kind,
    }
}

/// A list of a type; a union of values is put in brackets.
pub(super) fn list_of(one: &str) -> String {
    if one.contains(" | ") && !one.starts_with('{') {
        format!("({one})[]")
    } else {
        format!("{one}[]")
    }
}
