//! Headway's vocabulary as types, and the rules that hold between them.
//!
//! This crate has no clock, no randomness, no IO and no framework: the same events give the same job on the server and
//! in the browser.

// What the derive of `FromJson` writes names this crate.
extern crate self as headway_model;

pub mod action;
mod as_text;
pub mod attempt;
pub mod bar;
pub mod built_in;
pub mod causes;
pub mod conditions;
pub mod counters;
pub mod cursor;
pub mod digest;
pub mod done;
pub mod error;
pub mod event;
pub mod event_kind;
pub mod export;
pub mod find;
pub mod fold;
pub mod follow;
pub mod groups;
pub mod history;
pub mod id;
pub mod item;
pub mod item_filter;
pub mod job_kind;
pub mod library;
pub mod load;
pub mod message;
pub mod moves;
pub mod nearest;
pub mod next;
pub mod output;
pub mod path;
pub mod planned;
pub mod policy;
pub mod problem;
pub mod read;
pub mod request;
pub mod sample;
pub mod seen;
mod serde_defaults;
pub mod setting;
pub mod snapshot;
pub mod sorted;
pub mod status;
pub mod summary;
pub mod text;
mod tombstone;
pub mod unable;
pub mod undo_kind;
pub mod window;
pub mod worked;

pub mod mutants;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use action::Action;
pub use built_in::BuiltIn;
pub use conditions::Conditions;
pub use counters::Counters;
pub use cursor::Cursor;
pub use digest::Digest;
pub use done::{OnDone, Rerun, Reruns};
pub use error::ApiError;
pub use event::{JobEvent, Recorded};
pub use event_kind::EventKind;
pub use fold::Fold;
pub use id::{JobId, Millis, Position, Seq};
pub use item::{DiskEffect, FailReason, ItemStatus, SkipReason};
pub use job_kind::{JobKind, tried};
pub use message::Message;
pub use moves::Move;
pub use next::{Next, Refusal, next};
pub use output::{Keep, Output, OutputPlace};
pub use path::RelPath;
pub use planned::PlannedFile;
pub use policy::Policy;
pub use request::{Query, StartJob};
pub use sample::Sample;
pub use seen::{SeenEntry, SeenPart};
pub use setting::{Setting, Settings, WrongSetting};
pub use sorted::{SortedMap, SortedSet};
pub use status::{EndReason, JobStatus, PauseReason};
pub use summary::{ItemView, JobSummary};
pub use unable::Unable;
