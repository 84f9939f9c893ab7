//! Bodies inside statements: `DO` blocks run now, those of functions and rules later, in SQL and in PL/pgSQL.

use super::visit::{Go, visit, visit_children};
use super::{
    Analyzer, Locks, Name, Timing, access, definer, dynamic, lint, outside, parse_error, plpgsql,
    rule,
};
use crate::domain::lint::depth;
use crate::domain::lint::name::VALUE_AT_RUN_TIME;
use crate::domain::lint::tree::{all_below, child, tokens, words};
use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::plpgsql::Plpgsql;
use squawk_syntax::{SyntaxKind as K, SyntaxNode};
use std::rc::Rc;

/// How many bodies and strings of SQL may stand inside one another.
const NESTED_LIMIT: usize = 8;
const CALLED: &str = "When the function is called";

impl Analyzer<'_> {
    /// Reads something in another scope and comes back.
    fn within(&mut self, change: impl FnOnce(&mut super::Scope), read: impl FnOnce(&mut Self)) {
        let outer = self.scope.clone();
        change(&mut self.scope);
        self.scope.nested += 1;
        read(self);
        self.scope = outer;
    }
}

pub(super) fn block(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let Some(statement) = ast::Do::cast(node.clone()) else {
        return Go::Past;
    };
    if !fits(read, node) {
        return Go::Past;
    }
    match statement.plpgsql() {
        // What runs now is known only then.
        Some(body) if is_at_run_time(body.text()) => {
            read.found(&rule::DYNAMIC_SQL, node, "DO");
        }
        Some(body) => {
            let when = match read.scope.when {
                Timing::Now => Timing::InBlock,
                other => other,
            };
            let locks = read.scope.locks;
            plpgsql_body(read, node, body, when, locks);
        }
        None => read.found(foreign(node), node, "The block"),
    }
    Go::Past
}

/// Whether a body is a placeholder for a value that `format` puts in: there is nothing to read, and it is no fault of the text.
fn is_at_run_time(body: &str) -> bool {
    body == VALUE_AT_RUN_TIME
}

/// The rule of a body in a language that cannot be read.
fn foreign(node: &SyntaxNode) -> &'static rule::Rule {
    if outside::has_untrusted_language(node) {
        &rule::UNTRUSTED_LANGUAGE
    } else {
        &rule::FOREIGN_LANGUAGE
    }
}

/// Whether the body's text is there to read; a fault is reported where it is not.
fn fits(read: &mut Analyzer, node: &SyntaxNode) -> bool {
    let why = if read.scope.nested >= NESTED_LIMIT {
        Some("it is nested too deeply")
    } else {
        all_below(node, K::LITERAL)
            .filter_map(ast::Literal::cast)
            .filter_map(|literal| literal.decoded_value())
            .find_map(|decoded| depth::too_deep(decoded.text()))
    };
    match why {
        Some(why) => {
            read.found(&rule::UNREADABLE, node, why);
            false
        }
        None => true,
    }
}

fn plpgsql_body(read: &mut Analyzer, node: &SyntaxNode, body: Plpgsql, when: Timing, locks: Locks) {
    let here = (read.scope.place)(node);
    let base = read.scope.base;
    let (root, error) = plpgsql::parse(body.text());
    if let Some(error) = error {
        let range = body.source_range(error.range());
        let at = base.map_or(here, |base| base + usize::from(range.start()));
        let why = parse_error::words(body.text(), error.range().start().into());
        read.push(&rule::UNREADABLE, at, &why);
    }
    let place = move |node: &SyntaxNode| {
        let first = tokens(node).next();
        let range = first.map_or_else(|| node.text_range(), |token| token.text_range());
        base.map_or(here, |base| {
            base + usize::from(body.source_range(range).start())
        })
    };
    read.within(
        |scope| {
            scope.place = Rc::new(place);
            scope.base = None;
            scope.when = when;
            scope.locks = locks;
            scope.in_plpgsql = true;
        },
        |read| visit(read, &root),
    );
}

pub(super) fn function(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let name = [K::FUNCTION_NAME, K::PROCEDURE_NAME]
        .into_iter()
        .find_map(|kind| child(node, kind))
        .map_or_else(String::new, |name| Name::of(&name).key().to_string());
    read.settle(&rule::DROP_FUNCTION, &name);
    definer::created(read, node);
    if !read.is_later() {
        let believes = access::believes(read, node) || access::calls_believer(read, node);
        read.world.believe(&name, believes);
    }
    if let Some(options) = child(node, K::FUNC_OPTION_LIST) {
        later(read, &options, CALLED);
    }
    if !fits(read, node) {
        return Go::Past;
    }
    let in_plpgsql = ast::CreateFunction::cast(node.clone())
        .and_then(|function| function.plpgsql())
        .or_else(|| ast::CreateProcedure::cast(node.clone()).and_then(|it| it.plpgsql()));
    let in_sql = ast::CreateFunction::cast(node.clone())
        .and_then(|function| function.sql_body())
        .or_else(|| ast::CreateProcedure::cast(node.clone()).and_then(|it| it.sql_body()));
    if in_plpgsql
        .as_ref()
        .is_some_and(|body| is_at_run_time(body.text()))
        || in_sql
            .as_ref()
            .is_some_and(|body| is_at_run_time(body.text()))
    {
        return Go::Past;
    }
    if let Some(body) = in_plpgsql {
        plpgsql_body(read, node, body, Timing::Later(CALLED), Locks::Nothing);
    } else if let Some(body) = in_sql {
        let here = (read.scope.place)(node);
        let base = read.scope.base;
        let root = body.syntax();
        let body_text = body.text().to_owned();
        let place = move |node: &SyntaxNode| {
            let first = tokens(node).next();
            let range = first.map_or_else(|| node.text_range(), |token| token.text_range());
            base.map_or(here, |base| {
                base + usize::from(body.source_range(range).start())
            })
        };
        read.within(
            |scope| {
                scope.place = Rc::new(place);
                scope.base = None;
                scope.when = Timing::Later(CALLED);
                scope.locks = looking(scope.locks);
            },
            |read| {
                visit(read, &root);
                lint::lint_text(read, body_text.as_str(), None);
            },
        );
    } else if let Some(body) = child(node, K::ATOMIC_BODY).or_else(|| child(node, K::RETURN_STMT)) {
        later(read, &body, CALLED);
    } else {
        read.found(foreign(node), node, format!("Function {name}"));
    }
    Go::Past
}

/// Queries that are only looked at lock the tables they name, as far as locks are taken at all.
fn looking(locks: Locks) -> Locks {
    match locks {
        Locks::All | Locks::OfLooking => Locks::OfLooking,
        Locks::Nothing => Locks::Nothing,
    }
}

/// What takes effect on some later event, with the words for that event.
pub(super) fn later(read: &mut Analyzer, node: &SyntaxNode, how: &'static str) -> Go {
    read.within(
        |scope| {
            scope.when = Timing::Later(how);
            scope.locks = looking(scope.locks);
        },
        |read| visit_children(read, node),
    );
    Go::Past
}

/// `EXPLAIN` only looks, `EXPLAIN ANALYZE` runs.
pub(super) fn explain(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let head: Vec<String> = tokens(node)
        .take(12)
        .map(|token| token.text().to_lowercase())
        .collect();
    if head
        .iter()
        .any(|word| word == "analyze" || word == "analyse")
    {
        Go::Below
    } else {
        later(read, node, "If it were run and not explained")
    }
}

pub(super) fn rule(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if let Some(on) = child(node, K::RULE_ON) {
        let name = Name::within(&on, K::RELATION_NAME_REF);
        read.lock(&name, crate::domain::lint::LockMode::AccessExclusive, &on);
    }
    if let Some(action) = child(node, K::RULE_DO) {
        later(read, &action, "When the rule fires");
    }
    Go::Past
}

/// A statement of SQL in a block of PL/pgSQL: the lints want to see it alone.
pub(super) fn embedded(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if let Some(statement) = node.children().find(lint::concerns) {
        let here = (read.scope.place)(&statement);
        let text = statement.text().to_string();
        lint::lint_text(read, &text, Some(here));
    }
    Go::Below
}

/// SQL in a string: read when the string can be put together from the text, dangerous otherwise.
pub(super) fn execute(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let built = child(node, K::PLPGSQL_EXPR).and_then(|expr| dynamic::build(&expr));
    if !built.as_ref().is_some_and(|built| built.is_certain) {
        let object = child(node, K::PLPGSQL_EXPR).map_or_else(String::new, |expr| words(&expr));
        read.found(&rule::DYNAMIC_SQL, node, format!("EXECUTE {object}"));
    }
    if let Some(built) = built
        && read.scope.nested < NESTED_LIMIT
    {
        let here = (read.scope.place)(node);
        read.within(
            |scope| {
                scope.place = Rc::new(move |_| here);
                scope.base = None;
                scope.in_plpgsql = false;
            },
            |read| read.text(&built.sql, built.is_certain),
        );
    }
    Go::Below
}
