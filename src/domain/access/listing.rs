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
    /// Why what is doubtful could not be read, where that was asked for in vain: none found is not none there.
    pub unlinted: Option<String>,
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

    /// The cells of each table, in order, by identity.
    pub fn by_table(&self) -> Vec<Vec<&[AccessCell]>> {
        let mut rest = self.cells.as_slice();
        let mut cells_of = |table: &SecuredTable, viewer: &Viewer| {
            let is_it = |cell: &&AccessCell| {
                cell.schema == table.schema
                    && cell.table == table.name
                    && cell.identity == viewer.name
            };
            let (own, others) = rest.split_at(rest.iter().take_while(is_it).count());
            rest = others;
            // They stand table by table and identity by identity.
            if own.is_empty() {
                self.of(table, viewer)
            } else {
                own
            }
        };
        let tables = self.tables();
        tables
            .map(|table| {
                let viewers = self.viewers.iter();
                viewers.map(|viewer| cells_of(table, viewer)).collect()
            })
            .collect()
    }

    /// The functions of the schemas that run as their owner and that a role may execute.
    pub fn definers(&self) -> Vec<(String, Vec<&str>)> {
        let mut found: Vec<(String, Vec<&str>)> = Vec::new();
        let is_shown = |object: &str| {
            let name = object.strip_prefix("function ").unwrap_or(object);
            self.schemas.contains(&schema_of(name))
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

/// The schema of a name as SQL writes it: between quotes where it holds a dot, a blank or a capital.
fn schema_of(name: &str) -> String {
    let Some(quoted) = name.strip_prefix('"') else {
        return name.split('.').next().unwrap_or_default().to_owned();
    };
    let mut schema = String::new();
    let mut letters = quoted.chars().peekable();
    while let Some(letter) = letters.next() {
        // A quote stands twice in a name.
        if letter == '"' && letters.next_if_eq(&'"').is_none() {
            break;
        }
        schema.push(letter);
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dry_run::access::{Right, Verdict, Why};

    #[test]
    fn functions_are_those_of_the_schemas_that_were_looked_at() {
        let right = |object: &str| Right {
            role: "anon".into(),
            id: 1,
            object: format!("function {object}"),
            verb: "execute".into(),
            verdict: Verdict::All,
            digest: None,
            why: Why::Definer,
            passes: false,
            parts: None,
            touched: None,
        };
        let functions = [
            ("public", "public.f()"),
            ("My.Api", "\"My.Api\".f()"),
            ("a\"b.c", "\"a\"\"b.c\".f()"),
            ("My", "\"My\".\"g.h\"()"),
        ];
        let mut matrix = Matrix::default();
        matrix.rules.rights = functions.map(|(_, name)| right(name)).into();
        for (schema, function) in functions {
            matrix.schemas = vec![schema.to_owned()];
            let found = matrix.definers();
            assert_eq!(found, [(format!("function {function}"), vec!["anon"])]);
        }
        matrix.schemas.clear();
        assert_eq!(matrix.definers(), []);
    }
}
