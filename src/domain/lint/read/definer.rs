//! Functions with their owner's rights (`SECURITY DEFINER`) and the `search_path` that they run with. Who calls one can make
//! temporary objects, and what lies first in the path is found first.

use super::visit::Go;
use super::{Analyzer, Name, rule};
use crate::domain::lint::definers::Function;
use crate::domain::lint::tree::{all_below, child, children, has, tokens, words};
use crate::domain::sql::name::unquoted;
use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

/// Schemas in which others than the owner may create objects, as far as the name tells.
const OPEN: [&str; 2] = ["public", "$user"];
/// The schema of temporary objects, in which everybody creates.
const TEMPORARY: &str = "pg_temp";

/// What the options of a function say of its path.
enum Path {
    /// Nothing.
    Unset,
    /// That of the caller.
    Reset,
    /// Only what nobody can put objects in, and temporary ones last.
    Closed,
    /// How others get in.
    Open(String),
}

/// The last option about the path counts.
fn path(options: &SyntaxNode, name: &str) -> Path {
    let mut found = Path::Unset;
    for option in options.children() {
        let is_path = all_below(&option, K::CONFIG_PARAMETER_REF)
            .any(|name| unquoted(&words(&name)) == "search_path");
        match option.kind() {
            K::RESET_FUNC_OPTION if is_path || words(&option).to_lowercase().ends_with("all") => {
                found = Path::Reset;
            }
            K::SET_FUNC_OPTION if is_path => found = value(&option, name),
            _ => {}
        }
    }
    found
}

fn value(option: &SyntaxNode, name: &str) -> Path {
    let Some(list) = all_below(option, K::TO_CONFIG_VALUE).next() else {
        return Path::Open(format!(
            "Function {name} takes the search_path of whoever creates it"
        ));
    };
    if tokens(&list)
        .last()
        .is_some_and(|token| token.text().eq_ignore_ascii_case("default"))
    {
        return Path::Reset;
    }
    let schemas: Vec<String> = list.children().map(|item| schema(&item)).collect();
    let open = schemas
        .iter()
        .find(|schema| OPEN.contains(&schema.as_str()));
    let (first, last) = match schemas.split_last() {
        Some((last, first)) => (first, last.as_str()),
        None => (&[][..], ""),
    };
    if schemas.iter().all(String::is_empty) {
        Path::Open(format!(
            "Function {name} sets an empty search_path, which leaves {TEMPORARY} first for types and tables"
        ))
    } else if let Some(open) = open {
        Path::Open(format!(
            "Function {name} has {open} in its search_path, where others may create objects"
        ))
    } else if first.iter().any(|schema| schema == TEMPORARY) {
        Path::Open(format!(
            "Function {name} has {TEMPORARY} before other schemas in its search_path"
        ))
    } else if last == TEMPORARY {
        Path::Closed
    } else {
        Path::Open(format!(
            "Function {name} has a search_path that does not end with {TEMPORARY}, which then comes first for types and tables"
        ))
    }
}

/// A schema of the list. A string is one name, also when there is a comma in it.
fn schema(item: &SyntaxNode) -> String {
    let text = Some(item.clone())
        .filter(|item| item.kind() == K::LITERAL)
        .and_then(ast::Literal::cast)
        .and_then(|literal| literal.decoded_value().map(|text| text.text().to_owned()));
    text.unwrap_or_else(|| unquoted(&words(item)))
}

/// The function that a statement creates or names: its name and, where they are written, the types of its arguments.
fn function(node: &SyntaxNode, list: Option<&SyntaxNode>) -> Function {
    let kinds = [
        K::FUNCTION_NAME,
        K::PROCEDURE_NAME,
        K::FUNCTION_NAME_REF,
        K::PROCEDURE_NAME_REF,
        K::ROUTINE_NAME_REF,
    ];
    let name = kinds
        .into_iter()
        .find_map(|kind| child(node, kind))
        .map_or_else(String::new, |name| Name::of(&name).key().to_string());
    Function {
        name,
        arguments: list.and_then(arguments),
    }
}

/// The types of the arguments that a call has; nothing where one cannot be told.
fn arguments(list: &SyntaxNode) -> Option<Vec<String>> {
    children(list, K::PARAM)
        .filter(|param| {
            let mut tokens = tokens(param);
            let first = tokens.next();
            !(tokens.next().is_some()
                && first.is_some_and(|token| token.text().eq_ignore_ascii_case("out")))
        })
        .map(|param| {
            let of_type = |node: &SyntaxNode| format!("{:?}", node.kind()).ends_with("_TYPE");
            param.children().find(of_type).map(|found| plain(&found))
        })
        .collect()
}

/// A type without its schema and its length, by the name that Postgres has for it.
fn plain(node: &SyntaxNode) -> String {
    let text: Vec<String> = tokens(node).map(|token| unquoted(token.text())).collect();
    let text = text.join(" ");
    let text = text.rsplit(" . ").next().unwrap_or_default();
    let (before, behind) = text.split_once('(').unwrap_or((text, ""));
    let behind = behind.split_once(')').map_or("", |(_, behind)| behind);
    let whole = format!("{} {}", before.trim(), behind.trim());
    let (base, array) = match whole.find('[') {
        Some(at) => (whole[..at].trim(), "[]"),
        None => (whole.trim(), ""),
    };
    let base = match base {
        "int" | "int4" => "integer",
        "int8" => "bigint",
        "int2" => "smallint",
        "bool" => "boolean",
        "float8" | "float" => "double precision",
        "float4" => "real",
        "varchar" => "character varying",
        "char" | "bpchar" => "character",
        "decimal" => "numeric",
        "timestamptz" => "timestamp with time zone",
        "timetz" => "time with time zone",
        other => other,
    };
    format!("{base}{array}")
}

/// A new function, or one in the place of another.
pub(super) fn created(read: &mut Analyzer, node: &SyntaxNode) {
    let function = function(node, child(node, K::PARAM_LIST).as_ref());
    let options = child(node, K::FUNC_OPTION_LIST)
        .filter(|options| has(options, K::SECURITY_DEFINER_FUNC_OPTION));
    read.settle_definer(&function);
    read.settle(&rule::DEFINER_FOR_EVERYBODY, &function.name);
    if let Some(options) = options {
        for_everybody(read, node, &function.name);
        judged(read, node, function, path(&options, &function_name(node)));
    }
}

/// A function of the API that lends its owner's rights, unless it only serves triggers.
fn for_everybody(read: &mut Analyzer, node: &SyntaxNode, function: &str) {
    let returned = child(node, K::RET_TYPE).map(|returned| words(&returned).to_lowercase());
    let serves_triggers = returned.is_some_and(|returned| returned.ends_with("trigger"));
    let is_exposed = function
        .rsplit_once('.')
        .is_none_or(|(schema, _)| schema == "graphql_public");
    if is_exposed && !serves_triggers && !read.world.is_closed(function) {
        let object = format!("function {function}");
        read.pend(&rule::DEFINER_FOR_EVERYBODY, node, function, object);
    }
}

fn function_name(node: &SyntaxNode) -> String {
    function(node, None).name
}

fn judged(read: &mut Analyzer, node: &SyntaxNode, function: Function, path: Path) {
    match path {
        Path::Closed => {}
        Path::Unset | Path::Reset => {
            let object = format!("Function {}", function.name);
            read.pend_definer(&rule::DEFINER_WITHOUT_SEARCH_PATH, node, function, &object);
        }
        Path::Open(object) => {
            read.pend_definer(&rule::DEFINER_SEARCH_PATH, node, function, &object);
        }
    }
}

/// `ALTER FUNCTION`: the text tells only of some functions whether they lend their owner's rights.
pub(super) fn altered(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let signature = [K::FUNCTION_SIG, K::PROCEDURE_SIG, K::ROUTINE_SIG]
        .into_iter()
        .find_map(|kind| child(node, kind));
    let Some(signature) = signature else {
        return Go::Below;
    };
    let function = function(&signature, child(&signature, K::PARAM_LIST).as_ref());
    if let Some(moved) = moved(node, &function) {
        read.rename_definer(&function, &moved);
        if !read.is_later() && read.world.is_believer(&function.name) {
            read.world.believe(&function.name, false);
            read.world.believe(&moved.name, true);
        }
        return Go::Below;
    }
    let Some(options) = child(node, K::FUNC_OPTION_LIST) else {
        return Go::Below;
    };
    if has(&options, K::SECURITY_INVOKER_FUNC_OPTION) {
        read.settle_definer(&function);
        read.settle(&rule::DEFINER_FOR_EVERYBODY, &function.name);
        return Go::Below;
    }
    let path = path(&options, &function.name);
    let becomes = has(&options, K::SECURITY_DEFINER_FUNC_OPTION);
    if becomes {
        for_everybody(read, node, &function.name);
    }
    let is_known = becomes || read.is_open_definer(&function);
    match path {
        Path::Closed => read.settle_definer(&function),
        Path::Unset if !becomes => {}
        Path::Reset if !is_known => {
            let object = format!("Function {} without its search_path", function.name);
            read.found(&rule::DEFINER_WITHOUT_SEARCH_PATH, node, object);
        }
        // Without the word it is one that runs with the rights of its caller, for all that is known.
        Path::Open(_) if !is_known => {}
        path => {
            read.settle_definer(&function);
            judged(read, node, function, path);
        }
    }
    Go::Below
}

/// The function by its new name or in its new schema.
fn moved(node: &SyntaxNode, function: &Function) -> Option<Function> {
    let (schema, name) = match function.name.rsplit_once('.') {
        Some((schema, name)) => (Some(schema), name),
        None => (None, function.name.as_str()),
    };
    let new = all_below(node, K::FUNCTION_NAME)
        .chain(all_below(node, K::PROCEDURE_NAME))
        .next()
        .map(|new| Name::of(&new).object().to_owned());
    let to = child(node, K::SET_SCHEMA).and_then(|to| child(&to, K::SCHEMA_REF));
    let name = match (new, to) {
        (Some(new), _) => schema.map_or(new.clone(), |schema| format!("{schema}.{new}")),
        (None, Some(to)) => match Name::of(&to).object() {
            "public" => name.to_owned(),
            to => format!("{to}.{name}"),
        },
        (None, None) => return None,
    };
    Some(Function {
        name,
        arguments: function.arguments.clone(),
    })
}

/// `REVOKE … ON FUNCTION`, and on all of a schema that the API exposes: who may no longer call.
pub(super) fn revoked(read: &mut Analyzer, node: &SyntaxNode, roles: &[String]) {
    if read.is_later() {
        return;
    }
    for kind in [K::FUNCTION_SIG, K::PROCEDURE_SIG, K::ROUTINE_SIG] {
        for signature in all_below(node, kind) {
            let name = function(&signature, None).name;
            read.world.revoke(Some(name), roles);
        }
    }
    let text = words(node).to_lowercase();
    let is_of_all = ["functions", "routines", "procedures"]
        .iter()
        .any(|kind| text.contains(&format!("all {kind} in schema public")));
    if is_of_all {
        read.world.revoke(None, roles);
    }
}

/// `DROP FUNCTION`: what is gone lends nothing.
pub(super) fn dropped(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    for kind in [K::FUNCTION_SIG, K::PROCEDURE_SIG, K::ROUTINE_SIG] {
        for signature in all_below(node, kind) {
            let list = child(&signature, K::PARAM_LIST);
            let gone = function(&signature, list.as_ref());
            read.settle_definer(&gone);
            read.settle(&rule::DEFINER_FOR_EVERYBODY, &gone.name);
            if !read.is_later() {
                read.world.believe(&gone.name, false);
                read.world.reopen(&gone.name);
            }
        }
    }
    Go::Below
}
