//! checksum: BLAKE3, SHA-256 or both of every file, and a manifest that `sha256sum -c` and `b3sum -c` accept.

use super::hash::hash;
use super::manifest::{self, Algorithm, Algorithms};
use super::record::{self, Rows};
use super::{Attempt, Binding, Failure, ItemResult, ItemResults, Recipe, Settings, Success, Unable, Work};
use headway_files::OpenFile;
use headway_files::Outputs;
use headway_model::summary::{RecipeInfo, SettingInfo};
use headway_model::{Effect, SkipReason};

pub(super) struct Checksum;

struct Bound {
    library: String,
    algorithms: Algorithms,
}

impl Recipe for Checksum {
    fn info(&self) -> RecipeInfo {
        let choice = |word: &str, label: &str| (word.to_owned(), label.to_owned());
        RecipeInfo {
            name: "checksum".into(),
            summary: "Reads every file and writes a manifest of checksums.".into(),
            settings: vec![SettingInfo {
                name: "algorithm".into(),
                label: "Algorithm".into(),
                choices: vec![choice("sha256", "SHA-256"), choice("blake3", "BLAKE3"), choice("both", "both")],
                default: String::new(),
            }],
            output: None,
            hidden: false,
        }
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        Ok(Box::new(Bound { library: job.library.name.clone(), algorithms: wanted(&job.request.settings) }))
    }
}

impl Work for Bound {
    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let hashes = hash(input, attempt, self.algorithms)?;
        Ok(Success { effect: Effect::Read, result: record::result(input, &hashes) })
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        let mut manifests = [(Algorithm::Sha256, "SHA256SUMS", Vec::new()), (Algorithm::Blake3, "B3SUMS", Vec::new())];
        let (mut rows, mut lacking) = (Rows::default(), 0_u64);
        for result in results {
            let ItemResult { path, result, skip, .. } = result?;
            // What was done before comes with its result of that time, if that is still known.
            let is_done = matches!(skip, Some(SkipReason::Done | SkipReason::Moved));
            let is_whole = self.algorithms.iter().all(|algorithm| result.get(algorithm.name()).is_some());
            lacking += u64::from(is_done && !is_whole);
            rows.add(&path, &result);
            for (algorithm, _, lines) in &mut manifests {
                if let Some(hash) = result.get(algorithm.name()).and_then(|hash| hash.as_str()) {
                    lines.extend(manifest::line(hash, &path.to_bytes()));
                }
            }
        }
        for (algorithm, name, lines) in manifests.iter().filter(|(algorithm, ..)| self.algorithms.has(*algorithm)) {
            outputs.write(name, |file| Ok(file.write_all(lines)?))?;
            rows.keep(outputs, &self.library, *algorithm, lines)?;
        }
        anyhow::ensure!(
            lacking == 0,
            "the manifest lacks {lacking} of the files of this job: they were done before, and their checksums are no longer known. \
             A job that does every file again makes a manifest of all"
        );
        Ok(())
    }
}

fn wanted(settings: &Settings) -> Algorithms {
    match settings.get("algorithm").and_then(|word| word.as_str()) {
        Some("blake3") => Algorithms::of(Algorithm::Blake3),
        Some("both") => Algorithms::of(Algorithm::Sha256) | Algorithms::of(Algorithm::Blake3),
        Some(_) | None => Algorithms::of(Algorithm::Sha256),
    }
}
