//! Tests a whole archive: first its directory, so that a malicious archive is not unpacked, then every entry.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use super::super::Failure;
use super::super::source::Source;
use super::directory::{Directory, DirectoryRecord};
use super::entry::{EntryOutcome, UnpackBudget, read};
use super::faults::ArchiveFaults;
use super::name::{danger, shown};
use headway_model::event::cut;
use headway_model::text;

/// Archives with more entries are not tested, because the test keeps 32 bytes for each entry.
const ENTRIES_LIMIT: u64 = 1_000_000;

/// Up to this total size, an archive may unpack to any multiple of its size.
const RATIO_FROM: u64 = 100 << 20;

/// How much an archive may unpack to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnpackLimits {
    /// The total size in bytes.
    pub(crate) total: u64,
    /// The total size as a multiple of the archive's size.
    pub(crate) ratio: u64,
}

/// A sound archive.
#[derive(Debug, Default)]
pub(crate) struct Tested {
    entries: u64,
    unpacked: u64,
    /// How many entries could not be checked, by reason.
    pub(crate) unchecked: BTreeMap<String, u64>,
    notes: Vec<String>,
}

impl Tested {
    /// Describes what could not be checked.
    pub(crate) fn not_checked(&self) -> String {
        let each = self.unchecked.iter().map(|(why, count)| format!("{count} {why}"));
        cut(&each.collect::<Vec<_>>().join(", "), 200)
    }

    /// The result of the item.
    pub(crate) fn result(&self) -> Value {
        let checked = self.entries - self.unchecked.values().sum::<u64>();
        let verdict = match (self.unchecked.is_empty(), checked) {
            (true, _) => "ok",
            (false, 0) => "not checked",
            (false, _) => "ok as far as checked",
        };
        let mut result = json!({ "verdict": verdict, "entries": self.entries, "unpacked": self.unpacked });
        if !self.unchecked.is_empty() {
            result["unchecked"] = self.not_checked().into();
        }
        if !self.notes.is_empty() {
            result["notes"] = self.notes.join("; ").into();
        }
        result
    }
}

/// Tests an archive.
///
/// # Errors
/// A sentence that says what is wrong with the archive, or why that cannot be found out.
pub(crate) fn test(source: &Source<'_>, limits: UnpackLimits) -> Result<Tested, Failure> {
    let mut directory = Directory::find(source)?;
    let mut survey = Survey::default();
    directory.each(|_, entry| survey.add(source, entry))?;
    let (mut tested, mut faults) = survey.check(source, &directory, limits)?;
    let is_spent = |unpacked: u64| limit(unpacked, source.size(), limits);
    let mut budget = UnpackBudget { unpacked: 0, is_spent: &is_spent };
    let mut unchecked = BTreeMap::new();
    let mut counted = 0;
    directory.each(|directory, entry| {
        match read(source, directory, &entry, &mut budget)? {
            EntryOutcome::Whole => {}
            EntryOutcome::Unchecked(why) => *unchecked.entry(why).or_default() += 1,
            EntryOutcome::Faulty(why) => faults.add(why),
        }
        // Progress through the file. Bytes between the entries do not matter.
        let up_to = (counted + entry.packed).min(source.size());
        source.advance(up_to - counted);
        counted = up_to;
        Ok(())
    })?;
    tested.unchecked = unchecked;
    tested.unpacked = budget.unpacked;
    match faults.sentence() {
        Some(faults) => Err(source.failure(&faults)),
        None => Ok(tested),
    }
}

/// Why no more may be unpacked; `None` while the limits are not reached.
fn limit(unpacked: u64, size: u64, limits: UnpackLimits) -> Option<String> {
    if unpacked > limits.total {
        return Some(format!("it unpacks to more than {} GiB, the limit that was set", limits.total >> 30));
    }
    let is_bomb = unpacked > RATIO_FROM && unpacked / limits.ratio > size;
    is_bomb.then(|| format!("it unpacks to more than {} times its size, the limit that was set", limits.ratio))
}

/// What follows from the directory alone.
#[derive(Default)]
struct Survey {
    entries: u64,
    links: u64,
    backslashes: u64,
    repeated: u64,
    first: u64,
    unpacked: u64,
    /// Size of the directory in bytes.
    directory: u64,
    names: HashSet<u64>,
    /// Where each entry begins, and where it ends at the earliest: its local header can only make it longer.
    spans: Vec<(u64, u64)>,
    begins_with_mimetype: bool,
    faults: ArchiveFaults,
}

/// Size of the fixed part of an entry's local header.
const HEADER: u64 = 30;

impl Survey {
    fn add(&mut self, source: &Source<'_>, entry: DirectoryRecord) -> Result<(), Failure> {
        if self.entries == ENTRIES_LIMIT {
            return Err(source.failure(&format!("it has more than {ENTRIES_LIMIT} entries, which are not tested")));
        }
        if source.attempt().is_stopped() {
            return Err(Failure::Stopped);
        }
        if self.entries == 0 {
            self.first = entry.header_at;
            let is_plain = entry.method == rawzip::CompressionMethod::STORE;
            self.begins_with_mimetype = entry.name == b"mimetype" && is_plain;
        }
        self.entries += 1;
        self.directory += entry.record;
        self.first = self.first.min(entry.header_at);
        self.links += u64::from(entry.is_link);
        self.backslashes += u64::from(entry.name.contains(&b'\\'));
        let hash = blake3::hash(&entry.name);
        let hash = hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        self.repeated += u64::from(!self.names.insert(hash));
        self.unpacked = self.unpacked.saturating_add(entry.unpacked);
        if let Some(danger) = danger(&entry.name) {
            self.faults.add(format!("{} must not be unpacked: {danger}", shown(&entry.name)));
        }
        let end = entry.header_at.saturating_add(HEADER + entry.name.len() as u64).saturating_add(entry.packed);
        if end > source.size() {
            self.faults.add(format!("{} goes beyond the end: the archive is cut off or damaged", shown(&entry.name)));
        }
        if entry.is_folder && entry.unpacked > 0 {
            self.faults.add(format!("{} is a folder with content", shown(&entry.name)));
        }
        self.spans.push((entry.header_at, end));
        Ok(())
    }

    /// Checks the directory before anything is unpacked; an error if nothing should be unpacked.
    fn check(
        mut self,
        source: &Source<'_>,
        directory: &Directory<'_, '_>,
        limits: UnpackLimits,
    ) -> Result<(Tested, ArchiveFaults), Failure> {
        let archive = &directory.archive;
        // Some writers let the 16-bit count wrap around at 65,536.
        let stated = archive.entries_hint();
        if stated != self.entries && stated != self.entries & 0xffff {
            self.faults
                .add(format!("its end says that it has {stated} entries, and its directory has {}", self.entries));
        }
        if let Some(stated) = directory.stated_size().filter(|stated| *stated != self.directory) {
            let stated = text::counted(stated, ',', "byte", "bytes");
            let found = text::grouped(self.directory, ',');
            self.faults.add(format!("its end says that its directory has {stated}, and it has {found}"));
        }
        self.spans.sort_unstable();
        if self.spans.windows(2).any(|pair| pair[0].1 > pair[1].0) {
            return Err(source.failure("entries overlap, as in a zip bomb"));
        }
        if let Some(why) = limit(self.unpacked, source.size(), limits) {
            return Err(source.failure(&why));
        }
        let mut notes = Vec::new();
        let mut note = |count: u64, one: &str, many: &str| {
            if count > 0 {
                notes.push(text::counted(count, ',', one, many));
            }
        };
        note(self.links, "symbolic link", "symbolic links");
        note(self.repeated, "name is there twice", "names are there more than once");
        note(self.backslashes, "name has a backslash", "names have a backslash");
        let before = if self.entries == 0 { 0 } else { self.first };
        note(before, "byte stands before it", "bytes stand before it");
        let behind = source.size().saturating_sub(archive.end_offset());
        note(behind, "byte follows its end", "bytes follow its end");
        let is_epub = source.attempt().path.name().to_ascii_lowercase().ends_with(".epub");
        if is_epub && !self.begins_with_mimetype {
            notes.push("its first entry is not mimetype, uncompressed, as an epub wants".into());
        }
        Ok((Tested { entries: self.entries, notes, ..Tested::default() }, self.faults))
    }
}
