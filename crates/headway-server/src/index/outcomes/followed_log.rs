//! Reads the log from where the index stands, and records the outcomes of files.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::timeout;

use super::followed_job::{FollowedJob, made};
use super::touched::{runs, touched};
use crate::engine::LibraryList;
use headway_files::{DataFolder, Library, io_text};
use headway_model::id::Position;
use headway_model::item::ItemLabel;
use headway_model::{JobKind, RelPath, tried};
use headway_store::rows::JobRow;
use headway_store::{EventPages, FileIndex, ItemPages, LibraryFolders, Store, StoreError, Stored};

/// How long the disks inside a library are waited for.
const DISK_WAIT: Duration = Duration::from_secs(2);

/// Events read at a time.
const EVENTS_PER_READ: u32 = 2_000;

/// Items read at a time.
const ITEMS_PER_READ: u32 = 1_000;

/// What follows the log.
pub(super) struct FollowedLog {
    pub(super) files: Arc<FileIndex>,
    pub(super) store: Arc<dyn Store>,
    /// A weak reference, because the next server can need the folder before this one has noticed its own end.
    pub(super) data: Weak<DataFolder>,
    pub(super) libraries: LibraryList,
    /// The folders of these libraries for which outcomes are recorded.
    pub(super) folders: String,
    /// The disks inside libraries that this has looked at, by the library's name and the mount point.
    pub(super) looked_at: HashSet<(String, RelPath)>,
}

impl FollowedLog {
    /// Forgets the outcomes of other libraries than these, and of these in other folders, if any were recorded.
    pub(super) async fn begin(&mut self) {
        self.look_at_new_disks().await;
        let folders = folders_of(&self.libraries);
        if folders == self.folders {
            return;
        }
        match self.files.follow_for(&folders).await {
            Ok(()) => self.folders = folders,
            Err(error) => tracing::warn!(%error, "the outcomes that the index has might be those of other folders"),
        }
    }

    /// Looks once at each disk inside a library that no scan has looked at yet, for a short time at most.
    async fn look_at_new_disks(&mut self) {
        for library in self.libraries.iter() {
            let (mounted, seen) = (library.mounted().unwrap_or_default(), library.seen_disks());
            let unseen = mounted.into_keys().filter(|mount| !seen.contains_key(mount));
            let new: Vec<_> =
                unseen.filter(|mount| self.looked_at.insert((library.name.clone(), mount.clone()))).collect();
            if !new.is_empty() {
                let library = Arc::clone(library);
                let look = tokio::task::spawn_blocking(move || library.look_at_disks(&RelPath::default(), true));
                timeout(DISK_WAIT, look).await.ok();
            }
        }
    }

    /// Records the outcomes up to this position. Adds the folders in which jobs have changed something, or had files that no
    /// scan has seen.
    pub(super) async fn catch_up(&self, up_to: Position, changed: &mut LibraryFolders) -> Stored<()> {
        let (files, store) = (&self.files, &*self.store);
        let mut after = files.position().await?;
        // The log was restored to an earlier state, so it is read from its beginning.
        if after > up_to {
            after = 0;
        }
        let mut jobs: HashMap<u64, FollowedJob> = HashMap::new();
        let mut pages = EventPages::all(store, up_to, EVENTS_PER_READ).after(after);
        while let Some(page) = pages.next().await? {
            let mut ended = Vec::new();
            for (job_no, (job, items)) in touched(&page) {
                let followed = match jobs.get(&job_no) {
                    Some(known) => known,
                    None => {
                        let row = self.store.job(job).await?;
                        let followed = match row {
                            Some(row) => Some(self.job(row).await?),
                            None => None,
                        };
                        &*jobs.entry(job_no).or_insert(followed.unwrap_or_default())
                    }
                };
                if followed.libraries.is_empty() {
                    continue;
                }
                for (from, count) in runs(&items) {
                    let rows = store.items(job_no, from, count, None).await?;
                    let rows =
                        rows.into_iter().filter(|row| items.contains(&row.item) && row.state.status.is_outcome());
                    for row in rows {
                        followed.add(job, row, &mut ended, changed);
                    }
                }
            }
            changed.extend(files.end(ended, pages.position()).await?);
        }
        // Removed histories have no events, so the last position can be lower than the head.
        if pages.position() < up_to {
            files.end(Vec::new(), up_to).await?;
        }
        Ok(())
    }

    async fn job(&self, row: JobRow) -> Stored<FollowedJob> {
        let data = self.data.upgrade().ok_or_else(|| StoreError::new("the server has ended"))?;
        let (job, of, among) = (row.summary.job, row.library.clone(), Arc::clone(&self.libraries));
        let look = move || {
            let mut seen = Vec::new();
            for (library, name) in data.libraries_of(&of, &among)? {
                let same = data.same_files(&job, &name, library)?;
                seen.extend(same.can_have_root().then(|| (library.name.clone(), name, same)));
            }
            Ok::<_, std::io::Error>(seen)
        };
        let libraries = tokio::task::spawn_blocking(look).await.map_err(|error| StoreError::new(error.to_string()))?;
        let unread = |error: std::io::Error| {
            StoreError::new(format!("what is known of the libraries cannot be read: {}", io_text(&error)))
        };
        let libraries = libraries.map_err(unread)?;
        let tried = tried(&row.summary.recipe, row.work);
        let (made_of, redoes) = self.undone(&row).await?;
        Ok(FollowedJob { recipe: row.summary.recipe, tried, libraries, made_of, redoes })
    }

    /// What the job that is undone in the end made under other names, each with the file that it made it of; and whether this undo
    /// makes it again. Empty for any other job, and if that job is not there any more or is set aside.
    async fn undone(&self, undo: &JobRow) -> Stored<(HashMap<RelPath, RelPath>, bool)> {
        let (mut of, mut redoes) = (undo.clone(), true);
        while JobKind::of(&of.summary.recipe) == JobKind::Undo {
            redoes = !redoes;
            let Some(parent) = of.head.parent() else { return Ok((HashMap::new(), redoes)) };
            let aside = self.store.aside().await?;
            if aside.iter().any(|one| one.job == Some(parent)) {
                return Ok((HashMap::new(), redoes));
            }
            match self.store.job(parent).await? {
                Some(parent) => of = parent,
                None => return Ok((HashMap::new(), redoes)),
            }
        }
        let mut made_of = HashMap::new();
        if of.job_no == undo.job_no {
            return Ok((made_of, false));
        }
        let mut pages = ItemPages::new(&*self.store, of.job_no, ITEMS_PER_READ).with_status(Some(ItemLabel::Succeeded));
        while let Some(rows) = pages.next().await? {
            made_of.extend(rows.into_iter().filter_map(made));
        }
        Ok((made_of, redoes))
    }
}

/// The folders that these libraries are now, with the disks inside them as they were last seen, in words. It never waits for
/// storage.
pub(super) fn folders_of(libraries: &LibraryList) -> String {
    let folder = |library: &Arc<Library>| {
        (library.name.clone(), library.path.clone(), library.remembered(), library.seen_disks())
    };
    let mut of: Vec<_> = libraries.iter().map(folder).collect();
    of.sort_by(|one, other| one.0.cmp(&other.0));
    format!("{of:?}")
}
