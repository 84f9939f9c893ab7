//! The palette: commands found by name, those of the screen in view first, and places to go to: tables, migrations, seeds,
//! identities, projects, saved filters, and on the Audit screen a moment or a record. Commands that cannot run now are listed with the reason.

use super::confirm::Confirm;
use super::{Dialog, DialogResult};
use crate::app::availability::availability;
use crate::app::browse;
use crate::app::command::{Command, Context, Spec, TABLE};
use crate::app::dialog::project::ProfileBrief;
use crate::app::effect::{Effect, Load, Write};
use crate::app::field::Field;
use crate::app::key::Key;
use crate::app::model::{Model, Screen};
use crate::app::ticket::Slot;
use crate::app::{execute, jobs, requests};
use crate::domain::audit::filter::{IdPart, Moment};
use crate::domain::identity::Identity;
use crate::domain::table::name::TableName;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// The most places that are listed: more words find the others.
const PLACES: usize = 50;
/// By so much a command of the screen in view is better than one that matches as well, and one that works everywhere.
const NEAR: (u32, u32) = (40, 20);

/// What can be found.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A command.
    Command(Command),
    /// A table or a view, by its name.
    Table(TableName),
    /// A migration, by its version and its name.
    Migration(String, String),
    /// A seed, by its path.
    Seed(String),
    /// Somebody to read as.
    Identity(Identity),
    /// A project.
    Project(ProfileBrief),
    /// A saved filter of the audit trail: its name, and what it stands for.
    Filter(String, String),
}

impl Target {
    /// What it is called in the list.
    pub fn title(&self) -> String {
        match self {
            Self::Command(command) => command.spec().title.to_owned(),
            Self::Table(name) => format!("Table {name}"),
            Self::Migration(version, name) => format!("Migration {version} {name}"),
            Self::Seed(path) => format!("Seed {path}"),
            Self::Identity(identity) => format!("Read as {}", identity.called()),
            Self::Project(project) => format!("Open project {}", project.name),
            Self::Filter(name, _) => format!("Filter @{name}"),
        }
    }

    /// The words that it is found by.
    fn words(&self) -> String {
        match self {
            Self::Command(command) => {
                let spec = command.spec();
                format!("{} {}", spec.title, spec.id)
            }
            Self::Project(project) => format!("{} {}", self.title(), project.url),
            Self::Filter(_, filter) => format!("{} {filter}", self.title()),
            other => other.title(),
        }
    }
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What.
    pub target: Target,
    /// Why it cannot be done now.
    pub reason: Option<String>,
    /// The screen that is gone to first.
    pub goes_to: Option<Screen>,
}

/// What was typed and what it finds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Palette {
    /// The words.
    pub field: Field,
    /// What was found, the best first.
    pub found: Vec<Found>,
    /// The selected one.
    pub selected: usize,
    /// The moment that was typed in place of a name, to go to in the audit trail.
    pub moment: Option<Moment>,
    /// The id of a record, or its beginning, that was typed likewise.
    pub record: Option<String>,
}

impl Palette {
    /// A palette that lists every command.
    pub fn new(model: &Model) -> Self {
        let mut palette = Self::default();
        palette.search(model);
        palette
    }

    /// Finds what was typed.
    pub fn search(&mut self, model: &Model) {
        let typed = self.field.text().trim();
        let is_audit = model.screen == Screen::Audit;
        let moment = Moment::parse(typed, model.now, "on").ok();
        let moment = moment.map(|moment| moment.in_zone(model.now, &model.shown_zone()));
        self.moment = moment.filter(|_| is_audit);
        self.selected = 0;
        let is_own = model.audit.trail.is_own();
        let is_number = !typed.is_empty() && typed.bytes().all(|byte| byte.is_ascii_digit());
        let is_id = IdPart::parse(typed).is_some() || (!is_own && is_number);
        let is_record = is_audit && is_id && self.moment.is_none();
        self.record = is_record.then(|| typed.to_owned());
        if self.moment.is_some() || is_record {
            self.found.clear();
            return;
        }
        let mut all: Vec<Found> = commands().map(|spec| command(spec, model)).collect();
        if !typed.is_empty() {
            all.extend(places(model));
        }
        // Scattered letters are looked for only when the words themselves are nowhere: they match far too much.
        let mut scored = score(typed, AtomKind::Substring, &all);
        if scored.is_empty() {
            scored = score(typed, AtomKind::Fuzzy, &all);
        }
        let wanted = typed.to_lowercase();
        // The title itself was meant by who typed it; what can be done now comes before what cannot. Then the better match
        // comes first, where one of this screen is better than another; the table's order decides the rest.
        scored.sort_by_key(|(score, at)| {
            let found = &all[*at];
            let is_title = found.target.title().to_lowercase() == wanted;
            let score = score + nearness(found, model);
            (!is_title, found.reason.is_some(), std::cmp::Reverse(score))
        });
        let mut places = 0;
        self.found = scored
            .into_iter()
            .map(|(_, at)| all[at].clone())
            .filter(|found| {
                places += usize::from(!matches!(found.target, Target::Command(_)));
                matches!(found.target, Target::Command(_)) || places <= PLACES
            })
            .collect();
    }

    /// Finds the same again, because there is more to be found; the selection stays on what it was on.
    pub fn search_again(&mut self, model: &Model) {
        let selected = self
            .found
            .get(self.selected)
            .map(|found| found.target.clone());
        self.search(model);
        let is_it = |found: &Found| Some(&found.target) == selected.as_ref();
        self.selected = self.found.iter().position(is_it).unwrap_or(0);
    }

    pub(super) fn press(
        &mut self,
        key: Key,
        command: Option<Command>,
        model: &mut Model,
    ) -> DialogResult {
        let last = self.found.len().saturating_sub(1);
        match command {
            Some(Command::Cancel) => return DialogResult::Close(Vec::new()),
            Some(Command::NextField) => self.selected = (self.selected + 1).min(last),
            Some(Command::PreviousField) => self.selected = self.selected.saturating_sub(1),
            Some(Command::Confirm) => {
                if let Some(moment) = &self.moment {
                    let effects = requests::audit_at(model, moment);
                    return DialogResult::Close(effects);
                }
                if let Some(id) = self.record.take() {
                    let find = requests::effect(model, Slot::Answer, Load::Find(id));
                    return DialogResult::Close(vec![find]);
                }
                if let Some(found) = self.found.get(self.selected) {
                    return DialogResult::Close(take(found, model));
                }
            }
            _ => {
                if self.field.press(key) {
                    self.search(model);
                }
            }
        }
        DialogResult::Stay(Vec::new())
    }
}

fn commands() -> impl Iterator<Item = &'static Spec> {
    let is_listed =
        |spec: &&Spec| spec.context != Context::Dialog && spec.command != Command::Palette;
    TABLE.iter().filter(is_listed)
}

/// A command of another screen leads there: what it would be done to is chosen on its own screen.
fn command(spec: &Spec, model: &Model) -> Found {
    let goes_to =
        home_of(spec.context, model).filter(|_| !model.screen_contexts().contains(&spec.context));
    let reason = match goes_to {
        Some(screen) if model.has(screen) => None,
        Some(screen) => Some(format!("this project has no table for {}", screen.title())),
        None => availability(spec.command, model).err(),
    };
    Found {
        target: Target::Command(spec.command),
        reason,
        goes_to,
    }
}

/// The screen that a context belongs to.
fn home_of(context: Context, model: &Model) -> Option<Screen> {
    match context {
        Context::Migrations => Some(Screen::Migrations),
        Context::Seeds => Some(Screen::Seeds),
        Context::Planning | Context::Locks => Some(Screen::Locks),
        Context::Audit => Some(Screen::Audit),
        Context::Tables => Some(Screen::Tables),
        Context::Access => Some(Screen::Access),
        Context::List if model.screen == Screen::Home => None,
        Context::Global | Context::List | Context::Dialog => None,
    }
}

fn nearness(found: &Found, model: &Model) -> u32 {
    let Target::Command(command) = &found.target else {
        return 0;
    };
    match command.spec().context {
        _ if found.goes_to.is_some() => 0,
        Context::Global | Context::List => NEAR.1,
        context if model.screen_contexts().contains(&context) => NEAR.0,
        _ => 0,
    }
}

/// Everything that one can go to, as far as it was read.
fn places(model: &Model) -> Vec<Found> {
    let go = |target, screen| Found {
        target,
        reason: None,
        goes_to: screen,
    };
    let mut places = Vec::new();
    for listed in model.browser.table.rows() {
        let target = Target::Table(listed.info.full_name());
        places.push(go(target, Some(Screen::Tables)));
    }
    for entry in model.migrations.table.rows() {
        if !entry.version.is_empty() {
            let target = Target::Migration(entry.version.clone(), entry.name.clone());
            places.push(go(target, Some(Screen::Migrations)));
        }
    }
    for seed in model.seeds.table.rows() {
        places.push(go(Target::Seed(seed.path.clone()), Some(Screen::Seeds)));
    }
    let is_missing = !model.has(Screen::Audit);
    for (name, filter) in model.filter_book.saved() {
        places.push(Found {
            reason: is_missing.then(|| "this project has no audit trail".to_owned()),
            ..go(
                Target::Filter(name.to_owned(), filter.to_owned()),
                Some(Screen::Audit),
            )
        });
    }
    let can_switch = availability(Command::Identity, model).err();
    if let Some(project) = &model.project {
        let kept = project.kept.users.iter().cloned().map(Identity::User);
        let service = project.has_service_key.then_some(Identity::Service);
        for identity in kept.chain([Identity::Anon]).chain(service) {
            if identity != model.identity {
                places.push(Found {
                    reason: can_switch.clone(),
                    ..go(Target::Identity(identity), None)
                });
            }
        }
        for project in model.projects() {
            let is_open = |open: &crate::app::model::Project| {
                open.name == project.name && open.url == project.url
            };
            if !model.project.as_ref().is_some_and(is_open) {
                places.push(Found {
                    reason: can_switch.clone(),
                    ..go(Target::Project(project), None)
                });
            }
        }
    }
    places
}

/// Does what was found.
fn take(found: &Found, model: &mut Model) -> Vec<Effect> {
    if let Some(reason) = &found.reason {
        return execute::toast(model, crate::domain::text::sentence(reason));
    }
    match &found.target {
        Target::Command(command) => match found.goes_to {
            Some(screen) => {
                let mut effects = execute::go_to(model, screen);
                let key = model.keymap.first_key(*command);
                let title = command.spec().title;
                effects.extend(execute::toast(model, format!("{key}: {title}")));
                effects
            }
            None => execute::run(model, *command),
        },
        Target::Table(name) => {
            let mut effects = execute::go_to(model, Screen::Tables);
            if model.browser.marked() > 0 {
                let text = "Changes of the open table are not written: write or drop them first.";
                effects.extend(execute::toast(model, text));
                return effects;
            }
            effects.extend(browse::open_table(model, name.clone(), ""));
            effects
        }
        Target::Migration(version, _) => {
            model.migrations.table.set_filter("");
            model.migrations.table.select(version);
            let mut effects = execute::go_to(model, Screen::Migrations);
            effects.extend(arrived(model));
            effects
        }
        Target::Seed(path) => {
            model.seeds.table.set_filter("");
            model.seeds.table.select(path);
            let mut effects = execute::go_to(model, Screen::Seeds);
            effects.extend(arrived(model));
            effects
        }
        Target::Identity(Identity::Service) => {
            let confirm = Confirm::service(model);
            super::open(model, Dialog::Confirm(Box::new(confirm)));
            Vec::new()
        }
        Target::Identity(Identity::Anon) => execute::become_identity(model, Identity::Anon),
        Target::Identity(identity) => execute::choose_identity(model, identity.clone()),
        Target::Filter(_, filter) => {
            let mut effects = execute::go_to(model, Screen::Audit);
            effects.extend(execute::ask(model, filter));
            effects
        }
        Target::Project(project) => {
            let write = if project.is_profile {
                Write::OpenProfile(project.name.clone())
            } else {
                Write::Open
            };
            let mut effects = jobs::session(model, write);
            effects.extend(execute::toast(model, format!("Opening {}.", project.name)));
            effects
        }
    }
}

/// Brings the row that was gone to into view, and reads what belongs to it.
fn arrived(model: &mut Model) -> Vec<Effect> {
    let height = model.list_height();
    if let Some(list) = execute::list_mut(model) {
        list.follow(height);
    }
    model.detail_top = 0;
    requests::details_now(model)
}

/// Those that hold every word, with how well they match; all of them where nothing was typed.
fn score(typed: &str, how: AtomKind, all: &[Found]) -> Vec<(u32, usize)> {
    let pattern = Pattern::new(typed, CaseMatching::Ignore, Normalization::Smart, how);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let all = all.iter().enumerate();
    all.filter_map(|(at, found)| {
        let text = found.target.words();
        let mut buffer = Vec::new();
        let score = pattern.score(Utf32Str::new(&text, &mut buffer), &mut matcher)?;
        Some((score, at))
    })
    .collect()
}
