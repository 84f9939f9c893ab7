//! The people whose names a project tells: by a table that the profile names, read as whoever reads, and by the e-mail
//! addresses of its users, over the database connection where that is switched on.

use super::paging::correlation;
use crate::domain::identity::Identity;
use crate::domain::names_from::NamesFrom;
use crate::domain::people::{Known, MOST, People, PeopleTold};
use crate::domain::problem::Problem;
use crate::domain::query::{Direction, Filter, Op, Select};
use crate::ports::{Rest, UserDirectory};
use serde_json::Value;

/// So many are read at a time.
const ROWS: usize = 1_000;
/// So many are asked for by their ids at a time: an address of the REST interface must not be too long.
const ASKED: usize = 100;
/// A text that is no value of the column's type.
const BAD_TEXT: &str = "22P02";

/// Reads the names of the table that the profile names, under the rules of the identity, and the e-mail addresses where there is a
/// directory that may be asked, or why there is none. What cannot be read is left out, and said. Who reads is known without asking.
/// `of` are the ids of those whose names are wanted; without it all are.
pub async fn read(
    rest: &dyn Rest,
    who: &Identity,
    (from, of): (Option<&str>, Option<&[String]>),
    directory: Result<Option<&dyn UserDirectory>, Problem>,
) -> PeopleTold {
    let mut told = PeopleTold::default();
    let directory = directory.unwrap_or_else(|problem| {
        told.problems.push(problem);
        None
    });
    if let Some(directory) = directory {
        match directory.emails(MOST).await {
            Ok(users) => {
                for (id, email) in users {
                    let email = Some(email);
                    told.people.add(&id, Known { name: None, email });
                }
            }
            Err(problem) => told.problems.push(problem),
        }
    }
    if let Some(from) = from {
        let read = match NamesFrom::parse(from) {
            Ok(from) => named(rest, who, &from, of, &mut told.people).await,
            Err(problem) => Err(problem),
        };
        told.problems.extend(read.err());
    }
    if let Identity::User(user) = who {
        let email = Some(user.email.clone());
        told.people.add(&user.id, Known { name: None, email });
    }
    told
}

/// The names of some people, or of all. Ids that the table cannot have are no reason to read none of them.
async fn named(
    rest: &dyn Rest,
    who: &Identity,
    from: &NamesFrom,
    of: Option<&[String]>,
    people: &mut People,
) -> Result<(), Problem> {
    for ids in of.unwrap_or_default().chunks(ASKED) {
        match names(rest, who, (from, Some(ids)), people).await {
            Err(problem) if problem.code.as_deref() == Some(BAD_TEXT) => {
                return names(rest, who, (from, None), people).await;
            }
            done => done?,
        }
    }
    match of {
        Some(_) => Ok(()),
        None => names(rest, who, (from, None), people).await,
    }
}

async fn names(
    rest: &dyn Rest,
    who: &Identity,
    (from, of): (&NamesFrom, Option<&[String]>),
    people: &mut People,
) -> Result<(), Problem> {
    let correlation = correlation();
    let mut last: Option<String> = None;
    let mut count = 0;
    loop {
        let mut query = Select::from(&from.table)
            .columns(format!("{},{}", from.id, from.name))
            .order(&from.id, Direction::Ascending)
            .limit(ROWS)
            .under(&correlation);
        if let Some(ids) = of {
            query = query.filter(Filter::In {
                column: from.id.clone(),
                values: ids.to_vec(),
            });
        }
        if let Some(last) = &last {
            query = query.filter(Filter::compare(&from.id, Op::Gt, last));
        }
        let rows: Vec<Value> = rest.select(who, &query).await?.rows()?;
        for row in &rows {
            let text = |column: &str| match row.get(column) {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Number(number)) => Some(number.to_string()),
                _ => None,
            };
            if let Some(id) = text(&from.id) {
                let name = text(&from.name);
                people.add(&id, Known { name, email: None });
                last = Some(id);
            }
        }
        count += rows.len();
        // A short answer may be the server's own limit: only an empty one is the end.
        if rows.is_empty() || count >= MOST {
            return Ok(());
        }
    }
}
