//! The tests' authenticator app.

use crate::test_environment::TestEnvironment;
use std::time::{SystemTime, UNIX_EPOCH};
use supadeck_stack::totp;

/// The secret in the tests' authenticator app.
pub const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// The code that the app shows now.
pub fn code() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    totp::code(SECRET, now.as_secs()).unwrap()
}

/// Gives somebody the app as a verified second factor.
pub fn enroll(test_env: &TestEnvironment, email: &str) {
    add(test_env, email, "phone", "totp");
}

/// Gives somebody a verified factor of a kind.
pub fn add(test_env: &TestEnvironment, email: &str, name: &str, kind: &str) {
    test_env.sql(&format!(
        "insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret) \
         select gen_random_uuid(), id, '{name}', '{kind}', 'verified', now(), now(), '{SECRET}' \
         from auth.users where email = '{email}'"
    ));
}
