//! The `Database` type of supabase-js, in the shape that its client expects: Row, Insert, Update, Relationships.

use super::{
    Catalog, Column, ColumnType, ForeignKey, Function, Relation, Shape, heading, literal, property,
};
use std::fmt::Write as _;

const JSON: &str = "
/** A JSON value. */
export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];
";

const SHORTHANDS: &str = r#"
type Schema = Database["SCHEMA"];

/** A row of a table or view, as it is read. */
export type Row<Name extends keyof (Schema["Tables"] & Schema["Views"])> =
  (Schema["Tables"] & Schema["Views"])[Name]["Row"];

/** What an insert into a table takes. */
export type Insert<Name extends keyof Schema["Tables"]> = Schema["Tables"][Name]["Insert"];

/** What an update of a table takes. */
export type Update<Name extends keyof Schema["Tables"]> = Schema["Tables"][Name]["Update"];

/** The values of an enum. */
export type Enum<Name extends keyof Schema["Enums"]> = Schema["Enums"][Name];
"#;

/// Generates the file.
pub fn generate(catalog: &Catalog) -> String {
    let mut file = File {
        catalog,
        text: heading("typescript"),
    };
    file.text.push_str(JSON);
    file.put(0, "");
    file.put(0, "export type Database = {");
    file.put(1, &format!("{}: {{", property(&catalog.schema)));
    file.tables();
    file.views();
    file.functions();
    file.enums();
    file.put(2, "CompositeTypes: { [_ in never]: never };");
    file.put(1, "};");
    file.put(0, "};");
    let schema = literal(&catalog.schema);
    file.text
        .push_str(&SHORTHANDS.replace("\"SCHEMA\"", &schema));
    file.text
}

struct File<'a> {
    catalog: &'a Catalog,
    text: String,
}

impl File<'_> {
    fn put(&mut self, depth: usize, line: &str) {
        let _ = writeln!(self.text, "{:width$}{line}", "", width = depth * 2);
    }

    /// A group of entries, or the empty type that supabase-js expects.
    fn group<T>(&mut self, name: &str, entries: &[T], each: impl Fn(&mut Self, &T)) {
        if entries.is_empty() {
            self.put(2, &format!("{name}: {{ [_ in never]: never }};"));
            return;
        }
        self.put(2, &format!("{name}: {{"));
        for entry in entries {
            each(self, entry);
        }
        self.put(2, "};");
    }

    fn tables(&mut self) {
        let tables: Vec<_> = self.relations(false);
        self.group("Tables", &tables, |file, table| {
            file.put(3, &format!("{}: {{", property(&table.name)));
            file.row(table);
            file.columns("Insert", table, |column| {
                column.writable && (column.nullable || column.has_default)
            });
            file.columns("Update", table, |_| true);
            file.relationships(&table.foreign_keys);
            file.put(3, "};");
        });
    }

    fn views(&mut self) {
        let views = self.relations(true);
        self.group("Views", &views, |file, view| {
            file.put(3, &format!("{}: {{", property(&view.name)));
            file.row(view);
            file.relationships(&[]);
            file.put(3, "};");
        });
    }

    fn relations(&self, is_view: bool) -> Vec<Relation> {
        let relations = self.catalog.relations.iter();
        relations
            .filter(|relation| relation.is_view == is_view)
            .cloned()
            .collect()
    }

    fn row(&mut self, relation: &Relation) {
        self.put(4, "Row: {");
        for column in &relation.columns {
            let line = format!("{}: {};", property(&column.name), self.nullable(column));
            self.put(5, &line);
        }
        self.put(4, "};");
    }

    fn columns(&mut self, name: &str, table: &Relation, is_optional: impl Fn(&Column) -> bool) {
        self.put(4, &format!("{name}: {{"));
        for column in &table.columns {
            let line = if column.writable {
                let mark = if is_optional(column) { "?" } else { "" };
                format!(
                    "{}{mark}: {};",
                    property(&column.name),
                    self.nullable(column)
                )
            } else {
                format!("{}?: never;", property(&column.name))
            };
            self.put(5, &line);
        }
        self.put(4, "};");
    }

    fn relationships(&mut self, keys: &[ForeignKey]) {
        if keys.is_empty() {
            self.put(4, "Relationships: [];");
            return;
        }
        let list = |names: &[String]| {
            let names: Vec<_> = names.iter().map(|name| literal(name)).collect();
            format!("[{}]", names.join(", "))
        };
        self.put(4, "Relationships: [");
        for key in keys {
            self.put(5, "{");
            self.put(6, &format!("foreignKeyName: {};", literal(&key.name)));
            self.put(6, &format!("columns: {};", list(&key.columns)));
            self.put(6, &format!("isOneToOne: {};", key.is_one_to_one));
            self.put(6, &format!("referencedRelation: {};", literal(&key.table)));
            self.put(6, &format!("referencedColumns: {};", list(&key.referenced)));
            self.put(5, "},");
        }
        self.put(4, "];");
    }

    fn functions(&mut self) {
        let functions = self.catalog.functions.clone();
        self.group("Functions", &functions, |file, function| {
            file.put(3, &format!("{}: {{", property(&function.name)));
            file.arguments(function);
            let returns = file.returns(function);
            file.put(4, &format!("Returns: {returns};"));
            file.put(3, "};");
        });
    }

    fn arguments(&mut self, function: &Function) {
        if function.arguments.is_empty() {
            self.put(4, "Args: Record<PropertyKey, never>;");
            return;
        }
        self.put(4, "Args: {");
        for argument in &function.arguments {
            let mark = if argument.has_default { "?" } else { "" };
            let kind = self.kind(&argument.kind);
            self.put(5, &format!("{}{mark}: {kind};", property(&argument.name)));
        }
        self.put(4, "};");
    }

    fn returns(&self, function: &Function) -> String {
        let one = match &function.returns_relation {
            _ if function.returns_void => return "undefined".to_owned(),
            Some(name) => {
                let relation = self.catalog.relations.iter().find(|one| one.name == *name);
                let group = match relation {
                    Some(relation) if relation.is_view => "Views",
                    Some(_) => "Tables",
                    None => return "unknown".to_owned(),
                };
                let schema = literal(&self.catalog.schema);
                format!(
                    "Database[{schema}][\"{group}\"][{}][\"Row\"]",
                    literal(name)
                )
            }
            None => self.kind(&function.returns),
        };
        if function.returns_set {
            list_of(&one)
        } else {
            one
        }
    }

    fn enums(&mut self) {
        let enums = self.catalog.enums.clone();
        self.group("Enums", &enums, |file, one| {
            let values: Vec<_> = one.values.iter().map(|value| literal(value)).collect();
            file.put(
                3,
                &format!("{}: {};", property(&one.name), values.join(" | ")),
            );
        });
    }

    fn nullable(&self, column: &Column) -> String {
        let kind = self.kind(&column.kind);
        if column.nullable {
            format!("{kind} | null")
        } else {
            kind
        }
    }

    fn kind(&self, kind: &ColumnType) -> String {
        let one = if kind.is_enum {
            let schema = literal(&self.catalog.schema);
            format!("Database[{schema}][\"Enums\"][{}]", literal(&kind.name))
        } else {
            match kind.shape() {
                Shape::Boolean => "boolean",
                Shape::Integer | Shape::Number => "number",
                Shape::Text | Shape::Uuid | Shape::Date | Shape::Moment | Shape::LocalTime => {
                    "string"
                }
                Shape::Json => "Json",
                Shape::Unknown => "unknown",
            }
            .to_owned()
        };
        if kind.is_array { list_of(&one) } else { one }
    }
}

fn list_of(one: &str) -> String {
    format!("{one}[]")
}
