//! deduplicate: moves the duplicates that a `duplicates` job found to the trash, and can put a hard link or a clone
//! in their place. Each file is first compared byte by byte with the one that stays, which is locked against changes,
//! and comes back if that one is not there once it is gone. So the last file with a content is never removed.

mod kept;
mod planned;
mod same_content;

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::json;

use crate::recipe::read;
use crate::{
    Attempt, Binding, Effect, Failure, ItemResults, PlanReport, Recipe, Rename, Setting, Success, Unable, Work, report,
};
use headway_files::{Library, OpenError, OpenFile, Outputs, Staged};
use headway_model::summary::RecipeInfo;
use headway_model::{
    BuiltIn, DiskEffect, FailReason, JobId, Keep, Output, OutputPlace, PlannedFile, RelPath, SkipReason, StartJob,
};
use kept::kept;
use rustix::io::Errno;
use same_content::is_same;

pub(crate) struct Deduplicate;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeduplicateSettings {
    report: String,
    action: Substitute,
}

/// What takes the place of a removed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Substitute {
    /// Nothing.
    Trash,
    /// A hard link to the file that stays.
    Link,
    /// A clone: a separate file that shares its blocks with the one that stays.
    Reflink,
}

struct DeduplicateWork {
    library: Arc<Library>,
    action: Substitute,
    /// Each file to be removed, and the file that stays instead.
    kept: HashMap<RelPath, RelPath>,
    /// The file that stays as it was compared, for each item whose file is about to go.
    compared: Mutex<HashMap<u32, ComparedFile>>,
}

/// What identifies a file with its content: its device and inode, its size, and when it last changed.
type ComparedFile = ((u64, u64), u64, i64);

impl Recipe for Deduplicate {
    fn info(&self) -> RecipeInfo {
        let actions = [
            ("trash", "only move to the trash"),
            ("link", "put a hard link in its place"),
            ("reflink", "put a clone in its place that shares its blocks (btrfs, XFS)"),
        ];
        RecipeInfo {
            name: BuiltIn::Deduplicate.name().into(),
            summary: "Moves the duplicates that a job found to the trash, after comparing each with the file that stays. A hard link or a clone can take its place."
                .into(),
            output_if: None,
            to_files: "Files go to the trash, but never the last one with its content. Undo brings them back.".into(),
            settings: vec![
                Setting::job("report", "Job of duplicates", BuiltIn::Duplicates.name()).help("Its report says which files stay."),
                Setting::choice("action", "Each duplicate", &actions)
                    .late()
                    .help("Hard links are names of the same file: a change through one shows in all. A clone remains a separate file."),
            ],
            output: None,
            hidden: false,
        }
    }

    fn effect(&self) -> Effect {
        Effect::TIDIES
    }

    fn renames_files(&self) -> bool {
        true
    }

    fn plan_detail(&self, request: &StartJob, _: &RelPath) -> Option<String> {
        let wanted: DeduplicateSettings = read(&self.info().settings, &request.settings).ok()?;
        Some(match wanted.action {
            Substitute::Trash => "to the trash".into(),
            Substitute::Link => "to the trash, and a hard link takes its place".into(),
            Substitute::Reflink => "to the trash, and a clone takes its place".into(),
        })
    }

    fn plan_report(&self, request: &StartJob) -> Option<PlanReport> {
        let wanted: DeduplicateSettings = read(&self.info().settings, &request.settings).ok()?;
        wanted.report.trim().parse().ok().map(planned::report)
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let wanted: DeduplicateSettings = job.settings(&self.info().settings)?;
        let report = wanted.report.trim().parse::<JobId>();
        let report = report.map_err(|_| Unable::Failed(format!("{:?} is not the id of a job", wanted.report)))?;
        let kept = kept(job, report)?;
        let compared = Mutex::default();
        Ok(Box::new(DeduplicateWork { library: Arc::clone(job.library), action: wanted.action, kept, compared }))
    }
}

impl Work for DeduplicateWork {
    fn output(&self, path: &RelPath, _: Option<&Output>) -> Option<Output> {
        // A clone gets the file's metadata when it is made, and a link has none of its own.
        let output = Output { keep: Keep::NONE, hard_links: true, ..Output::to(OutputPlace::Replace) };
        (self.shares() && self.kept.contains_key(path)).then_some(output)
    }

    fn shares(&self) -> bool {
        self.action != Substitute::Trash
    }

    fn renames(&self, file: &PlannedFile, _: u32) -> Result<Vec<Rename>, Failure> {
        match self.kept.contains_key(&file.path) {
            true => Ok(Vec::new()),
            false => Err(Failure::Skipped(SkipReason::Kept)),
        }
    }

    fn removes(&self, file: &PlannedFile) -> bool {
        !self.shares() && self.kept.contains_key(&file.path)
    }

    fn reads(&self, path: &RelPath) -> Vec<RelPath> {
        self.kept.get(path).cloned().into_iter().collect()
    }

    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let stays = self.kept.get(&attempt.path).ok_or(Failure::Skipped(SkipReason::Kept))?;
        let other = self.open(stays)?;
        if input.is_same_as(&other) {
            return Err(Failure::Skipped(SkipReason::HardLinks));
        }
        if !is_same(input, &other, attempt)? {
            return Err(Failure::Skipped(SkipReason::Changed));
        }
        match self.library.is_still(stays, &other) {
            Ok(true) => {}
            Ok(false) => return Err(failed(stays, "was changed meanwhile")),
            Err(error) => {
                return Err(Failure::of(
                    FailReason::Read,
                    &kept_file_error(stays, "cannot be looked at again"),
                    &error,
                ));
            }
        }
        if !self.shares() {
            self.compared.lock().insert(attempt.item, identified(&other));
        }
        if let Some(staged) = attempt.output.as_ref().filter(|_| self.shares()) {
            self.put(staged, (input, &other), stays)?;
        }
        Ok(Success { effect: DiskEffect::Changed, result: json!({ "kept": stays, "bytes": input.size() }) })
    }

    fn holds(&self, attempt: &Attempt) -> Result<(), Failure> {
        let stays = self.kept.get(&attempt.path).ok_or(Failure::Skipped(SkipReason::Kept))?;
        let compared = self.compared.lock().remove(&attempt.item);
        // It is opened again, because a name alone can still be remembered where one folder is mounted at two places.
        let now = self.open(stays)?;
        match compared == Some(identified(&now)) {
            true => Ok(()),
            false => Err(failed(stays, "was changed meanwhile")),
        }
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        let mut removed = results.filter(|item| !matches!(item, Ok(item) if item.skip == Some(SkipReason::Kept)));
        report::write(&mut removed, outputs, "REMOVED", &["bytes", "kept", "removed"])
    }
}

impl DeduplicateWork {
    /// Opens the file that is to stay.
    fn open(&self, stays: &RelPath) -> Result<OpenFile, Failure> {
        let opened = self.library.open_file(&PlannedFile::not_seen(stays.clone()));
        opened.map_err(|error| match error {
            OpenError::Skip(reason) => failed(stays, &format!("cannot be compared: {}", reason.text())),
            OpenError::Fail(why) => failed(stays, &format!("cannot be read: {why}")),
            OpenError::Storage(why) => {
                Failure::Storage(FailReason::Read, kept_file_error(stays, &format!("cannot be read: {why}")))
            }
            OpenError::Environment(reason) => Failure::Environment(reason),
            OpenError::Call(reason, why) => {
                Failure::Call(reason, kept_file_error(stays, &format!("cannot be read: {why}")))
            }
        })
    }

    /// Makes the substitute for a file: a hard link to the file that stays, or a clone of it.
    fn put(&self, staged: &Staged, (input, other): (&OpenFile, &OpenFile), stays: &RelPath) -> Result<(), Failure> {
        let refused = |why: String| Failure::Failed(FailReason::Unable, why);
        let shown = stays.shown();
        let made = match self.action {
            Substitute::Link => {
                let is_alike = input.has_same_access(other);
                if !is_alike.map_err(|error| Failure::of(FailReason::Read, "comparing", &error))? {
                    let why = "names of one file have one owner and one mode, and its own differ from those of";
                    return Err(refused(format!("{why} {shown}")));
                }
                staged.link(&self.library, stays)
            }
            _ => staged.share_blocks(other, input),
        };
        made.map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::XDEV) => refused(format!("{shown} lies on another file system")),
            Some(Errno::MLINK) => refused(format!("{shown} has as many names as the file system allows")),
            Some(Errno::OPNOTSUPP | Errno::INVAL | Errno::NOTTY | Errno::NOSYS | Errno::PERM) => {
                refused(match self.action {
                    Substitute::Link => "this file system has no hard links".into(),
                    _ => "on this file system files cannot share blocks".into(),
                })
            }
            _ => Failure::of(FailReason::Write, "making what takes its place", &error),
        })
    }
}

/// The failure of a duplicate that is not removed because of the file that is to stay.
fn kept_file_error(stays: &RelPath, why: &str) -> String {
    format!("{}, which is to stay, {why}; so this file stays too", stays.shown())
}

fn failed(stays: &RelPath, why: &str) -> Failure {
    Failure::Failed(FailReason::Read, kept_file_error(stays, why))
}

fn identified(file: &OpenFile) -> ComparedFile {
    (file.identity(), file.size(), file.mtime_ns())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_setting_is_the_id_of_a_job() {
        let job = JobId::mint(1, [1; 10]).to_string();
        let wanted: DeduplicateSettings = crate::defaults(&Deduplicate, json!({ "report": job }));
        assert_eq!((&wanted.report, wanted.action), (&job, Substitute::Trash));
        let wrong = json!({ "report": "../x" });
        assert!(Deduplicate.settings(wrong.as_object().expect("an object")).is_err());
    }
}
