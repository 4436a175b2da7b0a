//! Runs presets on files that appear in watched folders: the sections `[[watch]]` of `headway.toml`.
//!
//! A folder is listed again and again, as no other way works on every storage. A file that was the same for long enough,
//! and that no job of the watch was started for or made, goes into the next job. The job and its files are stored durably
//! before the job is started under an id that is stored with them. So no file is processed twice, however often the
//! server dies in between.

mod batch;
mod changes;
mod config;
mod new_names;
mod progress;
mod renamed;
mod unfinished;
mod unseen;
mod worker;

pub use config::{ExistingFiles, FolderWatch, read};
pub use progress::{PendingJob, WatchProgress};
pub use renamed::WatchNames;
pub use worker::start;
