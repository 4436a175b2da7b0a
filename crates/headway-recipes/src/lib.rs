//! What can be done to files. Adding a recipe is one file here and one line in [`all`].

mod archive;
mod checksum;
pub mod command;
mod compress;
mod hash;
mod health;
mod kind;
pub mod manifest;
mod packed;
mod record;
mod rename;
mod report;
mod source;
#[cfg(test)]
mod testing;
mod undo;
mod verify;

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use headway_files::{Change, DataFolder, Found, Moves, Placement, environment, io_text, is_storage_error};
use headway_guard::{Guard, StopSignal};
use headway_model::policy::OnInterrupt;
use headway_model::summary::RecipeInfo;
use headway_model::{
    Digest, Effect, FailReason, JobId, OnDone, Output, PauseReason, PlannedFile, RelPath, SkipReason, StartJob, setting,
};

// What a recipe of one's own is written with.
pub use headway_files::{Library, OpenFile, Outputs, Staged};
pub use headway_model::{Setting, Settings, Unable, WrongSetting};

/// Every built-in recipe.
pub fn all() -> Vec<Arc<dyn Recipe>> {
    vec![
        Arc::new(checksum::Checksum),
        Arc::new(verify::Verify),
        Arc::new(archive::Archive),
        Arc::new(compress::Compress),
        Arc::new(health::Health),
        Arc::new(rename::Rename),
        Arc::new(undo::Undo),
    ]
}

/// One kind of job, as it is offered.
pub trait Recipe: Send + Sync + 'static {
    /// How the pages offer it.
    fn info(&self) -> RecipeInfo;

    /// Whether an interrupted item may simply be run again: it only reads.
    fn is_repeatable(&self) -> bool;

    /// What becomes of interrupted items unless the request says otherwise.
    fn on_interrupt(&self) -> OnInterrupt {
        if self.is_repeatable() { OnInterrupt::Retry } else { OnInterrupt::Ask }
    }

    /// What becomes of files that were done before unless the request says otherwise. What only reads is run for what it
    /// says of all files together, so it runs again.
    fn on_done(&self) -> OnDone {
        if self.is_repeatable() { OnDone::Again } else { OnDone::Skip }
    }

    /// What it is besides its name and settings, such as the program it runs: files that were done by another are not done.
    fn identity(&self) -> String {
        String::new()
    }

    /// The settings with defaults filled in, or everything that is wrong with them.
    fn settings(&self, given: &Settings) -> Result<Settings, Vec<WrongSetting>> {
        setting::check(&self.info().settings, given)
    }

    /// What stands in the way of a request, as the server and the disk are now, if that can be told at once: then no job is made.
    /// What can only be seen later is told by [`Recipe::bind`]. Blocking.
    fn obstacle(&self, _request: &StartJob, _library: &Library) -> Option<Obstacle> {
        None
    }

    /// Whether it gives files other names, as its [`Work::renames`] says: then its jobs can be undone without an output.
    fn renames_files(&self) -> bool {
        false
    }

    /// Whether it runs programs, whose output may be kept.
    fn runs_programs(&self) -> bool {
        false
    }

    /// The words of a shell's line that does the same to a file, for lists that other tools read.
    fn shell_words(&self, request: &StartJob, file: &ShellFile<'_>) -> Vec<Vec<u8>> {
        file.by_headway(request)
    }

    /// The work of one job: what must be read before its first item is read here. Blocking.
    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable>;
}

/// A file of a job, for [`Recipe::shell_words`].
#[derive(Debug, Clone, Copy)]
pub struct ShellFile<'a> {
    /// Where the library is.
    pub library: &'a Path,
    /// Its path in the library.
    pub path: &'a RelPath,
    /// Its number, from 1.
    pub number: u32,
    /// How many files the job has.
    pub total: u32,
}

impl ShellFile<'_> {
    /// Its whole path.
    pub fn absolute(&self) -> PathBuf {
        self.library.join(OsStr::from_bytes(&self.path.to_bytes()))
    }

    /// The words of the command line of Headway that does this to it.
    pub fn by_headway(&self, request: &StartJob) -> Vec<Vec<u8>> {
        let settings = request.settings.iter().map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("--set={name}={value}").into_bytes()
        });
        let path = self.absolute().into_os_string().into_vec();
        let words = ["headway", "run", &request.recipe].map(|word| word.as_bytes().to_vec());
        words.into_iter().chain(settings).chain([path]).collect()
    }
}

/// What stands in the way of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The setting that it is about, if it is about one.
    pub setting: Option<&'static str>,
    /// What is wrong and what to do, in a person's words.
    pub text: String,
}

/// The job that a recipe is bound to.
pub struct Binding<'a> {
    /// What was asked for, with every default filled in.
    pub request: &'a StartJob,
    /// Its library.
    pub library: &'a Arc<Library>,
    /// What another job changed, in the order of its items, if the request names one to be undone.
    pub undone: &'a [Change],
    /// By which programs are started.
    pub guard: &'a Arc<Guard>,
    /// Where what they say is kept.
    pub data: &'a Arc<DataFolder>,
}

impl Binding<'_> {
    /// The job's settings as the recipe's own type. A job of any age can be read: settings that came later have their defaults, and
    /// those that are gone are passed over.
    ///
    /// # Errors
    /// A sentence, if a value no longer means anything.
    pub fn settings<T: DeserializeOwned>(&self, all: &[Setting]) -> Result<T, Unable> {
        read(all, &self.request.settings)
    }
}

/// Settings as a type of the recipe's own.
fn read<T: DeserializeOwned>(all: &[Setting], given: &Settings) -> Result<T, Unable> {
    let filled = Value::Object(setting::filled(all, given));
    let unreadable = |error| Unable::Failed(format!("the settings of this job cannot be read: {error}"));
    serde_json::from_value(filled).map_err(unreadable)
}

/// Plan, then items, then finish: what a recipe does in the last two, for one job.
pub trait Work: Send + Sync + 'static {
    /// Where the output of this file goes; `None` if it has none. The job's default unless said otherwise.
    fn output(&self, _path: &RelPath, default: Option<&Output>) -> Option<Output> {
        default.cloned()
    }

    /// Which names this file, the item's own, and others that belong to it are to have; none unless said otherwise. All of them are
    /// changed together once it has run, or none is. Asked by the plan and by each attempt, with the item's number from 1: the
    /// answer may depend on nothing else. Blocking.
    fn renames(&self, _file: &PlannedFile, _number: u32) -> Result<Vec<Rename>, Failure> {
        Ok(Vec::new())
    }

    /// Whether it changes its input other than by an output.
    fn writes(&self) -> bool {
        false
    }

    /// What an output without a single byte means, where the file is not empty itself.
    fn empty_output(&self) -> EmptyOutput {
        EmptyOutput::Failure
    }

    /// Works on one file. Blocking; looks at [`Attempt::is_stopped`] often.
    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure>;

    /// Looks at a finished output before it goes anywhere. Blocking.
    fn check(&self, _output: &Staged, _attempt: &Attempt) -> Result<(), Failure> {
        Ok(())
    }

    /// The last step, over all items but the cancelled ones, in the plan's order. It can be run again. A result that cannot be
    /// read is the last one, and no output may be written after it: return the error.
    fn finish(&self, _results: &mut ItemResults<'_>, _outputs: &Outputs) -> anyhow::Result<()> {
        Ok(())
    }
}

/// A file gets another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// The name that it has.
    pub from: RelPath,
    /// The name that it is to have. Nothing is overwritten that already has it.
    pub to: RelPath,
}

/// What an output without a single byte means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyOutput {
    /// Something went wrong and was not said: it never takes the place of a file.
    Failure,
    /// It may be what was wanted.
    Result,
}

/// An attempt under way: how far it is, and whether it should end.
#[derive(Debug)]
pub struct Attempt {
    /// The job.
    pub job: JobId,
    /// The item, by its index in the plan.
    pub item: u32,
    /// How many items the job has.
    pub items: u32,
    /// The number of the attempt.
    pub number: u32,
    /// Its number among the attempts that are made at the same time, from 1: the lowest that was free.
    pub slot: u32,
    /// The file.
    pub path: RelPath,
    /// Bytes in all.
    pub total: u64,
    /// Where the output is to be written, if there is one.
    pub output: Option<Staged>,
    begun: OnceLock<Instant>,
    done: AtomicU64,
    /// What a program says of how far it is: [`COUNTED`], [`UNSAID`] or percent.
    said: AtomicU32,
    /// 0 go on; otherwise why to end, as a [`StopReason`].
    ending: AtomicU8,
    /// When it was asked to end.
    stopped: OnceLock<Instant>,
    /// 0 while it works, then [`PLACING`] or [`LOST`], whichever comes first.
    stage: AtomicU8,
    stop_signal: Mutex<Option<Box<dyn StopSignal>>>,
    waits_for: Mutex<Option<JobId>>,
}

/// The work is counted in bytes.
const COUNTED: u32 = u32::MAX;

/// A program works, and has not said how far it is.
const UNSAID: u32 = u32::MAX - 1;

/// The output is about to be put into place: from here on it is waited for.
const PLACING: u8 = 1;

/// Nobody waits for it any more.
const LOST: u8 = 2;

/// How far an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes of the file are done.
    Bytes(u64),
    /// So many percent, as its program says; `None` if it has said nothing.
    Said(Option<u32>),
}

/// Why an attempt is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum StopReason {
    /// The job or the server ends.
    Asked = 1,
    /// It took longer than allowed.
    Timeout = 2,
}

/// How an attempt succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success {
    /// What it did to the disk.
    pub effect: Effect,
    /// What it found.
    pub result: Value,
}

impl Success {
    /// It put an output into place.
    pub fn with_output(mut self, library: &Library, placement: &Placement) -> Self {
        self.effect = placement.effect();
        self.note(output_of(library, &placement.target, Some(placement.new)));
        self
    }

    /// Its files got other names.
    pub fn with_names(mut self, moves: &Moves) -> Self {
        self.effect = Effect::Changed;
        self.note(moved_to(moves));
        self
    }

    /// Adds fields to what was found.
    pub fn note(&mut self, more: Map<String, Value>) {
        if let Value::Object(fields) = &mut self.result {
            fields.extend(more);
        }
    }
}

/// What is there now at the path of an output, as a field of a result: by this it is known later whether it is still so. What is
/// not known is left out.
pub fn output_of(library: &Library, path: &RelPath, hash: Option<Digest>) -> Map<String, Value> {
    let mut output = match library.size_and_time(path) {
        Found::There((size, mtime_ns)) => json!({ "path": path, "size": size, "mtime_ns": mtime_ns }),
        Found::Absent => json!({ "path": path }),
        Found::Unknown(error) => json!({ "path": path, "unknown": io_text(&error) }),
    };
    if let Some(hash) = hash {
        output["hash"] = json!(hash);
    }
    Map::from_iter([("output".to_owned(), output)])
}

/// Where the item's file has gone, as a field of a result.
fn moved_to(moves: &Moves) -> Map<String, Value> {
    Map::from_iter([("moved".to_owned(), json!(moves.main().1))])
}

/// What there is to say of a change that was made, as fields of a result.
pub fn details_of(library: &Library, change: &Change) -> Map<String, Value> {
    match change {
        Change::Output(placement) => output_of(library, &placement.target, Some(placement.new)),
        Change::Names(moves) => moved_to(moves),
    }
}

/// How an attempt did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It was told to end, and did.
    Stopped,
    /// There was nothing to do.
    Skipped(SkipReason),
    /// It failed: why, and in a person's words.
    Failed(FailReason, String),
    /// The storage reported an input/output error: why the item fails if another try at once fails as well, and in a person's words.
    Storage(FailReason, String),
    /// It failed now, and may go well later, in a person's words; counts as a try.
    Retry(String),
    /// No item could go well, for this reason; does not count as a try.
    Environment(PauseReason),
    /// Its output was about to be put into place, and how far that came cannot be looked at now, for this reason.
    Unjudged(PauseReason),
    /// What did the work is gone, and how far it came is not known.
    Lost,
}

impl Failure {
    /// Of an error of the system: the environment's, the storage's at this item, or this item's.
    pub fn of(reason: FailReason, doing: &str, error: &std::io::Error) -> Failure {
        let text = || format!("{doing}: {}", io_text(error));
        match environment(error) {
            Some(pause) => Failure::Environment(pause),
            None if is_storage_error(error) => Failure::Storage(reason, text()),
            None => Failure::Failed(reason, text()),
        }
    }
}

/// An item that succeeded or failed, as the last step sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemResult {
    /// The file.
    pub path: RelPath,
    /// What the recipe found.
    pub result: Value,
    /// Why it failed, if it did.
    pub failure: Option<(FailReason, String)>,
    /// Why it was skipped, if it was. What was done before has the result of that time, as far as it is still in the log.
    pub skip: Option<SkipReason>,
}

/// The items that the last step is about, or why the rest of them cannot be read.
pub type ItemResults<'a> = dyn Iterator<Item = Result<ItemResult, Unable>> + 'a;

impl Attempt {
    /// An attempt that has not begun.
    pub fn new(job: JobId, item: u32, number: u32, path: RelPath, total: u64) -> Self {
        Attempt {
            job,
            item,
            items: 1,
            number,
            slot: 1,
            path,
            total,
            output: None,
            begun: OnceLock::new(),
            done: AtomicU64::new(0),
            said: AtomicU32::new(COUNTED),
            ending: AtomicU8::new(0),
            stopped: OnceLock::new(),
            stage: AtomicU8::new(0),
            stop_signal: Mutex::new(None),
            waits_for: Mutex::new(None),
        }
    }

    /// Its name among all attempts ever made.
    pub fn name(&self) -> String {
        format!("{}-{}-{}", self.job, self.item, self.number)
    }

    /// Its work begins: what it waited for before does not count.
    pub fn begin(&self) {
        self.begun.get_or_init(Instant::now);
    }

    /// How long it has worked; nothing before it [begins](Attempt::begin).
    pub fn elapsed(&self) -> Duration {
        self.begun.get().map(Instant::elapsed).unwrap_or_default()
    }

    /// So many more bytes are done.
    pub fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }

    /// From here on a program does the work: no bytes are counted, and only the program knows how far it is.
    pub fn hand_over(&self) {
        self.said.store(UNSAID, Ordering::Relaxed);
    }

    /// This part of it is done, from 0 to 1, as its program says.
    pub fn reach(&self, part: f64) {
        // A hair more, as 0.29 times 100 is less than 29.
        self.said.store((part.clamp(0.0, 1.0) * 100.0 + 1e-6) as u32, Ordering::Relaxed);
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        match self.said.load(Ordering::Relaxed) {
            COUNTED => Progress::Bytes(self.done.load(Ordering::Relaxed)),
            UNSAID => Progress::Said(None),
            percent => Progress::Said(Some(percent)),
        }
    }

    /// Asks it to end. The first reason holds.
    pub fn stop(&self, reason: StopReason) {
        self.stopped.get_or_init(Instant::now);
        if self.ending.compare_exchange(0, reason as u8, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            && let Some(signal) = &*self.stop_signal()
        {
            signal.send();
        }
    }

    /// Whether it was asked to end.
    pub fn is_stopped(&self) -> bool {
        self.ending.load(Ordering::Relaxed) != 0
    }

    /// How long ago it was first asked to end, if it was.
    pub fn stopped_for(&self) -> Option<Duration> {
        self.stopped.get().map(Instant::elapsed)
    }

    /// Its output is about to be put into place. `false` if nobody waits for it any more: then nothing may be moved.
    pub fn begin_placing(&self) -> bool {
        self.stage.compare_exchange(0, PLACING, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether its output is being put into place.
    pub fn is_placing(&self) -> bool {
        self.stage.load(Ordering::Acquire) == PLACING
    }

    /// The work begins once more within this attempt: nothing of it is done yet.
    pub fn start_over(&self) {
        self.done.store(0, Ordering::Relaxed);
        self.said.store(COUNTED, Ordering::Relaxed);
    }

    /// Nobody waits for it any more. `false` if its output is being put into place, or this was said before.
    pub fn write_off(&self) -> bool {
        self.stage.compare_exchange(0, LOST, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether it took longer than allowed.
    pub fn is_late(&self) -> bool {
        self.ending.load(Ordering::Relaxed) == StopReason::Timeout as u8
    }

    /// From now on a wish to end is sent to `signal`; at once if there was one already.
    pub fn on_stop(&self, signal: Option<Box<dyn StopSignal>>) {
        let mut slot = self.stop_signal();
        *slot = signal;
        if self.is_stopped()
            && let Some(signal) = &*slot
        {
            signal.send();
        }
    }

    /// It waits for a file that this job holds, or no longer waits.
    pub fn waits_for(&self, job: Option<JobId>) {
        *self.waits_for.lock().unwrap_or_else(PoisonError::into_inner) = job;
    }

    /// The job that holds a file it waits for.
    pub fn waiting_for(&self) -> Option<JobId> {
        *self.waits_for.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop_signal(&self) -> MutexGuard<'_, Option<Box<dyn StopSignal>>> {
        self.stop_signal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The settings of a recipe and the type that reads them are one: defaults, with these values for what must be given, are read without
/// a field left over. The type must deny unknown fields.
#[cfg(test)]
fn defaults<T: DeserializeOwned>(recipe: &dyn Recipe, given: Value) -> T {
    let all = recipe.info().settings;
    let checked = recipe.settings(given.as_object().expect("an object")).expect("defaults are right");
    // Each condition is on a setting that stands before.
    for (at, setting) in all.iter().enumerate() {
        let before = |name: &String| all[..at].iter().any(|before| before.name == *name);
        assert!(setting.only_if.as_ref().is_none_or(|condition| before(&condition.setting)), "{}", setting.name);
        assert!(setting.default.is_some() || given.get(&setting.name).is_some() || setting.only_if.is_some());
    }
    read(&all, &checked).expect("every setting is a field, and every field a setting")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_of_its_progress_is_never_made_into_bytes() {
        let attempt = Attempt::new(JobId::mint(1, [1; 10]), 0, 1, RelPath::default(), 710_000);
        attempt.advance(71_000);
        assert_eq!(attempt.progress(), Progress::Bytes(71_000));
        attempt.hand_over();
        assert_eq!(attempt.progress(), Progress::Said(None));
        for (part, percent) in [(0.1, 10), (0.29, 29), (0.999, 99), (1.0, 100), (7.0, 100), (-1.0, 0)] {
            attempt.reach(part);
            assert_eq!(attempt.progress(), Progress::Said(Some(percent)));
        }
    }
}
