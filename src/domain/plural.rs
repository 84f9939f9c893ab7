//! Numbers in a sentence: a number with its noun, and names with commas and an `and`.

/// A number with its noun, which gets its `s` or `es` where there is not exactly one.
pub fn counted(count: impl TryInto<u64>, noun: &str) -> String {
    // No count is larger than this.
    let count = count.try_into().unwrap_or(u64::MAX);
    let plural = match count {
        1 => "",
        _ if noun.ends_with("ss") => "es",
        _ => "s",
    };
    format!("{count} {noun}{plural}")
}

/// A number in groups with what is counted: `12,345 rows`.
pub fn counted_in_groups(count: u64, noun: &str) -> String {
    counted(count, noun).replacen(&count.to_string(), &grouped(count), 1)
}

/// A large number with a comma between each three digits.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Names in a row: `a`, `a and b`, `a, b and c`.
pub fn listed<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [rest @ .., last] => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", rest.join(", "), last.as_ref())
        }
    }
}

/// So many policies: `no policy`, `1 policy`, `2 policies`.
pub fn policies(count: u32) -> String {
    match count {
        0 => "no policy".to_owned(),
        1 => "1 policy".to_owned(),
        count => format!("{count} policies"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_something_has_no_plural() {
        assert_eq!(counted(0, "profile"), "0 profiles");
        assert_eq!(counted(1, "profile"), "1 profile");
        assert_eq!(counted(2, "profile"), "2 profiles");
        assert_eq!(counted(2, "loss"), "2 losses");
    }

    #[test]
    fn large_numbers_are_grouped() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(grouped(count), text);
        }
    }

    #[test]
    fn names_are_listed_as_one_says_them() {
        assert_eq!(listed::<&str>(&[]), "");
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
    }
}
