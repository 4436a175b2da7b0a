//! duplicates: finds files with the same content, and says which of them could be removed. It only reads;
//! `deduplicate` removes them.

mod groups;
mod notes;
#[cfg(test)]
mod real_files;
mod remove;
mod sizes;
mod totals;

use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::source::Source;
use super::{
    Attempt, Binding, Effect, Failure, ItemResults, Plan, Recipe, ReportHead, ReportNotes, Setting, Success, Unable,
    Work,
};
use crate::buffer::BUFFER_BYTES;
use groups::{Collected, GROUPS, KeepRule, Member, TOTALS};
use headway_files::{Library, OpenFile, Outputs};
use headway_model::summary::RecipeInfo;
use headway_model::{BuiltIn, DiskEffect};

pub(super) use remove::Deduplicate;
use sizes::Sizes;
use totals::totals;

pub(super) struct Duplicates;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DuplicatesSettings {
    keep: KeepRule,
    least: u64,
}

struct DuplicatesWork {
    library: Arc<Library>,
    wanted: DuplicatesSettings,
    sizes: Sizes,
}

impl Recipe for Duplicates {
    fn info(&self) -> RecipeInfo {
        let summary = "Finds files with the same content, and says which could go and how much room that makes. Only \
            reads.";
        RecipeInfo::reading(
            BuiltIn::Duplicates,
            summary,
            vec![
                Setting::choice("keep", "Of each group stays", &KeepRule::CHOICES),
                Setting::number("least", "Files of at least", 1, 1..=1 << 40, "bytes"),
            ],
        )
    }

    fn effect(&self) -> Effect {
        Effect::READS
    }

    fn report_head(&self) -> Option<ReportHead> {
        Some(ReportHead { output: TOTALS, read: totals })
    }

    fn report_notes(&self) -> Option<ReportNotes> {
        Some(ReportNotes { output: GROUPS, index: notes::index, read: notes::notes })
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let wanted = job.settings(&self.info().settings)?;
        Ok(Box::new(DuplicatesWork { library: Arc::clone(job.library), wanted, sizes: Sizes::default() }))
    }
}

impl Work for DuplicatesWork {
    fn plan(&self, plan: Plan<'_>) {
        self.sizes.plan(plan);
    }

    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let source = Source::new(input, attempt)?;
        let size = source.size();
        let success = |result| Success { effect: DiskEffect::Read, result };
        if size < self.wanted.least || self.sizes.is_only_one(&self.library, &source)? {
            return source.confirm(success(json!({ "size": size })));
        }
        let (mut reader, mut hasher, mut buffer) = (source.reader(), blake3::Hasher::new(), vec![0; BUFFER_BYTES]);
        loop {
            match reader.read(&mut buffer).map_err(|_| source.failure("it cannot be read"))? {
                0 => break,
                count => drop(hasher.update(&buffer[..count])),
            }
        }
        let (device, inode) = input.identity();
        let result = json!({
            "size": size, "blake3": hasher.finalize().to_hex().as_str(), "mtime_ns": input.mtime_ns(),
            "device": device, "inode": inode, "links": input.links(),
        });
        source.confirm(success(result))
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        let mut collected = Collected::default();
        for item in results {
            let item = item?;
            if item.failure.is_some() || item.skip.is_some() {
                collected.unread += 1;
            } else if let Some(member) = member(item.path, &item.result) {
                collected.add(member);
            }
        }
        collected.write(outputs, &self.library.name, self.wanted.keep)
    }
}

/// A hashed file, from the result of its item.
fn member(path: headway_model::RelPath, result: &Value) -> Option<Member> {
    let number = |name: &str| result.get(name).and_then(Value::as_u64);
    Some(Member {
        path,
        hash: blake3::Hash::from_hex(result.get("blake3")?.as_str()?).ok()?,
        size: number("size")?,
        mtime_ns: result.get("mtime_ns")?.as_i64()?,
        file: (number("device")?, number("inode")?),
        links: number("links")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_settings_are_its_fields() {
        for (keep, _) in KeepRule::CHOICES {
            let wanted: DuplicatesSettings = super::super::defaults(&Duplicates, json!({ "keep": keep }));
            assert_eq!((wanted.keep == KeepRule::Names, wanted.least), (keep == "names", 1));
        }
    }
}
