//! Helpers for the recipes' own tests: an attempt on given bytes, and randomly damaged bytes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::source::Source;
use super::{Attempt, Failure};
use headway_files::{Library, OpenFile};
use headway_model::{FailReason, JobId, PlannedFile, RelPath};

/// A library with one file, and an attempt on it.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    library: Library,
    pub(crate) path: RelPath,
}

impl Bench {
    /// A library with a file of this name.
    pub(crate) fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        Bench { folder, library, path: name.parse().expect("a path") }
    }

    /// Calls `look` with a file that has this content.
    pub(crate) fn on<T>(&self, bytes: &[u8], look: impl FnOnce(&Source<'_>) -> T) -> T {
        std::fs::write(self.folder.path().join(self.path.as_str()), bytes).expect("a file");
        let input = self.open();
        let attempt = Attempt::new(JobId::mint(1, [1; 10]), 0, 1, self.path.clone(), bytes.len() as u64);
        look(&Source::new(&input, &attempt).expect("a file"))
    }

    fn open(&self) -> OpenFile {
        self.library.open_file(&PlannedFile::not_seen(self.path.clone())).expect("a file")
    }
}

/// Damages bytes repeatedly, from a fixed seed, and calls `look` with each result. It must return, and an error must
/// be a sentence.
pub(crate) fn damaged<T>(name: &str, sound: &[u8], times: u32, look: impl Fn(&Source<'_>) -> Result<T, Failure>) {
    let bench = Bench::new(name);
    damaged_by(sound, times, |bytes| bench.on(bytes, &look));
}

/// Damages bytes repeatedly, for functions that take bytes.
pub(crate) fn damaged_by<T>(sound: &[u8], times: u32, look: impl Fn(&[u8]) -> Result<T, Failure>) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for turn in turns(times) {
        let mut bytes = sound.to_vec();
        for _ in 0..=random.below(4) {
            random.damage(&mut bytes);
        }
        check_sentence(&turn.to_string(), look(&bytes));
    }
}

/// The turns of something that is repeated: for so many seconds if `HEADWAY_FUZZ` is such as `60s`, otherwise as many as
/// [`repetitions`] says.
fn turns(default: u32) -> impl Iterator<Item = u32> {
    let asked = std::env::var("HEADWAY_FUZZ").unwrap_or_default();
    let seconds = asked.strip_suffix('s').and_then(|number| number.parse::<u64>().ok()).map(Duration::from_secs);
    let (count, begun) = (if seconds.is_some() { u32::MAX } else { repetitions(default) }, Instant::now());
    (0..count).take_while(move |_| seconds.is_none_or(|limit| begun.elapsed() < limit))
}

/// How often something is repeated: `HEADWAY_FUZZ` times, otherwise a default that `HEADWAY_EFFORT` scales, in percent.
fn repetitions(default: u32) -> u32 {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let scaled = || u64::from(default) * u64::from(number("HEADWAY_EFFORT").unwrap_or(100)) / 100;
    number("HEADWAY_FUZZ").unwrap_or_else(|| u32::try_from(scaled()).unwrap_or(u32::MAX).max(1))
}

/// Checks that a result is a success, a skip, or a failure with a sentence.
fn check_sentence<T>(of: &str, result: Result<T, Failure>) {
    match result {
        Ok(_) | Err(Failure::Skipped(_)) => {}
        Err(Failure::Failed(FailReason::Recipe, text)) => {
            assert!(!text.is_empty() && text.len() <= 500, "{of}: {text}");
            assert!(is_plain(&text), "{of}: words of a decoder: {text}");
        }
        Err(other) => panic!("{of}: {other:?}"),
    }
}

/// The small files of the repository with these extensions, each with its name.
pub(crate) fn corpus(extensions: &[&str]) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/corpus");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the corpus") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|own| extensions.iter().any(|one| own == *one)) {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            found.push((name, std::fs::read(&path).expect("a file")));
        }
    }
    found.sort();
    assert!(extensions.iter().all(|one| found.iter().any(|(name, _)| name.ends_with(one))), "{extensions:?}");
    found
}

/// Calls `look` with the name and the bytes of files made from the corpus: cut off, damaged, and with the beginning of
/// another file. It must return, and an error must be a sentence.
pub(crate) fn damaged_corpus<T>(extensions: &[&str], look: impl Fn(&str, &[u8]) -> Result<T, Failure>) {
    let files = corpus(extensions);
    for (name, sound) in &files {
        for length in (0..sound.len()).step_by((sound.len() / 40).max(1)) {
            check_sentence(&format!("{name}, {length} bytes"), look(name, &sound[..length]));
        }
        for (other, begin) in &files {
            for length in [8, 32, sound.len() / 2].map(|length| length.min(begin.len()).min(sound.len())) {
                let bytes = [&begin[..length], &sound[length..]].concat();
                check_sentence(&format!("{name} with {length} bytes of {other}"), look(name, &bytes));
            }
        }
        damaged_by(sound, 40, |bytes| look(name, bytes));
    }
}

/// Whether a message has none of the words that decoders use about themselves and their programs.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 13] = [
        "rror",
        "EOF",
        "I/O",
        "nvalid",
        "xpected",
        "uffer",
        "ailed",
        "orrupt",
        "uffman",
        "Some(",
        "None",
        "eflate",
        "nsupported",
    ];
    !WORDS.iter().any(|word| text.contains(word))
}

/// Bytes that were damaged in each of five ways at each of eleven places, with a word on how.
pub(crate) fn damaged_at_places(sound: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut damaged = Vec::new();
    for part in 1..12 {
        let at = sound.len() * part / 12;
        let (before, rest) = sound.split_at(at);
        let after = |count: usize| &rest[count.min(rest.len())..];
        let zeros = vec![0; rest.len().min(64)];
        let ways = [
            ("cut off", before.to_vec()),
            ("a bit is flipped", [before, &[rest[0] ^ 0x10], after(1)].concat()),
            ("zeros", [before, &zeros, after(64)].concat()),
            ("a piece is missing", [before, after(50)].concat()),
            ("a piece is too much", [before, &b"garbage!".repeat(8), rest].concat()),
        ];
        damaged.extend(ways.map(|(way, bytes)| (format!("{way} at byte {at}"), bytes)));
    }
    damaged
}

/// The files with these extensions that `./test` fetched, in order; if there are none, prints that and returns
/// `None`.
pub(crate) fn real_files(extensions: &[&str]) -> Option<Vec<PathBuf>> {
    fetched("HEADWAY_FILES", extensions)
}

/// The same for the data of Python packages that read sound and documents, many of which are odd or damaged.
pub(crate) fn media_files(extensions: &[&str]) -> Option<Vec<PathBuf>> {
    fetched("HEADWAY_MEDIA", extensions)
}

/// The files with these extensions below the folder that this variable names.
fn fetched(variable: &str, extensions: &[&str]) -> Option<Vec<PathBuf>> {
    let Some(root) = std::env::var_os(variable) else {
        println!("not run: {variable} names no folder with the files that ./test fetches");
        return None;
    };
    let (mut found, mut folders) = (Vec::new(), vec![PathBuf::from(root)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let (path, kind) = (entry.path(), entry.file_type().expect("a type"));
            let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && extensions.iter().any(|one| extension == *one) {
                found.push(path);
            }
        }
    }
    found.sort();
    Some(found)
}

/// Whether this program is installed; prints a line if it is not.
pub(crate) fn tool(name: &str) -> bool {
    let found =
        Command::new("sh").args(["-c", "command -v \"$1\"", "sh", name]).output().expect("a shell").status.success();
    if !found {
        println!("not run: there is no {name}");
    }
    found
}

/// A random generator: `xorshift64*` (Vigna 2016).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// Damages bytes: flips a bit, changes a byte or a number, truncates, or removes or repeats a piece.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        const ODD: [u32; 6] = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
        if bytes.is_empty() {
            return;
        }
        let at = self.below(bytes.len());
        let end = (at + 1 + self.below(64)).min(bytes.len());
        match self.below(7) {
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes[at] = self.next() as u8,
            2 => {
                let odd = ODD[self.below(ODD.len())].to_le_bytes();
                bytes.iter_mut().skip(at).zip(odd).for_each(|(byte, odd)| *byte = odd);
            }
            3 => {
                let odd = ODD[self.below(ODD.len())].to_be_bytes();
                bytes.iter_mut().skip(at).zip(odd).for_each(|(byte, odd)| *byte = odd);
            }
            4 => bytes.truncate(at),
            5 => drop(bytes.drain(at..end)),
            _ => {
                let piece = bytes[at..end].to_vec();
                let to = self.below(bytes.len());
                bytes.splice(to..to, piece);
            }
        }
    }
}
