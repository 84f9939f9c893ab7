//! The relationships by which PostgREST embeds one relation in another: foreign keys between tables, and the same between the
//! views that show all their columns.

use super::collation;
use super::view::{Shown, shown_columns};
use super::{Catalog, ForeignKey, KeyColumn, Oid};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A relationship from one relation to another, as supabase-js describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Relationship {
    /// The constraint's name.
    pub(super) name: String,
    /// The referencing columns.
    pub(super) columns: Vec<String>,
    /// Whether at most one row references each row.
    pub(super) is_one_to_one: bool,
    /// The referenced relation.
    pub(super) referenced: String,
    /// The referenced columns.
    pub(super) referenced_columns: Vec<String>,
}

/// The relationships of each relation with another one of the same schema, in the order of the Supabase CLI.
pub(super) fn relationships(catalog: &Catalog) -> BTreeMap<Oid, Vec<Relationship>> {
    let shown = shown_columns(&catalog.views);
    let mut found: BTreeMap<Oid, Vec<Relationship>> = BTreeMap::new();
    for key in &catalog.keys {
        let mut from = views_with(catalog, &shown, key.relation, &key.columns);
        let mut to = views_with(catalog, &shown, key.referenced, &key.referenced_columns);
        if key.is_own {
            from.push((key.relation, names(&key.columns)));
        }
        if key.refers_to_own {
            to.push((key.referenced, names(&key.referenced_columns)));
        }
        for (relation, columns) in &from {
            for (referenced, referenced_columns) in &to {
                found.entry(*relation).or_default().push(Relationship {
                    name: key.name.clone(),
                    columns: columns.clone(),
                    is_one_to_one: key.is_one_to_one,
                    referenced: name_of(catalog, key, *referenced),
                    referenced_columns: referenced_columns.clone(),
                });
            }
        }
    }
    for of_one in found.values_mut() {
        of_one.sort_by(compare);
    }
    found
}

/// The views that show all these columns of a table, with the names that they have there: once for each way to choose them.
fn views_with(
    catalog: &Catalog,
    shown: &BTreeMap<Oid, Vec<Shown>>,
    table: Oid,
    columns: &[KeyColumn],
) -> Vec<(Oid, Vec<String>)> {
    let mut found = Vec::new();
    for view in catalog.relations.iter().filter(|one| one.is_view) {
        let shown = shown.get(&view.id).map_or(&[][..], Vec::as_slice);
        let mut ways = vec![Vec::new()];
        for column in columns {
            let names: Vec<_> = shown
                .iter()
                .filter(|one| (one.origin.relation, one.origin.number) == (table, column.number))
                .filter_map(|one| view.columns.iter().find(|here| here.number == one.number))
                .map(|here| here.name.clone())
                .collect();
            ways = ways
                .iter()
                .flat_map(|way| {
                    names
                        .iter()
                        .map(|name| [way.as_slice(), std::slice::from_ref(name)].concat())
                })
                .collect();
        }
        found.extend(ways.into_iter().map(|way| (view.id, way)));
    }
    found
}

fn names(columns: &[KeyColumn]) -> Vec<String> {
    columns.iter().map(|column| column.name.clone()).collect()
}

fn name_of(catalog: &Catalog, key: &ForeignKey, id: Oid) -> String {
    let found = catalog.relation(id).map(|one| one.name.clone());
    found.unwrap_or_else(|| key.referenced_name.clone())
}

fn compare(a: &Relationship, b: &Relationship) -> Ordering {
    let json = |columns: &[String]| serde_json::Value::from(columns).to_string();
    collation::compare(&a.name, &b.name)
        .then_with(|| collation::compare(&a.referenced, &b.referenced))
        .then_with(|| {
            collation::compare(&json(&a.referenced_columns), &json(&b.referenced_columns))
        })
        .then_with(|| collation::compare(&json(&a.columns), &json(&b.columns)))
}
