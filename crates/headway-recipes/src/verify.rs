//! verify: compares files with a manifest of checksums. Each line of the manifest gets one verdict.

mod asked;
mod compare;
mod folders;
mod lengths;
mod lines;
mod locate;
mod made_manifests;
mod manifest_text;
mod manifests;
mod observed;
mod report;
mod source;
mod unnamed;
mod verdict;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::hash::{Hashes, hash, hash_again};
use super::manifest::Algorithm;
use super::{
    Attempt, Binding, Effect, Failure, ItemResult, ItemResults, Obstacle, Recipe, ReportHead, Setting, Success, Unable,
    Work, read,
};
use headway_files::Outputs;
use headway_files::{Found, Library, OpenFile, environment, io_text};
use headway_model::setting::SettingKind;
use headway_model::summary::RecipeInfo;
use headway_model::text::cut_middle;
use headway_model::{BuiltIn, DiskEffect, FailReason, JobId, RelPath, SkipReason, StartJob};
use lines::{ExpectedFile, Lines};
use manifest_text::LIMIT_BYTES;
use manifests::ManifestChoice;

/// What the setting `manifest` takes.
const MANIFEST_HELP: &str = "Its path in the library, such as SHA256SUMS; a pattern, such as **/SHA256SUMS for one in each folder; \
    or @ and the id of a checksum job, for the manifest that it made.";

/// The key of a result that holds the digest of the lines with which the file was compared. What earlier versions stored
/// as `lines` is another digest.
const LINES: &str = "said";

/// The longest name of a manifest in a message, in bytes.
const NAME_IN_MESSAGE: usize = 60;

/// The recipe.
pub(super) struct Verify;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VerifySettings {
    manifest: String,
    /// The name of the algorithm, or `auto`.
    algorithm: String,
}

/// The recipe with the manifests of one job.
struct VerifyWork {
    library: Arc<Library>,
    request: StartJob,
    lines: Lines,
}

impl Recipe for Verify {
    fn info(&self) -> RecipeInfo {
        let mut choices = vec![("auto", "by what matches")];
        let offered = [Algorithm::Sha256, Algorithm::Blake3, Algorithm::Sha512, Algorithm::Sha1, Algorithm::Md5];
        choices.extend(offered.map(|algorithm| (algorithm.name(), algorithm.shown())));
        let made_by = Some(BuiltIn::Checksum.name().to_owned());
        let manifest =
            Setting::of("manifest", "Manifest", SettingKind::Path { patterns: true, made_by }).help(MANIFEST_HELP);
        let summary = "Compares files with a manifest of checksums: ok, changed, bit rot, missing, unreadable, not \
            checked.";
        RecipeInfo::reading(
            BuiltIn::Verify,
            summary,
            vec![manifest, Setting::choice("algorithm", "Algorithm", &choices)],
        )
    }

    fn effect(&self) -> Effect {
        Effect::READS
    }

    fn report_head(&self) -> Option<ReportHead> {
        Some(report::HEAD)
    }

    fn obstacle(&self, request: &StartJob, library: &Library) -> Option<Obstacle> {
        let wanted = read::<VerifySettings>(&self.info().settings, &request.settings);
        let text = match wanted.and_then(|wanted| Ok(ManifestChoice::by(&wanted.manifest)?)) {
            // Which files match the pattern, and what the job made, is found out when the job is prepared.
            Ok(ManifestChoice::Pattern(..) | ManifestChoice::Made(_)) => return None,
            Ok(ManifestChoice::One(manifest)) => {
                let error = library.readable(&manifest, LIMIT_BYTES).err()?;
                // If the environment keeps the manifest from being read, the job waits.
                if environment(&error).is_some() {
                    return None;
                }
                format!("{}: {}", manifests::unread(&manifest, library), io_text(&error))
            }
            Err(wrong) => wrong.to_string(),
        };
        Some(Obstacle { setting: Some("manifest"), text })
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let wanted: VerifySettings = job.settings(&self.info().settings)?;
        let chosen = Algorithm::of_name(&wanted.algorithm);
        let (manifests, passed_over) = ManifestChoice::by(&wanted.manifest)?.read(job)?;
        let mut lines = Lines::without(passed_over);
        for manifest in manifests {
            source::add(&mut lines, job, manifest, chosen)?;
        }
        lines.end()?;
        Ok(Box::new(VerifyWork { library: Arc::clone(job.library), request: job.request.clone(), lines }))
    }
}

fn own(path: &RelPath) -> String {
    format!("{} is Headway's own, a temporary file or in its trash", path.shown())
}

impl Work for VerifyWork {
    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let found = |result| Ok(Success { effect: DiskEffect::Read, result });
        if self.lines.is_manifest(&attempt.path) {
            return found(json!({ "verdict": verdict::MANIFEST }));
        }
        let lines = self.lines.of(&attempt.path);
        if lines.is_empty() {
            return Err(Failure::Skipped(SkipReason::Unlisted));
        }
        let wanted = self.lines.wanted(lines);
        // Without a checksum by a known algorithm, the file need not be read.
        let mut hashes = match wanted.is_empty() {
            true => Hashes::default(),
            false => hash(input, attempt, wanted).map_err(unreadable)?,
        };
        let mut compared = compare::compare(lines, &hashes, input.size());
        let others = self.lines.candidates(lines).without(wanted);
        if !compared.is_match() && !others.is_empty() {
            hashes.extend(hash_again(input, attempt, others).map_err(unreadable)?);
            compared = compare::compare(lines, &hashes, input.size());
        }
        self.lines.learn(lines, &hashes);
        match self.lines.verdict(lines, &compared, &hashes, input) {
            Ok(mut result) => {
                result[LINES] = json!(lines::digest(lines));
                observed::add(&mut result, lines, &hashes, input.size(), true);
                found(result)
            }
            Err(message) => {
                let note = lines.iter().find_map(|line| line.note.as_deref());
                let note = note.map(|note| format!("; {note}")).unwrap_or_default();
                let message = message + &note + &self.written_since(lines);
                let mut result = json!({ LINES: lines::digest(lines) });
                observed::add(&mut result, lines, &hashes, input.size(), false);
                Err(Failure::Differs(FailReason::Recipe, message, result))
            }
        }
    }

    /// An earlier job's result for a file is valid only if the manifests still have the same lines about the file.
    fn still_holds(&self, path: &RelPath, result: Option<&Value>) -> bool {
        let Some(result) = result else { return false };
        match self.lines.is_manifest(path) {
            true => result["verdict"] == verdict::MANIFEST,
            false => result[LINES] == json!(lines::digest(self.lines.of(path))),
        }
    }

    fn names(&self, path: &RelPath, is_folder: bool) -> bool {
        self.lines.names(path, is_folder)
    }

    fn expects(&self) -> Vec<RelPath> {
        self.lines.paths()
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        report::write(&self.lines, &self.library, &self.request, results, outputs)
    }
}

impl VerifyWork {
    /// What a message about these lines ends with if one of their manifests was written to since it was read.
    fn written_since(&self, lines: &[ExpectedFile]) -> String {
        let sources: BTreeSet<_> = lines.iter().map(|line| line.source).collect();
        let sources = sources.into_iter().filter_map(|source| self.lines.sources.get(source as usize));
        for (path, written) in sources.filter_map(|source| Some((&source.path, source.written?))) {
            match self.library.size_and_time(path) {
                Found::There((_, now)) if now != written => {
                    let name = cut_middle(&path.shown(), NAME_IN_MESSAGE);
                    return format!("; {name} was written to since this job read it: another job compares with it");
                }
                Found::There(_) | Found::Absent => {}
                Found::Unknown(error) => {
                    tracing::debug!(%path, %error, "whether a manifest was written to is not known");
                }
            }
        }
        String::new()
    }
}

/// Turns a failure to read the file into the verdict `unreadable`. Any other failure is passed on.
fn unreadable(failure: Failure) -> Failure {
    let told = |text| format!("{}: {text}", verdict::UNREADABLE);
    match failure {
        Failure::Failed(reason, text) => Failure::Failed(reason, told(text)),
        Failure::Storage(reason, text) => Failure::Storage(reason, told(text)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_settings_are_its_fields() {
        let wanted: VerifySettings = super::super::defaults(&Verify, json!({ "manifest": "**/SHA256SUMS" }));
        assert_eq!((wanted.manifest.as_str(), Algorithm::of_name(&wanted.algorithm)), ("**/SHA256SUMS", None));
    }
}
