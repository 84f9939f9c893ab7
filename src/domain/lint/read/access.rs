//! Policies, grants, roles, owners and functions that lend their rights: who may do more afterwards than before.

use super::visit::Go;
use super::{Analyzer, Name, data, definer, outside, rule};
use crate::domain::lint::LockMode;
use crate::domain::lint::tree::{all_below, child, has, tokens, words};
use crate::domain::sql::name::unquoted;
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

/// Roles that pass every policy anyway.
const PRIVILEGED: [&str; 7] = [
    "postgres",
    "service_role",
    "supabase_admin",
    "supabase_auth_admin",
    "current_user",
    "current_role",
    "session_user",
];

/// Roles that everybody has, signed in or not.
const EVERYBODY: [&str; 2] = ["anon", "public"];

fn roles(node: &SyntaxNode) -> Vec<String> {
    all_below(node, K::ROLE_REF)
        .map(|role| {
            let name = Name::of(&role);
            name.object().to_owned()
        })
        .collect()
}

fn includes_everybody(roles: &[String]) -> bool {
    roles.iter().any(|role| EVERYBODY.contains(&role.as_str()))
}

/// Whom a policy is for, as far as that is somebody whom nobody chose.
enum Grantees {
    /// Everybody, signed in or not.
    Everybody,
    /// Everybody who signs up.
    SignedIn,
}

fn crowd(roles: &[String]) -> Option<Grantees> {
    if includes_everybody(roles) {
        return Some(Grantees::Everybody);
    }
    let is_open = roles.iter().any(|role| role == "authenticated");
    is_open.then_some(Grantees::SignedIn)
}

pub(super) fn create_policy(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    on_table(read, node);
    let is_restrictive = child(node, K::AS_POLICY_TYPE)
        .is_some_and(|kind| words(&kind).to_lowercase().ends_with("restrictive"));
    let crowd = match child(node, K::POLICY_ROLES) {
        None => Some(Grantees::Everybody),
        Some(list) => crowd(&roles(&list)),
    };
    let only_reads = child(node, K::POLICY_COMMAND)
        .is_some_and(|command| has(&command, K::POLICY_COMMAND_SELECT));
    believes_users(read, node, node, K::POLICY);
    if is_restrictive {
        return Go::Below;
    }
    let opens = lets_all_through(node);
    if opens || asks_for_sign_in_alone(node) {
        let rule = match crowd {
            None => return Go::Below,
            Some(Grantees::Everybody) if opens => &rule::POLICY_FOR_EVERYONE,
            Some(_) if only_reads => &rule::POLICY_SIGNED_IN_READ,
            Some(_) => &rule::POLICY_SIGNED_IN_WRITE,
        };
        read.found(rule, node, policy(node, K::POLICY));
    } else if crowd.is_some() && !only_reads && is_on_files(node) && asks_for_bucket_alone(node) {
        let object = policy(node, K::POLICY);
        read.found(&rule::STORAGE_BUCKET_ALONE, node, object);
    }
    Go::Below
}

fn clauses(node: &SyntaxNode) -> impl Iterator<Item = SyntaxNode> + '_ {
    [K::USING_EXPR_CLAUSE, K::WITH_CHECK_EXPR_CLAUSE]
        .into_iter()
        .filter_map(move |kind| child(node, kind))
}

fn lets_all_through(node: &SyntaxNode) -> bool {
    clauses(node).any(|clause| data::is_always_true(&clause))
}

/// What a condition asks, without what makes no difference: parentheses, `select`, casts to text.
fn asked(clause: &SyntaxNode) -> Vec<String> {
    let words = tokens(clause).map(|token| token.text().to_lowercase());
    let words = words.filter(|word| {
        !matches!(
            word.as_str(),
            "using" | "with" | "check" | "(" | ")" | "select" | "::" | ":" | "text"
        )
    });
    words.collect()
}

/// The ways to ask whether somebody is signed in, whoever it is.
const SIGNED_IN: [&str; 4] = [
    "auth.uidisnotnull",
    "auth.role='authenticated'",
    "'authenticated'=auth.role",
    "auth.jwt->>'role'='authenticated'",
];

/// The words of a condition that looks at nothing but who is signed in, and in which role.
const OF_ROLE: [&str; 32] = [
    "auth",
    "uid",
    "role",
    "jwt",
    ".",
    "->>",
    "->",
    "-",
    ">",
    "<",
    "=",
    "!",
    "<>",
    "!=",
    "is",
    "not",
    "null",
    "in",
    "or",
    "and",
    "coalesce",
    ",",
    "any",
    "array",
    "[",
    "]",
    "distinct",
    "from",
    "'authenticated'",
    "'anon'",
    "'service_role'",
    "''",
];

/// Whether a condition is true for everybody who is signed in.
fn asks_for_sign_in_alone(node: &SyntaxNode) -> bool {
    clauses(node).any(|clause| {
        let words = asked(&clause);
        let all = words.concat();
        if !words
            .iter()
            .all(|word| OF_ROLE.contains(&word.as_str()) || word == "'role'")
        {
            return false;
        }
        let has = |words: &[&str]| words.iter().any(|word| all.contains(word));
        let excludes = has(&["<>", "!=", "notin", "distinctfrom"]);
        let excludes_anon = has(&[
            "<>'anon'",
            "!='anon'",
            "isdistinctfrom'anon'",
            "notin'anon'",
        ]);
        has(&SIGNED_IN)
            || has(&["'authenticated'"]) && !excludes
            || excludes_anon && !has(&["'authenticated'", "'service_role'"])
    })
}

/// Whether a condition asks for nothing but the bucket, and perhaps that somebody is signed in.
fn asks_for_bucket_alone(node: &SyntaxNode) -> bool {
    clauses(node).any(|clause| {
        let words = asked(&clause);
        let all = words.concat();
        let asks_for_sign_in = SIGNED_IN.iter().any(|signed_in| all.contains(signed_in));
        let is_of_sign_in = |word: &str| {
            asks_for_sign_in
                && matches!(
                    word,
                    "auth" | "uid" | "role" | "jwt" | "is" | "not" | "null" | "->>" | "-" | ">"
                )
        };
        all.contains("bucket_id")
            && words.iter().all(|word| {
                word.starts_with('\'')
                    || is_of_sign_in(word)
                    || matches!(
                        word.as_str(),
                        "bucket_id"
                            | "="
                            | ","
                            | "."
                            | "in"
                            | "any"
                            | "array"
                            | "["
                            | "]"
                            | "and"
                            | "or"
                    )
            })
    })
}

/// Whether a policy is one of the files of Storage.
fn is_on_files(node: &SyntaxNode) -> bool {
    child(node, K::ON_TABLE).is_some_and(|table| {
        let name = Name::within(&table, K::TABLE_NAME_REF);
        name.is_in("storage") && name.object() == "objects"
    })
}

/// A condition that asks for what users write about themselves.
fn believes_users(read: &mut Analyzer, node: &SyntaxNode, conditions: &SyntaxNode, kind: K) {
    let believes = clauses(conditions).any(|clause| believes(read, &clause));
    if believes {
        read.found(&rule::POLICY_USER_METADATA, node, policy(node, kind));
    }
}

/// Whether a text reads what users write about themselves, or calls a function that is known to do so.
pub(super) fn believes(read: &Analyzer, node: &SyntaxNode) -> bool {
    let names =
        |word: String| word.contains("user_metadata") || word.contains("raw_user_meta_data");
    tokens(node).any(|token| names(token.text().to_lowercase()))
        || all_below(node, K::CALL_EXPR)
            .filter_map(|call| call.children().next())
            .any(|function| {
                let name = Name::of(&function).key().to_string();
                read.world.is_believer(&name)
            })
}

/// Whether the body of a function, which is a string, calls one of those.
pub(super) fn calls_believer(read: &Analyzer, node: &SyntaxNode) -> bool {
    tokens(node).any(|token| {
        let text = token.text().to_lowercase();
        let is_word = |one: char| one.is_alphanumeric() || matches!(one, '_' | '.' | '"');
        let mut calls = text.match_indices('(').map(|(at, _)| {
            let before = text[..at].trim_end();
            let begin = before.rfind(|one| !is_word(one)).map_or(0, |at| {
                at + before[at..].chars().next().map_or(1, char::len_utf8)
            });
            before[begin..].replace('"', "")
        });
        calls.any(|name| {
            let key = name.strip_prefix("public.").unwrap_or(&name);
            !key.is_empty() && read.world.is_believer(key)
        })
    })
}

pub(super) fn alter_policy(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    on_table(read, node);
    let Some(action) = child(node, K::ALTER_POLICY_TO) else {
        return Go::Below;
    };
    believes_users(read, node, &action, K::POLICY_REF);
    // The roles and the command that are not named stay what they are, and the text does not tell what that is.
    let named = child(&action, K::POLICY_ROLES).map(|list| crowd(&roles(&list)));
    let mut object = policy(node, K::POLICY_REF);
    let rule = match (named, lets_all_through(&action)) {
        (Some(Some(Grantees::Everybody)), _) => &rule::POLICY_FOR_EVERYONE,
        (Some(Some(Grantees::SignedIn)), true) => {
            if !has(&action, K::WITH_CHECK_EXPR_CLAUSE) {
                object.push_str(", unless it is for SELECT alone,");
            }
            &rule::POLICY_SIGNED_IN_WRITE
        }
        (None, true) => {
            object.push_str(", unless it names roles that were chosen,");
            &rule::POLICY_FOR_EVERYONE
        }
        _ => return Go::Below,
    };
    read.found(rule, node, object);
    Go::Below
}

pub(super) fn drop_policy(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    on_table(read, node);
    let object = policy(node, K::POLICY_REF).to_lowercase();
    read.found(&rule::DROP_POLICY, node, object);
    Go::Below
}

fn on_table(read: &mut Analyzer, node: &SyntaxNode) {
    if let Some(table) = child(node, K::ON_TABLE) {
        let name = Name::within(&table, K::TABLE_NAME_REF);
        read.lock(&name, LockMode::AccessExclusive, &table);
    }
}

fn policy(node: &SyntaxNode, kind: K) -> String {
    let name = child(node, kind).map_or_else(String::new, |name| Name::of(&name).to_string());
    let table = child(node, K::ON_TABLE).map(|table| Name::within(&table, K::TABLE_NAME_REF));
    match table {
        Some(table) => format!("Policy {name} on {table}"),
        None => format!("Policy {name}"),
    }
}

pub(super) fn grant(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let Some(receivers) = child(node, K::ROLE_REF_LIST) else {
        return Go::Below;
    };
    let to = roles(&receivers);
    let text = words(node);
    let text = text.trim_end_matches(';');
    if has(node, K::ON_PRIVILEGE_OBJECTS_CLAUSE) {
        outside::grants(read, node);
    } else {
        let (some, all) = outside::grants_server_roles(node);
        if some {
            read.found(&rule::SERVER_ROLE, node, text);
        }
        if !all {
            read.found(&rule::GRANT_ROLE, node, text);
        }
    }
    if includes_everybody(&to) {
        read.found(&rule::GRANT_TO_ANON, node, text);
    }
    if !all_privileged(&to) && is_on_accounts(node) {
        read.found(&rule::GRANT_ON_AUTH, node, text);
    }
    if has(node, K::ALL_PRIVILEGES) && !all_privileged(&to) {
        read.found(&rule::GRANT_ALL, node, text);
    }
    let passes_on = child(node, K::GRANT_WITH_CLAUSE).is_some_and(|with| {
        let with = words(&with).to_lowercase();
        !with.contains("false") && (with.contains("grant option") || with.contains("admin"))
    });
    if passes_on {
        read.found(&rule::GRANT_OPTION, node, text);
    }
    Go::Below
}

/// Whether a grant is one on tables of schema `auth`.
fn is_on_accounts(node: &SyntaxNode) -> bool {
    let words: Vec<String> = tokens(node)
        .map(|token| unquoted(token.text()))
        .take_while(|word| word != "to")
        .collect();
    let is_of_functions = ["function", "procedure", "routine", "sequence", "type"]
        .iter()
        .any(|kind| words.iter().any(|word| word.starts_with(kind)));
    let pairs = words.windows(3);
    !is_of_functions
        && pairs.into_iter().any(|three| {
            matches!(
                [three[0].as_str(), three[1].as_str(), three[2].as_str()],
                ["auth", ".", _] | ["in", "schema", "auth"]
            )
        })
}

pub(super) fn revoke(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let from = child(node, K::ROLE_REF_LIST).map_or_else(Vec::new, |list| roles(&list));
    definer::revoked(read, node, &from);
    Go::Below
}

fn all_privileged(roles: &[String]) -> bool {
    roles.iter().all(|role| PRIVILEGED.contains(&role.as_str()))
}

pub(super) fn default_privileges(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let to = child(node, K::ROLE_REF_LIST).map_or_else(Vec::new, |list| roles(&list));
    if includes_everybody(&to) {
        read.found(&rule::DEFAULT_PRIVILEGES, node, words(node));
    }
    if has(node, K::ALL_PRIVILEGES) && !all_privileged(&to) {
        read.found(&rule::GRANT_ALL, node, words(node));
    }
    Go::Below
}

/// `SUPERUSER` and `BYPASSRLS`, on a new role or an old one.
pub(super) fn role_option(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let option = words(node).to_lowercase();
    if matches!(option.as_str(), "superuser" | "bypassrls") {
        let role = node
            .ancestors()
            .flat_map(|above| above.children().collect::<Vec<_>>())
            .find(|child| matches!(child.kind(), K::ROLE | K::ROLE_REF))
            .map_or_else(String::new, |role| words(&role));
        read.found(
            &rule::ROLE_PAST_RLS,
            node,
            format!("Role {role} with {}", option.to_uppercase()),
        );
    }
    Go::Below
}

pub(super) fn owner(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if !all_privileged(&roles(node)) {
        let statement = node
            .parent()
            .map_or_else(String::new, |parent| words(&parent));
        read.found(&rule::CHANGE_OWNER, node, statement.trim_end_matches(';'));
    }
    Go::Below
}

/// `SET`, and the settings of a role, a database or a function.
pub(super) fn set(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    setting(read, node);
    Go::Below
}

pub(super) fn reset(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let text = words(node).to_lowercase();
    if text.contains("search_path") || text.split_whitespace().any(|word| word == "all") {
        read.world.look_in(None);
    }
    Go::Below
}

/// `set_config('…', '…', …)` does what `SET` does; some functions leave the database.
pub(super) fn call(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    outside::call(read, node);
    let is_set_config = node
        .children()
        .next()
        .and_then(|function| tokens(&function).last())
        .is_some_and(|name| name.text().eq_ignore_ascii_case("set_config"));
    if is_set_config {
        setting(read, node);
    }
    Go::Below
}

/// The schema that comes first in what stands behind `search_path`, in lower case.
fn first_schema(path: &str) -> Option<String> {
    let is_sign = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '"'));
    let schemas = path.split(is_sign).filter(|word| !word.is_empty());
    let schemas = schemas.map(|word| word.trim_matches('"'));
    // Each role may have a schema of its own, and hardly any has.
    let mut schemas = schemas.filter(|word| !matches!(*word, "to" | "$user"));
    let first = schemas.next()?;
    (first != "default").then(|| first.to_owned())
}

/// A setting that switches triggers off, or that decides what the API shows.
fn setting(read: &mut Analyzer, node: &SyntaxNode) {
    let text = words(node).to_lowercase();
    let text = text.trim_end_matches([';', ' ']);
    if let Some((_, path)) = text.split_once("search_path")
        && !read.is_later()
    {
        read.world.look_in(first_schema(path));
    }
    if text.contains("session_replication_role") {
        let is_on = ["origin", "local", "default"].iter().any(|value| {
            text.trim_end_matches('\'').ends_with(value) || text.contains(&format!("'{value}'"))
        });
        if !is_on {
            read.found(&rule::TRIGGERS_OFF, node, text);
        }
    }
    if text.contains("pgrst.") {
        read.found(&rule::API_SETTINGS, node, text);
    }
}

/// `SET SCHEMA` to a schema that the API exposes.
pub(super) fn move_schema(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let target = child(node, K::SCHEMA_REF).map(|schema| Name::of(&schema));
    if target.is_some_and(|schema| schema.is_exposed_schema()) {
        let statement = node
            .parent()
            .map_or_else(String::new, |parent| words(&parent));
        read.found(&rule::MOVE_INTO_API, node, statement.trim_end_matches(';'));
    }
    Go::Below
}

/// `REASSIGN OWNED`: the last list holds the new owner.
pub(super) fn reassign(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let owner = node
        .children()
        .last()
        .map_or_else(Vec::new, |to| roles(&to));
    if !all_privileged(&owner) {
        read.found(&rule::CHANGE_OWNER, node, words(node).trim_end_matches(';'));
    }
    Go::Past
}
