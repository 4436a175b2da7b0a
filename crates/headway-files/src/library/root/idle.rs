//! A root that nothing uses is closed, so that its disk can be unmounted.

use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use cap_std::fs::Dir;

use crate::library::Library;

impl Library {
    /// Whether the root is open although nothing has used it for this long.
    pub fn is_idle(&self, time: Duration) -> bool {
        self.is_unused(time)
            && self.root.try_read().is_some_and(|root| root.as_ref().is_some_and(|root| root.dir.is_some()))
    }

    fn is_unused(&self, time: Duration) -> bool {
        let since = running_ms().saturating_sub(self.used.load(Ordering::Relaxed));
        u128::from(since) >= time.as_millis()
    }

    /// Closes the root if nothing has used it for this long, so that its disk can be unmounted. The next use opens it
    /// again, and it must then be the same folder. Blocking.
    pub fn let_go(&self, time: Duration) {
        let mut root = self.root.write();
        let is_free = |dir: &mut Arc<Dir>| Arc::strong_count(dir) == 1 && self.is_unused(time);
        let held = root.as_mut().and_then(|root| root.dir.take_if(is_free));
        drop(root);
        drop(held);
    }
}

/// Milliseconds since this process first used a library.
pub(super) fn running_ms() -> u64 {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(BEGUN.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::PauseReason;

    #[test]
    fn an_idle_library_holds_nothing_and_is_the_same_when_it_is_needed_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("files");
        std::fs::create_dir(&path).expect("a folder");
        std::fs::write(path.join("file"), "x").expect("a file");
        let library = Library::open("files", &path).expect("a library");
        let held = library.root().expect("a root");
        library.let_go(Duration::ZERO);
        assert!(library.is_idle(Duration::ZERO), "somebody has it");
        drop(held);
        library.let_go(Duration::from_secs(3_600));
        assert!(library.is_idle(Duration::ZERO), "it was used a moment ago");
        library.let_go(Duration::ZERO);
        assert!(!library.is_idle(Duration::ZERO), "nothing is held");
        assert_eq!(library.reach(), Ok(()));
        assert!(library.is_idle(Duration::ZERO), "it is held again");
        library.let_go(Duration::ZERO);
        // In the meantime something else takes its place.
        std::fs::rename(&path, folder.path().join("away")).expect("a rename");
        std::fs::create_dir(&path).expect("a folder");
        std::fs::write(path.join("other"), "x").expect("a file");
        assert_eq!(library.reach(), Err(PauseReason::LibraryGone), "also for a job under way");
        assert!(library.root().is_err());
        assert_eq!(library.look_again(), Ok(()), "a new job takes what is there");
    }
}
