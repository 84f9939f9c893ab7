//! What a dry run loses, by identity: tables and columns are followed by their numbers in the catalog, so that one which comes
//! back under its old name has lost its values, and one that is renamed or moved has lost nothing. Counts of the state
//! before everything settle how much it is.

use super::effects::EffectLedger;
use super::measure::{CountTarget, Rows, Tally, Uncounted};
use super::{Loss, LossKind, NotCounted};
use crate::domain::snapshot::{Identity, Kind, Object, Snapshot};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What was counted, by the number of the table.
pub type Counts = BTreeMap<u32, Result<Tally, Uncounted>>;

/// A loss whose number is open, and what has to be counted for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The loss.
    pub loss: Loss,
    /// The tables, and the number of the column where only that goes. Partitions and heirs go with the table they belong to.
    pub parts: Vec<(u32, Option<i16>)>,
    /// The attribute of a type that the values lose.
    pub attribute: Option<Identity>,
}

/// The state of a table right after a statement wrote it anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// What it held, or why that is not known.
    pub tally: Result<Tally, Uncounted>,
    /// Rows that the transaction changed up to then, as the server counts them.
    pub changed: Rows,
    /// Whether the server counts rows among them that a statement undid itself.
    pub is_doubtful: bool,
}

/// A table that was written anew and is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    id: u32,
    table: String,
    /// The columns that were there before and are there still, with whether their type is another one.
    columns: BTreeMap<i16, (String, bool)>,
    renewals: Vec<Renewal>,
}

/// All that may be lost, before it is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidates {
    /// What is lost in any case.
    pub open: Vec<Open>,
    /// What may have lost values or rows.
    pub renewed: Vec<Renewed>,
    /// What has lost rows that cannot be counted.
    pub uncounted: Vec<NotCounted>,
}

/// Tables and columns with data that are gone. What views and composites show is kept elsewhere.
pub fn gone(before: &Snapshot, after: &Snapshot) -> Vec<Open> {
    let now: HashMap<Identity, &Object> = after
        .identities
        .iter()
        .map(|(object, identity)| (*identity, object))
        .collect();
    // A catalog without numbers is one of a test: there the name is the identity.
    let stands = |object: &Object| match before.identities.get(object) {
        Some(identity) => now.get(identity).copied(),
        None => after.objects.get_key_value(object).map(|(own, _)| own),
    };
    let tables: BTreeSet<&str> = before
        .objects
        .keys()
        .filter(|object| object.kind == Kind::Table)
        .map(|object| object.name.as_str())
        .collect();
    let table_of = |name: &str| Object {
        kind: Kind::Table,
        on: None,
        name: name.to_owned(),
    };
    let parents = |table: &str| -> Vec<&str> {
        let properties = before.objects.get(&table_of(table));
        let inherits = properties.and_then(|said| said.get("inherits"));
        inherits.map_or_else(Vec::new, |names| names.split(", ").collect())
    };
    let mut found: BTreeMap<(&str, Option<&str>), Open> = BTreeMap::new();
    let mut attributes = Vec::new();
    for object in before.objects.keys() {
        let (way, table, column) = match (object.kind, &object.on) {
            (Kind::Table, _) => (LossKind::TableDropped, object.name.as_str(), None),
            (Kind::Column, Some(table)) if tables.contains(table.as_str()) => {
                (LossKind::ColumnDropped, table.as_str(), Some(object))
            }
            (Kind::Column, Some(_)) => {
                if stands(object).is_none() {
                    attributes.push(object);
                }
                continue;
            }
            _ => continue,
        };
        if stands(object).is_some() {
            continue;
        }
        if object.kind == Kind::Column {
            attributes.push(object);
        }
        let remade = match column {
            None => after.has(object),
            // With its table it is told already.
            Some(column) => match stands(&table_of(table)) {
                None => continue,
                Some(place) => after.has(&Object {
                    on: Some(place.name.clone()),
                    ..column.clone()
                }),
            },
        };
        let identity = before.identities.get(object);
        let part = identity.map(|own| {
            let number = column.and_then(|_| i16::try_from(own.part).ok());
            (own.id, number)
        });
        let name = column.map(|column| column.name.as_str());
        found.insert(
            (table, name),
            Open {
                loss: Loss {
                    remade,
                    ..loss(way, table, name.map(str::to_owned))
                },
                parts: part.into_iter().collect(),
                attribute: None,
            },
        );
    }
    let mut open = folded(found, parents);
    // What goes with its type goes with the columns and attributes of that type, which are told themselves.
    let has_type = |attribute: &&Object| {
        let of = attribute.on.as_deref().unwrap_or_default();
        [Kind::Type, Kind::Table].into_iter().any(|kind| {
            let own = Object {
                kind,
                on: None,
                name: of.to_owned(),
            };
            before.has(&own) && stands(&own).is_some()
        })
    };
    for attribute in attributes.into_iter().filter(has_type) {
        let mut found: BTreeMap<(&str, Option<&str>), Open> = BTreeMap::new();
        for column in holders(before, attribute) {
            let (Some(table), Some(identity)) = (&column.on, before.identities.get(column)) else {
                continue;
            };
            // A column that goes itself is told already.
            if stands(column).is_none() {
                continue;
            }
            let name = Some(column.name.clone());
            let of = attribute.on.as_deref().unwrap_or_default();
            found.insert(
                (table, Some(&column.name)),
                Open {
                    loss: Loss {
                        attribute: Some(format!("{of}.{}", attribute.name)),
                        remade: after.has(attribute),
                        ..loss(LossKind::AttributeDropped, table, name)
                    },
                    parts: vec![(identity.id, i16::try_from(identity.part).ok())],
                    attribute: before.identities.get(attribute).copied(),
                },
            );
        }
        open.extend(folded(found, parents));
    }
    open.sort_by(|a, b| order(&a.loss).cmp(&order(&b.loss)));
    open
}

/// Partitions and heirs that go together with what they belong to are told with it.
fn folded<'a>(
    mut found: BTreeMap<(&'a str, Option<&'a str>), Open>,
    parents: impl Fn(&str) -> Vec<&'a str>,
) -> Vec<Open> {
    let keys: Vec<(&str, Option<&str>)> = found.keys().copied().collect();
    for key in keys.into_iter().rev() {
        let (mut top, mut seen) = (key, BTreeSet::new());
        while let Some(parent) = parents(top.0)
            .into_iter()
            .find(|parent| found.contains_key(&(*parent, top.1)) && seen.insert(*parent))
        {
            top = (parent, top.1);
        }
        if top != key
            && let Some(part) = found.remove(&key)
            && let Some(whole) = found.get_mut(&top)
        {
            whole.parts.extend(part.parts);
        }
    }
    found.into_values().collect()
}

/// The columns of tables whose values hold an attribute of a composite type, or of the rows of a table: as they are, or within
/// arrays, domains, ranges and other composites.
fn holders<'a>(before: &'a Snapshot, attribute: &'a Object) -> Vec<&'a Object> {
    let is_table = |name: &str| {
        before.has(&Object {
            kind: Kind::Table,
            on: None,
            name: name.to_owned(),
        })
    };
    let of = |object: &Object, property: &str| -> Option<&'a String> {
        before.objects.get(object)?.get(property)
    };
    let mut names: Vec<&str> = attribute.on.as_deref().into_iter().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(name) = names.get(at).copied() {
        at += 1;
        let is_own = |kind: &String| kind.trim_end_matches("[]") == name;
        for object in before.objects.keys() {
            let holder = match (object.kind, &object.on) {
                (Kind::Column, Some(on)) if of(object, "type").is_some_and(is_own) => on,
                (Kind::Type, _) if of(object, "base").is_some_and(is_own) => &object.name,
                (Kind::Type, _)
                    if of(object, "range of").is_some_and(|said| {
                        said.strip_prefix(name)
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
                    }) =>
                {
                    &object.name
                }
                _ => continue,
            };
            if object.kind == Kind::Column && is_table(holder) {
                found.push(object);
            }
            if !names.contains(&holder.as_str()) {
                names.push(holder);
            }
        }
    }
    found
}

fn order(loss: &Loss) -> (LossKind, &str, Option<&str>) {
    (loss.way, &loss.table, loss.column.as_deref())
}

/// A loss of which no number is known.
pub fn loss(way: LossKind, table: &str, column: Option<String>) -> Loss {
    Loss {
        way,
        table: table.to_owned(),
        column,
        attribute: None,
        rows: None,
        counted: false,
        remade: false,
        uncounted: None,
    }
}

/// A table that was written anew, with what its columns were and are.
pub fn renewed(
    id: u32,
    table: &str,
    renewals: Vec<Renewal>,
    before: &Snapshot,
    after: &Snapshot,
) -> Renewed {
    let columns = |snapshot: &Snapshot| -> BTreeMap<i16, (String, Option<String>)> {
        let columns = snapshot.identities.iter().filter(|(object, identity)| {
            identity.id == id && object.kind == Kind::Column && identity.part > 0
        });
        columns
            .filter_map(|(object, identity)| {
                let kind = snapshot.objects.get(object)?.get("type").cloned();
                Some((
                    i16::try_from(identity.part).ok()?,
                    (object.name.clone(), kind),
                ))
            })
            .collect()
    };
    let now = columns(after);
    let columns = columns(before).into_iter();
    Renewed {
        id,
        table: table.to_owned(),
        columns: columns
            .filter_map(|(number, (name, kind))| {
                let (_, later) = now.get(&number)?;
                Some((number, (name, kind != *later)))
            })
            .collect(),
        renewals,
    }
}

impl Candidates {
    /// Leaves out attributes of types that a catalog does not have: no value of its tables has one.
    pub fn keep_attributes_of(&mut self, before: &Snapshot) {
        let there: BTreeSet<Identity> = before.identities.values().copied().collect();
        self.open
            .retain(|open| open.attribute.is_none_or(|own| there.contains(&own)));
    }

    /// What has to be counted in the state before everything: one entry a table.
    pub fn holdings(&self) -> Vec<CountTarget> {
        let mut wanted: BTreeMap<u32, BTreeSet<i16>> = BTreeMap::new();
        let open = self.open.iter().filter(|open| open.loss.rows.is_none());
        for (id, column) in open.flat_map(|open| &open.parts) {
            wanted.entry(*id).or_default().extend(column);
        }
        for table in &self.renewed {
            let columns = table.columns.keys().copied();
            wanted.entry(table.id).or_default().extend(columns);
        }
        let digested: BTreeSet<u32> = self
            .renewed
            .iter()
            .filter(|table| table.is_digested())
            .map(|table| table.id)
            .collect();
        let holding = |(id, columns): (u32, BTreeSet<i16>)| CountTarget {
            id,
            columns: columns.into_iter().collect(),
            is_digested: digested.contains(&id),
        };
        wanted.into_iter().map(holding).collect()
    }

    /// The losses with their numbers, and what could not be counted although it may be lost.
    pub fn settle(self, counts: &Counts, ledger: &EffectLedger) -> (Vec<Loss>, Vec<NotCounted>) {
        let mut losses: Vec<Loss> = self
            .open
            .into_iter()
            .map(|open| entered(open, counts, ledger))
            .collect();
        let mut missing = self.uncounted;
        for table in self.renewed {
            let is_emptied = losses
                .iter()
                .any(|loss| loss.way == LossKind::TableEmptied && loss.table == table.table);
            if !is_emptied {
                table.settle(counts, &mut losses, &mut missing);
            }
        }
        losses.sort_by(|a, b| order(a).cmp(&order(b)));
        let is_emptied = |table: &str| {
            let mut emptied = losses
                .iter()
                .filter(|one| one.way == LossKind::TableEmptied);
            emptied.any(|one| one.table == table)
        };
        missing.retain(|one| !is_emptied(&one.table));
        missing.sort_by(|a, b| (&a.table, a.why).cmp(&(&b.table, b.why)));
        missing.dedup();
        (losses, missing)
    }

    /// The losses where nothing is counted: on a scratch database, which has no data of the target.
    pub fn without_counts(self) -> Vec<Loss> {
        let open = self.open.into_iter();
        open.map(|open| Loss {
            rows: None,
            counted: false,
            ..open.loss
        })
        .collect()
    }
}

fn entered(open: Open, counts: &Counts, ledger: &EffectLedger) -> Loss {
    let Open {
        mut loss, parts, ..
    } = open;
    if loss.rows.is_some() || parts.is_empty() {
        return loss;
    }
    let mut sum = 0;
    for (id, column) in &parts {
        match counts.get(id) {
            Some(Ok(tally)) => match column {
                None => sum += tally.rows,
                Some(column) => match tally.values.get(column) {
                    Some(values) => sum += values,
                    // The table was there before anything ran, and the column was not.
                    None => return loss,
                },
            },
            Some(Err(why)) => loss.uncounted = Some(*why),
            // It was not there before anything ran, so it is no data of the target.
            None => return loss,
        }
    }
    if loss.uncounted.is_none() {
        (loss.rows, loss.counted) = (Some(sum), true);
    } else if loss.column.is_none() {
        loss.rows = ledger.about(&loss.table);
    }
    loss
}

impl Renewed {
    fn is_digested(&self) -> bool {
        let tallies = self
            .renewals
            .iter()
            .filter_map(|one| one.tally.as_ref().ok());
        tallies.into_iter().any(|tally| !tally.digests.is_empty())
    }

    /// Whether the values of a column read differently since they were written anew. Where other statements changed rows before
    /// nobody can tell, so a new type counts as a difference then.
    fn is_converted(&self, number: i16, before: &Tally, renewal: &Renewal) -> bool {
        let is_retyped = self
            .columns
            .get(&number)
            .is_some_and(|(_, is_retyped)| *is_retyped);
        let Ok(now) = &renewal.tally else {
            return false;
        };
        match (before.digests.get(&number), now.digests.get(&number)) {
            (Some(old), Some(new)) if renewal.changed == Rows::default() => old != new,
            _ => is_retyped,
        }
    }

    /// What a table lost when it was written anew: rows that are not there any more although nothing deleted them, values that
    /// are null now, and values that were converted to others.
    fn settle(&self, counts: &Counts, losses: &mut Vec<Loss>, missing: &mut Vec<NotCounted>) {
        let before = match counts.get(&self.id) {
            Some(Ok(tally)) => tally,
            Some(Err(why)) => return missing.push(self.not_counted(*why)),
            None => return,
        };
        let mut nulled: BTreeMap<i16, (u64, bool)> = BTreeMap::new();
        let mut converted: BTreeSet<i16> = BTreeSet::new();
        for renewal in &self.renewals {
            let now = match &renewal.tally {
                Ok(tally) => tally,
                Err(why) => {
                    missing.push(self.not_counted(*why));
                    continue;
                }
            };
            // Its rows cannot be set off against the server's numbers. What only alters a table digests nothing: it keeps its rows.
            if renewal.is_doubtful && !now.digests.is_empty() {
                if now.digests != before.digests || now.rows != before.rows {
                    missing.push(self.not_counted(Uncounted::Undone));
                }
                continue;
            }
            let (inserted, deleted) = (renewal.changed.inserted, renewal.changed.deleted);
            let is_whole = renewal.is_doubtful || now.rows + deleted >= before.rows + inserted;
            let is_refilled = now.rows + deleted == inserted;
            if before.rows > 0 && !is_whole && (is_refilled || now.rows + deleted < before.rows) {
                losses.push(Loss {
                    rows: Some(before.rows),
                    counted: true,
                    ..loss(LossKind::TableEmptied, &self.table, None)
                });
                return;
            }
            // Its values may have been converted to others of the same type, and nobody can tell.
            let is_mixed = !now.digests.is_empty() && renewal.changed != Rows::default();
            if is_mixed && now.digests != before.digests {
                missing.push(self.not_counted(Uncounted::RowsChanged));
            }
            for (number, (_, is_retyped)) in &self.columns {
                if self.is_converted(*number, before, renewal) {
                    converted.insert(*number);
                }
                let nulls = |tally: &Tally| {
                    let values = tally.values.get(number).copied();
                    values.map(|values| tally.rows.saturating_sub(values))
                };
                let (Some(old), Some(new)) = (nulls(before), nulls(now)) else {
                    continue;
                };
                // Rows that came in between may hold nulls of their own.
                let (most, least) = (
                    new.saturating_sub(old),
                    new.saturating_sub(old).saturating_sub(inserted),
                );
                let values = before.rows.saturating_sub(old);
                let found = match (most.min(values), least.min(values)) {
                    (0, _) => continue,
                    (most, 0) if *is_retyped => (most, false),
                    (_, 0) => continue,
                    (_, least) => (least, true),
                };
                let kept = nulled.entry(*number).or_default();
                *kept = (*kept).max(found);
            }
        }
        // Of the values that are not null now some read differently; how many, no digest tells.
        for number in converted {
            let nulled = nulled.get(&number).map_or(0, |(rows, _)| *rows);
            let values = before.values.get(&number).copied().unwrap_or_default();
            let column = self.columns.get(&number).map(|(name, _)| name.clone());
            if values > nulled {
                losses.push(Loss {
                    rows: Some(values - nulled),
                    counted: false,
                    ..loss(LossKind::ValuesConverted, &self.table, column)
                });
            }
        }
        for (number, (rows, counted)) in nulled {
            let column = self.columns.get(&number).map(|(name, _)| name.clone());
            losses.push(Loss {
                rows: Some(rows),
                counted,
                ..loss(LossKind::ValuesNulled, &self.table, column)
            });
        }
    }

    fn not_counted(&self, why: Uncounted) -> NotCounted {
        NotCounted {
            table: self.table.clone(),
            why,
        }
    }
}
