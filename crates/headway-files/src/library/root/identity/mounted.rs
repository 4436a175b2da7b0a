//! Identifies a file system without an id of its own, as those of FUSE are: by its type and by what is mounted, such as
//! `nas:/photos`.

use std::fs::read_dir;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use crate::library::Found;
use crate::library::mount_table::{MountLine, mount_table, unescape};

/// A number for what is mounted at an open folder; 0 if that does not identify it. Reads the system's tables, not the disk.
///
/// # Errors
/// If the tables cannot be read.
pub(super) fn source_id(dir: impl AsFd) -> io::Result<u64> {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", dir.as_fd().as_raw_fd()))?;
    let mount = info.lines().find_map(|line| line.strip_prefix("mnt_id:"));
    let Some(mount) = mount else { return Ok(0) };
    let table = mount_table()?;
    let mut lines = table.split(|byte| *byte == b'\n').filter_map(MountLine::read);
    let Some(line) = lines.find(|line| line.id == mount.trim().as_bytes()) else { return Ok(0) };
    let source = unescape(line.source);
    let name = name_of(&String::from_utf8_lossy(&source))?;
    Ok(name.map_or(0, |name| number(&format!("{} {name}", String::from_utf8_lossy(line.kind)))))
}

/// What identifies a source: the UUID of a block device, a host with a path, or the path of other folders. `None` for a name that
/// says nothing, such as `s3fs`.
fn name_of(source: &str) -> io::Result<Option<String>> {
    if source.starts_with("/dev/") {
        return uuid_of(Path::new(source), Path::new("/dev/disk/by-uuid"));
    }
    Ok(source.contains([':', '/']).then(|| source.to_owned()))
}

/// The UUID under which the system lists a block device.
fn uuid_of(device: &Path, list: &Path) -> io::Result<Option<String>> {
    let Some(listed) = Found::of(read_dir(list)).known()? else { return Ok(None) };
    // A device that was unplugged can still be mounted.
    let Some(device) = Found::of(device.canonicalize()).known()? else { return Ok(None) };
    for entry in listed {
        let entry = entry?;
        if Found::of(entry.path().canonicalize()).known()?.as_ref() == Some(&device) {
            return Ok(entry.file_name().into_string().ok());
        }
    }
    Ok(None)
}

/// A number for a text; never 0.
fn number(text: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(text.as_bytes()).as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h]).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mounted_identifies_a_file_system_only_if_it_names_something() {
        let line = b"71 29 0:55 / /mnt/nas rw,nosuid shared:9 - fuse.sshfs me@nas:/photos rw,user_id=0";
        let line = MountLine::read(line).expect("a line");
        assert_eq!((line.id, line.kind, line.source), (&b"71"[..], &b"fuse.sshfs"[..], &b"me@nas:/photos"[..]));
        for (source, is_name) in
            [("me@nas:/photos", true), ("/mnt/a:/mnt/b", true), ("s3fs", false), ("/dev/no-such-device", false)]
        {
            assert_eq!(name_of(source).expect("no error").is_some(), is_name, "{source}");
        }
        assert_ne!(number("fuse.sshfs a:/b"), number("fuse.sshfs a:/c"));
    }

    #[test]
    fn a_block_device_is_named_by_its_uuid() {
        let folder = tempfile::tempdir().expect("a folder");
        let (device, list) = (folder.path().join("sdb1"), folder.path().join("by-uuid"));
        std::fs::write(&device, "").expect("a file");
        assert_eq!(uuid_of(&device, &list).expect("no list"), None);
        std::fs::create_dir(&list).expect("a folder");
        std::os::unix::fs::symlink(&device, list.join("6A-1")).expect("a link");
        assert_eq!(uuid_of(&device, &list).expect("a list"), Some("6A-1".into()));
        assert_eq!(uuid_of(folder.path(), &list).expect("a list"), None);
        assert_eq!(uuid_of(&folder.path().join("unplugged"), &list).expect("a list"), None);
    }

    #[test]
    fn the_folder_of_a_file_system_is_found_in_the_table() {
        let dir = std::fs::File::open("/proc").expect("a folder");
        assert_eq!(source_id(&dir).expect("tables"), 0, "proc names nothing");
    }
}
