//! What the demo says of itself: its accounts, where its files are, and whether they stay.

/// A running demo, as its user needs to know it. The password stands in its seeds for everybody to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demo {
    /// The e-mail addresses of the accounts that its seeds make; none where it was started empty.
    pub accounts: Vec<String>,
    /// The password of all of them.
    pub password: String,
    /// The address at which the e-mails that it "sends" are read.
    pub inbox: String,
    /// The directory with its migrations and seeds, copies of the program's own.
    pub files: String,
    /// Whether database and files stay when it ends.
    pub is_kept: bool,
}

impl Demo {
    /// How to sign in with a password or a code; none without accounts.
    pub fn sign_in_hint(&self) -> Option<String> {
        (!self.accounts.is_empty()).then(|| {
            let Self {
                password, inbox, ..
            } = self;
            format!(
                "The password of all accounts is {password}. E-mailed codes: `supadeck demo --serve` prints the key that {inbox} wants."
            )
        })
    }

    /// What becomes of the files.
    pub fn files_note(&self) -> &'static str {
        if self.is_kept {
            "They are copies, and stay."
        } else {
            "They are copies, and are deleted with the database when you quit; `supadeck demo --data DIR` keeps both."
        }
    }

    /// What quitting deletes; none where it deletes nothing.
    pub fn quit_warning(&self) -> Option<&'static str> {
        (!self.is_kept).then_some(
            "Quitting deletes the demo's database and files (`--data DIR` keeps them); once more quits.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_demo_deletes_nothing() {
        let mut demo = Demo::default();
        assert!(demo.quit_warning().unwrap().contains("deletes"));
        assert!(demo.files_note().contains("deleted"));
        demo.is_kept = true;
        assert_eq!(demo.quit_warning(), None);
        assert!(demo.files_note().contains("stay"));
        assert_eq!(demo.sign_in_hint(), None);
    }
}
