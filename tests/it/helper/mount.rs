//! File systems of their own for a test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// Something mounted, until dropped.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// A file system in memory; `None`, and said, where that is not allowed.
    pub(crate) fn tmpfs(at: &Path, size: &str) -> Option<Mount> {
        Mount::by(Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]), at)
    }

    /// A folder once more, through a file system that cannot exchange two names; `None`, and said, where that is not allowed.
    pub(crate) fn without_exchange(folder: &Path, at: &Path) -> Option<Mount> {
        Mount::by(Command::new("bindfs").arg(folder), at)
    }

    /// An exFAT volume, as on a memory card: its names differ by more than case, it has no second names, and (by FUSE) neither
    /// exchanges two names nor refuses to rename over one; `None`, and said, where that is not allowed.
    pub(crate) fn exfat(at: &Path) -> Option<Mount> {
        Mount::image(&["mkfs.exfat"], "exfat-fuse", at)
    }

    /// A file system on which two files can share their blocks; `None`, and said, where that is not allowed.
    pub(crate) fn btrfs(at: &Path) -> Option<Mount> {
        Mount::image(&["mkfs.btrfs"], "btrfs", at)
    }

    /// A file system that does not tell with a name whether it is that of a file or of a folder; `None`, and said, where that is not
    /// allowed.
    pub(crate) fn without_kinds(at: &Path) -> Option<Mount> {
        Mount::image(&["mkfs.ext4", "-q", "-O", "^filetype"], "ext4", at)
    }

    /// A file system of a gibibyte in a file beside it.
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

    /// A folder whose file system has died; `None`, and said, where that cannot be.
    pub(crate) fn dead(folder: &Path, at: &Path) -> Option<Mount> {
        let (mount, mut storage) = Mount::storage(folder, at)?;
        storage.0.kill().and_then(|()| storage.0.wait()).ok();
        Some(mount)
    }

    /// A folder once more, through a process that can be stopped: then nothing that is asked of it is answered; `None`, and said, where
    /// that cannot be.
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

    /// The same with one more file system before it, which takes each question and waits for the answer: who asks cannot even be killed.
    /// `between` is where the storage itself is mounted.
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
    /// From now on it does not answer.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// It answers again.
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
