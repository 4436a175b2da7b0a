//! Which files of a plan can have a duplicate at all: those whose size another one has, and of large ones those whose two ends another
//! one has too. So most large files are never read to their end.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use crate::source::Source;
use crate::{Attempt, Failure, Library, Plan};
use headway_model::{PlannedFile, RelPath};

/// Files of at least so many bytes are told apart by their ends before they are read whole. Of smaller ones that gains nothing.
const LARGE: u64 = 1 << 20;

/// So many bytes are looked at on each end.
const END: usize = 16 * 1024;

/// The files of a plan, by their sizes.
#[derive(Default)]
pub(super) struct Sizes(Mutex<KnownSizes>);

#[derive(Default)]
struct KnownSizes {
    counts: HashMap<u64, u32>,
    /// Large files.
    large: HashMap<u64, Vec<RelPath>>,
    /// How many files have which ends, once somebody asked.
    ends: HashMap<u64, Arc<OnceLock<Option<Ends>>>>,
    /// Whether this process made the whole plan. Otherwise nothing is concluded.
    is_whole: bool,
}

/// How many files of one size have which ends, hashed together.
type Ends = HashMap<blake3::Hash, u32>;

impl Sizes {
    pub(super) fn plan(&self, plan: Plan<'_>) {
        let mut known = self.0.lock();
        match plan {
            Plan::Begins => *known = KnownSizes::default(),
            Plan::File(file) => {
                *known.counts.entry(file.size).or_default() += 1;
                if file.size >= LARGE {
                    known.large.entry(file.size).or_default().push(file.path.clone());
                }
            }
            Plan::Ends => {
                known.large.retain(|_, paths| paths.len() > 1);
                known.is_whole = true;
            }
        }
    }

    /// Whether it is known that no other file of the plan can have the content of this one.
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
        // One that cannot be read now can be like any other.
        let Some(all) = all else { return Ok(false) };
        Ok(all.get(&ends_of(source)?) == Some(&1))
    }
}

/// The ends of all these files; `None` if those of one of them cannot be read.
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
    let mut ends = vec![0; 2 * END];
    let (head, tail) = ends.split_at_mut(END);
    source.exact(0, head)?;
    source.exact(source.size().saturating_sub(END as u64), tail)?;
    Ok(blake3::hash(&ends))
}
