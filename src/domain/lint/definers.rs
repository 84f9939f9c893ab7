//! Which functions with their owner's rights the files so far leave open: a later statement, in this file or in one behind
//! it, can put each of them right.

use super::Finding;

/// A function as a file writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// The name, without schema `public`.
    pub name: String,
    /// The types of its arguments, where they are written and can be told.
    pub arguments: Option<Vec<String>>,
}

impl Function {
    /// Whether both can be the same function.
    fn is(&self, other: &Self) -> bool {
        let types = self.arguments.as_ref().zip(other.arguments.as_ref());
        self.name == other.name && types.is_none_or(|(one, other)| one == other)
    }
}

/// The open functions of one file after the other.
#[derive(Debug, Default)]
pub struct Definers {
    /// The number of the file that is read.
    file: usize,
    open: Vec<(Function, usize, Finding)>,
    /// Findings of earlier files that hold no longer.
    withdrawn: Vec<(usize, Finding)>,
}

impl Definers {
    /// Notes an open function.
    pub fn pend(&mut self, function: Function, finding: Finding) {
        self.open.push((function, self.file, finding));
    }

    /// Notes that a function is put right, or gone.
    pub fn settle(&mut self, function: &Function) {
        let file = self.file;
        let settled = self.open.extract_if(.., |(open, _, _)| open.is(function));
        let earlier = settled.filter(|(_, of, _)| *of < file);
        self.withdrawn
            .extend(earlier.map(|(_, of, finding)| (of, finding)));
    }

    /// Whether a function is known to be open.
    pub fn is_open(&self, function: &Function) -> bool {
        self.open.iter().any(|(open, _, _)| open.is(function))
    }

    /// Notes that a function is called differently from now on.
    pub fn rename(&mut self, old: &Function, new: &Function) {
        for (open, _, _) in self.open.iter_mut().filter(|(open, _, _)| open.is(old)) {
            open.name.clone_from(&new.name);
        }
    }

    /// Ends a file: what it leaves open.
    pub fn end_file(&mut self) -> Vec<Finding> {
        let of_this = self.open.iter().filter(|(_, of, _)| *of == self.file);
        let left = of_this.map(|(_, _, finding)| finding.clone()).collect();
        self.file += 1;
        left
    }

    /// The findings of earlier files that the last one put right, with the number of each file.
    pub fn withdrawn(&mut self) -> Vec<(usize, Finding)> {
        std::mem::take(&mut self.withdrawn)
    }
}
