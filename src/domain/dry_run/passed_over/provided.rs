//! What the extensions of the platform bring, and since when Postgres knows a setting: the names by which a server's refusal
//! is known to come of what it lacks.

/// The extensions that a hosted `postgres` may create (`supautils.privileged_extensions`, and the trusted ones).
const OF_THE_PLATFORM: &[&str] = &[
    "address_standardizer",
    "address_standardizer_data_us",
    "autoinc",
    "bloom",
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "dblink",
    "dict_int",
    "dict_xsyn",
    "earthdistance",
    "fuzzystrmatch",
    "hstore",
    "http",
    "hypopg",
    "index_advisor",
    "insert_username",
    "intarray",
    "isn",
    "lo",
    "ltree",
    "moddatetime",
    "orioledb",
    "pg_backtrace",
    "pg_buffercache",
    "pg_cron",
    "pg_freespacemap",
    "pg_graphql",
    "pg_hashids",
    "pg_jsonschema",
    "pg_net",
    "pg_partman",
    "pg_prewarm",
    "pg_repack",
    "pg_stat_monitor",
    "pg_stat_statements",
    "pg_surgery",
    "pg_tle",
    "pg_trgm",
    "pg_visibility",
    "pg_walinspect",
    "pgaudit",
    "pgcrypto",
    "pgjwt",
    "pgmq",
    "pgroonga",
    "pgroonga_database",
    "pgrouting",
    "pgrowlocks",
    "pgsodium",
    "pgstattuple",
    "pgtap",
    "plcoffee",
    "pljava",
    "plls",
    "plpgsql_check",
    "plv8",
    "postgis",
    "postgis_raster",
    "postgis_sfcgal",
    "postgis_tiger_geocoder",
    "postgis_topology",
    "postgres_fdw",
    "refint",
    "rum",
    "seg",
    "sslinfo",
    "supabase_vault",
    "tablefunc",
    "tcn",
    "timescaledb",
    "tsm_system_rows",
    "tsm_system_time",
    "unaccent",
    "uuid-ossp",
    "vector",
    "wrappers",
];

/// Whether a hosted `postgres` may create the extension.
pub(super) fn is_of_the_platform(extension: &str) -> bool {
    OF_THE_PLATFORM.contains(&extension)
}

type Names = &'static [&'static str];

/// The schemas, types, functions and the like of an extension, and what the names of the rest begin with.
pub(super) fn by(extension: &str) -> (Names, Names) {
    match extension {
        "vector" => (
            &["vector", "halfvec", "sparsevec", "hnsw", "ivfflat"],
            &[
                "vector_",
                "halfvec_",
                "sparsevec_",
                "l2_",
                "cosine_distance",
                "inner_product",
            ],
        ),
        "pg_cron" => (&["cron"], &[]),
        "pg_net" => (&["net", "http_request_queue"], &[]),
        "http" => (
            &[
                "http_method",
                "http_header",
                "http_request",
                "http_response",
                "http_get",
                "http_post",
                "http_put",
                "http_patch",
                "http_delete",
                "http_head",
                "http_set_curlopt",
                "http_reset_curlopt",
                "http_list_curlopt",
                "urlencode",
            ],
            &[],
        ),
        "pgmq" => (&["pgmq"], &["pgmq_"]),
        "pgsodium" => (&["pgsodium"], &["pgsodium_", "crypto_"]),
        "supabase_vault" => (&["vault"], &[]),
        "pg_graphql" => (&["graphql", "graphql_public"], &[]),
        "pgjwt" => (
            &[
                "sign",
                "verify",
                "url_encode",
                "url_decode",
                "algorithm_sign",
            ],
            &[],
        ),
        "pg_jsonschema" => (
            &[
                "json_matches_schema",
                "jsonb_matches_schema",
                "jsonschema_is_valid",
            ],
            &["jsonschema_"],
        ),
        "pg_hashids" => (
            &["id_encode", "id_decode", "id_decode_once", "hash_encode"],
            &[],
        ),
        "postgis" | "postgis_raster" | "postgis_topology" | "postgis_sfcgal" => (
            &[
                "geometry",
                "geography",
                "box2d",
                "box3d",
                "raster",
                "topology",
                "spatial_ref_sys",
            ],
            &[
                "st_",
                "postgis_",
                "geometry_",
                "geography_",
                "gist_geometry",
            ],
        ),
        "pgrouting" => (&[], &["pgr_"]),
        "pgroonga" | "pgroonga_database" => (&["pgroonga", "&@", "&@~"], &["pgroonga_"]),
        "rum" => (&["rum"], &["rum_"]),
        "timescaledb" => (
            &["create_hypertable", "time_bucket", "timescaledb"],
            &[
                "add_retention_policy",
                "add_compression_policy",
                "add_continuous_aggregate_policy",
            ],
        ),
        "wrappers" => (
            &["wasm_wrapper", "wasm_fdw_handler"],
            &[
                "stripe_fdw_",
                "s3_fdw_",
                "firebase_fdw_",
                "big_query_fdw_",
                "click_house_fdw_",
                "airtable_fdw_",
                "auth0_fdw_",
                "cognito_fdw_",
                "logflare_fdw_",
                "mssql_fdw_",
                "redis_fdw_",
            ],
        ),
        "postgres_fdw" => (&["postgres_fdw"], &["postgres_fdw_"]),
        "dblink" => (&["dblink_fdw"], &["dblink"]),
        "plv8" | "plcoffee" | "plls" => (&["plv8", "plcoffee", "plls"], &[]),
        "pg_tle" => (&["pgtle"], &[]),
        "pg_partman" => (&["partman", "create_parent", "run_maintenance"], &[]),
        "pg_repack" => (&["repack"], &[]),
        "index_advisor" => (&["index_advisor"], &[]),
        "hypopg" => (&[], &["hypopg"]),
        "pgtap" => (
            &["plan", "no_plan", "finish", "diag", "ok", "pass", "fail"],
            &["throws_", "lives_ok", "results_eq", "set_eq", "bag_eq"],
        ),
        _ => (&[], &[]),
    }
}

/// The major version of Postgres that brought a setting, of those newer than the oldest that runs here.
pub fn setting_since(setting: &str) -> Option<u32> {
    match setting {
        "createrole_self_grant"
        | "debug_parallel_query"
        | "enable_presorted_aggregate"
        | "icu_validation_level"
        | "scram_iterations"
        | "send_abort_for_crash"
        | "vacuum_buffer_usage_limit" => Some(16),
        "transaction_timeout"
        | "allow_alter_system"
        | "enable_group_by_reordering"
        | "event_triggers"
        | "io_combine_limit"
        | "restrict_nonsystem_relation_kind"
        | "summarize_wal" => Some(17),
        "enable_distinct_reordering" | "enable_self_join_elimination" | "io_method" => Some(18),
        _ => None,
    }
}
