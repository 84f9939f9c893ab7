//! Says on stderr whom a command waits for, once an answer takes long and somebody is looking. A silence of a minute
//! without a word looks like a program that hangs.

use super::output::Output;
use super::page::{Page, Tone};
use crate::domain::identity::Identity;
use crate::domain::query::{Answer, Call, Ping, RowWrite, Select};
use crate::ports::{Counting, Rest, Task};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long an answer is awaited without a word.
const SILENCE: Duration = Duration::from_secs(3);

/// Awaits an answer; when it takes long, says once from whom.
pub async fn telling<T>(
    output: Output,
    whom: impl FnOnce() -> String,
    answer: impl Future<Output = T>,
) -> T {
    tokio::pin!(answer);
    tokio::select! {
        biased;
        answered = &mut answer => return answered,
        () = tokio::time::sleep(SILENCE) => {}
    }
    let mut page = Page::default();
    page.toned(Tone::Muted, &format!("Waiting for {}.", whom()));
    output.remark(&page);
    answer.await
}

/// A REST interface whose silence is told of, once however many requests are under way.
pub struct Patient {
    rest: Arc<dyn Rest>,
    url: String,
    output: Output,
    has_told: AtomicBool,
}

impl Patient {
    /// The interface of the project at `url`.
    pub fn new(rest: Arc<dyn Rest>, url: &str, output: Output) -> Self {
        Self {
            rest,
            url: url.to_owned(),
            output,
            has_told: AtomicBool::new(false),
        }
    }

    fn task<'a, T: 'a>(&'a self, task: Task<'a, T>) -> Task<'a, T> {
        Box::pin(async move {
            if self.has_told.load(Ordering::Relaxed) {
                return task.await;
            }
            let whom = || {
                self.has_told.store(true, Ordering::Relaxed);
                self.url.clone()
            };
            telling(self.output, whom, task).await
        })
    }
}

impl Rest for Patient {
    fn select<'a>(&'a self, who: &'a Identity, query: &'a Select) -> Task<'a, Answer> {
        self.task(self.rest.select(who, query))
    }

    fn count<'a>(&'a self, who: &'a Identity, query: &'a Select, how: Counting) -> Task<'a, u64> {
        self.task(self.rest.count(who, query, how))
    }

    fn call<'a>(&'a self, who: &'a Identity, call: &'a Call) -> Task<'a, Answer> {
        self.task(self.rest.call(who, call))
    }

    fn write<'a>(&'a self, who: &'a Identity, write: &'a RowWrite) -> Task<'a, Answer> {
        self.task(self.rest.write(who, write))
    }

    fn describe<'a>(&'a self, who: &'a Identity, schema: &'a str) -> Task<'a, Answer> {
        self.task(self.rest.describe(who, schema))
    }

    fn ping<'a>(&'a self, who: &'a Identity) -> Task<'a, Ping> {
        self.task(self.rest.ping(who))
    }

    fn schema_changed(&self) {
        self.rest.schema_changed();
    }
}
