//! What the catalogs of a database say about a schema, as far as types for a program can be made from it.
//! The generators are pure: the same catalog gives the same text, whoever created it and in whatever order.

mod bounds;
mod collation;
mod json_kind;
mod model;
mod names;
mod node_tree;
mod relationship;
mod rpc;
mod typescript;
mod typescript_function;
mod view;
mod zod;

#[cfg(test)]
mod tests;

pub use model::*;

/// A language that types are generated for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Zod schemas, checked while a program runs.
    Zod,
    /// The `Database` type of supabase-js.
    TypeScript,
}

impl Catalog {
    /// Generates the types of this schema.
    pub fn generate(&self, language: Language) -> String {
        let sorted = self.sorted();
        match language {
            Language::Zod => zod::generate(&sorted),
            Language::TypeScript => typescript::generate(&sorted),
        }
    }

    /// The same catalog, ordered by name, so that the text does not depend on a collation or on the order of creation;
    /// with what the definitions of the views say about null.
    fn sorted(&self) -> Self {
        let mut catalog = self.clone();
        catalog.types.sort_by_key(|one| one.id);
        catalog.relations.sort_by(|a, b| a.name.cmp(&b.name));
        catalog
            .functions
            .sort_by(|a, b| (&a.name, &a.signature).cmp(&(&b.name, &b.signature)));
        for relation in &mut catalog.relations {
            relation.checks.sort();
        }
        let required = view::required_columns(&catalog.views);
        for relation in &mut catalog.relations {
            for column in &mut relation.columns {
                let this = ColumnNumber {
                    relation: relation.id,
                    number: column.number,
                };
                column.nullable &= !required.contains(&this);
            }
        }
        catalog
    }
}
