//! Effects: what `update` asks the outside world to do. Plain data, so that a test can compare them.

use super::live::LiveQuestion;
use super::ticket::{Slot, Ticket};
use crate::app::secret::Secret;
use crate::domain::access::explain::ExplainRequest;
use crate::domain::access::viewer::Who;
use crate::domain::audit::filter::Filter;
use crate::domain::audit::{Cursor, PageDirection};
use crate::domain::cycle::Cycle;
use crate::domain::identity::Identity;
use crate::domain::lock::{UnlockRequest, WeekLock};
use crate::domain::migration::resolution::Correction;
use crate::domain::migration::{Plan, PlanRequest, Target};
use crate::domain::project_file::{NewFile, PendingFile};
use crate::domain::seed::SeedPlan;
use crate::domain::table::change::RowChange;
use crate::domain::table::column_choice::ColumnChoice;
use crate::domain::table::export::RowsFormat;
use crate::domain::table::info::TableInfo;
use crate::domain::table::name::TableName;
use crate::domain::table::paging::RowsWanted;
use std::path::PathBuf;
use std::time::Duration;

/// Something to do outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Read something, as this identity. A newer read in the same slot cancels this one.
    Load {
        /// To be carried by the answer.
        ticket: Ticket,
        /// Who reads.
        identity: Identity,
        /// What.
        load: Load,
    },
    /// Change something. Only one write runs at a time, and it is never dropped.
    Write {
        /// To be carried by the news and the answer.
        ticket: Ticket,
        /// Who writes.
        identity: Identity,
        /// What.
        write: Write,
    },
    /// Give up these reads; each is answered with that.
    CancelReads(Vec<Slot>),
    /// Ask the running write to stop; its answer still comes.
    CancelWrite,
    /// Keep that this user was chosen to read.
    Used(Identity),
    /// Put a text on the clipboard.
    Copy {
        /// What it is, for the answer: `the cycle's id`.
        what: &'static str,
        /// The text.
        text: String,
    },
    /// Send `TimerFired` after a while; a timer that is armed again starts anew.
    Arm(Timer, Duration),
    /// Give a filter a name, for the next time, or take the name away.
    SaveFilter {
        /// The profile.
        profile: String,
        /// The project's address.
        url: String,
        /// The name.
        name: String,
        /// The filter; without one the name is taken away.
        filter: Option<String>,
    },
    /// Keep a filter that was typed, for the next time.
    KeepFilter {
        /// Of which profile.
        profile: String,
        /// Of which project.
        url: String,
        /// Whom it was typed as, by [`crate::domain::audit::filter_book::identity_key`].
        who: String,
        /// The filter.
        filter: String,
    },
    /// Keep the columns that were chosen for a table, for the next time.
    KeepColumns {
        /// Of which profile.
        profile: String,
        /// Of which project.
        url: String,
        /// The table.
        table: TableName,
        /// The choice.
        choice: ColumnChoice,
    },
    /// Keep the theme of this name for the next time.
    KeepTheme(String),
    /// Give the terminal to the user's editor with this file, and take it again when that has ended.
    Edit(PathBuf),
    /// Give the terminal to the user's editor with this text in a file of its own whose name ends so.
    EditText {
        /// The text.
        text: String,
        /// How the file's name ends.
        suffix: &'static str,
    },
    /// Clear the terminal and draw all of it.
    Redraw,
    /// Give the terminal back and stop the process until it is continued.
    Suspend,
    /// Leave the program.
    Quit,
}

/// Timers, each with its one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// The selection rested: load its details.
    Details,
    /// A field of the first-run guide rested: check it.
    Guide,
    /// The toast has been read.
    Toast,
    /// It is time to ask what has come to the audit trail.
    Follow,
    /// It is time for the next question of live mode.
    Live,
    /// A second of waiting for a sign-in, or one of its relatives, has passed.
    Session,
}

/// Something to read.
#[derive(Debug, Clone, PartialEq)]
pub enum Load {
    /// The migration list.
    Migrations,
    /// The SQL of a version.
    Sources(String),
    /// What a wish would run.
    Plan(PlanRequest),
    /// The seed list.
    Seeds,
    /// A seed file with its last run.
    SeedSource(String),
    /// What seeding would run; all pending when `paths` is empty.
    SeedPlan {
        /// The files.
        paths: Vec<PathBuf>,
        /// Also files that ran before.
        again: bool,
    },
    /// The cycles.
    Cycles,
    /// The goals.
    Goals,
    /// The locks of all weeks.
    Locks,
    /// The items of a week's plan.
    Items(String),
    /// What the owner of a cycle is planning towards.
    Vision(Box<Cycle>),
    /// The conversations about a cycle.
    Chats(String),
    /// The messages of a conversation.
    Messages(String),
    /// The review of a cycle, or of one of its weeks.
    Review {
        /// The cycle's id.
        cycle: String,
        /// The week; the whole cycle when absent.
        week: Option<u8>,
    },
    /// The review of a cycle, or of one of its weeks, into a file.
    ExportReview {
        /// The cycle's id.
        cycle: String,
        /// The week; the whole cycle when absent.
        week: Option<u8>,
        /// The file.
        path: PathBuf,
    },
    /// How the running unlock of a week came about.
    Opening(Box<WeekLock>),
    /// What an unlock would do.
    Prospect(UnlockRequest),
    /// A page of the audit list.
    Audit {
        /// Which records.
        filter: Filter,
        /// Where to go on; from the end of the list that `way` starts at when absent.
        from: Option<Cursor>,
        /// Which way.
        way: PageDirection,
        /// The most rows.
        limit: usize,
        /// Whether every record names the fields that changed, as an earlier page found out.
        has_changed: Option<bool>,
        /// The number of the follow that begins with it.
        follow: Option<u64>,
    },
    /// What has come to the audit trail since the last time.
    News {
        /// The number of the follow.
        follow: u64,
    },
    /// Whether what a screen shows has changed.
    Live(LiveQuestion),
    /// The difference between a version's file and what was applied from it.
    Difference(String),
    /// What a correction of files or of the history would change.
    Fix(Correction),
    /// What deleting a file that never ran would take away.
    Deletion(PendingFile),
    /// The newest lines of the journal.
    Journal,
    /// A whole audit record.
    Record(String),
    /// The same, to go to it in the list.
    Find(String),
    /// The people whose names the project tells.
    People,
    /// The tables of the schemas that are served, with what who reads may do.
    TableList,
    /// What is known of a table.
    TableInfo(TableName),
    /// A page of the rows of a table.
    Rows(Box<RowsWanted>),
    /// One row of a table, whole.
    WholeRow(Box<RowsWanted>),
    /// How many rows of a table fit, exactly.
    CountRows(Box<RowsWanted>),
    /// The values of a column in the rows that fit.
    Values {
        /// Which rows.
        wanted: Box<RowsWanted>,
        /// The column.
        column: String,
    },
    /// Rows of a table, all of them, into a file.
    Export {
        /// Which rows.
        wanted: Box<RowsWanted>,
        /// In which form.
        form: RowsFormat,
        /// The file.
        path: PathBuf,
    },
    /// The signed-in users and the profiles, as they are now.
    Choices,
    /// Who may do what, for these users beside the usual identities.
    Access(Vec<Who>),
    /// Why somebody may do something with a row, or may not.
    Explain(Box<ExplainRequest>),
    /// Whether what was typed into the guide works.
    Check(Setup),
}

/// Something to change.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Open the project that the program was started for.
    Open,
    /// Open the project of a profile.
    OpenProfile(String),
    /// Run a plan.
    Migrate(Plan),
    /// Run a plan in a transaction that is never committed.
    Rehearse(Plan),
    /// Run a plan on a scratch database.
    RehearseOnScratch(Plan),
    /// Change files or the history as it was shown.
    Fix(Fix),
    /// Make a file.
    NewFile(NewFile),
    /// Run a seed plan.
    Seed(SeedPlan),
    /// Unlock a week.
    Unlock(UnlockRequest),
    /// Change rows of a table, one after the other until one is refused.
    Rows(Box<RowsWrite>),
    /// Sign in with a password.
    SignIn {
        /// E-mail address.
        email: String,
        /// Password.
        password: Secret,
    },
    /// Have a one-time code sent.
    SendCode(String),
    /// Sign in with the code.
    VerifyCode {
        /// E-mail address.
        email: String,
        /// The code.
        code: Secret,
    },
    /// Ask which second factors the user who reads can give.
    StepUp,
    /// Give the code of a second factor, for the sign-in that waits for it.
    GiveCode {
        /// The factor's id.
        factor: String,
        /// The code.
        code: Secret,
    },
    /// Go on without the second factor.
    GoWithout,
    /// Give up the sign-in that waits for its second factor.
    GiveUp,
    /// Act as the user of this e-mail address or id.
    Act(String),
    /// End the session of a signed-in user.
    SignOut(Identity),
    /// Store a new profile and open it.
    SaveProfile(Setup),
}

/// Changes of rows of a table, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct RowsWrite {
    /// The table.
    pub table: TableInfo,
    /// The changes.
    pub changes: Vec<RowChange>,
    /// Who was told to write them when they were confirmed.
    pub identity: Identity,
    /// Whether the new row among them was sent before, and no answer came.
    pub is_uncertain: bool,
}

/// A change of files or of the history, as it is shown before it is made. What is made is kept outside, under the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Which of the planned changes it is.
    pub number: u64,
    /// The heading.
    pub title: String,
    /// The word that must be typed.
    pub word: String,
    /// What changes, to be read.
    pub lines: Vec<String>,
    /// The database whose history it is about.
    pub target: Target,
}

impl Fix {
    /// How the heading of one begins that deletes a file.
    pub const DELETE: &'static str = "Delete ";
}

/// What the first-run guide asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Setup {
    /// Name of the profile.
    pub name: String,
    /// Base URL of the project.
    pub url: String,
    /// Publishable or anon key.
    pub key: Secret,
    /// Database URL; may be empty.
    pub db_url: Secret,
}
