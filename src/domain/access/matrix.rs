//! The matrix of tables, identities and verbs: what the catalogs say of each cell, what is counted to prove it, and where the two
//! do not agree.

use super::rules::{AccessRules, ApiRole, RowPolicy, SecuredTable, Verb};
use super::viewer::Viewer;
use crate::domain::dry_run::access::Verdict;
use crate::domain::plural::listed;
use crate::domain::report::access::reach;
use serde::Serialize;
use std::collections::BTreeSet;

/// What the catalogs say of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// How far the verb reaches.
    pub verdict: Verdict,
    /// What decides it, in words.
    pub why: String,
    /// The policies that decide.
    pub policies: Vec<String>,
    /// The columns, where it is not for the whole table.
    pub columns: Option<Vec<String>>,
    /// Whether the role may not even ask: no grant.
    pub is_refused: bool,
}

impl Judged {
    fn none(why: String, is_refused: bool) -> Self {
        Self {
            verdict: Verdict::None,
            why,
            policies: Vec::new(),
            columns: None,
            is_refused,
        }
    }
}

/// What the catalogs say of a role, a table and a verb.
pub fn judge(rules: &AccessRules, role: &ApiRole, table: &SecuredTable, verb: Verb) -> Judged {
    judged(rules, role, table, verb, &mut BTreeSet::new())
}

fn judged(
    rules: &AccessRules,
    role: &ApiRole,
    table: &SecuredTable,
    verb: Verb,
    above: &mut BTreeSet<u32>,
) -> Judged {
    let word = verb.word();
    // A view names its tables by their numbers: whoever reads through it needs no right on their schemas.
    let is_below = !above.is_empty();
    let may_name = role.schemas.contains(&table.schema);
    if !may_name && !is_below {
        let why = format!("{} may not use schema {}", role.name, table.schema);
        return Judged::none(why, true);
    }
    let Some(held) = rules.held(&role.name, table.id, verb) else {
        let why = format!("{} has no grant to {word}", role.name);
        return Judged::none(why, true);
    };
    if table.closed_to.contains(&verb) {
        return Judged::none(
            format!("a view that cannot {word}, whatever is granted"),
            true,
        );
    }
    let policies: Vec<String> = if rules.is_under_policies(role, table) {
        let own = rules.policies(&role.name, table.id, verb);
        own.map(|policy| policy.name.clone()).collect()
    } else {
        Vec::new()
    };
    let right = rules.right(&role.name, table.id, verb);
    let right = right.map(|right| (right.verdict, reach(right.why).to_owned()));
    // The rights are those of names; below a view that has no name is judged by the same rules.
    let is_let = || {
        let mut own = rules.policies(&role.name, table.id, verb);
        !rules.is_under_policies(role, table) || own.any(|policy| policy.permissive)
    };
    let right = right.or_else(|| {
        (is_below && !may_name && is_let()).then(|| {
            let is_open = !rules.is_under_policies(role, table) && !table.invokes;
            let verdict = if is_open {
                Verdict::All
            } else {
                Verdict::Policies
            };
            (verdict, String::new())
        })
    });
    let Some((verdict, why)) = right else {
        if rules.is_under_policies(role, table) {
            let why = format!(
                "row level security is on, and no policy lets {} {word}",
                role.name
            );
            return Judged {
                policies,
                columns: held.columns.clone(),
                ..Judged::none(why, false)
            };
        }
        return Judged::none(format!("the view cannot {word}"), true);
    };
    let mut own = Judged {
        verdict,
        why,
        policies,
        columns: held.columns.clone(),
        is_refused: false,
    };
    if table.is_view() && table.invokes && above.insert(table.id) {
        behind(rules, role, table, verb, above, &mut own);
        above.remove(&table.id);
    }
    own
}

/// A view that reads as its caller reaches no further than the tables that it reads.
fn behind(
    rules: &AccessRules,
    role: &ApiRole,
    view: &SecuredTable,
    verb: Verb,
    above: &mut BTreeSet<u32>,
    own: &mut Judged,
) {
    let read = |id: &u32| rules.tables.iter().find(|table| table.id == *id);
    let bases: Vec<&SecuredTable> = view.reads.iter().filter_map(read).collect();
    // A change goes to one of its tables, and the others are read. Which one is not told: it is one that takes the verb.
    let mut changed = None;
    if verb != Verb::Select && bases.len() > 1 {
        changed = bases.iter().map(|base| base.id).find(|id| {
            bases.iter().all(|one| {
                let verb = if one.id == *id { verb } else { Verb::Select };
                !judged(rules, role, one, verb, above).is_refused
            })
        });
        if changed.is_none() {
            let why = format!(
                "no table that it reads takes it: {} may not {} one and select the others",
                role.name,
                verb.word()
            );
            *own = Judged::none(why, true);
            return;
        }
    }
    let mut is_open = true;
    for base in &bases {
        let verb = match changed {
            Some(id) if id != base.id => Verb::Select,
            _ => verb,
        };
        let under = judged(rules, role, base, verb, above);
        if under.is_refused {
            let why = format!("it reads {} as its caller: {}", base.full_name(), under.why);
            *own = Judged::none(why, true);
            return;
        }
        is_open &= under.verdict == Verdict::All && changed.is_none();
        let name = |policy: &String| format!("{}: {policy}", base.full_name());
        own.policies.extend(under.policies.iter().map(name));
    }
    if is_open && !view.reads.is_empty() {
        own.verdict = Verdict::All;
        "every row, because its tables show this role all of theirs".clone_into(&mut own.why);
    }
}

/// The condition that rows must fulfil for a verb, of the policies that hold: one permissive at least, and each restrictive.
pub fn condition<'a>(
    policies: impl Iterator<Item = &'a RowPolicy>,
    of: impl Fn(&'a RowPolicy) -> &'a str,
) -> String {
    let (mut any, mut each) = (Vec::new(), Vec::new());
    for policy in policies {
        let side = if policy.permissive {
            &mut any
        } else {
            &mut each
        };
        side.push(format!("({})", of(policy)));
    }
    if any.is_empty() {
        return "false".to_owned();
    }
    let any = format!("({})", any.join(" or "));
    std::iter::once(any)
        .chain(each)
        .collect::<Vec<_>>()
        .join(" and ")
}

/// Rows that are to be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The schema of the table.
    pub schema: String,
    /// The table.
    pub table: String,
    /// As whom; none is the connection itself, past row level security where it may.
    pub viewer: Option<Viewer>,
    /// A condition on the rows.
    pub condition: Option<String>,
}

/// What came of counting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// So many rows were seen.
    pub rows: u64,
    /// Whether these are all.
    pub is_whole: bool,
    /// Why counting ended otherwise.
    pub failure: Option<Unseen>,
}

/// Why rows were not counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unseen {
    /// There was no time left.
    Late,
    /// The connection may not take the role.
    Role(String),
    /// The server refused or failed the read: SQLSTATE and message.
    Refused(String, String),
}

/// One cell of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessCell {
    /// The schema.
    pub schema: String,
    /// The table or view.
    pub table: String,
    /// Who.
    pub identity: String,
    /// In which database role.
    pub role: String,
    /// The operation.
    pub verb: Verb,
    /// How far it reaches.
    pub verdict: Verdict,
    /// The policies that decide.
    pub policies: Vec<String>,
    /// The columns, where it is not for the whole table.
    pub columns: Option<Vec<String>>,
    /// The rows that it reaches; absent where they were not counted, and for an insert.
    pub visible: Option<u64>,
    /// Whether there may be more, because the time for counting ended.
    pub at_least: bool,
    /// The rows that there are, as far as the connection sees all.
    pub total: Option<u64>,
    /// What decides the verdict.
    pub why: String,
    /// What else is to be known: why nothing was counted, or that rows cannot be named.
    pub note: Option<String>,
    /// Where the catalogs and the rows do not agree.
    pub disagrees: Option<String>,
    /// Whether the role may not even ask.
    #[serde(skip)]
    pub is_refused: bool,
}

/// What the matrix is made of, before anything is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    cells: Vec<AccessCell>,
    /// For each cell the place of its probe and of that of all rows.
    counted: Vec<(Option<usize>, Option<usize>)>,
    views: Vec<bool>,
    /// What is to be counted, those of one table one after the other.
    pub probes: Vec<Probe>,
}

/// Judges every cell, and says what is to be counted.
pub fn draft(rules: &AccessRules, tables: &[&SecuredTable], viewers: &[Viewer]) -> Draft {
    let mut draft = Draft::default();
    for table in tables {
        // The rows of a foreign table stand on another server, which is not asked.
        let whole = (!is_far(rules, table)).then(|| draft.probe(table, None, None));
        for viewer in viewers {
            if let Some(role) = rules.role(&viewer.role) {
                draft.add(rules, table, viewer, role, whole);
            }
        }
    }
    draft
}

/// Whether reading a table or view reads a foreign table.
fn is_far(rules: &AccessRules, table: &SecuredTable) -> bool {
    let (mut seen, mut next) = (BTreeSet::from([table.id]), vec![table]);
    while let Some(one) = next.pop() {
        if one.kind == "f" {
            return true;
        }
        let read = rules.tables.iter();
        next.extend(read.filter(|read| one.reads.contains(&read.id) && seen.insert(read.id)));
    }
    false
}

impl Draft {
    fn probe(
        &mut self,
        table: &SecuredTable,
        viewer: Option<&Viewer>,
        condition: Option<String>,
    ) -> usize {
        self.probes.push(Probe {
            schema: table.schema.clone(),
            table: table.name.clone(),
            viewer: viewer.cloned(),
            condition,
        });
        self.probes.len() - 1
    }

    fn add(
        &mut self,
        rules: &AccessRules,
        table: &SecuredTable,
        viewer: &Viewer,
        role: &ApiRole,
        whole: Option<usize>,
    ) {
        let connection = &rules.connection.role;
        let untaken = (!role.may_set).then(|| {
            format!(
                "not counted: the connection's role {connection} may not take the role {}",
                role.name
            )
        });
        let untaken = untaken.or_else(|| {
            let why = if table.kind == "f" {
                "not counted: its rows stand on another server"
            } else {
                "not counted: it reads a foreign table, whose rows stand on another server"
            };
            whole.is_none().then(|| why.to_owned())
        });
        let can_count = untaken.is_none();
        let select = judge(rules, role, table, Verb::Select);
        let seen = can_count.then(|| self.probe(table, Some(viewer), None));
        for verb in Verb::ALL {
            let judged = match verb {
                Verb::Select => select.clone(),
                _ => judge(rules, role, table, verb),
            };
            let mut note = untaken.clone();
            let is_blind = matches!(verb, Verb::Update | Verb::Delete)
                && judged.verdict != Verdict::None
                && select.verdict == Verdict::None;
            let counts = match verb {
                Verb::Select => seen,
                Verb::Insert => None,
                _ if is_blind => {
                    let why = if select.is_refused {
                        "blind: it may not select, so no filter can name a row; without one every row that the verb reaches is reached"
                    } else {
                        "blind: it sees no row, so no filter finds one; without one every row that the verb reaches is reached"
                    };
                    note = Some(why.to_owned());
                    None
                }
                _ if judged.verdict == Verdict::None => None,
                // Policies look at any column, a condition of a query only at those that are granted.
                _ if select.columns.is_some() && rules.is_under_policies(role, table) => {
                    note = Some("not counted: it may select some columns only".to_owned());
                    None
                }
                _ if can_count && !table.is_view() && rules.is_under_policies(role, table) => {
                    let own = rules.policies(&role.name, table.id, verb);
                    let condition = condition(own, RowPolicy::shown);
                    Some(self.probe(table, Some(viewer), Some(condition)))
                }
                _ => seen,
            };
            if verb == Verb::Insert {
                note = None;
            }
            self.cells.push(AccessCell {
                schema: table.schema.clone(),
                table: table.name.clone(),
                identity: viewer.name.clone(),
                role: viewer.role.clone(),
                verb,
                verdict: judged.verdict,
                policies: judged.policies,
                columns: judged.columns,
                visible: (matches!(verb, Verb::Update | Verb::Delete)
                    && (judged.verdict == Verdict::None || is_blind && !select.is_refused))
                    .then_some(0),
                at_least: false,
                total: None,
                why: judged.why,
                note,
                disagrees: None,
                is_refused: judged.is_refused,
            });
            self.counted.push((counts, whole));
            self.views.push(!matches!(table.kind.as_str(), "r" | "p"));
        }
    }

    /// Enters what was counted, in the order of the probes.
    pub fn finish(self, sights: &[Sight]) -> Vec<AccessCell> {
        let Self {
            mut cells,
            counted,
            views,
            ..
        } = self;
        for ((cell, (own, whole)), is_view) in cells.iter_mut().zip(counted).zip(views) {
            let all = whole.and_then(|whole| sights.get(whole));
            let all = all.filter(|all| all.failure.is_none() && all.is_whole);
            let all = all.map(|all| all.rows);
            if let Some(sight) = own.and_then(|own| sights.get(own)) {
                enter(cell, sight, all.filter(|_| !is_view));
            }
            // What a view shows can depend on who asks: of another's count only one that is not smaller says something.
            cell.total = all.filter(|all| cell.visible.is_none_or(|visible| visible <= *all));
        }
        cells
    }
}

fn enter(cell: &mut AccessCell, sight: &Sight, all: Option<u64>) {
    let (who, verb) = (cell.identity.clone(), cell.verb.word());
    match &sight.failure {
        Some(Unseen::Late) => {
            cell.note = Some("not counted: there was no time left".to_owned());
        }
        Some(Unseen::Role(message)) => {
            cell.note = Some(format!(
                "not counted: the connection may not take the role {}: {message}",
                cell.role
            ));
        }
        Some(Unseen::Refused(code, _)) if code == "42501" && cell.verdict == Verdict::None => {
            cell.visible = Some(0);
        }
        Some(Unseen::Refused(code, message)) if code == "57014" => {
            cell.note = Some(format!("counting took too long: {message}"));
            (cell.visible, cell.at_least) = (Some(sight.rows), true);
        }
        Some(Unseen::Refused(code, message))
            if code == "42501"
                && cell.verb != Verb::Select
                && message.starts_with("permission denied for schema") =>
        {
            // The policy itself holds what its names meant; asked anew, they are looked up.
            cell.note = Some(format!("not counted: {message}"));
        }
        Some(Unseen::Refused(code, message)) => {
            let said = format!("the server refuses {who} to {verb}: {message} ({code})");
            cell.disagrees = Some(said);
        }
        None => {
            (cell.visible, cell.at_least) = (Some(sight.rows), !sight.is_whole);
            let rows = sight.rows;
            if cell.verdict == Verdict::None && (rows > 0 || cell.is_refused) {
                cell.disagrees = Some(format!(
                    "the catalogs say none, yet the server shows {who} {rows} rows"
                ));
            }
            if let Some(all) = all.filter(|all| {
                sight.is_whole
                    && (rows > *all
                        || cell.verb == Verb::Select && cell.verdict == Verdict::All && rows < *all)
            }) {
                cell.disagrees = Some(format!(
                    "the catalogs say all, yet the server shows {who} {rows} of {all} rows"
                ));
            }
        }
    }
}

/// The rows of one table and identity in the order of the verbs, in a few letters: a capital letter is every row, a small one by
/// policies, a dash nothing.
pub fn letters(cells: &[AccessCell]) -> String {
    let letter = |verb: Verb| {
        let cell = cells.iter().find(|cell| cell.verb == verb);
        let letter = verb.word().chars().next().unwrap_or('-');
        match cell.map(|cell| cell.verdict) {
            Some(Verdict::All) => letter.to_ascii_uppercase(),
            Some(Verdict::Policies) => letter,
            Some(Verdict::None) | None => '-',
        }
    };
    Verb::ALL.into_iter().map(letter).collect()
}

/// How many rows a cell reaches, of how many: `4 of 12`, `at least 10000`, `?`.
pub fn amount(cell: &AccessCell) -> String {
    let Some(visible) = cell.visible else {
        return "?".to_owned();
    };
    let least = if cell.at_least { "at least " } else { "" };
    match cell.total {
        Some(total) => format!("{least}{visible} of {total}"),
        None => format!("{least}{visible}"),
    }
}

/// Names of policies as a list.
pub fn named(policies: &[String]) -> String {
    let quoted: Vec<String> = policies.iter().map(|name| format!("\"{name}\"")).collect();
    listed(&quoted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::rules::Held;
    use crate::domain::dry_run::access::{Right, Why};

    fn rules(verdict: Option<Verdict>, is_granted: bool, is_secured: bool) -> AccessRules {
        let role = |name: &str| ApiRole {
            name: name.into(),
            may_set: true,
            has: vec![name.into()],
            schemas: vec!["public".into()],
            ..ApiRole::default()
        };
        let held = Held {
            role: "anon".into(),
            table: 1,
            verb: Verb::Select,
            columns: None,
        };
        let right = |verdict| Right {
            role: "anon".into(),
            id: 1,
            object: "public.a".into(),
            verb: "select".into(),
            verdict,
            digest: None,
            why: Why::Policies,
            passes: false,
            parts: None,
            touched: None,
        };
        AccessRules {
            roles: vec![role("anon")],
            tables: vec![SecuredTable {
                id: 1,
                schema: "public".into(),
                name: "a".into(),
                kind: "r".into(),
                secured: is_secured,
                ..SecuredTable::default()
            }],
            held: if is_granted { vec![held] } else { Vec::new() },
            rights: verdict.map(right).into_iter().collect(),
            ..AccessRules::default()
        }
    }

    fn seen(rules: &AccessRules, own: &Sight, all: u64) -> AccessCell {
        let tables: Vec<&SecuredTable> = rules.tables.iter().collect();
        let draft = draft(rules, &tables, &[Viewer::anon()]);
        assert_eq!(draft.probes.len(), 2);
        let all = Sight {
            rows: all,
            is_whole: true,
            failure: None,
        };
        draft.finish(&[all, own.clone()]).swap_remove(0)
    }

    fn rows(rows: u64) -> Sight {
        Sight {
            rows,
            is_whole: true,
            failure: None,
        }
    }

    fn refused(code: &str) -> Sight {
        Sight {
            failure: Some(Unseen::Refused(code.into(), "permission denied".into())),
            ..Sight::default()
        }
    }

    #[test]
    fn what_the_catalogs_say_and_what_rows_show_is_compared() {
        let none = rules(None, false, true);
        let quiet = rules(None, true, true);
        let all = rules(Some(Verdict::All), true, false);
        let some = rules(Some(Verdict::Policies), true, true);
        for (rules, sight, visible, is_odd) in [
            (&none, refused("42501"), Some(0), false),
            (&none, rows(0), Some(0), true),
            (&none, rows(3), Some(3), true),
            (&quiet, rows(0), Some(0), false),
            (&quiet, rows(1), Some(1), true),
            (&all, rows(5), Some(5), false),
            (&all, rows(4), Some(4), true),
            (&all, refused("42501"), None, true),
            (&some, rows(0), Some(0), false),
            (&some, rows(5), Some(5), false),
            (&some, refused("42P17"), None, true),
            (&some, refused("57014"), Some(0), false),
        ] {
            let cell = seen(rules, &sight, 5);
            assert_eq!(cell.visible, visible, "{cell:?}");
            assert_eq!(cell.disagrees.is_some(), is_odd, "{cell:?}");
        }
    }

    #[test]
    fn a_count_that_ended_early_is_a_lower_bound_and_no_disagreement() {
        let sight = Sight {
            rows: 3,
            is_whole: false,
            failure: None,
        };
        let cell = seen(&rules(Some(Verdict::All), true, false), &sight, 5);
        assert_eq!(amount(&cell), "at least 3 of 5");
        assert_eq!(cell.disagrees, None);
    }

    #[test]
    fn a_role_that_cannot_be_taken_is_not_counted_and_says_so() {
        let mut rules = rules(Some(Verdict::Policies), true, true);
        rules.roles[0].may_set = false;
        let tables: Vec<&SecuredTable> = rules.tables.iter().collect();
        let draft = draft(&rules, &tables, &[Viewer::anon()]);
        assert_eq!(draft.probes.len(), 1);
        let cell = draft.finish(&[rows(5)]).swap_remove(0);
        assert_eq!((cell.verdict, cell.visible), (Verdict::Policies, None));
        assert!(cell.note.unwrap().contains("may not take the role anon"));
    }

    #[test]
    fn a_view_that_cannot_take_a_verb_reaches_nothing_by_a_grant() {
        let mut rules = rules(Some(Verdict::All), true, false);
        rules.tables[0].kind = "m".into();
        rules.held[0].verb = Verb::Update;
        rules.rights[0].verb = "update".into();
        for (closed_to, verdict) in [
            (vec![Verb::Insert], Verdict::All),
            (vec![Verb::Insert, Verb::Update], Verdict::None),
        ] {
            rules.tables[0].closed_to = closed_to;
            let judged = judge(&rules, &rules.roles[0], &rules.tables[0], Verb::Update);
            assert_eq!(judged.verdict, verdict, "{judged:?}");
        }
    }

    #[test]
    fn a_view_that_reads_as_its_caller_needs_rights_on_its_tables_and_none_on_their_schemas() {
        let mut rules = rules(Some(Verdict::Policies), true, false);
        (rules.tables[0].kind, rules.tables[0].invokes) = ("v".into(), true);
        rules.tables[0].reads = vec![2, 3];
        for (id, schema) in [(2, "inner"), (3, "public")] {
            rules.tables.push(SecuredTable {
                id,
                schema: schema.into(),
                name: format!("t{id}"),
                kind: "r".into(),
                ..SecuredTable::default()
            });
        }
        let grant = |rules: &mut AccessRules, id, verb: Verb| {
            let held = Held {
                table: id,
                verb,
                ..rules.held[0].clone()
            };
            rules.held.push(held);
            if id != 2 {
                let right = Right {
                    id,
                    verb: verb.word().into(),
                    verdict: if id == 1 {
                        Verdict::Policies
                    } else {
                        Verdict::All
                    },
                    ..rules.rights[0].clone()
                };
                rules.rights.push(right);
            }
        };
        let verdict = |rules: &AccessRules, verb| {
            judge(rules, &rules.roles[0], &rules.tables[0], verb).verdict
        };
        assert_eq!(verdict(&rules, Verb::Select), Verdict::None);
        grant(&mut rules, 2, Verb::Select);
        grant(&mut rules, 3, Verb::Select);
        assert_eq!(verdict(&rules, Verb::Select), Verdict::All);
        rules.tables[1].secured = true;
        rules.policies.push(RowPolicy {
            table: 2,
            verb: "select".into(),
            permissive: true,
            applies: vec!["anon".into()],
            ..RowPolicy::default()
        });
        assert_eq!(verdict(&rules, Verb::Select), Verdict::Policies);
        // A change needs the verb on one of them only.
        grant(&mut rules, 1, Verb::Update);
        assert_eq!(verdict(&rules, Verb::Update), Verdict::None);
        grant(&mut rules, 3, Verb::Update);
        assert_eq!(verdict(&rules, Verb::Update), Verdict::Policies);
        rules.held.retain(|held| held.table != 2);
        assert_eq!(verdict(&rules, Verb::Update), Verdict::None);
    }

    #[test]
    fn nothing_is_read_from_a_foreign_table_also_through_views() {
        let mut rules = rules(Some(Verdict::All), true, false);
        let mut add = |id, kind: &str, reads: &[u32]| {
            let mut table = rules.tables[0].clone();
            (table.id, table.kind, table.reads) = (id, kind.into(), reads.into());
            table.name = format!("t{id}");
            rules.tables.push(table);
        };
        add(2, "f", &[]);
        add(3, "v", &[1, 2]);
        // One reads itself by another, as a recursive view does.
        add(4, "v", &[5]);
        add(5, "v", &[4, 3]);
        let tables: Vec<&SecuredTable> = rules.tables.iter().collect();
        let draft = draft(&rules, &tables, &[Viewer::anon()]);
        assert!(draft.probes.iter().all(|probe| probe.table == "a"));
        assert_eq!(draft.probes.len(), 2);
        for cell in draft.finish(&[rows(3), rows(3)]) {
            let is_near = cell.table == "a";
            if cell.verb == Verb::Select {
                assert_eq!(cell.visible.is_some(), is_near, "{cell:?}");
                assert_eq!(cell.note.is_none(), is_near, "{cell:?}");
            }
            assert_eq!(cell.disagrees, None);
        }
    }

    #[test]
    fn policies_make_one_condition() {
        let policy = |permissive, shows: &str| RowPolicy {
            permissive,
            shows: Some(shows.into()),
            ..RowPolicy::default()
        };
        let policies = [policy(true, "a"), policy(false, "b"), policy(true, "c")];
        let of = |policies: &[RowPolicy]| condition(policies.iter(), RowPolicy::shown);
        assert_eq!(of(&policies), "((a) or (c)) and (b)");
        assert_eq!(of(&policies[1..2]), "false");
        assert_eq!(of(&[]), "false");
    }
}
