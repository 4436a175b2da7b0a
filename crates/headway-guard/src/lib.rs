//! Starts commands through a second process, `headway guard`, so that no command outlives the server.
//!
//! The guard is single-threaded, adopts every process that loses its parent (it is a *subreaper*), and gives each
//! attempt its own process group. A socket pair joins it to the server. When that closes, however the server died, the
//! guard ends every process of every attempt and then itself. A parent-death signal would not work: the kernel sends it
//! when the *thread* that spawned the child ends.

mod attempts;
mod child;
pub mod descriptors;
mod guard;
mod link;
mod processes;
mod program;
mod stop_signal;
mod wire;

pub use attempts::{attempts_left, end_attempts};
pub use child::run;
pub use guard::Guard;
pub use program::{End, NotTaken, ProgramTask, RunningProgram};
pub use stop_signal::StopSignal;
pub use wire::NotStarted;

/// The environment variable that marks a process of an attempt: `JOB-ITEM-ATTEMPT`.
pub const ATTEMPT: &str = "HEADWAY_ATTEMPT";
