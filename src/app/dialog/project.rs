//! Which project is open: the profiles of the user's file, and what the deck was started for, to be chosen in one step.

use super::choose::{Chooser, Entry, Pressed, digit};
use crate::app::command::Command;
use crate::app::key::Key;
use crate::domain::problem::Problem;

/// A project that can be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileBrief {
    /// The profile's name, or what the deck was started for.
    pub name: String,
    /// Base URL, as it may be shown.
    pub url: String,
    /// Whether it is marked as production.
    pub is_production: bool,
    /// Whether it is a profile of the file.
    pub is_profile: bool,
    /// Variables of the environment that its references name: they hold its secrets.
    pub variables: Vec<String>,
}

impl ProfileBrief {
    /// Whether both are one project.
    pub fn is(&self, other: &Self) -> bool {
        self.name == other.name && self.url == other.url
    }
}

/// The dialog.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectDialog {
    /// The projects in their order.
    pub projects: Vec<ProfileBrief>,
    /// Which of them is open.
    open: Option<usize>,
    /// Where one is in the list.
    pub list: Chooser,
    /// Whether one is being opened.
    pub is_busy: bool,
    /// Why the last one could not be opened.
    pub problem: Option<Problem>,
}

/// What a key asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Asked {
    /// Nothing outside the dialog.
    Nothing,
    /// To close it.
    Close,
    /// To open this project.
    Open(ProfileBrief),
}

impl ProjectDialog {
    /// The dialog; it begins at the project that is open.
    pub fn new(projects: Vec<ProfileBrief>, name: &str, url: &str) -> Self {
        let is_open = |one: &ProfileBrief| one.name == name && one.url == url;
        let mut dialog = Self {
            open: projects.iter().position(is_open),
            projects,
            list: Chooser::default(),
            is_busy: false,
            problem: None,
        };
        dialog.list = Chooser::at_here(&dialog.entries());
        dialog
    }

    /// The projects as a list to choose from.
    pub fn entries(&self) -> Vec<Entry> {
        let projects = self.projects.iter().enumerate();
        let entries = projects.map(|(at, project)| {
            let is_here = self.open == Some(at);
            let mark = if project.is_production {
                "  PRODUCTION"
            } else {
                ""
            };
            Entry {
                digit: digit(at),
                reason: is_here.then(|| "this is open".to_owned()),
                is_here,
                is_danger: project.is_production,
                ..Entry::new(format!("{}  {}{mark}", project.name, project.url))
            }
        });
        entries.collect()
    }

    /// Puts profiles that are new at the end: nothing changes its place while somebody chooses.
    pub fn add(&mut self, profiles: Vec<ProfileBrief>) {
        for new in profiles {
            if !self.projects.iter().any(|one| one.name == new.name) {
                self.projects.push(new);
            }
        }
    }

    /// Takes the news that the project could not be opened; the one before stays.
    pub fn refused(&mut self, problem: Problem) {
        self.is_busy = false;
        self.problem = Some(problem);
    }

    /// Takes a key. What is being opened comes, whatever is pressed: the screen must not show one project over another.
    pub(super) fn press(&mut self, key: Key, command: Option<Command>) -> Asked {
        if self.is_busy {
            return Asked::Nothing;
        }
        let entries = self.entries();
        match self.list.press(key, command, &entries) {
            Pressed::Left => Asked::Close,
            Pressed::Chosen(at) if entries[at].reason.is_none() => {
                self.problem = None;
                Asked::Open(self.projects[at].clone())
            }
            Pressed::Chosen(_) | Pressed::Removed(_) | Pressed::Moved => Asked::Nothing,
        }
    }
}
