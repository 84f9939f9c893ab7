//! The whole state of the deck.

use super::command::{Command, Context};
use super::dialog::Dialog;
use super::dialog::edit_text::TextEdit;
use super::dialog::project::ProfileBrief;
use super::dialog::result::ResultView;
use super::dialog::theme::Themes;
use super::keymap::Keymap;
use super::layout::{self, Areas, Panes, Sides};
use super::live::Live;
use super::progress::Running;
use super::reads::{Ended, Wait};
use super::row_names::RowNames;
use super::screen::access::AccessScreen;
use super::screen::audit::Audit;
use super::screen::cycles::{Beside, Level, OpenCycle};
use super::screen::journal::JournalScreen;
use super::screen::locks::Locks;
use super::screen::migrations::Migrations;
use super::screen::seeds::Seeds;
use super::screen::tables::Tables;
use super::table::{Row, Table};
use super::ticket::{Slot, Tickets};
use crate::domain::audit::filter_book::{FilterBook, identity_key};
use crate::domain::cycle::{Cycle, today};
use crate::domain::demo::Demo;
use crate::domain::goal::Goal;
use crate::domain::identity::Identity;
use crate::domain::kept::KeptUsers;
use crate::domain::mfa::MfaChallenge;
use crate::domain::migration::Target;
use crate::domain::people::{Known, People};
use crate::domain::report::plan::Planned;
use crate::domain::report::seen::Tried;
use crate::domain::table::column_choice::ColumnBook;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// The open project, as far as the screen needs it. Holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Project {
    /// The profile's name, or the host when there is no profile.
    pub name: String,
    /// Base URL.
    pub url: String,
    /// Whether it is marked as production.
    pub is_production: bool,
    /// The production profile that it belongs to, where that is called otherwise.
    pub production: Option<String>,
    /// Whether nothing may be changed through its profile.
    pub is_read_only: bool,
    /// Whether a way to the database is known, so that migrations and seeds work.
    pub has_database: bool,
    /// Whether a secret key is known, so that the service role can be chosen.
    pub has_service_key: bool,
    /// Whether the JWT secret is known, so that one can act as any user.
    pub can_act: bool,
    /// Whether a JWT secret is set and left alone, because SUPABASE_URL does not say that it is this project's.
    pub has_unnamed_jwt_secret: bool,
    /// What the user should know, such as that there is no keyring.
    pub notes: Vec<String>,
    /// After how many seconds a request to sign in or out is given up.
    pub patience_s: u64,
    /// What the demo says of itself, where this is one.
    pub demo: Option<Box<Demo>>,
    /// Whether the e-mail addresses of its users are read over the database connection, past Row Level Security.
    pub tells_emails: bool,
    /// The filters of the audit list that were typed before, where they are kept.
    pub filters: Option<FilterBook>,
    /// The columns that were chosen for its tables before, where they are kept.
    pub columns: Option<ColumnBook>,
    /// Whether its profile names a table with the names of its users.
    pub has_names: bool,
    /// The users whose sessions are kept.
    pub kept: KeptUsers,
    /// The profiles of the user's file.
    pub profiles: Vec<ProfileBrief>,
}

/// The screens, in the order of their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Screen {
    /// What stands where, in one look.
    Home,
    /// The migrations and their SQL.
    Migrations,
    /// The seed files.
    Seeds,
    /// The planning cycles.
    Cycles,
    /// The goals.
    Goals,
    /// The locks of every week.
    Locks,
    /// The audit trail.
    Audit,
    /// What was run on the database.
    Journal,
    /// Every table of the project.
    Tables,
    /// Who may do what with which rows.
    Access,
}

impl Screen {
    /// All screens with their names and the commands that go there.
    pub const ALL: [(Self, &'static str, Command); 10] = [
        (Self::Home, "Home", Command::Home),
        (Self::Migrations, "Migrations", Command::Migrations),
        (Self::Seeds, "Seeds", Command::Seeds),
        (Self::Cycles, "Cycles", Command::Cycles),
        (Self::Goals, "Goals", Command::Goals),
        (Self::Locks, "Locks", Command::Locks),
        (Self::Audit, "Audit", Command::Audit),
        (Self::Journal, "Journal", Command::Journal),
        (Self::Tables, "Tables", Command::Tables),
        (Self::Access, "Access", Command::Access),
    ];

    /// The screen's name.
    pub fn title(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The screen that a command goes to.
    pub fn of(command: Command) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|(_, _, own)| *own == command)
            .map(|(screen, _, _)| screen)
    }

    /// Whether live mode can keep it up to date.
    pub fn can_be_live(self) -> bool {
        matches!(self, Self::Migrations | Self::Locks | Self::Audit)
    }

    /// The screen so many places further, around the end.
    pub fn step(self, by: isize) -> Self {
        let count = Self::ALL.len() as isize;
        Self::ALL[(self as isize + by).rem_euclid(count) as usize].0
    }

    /// How its list and its details share the room.
    pub fn sides(self) -> Sides {
        match self {
            // Below this width twelve weeks beside the details were read with difficulty.
            Self::Locks => Sides {
                share: 60,
                from: 117,
            },
            Self::Migrations => Sides::of(48),
            // An identity takes thirteen columns.
            Self::Access => Sides {
                share: 62,
                from: 117,
            },
            // Its lines say most by themselves.
            Self::Journal => Sides::of(62),
            Self::Tables => Sides::of(60),
            // Beside the details there must be room for who, which row and what changed.
            Self::Audit => Sides {
                share: 52,
                from: 110,
            },
            _ => Sides::of(46),
        }
    }
}

/// The list's share of the width while one reads the details: they get the room.
const READING_SHARE: u16 = 30;

/// The list's share while it shows the items of a week, which say most by themselves.
const ITEMS_SHARE: u16 = 60;
/// The same while it shows the weeks of a cycle with their days.
const WEEKS_SHARE: u16 = 48;

/// Which half of a screen the keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Focus {
    /// The list.
    #[default]
    List,
    /// The details.
    Detail,
}

/// What a migration plan is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlanFor {
    /// To be confirmed and run.
    #[default]
    Running,
    /// To be dry-run.
    Rehearsing,
}

/// The state of the deck.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The open project; absent before the first profile exists.
    pub project: Option<Project>,
    /// What the deck was started for.
    pub started_for: Option<ProfileBrief>,
    /// Whether the project is being opened.
    pub is_opening: bool,
    /// Who reads.
    pub identity: Identity,
    /// The screen in view.
    pub screen: Screen,
    /// Which half of it the keys go to.
    pub focus: Focus,
    /// First visible line of the details.
    pub detail_top: usize,
    /// That the session of the user who reads is over.
    pub ended: Option<Ended>,
    /// The reads that take long.
    pub waits: BTreeMap<Slot, Wait>,
    /// The live requests.
    pub tickets: Tickets,
    /// How many follows of the audit trail have begun: the number of the newest, of all identities and projects.
    pub follows: u64,
    /// When records about a table came to the audit trail, as far as the deck was told.
    pub heard: BTreeMap<String, Timestamp>,
    /// Whether what is shown is kept up to date by asking.
    pub live: Live,
    /// Screen 1: which of its lines that lead somewhere is selected.
    pub home: usize,
    /// Screen 2.
    pub migrations: Migrations,
    /// Screen 3.
    pub seeds: Seeds,
    /// Screen 4.
    pub cycles: Table<Cycle>,
    /// The cycle that is open there.
    pub open_cycle: Option<Box<OpenCycle>>,
    /// Screen 5.
    pub goals: Table<Goal>,
    /// Screen 6.
    pub locks: Locks,
    /// Screen 7.
    pub audit: Audit,
    /// Whose names are known.
    pub people: People,
    /// What the weeks, goals and cycles are called that are held.
    pub row_names: RowNames,
    /// Screen 8.
    pub journal: JournalScreen,
    /// Screen 9.
    pub browser: Tables,
    /// Screen 0.
    pub access: AccessScreen,
    /// The value that stands in the user's editor.
    pub in_editor: Option<Box<TextEdit>>,
    /// Open dialogs; the last one has the keys.
    pub dialogs: Vec<Dialog>,
    /// The write that is under way.
    pub running: Option<Running>,
    /// Whether a sign-in, a sign-out or the opening of a project is still to be answered.
    pub is_session_busy: bool,
    /// For how many seconds that has been waited for.
    pub session_waited_s: u64,
    /// Whether the user went back from a sign-in that is still to be answered.
    pub is_sign_in_unwanted: bool,
    /// The sign-in that waits for its second factor; nobody reads as its user.
    pub waiting: Option<MfaChallenge>,
    /// When the last answer came: what relative times count from.
    pub now: Timestamp,
    /// What the plan that was asked for is wanted for.
    pub plan_for: PlanFor,
    /// What it was asked for, as a heading: `Apply`.
    pub plan_what: &'static str,
    /// The last run's result, to be read again.
    pub last_result: Option<ResultView>,
    /// Whether it was said that quitting loses what is marked.
    pub is_quit_asked: bool,
    /// The plan that is to be dry-run or is, with what its text tells.
    pub trial: Option<Planned>,
    /// The last dry run, while nothing else was run.
    pub tried: Option<Tried>,
    /// Whether the newest dry run was made on a scratch database: it says nothing of this one.
    pub tried_on_scratch: bool,
    /// The plan of the last dry run, where that went well.
    pub rehearsed: Option<Planned>,
    /// Whether files changed on disk while something ran, so that their lists are still to be read.
    pub are_files_new: bool,
    /// Whether the key in work came before what the key before it did was on screen.
    pub is_rushed: bool,
    /// One line that is shown for a moment.
    pub toast: Option<String>,
    /// The keys.
    pub keymap: Keymap,
    /// The themes, and the one in use.
    pub themes: Themes,
    /// The time zone of this machine.
    pub zone: TimeZone,
    /// Whether the audit list shows times in UTC and not in this machine's zone.
    pub is_utc: bool,
    /// The filters of the audit list that were typed, by whom.
    pub filter_book: FilterBook,
    /// The columns that were chosen for the grids of tables.
    pub column_book: ColumnBook,
}

impl Model {
    /// A deck for a project, or for the first run when there is none.
    pub fn new(
        size: (u16, u16),
        project: Option<Project>,
        identity: Identity,
        keymap: Keymap,
    ) -> Self {
        Self {
            size,
            project,
            started_for: None,
            is_opening: false,
            identity,
            screen: Screen::Home,
            focus: Focus::List,
            detail_top: 0,
            ended: None,
            waits: BTreeMap::new(),
            tickets: Tickets::default(),
            follows: 0,
            heard: BTreeMap::new(),
            live: Live::default(),
            home: 0,
            migrations: Migrations::default(),
            seeds: Seeds::default(),
            cycles: Table::default(),
            open_cycle: None,
            goals: Table::default(),
            locks: Locks::default(),
            audit: Audit::default(),
            people: People::new(),
            row_names: RowNames::default(),
            journal: JournalScreen::default(),
            browser: Tables::default(),
            access: AccessScreen::default(),
            in_editor: None,
            dialogs: Vec::new(),
            running: None,
            is_session_busy: false,
            session_waited_s: 0,
            is_sign_in_unwanted: false,
            waiting: None,
            now: Timestamp::UNIX_EPOCH,
            plan_for: PlanFor::default(),
            plan_what: "Plan",
            last_result: None,
            is_quit_asked: false,
            trial: None,
            tried: None,
            tried_on_scratch: false,
            rehearsed: None,
            are_files_new: false,
            is_rushed: false,
            toast: None,
            keymap,
            themes: Themes::default(),
            zone: TimeZone::UTC,
            is_utc: false,
            filter_book: FilterBook::default(),
            column_book: ColumnBook::default(),
        }
    }

    /// Where things are on the screen.
    pub fn areas(&self) -> Areas {
        layout::areas(self.size.0, self.size.1, self.notice_rows())
    }

    /// Where the two halves of the screen are.
    pub fn panes(&self) -> Panes {
        let is_detail = self.focus == Focus::Detail;
        if self.screen == Screen::Tables && self.browser.grid.is_some() {
            return layout::grid_panes(self.areas().body, is_detail);
        }
        let is_long = matches!(self.screen, Screen::Migrations | Screen::Audit);
        let mut sides = self.screen.sides();
        let open = self
            .open_cycle
            .as_ref()
            .filter(|_| self.screen == Screen::Cycles);
        match open.map(|open| open.level) {
            Some(Level::Items) => sides.share = ITEMS_SHARE,
            Some(Level::Parts | Level::Chats) => sides.share = WEEKS_SHARE,
            None => {}
        }
        if is_detail && is_long {
            sides.share = READING_SHARE;
        }
        layout::panes(self.areas().body, sides, self.row_count(), is_detail)
    }

    /// How many rows the list of the screen in view has.
    fn row_count(&self) -> usize {
        match self.screen {
            Screen::Home => 0,
            Screen::Migrations => self.migrations.table.list.len(),
            Screen::Seeds => self.seeds.table.list.len(),
            Screen::Cycles => match &self.open_cycle {
                Some(open) => open.list().len(),
                None => self.cycles.list.len(),
            },
            Screen::Goals => self.goals.list.len(),
            Screen::Locks => self.locks.list.len(),
            Screen::Audit => self.audit.held(),
            Screen::Journal => self.journal.table.list.len(),
            Screen::Tables => self.browser.table.list.len(),
            Screen::Access => self.access.list.len(),
        }
    }

    /// How many rows of the list are visible.
    pub fn list_height(&self) -> usize {
        layout::rows(self.panes().list).height.into()
    }

    /// How many lines of the details are visible.
    pub fn detail_height(&self) -> usize {
        layout::inside(self.panes().detail).height.into()
    }

    /// The contexts whose keys are live, the most special first.
    pub fn contexts(&self) -> &'static [Context] {
        if self.dialogs.is_empty() {
            self.screen_contexts()
        } else {
            &[Context::Dialog]
        }
    }

    /// The contexts of the screen in view, the most special first.
    pub fn screen_contexts(&self) -> &'static [Context] {
        match self.screen {
            Screen::Migrations => &[Context::Migrations, Context::List, Context::Global],
            Screen::Seeds => &[Context::Seeds, Context::List, Context::Global],
            Screen::Locks => &[
                Context::Locks,
                Context::Planning,
                Context::List,
                Context::Global,
            ],
            Screen::Cycles | Screen::Goals => &[Context::Planning, Context::List, Context::Global],
            Screen::Audit => &[Context::Audit, Context::List, Context::Global],
            Screen::Tables => &[Context::Tables, Context::List, Context::Global],
            Screen::Access => &[Context::Access, Context::List, Context::Global],
            Screen::Home | Screen::Journal => &[Context::List, Context::Global],
        }
    }

    /// Changes who reads: nothing that was read as somebody else stays, but the week that was selected is looked for.
    pub fn become_identity(&mut self, identity: Identity) {
        self.tickets.bump_epoch();
        self.ended = None;
        self.waits.clear();
        self.heard.clear();
        self.live.begin_anew();
        // It shows values that another identity was let at.
        self.dialogs
            .retain(|dialog| !matches!(dialog, Dialog::Values(_)));
        if let (Identity::User(user), Some(project)) = (&identity, &mut self.project)
            && !user.is_acted
        {
            project.kept.put(user);
            project.kept.used(&user.id);
        }
        self.identity = identity;
        self.cycles = Table::default();
        self.open_cycle = None;
        self.goals = Table::default();
        self.locks = Locks::looking_for(self.locks.place());
        self.audit = Audit::default();
        self.row_names = RowNames::default();
        self.browser = self.browser.anew();
        self.access = AccessScreen::default();
        self.know_people();
        self.focus = Focus::List;
        self.detail_top = 0;
    }

    /// The filters that were typed as the identity in use, the newest last.
    pub fn filter_history(&self) -> &[String] {
        self.filter_book.history(&identity_key(&self.identity))
    }

    /// Keeps the filter in force, so that it can be called up again. Says whether it may be kept.
    pub fn remember_filter(&mut self) -> bool {
        let filter = &self.audit.filter_text;
        self.filter_book
            .remember(&identity_key(&self.identity), filter)
    }

    /// The zone in which times are shown, and in which they are typed where they have no offset.
    pub fn shown_zone(&self) -> TimeZone {
        let is_same = self.zone.to_offset(self.now) == jiff::tz::Offset::UTC;
        if self.is_utc || is_same {
            TimeZone::UTC
        } else {
            self.zone.clone()
        }
    }

    /// The date by which cycles run.
    pub fn today(&self) -> Date {
        today(self.now)
    }

    /// Names the rows that are held; to be called when some have arrived.
    pub fn name_rows(&mut self) {
        let (locks, goals) = (self.locks.locks(), self.goals.rows());
        self.row_names = RowNames::of(locks, goals, self.cycles.rows());
    }

    /// Begins with those whose names are known without asking: who reads, and who is kept.
    fn know_people(&mut self) {
        self.people = People::new();
        let kept = self.project.as_ref();
        let kept = kept.into_iter().flat_map(|project| &project.kept.users);
        let reads = match &self.identity {
            Identity::User(user) => Some(user),
            Identity::Anon | Identity::Service => None,
        };
        for user in kept.chain(reads) {
            let email = Some(user.email.clone());
            self.people.add(&user.id, Known { name: None, email });
        }
    }

    /// Opens another project: nothing of the old one stays.
    pub fn open_project(&mut self, project: Project, identity: Identity) {
        self.filter_book = project.filters.clone().unwrap_or_default();
        self.column_book = project.columns.clone().unwrap_or_default();
        self.started_for.get_or_insert_with(|| ProfileBrief {
            name: project.name.clone(),
            url: project.url.clone(),
            is_production: project.is_production,
            is_profile: false,
            variables: Vec::new(),
        });
        self.project = Some(project);
        self.become_identity(identity);
        self.home = 0;
        self.locks = Locks::default();
        self.migrations = Migrations::default();
        self.seeds = Seeds::default();
        self.journal = JournalScreen::default();
        self.browser = Tables::default();
        self.last_result = None;
        self.trial = None;
        self.tried = None;
        self.tried_on_scratch = false;
        self.rehearsed = None;
    }

    /// The projects that can be opened: what the deck was started for, and the profiles.
    pub fn projects(&self) -> Vec<ProfileBrief> {
        let profiles = self.project.iter().flat_map(|project| &project.profiles);
        let profiles: Vec<ProfileBrief> = profiles.cloned().collect();
        let is_listed = |start: &&ProfileBrief| profiles.iter().any(|one| one.is(start));
        let start = self.started_for.iter().find(|start| !is_listed(start));
        let start: Vec<ProfileBrief> = start.cloned().into_iter().collect();
        [start, profiles].concat()
    }

    /// What is held beside the open cycle.
    pub fn beside_cycle(&self) -> Beside<'_> {
        Beside {
            locks: &self.locks.remote,
            goals: &self.goals.remote,
            people: &self.people,
            who: &self.identity,
            today: self.today(),
        }
    }

    /// Whether a question is on top that may be answered only after it was drawn.
    pub fn is_asked(&self) -> bool {
        matches!(self.dialogs.last(), Some(Dialog::Confirm(_)))
    }

    /// Whether text is typed now: into a field, or as the answer to a question.
    pub fn takes_text(&self) -> bool {
        self.dialogs.last().is_some_and(Dialog::takes_text)
    }

    /// The word to type before something that can lose data: the project's name in production.
    pub fn confirm_word(&self, word: &str) -> String {
        match &self.project {
            Some(project) if project.is_production => {
                let name = project.production.as_ref();
                name.unwrap_or(&project.name).clone()
            }
            _ => word.to_owned(),
        }
    }

    /// The same before a database is changed: it may belong to a production profile whatever project is open.
    pub fn confirm_word_at(&self, target: &Target, word: &str) -> String {
        let production = target.protection.profile.clone();
        production.unwrap_or_else(|| self.confirm_word(word))
    }
}

impl Row for Cycle {
    fn key(&self) -> &str {
        &self.id
    }
    fn haystack(&self) -> String {
        format!(
            "{} {} {} week {} {}",
            self.start_date, self.end_date, self.id, self.current_week, self.user_id
        )
    }
}

impl Row for Goal {
    fn key(&self) -> &str {
        &self.id
    }
    fn haystack(&self) -> String {
        format!(
            "{} {} {} {}",
            self.kind, self.description, self.cycle_id, self.user_id
        )
    }
}
