//! The traits that the adapters implement and the use cases call. Nothing here knows a driver or a file system.

use crate::domain::access::explain::{RowAnswer, RowQuestion};
use crate::domain::access::lint::AccessFinding;
use crate::domain::access::matrix::{Probe, Sight};
use crate::domain::access::rules::AccessRules;
use crate::domain::account::AuthAccount;
use crate::domain::audit::backfill::{Index, IndexState, LogExtent};
use crate::domain::catalog::Catalog;
use crate::domain::dry_run::access::Right;
use crate::domain::dry_run::losses::Counts;
use crate::domain::dry_run::measure::{Baseline, CountTarget};
use crate::domain::dry_run::recording::{
    DryRunResult, Failed, FileResult, FileScript, PostRollback,
};
use crate::domain::identity::Identity;
use crate::domain::kept::KeptUsers;
use crate::domain::mfa::SignIn;
use crate::domain::migration::history::{History, HistoryMark, Stored};
use crate::domain::migration::journal::Journal;
use crate::domain::migration::owner::Owned;
use crate::domain::problem::Problem;
use crate::domain::profile::ProfileSet;
use crate::domain::query::{Answer, Call, Ping, RowWrite, Select};
use crate::domain::run_event::RunEvent;
use crate::domain::script::{Change, Failure, Limits, RunError, Script};
use crate::domain::secret::{SecretKind, StoredIn};
use crate::domain::seed::SeedHistory;
use crate::domain::snapshot::Snapshot;
use crate::domain::table::info::{TableList, TablesWanted};
use secrecy::SecretString;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use tokio_util::sync::CancellationToken;

/// What an asynchronous port returns: boxed, so that the ports can be used as trait objects.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send + 'a>>;

/// The wall clock.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> jiff::Timestamp;
}

/// Sign-in and the session that follows from it. Tokens stay inside the implementation.
pub trait Auth: Send + Sync {
    /// The users who are kept, without asking the server; a session may have ended meanwhile.
    fn kept(&self) -> Task<'_, KeptUsers>;
    /// The identity of the signed-in user who is in use, with the session continued when it is about to end; anon when nobody is
    /// in use.
    fn current(&self) -> Task<'_, Identity>;
    /// The same of this identity, as Auth knows it now; anon where no session of it is kept.
    fn again<'a>(&'a self, who: &'a Identity) -> Task<'a, Identity>;
    /// Notes that this user was chosen to read: who reads when nobody is asked for, and the last used one.
    fn used<'a>(&'a self, who: &'a Identity) -> Task<'a, ()>;
    /// Makes sure that the identity can be read as: a user's session is continued when it is about to end. Changes nothing
    /// else, and asks nobody for anon and the service role.
    fn go_on<'a>(&'a self, who: &'a Identity) -> Task<'a, ()>;
    /// Signs in with a password; whoever else is kept stays so. The session is stored before this returns, or [`Auth::take_warning`] says why not; one
    /// that waits for its second factor is stored nowhere.
    fn sign_in<'a>(&'a self, email: &'a str, password: &'a SecretString) -> Task<'a, SignIn>;
    /// Asks for a one-time code by e-mail.
    fn send_code<'a>(&'a self, email: &'a str) -> Task<'a, ()>;
    /// Signs in with the code that came by e-mail.
    fn verify_code<'a>(&'a self, email: &'a str, code: &'a SecretString) -> Task<'a, SignIn>;
    /// Asks which second factors this signed-in user can give; done when one was given.
    fn step_up<'a>(&'a self, who: &'a Identity) -> Task<'a, SignIn>;
    /// Gives the code of a second factor, for the sign-in that waits for it. The new session is stored like any other.
    fn give_code<'a>(&'a self, factor: &'a str, code: &'a SecretString) -> Task<'a, Identity>;
    /// Takes the session of one factor as it is.
    fn go_without(&self) -> Task<'_, Identity>;
    /// Gives up the sign-in that waits for its second factor: its session is ended on the server, and whoever was signed
    /// in before stays so. Nothing happens when none waits.
    fn give_up(&self) -> Task<'_, ()>;
    /// Takes an account to act as, with tokens that are signed here and kept in memory; nobody signs in. A problem where
    /// the project's JWT secret is not known.
    fn act<'a>(&'a self, account: &'a AuthAccount) -> Task<'a, Identity>;
    /// Ends the session of this user, and only this one, on the server and here.
    fn sign_out<'a>(&'a self, who: &'a Identity) -> Task<'a, ()>;
    /// Ends on the server what nobody can reach once the program has ended: a session that is stored nowhere, and a
    /// sign-in that waits for its second factor. A refresh that is under way comes to its end first. Takes two seconds at
    /// most.
    fn close(&self) -> Task<'_, ()>;
    /// Ends on the server whatever sessions are stored under the profile's name, of whichever project, and forgets them.
    /// Returns whose they were. An error says that they are forgotten here, and why one may live on there.
    fn end_stored(&self) -> Task<'_, Vec<Identity>>;
    /// Which session was replaced here and could not be ended on the server, once.
    fn take_left_open(&self) -> Option<Problem> {
        None
    }
    /// Why the session that is in use could not be stored, once: it is good for this run only.
    fn take_warning(&self) -> Option<Problem> {
        None
    }
    /// Asks the Auth server whether it is there.
    fn ping(&self) -> Task<'_, Ping>;
}

/// How rows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// As the planner of Postgres estimates.
    Planned,
    /// Each.
    Exact,
}

/// Rows and functions over the project's REST interface, under the rules of the identity that is named with each request.
pub trait Rest: Send + Sync {
    /// Reads rows. Repeated by itself when the server was out of reach for a moment.
    fn select<'a>(&'a self, who: &'a Identity, query: &'a Select) -> Task<'a, Answer>;
    /// Counts the rows of a selection, or estimates how many there are; its limit and order do not matter.
    fn count<'a>(&'a self, who: &'a Identity, query: &'a Select, how: Counting) -> Task<'a, u64>;
    /// Calls a function. One that may write is never repeated after it may have run.
    fn call<'a>(&'a self, who: &'a Identity, call: &'a Call) -> Task<'a, Answer>;
    /// Changes rows, and gives those that were changed. Never repeated after it may have run.
    fn write<'a>(&'a self, who: &'a Identity, write: &'a RowWrite) -> Task<'a, Answer>;
    /// What the REST server says about a schema by itself: its OpenAPI document, where it gives one to this identity.
    fn describe<'a>(&'a self, who: &'a Identity, schema: &'a str) -> Task<'a, Answer>;
    /// Asks the REST server whether it is there; any answer that is its own will do.
    fn ping<'a>(&'a self, who: &'a Identity) -> Task<'a, Ping>;
    /// Tells that the schema was changed just now: the REST server learns of it a moment later, and a name that it does not
    /// know until then is asked for again.
    fn schema_changed(&self);
}

/// Keys, passwords and tokens by profile and kind.
pub trait Secrets: Send + Sync {
    /// The secret, where there is one. A keyring that does not answer counts as none.
    fn get<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, Option<SecretString>>;
    /// Keeps a secret, and says where. A keyring that is there and refuses is a problem.
    fn set<'a>(
        &'a self,
        profile: &'a str,
        kind: SecretKind,
        value: &'a SecretString,
    ) -> Task<'a, StoredIn>;
    /// Forgets a secret; one that is not there is no problem. Says what was asked: with [`StoredIn::Memory`] the keyring was
    /// not, and may hold the secret still.
    fn remove<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, StoredIn>;
    /// Where secrets are kept.
    fn keeping(&self) -> Task<'_, StoredIn>;
    /// A name for the place of a secret. Whoever can read the same secret there has the same name for it, in whatever
    /// process.
    fn place(&self, profile: &str, kind: SecretKind) -> String {
        format!("{profile}/{}", kind.word())
    }
    /// Whether what [`Secrets::get`] gives is there after the program has ended.
    fn outlives(&self, _profile: &str, _kind: SecretKind) -> bool {
        true
    }
}

/// A change to the profiles, made between reading and writing the file.
pub type Edit<'a> = Box<dyn FnOnce(&mut ProfileSet) -> Result<(), Problem> + Send + 'a>;

/// The user's config file with the profiles.
pub trait Profiles: Send + Sync {
    /// Reads the file; a file that is not there is an empty book.
    fn read(&self) -> Task<'_, ProfileSet>;
    /// Reads, changes and writes in one go, so that two programs at once lose nothing. Returns what was written.
    fn edit<'a>(&'a self, edit: Edit<'a>) -> Task<'a, ProfileSet>;
    /// Where the file is, for messages.
    fn path(&self) -> String;
}

/// What will be wanted in a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Soon {
    /// A session, or a dry run.
    Run,
    /// The history.
    History,
}

/// A Postgres database with the history of migrations and seeds in schema `supabase_migrations`.
/// Every method uses a connection of its own, and closes it, but for [`Database::history_mark`].
pub trait Database: Send + Sync {
    /// The migration history with a digest of each version's statements; empty when there is no history table.
    fn history(&self) -> Task<'_, History>;
    /// A mark of the history's rows, without reading what they hold: to ask often whether any has changed. The connection is kept
    /// for a moment, for the next question.
    fn history_mark(&self) -> Task<'_, HistoryMark>;
    /// The full rows of these versions; versions that are not in the history are left out.
    fn stored<'a>(&'a self, versions: &'a [String]) -> Task<'a, Vec<Stored>>;
    /// The history once nothing of a lost session can change it any more: ends what the server still runs for it and
    /// waits for its lock.
    fn settled<'a>(&'a self, session: &'a str) -> Task<'a, History>;
    /// A connection that runs scripts.
    fn session(&self, limits: Limits) -> Task<'_, Box<dyn Session>>;
    /// Changes the history without running a migration, all changes in one transaction. An error says whether it
    /// was changed, or that nobody knows.
    fn repair<'a>(&'a self, changes: &'a [Change]) -> Task<'a, ()>;
    /// Writes a failed run into the journal.
    fn note<'a>(&'a self, failure: &'a Failure) -> Task<'a, ()>;
    /// The newest lines of the journal, at most `limit`, of one version where one is named. A database without a journal
    /// has no lines, and the answer says so.
    fn journal<'a>(&'a self, limit: u32, version: Option<&'a str>) -> Task<'a, Journal>;
    /// The seed files that were run here; empty when there is no such table.
    fn seeds(&self) -> Task<'_, SeedHistory>;
    /// Says what will be wanted in a moment, so that it can be connected to meanwhile. Nothing has to come of it.
    fn expect(&self, soon: Soon);
    /// Why no file can run outside a transaction on this way to the database, a sentence or two; none where one can.
    fn refuses_alone(&self) -> Task<'_, Option<String>>;
    /// The tables, views, sequences, types, functions and schemas that are called so, with their owners.
    fn owners<'a>(&'a self, name: &'a str) -> Task<'a, Vec<Owned>>;
}

/// Takes the events of a run.
pub type Events<'a> = &'a mut (dyn FnMut(RunEvent) + Send);

/// How many scripts are done and how the last one ended, as [`Session::run`] returns it.
pub type Run<'a> = Pin<Box<dyn Future<Output = (usize, Result<(), RunError>)> + Send + 'a>>;

/// One connection that runs scripts, one after the other, each in a transaction.
pub trait Session: Send {
    /// The name of the session on the server, for [`Database::settled`].
    fn name(&self) -> &str;
    /// Makes the history tables where they are missing.
    fn prepare(&mut self) -> Task<'_, ()>;
    /// Whether the history has a place for the way back of a version; known once the session is prepared.
    fn stores_rollbacks(&self) -> bool;
    /// Runs scripts one after the other, each all or nothing, until one halts; tells how many are done. After a halt the
    /// session is still usable unless it was lost, and then more may be done than was told.
    fn run<'a>(
        &'a mut self,
        scripts: &'a [Script],
        events: Events<'a>,
        cancel: &'a CancellationToken,
    ) -> Run<'a>;
}

/// The catalogs of a database, as far as types are made from them.
pub trait Catalogs: Send + Sync {
    /// What a schema holds; `None` when there is no such schema.
    fn read<'a>(&'a self, schema: &'a str) -> Task<'a, Option<Catalog>>;
}

/// The tables of a database, with what a role may do to them.
pub trait TableCatalog: Send + Sync {
    /// The tables that are asked for.
    fn tables<'a>(&'a self, wanted: &'a TablesWanted) -> Task<'a, TableList>;
}

/// What the owner of an audit log does for it.
pub trait AuditUpkeep: Send + Sync {
    /// How large it is, and whether it has the column `changed`.
    fn extent(&self) -> Task<'_, LogExtent>;
    /// Fills in `changed` of the records that lie in these blocks and have none, in a transaction of its own; how many. Doing it
    /// again fills in nothing.
    fn fill<'a>(&'a self, blocks: &'a Range<u64>) -> Task<'a, u64>;
    /// Whether an index can be used.
    fn index_state<'a>(&'a self, index: &'a Index) -> Task<'a, IndexState>;
    /// Builds an index beside readers and writers, in the place of an invalid one. Takes as long as it takes.
    fn build_index<'a>(&'a self, index: &'a Index, state: IndexState) -> Task<'a, ()>;
}

/// The users of a project, past Row Level Security: asked only where that is switched on for the project.
pub trait UserDirectory: Send + Sync {
    /// The ids and e-mail addresses of the newest users, so many at most.
    fn emails(&self, most: usize) -> Task<'_, Vec<(String, String)>>;
    /// The user of this e-mail address, phone number or id, where there is one.
    fn account<'a>(&'a self, name: &'a str) -> Task<'a, Option<AuthAccount>>;
}

/// A database as far as access is concerned. Every question is asked in a read-only transaction that is rolled back.
pub trait AccessDatabase: Send + Sync {
    /// What decides who may do what, and the users of the project that some texts may mean: ids, e-mail addresses, or what stands
    /// before the `@` of one. Without any, no user is looked up.
    fn rules<'a>(&'a self, people: &'a [String]) -> Task<'a, AccessRules>;
    /// Security problems in grants and policies, the worst first.
    fn lint(&self) -> Task<'_, Vec<AccessFinding>>;
    /// Counts rows as identities, each for no longer than a limit; in the order of the probes.
    fn count_rows<'a>(&'a self, probes: &'a [Probe]) -> Task<'a, Vec<Sight>>;
    /// Evaluates conditions on one row as an identity.
    fn explain<'a>(&'a self, question: &'a RowQuestion) -> Task<'a, RowAnswer>;
}

/// A database on which changes can be dry-run.
pub trait DryRunDatabase: Send + Sync {
    /// Begins a dry run under the lock of the runners. A runner that is at work is not waited for.
    fn dry_run(&self, limits: Limits) -> Task<'_, Box<dyn DryRun>>;
    /// The same as a transaction that goes back and forth, where there is one.
    fn open_dry_run(&self, limits: Limits) -> Task<'_, Box<dyn DryRunTransaction>>;
}

/// Whether a dry run goes on behind a file that failed, given its step, the failure, and the steps undone before it.
pub type GoesOn<'a> = &'a (dyn Fn(usize, &Failed, &[usize]) -> bool + Sync);

/// Dry-runs whole files in one transaction that is never committed. Nothing of it remains, whatever becomes of this value.
pub trait DryRun: Send {
    /// Runs the files one after the other, up to the first that fails for good, and measures. `goes_on` says whether a failure
    /// comes only of the dry run; such a file is undone, and those behind it run without it. An error means that nothing is
    /// known of what they did.
    fn run_files<'a>(
        &'a mut self,
        scripts: &'a [FileScript],
        goes_on: GoesOn<'a>,
        news: Events<'a>,
        cancel: &'a CancellationToken,
    ) -> Task<'a, DryRunResult>;
    /// Reads and counts in the state before everything: what tables hold, and what roles see of tables.
    fn measure_before<'a>(
        &'a mut self,
        holdings: &'a [CountTarget],
        seen: &'a [(String, u32)],
    ) -> Task<'a, PostRollback>;
    /// Makes sure that all of it is undone. An error says that it is not, or that nobody knows yet.
    fn end(self: Box<Self>) -> Task<'static, ()>;
}

/// A transaction that is never committed, and goes back and forth. Nothing of it remains, whatever becomes of this value.
pub trait DryRunTransaction: Send {
    /// The catalog as it is within the transaction.
    fn snapshot(&mut self) -> Task<'_, Snapshot>;
    /// The tables and sequences as they are within the transaction.
    fn baseline(&mut self) -> Task<'_, Baseline>;
    /// What each role may do, as it is within the transaction.
    fn rights(&mut self) -> Task<'_, Vec<Right>>;
    /// Runs one file, measures, and ends its session as a run does behind it. A file that the server refuses is undone. Several
    /// commands in the text of one statement are refused.
    fn run_file<'a>(
        &'a mut self,
        script: &'a FileScript,
        news: Events<'a>,
        cancel: &'a CancellationToken,
    ) -> Task<'a, FileResult>;
    /// Remembers this state, in place of the one remembered before.
    fn set_mark(&mut self) -> Task<'_, ()>;
    /// Returns to the state that was remembered.
    fn rollback_to_mark(&mut self) -> Task<'_, ()>;
    /// Returns to the state before anything ran; what was marked is gone.
    fn rollback_to_start(&mut self) -> Task<'_, ()>;
    /// Counts, each table for no longer than a limit.
    fn count<'a>(&'a mut self, holdings: &'a [CountTarget]) -> Task<'a, Counts>;
    /// Rolls back, and asks the server whether the transaction is undone. An error says that it is not, or that nobody
    /// knows yet.
    fn end(self: Box<Self>) -> Task<'static, ()>;
}
