//! A refusal of the Auth interface in words. Its errors come in three shapes: `{code: number, error_code, msg}`,
//! `{code: string, message}` and `{error, error_description}`. Codes are those of supabase.md section 4.

use crate::adapters::http::Reply;
use crate::adapters::rest::{sentence, shown};
use crate::domain::problem::{Kind, Problem};
use crate::domain::secret::ApiKey;
use serde_json::Value;

/// Codes of a token that is not the session's any more; another process may have the one that is.
const SPENT: [&str; 5] = [
    "refresh_token_not_found",
    "refresh_token_already_used",
    "session_not_found",
    "session_expired",
    "invalid_grant",
];

/// Whether the problem may only mean that the token was used before.
pub(super) fn is_spent(problem: &Problem) -> bool {
    let code = problem.code.as_deref();
    code.is_some_and(|code| SPENT.contains(&code))
}

/// The refusal in words.
pub(super) fn problem(reply: &Reply, host: &str, key: Option<&ApiKey>) -> Problem {
    let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let text = |name: &str| body.as_ref()?.get(name)?.as_str();
    let code = text("error_code")
        .or_else(|| text("code"))
        .or_else(|| text("error"))
        .map(shown);
    let said = ["msg", "message", "error_description", "error"]
        .into_iter()
        .find_map(text)
        .map(|said| sentence(&shown(said)))
        .unwrap_or_default();
    let is_json = body.as_ref().is_some_and(Value::is_object);
    match code {
        Some(code) => by_code(&code, said, reply.status, host, key).with_code(code),
        None => by_status(said, reply.status, host, key, is_json),
    }
}

fn by_code(code: &str, said: String, status: u16, host: &str, key: Option<&ApiKey>) -> Problem {
    let auth = |what: &str| Problem::new(Kind::Auth, what, said.clone());
    match code {
        "invalid_credentials" | "invalid_grant" => {
            auth("Wrong e-mail or password.")
                .with_hint("Try again, or have a code sent by e-mail.")
        }
        "email_not_confirmed" | "phone_not_confirmed" => auth("The address has not been confirmed yet.")
            .with_hint("Open the link in the confirmation e-mail, then sign in."),
        "user_banned" => auth("The account is banned.").with_hint("Ask whoever runs the project."),
        "user_not_found" => auth("There is no such account."),
        "refresh_token_not_found" | "session_not_found" => {
            auth("The session was ended elsewhere.").with_hint("Sign in again.")
        }
        "refresh_token_already_used" => {
            auth("The session was continued elsewhere, so it was ended here.").with_hint("Sign in again.")
        }
        "session_expired" => auth("The session has expired.").with_hint("Sign in again."),
        "otp_expired" => auth("The code is wrong or has expired.").with_hint("Have a new code sent."),
        "otp_disabled" | "signup_disabled" => {
            auth("No code is sent to this address.").with_hint("supadeck makes no accounts; the address needs one.")
        }
        "email_provider_disabled" | "phone_provider_disabled" => {
            auth("The project does not allow this way to sign in.").with_hint("Use another way.")
        }
        "mfa_verification_failed" => {
            auth("The code of the second factor is wrong.").with_hint("Wait for the app's next code and try again.")
        }
        "mfa_challenge_expired" => {
            auth("The second factor was asked for too long ago.").with_hint("Give the app's newest code.")
        }
        "mfa_ip_address_mismatch" => {
            auth("The second factor was asked for over another network.").with_hint("Give the app's newest code.")
        }
        "mfa_factor_not_found" => auth("The account has no such second factor any more.").with_hint("Sign in again."),
        "mfa_verification_rejected" => auth("The project refused the second factor and ended the sign-in.")
            .with_hint("Ask whoever runs the project, then sign in again."),
        "mfa_totp_verify_not_enabled" | "mfa_phone_verify_not_enabled" | "mfa_webauthn_verify_not_enabled" => {
            auth("The project does not take this second factor at present.")
                .with_hint("Go on without it for what the project shows at aal1.")
        }
        "insufficient_aal" => auth("The account needs its second factor for this.")
            .with_hint("Give it with `supadeck login --second-factor`, or in the deck where one chooses who reads."),
        "captcha_failed" => auth("The project asks for a captcha, which cannot be solved in a terminal.")
            .with_hint("Sign in with a code by e-mail, or have captcha protection turned off for this project."),
        "over_request_rate_limit" | "over_email_send_rate_limit" | "over_sms_send_rate_limit" => Problem::new(
            Kind::Network,
            "The project asks for fewer sign-in requests.",
            said,
        )
        .with_hint("Wait a minute and try again.")
        .retryable(),
        "weak_password" => auth("The password is too weak for the project."),
        "validation_failed" | "bad_json" => Problem::new(Kind::Usage, "What was given was not accepted.", said),
        "bad_jwt" | "no_authorization" => auth("The session is no longer accepted.").with_hint("Sign in again."),
        "request_timeout" | "unexpected_failure" | "conflict" => {
            Problem::new(Kind::Network, format!("The Auth server at {host} failed."), said).retryable()
        }
        _ => by_status(said, status, host, key, true),
    }
}

fn by_status(
    said: String,
    status: u16,
    host: &str,
    key: Option<&ApiKey>,
    is_json: bool,
) -> Problem {
    let network = |what: String, why: String| Problem::new(Kind::Network, what, why);
    match status {
        401 => Problem::new(Kind::Auth, refused_key(key), said).with_hint(
            "Replace the publishable key: it may have been disabled or belong to another project.",
        ),
        300..=399 => network(
            format!("{host} sends elsewhere instead of answering."),
            "supadeck does not follow, so that no key or password reaches another host.".to_owned(),
        )
        .with_hint("Give the project's own URL."),
        429 => network("The project asks for fewer requests.".to_owned(), said)
            .with_hint("Wait a minute and try again.")
            .retryable(),
        540 => network(format!("The project at {host} is paused."), said)
            .with_hint("Restore it in the project's dashboard."),
        status if !is_json => {
            let page = network(
                format!("{host} answered with a page instead of data."),
                format!("HTTP status {status}: something between here and the project, or the wrong URL."),
            )
            .with_hint("Check the URL, the proxy and whether the project is paused.");
            if status >= 500 {
                page.retryable()
            } else {
                page
            }
        }
        status if status >= 500 => network(
            format!("The Auth server at {host} failed with HTTP status {status}."),
            said,
        )
        .retryable(),
        status => Problem::new(
            Kind::Auth,
            format!("The Auth server refused with HTTP status {status}."),
            said,
        ),
    }
}

fn refused_key(key: Option<&ApiKey>) -> String {
    match key {
        Some(key) => format!("The project did not accept the key ({key})."),
        None => "The project asks for a key.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::read_problem::ends_session;
    use reqwest::header::HeaderMap;

    fn refused(status: u16, body: &str) -> Problem {
        let reply = Reply {
            status,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        };
        let key = ApiKey::new(&"sb_publishable_abcdefghij".to_owned().into());
        problem(&reply, "x.example", Some(&key))
    }

    #[test]
    fn the_three_shapes_are_read() {
        for body in [
            r#"{"code":400,"error_code":"invalid_credentials","msg":"Invalid login credentials"}"#,
            r#"{"code":"invalid_credentials","message":"Invalid login credentials"}"#,
            r#"{"error":"invalid_grant","error_description":"Invalid login credentials"}"#,
        ] {
            let problem = refused(400, body);
            assert_eq!(problem.kind, Kind::Auth, "{body}");
            assert!(problem.what.contains("password"), "{problem}");
            assert_eq!(problem.why, "Invalid login credentials.");
        }
    }

    #[test]
    fn every_listed_code_has_words_of_its_own() {
        let codes = [
            "invalid_credentials",
            "email_not_confirmed",
            "user_banned",
            "refresh_token_not_found",
            "refresh_token_already_used",
            "session_expired",
            "otp_expired",
            "mfa_verification_failed",
            "mfa_challenge_expired",
            "mfa_ip_address_mismatch",
            "mfa_factor_not_found",
            "mfa_verification_rejected",
            "mfa_totp_verify_not_enabled",
            "insufficient_aal",
            "captcha_failed",
            "over_request_rate_limit",
            "weak_password",
        ];
        let said = |code: &str| {
            refused(
                422,
                &format!(r#"{{"code":422,"error_code":"{code}","msg":"m"}}"#),
            )
            .what
        };
        let mut words: Vec<String> = codes.into_iter().map(said).collect();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), codes.len());
        assert!(said("captcha_failed").contains("terminal"));
    }

    #[test]
    fn a_page_is_never_shown() {
        let problem = refused(502, "<html><script>alert(1)</script></html>");
        assert!(!format!("{problem:?}").contains("script"));
        assert_eq!(problem.kind, Kind::Network);
        assert!(problem.retry);
    }

    #[test]
    fn a_refused_key_is_shown_by_its_start_only() {
        let problem = refused(401, r#"{"message":"Invalid API key"}"#);
        assert!(problem.what.contains("sb_publishable_abcdef…"), "{problem}");
        assert!(!problem.what.contains("ghij"));
    }

    #[test]
    fn only_some_refusals_end_a_session() {
        assert!(ends_session(&refused(
            400,
            r#"{"code":400,"error_code":"refresh_token_not_found","msg":"x"}"#
        )));
        assert!(ends_session(&refused(
            400,
            r#"{"error":"invalid_grant","error_description":"Invalid Refresh Token"}"#
        )));
        assert!(!ends_session(&refused(
            429,
            r#"{"code":429,"error_code":"over_request_rate_limit","msg":"x"}"#
        )));
        assert!(!ends_session(&refused(
            401,
            r#"{"message":"Invalid API key"}"#
        )));
    }
}
