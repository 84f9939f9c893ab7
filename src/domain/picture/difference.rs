//! What differs between two pictures: objects added, removed and changed, each with its properties.

use super::{Kind, Object, Picture, Properties};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The property that tells where a column stands among those of its table.
const POSITION: &str = "position";

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is there before and after, and not the same.
    Changed,
}

/// One property that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shift {
    /// The property's name.
    pub property: String,
    /// What it was; absent when there was none.
    pub before: Option<String>,
    /// What it is; absent when there is none.
    pub after: Option<String>,
}

/// One object that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The object.
    #[serde(flatten)]
    pub object: Object,
    /// What became of it.
    pub fate: Fate,
    /// The properties that differ: all of them for an object that is new or gone.
    pub properties: Vec<Shift>,
}

/// Everything that differs, in the order of the objects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Difference {
    /// One entry an object.
    pub changes: Vec<Change>,
}

impl Difference {
    /// Compares two pictures.
    pub fn between(before: &Picture, after: &Picture) -> Self {
        let objects: BTreeSet<&Object> =
            before.objects.keys().chain(after.objects.keys()).collect();
        let changes = objects
            .into_iter()
            .filter_map(|object| {
                let (old, new) = (before.objects.get(object), after.objects.get(object));
                let fate = match (old, new) {
                    (None, _) => Fate::Added,
                    (_, None) => Fate::Removed,
                    (Some(old), Some(new)) if old == new => return None,
                    _ => Fate::Changed,
                };
                Some(Change {
                    object: object.clone(),
                    fate,
                    properties: shifts(old, new),
                })
            })
            .collect();
        Self { changes }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many objects have this fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.changes
            .iter()
            .filter(|change| change.fate == fate)
            .count()
    }

    /// The changes that stand for themselves: parts of a table that is new or gone are told with the table.
    pub fn heads(&self) -> impl Iterator<Item = &Change> {
        let whole = self.whole();
        self.changes
            .iter()
            .filter(move |change| !is_told(&whole, change))
            .filter(move |change| {
                self.told_shifts(change).next().is_some() || change.properties.is_empty()
            })
    }

    /// The properties of a change that are worth a line: not the place of a column that only moved up because others before
    /// it are new or gone.
    pub fn told_shifts<'a>(&self, change: &'a Change) -> impl Iterator<Item = &'a Shift> {
        let has_followed = self.has_followed(change);
        let is_told = move |shift: &&Shift| !has_followed || shift.property != POSITION;
        change.properties.iter().filter(is_told)
    }

    /// Whether a column stands where it does only because others before it are new or gone.
    fn has_followed(&self, change: &Change) -> bool {
        let place = |change: &Change| {
            let shift = change
                .properties
                .iter()
                .find(|one| one.property == POSITION)?;
            let number = |text: &Option<String>| text.as_deref()?.parse::<i64>().ok();
            Some((number(&shift.before), number(&shift.after)))
        };
        let (Kind::Column, Fate::Changed, Some((Some(before), Some(after)))) =
            (change.object.kind, change.fate, place(change))
        else {
            return false;
        };
        let beside = self.changes.iter().filter(|other| {
            other.object.kind == Kind::Column && other.object.on == change.object.on
        });
        let moved: i64 = beside
            .map(|other| match (other.fate, place(other)) {
                (Fate::Added, Some((_, Some(at)))) if at < after => 1,
                (Fate::Removed, Some((Some(at), _))) if at < before => -1,
                _ => 0,
            })
            .sum();
        before + moved == after
    }

    /// How many parts of each kind are told with a table, view or type.
    pub fn parts(&self, head: &Change) -> BTreeMap<Kind, usize> {
        let mut parts = BTreeMap::new();
        let whole = self.whole();
        for change in &self.changes {
            if change.object.on.as_ref() == Some(&head.object.name) && is_told(&whole, change) {
                *parts.entry(change.object.kind).or_default() += 1;
            }
        }
        parts
    }

    /// The relations and domains that are new or gone as a whole.
    fn whole(&self) -> BTreeSet<(Fate, &str)> {
        self.changes
            .iter()
            .filter(|change| change.fate != Fate::Changed && change.object.on.is_none())
            .map(|change| (change.fate, change.object.name.as_str()))
            .collect()
    }
}

/// Whether a part is new or gone together with what it belongs to.
fn is_told(whole: &BTreeSet<(Fate, &str)>, change: &Change) -> bool {
    change
        .object
        .on
        .as_deref()
        .is_some_and(|table| whole.contains(&(change.fate, table)))
}

fn shifts(old: Option<&Properties>, new: Option<&Properties>) -> Vec<Shift> {
    let nothing = Properties::new();
    let (old, new) = (old.unwrap_or(&nothing), new.unwrap_or(&nothing));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| Shift {
            property: name.clone(),
            before: old.get(name).cloned(),
            after: new.get(name).cloned(),
        })
        .collect()
}
