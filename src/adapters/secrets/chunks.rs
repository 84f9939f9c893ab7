//! Splits a secret that is too large for one entry: the Windows Credential Manager takes 2,560 bytes, a session can be larger.
//! The parts are written under names of their own first and the head last, so a half-written secret is never read.

/// The most bytes of one entry.
const LONGEST: usize = 2_048;
/// What the head of a split secret starts with: `supadeck-parts:1:GENERATION:COUNT`.
const HEAD: &str = "supadeck-parts:1:";
/// More parts than any session has; a head that says more is not one of ours.
const MOST_PARTS: usize = 64;

/// Entries that belong together, told apart by a suffix; the head's is empty.
pub(super) trait Store {
    /// What can go wrong.
    type Error;
    /// The bytes of an entry.
    fn get(&self, suffix: &str) -> Result<Option<Vec<u8>>, Self::Error>;
    /// Writes an entry.
    fn put(&self, suffix: &str, bytes: &[u8]) -> Result<(), Self::Error>;
    /// Deletes an entry, if it is there.
    fn delete(&self, suffix: &str) -> Result<(), Self::Error>;
}

/// Reads a secret; one that is not whole or not text is none. Another process may write it meanwhile, and delete the parts of
/// the head that was read here: then its own head is there, and is read in turn.
pub(super) fn read<S: Store>(store: &S) -> Result<Option<secrecy::SecretString>, S::Error> {
    let mut head = store.get("")?;
    loop {
        let Some(bytes) = head else {
            return Ok(None);
        };
        let Some((generation, count)) = split_head(&bytes) else {
            return Ok(String::from_utf8(bytes).ok().map(Into::into));
        };
        if let Some(whole) = read_parts(store, &generation, count)? {
            return Ok(String::from_utf8(whole).ok().map(Into::into));
        }
        let now = store.get("")?;
        if now.as_ref() == Some(&bytes) {
            return Ok(None);
        }
        head = now;
    }
}

/// The bytes of all parts; none when one is missing.
fn read_parts<S: Store>(
    store: &S,
    generation: &str,
    count: usize,
) -> Result<Option<Vec<u8>>, S::Error> {
    let mut whole = Vec::new();
    for index in 0..count {
        match store.get(&suffix(generation, index))? {
            Some(part) => whole.extend_from_slice(&part),
            None => return Ok(None),
        }
    }
    Ok(Some(whole))
}

/// Writes a secret, in parts when it is large, and deletes the parts of the one before.
pub(super) fn write<S: Store>(store: &S, secret: &str) -> Result<(), S::Error> {
    let old = store.get("")?.as_deref().and_then(split_head);
    if secret.len() <= LONGEST && !secret.starts_with(HEAD) {
        store.put("", secret.as_bytes())?;
    } else {
        let generation = uuid::Uuid::new_v4().simple().to_string();
        let mut count = 0;
        for part in secret.as_bytes().chunks(LONGEST) {
            store.put(&suffix(&generation, count), part)?;
            count += 1;
        }
        store.put("", format!("{HEAD}{generation}:{count}").as_bytes())?;
    }
    match old {
        Some(old) => erase_parts(store, &old),
        None => Ok(()),
    }
}

/// Deletes a secret with all its parts.
pub(super) fn erase<S: Store>(store: &S) -> Result<(), S::Error> {
    let old = store.get("")?.as_deref().and_then(split_head);
    store.delete("")?;
    match old {
        Some(old) => erase_parts(store, &old),
        None => Ok(()),
    }
}

fn erase_parts<S: Store>(store: &S, (generation, count): &(String, usize)) -> Result<(), S::Error> {
    (0..*count).try_for_each(|index| store.delete(&suffix(generation, index)))
}

fn suffix(generation: &str, index: usize) -> String {
    format!("/{generation}/{index}")
}

fn split_head(head: &[u8]) -> Option<(String, usize)> {
    let (generation, count) = std::str::from_utf8(head)
        .ok()?
        .strip_prefix(HEAD)?
        .split_once(':')?;
    let count = count.parse().ok().filter(|count| *count <= MOST_PARTS)?;
    Some((generation.to_owned(), count))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use secrecy::ExposeSecret;
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    #[derive(Default)]
    struct Shelf(RefCell<BTreeMap<String, Vec<u8>>>);

    impl Store for Shelf {
        type Error = Infallible;
        fn get(&self, suffix: &str) -> Result<Option<Vec<u8>>, Infallible> {
            Ok(self.0.borrow().get(suffix).cloned())
        }
        fn put(&self, suffix: &str, bytes: &[u8]) -> Result<(), Infallible> {
            assert!(bytes.len() <= 2_560, "the Windows limit");
            self.0
                .borrow_mut()
                .insert(suffix.to_owned(), bytes.to_vec());
            Ok(())
        }
        fn delete(&self, suffix: &str) -> Result<(), Infallible> {
            self.0.borrow_mut().remove(suffix);
            Ok(())
        }
    }

    fn text(shelf: &Shelf) -> Option<String> {
        read(shelf)
            .unwrap()
            .map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn secrets_of_every_size_come_back_and_leave_nothing_behind() {
        let shelf = Shelf::default();
        for size in [0, 1, 2_048, 2_049, 9_001, 3] {
            let secret: String = "ä1x".chars().cycle().take(size).collect();
            write(&shelf, &secret).unwrap();
            assert_eq!(text(&shelf).unwrap(), secret, "{size}");
        }
        assert_eq!(
            shelf.0.borrow().len(),
            1,
            "the parts of older secrets are gone"
        );
        write(&shelf, &"x".repeat(5_000)).unwrap();
        erase(&shelf).unwrap();
        assert!(shelf.0.borrow().is_empty());
    }

    #[test]
    fn a_secret_with_a_part_missing_is_none() {
        let shelf = Shelf::default();
        write(&shelf, &"x".repeat(5_000)).unwrap();
        let part = shelf
            .0
            .borrow()
            .keys()
            .find(|key| key.ends_with("/1"))
            .cloned()
            .unwrap();
        shelf.delete(&part).unwrap();
        assert_eq!(text(&shelf), None);
    }

    #[test]
    fn a_secret_that_looks_like_a_head_is_still_a_secret() {
        let shelf = Shelf::default();
        write(&shelf, "supadeck-parts:1:x:2").unwrap();
        assert_eq!(text(&shelf).unwrap(), "supadeck-parts:1:x:2");
    }

    /// Another process writes a new secret behind the first answer.
    struct Contended(Shelf, RefCell<Option<String>>);

    impl Store for Contended {
        type Error = Infallible;
        fn get(&self, suffix: &str) -> Result<Option<Vec<u8>>, Infallible> {
            let answer = self.0.get(suffix);
            if let Some(new) = self.1.borrow_mut().take() {
                write(&self.0, &new)?;
            }
            answer
        }
        fn put(&self, suffix: &str, bytes: &[u8]) -> Result<(), Infallible> {
            self.0.put(suffix, bytes)
        }
        fn delete(&self, suffix: &str) -> Result<(), Infallible> {
            self.0.delete(suffix)
        }
    }

    #[test]
    fn a_secret_that_is_written_while_it_is_read_is_the_new_one() {
        for new in ["b".repeat(7_000), "b".into()] {
            let shelf = Shelf::default();
            write(&shelf, &"a".repeat(7_000)).unwrap();
            let contended = Contended(shelf, RefCell::new(Some(new.clone())));
            let read = read(&contended).unwrap().unwrap();
            assert_eq!(read.expose_secret(), new);
        }
    }
}
