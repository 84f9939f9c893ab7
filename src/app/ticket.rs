//! Tickets: which answers are still wanted. Every request belongs to a slot; a newer request in a slot, or a change of
//! identity or project, makes the older answer unwanted. Answers are accepted or dropped here and nowhere else.

/// A place for one outstanding request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// The migration list.
    Migrations,
    /// The SQL of the selected migration.
    Sources,
    /// The plan of a migration, a seed run or an unlock.
    Plan,
    /// The seed list.
    Seeds,
    /// The selected seed file.
    SeedSource,
    /// The cycles.
    Cycles,
    /// The goals.
    Goals,
    /// The week locks.
    Locks,
    /// The items of the selected week.
    Items,
    /// What the owner of the open cycle is planning towards.
    Vision,
    /// The conversations about the open cycle.
    Chats,
    /// The messages of the selected conversation.
    Messages,
    /// How the running unlock of the selected week came about.
    Opening,
    /// A page of the audit list.
    Audit,
    /// What has come to the audit trail.
    News,
    /// The question of live mode.
    Live,
    /// What is read about a version on request: its difference, a way out of its state.
    Answer,
    /// The journal.
    Journal,
    /// The selected audit record.
    Record,
    /// The people whose names the project tells.
    People,
    /// Rows, or a review, that are written into a file.
    Export,
    /// The list of the Tables screen.
    TableList,
    /// What is known of the table whose grid is open.
    TableInfo,
    /// A page of its rows.
    Rows,
    /// One of its rows, whole.
    WholeRow,
    /// How many of its rows there are.
    RowCount,
    /// The values of one of its columns.
    Values,
    /// Who and what there is to choose from.
    Choices,
    /// Who may do what.
    Access,
    /// Sign-in, sign-out, choice of role.
    Session,
    /// The checks of the first-run guide.
    Guide,
    /// The one write that may run.
    Write,
}

const SLOTS: usize = Slot::Write as usize + 1;

/// What a request carries, and its answer with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// The slot it belongs to.
    pub slot: Slot,
    /// Which request of the slot it is.
    pub generation: u64,
    /// Which identity and project it was made for.
    pub epoch: u64,
}

/// The live tickets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tickets {
    epoch: u64,
    generations: [u64; SLOTS],
    is_open: [bool; SLOTS],
}

impl Tickets {
    /// Issues a ticket; the slot's older one is dead from now on.
    pub fn issue(&mut self, slot: Slot) -> Ticket {
        let at = slot as usize;
        self.generations[at] += 1;
        self.is_open[at] = true;
        Ticket {
            slot,
            generation: self.generations[at],
            epoch: self.epoch,
        }
    }

    /// Whether news for this ticket is still wanted.
    pub fn is_live(&self, ticket: Ticket) -> bool {
        let at = ticket.slot as usize;
        let is_current = ticket.epoch == self.epoch || is_kept(ticket.slot);
        self.is_open[at] && is_current && ticket.generation == self.generations[at]
    }

    /// Takes the final answer: true when it is wanted, and the ticket is used up.
    pub fn redeem(&mut self, ticket: Ticket) -> bool {
        let is_live = self.is_live(ticket);
        if is_live {
            self.is_open[ticket.slot as usize] = false;
        }
        is_live
    }

    /// Makes an outstanding request of the slot unwanted.
    pub fn void(&mut self, slot: Slot) {
        self.is_open[slot as usize] = false;
    }

    /// The identity or the project changed: every answer still under way is unwanted.
    pub fn bump_epoch(&mut self) {
        self.epoch += 1;
        let kept = KEPT.map(|slot| (slot, self.is_open[slot as usize]));
        self.is_open = [false; SLOTS];
        for (slot, is_open) in kept {
            self.is_open[slot as usize] = is_open;
        }
    }

    /// The current epoch.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }
}

/// Slots whose answers are never dropped: what was written or signed in has happened, whoever reads by then.
const KEPT: [Slot; 2] = [Slot::Write, Slot::Session];

fn is_kept(slot: Slot) -> bool {
    KEPT.contains(&slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_reply_is_dropped() {
        let mut tickets = Tickets::default();
        let old = tickets.issue(Slot::Audit);
        let new = tickets.issue(Slot::Audit);
        assert!(!tickets.redeem(old));
        assert!(tickets.redeem(new));
        assert!(!tickets.redeem(new), "an answer is taken once");
    }

    #[test]
    fn an_answer_for_another_identity_is_dropped() {
        let mut tickets = Tickets::default();
        let ticket = tickets.issue(Slot::Goals);
        tickets.bump_epoch();
        assert!(!tickets.redeem(ticket));
    }

    #[test]
    fn the_answer_of_a_write_is_never_dropped() {
        let mut tickets = Tickets::default();
        let ticket = tickets.issue(Slot::Write);
        tickets.bump_epoch();
        assert!(tickets.redeem(ticket));
    }

    #[test]
    fn slots_do_not_disturb_each_other() {
        let mut tickets = Tickets::default();
        let goals = tickets.issue(Slot::Goals);
        tickets.issue(Slot::Cycles);
        assert!(tickets.redeem(goals));
    }
}
