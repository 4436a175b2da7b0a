//! Recipes that only read: what they find about each file becomes its result and a row of the job's report.

use std::io;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::kind::FileLook;
use super::source::Source;
use super::{
    Attempt, Binding, Failure, ItemResults, OpenFile, Outputs, ReadHead, Setting, Success, Unable, Work, report,
};
use headway_model::{DiskEffect, RelPath, SkipReason};

/// A recipe that only reads, with its settings.
pub(crate) trait Reading: DeserializeOwned + Send + Sync + 'static {
    /// The name of the report's files, without extension.
    const REPORT: &'static str;

    /// The fields of a result that are columns of the report.
    const COLUMNS: &'static [&'static str];

    /// Whether the recipe applies to a file that looks like this.
    fn is_for(&self, looks: FileLook) -> bool;

    /// Inspects a file to which the recipe applies. The result is a JSON object; a damaged file is a failure.
    fn inspect(&self, source: &Source<'_>) -> Result<Value, Failure>;
}

/// Binds the recipe to a job with its settings.
pub(crate) fn bind<R: Reading>(job: &Binding<'_>, settings: &[Setting]) -> Result<Box<dyn Work>, Unable> {
    Ok(Box::new(ReadingWork(job.settings::<R>(settings)?)))
}

/// Inspects a file, or skips it if the recipe does not apply to it.
pub(crate) fn inspected<R: Reading>(recipe: &R, source: &Source<'_>) -> Result<Value, Failure> {
    match recipe.is_for(source.looks()?) {
        true => recipe.inspect(source),
        false => Err(Failure::Skipped(SkipReason::Recipe)),
    }
}

struct ReadingWork<R>(R);

impl<R: Reading> Work for ReadingWork<R> {
    fn is_for(&self, path: &RelPath, head: ReadHead<'_>) -> io::Result<bool> {
        Ok(self.0.is_for(FileLook::of(path, &head()?)))
    }

    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let source = Source::new(input, attempt)?;
        let result = inspected(&self.0, &source)?;
        source.confirm(Success { effect: DiskEffect::Read, result })
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        report::write(results, outputs, R::REPORT, R::COLUMNS)
    }
}
