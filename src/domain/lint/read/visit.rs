//! Walks a syntax tree in the order of the text and hands every statement in it to the file that knows it.
//! The walk keeps its own stack, because trees can be deep.

use super::{Analyzer, access, alter, body, create, data, definer, drop, maintain, outside};
use squawk_syntax::{SyntaxKind, SyntaxNode};

/// Whether the walk goes on below a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Go {
    Below,
    Past,
}

/// Reads everything at and below a node.
pub(super) fn visit(read: &mut Analyzer, root: &SyntaxNode) {
    let mut stack = vec![root.clone()];
    while let Some(node) = stack.pop() {
        if open(read, &node) == Go::Below {
            let first = stack.len();
            stack.extend(node.children());
            stack[first..].reverse();
        }
    }
}

/// Reads everything below a node, but not the node itself.
pub(super) fn visit_children(read: &mut Analyzer, node: &SyntaxNode) {
    for child in node.children() {
        visit(read, &child);
    }
}

fn open(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    use SyntaxKind as K;
    match node.kind() {
        K::WITH_CLAUSE => data::with(read, node),
        K::RELATION_FROM_ITEM | K::TABLE => data::reads(read, node),
        K::LOCKING_CLAUSE => data::locking(read, node),
        K::INSERT => data::insert(read, node),
        K::UPDATE => data::update(read, node),
        K::DELETE => data::delete(read, node),
        K::MERGE => data::merge(read, node),
        K::COPY_TABLE => data::copy(read, node),
        K::TRUNCATE => data::truncate(read, node),
        K::SELECT_INTO => create::select_into(read, node),
        K::REFERENCES_CONSTRAINT | K::FOREIGN_KEY_CONSTRAINT => create::references(read, node),
        K::CREATE_TABLE => create::table(read, node),
        K::CREATE_TABLE_AS => create::table_as(read, node),
        K::CREATE_INDEX => create::index(read, node),
        K::CREATE_TRIGGER => create::trigger(read, node),
        K::CREATE_VIEW => create::view(read, node),
        K::CREATE_MATERIALIZED_VIEW => create::materialized_view(read, node),
        K::CREATE_SEQUENCE | K::ALTER_SEQUENCE => create::sequence(read, node),
        K::CREATE_STATISTICS => create::statistics(read, node),
        K::CREATE_PUBLICATION | K::ALTER_PUBLICATION => create::publication(read, node),
        K::ALTER_TABLE | K::ALTER_FOREIGN_TABLE => alter::table(read, node),
        K::ALTER_VIEW | K::ALTER_MATERIALIZED_VIEW => alter::view(read, node),
        K::ALTER_INDEX => alter::index(read, node),
        K::ALTER_TRIGGER | K::ALTER_RULE => alter::guard(read, node),
        K::OWNER_TO => access::owner(read, node),
        K::DROP_TABLE | K::DROP_FOREIGN_TABLE => drop::table(read, node),
        K::DROP_VIEW | K::DROP_MATERIALIZED_VIEW => drop::view(read, node),
        K::DROP_SEQUENCE => drop::sequence(read, node),
        K::DROP_INDEX => drop::index(read, node),
        K::DROP_TRIGGER | K::DROP_RULE => drop::guard(read, node),
        K::DROP_SCHEMA => drop::schema(read, node),
        K::DROP_OWNED => drop::owned(read, node),
        K::DROP_ATTRIBUTE => drop::attribute(read, node),
        K::CASCADE => drop::cascade(read, node),
        K::CREATE_POLICY => access::create_policy(read, node),
        K::ALTER_POLICY => access::alter_policy(read, node),
        K::DROP_POLICY => access::drop_policy(read, node),
        K::GRANT => access::grant(read, node),
        K::REVOKE => access::revoke(read, node),
        K::GRANT_DEFAULT_PRIVILEGES => access::default_privileges(read, node),
        K::ROLE_OPTION_GENERIC => access::role_option(read, node),
        K::SET | K::SET_CONFIG_PARAM => access::set(read, node),
        K::RESET => access::reset(read, node),
        K::CALL_EXPR | K::CALL => access::call(read, node),
        K::COPY => outside::copy(read, node),
        K::ROLE_OPTION_IN_ROLE | K::ROLE_OPTION_IN_GROUP | K::ALTER_GROUP => {
            outside::membership(read, node)
        }
        K::CREATE_EXTENSION | K::CREATE_LANGUAGE => outside::installs(read, node),
        K::CREATE_SERVER => outside::server(read, node),
        K::CREATE_SUBSCRIPTION
        | K::ALTER_SUBSCRIPTION
        | K::DROP_SUBSCRIPTION
        | K::IMPORT_FOREIGN_SCHEMA => outside::other_server(read, node),
        K::ADD_FOREIGN_OPTION | K::SET_FOREIGN_OPTION => outside::foreign_option(read, node),
        K::LOAD => outside::load(read, node),
        K::ALTER_SYSTEM | K::CREATE_TABLESPACE => outside::server_files(read, node),
        K::SET_SCHEMA => access::move_schema(read, node),
        K::REASSIGN => access::reassign(read, node),
        K::ALTER_FUNCTION | K::ALTER_PROCEDURE | K::ALTER_ROUTINE => definer::altered(read, node),
        K::DROP_FUNCTION | K::DROP_PROCEDURE | K::DROP_ROUTINE => definer::dropped(read, node),
        K::LOCK => maintain::lock(read, node),
        K::VACUUM => maintain::vacuum(read, node),
        K::ANALYZE => maintain::analyze(read, node),
        K::CLUSTER => maintain::cluster(read, node),
        K::REINDEX => maintain::reindex(read, node),
        K::REFRESH => maintain::refresh(read, node),
        K::COMMENT_ON => maintain::comment(read, node),
        K::EXPLAIN => body::explain(read, node),
        K::PREPARE => body::later(read, node, "When it is executed"),
        K::CREATE_RULE => body::rule(read, node),
        K::CREATE_FUNCTION | K::CREATE_PROCEDURE => body::function(read, node),
        K::DO => body::block(read, node),
        K::PLPGSQL_DYN_EXECUTE_STMT
        | K::PLPGSQL_FOR_DYN_STMT
        | K::PLPGSQL_RETURN_QUERY_EXECUTE_STMT
        | K::PLPGSQL_OPEN_EXECUTE => body::execute(read, node),
        K::PLPGSQL_EXEC_SQL_STMT => body::embedded(read, node),
        _ => Go::Below,
    }
}
