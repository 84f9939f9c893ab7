//! What the screens are made of, and what is wrong with it: which reads a screen uses, whether they are of tables that the
//! project has, and the one notice that the header shows on every screen.

use super::command::Command;
use super::live::LiveSign;
use super::loadable::{Failure, Reading};
use super::model::{Model, Screen};
use super::wrap::wrap;
use crate::domain::moment::{Form, moment};
use crate::domain::problem::{Kind, Problem};
use crate::domain::read_problem;
use jiff::Timestamp;

/// A user's session that is over while the deck still reads as that user.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Since when that is known.
    pub since: Timestamp,
    /// Why.
    pub why: Problem,
}

/// A read that takes long, and whom it waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Since when.
    pub since: Timestamp,
    /// Whom, such as `Auth at http://…, 20 seconds at most`.
    pub whom: String,
}

/// What stands under the header while something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The words.
    pub text: String,
    /// Whether only waiting is needed.
    pub is_calm: bool,
}

impl Model {
    /// Whether the project has what the screen shows. Until it is known, it has.
    pub fn has(&self, screen: Screen) -> bool {
        match screen {
            Screen::Cycles => !self.cycles.remote.is_absent(),
            Screen::Goals => !self.goals.remote.is_absent(),
            Screen::Locks => !self.locks.remote.is_absent(),
            Screen::Audit => !self.audit.rows.is_absent(),
            Screen::Home
            | Screen::Migrations
            | Screen::Seeds
            | Screen::Journal
            | Screen::Tables
            | Screen::Access => true,
        }
    }

    /// Whether the project is one of another kind: it has none of Weeksmith's tables.
    pub fn is_other_project(&self) -> bool {
        let own = [Screen::Cycles, Screen::Goals, Screen::Locks];
        let has_own_trail = self.has(Screen::Audit) && self.audit.trail.is_own();
        !has_own_trail && own.into_iter().all(|screen| !self.has(screen))
    }

    /// The reads that the screen in view is made of, the one that it is about first. Tables that the project does not have
    /// are not missed.
    pub fn readings(&self) -> Vec<Reading<'_>> {
        let migrations = || self.migrations.table.remote.reading("migrations");
        let seeds = || self.seeds.table.remote.reading("seeds");
        let cycles = || (Screen::Cycles, self.cycles.remote.reading("cycles"));
        let goals = || (Screen::Goals, self.goals.remote.reading("goals"));
        let locks = || (Screen::Locks, self.locks.remote.reading("locks"));
        let audit = || (Screen::Audit, self.audit.rows.reading("audit records"));
        let of_rows = match self.screen {
            Screen::Home => vec![cycles(), goals(), locks(), audit()],
            Screen::Cycles => {
                let mut readings = vec![cycles(), goals(), locks()];
                if let Some(open) = &self.open_cycle {
                    let inside = open.readings().into_iter();
                    readings.extend(inside.map(|reading| (Screen::Cycles, reading)));
                }
                readings
            }
            Screen::Goals => vec![goals(), cycles()],
            Screen::Locks => vec![locks(), cycles()],
            Screen::Audit => vec![audit()],
            Screen::Migrations => return vec![migrations()],
            Screen::Seeds => return vec![seeds()],
            Screen::Access => return vec![self.access.remote.reading("rights")],
            Screen::Journal => return vec![self.journal.table.remote.reading("journal lines")],
            Screen::Tables => {
                return vec![match &self.browser.grid {
                    Some(grid) => grid.rows.reading("rows"),
                    None => self.browser.table.remote.reading("tables"),
                }];
            }
        };
        let here = of_rows.into_iter().filter(|(screen, _)| self.has(*screen));
        let mut readings: Vec<Reading> = here.map(|(_, reading)| reading).collect();
        if self.screen == Screen::Home {
            readings.extend([migrations(), seeds()]);
            let tables = &self.browser.table.remote;
            if self.is_other_project() && tables.is_wanted() {
                readings.push(tables.reading("tables"));
            }
        }
        readings
    }

    /// What is wrong, in words, with its time and the key that helps; nothing while all is well.
    pub fn notice(&self) -> Option<Notice> {
        self.project.as_ref()?;
        let ended = self.ended.as_ref().map(|ended| self.ended_text(ended));
        let wrong = ended.or_else(|| {
            let readings = self.readings();
            let old = readings.iter().find_map(|reading| {
                // What was never read stands on the screen itself, with its reason.
                reading.read_at?;
                Some((reading.what, reading.failure?))
            });
            old.map(|(what, failure)| old_text(what, failure))
        });
        let wrong = wrong.or_else(|| self.live_text());
        match (wrong, self.waits.values().min_by_key(|wait| wait.since)) {
            (Some(text), _) => Some(Notice {
                text,
                is_calm: false,
            }),
            (None, Some(wait)) => Some(Notice {
                text: self.wait_text(wait),
                is_calm: true,
            }),
            (None, None) => None,
        }
    }

    /// The rows that the notice takes on this terminal.
    pub fn notice_rows(&self) -> u16 {
        let (width, height) = self.size;
        let most = match height {
            0..8 => return 0,
            8..12 => 1,
            // A refused table's notice ends with the GRANT that is missing: 170 characters.
            12..16 => 2,
            _ => height / 5,
        };
        let Some(notice) = self.notice() else {
            return 0;
        };
        let rows = wrap(&notice.text, usize::from(width.saturating_sub(2)).max(1)).len();
        u16::try_from(rows).unwrap_or(most).min(most)
    }

    fn ended_text(&self, ended: &Ended) -> String {
        let (name, key) = (
            self.identity.name(),
            self.keymap.first_key(Command::Identity),
        );
        let at = moment(ended.since, Form::Clock);
        let why = if ended.why.why.is_empty() {
            &ended.why.what
        } else {
            &ended.why.why
        };
        format!("{name} is signed out, known since {at}. Press {key} to sign in again. {why}")
    }

    /// That live mode has no answers, and why.
    fn live_text(&self) -> Option<String> {
        let (why, since) = self.live.failure.as_ref()?;
        let is_seen = self.live_sign() == Some(LiveSign::Failing);
        let (key, since) = (
            self.keymap.first_key(Command::Live),
            moment(*since, Form::Clock),
        );
        is_seen.then(|| {
            format!(
                "Live mode has no answers since {since}, and asks less often; {key} ends it. {why}"
            )
        })
    }

    fn wait_text(&self, wait: &Wait) -> String {
        let key = self.keymap.first_key(Command::Back);
        let since = moment(wait.since, Form::Clock);
        format!("Waiting for {} since {since}. {key} stops it.", wait.whom)
    }

    /// The session of the user who reads is over: that is shown, and everything that was read as the user is old.
    pub fn end_session(&mut self, why: &Problem, at: Timestamp) {
        // Of reads that ran at once only the first is told the reason; the others find no session any more.
        let is_silent = |why: &Problem| why.code.as_deref() == Some(read_problem::NOBODY);
        match &mut self.ended {
            Some(ended) if is_silent(&ended.why) => ended.why = why.clone(),
            Some(_) => {}
            None => {
                let why = why.clone();
                self.ended = Some(Ended { since: at, why });
            }
        }
        if let (Some(project), Some(id)) = (&mut self.project, self.identity.user_id())
            && !self.identity.is_acted()
        {
            project.kept.remove(id);
        }
        self.cycles.remote.failed(why.clone(), at);
        self.goals.remote.failed(why.clone(), at);
        self.locks.remote.failed(why.clone(), at);
        if let Some(open) = &mut self.open_cycle {
            open.failed(why, at);
        }
        self.audit.rows.failed(why.clone(), at);
        if let Some(grid) = &mut self.browser.grid {
            grid.rows.failed(why.clone(), at);
        }
    }
}

fn old_text(what: &str, failure: Failure<'_>) -> String {
    let (why, since) = (failure.why, moment(failure.since, Form::Clock));
    match why.kind {
        Kind::Cancelled => {
            format!("These {what} are old. The refresh was cancelled at {since}.")
        }
        _ => format!("These {what} are old. Refreshing has failed since {since}: {why}"),
    }
}
