//! Finds the files of a plan that can have a duplicate at all: another file must have the same size and, for large
//! files, the same bytes at both ends. So most large files are never read completely.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use crate::source::Source;
use crate::{Attempt, Failure, Library, Plan};
use headway_model::{PlannedFile, RelPath};

/// From this size on, in bytes, files are first compared by their ends. For smaller files that gains nothing.
const LARGE_BYTES: u64 = 1 << 20;

/// How many bytes are read at each end.
const END_BYTES: usize = 16 * 1024;

/// The files of a plan, by size.
#[derive(Default)]
pub(super) struct Sizes(Mutex<KnownSizes>);

#[derive(Default)]
struct KnownSizes {
    counts: HashMap<u64, u32>,
    /// Large files, by size.
    large: HashMap<u64, Vec<RelPath>>,
    /// For each size, how many files have which ends. Computed when first needed.
    ends: HashMap<u64, Arc<OnceLock<Option<Ends>>>>,
    /// Whether this process has seen the whole plan. Otherwise no file can be excluded.
    is_whole: bool,
}

/// How many files of one size have which ends. The key is the hash of both ends.
type Ends = HashMap<blake3::Hash, u32>;

impl Sizes {
    pub(super) fn plan(&self, plan: Plan<'_>) {
        let mut known = self.0.lock();
        match plan {
            Plan::Begins => *known = KnownSizes::default(),
            Plan::File(file) => {
                *known.counts.entry(file.size).or_default() += 1;
                if file.size >= LARGE_BYTES {
                    known.large.entry(file.size).or_default().push(file.path.clone());
                }
            }
            Plan::Ends => {
                known.large.retain(|_, paths| paths.len() > 1);
                known.is_whole = true;
            }
        }
    }

    /// Whether it is certain that no other file of the plan has the content of this one.
    pub(super) fn is_only_one(&self, library: &Library, source: &Source<'_>) -> Result<bool, Failure> {
        let size = source.size();
        let (paths, ends) = {
            let mut known = self.0.lock();
            if !known.is_whole {
                return Ok(false);
            }
            if known.counts.get(&size) == Some(&1) {
                return Ok(true);
            }
            let Some(paths) = known.large.get(&size).cloned() else { return Ok(false) };
            (paths, Arc::clone(known.ends.entry(size).or_default()))
        };
        let all = ends.get_or_init(|| all_ends(library, &paths, source.attempt()));
        // A file that cannot be read now could equal any other.
        let Some(all) = all else { return Ok(false) };
        Ok(all.get(&ends_of(source)?) == Some(&1))
    }
}

/// The ends of all these files; `None` if those of any of them cannot be read.
fn all_ends(library: &Library, paths: &[RelPath], attempt: &Attempt) -> Option<Ends> {
    let mut all = Ends::new();
    for path in paths {
        let opened = library.open_file(&PlannedFile::not_seen(path.clone())).ok()?;
        let ends = Source::quiet(&opened, attempt).and_then(|source| ends_of(&source)).ok()?;
        *all.entry(ends).or_default() += 1;
    }
    Some(all)
}

fn ends_of(source: &Source<'_>) -> Result<blake3::Hash, Failure> {
    let mut ends = vec![0; 2 * END_BYTES];
    let (head, tail) = ends.split_at_mut(END_BYTES);
    source.exact(0, head)?;
    source.exact(source.size().saturating_sub(END_BYTES as u64), tail)?;
    Ok(blake3::hash(&ends))
}
