//! Numbers in a sentence: a number with its noun, and names with commas and an `and`.

/// A number with its noun, which gets its `s` or `es` where there is not exactly one.
pub fn counted(count: usize, noun: &str) -> String {
    let plural = match count {
        1 => "",
        _ if noun.ends_with("ss") => "es",
        _ => "s",
    };
    format!("{count} {noun}{plural}")
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
    fn names_are_listed_as_one_says_them() {
        assert_eq!(listed::<&str>(&[]), "");
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
    }
}
