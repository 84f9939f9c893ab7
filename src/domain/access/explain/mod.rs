//! Why somebody may, or may not, do something with one row: each grant and policy in order, with what its parts gave for this row.
//! The server evaluates each part as it would evaluate the policy; the parts are put together here.

mod answer;
mod question;
#[cfg(test)]
mod tests;

pub use answer::{
    ExplainedPart, ExplainedStep, Explanation, Given, LATE, LookedAt, RowAnswer, Truth,
};
pub use question::{
    ExplainRequest, Inquiry, RowQuestion, RowSide, Snippet, Wanted, Written, inquire,
};
