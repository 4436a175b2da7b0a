//! What those who watch a folder ask: which files are in it, and which of them jobs of their own made.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Server;
use crate::engine::{QueryPatterns, is_missed};
use crate::error::{internal, unreadable};
use crate::placements::Changes;
use headway_files::{Change, Identity, InnerMounts, Library, ListedFile, ScanError, now, walk};
use headway_model::id::Position;
use headway_model::item::{ItemStatus, SkipReason};
use headway_model::request::FolderQuery;
use headway_model::{ApiError, Conditions, JobId, Query, RelPath, StartJob};
use headway_store::rows::{ItemRow, ItemState, JobRow};
use headway_store::{ItemPages, JobFilter};

/// How many jobs or items are read at a time.
const READ_AT_ONCE: u32 = 1_000;

/// What tells one state of a file from another, as for files that are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeAndTime {
    /// Its size in bytes.
    pub size: u64,
    /// When its content last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
}

/// What a look at a watched folder found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchedFiles {
    /// The name that the library has here.
    pub library: String,
    /// What identifies the library whatever its name: the path of its root.
    pub root: String,
    /// The folder, without links.
    pub folder: RelPath,
    /// Its regular files that the query asks for.
    pub files: BTreeMap<RelPath, SizeAndTime>,
    /// Their inode numbers: a file keeps its own when it is renamed.
    pub inodes: BTreeMap<RelPath, u64>,
    /// Folders that cannot be listed and files that cannot be looked at: nothing is known of them.
    pub unread: Vec<RelPath>,
    /// Disks below the folder that are missing, each with its device: nothing is known of their files.
    pub missing: InnerMounts,
    /// Disks inside the library that were mounted during the whole look, each with its device.
    pub mounted: InnerMounts,
    /// The root of the library, at the empty path, and the disks on which the folder lies or that are below it, by their mount points.
    pub disks: BTreeMap<RelPath, Identity>,
}

/// What jobs that are over made, and whether one of them is not over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MadeFiles {
    /// The files, as they left them.
    pub files: Vec<(RelPath, SizeAndTime)>,
    /// Files at which attempts ended without success. They might have changed them: what they left there is not in the log.
    pub tried: Vec<RelPath>,
    /// Files that an attempt worked on, whatever came of it.
    pub worked_on: Vec<RelPath>,
    /// A job that is not over: what it makes is not known yet.
    pub running: Option<JobId>,
    /// The position of the log up to which they are known.
    pub up_to: Position,
}

impl Server {
    /// The files that a request over a folder asks for, as they are now. Changes nothing, and has no limit in time: the
    /// storage can be slow. `watched` is the root that was looked at before: it is taken up again if it is back after another one.
    ///
    /// # Errors
    /// If the folder cannot be listed, or has more than `limit` files.
    pub async fn watched_files(
        &self,
        request: &StartJob,
        limit: usize,
        watched: Option<Identity>,
    ) -> Result<WatchedFiles, ApiError> {
        let Query::Folder(query) = &request.query else {
            return Err(ApiError::at_place("/query", "a folder is needed, not files"));
        };
        let library = self.library(&self.admit(request).await?.library)?;
        let (looked, query, conditions) = (Arc::clone(&library), query.clone(), request.conditions.clone());
        let unavailable = |message: String| Err(ApiError::Unavailable { message });
        // So that no thread waits for storage that is known not to answer.
        let reach = move || watched.map_or_else(|| looked.reach(), |root| looked.reach_planned(root));
        match self.inner.reaches.look(&library.name, reach).await {
            Some(Ok(())) => {}
            Some(Err(why)) => return unavailable(ScanError::unreachable(&library, why).to_string()),
            None => return unavailable(format!("the storage of {} does not answer", library.name)),
        }
        let root = self.folder_of(&library.name).await?;
        let look = move || watched_files(&library, root, (&query, &conditions), limit);
        let listed = tokio::task::spawn_blocking(look).await;
        listed.map_err(|error| internal(&error))?
    }

    /// The files that jobs made, replaced or renamed in the library with this root, for jobs that ended after a
    /// position. Only jobs that are `ours` count, and jobs that retry or undo them. If one of them is not over, the
    /// first is named, whatever its library.
    ///
    /// # Errors
    /// If the log cannot be read, or the `last` of these jobs is set aside: what it made is not known.
    pub async fn made_after(
        &self,
        after: Position,
        root: &str,
        last: Option<JobId>,
        ours: impl Fn(JobId) -> bool + Send + Sync,
    ) -> Result<MadeFiles, ApiError> {
        if let Some(last) = last {
            self.store().job(last).await?;
        }
        // First of all: the end of a job that is not running now is before the head that is read next.
        let running = self.unfinished_of(&ours).await?;
        let head = self.store().head().await?.position;
        // In another log, such as a restored backup, the position means nothing.
        let mut made = MadeFiles { running, up_to: if after > head { 0 } else { after }, ..MadeFiles::default() };
        loop {
            let rows = self.store().jobs(JobFilter::ChangedAfter(made.up_to), READ_AT_ONCE).await?;
            let Some(last) = rows.last() else { return Ok(made) };
            made.up_to = last.last_position;
            for row in &rows {
                // A job that is not over comes again when it ends.
                let counts = row.summary.status.is_terminal() && !row.summary.pruned;
                if counts && self.descends(row, &ours).await? && self.folder_of(&row.library).await? == root {
                    self.add_made(row.job_no, &mut made).await?;
                }
            }
            // What changes meanwhile comes with the next call.
            if made.up_to >= head {
                return Ok(made);
            }
        }
    }

    /// The first job that is not over, of ours and those that retry or undo them.
    async fn unfinished_of(&self, ours: &(impl Fn(JobId) -> bool + Send + Sync)) -> Result<Option<JobId>, ApiError> {
        for row in self.store().jobs(JobFilter::Live, u32::MAX).await? {
            if self.descends(&row, ours).await? {
                return Ok(Some(row.summary.job));
            }
        }
        Ok(None)
    }

    /// Whether a job, or one that it retries or undoes, is ours.
    async fn descends(&self, row: &JobRow, ours: &(impl Fn(JobId) -> bool + Send + Sync)) -> Result<bool, ApiError> {
        let (mut job, mut parent) = (row.summary.job, row.head.parent());
        loop {
            if ours(job) {
                return Ok(true);
            }
            let Some(earlier) = parent else { return Ok(false) };
            job = earlier;
            parent = match self.store().job(earlier).await {
                Ok(row) => row.and_then(|row| row.head.parent()),
                Err(error) if error.is_set_aside() => None,
                Err(error) => return Err(error.into()),
            };
        }
    }

    async fn add_made(&self, job_no: u64, made: &mut MadeFiles) -> Result<(), ApiError> {
        let mut pages = ItemPages::new(Arc::clone(self.store()), job_no, READ_AT_ONCE);
        while let Some(rows) = pages.next().await? {
            for row in rows {
                match row.state.status {
                    ItemStatus::Succeeded(_) => made.files.extend(output_of_item(&row)),
                    _ if was_tried(&row.state) => made.tried.push(row.file.path.clone()),
                    _ => continue,
                }
                made.worked_on.push(row.file.path);
            }
        }
        let changes = Changes::read(&**self.store(), job_no).await.map_err(|error| internal(&error))?;
        for change in changes.made.values() {
            let Change::Names(moves) = change else { continue };
            let files = moves.files().into_iter().filter(|moved| !moved.is_removed());
            made.files.extend(files.map(|moved| {
                let (size, mtime_ns) = (moved.file.size, moved.file.mtime_ns);
                (moved.to, SizeAndTime { size, mtime_ns })
            }));
        }
        Ok(())
    }
}

/// Whether an attempt at an item that did not succeed can have changed the file. An attempt that found another file
/// than the planned one has changed nothing: somebody else did. Only an earlier attempt could have changed it.
fn was_tried(state: &ItemState) -> bool {
    let found_another =
        matches!(state.status, ItemStatus::Skipped { reason: SkipReason::Changed | SkipReason::Missing, .. });
    state.attempt > u32::from(found_another)
}

/// The output of an item, as the job left it.
fn output_of_item(row: &ItemRow) -> Option<(RelPath, SizeAndTime)> {
    let result: Value = serde_json::from_str(row.state.result.as_deref()?).ok()?;
    let output = &result["output"];
    let (size, mtime_ns) = (output["size"].as_u64()?, output["mtime_ns"].as_i64()?);
    Some((output["path"].as_str()?.parse().ok()?, SizeAndTime { size, mtime_ns }))
}

/// Lists the files that a query asks for and that have the size and the age that the conditions ask for. Blocking.
fn watched_files(
    library: &Library,
    root: String,
    (query, conditions): (&FolderQuery, &Conditions),
    limit: usize,
) -> Result<WatchedFiles, ApiError> {
    let now = now();
    let cannot = |error: io::Error| {
        let error = ScanError::of(library, &query.path, &error);
        unreadable(error.reason, error.to_string())
    };
    let patterns = QueryPatterns::new(query).map_err(|error| ApiError::invalid(error.to_string()))?;
    let folder = library.folder_at(&query.path).map_err(cannot)?;
    let patterns = patterns.for_folder(&query.path, &folder);
    let (mut files, mut inodes) = (BTreeMap::new(), BTreeMap::new());
    let (mut unread, mut is_too_large) = (Vec::new(), false);
    let mut visit = |found: ListedFile| {
        if !patterns.wants(&found) {
            return true;
        }
        let ListedFile { file, skip, inode } = found;
        // It can grow, or become old enough. Then it is a new file.
        if file.was_seen() && conditions.leaves_out(file.size, file.mtime_ns, now).is_some() {
            return true;
        }
        if !file.was_seen() {
            unread.push(file.path);
        } else if skip.is_none() {
            inodes.extend(inode.map(|inode| (file.path.clone(), inode)));
            files.insert(file.path, SizeAndTime { size: file.size, mtime_ns: file.mtime_ns });
        }
        is_too_large = files.len() + unread.len() > limit;
        !is_too_large
    };
    let mut missing = library.missing_mounts().map_err(cannot)?;
    missing.retain(|mount, _| is_missed(mount, &folder, &|path: &RelPath| patterns.leaves_out(path, true)));
    let leaves_out = |path: &RelPath, is_folder: bool| {
        is_folder && missing.contains_key(path) || patterns.leaves_out(path, is_folder)
    };
    let mut mounted = library.mounted().map_err(cannot)?;
    let (disks, unseen) = disks_of(library, &mounted, &|mount: &RelPath| {
        is_missed(mount, &folder, &|path: &RelPath| patterns.leaves_out(path, true))
    });
    walk(library, &folder, &leaves_out, &mut visit).map_err(cannot)?;
    let still = library.mounted().map_err(cannot)?;
    mounted.retain(|mount, _| still.contains_key(mount));
    // Whose files these are is not known.
    files.retain(|path, _| unseen.iter().all(|mount| path.seen_from(mount).is_none()));
    for mount in unseen {
        if !unread.contains(&mount) {
            unread.push(mount);
        }
    }
    if is_too_large {
        let what = if folder.is_root() { library.name.clone() } else { format!("{}/{}", library.name, folder.shown()) };
        return Err(ApiError::invalid(format!("{what} has more than {limit} files; watch a smaller folder")));
    }
    Ok(WatchedFiles { library: library.name.clone(), root, folder, files, inodes, unread, missing, mounted, disks })
}

/// The root of a library, and those of the disks `mounted` inside it that are `wanted`. Also returns the mount points of those
/// that cannot be looked at. Blocking.
fn disks_of(
    library: &Library,
    mounted: &InnerMounts,
    wanted: &dyn Fn(&RelPath) -> bool,
) -> (BTreeMap<RelPath, Identity>, Vec<RelPath>) {
    let root = library.identity().map(|root| (RelPath::default(), root));
    let (mut disks, mut unseen) = (BTreeMap::from_iter(root), Vec::new());
    for mount in mounted.keys().filter(|mount| wanted(mount)) {
        match Identity::at(&library.absolute(mount)) {
            Ok(disk) => drop(disks.insert(mount.clone(), disk)),
            Err(error) => {
                tracing::debug!(library = library.name, %mount, %error, "a disk below a watched folder cannot be looked at");
                unseen.push(mount.clone());
            }
        }
    }
    (disks, unseen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::conditions::AgeLimit;
    use headway_model::item::FailReason;

    fn look(root: &std::path::Path, query: &FolderQuery, limit: usize) -> Result<WatchedFiles, ApiError> {
        let library = Library::open("files", root).expect("a library");
        watched_files(&library, String::new(), (query, &Conditions::default()), limit)
    }

    #[test]
    fn a_look_lists_the_regular_files_that_the_query_asks_for() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("in/@eaDir")).expect("a folder");
        for name in ["in/a.jpg", "in/b.txt", "in/@eaDir/c.jpg", "in/.headway-1-0-1", "d.jpg"] {
            std::fs::write(folder.path().join(name), "abc").expect("a file");
        }
        std::os::unix::fs::symlink("a.jpg", folder.path().join("in/link.jpg")).expect("a link");
        let path: RelPath = "in".parse().expect("a path");
        let query = FolderQuery { path, include: vec!["*.jpg".into()], ..FolderQuery::default() };
        let found = look(folder.path(), &query, 10).expect("a folder");
        let names: Vec<_> = found.files.iter().map(|(path, state)| (path.as_str(), state.size)).collect();
        assert_eq!((names, found.unread.len()), (vec![("in/a.jpg", 3)], 0));
        let inode = |name: &str| {
            let found = folder.path().join(name).metadata().expect("a file");
            std::os::unix::fs::MetadataExt::ino(&found)
        };
        let inodes: Vec<_> = found.inodes.iter().map(|(path, inode)| (path.as_str(), *inode)).collect();
        assert_eq!(inodes, [("in/a.jpg", inode("in/a.jpg"))]);
        assert!(
            look(folder.path(), &FolderQuery::default(), 2).is_err_and(|error| error.to_string().contains("than 2"))
        );
    }

    #[test]
    fn a_look_leaves_out_what_is_not_of_the_size_and_age_asked_for_as_long_as_it_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let (file, day) = (folder.path().join("a"), 86_400_000);
        std::fs::write(&file, "abc").expect("a file");
        let conditions =
            Conditions { min_size: Some(4), older_than: Some(AgeLimit::AgoMs(day)), ..Conditions::default() };
        let found = || {
            let query = (&FolderQuery::default(), &conditions);
            watched_files(&library, String::new(), query, 10).expect("a look").files.len()
        };
        assert_eq!(found(), 0, "it is small and new");
        std::fs::write(&file, "abcd").expect("a file");
        assert_eq!(found(), 0, "it is new");
        let old = std::time::SystemTime::now() - std::time::Duration::from_millis(2 * day);
        std::fs::File::options().write(true).open(&file).expect("a file").set_modified(old).expect("a time");
        assert_eq!(found(), 1);
    }

    #[test]
    fn a_look_goes_past_a_missing_disk_and_names_it() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("in/usb")).expect("a folder");
        for name in ["in/a", "in/usb/below the mount point"] {
            std::fs::write(folder.path().join(name), "abc").expect("a file");
        }
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let library = Library::open("files", folder.path()).expect("a library");
        let mounts = ["in/usb", "in/no mount point", "other"].map(|mount| (path(mount), "/dev/sdb1".to_owned()));
        library.expect_mounts(InnerMounts::from(mounts));
        let query = FolderQuery { path: path("in"), ..FolderQuery::default() };
        let found = watched_files(&library, String::new(), (&query, &Conditions::default()), 10).expect("a look");
        assert_eq!(found.files.keys().collect::<Vec<_>>(), [&path("in/a")]);
        assert_eq!(found.missing.keys().collect::<Vec<_>>(), [&path("in/no mount point"), &path("in/usb")]);
        assert!(found.mounted.is_empty(), "what was there once is not there now");
        let on_it = FolderQuery { path: path("in/usb"), ..FolderQuery::default() };
        let on_it = watched_files(&library, String::new(), (&on_it, &Conditions::default()), 10);
        assert!(on_it.is_err(), "a missing disk is not an empty folder");
    }

    #[test]
    fn an_attempt_without_success_can_have_changed_its_file_unless_it_found_another() {
        let tried = |status, attempt| was_tried(&ItemState { status, attempt, message: None, result: None });
        let skipped = |reason| ItemStatus::Skipped { reason, planned: false };
        assert!(tried(ItemStatus::Failed(FailReason::Command), 1) && tried(ItemStatus::Cancelled, 1));
        assert!(tried(skipped(SkipReason::Command), 1));
        assert!(!tried(ItemStatus::Cancelled, 0), "no attempt");
        assert!(!tried(skipped(SkipReason::Changed), 1) && tried(skipped(SkipReason::Changed), 2));
    }

    #[test]
    fn a_folder_that_is_not_there_is_not_an_empty_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let query = FolderQuery { path: "in".parse().expect("a path"), ..FolderQuery::default() };
        let error = look(folder.path(), &query, 10).expect_err("no folder");
        assert!(matches!(&error, ApiError::NotFound { message } if message.contains("\"in\" of files")), "{error}");
    }
}
