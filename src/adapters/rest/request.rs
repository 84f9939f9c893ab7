//! From a `Select` or a `Call` to a request without keys. The `postgrest` crate knows the parameters; what it does not do is
//! done here: it quotes no value, panics on a limit of 0, and puts the limit into a header that proxies may drop.

use crate::adapters::http::Request;
use crate::domain::in_quotes::in_quotes;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Call, Direction, Filter, Op, RowWrite, Select, Verb};
use crate::domain::text;
use crate::ports::Counting;
use postgrest::{Builder, Postgrest};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

/// The request of a selection.
pub(super) fn select(grammar: &Postgrest, query: &Select) -> Result<Request, Problem> {
    let mut builder = filtered(grammar, &query.table, &query.filters)?.select(&query.columns);
    if !query.order.is_empty() {
        let columns: Vec<String> = query
            .order
            .iter()
            .map(|order| {
                let direction = match order.direction {
                    Direction::Ascending => "asc",
                    Direction::Descending => "desc",
                };
                format!("{}.{direction}", order.column)
            })
            .collect();
        builder = builder.order(columns.join(","));
    }
    let mut request = taken(builder)?;
    if let Some(limit) = query.limit {
        let limit = limit.to_string();
        request.url.query_pairs_mut().append_pair("limit", &limit);
    }
    if query.offset > 0 {
        let offset = query.offset.to_string();
        request.url.query_pairs_mut().append_pair("offset", &offset);
    }
    with_schema(&mut request, "accept-profile", query.schema.as_deref())?;
    Ok(with_plain_spaces(request))
}

/// The request for a number of rows: one row at most, and the number of all, or the planner's estimate of it.
pub(super) fn count(
    grammar: &Postgrest,
    query: &Select,
    how: Counting,
) -> Result<Request, Problem> {
    let rows = filtered(grammar, &query.table, &query.filters)?;
    let mut request = taken(match how {
        Counting::Planned => {
            let first = query.columns.split(',').next().unwrap_or("*");
            rows.select(first).planned_count()
        }
        Counting::Exact => rows.select(&query.columns).exact_count(),
    })?;
    with_schema(&mut request, "accept-profile", query.schema.as_deref())?;
    Ok(with_plain_spaces(request))
}

/// The request of a change of rows. One that would change every row is never made.
pub(super) fn write(grammar: &Postgrest, write: &RowWrite) -> Result<Request, Problem> {
    if write.filters.is_empty() && write.verb != Verb::Insert {
        return Err(Problem::internal(
            "A change without a condition would be one of every row.",
        ));
    }
    let builder = filtered(grammar, &write.table, &write.filters)?.select(&write.columns);
    let body = write.body.as_ref().map(ToString::to_string);
    let body = body.unwrap_or_default();
    let builder = match write.verb {
        Verb::Insert => builder.insert(body),
        Verb::Update => builder.update(body),
        Verb::Delete => builder.delete(),
    };
    let mut request = taken(builder)?;
    with_schema(&mut request, "content-profile", Some(&write.schema))?;
    if write.verb != Verb::Insert {
        // A key that is none would change several rows: then none is changed.
        let one =
            HeaderValue::from_static("return=representation, handling=strict, max-affected=1");
        request.headers.insert("prefer", one);
    }
    let json = HeaderValue::from_static("application/json");
    request.headers.insert(reqwest::header::CONTENT_TYPE, json);
    request.headers.remove("accept-profile");
    Ok(with_plain_spaces(request))
}

/// The same for a server that does not know the bound of one row, and says so.
pub(super) fn without_bound(mut request: Request) -> Request {
    let plain = HeaderValue::from_static("return=representation");
    request.headers.insert("prefer", plain);
    request
}

/// The request of the server's own description of a schema.
pub(super) fn describe(base: &str, schema: &str) -> Result<Request, Problem> {
    let url = Url::parse(&format!("{base}/"))
        .map_err(|_| Problem::internal("The project's address could not be made into a URL."))?;
    let mut headers = HeaderMap::new();
    let json = HeaderValue::from_static("application/openapi+json, application/json");
    headers.insert(reqwest::header::ACCEPT, json);
    let mut request = Request {
        method: Method::GET,
        url,
        headers,
        body: None,
    };
    with_schema(&mut request, "accept-profile", Some(schema))?;
    Ok(request)
}

/// Names the schema that is meant. A name that no header can hold is one that no server serves.
fn with_schema(
    request: &mut Request,
    header: &'static str,
    schema: Option<&str>,
) -> Result<(), Problem> {
    let Some(schema) = schema else {
        return Ok(());
    };
    let value = HeaderValue::from_str(schema).map_err(|_| {
        Problem::new(
            Kind::Usage,
            format!("The schema `{}` cannot be asked for.", text::cell(schema)),
            "The REST interface takes a schema's name in a header, which cannot hold it.",
        )
    })?;
    request
        .headers
        .insert(HeaderName::from_static(header), value);
    Ok(())
}

/// The request of a function call.
pub(super) fn call(grammar: &Postgrest, call: &Call) -> Result<Request, Problem> {
    check_name(&call.function)?;
    taken(grammar.rpc(&call.function, call.arguments.to_string()))
}

fn filtered(grammar: &Postgrest, table: &str, filters: &[Filter]) -> Result<Builder, Problem> {
    let mut builder = grammar.from(segment(table)?);
    for filter in filters {
        builder = match filter {
            // As the name of a parameter it would be taken for something else.
            filter if filter.column().is_some_and(is_reserved) => builder.and(branch(filter)?),
            Filter::Compare { column, op, value } => {
                check_column(column)?;
                compare(builder, column, *op, value)
            }
            Filter::In { column, values } => {
                check_column(column)?;
                builder.in_(column, values.iter().map(|value| in_quotes(value)))
            }
            Filter::IsNull { column } => {
                check_column(column)?;
                builder.is(column, "null")
            }
            Filter::NotNull { column } => {
                check_column(column)?;
                builder.not("is", column, "null")
            }
            Filter::Any(parts) => builder.or(branches(parts)?),
            Filter::All(parts) => builder.and(branches(parts)?),
            // The crate writes a negation only of some; inside `and=(…)` every condition takes one.
            Filter::Not(_) => builder.and(branch(filter)?),
        };
    }
    Ok(builder)
}

/// Whether the name of a column is also the name of a parameter with a meaning of its own.
fn is_reserved(column: &str) -> bool {
    let first = column.split("->").next().unwrap_or_default();
    matches!(
        first,
        "select" | "order" | "limit" | "offset" | "and" | "or" | "not" | "columns" | "on_conflict"
    )
}

/// A table's name as the segment of a path. A URL has no place for one that is a dot or two.
fn segment(name: &str) -> Result<String, Problem> {
    if name.is_empty() {
        return Err(Problem::internal("A table has no name."));
    }
    if matches!(name, "." | "..") {
        return Err(Problem::new(
            Kind::Usage,
            format!("The table `{name}` cannot be asked for."),
            "In an address its name means another place.",
        ));
    }
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(out)
}

/// At the top level the whole value is read as it is: quotes would become part of it.
fn compare(builder: Builder, column: &str, op: Op, value: &str) -> Builder {
    match op {
        Op::Eq => builder.eq(column, value),
        Op::NotEq => builder.neq(column, value),
        Op::Lt => builder.lt(column, value),
        Op::LtEq => builder.lte(column, value),
        Op::Gt => builder.gt(column, value),
        Op::GtEq => builder.gte(column, value),
        // The crate turns `%` into `*` here, which the server turns back: `\%` comes out as `\%`.
        Op::Like => builder.like(column, value),
        Op::ILike => builder.ilike(column, value),
        Op::Contains => builder.cs(column, value),
    }
}

fn branches(parts: &[Filter]) -> Result<String, Problem> {
    let parts: Result<Vec<String>, Problem> = parts.iter().map(branch).collect();
    Ok(parts?.join(","))
}

/// One condition inside `or=(…)` or `and=(…)`, where commas, dots and brackets mean something: values are quoted.
fn branch(filter: &Filter) -> Result<String, Problem> {
    condition(filter, "")
}

/// The same, with `not.` in front where it is negated.
fn condition(filter: &Filter, not: &str) -> Result<String, Problem> {
    match filter {
        Filter::Compare { column, op, value } => {
            check_column(column)?;
            let word = match op {
                Op::Eq => "eq",
                Op::NotEq => "neq",
                Op::Lt => "lt",
                Op::LtEq => "lte",
                Op::Gt => "gt",
                Op::GtEq => "gte",
                Op::Like => "like",
                Op::ILike => "ilike",
                Op::Contains => "cs",
            };
            Ok(format!("{column}.{not}{word}.{}", in_quotes(value)))
        }
        Filter::In { column, values } => {
            check_column(column)?;
            let values: Vec<String> = values.iter().map(|value| in_quotes(value)).collect();
            Ok(format!("{column}.{not}in.({})", values.join(",")))
        }
        Filter::IsNull { column } => {
            check_column(column)?;
            Ok(format!("{column}.{not}is.null"))
        }
        Filter::NotNull { column } => {
            check_column(column)?;
            let not = if not.is_empty() { "not." } else { "" };
            Ok(format!("{column}.{not}is.null"))
        }
        Filter::Any(parts) => Ok(format!("{not}or({})", branches(parts)?)),
        Filter::All(parts) => Ok(format!("{not}and({})", branches(parts)?)),
        Filter::Not(inner) => condition(inner, if not.is_empty() { "not." } else { "" }),
    }
}

/// Functions become a part of the path.
fn check_name(name: &str) -> Result<(), Problem> {
    let is_fine = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_fine {
        return Ok(());
    }
    Err(Problem::internal("A table's name cannot be part of a URL."))
}

/// Columns and JSON paths become the names of parameters, and parts of conditions that are not quoted. Only keys in double
/// quotes may hold other characters.
fn check_column(column: &str) -> Result<(), Problem> {
    let mut is_quoted = false;
    let mut chars = column.chars();
    let mut is_fine = !column.is_empty();
    while let Some(c) = chars.next() {
        match c {
            '\\' if is_quoted => is_fine &= chars.next().is_some(),
            '"' => is_quoted = !is_quoted,
            c => {
                is_fine &=
                    is_quoted || c.is_alphanumeric() || matches!(c, '_' | '-' | '>' | '$' | ' ');
            }
        }
    }
    if is_fine && !is_quoted {
        return Ok(());
    }
    Err(Problem::internal(
        "A column's name cannot be part of a condition.",
    ))
}

/// A form's `+` for a space is not read as one by every server; `%20` is. A plus itself is `%2B` already.
fn with_plain_spaces(mut request: Request) -> Request {
    let query = request.url.query().map(|query| query.replace('+', "%20"));
    request.url.set_query(query.as_deref());
    request
}

/// Takes URL, parameters, headers and body out of the crate's request; its old client never sends it.
fn taken(builder: Builder) -> Result<Request, Problem> {
    let made = builder
        .build()
        .build()
        .map_err(|_| Problem::internal("The query could not be made into a URL."))?;
    let broken =
        |what: &str| Problem::internal(format!("The query has a {what} that cannot be sent."));
    let method =
        Method::from_bytes(made.method().as_str().as_bytes()).map_err(|_| broken("method"))?;
    let url = Url::parse(made.url().as_str()).map_err(|_| broken("URL"))?;
    let mut headers = HeaderMap::new();
    for (name, value) in made.headers() {
        let name =
            HeaderName::from_bytes(name.as_str().as_bytes()).map_err(|_| broken("header"))?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| broken("header"))?;
        headers.insert(name, value);
    }
    let body = made.body().and_then(|body| body.as_bytes());
    let body = body.filter(|body| !body.is_empty()).map(<[u8]>::to_vec);
    Ok(Request {
        method,
        url,
        headers,
        body,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parameters(query: &Select) -> Vec<(String, String)> {
        let grammar = Postgrest::new("http://localhost/rest/v1");
        let request = select(&grammar, query).unwrap();
        request.url.query_pairs().into_owned().collect()
    }

    #[test]
    fn a_selection_becomes_parameters() {
        let query = Select::from("audit_log")
            .columns("id,created_at")
            .filter(Filter::eq("action", "a,b\"c"))
            .order("created_at", Direction::Descending)
            .order("id", Direction::Descending)
            .limit(200);
        let pairs = [
            ("action", "eq.a,b\"c"),
            ("select", "id,created_at"),
            ("order", "created_at.desc,id.desc"),
            ("limit", "200"),
        ];
        let wanted: Vec<_> = pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        assert_eq!(parameters(&query), wanted);
    }

    #[test]
    fn values_inside_a_tree_are_quoted_and_survive_the_url() {
        let moment = "2025-10-04T12:00:00.123456+00:00";
        let tree = Filter::Any(vec![
            Filter::compare("created_at", Op::Lt, moment),
            Filter::All(vec![
                Filter::eq("created_at", moment),
                Filter::compare("after_state->>a", Op::Lt, "x\"),b\\"),
            ]),
        ]);
        let found = parameters(&Select::from("t").filter(tree));
        let wanted = format!(
            "(created_at.lt.\"{moment}\",and(created_at.eq.\"{moment}\",after_state->>a.lt.\"x\\\"),b\\\\\"))"
        );
        assert_eq!(found[0], ("or".to_owned(), wanted));
    }

    #[test]
    fn spaces_and_pluses_are_told_apart() {
        let grammar = Postgrest::new("http://localhost/rest/v1");
        let query = Select::from("t").filter(Filter::eq("a", "x + y"));
        let request = select(&grammar, &query).unwrap();
        let sent = request.url.query().unwrap();
        assert!(sent.starts_with("a=eq.x%20%2B%20y"), "{sent}");
    }

    #[test]
    fn lists_and_nulls_have_their_own_form() {
        let query = Select::from("t")
            .filter(Filter::In {
                column: "a".into(),
                values: vec!["x,y".into(), "z".into()],
            })
            .filter(Filter::NotNull { column: "b".into() })
            .filter(Filter::compare("c", Op::Like, "a\\%*"));
        let found = parameters(&query);
        assert_eq!(found[0].1, "in.(\"x,y\",\"z\")");
        assert_eq!(found[1].1, "not.is.null");
        assert_eq!(found[2].1, "like.a\\**");
    }

    #[test]
    fn a_name_cannot_leave_its_place() {
        let grammar = Postgrest::new("http://localhost/rest/v1");
        for name in ["", ".", ".."] {
            assert!(select(&grammar, &Select::from(name)).is_err(), "{name}");
        }
        for (name, path) in [
            ("a/b", "a%2Fb"),
            ("a?b#c", "a%3Fb%23c"),
            ("../auth", "..%2Fauth"),
            ("a b%20", "a%20b%2520"),
            ("größe", "gr%C3%B6%C3%9Fe"),
        ] {
            let request = select(&grammar, &Select::from(name)).unwrap();
            let sent = request.url.as_str().split('?').next().unwrap().to_owned();
            assert_eq!(sent, format!("http://localhost/rest/v1/{path}"));
        }
        let query = Select::from("t").filter(Filter::Any(vec![Filter::eq("a.eq.1,b", "x")]));
        assert!(select(&grammar, &query).is_err());
    }

    #[test]
    fn a_column_that_is_called_like_a_parameter_stands_inside_a_condition() {
        let query = Select::from("t")
            .filter(Filter::eq("order", "x,y"))
            .filter(Filter::IsNull {
                column: "limit".into(),
            })
            .filter(Filter::eq("\"odd, name\"", "x"));
        let found = parameters(&query);
        assert_eq!(
            found[0],
            ("and".to_owned(), "(order.eq.\"x,y\")".to_owned())
        );
        assert_eq!(found[1], ("and".to_owned(), "(limit.is.null)".to_owned()));
        assert_eq!(found[2], ("\"odd, name\"".to_owned(), "eq.x".to_owned()));
    }

    #[test]
    fn a_schema_stands_in_its_header() {
        let grammar = Postgrest::new("http://localhost/rest/v1");
        let request = select(&grammar, &Select::from("t").of_schema("api")).unwrap();
        assert_eq!(request.headers["accept-profile"], "api");
        assert!(select(&grammar, &Select::from("t").of_schema("a\nb")).is_err());
    }

    #[test]
    fn a_change_has_its_conditions_and_never_none() {
        let grammar = Postgrest::new("http://localhost/rest/v1");
        let mut change = RowWrite {
            table: "t".into(),
            schema: "api".into(),
            verb: Verb::Update,
            filters: vec![Filter::eq("id", "7"), Filter::eq("a", "x y")],
            body: Some(serde_json::json!({"a": null})),
            columns: "id,a".into(),
            correlation: None,
        };
        let request = write(&grammar, &change).unwrap();
        assert_eq!(request.method, Method::PATCH);
        assert_eq!(
            request.url.query(),
            Some("id=eq.7&a=eq.x%20y&select=id%2Ca")
        );
        assert_eq!(request.headers["content-profile"], "api");
        assert_eq!(
            request.headers["prefer"],
            "return=representation, handling=strict, max-affected=1"
        );
        assert_eq!(request.body.unwrap(), b"{\"a\":null}");
        for verb in [Verb::Update, Verb::Delete] {
            change.verb = verb;
            change.filters.clear();
            assert!(write(&grammar, &change).is_err());
        }
    }

    #[test]
    fn a_call_has_its_arguments_as_body() {
        let grammar = Postgrest::new("http://localhost/rest/v1");
        let made = call(&grammar, &Call::to("f", serde_json::json!({"a": 1}))).unwrap();
        assert_eq!(made.method, Method::POST);
        assert_eq!(made.url.as_str(), "http://localhost/rest/v1/rpc/f");
        assert_eq!(made.body.unwrap(), b"{\"a\":1}");
    }
}
