//! Tests of what is hidden: by example, and with made secrets.

use super::*;
use proptest::prelude::*;

#[test]
fn what_holds_a_secret_is_told_by_its_form() {
    for text in [
        "echo postgres://postgres:Zq7xWKv9@h/x",
        "sh -c 'echo postgres://postgres:Zq7x/WKv9@h/x'",
        "echo postgresql://postgres@127.0.0.1/x?password=Zq7xWKv9",
        "echo postgresql://postgres@127.0.0.1/x?p%61ssword=Zq7xWKv9",
        "env PGPASSWORD=Zq7xWKv9 foo",
        "env PGPASSWORD='Zq7 xWKv9' foo",
        "psql host=h password=Zq7xWKv9",
        "psql 'host=h password = Zq7xWKv9'",
        "vault --token=hvs.AAAA get x",
        "vault --token Zq7xWKv9 get x",
        "curl https://Zq7xWKv9@example.org/x",
        "postgres:Zq7xWKv9@h",
        "actor:Zq7@xWKv9@h",
        "actor:Zq7/xWKv9@h",
        "actor:sb_secret_0123456789@h",
        "echo sb_secret_0123456789",
        "'sbp_0123456789abcdef'",
        "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
        "apikey=Zq7xWKv9",
        "mysql --password Zq7xWKv9",
    ] {
        assert!(holds_secret(text), "{text}");
        assert!(looks_secret(text), "{text}");
        assert_eq!(shown(text), HIDDEN, "{text}");
    }
}

#[test]
fn what_names_a_secret_is_none() {
    for text in [
        "pass show supabase/key",
        "op read 'op://Private/supa base/key' --account $X",
        "op read op://v/sb_secret_key",
        "op read op://v/item/password",
        "aws secretsmanager get-secret-value --secret-id=prod/db --query=SecretString",
        "gcloud secrets versions access latest --secret=db-url",
        "lpass show --password supabase",
        "vault kv get -field=password secret/db",
        "vault --token=$VAULT_TOKEN get x",
        "psql postgresql://postgres@127.0.0.1:5432/postgres",
        "/home/alice/project",
        "git@example.org:alice/x.git",
    ] {
        assert!(!holds_secret(text), "{text}");
    }
    for text in [
        "work",
        "MY_KEY",
        "SUPABASE_SERVICE_ROLE_KEY",
        "20251004123000",
        "20251004123000_add_goal_notes",
        "abcdefghijklmnopqrst",
        "10000000-0000-4000-8001-000000000007",
        "https://abcdefghijklmnopqrst.supabase.co",
        "http://127.0.0.1:54321",
        "alice@example.com",
        "customer-portal.production_2",
        "actor:nobody@x",
        "-actor:bob@example.com,eve@example.com subject:bob+work@example.com",
    ] {
        assert_eq!(shown(text), text, "{text}");
    }
}

#[test]
fn a_fault_of_a_file_is_told_without_its_value() {
    for (message, expected) in [
        (
            "invalid type: string \"Zq7, expected xWKv9\", expected a boolean",
            "Its value does not belong there, expected a boolean",
        ),
        (
            "unknown field `urll`, expected `url` or `dir`",
            "unknown field `urll`, expected `url` or `dir`",
        ),
        (
            "unknown field `postgres://u:Zq7@h`, expected `url`",
            "unknown field `[hidden]`, expected `url`",
        ),
        ("missing field `url`", "missing field `url`"),
        (
            "duplicate key `sb_secret_Zq7` in table",
            "duplicate key `[hidden]` in table",
        ),
    ] {
        assert_eq!(without_value(message), expected);
    }
}

proptest! {
    #[test]
    fn no_piece_of_a_made_secret_is_shown(secret in "[A-Za-z0-9]{8,40}", at in 0_usize..9) {
        let text = match at {
            0 => format!("sb_secret_{secret}"),
            1 => format!("sbp_{secret}"),
            2 => format!("eyJ{secret}.e30.c2ln"),
            3 => format!("postgresql://postgres:{secret}@h/x"),
            4 => format!("sh -c 'echo postgres://u:{secret}@h/x'"),
            5 => format!("postgres://postgres@h/x?sslmode=require&password={secret}"),
            6 => format!("env PGPASSWORD={secret} foo"),
            7 => format!("vault --token={secret} get x"),
            _ => format!("host=h password='{secret}'"),
        };
        prop_assert_eq!(shown(&text), HIDDEN);
        prop_assert_eq!(shown_path(&text), HIDDEN);
        let message = format!("invalid type: string {text:?}, expected a boolean");
        prop_assert!(!without_value(&message).contains(&secret));
    }
}
