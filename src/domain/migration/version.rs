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

    proptest! {
        #[test]
        fn it_comes_after_all_of_them(versions in proptest::collection::vec("[0-9]{1,15}", 0..6), wanted in "[0-9]{1,15}") {
            let next = after(versions.iter().map(String::as_str), wanted);
            prop_assert!(is_version(&next));
            prop_assert!(versions.iter().all(|version| version.as_str() < next.as_str()));
        }
    }
}
