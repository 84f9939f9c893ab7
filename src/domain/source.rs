//! Where a value came from: an option, a variable, a profile, a file, an answer. Messages about the value name it.

use super::hidden::shown;
use std::fmt;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// An option of the command line, such as `--url`.
    Option(&'static str),
    /// An environment variable.
    Variable(String),
    /// A profile, by its name.
    Profile(String),
    /// A file, by its name.
    File(String),
    /// A reference of a profile or an option, such as `cmd:pass show db`.
    Reference(String),
    /// A part of supadeck, which knows itself.
    Code,
    /// An answer at the terminal or a field of a form, by its label.
    Answer(&'static str),
}

impl Source {
    /// The variable of that name.
    pub fn variable(name: &str) -> Self {
        Self::Variable(name.to_owned())
    }

    /// The profile of that name.
    pub fn profile(name: &str) -> Self {
        Self::Profile(name.to_owned())
    }

    /// A value with where it came from, for a message: `The project URL from the variable SUPABASE_URL`.
    pub fn of(&self, what: &str) -> String {
        match self {
            Self::Code => what.to_owned(),
            source => format!("{what} from {source}"),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let harmless = super::text::cell;
        match self {
            Self::Option(name) => write!(f, "the option {name}"),
            Self::Variable(name) => write!(f, "the variable {}", harmless(name)),
            Self::Profile(name) => write!(f, "the profile `{}`", shown(name)),
            Self::File(name) => write!(f, "the file {}", harmless(name)),
            Self::Reference(text) => f.write_str(&harmless(text)),
            Self::Code => f.write_str("supadeck"),
            Self::Answer(label) => write!(f, "the field “{label}”"),
        }
    }
}
