//! Mounts file systems for a test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// Something mounted, until dropped.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// A file system in memory. If that is not allowed here, prints so and returns `None`.
    pub(crate) fn tmpfs(at: &Path, size: &str) -> Option<Mount> {
        Mount::by(Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]), at)
    }

    /// A second view of a folder, through a file system that cannot exchange two names. If that is not allowed here,
    /// prints so and returns `None`.
    pub(crate) fn without_exchange(folder: &Path, at: &Path) -> Option<Mount> {
        Mount::by(Command::new("bindfs").arg(folder), at)
    }

    /// An exFAT volume, as on a memory card: it ignores case, has no hard links, and (through FUSE) can neither
    /// exchange two names nor refuse to rename over an existing one. If that is not allowed here, prints so and
    /// returns `None`.
    pub(crate) fn exfat(at: &Path) -> Option<Mount> {
        Mount::image(&["mkfs.exfat"], "exfat-fuse", at)
    }

    /// A file system on which two files can share blocks. If that is not allowed here, prints so and returns `None`.
    pub(crate) fn btrfs(at: &Path) -> Option<Mount> {
        Mount::image(&["mkfs.btrfs"], "btrfs", at)
    }

    /// A file system whose folder lists do not tell files from folders. If that is not allowed here, prints so and
    /// returns `None`.
    pub(crate) fn without_kinds(at: &Path) -> Option<Mount> {
        Mount::image(&["mkfs.ext4", "-q", "-O", "^filetype"], "ext4", at)
    }

    /// A file system of one gibibyte in an image file beside the mount point.
    fn image(make: &[&str], kind: &str, at: &Path) -> Option<Mount> {
        let image = at.with_extension("image");
        let file = std::fs::File::create(&image).expect("a new file");
        file.set_len(1 << 30).expect("a length, all of it a hole");
        let made =
            Command::new(make[0]).args(&make[1..]).arg(&image).stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(made.is_ok_and(|status| status.success()), "{make:?} is missing: run ./test once, which installs it");
        let mut mount = Command::new("mount");
        mount.args(["-t", kind, "-o", "loop"]).arg(image).stdout(Stdio::null());
        Mount::by(&mut mount, at)
    }

    /// A folder whose file system has died. If that is not possible here, prints so and returns `None`.
    pub(crate) fn dead(folder: &Path, at: &Path) -> Option<Mount> {
        let (mount, mut storage) = Mount::storage(folder, at)?;
        storage.0.kill().and_then(|()| storage.0.wait()).ok();
        Some(mount)
    }

    /// A second view of a folder, through a process that can be stopped, after which it answers nothing. If that is
    /// not possible here, prints so and returns `None`.
    pub(crate) fn storage(folder: &Path, at: &Path) -> Option<(Mount, Storage)> {
        std::fs::write(folder.join("alive"), "").expect("a file");
        std::fs::create_dir_all(at).expect("a folder");
        let mut served = Command::new("bindfs").arg("-f").arg(folder).arg(at).spawn().ok()?;
        let deadline = Instant::now() + Duration::from_secs(10);
        let mounted = loop {
            if at.join("alive").exists() {
                break true;
            }
            if Instant::now() > deadline || served.try_wait().is_ok_and(|status| status.is_some()) {
                break false;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        Mount::told(mounted, at).map(|mount| (mount, Storage(served)))
    }

    /// The same behind another file system that accepts each call and waits for the answer, so that a caller cannot
    /// even be killed. `between` is where the storage itself is mounted.
    pub(crate) fn storage_that_holds(folder: &Path, between: &Path, at: &Path) -> Option<(Mount, Mount, Storage)> {
        let (below, storage) = Mount::storage(folder, between)?;
        let mount = Mount::without_exchange(between, at)?;
        Some((mount, below, storage))
    }

    fn by(command: &mut Command, at: &Path) -> Option<Mount> {
        std::fs::create_dir_all(at).expect("a folder");
        Mount::told(command.arg(at).status().is_ok_and(|status| status.success()), at)
    }

    fn told(mounted: bool, at: &Path) -> Option<Mount> {
        if !mounted {
            println!("not run: mounting is not allowed here");
        }
        mounted.then(|| Mount(at.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

/// The process behind a file system.
pub(crate) struct Storage(Child);

impl Storage {
    /// Makes it stop answering.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Makes it answer again.
    pub(crate) fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).expect("a signal");
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).ok();
    }
}
