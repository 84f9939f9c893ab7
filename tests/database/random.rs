//! Random walks: what an owner, another user, an auditor and the service role can send through REST, in any order, one at
//! a time and two at once, against what must hold after each step (`random/rules.rs`, `random/trail.rs`).
//!
//! A failure prints its seed. `SUPADECK_RANDOM_SEED=12` walks that one again; `SUPADECK_RANDOM_STEPS` sets how many steps
//! are taken in all. Where two clients sent at once, another run can fall another way.

mod author;
mod rules;
mod snapshot;
mod start;
mod trail;

use crate::request::Answer;
use crate::test_database::{ALICE, BOB, TestDatabase};
use author::{Act, Author, Verb};
use rules::{Sealed, Step};
use snapshot::{Snapshot, account};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Instant;
use tokio_postgres::Client;
use trail::Trail;

/// How many walks go on beside each other, each on a database of its own.
const LANES: u64 = 2;
/// How many steps a walk has.
const STEPS: u64 = 60;

/// Kinds of what happened, counted: a walk on which nothing succeeds proves nothing.
type Tally = BTreeMap<String, usize>;

#[tokio::test]
async fn no_sequence_of_requests_breaks_a_rule() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let only = number("SUPADECK_RANDOM_SEED");
    let soaks = std::env::var_os("SUPADECK_SOAK").is_some();
    let steps = number("SUPADECK_RANDOM_STEPS").unwrap_or(if soaks { 60_000 } else { 3_000 });
    let seeds: Vec<u64> =
        only.map_or_else(|| (1..=steps.div_ceil(STEPS)).collect(), |seed| vec![seed]);
    let begun = Instant::now();
    let lanes = (0..LANES).map(|lane| {
        let seeds = seeds.iter().copied().filter(|seed| seed % LANES == lane);
        lane_of(lane, seeds.collect())
    });
    let mut tally = Tally::new();
    let mut faults = Vec::new();
    for (one, told) in futures_util::future::join_all(lanes).await {
        for (what, count) in one {
            *tally.entry(what).or_default() += count;
        }
        faults.extend(told);
    }
    println!(
        "{tally:#?}\n{} walks in {:.0?}",
        seeds.len(),
        begun.elapsed()
    );
    assert!(
        faults.is_empty(),
        "{} of {} walks failed\n{}",
        faults.len(),
        seeds.len(),
        faults.join("\n\n")
    );
    if only.is_none() {
        for what in [
            "Update done",
            "Upsert done",
            "Insert done",
            "Delete done",
            "Get done",
            "Unlock done",
            "erased",
            "PT403",
            "42501",
            "23514",
            "two at once",
        ] {
            assert!(tally.contains_key(what), "{what} never came");
        }
    }
}

async fn lane_of(lane: u64, seeds: Vec<u64>) -> (Tally, Vec<String>) {
    let (mut tally, mut faults) = (Tally::new(), Vec::new());
    if seeds.is_empty() {
        return (tally, faults);
    }
    let test_db = TestDatabase::new(&format!("random_{lane}")).await;
    let superuser = test_db.superuser().await;
    superuser.batch_execute(snapshot::PREPARE).await.unwrap();
    for seed in seeds {
        let walk = Walk::begin(&test_db, &superuser, seed).await;
        if let Err(fault) = walk.go(&mut tally).await {
            faults.push(format!("SUPADECK_RANDOM_SEED={seed}: {fault}"));
        }
        if faults.len() >= 5 {
            break;
        }
    }
    (tally, faults)
}

/// One walk from the start.
struct Walk<'a> {
    test_db: &'a TestDatabase,
    superuser: &'a Client,
    author: Author,
    now: Snapshot,
    trail: Trail,
    sealed: Sealed,
    said: String,
}

impl<'a> Walk<'a> {
    async fn begin(test_db: &'a TestDatabase, superuser: &'a Client, seed: u64) -> Self {
        test_db
            .owner
            .batch_execute(&start::everything())
            .await
            .unwrap();
        let since = crate::test_database::value(superuser, "select clock_timestamp()").await;
        let now = Snapshot::read(superuser, &since).await.unwrap();
        Self {
            test_db,
            superuser,
            author: Author::new(seed),
            trail: Trail::from(&now),
            now,
            sealed: Sealed::new(),
            said: String::new(),
        }
    }

    async fn go(mut self, tally: &mut Tally) -> Result<(), String> {
        for number in 1..=STEPS {
            let step = if self.author.percent(4) {
                self.pass_time().await
            } else {
                self.step(tally).await
            };
            *tally.entry("steps".into()).or_default() += 1;
            step.map_err(|fault| {
                format!(
                    "step {number}: {fault}\nwhat was sent, the last first:\n{}",
                    self.last_words()
                )
            })?;
        }
        Ok(())
    }

    /// The last of what was sent, the newest first.
    fn last_words(&self) -> String {
        let lines: Vec<&str> = self.said.lines().rev().take(12).collect();
        lines.join("\n")
    }

    /// One client's act, or those of two at once.
    async fn step(&mut self, tally: &mut Tally) -> Result<(), String> {
        let mut acts = vec![self.author.act(&self.now)];
        if self.author.percent(12) {
            acts.push(self.author.act(&self.now));
            *tally.entry("two at once".into()).or_default() += 1;
        }
        let answers = futures_util::future::join_all(acts.iter().map(|act| self.act(act))).await;
        let mut actors = vec![None];
        for (act, answer) in acts.iter().zip(&answers) {
            let outcome = match answer {
                Ok(answer) => answer.to_string(),
                Err(fault) => fault.clone(),
            };
            let _ = writeln!(self.said, "{act:?} -> {outcome}");
            match (act, answer) {
                (Act::Ask { caller, verb, .. }, Ok(answer)) => {
                    actors.push(account(*caller));
                    let is_done = answer.is_success
                        && (*verb == Verb::Unlock
                            || !answer.rows().is_empty()
                            || answer.body == "");
                    let what = if is_done {
                        format!("{verb:?} done")
                    } else {
                        answer.code().unwrap_or("no rows").to_owned()
                    };
                    *tally.entry(what).or_default() += 1;
                }
                (Act::Erase(_), Ok(_)) => *tally.entry("erased".into()).or_default() += 1,
                // Of two that wait for each other Postgres ends one; alone, erasing always works.
                (_, Err(fault)) if acts.len() > 1 && fault.contains("deadlock") => {}
                (_, Err(fault)) => return Err(fault.clone()),
            }
        }
        let after = Snapshot::read(self.superuser, &self.now.until).await?;
        let deeds: Vec<(&Act, Option<&Answer>)> = acts
            .iter()
            .zip(&answers)
            .map(|(act, answer)| match act {
                Act::Ask { .. } => (act, answer.as_ref().ok()),
                Act::Erase(_) => (act, None),
            })
            .collect();
        let step = Step {
            before: &self.now,
            after: &after,
            deeds: &deeds,
        };
        step.check(&mut self.sealed)?;
        self.trail.follow(&after, &actors)?;
        self.author.remember(&self.now, &after);
        self.now = after;
        self.welcome_back().await
    }

    async fn act(&self, act: &Act) -> Result<Answer, String> {
        match act {
            Act::Ask {
                caller, request, ..
            } => {
                let answer = self.test_db.try_ask(*caller, request).await;
                answer.map_err(|fault| format!("the server broke: {fault:?}"))
            }
            Act::Erase(user) => {
                let erase = format!(
                    "set role supabase_auth_admin; delete from auth.users where id = '{user}'; reset role"
                );
                let done = self.superuser.batch_execute(&erase).await;
                let _ = self.superuser.batch_execute("reset role").await;
                done.map_err(|fault| format!("the account {user} was not erased: {fault:?}"))?;
                Ok(Answer {
                    is_success: true,
                    body: serde_json::Value::Null,
                })
            }
        }
    }

    /// What the owner and the clock do: a cycle starts, an unlock ends, an erased account begins anew.
    async fn pass_time(&mut self) -> Result<(), String> {
        let change = if self.author.percent(50) {
            "update public.weekly_plan set unlocked_until = now() - interval '1 minute' where unlocked_until > now()"
        } else {
            "update public.cycle set start_date = '2026-01-05' where start_date > now()"
        };
        self.by_the_owner(change).await
    }

    async fn welcome_back(&mut self) -> Result<(), String> {
        for user in [ALICE, BOB] {
            if !self.now.has_user(user) {
                self.by_the_owner(&start::person(user)).await?;
            }
        }
        Ok(())
    }

    async fn by_the_owner(&mut self, change: &str) -> Result<(), String> {
        let _ = writeln!(
            self.said,
            "owner: {}",
            change.lines().next().unwrap_or_default()
        );
        self.test_db
            .owner
            .batch_execute(change)
            .await
            .map_err(|fault| format!("the owner: {fault:?}"))?;
        let after = Snapshot::read(self.superuser, &self.now.until).await?;
        self.trail.follow(&after, &[None])?;
        self.now = after;
        Ok(())
    }
}
