//! The ways to a project of a read-only profile: what reads goes through, what would change something is refused before it is sent.

use crate::domain::audit::backfill::{Index, IndexState, LogExtent};
use crate::domain::identity::Identity;
use crate::domain::migration::history::{History, HistoryMark, Stored};
use crate::domain::migration::journal::Journal;
use crate::domain::migration::owner::Owned;
use crate::domain::problem::Problem;
use crate::domain::query::{Answer, Call, Ping, RowWrite, Select};
use crate::domain::read_only::{no_dry_run, refusal};
use crate::domain::script::{Change, Failure, Limits};
use crate::domain::seed::SeedHistory;
use crate::ports::{
    AuditUpkeep, Counting, Database, DryRun, DryRunDatabase, DryRunTransaction, Rest, Session,
    Soon, Task,
};
use std::ops::Range;
use std::sync::Arc;

/// Something of a project, read through a read-only profile.
pub(super) struct ReadOnly<T: ?Sized> {
    /// What is read.
    pub(super) inner: Arc<T>,
    /// The profile's name.
    pub(super) profile: String,
}

fn refused<'a, T: Send + 'a>(problem: Problem) -> Task<'a, T> {
    Box::pin(async { Err(problem) })
}

impl Rest for ReadOnly<dyn Rest> {
    fn select<'a>(&'a self, who: &'a Identity, query: &'a Select) -> Task<'a, Answer> {
        self.inner.select(who, query)
    }

    fn count<'a>(&'a self, who: &'a Identity, query: &'a Select, how: Counting) -> Task<'a, u64> {
        self.inner.count(who, query, how)
    }

    fn call<'a>(&'a self, who: &'a Identity, call: &'a Call) -> Task<'a, Answer> {
        if call.is_read {
            return self.inner.call(who, call);
        }
        refused(refusal(&self.profile))
    }

    fn write<'a>(&'a self, _: &'a Identity, _: &'a RowWrite) -> Task<'a, Answer> {
        refused(refusal(&self.profile))
    }

    fn describe<'a>(&'a self, who: &'a Identity, schema: &'a str) -> Task<'a, Answer> {
        self.inner.describe(who, schema)
    }

    fn ping<'a>(&'a self, who: &'a Identity) -> Task<'a, Ping> {
        self.inner.ping(who)
    }

    fn schema_changed(&self) {
        self.inner.schema_changed();
    }
}

impl Database for ReadOnly<dyn Database> {
    fn history(&self) -> Task<'_, History> {
        self.inner.history()
    }

    fn history_mark(&self) -> Task<'_, HistoryMark> {
        self.inner.history_mark()
    }

    fn stored<'a>(&'a self, versions: &'a [String]) -> Task<'a, Vec<Stored>> {
        self.inner.stored(versions)
    }

    fn settled<'a>(&'a self, session: &'a str) -> Task<'a, History> {
        self.inner.settled(session)
    }

    fn session(&self, _: Limits) -> Task<'_, Box<dyn Session>> {
        refused(refusal(&self.profile))
    }

    fn repair<'a>(&'a self, _: &'a [Change]) -> Task<'a, ()> {
        refused(refusal(&self.profile))
    }

    fn note<'a>(&'a self, _: &'a Failure) -> Task<'a, ()> {
        refused(refusal(&self.profile))
    }

    fn journal<'a>(&'a self, limit: u32, version: Option<&'a str>) -> Task<'a, Journal> {
        self.inner.journal(limit, version)
    }

    fn seeds(&self) -> Task<'_, SeedHistory> {
        self.inner.seeds()
    }

    fn expect(&self, soon: Soon) {
        self.inner.expect(soon);
    }

    fn refuses_alone(&self) -> Task<'_, Option<String>> {
        self.inner.refuses_alone()
    }

    fn owners<'a>(&'a self, name: &'a str) -> Task<'a, Vec<Owned>> {
        self.inner.owners(name)
    }
}

impl DryRunDatabase for ReadOnly<dyn DryRunDatabase> {
    fn dry_run(&self, _: Limits) -> Task<'_, Box<dyn DryRun>> {
        refused(no_dry_run(&self.profile))
    }

    fn open_dry_run(&self, _: Limits) -> Task<'_, Box<dyn DryRunTransaction>> {
        refused(no_dry_run(&self.profile))
    }
}

impl AuditUpkeep for ReadOnly<dyn AuditUpkeep> {
    fn extent(&self) -> Task<'_, LogExtent> {
        self.inner.extent()
    }

    fn fill<'a>(&'a self, _: &'a Range<u64>) -> Task<'a, u64> {
        refused(refusal(&self.profile))
    }

    fn index_state<'a>(&'a self, index: &'a Index) -> Task<'a, IndexState> {
        self.inner.index_state(index)
    }

    fn build_index<'a>(&'a self, _: &'a Index, _: IndexState) -> Task<'a, ()> {
        refused(refusal(&self.profile))
    }
}
