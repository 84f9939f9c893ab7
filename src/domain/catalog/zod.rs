//! Zod schemas for the rows of a schema: what is read, what an insert takes, what an update takes.
//! They use only what Zod 3 and Zod 4 have in common.

use super::bounds::bounds;
use super::json_kind::{JsonKind, json_kind};
use super::names::{Names, capital, heading, literals, property};
use super::rpc::{Overload, callable, computed_fields};
use super::{Catalog, Column, DataType, Oid, Relation};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The forms of texts and numbers: declarations, with an empty line between them. Each uses only what stands before it.
const FORMS: &str = include_str!("forms.ts");

/// The constants and types of `forms.ts`, a type by its name as a constant.
const TAKEN: [&str; 18] = [
    "beyond",
    "array",
    "bits",
    "bytes",
    "date",
    "digits",
    "instant",
    "int2",
    "int4",
    "int8",
    "json",
    "localTime",
    "number",
    "pgArray",
    "time",
    "timeWithOffset",
    "uuid",
    "z",
];

/// Generates the file.
pub fn generate(catalog: &Catalog) -> String {
    let functions = callable(catalog);
    let mut file = File {
        catalog,
        functions: &functions,
        names: Names::with(&TAKEN),
        named: BTreeMap::new(),
        text: String::new(),
    };
    for one in catalog.enums() {
        let schema = format!("z.enum([{}])", literals(&one.values, ", "));
        file.declare_type(one, &schema);
    }
    for one in file.composites() {
        let schema = file.object(one, Part::Row);
        file.declare_type(one, &schema);
    }
    for relation in &catalog.relations {
        file.relation(relation, Part::Row);
        if relation.takes_inserts {
            file.relation(relation, Part::Insert);
        }
        if relation.takes_updates {
            file.relation(relation, Part::Update);
        }
    }
    let head = heading("zod");
    let forms = forms(&file.text);
    format!("{head}\nimport {{ z }} from \"zod\";\n{forms}{}", file.text)
}

/// The forms that a text uses, and those that these use: a compiler may be told to refuse what nobody uses.
fn forms(text: &str) -> String {
    let mut used = text.to_owned();
    for form in FORMS
        .trim_end()
        .split("\n\n")
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
    {
        let mut words = form
            .lines()
            .find(|line| !line.starts_with('/'))
            .unwrap_or_default()
            .split(' ');
        let is_name = |word: &&str| !["export", "const", "function", "type"].contains(word);
        let name = words.find(is_name).unwrap_or_default();
        let name = name
            .split(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or_default();
        if is_used(&used, name) {
            used = format!("\n{form}\n{used}");
        }
    }
    let end = used.len() - text.len();
    used.get(..end).unwrap_or_default().to_owned()
}

/// Whether a name stands in a text, other than as a property or in quotes.
fn is_used(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back().unwrap_or(' ');
        let after = text[at + name.len()..].chars().next().unwrap_or(' ');
        let is_part = |c: char| c.is_alphanumeric() || "_$\"".contains(c);
        !is_part(before) && before != '.' && !is_part(after) && after != ':'
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Row,
    Insert,
    Update,
}

impl Part {
    fn word(self) -> &'static str {
        match self {
            Self::Row => "Row",
            Self::Insert => "Insert",
            Self::Update => "Update",
        }
    }
}

struct File<'a> {
    catalog: &'a Catalog,
    functions: &'a BTreeMap<&'a str, Vec<Overload<'a>>>,
    names: Names,
    /// The constants of the types that have one.
    named: BTreeMap<Oid, String>,
    text: String,
}

impl<'a> File<'a> {
    /// The schema's own composite types, each behind those that it is made of.
    fn composites(&self) -> Vec<&'a DataType> {
        let mut sorted = Vec::new();
        for one in self.catalog.composites() {
            self.push_composite(one, &mut sorted);
        }
        sorted
    }

    fn push_composite(&self, one: &'a DataType, sorted: &mut Vec<&'a DataType>) {
        for part in &one.attributes {
            let mut kind = json_kind(self.catalog, part.data_type);
            while let JsonKind::Array(items) = kind {
                kind = json_kind(self.catalog, items);
            }
            // A composite type is never a part of itself.
            if let JsonKind::Object(inner) = kind {
                self.push_composite(inner, sorted);
            }
        }
        if one.is_own && one.is_composite() && !sorted.iter().any(|other| other.id == one.id) {
            sorted.push(one);
        }
    }

    fn declare_type(&mut self, one: &DataType, schema: &str) {
        let name = self.names.take(&one.name, "");
        self.declare(&name, schema);
        self.named.insert(one.id, name);
    }

    fn declare(&mut self, name: &str, schema: &str) {
        let capital = capital(name);
        let _ = write!(
            self.text,
            "\nexport const {name} = {schema};\nexport type {capital} = z.infer<typeof {name}>;\n"
        );
    }

    fn relation(&mut self, relation: &Relation, part: Part) {
        let mut schema = "z.object({\n".to_owned();
        for column in &relation.columns {
            if part == Part::Row || column.writable {
                let _ = writeln!(
                    schema,
                    "  {}: {},",
                    property(&column.name),
                    self.column(relation, column, part)
                );
            }
        }
        if part == Part::Row {
            for field in computed_fields(self.functions, relation) {
                // A computed field is sent where the query names it.
                if let Some(kind) = self.computed_field(field) {
                    let name = property(&field.function.name);
                    let _ = writeln!(schema, "  {name}: {kind}.nullable().optional(),");
                }
            }
        }
        schema.push_str("})");
        let name = self.names.take(&relation.name, part.word());
        self.declare(&name, &schema);
    }

    /// A computed field of one value; rows are embedded instead, as the query says.
    fn computed_field(&self, field: &Overload<'_>) -> Option<String> {
        let is_value =
            field.embedding.is_none() && field.table.is_empty() && !field.function.returns_set;
        is_value.then(|| self.kind(field.function.returns, Part::Row))
    }

    fn column(&self, relation: &Relation, column: &Column, part: Part) -> String {
        let kind = json_kind(self.catalog, column.data_type);
        let bounds = bounds(relation, &column.name);
        let mut schema = bounds
            .schema(kind, part == Part::Row)
            .unwrap_or_else(|| self.kind(column.data_type, part));
        let is_view_write = relation.is_view && part != Part::Row;
        if column.nullable || is_view_write {
            schema.push_str(".nullable()");
        }
        let may_be_left_out = match part {
            Part::Row => false,
            Part::Insert => column.nullable || column.has_default || is_view_write,
            Part::Update => true,
        };
        if may_be_left_out {
            schema.push_str(".optional()");
        }
        schema
    }

    fn kind(&self, id: Oid, part: Part) -> String {
        match json_kind(self.catalog, id) {
            JsonKind::Boolean => "z.boolean()".to_owned(),
            JsonKind::Int2 => "int2".to_owned(),
            JsonKind::Int4 => "int4".to_owned(),
            JsonKind::Int8 => "int8".to_owned(),
            JsonKind::Number if part == Part::Row => "number".to_owned(),
            // What is written goes through JSON, which has no other number.
            JsonKind::Number => "z.number()".to_owned(),
            JsonKind::Text => "z.string()".to_owned(),
            JsonKind::Form(name) => name.to_owned(),
            JsonKind::Json => "json".to_owned(),
            JsonKind::Array(items) => format!("array({})", self.kind(items, part)),
            JsonKind::Enum(one) if one.values.is_empty() => "z.never()".to_owned(),
            JsonKind::Enum(one) => match self.named.get(&one.id) {
                Some(name) => name.clone(),
                None => format!("z.enum([{}])", literals(&one.values, ", ")),
            },
            JsonKind::Object(one) => match self.named.get(&one.id) {
                Some(name) if part == Part::Row => name.clone(),
                _ => self.object(one, part),
            },
        }
    }

    /// The parts of a composite value: any of them may be null, whatever the table says whose row it is.
    fn object(&self, one: &DataType, part: Part) -> String {
        let parts: Vec<_> = one
            .attributes
            .iter()
            .map(|each| {
                let kind = self.kind(each.data_type, part);
                format!("{}: {kind}.nullable()", property(&each.name))
            })
            .collect();
        if parts.is_empty() {
            return "z.object({})".to_owned();
        }
        format!("z.object({{ {} }})", parts.join(", "))
    }
}
