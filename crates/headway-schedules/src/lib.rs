//! Starts presets at set times, the sections `[[schedule]]` of `headway.toml`, and on files that appear in watched folders
//! ([`watch`]).
//!
//! The id of a job is made from its time and the name of its schedule. So one time starts one job, however often the
//! server dies between the start and the note that it was made. A time that passed while no server ran is *missed*;
//! the schedule says what happens then.

mod config;
mod decide;
mod progress;
mod sections;
mod stored;
mod times;
pub mod watch;
mod worker;

pub use config::{Missed, Overlap, PresetSchedule, read};
pub use progress::{FailedStart, ScheduleProgress};
pub use times::{InvalidTimes, Times};
pub use worker::start;
