//! No rehearsal goes over the Management API: it needs a transaction that stays open from question to question, and each
//! call is a session of its own.

use super::database::ManagementDatabase;
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::Limits;
use crate::ports::{Rehearsal, Stage, Task};

impl Stage for ManagementDatabase {
    fn rehearsal(&self, _limits: Limits) -> Task<'_, Box<dyn Rehearsal>> {
        Box::pin(async move {
            Err(Problem::new(
                Kind::Config,
                "Nothing can be rehearsed over the Management API.",
                "A rehearsal is one transaction that is looked at from inside and then undone, and each call of the API is a session of its own.",
            )
            .with_hint("Rehearse on a scratch database (`--on scratch`), or use a database URL (--db-url)."))
        })
    }
}
