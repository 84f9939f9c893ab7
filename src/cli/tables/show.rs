//! `supadeck table show`.

use super::super::answer::Answered;
use super::super::context::Context;
use super::super::page::{Page, Span, Table, Tone};
use super::which::Which;
use crate::domain::plural::grouped;
use crate::domain::problem::{Kind, Problem};
use crate::domain::report::row_security;
use crate::domain::table::cell::size;
use crate::domain::table::column::ColumnInfo;
use crate::domain::table::info::{TableInfo, TableLink, TableRights};
use crate::domain::text;
use clap::Args as ClapArgs;

/// Show the columns, keys and rights of a table
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    which: Which,
}

/// Reads what is known.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let reader = context.reader().await?;
    let table = args.which.described(context, &reader).await?;
    if table.is_unknown() {
        let name = table.full_name().to_string();
        return Err(Problem::new(
            Kind::Config,
            format!("Nothing is known of `{}`.", text::harmless(&name)),
            "No way to the database is known, and the REST interface does not describe the table to this identity.",
        )
        .with_hint("Set SUPABASE_DB_URL or SUPABASE_ACCESS_TOKEN, or read its rows: `supadeck table rows`.")
        .into());
    }
    reader.page(&table, page(&table, reader.who().role()))
}

fn page(table: &TableInfo, role: &str) -> Page {
    let mut facts = Table::new(&["TABLE", ""]);
    let mut fact = |name: &str, tone, text: &str| {
        if !text.is_empty() {
            facts.row(vec![Span::new(Tone::Muted, name), Span::new(tone, text)]);
        }
    };
    fact("name", Tone::Strong, &table.full_name().to_string());
    fact("kind", Tone::Text, table.kind.word());
    fact(
        "comment",
        Tone::Text,
        table.comment.as_deref().unwrap_or_default(),
    );
    let rows = table.rows.map(|rows| format!("about {}", grouped(rows)));
    fact("rows", Tone::Text, &rows.unwrap_or_default());
    fact(
        "size",
        Tone::Text,
        &table.bytes.map(size).unwrap_or_default(),
    );
    let (tone, rls) = row_security::words(table, role);
    fact("RLS", tone, &rls);
    fact(
        "grants",
        Tone::Text,
        &table.rights.map(TableRights::words).unwrap_or_default(),
    );
    let key = match table.key.as_slice() {
        [] => "none: pages by OFFSET".to_owned(),
        key => key.join(", "),
    };
    fact("key", Tone::Text, &key);
    let mut page = Page::default();
    page.table(&facts);
    page.blank();
    page.table(&columns(table));
    policies(&mut page, table);
    links(&mut page, "REFERENCES", &table.references, false);
    links(&mut page, "REFERENCED BY", &table.referenced_by, true);
    page
}

fn columns(table: &TableInfo) -> Table {
    let mut columns = Table::new(&["COLUMN", "TYPE", "NULL", "~DEFAULT", "~VALUES", "GRANTS"]);
    for column in &table.columns {
        let is_key = table.key.contains(&column.name);
        let default = if column.is_generated {
            "always computed"
        } else {
            column.default.as_deref().unwrap_or_default()
        };
        columns.row(vec![
            Span::new(if is_key { Tone::Strong } else { Tone::Text }, &column.name),
            Span::from(&column.data_type),
            Span::from(if column.nullable { "null" } else { "" }),
            Span::from(default),
            Span::from(column.values.join(", ")),
            Span::from(column_rights(column)),
        ]);
    }
    columns
}

fn column_rights(column: &ColumnInfo) -> String {
    let all = [
        (column.may_select, "select"),
        (column.may_insert, "insert"),
        (column.may_update, "update"),
    ];
    let words = all.into_iter().filter(|(may, _)| *may == Some(true));
    let words: Vec<&str> = words.map(|(_, word)| word).collect();
    match column.may_select {
        None => String::new(),
        Some(_) if words.is_empty() => "none".to_owned(),
        Some(_) => words.join(", "),
    }
}

fn policies(page: &mut Page, of: &TableInfo) {
    if of.policies.is_empty() {
        return;
    }
    let mut table = Table::new(&["POLICY", "FOR", "~USING", "~CHECK"]);
    for policy in &of.policies {
        let tone = if policy.applies == Some(false) {
            Tone::Muted
        } else {
            Tone::Text
        };
        let verb = if policy.permissive {
            policy.verb.clone()
        } else {
            format!("{}, restrictive", policy.verb)
        };
        table.row(vec![
            Span::new(tone, &policy.name),
            Span::new(tone, &verb),
            Span::new(tone, policy.qual.as_deref().unwrap_or_default()),
            Span::new(tone, policy.check.as_deref().unwrap_or_default()),
        ]);
    }
    page.blank();
    page.table(&table);
}

fn links(page: &mut Page, heading: &'static str, links: &[TableLink], is_back: bool) {
    if links.is_empty() {
        return;
    }
    let mut table = Table::new(&[heading, "", "CONSTRAINT"]);
    for link in links {
        let other = format!("{} ({})", link.table, link.other_columns.join(", "));
        let own = link.columns.join(", ");
        let (from, to) = if is_back { (other, own) } else { (own, other) };
        table.row(vec![
            Span::from(from),
            Span::from(format!("→ {to}")),
            Span::new(Tone::Muted, &link.name),
        ]);
    }
    page.blank();
    page.table(&table);
}
