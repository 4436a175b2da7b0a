//! Disks that are mounted inside a library now, and the disk that the library is on.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::mount_table::{MountLine, mount_table, unescape};
use super::root::file_system_of;
use super::{Identity, Library, on_disk};
use headway_model::RelPath;

/// Mount points inside a library, each with its device, such as `/dev/sdb1`.
pub type InnerMounts = BTreeMap<RelPath, String>;

impl Library {
    /// What is mounted inside the library now. This reads the system's table, not the disks, so it never waits for
    /// storage.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub fn mounted(&self) -> io::Result<InnerMounts> {
        mounted_below(&self.path)
    }

    /// The disks of the library: its own, at the empty path, and those that are mounted inside it, each with the id of
    /// its file system if that can be read.
    ///
    /// # Errors
    /// If what is mounted cannot be seen.
    pub fn disks(&self) -> io::Result<BTreeMap<RelPath, Option<u64>>> {
        let id = |path: &RelPath| match self.folder(path).and_then(|dir| file_system_of(&dir)) {
            Ok(id) => Some(id),
            Err(error) => {
                tracing::debug!(library = self.name, %path, %error, "the id of a disk cannot be read");
                None
            }
        };
        let paths = std::iter::once(RelPath::default()).chain(self.mounted()?.into_keys());
        Ok(paths.map(|path| (path.clone(), id(&path))).collect())
    }

    /// The disks that are mounted inside the library, and on which this folder lies, or that are below it if
    /// `deep`: remembers what each is. Blocking: these disks are looked at.
    ///
    /// # Errors
    /// If the system's table cannot be read.
    pub fn look_at_disks(&self, folder: &RelPath, deep: bool) -> io::Result<()> {
        for mount in self.mounted()?.into_keys() {
            let (is_above, is_below) = (folder.ancestors().contains(&mount), mount.ancestors().contains(folder));
            if !(is_above || deep && is_below) {
                continue;
            }
            match Identity::at(&self.path.join(on_disk(&mount))) {
                Ok(identity) => drop(self.seen_disks.lock().insert(mount, identity)),
                Err(error) => {
                    tracing::debug!(library = self.name, %mount, %error, "a disk cannot be looked at");
                }
            }
        }
        Ok(())
    }

    /// The disks inside the library as they were [last seen](Library::look_at_disks), by their mount points. This never waits
    /// for storage.
    pub fn seen_disks(&self) -> BTreeMap<RelPath, Identity> {
        self.seen_disks.lock().clone()
    }

    /// The disk on which the library lies: its mount point, seen from `/`, and its device. `None` if that is the disk of `/`.
    ///
    /// # Errors
    /// If the system's table cannot be read.
    pub fn own_disk(&self) -> io::Result<Option<(RelPath, String)>> {
        let mut mounted = mounted_below(Path::new("/"))?;
        let below = self.path.strip_prefix("/").unwrap_or(&self.path);
        let Ok(path) = RelPath::from_bytes(below.as_os_str().as_bytes()) else { return Ok(None) };
        Ok(path.ancestors().into_iter().rev().find_map(|above| mounted.remove_entry(&above)))
    }
}

/// What is mounted below a folder now. This never waits for storage.
///
/// # Errors
/// If the system's table cannot be read.
pub fn mounted_below(root: &Path) -> io::Result<InnerMounts> {
    let table = mount_table()?;
    let root = root.as_os_str().as_bytes();
    Ok(table.split(|byte| *byte == b'\n').filter_map(|line| mount(line, root)).collect())
}

/// The mount of one line of the table, if it is below this root.
fn mount(line: &[u8], root: &[u8]) -> Option<(RelPath, String)> {
    let line = MountLine::read(line)?;
    let (point, device) = (unescape(line.point), unescape(line.source));
    let below = if root == b"/" { point.strip_prefix(root)? } else { point.strip_prefix(root)?.strip_prefix(b"/")? };
    let path = RelPath::from_bytes(below).ok().filter(|path| !path.is_root())?;
    Some((path, String::from_utf8_lossy(&device).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::from_bytes(text.as_bytes()).expect("a path")
    }

    #[test]
    fn a_line_of_the_table_is_a_mount_below_the_root_or_none() {
        let line = br"36 35 98:0 / /srv/my\040files/usb rw,noatime master:1 shared:2 - ext4 /dev/sdb1 rw";
        assert_eq!(mount(line, b"/srv/my files"), Some((path("usb"), "/dev/sdb1".to_owned())));
        assert_eq!(mount(line, b"/srv/my"), None, "no prefix of a name");
        assert_eq!(mount(line, b"/srv/my files/usb"), None, "the root itself");
        assert_eq!(mount(b"", b"/srv"), None);
        let line = b"36 35 0:2 / /srv/usb rw - tmpfs none rw";
        assert_eq!(mount(line, b"/"), Some((path("srv/usb"), "none".to_owned())));
    }
}
