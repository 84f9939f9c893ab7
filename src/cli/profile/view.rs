//! A profile as JSON and as a page.

use crate::cli::page::{Page, Table};
use crate::domain::hidden::{shown, shown_path};
use crate::domain::profile::Profile;
use serde_json::{Value, json};

/// A profile as JSON. The name is its key in the file, so serde leaves it out there.
pub fn data(profile: &Profile) -> Value {
    json!({
        "name": shown(&profile.name),
        "url": profile.shown_url(),
        "project_ref": profile.project_ref.as_deref().map(shown),
        "dir": dir(profile),
        "production": profile.production,
        "read_only": profile.read_only,
        "secrets": profile.secrets,
    })
}

/// The directory as it may be shown.
fn dir(profile: &Profile) -> Option<String> {
    let dir = profile.dir.as_ref()?.display().to_string();
    Some(shown_path(&dir).into_owned())
}

/// A profile, one property a line.
pub fn page(profile: &Profile) -> Page {
    let mut table = Table::new(&["PROFILE", ""]);
    let dir = dir(profile);
    let reference = shown(profile.project_ref.as_deref().unwrap_or("-"));
    let name = shown(&profile.name);
    let url = profile.shown_url();
    for (name, value) in [
        ("name", &*name),
        ("url", &url),
        ("project ref", &reference),
        ("directory", dir.as_deref().unwrap_or("the current one")),
        ("production", if profile.production { "yes" } else { "no" }),
        ("read-only", if profile.read_only { "yes" } else { "no" }),
    ] {
        table.row(vec![name.into(), value.into()]);
    }
    for (kind, from) in profile.secrets.all() {
        table.row(vec![kind.title().into(), from.to_string().into()]);
    }
    let mut page = Page::default();
    page.table(&table);
    page
}
