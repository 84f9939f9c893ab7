//! Carries out reads and writes as tasks; their answers come back as messages with the tickets of their requests.
//! A newer read in a slot aborts the older one. A write is never aborted: cancelling it is a request to the server.

use super::ending::Writes;
use super::open_project::{self, OpenProject};
use super::patience::Patience;
use super::{Start, guide, live, scratch, trail};
use crate::adapters::secrets::Told;
use crate::app::effect::{Load, Write};
use crate::app::live::LiveQuestion;
use crate::app::msg::{Msg, Planned, Report};
use crate::app::screen::journal::NEWEST;
use crate::app::ticket::{Slot, Ticket};
use crate::domain::audit::trail::Trail;
use crate::domain::audit::{Ask, ComparedRecord, Record};
use crate::domain::cycle::today;
use crate::domain::identity::Identity;
use crate::domain::mfa::SignIn;
use crate::domain::migration::PlanRequest;
use crate::domain::people::PeopleTold;
use crate::domain::problem::{Kind, Problem};
use crate::domain::project_file::{MadeFile, NewFile};
use crate::domain::run_event::RunEvent;
use crate::ops::access::{self, MatrixRequest};
use crate::ops::migration::RunControl;
use crate::ops::{
    audit, cycle, goal, lock, migration, seed, session, table, table_change, table_export,
    table_values,
};
use crate::ports::Auth;
use futures_util::FutureExt;
use jiff::Timestamp;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

type Sender = mpsc::UnboundedSender<Msg>;

/// Starts tasks and keeps their handles.
pub(super) struct Runner {
    start: Arc<Start>,
    inbox: Sender,
    world: Arc<Mutex<Option<Arc<OpenProject>>>>,
    reads: HashMap<Slot, Reading>,
    cancel: CancellationToken,
    writes: Writes,
}

/// A read that was begun.
struct Reading {
    task: AbortHandle,
    ticket: Ticket,
    refuse: Refusal,
}

impl Runner {
    /// A runner whose answers go to `inbox`.
    pub(super) fn new(mut start: Start, inbox: Sender) -> Self {
        let told = inbox.clone();
        start.settings.told = Told::by(move |text| drop(told.send(Msg::Noticed(text))));
        Self {
            start: Arc::new(start),
            inbox,
            world: Arc::default(),
            reads: HashMap::new(),
            cancel: CancellationToken::new(),
            writes: Writes::default(),
        }
    }

    /// The writes that run.
    pub(super) fn writes(&self) -> &Writes {
        &self.writes
    }

    /// Reads something.
    pub(super) fn load(&mut self, ticket: Ticket, identity: Identity, load: Load) {
        let (inbox, world, start) = (
            self.inbox.clone(),
            Arc::clone(&self.world),
            Arc::clone(&self.start),
        );
        let refuse = refusal(&load);
        let task = tokio::spawn(async move {
            let patience = Patience {
                inbox: &inbox,
                ticket,
            };
            let job = read(&world, &start, &identity, load, &patience);
            let report = AssertUnwindSafe(job).catch_unwind().await;
            let report = report.unwrap_or_else(|_| refuse(panicked()));
            answer(&inbox, ticket, report);
        });
        let reading = Reading {
            task: task.abort_handle(),
            ticket,
            refuse,
        };
        if let Some(older) = self.reads.insert(ticket.slot, reading) {
            older.task.abort();
        }
    }

    /// Gives up reads; each is answered with that. One that was answered meanwhile stays so.
    pub(super) fn cancel_reads(&mut self, slots: &[Slot]) {
        for slot in slots {
            let Some(reading) = self.reads.remove(slot) else {
                continue;
            };
            reading.task.abort();
            let problem = Problem::cancelled("Reading was stopped.");
            answer(&self.inbox, reading.ticket, (reading.refuse)(problem));
        }
    }

    /// Changes something.
    pub(super) fn write(&mut self, ticket: Ticket, identity: Identity, write: Write) {
        self.cancel = self.writes.token();
        let (inbox, world, start) = (
            self.inbox.clone(),
            Arc::clone(&self.world),
            Arc::clone(&self.start),
        );
        let cancel = self.cancel.clone();
        let is_change = ticket.slot == Slot::Write;
        let task = async move {
            let fallback = write_refusal(&write);
            let job = change(&world, &start, &identity, write, ticket, &inbox, cancel);
            let report = AssertUnwindSafe(job).catch_unwind().await;
            answer(
                &inbox,
                ticket,
                report.unwrap_or_else(|_| fallback(panicked())),
            );
        };
        if is_change {
            self.writes.spawn(task);
        } else {
            tokio::spawn(task);
        }
    }

    /// Keeps that this user was chosen to read.
    pub(super) fn used(&self, identity: Identity) {
        let Ok(world) = opened(&self.world) else {
            return;
        };
        tokio::spawn(async move {
            if let Err(problem) = session::used(&*world.auth, &identity).await {
                tracing::warn!(%problem, "who was used last could not be stored");
            }
        });
    }

    /// Ends on the server what nobody comes back to: a session that is stored nowhere, a sign-in that is half done.
    pub(super) fn close(&self) -> impl Future<Output = ()> + use<> {
        let place = Arc::clone(&self.world);
        async move {
            if let Ok(world) = opened(&place) {
                session::close(&*world.auth).await;
            }
        }
    }

    /// Asks the running write to stop.
    pub(super) fn cancel_write(&self) {
        self.cancel.cancel();
    }
}

fn answer(inbox: &Sender, ticket: Ticket, report: Report) {
    // The inbox is closed only when the deck is over; then nobody wants the answer.
    let _ = inbox.send(Msg::Reported {
        ticket,
        at: Timestamp::now(),
        report: Box::new(report),
    });
}

fn panicked() -> Problem {
    Problem::internal("A task of supadeck panicked; the log names the place.")
}

type Refusal = fn(Problem) -> Report;

/// How a read that never came to its end is answered.
fn refusal(load: &Load) -> Refusal {
    match load {
        Load::Migrations => |problem| Report::Migrations(Err(problem)),
        Load::Sources(_) => |problem| Report::Sources(Err(problem)),
        Load::Plan(_) => |problem| Report::Plan(Err(problem)),
        Load::Seeds => |problem| Report::Seeds(Err(problem)),
        Load::SeedSource(_) => |problem| Report::SeedSource(Err(problem)),
        Load::SeedPlan { .. } => |problem| Report::SeedPlan(Err(problem)),
        Load::Cycles => |problem| Report::Cycles(Err(problem)),
        Load::Goals => |problem| Report::Goals(Err(problem)),
        Load::Locks => |problem| Report::Locks(Err(problem)),
        Load::Items(_) => |problem| Report::Items(Err(problem)),
        Load::Vision(_) => |problem| Report::Vision(Err(problem)),
        Load::Chats(_) => |problem| Report::Chats(Err(problem)),
        Load::Messages(_) => |problem| Report::Messages(Err(problem)),
        Load::Audit { .. } => |problem| Report::Audit(Err(problem)),
        Load::Review { .. } => |problem| Report::Review(Err(problem)),
        Load::ExportReview { .. } => |problem| Report::ReviewExported(Err(problem)),
        Load::News { .. } => |problem| Report::News(Err(problem)),
        Load::Live(_) => |problem| Report::Live(Err(problem)),
        Load::Difference(_) => |problem| Report::Difference(Err(problem)),
        Load::Fix(_) | Load::Deletion(_) => |problem| Report::Fix(Err(problem)),
        Load::Journal => |problem| Report::Journal(Err(problem)),
        Load::Access(_) => |problem| Report::Access(Err(problem)),
        Load::Explain(_) => |problem| Report::Explained(Err(problem)),
        Load::Record(_) => |problem| Report::Record(Err(problem)),
        Load::Find(_) => |problem| Report::Found(Err(problem)),
        Load::TableList => |problem| Report::TableList(Err(problem)),
        Load::TableInfo(_) => |problem| Report::TableInfo(Err(problem)),
        Load::Rows(_) => |problem| Report::Rows(Err(problem)),
        Load::WholeRow(_) => |problem| Report::WholeRow(Err(problem)),
        Load::CountRows(_) => |problem| Report::RowsCounted(Err(problem)),
        Load::Values { .. } => |problem| Report::Values(Err(problem)),
        Load::Export { .. } => |problem| Report::Exported(Err(problem)),
        Load::People => |problem| {
            Report::People(Box::new(PeopleTold {
                problems: vec![problem],
                ..PeopleTold::default()
            }))
        },
        Load::Opening(_) => |problem| Report::Opening(Err(problem)),
        Load::Prospect(_) => |problem| Report::Prospect(Err(problem)),
        Load::Check(_) => |_| Report::Checked(Vec::new()),
        Load::Choices => |_| Report::Choices(Box::default()),
    }
}

/// How a write that never came to its end is answered.
fn write_refusal(write: &Write) -> Refusal {
    match write {
        Write::Open | Write::OpenProfile(_) | Write::SaveProfile(_) => {
            |problem| Report::Opened(Err(problem))
        }
        Write::Migrate(_) => |problem| Report::Migrated(Err(problem)),
        Write::Rehearse(_) | Write::RehearseOnScratch(_) => {
            |problem| Report::Rehearsed(Err(problem))
        }
        Write::Fix(_) => |problem| Report::Fixed(Err(problem)),
        Write::NewFile(_) => |problem| Report::FileMade(Err(problem)),
        Write::Seed(_) => |problem| Report::Seeded(Err(problem)),
        Write::Unlock(_) => |problem| Report::Unlocked(Err(problem)),
        Write::Rows(_) => |problem| Report::RowsWritten(Vec::new(), Some(problem)),
        Write::SignIn { .. }
        | Write::VerifyCode { .. }
        | Write::GiveCode { .. }
        | Write::Act(_)
        | Write::GoWithout => |problem| Report::SignedIn(Err(problem)),
        Write::StepUp => |problem| Report::SteppedUp(Err(problem)),
        Write::GiveUp => |problem| Report::GaveUp(Err(problem)),
        Write::SendCode(_) => |problem| Report::CodeSent(Err(problem)),
        // It did not come so far as to be told whose it was: nobody's session is over.
        Write::SignOut(_) => |problem| Report::SignedOut(Identity::Anon, Err(problem)),
    }
}

type Place = Mutex<Option<Arc<OpenProject>>>;

fn opened(place: &Place) -> Result<Arc<OpenProject>, Problem> {
    let world = place.lock().unwrap_or_else(PoisonError::into_inner).clone();
    world.ok_or_else(|| Problem::new(Kind::Config, "No project is open.", ""))
}

/// Whether a read asks for rows, as whoever reads.
fn is_of_rows(load: &Load) -> bool {
    match load {
        Load::Cycles
        | Load::Goals
        | Load::Locks
        | Load::Items(_)
        | Load::Vision(_)
        | Load::Chats(_)
        | Load::Messages(_)
        | Load::Audit { .. }
        | Load::News { .. }
        | Load::Opening(_)
        | Load::Prospect(_)
        | Load::Review { .. }
        | Load::ExportReview { .. }
        | Load::People
        | Load::TableList
        | Load::TableInfo(_)
        | Load::Rows(_)
        | Load::WholeRow(_)
        | Load::CountRows(_)
        | Load::Values { .. }
        | Load::Export { .. }
        | Load::Record(_)
        | Load::Find(_) => true,
        Load::Live(question) => *question != LiveQuestion::History,
        Load::Migrations
        | Load::Sources(_)
        | Load::Plan(_)
        | Load::Seeds
        | Load::SeedSource(_)
        | Load::SeedPlan { .. }
        | Load::Difference(_)
        | Load::Fix(_)
        | Load::Deletion(_)
        | Load::Journal
        | Load::Access(_)
        | Load::Explain(_)
        | Load::Choices
        | Load::Check(_) => false,
    }
}

async fn read(
    place: &Place,
    start: &Start,
    who: &Identity,
    load: Load,
    patience: &Patience<'_>,
) -> Report {
    let refuse = refusal(&load);
    if let Load::Check(setup) = load {
        return Report::Checked(guide::check(start, setup).await);
    }
    let world = match opened(place) {
        Ok(world) => world,
        Err(problem) => return refuse(problem),
    };
    if load == Load::Choices {
        return Report::Choices(Box::new(world.choices().await));
    }
    if is_of_rows(&load) {
        // The session first, so that Auth is named where it is Auth that does not answer, and asked once.
        let going_on = world.auth.go_on(who);
        if let Err(problem) = patience.with(&world.auth_name(), going_on).await {
            return refuse(problem);
        }
        return patience
            .with(&world.rest_name(), rows(&world, who, load))
            .await;
    }
    let database = world.database_name();
    let reading = async {
        match load {
            Load::Fix(correction) => match world.schema() {
                Ok(schema) => Report::Fix(world.fixes.plan(schema, &correction).await),
                Err(problem) => refuse(problem),
            },
            Load::Deletion(file) => match world.schema() {
                Ok(schema) => Report::Fix(world.fixes.plan_deletion(schema, &file).await),
                Err(problem) => refuse(problem),
            },
            Load::Access(also) => match world.access() {
                Ok(database) => {
                    let request = MatrixRequest {
                        also,
                        ..MatrixRequest::default()
                    };
                    Report::Access(access::overview(database, &request).await.map(Box::new))
                }
                Err(problem) => refuse(problem),
            },
            Load::Explain(request) => match world.access() {
                Ok(database) => {
                    let told = access::explain(database, &request).await;
                    Report::Explained(told.map(|(_, told)| Box::new(told)))
                }
                Err(problem) => refuse(problem),
            },
            load => match world.schema() {
                Ok(schema) => read_schema(schema, load, refuse).await,
                Err(problem) => refuse(problem),
            },
        }
    };
    patience.with(&database, reading).await
}

async fn rows(world: &OpenProject, who: &Identity, load: Load) -> Report {
    let rest = &*world.rest;
    let refuse = refusal(&load);
    match load {
        Load::Cycles => Report::Cycles(cycle::list(rest, who).await),
        Load::Goals => Report::Goals(goal::list(rest, who, None).await),
        Load::Locks => Report::Locks(lock::list(rest, who, None).await),
        Load::Items(plan) => Report::Items(cycle::week_items(rest, who, &plan).await),
        Load::Vision(of) => {
            let vision = cycle::vision(rest, who, &of).await;
            Report::Vision(vision.map(|vision| vision.map(Box::new)))
        }
        Load::Chats(of) => Report::Chats(cycle::chats(rest, who, &of).await),
        Load::Messages(chat) => Report::Messages(cycle::messages(rest, who, &chat).await),
        Load::Audit {
            filter,
            from,
            way,
            limit,
            has_changed,
            follow,
        } => {
            let ask = Ask {
                trail: Trail::Own,
                filter,
                from,
                way,
                limit,
                has_changed,
            };
            Report::Audit(trail::page(world, who, ask, follow).await)
        }
        Load::Live(question) => Report::Live(live::rows(world, who, question).await),
        Load::News { follow } => Report::News(trail::news(world, who, follow).await),
        Load::Opening(lock) => Report::Opening(lock::opening(rest, who, &lock).await),
        Load::Prospect(request) => {
            Report::Prospect(lock::look(rest, who, &request).await.map(Box::new))
        }
        Load::Review { cycle, week } => {
            let today = today(Timestamp::now());
            let read = cycle::review(rest, who, &cycle, week, today).await;
            Report::Review(read.map(Box::new))
        }
        Load::ExportReview { cycle, week, path } => {
            let which = (cycle.as_str(), week, today(Timestamp::now()));
            let exported = cycle::export(rest, who, which, world.people(who), path).await;
            Report::ReviewExported(exported.map(Box::new))
        }
        Load::People => Report::People(Box::new(world.people(who).await)),
        Load::TableList => Report::TableList(table::list(world.tables(), rest, who, &[]).await),
        Load::TableInfo(name) => {
            let described = table::describe(world.tables(), rest, who, &name).await;
            Report::TableInfo(described.map(Box::new))
        }
        Load::Rows(wanted) => Report::Rows(table::rows(rest, who, &wanted).await.map(Box::new)),
        Load::WholeRow(wanted) => {
            Report::WholeRow(table::rows(rest, who, &wanted).await.map(Box::new))
        }
        Load::CountRows(wanted) => {
            Report::RowsCounted(table_values::count(rest, who, &wanted).await)
        }
        Load::Values { wanted, column } => {
            let values = table_values::values(rest, who, &wanted, &column).await;
            Report::Values(values.map(Box::new))
        }
        Load::Export { wanted, form, path } => {
            let exported = table_export::export(rest, who, *wanted, form, &path, |_| {}).await;
            Report::Exported(exported.map(Box::new))
        }
        Load::Record(id) => Report::Record(record(world, who, &id).await),
        Load::Find(id) => Report::Found(record(world, who, &id).await),
        _ => refuse(Problem::internal("A read was sent to the wrong place.")),
    }
}

/// A record of the trail, wherever the project keeps it.
async fn record(
    world: &OpenProject,
    who: &Identity,
    id: &str,
) -> Result<Box<ComparedRecord>, Problem> {
    let rest = &*world.rest;
    let trail = world.first_trail(who).await?;
    let record: Record = match audit::show(rest, who, &trail, id).await {
        Err(problem) => match world.other_trail(who, &trail, &problem).await? {
            Some(trail) => audit::show(rest, who, &trail, id).await?,
            None => return Err(problem),
        },
        record => record?,
    };
    // Comparing is work for a processor, not for a task that others wait behind.
    let comparing = tokio::task::spawn_blocking(|| Box::new(ComparedRecord::from(record)));
    comparing.await.map_err(|_| panicked())
}

async fn read_schema(schema: &migration::Workspace, load: Load, refuse: Refusal) -> Report {
    match load {
        Load::Migrations => Report::Migrations(migration::list(schema).await),
        Load::Sources(version) => Report::Sources(migration::sources(schema, &version).await),
        Load::Plan(wish) => Report::Plan(planned(schema, &wish).await),
        Load::Seeds => Report::Seeds(seed::list(schema).await),
        Load::Live(LiveQuestion::History) => Report::Live(live::history(schema).await),
        Load::SeedSource(path) => Report::SeedSource(seed::source(schema, &path).await),
        Load::Difference(version) => Report::Difference(migration::diff(schema, &version).await),
        Load::Journal => Report::Journal(migration::log(schema, NEWEST, None).await),
        Load::SeedPlan { paths, again } => {
            Report::SeedPlan(seed::plan(schema, &paths, again).await)
        }
        _ => refuse(Problem::internal("A read was sent to the wrong place.")),
    }
}

/// More SQL than this is not looked at while somebody waits for the plan; `migration plan` looks at all of it.
const LOOKED_AT_BYTES: usize = 2 << 20;

/// The plan of a wish, and what its files can do.
async fn planned(schema: &migration::Workspace, wish: &PlanRequest) -> Result<Planned, Problem> {
    let plan = migration::plan(schema, wish).await?;
    let bytes = plan.steps.iter().map(|step| step.statements.bytes());
    if bytes.sum::<usize>() > LOOKED_AT_BYTES {
        return Ok(Planned { plan, risks: None });
    }
    // Reading SQL is work for a processor, not for a task that others wait behind.
    let reading = tokio::task::spawn_blocking(move || {
        let risks = migration::risks(&plan).into_iter();
        let risks = Some(risks.map(|risk| risk.assessment).collect());
        Planned { plan, risks }
    });
    reading.await.map_err(|_| panicked())
}

async fn change(
    place: &Place,
    start: &Start,
    who: &Identity,
    write: Write,
    ticket: Ticket,
    inbox: &Sender,
    cancel: CancellationToken,
) -> Report {
    let refuse = write_refusal(&write);
    let settings = match write {
        Write::Open => Some((start.settings.clone(), None)),
        Write::OpenProfile(ref name) => match open_project::of_profile(start, name) {
            Ok(settings) => Some((settings, None)),
            Err(problem) => return refuse(problem),
        },
        Write::SaveProfile(ref setup) => match guide::save(start, setup).await {
            Ok(saved) => Some(saved),
            Err(problem) => return refuse(problem),
        },
        _ => None,
    };
    if let Some((settings, note)) = settings {
        let notes = note.into_iter();
        let of_start = (!matches!(write, Write::OpenProfile(_))).then_some(start);
        return match open_project::open(&settings, of_start).await {
            Ok((world, mut opened)) => {
                opened.project.notes.extend(notes);
                let world = Arc::new(world);
                // It walks the folders of the project, for which the first screen does not wait.
                let (watched, inbox) = (Arc::clone(&world), inbox.clone());
                tokio::task::spawn_blocking(move || watched.watch_files(&inbox));
                let world = Some(world);
                let before = {
                    let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
                    std::mem::replace(&mut *place, world)
                };
                // Nobody comes back to a session that is stored nowhere.
                if let Some(before) = before {
                    tokio::spawn(async move { session::close(&*before.auth).await });
                }
                Report::Opened(Ok(Box::new(opened)))
            }
            Err(problem) => refuse(problem),
        };
    }
    let world = match opened(place) {
        Ok(world) => world,
        Err(problem) => return refuse(problem),
    };
    let auth = &*world.auth;
    match write {
        Write::Migrate(plan) => match world.schema() {
            Ok(schema) => {
                let watch = RunControl {
                    progress: forward(ticket, inbox),
                    cancel,
                };
                let outcome = migration::run(schema, &plan, &watch).await;
                // Whatever came of it: the screens that are looked at next must not call a new table missing.
                world.rest.schema_changed();
                Report::Migrated(outcome)
            }
            Err(problem) => refuse(problem),
        },
        Write::Rehearse(plan) => match world.stage() {
            Ok((schema, stage)) => {
                let watch = RunControl {
                    progress: forward(ticket, inbox),
                    cancel,
                };
                let report = migration::dry_run(schema, stage, &plan, &watch).await;
                Report::Rehearsed(report.map(Box::new))
            }
            Err(problem) => refuse(problem),
        },
        Write::RehearseOnScratch(plan) => match world.schema() {
            Ok(schema) => {
                let report = scratch::dry_run(schema, &plan, &cancel, (ticket, inbox)).await;
                Report::Rehearsed(report.map(Box::new))
            }
            Err(problem) => refuse(problem),
        },
        Write::Fix(fix) => match world.schema() {
            Ok(schema) => {
                let made = world.fixes.make(schema, fix.number).await;
                world.rest.schema_changed();
                Report::Fixed(made)
            }
            Err(problem) => refuse(problem),
        },
        Write::NewFile(file) => match world.schema() {
            Ok(schema) => Report::FileMade(make_file(schema, &file).await),
            Err(problem) => refuse(problem),
        },
        Write::Seed(plan) => match world.schema() {
            Ok(schema) => {
                let watch = RunControl {
                    progress: forward(ticket, inbox),
                    cancel,
                };
                Report::Seeded(seed::run(schema, &plan, &watch).await)
            }
            Err(problem) => refuse(problem),
        },
        Write::Unlock(request) => Report::Unlocked(
            lock::unlock(&*world.rest, who, &request)
                .await
                .map(|unlocked| Box::new(unlocked.lock)),
        ),
        Write::Rows(write) => {
            let mut done = Vec::new();
            let mut stopped = None;
            for change in &write.changes {
                match table_change::make(&*world.rest, who, &write.table, change).await {
                    Ok(changed) => done.push(changed),
                    Err(problem) => {
                        stopped = Some(problem);
                        break;
                    }
                }
            }
            Report::RowsWritten(done, stopped)
        }
        Write::SendCode(email) => Report::CodeSent(session::send_code(auth, &email).await),
        Write::GiveUp => Report::GaveUp(session::give_up(auth).await),
        write @ (Write::SignIn { .. }
        | Write::VerifyCode { .. }
        | Write::GiveCode { .. }
        | Write::GoWithout) => {
            let signed_in = sign_in(auth, write).await;
            warn(auth, inbox);
            Report::SignedIn(signed_in)
        }
        Write::Act(name) => Report::SignedIn(world.act(&name, inbox).await.map(SignIn::Done)),
        Write::StepUp => {
            let stepped_up = session::step_up(auth, who).await;
            warn(auth, inbox);
            Report::SteppedUp(stepped_up)
        }
        Write::SignOut(whose) => {
            let ended = session::sign_out(auth, &whose).await;
            Report::SignedOut(whose, ended)
        }
        Write::Open | Write::OpenProfile(_) | Write::SaveProfile(_) => {
            refuse(Problem::internal("A project was opened twice."))
        }
    }
}

/// Makes a file as the command line does.
async fn make_file(schema: &migration::Workspace, file: &NewFile) -> Result<MadeFile, Problem> {
    let root = &schema.root;
    match file {
        NewFile::Migration { name } => {
            let files = migration::new(root, name, Timestamp::now()).await?;
            let name = files.up.file_name().unwrap_or_default().to_string_lossy();
            let version = name.split('_').next().unwrap_or_default().to_owned();
            Ok(MadeFile {
                note: files.note(),
                file: files.up,
                key: version,
                made: files.made,
            })
        }
        NewFile::Rollback { version } => migration::new_rollback(root, version).await,
        NewFile::Seed { name } => seed::new(root, name).await,
    }
}

/// A sign-in, or one of its steps.
async fn sign_in(auth: &dyn Auth, write: Write) -> Result<SignIn, Problem> {
    match write {
        Write::SignIn { email, password } => {
            session::sign_in(auth, &email, password.as_inner()).await
        }
        Write::VerifyCode { email, code } => {
            session::verify_code(auth, &email, code.as_inner()).await
        }
        Write::GiveCode { factor, code } => {
            let given = session::give_code(auth, &factor, code.as_inner()).await;
            given.map(SignIn::Done)
        }
        Write::GoWithout => session::go_without(auth).await.map(SignIn::Done),
        _ => Err(Problem::internal("A write was sent to the wrong place.")),
    }
}

/// Says what the user should know of a sign-in that went well, such as that it could not be stored. It goes out before
/// the answer, which leaves it standing.
fn warn(auth: &dyn Auth, inbox: &Sender) {
    for problem in auth.take_left_open().into_iter().chain(auth.take_warning()) {
        let _ = inbox.send(Msg::Noticed(problem.to_string()));
    }
}

/// A channel whose events become messages with the write's ticket.
fn forward(ticket: Ticket, inbox: &Sender) -> mpsc::UnboundedSender<RunEvent> {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let inbox = inbox.clone();
    tokio::spawn(async move {
        while let Some(event) = receiver.recv().await {
            let _ = inbox.send(Msg::Progressed(ticket, event));
        }
    });
    sender
}
