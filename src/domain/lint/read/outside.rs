//! What leaves the database: programs and files of the server's machine, other servers, untrusted languages, and the
//! roles and extensions that open a way to them.

use super::visit::Go;
use super::{Analyzer, Name, rule};
use crate::domain::lint::tree::{all_below, child, has, tokens, words};
use crate::domain::lint::{Level, rule::Rule};
use crate::domain::sql::name::unquoted;
use crate::domain::sql::statement_kind::significant;
use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

/// Roles whose members use programs and files of the server's machine.
const SERVER_ROLES: [&str; 3] = [
    "pg_execute_server_program",
    "pg_read_server_files",
    "pg_write_server_files",
];

/// Functions that read the server's files, or list them.
const READERS: [&str; 12] = [
    "pg_read_file",
    "pg_read_binary_file",
    "pg_read_file_old",
    "pg_ls_dir",
    "pg_stat_file",
    "pg_ls_logdir",
    "pg_ls_waldir",
    "pg_ls_tmpdir",
    "pg_ls_archive_statusdir",
    "pg_logdir_ls",
    "pg_file_read",
    "lo_import",
];

/// Functions that change the server's files.
const WRITERS: [&str; 5] = [
    "lo_export",
    "pg_file_write",
    "pg_file_rename",
    "pg_file_unlink",
    "pg_file_sync",
];

/// Functions of the extension `http`, which send at once. Those of `pg_net` only queue a request, in a table.
const SENDERS: [&str; 8] = [
    "http",
    "http_get",
    "http_post",
    "http_put",
    "http_patch",
    "http_delete",
    "http_head",
    "dblink",
];

/// Functions that act on the server at once, also in a transaction that is rolled back: sessions, replication, write-ahead log,
/// settings (PostgreSQL documentation, 9.28 System Administration Functions). `pg_logical_emit_message` does only where its first
/// argument is not true, and is taken for it always.
const AT_ONCE: [&str; 25] = [
    "pg_terminate_backend",
    "pg_cancel_backend",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_promote",
    "pg_switch_wal",
    "pg_create_restore_point",
    "pg_backup_start",
    "pg_backup_stop",
    "pg_start_backup",
    "pg_stop_backup",
    "pg_wal_replay_pause",
    "pg_wal_replay_resume",
    "pg_create_physical_replication_slot",
    "pg_create_logical_replication_slot",
    "pg_copy_physical_replication_slot",
    "pg_copy_logical_replication_slot",
    "pg_drop_replication_slot",
    "pg_replication_slot_advance",
    "pg_logical_slot_get_changes",
    "pg_logical_slot_get_binary_changes",
    "pg_logical_emit_message",
    "pg_stat_statements_reset",
    "pg_background_launch",
    "worker_restart",
];

/// Functions that act at once, or leave the database, by how their names begin.
const AT_ONCE_BEGINNING: &str = "pg_stat_reset";
const SENDERS_BEGINNING: &str = "dblink_";

/// Extensions that open a way out and are no language.
const EXTENSIONS: [&str; 5] = ["dblink", "adminpack", "http", "wrappers", "multicorn"];

/// Languages that reach everything, and whose names do not end like those of their kind.
const LANGUAGES: [&str; 5] = ["c", "plsh", "plr", "plruby", "pljava"];

/// The rule that a call of a function breaks.
fn rule_of_call(function: &str) -> Option<&'static Rule> {
    if READERS.contains(&function) {
        Some(&rule::READS_SERVER_FILE)
    } else if WRITERS.contains(&function) {
        Some(&rule::WRITES_SERVER_FILE)
    } else if SENDERS.contains(&function) || function.starts_with(SENDERS_BEGINNING) {
        Some(&rule::CALLS_OTHER_SERVER)
    } else if AT_ONCE.contains(&function) || function.starts_with(AT_ONCE_BEGINNING) {
        Some(&rule::ACTS_AT_ONCE)
    } else {
        None
    }
}

/// The functions that no rollback undoes, as an expression of the server that fits their names.
pub fn irreversible_names() -> String {
    let names = WRITERS.iter().chain(&SENDERS).chain(&AT_ONCE);
    let names: Vec<&str> = names.copied().collect();
    format!(
        "{}|{SENDERS_BEGINNING}\\w+|{AT_ONCE_BEGINNING}\\w*",
        names.join("|")
    )
}

/// Whether a language is untrusted: `plpython3u`, `plperlu` and the like.
fn is_untrusted(language: &str) -> bool {
    (language.starts_with("pl") && language.ends_with('u')) || LANGUAGES.contains(&language)
}

/// A name that can also be written as a string.
fn name_or_text(node: &SyntaxNode) -> String {
    let text = all_below(node, K::LITERAL)
        .chain(Some(node.clone()).filter(|node| node.kind() == K::LITERAL))
        .find_map(|literal| ast::Literal::cast(literal)?.decoded_value())
        .map(|decoded| decoded.text().to_lowercase());
    text.unwrap_or_else(|| {
        tokens(node)
            .last()
            .map_or_else(String::new, |token| unquoted(token.text()))
    })
}

/// Whether a block or function is written in an untrusted language.
pub(super) fn has_untrusted_language(node: &SyntaxNode) -> bool {
    [K::DO_LANGUAGE, K::LANGUAGE_FUNC_OPTION]
        .into_iter()
        .flat_map(|kind| all_below(node, kind).collect::<Vec<_>>())
        .any(|language| is_untrusted(&name_or_text(&language)))
}

/// `COPY` from or to a program or a file; `stdin` and `stdout` are the client's.
pub(super) fn copy(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    for (direction, rule) in [
        (K::COPY_FROM, &rule::READS_SERVER_FILE),
        (K::COPY_TO, &rule::WRITES_SERVER_FILE),
    ] {
        let Some(place) = child(node, direction).and_then(|it| child(&it, K::COPY_PROGRAM)) else {
            continue;
        };
        if has(&place, K::PROGRAM_KW) {
            read.found(&rule::RUNS_PROGRAM, &place, statement(node));
        } else {
            read.found(rule, &place, statement(node));
        }
    }
    Go::Below
}

fn statement(node: &SyntaxNode) -> String {
    words(node).trim_end_matches(';').to_owned()
}

/// A call of a function that leaves the database.
pub(super) fn call(read: &mut Analyzer, node: &SyntaxNode) {
    let Some(function) = node.children().next() else {
        return;
    };
    let parts: Vec<String> = tokens(&function)
        .filter(|token| token.text() != ".")
        .map(|token| unquoted(token.text()))
        .collect();
    let is_queued = parts.len() > 1 && parts[parts.len() - 2] == "net";
    let name = parts.last().map_or("", String::as_str);
    if let Some(rule) = rule_of_call(name).filter(|_| !is_queued) {
        read.found(rule, node, words(node));
    }
}

/// Roles of the server, granted as a role or named when a role is made; functions that read and write its files.
pub(super) fn grants(read: &mut Analyzer, node: &SyntaxNode) {
    let text = statement(node);
    let files = [K::FUNCTION_NAME_REF, K::ROUTINE_NAME_REF]
        .into_iter()
        .flat_map(|kind| all_below(node, kind).collect::<Vec<_>>())
        .any(|name| {
            let name = Name::of(&name);
            READERS.contains(&name.object()) || WRITERS.contains(&name.object())
        });
    let settings = child(node, K::ON_PRIVILEGE_OBJECTS_CLAUSE).is_some()
        && text.to_lowercase().contains("alter system");
    if files || settings {
        read.found(&rule::SERVER_ROLE, node, text);
    }
}

/// The roles that a `GRANT` without an object grants; whether all of them are those of the server.
pub(super) fn grants_server_roles(node: &SyntaxNode) -> (bool, bool) {
    let Some(granted) = child(node, K::REVOKE_COMMAND_LIST) else {
        return (false, false);
    };
    let roles: Vec<bool> = all_below(&granted, K::ROLE_REF)
        .map(|role| is_server_role(&role))
        .collect();
    let any = roles.iter().any(|is| *is);
    (any, any && roles.iter().all(|is| *is))
}

fn is_server_role(role: &SyntaxNode) -> bool {
    SERVER_ROLES.contains(&Name::of(role).object())
}

/// `IN ROLE`, `IN GROUP` of a new role, and `ALTER GROUP … ADD USER`.
pub(super) fn membership(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let is_in = match node.kind() {
        K::ALTER_GROUP => {
            child(node, K::ADD_USERS).is_some()
                && child(node, K::ROLE_REF).is_some_and(|group| is_server_role(&group))
        }
        _ => all_below(node, K::ROLE_REF).any(|role| is_server_role(&role)),
    };
    if is_in {
        let whole = node
            .ancestors()
            .find(|above| {
                matches!(
                    above.kind(),
                    K::CREATE_ROLE | K::CREATE_USER | K::CREATE_GROUP | K::ALTER_GROUP
                )
            })
            .unwrap_or_else(|| node.clone());
        read.found(&rule::SERVER_ROLE, node, statement(&whole));
    }
    Go::Below
}

/// `CREATE EXTENSION` and `CREATE LANGUAGE`, where what they bring reaches out.
pub(super) fn installs(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let name = [K::EXTENSION, K::LANGUAGE]
        .into_iter()
        .find_map(|kind| child(node, kind))
        .map_or_else(String::new, |name| name_or_text(&name));
    if is_untrusted(&name) || EXTENSIONS.contains(&name.as_str()) || name.ends_with("_fdw") {
        read.found(&rule::OUTSIDE_EXTENSION, node, statement(node));
    }
    Go::Below
}

/// `CREATE SERVER`.
pub(super) fn server(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    read.found(&rule::OUTSIDE_EXTENSION, node, statement(node));
    Go::Below
}

/// Subscriptions and `IMPORT FOREIGN SCHEMA`, which connect to another server.
pub(super) fn other_server(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    read.found(&rule::CALLS_OTHER_SERVER, node, statement(node));
    Go::Below
}

/// An option of a foreign table: `file_fdw` runs the program or reads the file when the table is read.
pub(super) fn foreign_option(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let rule = match child(node, K::FOREIGN_OPTION_NAME).map(|name| name_or_text(&name)) {
        Some(name) if name == "program" => &rule::RUNS_PROGRAM,
        Some(name) if name == "filename" => &rule::READS_SERVER_FILE,
        _ => return Go::Below,
    };
    read.found(rule, node, format!("The option {}", words(node)));
    Go::Below
}

/// `LOAD` of a library by its path: its code runs in the server. By name it finds what an administrator installed.
pub(super) fn load(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if name_or_text(node).contains('/') {
        read.found(&rule::RUNS_PROGRAM, node, statement(node));
    }
    Go::Below
}

/// `ALTER SYSTEM` and `CREATE TABLESPACE`, which write outside of the database's own files.
pub(super) fn server_files(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    read.found(&rule::WRITES_SERVER_FILE, node, statement(node));
    Go::Below
}

impl Analyzer<'_> {
    /// Looks at the words of a statement of which a part could not be read: it may do what they name.
    pub(super) fn suspect(&mut self, text: &str, at: usize) {
        let is_blind = self
            .findings
            .iter()
            .any(|finding| finding.level == Level::Unreadable);
        let is_known = self
            .findings
            .iter()
            .any(|finding| finding.level == Level::OutsideDatabase);
        if !is_blind || is_known {
            return;
        }
        let mut copies = false;
        let mut program = false;
        for token in significant(text) {
            let words = token
                .text(text)
                .split(|c: char| !c.is_alphanumeric() && c != '_');
            for word in words.map(str::to_lowercase) {
                copies |= word == "copy";
                program |= word == "program";
                let rule = match word.as_str() {
                    role if SERVER_ROLES.contains(&role) => Some(&rule::SERVER_ROLE),
                    // A word of everyday language, unlike the others.
                    "http" => None,
                    function => rule_of_call(function),
                };
                let rule = rule.or((copies && program).then_some(&rule::RUNS_PROGRAM));
                if let Some(rule) = rule {
                    let object = format!("What cannot be read here names `{word}`, so perhaps it");
                    self.push(rule, at, &object);
                    return;
                }
            }
        }
    }
}
