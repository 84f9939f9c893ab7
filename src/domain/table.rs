//! A table of a project: as it is listed on Home here; described, filtered, paged and changed in the files below.

pub mod cell;
pub mod change;
pub mod column;
pub mod filter;
pub mod info;
pub mod name;
pub mod openapi;
pub mod paging;

use super::catalog::Relation;

/// A table or a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Whether it is a view.
    pub is_view: bool,
    /// How many columns it has.
    pub columns: usize,
}

impl From<Relation> for Table {
    fn from(relation: Relation) -> Self {
        Self {
            name: relation.name,
            is_view: relation.is_view,
            columns: relation.columns.len(),
        }
    }
}
