//! The disks on which a watch has found its files. Of the files of another disk in the place of one of them nothing is known:
//! they are neither new nor those that were processed.

use headway_files::Identity;
use headway_model::RelPath;
use headway_server::WatchedFiles;

use super::WatchProgress;

/// What is there instead of a disk that is named as missing.
pub(in crate::watch) const ANOTHER: &str = "another disk is there";

impl WatchProgress {
    /// The root of the library in which the watch works, if that is known.
    pub(in crate::watch) fn root_disk(&self) -> Option<Identity> {
        let known = self.disks.get(&RelPath::default()).filter(|_| self.begun);
        known.map(|(file_system, inode)| Identity { file_system: *file_system, inode: *inode })
    }

    /// Takes in the disks of a look. One below the folder that is not there any more, because another one is in its place,
    /// becomes a missing one, unless the watch `accepts` others. Returns whether any disk was not known.
    ///
    /// # Errors
    /// If the folder itself is on such a disk. Then nothing of the look counts.
    pub(in crate::watch) fn take_disks(&mut self, look: &mut WatchedFiles, accepts: bool) -> Result<bool, String> {
        let before = self.disks.clone();
        if !(self.begun && self.root == look.root) {
            self.disks.clear();
        } else if !accepts {
            let exchanged: Vec<_> =
                look.disks.iter().filter(|disk| self.is_another(*disk)).map(|(at, _)| at.clone()).collect();
            for mount in exchanged {
                if look.folder.seen_from(&mount).is_some() {
                    return Err(waits(&mount));
                }
                look.disks.remove(&mount);
                look.files.retain(|path, _| path.seen_from(&mount).is_none());
                look.missing.insert(mount, ANOTHER.to_owned());
            }
        }
        let disks = look.disks.iter().map(|(at, disk)| (at.clone(), (disk.file_system, disk.inode)));
        self.disks.extend(disks);
        Ok(self.disks != before)
    }

    /// Whether another disk than this one is known at its place.
    fn is_another(&self, (at, disk): (&RelPath, &Identity)) -> bool {
        let known =
            self.disks.get(at).map(|(file_system, inode)| Identity { file_system: *file_system, inode: *inode });
        known.is_some_and(|known| known.is_same(disk) == Some(false))
    }
}

/// Reports that the folder is on another disk than before.
fn waits(mount: &RelPath) -> String {
    let what = match mount.is_root() {
        true => "the folder of the library is not the one that was watched, or is on another disk".to_owned(),
        false => format!("the disk at {} is not the one that was watched", mount.shown()),
    };
    format!(
        "{what}, so nothing is started until that is back; add other_disks = true to the section of the watch if any disk will \
         do there"
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::config::ExistingFiles;
    use super::*;
    use headway_server::SizeAndTime;

    fn path(text: &str) -> RelPath {
        text.parse().expect("a path")
    }

    /// A look at `in`, with the root and `usb` on these disks.
    fn look(root: u64, at: &str, usb: u64) -> WatchedFiles {
        let disk = |file_system| Identity { file_system, inode: 2 };
        let files = ["in/a", "in/usb/b"].map(|file| (path(file), SizeAndTime { size: 1, mtime_ns: 1 }));
        let disks = [(RelPath::default(), disk(root)), (path(at), disk(usb))];
        WatchedFiles { folder: path("in"), files: files.into(), disks: disks.into(), ..WatchedFiles::default() }
    }

    fn begun() -> WatchProgress {
        let (mut progress, mut first) = (WatchProgress::default(), look(7, "in/usb", 8));
        assert_eq!(progress.take_disks(&mut first, false), Ok(true));
        progress.begin(&first, ExistingFiles::Process).expect("a beginning");
        assert_eq!(progress.take_disks(&mut look(7, "in/usb", 8), false), Ok(false), "nothing has changed");
        progress
    }

    #[test]
    fn another_disk_below_the_folder_is_a_missing_one_and_its_files_are_left_alone() {
        let (mut progress, mut other) = (begun(), look(7, "in/usb", 9));
        assert_eq!(progress.take_disks(&mut other, false), Ok(false));
        assert_eq!(other.files.keys().collect::<Vec<_>>(), [&path("in/a")]);
        assert_eq!(other.missing.get(&path("in/usb")).map(String::as_str), Some(ANOTHER));
        let mut back = look(7, "in/usb", 8);
        assert_eq!((progress.take_disks(&mut back, false), back.missing.len()), (Ok(false), 0), "its own is back");
        let mut any = look(7, "in/usb", 9);
        assert_eq!((progress.take_disks(&mut any, true), any.files.len()), (Ok(true), 2), "any will do");
        assert_eq!(progress.take_disks(&mut look(7, "in/usb", 9), false), Ok(false), "it is accepted");
    }

    #[test]
    fn a_folder_on_another_disk_waits() {
        let mut progress = begun();
        let said = progress.take_disks(&mut look(6, "in/usb", 8), false).expect_err("another root");
        assert!(said.contains("the folder of the library") && said.contains("other_disks = true"), "{said}");
        assert_eq!(progress.take_disks(&mut look(7, "in", 8), false), Ok(true), "a disk that comes is no other one");
        let said = progress.take_disks(&mut look(7, "in", 9), false).expect_err("another disk");
        assert!(said.contains("the disk at in is not"), "{said}");
        let library = WatchedFiles { root: "/srv/other".into(), ..look(6, "in", 9) };
        assert_eq!(progress.take_disks(&mut library.clone(), false), Ok(true), "nothing is known of another library");
        assert_eq!(progress.root_disk(), Some(Identity { file_system: 6, inode: 2 }));
    }
}
