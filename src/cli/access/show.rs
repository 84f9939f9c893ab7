//! `supadeck access show`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Span, Table, Tone};
use super::heading::heading;
use super::place::Place;
use crate::domain::access::listing::Matrix;
use crate::domain::access::rules::SecuredTable;
use crate::domain::access::viewer::Who;
use crate::domain::access::words;
use crate::domain::report::{Lines, secured};
use crate::ops::access::{self, MatrixRequest};
use crate::ports::AccessDatabase;
use clap::Args as ClapArgs;
use serde_json::json;

/// Show the grants and policies of a table, in plain words beside their SQL, and what each identity may do by them
#[derive(ClapArgs)]
pub struct Args {
    /// The table or view
    #[arg(value_name = "TABLE")]
    table: String,

    /// Another identity beside the usual ones: user:EMAIL, role:NAME
    #[arg(long, value_name = "IDENTITY")]
    also: Vec<Who>,

    #[command(flatten)]
    place: Place,
}

/// Reads one table.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let looked = args.place.open(context).await?;
    let answered = look(context, args, looked.database.as_ref()).await;
    looked.close(answered).await
}

async fn look(context: &Context, args: &Args, database: &dyn AccessDatabase) -> Answered {
    let request = MatrixRequest {
        only: context.asked()?.into_iter().collect(),
        also: args.also.clone(),
        tables: vec![args.table.clone()],
        ..MatrixRequest::default()
    };
    let matrix = interrupt::ending(access::matrix(database, &request)).await?;
    let table = access::table(&matrix.rules, &args.table)?;
    let policies = matrix.rules.policies.iter();
    let policies: Vec<_> = policies
        .filter(|policy| policy.table == table.id)
        .map(|policy| {
            json!({ "name": policy.name, "verb": policy.verb, "permissive": policy.permissive,
                "roles": policy.roles, "using": policy.shows, "check": policy.check, "words": words::policy(policy) })
        })
        .collect();
    let grants: Vec<_> = secured::grants(&matrix.rules, table)
        .into_iter()
        .map(|(to, words)| json!({ "to": to, "what": words }))
        .collect();
    let data = json!({ "schema": table.schema, "table": table.name, "kind": table.kind_word(), "owner": table.owner,
        "rls": table.secured, "forced": table.forced, "grants": grants, "policies": policies, "access": matrix.cells });
    let page = page(&matrix, table);
    Ok(Answer::new(&data, page)?.with("connection", &matrix.rules.connection.role)?)
}

/// The table, its grants and policies, and what each identity may do.
fn page(matrix: &Matrix, table: &SecuredTable) -> Page {
    let rules = &matrix.rules;
    let mut page = heading(rules);
    let mut head = Lines::default();
    head.lines.push(secured::head(table));
    page.report(head);
    page.blank();
    let mut grants = Table::new(&["GRANTED TO", "WHAT"]);
    for (to, what) in secured::grants(rules, table) {
        grants.row(vec![Span::from(to), Span::from(what)]);
    }
    page.table(&grants);
    page.blank();
    page.report(secured::policies(rules, table));
    page.blank();
    let mut access = Table::new(&["IDENTITY", "VERB", "REACHES", ">ROWS", "~WHY"]);
    for viewer in &matrix.viewers {
        for one in matrix.of(table, viewer) {
            let (tone, word) = secured::verdict(one);
            let why = if one.disagrees.is_some() {
                Tone::Danger
            } else {
                Tone::Muted
            };
            access.row(vec![
                Span::from(&viewer.name),
                Span::from(one.verb.word()),
                Span::new(tone, word),
                Span::from(secured::rows(one)),
                Span::new(why, &secured::why(one)),
            ]);
        }
    }
    page.table(&access);
    page
}
