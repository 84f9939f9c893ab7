//! What the statements of one file have done so far: which tables are new, and which findings a later statement can settle.

use super::Finding;
use super::definers::Definers;
use super::name::Name;
use super::rule;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The state of a file between two statements.
#[derive(Debug, Default)]
pub struct FileContext {
    /// Tables, views and sequences that this file creates, by key: nobody else can see them before it is applied.
    new: HashSet<Name>,
    /// The tables of the indexes that this file creates, by key.
    indexed: HashMap<Name, Name>,
    /// Findings that hold unless a later statement settles them, by rule and object.
    pending: BTreeMap<(&'static str, String), Finding>,
    /// The roles that may no longer execute a function, by its name.
    revoked: BTreeMap<String, BTreeSet<String>>,
    /// The functions that read what users write about themselves, by name, in this file and in those before it.
    believers: HashSet<String>,
    /// The tables that got Row Level Security, by key, in this file and in those before it.
    secured: HashSet<Name>,
    /// Functions with their owner's rights that others can get into.
    pub definers: Definers,
    /// The schema in which a name without one is created, where the file says.
    first_schema: Option<String>,
}

impl FileContext {
    /// Notes that the file creates a relation that cannot have been there.
    pub fn create(&mut self, name: &Name) {
        self.new.insert(name.key());
    }

    /// Notes in which schema a name without one is created from now on.
    pub fn look_in(&mut self, schema: Option<String>) {
        self.first_schema = schema;
    }

    /// Whether the API shows what is created under a name.
    pub fn is_exposed(&self, name: &Name) -> bool {
        match &self.first_schema {
            Some(schema) if name.is_bare() => Name::is_shown(schema),
            _ => name.is_exposed(),
        }
    }

    /// Notes that a relation is gone, so that the next of that name is another one.
    pub fn forget(&mut self, name: &Name) {
        self.new.remove(&name.key());
        self.secured.remove(&name.key());
    }

    /// Notes whether a table has Row Level Security from now on.
    pub fn secure(&mut self, name: &Name, is_on: bool) {
        if is_on {
            self.secured.insert(name.key());
        } else {
            self.secured.remove(&name.key());
        }
    }

    /// Whether a table certainly has Row Level Security.
    pub fn is_secured(&self, name: &Name) -> bool {
        self.secured.contains(&name.key())
    }

    /// Notes whether a function reads what users write about themselves.
    pub fn believe(&mut self, function: &str, believes: bool) {
        if believes {
            self.believers.insert(function.to_owned());
        } else {
            self.believers.remove(function);
        }
    }

    /// Whether a function is known to do so.
    pub fn is_believer(&self, function: &str) -> bool {
        self.believers.contains(function)
    }

    /// Takes over the functions of files that were read before.
    pub fn believe_as(&mut self, earlier: &Self) {
        self.believers.extend(earlier.believers.iter().cloned());
    }

    /// Notes that a relation has another name from now on.
    pub fn rename(&mut self, old: &Name, new: &Name) {
        if self.new.remove(&old.key()) {
            self.new.insert(new.key());
        }
        if self.secured.remove(&old.key()) {
            self.secured.insert(new.key());
        }
        let of_old = (rule::TABLE_WITHOUT_RLS.name, old.key().to_string());
        if let Some(finding) = self.pending.remove(&of_old) {
            self.defer(new.key(), finding);
        }
    }

    /// Whether the file itself created the relation.
    pub fn is_new(&self, name: &Name) -> bool {
        self.new.contains(&name.key())
    }

    /// Notes which table an index belongs to.
    pub fn index(&mut self, index: &Name, table: &Name) {
        self.indexed.insert(index.key(), table.clone());
    }

    /// The table of an index, when this file created the index.
    pub fn table_of(&self, index: &Name) -> Option<&Name> {
        self.indexed.get(&index.key())
    }

    /// Keeps a finding until the end of the file.
    pub fn defer(&mut self, object: impl Into<String>, finding: Finding) {
        self.pending
            .entry((finding.rule, object.into()))
            .or_insert(finding);
    }

    /// Drops what is pending for an object.
    pub fn resolve(&mut self, rule: &'static str, object: impl Into<String>) {
        self.pending.remove(&(rule, object.into()));
    }

    /// Notes that roles may no longer execute a function, or any where none is named. It is closed when neither `PUBLIC` nor
    /// `anon` may.
    pub fn revoke(&mut self, function: Option<String>, roles: &[String]) {
        let rule = rule::DEFINER_FOR_EVERYBODY.name;
        let functions: Vec<String> = if let Some(function) = function {
            vec![function]
        } else {
            let pending = self.pending.keys().filter(|(of, _)| *of == rule);
            pending.map(|(_, function)| function.clone()).collect()
        };
        for function in functions {
            let revoked = self.revoked.entry(function.clone()).or_default();
            revoked.extend(roles.iter().cloned());
            if self.is_closed(&function) {
                self.resolve(rule, function);
            }
        }
    }

    /// Whether neither `PUBLIC` nor `anon` may execute a function any more: one that is replaced keeps its grants.
    pub fn is_closed(&self, function: &str) -> bool {
        let revoked = self.revoked.get(function);
        revoked.is_some_and(|of| ["public", "anon"].iter().all(|role| of.contains(*role)))
    }

    /// Notes that a function is gone, and what was revoked with it.
    pub fn reopen(&mut self, function: &str) {
        self.revoked.remove(function);
    }

    /// Ends a file: what nothing in it settled. What is new stays new for the files that follow.
    pub fn end_file(&mut self) -> impl Iterator<Item = Finding> {
        self.first_schema = None;
        let pending = std::mem::take(&mut self.pending).into_values();
        pending.chain(self.definers.end_file())
    }
}
