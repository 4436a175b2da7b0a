//! Whether the folder at a library's path is its root, and which other folder is accepted in its place.

use std::io;

use super::{Identity, Root};
use crate::library::environment::uninterrupted;
use crate::library::{Found, Library, environment};
use headway_model::PauseReason;

impl Library {
    /// Checks that the open root is still the folder at its path: not removed, not unmounted, nothing mounted over
    /// it. If the same file system comes back as another device, it is opened again. The error says why nothing can
    /// be done with the library's files.
    pub fn reach(&self) -> Result<(), PauseReason> {
        let gone = |error: &io::Error| environment(error).unwrap_or(PauseReason::LibraryGone);
        self.root_to_check().map_err(|error| gone(&error))?;
        let found = uninterrupted(|| Ok(rustix::fs::stat(&self.path)?)).map_err(|error| gone(&error))?;
        if self.root_number() == (found.st_dev, found.st_ino) {
            return self.check_known();
        }
        let root = Root::open(&self.path).map_err(|error| gone(&error))?;
        if !self.known.lock().is_some_and(|known| known.is_surely(&root.identity)) {
            return Err(PauseReason::LibraryGone);
        }
        *self.root.write() = Some(root);
        Ok(())
    }

    /// The same for a job that was `planned` on a root: takes that one up again if it is what is at the path now, also if
    /// another one was accepted there in the meantime.
    pub fn reach_planned(&self, planned: Identity) -> Result<(), PauseReason> {
        let Err(reason) = self.reach() else { return Ok(()) };
        let root = Root::open(&self.path).map_err(|_| reason)?;
        if !planned.is_surely(&root.identity) {
            return Err(reason);
        }
        self.warn_of_another();
        self.take(root);
        Ok(())
    }

    /// Refuses an empty folder where there used to be another file system.
    fn check_known(&self) -> Result<(), PauseReason> {
        let known = *self.known.lock();
        // Neither lock is held while waiting for the other, or for the disk.
        let root = self.root.read().clone();
        let Some(root) = root.filter(|root| known.is_some_and(|known| known != root.identity)) else { return Ok(()) };
        match root.is_empty() {
            Ok(false) => {
                self.warn_of_another();
                *self.known.lock() = Some(root.identity);
                Ok(())
            }
            Ok(true) => Err(PauseReason::LibraryGone),
            Err(error) => Err(environment(&error).unwrap_or(PauseReason::LibraryGone)),
        }
    }

    /// Opens what is at the path now, for a job that is about to be planned; refuses an empty folder where there used
    /// to be another file system.
    pub fn look_again(&self) -> Result<(), PauseReason> {
        if self.reach().is_ok() {
            return Ok(());
        }
        let gone = |error: io::Error| environment(&error).unwrap_or(PauseReason::LibraryGone);
        let root = Root::open(&self.path).map_err(gone)?;
        if root.is_empty().map_err(gone)? {
            return Err(PauseReason::LibraryGone);
        }
        self.warn_of_another();
        self.take(root);
        Ok(())
    }

    /// Reports that new jobs use another folder from now on than the one that was last used at the path.
    fn warn_of_another(&self) {
        if self.remembered().is_some() {
            tracing::warn!(
                "the folder at {} is not the one that was last used there: the name was given to another folder, or the disk was \
                 changed. New jobs of the library {:?} use it; jobs that were planned on the other one wait.",
                self.path.display(),
                self.name
            );
        }
    }

    /// Accepts what is at the path now as the library, including what is mounted inside it now, because a person said
    /// so.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn reopen(&self) -> io::Result<()> {
        let root = Root::open(&self.path)?;
        let is_other = self.remembered().is_some_and(|known| known != root.identity);
        self.take(root);
        if is_other {
            // What was mounted inside another folder is not missing here.
            let mounted = self.mounted()?;
            *self.inner_mounts.lock() = mounted;
        }
        self.note_mounts()
    }

    /// Whether the folder at the path is not the one on which a job was `planned`, although new jobs can use it. Blocking.
    pub fn is_another(&self, planned: Option<Identity>) -> bool {
        self.reach().is_ok() && planned.is_some_and(|planned| Some(planned) != *self.known.lock())
    }

    /// Whether the folder at the path is not known to be the one that was last used, so that no job under way can use it.
    /// Blocking.
    pub fn is_replaced(&self) -> bool {
        let is_other = |root: Root| self.known.lock().is_some_and(|known| !known.is_surely(&root.identity));
        self.reach().is_err() && Root::open(&self.path).is_ok_and(is_other)
    }

    /// Whether the root is not at its path although its file system is there: it was moved, renamed or removed, so no disk
    /// brings it back. Blocking.
    pub fn was_moved(&self) -> bool {
        let known = *self.known.lock();
        let Some(known) = known.filter(|known| known.file_system != 0 && self.reach().is_err()) else { return false };
        for folder in self.path.ancestors() {
            match Found::of(Identity::at(folder)) {
                Found::There(there) => return there != known && there.file_system == known.file_system,
                Found::Absent => {}
                Found::Unknown(error) => {
                    tracing::debug!(folder = %folder.display(), %error, "whether a library was moved is not known");
                    return false;
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_comes_late_is_taken_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("late");
        let (library, error) = Library::open_or_wait("late", &path, None);
        assert!(error.is_some() && library.reach() == Err(PauseReason::LibraryGone));
        let asked = library.root().map(drop).expect_err("no root");
        assert_eq!(environment(&asked), Some(PauseReason::LibraryGone), "no fact about a file");
        std::fs::create_dir(&path).expect("a folder");
        assert_eq!(library.reach(), Ok(()));
    }

    #[test]
    fn an_empty_folder_is_not_taken_for_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let elsewhere = Some(Identity { file_system: 7, inode: 2 });
        let (library, _) = Library::open_or_wait("disk", folder.path(), elsewhere);
        assert_eq!(
            (library.reach(), library.look_again()),
            (Err(PauseReason::LibraryGone), Err(PauseReason::LibraryGone))
        );
        library.reopen().expect("a person wants that");
        assert_eq!(library.reach(), Ok(()));
        // The same disk under another device number has files in it.
        std::fs::write(folder.path().join("file"), "x").expect("a file");
        let (library, _) = Library::open_or_wait("disk", folder.path(), elsewhere);
        assert_eq!(library.reach(), Ok(()));
    }

    #[test]
    fn another_folder_than_an_earlier_server_used_is_not_taken_for_it_before_anything_checks_that() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("file"), "x").expect("a file");
        let elsewhere = Identity { file_system: 7, inode: 2 };
        let (library, _) = Library::open_or_wait("disk", folder.path(), Some(elsewhere));
        assert_ne!(library.identity(), Some(elsewhere), "a job that was planned there sees the other folder");
        assert_eq!(library.remembered(), Some(elsewhere), "nothing has accepted it yet");
        assert_eq!(library.reach(), Ok(()));
        assert_eq!(library.remembered(), library.identity());
        // Its storage gave no answer at the start.
        let library = Library::unopened("disk", folder.path(), Some(elsewhere));
        assert_eq!(library.identity(), Some(elsewhere), "nothing else is known");
        let asked = library.root().map(drop).expect_err("another folder");
        assert_eq!(environment(&asked), Some(PauseReason::LibraryGone), "no fact about a file");
        assert_eq!((library.reach(), library.identity() == Some(elsewhere)), (Ok(()), false));
        assert!(library.root().is_ok());
    }

    #[test]
    fn an_empty_folder_is_opened_and_does_not_replace_what_is_remembered() {
        let folder = tempfile::tempdir().expect("a folder");
        let elsewhere = Identity { file_system: 7, inode: 2 };
        let (library, _) = Library::open_or_wait("disk", folder.path(), Some(elsewhere));
        assert_ne!(library.identity(), Some(elsewhere));
        assert_eq!(library.reach(), Err(PauseReason::LibraryGone));
        assert_eq!(library.remembered(), Some(elsewhere), "the next server must not take it for the library");
    }

    #[test]
    fn the_disk_that_is_remembered_is_taken_up_after_its_empty_mount_point_was_opened_and_closed() {
        let folder = tempfile::tempdir().expect("a folder");
        let [disk, point] = ["disk", "point"].map(|name| folder.path().join(name));
        [&disk, &point].into_iter().for_each(|path| std::fs::create_dir(path).expect("a folder"));
        std::fs::write(disk.join("file"), "x").expect("a file");
        let known = Identity::at(&disk).expect("a folder");
        let (library, _) = Library::open_or_wait("disk", &point, Some(known));
        assert_eq!(library.reach(), Err(PauseReason::LibraryGone));
        library.let_go(std::time::Duration::ZERO);
        std::fs::remove_dir(&point).expect("an empty folder");
        std::fs::rename(&disk, &point).expect("a rename");
        assert_eq!((library.reach(), library.identity()), (Ok(()), Some(known)), "a live job goes on by itself");
    }

    #[test]
    fn the_root_that_a_job_was_planned_on_is_taken_up_again_after_another_was_accepted() {
        let folder = tempfile::tempdir().expect("a folder");
        let [own, other, path] = ["own", "other", "path"].map(|name| folder.path().join(name));
        for disk in [&own, &other] {
            std::fs::create_dir(disk).expect("a folder");
            std::fs::write(disk.join("file"), "x").expect("a file");
        }
        let [planned, accepted] = [&own, &other].map(|disk| Identity::at(disk).expect("a folder"));
        std::fs::rename(&other, &path).expect("a rename");
        let (library, _) = Library::open_or_wait("disk", &path, Some(planned));
        assert_eq!((library.reach_planned(planned), library.remembered()), (Ok(()), Some(accepted)));
        std::fs::rename(&path, &other).expect("a rename");
        assert_eq!(library.reach_planned(planned), Err(PauseReason::LibraryGone));
        std::fs::rename(&own, &path).expect("a rename");
        assert_eq!(library.reach_planned(accepted), Err(PauseReason::LibraryGone), "nobody has planned on it");
        assert_eq!((library.reach_planned(planned), library.identity()), (Ok(()), Some(planned)));
    }

    #[test]
    fn a_moved_root_is_distinguished_from_one_whose_disk_is_missing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("above/files");
        std::fs::create_dir_all(&path).expect("a folder");
        let library = Library::open("files", &path).expect("a library");
        assert!(!library.was_moved());
        std::fs::rename(folder.path().join("above"), folder.path().join("elsewhere")).expect("a rename");
        assert!(library.was_moved());
        std::fs::create_dir_all(&path).expect("a folder");
        assert!(library.was_moved(), "an empty folder in its place is not it");
        std::fs::remove_dir(&path).expect("a folder");
        let elsewhere = Some(Identity { file_system: 7, inode: 2 });
        assert!(!Library::open_or_wait("disk", &path, elsewhere).0.was_moved(), "its disk can come back");
        assert!(!Library::open_or_wait("new", &path, None).0.was_moved(), "nothing is known of it");
    }

    #[test]
    fn another_folder_at_the_path_is_for_new_jobs_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("files");
        let make = |name: &str| {
            std::fs::create_dir(&path).expect("a folder");
            std::fs::write(path.join(name), "x").expect("a file");
        };
        make("first");
        let library = Library::open("files", &path).expect("a library");
        let before = library.identity();
        std::fs::rename(&path, folder.path().join("away")).expect("a rename");
        make("second");
        assert_eq!(library.reach(), Err(PauseReason::LibraryGone));
        assert_eq!(library.look_again(), Ok(()));
        assert_ne!(library.identity(), before, "which an earlier job sees");
        assert_eq!(library.reach(), Ok(()));
    }
}
