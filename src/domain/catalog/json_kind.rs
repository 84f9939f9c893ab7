//! What becomes of a type in JSON, as `to_json` of Postgres has it, which PostgREST sends.

use super::{Catalog, DataType, Oid};

/// A kind of JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonKind<'a> {
    /// `true` or `false`.
    Boolean,
    /// A number without fraction, of 16 bits.
    Int2,
    /// A number without fraction, of 32 bits.
    Int4,
    /// A number without fraction, of 64 bits: more than a number of JavaScript tells apart.
    Int8,
    /// A number; what is no number is a text, such as `"NaN"`.
    Number,
    /// Any text.
    Text,
    /// A text of this form.
    Form(&'static str),
    /// Any JSON value.
    Json,
    /// One of the values of an enum.
    Enum(&'a DataType),
    /// An object with the attributes of a composite type or a row.
    Object(&'a DataType),
    /// A list, or a list of lists: Postgres does not hold an array to the dimensions it was declared with. A part may be null.
    Array(Oid),
}

/// The kind of a type, by its number.
pub(super) fn json_kind(catalog: &Catalog, id: Oid) -> JsonKind<'_> {
    let Some(of) = catalog.data_type(id) else {
        return JsonKind::Json;
    };
    // Domains are made from domains only a few times, and never from themselves.
    if let Some(base) = of.base.filter(|&base| base != id) {
        return json_kind(catalog, base);
    }
    if let Some(items) = of.items {
        return JsonKind::Array(items);
    }
    match of.kind {
        'e' => JsonKind::Enum(of),
        'c' => JsonKind::Object(of),
        'p' => JsonKind::Json,
        _ if of.has_json => JsonKind::Json,
        _ => named(&of.name),
    }
}

fn named(name: &str) -> JsonKind<'static> {
    match name {
        "bool" => JsonKind::Boolean,
        "int2" => JsonKind::Int2,
        "int4" => JsonKind::Int4,
        "int8" => JsonKind::Int8,
        "float4" | "float8" | "numeric" => JsonKind::Number,
        "json" | "jsonb" => JsonKind::Json,
        "uuid" => JsonKind::Form("uuid"),
        "date" => JsonKind::Form("date"),
        "timestamptz" => JsonKind::Form("instant"),
        "timestamp" => JsonKind::Form("localTime"),
        "time" => JsonKind::Form("time"),
        "timetz" => JsonKind::Form("timeWithOffset"),
        "bytea" => JsonKind::Form("bytes"),
        "bit" | "varbit" => JsonKind::Form("bits"),
        "oid" | "xid" | "xid8" | "cid" => JsonKind::Form("digits"),
        // Whatever else Postgres knows, it writes as text.
        _ => JsonKind::Text,
    }
}
