//! Which words are keywords of SQL and PL/pgSQL.

/// Whether an unquoted word is coloured as part of the SQL language: keywords and the common type names.
pub fn is_keyword(word: &str) -> bool {
    const LONGEST: usize = 17;
    if word.len() > LONGEST || !word.is_ascii() {
        return false;
    }
    let mut lower = [0_u8; LONGEST];
    let lower = &mut lower[..word.len()];
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    KEYWORDS
        .binary_search_by(|keyword| keyword.as_bytes().cmp(lower))
        .is_ok()
}

/// Sorted, so that it can be searched. Words that are mostly used as names (`name`, `value`, `owner`) are left out.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "abort", "access", "action", "add", "after", "aggregate", "all", "also", "alter", "always", "analyse", "analyze",
    "and", "any", "array", "as", "asc", "asymmetric", "at", "atomic", "attach", "authorization", "before", "begin",
    "between", "bigint", "bigserial", "bit", "bool", "boolean", "both", "box", "bpchar", "by", "bytea", "cache",
    "call", "called", "cascade", "case", "cast", "char", "character", "check", "checkpoint", "circle", "class",
    "cluster", "collate", "column", "comment", "commit", "concurrently", "conflict", "constraint", "constraints",
    "conversion", "copy", "cost", "create", "cross", "cube", "current", "current_catalog", "current_date",
    "current_role", "current_schema", "current_time", "current_timestamp", "current_user", "cursor", "cycle",
    "database", "date", "deallocate", "dec", "decimal", "declare", "default", "deferrable", "deferred", "definer",
    "delete", "delimiter", "desc", "detach", "disable", "discard", "distinct", "do", "domain", "double", "drop",
    "each", "else", "elsif", "enable", "encoding", "end", "enum", "escape", "event", "except", "exception", "exclude",
    "excluding", "exclusive", "execute", "exists", "explain", "extension", "extract", "false", "fetch", "filter",
    "first", "float", "float4", "float8", "following", "for", "force", "foreign", "found", "freeze", "from", "full",
    "function", "functions", "generated", "global", "grant", "granted", "group", "grouping", "handler", "having",
    "identity", "if", "ilike", "immutable", "implicit", "import", "in", "include", "including", "increment", "index",
    "indexes", "inet", "inherit", "inherits", "initially", "inner", "inout", "input", "insensitive", "insert",
    "instead", "int", "int2", "int4", "int8", "integer", "intersect", "interval", "into", "invoker", "is", "isnull",
    "isolation", "join", "json", "jsonb", "key", "language", "large", "last", "lateral", "leading", "leakproof",
    "left", "level", "like", "limit", "listen", "load", "local", "localtime", "localtimestamp", "lock", "locked",
    "logged", "loop", "macaddr", "match", "matched", "materialized", "maxvalue", "merge", "minvalue", "money", "move",
    "natural", "new", "next", "no", "nothing", "notice", "notify", "notnull", "null", "nullif", "nulls", "numeric",
    "of", "off", "offset", "oid", "old", "on", "only", "operator", "option", "or", "order", "ordinality", "others",
    "out", "outer", "over", "overlaps", "overlay", "overriding", "owned", "parallel", "partition", "perform",
    "permissive", "placing", "plpgsql", "policy", "position", "preceding", "precision", "prepare", "prepared",
    "primary", "privileges", "procedural", "procedure", "procedures", "publication", "raise", "range", "read", "real",
    "reassign", "recursive", "ref", "references", "referencing", "refresh", "regclass", "reindex", "release",
    "rename", "repeatable", "replace", "replica", "reset", "restart", "restrict", "restrictive", "return",
    "returning", "returns", "revoke", "right", "role", "rollback", "rollup", "routine", "row", "rows", "rule",
    "savepoint", "schema", "schemas", "scroll", "search", "security", "select", "sequence", "sequences", "serial",
    "serializable", "session", "session_user", "set", "setof", "share", "show", "similar", "simple", "smallint",
    "smallserial", "snapshot", "some", "stable", "statement", "statistics", "stored", "strict", "subscription",
    "symmetric", "system", "table", "tables", "tablesample", "tablespace", "temp", "temporary", "text", "then",
    "time", "timestamp", "timestamptz", "timetz", "to", "trailing", "transaction", "trigger", "trim", "true",
    "truncate", "trusted", "tsquery", "tsvector", "type", "unbounded", "uncommitted", "union", "unique", "unknown",
    "unlisten", "unlogged", "until", "update", "user", "using", "uuid", "vacuum", "valid", "validate", "values",
    "varchar", "variadic", "varying", "verbose", "view", "void", "volatile", "when", "where", "while", "window",
    "with", "within", "without", "work", "write", "xml", "zone",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_sorted_and_found_in_any_case() {
        assert!(KEYWORDS.is_sorted());
        assert!(is_keyword("SeLeCt") && is_keyword("timestamptz") && is_keyword("abort"));
        assert!(!is_keyword("goal") && !is_keyword("") && !is_keyword("ünion"));
        assert!(KEYWORDS.iter().all(|word| is_keyword(word)));
    }
}
