//! checksum: BLAKE3, SHA-256 or both of every file, and a manifest that `sha256sum -c` and `b3sum -c` accept.

use serde_json::json;

use super::hash::hash;
use super::{Attempt, Binding, Failure, ItemResult, ItemResults, Recipe, Settings, Success, Unable, Work, manifest};
use headway_files::OpenFile;
use headway_files::Outputs;
use headway_model::Effect;
use headway_model::summary::{RecipeInfo, SettingInfo};

pub(super) struct Checksum;

struct Bound {
    settings: Settings,
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
        Ok(Box::new(Bound { settings: job.request.settings.clone() }))
    }
}

impl Work for Bound {
    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let result = hash(input, attempt, |algorithm| wants(&self.settings, algorithm))?;
        Ok(Success { effect: Effect::Read, result: json!(result) })
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        let mut manifests = [("sha256", "SHA256SUMS", Vec::new()), ("blake3", "B3SUMS", Vec::new())];
        for result in results {
            let ItemResult { path, result, .. } = result?;
            for (algorithm, _, lines) in &mut manifests {
                if let Some(hash) = result.get(*algorithm).and_then(|hash| hash.as_str()) {
                    lines.extend(manifest::line(hash, &path.to_bytes()));
                }
            }
        }
        for (_, name, lines) in manifests.iter().filter(|(algorithm, ..)| wants(&self.settings, algorithm)) {
            outputs.write(name, |file| Ok(file.write_all(lines)?))?;
        }
        Ok(())
    }
}

fn wants(settings: &Settings, algorithm: &str) -> bool {
    settings.get("algorithm").and_then(|word| word.as_str()).is_some_and(|word| word == algorithm || word == "both")
}
