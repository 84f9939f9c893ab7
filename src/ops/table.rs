//! Any table of a project: which there are, what is known of one, and a page of its rows. Descriptions come from the database
//! where there is a way to it, else from the REST interface, else from the rows; rows come through REST as whoever reads.

use super::paging::correlation;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::Select;
use crate::domain::read_problem;
use crate::domain::table::column::column_text;
use crate::domain::table::info::{TableDescribed, TableInfo, TableList, TablesWanted};
use crate::domain::table::name::{PUBLIC, TableName};
use crate::domain::table::openapi;
use crate::domain::table::paging::{RowPage, RowValues, RowsWanted, selection};
use crate::ports::{Rest, TableCatalog};
use serde_json::Value;

/// The tables of some schemas, or of those that are served where none is named.
pub async fn list(
    catalog: Option<&dyn TableCatalog>,
    rest: &dyn Rest,
    who: &Identity,
    schemas: &[String],
) -> Result<TableList, Problem> {
    if let Some(catalog) = catalog {
        let wanted = TablesWanted {
            schemas: schemas.to_vec(),
            table: None,
            role: who.role().to_owned(),
        };
        let found = catalog.tables(&wanted).await?;
        if let Some(gone) = schemas.iter().find(|name| !found.schemas.contains(name)) {
            let shown = crate::domain::text::cell(gone);
            return Err(Problem::new(
                Kind::Usage,
                format!("There is no schema `{shown}`."),
                format!("REST serves {}.", found.exposed.join(", ")),
            ));
        }
        return Ok(found);
    }
    let mut found = TableList::default();
    let public = [PUBLIC.to_owned()];
    let schemas = if schemas.is_empty() { &public } else { schemas };
    for schema in schemas {
        let tables = described_by_rest(rest, who, schema).await;
        found.tables.extend(tables.map_err(|problem| {
            Problem::new(
                Kind::Config,
                "The tables cannot be listed.",
                format!("No way to the database is known, and the REST interface does not describe itself to {}. {problem}", who.called()),
            )
            .with_hint("Set SUPABASE_DB_URL or SUPABASE_ACCESS_TOKEN, try `--as service`, or open a table by its name: `supadeck table rows NAME`.")
        })?);
        found.schemas.push(schema.clone());
    }
    found.exposed.clone_from(&found.schemas);
    Ok(found)
}

/// What REST says of a schema by itself. Few servers say it to everybody.
async fn described_by_rest(
    rest: &dyn Rest,
    who: &Identity,
    schema: &str,
) -> Result<Vec<TableInfo>, Problem> {
    let document: Value = rest.describe(who, schema).await?.one()?;
    openapi::tables(&document, schema).ok_or_else(|| {
        Problem::new(
            Kind::Network,
            "The REST server gave no OpenAPI document.",
            "",
        )
    })
}

/// What is known of a table: from the database, else from REST, else nothing but its name.
pub async fn describe(
    catalog: Option<&dyn TableCatalog>,
    rest: &dyn Rest,
    who: &Identity,
    name: &TableName,
) -> Result<TableDescribed, Problem> {
    let mut note = None;
    if let Some(catalog) = catalog {
        match described_by_database(catalog, who, name).await {
            Ok(table) => return Ok(TableDescribed { table, note: None }),
            Err(problem) if problem.kind == Kind::Usage => return Err(problem),
            // Rows can be read all the same.
            Err(problem) => note = Some(problem),
        }
    }
    let table = match described_by_rest(rest, who, &name.schema).await {
        Ok(tables) => match tables.iter().find(|table| table.name == name.name) {
            Some(table) => table.clone(),
            // It names what the role has a right to: another one may be there and be refused.
            None => TableInfo::unknown(name),
        },
        Err(_) => TableInfo::unknown(name),
    };
    Ok(TableDescribed { table, note })
}

async fn described_by_database(
    catalog: &dyn TableCatalog,
    who: &Identity,
    name: &TableName,
) -> Result<TableInfo, Problem> {
    let wanted = TablesWanted {
        schemas: vec![name.schema.clone()],
        table: Some(name.name.clone()),
        role: who.role().to_owned(),
    };
    let mut found = catalog.tables(&wanted).await?;
    if let Some(table) = found.tables.pop() {
        return Ok(table);
    }
    let all = TablesWanted {
        table: None,
        ..wanted
    };
    let all = catalog.tables(&all).await?;
    Err(TableList::missing(name, &all.tables))
}

/// A page of rows. Whether there are more is known from one row more than was asked for, and where the server sent fewer, from
/// asking behind the last one: it may have cut the answer short (`db-max-rows`).
pub async fn rows(rest: &dyn Rest, who: &Identity, ask: &RowsWanted) -> Result<RowPage, Problem> {
    let correlation = correlation();
    let limit = ask.limit.max(1);
    let columns = selection(&ask.table, &ask.columns, &ask.order);
    let base = query(ask, columns, &correlation);
    let answer = read(rest, who, ask.order.apply(base, &ask.from), limit + 1).await?;
    let Answered {
        mut rows,
        asked,
        row_bytes,
    } = answer;
    let mut page = RowPage {
        row_bytes,
        ..RowPage::default()
    };
    let has_more = if rows.len() > limit {
        rows.truncate(limit);
        true
    } else if let Some(last) = rows.last() {
        let from = ask.order.next(last, ask.passed + rows.len());
        let columns = match (&ask.order.columns[..], &ask.columns[..]) {
            ([first, ..], _) => column_text(&first.name),
            ([], [first, ..]) => column_text(first),
            ([], []) => "*".to_owned(),
        };
        let probe = ask.order.apply(query(ask, columns, &correlation), &from);
        !read(rest, who, probe, 1).await?.rows.is_empty()
    } else {
        false
    };
    if let Some(last) = rows.last().filter(|_| has_more) {
        page.next = Some(ask.order.next(last, ask.passed + rows.len()));
        // Where fewer were asked for in the end, it was not the server that sent fewer.
        page.cut_at = (rows.len() < limit.min(asked)).then_some(rows.len());
    }
    page.rows = rows;
    Ok(page)
}

pub(super) fn query(ask: &RowsWanted, columns: String, correlation: &str) -> Select {
    let mut query = Select::from(&ask.table.name)
        .of_schema(&ask.table.schema)
        .columns(columns)
        .under(correlation);
    query.filters.extend_from_slice(&ask.filter);
    // Without a filter the key's index gives the rows; with one, or without a key, the whole table may be searched.
    query.is_long = !ask.filter.is_empty() || ask.order.columns.len() != ask.table.key.len();
    query
}

/// Rows that came.
struct Answered {
    rows: Vec<RowValues>,
    /// How many were asked for in the end.
    asked: usize,
    /// How many bytes one took.
    row_bytes: usize,
}

/// The rows. Where they are too large together, fewer are asked for.
async fn read(
    rest: &dyn Rest,
    who: &Identity,
    query: Select,
    mut limit: usize,
) -> Result<Answered, Problem> {
    loop {
        match rest.select(who, &query.clone().limit(limit)).await {
            Ok(answer) => {
                let rows: Vec<RowValues> = answer.rows()?;
                return Ok(Answered {
                    asked: limit,
                    row_bytes: answer.body.len() / rows.len().max(1),
                    rows,
                });
            }
            Err(problem) if read_problem::is_too_large(&problem) && limit > 1 => {
                limit = (limit / 8).max(1);
            }
            Err(problem) => return Err(problem),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::query::{Answer, Call, Filter, Op, Ping, RowWrite};
    use crate::domain::table::column::ColumnInfo;
    use crate::domain::table::info::TableSource;
    use crate::domain::table::paging::{PageStart, RowOrder};
    use crate::ports::{Counting, Task};
    use serde_json::json;
    use std::sync::Mutex;

    /// A server with rows 1 to `total`, that sends `most` at a time, and describes itself where it has a document.
    struct Server {
        total: usize,
        most: usize,
        document: Option<Value>,
        asked: Mutex<Vec<usize>>,
    }

    impl Server {
        fn of(total: usize, most: usize) -> Self {
            Self {
                total,
                most,
                document: None,
                asked: Mutex::default(),
            }
        }
    }

    impl Rest for Server {
        fn select<'a>(&'a self, _: &'a Identity, query: &'a Select) -> Task<'a, Answer> {
            let limit = query.limit.unwrap().min(self.most);
            self.asked.lock().unwrap().push(query.limit.unwrap());
            let behind = query.filters.iter().find_map(|filter| match filter {
                Filter::Compare {
                    op: Op::Gt, value, ..
                } => value.parse::<usize>().ok(),
                _ => None,
            });
            let start = behind.unwrap_or(query.offset);
            let rows: Vec<Value> = (start + 1..=self.total)
                .take(limit)
                .map(|id| json!({"id": id}))
                .collect();
            let body = serde_json::to_vec(&rows).unwrap();
            Box::pin(async move { Ok(Answer { body, range: None }) })
        }

        fn count<'a>(&'a self, _: &'a Identity, _: &'a Select, _: Counting) -> Task<'a, u64> {
            Box::pin(async { Ok(0) })
        }

        fn call<'a>(&'a self, _: &'a Identity, _: &'a Call) -> Task<'a, Answer> {
            Box::pin(async { Err(Problem::internal("")) })
        }

        fn write<'a>(&'a self, _: &'a Identity, _: &'a RowWrite) -> Task<'a, Answer> {
            Box::pin(async { Err(Problem::internal("")) })
        }

        fn describe<'a>(&'a self, _: &'a Identity, _: &'a str) -> Task<'a, Answer> {
            let document = self.document.clone();
            Box::pin(async move {
                let document = document.ok_or_else(|| Problem::new(Kind::Auth, "No.", ""))?;
                let body = serde_json::to_vec(&document).unwrap();
                Ok(Answer { body, range: None })
            })
        }

        fn ping<'a>(&'a self, _: &'a Identity) -> Task<'a, Ping> {
            Box::pin(async { Err(Problem::internal("")) })
        }

        fn schema_changed(&self) {}
    }

    fn wanted(key: &[&str], limit: usize) -> RowsWanted {
        let table = TableInfo {
            columns: vec![ColumnInfo {
                name: "id".into(),
                data_type: "integer".into(),
                base_type: "integer".into(),
                ..ColumnInfo::default()
            }],
            key: key.iter().map(|name| (*name).to_owned()).collect(),
            source: TableSource::Database,
            ..TableInfo::unknown(&TableName::new("public", "t"))
        };
        RowsWanted {
            order: RowOrder::of(&table, &[]).unwrap(),
            table,
            filter: Vec::new(),
            columns: Vec::new(),
            from: PageStart::First,
            limit,
            passed: 0,
        }
    }

    #[tokio::test]
    async fn what_the_server_cuts_is_noticed_and_read_on() {
        for key in [&["id"][..], &[]] {
            for (total, most) in [(0, 7), (7, 7), (20, 7), (21, 7), (5, 100)] {
                let server = Server::of(total, most);
                let mut ask = wanted(key, 10);
                let mut found = Vec::new();
                loop {
                    ask.passed = found.len();
                    let page = rows(&server, &Identity::Anon, &ask).await.unwrap();
                    let is_cut = page.next.is_some() && most < 10;
                    assert_eq!(page.cut_at, is_cut.then_some(most), "{total} {most}");
                    found.extend(page.rows);
                    match page.next {
                        Some(next) => ask.from = next,
                        None => break,
                    }
                }
                let wanted: Vec<RowValues> = (1..=total)
                    .map(|id| json!({"id": id}).as_object().unwrap().clone())
                    .collect();
                assert_eq!(found, wanted);
            }
        }
    }

    #[tokio::test]
    async fn one_row_more_tells_that_there_are_others() {
        let server = Server::of(30, 100);
        let page = rows(&server, &Identity::Anon, &wanted(&["id"], 10))
            .await
            .unwrap();
        assert_eq!((page.rows.len(), page.next.is_some()), (10, true));
        assert_eq!(*server.asked.lock().unwrap(), [11]);
    }

    #[tokio::test]
    async fn without_a_way_to_the_database_rest_describes_itself_or_the_name_will_do() {
        let name = TableName::new("public", "t");
        let mut server = Server::of(1, 1);
        let found = describe(None, &server, &Identity::Anon, &name)
            .await
            .unwrap();
        assert!(found.table.is_unknown());
        let problem = list(None, &server, &Identity::Anon, &[]).await.unwrap_err();
        assert_eq!(problem.kind, Kind::Config);
        server.document =
            Some(json!({"definitions": {"t": {"properties": {"id": {"format": "bigint"}}}}}));
        let found = describe(None, &server, &Identity::Anon, &name)
            .await
            .unwrap();
        assert_eq!(found.table.source, TableSource::OpenApi);
        let all = list(None, &server, &Identity::Anon, &[]).await.unwrap();
        assert_eq!(all.tables.len(), 1);
    }
}
