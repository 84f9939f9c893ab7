//! What people call the rows that the deck holds, by their ids. It is made when rows arrive, so that a line of a list is named without
//! looking through them.

use crate::domain::cycle::Cycle;
use crate::domain::goal::Goal;
use crate::domain::lock::WeekLock;
use std::collections::HashMap;

/// Names of weeks, goals and cycles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowNames {
    by_id: HashMap<String, RowName>,
}

/// What a row is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowName {
    /// In the fewest words: `week 9`.
    pub brief: String,
    /// In full: `week 9 of the cycle from 2026-10-05`.
    pub full: String,
}

impl RowNames {
    /// The names of these rows. Where an id is there twice, a week goes before a goal and a goal before a cycle.
    pub fn of(locks: &[WeekLock], goals: &[Goal], cycles: &[Cycle]) -> Self {
        let starts: HashMap<&str, &Cycle> = cycles
            .iter()
            .map(|cycle| (cycle.id.as_str(), cycle))
            .collect();
        let mut by_id = HashMap::with_capacity(locks.len() + goals.len() + cycles.len());
        for cycle in cycles {
            let name = RowName {
                brief: format!("cycle of {}", cycle.start_date),
                full: format!("{} to {}", cycle.start_date, cycle.end_date),
            };
            by_id.insert(cycle.id.clone(), name);
        }
        for goal in goals {
            let name = RowName {
                brief: goal.description.clone(),
                full: format!("{} goal: {}", goal.kind, goal.description),
            };
            by_id.insert(goal.id.clone(), name);
        }
        for lock in locks {
            let full = match starts.get(lock.cycle_id.as_str()) {
                Some(cycle) => {
                    let start = &cycle.start_date;
                    format!("week {} of the cycle from {start}", lock.week_no)
                }
                None => format!("week {} of cycle {}", lock.week_no, lock.cycle_id),
            };
            let brief = format!("week {}", lock.week_no);
            by_id.insert(lock.plan_id.clone(), RowName { brief, full });
        }
        Self { by_id }
    }

    /// The name of a row.
    pub fn get(&self, id: &str) -> Option<&RowName> {
        self.by_id.get(id)
    }
}
