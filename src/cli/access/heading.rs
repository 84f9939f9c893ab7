//! The line that says as whom the catalogs were read.

use crate::cli::page::{Page, Tone};
use crate::domain::access::rules::AccessRules;

/// The role, and whether it sees all rows.
pub fn heading(rules: &AccessRules) -> Page {
    let mut page = Page::default();
    let role = &rules.connection.role;
    let sees = if rules.connection.passes {
        "it bypasses RLS, so totals are those of the tables"
    } else {
        "it is under row level security itself, so totals are known only of tables that it sees whole"
    };
    page.toned(Tone::Muted, &format!("Read as the role {role}; {sees}."));
    page
}
