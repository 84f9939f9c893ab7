//! A filter for a project's own trail. The server is asked for what its columns certainly answer; everything is compared with the records
//! that come too, so that a filter means the same on every trail. What the table has no column for cannot be asked.

use super::super::filter::{ActorType, Atom, Clause, Filter, Person, Pushdown, Side};
use super::{ColumnKind, TrailMapping};
use crate::domain::filter::condition::{escaped, one};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Filter as Condition, Op};
use crate::domain::table::column::column_text;

/// A condition of the server, and whether it says all that was asked.
struct Pushed {
    condition: Condition,
    is_all: bool,
}

impl TrailMapping {
    pub(super) fn pushdown<'a>(
        &self,
        filter: &'a Filter,
        who: &Identity,
    ) -> Result<Pushdown<'a>, Problem> {
        let mut pushdown = Pushdown {
            indexed: Vec::new(),
            checked: Vec::new(),
            rest: Vec::new(),
        };
        for clause in filter.clauses() {
            for atom in &clause.any {
                self.answers(atom, who)?;
            }
            let is_time = clause
                .any
                .iter()
                .all(|atom| matches!(atom, Atom::Since(_) | Atom::Until(_) | Atom::On(_)));
            match self.pushed(&clause, who) {
                None => pushdown.rest.push(clause),
                Some(Pushed { condition, is_all }) => {
                    let place = if is_time && !self.is_ordered_by_id() {
                        &mut pushdown.indexed
                    } else {
                        &mut pushdown.checked
                    };
                    place.push(condition);
                    if !is_all {
                        pushdown.rest.push(clause);
                    }
                }
            }
        }
        Ok(pushdown)
    }

    /// A problem where the trail has nothing that could answer.
    fn answers(&self, atom: &Atom, who: &Identity) -> Result<(), Problem> {
        let (key, is_there) = match atom {
            Atom::Actor(_) => ("actor:", self.actor.is_some()),
            Atom::Subject(_) => ("subject:", self.subject.is_some()),
            Atom::Request(_) => ("request:", self.request.is_some()),
            Atom::Changed(_) => ("changed:", self.before.is_some() && self.after.is_some()),
            // Who has an id is a user here: nothing tells an assistant from one.
            Atom::Type(ActorType::Ai) => ("type:ai", false),
            Atom::Type(_) => ("type:", self.actor.is_some()),
            Atom::Row(_) => ("row:", self.changed_table.is_some() || self.of.is_some()),
            Atom::Image(test) => match test.side {
                Side::Before => ("before.", self.before.is_some()),
                Side::After => ("after.", self.after.is_some()),
            },
            Atom::Action(_) | Atom::Since(_) | Atom::Until(_) | Atom::On(_) | Atom::Text(_) => {
                return Ok(());
            }
        };
        if !is_there {
            return Err(Problem::new(
                Kind::Usage,
                format!("`{key}` cannot be asked of this trail."),
                format!("{} has no column for it.", self.name()),
            )
            .with_hint(
                "Where one is called otherwise, name it in `[profiles.NAME.trail]` (docs/audit.md).",
            ));
        }
        if matches!(atom, Atom::Actor(Person::Me) | Atom::Subject(Person::Me))
            && who.user_id().is_none()
        {
            return Err(Problem::new(
                Kind::Usage,
                "`me` in the filter means nobody.",
                format!("The identity in use is {}.", who.name()),
            )
            .with_hint("Sign in with `supadeck login`, or give a user's id."));
        }
        Ok(())
    }

    fn pushed(&self, clause: &Clause<'_>, who: &Identity) -> Option<Pushed> {
        // What does not fit is looked for among all.
        if clause.is_not {
            return None;
        }
        let mut is_all = true;
        let mut any = Vec::with_capacity(clause.any.len());
        for atom in &clause.any {
            let pushed = self.condition(atom, who)?;
            is_all &= pushed.is_all;
            any.push(pushed.condition);
        }
        let condition = if any.len() == 1 {
            any.pop()?
        } else {
            Condition::Any(any)
        };
        Some(Pushed { condition, is_all })
    }

    fn condition(&self, atom: &Atom, who: &Identity) -> Option<Pushed> {
        let all = |condition| {
            Some(Pushed {
                condition,
                is_all: true,
            })
        };
        let part = |condition| {
            Some(Pushed {
                condition,
                is_all: false,
            })
        };
        match atom {
            Atom::Since(moment) => {
                let time = self.time()?;
                all(Condition::compare(time, Op::GtEq, moment.at().to_string()))
            }
            Atom::Until(moment) => {
                let time = self.time()?;
                all(match moment.day_end() {
                    Some(end) => Condition::compare(time, Op::Lt, end.to_string()),
                    None => Condition::compare(time, Op::LtEq, moment.at().to_string()),
                })
            }
            Atom::On(moment) => {
                let time = self.time()?;
                let end = moment.day_end().unwrap_or(moment.at());
                all(Condition::All(vec![
                    Condition::compare(&time, Op::GtEq, moment.at().to_string()),
                    Condition::compare(&time, Op::Lt, end.to_string()),
                ]))
            }
            Atom::Actor(person) => self
                .person(self.actor.as_deref()?, person, who)
                .and_then(part),
            Atom::Subject(person) => self
                .person(self.subject.as_deref()?, person, who)
                .and_then(part),
            Atom::Request(id) => {
                let column = self.request.as_deref()?;
                match id {
                    None => part(Condition::IsNull {
                        column: column_text(column),
                    }),
                    Some(id) => self.is_in_any_case(column, id.whole()?).and_then(part),
                }
            }
            Atom::Row(row) => {
                let table = self.table(&row.table, false);
                let id = row.id.as_deref().and_then(|id| self.row_is(id));
                match (table, id) {
                    (Some(table), Some(id)) => part(Condition::All(vec![table, id])),
                    (Some(one), None) | (None, Some(one)) => part(one),
                    (None, None) => None,
                }
            }
            Atom::Action(pattern) => {
                let (table, deed) = pattern.rsplit_once('.')?;
                self.table(table, deed.contains('*')).and_then(part)
            }
            Atom::Type(_) | Atom::Changed(_) | Atom::Text(_) | Atom::Image(_) => None,
        }
    }

    /// The condition that a record has this id; none where the column cannot hold it.
    pub(super) fn is_record(&self, id: &str) -> Option<Condition> {
        match self.kind(&self.id) {
            Some(ColumnKind::Uuid | ColumnKind::Number | ColumnKind::Text) => self.is(&self.id, id),
            _ => (!id.contains('\0')).then(|| Condition::eq(column_text(&self.id), id)),
        }
    }

    /// The condition that a record is not older than a moment, where the time can be compared with one.
    pub(super) fn since(&self, at: String) -> Option<Condition> {
        Some(Condition::compare(self.time()?, Op::GtEq, at))
    }

    /// The condition that a record is not newer than a moment, likewise.
    pub(super) fn not_after(&self, at: String) -> Option<Condition> {
        Some(Condition::compare(self.time()?, Op::LtEq, at))
    }

    /// The column with the time, where it can be compared with one.
    fn time(&self) -> Option<String> {
        let is_time = matches!(self.kind(&self.time), None | Some(ColumnKind::Time));
        is_time.then(|| column_text(&self.time))
    }

    /// What the columns certainly hold where an action begins with the name of a table. An action says the schema, the table and what was
    /// done, as far as the columns do: where no table is named, what was done may say one, and where a star follows, the name may be
    /// that of a schema. A name with stars or a schema is looked at here.
    fn table(&self, name: &str, has_star: bool) -> Option<Condition> {
        let column = self.changed_table.as_deref()?;
        if name.is_empty() || name.contains(['*', '.']) {
            return None;
        }
        let mut any = vec![self.is(column, name)?];
        any.push(Condition::IsNull {
            column: column_text(column),
        });
        if has_star {
            let begins = format!("{}.*", escaped(name));
            if self.kind(column) == Some(ColumnKind::Text) {
                any.push(Condition::compare(column_text(column), Op::Like, &begins));
            }
            if let Some(schema) = self.changed_schema.as_deref() {
                any.push(self.is(schema, name)?);
                if self.kind(schema) == Some(ColumnKind::Text) {
                    any.push(Condition::compare(column_text(schema), Op::Like, &begins));
                }
            }
        }
        Some(one(any))
    }

    /// The row that was changed, by its key in the images; not where only a column beside them has it.
    fn row_is(&self, id: &str) -> Option<Condition> {
        // The beginning of an id is looked at here.
        if super::super::filter::is_row_id_start(id) {
            return None;
        }
        let mut any = Vec::new();
        for image in [&self.after, &self.before].into_iter().flatten() {
            if self.kind(image) != Some(ColumnKind::Json) {
                return None;
            }
            let path = format!("{}->>{}", column_text(image), column_text(self.key()));
            any.push(Condition::eq(path, id));
        }
        if let Some(row) = &self.row {
            // A value that the column cannot have is in none of its rows.
            let kind = self.kind(row)?;
            if matches!(kind, ColumnKind::Word | ColumnKind::Other) {
                return None;
            }
            any.extend(self.is(row, id));
        }
        Some(Condition::Any(any))
    }

    /// A column that is a value, where the column can be compared with it.
    fn is(&self, column: &str, value: &str) -> Option<Condition> {
        let is_comparable = match self.kind(column)? {
            ColumnKind::Uuid => uuid::Uuid::try_parse(value).is_ok(),
            ColumnKind::Number => value.parse::<i64>().is_ok(),
            ColumnKind::Text => !value.contains('\0'),
            _ => false,
        };
        is_comparable.then(|| Condition::eq(column_text(column), value))
    }

    /// The same without regard to the case of letters, as ids and addresses are compared.
    fn is_in_any_case(&self, column: &str, value: &str) -> Option<Condition> {
        if self.kind(column)? == ColumnKind::Text && !value.contains('\0') {
            let pattern = escaped(value);
            return Some(Condition::compare(column_text(column), Op::ILike, pattern));
        }
        self.is(column, value)
    }

    fn person(&self, column: &str, person: &Person, who: &Identity) -> Option<Condition> {
        match person {
            Person::None => Some(Condition::IsNull {
                column: column_text(column),
            }),
            Person::Id(id) => self.is_in_any_case(column, id.whole()?),
            Person::Me => self.is(column, who.user_id()?),
            Person::Named(name) => self.is_in_any_case(column, name),
        }
    }
}
