//! What a command does.

use super::availability::{availability, wanted_review};
use super::browse;
use super::command::Command;
use super::copy;
use super::dialog::explain::ExplainForm;
use super::dialog::filter::FilterLine;
use super::dialog::identity::IdentityDialog;
use super::dialog::new_file::NewFileForm;
use super::dialog::onboarding::Onboarding;
use super::dialog::palette::Palette;
use super::dialog::project::ProjectDialog;
use super::dialog::resolutions::Resolutions;
use super::dialog::theme::ThemeDialog;
use super::dialog::unlock::UnlockForm;
use super::dialog::{self, Dialog, ResultState};
use super::effect::{Effect, Load, Timer};
use super::list::{List, Move};
use super::model::{Focus, Model, PlanFor, Screen};
use super::planning;
use super::requests;
use super::screen::home::{self, Leads};
use super::scroll;
use super::ticket::Slot;
use crate::domain::audit::filter::Filter;
use crate::domain::identity::Identity;
use crate::domain::migration::PlanRequest;
use crate::domain::plural::counted;
use crate::domain::project_file::PendingFile;
use crate::domain::text::sentence;
use std::path::PathBuf;
use std::time::Duration;

/// How long a toast stays.
const TOAST: Duration = Duration::from_secs(4);

/// What is lost by quitting.
fn quit_warning(model: &Model) -> Option<String> {
    let marked = model.browser.marked();
    if marked > 0 {
        let changes = counted(marked, "change");
        return Some(format!(
            "{changes} not written; once more quits all the same."
        ));
    }
    let demo = model.project.as_ref()?.demo.as_ref()?;
    demo.quit_warning().map(str::to_owned)
}

/// Runs a command.
pub fn run(model: &mut Model, command: Command) -> Vec<Effect> {
    if let Err(reason) = availability(command, model) {
        return toast(model, sentence(&reason));
    }
    let is_told = std::mem::take(&mut model.is_quit_asked);
    match command {
        Command::Quit => match quit_warning(model).filter(|_| !is_told) {
            Some(text) => {
                model.is_quit_asked = true;
                toast(model, text)
            }
            None => vec![Effect::Quit],
        },
        Command::Redraw => vec![Effect::Redraw],
        Command::Suspend => vec![Effect::Suspend],
        Command::Help => open(model, Dialog::Help(0)),
        Command::Palette => {
            let palette = Palette::new(model);
            dialog::open(model, Dialog::Palette(palette));
            // Tables are among the places to go to.
            if model.project.is_some() && !model.browser.table.remote.is_wanted() {
                requests::table_list(model)
            } else {
                Vec::new()
            }
        }
        Command::Identity if model.project.is_none() => {
            open(model, Dialog::Guide(Onboarding::default()))
        }
        Command::Identity => {
            let identity = IdentityDialog::new(model);
            dialog::open(model, Dialog::Identity(identity));
            vec![requests::effect(model, Slot::Choices, Load::Choices)]
        }
        Command::Project => {
            let open = model.project.as_ref();
            let (name, url) = open.map_or(("", ""), |open| (&open.name, &open.url));
            let project = ProjectDialog::new(model.projects(), name, url);
            dialog::open(model, Dialog::Project(project));
            vec![requests::effect(model, Slot::Choices, Load::Choices)]
        }
        Command::LastResult => match model.last_result.clone() {
            Some(view) => open(model, Dialog::Result(ResultState { view, top: 0 })),
            None => Vec::new(),
        },
        Command::Refresh => {
            // A backfill may have ended meanwhile.
            model.audit.has_changed = None;
            requests::screen(model)
        }
        Command::Live => {
            model.live.toggle();
            Vec::new()
        }
        Command::Theme => {
            let theme = ThemeDialog::new(&model.themes);
            open(model, Dialog::Theme(theme))
        }
        Command::Back => back(model),
        Command::NextScreen => go_to(model, next_screen(model, 1)),
        Command::PreviousScreen => go_to(model, next_screen(model, -1)),
        Command::Filter => {
            let line = FilterLine::new(model);
            open(model, Dialog::Filter(line))
        }
        Command::Copy => copy::copy(model),
        Command::Down => go(model, Move::By(1)),
        Command::Up => go(model, Move::By(-1)),
        Command::PageDown => go(model, Move::By(page(model))),
        Command::PageUp => go(model, Move::By(-page(model))),
        Command::First => go(model, Move::First),
        Command::Last => go(model, Move::Last),
        Command::Left => left(model),
        Command::Right => right(model),
        Command::Open if model.screen == Screen::Audit && model.focus == Focus::Detail => {
            match model.audit.value_view() {
                Some(value) => open(model, Dialog::Value(Box::new(value))),
                None => Vec::new(),
            }
        }
        Command::Open if model.screen == Screen::Home => match home::open(model) {
            Some(Leads::To(command)) => run(model, command),
            Some(Leads::Rows(table)) => {
                let mut effects = go_to(model, Screen::Tables);
                effects.extend(browse::open_table(model, table, ""));
                effects
            }
            None => Vec::new(),
        },
        Command::Open if model.screen == Screen::Tables => browse::open(model),
        Command::Open if matches!(model.screen, Screen::Cycles | Screen::Goals) => {
            planning::open(model)
        }
        Command::CycleBack => planning::leave(model),
        Command::Sort => browse::sort(model),
        Command::RowForm => browse::form(model),
        Command::Columns => browse::choose_columns(model),
        Command::Values => browse::values(model),
        Command::CountRows => requests::row_count(model),
        Command::Widen => browse::widen_column(model, true),
        Command::Narrow => browse::widen_column(model, false),
        Command::FollowBack => browse::back(model),
        Command::EditValue => browse::edit(model),
        Command::EditText => browse::edit_text(model),
        Command::NewRow => browse::draft(model, false),
        Command::DuplicateRow => browse::draft(model, true),
        Command::DeleteRow => browse::delete(model),
        Command::WriteRows => browse::write(model),
        Command::DropStaged => browse::drop_staged(model),
        Command::RowNow => browse::row_now(model),
        Command::TrailOfRow => match model.browser.history_term() {
            Some(term) => {
                let mut effects = go_to(model, Screen::Audit);
                effects.extend(ask(model, &term));
                effects
            }
            None => Vec::new(),
        },
        Command::CopyRow => copy::copy_row(model),
        Command::Open if model.focus == Focus::Detail && model.outline().is_some() => {
            match scroll::enter_outline(model) {
                Some(statement) => open(model, Dialog::Statement(Box::new(statement))),
                None => Vec::new(),
            }
        }
        Command::Open => {
            model.focus = Focus::Detail;
            Vec::new()
        }
        Command::Apply => {
            let wish = model.migrations.apply_wish();
            plan(model, wish, PlanFor::Running)
        }
        Command::Rollback => {
            let wish = model.migrations.rollback_wish();
            plan(model, wish, PlanFor::Running)
        }
        Command::RollbackAll => {
            let wish = model.migrations.rollback_all_wish();
            plan(model, wish, PlanFor::Running)
        }
        Command::Rehearse => {
            let wish = model.migrations.rehearsal_wish();
            plan(model, wish, PlanFor::Rehearsing)
        }
        Command::Redo => {
            let wish = model.migrations.redo_wish();
            // Where no dry run is made, the question says so.
            let is_production = model
                .project
                .as_ref()
                .is_some_and(|project| project.is_production);
            let plan_for = if is_production {
                PlanFor::Running
            } else {
                PlanFor::Rehearsing
            };
            plan(model, wish, plan_for)
        }
        Command::Difference => match model.migrations.table.selected() {
            Some(entry) => {
                let load = Load::Difference(entry.version.clone());
                vec![requests::effect(model, Slot::Answer, load)]
            }
            None => Vec::new(),
        },
        Command::WaysOut => match model.migrations.table.selected().map(Resolutions::new) {
            Some(ways) => open(model, Dialog::Ways(ways)),
            None => Vec::new(),
        },
        Command::EditMigration => edit(model, model.migrations.shown_file()),
        Command::EditSeed => edit(model, model.seeds.shown_file()),
        Command::NewMigration | Command::NewSeed => {
            let form = NewFileForm::new(model);
            open(model, Dialog::NewFile(Box::new(form)))
        }
        Command::DeleteMigration => match model.migrations.deletable() {
            Ok(version) => delete(model, PendingFile::Migration { version }),
            Err(why) => toast(model, sentence(&why)),
        },
        Command::DeleteSeed => match model.seeds.deletable() {
            Ok(path) => delete(model, PendingFile::Seed { path }),
            Err(why) => toast(model, sentence(&why)),
        },
        Command::SourceSide => {
            model.migrations.side = model.migrations.side.next();
            model.detail_top = 0;
            Vec::new()
        }
        Command::SeedApply => {
            vec![requests::effect(
                model,
                Slot::Plan,
                Load::SeedPlan {
                    paths: Vec::new(),
                    again: false,
                },
            )]
        }
        Command::SeedAgain => {
            let file = model
                .seeds
                .table
                .selected()
                .and_then(|entry| entry.file.clone());
            let load = Load::SeedPlan {
                paths: file.into_iter().collect(),
                again: true,
            };
            vec![requests::effect(model, Slot::Plan, load)]
        }
        Command::Review => match wanted_review(model) {
            Ok((cycle, week)) => {
                let load = Load::Review { cycle, week };
                vec![requests::effect(model, Slot::Answer, load)]
            }
            Err(_) => Vec::new(),
        },
        Command::ExportReview => planning::export_review(model),
        Command::Unlock => match model.locks.selected() {
            Some(lock) => {
                let form = UnlockForm::new(lock, model);
                open(model, Dialog::Unlock(form))
            }
            None => Vec::new(),
        },
        Command::DiffMode => {
            model.audit.next_mode();
            Vec::new()
        }
        Command::Fold if model.focus == Focus::List => {
            let height = model.list_height();
            if model.audit.toggle_request(height) {
                requests::details_now(model)
            } else {
                toast(
                    model,
                    "This record stands alone: no other of its request is beside it.",
                )
            }
        }
        Command::Fold => {
            model.audit.toggle_fold();
            Vec::new()
        }
        Command::NextChange => change(model, true),
        Command::PreviousChange => change(model, false),
        Command::FilterBy => {
            let term = match model.focus {
                Focus::List => model.audit.actor_term(),
                Focus::Detail => model.audit.cursor_term(),
            };
            let present = model.audit.filter_text.clone();
            match term {
                Some(term) if present.is_empty() => ask(model, &term),
                Some(term) => {
                    let read = |text: &str| Filter::parse(text, model.now).ok();
                    let both = read(&present).zip(read(&term));
                    let narrowed = both.and_then(|(own, new)| own.narrowed(&new));
                    let text = match narrowed {
                        Some(narrowed) => narrowed.to_string(),
                        None => format!("{present} {term}"),
                    };
                    ask(model, &text)
                }
                None => Vec::new(),
            }
        }
        Command::RowHistory => match model.audit.row_term() {
            Some(term) => ask(model, &term),
            None => Vec::new(),
        },
        Command::FieldHistory => match model.audit.field_term() {
            Some(term) => ask(model, &term),
            None => Vec::new(),
        },
        Command::CopyRecord => copy::copy_record(model),
        Command::Follow => follow(model),
        Command::ShowNew => {
            let height = model.list_height();
            if model.audit.show_new(height) {
                requests::details_now(model)
            } else {
                requests::audit_from_start(model)
            }
        }
        Command::Clock => {
            model.is_utc = !model.is_utc;
            let zone = model.shown_zone();
            if model.audit.show_zone(model.now, &zone) {
                return requests::audit_from_start(model);
            }
            Vec::new()
        }
        Command::NextMatch => {
            model.focus = Focus::Detail;
            model.audit.go_match(true);
            Vec::new()
        }
        Command::PreviousMatch => {
            model.focus = Focus::Detail;
            model.audit.go_match(false);
            Vec::new()
        }
        Command::ExplainRow => browse::explain(model),
        Command::Export => browse::export(model),
        Command::Explain => {
            let form = model.access.selected();
            match form.map(|(table, viewer)| ExplainForm::new(table, viewer)) {
                Some(form) => open(model, Dialog::Explain(form)),
                None => Vec::new(),
            }
        }
        Command::Confirm
        | Command::NextField
        | Command::PreviousField
        | Command::NextRisk
        | Command::PreviousRisk
        | Command::SearchInside
        | Command::ShowWhole
        | Command::Cancel => Vec::new(),
        other => match Screen::of(other) {
            Some(screen) => go_to(model, screen),
            None => Vec::new(),
        },
    }
}

/// What is said when the trail is followed no more because somebody wished so.
pub const FOLLOWED_NO_MORE: &str = "The trail is not followed any more.";

/// Begins to follow the audit trail, or stops.
fn follow(model: &mut Model) -> Vec<Effect> {
    if model.audit.following.take().is_some() {
        requests::leave_news(model);
        return toast(model, FOLLOWED_NO_MORE);
    }
    model.audit.following = Some(0);
    // What comes behind the page that is read now is told.
    requests::audit_from_start(model)
}

/// Asks the audit trail something else; going back returns to what was asked before.
pub fn ask(model: &mut Model, text: &str) -> Vec<Effect> {
    let before = model.audit.filter_text.clone();
    let (now, zone) = (model.now, model.shown_zone());
    match model.audit.set_filter(text, (now, &zone), &model.people) {
        Ok(()) => {
            model.audit.came_from.push(before);
            model.focus = Focus::List;
            requests::audit_from_start(model)
        }
        Err(fault) => toast(model, fault.problem.to_string()),
    }
}

/// Goes to the next or previous change of the record, then on to the record beside it.
fn change(model: &mut Model, is_forward: bool) -> Vec<Effect> {
    let is_here = model.focus == Focus::Detail && model.audit.shown_record().is_some();
    if is_here && model.audit.go_change(is_forward) {
        return Vec::new();
    }
    let focus = std::mem::replace(&mut model.focus, Focus::List);
    let effects = go(model, Move::By(if is_forward { 1 } else { -1 }));
    model.focus = focus;
    effects
}

/// Asks for the plan of a wish.
fn plan(model: &mut Model, wish: Result<PlanRequest, String>, plan_for: PlanFor) -> Vec<Effect> {
    match wish {
        Ok(wish) => {
            model.plan_what = match plan_for {
                PlanFor::Running => wish.what(),
                PlanFor::Rehearsing => "Dry run",
            };
            model.plan_for = plan_for;
            vec![requests::effect(model, Slot::Plan, Load::Plan(wish))]
        }
        Err(why) => toast(model, why),
    }
}

/// Gives the terminal to the editor with a file.
fn edit(model: &mut Model, file: Result<PathBuf, String>) -> Vec<Effect> {
    match file {
        Ok(file) => vec![Effect::Edit(file)],
        Err(why) => toast(model, sentence(&why)),
    }
}

/// Asks what deleting a file would take away.
fn delete(model: &mut Model, file: PendingFile) -> Vec<Effect> {
    vec![requests::effect(model, Slot::Answer, Load::Deletion(file))]
}

fn open(model: &mut Model, dialog: Dialog) -> Vec<Effect> {
    dialog::open(model, dialog);
    Vec::new()
}

/// Shows a line for a moment.
pub fn toast(model: &mut Model, text: impl Into<String>) -> Vec<Effect> {
    model.toast = Some(text.into());
    vec![toast_timer()]
}

/// The timer that takes the toast away.
pub fn toast_timer() -> Effect {
    Effect::Arm(Timer::Toast, TOAST)
}

/// The next screen that the project has something for.
fn next_screen(model: &Model, by: isize) -> Screen {
    let mut screen = model.screen.step(by);
    while !model.has(screen) && screen != model.screen {
        screen = screen.step(by);
    }
    screen
}

/// Goes to a screen, and reads what it shows where that was not read before.
pub fn go_to(model: &mut Model, screen: Screen) -> Vec<Effect> {
    if model.screen == screen {
        return Vec::new();
    }
    model.screen = screen;
    model.live.answered_at = None;
    model.focus = Focus::List;
    model.detail_top = 0;
    let height = model.list_height();
    if let Some(list) = list_mut(model) {
        list.follow(height);
    }
    if screen == Screen::Audit {
        model.audit.follow(height);
    }
    if screen == Screen::Access {
        model.access.seek(model.tried.as_ref());
        model.access.list.follow(height);
    }
    if screen == Screen::Audit && model.audit.following.is_some() {
        let mut effects = requests::audit_from_start(model);
        effects.extend(requests::details_now(model));
        return effects;
    }
    let is_unread = match screen {
        Screen::Journal => !model.journal.table.remote.is_wanted(),
        Screen::Access => !model.access.remote.is_wanted() || model.access.is_old,
        _ => false,
    };
    if is_unread {
        return requests::screen(model);
    }
    if screen == Screen::Tables {
        let mut effects = Vec::new();
        if model.browser.is_old {
            effects.extend(requests::grid(model));
        }
        if !model.browser.table.remote.is_wanted() {
            effects.extend(requests::table_list(model));
        }
        return effects;
    }
    requests::details_now(model)
}

/// One step back at a time: the reads that take long, the words searched inside a record, the details, the filter.
fn back(model: &mut Model) -> Vec<Effect> {
    if model.screen == Screen::Audit && model.audit.stop() {
        return Vec::new();
    }
    if !model.waits.is_empty() {
        let slots = model.waits.keys().copied().collect();
        return vec![Effect::CancelReads(slots)];
    }
    if model.screen == Screen::Audit && !model.audit.search.is_empty() {
        model.audit.set_search("");
        return Vec::new();
    }
    if model.focus == Focus::Detail {
        model.focus = Focus::List;
        return Vec::new();
    }
    if model.screen == Screen::Tables && model.browser.grid.is_some() {
        return browse::leave(model);
    }
    if model.screen == Screen::Cycles
        && let Some(open) = &model.open_cycle
        && open.list().filter.is_empty()
    {
        return planning::leave(model);
    }
    if model.screen == Screen::Audit
        && let Some(text) = model.audit.came_from.pop()
    {
        let (now, zone) = (model.now, model.shown_zone());
        return match model.audit.set_filter(&text, (now, &zone), &model.people) {
            Ok(()) => requests::audit_from_start(model),
            Err(fault) => toast(model, fault.problem.to_string()),
        };
    }
    if model.screen == Screen::Audit && !model.audit.filter_text.is_empty() {
        model.audit.clear_filter();
        return requests::audit_from_start(model);
    }
    dialog::filter::set_local(model, "");
    selection_moved(model)
}

/// The list of the screen in view; the audit list is paged and moves by itself.
pub fn list_mut(model: &mut Model) -> Option<&mut List> {
    match model.screen {
        Screen::Home | Screen::Audit => None,
        Screen::Migrations => Some(&mut model.migrations.table.list),
        Screen::Seeds => Some(&mut model.seeds.table.list),
        Screen::Cycles => Some(match &mut model.open_cycle {
            Some(open) => open.list_mut(),
            None => &mut model.cycles.list,
        }),
        Screen::Goals => Some(&mut model.goals.list),
        Screen::Locks => Some(&mut model.locks.list),
        Screen::Journal => Some(&mut model.journal.table.list),
        Screen::Tables if model.browser.grid.is_some() => None,
        Screen::Tables => Some(&mut model.browser.table.list),
        Screen::Access => Some(&mut model.access.list),
    }
}

fn page(model: &Model) -> isize {
    let height = if model.focus == Focus::Detail {
        model.detail_height()
    } else {
        model.list_height()
    };
    isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1)
}

/// Moves in the half of the screen that has the keys.
pub fn go(model: &mut Model, movement: Move) -> Vec<Effect> {
    if model.focus == Focus::Detail {
        scroll::detail(model, movement);
        return Vec::new();
    }
    if model.screen == Screen::Home {
        home::go(model, movement);
        return Vec::new();
    }
    let height = model.list_height();
    if model.screen == Screen::Audit {
        return match model.audit.go(movement, height) {
            super::screen::audit::Step::Moved => {
                model.detail_top = 0;
                let mut effects = requests::details_soon(model);
                effects.extend(requests::audit_near_end(model));
                effects
            }
            // At the end of what a search has found, one more step goes on with it.
            super::screen::audit::Step::Stayed => {
                model.audit.go_on();
                requests::audit_near_end(model).into_iter().collect()
            }
            super::screen::audit::Step::WantsStart => requests::audit_from_start(model),
            super::screen::audit::Step::WantsEnd => requests::audit_from_end(model),
        };
    }
    if model.screen == Screen::Tables && model.browser.grid.is_some() {
        return browse::go(model, movement);
    }
    if model.screen == Screen::Locks && model.locks.give_up_missing() {
        return selection_moved(model);
    }
    let Some(list) = list_mut(model) else {
        scroll::detail(model, movement);
        return Vec::new();
    };
    let is_moved = list.go(movement);
    list.follow(height);
    if is_moved {
        selection_moved(model)
    } else {
        Vec::new()
    }
}

/// The selection changed: the details start at their top and follow once it rests.
pub fn selection_moved(model: &mut Model) -> Vec<Effect> {
    model.detail_top = 0;
    requests::details_soon(model)
}

fn left(model: &mut Model) -> Vec<Effect> {
    if model.screen == Screen::Locks {
        return go_week(model, -1);
    }
    if browse::go_column(model, -1) {
        return Vec::new();
    }
    if model.screen == Screen::Access && model.focus == Focus::List {
        return go_column(model, -1);
    }
    model.focus = Focus::List;
    Vec::new()
}

fn right(model: &mut Model) -> Vec<Effect> {
    if model.screen == Screen::Locks {
        return go_week(model, 1);
    }
    if browse::go_column(model, 1) {
        return Vec::new();
    }
    if model.screen == Screen::Access && model.focus == Focus::List {
        return go_column(model, 1);
    }
    if model.screen != Screen::Home {
        model.focus = Focus::Detail;
    }
    Vec::new()
}

fn go_week(model: &mut Model, by: i8) -> Vec<Effect> {
    if model.locks.go_week(by) {
        selection_moved(model)
    } else {
        Vec::new()
    }
}

fn go_column(model: &mut Model, by: isize) -> Vec<Effect> {
    if model.access.go_column(by) {
        selection_moved(model)
    } else {
        Vec::new()
    }
}

/// Changes who reads, and reads everything anew.
pub fn become_identity(model: &mut Model, identity: Identity) -> Vec<Effect> {
    model.become_identity(identity);
    requests::everything(model)
}

/// The same because somebody chose it: it is kept as the last one used.
pub fn choose_identity(model: &mut Model, identity: Identity) -> Vec<Effect> {
    let mut effects = vec![Effect::Used(identity.clone())];
    effects.extend(become_identity(model, identity));
    effects
}
