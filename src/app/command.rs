//! The commands: one table from which keys, footer, help, palette, `docs/keys.md` and `supadeck keys` are read.

/// Everything a key, the palette or a click can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "TABLE below documents each one with its title")]
pub enum Command {
    Quit,
    Help,
    Palette,
    Identity,
    Project,
    Refresh,
    Live,
    Back,
    Theme,
    Redraw,
    Suspend,
    LastResult,
    Home,
    Migrations,
    Seeds,
    Cycles,
    Goals,
    Locks,
    Audit,
    Journal,
    Tables,
    Access,
    NextScreen,
    PreviousScreen,
    Down,
    Up,
    PageDown,
    PageUp,
    First,
    Last,
    Open,
    Left,
    Right,
    Filter,
    Copy,
    Apply,
    Rollback,
    RollbackAll,
    SourceSide,
    Rehearse,
    Difference,
    WaysOut,
    EditMigration,
    NewMigration,
    DeleteMigration,
    Redo,
    SeedApply,
    SeedAgain,
    EditSeed,
    NewSeed,
    DeleteSeed,
    Unlock,
    Review,
    ExportReview,
    CycleBack,
    DiffMode,
    Fold,
    NextMatch,
    PreviousMatch,
    NextChange,
    PreviousChange,
    FilterBy,
    RowHistory,
    FieldHistory,
    CopyRecord,
    Clock,
    RowNow,
    Sort,
    RowForm,
    CopyRow,
    TrailOfRow,
    FollowBack,
    EditValue,
    EditText,
    NewRow,
    DuplicateRow,
    DeleteRow,
    WriteRows,
    DropStaged,
    Explain,
    ExplainRow,
    Export,
    Columns,
    Values,
    CountRows,
    Widen,
    Narrow,
    Follow,
    ShowNew,
    Confirm,
    NextField,
    PreviousField,
    NextRisk,
    PreviousRisk,
    SearchInside,
    ShowWhole,
    Cancel,
}

/// Where a command's keys work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// Everywhere but in dialogs.
    Global,
    /// On every screen with a list.
    List,
    /// On the Migrations screen.
    Migrations,
    /// On the Seeds screen.
    Seeds,
    /// On the Cycles, Goals and Locks screens.
    Planning,
    /// On the Locks screen.
    Locks,
    /// On the Audit screen.
    Audit,
    /// On the Tables screen.
    Tables,
    /// On the Access screen.
    Access,
    /// In dialogs, where characters are typed.
    Dialog,
}

impl Context {
    /// The heading in help and in `docs/keys.md`.
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "Everywhere",
            Self::List => "Lists",
            Self::Migrations => "Migrations",
            Self::Seeds => "Seeds",
            Self::Planning => "Cycles, Goals and Locks",
            Self::Locks => "Locks",
            Self::Audit => "Audit",
            Self::Tables => "Tables",
            Self::Access => "Access",
            Self::Dialog => "Dialogs",
        }
    }

    /// All contexts, in the order of help.
    pub const ALL: [Self; 10] = [
        Self::Global,
        Self::List,
        Self::Migrations,
        Self::Seeds,
        Self::Planning,
        Self::Locks,
        Self::Audit,
        Self::Tables,
        Self::Access,
        Self::Dialog,
    ];

    /// Whether keys of both contexts can be live at once, so that they must differ.
    pub fn overlaps(self, other: Self) -> bool {
        let is_base = |context| matches!(context, Self::Global | Self::List);
        self == other
            || matches!(
                (self, other),
                (Self::Planning, Self::Locks) | (Self::Locks, Self::Planning)
            )
            || (self != Self::Dialog && other != Self::Dialog && (is_base(self) || is_base(other)))
    }
}

/// What running a command can do to a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Risk {
    /// Reads, or touches the screen only.
    None,
    /// Writes after a confirmation.
    Writes,
    /// Can lose data; asks for a typed confirmation.
    Destroys,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// The command.
    pub command: Command,
    /// Its stable name, `noun.verb`, used in keymap files.
    pub id: &'static str,
    /// What it does, for help and the palette.
    pub title: &'static str,
    /// A few words for the footer; empty for commands that the footer leaves out.
    pub short: &'static str,
    /// Where its keys work.
    pub context: Context,
    /// What it can do to a project.
    pub risk: Risk,
    /// The subcommand that does the same.
    pub twin: Option<&'static str>,
}

const fn spec(
    command: Command,
    id: &'static str,
    title: &'static str,
    short: &'static str,
    context: Context,
) -> Spec {
    Spec {
        command,
        id,
        title,
        short,
        context,
        risk: Risk::None,
        twin: None,
    }
}

const fn twin(mut spec: Spec, twin: &'static str) -> Spec {
    spec.twin = Some(twin);
    spec
}

const fn risk(mut spec: Spec, risk: Risk) -> Spec {
    spec.risk = risk;
    spec
}

use Command as C;
use Context as X;

/// The table. Its order is the order of help and of the footer.
#[rustfmt::skip]
pub const TABLE: &[Spec] = &[
    risk(twin(spec(C::Apply, "migration.apply", "Apply pending migrations up to this one", "apply to here", X::Migrations), "migration apply --to VERSION, --include-out-of-order"), Risk::Writes),
    risk(twin(spec(C::Rollback, "migration.rollback", "Roll back everything newer than this one (on the newest: this one)", "roll back to here", X::Migrations), "migration rollback --to VERSION"), Risk::Destroys),
    risk(twin(spec(C::RollbackAll, "migration.rollback_all", "Roll back everything; on the first applied migration only", "roll back everything", X::Migrations), "migration rollback --to 0"), Risk::Destroys),
    spec(C::SourceSide, "migration.side", "Show the migration, its rollback, or what was applied", "side", X::Migrations),
    twin(spec(C::Rehearse, "migration.rehearse", "Dry-run applying; on an applied migration, its rollback", "dry run", X::Migrations), "migration plan --to VERSION, --rollback"),
    twin(spec(C::Difference, "migration.diff", "Compare the file with what was applied", "diff", X::Migrations), "migration diff VERSION"),
    risk(twin(spec(C::WaysOut, "migration.ways", "Choose how to fix the state of the selected migration", "fix", X::Migrations), "migration restore, migration repair, migration renumber"), Risk::Writes),
    risk(twin(spec(C::Redo, "migration.redo", "Dry-run, then redo the newest applied: roll it back, apply it again", "", X::Migrations), "migration redo"), Risk::Destroys),
    spec(C::EditMigration, "migration.edit", "Edit the file that is shown in $VISUAL or $EDITOR", "edit", X::Migrations),
    twin(spec(C::NewMigration, "migration.new", "Make a migration, or the rollback file that this one has not", "new", X::Migrations), "migration new NAME"),
    spec(C::DeleteMigration, "migration.delete", "Delete the selected pending migration and its rollback file", "", X::Migrations),
    risk(twin(spec(C::SeedApply, "seed.apply", "Run the seed files that have not run yet", "run pending", X::Seeds), "seed apply"), Risk::Writes),
    risk(twin(spec(C::SeedAgain, "seed.again", "Run the selected seed file, also when it ran before", "run this", X::Seeds), "seed apply PATH --again"), Risk::Writes),
    spec(C::EditSeed, "seed.edit", "Edit the selected seed file in $VISUAL or $EDITOR", "edit", X::Seeds),
    spec(C::NewSeed, "seed.new", "Make a seed file", "new", X::Seeds),
    spec(C::DeleteSeed, "seed.delete", "Delete the selected pending seed file", "", X::Seeds),
    twin(spec(C::Review, "cycle.review", "Read the review of the cycle or the week", "review", X::Planning), "cycle export ID"),
    twin(spec(C::ExportReview, "cycle.export", "Write the review of the cycle or the week into a file, as Markdown", "", X::Planning), "cycle export ID FILE"),
    spec(C::CycleBack, "cycle.back", "Go back to the cycle, or to the list, from which this was opened", "", X::Planning),
    risk(twin(spec(C::Unlock, "lock.unlock", "Unlock the selected week for a while, or change its running unlock", "unlock", X::Locks), "lock unlock --plan ID --for 60m --reason TEXT"), Risk::Writes),
    spec(C::DiffMode, "audit.view", "Show changes only, side by side, or unified", "view", X::Audit),
    spec(C::Fold, "audit.fold", "Fold or unfold the selected part, in the list the request", "fold", X::Audit),
    spec(C::FilterBy, "audit.filter_by", "Filter by the value under the cursor; in the list, by who did it", "filter by this", X::Audit),
    twin(spec(C::RowHistory, "audit.row_history", "Show every change of this row", "history", X::Audit), "audit list --where row:TABLE/ID"),
    twin(spec(C::FieldHistory, "audit.field_history", "Show who changed the field under the cursor in this row", "who changed", X::Audit), "audit list --where \"row:TABLE/ID changed:FIELD\""),
    spec(C::NextChange, "audit.next_change", "Go to the next change, then to the next record", "", X::Audit),
    spec(C::PreviousChange, "audit.previous_change", "Go to the previous change, then to the record before", "", X::Audit),
    spec(C::CopyRecord, "audit.copy_record", "Copy the whole record as JSON", "", X::Audit),
    spec(C::Clock, "audit.clock", "Show times in UTC, or in this machine's time zone", "", X::Audit),
    twin(spec(C::RowNow, "audit.row_now", "Open the row of this record as it is now", "", X::Audit), "table rows TABLE --where id:ID"),
    spec(C::Follow, "audit.follow", "Follow the trail: show records as they come, or stop", "", X::Audit),
    spec(C::ShowNew, "audit.show_new", "Go to the records that have come", "", X::Audit),
    spec(C::NextMatch, "audit.next_match", "Go to the next match inside the record", "", X::Audit),
    spec(C::PreviousMatch, "audit.previous_match", "Go to the previous match inside the record", "", X::Audit),
    twin(spec(C::Sort, "table.sort", "Sort by the selected column: upwards, downwards, no more", "sort", X::Tables), "table rows TABLE --sort COLUMN"),
    spec(C::RowForm, "table.form", "Show the row as a form, or as JSON", "json", X::Tables),
    twin(spec(C::TrailOfRow, "table.history", "Show every change of this row in the audit trail", "history", X::Tables), "audit list --where row:TABLE/ID"),
    risk(twin(spec(C::EditValue, "table.edit", "Give the selected column of the row another value", "edit", X::Tables), "table update TABLE --where id:ID --set COLUMN=VALUE"), Risk::Writes),
    risk(twin(spec(C::EditText, "table.edit_text", "Edit the value of the selected column in $VISUAL or $EDITOR", "", X::Tables), "table update TABLE --where id:ID --set COLUMN=VALUE"), Risk::Writes),
    risk(twin(spec(C::NewRow, "table.insert", "Begin a new row", "new", X::Tables), "table insert TABLE --set COLUMN=VALUE"), Risk::Writes),
    risk(spec(C::DuplicateRow, "table.duplicate", "Begin a new row with the values of this one", "", X::Tables), Risk::Writes),
    risk(twin(spec(C::DeleteRow, "table.delete", "Mark the row to be deleted", "", X::Tables), "table delete TABLE --where id:ID"), Risk::Destroys),
    risk(spec(C::WriteRows, "table.write", "Show the marked changes, and write them", "write", X::Tables), Risk::Writes),
    spec(C::DropStaged, "table.drop", "Drop the marked changes of this row", "", X::Tables),
    spec(C::Columns, "table.columns", "Choose the columns: show, hide, move and size them", "columns", X::Tables),
    spec(C::Values, "table.values", "Count the values of the selected column, and filter by one", "values", X::Tables),
    spec(C::CountRows, "table.count", "Count the rows that fit the filter, exactly", "count", X::Tables),
    spec(C::Widen, "table.widen", "Make the selected column wider", "", X::Tables),
    spec(C::Narrow, "table.narrow", "Make the selected column narrower", "", X::Tables),
    spec(C::FollowBack, "table.back", "Go back to the table from which a foreign key was followed", "", X::Tables),
    spec(C::CopyRow, "table.copy_row", "Copy the whole row as JSON", "", X::Tables),
    twin(spec(C::Export, "table.export", "Write the rows that fit the filter into a file", "", X::Tables), "table export TABLE FILE --where FILTER"),
    twin(spec(C::ExplainRow, "table.explain", "Explain why the identity sees the row", "why", X::Tables), "access explain TABLE KEY --as IDENTITY"),
    twin(spec(C::Explain, "access.explain", "Explain why the identity may, or may not, do something with one row", "explain a row", X::Access), "access explain TABLE KEY --as IDENTITY"),
    spec(C::Open, "list.open", "Open the selected row, or go into its details", "open", X::List),
    spec(C::Filter, "list.filter", "Filter the list, or search inside the details", "filter", X::List),
    spec(C::Copy, "list.copy", "Copy what is selected", "copy", X::List),
    spec(C::Down, "list.down", "Move down", "", X::List),
    spec(C::Up, "list.up", "Move up", "", X::List),
    spec(C::PageDown, "list.page_down", "Move down a page", "", X::List),
    spec(C::PageUp, "list.page_up", "Move up a page", "", X::List),
    spec(C::First, "list.first", "Go to the first row", "", X::List),
    spec(C::Last, "list.last", "Go to the last row", "", X::List),
    spec(C::Left, "list.left", "Go left, or back to the list", "", X::List),
    spec(C::Right, "list.right", "Go right, or into the details", "", X::List),
    twin(spec(C::Home, "screen.home", "Home", "", X::Global), "doctor"),
    twin(spec(C::Migrations, "screen.migrations", "Migrations", "", X::Global), "migration list"),
    twin(spec(C::Seeds, "screen.seeds", "Seeds", "", X::Global), "seed list"),
    twin(spec(C::Cycles, "screen.cycles", "Cycles", "", X::Global), "cycle list"),
    twin(spec(C::Goals, "screen.goals", "Goals", "", X::Global), "goal list"),
    twin(spec(C::Locks, "screen.locks", "Locks", "", X::Global), "lock list"),
    twin(spec(C::Audit, "screen.audit", "Audit", "", X::Global), "audit list"),
    twin(spec(C::Journal, "screen.journal", "Journal", "", X::Global), "migration log"),
    twin(spec(C::Tables, "screen.tables", "Tables", "", X::Global), "table list"),
    twin(spec(C::Access, "screen.access", "Access: who may do what with which rows", "", X::Global), "access list"),
    spec(C::NextScreen, "screen.next", "Next screen", "", X::Global),
    spec(C::PreviousScreen, "screen.previous", "Previous screen", "", X::Global),
    twin(spec(C::Identity, "app.identity", "Choose the identity: anon, a user, the service role", "identity", X::Global), "login, logout, --as"),
    twin(spec(C::Project, "app.project", "Open another project: the one of a profile", "", X::Global), "--profile"),
    spec(C::Refresh, "app.refresh", "Read this screen again", "refresh", X::Global),
    spec(C::Live, "app.live", "Keep Migrations, Locks or Audit up to date by asking, or stop", "live", X::Global),
    spec(C::Palette, "app.palette", "Find a command, a table, a migration, somebody, a project, a filter", "commands", X::Global),
    spec(C::Help, "app.help", "Show all keys", "help", X::Global),
    spec(C::Back, "app.back", "Go back: stop or clear the search, leave the details, the filter", "", X::Global),
    spec(C::Theme, "app.theme", "Choose a theme by its name; each is tried at once", "", X::Global),
    spec(C::Redraw, "app.redraw", "Draw the whole screen again, in dialogs too", "", X::Global),
    spec(C::Suspend, "app.suspend", "Suspend supadeck and return to the shell", "", X::Global),
    spec(C::LastResult, "app.result", "Show the result of the last run again", "", X::Global),
    spec(C::Quit, "app.quit", "Quit", "quit", X::Global),
    spec(C::Confirm, "dialog.confirm", "Accept", "accept", X::Dialog),
    spec(C::Cancel, "dialog.cancel", "Close the dialog, or cancel what runs", "close", X::Dialog),
    spec(C::NextField, "dialog.next", "Next field or row", "", X::Dialog),
    spec(C::PreviousField, "dialog.previous", "Previous field or row", "", X::Dialog),
    spec(C::NextRisk, "dialog.next_risk", "Go to the next risk in what is to be confirmed", "next risk", X::Dialog),
    spec(C::PreviousRisk, "dialog.previous_risk", "Go to the previous risk in what is to be confirmed", "previous risk", X::Dialog),
    spec(C::SearchInside, "dialog.search", "Search in what is to be confirmed; / does it while no word is typed", "search", X::Dialog),
    spec(C::ShowWhole, "dialog.whole", "Show whole what the lines of an outline in view stand for", "whole", X::Dialog),
];

impl Command {
    /// The table's row for the command.
    pub fn spec(self) -> &'static Spec {
        TABLE
            .iter()
            .find(|spec| spec.command == self)
            .unwrap_or(&TABLE[0])
    }

    /// The command with this name.
    pub fn by_id(id: &str) -> Option<Self> {
        TABLE
            .iter()
            .find(|spec| spec.id == id)
            .map(|spec| spec.command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_command_has_one_row() {
        let commands: BTreeSet<Command> = TABLE.iter().map(|spec| spec.command).collect();
        assert_eq!(commands.len(), TABLE.len());
        // Cancel is the last variant: a variant without a row would make the counts differ.
        assert_eq!(commands.len(), Command::Cancel as usize + 1);
    }

    #[test]
    fn ids_are_unique_and_noun_verb() {
        let ids: BTreeSet<&str> = TABLE.iter().map(|spec| spec.id).collect();
        assert_eq!(ids.len(), TABLE.len());
        assert!(ids.iter().all(|id| id.split('.').count() == 2));
    }

    #[test]
    fn titles_fit_a_terminal_of_80_columns_beside_their_keys() {
        let long = TABLE.iter().filter(|spec| spec.title.len() > 72);
        assert_eq!(long.map(|spec| spec.title).collect::<Vec<_>>(), [""; 0]);
    }

    #[test]
    fn titles_are_phrases_without_a_full_stop() {
        assert!(
            TABLE
                .iter()
                .all(|spec| !spec.title.is_empty() && !spec.title.ends_with('.'))
        );
    }
}
