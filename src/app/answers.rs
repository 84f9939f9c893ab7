//! What an answer does to the model. The ticket has been checked before: what comes here is wanted.

use super::command::Command;
use super::dialog::accept;
use super::dialog::confirm::Confirm;
use super::dialog::migrate;
use super::dialog::onboarding::Onboarding;
use super::dialog::project::ProjectDialog;
use super::dialog::result::ResultView;
use super::dialog::{self, Dialog, ResultState};
use super::effect::{Effect, Timer};
use super::labels::name_record;
use super::live::{LiveAnswer, LiveFound};
use super::model::{Model, PlanFor, Screen};
use super::msg::{Opened, Planned, Report};
use super::problem_hint::in_keys;
use super::{execute, jobs, production, requests, sign_in};
use crate::domain::audit::follow::News;
use crate::domain::audit::{ComparedRecord, Summary};
use crate::domain::dry_run::Environment;
use crate::domain::identity::Identity;
use crate::domain::lock::WeekLock;
use crate::domain::moment::{Form, moment};
use crate::domain::people::PeopleTold;
use crate::domain::problem::Problem;
use crate::domain::read_problem;
use crate::domain::report::seen::Tried;
use crate::domain::report::{Span, Tone, dry_run};
use crate::domain::seed::{SeedEntry, SeedState};
use jiff::Timestamp;
use std::time::Duration;

/// Takes an answer.
pub fn take(model: &mut Model, report: Report, at: Timestamp) -> Vec<Effect> {
    if matches!(
        report,
        Report::Opened(_)
            | Report::SignedIn(_)
            | Report::SteppedUp(_)
            | Report::GaveUp(_)
            | Report::CodeSent(_)
            | Report::SignedOut(..)
    ) {
        model.is_session_busy = false;
    }
    session_of(model, &report, at);
    let mut effects = taken(model, report, at);
    effects.extend(requests::tables_of_another(model));
    effects
}

/// What an answer says of the session of the user who reads: that it is over, or that it is there again.
fn session_of(model: &mut Model, report: &Report, at: Timestamp) {
    let Identity::User(user) = &model.identity else {
        return;
    };
    let refusal = match report {
        Report::SteppedUp(Err(problem)) => Some(problem),
        // A code is given to the session in use, or to one of its own that nobody reads as.
        Report::SignedIn(Err(problem)) => {
            let waiting = model.waiting.as_ref();
            waiting.is_some_and(|it| it.is_signed_in).then_some(problem)
        }
        other => other.refusal(),
    };
    if let Some(problem) = refusal.filter(|why| read_problem::ends_session(why)) {
        model.end_session(problem, at);
    } else if report.is_read() && model.ended.take().is_some() {
        let user = user.clone();
        if let Some(project) = &mut model.project
            && !user.is_acted
        {
            project.kept.put(&user);
            project.kept.used(&user.id);
        }
    }
}

fn taken(model: &mut Model, report: Report, at: Timestamp) -> Vec<Effect> {
    if matches!(
        report,
        Report::Migrated(_) | Report::Seeded(_) | Report::Fixed(_)
    ) {
        // What a dry run found was of another state.
        model.tried = None;
        model.tried_on_scratch = false;
        model.rehearsed = None;
    }
    match report {
        Report::Migrations(result) => {
            if let Ok(listing) = &result {
                production::belongs(model, &listing.target);
            }
            model.migrations.arrived(result, at);
            details_when_in_view(model, Screen::Migrations)
        }
        Report::Sources(result) => {
            model.migrations.sources.arrived(result, at);
            Vec::new()
        }
        Report::Seeds(result) => {
            if let Ok(listing) = &result {
                production::belongs(model, &listing.target);
            }
            model.seeds.arrived(result, at);
            details_when_in_view(model, Screen::Seeds)
        }
        Report::SeedSource(result) => {
            model.seeds.source.arrived(result, at);
            Vec::new()
        }
        Report::Cycles(result) => {
            model.cycles.arrived(result, at);
            super::planning::cycles_arrived(model);
            order_locks(model);
            model.name_rows();
            name_record(model);
            Vec::new()
        }
        Report::Goals(result) => {
            model.goals.arrived(result, at);
            model.name_rows();
            name_record(model);
            Vec::new()
        }
        Report::Locks(result) => locks_arrived(model, result, at),
        report
        @ (Report::Items(_) | Report::Vision(_) | Report::Chats(_) | Report::Messages(_)) => {
            super::planning::take(model, report, at)
        }
        Report::Opening(result) => {
            model.locks.opening.arrived(result, at);
            Vec::new()
        }
        Report::Prospect(result) => {
            dialog::unlock::looked(model, result.map(|prospect| *prospect), at);
            Vec::new()
        }
        Report::Audit(result) => {
            let height = model.list_height();
            let wait = begins_follow(model, result.as_ref().err());
            model.audit.arrived(result, at, height);
            let mut effects = details_when_in_view(model, Screen::Audit);
            effects.extend(requests::audit_search(model));
            effects.extend(wait.map(|wait| Effect::Arm(Timer::Follow, wait)));
            effects
        }
        Report::News(result) => news(model, result),
        Report::Live(result) => live(model, result, at),
        Report::Journal(result) => {
            let new = model.journal.arrived(result, at);
            model.hear_journal(&new);
            Vec::new()
        }
        Report::Access(result) => {
            model.access.arrived(result, at);
            model.access.seek(model.tried.as_ref());
            let height = model.list_height();
            if model.screen == Screen::Access {
                model.access.list.follow(height);
            }
            Vec::new()
        }
        Report::Explained(result) => {
            let view = match &result {
                Ok(told) => ResultView::explained(told),
                Err(problem) => ResultView::failed("Explain", problem),
            };
            show(model, view);
            Vec::new()
        }
        Report::People(told) => {
            let PeopleTold { people, problems } = *told;
            model.people.extend(people);
            name_record(model);
            match problems.first() {
                // Ids stand where names would; it is said once, and nothing else waits for it.
                Some(problem) => execute::toast(model, format!("Names are not known: {problem}")),
                None => Vec::new(),
            }
        }
        Report::Exported(Ok(exported)) => execute::toast(model, exported.sentence()),
        Report::ReviewExported(Ok(exported)) => execute::toast(model, exported.sentence()),
        Report::Exported(Err(problem)) | Report::ReviewExported(Err(problem)) => {
            show(model, ResultView::failed("Export", &problem));
            Vec::new()
        }
        Report::TableList(result) => {
            model.browser.arrived(result, at);
            dialog::look_again(model);
            Vec::new()
        }
        Report::TableInfo(result) => {
            let who = model.identity.clone();
            let grid = model.browser.grid.as_mut();
            let result = result.map(|described| *described);
            if grid.is_some_and(|grid| grid.described(result, &who, at)) {
                requests::rows_from_start(model)
            } else {
                Vec::new()
            }
        }
        Report::Rows(result) => {
            let height = model.list_height();
            let grid = model.browser.grid.as_mut();
            if grid.is_some_and(|grid| grid.arrived(result.map(|page| *page), at, height)) {
                return requests::rows_near_end(model);
            }
            Vec::new()
        }
        Report::RowsWritten(done, problem) => {
            let what = jobs::end_run(model);
            super::browse::written(model, &what, &done, problem)
        }
        Report::RowsCounted(result) => {
            let refused = result.as_ref().err().cloned();
            model.browser.counted(result, at);
            let refused = refused.filter(|problem| !problem.is_cancelled());
            if let Some(problem) = refused {
                show(model, ResultView::failed("Count", &problem));
            }
            Vec::new()
        }
        Report::Values(result) => {
            dialog::values_arrived(model, result.map(|counts| *counts), at);
            Vec::new()
        }
        Report::WholeRow(result) => super::browse::whole(model, result.map(|page| *page)),
        Report::Record(result) => {
            model.audit.record_arrived(result.map(|record| *record), at);
            name_record(model);
            Vec::new()
        }
        Report::Found(Ok(found)) => found_record(model, *found, at),
        Report::Found(Err(problem)) => execute::toast(model, problem.to_string()),
        Report::Plan(Ok(planned)) if model.plan_for == PlanFor::Rehearsing => {
            rehearse(model, &planned)
        }
        Report::Plan(result) => {
            let asked = result.and_then(|planned| {
                let is_empty = planned.plan.steps.is_empty();
                if !is_empty {
                    production::check(&planned.plan.target)?;
                }
                Ok((!is_empty).then(|| migrate::running(planned, model)))
            });
            let what = model.plan_what;
            ask(model, what, asked, |_| "No migration to run.".to_owned())
        }
        Report::Fix(result) => {
            let asked = result.and_then(|fix| {
                production::check(&fix.target)?;
                Ok(Some(Confirm::fix(fix, model)))
            });
            ask(model, "Fix", asked, |_| "Nothing to change.".to_owned())
        }
        Report::Review(Ok(review)) if model.dialogs.is_empty() => {
            let view = ResultView::review(&review, &model.people);
            dialog::open(model, Dialog::Result(ResultState { view, top: 0 }));
            Vec::new()
        }
        Report::Review(Ok(_)) => Vec::new(),
        Report::Review(Err(problem)) => {
            show(model, ResultView::failed("Review", &problem));
            Vec::new()
        }
        Report::Difference(Ok(difference)) if model.dialogs.is_empty() => {
            let view = ResultView::difference(&difference);
            dialog::open(model, Dialog::Result(ResultState { view, top: 0 }));
            Vec::new()
        }
        Report::Difference(Ok(_)) => Vec::new(),
        Report::Difference(Err(problem)) => {
            show(model, ResultView::failed("Difference", &problem));
            Vec::new()
        }
        Report::Rehearsed(result) => {
            let planned = model.trial.take();
            model.tried = None;
            model.tried_on_scratch = false;
            let is_good = result.as_ref().is_ok_and(|report| dry_run::is_good(report));
            model.rehearsed = planned.clone().filter(|_| is_good);
            if let (Ok(report), Some(Planned { plan, .. })) = (&result, &planned) {
                let when = moment(at, Form::Clock);
                model.tried_on_scratch = report.on == Environment::Scratch;
                // What a scratch database is like says nothing of what a run does to the other one.
                if report.on == Environment::Target {
                    model.access.seeks = !report.access.is_empty();
                    model.tried = Some(Tried::new(plan, (**report).clone(), when));
                }
            }
            finished(model, |what| match (&result, &planned) {
                (Ok(report), Some(planned)) => ResultView::rehearsed(what, planned, report),
                (Ok(_), None) => {
                    ResultView::failed(what, &Problem::internal("a dry run that nobody asked for"))
                }
                (Err(problem), _) => ResultView::failed(what, problem),
            })
        }
        Report::Fixed(result) => {
            let view = |what: &str| match &result {
                Ok(_) => ResultView::fixed(what),
                Err(problem) => ResultView::failed(what, problem),
            };
            finished(model, view)
        }
        Report::FileMade(result) => dialog::new_file::made(model, result),
        Report::SeedPlan(result) => {
            let asked = result.and_then(|plan| {
                let is_empty = plan.steps.is_empty();
                if !is_empty {
                    production::check(&plan.target)?;
                }
                Ok((!is_empty).then(|| Confirm::seed(plan, model)))
            });
            ask(model, "Seeds", asked, no_pending_seeds)
        }
        Report::Checked(verdicts) => {
            if let Some(guide) = guide(model) {
                guide.checked(verdicts);
            }
            Vec::new()
        }
        Report::Migrated(result) => {
            let view = |what: &str| match &result {
                Ok(outcome) => ResultView::migrated(what, outcome),
                Err(problem) => ResultView::failed(what, problem),
            };
            finished(model, view)
        }
        Report::Seeded(result) => {
            let view = |what: &str| match &result {
                Ok(outcome) => ResultView::seeded(what, outcome),
                Err(problem) => ResultView::failed(what, problem),
            };
            finished(model, view)
        }
        Report::Unlocked(result) => unlocked(model, result.map(|lock| *lock)),
        Report::SignedIn(result) | Report::SteppedUp(result) => sign_in::answered(model, result),
        Report::GaveUp(Ok(())) => Vec::new(),
        Report::GaveUp(Err(problem)) => execute::toast(model, problem.to_string()),
        Report::CodeSent(result) => {
            if let Some(dialog) = sign_in::dialog(model) {
                dialog.code_sent(result);
            }
            Vec::new()
        }
        Report::SignedOut(who, result) => sign_in::signed_out(model, &who, result),
        Report::Choices(choices) => {
            sign_in::choices(model, *choices);
            Vec::new()
        }
        Report::Opened(result) => opened(model, result.map(|opened| *opened), at),
    }
}

fn locks_arrived(
    model: &mut Model,
    result: Result<Vec<WeekLock>, Problem>,
    at: Timestamp,
) -> Vec<Effect> {
    model.locks.arrived(result, at);
    order_locks(model);
    model.name_rows();
    name_record(model);
    // The weeks of an open cycle may have come with them.
    let mut effects = details_when_in_view(model, Screen::Cycles);
    effects.extend(details_when_in_view(model, Screen::Locks));
    effects
}

/// Live mode was told how things are now, or was not. What one reads stays where it is.
fn live(model: &mut Model, result: Result<LiveAnswer, Problem>, at: Timestamp) -> Vec<Effect> {
    let answer = match result {
        Ok(answer) => answer,
        Err(problem) => {
            model.live.failed(problem, at);
            return Vec::new();
        }
    };
    let screen = match &answer.found {
        LiveFound::History(_) => Screen::Migrations,
        LiveFound::Locks(_) => Screen::Locks,
        LiveFound::Trail(_) => Screen::Audit,
    };
    model
        .live
        .answered(answer.took, (model.screen == screen).then_some(at));
    match answer.found {
        // The first mark says nothing of what was before it.
        LiveFound::History(mark) if model.live.mark.as_ref() == Some(&mark) => Vec::new(),
        // Somebody ran something: seeds, journal and rights may be others too.
        LiveFound::History(mark) => match model.live.mark.replace(mark) {
            None => vec![requests::migrations(model)],
            Some(_) => requests::schema(model),
        },
        LiveFound::Locks(locks) => {
            let cycles = model.cycles.rows();
            let is_known = |lock: &WeekLock| cycles.iter().any(|one| one.id == lock.cycle_id);
            let is_other = model.locks.locks() != locks;
            let is_new = is_other && !locks.iter().all(is_known);
            let mut effects = locks_arrived(model, Ok(locks), at);
            if is_new {
                effects.push(requests::cycles(model));
            }
            effects
        }
        LiveFound::Trail(news) => {
            model.hear(&news.rows);
            let height = model.list_height();
            model.audit.take_live(news, height);
            Vec::new()
        }
    }
}

fn order_locks(model: &mut Model) {
    let ids: Vec<&str> = model
        .cycles
        .rows()
        .iter()
        .map(|cycle| cycle.id.as_str())
        .collect();
    model.locks.order(&ids);
}

/// The record that one goes to was found: the list begins with it. A filter that it does not fit is left, to be gone back to.
fn found_record(model: &mut Model, found: ComparedRecord, at: Timestamp) -> Vec<Effect> {
    let mut effects = Vec::new();
    if !model.audit.filter.fits(&found.record, &model.identity) {
        let filter = model.audit.filter_text.clone();
        model.audit.clear_filter();
        model.audit.came_from.push(filter);
        requests::follow_anew(model);
        let text = "The filter does not fit this record; esc goes back to it.";
        effects.extend(execute::toast(model, text));
    }
    let row = Summary::from(found.record.clone());
    model.audit.record_arrived(Ok(found), at);
    name_record(model);
    effects.extend(requests::audit_at_record(model, row));
    effects
}

/// A page has come that was to begin the follow, or did not come: how long until the trail is asked again. A page that will not come
/// either when it is asked for again begins none; the list says why.
fn begins_follow(model: &mut Model, problem: Option<&Problem>) -> Option<Duration> {
    if !std::mem::take(&mut model.audit.begins_follow) {
        return None;
    }
    match problem {
        None => Some(model.audit.pace.after(Duration::ZERO)),
        Some(problem) if problem.retry => Some(model.audit.pace.after_failure()),
        Some(_) => {
            model.audit.following = None;
            None
        }
    }
}

/// Records have come to the trail that is followed, or it could not be asked.
fn news(model: &mut Model, result: Result<Option<News>, Problem>) -> Vec<Effect> {
    if model.audit.following.is_none() {
        return Vec::new();
    }
    match result {
        Ok(Some(news)) => {
            model.hear(&news.rows);
            let height = model.list_height();
            let is_other = model.audit.take_news(news.rows, height);
            let wait = model.audit.pace.after(news.took);
            let mut effects = vec![Effect::Arm(Timer::Follow, wait)];
            if is_other && model.screen == Screen::Audit {
                effects.extend(requests::details_soon(model));
            }
            effects
        }
        // The page that was to begin it did not come.
        Ok(None) => requests::audit_from_start(model),
        Err(problem) if problem.retry => {
            let wait = model.audit.pace.after_failure();
            vec![Effect::Arm(Timer::Follow, wait)]
        }
        Err(problem) => {
            model.audit.following = None;
            let text = if problem.is_cancelled() {
                execute::FOLLOWED_NO_MORE.to_owned()
            } else {
                format!("The trail cannot be followed: {problem}")
            };
            execute::toast(model, text)
        }
    }
}

/// The guide, where it is open.
fn guide(model: &mut Model) -> Option<&mut Onboarding> {
    let mut dialogs = model.dialogs.iter_mut();
    dialogs.find_map(|dialog| match dialog {
        Dialog::Guide(guide) => Some(guide),
        _ => None,
    })
}

/// The dialog in which a project is chosen, where it is open.
fn project_dialog(model: &mut Model) -> Option<&mut ProjectDialog> {
    let mut dialogs = model.dialogs.iter_mut();
    dialogs.find_map(|dialog| match dialog {
        Dialog::Project(project) => Some(project),
        _ => None,
    })
}

/// A project was opened, or it could not be: then the guide asks for one.
fn opened(model: &mut Model, result: Result<Opened, Problem>, at: Timestamp) -> Vec<Effect> {
    model.is_opening = false;
    model.waiting = None;
    match result {
        Ok(Opened {
            project,
            identity,
            ended,
        }) => {
            // What there is to read stays until it is closed.
            model
                .dialogs
                .retain(|dialog| matches!(dialog, Dialog::Result(_)));
            model.open_project(project, identity);
            match ended {
                // Nothing is read as a user whose session is over; the refresh key tries again.
                Some(why) => {
                    model.end_session(&why, at);
                    requests::schema(model)
                }
                None => requests::everything(model),
            }
        }
        Err(problem) if project_dialog(model).is_some() => {
            if let Some(dialog) = project_dialog(model) {
                dialog.refused(problem);
            }
            Vec::new()
        }
        Err(problem) => {
            if guide(model).is_none() {
                // Below what is there to be read first.
                model
                    .dialogs
                    .insert(0, Dialog::Guide(Onboarding::default()));
            }
            if let Some(guide) = guide(model) {
                guide.is_saving = false;
                guide.problem = Some(problem);
            }
            Vec::new()
        }
    }
}

/// The user's editor has ended: the list is read as it is now.
pub(super) fn edited(model: &mut Model, result: &Result<(), Problem>) -> Vec<Effect> {
    if let Err(problem) = result {
        let view = ResultView::failed("Edit", problem);
        dialog::open(model, Dialog::Result(ResultState { view, top: 0 }));
    }
    requests::screen(model)
}

fn details_when_in_view(model: &mut Model, screen: super::model::Screen) -> Vec<Effect> {
    let height = model.list_height();
    if let Some(list) = execute::list_mut(model) {
        list.follow(height);
    }
    if model.screen == screen {
        requests::details_now(model)
    } else {
        Vec::new()
    }
}

/// No seed is pending; one that has changed runs again only when it is asked for.
fn no_pending_seeds(model: &Model) -> String {
    let rows = model.seeds.table.rows();
    let is_changed = |row: &&SeedEntry| row.state == SeedState::Changed;
    match rows.iter().filter(is_changed).count() {
        0 => "No pending seeds.".to_owned(),
        changed => {
            let have = if changed == 1 { "has" } else { "have" };
            let them = if changed == 1 {
                "it"
            } else {
                "the selected one"
            };
            let key = model.keymap.first_key(Command::SeedAgain);
            format!("No pending seeds. {changed} {have} changed; {key} runs {them} again.")
        }
    }
}

/// A plan was made: asks for its confirmation, or says that there is nothing to do.
fn ask(
    model: &mut Model,
    what: &str,
    asked: Result<Option<Confirm>, Problem>,
    nothing: impl FnOnce(&Model) -> String,
) -> Vec<Effect> {
    match asked {
        Ok(None) => {
            let text = nothing(model);
            execute::toast(model, text)
        }
        Ok(Some(_)) if is_late(model) => execute::toast(model, LATE),
        Ok(Some(confirm)) => {
            dialog::open(model, Dialog::Confirm(Box::new(confirm)));
            Vec::new()
        }
        Err(problem) => {
            show(model, ResultView::failed(what, &problem));
            Vec::new()
        }
    }
}

const LATE: &str = "A plan came late and was put aside; ask for it again.";

/// Whether the keys belong to something else by now: a question that came late must not take them.
fn is_late(model: &Model) -> bool {
    !model.dialogs.is_empty() || !is_planning_screen(model)
}

/// A plan is there to be dry-run. Where others would wait for it, that is asked about first.
fn rehearse(model: &mut Model, planned: &Planned) -> Vec<Effect> {
    if planned.plan.steps.is_empty() {
        return execute::toast(model, "There is nothing to try in a dry run.");
    }
    if is_late(model) {
        return execute::toast(model, LATE);
    }
    // Through a read-only profile nothing but its history is read of the database, and nobody waits for anything.
    if production::is_read_only(model, &planned.plan.target) {
        model.trial = Some(planned.clone());
        return accept::rehearse(planned.plan.clone(), Environment::Scratch, model);
    }
    if let Err(problem) = production::check(&planned.plan.target) {
        show(model, ResultView::failed("Dry run", &problem));
        return Vec::new();
    }
    model.trial = Some(planned.clone());
    match migrate::rehearsing(planned, model) {
        Some(confirm) => {
            dialog::open(model, Dialog::Confirm(Box::new(confirm)));
            Vec::new()
        }
        None => accept::rehearse(planned.plan.clone(), Environment::Target, model),
    }
}

fn is_planning_screen(model: &Model) -> bool {
    matches!(model.screen, Screen::Migrations | Screen::Seeds)
}

/// A run ended: shows how, and reads again what it may have changed.
fn finished(model: &mut Model, view: impl Fn(&str) -> ResultView) -> Vec<Effect> {
    let what = jobs::end_run(model);
    show(model, view(&what));
    requests::everything(model)
}

fn unlocked(model: &mut Model, result: Result<WeekLock, Problem>) -> Vec<Effect> {
    let what = jobs::end_run(model);
    match result {
        Ok(lock) => {
            model.toast = Some(format!("Week {}. {}", lock.week_no, lock.sentence()));
            model.locks.replace(lock);
            let mut effects = requests::rows(model);
            effects.push(execute::toast_timer());
            effects
        }
        Err(problem) => {
            show(model, ResultView::failed(&what, &problem));
            requests::rows(model)
        }
    }
}

/// Opens a result and keeps it, so that it can be read again.
pub(super) fn show(model: &mut Model, mut view: ResultView) {
    // Hints name commands of the command line; here they name keys.
    let spans = view.lines.iter_mut().flat_map(|line| &mut line.spans);
    for span in spans.filter(|span| span.tone == Tone::Warn) {
        *span = Span::new(span.tone, &in_keys(span.text(), &model.keymap));
    }
    model.last_result = Some(view.clone());
    dialog::open(model, Dialog::Result(ResultState { view, top: 0 }));
}
