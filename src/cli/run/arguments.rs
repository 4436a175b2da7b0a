//! The options of `headway run`: which files, and how they are worked on.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::super::shown::setting;
use super::super::times;
use headway_model::conditions::{AgeLimit, SIZE_FORM, bytes_of};
use headway_model::policy::{Halt, OnInterrupt, Timeout};
use headway_model::{Conditions, JobId, OnDone, Sample};

#[derive(Debug, Args)]
#[command(next_help_heading = "Files")]
pub(super) struct FileArguments {
    /// The folder that Headway works in, or the name of a library of the server. Its trash keeps the originals that are replaced
    /// or removed [default: for a program the current folder, if it holds all files; otherwise the deepest folder that does]
    #[arg(long = "in", value_name = "DIR|NAME")]
    pub(super) library: Option<String>,

    /// In folders, take only the files that match; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(super) include: Vec<String>,

    /// In folders, leave out the files that match, as a line of a .gitignore does; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,

    /// In folders, take also what systems leave behind, such as .DS_Store, Thumbs.db and @eaDir
    #[arg(long)]
    pub(super) system_files: bool,

    #[command(flatten)]
    pub(super) conditions: ConditionArguments,

    /// Read names from a file; - is standard input
    #[arg(short = 'a', long, visible_alias = "arg-file", value_name = "FILE")]
    pub(super) files_from: Option<OsString>,

    /// The names that are read end with NUL, not with a line feed
    #[arg(short = '0', long)]
    pub(super) null: bool,
}

/// What files must be like, in folders and by name. The others are left out, each with its reason.
#[derive(Debug, Args)]
#[command(next_help_heading = "Files")]
pub(super) struct ConditionArguments {
    /// Take only files of at least this size, such as 10M (of 1,000,000 bytes) or 10Mi (of 1,048,576)
    #[arg(long, value_name = "SIZE", value_parser = size)]
    min_size: Option<u64>,

    /// Take only files of at most this size
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_size: Option<u64>,

    /// Take only files whose content changed within this time, such as 12h, 7d or 2w, or after a date, such as 2024-01-01
    #[arg(long, visible_alias = "changed-within", value_name = "AGE|DATE", value_parser = times::age)]
    newer_than: Option<AgeLimit>,

    /// Take only files whose content last changed longer ago than this, or before a date
    #[arg(long, visible_alias = "changed-before", value_name = "AGE|DATE", value_parser = times::age)]
    older_than: Option<AgeLimit>,

    /// Take only files whose content is of this type: image, video, audio, document, archive, text, or a media type such
    /// as image/png; several with commas, or repeated
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,
}

impl ConditionArguments {
    /// The conditions of the request.
    pub(super) fn conditions(&self) -> Conditions {
        let ConditionArguments { min_size, max_size, newer_than, older_than, types } = self;
        Conditions {
            min_size: *min_size,
            max_size: *max_size,
            newer_than: *newer_than,
            older_than: *older_than,
            types: types.clone(),
            counted_from: None,
        }
    }
}

/// A size, for clap, which takes the error's text.
fn size(text: &str) -> Result<u64, String> {
    bytes_of(text).ok_or_else(|| format!("{text:?} is not a size; {SIZE_FORM}"))
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Work")]
pub(super) struct WorkArguments {
    /// A setting of the recipe; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    pub(super) set: Vec<(String, String)>,

    /// How many files are worked on at once; 0 leaves that to the server
    #[arg(short = 'j', long, visible_short_alias = 'P', value_name = "N", default_value_t = 0)]
    pub(super) jobs: u32,

    /// How many times a file is tried, including the first
    #[arg(long, visible_alias = "retries", value_name = "N")]
    pub(super) tries: Option<u32>,

    /// The wait before the second try, such as 500ms or 2s; it doubles with each further try
    #[arg(long, value_name = "TIME", value_parser = times::duration)]
    pub(super) backoff: Option<Duration>,

    /// How long a file may take: 30s, 5m, or 500% of the median
    #[arg(long, value_name = "TIME")]
    pub(super) timeout: Option<Timeout>,

    /// When to give up: now or soon, a comma, then fail, success or done with =N or =N%
    #[arg(long, value_name = "WHEN")]
    pub(super) halt: Option<Halt>,

    /// Process only some of the files, as a trial: the first N, or N% of them, spread over all
    #[arg(long, value_name = "N|N%")]
    pub(super) sample: Option<Sample>,

    /// What to do with files that were done before: skip, skip_moved or again
    #[arg(long, value_name = "WHAT", value_parser = word::<OnDone>)]
    pub(super) on_done: Option<OnDone>,

    /// Leave out the files that are done, and run those again that failed: the default, in the word of GNU parallel.
    /// `headway import` goes on from a job log of parallel
    #[arg(long, visible_alias = "resume-failed", conflicts_with = "on_done")]
    pub(super) resume: bool,

    /// What to do with files that were running when the machine or the server died: retry, or ask, which pauses the
    /// job until `headway resume` or `headway leave-out` [default: retry for recipes, because they record each change
    /// before they make it; ask for programs, which might have done half of their work]
    #[arg(long, value_name = "WHAT", value_parser = word::<OnInterrupt>)]
    pub(super) on_interrupt: Option<OnInterrupt>,

    /// The output takes the place of the file, which goes into the job's trash
    #[arg(long, conflicts_with_all = ["beside", "into"])]
    pub(super) replace: bool,

    /// The output goes next to the file, under a name such as {/.}.webp
    #[arg(long, value_name = "NAME", conflicts_with = "into")]
    pub(super) beside: Option<String>,

    /// The output goes below another folder
    #[arg(long, value_name = "DIR")]
    pub(super) into: Option<PathBuf>,

    /// Keep an output only if it is smaller than the file by this many percent
    #[arg(long, value_name = "PERCENT")]
    pub(super) smaller: Option<u8>,

    /// Show what would be done, and ask before doing it
    #[arg(long, conflicts_with = "detach")]
    pub(super) ask: bool,

    /// Show what would be done, and do nothing; the plan stays in the list of jobs, as planned only
    #[arg(short = 'n', long, conflicts_with_all = ["ask", "detach"])]
    pub(super) dry_run: bool,

    /// The job's id; a command that is repeated with the same id finds the job that it started
    #[arg(long, value_name = "ID")]
    pub(super) id: Option<JobId>,

    /// The job's title
    #[arg(long, value_name = "TEXT")]
    pub(super) title: Option<String>,

    /// Higher priorities run first
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub(super) priority: i32,

    /// Leave the job to `headway serve` and print its id
    #[arg(long)]
    pub(super) detach: bool,

    /// Fail if there is nothing to do
    #[arg(long)]
    pub(super) fail_if_empty: bool,
}

/// A word of the protocol, for clap, which takes the error's text.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}
