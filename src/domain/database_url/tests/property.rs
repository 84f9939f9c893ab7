//! Passwords of every printable character, raw and encoded, at each place: no piece is told, and none becomes a host.

use super::{password as password_of, told, url};
use crate::domain::database_url::{DatabaseUrl, encoded};
use crate::domain::pasted;
use proptest::prelude::*;
use secrecy::ExposeSecret as _;

/// Characters that no text of ours has next to each other.
const RARE: &str = "QXZJK";

fn passwords() -> impl Strategy<Value = String> {
    let printable: Vec<char> = (' '..='~')
        .chain(['ä', '漢', '\u{a0}', '\u{200b}', '🙂'])
        .collect();
    let rare: Vec<char> = RARE.chars().collect();
    let piece = prop_oneof![
        3 => proptest::sample::select(rare),
        2 => proptest::sample::select(printable),
    ];
    proptest::collection::vec(piece, 3..14).prop_map(|chars| chars.into_iter().collect())
}

/// Pieces of three characters that can only come from the password.
fn pieces(password: &str) -> Vec<String> {
    let chars: Vec<char> = password.chars().collect();
    chars
        .windows(3)
        .filter(|piece| piece.iter().filter(|c| RARE.contains(**c)).count() >= 2)
        .map(|piece| piece.iter().collect())
        .collect()
}

const PLACES: &[(&str, &str)] = &[
    ("postgresql://postgres:", "@127.0.0.1:5432/postgres"),
    (
        "postgres://u:",
        "@db.example.org/d?sslmode=require&application_name=x",
    ),
    ("postgres://:", "@h/d"),
    ("postgres://", "@h/d"),
    ("postgres://u:", "@a:1,b:2/d"),
    ("postgres://u:", "@[::1]:1"),
    ("postgres://u:", "@%2Frun%2Fpg/d"),
    ("postgresql://h/d?user=u&password=", ""),
    ("postgresql://h/d?password=", "&user=u&host=a"),
    (
        "postgresql:///d?host=/run&user=x&password=",
        "&sslmode=disable",
    ),
    ("DATABASE_URL=postgres://u:", "@h/d"),
    ("psql postgres://u:", "@h/d"),
    ("jdbc:postgresql://h/d?user=u&password=", ""),
    ("postgresql+asyncpg://u:", "@h/d"),
    ("host=h user=u password=", " dbname=d"),
    ("\"postgres://u:", "@h/d\""),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn no_piece_of_a_raw_password_is_told_or_becomes_a_place(password in passwords(), at in 0..PLACES.len()) {
        let (before, behind) = PLACES[at];
        let text = format!("{before}{password}{behind}");
        let shown = match DatabaseUrl::parse(&text) {
            Ok(url) => format!("{url} {url:?} {:?} {:?}", url.servers(), url.addresses()),
            Err(_) => told(&text),
        };
        for piece in pieces(&password) {
            // Without a colon the place of the password is the user's.
            if before != "postgres://" {
                prop_assert!(!shown.contains(&piece), "{piece} of {text} in {shown}");
            }
        }
        if let Ok(url) = DatabaseUrl::parse(&text) {
            for server in url.servers() {
                let host = server.to_string();
                prop_assert!(!host.contains(|c| RARE.contains(c)), "{text} goes to {host}");
            }
        }
    }

    #[test]
    fn an_encoded_password_is_the_password(password in passwords(), at in 0..6_usize) {
        prop_assume!(!pasted::is_placeholder(&password));
        let (before, behind) = [PLACES[0], PLACES[1], PLACES[4], PLACES[5], PLACES[6], PLACES[7]][at];
        let text = format!("{before}{}{behind}", encoded(password.as_bytes()));
        let one = url(&text);
        prop_assert_eq!(password_of(&one), Some(password.clone()));
        for piece in pieces(&password) {
            let shown = format!("{one} {one:?}");
            prop_assert!(!shown.contains(&piece));
        }
        let again = url(one.text().expose_secret());
        prop_assert_eq!(&again, &one);
        prop_assert_eq!(again.servers(), one.servers());
        prop_assert_eq!(password_of(&again), Some(password));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}", head in "(postgres://)?") {
        let text = format!("{head}{text}");
        if let Ok(one) = DatabaseUrl::parse(&text) {
            prop_assert_eq!(&url(one.text().expose_secret()), &one);
        }
        DatabaseUrl::may_hold_password(&text);
    }
}
