//! Messages: everything that can happen to the deck, as facts. Answers carry the ticket of their request.

use super::dialog::project::ProfileBrief;
use super::effect::{Fix, Timer};
use super::key::Key;
use super::live::LiveAnswer;
use super::ticket::Ticket;
use crate::domain::access::explain::Explanation;
use crate::domain::access::listing::Matrix;
use crate::domain::audit::follow::News;
use crate::domain::audit::{ComparedRecord, Page};
use crate::domain::cycle::{Cycle, Vision};
use crate::domain::dry_run;
use crate::domain::goal::Goal;
use crate::domain::identity::Identity;
use crate::domain::kept::KeptUsers;
use crate::domain::lock::{UnlockPreview, UnlockRecord, WeekLock};
use crate::domain::mfa::SignIn;
use crate::domain::migration::difference::Difference;
use crate::domain::migration::journal::Journal;
use crate::domain::migration::{MigrationList, Outcome, SourceTexts};
use crate::domain::people::PeopleTold;
use crate::domain::plan_item::{ChatMessage, ChatSession};
use crate::domain::problem::Problem;
use crate::domain::project_file::MadeFile;
pub use crate::domain::report::plan::Planned;
use crate::domain::review::{Review, ReviewExported, ReviewItem};
use crate::domain::run_event::RunEvent;
use crate::domain::seed::{SeedListing, SeedOutcome, SeedPlan, SeedSource};
use crate::domain::table::change::RowChanged;
use crate::domain::table::export::TableExported;
use crate::domain::table::info::{TableDescribed, TableList};
use crate::domain::table::paging::RowPage;
use crate::domain::table::values::ValueCounts;
use jiff::Timestamp;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// A key was pressed.
    KeyPressed(Key),
    /// A key was pressed before what the key before it did was on screen: both came in one go.
    KeyRushed(Key),
    /// Text was pasted.
    Pasted(String),
    /// The mouse was clicked, column and row from the top left.
    Clicked(u16, u16),
    /// The wheel was turned by lines over a place; down is positive.
    Wheeled(u16, u16, isize),
    /// The terminal has a new size, columns and rows.
    Resized(u16, u16),
    /// The terminal got the focus, or lost it.
    Focused(bool),
    /// A request was answered, at this time.
    Reported {
        /// The request's ticket.
        ticket: Ticket,
        /// When the answer came.
        at: Timestamp,
        /// The answer.
        report: Box<Report>,
    },
    /// A read takes long.
    Waiting {
        /// The read's ticket.
        ticket: Ticket,
        /// When that was noticed.
        at: Timestamp,
        /// Whom it waits for.
        whom: String,
    },
    /// The running write has news.
    Progressed(Ticket, RunEvent),
    /// A timer ran out.
    TimerFired(Timer),
    /// Something outside went well or not; shown for a moment.
    Noticed(String),
    /// What is made ready for the write that is under way, in a sentence. It ends with that write.
    Prepared(Ticket, String),
    /// Files of the project changed on disk.
    FilesChanged,
    /// The user's editor has ended, or could not be started.
    Edited(Result<(), Problem>),
    /// The same with a text: what the editor left of it.
    TextEdited(Result<String, Problem>),
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// To `Load::Migrations`.
    Migrations(Result<MigrationList, Problem>),
    /// To `Load::Sources`.
    Sources(Result<SourceTexts, Problem>),
    /// To `Load::Plan`.
    Plan(Result<Planned, Problem>),
    /// To `Load::Seeds`.
    Seeds(Result<SeedListing, Problem>),
    /// To `Load::SeedSource`.
    SeedSource(Result<SeedSource, Problem>),
    /// To `Load::SeedPlan`.
    SeedPlan(Result<SeedPlan, Problem>),
    /// To `Load::Cycles`.
    Cycles(Result<Vec<Cycle>, Problem>),
    /// To `Load::Goals`.
    Goals(Result<Vec<Goal>, Problem>),
    /// To `Load::Locks`.
    Locks(Result<Vec<WeekLock>, Problem>),
    /// To `Load::Items`.
    Items(Result<Vec<ReviewItem>, Problem>),
    /// To `Load::Vision`: nothing where there is none, or it is not visible.
    Vision(Result<Option<Box<Vision>>, Problem>),
    /// To `Load::Chats`.
    Chats(Result<Vec<ChatSession>, Problem>),
    /// To `Load::Messages`.
    Messages(Result<Vec<ChatMessage>, Problem>),
    /// To `Load::Opening`: nothing where the identity may not read it.
    Opening(Result<Option<UnlockRecord>, Problem>),
    /// To `Load::Prospect`.
    Prospect(Result<Box<UnlockPreview>, Problem>),
    /// To `Load::Audit`.
    Audit(Result<Page, Problem>),
    /// To `Load::Review`.
    Review(Result<Box<Review>, Problem>),
    /// To `Load::ExportReview`.
    ReviewExported(Result<Box<ReviewExported>, Problem>),
    /// To `Load::News`.
    News(Result<Option<News>, Problem>),
    /// To `Load::Live`.
    Live(Result<LiveAnswer, Problem>),
    /// To `Load::Difference`.
    Difference(Result<Difference, Problem>),
    /// To `Load::Fix` and `Load::Deletion`.
    Fix(Result<Fix, Problem>),
    /// To `Load::Journal`.
    Journal(Result<Journal, Problem>),
    /// To `Load::Record`.
    Record(Result<Box<ComparedRecord>, Problem>),
    /// To `Load::Find`.
    Found(Result<Box<ComparedRecord>, Problem>),
    /// To `Load::People`.
    People(Box<PeopleTold>),
    /// To `Load::TableList`.
    TableList(Result<TableList, Problem>),
    /// To `Load::TableInfo`.
    TableInfo(Result<Box<TableDescribed>, Problem>),
    /// To `Load::Rows`.
    Rows(Result<Box<RowPage>, Problem>),
    /// To `Load::Export`.
    Exported(Result<Box<TableExported>, Problem>),
    /// To `Load::CountRows`.
    RowsCounted(Result<u64, Problem>),
    /// To `Load::Values`.
    Values(Result<Box<ValueCounts>, Problem>),
    /// To `Load::WholeRow`.
    WholeRow(Result<Box<RowPage>, Problem>),
    /// To `Load::Access`.
    Access(Result<Box<Matrix>, Problem>),
    /// To `Load::Explain`.
    Explained(Result<Box<Explanation>, Problem>),
    /// To `Load::Check`: one verdict a field, in the order of the guide.
    Checked(Vec<Verdict>),
    /// To `Write::Migrate`.
    Migrated(Result<Outcome, Problem>),
    /// To `Write::Rehearse`.
    Rehearsed(Result<Box<dry_run::Report>, Problem>),
    /// To `Write::Fix`: the list as it is now.
    Fixed(Result<MigrationList, Problem>),
    /// To `Write::NewFile`.
    FileMade(Result<MadeFile, Problem>),
    /// To `Write::Seed`.
    Seeded(Result<SeedOutcome, Problem>),
    /// To `Write::Unlock`: the week as it is now.
    Unlocked(Result<Box<WeekLock>, Problem>),
    /// To `Write::Rows`: those that were made, and why the next was not.
    RowsWritten(Vec<RowChanged>, Option<Problem>),
    /// To `Write::SignIn`, `Write::VerifyCode`, `Write::GiveCode`, `Write::GoWithout` and `Write::Act`.
    SignedIn(Result<SignIn, Problem>),
    /// To `Write::StepUp`: a refusal is one of the session in use.
    SteppedUp(Result<SignIn, Problem>),
    /// To `Write::GiveUp`.
    GaveUp(Result<(), Problem>),
    /// To `Write::SendCode`.
    CodeSent(Result<(), Problem>),
    /// To `Write::SignOut`: whose session is over here.
    SignedOut(Identity, Result<(), Problem>),
    /// To `Load::Choices`.
    Choices(Box<Choices>),
    /// To `Write::Open`, `Write::OpenProfile` and `Write::SaveProfile`: the project that is open now.
    Opened(Result<Box<Opened>, Problem>),
}

impl Report {
    /// Why rows could not be read as the user who reads.
    pub fn refusal(&self) -> Option<&Problem> {
        match self {
            Self::Cycles(Err(problem))
            | Self::Goals(Err(problem))
            | Self::Locks(Err(problem))
            | Self::Items(Err(problem))
            | Self::Vision(Err(problem))
            | Self::Chats(Err(problem))
            | Self::Messages(Err(problem))
            | Self::Opening(Err(problem))
            | Self::Prospect(Err(problem))
            | Self::Audit(Err(problem))
            | Self::News(Err(problem))
            | Self::Live(Err(problem))
            | Self::Record(Err(problem))
            | Self::Found(Err(problem))
            | Self::Rows(Err(problem))
            | Self::WholeRow(Err(problem))
            | Self::RowsCounted(Err(problem))
            | Self::Values(Err(problem))
            | Self::Exported(Err(problem))
            | Self::ReviewExported(Err(problem))
            | Self::RowsWritten(_, Some(problem))
            | Self::Unlocked(Err(problem)) => Some(problem),
            _ => None,
        }
    }

    /// Whether rows were read as the user who reads.
    pub fn is_read(&self) -> bool {
        matches!(
            self,
            Self::Cycles(Ok(_))
                | Self::Goals(Ok(_))
                | Self::Locks(Ok(_))
                | Self::Items(Ok(_))
                | Self::Vision(Ok(_))
                | Self::Chats(Ok(_))
                | Self::Messages(Ok(_))
                | Self::Audit(Ok(_))
                | Self::Rows(Ok(_))
        )
    }
}

/// Who and what there is to choose from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choices {
    /// The users whose sessions are kept, where the store told.
    pub kept: Option<KeptUsers>,
    /// The profiles of the user's file.
    pub profiles: Vec<ProfileBrief>,
}

/// A project that was opened, and who reads at first.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// The project.
    pub project: super::model::Project,
    /// Who reads.
    pub identity: Identity,
    /// Why the session of who reads is over, where it is.
    pub ended: Option<Problem>,
}

/// What is known about one field of the guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing typed yet.
    Empty,
    /// Works; a few words on what was found.
    Good(String),
    /// Does not work, and why.
    Bad(String),
}
