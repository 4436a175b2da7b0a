//! verify: every file against a manifest of `sha256sum` or `b3sum`: ok, changed, bit rot, missing, new.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::json;

use super::hash::hash;
use super::manifest::{self, Algorithm};
use super::{
    Attempt, Binding, Failure, ItemResult, ItemResults, Obstacle, Recipe, Settings, Success, Unable, Work, choose,
};
use headway_files::Outputs;
use headway_files::{Library, OpenFile, environment, io_text};
use headway_model::summary::{RecipeInfo, SettingInfo};
use headway_model::{Effect, FailReason, RelPath, SkipReason, StartJob};

/// Larger manifests are not read: at 100 bytes a line this is one of 5 million files.
const MANIFEST_LIMIT: u64 = 512 * 1024 * 1024;

/// As many missing files are named in the job's own message; the report names all.
const NAMED: usize = 3;

/// The verdicts on a file that is not as the manifest says: the first words of its failure, by which the report counts it.
const BIT_ROT: &str = "bit rot";
const CHANGED: &str = "changed";

/// The recipe as the pages offer it.
pub(super) struct Verify;

/// The recipe with the manifest of one job.
struct Bound {
    manifest: RelPath,
    /// When the manifest was last written: a file that is not newer should be as it says.
    written_ns: i64,
    expected: HashMap<RelPath, (Algorithm, String)>,
    /// Files that it names and the disk did not have when the job began.
    missing: Vec<RelPath>,
}

impl Recipe for Verify {
    fn info(&self) -> RecipeInfo {
        let choice = |word: &str, label: &str| (word.to_owned(), label.to_owned());
        RecipeInfo {
            name: "verify".into(),
            summary: "Compares every file with a manifest of checksums: ok, changed, bit rot, missing or new.".into(),
            settings: vec![
                SettingInfo {
                    name: "manifest".into(),
                    label: "Manifest".into(),
                    choices: Vec::new(),
                    default: String::new(),
                },
                SettingInfo {
                    name: "algorithm".into(),
                    label: "Algorithm".into(),
                    choices: vec![
                        choice("auto", "by the name"),
                        choice("sha256", "SHA-256"),
                        choice("blake3", "BLAKE3"),
                    ],
                    default: String::new(),
                },
            ],
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
        let text = match path_of(request) {
            Ok(manifest) => {
                let error = library.readable(&manifest, MANIFEST_LIMIT).err()?;
                // What the environment keeps from being read may be there: the job waits for that.
                if environment(&error).is_some() {
                    return None;
                }
                format!("{}: {}", unread(&manifest, library), io_text(&error))
            }
            Err(wrong) => wrong,
        };
        Some(Obstacle { setting: Some("manifest"), text })
    }

    fn bind(&self, job: &Binding<'_>) -> Result<Box<dyn Work>, Unable> {
        let (settings, library) = (&job.request.settings, job.library);
        let word = |name: &str| settings.get(name).and_then(|value| value.as_str()).unwrap_or_default();
        let manifest = path_of(job.request)?;
        let (text, written_ns) = library
            .read(&manifest, MANIFEST_LIMIT)
            .map_err(|error| headway_files::unable(&unread(&manifest, library), &error))?;
        let default = match word("algorithm") {
            "sha256" => Algorithm::Sha256,
            "blake3" => Algorithm::Blake3,
            _ => Algorithm::of_name(manifest.name()),
        };
        let folder = manifest.parent().unwrap_or_default();
        let mut expected = HashMap::new();
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
            let wrong = |reason: &str| format!("line {} of {}: {reason}", number + 1, manifest.shown());
            let entry = manifest::parse(line, default).ok_or_else(|| {
                wrong("no checksum of SHA-256 or BLAKE3 with a name; is this a manifest of sha256sum or b3sum?")
            })?;
            let path = folder.join_all(&entry.name).map_err(|error| wrong(&error.to_string()))?;
            if path.is_reserved() {
                return Err(wrong(&own(&path)).into());
            }
            expected.insert(path, (entry.algorithm, entry.hash));
        }
        let mut missing = Vec::new();
        for path in expected.keys() {
            // Of one that cannot be looked at its own attempt tells.
            match library.has_file(path) {
                Ok(true) => {}
                Ok(false) => missing.push(path.clone()),
                Err(error) => {
                    if let Some(reason) = environment(&error) {
                        return Err(Unable::Environment(reason));
                    }
                }
            }
        }
        missing.sort();
        Ok(Box::new(Bound { manifest, written_ns, expected, missing }))
    }
}

fn own(path: &RelPath) -> String {
    format!("{} is Headway's own, a temporary file or in its trash", path.shown())
}

/// The path of the manifest that a request names.
fn path_of(request: &StartJob) -> Result<RelPath, String> {
    let text = request.settings.get("manifest").and_then(|value| value.as_str()).unwrap_or_default();
    text.parse().map_err(|error| format!("the manifest {text:?}: {error}"))
}

fn unread(manifest: &RelPath, library: &Library) -> String {
    format!("the manifest {:?} of {} cannot be read", manifest.shown(), library.name)
}

impl Work for Bound {
    fn run(&self, input: &mut OpenFile, attempt: &Attempt) -> Result<Success, Failure> {
        let found = |verdict: &str| Ok(Success { effect: Effect::Read, result: json!({ "verdict": verdict }) });
        if attempt.path == self.manifest {
            return found("the manifest");
        }
        let Some((algorithm, expected)) = self.expected.get(&attempt.path) else { return found("new") };
        let name = algorithm.name();
        let hashes = hash(input, attempt, |wanted| wanted == name)?;
        let actual = hashes.get(name).and_then(|hash| hash.as_str()).unwrap_or_default();
        if actual == expected {
            return found("ok");
        }
        let (verdict, why) = if input.mtime_ns() <= self.written_ns {
            (BIT_ROT, "its content changed, but not its time of change, which is before the manifest's")
        } else {
            (CHANGED, "its content and its time of change are newer than the manifest")
        };
        Err(Failure::Failed(FailReason::Recipe, format!("{verdict}: {why} ({name} {actual}, not {expected})")))
    }

    fn finish(&self, results: &mut ItemResults<'_>, outputs: &Outputs) -> anyhow::Result<()> {
        let mut counts = BTreeMap::<String, u64>::new();
        let mut lines = Vec::new();
        let mut seen = HashSet::new();
        for result in results {
            let ItemResult { path, result, failure, skip } = result?;
            // What is gone is reported below, as missing.
            if let Some(reason) = skip {
                if reason != SkipReason::Missing {
                    *counts.entry("not checked".to_owned()).or_default() += 1;
                    lines.push(format!("{path}\tnot checked: {}\n", reason.text()));
                    seen.insert(path);
                }
                continue;
            }
            let verdict = match &failure {
                Some(message) => {
                    let first = message.split(':').next().unwrap_or_default();
                    [BIT_ROT, CHANGED].into_iter().find(|word| *word == first).unwrap_or("failed")
                }
                None => result.get("verdict").and_then(|word| word.as_str()).unwrap_or("ok"),
            };
            *counts.entry(verdict.to_owned()).or_default() += 1;
            if let Some(message) = failure {
                lines.push(format!("{path}\t{message}\n"));
            } else if verdict == "new" {
                lines.push(format!("{path}\tnew: the manifest does not name it\n"));
            }
            seen.insert(path);
        }
        let missing: Vec<_> = self.missing.iter().filter(|path| !seen.contains(path)).collect();
        lines.extend(missing.iter().map(|path| format!("{path}\tmissing: the manifest names it\n")));
        counts.insert("missing".into(), missing.len() as u64);
        outputs.write("REPORT.txt", |file| {
            let counts: Vec<_> = counts.iter().map(|(verdict, count)| format!("{verdict} {count}")).collect();
            writeln!(file, "# {}: {}", self.manifest, counts.join(", "))?;
            lines.iter().try_for_each(|line| file.write_all(line.as_bytes()))?;
            Ok(())
        })?;
        if missing.is_empty() {
            return Ok(());
        }
        let named: Vec<_> = missing.iter().take(NAMED).map(|path| path.shown()).collect();
        let more = if missing.len() > NAMED { ", ..." } else { "" };
        let are =
            if missing.len() == 1 { "file that the manifest names is" } else { "files that the manifest names are" };
        anyhow::bail!("{} {are} missing: {}{more}", missing.len(), named.join(", "))
    }
}
