//! `supadeck access list`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Span, Table, Tone};
use super::super::table::Kind;
use super::heading::heading;
use super::place::Place;
use crate::domain::access::listing::Matrix;
use crate::domain::access::matrix::{AccessCell, amount, letters};
use crate::domain::access::viewer::Who;
use crate::domain::dry_run::access::Verdict;
use crate::domain::plural::listed;
use crate::ops::access::{self, MatrixRequest};
use crate::ports::AccessDatabase;
use clap::Args as ClapArgs;

/// List what each identity may do with each table, and how many rows it really sees
///
/// The identities are anon, a stranger who is signed in and owns nothing, each other role granted to `authenticator`, and the
/// service role; `--as` shows one alone, `--also` adds one. A capital letter is every row, a small one those that policies let
/// through, a dash nothing: `S--d 4 of 12` selects all, deletes by policies, and sees 4 of the 12 rows. Rows are counted for two
/// seconds at most; then it says "at least". Where the catalogs and the counted rows do not agree, that is listed.
#[derive(ClapArgs)]
pub struct Args {
    /// Only these tables and views
    #[arg(value_name = "TABLE")]
    tables: Vec<String>,

    /// Another identity beside the usual ones: user:EMAIL, role:NAME
    #[arg(long, value_name = "IDENTITY")]
    also: Vec<Who>,

    /// Only these schemas, instead of those of the API
    #[arg(long, value_name = "NAME", conflicts_with = "all_schemas")]
    schema: Vec<String>,

    /// Every schema
    #[arg(long)]
    all_schemas: bool,

    #[command(flatten)]
    place: Place,
}

/// Reads, judges and counts.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let looked = args.place.open(context).await?;
    let answered = look(context, args, looked.database.as_ref()).await;
    looked.close(answered).await
}

async fn look(context: &Context, args: &Args, database: &dyn AccessDatabase) -> Answered {
    let request = MatrixRequest {
        only: context.asked()?.into_iter().collect(),
        also: args.also.clone(),
        schemas: args.schema.clone(),
        is_everywhere: args.all_schemas,
        tables: args.tables.clone(),
    };
    let matrix = interrupt::ending(access::matrix(database, &request)).await?;
    let answer = Answer::new(&matrix.cells, page(&matrix, args.tables.is_empty()))?
        .with("connection", &matrix.rules.connection.role)?
        .with("sees_all_rows", &matrix.rules.connection.passes)?;
    Ok(answer.with("definer_functions", &matrix.definers())?)
}

/// The matrix, and what is to be known about it.
fn page(matrix: &Matrix, is_whole: bool) -> Page {
    let mut page = heading(&matrix.rules);
    let fixed = [("TABLE", Kind::Key), ("RLS", Kind::Plain)];
    let fixed = fixed.map(|(name, kind)| (name.to_owned(), kind));
    let who = matrix.viewers.iter();
    let who = who.map(|viewer| (viewer.name.clone(), Kind::Plain));
    let mut table = Table::named(fixed.into_iter().chain(who));
    for one in matrix.tables() {
        let word = one.rls_word();
        let rls = if word == "OFF" {
            Tone::Danger
        } else {
            Tone::Muted
        };
        let mut row = vec![name(matrix, one), Span::new(rls, word)];
        for viewer in &matrix.viewers {
            row.push(cell(matrix.of(one, viewer)));
        }
        table.row(row);
    }
    if matrix.tables.is_empty() {
        page.line("There are no tables in these schemas.");
        return page;
    }
    page.table(&table);
    page.toned(
        Tone::Muted,
        "s select, i insert, u update, d delete: a capital is every row, a small letter by policies, - nothing; then the rows it sees.",
    );
    let odd = matrix
        .cells
        .iter()
        .filter_map(|cell| Some((cell, cell.disagrees.as_ref()?)));
    for (cell, said) in odd {
        let text = format!(
            "{}.{}, {}: {said}",
            cell.schema,
            cell.table,
            cell.verb.word()
        );
        page.toned(Tone::Danger, &text);
    }
    let mut notes: Vec<&String> = matrix
        .cells
        .iter()
        .filter_map(|cell| cell.note.as_ref())
        .collect();
    notes.sort();
    notes.dedup();
    for note in notes {
        let who = matrix
            .cells
            .iter()
            .filter(|cell| cell.note.as_ref() == Some(note));
        let mut who: Vec<String> = who
            .map(|cell| format!("{} as {}", cell.table, cell.identity))
            .collect();
        who.dedup();
        let most = 6;
        let more = who.len().saturating_sub(most);
        who.truncate(most);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        page.toned(Tone::Warn, &format!("{}{more}: {note}.", who.join(", ")));
    }
    let definers = if is_whole {
        matrix.definers()
    } else {
        Vec::new()
    };
    for (function, roles) in definers {
        let text = format!(
            "{} may execute {function}, which runs as its owner, past every policy (security definer).",
            listed(&roles)
        );
        page.toned(Tone::Warn, &text);
    }
    page
}

/// The table without its schema where all are of one.
fn name(matrix: &Matrix, table: &crate::domain::access::rules::SecuredTable) -> Span {
    let mut schemas: Vec<&str> = matrix.tables().map(|table| table.schema.as_str()).collect();
    schemas.dedup();
    if schemas.len() == 1 {
        Span::from(&table.name)
    } else {
        Span::from(table.full_name())
    }
}

/// One cell: what may be done, and the rows seen.
pub fn cell(cells: &[AccessCell]) -> Span {
    let Some(select) = cells.first() else {
        return Span::from("?");
    };
    let odd = cells.iter().any(|cell| cell.disagrees.is_some());
    let most = cells.iter().map(|cell| cell.verdict).max();
    let tone = match most {
        _ if odd => Tone::Danger,
        Some(Verdict::All) if select.role == "anon" => Tone::Danger,
        Some(Verdict::All) => Tone::Warn,
        Some(Verdict::Policies) => Tone::Text,
        Some(Verdict::None) | None => Tone::Muted,
    };
    let mark = if odd { " !" } else { "" };
    let is_nothing = most == Some(Verdict::None) && select.visible == Some(0) && !odd;
    if is_nothing {
        return Span::new(tone, "----");
    }
    Span::new(
        tone,
        &format!("{} {}{mark}", letters(cells), amount(select)),
    )
}
