//! Versions as text: which one comes next. They are digits and compare byte by byte, as the Supabase CLI does.

/// Whether a text can be the version of a file.
pub fn is_version(text: &str) -> bool {
    !text.is_empty() && text.len() <= 100 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The wanted version, or the next one that comes after every version that there is.
pub fn after<'a>(versions: impl Iterator<Item = &'a str>, wanted: String) -> String {
    match versions.max() {
        Some(newest) if wanted.as_str() <= newest => successor(newest),
        _ => wanted,
    }
}

/// The next free version behind one and before another, where nothing stands between the two: the next number of as many
/// digits, or one digit more. None where there is no room.
pub fn between(version: &str, before: Option<&str>) -> Option<String> {
    let fits = |next: &String| {
        is_version(next)
            && next.as_str() > version
            && before.is_none_or(|before| next.as_str() < before)
    };
    let next = Some(successor(version)).filter(fits);
    next.or_else(|| {
        ('0'..='9')
            .map(|digit| format!("{version}{digit}"))
            .find(fits)
    })
}

/// The next number of as many digits; where there is none, one digit more, which comes after as text does.
fn successor(version: &str) -> String {
    let mut digits = version.as_bytes().to_vec();
    let last = digits
        .iter()
        .rposition(|digit| (b'0'..=b'8').contains(digit));
    let Some(last) = last.filter(|_| is_version(version)) else {
        return format!("{version}0");
    };
    digits[last] += 1;
    digits[last + 1..].fill(b'0');
    String::from_utf8(digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_clock_counts_unless_something_is_newer() {
        let next = |versions: &[&str]| after(versions.iter().copied(), "20260101000000".into());
        assert_eq!(next(&[]), "20260101000000");
        assert_eq!(next(&["20250101000000", "003"]), "20260101000000");
        assert_eq!(next(&["20260101000000"]), "20260101000001");
        assert_eq!(next(&["9"]), "90");
        assert_eq!(next(&["8"]), "9");
        assert_eq!(next(&["20991231235959"]), "20991231235960");
        assert_eq!(next(&["2999"]), "3000");
    }

    #[test]
    fn a_double_version_gets_the_next_free_one_before_its_successor() {
        for (version, before, expected) in [
            ("20231121", None, Some("20231122")),
            ("20231121", Some("20231125"), Some("20231122")),
            ("20231121", Some("20231122"), Some("202311210")),
            ("202311210", Some("20231122"), Some("202311211")),
            ("20231121", Some("202311215"), Some("202311210")),
            (
                "20240131120000",
                Some("20240131120005"),
                Some("20240131120001"),
            ),
            ("20231121", Some("202311210"), None),
        ] {
            assert_eq!(
                between(version, before).as_deref(),
                expected,
                "{version} {before:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_between_is_between(version in "[0-9]{1,15}", before in "[0-9]{1,15}") {
            if let Some(found) = between(&version, Some(&before)) {
                prop_assert!(version < found && found < before);
            }
        }

        #[test]
        fn it_comes_after_all_of_them(versions in proptest::collection::vec("[0-9]{1,15}", 0..6), wanted in "[0-9]{1,15}") {
            let next = after(versions.iter().map(String::as_str), wanted);
            prop_assert!(is_version(&next));
            prop_assert!(versions.iter().all(|version| version.as_str() < next.as_str()));
        }
    }
}
