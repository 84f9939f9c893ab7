//! What the definition of a view says about its columns: which are never null, and which column of which table each shows.
//! Postgres says of every column of a view that it may be null. A column is never null where it is, unchanged, such a column of a
//! relation that no outer join and no grouping set can leave empty.

use super::node_tree::{self, Node};
use super::{ColumnNumber, Oid, ViewDefinition};
use std::collections::{BTreeMap, BTreeSet};

/// The columns of these views that are never null.
pub(super) fn required_columns(views: &[ViewDefinition]) -> BTreeSet<ColumnNumber> {
    let mut reader = Reader {
        queries: queries(views),
        required: views
            .iter()
            .flat_map(|view| view.required.iter().copied())
            .collect(),
        found: BTreeMap::new(),
    };
    let mut columns = BTreeSet::new();
    for view in views {
        for number in reader.view(view.id) {
            columns.insert(ColumnNumber {
                relation: view.id,
                number,
            });
        }
    }
    columns
}

/// A column of a view, and the column that it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    /// The column's number in the view.
    pub(super) number: i16,
    /// What it shows.
    pub(super) origin: ColumnNumber,
}

/// Which columns each view shows unchanged, also through views that PostgREST follows.
pub(super) fn shown_columns(views: &[ViewDefinition]) -> BTreeMap<Oid, Vec<Shown>> {
    let mut direct: BTreeMap<Oid, Vec<Shown>> = BTreeMap::new();
    let queries = queries(views);
    for view in views.iter().filter(|view| view.is_followed) {
        let Some(query) = queries.get(&view.id) else {
            continue;
        };
        let targets = query
            .field("QUERY", "targetList")
            .map_or(&[][..], Node::parts);
        let shown = targets.iter().filter_map(|target| {
            let number = |field| target.field("TARGETENTRY", field);
            Some(Shown {
                number: number("resno")?.number()?,
                origin: ColumnNumber {
                    relation: number("resorigtbl")?.number()?,
                    number: number("resorigcol")?.number()?,
                },
            })
        });
        direct.insert(
            view.id,
            shown.filter(|one| one.origin.relation != 0).collect(),
        );
    }
    let through = |shown: &Shown| {
        let mut origins = vec![shown.origin];
        // A view cannot be made of itself, so that this ends; the number of views bounds it all the same.
        for _ in 0..direct.len() {
            let Some(last) = origins.last() else { break };
            let inner = direct.get(&last.relation).into_iter().flatten();
            match inner.clone().find(|one| one.number == last.number) {
                Some(next) => origins.push(next.origin),
                None => break,
            }
        }
        origins
    };
    direct
        .iter()
        .map(|(&id, shown)| {
            let all = shown.iter().flat_map(|one| {
                through(one)
                    .into_iter()
                    .map(|origin| Shown { origin, ..*one })
            });
            (id, all.collect())
        })
        .collect()
}

/// The fields of a query that say where a column comes from.
const FIELDS: [&str; 28] = [
    "cteList",
    "ctelevelsup",
    "ctename",
    "ctequery",
    "cterecursive",
    "expr",
    "fromlist",
    "groupexprs",
    "groupingSets",
    "joinaliasvars",
    "jointree",
    "jointype",
    "larg",
    "rarg",
    "relid",
    "resjunk",
    "resno",
    "resorigcol",
    "resorigtbl",
    "rtable",
    "rtekind",
    "rtindex",
    "setOperations",
    "subquery",
    "targetList",
    "varattno",
    "varlevelsup",
    "varno",
];

fn queries(views: &[ViewDefinition]) -> BTreeMap<Oid, Node> {
    let read = |view: &ViewDefinition| {
        let tree = node_tree::read(&view.definition, &FIELDS)?;
        Some((view.id, tree.parts().first()?.clone()))
    };
    views.iter().filter_map(read).collect()
}

struct Reader {
    queries: BTreeMap<Oid, Node>,
    /// The columns of tables that are never null.
    required: BTreeSet<ColumnNumber>,
    /// The same of the views that were looked at.
    found: BTreeMap<Oid, BTreeSet<i16>>,
}

impl Reader {
    /// The columns of a view that are never null.
    fn view(&mut self, id: Oid) -> BTreeSet<i16> {
        if let Some(found) = self.found.get(&id) {
            return found.clone();
        }
        // Should a view lead back to itself, nothing is known of it.
        self.found.insert(id, BTreeSet::new());
        let Some(query) = self.queries.get(&id).cloned() else {
            return BTreeSet::new();
        };
        let mut columns = BTreeSet::new();
        if is_plain(&query) {
            for target in list(&query, "targetList") {
                let is_left_out = matches!(target.field("TARGETENTRY", "resjunk"), Some(Node::Text(is)) if is == "true");
                let number = target.field("TARGETENTRY", "resno").and_then(Node::number);
                let value = target.field("TARGETENTRY", "expr");
                if let (false, Some(number), Some(value)) = (is_left_out, number, value)
                    && self.expression(value, &[&query])
                {
                    columns.insert(number);
                }
            }
        }
        self.found.insert(id, columns.clone());
        columns
    }

    /// Whether an expression of the innermost of these queries is never null.
    fn expression(&mut self, expression: &Node, queries: &[&Node]) -> bool {
        self.variable(expression, queries).unwrap_or(false)
    }

    fn variable(&mut self, expression: &Node, queries: &[&Node]) -> Option<bool> {
        let (query, _) = queries.split_last()?;
        let part = |name| expression.field("VAR", name);
        let of_outer: usize = part("varlevelsup")?.number()?;
        let source: usize = part("varno")?.number()?;
        let number: i16 = part("varattno")?.number()?;
        if of_outer != 0 || number <= 0 || outer_joined(query).contains(&source) {
            return Some(false);
        }
        let source = list(query, "rtable").get(source.checked_sub(1)?)?;
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        let part = |name| source.field("RANGETBLENTRY", name);
        match part("rtekind")?.number::<u8>()? {
            // A relation.
            0 => {
                let relation: Oid = part("relid")?.number()?;
                Some(if self.queries.contains_key(&relation) {
                    self.view(relation).contains(&number)
                } else {
                    self.required.contains(&ColumnNumber { relation, number })
                })
            }
            // A query in FROM.
            1 => Some(self.subquery(part("subquery")?, number, queries)),
            // A join, with the columns of both sides.
            2 => Some(self.expression(part("joinaliasvars")?.parts().get(at)?, queries)),
            // A query of WITH, of this query or of one around it.
            6 => {
                let up: usize = part("ctelevelsup")?.number()?;
                let around = queries.get(..queries.len().checked_sub(up)?)?;
                let name = part("ctename")?;
                let with = list(around.last()?, "cteList")
                    .iter()
                    .find(|one| one.field("COMMONTABLEEXPR", "ctename") == Some(name))?;
                let part = |name| with.field("COMMONTABLEEXPR", name);
                let is_recursive =
                    matches!(part("cterecursive"), Some(Node::Text(is)) if is == "true");
                Some(!is_recursive && self.subquery(part("ctequery")?, number, around))
            }
            // The groups of GROUP BY, from Postgres 18 on.
            9 => Some(self.expression(part("groupexprs")?.parts().get(at)?, queries)),
            _ => Some(false),
        }
    }

    fn subquery(&mut self, query: &Node, number: i16, around: &[&Node]) -> bool {
        let target = list(query, "targetList")
            .iter()
            .find(|one| one.field("TARGETENTRY", "resno").and_then(Node::number) == Some(number));
        let value = target.and_then(|target| target.field("TARGETENTRY", "expr"));
        let queries = [around, &[query]].concat();
        is_plain(query) && value.is_some_and(|value| self.expression(value, &queries))
    }
}

/// Whether a query is no UNION and the like, and has no grouping sets: those make nulls.
fn is_plain(query: &Node) -> bool {
    query.field("QUERY", "setOperations") == Some(&Node::Null)
        && list(query, "groupingSets").is_empty()
}

fn list<'a>(query: &'a Node, name: &str) -> &'a [Node] {
    query.field("QUERY", name).map_or(&[], Node::parts)
}

/// The entries of the range table that an outer join can leave empty.
fn outer_joined(query: &Node) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    if let Some(tree) = query.field("QUERY", "jointree") {
        walk_joins(tree, false, &mut found);
    }
    found
}

fn walk_joins(tree: &Node, may_be_empty: bool, found: &mut BTreeSet<usize>) {
    let note = |field: Option<&Node>, found: &mut BTreeSet<usize>| {
        if may_be_empty {
            found.extend(field.and_then(Node::number::<usize>));
        }
    };
    note(tree.field("RANGETBLREF", "rtindex"), found);
    for part in tree
        .field("FROMEXPR", "fromlist")
        .map_or(&[][..], Node::parts)
    {
        walk_joins(part, may_be_empty, found);
    }
    let Some(kind) = tree
        .field("JOINEXPR", "jointype")
        .and_then(Node::number::<u8>)
    else {
        return;
    };
    // 0 is an inner join, 1 a left one, 3 a right one; of every other one both sides may be empty.
    note(tree.field("JOINEXPR", "rtindex"), found);
    for (side, kept) in [("larg", 1), ("rarg", 3)] {
        if let Some(side) = tree.field("JOINEXPR", side) {
            walk_joins(side, may_be_empty || (kind != 0 && kind != kept), found);
        }
    }
}
