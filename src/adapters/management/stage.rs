//! The Management API as a place for rehearsals, which it is not: each call is a transaction of its own, so none can be held
//! open while its effects are measured.

use super::database::ManagementDatabase;
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::Limits;
use crate::ports::{Rehearsal, Stage, Task};

impl Stage for ManagementDatabase {
    fn rehearsal(&self, _limits: Limits) -> Task<'_, Box<dyn Rehearsal>> {
        Box::pin(async {
            Err(Problem::new(
                Kind::Usage,
                "Nothing can be rehearsed over the Management API.",
                "It keeps no transaction open from one call to the next.",
            )
            .with_hint(
                "Rehearse with `--on scratch`, or over a Postgres connection with `--db-url`.",
            ))
        })
    }
}
