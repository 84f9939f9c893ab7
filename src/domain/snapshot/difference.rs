//! What differs between two pictures: objects added, removed and changed, each with its properties.

use super::{Identity, Kind, Object, Properties, Snapshot};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The property that tells where a column stands among those of its table.
const POSITION: &str = "position";

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is there before and after, and not the same.
    Changed,
    /// It is the same object under another name, in another schema, or of a table that is.
    Renamed,
}

/// One property that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PropertyChange {
    /// The property's name.
    pub property: String,
    /// What it was; absent when there was none.
    pub before: Option<String>,
    /// What it is; absent when there is none.
    pub after: Option<String>,
    /// Whether it differs only because it names something that was renamed.
    #[serde(skip)]
    pub follows: bool,
}

/// One object that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The object.
    #[serde(flatten)]
    pub object: Object,
    /// What became of it.
    pub fate: ChangeKind,
    /// What it was called before, where it was renamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<Object>,
    /// The properties that differ: all of them for an object that is new or gone.
    pub properties: Vec<PropertyChange>,
}

impl Change {
    /// The object, and what it was called before where it has another name now.
    pub fn name(&self) -> String {
        let Some(was) = &self.renamed_from else {
            return self.object.to_string();
        };
        if was.on.is_some() {
            // The name of a part says nothing of its table.
            return format!("{was} is renamed to {}", self.object.name);
        }
        let word = self.object.kind.word();
        match (split_name(&was.name), split_name(&self.object.name)) {
            (Some((from, old)), Some((to, new))) if from != to && old != new => {
                format!("{was} is renamed to {new} and moved to schema {to}")
            }
            (Some((from, old)), Some((to, new))) if from != to && old == new => {
                format!("{was} is moved to schema {to}")
            }
            (Some(_), Some((_, new))) => format!("{was} is renamed to {new}"),
            _ => format!("{word} {} is renamed to {}", was.name, self.object.name),
        }
    }
}

/// Schema and name of a qualified name; a dot in quotes belongs to a name.
fn split_name(name: &str) -> Option<(&str, &str)> {
    let mut is_quoted = false;
    let at = name.char_indices().find(|(_, one)| {
        is_quoted ^= *one == '"';
        *one == '.' && !is_quoted
    })?;
    Some((&name[..at.0], &name[at.0 + 1..]))
}

/// Everything that differs, in the order of the objects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Difference {
    /// One entry an object.
    pub changes: Vec<Change>,
}

impl Difference {
    /// Compares two pictures: objects by their names, but for those that have another name now.
    pub fn between(before: &Snapshot, after: &Snapshot) -> Self {
        let renamed = renamed(before, after);
        let left: BTreeSet<&Object> = renamed.values().copied().collect();
        let tables: Vec<(&str, &str)> = renamed
            .iter()
            .filter(|(now, _)| now.on.is_none())
            .map(|(now, was)| (was.name.as_str(), now.name.as_str()))
            .collect();
        let objects: BTreeSet<&Object> =
            before.objects.keys().chain(after.objects.keys()).collect();
        let mut changes = Vec::new();
        for object in objects {
            let was = renamed.get(object).copied();
            let own = before
                .objects
                .get(object)
                .filter(|_| !left.contains(object));
            let new = after.objects.get(object);
            if was.is_some() && own.is_some() {
                // What had this name is gone, and something else has it now.
                changes.push(change(
                    object,
                    ChangeKind::Removed,
                    None,
                    shifts(own, None, &[]),
                ));
            }
            let old = was.map_or(own, |was| before.objects.get(was));
            let fate = match (old, new) {
                (None, None) => continue,
                _ if was.is_some() => ChangeKind::Renamed,
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Removed,
                (Some(old), Some(new)) if old == new => continue,
                _ => ChangeKind::Changed,
            };
            // Roles belong to the whole cluster, and a catalog has those that this database or its API names: which roles there
            // are is not compared.
            if object.kind == Kind::Role && matches!(fate, ChangeKind::Added | ChangeKind::Removed)
            {
                continue;
            }
            let shifts = shifts(old, new, &tables);
            changes.push(change(object, fate, was, shifts));
        }
        Self { changes }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many objects have this fate.
    pub fn count(&self, fate: ChangeKind) -> usize {
        self.changes
            .iter()
            .filter(|change| change.fate == fate)
            .count()
    }

    /// The changes that stand for themselves: parts of a table that is new or gone are told with the table.
    pub fn top_level(&self) -> impl Iterator<Item = &Change> {
        let whole = self.whole();
        self.changes
            .iter()
            .filter(move |change| !is_told(&whole, change))
            .filter(move |change| {
                self.visible_properties(change).next().is_some()
                    || match &change.renamed_from {
                        None => change.properties.is_empty(),
                        // A part that keeps its name is told with its table.
                        Some(was) => was.on.is_none() || was.name != change.object.name,
                    }
            })
    }

    /// The properties of a change that are worth a line: not the place of a column that only moved up because others before
    /// it are new or gone.
    pub fn visible_properties<'a>(
        &self,
        change: &'a Change,
    ) -> impl Iterator<Item = &'a PropertyChange> {
        let has_followed = self.only_moved_up(change);
        let is_told = move |shift: &&PropertyChange| {
            !shift.follows && (!has_followed || shift.property != POSITION)
        };
        change.properties.iter().filter(is_told)
    }

    /// Whether a column stands where it does only because others before it are new or gone.
    fn only_moved_up(&self, change: &Change) -> bool {
        let place = |change: &Change| {
            let shift = change
                .properties
                .iter()
                .find(|one| one.property == POSITION)?;
            let number = |text: &Option<String>| text.as_deref()?.parse::<i64>().ok();
            Some((number(&shift.before), number(&shift.after)))
        };
        let (Kind::Column, ChangeKind::Changed, Some((Some(before), Some(after)))) =
            (change.object.kind, change.fate, place(change))
        else {
            return false;
        };
        let beside = self.changes.iter().filter(|other| {
            other.object.kind == Kind::Column && other.object.on == change.object.on
        });
        let moved: i64 = beside
            .map(|other| match (other.fate, place(other)) {
                (ChangeKind::Added, Some((_, Some(at)))) if at < after => 1,
                (ChangeKind::Removed, Some((Some(at), _))) if at < before => -1,
                _ => 0,
            })
            .sum();
        before + moved == after
    }

    /// How many parts of each kind are told with each table, view or type, by what became of it and its name.
    pub fn parts(&self) -> BTreeMap<(ChangeKind, &str), BTreeMap<Kind, usize>> {
        let mut parts: BTreeMap<(ChangeKind, &str), BTreeMap<Kind, usize>> = BTreeMap::new();
        let whole = self.whole();
        for change in &self.changes {
            if let Some(on) = change.object.on.as_deref()
                && is_told(&whole, change)
            {
                let of = parts.entry((change.fate, on)).or_default();
                *of.entry(change.object.kind).or_default() += 1;
            }
        }
        parts
    }

    /// The relations and domains that are new or gone as a whole.
    fn whole(&self) -> BTreeSet<(ChangeKind, &str)> {
        self.changes
            .iter()
            .filter(|change| matches!(change.fate, ChangeKind::Added | ChangeKind::Removed))
            .filter(|change| change.object.on.is_none())
            .map(|change| (change.fate, change.object.name.as_str()))
            .collect()
    }
}

/// Whether a part is new or gone together with what it belongs to.
fn is_told(whole: &BTreeSet<(ChangeKind, &str)>, change: &Change) -> bool {
    change
        .object
        .on
        .as_deref()
        .is_some_and(|table| whole.contains(&(change.fate, table)))
}

/// What each object was called before that has another name now.
fn renamed<'a>(before: &'a Snapshot, after: &'a Snapshot) -> BTreeMap<&'a Object, &'a Object> {
    let were: HashMap<Identity, &Object> = before
        .identities
        .iter()
        .map(|(object, identity)| (*identity, object))
        .collect();
    let now = after.identities.iter().filter_map(|(object, identity)| {
        let was = were.get(identity).copied()?;
        (was != object && was.kind == object.kind).then_some((object, was))
    });
    now.collect()
}

fn change(
    object: &Object,
    fate: ChangeKind,
    was: Option<&Object>,
    properties: Vec<PropertyChange>,
) -> Change {
    Change {
        object: object.clone(),
        fate,
        renamed_from: was.cloned(),
        properties,
    }
}

/// The properties that differ. `renamed` are the old and the new names of what was renamed.
fn shifts(
    old: Option<&Properties>,
    new: Option<&Properties>,
    renamed: &[(&str, &str)],
) -> Vec<PropertyChange> {
    let nothing = Properties::new();
    let (old, new) = (old.unwrap_or(&nothing), new.unwrap_or(&nothing));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| {
            let (before, after) = (old.get(name), new.get(name));
            let follows = before.zip(after).is_some_and(|(before, after)| {
                let names = renamed.iter().filter(|(was, _)| before.contains(was));
                let said = names.fold(before.clone(), |said, (was, now)| said.replace(was, now));
                said == *after
            });
            PropertyChange {
                property: name.clone(),
                before: before.cloned(),
                after: after.cloned(),
                follows,
            }
        })
        .collect()
}
