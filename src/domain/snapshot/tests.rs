//! Differences of pictures: what holds for any two, and how tables and their parts are told.

use super::difference::{ChangeKind, Difference};
use super::*;
use proptest::prelude::*;

fn object(kind: Kind, on: Option<&str>, name: &str) -> Object {
    Object {
        kind,
        on: on.map(Into::into),
        name: name.into(),
    }
}

type Told<'a> = (Kind, Option<&'a str>, &'a str, &'a [(&'a str, &'a str)]);

fn picture(objects: &[Told<'_>]) -> Snapshot {
    Snapshot {
        objects: objects
            .iter()
            .map(|(kind, on, name, properties)| {
                let properties = properties
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect();
                (object(*kind, *on, name), properties)
            })
            .collect(),
        ..Snapshot::default()
    }
}

/// What a picture becomes by a difference.
fn changed(mut picture: Snapshot, difference: &Difference) -> Snapshot {
    for change in &difference.changes {
        if change.fate == ChangeKind::Removed {
            picture.objects.remove(&change.object);
            continue;
        }
        let properties = picture.objects.entry(change.object.clone()).or_default();
        for shift in &change.properties {
            match &shift.after {
                Some(after) => properties.insert(shift.property.clone(), after.clone()),
                None => properties.remove(&shift.property),
            };
        }
    }
    picture
}

fn any_picture() -> impl Strategy<Value = Snapshot> {
    // Which roles there are is not compared.
    let kinds = WORDS.map(|(kind, _)| kind).into_iter();
    let kinds: Vec<Kind> = kinds.filter(|kind| *kind != Kind::Role).collect();
    let kinds = prop::sample::select(kinds);
    let object = (kinds, prop::option::of("[ab]"), "[abc]").prop_map(|(kind, on, name)| Object {
        kind,
        on,
        name,
    });
    let properties = prop::collection::btree_map("[pq]", "[xyz]", 0..3);
    prop::collection::btree_map(object, properties, 0..8).prop_map(|objects| Snapshot {
        objects,
        ..Snapshot::default()
    })
}

proptest! {
    #[test]
    fn nothing_differs_from_itself(one in any_picture()) {
        prop_assert!(Difference::between(&one, &one).is_empty());
    }

    #[test]
    fn a_difference_leads_from_one_to_the_other_and_back(one in any_picture(), other in any_picture()) {
        let there = Difference::between(&one, &other);
        let back = Difference::between(&other, &one);
        prop_assert_eq!(there.is_empty(), one == other);
        prop_assert_eq!(there.count(ChangeKind::Added), back.count(ChangeKind::Removed));
        prop_assert_eq!(there.count(ChangeKind::Changed), back.count(ChangeKind::Changed));
        for (a, b) in there.changes.iter().zip(&back.changes) {
            prop_assert_eq!(&a.object, &b.object);
            for (x, y) in a.properties.iter().zip(&b.properties) {
                prop_assert_eq!((&x.before, &x.after), (&y.after, &y.before));
            }
        }
        prop_assert_eq!(changed(one.clone(), &there), other.clone());
        prop_assert_eq!(changed(other, &back), one);
    }
}

#[test]
fn parts_of_a_new_table_are_told_with_it() {
    let before = picture(&[(Kind::Table, None, "public.a", &[])]);
    let after = picture(&[
        (Kind::Table, None, "public.a", &[("rls", "on")]),
        (Kind::Column, Some("public.a"), "x", &[]),
        (Kind::Table, None, "public.b", &[]),
        (Kind::Column, Some("public.b"), "x", &[]),
        (Kind::Column, Some("public.b"), "y", &[]),
        (Kind::Index, Some("public.b"), "i", &[]),
    ]);
    let difference = Difference::between(&before, &after);
    let heads: Vec<String> = difference
        .top_level()
        .map(|change| change.object.to_string())
        .collect();
    assert_eq!(
        heads,
        ["table public.a", "table public.b", "column public.a.x"]
    );
    let new = difference.top_level().nth(1).unwrap();
    let all = difference.parts();
    let parts: Vec<_> = all[&(new.fate, new.object.name.as_str())].iter().collect();
    assert_eq!(parts, [(&Kind::Column, &2), (&Kind::Index, &1)]);
}

#[test]
fn every_kind_has_a_word_of_its_own() {
    for (kind, word) in WORDS {
        assert_eq!(Kind::of(word), Some(kind));
        assert_eq!(kind.word(), word);
    }
    assert_eq!(Kind::of("nonsense"), None);
}

#[test]
fn a_column_that_only_moves_up_is_not_told() {
    let column = |name, place| (Kind::Column, Some("t"), name, place);
    let told = |before: &[Told<'_>], after: &[Told<'_>]| -> Vec<String> {
        let difference = Difference::between(&picture(before), &picture(after));
        let heads = difference.top_level();
        heads
            .map(|change| {
                let shifts = difference.visible_properties(change);
                let names: Vec<&str> = shifts.map(|shift| shift.property.as_str()).collect();
                format!("{} {}", change.object.name, names.join(" "))
            })
            .collect()
    };
    let [first, second]: [&[(&str, &str)]; 2] = [&[("position", "1")], &[("position", "2")]];
    let typed = [("position", "1"), ("type", "text")];
    let old = [column("a", first), column("b", second)];
    assert_eq!(told(&old, &[column("b", first)]), ["a position"]);
    assert_eq!(told(&old, &[column("b", &typed)]), ["a position", "b type"]);
    // Two that changed places did not follow anything.
    let swapped = [column("a", second), column("b", first)];
    assert_eq!(told(&old, &swapped), ["a position", "b position"]);
}

/// Roles belong to the whole cluster: what they are is compared, and not which of them a catalog names.
#[test]
fn a_role_that_is_only_in_one_picture_is_no_difference() {
    let before = picture(&[(Kind::Role, None, "anon", &[])]);
    let after = picture(&[
        (Kind::Role, None, "anon", &[("members", "intern")]),
        (Kind::Role, None, "intern", &[("may log in", "yes")]),
    ]);
    let told = Difference::between(&before, &after).changes;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].object.name, "anon");
    assert!(Difference::between(&after, &picture(&[])).is_empty());
}
