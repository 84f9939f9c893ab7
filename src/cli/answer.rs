//! What a command hands back: data for `--json`, a page for people. It prints nothing itself.

use super::page::Page;
use crate::domain::problem::Problem;
use serde::Serialize;
use serde_json::{Map, Value};

/// The result of a command.
pub type Answered = Result<Answer, Failure>;

/// A command that did what was asked.
#[derive(Debug)]
pub struct Answer {
    /// The data of the JSON document.
    pub data: Value,
    /// What belongs to the data without being it: the identity, the target, whether there is more.
    pub meta: Map<String, Value>,
    /// The same for people.
    pub body: Body,
}

/// What is printed without `--json`.
#[derive(Debug)]
pub enum Body {
    /// Lines and tables.
    Page(Page),
    /// A text that is the product itself, such as a script; printed as it is.
    Raw(String),
}

impl Answer {
    /// An answer with its two faces.
    pub fn new(data: &impl Serialize, page: Page) -> Result<Self, Problem> {
        Ok(Self {
            data: value(data)?,
            meta: Map::new(),
            body: Body::Page(page),
        })
    }

    /// An answer whose text is the product itself.
    pub fn raw(text: String) -> Self {
        Self {
            data: Value::String(text.clone()),
            meta: Map::new(),
            body: Body::Raw(text),
        }
    }

    /// Adds an entry to `meta`.
    pub fn with(mut self, name: &str, entry: &impl Serialize) -> Result<Self, Problem> {
        self.meta.insert(name.to_owned(), value(entry)?);
        Ok(self)
    }

    /// Puts lines in front of its page; a text that is the product itself stays alone.
    pub fn below(mut self, mut page: Page) -> Self {
        if let Body::Page(own) = &mut self.body {
            page.append(std::mem::take(own));
            *own = page;
        }
        self
    }
}

/// A command that failed, perhaps after it had something to say.
#[derive(Debug)]
pub struct Failure {
    /// What failed.
    pub problem: Problem,
    /// What was reached before: how each step of a run ended, which checks passed.
    pub data: Option<Value>,
    /// What belongs to the data without being it.
    pub meta: Map<String, Value>,
    /// The same for people, printed before the problem.
    pub page: Page,
}

impl Failure {
    /// A failure with what was reached before it.
    pub fn after(problem: Problem, answer: Answer) -> Self {
        let page = match answer.body {
            Body::Page(page) => page,
            Body::Raw(_) => Page::default(),
        };
        Self {
            problem,
            data: Some(answer.data),
            meta: answer.meta,
            page,
        }
    }

    /// Adds an entry to `meta`.
    pub fn with(mut self, name: &str, entry: &impl Serialize) -> Result<Self, Problem> {
        self.meta.insert(name.to_owned(), value(entry)?);
        Ok(self)
    }

    /// Puts lines in front of its page.
    pub fn below(mut self, mut page: Page) -> Self {
        page.append(std::mem::take(&mut self.page));
        self.page = page;
        self
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            data: None,
            meta: Map::new(),
            page: Page::default(),
        }
    }
}

fn value(data: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(data).map_err(|error| Problem::internal(error.to_string()))
}
