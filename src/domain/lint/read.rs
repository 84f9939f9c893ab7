//! Reads one statement into findings and locks. Collects the findings; the files below decide, each for its
//! statements, which rule is broken and what is locked.

mod access;
mod alter;
mod body;
mod column;
mod create;
mod data;
mod definer;
mod drop;
mod dynamic;
mod lint;
mod maintain;
mod outside;
pub use outside::irreversible_names;
mod parse_error;
mod plpgsql;
mod visit;

use super::context::FileContext;
use super::definers::Function;
use super::depth;
use super::insert_elision::{self, Elided};
use super::name::{AT_RUN_TIME, Name};
use super::rule::{self, Rule};
use super::{Finding, Level, LockMode, PredictedLock, StatementRisk, tree};
use crate::domain::sql::execution_mode::runs_alone;
use crate::domain::sql::odd_blank;
use crate::domain::sql::split::Statement;
use squawk_syntax::{SourceFile, SyntaxNode};
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

/// When what is read takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timing {
    /// With the migration.
    Now,
    /// With the migration, if the block around it gets there.
    InBlock,
    /// When somebody makes it happen; the words say how.
    Later(&'static str),
}

/// Which locks are taken while the migration runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Locks {
    /// Those of running it.
    All,
    /// Those of looking at it: the tables that queries name.
    OfLooking,
    /// None.
    Nothing,
}

/// Where the reader is.
#[derive(Clone)]
struct Scope {
    /// The place of a node in the file.
    place: Rc<dyn Fn(&SyntaxNode) -> usize>,
    /// Where the parsed text begins in the file, when it stands there as it is.
    base: Option<usize>,
    when: Timing,
    locks: Locks,
    /// How many bodies and strings of SQL are around it.
    nested: usize,
    /// Whether `INTO` names variables.
    in_plpgsql: bool,
}

/// A lock as far as it is known.
struct Held {
    name: Name,
    mode: LockMode,
    rewrites: bool,
    at: usize,
}

/// Reads one statement.
pub struct Analyzer<'a> {
    world: &'a mut FileContext,
    statement: usize,
    /// The statement without its plain rows, when it is parsed like that.
    short: Option<Rc<Elided>>,
    scope: Scope,
    /// Names that the statement's `WITH` clauses define.
    ctes: HashSet<String>,
    findings: Vec<Finding>,
    held: BTreeMap<Name, Held>,
    /// Relations for which a finding says who waits, by key.
    told: HashSet<Name>,
}

/// Reads a statement of a file; what it leaves behind is noted in the world.
pub fn statement(
    world: &mut FileContext,
    sql: &str,
    index: usize,
    piece: &Statement,
) -> StatementRisk {
    let base = piece.range.start;
    let whole = piece.text(sql);
    let short = insert_elision::shortened(whole).map(Rc::new);
    let shortened = short.clone();
    let mut reader = Analyzer {
        world,
        statement: index,
        short: short.clone(),
        scope: Scope {
            place: Rc::new(move |node| {
                let at = tree::start(node);
                base + shortened.as_ref().map_or(at, |short| short.whole(at))
            }),
            base: Some(base),
            when: Timing::Now,
            locks: Locks::All,
            nested: 0,
            in_plpgsql: false,
        },
        ctes: HashSet::new(),
        findings: Vec::new(),
        held: BTreeMap::new(),
        told: HashSet::new(),
    };
    if !piece.is_blank {
        if let Some(what) = runs_alone(whole) {
            let at = base + first_token(whole);
            reader.push(&rule::CANNOT_RUN_IN_TRANSACTION, at, what);
        }
        if let Some((at, odd, _)) = odd_blank::first(whole) {
            reader.push(&rule::ODD_BLANK, base + at, &odd_blank::called(odd));
        }
        reader.text(short.as_ref().map_or(whole, |short| &short.text), true);
        reader.suspect(whole, base + first_token(whole));
    }
    reader.finish()
}

/// Byte offset of the first token that means something.
fn first_token(text: &str) -> usize {
    crate::domain::sql::statement_kind::significant(text)
        .next()
        .map_or(0, |token| token.start)
}

impl Analyzer<'_> {
    /// Reads a text of SQL that is run as it is; `certain` unless parts of it were guessed.
    fn text(&mut self, text: &str, certain: bool) {
        if let Some(why) = depth::too_deep(text) {
            self.push_unread(first_token(text), why);
            return;
        }
        let hidden = lint::without_orders(text);
        let parse = SourceFile::parse(&hidden);
        if certain && let Some(error) = parse.errors().first() {
            let at = error.range().start().into();
            self.push_unread(at, &parse_error::words(text, at));
        }
        visit::visit(self, &parse.syntax_node());
        lint::lint(self, &parse, &hidden);
    }

    /// Reports a place of the parsed text that cannot be read.
    fn push_unread(&mut self, at: usize, why: &str) {
        let at = match self.scope.base {
            Some(base) => base + self.short.as_ref().map_or(at, |short| short.whole(at)),
            None => (self.scope.place)(&SourceFile::parse("").syntax_node()),
        };
        self.push(&rule::UNREADABLE, at, why);
    }

    /// Reports that a rule is broken, wherever the object came from.
    fn found(&mut self, rule: &'static Rule, node: &SyntaxNode, object: impl Into<String>) {
        let at = (self.scope.place)(node);
        self.push(rule, at, &object.into());
    }

    /// Reports a broken rule unless this file created the relation, so that nobody has anything to lose.
    fn found_on(
        &mut self,
        rule: &'static Rule,
        node: &SyntaxNode,
        relation: &Name,
        object: impl Into<String>,
    ) {
        if self.world.is_new(relation) && !self.is_later() {
            return;
        }
        self.found(rule, node, object);
        if rule.level != Level::WeakensAccess {
            self.mark_reported(relation);
        }
    }

    /// Reports a broken rule at the end of the file, unless a later statement settles it for the object.
    fn pend(
        &mut self,
        rule: &'static Rule,
        node: &SyntaxNode,
        key: impl Into<String>,
        object: impl Into<String>,
    ) {
        let at = (self.scope.place)(node);
        match self.finding(rule, at, &object.into()) {
            Some(finding) if self.is_later() => self.findings.push(finding),
            Some(finding) => self.world.defer(key, finding),
            None => {}
        }
    }

    /// Drops what is pending, unless this statement only takes effect later.
    fn settle(&mut self, rule: &'static Rule, key: impl Into<String>) {
        if !self.is_later() {
            self.world.resolve(rule.name, key);
        }
    }

    /// Reports a function that others can get into, at the end of the file, unless a later statement puts it right.
    fn pend_definer(
        &mut self,
        rule: &'static Rule,
        node: &SyntaxNode,
        function: Function,
        object: &str,
    ) {
        let at = (self.scope.place)(node);
        match self.finding(rule, at, object) {
            Some(finding) if self.is_later() => self.findings.push(finding),
            Some(finding) => self.world.definers.pend(function, finding),
            None => {}
        }
    }

    /// Drops what is pending for a function, unless this statement only takes effect later.
    fn settle_definer(&mut self, function: &Function) {
        if !self.is_later() {
            self.world.definers.settle(function);
        }
    }

    /// Notes that a function is called differently, unless this statement only takes effect later.
    fn rename_definer(&mut self, old: &Function, new: &Function) {
        if !self.is_later() {
            self.world.definers.rename(old, new);
        }
    }

    fn is_open_definer(&self, function: &Function) -> bool {
        self.world.definers.is_open(function)
    }

    /// Notes a lock on a relation that was there before the file.
    fn lock(&mut self, name: &Name, mode: LockMode, node: &SyntaxNode) {
        let taken = match self.scope.locks {
            Locks::All => true,
            Locks::OfLooking => mode <= LockMode::RowExclusive,
            Locks::Nothing => false,
        };
        if !taken || self.world.is_new(name) || name.object().is_empty() {
            return;
        }
        let at = (self.scope.place)(node);
        let held = self.held.entry(name.key()).or_insert_with(|| Held {
            name: name.clone(),
            mode,
            rewrites: false,
            at,
        });
        held.mode = held.mode.max(mode);
    }

    /// Notes that the relation gets a new file on disk. Its lock has to be noted before.
    fn rewrite(&mut self, name: &Name) {
        if let Some(held) = self.held.get_mut(&name.key()) {
            held.rewrites = true;
        }
    }

    /// Notes that a finding says who waits for the lock on a relation.
    fn mark_reported(&mut self, name: &Name) {
        self.told.insert(name.key());
    }

    /// Notes that the file creates a relation, where that is certain to happen.
    fn create(&mut self, name: &Name) {
        if self.scope.when == Timing::Now {
            self.world.create(name);
        }
    }

    fn is_later(&self) -> bool {
        matches!(self.scope.when, Timing::Later(_))
    }

    fn push(&mut self, rule: &'static Rule, at: usize, object: &str) {
        if let Some(finding) = self.finding(rule, at, object) {
            self.findings.push(finding);
        }
    }

    /// The finding, unless it is about waiting and nobody waits now.
    fn finding(&self, rule: &'static Rule, at: usize, object: &str) -> Option<Finding> {
        let reason = rule.reason_for(object);
        let reason = match self.scope.when {
            Timing::Later(_) if rule.level < Level::WeakensAccess => return None,
            Timing::Later(how) => format!("{how}: {reason}"),
            Timing::Now | Timing::InBlock => reason,
        };
        Some(Finding {
            rule: rule.name,
            level: rule.level,
            statement: self.statement,
            at,
            reason: capitalized(&reason),
            subject: object.to_owned(),
            safer: rule.safer.map(str::to_owned),
            allowed: None,
        })
    }

    /// Adds a finding for every lock that holds somebody up and that no rule spoke of.
    fn finish(mut self) -> StatementRisk {
        let untold: Vec<(usize, String, LockMode)> = self
            .held
            .iter()
            .filter(|(key, held)| !self.told.contains(*key) && held.mode.blocks_writers())
            .map(|(_, held)| (held.at, held.name.to_string(), held.mode))
            .collect();
        for (at, name, mode) in untold {
            let rule = if mode.blocks_readers() {
                &rule::BLOCKS_READERS
            } else {
                &rule::BLOCKS_WRITERS
            };
            self.push(rule, at, &name);
        }
        StatementRisk {
            statement: self.statement,
            level: Level::Safe,
            findings: self.findings,
            locks: self
                .held
                .into_values()
                .map(|held| PredictedLock {
                    table: held.name.to_string(),
                    mode: held.mode,
                    rewrites: held.rewrites,
                })
                .collect(),
        }
    }
}

/// The sentence with a capital first letter; names in front of a colon stay as they are.
fn capitalized(sentence: &str) -> String {
    let name = sentence.split([' ', ':']).next().unwrap_or_default();
    let is_word = !name.contains(['.', '_', '"']) && name != AT_RUN_TIME;
    let mut rest = sentence.chars();
    match rest.next() {
        Some(first) if is_word => first.to_uppercase().chain(rest).collect(),
        _ => sentence.to_owned(),
    }
}
