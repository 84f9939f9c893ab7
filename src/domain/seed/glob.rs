//! File patterns as the Supabase CLI reads `sql_paths`: `*`, `?`, `[a-z]` and `[^a-z]` within a path segment, and a backslash
//! before a character that stands for itself. `**` is no more than `*` there: one folder, not any number of them.

/// Whether a path with `/` between its segments fits a pattern.
pub fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    segments(&pattern, &path)
}

/// Whether a pattern has anything to match: without, it is the path of one file.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\'])
}

fn segments(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((first, pattern)), Some((name, path))) => {
            let first: Vec<char> = first.chars().collect();
            let name: Vec<char> = name.chars().collect();
            segment(&first, &name) && segments(pattern, path)
        }
        _ => false,
    }
}

/// Matches one segment; goes back to the last star only, so it never takes exponential time.
fn segment(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut here) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while here < name.len() {
        if pattern.get(at) == Some(&'*') {
            star = Some((at + 1, here));
            at += 1;
        } else if let Some(next) = one(pattern, at, name[here]) {
            at = next;
            here += 1;
        } else if let Some((behind, from)) = star {
            star = Some((behind, from + 1));
            at = behind;
            here = from + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

/// Where the pattern goes on when its next part takes the character.
fn one(pattern: &[char], at: usize, c: char) -> Option<usize> {
    match *pattern.get(at)? {
        '?' => Some(at + 1),
        '\\' => (*pattern.get(at + 1)? == c).then_some(at + 2),
        '[' => {
            let negated = matches!(pattern.get(at + 1), Some('^' | '!'));
            let from = at + 1 + usize::from(negated);
            let close = from + 1 + pattern.get(from + 1..)?.iter().position(|c| *c == ']')?;
            (in_class(&pattern[from..close], c) != negated).then_some(close + 1)
        }
        own => (own == c).then_some(at + 1),
    }
}

fn in_class(class: &[char], c: char) -> bool {
    let mut at = 0;
    while at < class.len() {
        if class.get(at + 1) == Some(&'-') && at + 2 < class.len() {
            if (class[at]..=class[at + 2]).contains(&c) {
                return true;
            }
            at += 3;
        } else {
            if class[at] == c {
                return true;
            }
            at += 1;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, path) in [
            ("seeds/*.sql", "seeds/a.sql"),
            ("seeds/**/*.sql", "seeds/b/a.sql"),
            ("seeds/**.sql", "seeds/a.sql"),
            ("**/***.sql", "a/b.sql"),
            ("s?.sql", "s1.sql"),
            ("[a-c][^x].sql", "by.sql"),
            ("[]a].sql", "].sql"),
            ("\\*.sql", "*.sql"),
            ("*a*b*", "xaxxbx"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("seeds/*.sql", "seeds/b/a.sql"),
            ("seeds/**/*.sql", "seeds/a.sql"),
            ("seeds/**/*.sql", "seeds/b/c/a.sql"),
            ("**", "a/b"),
            ("*.sql", "a.SQL"),
            ("[a-c].sql", "d.sql"),
            ("?", ""),
            ("[a", "a"),
            ("a", "a/b"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }

    proptest! {
        #[test]
        fn any_pattern_ends(pattern in "[*?\\[\\]ab^!/\\\\-]{0,16}", path in "[ab/]{0,16}") {
            matches(&pattern, &path);
        }

        #[test]
        fn a_name_matches_itself(path in "[a-z_.]{1,8}(/[a-z_.]{1,8}){0,3}") {
            prop_assert!(matches(&path, &path));
        }
    }
}
