//! Who gains or loses access to tables, views and functions: what each role may do before and after, and how many rows
//! become visible to it.

use super::measure::Uncounted;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How far a right reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// To nothing.
    None,
    /// To the rows that policies let through.
    Policies,
    /// To every row.
    All,
}

/// What decides how far a right reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The role passes row level security by.
    Passes,
    /// The role owns the table.
    Owner,
    /// Row level security is off.
    RlsOff,
    /// Row level security is off, and on in a table that this one is a partition or an heir of.
    OpenPart,
    /// A policy lets every row through.
    OpenPolicy,
    /// Policies decide row by row.
    Policies,
    /// A view without `security_invoker` reads as its owner.
    OwnerView,
    /// A view reads as whoever asks.
    InvokerView,
    /// A materialized view or a foreign table has no row level security.
    NoPolicies,
    /// A function that runs as its owner.
    Definer,
    /// Row level security does not hold for the verb.
    Beyond,
    /// The role belongs to another one.
    Member,
    /// It is granted on the catalogs, the history of migrations or a setting of the server.
    System,
}

impl Why {
    const ALL: [(&'static str, Self); 13] = [
        ("passes", Self::Passes),
        ("owner", Self::Owner),
        ("rls_off", Self::RlsOff),
        ("open_part", Self::OpenPart),
        ("open_policy", Self::OpenPolicy),
        ("policies", Self::Policies),
        ("owner_view", Self::OwnerView),
        ("invoker_view", Self::InvokerView),
        ("no_policies", Self::NoPolicies),
        ("definer", Self::Definer),
        ("beyond", Self::Beyond),
        ("member", Self::Member),
        ("system", Self::System),
    ];

    /// The reason of a word of the question.
    pub fn of(word: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(own, _)| *own == word);
        found.map(|(_, why)| *why)
    }
}

/// What kind of thing was changed that a right depends on from further away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Touch {
    /// A table was altered, or its policies or grants were.
    Shape,
    /// Rows were written.
    Data,
    /// A function, an operator or a view was changed.
    Code,
}

impl Touch {
    /// The kind of a word of the question.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "shape" => Some(Self::Shape),
            "data" => Some(Self::Data),
            "code" => Some(Self::Code),
            _ => None,
        }
    }
}

/// What was changed that decides a right from further away: a function that a function of a policy calls, rows of a table
/// that it reads. The digest of the right knows nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Touched {
    /// Of what kind; of several the strongest.
    pub kind: Touch,
    /// The names, as far as they are few.
    pub names: String,
}

/// One right of one role, as the catalogs tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// The role.
    pub role: String,
    /// The number of the table, view or function.
    pub id: u32,
    /// Its qualified name.
    pub object: String,
    /// `select`, `insert`, `update`, `delete`, `truncate`, `trigger`, `execute`, `member`, `listen`, or another privilege on what is
    /// no user's.
    pub verb: String,
    /// How far it reaches.
    pub verdict: Verdict,
    /// A digest of what decides it.
    pub digest: Option<String>,
    /// What decides it.
    pub why: Why,
    /// Whether the role passes row level security by.
    pub passes: bool,
    /// A digest of the partitions and heirs, of every level, whose rows a table or view shows; of another verb, of what it runs
    /// as somebody else.
    pub parts: Option<String>,
    /// What was changed further away since the transaction began.
    pub touched: Option<Touched>,
}

impl Right {
    /// Whether the object has rows of its own: no view and no function.
    fn holds_rows(&self) -> bool {
        !matches!(self.why, Why::OwnerView | Why::InvokerView | Why::Definer)
    }
}

/// Rows of a table that a role sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visible {
    /// The role.
    pub role: String,
    /// The number of the table.
    pub id: u32,
    /// How many.
    pub rows: Result<u64, Uncounted>,
}

/// The rights before and after, and what is visible afterwards where a right to read is new or another one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    /// Before anything ran.
    pub before: Vec<Right>,
    /// Behind the last file; absent where the dry run did not come that far.
    pub after: Option<Vec<Right>>,
    /// The rows that are visible then.
    pub visible: Vec<Visible>,
}

/// One right that is another one afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessChange {
    /// The qualified table or view; a function begins with that word.
    pub table: String,
    /// The role.
    pub role: String,
    /// `select`, `insert`, `update`, `delete`, `truncate`, `trigger`, `execute`, `member`, `listen` (to the changes that Realtime sends),
    /// or another privilege on what is no user's.
    pub verb: String,
    /// How far it reached.
    pub before: Verdict,
    /// How far it reaches.
    pub after: Verdict,
    /// Rows that become visible to the role; to `authenticated`, those that somebody sees who owns nothing. Absent where
    /// nothing can become visible and where nobody counted.
    pub rows: Option<u64>,
    /// What decides it now.
    pub why: Option<Why>,
    /// Whether the role passes row level security by.
    #[serde(skip)]
    pub passes: bool,
    /// Whether nothing differs but the partitions and heirs of the table, or what a verb runs as somebody else.
    #[serde(skip)]
    pub only_parts: bool,
    /// Whether another table or materialized view has the name now: all rows that it shows are others.
    #[serde(skip)]
    pub remade: bool,
    /// What was changed further away, where nothing else differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<Touched>,
    /// Whether the right itself is the same, in how far it reaches and in what decides that.
    #[serde(skip)]
    pub is_alike: bool,
    /// The numbers of the table after and before.
    #[serde(skip)]
    pub ids: (u32, Option<u32>),
}

/// The verb of whoever gets the changes of a table from Realtime.
pub const LISTEN: &str = "listen";

/// The role of the API that has every row of every table; of it only what it loses is told.
const EVERY_ROW: &str = "service_role";

impl AccessChange {
    /// Whether rows may become visible by it.
    pub fn may_show(&self) -> bool {
        self.verb == "select"
            && self.after != Verdict::None
            && self.why != Some(Why::System)
            && self.is_told()
    }

    /// Whether it is worth a word: that `service_role` has every row is known.
    pub fn is_told(&self) -> bool {
        self.role != EVERY_ROW || !self.passes || self.after == Verdict::None
    }

    /// Whether nothing differs but the table that has the name.
    pub fn is_only_remade(&self) -> bool {
        self.remade && self.is_alike
    }

    /// Whether somebody may do more by it, or may see other rows.
    pub fn gains(&self) -> bool {
        if self.depends_on.is_some() {
            return self.rows.is_some_and(|rows| rows > 0);
        }
        let is_open_part = self.why == Some(Why::OpenPart);
        self.after > self.before
            || (self.after == self.before && (is_open_part || self.rows != Some(0)))
    }
}

/// What differs between two states. Objects are the same by their number. One with a new number takes the place of one that
/// is gone and had its name; one that stood before under another name does not, whatever it is called now. `stood` says
/// which numbers were there before.
pub fn changes(before: &[Right], after: &[Right], stood: &BTreeSet<u32>) -> Vec<AccessChange> {
    let standing: BTreeSet<u32> = after.iter().map(|right| right.id).collect();
    let by_id: BTreeMap<(&str, u32, &str), &Right> = before
        .iter()
        .map(|right| ((right.role.as_str(), right.id, right.verb.as_str()), right))
        .collect();
    let by_name: BTreeMap<(&str, &str, &str), &Right> = before
        .iter()
        .filter(|right| !standing.contains(&right.id))
        .map(|right| {
            (
                (
                    right.role.as_str(),
                    right.object.as_str(),
                    right.verb.as_str(),
                ),
                right,
            )
        })
        .collect();
    let mut told: BTreeSet<(&str, u32, &str)> = BTreeSet::new();
    let mut changes = Vec::new();
    for right in after {
        let (role, verb) = (right.role.as_str(), right.verb.as_str());
        let own = by_id.get(&(role, right.id, verb));
        let in_its_place = || by_name.get(&(role, right.object.as_str(), verb));
        let is_new = !stood.contains(&right.id);
        let old = own.or_else(|| in_its_place().filter(|_| is_new));
        if let Some(old) = old {
            told.insert((role, old.id, verb));
        }
        let is_alike =
            old.is_some_and(|old| old.verdict == right.verdict && old.digest == right.digest);
        let is_same = is_alike && old.is_some_and(|old| old.parts == right.parts);
        // Rights on another table of the same name are the same, its rows are not.
        let is_remade =
            verb == "select" && right.holds_rows() && old.is_some_and(|old| old.id != right.id);
        let touched = right.touched.clone();
        // A new table comes with these where whoever makes it grants everything, and the other verbs say so.
        let is_usual = right.why == Why::Beyond && is_new;
        if !is_usual && (!is_same || is_remade || touched.is_some()) {
            changes.push(AccessChange {
                table: right.object.clone(),
                role: right.role.clone(),
                verb: right.verb.clone(),
                before: old.map_or(Verdict::None, |old| old.verdict),
                after: right.verdict,
                rows: None,
                why: Some(right.why),
                passes: right.passes,
                only_parts: is_alike && !is_remade && !is_same,
                remade: is_remade,
                depends_on: touched.filter(|_| is_same && !is_remade),
                is_alike,
                ids: (right.id, old.map(|old| old.id)),
            });
        }
    }
    let names: BTreeMap<u32, &str> = after
        .iter()
        .map(|right| (right.id, right.object.as_str()))
        .collect();
    for right in before {
        if told.contains(&(right.role.as_str(), right.id, right.verb.as_str())) {
            continue;
        }
        changes.push(AccessChange {
            table: names
                .get(&right.id)
                .map_or(right.object.clone(), |name| (*name).to_owned()),
            role: right.role.clone(),
            verb: right.verb.clone(),
            before: right.verdict,
            after: Verdict::None,
            rows: None,
            why: None,
            passes: right.passes,
            only_parts: false,
            remade: false,
            depends_on: None,
            is_alike: false,
            ids: (right.id, Some(right.id)),
        });
    }
    changes.sort_by(|a, b| {
        (&a.table, &a.role, order(&a.verb)).cmp(&(&b.table, &b.role, order(&b.verb)))
    });
    changes
}

/// Leaves out what only depends on something that was changed, where it was counted that nobody sees more by it. Who reads
/// without an account sees what was counted; of others, other rows can be visible to one of them.
pub fn leave_out_unmoved(changes: &mut Vec<AccessChange>) {
    let is_unmoved = |change: &AccessChange| {
        let is_far = change.depends_on.as_ref();
        is_far.is_some_and(|touched| {
            change.rows == Some(0) && (touched.kind == Touch::Shape || change.role == "anon")
        })
    };
    let unmoved: BTreeSet<(String, u32)> = changes
        .iter()
        .filter(|change| is_unmoved(change))
        .map(|change| (change.role.clone(), change.ids.0))
        .collect();
    // The same rows are those that may be changed.
    changes.retain(|change| {
        change.depends_on.is_none() || !unmoved.contains(&(change.role.clone(), change.ids.0))
    });
}

/// Adds what depends on something that one of several files changed, where nothing else is said of the right.
pub fn add_dependent(changes: &mut Vec<AccessChange>, dependent: Vec<AccessChange>) {
    for one in dependent {
        let is_same = |other: &AccessChange| {
            other.role == one.role && other.verb == one.verb && other.ids.0 == one.ids.0
        };
        if !changes.iter().any(is_same) {
            changes.push(one);
        }
    }
}

fn order(verb: &str) -> usize {
    let verbs = [
        "select", "insert", "update", "delete", "truncate", "trigger",
    ];
    verbs
        .iter()
        .position(|own| *own == verb)
        .unwrap_or(verbs.len())
}

/// Enters how many rows become visible, from what was counted before and after.
pub fn enter_rows(changes: &mut [AccessChange], before: &[Visible], after: &[Visible]) {
    let seen = |visible: &[Visible], role: &str, id: u32| -> Option<u64> {
        let found = visible
            .iter()
            .find(|one| one.id == id && one.role == role)?;
        found.rows.ok()
    };
    for change in changes.iter_mut().filter(|change| change.may_show()) {
        let Some(now) = seen(after, &change.role, change.ids.0) else {
            continue;
        };
        let then = match (change.before, change.ids.1) {
            (Verdict::None, _) | (_, None) => Some(0),
            _ if change.remade => Some(0),
            (_, Some(id)) => seen(before, &change.role, id),
        };
        change.rows = then.map(|then| now.saturating_sub(then));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(role: &str, id: u32, object: &str, verdict: Verdict, digest: &str) -> Right {
        Right {
            role: role.into(),
            id,
            object: object.into(),
            verb: "select".into(),
            verdict,
            digest: Some(digest.into()),
            why: Why::RlsOff,
            passes: false,
            parts: None,
            touched: None,
        }
    }

    #[test]
    fn a_rename_and_a_table_made_again_change_no_right() {
        let before = [right("anon", 1, "public.a", Verdict::Policies, "x")];
        let renamed = [right("anon", 1, "public.b", Verdict::Policies, "x")];
        let remade = [right("anon", 2, "public.a", Verdict::Policies, "x")];
        let stood = BTreeSet::from([1]);
        assert_eq!(changes(&before, &renamed, &stood), []);
        let found = changes(&before, &remade, &stood);
        assert!(found.len() == 1 && found[0].remade);
        let mut function = before.clone();
        function[0].why = Why::Definer;
        let mut again = function.clone();
        again[0].id = 2;
        assert_eq!(changes(&function, &again, &stood), []);
        let other = [right("anon", 2, "public.a", Verdict::Policies, "y")];
        assert_eq!(changes(&before, &other, &stood).len(), 1);
        let open = [right("anon", 1, "public.a", Verdict::All, "x")];
        let found = changes(&before, &open, &stood);
        assert_eq!(
            (found[0].before, found[0].after),
            (Verdict::Policies, Verdict::All)
        );
        let lost = changes(&before, &[], &stood);
        assert_eq!(
            (lost[0].before, lost[0].after),
            (Verdict::Policies, Verdict::None)
        );
    }

    #[test]
    fn a_table_that_stood_before_takes_no_right_with_a_name() {
        let before = [right("anon", 1, "public.a", Verdict::All, "x")];
        let after = [right("anon", 2, "public.a", Verdict::All, "x")];
        let found = changes(&before, &after, &BTreeSet::from([1, 2]));
        let gained = found.iter().find(|change| change.ids.0 == 2).unwrap();
        assert_eq!(
            (gained.before, gained.after, gained.remade),
            (Verdict::None, Verdict::All, false)
        );
    }

    #[test]
    fn rows_become_visible_that_were_not_before() {
        let before = [right("anon", 1, "public.a", Verdict::Policies, "x")];
        let after = [right("anon", 1, "public.a", Verdict::All, "x")];
        let mut found = changes(&before, &after, &BTreeSet::from([1]));
        let seen = |rows| {
            [Visible {
                role: "anon".into(),
                id: 1,
                rows: Ok(rows),
            }]
        };
        enter_rows(&mut found, &seen(3), &seen(10));
        assert_eq!(found[0].rows, Some(7));
        assert!(found[0].gains());
    }
}
