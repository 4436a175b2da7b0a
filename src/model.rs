//! The words of Headway as types, and the rules that bind them.
//!
//! Nothing here has a clock, randomness, IO or a framework: given the same events it gives the same job, on the
//! server and in the browser. Read in this order.

pub mod id;
pub mod path;
pub mod digest;
pub mod item;
pub mod status;
pub mod counters;
pub mod event;
pub mod next;
pub mod fold;
pub mod snapshot;
pub mod cursor;
pub mod request;
pub mod summary;
pub mod message;
pub mod follow;
pub mod error;

#[cfg(test)]
mod testing;

pub use counters::Counters;
pub use cursor::Cursor;
pub use digest::Digest;
pub use error::ApiError;
pub use event::{JobEvent, Recorded};
pub use fold::Fold;
pub use id::{JobId, Millis, Position, Seq};
pub use item::{Effect, FailReason, ItemStatus, SkipReason};
pub use message::Message;
pub use next::{Next, Refusal, next};
pub use path::RelPath;
pub use request::{Query, StartJob};
pub use status::{EndReason, JobStatus, PauseReason};
pub use summary::{ItemView, JobSummary};
