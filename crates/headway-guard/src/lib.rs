//! Commands are started by a second process, `headway guard`, so that nothing of them outlives the server.
//!
//! The guard is single-threaded, takes in every process that loses its parent (a *subreaper*), and gives each attempt a process
//! group. It is joined to the server by a pair of sockets: when that closes, however the server died, it ends every process of
//! every attempt and then itself. A parent-death signal would not do: it is sent when the *thread* that spawned ends.

mod child;
pub mod descriptors;
mod link;
mod processes;
mod stop_signal;
mod wire;

pub use child::run;
pub use link::{End, Guard, Run, Task};
pub use processes::{attempts_left, end_attempts};
pub use stop_signal::StopSignal;

/// The variable by which a process of an attempt is known: `JOB-ITEM-ATTEMPT`.
pub const ATTEMPT: &str = "HEADWAY_ATTEMPT";
