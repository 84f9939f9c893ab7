//! Ids in few columns: the beginning and the end of one, as much of both as tells the ids of a list apart.

use std::collections::BTreeSet;

/// What stays of an id at least: so many characters of its start and of its end.
const LEAST: usize = 4;
/// Of more ids no more than that is compared.
const MOST: usize = 5_000;

/// How many characters of the start and of the end tell these ids apart, the fewest.
pub fn ends<'a>(ids: impl Iterator<Item = &'a str>) -> (usize, usize) {
    let ids: BTreeSet<&str> = ids.take(MOST).collect();
    let longest = ids.iter().map(|id| id.len()).max().unwrap_or(0);
    let tells = |ends: (usize, usize)| {
        let shown: BTreeSet<String> = ids.iter().map(|id| shown(id, ends)).collect();
        shown.len() == ids.len()
    };
    let all = (2 * LEAST..longest).flat_map(|sum| {
        let starts = LEAST..=sum - LEAST;
        starts.map(move |start| (start, sum - start))
    });
    let mut all = all;
    all.find(|ends| tells(*ends))
        .unwrap_or((LEAST, longest.max(LEAST)))
}

/// An id with so much of its start and its end: `a11c…0001`.
pub fn shown(id: &str, (start, end): (usize, usize)) -> String {
    let behind = id.len().saturating_sub(end);
    match (id.get(..start), id.get(behind..)) {
        (Some(first), Some(last)) if start < behind => format!("{first}…{last}"),
        _ => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_much_is_kept_as_tells_them_apart() {
        let ends_of = |ids: &[&str]| ends(ids.iter().copied());
        let one = "60000000-0000-4000-8001-000000000001";
        assert_eq!(ends_of(&[]), (4, 4));
        assert_eq!(ends_of(&[one, one]), (4, 4));
        let two = "60000000-0000-4000-8002-000000000001";
        assert_eq!(shown(one, ends_of(&[one, two])), "6000…1-000000000001");
        let early = "60000001-0000-4000-8001-000000000001";
        assert_eq!(shown(early, ends_of(&[one, early])), "60000001…0001");
        assert_eq!(shown("short", (4, 4)), "short");
    }

    proptest! {
        #[test]
        fn different_ids_stay_different(ids in prop::collection::btree_set("[0-9a-f]{12}", 0..9)) {
            let ends = ends(ids.iter().map(String::as_str));
            let told: BTreeSet<String> = ids.iter().map(|id| shown(id, ends)).collect();
            prop_assert_eq!(told.len(), ids.len());
        }
    }
}
