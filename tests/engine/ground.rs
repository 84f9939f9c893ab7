//! Everything that a database holds, read without any code of the engine: what must be the same before and after.

use crate::bench::Bench;

/// Tables of the catalog whose rows are compared as they are, without the figures that maintenance changes.
const CATALOGS: [&str; 18] = [
    "pg_class",
    "pg_attribute",
    "pg_attrdef",
    "pg_constraint",
    "pg_index",
    "pg_proc",
    "pg_type",
    "pg_enum",
    "pg_namespace",
    "pg_policy",
    "pg_trigger",
    "pg_rewrite",
    "pg_description",
    "pg_depend",
    "pg_default_acl",
    "pg_sequence",
    "pg_extension",
    "pg_publication_rel",
];

/// The catalogs as digests, and every table with the digest of its rows.
pub(crate) async fn everything_there(bench: &Bench) -> Vec<String> {
    let mut found = Vec::new();
    for catalog in CATALOGS {
        let sql = format!(
            "select '{catalog} ' || md5(coalesce(string_agg(one, ',' order by one), '')) from (select \
            (to_jsonb(c) - 'relpages' - 'reltuples' - 'relallvisible' - 'relfrozenxid' - 'relminmxid' - 'relhasindex')::text as one \
            from pg_catalog.{catalog} c) all_of_it"
        );
        found.extend(bench.texts(&sql).await);
    }
    let tables = bench
        .texts(
            "select oid::regclass::text from pg_class where relkind in ('r', 'p', 'm') \
            and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace) \
            and relispopulated order by 1",
        )
        .await;
    for table in tables {
        let sql = format!(
            "select '{table} ' || count(*) || ' ' || md5(coalesce(string_agg(t::text, ',' order by t::text), '')) from {table} t"
        );
        found.extend(bench.texts(&sql).await);
    }
    found
}
