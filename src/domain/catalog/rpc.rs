//! Which functions a client can call, by which arguments, and which it cannot tell apart; which are computed fields of a relation.
//! The rules and the sentences are those of the Supabase CLI, so that a program reads the same whichever tool made its types.

use super::{Argument, Catalog, Function, Oid, Relation};
use std::collections::BTreeMap;

/// json, text and jsonb: a single argument of one of these needs no name.
const UNNAMED: [Oid; 3] = [114, 25, 3802];

/// One way to call a function.
pub(super) struct Overload<'a> {
    /// The function.
    pub(super) function: &'a Function,
    /// What a caller gives.
    pub(super) inputs: Vec<Input<'a>>,
    /// The columns of `returns table`.
    pub(super) table: Vec<&'a Argument>,
    /// Why PostgREST refuses every call, where it does.
    pub(super) error: Option<String>,
    /// How its rows can be embedded.
    pub(super) embedding: Option<Embedding>,
    /// The relation that it is a computed field of.
    pub(super) computed_field_of: Option<Oid>,
}

/// An input argument.
pub(super) struct Input<'a> {
    /// The argument.
    pub(super) argument: &'a Argument,
    /// Whether it may be left out.
    pub(super) has_default: bool,
}

/// What supabase-js calls `SetofOptions`.
pub(super) struct Embedding {
    /// The relation whose row is the argument, or `*`.
    pub(super) from: String,
    /// The relation whose rows come back.
    pub(super) to: String,
    /// Whether at most one row comes back.
    pub(super) is_one_to_one: bool,
}

/// The functions that can be called, by name, each in all its ways.
pub(super) fn callable(catalog: &Catalog) -> BTreeMap<&str, Vec<Overload<'_>>> {
    let mut groups: BTreeMap<&str, Vec<Overload<'_>>> = BTreeMap::new();
    for function in &catalog.functions {
        let inputs = inputs(function);
        if !has_callable_arguments(catalog, &inputs) {
            continue;
        }
        let one = Overload {
            computed_field_of: computed_field_of(catalog, function, &inputs),
            embedding: embedding(catalog, function),
            table: function
                .arguments
                .iter()
                .filter(|one| one.mode == 't')
                .collect(),
            error: None,
            function,
            inputs,
        };
        groups.entry(&function.name).or_default().push(one);
    }
    for overloads in groups.values_mut() {
        let errors: Vec<_> = (0..overloads.len())
            .map(|at| error(catalog, overloads, at))
            .collect();
        for (overload, error) in overloads.iter_mut().zip(errors) {
            overload.error = error;
        }
    }
    groups
}

/// The computed fields of a relation, by name.
pub(super) fn computed_fields<'a>(
    functions: &'a BTreeMap<&'a str, Vec<Overload<'a>>>,
    relation: &Relation,
) -> Vec<&'a Overload<'a>> {
    let of_this = |overloads: &'a Vec<Overload<'a>>| {
        overloads
            .iter()
            .find(|one| one.computed_field_of == Some(relation.id))
    };
    functions.values().filter_map(of_this).collect()
}

fn inputs(function: &Function) -> Vec<Input<'_>> {
    let given: Vec<_> = function
        .arguments
        .iter()
        .filter(|one| one.is_input())
        .collect();
    let required = given.len().saturating_sub(function.defaults);
    let input = |(at, argument)| Input {
        argument,
        has_default: at >= required,
    };
    given.into_iter().enumerate().map(input).collect()
}

fn is_row(catalog: &Catalog, data_type: Oid) -> bool {
    catalog
        .data_type(data_type)
        .is_some_and(|one| one.kind == 'c')
}

/// PostgREST gives arguments by name, or the body as the only one.
fn has_callable_arguments(catalog: &Catalog, inputs: &[Input<'_>]) -> bool {
    let is_body = |one: &Input<'_>| UNNAMED.contains(&one.argument.data_type);
    let is_named = |one: &Input<'_>| !one.argument.name.is_empty();
    inputs
        .iter()
        .all(|one| is_named(one) || (one.has_default && is_body(one)))
        || matches!(inputs, [one] if is_body(one) || is_row(catalog, one.argument.data_type))
}

fn computed_field_of(catalog: &Catalog, function: &Function, inputs: &[Input<'_>]) -> Option<Oid> {
    let [one] = inputs else { return None };
    let id = catalog.data_type(one.argument.data_type)?.relation?;
    let relation = catalog.relation(id)?;
    let is_hidden = relation
        .columns
        .iter()
        .any(|column| column.name == function.name);
    (!is_hidden).then_some(id)
}

fn embedding(catalog: &Catalog, function: &Function) -> Option<Embedding> {
    let row = catalog
        .data_type(function.returns)
        .filter(|one| one.kind == 'c')?;
    let only = match &function.arguments[..] {
        [one] => catalog
            .data_type(one.data_type)
            .filter(|one| one.kind == 'c'),
        _ => None,
    };
    let is_one_to_one = if only.is_some() && !function.returns_set {
        true
    } else {
        !function.returns_several
    };
    Some(Embedding {
        from: only.map_or("*", |one| &one.format).to_owned(),
        to: row.name.clone(),
        is_one_to_one,
    })
}

fn error(catalog: &Catalog, all: &[Overload<'_>], at: usize) -> Option<String> {
    let this = all.get(at)?;
    let schema = &catalog.schema;
    let name = &this.function.name;
    let kind = |id: Oid| catalog.data_type(id).map_or("unknown", |one| &one.name);
    let others = || {
        all.iter()
            .enumerate()
            .filter(move |(other, _)| *other != at)
            .map(|(_, one)| one)
    };
    let undecided = |candidates: String| {
        format!(
            "Could not choose the best candidate function between: {candidates}. Try renaming the parameters or the function \
             itself in the database so function overloading can be resolved"
        )
    };
    match &this.inputs[..] {
        [] => {
            let other = others().find(|other| {
                matches!(&other.inputs[..], [one] if one.argument.name.is_empty() && one.has_default)
            })?;
            let returns = kind(other.function.returns);
            Some(undecided(format!(
                "{schema}.{name}(), {schema}.{name}( => {returns})"
            )))
        }
        [one] if !one.argument.name.is_empty() => {
            let clashes = others().filter_map(|other| match &other.inputs[..] {
                [another]
                    if another.argument.name == one.argument.name
                        && another.argument.data_type != one.argument.data_type =>
                {
                    Some(another.argument.data_type)
                }
                _ => None,
            });
            let mut types: Vec<_> = clashes.collect();
            if types.is_empty() {
                return None;
            }
            types.push(one.argument.data_type);
            types.sort_unstable();
            let argument = &one.argument.name;
            let calls: Vec<_> = types
                .into_iter()
                .map(|id| format!("{schema}.{name}({argument} => {})", kind(id)))
                .collect();
            Some(undecided(calls.join(", ")))
        }
        [one] if is_row(catalog, one.argument.data_type) => Some(format!(
            "the function {schema}.{name} with parameter or with a single unnamed json/jsonb parameter, but no matches were \
             found in the schema cache"
        )),
        _ => None,
    }
}
