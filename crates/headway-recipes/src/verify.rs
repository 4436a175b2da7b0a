//! verify: what a manifest of checksums says of files, compared with the files. Each line of the manifest gets one verdict.

mod asked;
mod compare;
mod folders;
mod lines;
mod locate;
mod manifests;
mod report;
mod source;
mod verdict;

use std::sync::Arc;

use serde_json::json;

use super::hash::{Hashes, hash, hash_again};
use super::manifest::Algorithm;
use super::{
    Attempt, Binding, Failure, ItemResults, Obstacle, Recipe, Settings, Success, Unable, Work, choose, record,
};
use headway_files::Outputs;
use headway_files::{Library, OpenFile, environment, io_text};
use headway_model::summary::{RecipeInfo, SettingInfo};
use headway_model::{Effect, FailReason, RelPath, StartJob};
use lines::Lines;
use manifests::{LIMIT, Named};

/// The recipe as the pages offer it.
pub(super) struct Verify;

/// The recipe with the manifests of one job.
struct Bound {
    library: Arc<Library>,
    request: StartJob,
    lines: Lines,
}

impl Recipe for Verify {
    fn info(&self) -> RecipeInfo {
        let choice = |word: &str, label: &str| (word.to_owned(), label.to_owned());
        let text = |name: &str, label: &str| SettingInfo {
            name: name.into(),
            label: label.into(),
            choices: Vec::new(),
            default: String::new(),
        };
        let mut choices = vec![choice("auto", "by what matches")];
        let offered = [Algorithm::Sha256, Algorithm::Blake3, Algorithm::Sha512, Algorithm::Sha1, Algorithm::Md5];
        choices.extend(offered.map(|algorithm| choice(algorithm.name(), algorithm.shown())));
        RecipeInfo {
            name: "verify".into(),
            summary:
                "Compares files with a manifest of checksums: ok, changed, bit rot, missing, unreadable, not checked."
                    .into(),
            settings: vec![text("manifest", "Manifest"), SettingInfo { choices, ..text("algorithm", "Algorithm") }],
            output: None,
            hidden: false,
        }
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn settings(&self, given: &Settings) -> Result<Settings, Vec<String>> {
        let settings = choose(&self.info(), given)?;
        let manifest = settings.get("manifest").and_then(|value| value.as_str()).unwrap_or_default();
        match manifest.parse::<RelPath>() {
            Ok(path) if path.is_reserved() => Err(vec![own(&path)]),
            _ => Ok(settings),
        }
    }

    fn obstacle(&self, request: &StartJob, library: &Library) -> Option<Obstacle> {
        let text = match Named::by(request) {
            // Which files it fits is seen when the job is prepared.
            Ok(Named::Pattern(..)) => return None,
            Ok(Named::One(manifest)) => {
                let error = library.readable(&manifest, LIMIT).err()?;
                // What the environment keeps from being read may be there: the job waits for that.
                if environment(&error).is_some() {
                    return None;
                }
                format!("{}: {}", manifests::unread(&manifest, library), io_text(&error))
            }
            Err(wrong) => wrong,
        };
        Some(Obstacle { setting: Some("manifest"), text })
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let chosen = job.request.settings.get("algorithm").and_then(|word| word.as_str()).and_then(Algorithm::of_name);
        let mut lines = Lines::default();
        for manifest in Named::by(job.request)?.find(job.library)? {
            let text = job
                .library
                .read(&manifest, LIMIT)
                .map_err(|error| headway_files::unable(&manifests::unread(&manifest, job.library), &error))?;
            let record = record::find(job.data, &job.library.name, &text.0)
                .map_err(|error| headway_files::unable("looking for what an earlier job saw", &error))?;
            source::add(&mut lines, job.library, &manifest, &text.0, record, chosen)?;
        }
        lines.end()?;
        Ok(Box::new(Bound { library: Arc::clone(job.library), request: job.request.clone(), lines }))
    }
}

fn own(path: &RelPath) -> String {
    format!("{} is Headway's own, a temporary file or in its trash", path.shown())
}

impl Work for Bound {
    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let found = |result| Ok(Success { effect: Effect::Read, result });
        if self.lines.is_manifest(&attempt.path) {
            return found(json!({ "verdict": verdict::MANIFEST }));
        }
        let lines = self.lines.of(&attempt.path);
        if lines.is_empty() {
            return found(json!({ "verdict": verdict::NEW }));
        }
        let wanted = self.lines.wanted(lines);
        // Where there is no checksum that is known here, there is nothing to read for.
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
        match self.lines.judge(lines, &compared, &hashes, input) {
            Ok(result) => found(result),
            Err(message) => Err(Failure::Failed(FailReason::Recipe, message)),
        }
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        report::write(&self.lines, &self.library, &self.request, results, outputs)
    }
}

/// A file that cannot be read has this verdict; whatever else ends an attempt is not its own.
fn unreadable(failure: Failure) -> Failure {
    let told = |text| format!("{}: {text}", verdict::UNREADABLE);
    match failure {
        Failure::Failed(reason, text) => Failure::Failed(reason, told(text)),
        Failure::Storage(reason, text) => Failure::Storage(reason, told(text)),
        other => other,
    }
}
