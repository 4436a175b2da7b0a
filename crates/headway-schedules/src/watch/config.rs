//! The sections `[[watch]]` of `headway.toml`.

use std::path::Path;
use std::time::Duration;

use headway_model::RelPath;
use headway_model::text::{WrongAt, invalid_name};
use serde::{Deserialize, Serialize};
use toml::{Spanned, Value};

use crate::sections::all_right;

/// For how long a file must be unchanged by default.
const QUIET: Duration = Duration::from_secs(10);

/// How often the folder is listed by default.
const EVERY: Duration = Duration::from_secs(30);

/// The shortest of both times.
const SHORTEST: Duration = Duration::from_millis(100);

/// A folder whose new files a preset processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderWatch {
    /// Its name: letters, digits, `-` and `_`. By default the name of the preset.
    pub name: String,
    /// The preset that runs.
    pub preset: String,
    /// The library; by default that of the preset.
    pub library: Option<String>,
    /// The folder in the library; by default that of the preset.
    pub folder: Option<RelPath>,
    /// For how long a file must be unchanged, while the server runs.
    pub quiet: Duration,
    /// How often the folder is listed.
    pub every: Duration,
    /// What happens to files that are in the folder when it is watched for the first time.
    pub existing: ExistingFiles,
    /// Disks inside the library whose absence is accepted, by their mount points: it is no problem of the watch.
    pub without: Vec<RelPath>,
    /// Whether the files of any disk are processed that is in the place of another one.
    pub other_disks: bool,
}

/// Where a watch works and with which preset, as its section says it. Two watches at one place would refuse to work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WatchedPlace {
    preset: String,
    library: Option<String>,
    folder: Option<RelPath>,
}

/// What happens to files that are in a folder when it is watched for the first time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExistingFiles {
    /// They are processed, as new files are.
    #[default]
    Process,
    /// They are left alone until they change.
    Skip,
}

/// The file as far as it is read here.
#[derive(Deserialize)]
struct WatchSections {
    #[serde(default)]
    watch: Vec<Spanned<WatchSection>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WatchSection {
    name: Option<Spanned<String>>,
    preset: Spanned<String>,
    library: Option<String>,
    folder: Option<Spanned<String>>,
    quiet: Option<Spanned<String>>,
    every: Option<Spanned<String>>,
    #[serde(default)]
    existing: ExistingFiles,
    #[serde(default)]
    without: Vec<Spanned<String>>,
    #[serde(default)]
    other_disks: bool,
}

/// Reads the watched folders of a file. Blocking.
///
/// # Errors
/// Everything that is wrong with them, each in a line with its place.
pub fn read(path: &Path) -> Result<Vec<FolderWatch>, String> {
    let text = headway_files::named_file::read_text(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let file: WatchSections = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let sections = file.watch.into_iter().map(|section| (section.span().start, section.into_inner().watch()));
    all_right((path, &text), ("watch", "watched folders"), sections, |watch| &watch.name)
}

impl WatchSection {
    fn watch(self) -> Result<FolderWatch, Vec<WrongAt>> {
        let mut wrong = Vec::new();
        let name = self.name.as_ref().unwrap_or(&self.preset);
        if let Some(why) = invalid_name(name.get_ref()) {
            wrong.push((name.span().start, why));
        }
        let name = name.get_ref().clone();
        let folder =
            self.folder.as_ref().map(|path| self::folder("folder", path)).transpose().map_err(|why| wrong.push(why));
        let quiet = time("quiet", self.quiet.as_ref(), QUIET).map_err(|why| wrong.push(why));
        let every = time("every", self.every.as_ref(), EVERY).map_err(|why| wrong.push(why));
        let mut without = Vec::new();
        for path in &self.without {
            match self::folder("without", path) {
                Ok(path) => without.push(path),
                Err(why) => wrong.push(why),
            }
        }
        match (folder, quiet, every) {
            (Ok(folder), Ok(quiet), Ok(every)) if wrong.is_empty() => Ok(FolderWatch {
                name,
                preset: self.preset.into_inner(),
                library: self.library,
                folder,
                quiet,
                every,
                existing: self.existing,
                without,
                other_disks: self.other_disks,
            }),
            _ => Err(wrong),
        }
    }
}

fn folder(key: &str, text: &Spanned<String>) -> Result<RelPath, WrongAt> {
    let below = text.get_ref().trim_end_matches('/');
    RelPath::from_bytes(below.as_bytes()).map_err(|why| (text.span().start, format!("{key} {below:?}: {why}")))
}

fn time(key: &str, text: Option<&Spanned<String>>, default: Duration) -> Result<Duration, WrongAt> {
    let Some(text) = text else { return Ok(default) };
    let time = humantime::parse_duration(text.get_ref()).ok().filter(|time| *time >= SHORTEST);
    let why = || format!("invalid {key} {:?}; write it as \"10s\" or \"5min\", at least \"100ms\"", text.get_ref());
    time.ok_or_else(|| (text.span().start, why()))
}

impl FolderWatch {
    /// Where it works.
    pub(super) fn place(&self) -> WatchedPlace {
        let FolderWatch { preset, library, folder, .. } = self;
        WatchedPlace { preset: preset.clone(), library: library.clone(), folder: folder.clone() }
    }

    /// The lines of its section, with all defaults.
    pub fn section(&self) -> Vec<String> {
        let time = |time: Duration| humantime::format_duration(time).to_string();
        let existing = match self.existing {
            ExistingFiles::Process => "process",
            ExistingFiles::Skip => "skip",
        };
        let values = [
            ("name", Some(self.name.clone())),
            ("preset", Some(self.preset.clone())),
            ("library", self.library.clone()),
            ("folder", self.folder.as_ref().map(RelPath::shown)),
            ("quiet", Some(time(self.quiet))),
            ("every", Some(time(self.every))),
            ("existing", Some(existing.to_owned())),
        ];
        let line = |(key, value): (&str, Option<String>)| match value {
            Some(value) => format!("{key} = {}", Value::String(value)),
            None => format!("# {key} =  # as in the preset"),
        };
        let without = Value::Array(self.without.iter().map(|path| Value::String(path.shown())).collect());
        let lines = std::iter::once("[[watch]]".to_owned()).chain(values.into_iter().map(line));
        lines.chain([format!("without = {without}"), format!("other_disks = {}", self.other_disks)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<FolderWatch>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("headway.toml");
        std::fs::write(&file, text).expect("a file");
        read(&file).map_err(|why| why.replace(&format!("{}/", folder.path().display()), ""))
    }

    #[test]
    fn a_watch_is_called_like_its_preset_and_has_defaults() {
        let watches = parsed(
            "[[watch]]\npreset = \"small\"\n\
             [[watch]]\nname = \"scans\"\npreset = \"small\"\nlibrary = \"photos\"\nfolder = \"in/scans/\"\n\
             quiet = \"1min\"\nevery = \"5min\"\nexisting = \"skip\"\nwithout = [\"in/scans/usb/\"]\n\
             other_disks = true\n",
        )
        .expect("watches");
        let small = &watches[0];
        assert_eq!((small.name.as_str(), small.quiet, small.every), ("small", QUIET, EVERY));
        assert_eq!((&small.library, &small.folder, small.existing), (&None, &None, ExistingFiles::Process));
        let scans = &watches[1];
        assert_eq!(scans.folder.as_ref().map(RelPath::as_str), Some("in/scans"));
        assert_eq!((scans.quiet, scans.every), (Duration::from_secs(60), Duration::from_secs(300)));
        assert_eq!(scans.existing, ExistingFiles::Skip);
        assert_eq!(scans.without.iter().map(RelPath::as_str).collect::<Vec<_>>(), ["in/scans/usb"]);
        assert_eq!((small.other_disks, scans.other_disks), (false, true));
        let text = scans.section().join("\n");
        assert_eq!(parsed(&text).expect("the same"), std::slice::from_ref(scans), "{text}");
    }

    #[test]
    fn all_errors_are_reported_at_once_with_their_place() {
        let wrong = parsed(
            "[[watch]]\npreset = \"a b\"\nquiet = \"soon\"\n\
             [[watch]]\npreset = \"c\"\nfolder = \"/etc\"\nevery = \"0s\"\n\
             [[watch]]\npreset = \"d\"\n[[watch]]\npreset = \"d\"\n",
        )
        .expect_err("errors");
        for (number, start) in [
            "2:10: watch: invalid name \"a b\"",
            "3:9: watch: invalid quiet \"soon\"",
            "6:10: watch: folder \"/etc\": the path is absolute",
            "7:9: watch: invalid every \"0s\"",
            "10:1: watch: two watched folders are called \"d\"",
        ]
        .into_iter()
        .enumerate()
        {
            let line = wrong.lines().nth(number).unwrap_or_default();
            assert!(line.starts_with(&format!("headway.toml:{start}")), "{line}\n{wrong}");
        }
        assert_eq!(wrong.lines().count(), 5, "{wrong}");
    }
}
