//! The roles of states, wherever they are shown.

use crate::domain::cycle::Heat;
use crate::domain::lock::LockState;
use crate::domain::migration::State;
use crate::ui::theme::Role;

/// What a completion means.
pub fn heat_role(heat: Heat) -> Role {
    match heat {
        Heat::Empty => Role::Muted,
        Heat::Low => Role::Heat0,
        Heat::Near => Role::Heat1,
        Heat::OnTarget => Role::Heat2,
    }
}

/// What a standing means.
pub fn standing_role(standing: LockState) -> Role {
    match standing {
        LockState::Locked => Role::Removed,
        LockState::Unlocked => Role::Warn,
        LockState::Open => Role::Muted,
    }
}

/// What a state means.
pub fn state_role(state: State) -> Role {
    match state {
        State::Applied => Role::Ok,
        State::Pending => Role::Accent,
        State::OutOfOrder | State::Edited | State::Renamed => Role::Warn,
        State::Missing | State::Invalid | State::Interrupted => Role::Removed,
    }
}

/// What an action means.
pub fn action_role(action: &str) -> Role {
    match action.rsplit('.').next() {
        Some("insert") => Role::Added,
        Some("delete") => Role::Removed,
        Some("unlock") => Role::Warn,
        _ => Role::Text,
    }
}
