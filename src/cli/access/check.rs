//! `supadeck access check`.

use super::super::answer::{Answer, Answered, Failure};
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Span, Tone};
use super::heading::heading;
use super::place::Place;
use crate::domain::access::expected::{CheckReport, ExpectedFile, parse};
use crate::domain::plural::counted;
use crate::domain::problem::{Kind, Problem};
use crate::ops::access;
use crate::ports::AccessDatabase;
use clap::Args as ClapArgs;
use std::path::{Path, PathBuf};

/// Check who may do what against a file: a snapshot, or sentences written by hand. Exit code 1 when they differ
///
/// A sentence stands on a line of its own: `anon sees nothing of goal`, `user:alice sees 4 of cycle`, `stranger may not delete task`,
/// `stranger may update rows of goal by "own goals"`. A file that begins with `schemas public` is complete for that schema: what it
/// does not name is a difference, so that a pull request that opens a table fails.
#[derive(ClapArgs)]
pub struct Args {
    /// The file; several are checked one after the other
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    place: Place,
}

/// Reads the files and the database, and compares.
pub async fn run(context: &Context, args: &Args) -> Answered {
    if context.asked()?.is_some() {
        return Err(Problem::new(
            Kind::Usage,
            "--as does not go with a check.",
            "The file says whose access is meant.",
        )
        .into());
    }
    let mut expected = Vec::new();
    for file in &args.files {
        expected.push(read(file)?);
    }
    let looked = args.place.open(context).await?;
    let answered = look(args, &expected, looked.database.as_ref()).await;
    looked.close(answered).await
}

async fn look(args: &Args, expected: &[ExpectedFile], database: &dyn AccessDatabase) -> Answered {
    let mut page = Page::default();
    let mut reports = Vec::new();
    for (file, expected) in args.files.iter().zip(expected) {
        let checking = access::check(database, expected);
        let (matrix, report) = interrupt::ending(checking).await?;
        if reports.is_empty() {
            page.append(heading(&matrix.rules));
        }
        add(&mut page, file, &report);
        reports.push((file.display().to_string(), report));
    }
    let count: usize = reports
        .iter()
        .map(|(_, report)| report.differences.len())
        .sum();
    let data: Vec<_> = reports
        .iter()
        .map(|(file, report)| serde_json::json!({ "file": file, "checked": report.checked, "differences": report.differences }))
        .collect();
    let answer = Answer::new(&data, page)?;
    if count == 0 {
        return Ok(answer);
    }
    let problem = Problem::new(
        Kind::Findings,
        "Access is not what the file says.",
        format!("{}.", counted(count, "difference")),
    )
    .with_hint(format!(
        "Where the change is meant, write the file anew with `supadeck access snapshot{}`.",
        if args.place.is_scratch() {
            " --on scratch"
        } else {
            ""
        }
    ));
    Err(Failure::after(problem, answer))
}

fn read(file: &Path) -> Result<ExpectedFile, Problem> {
    let unusable = |why: String| {
        let what = format!("The file {} cannot be checked.", file.display());
        Problem::new(Kind::Config, what, why)
    };
    let text = std::fs::read_to_string(file).map_err(|error| unusable(format!("{error}.")))?;
    let expected = parse(&text).map_err(|mut problem| {
        problem.what = format!("{}: {}", file.display(), problem.what);
        problem
    })?;
    if expected.is_empty() {
        return Err(unusable("It says nothing.".to_owned()));
    }
    Ok(expected)
}

fn add(page: &mut Page, file: &Path, report: &CheckReport) {
    let name = file.display();
    if report.differences.is_empty() {
        let text = format!("{name}: {} hold.", counted(report.checked, "rule"));
        page.toned(Tone::Ok, &text);
        return;
    }
    page.line(Span::new(Tone::Strong, &name.to_string()));
    let mut last = None;
    for difference in &report.differences {
        if let (Some(line), Some(text)) = (difference.line, &difference.expected)
            && last != Some(line)
        {
            page.toned(Tone::Danger, &format!("- {text}   (line {line})"));
            last = Some(line);
        }
        if let Some(found) = &difference.found {
            page.toned(Tone::Ok, &format!("+ {found}"));
        }
    }
}
