//! What is asked of the REST interface, as plain values: a selection of rows, a function call, and the answer.
//! Names no header, no URL and no quoting; those are the adapter's business.

use super::deep_json::flattened;
use super::problem::{Kind, Problem};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The rows asked for at a time, as the design (section 6) fixes it.
pub const PAGE_ROWS: usize = 200;

/// A selection of rows of one table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// The table or view.
    pub table: String,
    /// Its schema, where that is not the first one that the server serves.
    pub schema: Option<String>,
    /// The columns, separated by commas; `*` is all.
    pub columns: String,
    /// Conditions that must all hold.
    pub filters: Vec<Filter>,
    /// The order, most significant first.
    pub order: Vec<Order>,
    /// The most rows wanted; `None` leaves it to the server.
    pub limit: Option<usize>,
    /// How many rows are passed over first.
    pub offset: usize,
    /// The id that ties the requests of one user action together.
    pub correlation: Option<String>,
    /// Whether it may search a large table, so that its answer is worth a long wait.
    pub is_long: bool,
}

impl Select {
    /// All rows and columns of a table or view.
    pub fn from(table: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            schema: None,
            columns: "*".to_owned(),
            filters: Vec::new(),
            order: Vec::new(),
            limit: None,
            offset: 0,
            correlation: None,
            is_long: false,
        }
    }

    /// A table of a schema. The server takes the first schema that it serves where none is named: `public` is named only
    /// beside others.
    #[must_use]
    pub fn of_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Narrows the columns.
    #[must_use]
    pub fn columns(mut self, columns: impl Into<String>) -> Self {
        self.columns = columns.into();
        self
    }

    /// Adds a condition.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Adds a column to the order.
    #[must_use]
    pub fn order(mut self, column: impl Into<String>, direction: Direction) -> Self {
        self.order.push(Order {
            column: column.into(),
            direction,
        });
        self
    }

    /// Bounds the number of rows.
    #[must_use]
    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Passes over so many rows.
    #[must_use]
    pub fn offset(mut self, rows: usize) -> Self {
        self.offset = rows;
        self
    }

    /// Ties the request to a user action.
    #[must_use]
    pub fn under(mut self, correlation: impl Into<String>) -> Self {
        self.correlation = Some(correlation.into());
        self
    }
}

/// One column of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The column.
    pub column: String,
    /// Up or down.
    pub direction: Direction,
}

/// Which way a column is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// A condition on rows. Columns may be JSON paths such as `after_state->>status`; values are plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// A column compared with a value.
    Compare {
        /// The column or JSON path.
        column: String,
        /// How it is compared.
        op: Op,
        /// With what, not quoted.
        value: String,
    },
    /// A column that has one of several values.
    In {
        /// The column or JSON path.
        column: String,
        /// The values, not quoted.
        values: Vec<String>,
    },
    /// A column without a value.
    IsNull {
        /// The column or JSON path.
        column: String,
    },
    /// A column with a value.
    NotNull {
        /// The column or JSON path.
        column: String,
    },
    /// At least one of the conditions holds.
    Any(Vec<Filter>),
    /// All of the conditions hold.
    All(Vec<Filter>),
    /// A comparison that does not hold. Where the column has no value, neither this nor the comparison itself holds.
    Not(Box<Filter>),
}

/// How a column is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Equal.
    Eq,
    /// Not equal.
    NotEq,
    /// Less.
    Lt,
    /// Less or equal.
    LtEq,
    /// Greater.
    Gt,
    /// Greater or equal.
    GtEq,
    /// Like a pattern: `*` is any run of characters; `%`, `_` and `\` are escaped with `\`.
    Like,
    /// The same without regard to case.
    ILike,
    /// `@>`: a JSON document or an array that contains this one.
    Contains,
}

impl Filter {
    /// `column op value`.
    pub fn compare(column: impl Into<String>, op: Op, value: impl Into<String>) -> Self {
        Self::Compare {
            column: column.into(),
            op,
            value: value.into(),
        }
    }

    /// The column that one condition on a column is about.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Compare { column, .. }
            | Self::In { column, .. }
            | Self::IsNull { column }
            | Self::NotNull { column } => Some(column),
            Self::Not(inner) => inner.column(),
            Self::Any(_) | Self::All(_) => None,
        }
    }

    /// `column = value`.
    pub fn eq(column: impl Into<String>, value: impl Into<String>) -> Self {
        Self::compare(column, Op::Eq, value)
    }
}

/// What is done to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Rows are added.
    Insert,
    /// Rows get other values.
    Update,
    /// Rows are removed.
    Delete,
}

impl Verb {
    /// The word of SQL.
    pub fn word(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// A change of the rows of one table that fit its conditions; those that were changed come back.
#[derive(Debug, Clone, PartialEq)]
pub struct RowWrite {
    /// The table or view.
    pub table: String,
    /// Its schema.
    pub schema: String,
    /// What is done.
    pub verb: Verb,
    /// Conditions that must all hold; without one nothing but an insert is sent.
    pub filters: Vec<Filter>,
    /// The values by their columns: a JSON object; none for a delete.
    pub body: Option<Value>,
    /// The columns that come back, separated by commas.
    pub columns: String,
    /// The id that ties the requests of one user action together.
    pub correlation: Option<String>,
}

/// A call of a database function.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The function.
    pub function: String,
    /// Its arguments by name: a JSON object.
    pub arguments: Value,
    /// Whether it changes nothing, so that it may be repeated after a broken connection.
    pub is_read: bool,
    /// The id that ties the requests of one user action together.
    pub correlation: Option<String>,
}

impl Call {
    /// A call that may write.
    pub fn to(function: impl Into<String>, arguments: Value) -> Self {
        Self {
            function: function.into(),
            arguments,
            is_read: false,
            correlation: None,
        }
    }

    /// Ties the request to a user action.
    #[must_use]
    pub fn under(mut self, correlation: impl Into<String>) -> Self {
        self.correlation = Some(correlation.into());
        self
    }
}

/// A whole answer of the REST interface: JSON that has not been looked into yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The body, complete.
    pub body: Vec<u8>,
    /// `Content-Range`, where the server sent one.
    pub range: Option<Range>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({} bytes, {:?})", self.body.len(), self.range)
    }
}

/// `Content-Range` of an answer: which rows it holds, and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// How many rows the answer claims to hold.
    pub rows: u64,
    /// How many rows there are, when a count was asked for.
    pub total: Option<u64>,
}

impl Range {
    /// Reads `0-199/4711`, `0-199/*` or `*/0`; `None` when it is none of these.
    pub fn parse(text: &str) -> Option<Self> {
        let (span, total) = text.trim().split_once('/')?;
        let total = match total {
            "*" => None,
            digits => Some(digits.parse().ok()?),
        };
        let rows = match span {
            "*" => 0,
            span => {
                let (first, last) = span.split_once('-')?;
                let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
                last.checked_sub(first)?.checked_add(1)?
            }
        };
        Some(Self { rows, total })
    }
}

impl Answer {
    /// Reads the body as rows. A body that holds fewer or more rows than its `Content-Range` says is refused.
    pub fn rows<T: DeserializeOwned>(&self) -> Result<Vec<T>, Problem> {
        let rows: Vec<T> = self.read()?;
        match self.range {
            Some(range) if range.rows != rows.len() as u64 => Err(Problem::new(
                Kind::Network,
                "The project's answer is not complete.",
                format!("It announced {} rows and held {}.", range.rows, rows.len()),
            )
            .retryable()),
            _ => Ok(rows),
        }
    }

    /// Reads the body as one value.
    pub fn one<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.read()
    }

    /// Reads the body; values that are nested too deeply to be read are replaced by a text that says so.
    fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body)
            .or_else(|error| {
                if is_too_deep(&error) {
                    serde_json::from_slice(&flattened(&self.body))
                } else {
                    Err(error)
                }
            })
            .map_err(|error| unreadable(&error))
    }
}

/// Whether the reader stopped because of its limit of 128 levels.
fn is_too_deep(error: &serde_json::Error) -> bool {
    error.is_syntax() && error.to_string().contains("recursion limit")
}

/// The JSON does not fit what was asked for: cut off, or another shape.
fn unreadable(error: &serde_json::Error) -> Problem {
    use serde_json::error::Category;
    let why = match error.classify() {
        Category::Eof => "The JSON ends in the middle.".to_owned(),
        Category::Syntax | Category::Io => "It is not JSON.".to_owned(),
        Category::Data => {
            return Problem::new(
                Kind::Database,
                "The project's rows do not have the columns that were expected.",
                super::text::cell(&error.to_string()).into_owned(),
            )
            .with_hint("The schema may be of another version: see `supadeck migration list`.");
        }
    };
    Problem::new(
        Kind::Network,
        "The project's answer could not be read.",
        why,
    )
    .retryable()
}

/// What a reachability check saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping {
    /// The server's clock by its `Date` header, in whole seconds.
    pub server_time: Option<jiff::Timestamp>,
    /// The time from request to answer, in milliseconds.
    pub took_ms: u64,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn content_range_is_read() {
        let range = |text| Range::parse(text).map(|r| (r.rows, r.total));
        assert_eq!(range("0-199/4711"), Some((200, Some(4711))));
        assert_eq!(range("0-0/*"), Some((1, None)));
        assert_eq!(range("*/0"), Some((0, Some(0))));
        assert_eq!(range("5-3/*"), None);
        assert_eq!(range("0-18446744073709551615/*"), None);
        assert_eq!(range("nonsense"), None);
    }

    fn answer(body: &str, rows: u64) -> Answer {
        Answer {
            body: body.as_bytes().to_vec(),
            range: Some(Range { rows, total: None }),
        }
    }

    #[test]
    fn an_answer_with_fewer_rows_than_announced_is_refused() {
        assert_eq!(answer("[1,2]", 2).rows::<u8>().unwrap(), [1, 2]);
        let problem = answer("[1,2]", 3).rows::<u8>().unwrap_err();
        assert_eq!(problem.kind, Kind::Network);
        assert!(problem.retry);
    }

    #[test]
    fn a_cut_body_a_deep_body_and_a_foreign_body_are_told_apart() {
        assert_eq!(
            answer("[1,", 1).rows::<u8>().unwrap_err().kind,
            Kind::Network
        );
        let deep = format!("[{}{},2]", "[".repeat(9_000), "]".repeat(9_000));
        let rows = answer(&deep, 2).rows::<Value>().unwrap();
        assert!(rows[0].to_string().contains("nested deeper"), "{rows:?}");
        assert_eq!(rows[1], 2);
        let problem = answer("[\"x\"]", 1).rows::<u8>().unwrap_err();
        assert_eq!(problem.kind, Kind::Database);
    }
}
