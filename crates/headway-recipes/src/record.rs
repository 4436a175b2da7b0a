//! A record of each file's size and modification time when a checksum job read it. It is stored beside the job's
//! manifest, under a name made from the manifest, so that a later *verify* with that manifest knows the state at that
//! time, and claims nothing more.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use serde_json::Value;

use super::hash::Hashes;
use super::manifest::{Algorithm, to_hex};
use headway_files::{DataFolder, KnownAs, Library, OpenFile, Outputs};
use headway_model::{JobId, RelPath};

/// Maximum size of a record in bytes: 5 million files at 100 bytes each.
const LIMIT_BYTES: u64 = 512 * 1024 * 1024;

/// The prefix of lines about disks. Lines about files begin with a number.
const DISK: &str = "disk ";

/// The id of a disk whose id could not be read.
const UNKNOWN: &str = "?";

/// The record of the files of one manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ManifestRecord {
    /// The algorithm of the manifest.
    pub(super) algorithm: Algorithm,
    /// The disks of the files: the mount point of each, and the id of its file system. Records of earlier
    /// versions have none.
    pub(super) disks: BTreeMap<RelPath, Option<u64>>,
    /// The size of each file in bytes, and when its content last changed, in nanoseconds since 1970.
    pub(super) seen: HashMap<RelPath, (u64, i64)>,
}

/// Builds the record of a job.
#[derive(Debug, Default)]
pub(super) struct Rows(String);

/// The result of a file: its checksums, and its size and time when it was read.
pub(super) fn result(input: &OpenFile, hashes: &Hashes) -> Value {
    let mut result = super::Settings::new();
    for (algorithm, hash) in hashes.iter() {
        result.insert(algorithm.name().into(), to_hex(hash).into());
    }
    result.insert("size".into(), input.size().into());
    result.insert("mtime_ns".into(), input.mtime_ns().into());
    result.into()
}

impl Rows {
    /// Adds a file from its result. Results of earlier versions do not contain the size and time.
    pub(super) fn add(&mut self, path: &RelPath, result: &Value) {
        let size = result.get("size").and_then(Value::as_u64);
        let time = result.get("mtime_ns").and_then(Value::as_i64);
        if let (Some(size), Some(time)) = (size, time) {
            // An encoded path has no line feed, and writing to a text cannot fail.
            let _ = writeln!(self.0, "{size} {time} {path}");
        }
    }

    /// Stores the record of this manifest.
    pub(super) fn keep(
        &self,
        outputs: &Outputs,
        library: &str,
        disks: &BTreeMap<RelPath, Option<u64>>,
        algorithm: Algorithm,
        manifest: &[u8],
    ) -> anyhow::Result<()> {
        outputs.write(&name(library, manifest), |file| {
            writeln!(file, "{}", algorithm.name())?;
            for (path, id) in disks {
                writeln!(file, "{DISK}{} {path}", id.map_or_else(|| UNKNOWN.to_owned(), |id| id.to_string()))?;
            }
            Ok(file.write_all(self.0.as_bytes())?)
        })
    }
}

impl ManifestRecord {
    /// The same record, with the paths that its files have in the library known by this name.
    fn in_library(self, known_as: &KnownAs) -> Self {
        let here = |path: RelPath| known_as.ours(&path);
        ManifestRecord {
            algorithm: self.algorithm,
            disks: self.disks.into_iter().filter_map(|(path, id)| Some((here(path)?, id))).collect(),
            seen: self.seen.into_iter().filter_map(|(path, seen)| Some((here(path)?, seen))).collect(),
        }
    }

    /// Whether the file of this path lay on a file system with this id.
    pub(super) fn was_on(&self, path: &RelPath, file_system: u64) -> bool {
        let above = path.ancestors();
        above.iter().rev().find_map(|above| self.disks.get(above)).is_some_and(|id| *id == Some(file_system))
    }
}

/// The record of a manifest that some job made of files of this library, under any name of the library. `None` if no
/// job did, or if its history was removed.
pub(super) fn find(data: &DataFolder, library: &Library, manifest: &[u8]) -> std::io::Result<Option<ManifestRecord>> {
    for known_as in data.known_as(library)? {
        let is_of = |maker: JobId| Ok((!data.is_of(&maker, &known_as, library)?, maker));
        let makers = data.keepers(&name(&known_as.library, manifest))?.into_iter().map(is_of);
        let mut makers = makers.collect::<std::io::Result<Vec<_>>>()?;
        // A manifest of the same content can have been made on several disks.
        makers.sort_by_key(|(is_elsewhere, _)| *is_elsewhere);
        for (_, maker) in makers {
            if let Some(record) = of(data, library, &maker, &known_as, manifest)? {
                return Ok(Some(record));
            }
        }
    }
    Ok(None)
}

/// The record of a manifest that this job made, and the folder of this library that the names in the manifest are relative
/// to; `None` if the job made it of files that are not in this library.
pub(super) fn of_job(
    data: &DataFolder,
    library: &Library,
    job: &JobId,
    manifest: &[u8],
) -> std::io::Result<Option<(ManifestRecord, RelPath)>> {
    for known_as in data.known_as(library)? {
        let record = of(data, library, job, &known_as, manifest)?;
        if let Some((record, folder)) = record.zip(known_as.ours(&RelPath::default())) {
            return Ok(Some((record, folder)));
        }
    }
    Ok(None)
}

/// The record that a job made of a manifest, if it gave its library this name. If the name belonged to another folder
/// then, it is not known on which disks the job saw the files.
fn of(
    data: &DataFolder,
    library: &Library,
    job: &JobId,
    known_as: &KnownAs,
    manifest: &[u8],
) -> std::io::Result<Option<ManifestRecord>> {
    let text = data.kept_of(job, &name(&known_as.library, manifest), LIMIT_BYTES)?;
    let Some(mut record) = text.and_then(|text| read(&String::from_utf8(text).ok()?)) else { return Ok(None) };
    if !data.is_of(job, known_as, library)? {
        record.disks.clear();
    }
    Ok(Some(record.in_library(known_as)))
}

/// The name of a manifest's record. It begins with a dot, so that the job does not offer it as an output.
fn name(library: &str, manifest: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(library.as_bytes()).update(&[0]).update(manifest);
    format!(".seen-{}", hasher.finalize().to_hex())
}

/// Parses a record; `None` if it is not one.
fn read(text: &str) -> Option<ManifestRecord> {
    let (algorithm, rows) = text.split_once('\n')?;
    let (mut disks, mut seen) = (BTreeMap::new(), HashMap::new());
    for row in rows.lines() {
        if let Some((id, path)) = row.strip_prefix(DISK).and_then(|disk| disk.split_once(' ')) {
            let path = if path.is_empty() { RelPath::default() } else { path.parse().ok()? };
            disks.insert(path, if id == UNKNOWN { None } else { Some(id.parse().ok()?) });
            continue;
        }
        let (size, rest) = row.split_once(' ')?;
        let (time, path) = rest.split_once(' ')?;
        seen.insert(path.parse().ok()?, (size.parse().ok()?, time.parse().ok()?));
    }
    Some(ManifestRecord { algorithm: Algorithm::of_name(algorithm)?, disks, seen })
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_files::Ground;
    use serde_json::json;

    #[test]
    fn what_is_kept_is_found_by_the_manifest_and_by_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(folder.path(), &[]).expect("a data folder");
        let job = JobId::mint(1, [1; 10]);
        let outputs = data.outputs(&job);
        let path = RelPath::from_bytes(b"a b\nc").expect("a path");
        let mut rows = Rows::default();
        rows.add(&path, &json!({ "size": 7, "mtime_ns": -5 }));
        rows.add(&RelPath::default(), &json!({ "blake3": "00" }));
        let [usb, unseen] = ["usb", "unseen"].map(|path| path.parse().expect("a path"));
        let disks = BTreeMap::from([(RelPath::default(), Some(7)), (usb, Some(8)), (unseen, None)]);
        let library = |name: &str| Library::open(name, folder.path()).expect("a library");
        data.keep_ground(&job, "photos", &Ground::new(library("photos").identity().expect("a folder")));
        let find = |name: &str, manifest: &[u8]| find(&data, &library(name), manifest);
        rows.keep(&outputs, "photos", &disks, Algorithm::Blake3, b"manifest").expect("kept");
        let found = find("photos", b"manifest").expect("readable").expect("found");
        let was_on = |path: &str| [7, 8].map(|id| found.was_on(&path.parse().expect("a path"), id));
        assert_eq!([was_on("a"), was_on("usb2"), was_on("usb/a")], [[true, false], [true, false], [false, true]]);
        assert_eq!(was_on("unseen/a"), [false; 2]);
        let seen = HashMap::from([(path, (7, -5))]);
        // The name belongs to another folder now.
        let elsewhere = tempfile::tempdir().expect("a folder");
        let other = Library::open("photos", elsewhere.path()).expect("a library");
        let copied = super::find(&data, &other, b"manifest").expect("readable").expect("found");
        assert!(copied.disks.is_empty() && copied.seen == seen, "{copied:?}");
        assert_eq!(found, ManifestRecord { algorithm: Algorithm::Blake3, disks, seen });
        let earlier = read("sha256\n7 5 a\n").expect("a record");
        assert!(!earlier.was_on(&"a".parse().expect("a path"), 0), "that was not kept");
        assert_eq!(find("photos", b"manifest2").expect("readable"), None);
        assert_eq!(find("videos", b"manifest").expect("readable"), None);
        assert_eq!(outputs.names().expect("a folder"), Vec::<String>::new());
    }
}
