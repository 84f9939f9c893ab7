//! What is read when: the reads of each screen, and the reads that follow the selection.

use super::effect::{Effect, Load, Timer};
use super::loadable::Loadable;
use super::model::{Model, Screen};
use super::screen::cycles::Wanted;
use super::ticket::Slot;
use crate::domain::access::viewer::Who;
use crate::domain::audit::filter::Moment;
use crate::domain::audit::{PageDirection, Summary};
use crate::domain::identity::Identity;
use crate::domain::lock::WeekLock;
use crate::domain::table::name::TableName;
use crate::domain::table::paging::RowsWanted;
use std::time::Duration;

/// How long the selection rests before its details are read.
const REST: Duration = Duration::from_millis(70);

/// A read in a slot, as the identity on screen.
pub fn effect(model: &mut Model, slot: Slot, load: Load) -> Effect {
    model.waits.remove(&slot);
    Effect::Load {
        ticket: model.tickets.issue(slot),
        identity: model.identity.clone(),
        load,
    }
}

/// Everything the program reads when a project is opened.
pub fn everything(model: &mut Model) -> Vec<Effect> {
    if model.project.is_none() {
        return Vec::new();
    }
    let mut effects = database(model);
    effects.extend(rows(model));
    effects
}

/// The reads that depend on who reads.
pub fn rows(model: &mut Model) -> Vec<Effect> {
    let mut effects = vec![cycles(model), goals(model), locks(model)];
    effects.extend(open_cycle(model));
    effects.extend(audit_from_start(model));
    let project = model.project.as_ref();
    if project.is_some_and(|project| project.tells_emails || project.has_names) {
        effects.push(effect(model, Slot::People, Load::People));
    }
    // What is not in view is read again when it comes into view.
    if model.screen == Screen::Tables {
        effects.extend(grid(model));
    } else {
        model.browser.is_old = model.browser.grid.is_some();
    }
    effects.extend(tables_again(model));
    effects
}

/// The list of tables, where it is in view or was read before.
fn tables_again(model: &mut Model) -> Vec<Effect> {
    if model.screen == Screen::Tables || model.browser.table.remote.is_wanted() {
        return table_list(model);
    }
    Vec::new()
}

/// The reads that depend on the database only.
pub fn schema(model: &mut Model) -> Vec<Effect> {
    let mut effects = database(model);
    effects.extend(tables_again(model));
    effects
}

fn database(model: &mut Model) -> Vec<Effect> {
    model.are_files_new = false;
    let mut effects = vec![migrations(model), seeds(model)];
    // The journal is read once somebody has looked at it.
    if model.journal.table.remote.is_wanted() {
        effects.push(journal(model));
    }
    // Who may do what is read where somebody looks at it.
    if model.screen == Screen::Access {
        effects.push(access(model));
    } else {
        model.access.is_old = model.access.remote.is_wanted();
    }
    effects
}

/// The lists of files, which changed on disk. What runs is not disturbed: they are read when it is over.
pub fn files(model: &mut Model) -> Vec<Effect> {
    model.are_files_new = model.running.is_some();
    let project = model.project.as_ref();
    if model.are_files_new || !project.is_some_and(|project| project.has_database) {
        return Vec::new();
    }
    let mut effects = vec![migrations(model), seeds(model)];
    if matches!(model.screen, Screen::Migrations | Screen::Seeds) {
        effects.extend(details_now(model));
    }
    effects
}

/// The tables of a project of another kind: read once that is known, where there is a way to the database.
pub fn tables_of_another(model: &mut Model) -> Vec<Effect> {
    let has_database = model
        .project
        .as_ref()
        .is_some_and(|project| project.has_database);
    if model.is_other_project() && has_database && !model.browser.table.remote.is_wanted() {
        return table_list(model);
    }
    Vec::new()
}

/// The reads of the screen in view.
pub fn screen(model: &mut Model) -> Vec<Effect> {
    match model.screen {
        Screen::Home => everything(model),
        Screen::Migrations => {
            let mut effects = vec![migrations(model)];
            effects.extend(details_now(model));
            effects
        }
        Screen::Seeds => {
            let mut effects = vec![seeds(model)];
            effects.extend(details_now(model));
            effects
        }
        Screen::Cycles => {
            let mut effects = vec![cycles(model), goals(model), locks(model)];
            effects.extend(open_cycle(model));
            effects
        }
        Screen::Goals => vec![goals(model), cycles(model)],
        Screen::Locks => vec![locks(model), cycles(model)],
        Screen::Audit => audit_from_start(model),
        Screen::Journal => vec![journal(model)],
        Screen::Tables if model.browser.grid.is_some() => grid(model),
        Screen::Tables => table_list(model),
        Screen::Access => vec![access(model)],
    }
}

/// The migration list.
pub fn migrations(model: &mut Model) -> Effect {
    model.migrations.table.remote.started();
    effect(model, Slot::Migrations, Load::Migrations)
}

fn seeds(model: &mut Model) -> Effect {
    model.seeds.table.remote.started();
    effect(model, Slot::Seeds, Load::Seeds)
}

fn journal(model: &mut Model) -> Effect {
    model.journal.table.remote.started();
    effect(model, Slot::Journal, Load::Journal)
}

/// The list of tables.
pub fn table_list(model: &mut Model) -> Vec<Effect> {
    model.browser.table.remote.started();
    vec![effect(model, Slot::TableList, Load::TableList)]
}

/// What is known of the table whose grid is open; its rows follow.
pub fn grid(model: &mut Model) -> Vec<Effect> {
    let Some(grid) = &mut model.browser.grid else {
        return Vec::new();
    };
    model.browser.is_old = false;
    grid.table.started();
    grid.rows.started();
    let name: TableName = grid.name.clone();
    // Pages of the grid before are no longer wanted.
    model.tickets.void(Slot::Rows);
    model.tickets.void(Slot::WholeRow);
    leave_count(model);
    vec![effect(model, Slot::TableInfo, Load::TableInfo(name))]
}

/// Another grid comes into view: no answer that the one before waits for is wanted, whatever it is.
pub fn leave_grid(model: &mut Model) {
    for slot in [Slot::TableInfo, Slot::Rows, Slot::WholeRow] {
        model.tickets.void(slot);
    }
    leave_count(model);
}

/// Other rows are wanted: a count of those before is not.
pub fn leave_count(model: &mut Model) {
    model.tickets.void(Slot::RowCount);
    model.waits.remove(&Slot::RowCount);
    model.browser.counting = None;
    if let Some(grid) = &mut model.browser.grid {
        grid.counted = Loadable::default();
    }
}

/// How many rows there are exactly: in the grid those that fit its filter, in the list those of the selected table.
pub fn row_count(model: &mut Model) -> Vec<Effect> {
    leave_count(model);
    let wanted = match &mut model.browser.grid {
        Some(grid) => {
            grid.counted.started();
            Some(grid.request_all())
        }
        None => model.browser.request_count(),
    };
    wanted.map_or_else(Vec::new, |wanted| {
        let load = Load::CountRows(Box::new(wanted));
        vec![effect(model, Slot::RowCount, load)]
    })
}

/// The first page of the grid.
pub fn rows_from_start(model: &mut Model) -> Vec<Effect> {
    let wanted = model.browser.grid.as_mut().map(|grid| grid.request_start());
    wanted.map_or_else(Vec::new, |wanted| vec![page_of_rows(model, wanted)])
}

/// The rows about the selection, once more.
pub fn rows_around(model: &mut Model) -> Vec<Effect> {
    let grid = model.browser.grid.as_mut();
    let wanted = grid.map(|grid| grid.request_around());
    wanted.map_or_else(Vec::new, |wanted| vec![page_of_rows(model, wanted)])
}

/// The last page of the grid.
pub fn rows_from_end(model: &mut Model) -> Vec<Effect> {
    let grid = model.browser.grid.as_mut();
    let wanted = grid.and_then(|grid| grid.request_end());
    wanted.map_or_else(Vec::new, |wanted| vec![page_of_rows(model, wanted)])
}

/// The next page of the grid, when the selection came near an end of what is held.
pub fn rows_near_end(model: &mut Model) -> Vec<Effect> {
    let grid = model.browser.grid.as_mut();
    let wanted = grid.and_then(|grid| grid.request_near_end());
    wanted.map_or_else(Vec::new, |wanted| vec![page_of_rows(model, wanted)])
}

fn page_of_rows(model: &mut Model, wanted: RowsWanted) -> Effect {
    effect(model, Slot::Rows, Load::Rows(Box::new(wanted)))
}

/// The selected row whole, where the grid holds it cut.
pub fn whole_row(model: &mut Model) -> Vec<Effect> {
    let grid = model.browser.grid.as_ref();
    let wanted = grid.and_then(|grid| grid.request_whole());
    wanted.map_or_else(Vec::new, |wanted| {
        vec![effect(
            model,
            Slot::WholeRow,
            Load::WholeRow(Box::new(wanted)),
        )]
    })
}

fn access(model: &mut Model) -> Effect {
    model.access.remote.started();
    model.access.is_old = false;
    let also = match &model.identity {
        Identity::User(user) if user.id.is_empty() => Vec::new(),
        Identity::User(user) => vec![Who::User(user.id.clone())],
        Identity::Anon | Identity::Service => Vec::new(),
    };
    effect(model, Slot::Access, Load::Access(also))
}

/// The cycles.
pub fn cycles(model: &mut Model) -> Effect {
    model.cycles.remote.started();
    effect(model, Slot::Cycles, Load::Cycles)
}

fn goals(model: &mut Model) -> Effect {
    model.goals.remote.started();
    effect(model, Slot::Goals, Load::Goals)
}

fn locks(model: &mut Model) -> Effect {
    // What live mode asked before would be older than what is read now.
    model.tickets.void(Slot::Live);
    model.locks.remote.started();
    effect(model, Slot::Locks, Load::Locks)
}

/// What the open cycle shows beside its weeks, and the rows of the selected line.
pub fn open_cycle(model: &mut Model) -> Vec<Effect> {
    let Some(open) = &mut model.open_cycle else {
        return Vec::new();
    };
    open.vision.started();
    open.chats.remote.started();
    let cycle = open.cycle.clone();
    let wanted = open.wanted(model.locks.locks());
    let mut effects = vec![
        effect(model, Slot::Chats, Load::Chats(cycle.id.clone())),
        effect(model, Slot::Vision, Load::Vision(Box::new(cycle))),
    ];
    effects.extend(wanted.map(|wanted| rows_of(model, wanted)));
    effects
}

/// Another cycle comes into view, or none: no answer for the one before is wanted.
pub fn leave_cycle(model: &mut Model) {
    for slot in [Slot::Vision, Slot::Chats, Slot::Items, Slot::Messages] {
        model.tickets.void(slot);
        model.waits.remove(&slot);
    }
    model.open_cycle = None;
}

/// The rows of the selected line of the open cycle, where they are not known.
fn unknown_rows(model: &Model) -> Option<Wanted> {
    let open = model.open_cycle.as_ref()?;
    let wanted = open.wanted(model.locks.locks())?;
    (!open.is_known(&wanted)).then_some(wanted)
}

fn rows_of(model: &mut Model, wanted: Wanted) -> Effect {
    if let Some(open) = &mut model.open_cycle {
        open.started(&wanted);
    }
    match wanted {
        Wanted::Items(plan) => effect(model, Slot::Items, Load::Items(plan)),
        Wanted::Messages(chat) => effect(model, Slot::Messages, Load::Messages(chat)),
    }
}

/// The newest page of the audit list. The rows in view stay until it is there. Where the trail is followed, another follow begins
/// with it: what is still on its way to the one before, maybe of another filter, is not wanted any more.
pub fn audit_from_start(model: &mut Model) -> Vec<Effect> {
    let request = model.audit.request_start();
    follow_anew(model);
    vec![audit(model, request)]
}

/// Where the trail is followed, the next page begins another follow.
pub fn follow_anew(model: &mut Model) {
    leave_news(model);
    if let Some(count) = &mut model.audit.following {
        *count = 0;
        model.audit.begins_follow = true;
    }
}

/// What is on its way to the follow so far is not wanted any more.
pub fn leave_news(model: &mut Model) {
    model.tickets.void(Slot::News);
    model.waits.remove(&Slot::News);
    model.audit.begins_follow = false;
}

/// What has come to the audit trail, where it is followed and in view, and the page that begins the follow is there.
pub fn news(model: &mut Model) -> Option<Effect> {
    let is_followed = model.audit.following.is_some() && !model.audit.begins_follow;
    if !is_followed || model.screen != Screen::Audit {
        return None;
    }
    let follow = model.follows;
    Some(effect(model, Slot::News, Load::News { follow }))
}

/// The oldest page of the audit list.
pub fn audit_from_end(model: &mut Model) -> Vec<Effect> {
    let request = model.audit.request_end();
    vec![audit(model, request)]
}

/// The page of the audit list that begins with the last record of a day, or before a moment.
pub fn audit_at(model: &mut Model, moment: &Moment) -> Vec<Effect> {
    let request = model.audit.request_at(moment);
    vec![audit(model, request)]
}

/// The page of the audit list that begins with a record.
pub fn audit_at_record(model: &mut Model, row: Summary) -> Vec<Effect> {
    let request = model.audit.request_record(row);
    vec![audit(model, request)]
}

/// The next piece of a search of the audit list that goes on by itself until the screen is full.
pub fn audit_search(model: &mut Model) -> Option<Effect> {
    // A jump to before the oldest record goes on to it.
    let is_empty = model.audit.held() == 0 && model.audit.has_newer;
    let has_room = model.audit.has_room(model.list_height());
    if model.audit.scan.is_none() && !is_empty && !has_room {
        return None;
    }
    if has_room {
        return audit_older(model);
    }
    audit_near_end(model)
}

/// The next page of the audit list towards older rows, wherever the selection stands.
fn audit_older(model: &mut Model) -> Option<Effect> {
    let request = model.audit.request_older()?;
    Some(audit(model, request))
}

/// The next page of the audit list, when the selection came near an end of what is held.
pub fn audit_near_end(model: &mut Model) -> Option<Effect> {
    let request = model.audit.request_near_end()?;
    Some(audit(model, request))
}

fn audit(
    model: &mut Model,
    request: (Option<crate::domain::audit::Cursor>, PageDirection),
) -> Effect {
    let (from, way) = request;
    // A page in whose place this one is asked for may have been about to begin the follow.
    let follow = model.audit.begins_follow.then(|| {
        model.follows += 1;
        model.follows
    });
    let load = Load::Audit {
        filter: model.audit.filter.clone(),
        from,
        way,
        limit: model.audit.page_rows(),
        has_changed: model.audit.has_changed,
        follow,
    };
    effect(model, Slot::Audit, load)
}

/// Reads the details of the selection once it rests.
pub fn details_soon(model: &Model) -> Vec<Effect> {
    let has_details = match model.screen {
        Screen::Migrations | Screen::Seeds | Screen::Audit => true,
        Screen::Locks => wanted_opening(model).is_some(),
        Screen::Cycles => unknown_rows(model).is_some(),
        _ => false,
    };
    if has_details {
        vec![Effect::Arm(Timer::Details, REST)]
    } else {
        Vec::new()
    }
}

/// Reads the details of the selection now.
pub fn details_now(model: &mut Model) -> Vec<Effect> {
    match model.screen {
        Screen::Migrations => {
            let Some(version) = model
                .migrations
                .table
                .selected()
                .map(|entry| entry.version.clone())
            else {
                return Vec::new();
            };
            model.migrations.sources.started();
            vec![effect(model, Slot::Sources, Load::Sources(version))]
        }
        Screen::Seeds => {
            let Some(path) = model.seeds.table.selected().map(|seed| seed.path.clone()) else {
                return Vec::new();
            };
            model.seeds.source.started();
            vec![effect(model, Slot::SeedSource, Load::SeedSource(path))]
        }
        Screen::Audit => {
            let Some(id) = model.audit.wanted_record() else {
                return Vec::new();
            };
            model.audit.record.started();
            vec![effect(model, Slot::Record, Load::Record(id))]
        }
        Screen::Locks => {
            let Some(lock) = wanted_opening(model).cloned() else {
                return Vec::new();
            };
            model.locks.opening.started(&lock);
            vec![effect(model, Slot::Opening, Load::Opening(Box::new(lock)))]
        }
        Screen::Cycles => match unknown_rows(model) {
            Some(wanted) => vec![rows_of(model, wanted)],
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The selected week, where an unlock runs whose reason is not known.
fn wanted_opening(model: &Model) -> Option<&WeekLock> {
    let lock = model.locks.selected()?;
    model.locks.opening.is_wanted(lock).then_some(lock)
}
