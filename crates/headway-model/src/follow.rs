//! The receiving side of the protocol, as a state machine without IO. Messages, errors and time go in; a fold for each
//! followed job, effects for the driver, and the state of the link come out.
//!
//! A driver (around the browser's `EventSource`, a terminal, a test) performs each [`FollowEffect`] and reports back with the
//! generation it was given. Reports from older sources are dropped.
//!
//! In a browser a [`Tab`] stands between the receiver and its driver, so that all tabs have one stream.

mod answer;
mod effect;
mod heal_reason;
mod link;
mod link_state;
mod messages;
mod query;
mod receiver;
mod tab;
mod tracked;
mod view;

pub use effect::FollowEffect;
pub use heal_reason::HealReason;
pub use link_state::LinkState;
pub use receiver::{Follow, JOBS_LIMIT};
pub use tab::{Sharing, Tab, TabEffect};
pub use tracked::{Phase, Proof, SET_ASIDE, Tracked};

#[cfg(test)]
mod tests;
