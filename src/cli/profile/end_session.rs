//! What ends with a profile on the server.

use crate::adapters::connect;
use crate::cli::context::Context;
use crate::cli::interrupt;
use crate::cli::page::{Page, Tone};
use crate::domain::problem::Problem;
use crate::ops::session;

/// Ends on the server the session that is stored for a profile which is removed or replaced; says where it cannot be.
pub async fn end_session(context: &Context, name: &str) -> Result<(), Problem> {
    let ended = async {
        let auth = connect::session_of(context.settings(), name).await;
        Ok(session::end_stored(auth.as_ref()).await)
    };
    if let Some(text) = interrupt::finishing(context.output(), ended).await? {
        let mut page = Page::default();
        page.toned(Tone::Warn, &format!("Note: {text}"));
        context.output().note(&page);
    }
    Ok(())
}
