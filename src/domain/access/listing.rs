//! The matrix with what it was made of, and what is picked out of it.

use super::lint::AccessFinding;
use super::matrix::AccessCell;
use super::rules::{AccessRules, SecuredTable};
use super::viewer::Viewer;

/// The matrix with what it was made of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Matrix {
    /// What the catalogs hold.
    pub rules: AccessRules,
    /// Who looks, in order.
    pub viewers: Vec<Viewer>,
    /// Whether these were asked for instead of the usual ones.
    pub is_of_some: bool,
    /// The schemas that were looked at, also those without a table.
    pub schemas: Vec<String>,
    /// The numbers of the tables, in order.
    pub tables: Vec<u32>,
    /// The cells: table by table, identity by identity, verb by verb.
    pub cells: Vec<AccessCell>,
    /// What is doubtful, where that was asked for too.
    pub findings: Vec<AccessFinding>,
}

impl Matrix {
    /// The tables, in order.
    pub fn tables(&self) -> impl Iterator<Item = &SecuredTable> {
        let table = |id: &u32| self.rules.tables.iter().find(|table| table.id == *id);
        self.tables.iter().filter_map(table)
    }

    /// The cells of a table and an identity, in the order of the verbs.
    pub fn of(&self, table: &SecuredTable, viewer: &Viewer) -> &[AccessCell] {
        let is_it = |cell: &AccessCell| {
            cell.schema == table.schema && cell.table == table.name && cell.identity == viewer.name
        };
        let start = self.cells.iter().position(is_it).unwrap_or_default();
        let end = self.cells[start..].iter().take_while(|cell| is_it(cell));
        let end = start + end.count();
        &self.cells[start..end]
    }

    /// The functions that run as their owner and that a role of the API may execute.
    pub fn definers(&self) -> Vec<(String, Vec<&str>)> {
        let mut found: Vec<(String, Vec<&str>)> = Vec::new();
        let is_shown = |object: &str| {
            let name = object.trim_start_matches("function ");
            let schema = name.split('.').next().unwrap_or_default();
            self.rules.api_schemas().iter().any(|own| own == schema)
        };
        let rights = self.rules.rights.iter();
        for right in rights.filter(|right| right.verb == "execute" && !right.passes) {
            if !is_shown(&right.object) {
                continue;
            }
            match found.iter_mut().find(|(object, _)| *object == right.object) {
                Some((_, roles)) => roles.push(&right.role),
                None => found.push((right.object.clone(), vec![&right.role])),
            }
        }
        found
    }
}
