//! The questions about access, each a script in a read-only transaction that is rolled back: the catalogs, counts as an identity, and
//! the conditions of policies on one row. A script gives one JSON document.

use super::quote::{block, dollar};
use super::snapshot::parse_rights;
use crate::domain::access::explain::{Given, LATE, RowAnswer, RowQuestion, RowSide};
use crate::domain::access::lint::{AccessFinding, FoundByRule, sorted};
use crate::domain::access::matrix::{Probe, Sight, Unseen};
use crate::domain::access::rules::{
    AccessRules, ApiRole, Connected, FoundUser, Held, RowPolicy, SecuredTable, TableGrant, Verb,
};
use crate::domain::access::viewer::Viewer;
use crate::domain::problem::Problem;
use crate::domain::sql::name::always_quoted;
use crate::domain::text;
use serde::Deserialize;
use std::fmt::Write as _;
use std::time::Duration;

/// What cannot be done where the catalogs cannot be read.
pub(in crate::adapters) const UNREAD: &str = "Who may do what cannot be read.";
/// What cannot be done where rows cannot be counted.
pub(in crate::adapters) const UNCOUNTED: &str =
    "The rows that each identity sees cannot be counted.";
/// What cannot be done where a row cannot be explained.
pub(in crate::adapters) const UNEXPLAINED: &str = "The row cannot be explained.";
/// How long counting rows for one identity may take.
pub(in crate::adapters) const COUNT: Duration = Duration::from_secs(2);
/// How long after its beginning a script counts on.
const ENOUGH: Duration = Duration::from_secs(12);
/// So many rows are counted between two looks at the clock.
const CHUNK: u32 = 2000;
/// The most users that one question finds.
const MOST_USERS: u32 = 50;

/// What cannot be done where the findings cannot be read.
pub(in crate::adapters) const UNLINTED: &str =
    "Security problems of grants and policies cannot be read.";
/// The question about findings.
pub(in crate::adapters) const LINT: &str = include_str!("access_lint.sql");

const RULES: &str = include_str!("access.sql");

/// A script around statements: nothing of it stays, whatever they do.
pub(in crate::adapters) fn script(statements: &str, limit: Duration) -> String {
    let limit = limit.as_millis().max(1);
    format!(
        "begin isolation level repeatable read read only; set local lock_timeout = {}; set local statement_timeout = {limit}; \
        set local idle_in_transaction_session_timeout = {}; set local search_path = ''; set local quote_all_identifiers = off; \
        set local jit = off; set local extra_float_digits = 1; set local datestyle = 'ISO'; set local intervalstyle = 'postgres'; \
        {statements}; rollback",
        limit / 2,
        limit * 2,
    )
}

/// The question about the catalogs, with the users of the project that some texts may mean.
pub(in crate::adapters) fn rules_sql(people: &[String]) -> String {
    let found = if people.is_empty() {
        "'[]'::pg_catalog.json".to_owned()
    } else {
        let asked: Vec<String> = people
            .iter()
            .map(|name| dollar(&name.to_lowercase()))
            .collect();
        let asked = format!("array[{}]::pg_catalog.text[]", asked.join(","));
        format!(
            "(select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('id', u.j ->> 'id', 'email', u.j ->> 'email', 'role', u.j ->> 'role', \
            'claims', pg_catalog.json_build_object('aud', coalesce(u.j ->> 'aud', 'authenticated'), 'phone', coalesce(u.j ->> 'phone', ''), \
            'app_metadata', coalesce(u.j -> 'raw_app_meta_data', '{{}}'), 'user_metadata', coalesce(u.j -> 'raw_user_meta_data', '{{}}'), \
            'is_anonymous', coalesce(u.j -> 'is_anonymous', 'false'))) order by u.j ->> 'email'), '[]') \
            from (select pg_catalog.to_jsonb(t) as j from auth.users t where t.id::pg_catalog.text = any ({asked}) \
            or pg_catalog.lower(t.email) = any ({asked}) or pg_catalog.split_part(pg_catalog.lower(t.email), '@', 1) = any ({asked}) limit {MOST_USERS}) u)"
        )
    };
    RULES
        .replace("$PEOPLE$", &found)
        .replace("$RIGHTS$", super::snapshot::RIGHTS)
}

/// The document of [`rules_sql`].
#[derive(Deserialize)]
struct Told {
    connection: Connected,
    exposed: Option<String>,
    schemas: Vec<String>,
    roles: Vec<ApiRole>,
    tables: Vec<SecuredTable>,
    policies: Vec<RowPolicy>,
    held: Vec<(String, u32, Verb, Option<Vec<String>>)>,
    grants: Vec<(u32, String, Verb, Option<String>)>,
    rights: Vec<Vec<Option<String>>>,
    people: Vec<FoundUser>,
}

fn unknown(error: &serde_json::Error) -> Problem {
    Problem::internal(format!("The catalogs say something unknown: {error}."))
}

/// Reads the document of [`LINT`].
pub(in crate::adapters) fn parse_lint(document: &str) -> Result<Vec<AccessFinding>, Problem> {
    let found: Vec<FoundByRule> =
        serde_json::from_str(document).map_err(|error| unknown(&error))?;
    Ok(sorted(found))
}

/// Reads the document of [`rules_sql`].
pub(in crate::adapters) fn parse_rules(document: &str) -> Result<AccessRules, Problem> {
    let told: Told = serde_json::from_str(document).map_err(|error| unknown(&error))?;
    let held = told.held.into_iter();
    let held = held.map(|(role, table, verb, columns)| Held {
        role,
        table,
        verb,
        columns,
    });
    let grants = told.grants.into_iter();
    let grants = grants.map(|(table, to, verb, column)| TableGrant {
        table,
        to,
        verb,
        column,
    });
    let exposed = told.exposed.map(|list| {
        let names = list.split(',').map(|name| name.trim().trim_matches('"'));
        let names = names.filter(|name| !name.is_empty());
        names.map(str::to_owned).collect()
    });
    Ok(AccessRules {
        connection: told.connection,
        exposed,
        schemas: told.schemas,
        roles: told.roles,
        tables: told.tables,
        policies: told.policies,
        held: held.collect(),
        grants: grants.collect(),
        rights: parse_rights(told.rights)?,
        people: told.people,
    })
}

/// The commands of a block that make it somebody's: the settings that PostgREST gives to a request, and then the role.
fn become_viewer(viewer: &Viewer, schema: &str) -> String {
    let claims = serde_json::Value::Object(viewer.claims.clone()).to_string();
    let sub = viewer.claims.get("sub").and_then(|sub| sub.as_str());
    let path = format!("{}, public, extensions", always_quoted(schema));
    let mut sql = String::new();
    for (setting, value) in [
        ("request.jwt.claims", claims.as_str()),
        ("request.jwt.claim.role", viewer.role.as_str()),
        ("request.jwt.claim.sub", sub.unwrap_or_default()),
        ("request.headers", "{}"),
        ("request.cookies", "{}"),
        ("request.method", "GET"),
        ("row_security", "on"),
        ("search_path", path.as_str()),
    ] {
        let _ = write!(
            sql,
            "perform pg_catalog.set_config('{setting}', {}, true); ",
            dollar(value)
        );
    }
    let role = dollar(&viewer.role);
    let _ = write!(
        sql,
        "stage := 'role'; perform pg_catalog.set_config('role', {role}, true); stage := 'read'; "
    );
    sql
}

/// The commands of a block that make it the connection's again, without the claims of whoever it was: a view can ask for them.
const BE_MYSELF: &str = "perform pg_catalog.set_config('role', 'none', true), pg_catalog.set_config('search_path', '', true), \
    pg_catalog.set_config('request.jwt.claims', '', true), pg_catalog.set_config('request.jwt.claim.role', '', true), \
    pg_catalog.set_config('request.jwt.claim.sub', '', true); ";

/// The script that counts.
pub(in crate::adapters) fn counts_sql(probes: &[Probe]) -> String {
    let mut sql = String::new();
    for (at, probe) in probes.iter().enumerate() {
        let who = match &probe.viewer {
            Some(viewer) => become_viewer(viewer, &probe.schema),
            None => "stage := 'read'; perform pg_catalog.set_config('row_security', 'off', true); "
                .to_owned(),
        };
        let condition = match &probe.condition {
            Some(condition) => format!(" where {condition}"),
            None => String::new(),
        };
        let query = format!(
            "select from {}.{}{condition}",
            always_quoted(&probe.schema),
            always_quoted(&probe.table)
        );
        let body = format!(
            "declare counted pg_catalog.int8 := 0; moved pg_catalog.int8; rows pg_catalog.refcursor; stage pg_catalog.text := 'late'; \
            said pg_catalog.text; until pg_catalog.timestamptz := pg_catalog.clock_timestamp() + '{} ms'; \
            begin begin \
            if pg_catalog.clock_timestamp() > pg_catalog.now() + '{} ms'::pg_catalog.interval then raise sqlstate '57014'; end if; \
            {who} open rows no scroll for execute {}; \
            loop move forward {CHUNK} from rows; get diagnostics moved = row_count; counted := counted + moved; \
            exit when moved < {CHUNK} or pg_catalog.clock_timestamp() > until; end loop; close rows; \
            said := pg_catalog.json_build_array({at}, counted, moved < {CHUNK}, null, null, null); {BE_MYSELF}\
            exception when query_canceled or others then \
            said := pg_catalog.json_build_array({at}, counted, false, stage, sqlstate, sqlerrm); end; \
            perform pg_catalog.set_config('supadeck.seen', pg_catalog.concat(pg_catalog.current_setting('supadeck.seen', true), ',', said), true); end",
            COUNT.as_millis(),
            ENOUGH.as_millis(),
            dollar(&query),
        );
        let _ = write!(
            sql,
            "set local statement_timeout = {}; {}; ",
            (COUNT * 3 / 2).as_millis(),
            block(&body)
        );
    }
    sql.push_str(
        "select pg_catalog.concat('[', pg_catalog.substr(pg_catalog.current_setting('supadeck.seen', true), 2), ']') as supadeck",
    );
    sql
}

/// One count: the place, the rows, whether these are all, and otherwise at which stage it failed, the SQLSTATE and the message.
type Counted = (
    usize,
    u64,
    bool,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// Reads what [`counts_sql`] gives; what is not told was not counted.
pub(in crate::adapters) fn parse_counts(
    document: &str,
    wanted: usize,
) -> Result<Vec<Sight>, Problem> {
    let told: Vec<Counted> = serde_json::from_str(document).map_err(|error| unknown(&error))?;
    let late = Sight {
        failure: Some(Unseen::Late),
        ..Sight::default()
    };
    let mut sights = vec![late; wanted];
    for (at, rows, is_whole, stage, code, message) in told {
        let code = code.unwrap_or_default();
        let message = text::cell(&message.unwrap_or_default()).into_owned();
        let failure = stage.map(|stage| match stage.as_str() {
            "late" => Unseen::Late,
            "role" => Unseen::Role(message),
            _ => Unseen::Refused(code, message),
        });
        if let Some(sight) = sights.get_mut(at) {
            *sight = Sight {
                rows,
                is_whole,
                failure,
            };
        }
    }
    Ok(sights)
}

/// The script that explains one row. The row is taken as a text of its type and evaluated on as if it stood alone in its table, so that
/// a row which the identity does not see is evaluated all the same, and with the identity's own rights.
pub(in crate::adapters) fn explain_sql(question: &RowQuestion) -> String {
    let RowQuestion {
        schema,
        table,
        viewer,
        key,
        written,
        snippets,
    } = question;
    let (alias, full) = (
        always_quoted(table),
        format!("{}.{}", always_quoted(schema), always_quoted(table)),
    );
    let mut named: Vec<String> = Vec::new();
    for (column, value) in key {
        named.push(match value {
            Some(value) => format!("{} = {}", always_quoted(column), dollar(value)),
            None => format!("{} is null", always_quoted(column)),
        });
    }
    let keyed = !named.is_empty();
    let count = dollar(&format!(
        "select pg_catalog.count(*) from {full} where {}",
        named.join(" and ")
    ));
    let read = dollar(&format!(
        "select supadeck_row::pg_catalog.text, pg_catalog.to_json(supadeck_row) from {full} as supadeck_row where {} limit 1",
        named.join(" and ")
    ));
    let become_it = become_viewer(viewer, schema);
    let mut body = "declare found pg_catalog.int8; old_row pg_catalog.text; new_row pg_catalog.text; visible pg_catalog.int8; \
        stage pg_catalog.text; old_json pg_catalog.json; new_json pg_catalog.json; seen_code pg_catalog.text; message pg_catalog.text; code pg_catalog.text; said pg_catalog.text; \
        fault pg_catalog.text; late pg_catalog.text; given pg_catalog.text := ''; one pg_catalog.text; at pg_catalog.int4; side pg_catalog.text; begin "
        .to_owned();
    if keyed {
        let _ = write!(
            body,
            "begin perform pg_catalog.set_config('row_security', 'off', true); execute {count} into found; \
            execute {read} into old_row, old_json; exception when insufficient_privilege then found := null; end; "
        );
    }
    // The time limit of a block ends it once. Whoever catches that goes on without one: so all that is done as the identity ends with it.
    body.push_str("begin ");
    if keyed {
        let _ = write!(
            body,
            "begin {become_it} execute {count} into visible; \
            if found is null then begin execute {read} into old_row, old_json; exception when others then old_row := null; end; end if; {BE_MYSELF}\
            exception when others then seen_code := sqlstate; message := sqlerrm; end; "
        );
    }
    if let Some((defaults, values)) = written {
        let values = serde_json::Value::Object(values.clone()).to_string();
        let build = |defaults: &str, old: &str| {
            format!(
                "'select supadeck_new::pg_catalog.text, pg_catalog.to_json(supadeck_new) from pg_catalog.jsonb_populate_record(cast(' || {old} || {}",
                dollar(&format!(
                    " as {full}), {defaults}{}::pg_catalog.jsonb) as supadeck_new",
                    dollar(&values)
                ))
            )
        };
        let made = if keyed {
            build("", "coalesce(pg_catalog.quote_literal(old_row), 'null')")
        } else {
            let pairs: Vec<String> = defaults
                .iter()
                .map(|(column, default)| {
                    format!(
                        "{}::pg_catalog.text, pg_catalog.to_jsonb(({default}))",
                        dollar(column)
                    )
                })
                .collect();
            let defaults = format!("pg_catalog.jsonb_build_object({}) || ", pairs.join(", "));
            build(&defaults, "'null'")
        };
        let given = if keyed { "old_row is not null" } else { "true" };
        let _ = write!(
            body,
            "if {given} then begin {become_it} execute {made} into new_row, new_json; {BE_MYSELF}\
            exception when others then fault := sqlerrm; end; end if; "
        );
    }
    if !snippets.is_empty() {
        // A policy holds what its names meant when it was made. Here they are looked up again, and a role may not use a schema that is
        // named in it: then what it gives is not known. It is never evaluated with the rights of the connection, since whoever made the
        // policy chose what it calls.
        let places = 0..snippets.len();
        let places: Vec<String> = places.map(|at| at.to_string()).collect();
        let texts = snippets.iter().map(|snippet| snippet.sql.as_str());
        let sides = snippets.iter().map(|snippet| match snippet.row {
            RowSide::Old => "old",
            RowSide::New => "new",
        });
        let _ = write!(
            body,
            "begin {become_it} for at, one, side in select * from rows from (pg_catalog.unnest('{{{}}}'::pg_catalog.int4[]), \
            pg_catalog.unnest({}), pg_catalog.unnest({})) loop \
            if side = 'old' and old_row is null or side = 'new' and new_row is null then \
            given := pg_catalog.concat(given, ',', pg_catalog.json_build_array(at, null, 'none', null)); continue; end if; \
            begin execute pg_catalog.concat('select pg_catalog.left((', one, ')::pg_catalog.text, 400) from cast(', \
            pg_catalog.quote_literal(case side when 'old' then old_row else new_row end), {}) into one; \
            given := pg_catalog.concat(given, ',', pg_catalog.json_build_array(at, one, null, null)); \
            exception when others then code := sqlstate; said := sqlerrm; \
            if code = '42501' and said like 'permission denied for schema%' then code := 'names'; end if; \
            given := pg_catalog.concat(given, ',', pg_catalog.json_build_array(at, null, code, said)); end; end loop; {BE_MYSELF}\
            exception when others then message := coalesce(message, sqlerrm); end; ",
            places.join(","),
            super::quote::array(texts),
            super::quote::array(sides),
            dollar(&format!(" as {full}) as {alias}")),
        );
    }
    body.push_str(
        "exception when query_canceled then late := sqlerrm; end; \
        perform pg_catalog.set_config('supadeck.seen', pg_catalog.json_build_object('late', late, 'found', found, 'row', old_json, 'new_row', new_json, \
        'new_fault', fault, 'visible', visible, 'code', seen_code, 'message', message, \
        'given', pg_catalog.concat('[', pg_catalog.substr(given, 2), ']')::pg_catalog.json)::pg_catalog.text, true); end",
    );
    format!(
        "{}; select pg_catalog.current_setting('supadeck.seen', true) as supadeck",
        block(&body)
    )
}

/// What came of one snippet: its place, the value, the SQLSTATE and the message.
type ToldGiven = (usize, Option<String>, Option<String>, Option<String>);

/// The document of [`explain_sql`].
#[derive(Deserialize)]
struct ToldRow {
    late: Option<String>,
    found: Option<u64>,
    row: Option<serde_json::Value>,
    new_row: Option<serde_json::Value>,
    new_fault: Option<String>,
    visible: Option<u64>,
    code: Option<String>,
    message: Option<String>,
    given: Vec<ToldGiven>,
}

/// Reads the document of [`explain_sql`].
pub(in crate::adapters) fn parse_explained(
    document: &str,
    question: &RowQuestion,
) -> Result<RowAnswer, Problem> {
    let told: ToldRow = serde_json::from_str(document).map_err(|error| unknown(&error))?;
    let clean = |text: Option<String>| text::cell(&text.unwrap_or_default()).into_owned();
    let untold = if told.late.is_some() {
        Given::Late
    } else {
        Given::NoRow
    };
    let mut given = vec![untold; question.snippets.len()];
    for (at, value, code, message) in told.given {
        let Some(place) = given.get_mut(at) else {
            continue;
        };
        *place = match code.as_deref() {
            None => Given::Value(value.map(|value| text::cell(&value).into_owned())),
            Some("none") => Given::NoRow,
            Some("names") => Given::Unnamed(clean(message)),
            Some(code) => Given::Failed(code.to_owned(), clean(message)),
        };
    }
    Ok(RowAnswer {
        found: told.found,
        row: told.row,
        new_row: told.new_row,
        new_fault: told.new_fault.map(|fault| clean(Some(fault))),
        visible: match (told.visible, told.code, told.late) {
            (_, Some(code), _) => Err((code, clean(told.message))),
            (None, None, Some(late)) if !question.key.is_empty() => {
                Err((LATE.to_owned(), clean(Some(late))))
            }
            (visible, None, _) => Ok(visible.unwrap_or_default()),
        },
        given,
    })
}
