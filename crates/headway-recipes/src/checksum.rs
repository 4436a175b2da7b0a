//! checksum: BLAKE3, SHA-256 or both of every file, and a manifest that `sha256sum -c` and `b3sum -c` accept.

use std::sync::Arc;

use serde::Deserialize;

use super::hash::hash;
use super::manifest::{self, Algorithm, Algorithms};
use super::record::{self, Rows};
use super::{
    Attempt, Binding, Effect, Failure, ItemResult, ItemResults, Recipe, Setting, Success, Unable, Work, report,
};
use headway_files::{Library, OpenFile, Outputs, unable};
use headway_model::built_in::CHECKSUM_MANIFESTS;
use headway_model::summary::RecipeInfo;
use headway_model::{BuiltIn, DiskEffect, SkipReason};

/// The name of the table's files, without extension.
const TABLE: &str = "CHECKSUMS";

pub(super) struct Checksum;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChecksumSettings {
    algorithm: AlgorithmChoice,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AlgorithmChoice {
    Sha256,
    Blake3,
    Both,
}

struct ChecksumWork {
    library: Arc<Library>,
    algorithms: Algorithms,
}

impl Recipe for Checksum {
    fn info(&self) -> RecipeInfo {
        let algorithms = [("sha256", "SHA-256"), ("blake3", "BLAKE3"), ("both", "both")];
        RecipeInfo::reading(
            BuiltIn::Checksum,
            "Reads every file and writes a manifest of checksums.",
            vec![Setting::choice("algorithm", "Algorithm", &algorithms)],
        )
    }

    fn effect(&self) -> Effect {
        Effect::READS
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let settings: ChecksumSettings = job.settings(&self.info().settings)?;
        Ok(Box::new(ChecksumWork { library: Arc::clone(job.library), algorithms: settings.algorithm.algorithms() }))
    }
}

impl Work for ChecksumWork {
    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let hashes = hash(input, attempt, self.algorithms)?;
        Ok(Success { effect: DiskEffect::Read, result: record::result(input, &hashes) })
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        let [sha256, blake3] = CHECKSUM_MANIFESTS;
        let mut manifests = [(Algorithm::Sha256, sha256, Vec::new()), (Algorithm::Blake3, blake3, Vec::new())];
        let (mut rows, mut lacking) = (Rows::default(), 0_u64);
        let mut seen = results.inspect(|item| {
            let Ok(ItemResult { path, result, skip, .. }) = item else { return };
            // A file that was already processed comes with its earlier result, if that is still known.
            let is_done = matches!(skip, Some(SkipReason::Done | SkipReason::Moved));
            let is_whole = self.algorithms.iter().all(|algorithm| result.get(algorithm.name()).is_some());
            lacking += u64::from(is_done && !is_whole);
            rows.add(path, result);
            for (algorithm, _, lines) in &mut manifests {
                if let Some(hash) = result.get(algorithm.name()).and_then(|hash| hash.as_str()) {
                    lines.extend(manifest::line(hash, &path.to_bytes()));
                }
            }
        });
        let columns: Vec<_> = self.algorithms.iter().map(Algorithm::name).chain(["size"]).collect();
        let incomplete = if outputs.is_halted() { ".incomplete" } else { "" };
        report::write(&mut seen, outputs, &format!("{TABLE}{incomplete}"), &columns)?;
        let disks = self.library.disks().map_err(|error| unable("the disks of the files cannot be seen", &error))?;
        for (algorithm, name, lines) in manifests.iter().filter(|(algorithm, ..)| self.algorithms.has(*algorithm)) {
            outputs.write(&format!("{name}{incomplete}"), |file| Ok(file.write_all(lines)?))?;
            rows.keep(outputs, &self.library.name, &disks, *algorithm, lines)?;
        }
        anyhow::ensure!(
            lacking == 0,
            "the manifest lacks {lacking} of the files of this job: an earlier job read them, and their checksums are no longer known. \
             For a complete manifest, start a job that does not skip files that are done"
        );
        Ok(())
    }
}

impl AlgorithmChoice {
    fn algorithms(self) -> Algorithms {
        let (sha256, blake3) = (Algorithms::of(Algorithm::Sha256), Algorithms::of(Algorithm::Blake3));
        match self {
            AlgorithmChoice::Sha256 => sha256,
            AlgorithmChoice::Blake3 => blake3,
            AlgorithmChoice::Both => sha256 | blake3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_settings_are_its_fields() {
        let wanted: ChecksumSettings = super::super::defaults(&Checksum, serde_json::json!({}));
        assert!(matches!(wanted.algorithm, AlgorithmChoice::Sha256));
    }
}
