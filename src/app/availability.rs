//! Whether a command can be done now, and if not, why: the footer, the palette and the key itself all ask here. And
//! what it is called in the footer, where that depends on what is selected.

use super::command::Command;
use super::model::{Focus, Model, Screen};
use super::screen::home;
use crate::domain::identity::Identity;
use crate::domain::lock::LockState;
use crate::domain::migration::PlanRequest;
use crate::domain::plural::counted;
use crate::domain::query::Verb;

/// Why nothing is changed through a read-only profile.
const READ_ONLY: &str = "the profile is read-only: nothing is changed through it";

/// Whether a command would change something of the project. A dry run of a read-only profile is one on scratch, and changes nothing.
fn is_change(command: Command) -> bool {
    matches!(
        command,
        Command::Apply
            | Command::Rollback
            | Command::RollbackAll
            | Command::Redo
            | Command::SeedApply
            | Command::SeedAgain
            | Command::Unlock
            | Command::EditValue
            | Command::EditText
            | Command::NewRow
            | Command::DuplicateRow
            | Command::DeleteRow
            | Command::WriteRows
    )
}

/// Why a command cannot run now.
pub fn availability(command: Command, model: &Model) -> Result<(), String> {
    let is_read_only = model
        .project
        .as_ref()
        .is_some_and(|project| project.is_read_only);
    if is_read_only && is_change(command) {
        return Err(READ_ONLY.to_owned());
    }
    let on = |screen: Screen| {
        if model.screen == screen {
            Ok(())
        } else {
            Err(format!("works on the {} screen", screen.title()))
        }
    };
    let can_write = || match &model.running {
        Some(running) => Err(format!("{} is still running", running.what)),
        None => has_database(model),
    };
    if let Some(screen) = Screen::of(command).filter(|screen| !model.has(*screen)) {
        return Err(format!("this project has no table for {}", screen.title()));
    }
    match command {
        Command::Apply => {
            on(Screen::Migrations)?;
            can_write()?;
            model.migrations.apply_wish().map(|_| ())
        }
        Command::Rollback => {
            on(Screen::Migrations)?;
            can_write()?;
            model.migrations.rollback_wish().map(|_| ())
        }
        Command::RollbackAll => {
            on(Screen::Migrations)?;
            can_write()?;
            model.migrations.rollback_all_wish().map(|_| ())
        }
        Command::SourceSide => on(Screen::Migrations),
        Command::Rehearse => {
            on(Screen::Migrations)?;
            can_write()?;
            model.migrations.rehearsal_wish().map(|_| ())
        }
        Command::Difference => {
            on(Screen::Migrations)?;
            model
                .migrations
                .table
                .selected()
                .filter(|entry| entry.recorded.is_some() && entry.file.is_some())
                .map(|_| ())
                .ok_or_else(|| "needs a version that is applied and has a file".to_owned())
        }
        Command::WaysOut => {
            on(Screen::Migrations)?;
            can_write()?;
            let entry = model.migrations.table.selected();
            entry
                .filter(|entry| !entry.ways.is_empty())
                .map(|_| ())
                .ok_or_else(|| "nothing to fix on this version".to_owned())
        }
        Command::Redo => {
            on(Screen::Migrations)?;
            can_write()?;
            model.migrations.redo_wish().map(|_| ())
        }
        Command::EditMigration => {
            on(Screen::Migrations)?;
            is_free(model)?;
            model.migrations.shown_file().map(drop)
        }
        Command::EditSeed => {
            on(Screen::Seeds)?;
            is_free(model)?;
            model.seeds.shown_file().map(drop)
        }
        Command::NewMigration => {
            on(Screen::Migrations)?;
            can_write()
        }
        Command::NewSeed => {
            on(Screen::Seeds)?;
            can_write()
        }
        Command::DeleteMigration => {
            on(Screen::Migrations)?;
            can_write()?;
            model.migrations.deletable().map(drop)
        }
        Command::DeleteSeed => {
            on(Screen::Seeds)?;
            can_write()?;
            model.seeds.deletable().map(drop)
        }
        Command::Explain => {
            on(Screen::Access)?;
            let cell = model.access.selected();
            cell.map(|_| ())
                .ok_or_else(|| "no table is selected".into())
        }
        Command::SeedApply => {
            on(Screen::Seeds)?;
            can_write()
        }
        Command::SeedAgain => {
            on(Screen::Seeds)?;
            can_write()?;
            let entry = model
                .seeds
                .table
                .selected()
                .ok_or("no seed file is selected")?;
            entry
                .file
                .as_ref()
                .map(|_| ())
                .ok_or_else(|| "the file is missing".to_owned())
        }
        Command::CycleBack => {
            on(Screen::Cycles)?;
            let open = model.open_cycle.as_ref();
            open.map(drop).ok_or_else(|| "no cycle is open".to_owned())
        }
        Command::Review | Command::ExportReview => wanted_review(model).map(drop),
        Command::Unlock => {
            on(Screen::Locks)?;
            let lock = model
                .locks
                .selected()
                .ok_or("no week with a plan is selected")?;
            if lock.standing() == LockState::Open {
                return Err(format!("week {} is not locked", lock.week_no));
            }
            if model.identity != Identity::Service {
                let key = model.keymap.first_key(Command::Identity);
                return Err(format!("only the service role may unlock; press {key}"));
            }
            Ok(())
        }
        Command::DiffMode
        | Command::Fold
        | Command::NextMatch
        | Command::PreviousMatch
        | Command::NextChange
        | Command::PreviousChange
        | Command::CopyRecord
        | Command::Follow
        | Command::ShowNew => on(Screen::Audit),
        Command::Clock => {
            on(Screen::Audit)?;
            let is_same = model.zone.to_offset(model.now) == jiff::tz::Offset::UTC;
            if is_same {
                return Err("the clock of this machine is UTC too".into());
            }
            Ok(())
        }
        Command::FilterBy => {
            on(Screen::Audit)?;
            let term = match model.focus {
                Focus::List => model.audit.actor_term(),
                Focus::Detail => model.audit.cursor_term(),
            };
            term.map(drop)
                .ok_or_else(|| "nothing here can be filtered by".to_owned())
        }
        Command::RowHistory => {
            on(Screen::Audit)?;
            has_record(model)?;
            let term = model.audit.row_term();
            term.map(drop)
                .ok_or_else(|| "this record does not say which row it is about".to_owned())
        }
        Command::FieldHistory => {
            on(Screen::Audit)?;
            if model.focus == Focus::List {
                return Err("go into the record and select a field first".into());
            }
            let term = model.audit.field_term();
            term.map(drop)
                .ok_or_else(|| "select a field of the record first".to_owned())
        }
        Command::RowNow => {
            on(Screen::Audit)?;
            has_record(model)?;
            super::browse::row_of_record(model)
                .map(drop)
                .ok_or_else(|| "this record does not say which row it is about".to_owned())
        }
        Command::ExplainRow => {
            on(Screen::Tables)?;
            let has_database = model
                .project
                .as_ref()
                .is_some_and(|project| project.has_database);
            if !has_database {
                return Err("policies are read over the database; set SUPABASE_DB_URL or SUPABASE_ACCESS_TOKEN".into());
            }
            model
                .browser
                .grid
                .as_ref()
                .map(drop)
                .ok_or_else(|| "open a table first".to_owned())
        }
        Command::Sort | Command::RowForm | Command::CopyRow | Command::Export => {
            on(Screen::Tables)?;
            model
                .browser
                .grid
                .as_ref()
                .map(drop)
                .ok_or_else(|| "open a table first".to_owned())
        }
        Command::CountRows => {
            on(Screen::Tables)?;
            let grid = model.browser.grid.as_ref();
            let is_known = grid.is_none_or(|grid| grid.table.held().is_some());
            let is_selected = grid.is_some() || model.browser.table.selected().is_some();
            if is_known && is_selected {
                Ok(())
            } else {
                Err("the table is not known yet".into())
            }
        }
        Command::Values | Command::Columns | Command::Widen | Command::Narrow => {
            on(Screen::Tables)?;
            let grid = model.browser.grid.as_ref().ok_or("open a table first")?;
            if grid.columns.is_empty() {
                return Err("the columns are not known yet".into());
            }
            let is_width = matches!(command, Command::Widen | Command::Narrow);
            if is_width && model.focus == Focus::Detail {
                return Err("go back to the grid first".into());
            }
            Ok(())
        }
        Command::EditValue | Command::EditText => {
            on(Screen::Tables)?;
            let is_draft = model
                .browser
                .grid
                .as_ref()
                .is_some_and(|grid| grid.draft.is_some());
            let verb = if is_draft { Verb::Insert } else { Verb::Update };
            super::browse::can_change(model, verb)
        }
        Command::NewRow | Command::DuplicateRow => {
            on(Screen::Tables)?;
            super::browse::can_change(model, Verb::Insert)
        }
        Command::DeleteRow => {
            on(Screen::Tables)?;
            super::browse::can_change(model, Verb::Delete)
        }
        Command::WriteRows | Command::DropStaged => {
            on(Screen::Tables)?;
            if let Some(running) = &model.running {
                return Err(format!("{} is still running", running.what));
            }
            let marked = model.browser.grid.as_ref().map_or(0, |grid| grid.marked());
            if marked == 0 {
                return Err("no change is marked".into());
            }
            Ok(())
        }
        Command::FollowBack => {
            on(Screen::Tables)?;
            model
                .browser
                .grid
                .as_ref()
                .map(drop)
                .ok_or_else(|| "no table is open".to_owned())
        }
        Command::TrailOfRow => {
            on(Screen::Tables)?;
            if !model.has(Screen::Audit) {
                return Err("this project has no audit trail".into());
            }
            if model.browser.grid.is_none() {
                return Err("open a table first".into());
            }
            let term = model.browser.history_term();
            term.map(drop)
                .ok_or_else(|| "the audit trail names rows by their `id`".to_owned())
        }
        Command::Live if !model.screen.can_be_live() => {
            Err("works on the Migrations, Locks and Audit screens".into())
        }
        Command::Live if model.screen == Screen::Migrations => has_database(model),
        Command::Identity | Command::Project if model.browser.marked() > 0 => Err(format!(
            "{} on the Tables screen not written: write or drop them first",
            counted(model.browser.marked(), "change")
        )),
        Command::Identity if model.is_opening => Err("the project is still being opened".into()),
        Command::LastResult if model.last_result.is_none() => Err("nothing has run yet".into()),
        Command::Open if model.screen == Screen::Home && home::selected(model).is_none() => {
            Err("there is nothing to open here".into())
        }
        Command::Filter if model.screen == Screen::Home => {
            Err("there is nothing to filter here".into())
        }
        _ => Ok(()),
    }
}

/// Refuses where no way to the database is known.
fn has_database(model: &Model) -> Result<(), String> {
    let project = model.project.as_ref();
    if project.is_some_and(|project| project.has_database) {
        Ok(())
    } else {
        Err("no database URL is known, and no access token; set SUPABASE_DB_URL or SUPABASE_ACCESS_TOKEN".to_owned())
    }
}

/// Refuses while something runs: its news could not be shown while another program has the terminal.
fn is_free(model: &Model) -> Result<(), String> {
    match &model.running {
        Some(running) => Err(format!("{} is still running", running.what)),
        None => Ok(()),
    }
}

/// The cycle, and on the Locks screen the week, whose review is wanted.
pub(super) fn wanted_review(model: &Model) -> Result<(String, Option<u8>), String> {
    let wanted = match model.screen {
        Screen::Cycles => {
            if let Some(open) = &model.open_cycle {
                let lock = open.selected_lock(model.locks.locks());
                Some((open.cycle.id.clone(), lock.map(|lock| lock.week_no)))
            } else {
                let cycle = model.cycles.selected();
                cycle.map(|cycle| (cycle.id.clone(), None))
            }
        }
        Screen::Goals => model
            .goals
            .selected()
            .map(|goal| (goal.cycle_id.clone(), None)),
        Screen::Locks => {
            let lock = model.locks.selected();
            lock.map(|lock| (lock.cycle_id.clone(), Some(lock.week_no)))
        }
        _ => return Err("works on the Cycles, Goals and Locks screens".to_owned()),
    };
    wanted.ok_or_else(|| "no cycle is selected".to_owned())
}

/// Whether there is a record to ask of.
fn has_record(model: &Model) -> Result<(), String> {
    if model.audit.held() == 0 {
        return Err("there is no record here".into());
    }
    Ok(())
}

fn is_unlocked(model: &Model) -> bool {
    let lock = model.locks.selected();
    lock.is_some_and(|lock| lock.standing() == LockState::Unlocked)
}

/// The few words of a command in the footer. Rolling back means another thing on the newest applied migration, and says so;
/// so do dry-running where it is the rollback that is dry-run, and unlocking a week that is unlocked already.
pub fn short(command: Command, model: &Model) -> &'static str {
    match (command, model.migrations.rollback_wish()) {
        (Command::Rollback, Ok(PlanRequest::RollbackLast { .. })) => "roll this back",
        (Command::Rehearse, Ok(_)) => "dry run of its rollback",
        (Command::Unlock, _) if is_unlocked(model) => "change the unlock",
        (Command::FilterBy, _) if model.focus == Focus::List => "by who",
        // Beside the list there is more to say; help has it.
        (Command::DiffMode, _) if model.focus == Focus::List => "",
        _ => command.spec().short,
    }
}
