//! What a rule is, and how a file of rules is written.

use crate::domain::lint::Level;

/// Something that a statement can do and that somebody should know before it runs.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// In kebab-case; stable, because allow comments hold it.
    pub name: &'static str,
    /// How severe it is.
    pub level: Level,
    /// What happens; `{}` stands for the object.
    pub reason: &'static str,
    /// How to write it more safely, where there is such a way.
    pub safer: Option<&'static str>,
    /// A file that breaks the rule.
    pub example: &'static str,
}

impl Rule {
    /// The reason with the object in it.
    pub fn reason_for(&self, object: &str) -> String {
        self.reason.replace("{}", object)
    }
}

/// Defines the rules of one file and the list of them all, so that none can be left out of it.
macro_rules! rules {
    ($($id:ident: $level:ident $name:literal, $reason:literal, $safer:expr, $example:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`")]
            pub static $id: $crate::domain::lint::rule::define::Rule = $crate::domain::lint::rule::define::Rule {
                name: $name,
                level: $crate::domain::lint::Level::$level,
                reason: $reason,
                safer: $safer,
                example: $example,
            };
        )*
        /// The rules of this file.
        pub(super) static ALL: &[&$crate::domain::lint::rule::define::Rule] = &[$(&$id),*];
    };
}
pub(super) use rules;
