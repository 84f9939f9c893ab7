//! `supadeck migration new`.

use super::super::answer::{Answer, Answered};
use super::super::confirm::{self, Confirm};
use super::super::context::Context;
use super::super::page::{Page, Tone};
use super::list;
use super::restore;
use super::show;
use crate::ops::migration::{self, ExtractPlan};
use clap::Args as ClapArgs;
use serde_json::json;

/// Make a new migration file and its rollback file, named by the time in UTC
///
/// With --from-edited the file is not empty: it holds the statements that an applied file was given after it was applied,
/// and that file is written back as it was applied. Statements that are no longer in the edited file are listed as
/// comments: what undoes their work has to be written by hand.
#[derive(ClapArgs)]
pub struct Args {
    /// What the migration does, such as add_goal_notes
    name: String,

    /// Take the edits of this applied version, and write its file back as it was applied
    #[arg(long, value_name = "VERSION")]
    from_edited: Option<String>,

    #[command(flatten)]
    confirm: Confirm,
}

/// Makes the two files.
pub async fn run(context: &Context, args: &Args) -> Answered {
    if let Some(version) = &args.from_edited {
        return from_edited(context, args, version).await;
    }
    let root = context.root().await?;
    let files = migration::new(&root, &args.name, context.now()).await?;
    let mut page = Page::default();
    page.line(format!("Made {}", files.up.display()));
    page.line(format!("Made {}", files.down.display()));
    if let Some(folder) = &files.made {
        let note = format!(
            "Note: the project had no migrations, so the folder {} was made. If it is the wrong project, remove it and name the right one with --dir.",
            folder.display()
        );
        page.toned(Tone::Warn, &note);
    }
    if let Some(note) = files.note() {
        page.toned(Tone::Muted, &note);
    }
    let data = json!({"up": files.up, "down": files.down});
    Ok(Answer::new(&data, page)?.with("made", &files.made)?)
}

async fn from_edited(context: &Context, args: &Args, version: &str) -> Answered {
    let work = context.work().await?;
    let planning = migration::plan_branch(&work.schema, &args.name, version, context.now());
    let plan = work.read(planning).await?;
    let shown = || Answer::new(&plan, page(&plan));
    let what = format!("Write the edits of {version} into a new migration");
    confirm::confirm(
        context,
        &plan.target.protection,
        &args.confirm,
        shown,
        "new",
        &what,
    )
    .await?;
    let listing = migration::branch(&work.schema, &plan).await?;
    let mut done = Page::default();
    done.line(format!("Made {}", plan.file.display()));
    done.line(format!("Made {}", plan.rollback.display()));
    restore::wrote(&mut done, &plan.restored);
    dropped(&mut done, &plan);
    list::after(done, &listing, &plan)
}

fn page(plan: &ExtractPlan) -> Page {
    let mut page = Page::default();
    page.toned(Tone::Strong, &show::target(&plan.target));
    page.blank();
    page.toned(Tone::Strong, &format!("Write {}", plan.file.display()));
    page.block(Tone::Text, "    ", &plan.text);
    dropped(&mut page, plan);
    page.blank();
    restore::restored(&mut page, &plan.restored);
    page.blank();
    page
}

/// Says what only a person can do.
fn dropped(page: &mut Page, plan: &ExtractPlan) {
    if plan.dropped.is_empty() {
        return;
    }
    let note = format!(
        "No longer in the edited file, though applied: {}. In the new one that is a comment: write by hand what shall become of its work.",
        show::counted(plan.dropped.len(), "statement")
    );
    page.toned(Tone::Warn, &note);
}
