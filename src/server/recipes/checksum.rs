//! checksum: BLAKE3, SHA-256 or both of every file, and a manifest that `sha256sum -c` and `b3sum -c` accept.

use std::io::Read;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Attempt, Failure, ItemResult, Recipe, Settings, Success, manifest};
use crate::model::summary::{RecipeInfo, SettingInfo};
use crate::model::{Effect, FailReason, SkipReason};
use crate::server::data::Outputs;
use crate::server::files::{OpenFile, io_text};

/// Large enough that the system calls are free, small enough that a stop is prompt.
const BUFFER: usize = 128 * 1024;

pub(super) struct Checksum;

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
            }],
        }
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn run(&self, settings: &Settings, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let (mut blake3, mut sha256) =
            (wants(settings, "blake3").then(blake3::Hasher::new), wants(settings, "sha256").then(Sha256::new));
        let mut buffer = vec![0; BUFFER.min(usize::try_from(input.size()).unwrap_or(BUFFER) + 1)];
        loop {
            if attempt.is_stopped() {
                return Err(Failure::Stopped);
            }
            let count = match input.file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Failure::Failed(FailReason::Read, io_text(&error))),
            };
            let bytes = &buffer[..count];
            if let Some(hasher) = &mut blake3 {
                hasher.update(bytes);
            }
            if let Some(hasher) = &mut sha256 {
                hasher.update(bytes);
            }
            attempt.advance(count as u64);
        }
        if !input.is_unchanged() {
            return Err(Failure::Skipped(SkipReason::Changed));
        }
        let mut result = Settings::new();
        if let Some(hasher) = blake3 {
            result.insert("blake3".into(), hasher.finalize().to_hex().to_string().into());
        }
        if let Some(hasher) = sha256 {
            let hex: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            result.insert("sha256".into(), hex.into());
        }
        Ok(Success { effect: Effect::Read, result: json!(result) })
    }

    fn finish(
        &self,
        settings: &Settings,
        results: &mut dyn Iterator<Item = ItemResult>,
        outputs: &Outputs,
    ) -> anyhow::Result<()> {
        let mut manifests = [("sha256", "SHA256SUMS", Vec::new()), ("blake3", "B3SUMS", Vec::new())];
        for ItemResult { path, result } in results {
            for (algorithm, _, lines) in &mut manifests {
                if let Some(hash) = result.get(*algorithm).and_then(|hash| hash.as_str()) {
                    lines.extend(manifest::line(hash, &path.to_bytes()));
                }
            }
        }
        for (_, name, lines) in manifests.iter().filter(|(algorithm, ..)| wants(settings, algorithm)) {
            outputs.write(name, |file| Ok(file.write_all(lines)?))?;
        }
        Ok(())
    }
}

fn wants(settings: &Settings, algorithm: &str) -> bool {
    settings.get("algorithm").and_then(|word| word.as_str()).is_some_and(|word| word == algorithm || word == "both")
}
