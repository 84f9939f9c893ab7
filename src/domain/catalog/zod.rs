//! Zod schemas for the rows of a schema: what is read, what an insert takes, what an update takes.
//! They use only what Zod 3 and Zod 4 have in common.

use super::bounds::bounds;
use super::{Catalog, Column, ColumnType, Relation, Shape, heading, literal, property};
use std::collections::BTreeSet;
use std::fmt::Write as _;

const START: &str = r#"
import { z } from "zod";

/** A JSON value. */
export type Json = string | number | boolean | null | { [key: string]: Json } | Json[];

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)]),
);

/** Postgres accepts every UUID, also those that RFC 9562 does not define. */
const uuid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, "Invalid UUID");
const date = z.string().regex(/^\d{4,}-\d{2}-\d{2}$/, "Invalid date");
const instant = z.string().datetime({ offset: true });
"#;

/// Generates the file.
pub fn generate(catalog: &Catalog) -> String {
    let mut text = heading("zod");
    text.push_str(START);
    let mut names = Names::default();
    for one in &catalog.enums {
        let values: Vec<_> = one.values.iter().map(|value| literal(value)).collect();
        let name = names.take(&one.name, "");
        let _ = write!(
            text,
            "\nexport const {name} = z.enum([{}]);\n",
            values.join(", ")
        );
        push_type(&mut text, &name);
    }
    for relation in &catalog.relations {
        object(&mut text, &mut names, relation, Part::Row);
        if !relation.is_view {
            object(&mut text, &mut names, relation, Part::Insert);
            object(&mut text, &mut names, relation, Part::Update);
        }
    }
    text
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

fn object(text: &mut String, names: &mut Names, relation: &Relation, part: Part) {
    let name = names.take(&relation.name, part.word());
    let _ = write!(text, "\nexport const {name} = z.object({{\n");
    for column in &relation.columns {
        if part != Part::Row && !column.writable {
            continue;
        }
        let _ = writeln!(
            text,
            "  {}: {},",
            property(&column.name),
            schema(relation, column, part)
        );
    }
    text.push_str("});\n");
    push_type(text, &name);
}

fn push_type(text: &mut String, name: &str) {
    let mut capital = name.to_owned();
    if let Some(first) = capital.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    let _ = writeln!(text, "export type {capital} = z.infer<typeof {name}>;");
}

fn schema(relation: &Relation, column: &Column, part: Part) -> String {
    let mut schema = kind(&column.kind);
    if schema.starts_with("z.number()") {
        let bounds = bounds(relation, &column.name);
        for (method, value) in [("min", bounds.min), ("max", bounds.max)] {
            if let Some(value) = value {
                let _ = write!(schema, ".{method}({value})");
            }
        }
    }
    if column.nullable {
        schema.push_str(".nullable()");
    }
    let may_be_left_out = match part {
        Part::Row => false,
        Part::Insert => column.nullable || column.has_default,
        Part::Update => true,
    };
    if may_be_left_out {
        schema.push_str(".optional()");
    }
    schema
}

fn kind(kind: &ColumnType) -> String {
    let one = if kind.is_enum {
        camel(&kind.name)
    } else {
        match kind.shape() {
            Shape::Boolean => "z.boolean()",
            Shape::Integer => "z.number().int()",
            Shape::Number => "z.number()",
            Shape::Text | Shape::LocalTime => "z.string()",
            Shape::Uuid => "uuid",
            Shape::Date => "date",
            Shape::Moment => "instant",
            Shape::Json => "json",
            Shape::Unknown => "z.unknown()",
        }
        .to_owned()
    };
    if kind.is_array {
        format!("z.array({one})")
    } else {
        one
    }
}

/// The exported names so far: two database names may give the same one in camel case.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn take(&mut self, name: &str, part: &str) -> String {
        let mut wanted = format!("{}{part}", camel(name));
        while !self.0.insert(wanted.clone()) {
            wanted.push('_');
        }
        wanted
    }
}

/// A database name as an identifier: `weekly_plan` becomes `weeklyPlan`; what no identifier may hold is dropped.
fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut chars = word.chars();
        match chars.next() {
            None => {}
            Some(first) if out.is_empty() => out.push(first.to_ascii_lowercase()),
            Some(first) => out.push(first.to_ascii_uppercase()),
        }
        out.push_str(chars.as_str());
    }
    let is_taken = [
        "json", "uuid", "date", "instant", "z", "enum", "default", "delete", "new",
    ];
    if out.starts_with(|c: char| c.is_ascii_digit()) || out.is_empty() || is_taken.contains(&&*out)
    {
        out.insert(0, '_');
    }
    out
}
