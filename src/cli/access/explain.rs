//! `supadeck access explain`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::Tone;
use super::heading::heading;
use super::place::Place;
use crate::domain::access::explain::{ExplainRequest, Wanted};
use crate::domain::access::rules::Verb;
use crate::domain::problem::{Kind, Problem};
use crate::domain::report::explained;
use crate::ops::access;
use crate::ports::AccessDatabase;
use clap::{Args as ClapArgs, ValueEnum};
use serde_json::{Map, Value};

/// Explain why an identity may, or may not, do something with one row, policy by policy
///
/// Each grant and policy stands in order, with its condition, the values that it looked at, and whether it is true, false or null. The
/// server evaluates each condition with the rights of that identity, also on a row that it does not see. A row that is
/// not there is told from one that is hidden.
#[derive(ClapArgs)]
pub struct Args {
    /// The table or view
    #[arg(value_name = "TABLE")]
    table: String,

    /// The value of its primary key, or columns with values: id=7,part=b; none for a row that is to be added
    #[arg(value_name = "KEY", allow_hyphen_values = true)]
    row: Option<String>,

    /// The operation
    #[arg(long, value_name = "VERB", default_value = "select")]
    verb: Choice,

    /// For an insert or update: the values that would be written, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    set: Option<Map<String, Value>>,

    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// Read it
    Select,
    /// Add it
    Insert,
    /// Change it
    Update,
    /// Remove it
    Delete,
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("it is not a JSON object such as {\"title\": \"x\"}".to_owned()),
        Err(error) => Err(format!("it is not JSON: {error}")),
    }
}

/// Asks, and puts the answer together.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let Some(asked) = context.asked()? else {
        return Err(Problem::new(
            Kind::Usage,
            "Whose access is to be explained is not known.",
            "There is no --as.",
        )
        .with_hint("Use --as anon, --as stranger, --as user:EMAIL, --as role:NAME or --as service.")
        .into());
    };
    let request = ExplainRequest {
        table: args.table.clone(),
        asked,
        verb: match args.verb {
            Choice::Select => Verb::Select,
            Choice::Insert => Verb::Insert,
            Choice::Update => Verb::Update,
            Choice::Delete => Verb::Delete,
        },
        wanted: Wanted {
            key: args.row.clone(),
            written: args.set.clone(),
            ..Wanted::default()
        },
    };
    let looked = args.place.open(context).await?;
    let answered = look(&request, looked.database.as_ref()).await;
    looked.close(answered).await
}

async fn look(request: &ExplainRequest, database: &dyn AccessDatabase) -> Answered {
    let explained = access::explain(database, request);
    let (rules, explanation) = interrupt::ending(explained).await?;
    let mut page = heading(&rules);
    page.toned(Tone::Strong, &explained::title(&explanation));
    page.report(explained::page(&explanation));
    Ok(Answer::new(&explanation, page)?.with("connection", &rules.connection.role)?)
}
