//! Keys of JSON paths in double quotes, `data->>"a.b"`, as PostgREST reads them: postrust takes the quotes for a part of the key,
//! and any key as it is where it names a parameter of its own.

use axum::extract::Request;
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

/// Takes the quotes away; what cannot be said without them is refused.
pub(super) async fn without_quotes(mut request: Request, next: Next) -> Response {
    match rewritten(request.uri()) {
        Ok(None) => {}
        Ok(Some(uri)) => *request.uri_mut() = uri,
        Err(()) => {
            let body = serde_json::json!({
                "code": "PGRST100",
                "message": "This key of a JSON path cannot be read by the embedded REST server.",
                "details": null,
                "hint": "A real PostgREST reads it.",
            });
            return (StatusCode::BAD_REQUEST, axum::Json(body)).into_response();
        }
    }
    next.run(request).await
}

fn rewritten(uri: &Uri) -> Result<Option<Uri>, ()> {
    let Some(query) = uri.query() else {
        return Ok(None);
    };
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    if !pairs.iter().any(|(name, _)| name.contains(">\"")) {
        return Ok(None);
    }
    let mut out = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &pairs {
        out.append_pair(&plain(name)?, value);
    }
    // A form's `+` is a space to one server and a plus to another.
    let query = out.finish().replace('+', "%20");
    format!("{}?{query}", uri.path())
        .parse()
        .map(Some)
        .map_err(|_| ())
}

/// The name of a parameter with its keys as they are.
fn plain(name: &str) -> Result<String, ()> {
    let mut out = String::new();
    let mut rest = name;
    while let Some((before, quoted)) = rest.split_once(">\"") {
        out.push_str(before);
        out.push('>');
        let mut key = String::new();
        let mut chars = quoted.chars();
        loop {
            match chars.next().ok_or(())? {
                '"' => break,
                '\\' => key.push(chars.next().ok_or(())?),
                c => key.push(c),
            }
        }
        let is_index = key.bytes().all(|byte| byte.is_ascii_digit());
        if is_index || key.contains("->") || key.contains("::") {
            return Err(());
        }
        out.push_str(&key);
        rest = chars.as_str();
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn keys_lose_their_quotes_where_they_can() {
        assert_eq!(
            plain("a->\"b.c\"->>\"d\\\"e\""),
            Ok("a->b.c->>d\"e".to_owned())
        );
        assert_eq!(plain("a->>b"), Ok("a->>b".to_owned()));
        for name in ["a->>\"0\"", "a->>\"\"", "a->>\"b->c\"", "a->>\"b"] {
            assert_eq!(plain(name), Err(()), "{name}");
        }
    }
}
