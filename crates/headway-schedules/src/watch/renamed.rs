//! A watch that is renamed in the file of settings: it goes on with what it knew under the old one.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::config::FolderWatch;
use super::progress::WatchProgress;
use super::progress::stored::{names, rename};

/// The names of the watches that are configured. What a watch of another name knew can be taken over by a renamed one.
#[derive(Debug, Clone, Default)]
pub struct WatchNames(Arc<Mutex<BTreeSet<String>>>);

impl WatchNames {
    /// Takes in which watches are configured from now on. All others have ended.
    pub async fn replace(&self, watches: &[FolderWatch]) {
        *self.0.lock().await = watches.iter().map(|watch| watch.name.clone()).collect();
    }
}

/// What a watch knows; `None` if it has never run. If it has never run under its name, it takes over what another one knew that had
/// the same preset, library and folder, and is no longer configured: it was renamed. Blocking.
///
/// # Errors
/// If what it knows cannot be read, or what any watch knew that it might have been. It must not begin again then.
pub(super) fn read_or_take_over(
    data: &Path,
    watch: &FolderWatch,
    configured: &WatchNames,
) -> io::Result<Option<WatchProgress>> {
    // No two watches take over the same, and no name is configured again meanwhile.
    let configured = configured.0.blocking_lock();
    let own = WatchProgress::read(data, &watch.name);
    if let Some(own) = own.map_err(|error| because(&error, &format!("watches/{}.json cannot be read", watch.name)))? {
        return Ok(Some(own));
    }
    let Some((name, mut progress)) = same(data, watch, &configured)? else { return Ok(None) };
    // The file is moved and not copied: a copy that stays would be taken for what it knows when it has its old name again.
    if progress.earlier_names.insert(name.clone()) {
        progress.store(data, &name)?;
    }
    rename(data, &name, &watch.name)?;
    tracing::info!(watch = watch.name, before = name, "a watched folder has another name");
    Ok(Some(progress))
}

/// The name and the knowledge of a watch that is not `configured` and did the same. If there are several, the one that ran last.
fn same(
    data: &Path,
    watch: &FolderWatch,
    configured: &BTreeSet<String>,
) -> io::Result<Option<(String, WatchProgress)>> {
    let (place, mut last) = (watch.place(), None::<(String, WatchProgress)>);
    for name in names(data)?.into_iter().filter(|name| !configured.contains(name)) {
        let stored = WatchProgress::read(data, &name).map_err(|error| {
            let what = format!("whether it was called {name:?} before cannot be read in watches/{name}.json");
            because(&error, &what)
        })?;
        let Some(stored) = stored.filter(|stored| stored.section.as_ref() == Some(&place)) else { continue };
        let ran = |progress: &WatchProgress| (progress.position(), progress.jobs);
        if last.as_ref().is_none_or(|(_, last)| ran(last) <= ran(&stored)) {
            last = Some((name, stored));
        }
    }
    Ok(last)
}

fn because(error: &io::Error, what: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::config::ExistingFiles;
    use super::*;
    use headway_model::RelPath;
    use headway_server::SizeAndTime;

    fn watch(name: &str, preset: &str) -> FolderWatch {
        let time = std::time::Duration::from_secs(1);
        let existing = ExistingFiles::Process;
        let (name, preset) = (name.to_owned(), preset.to_owned());
        FolderWatch {
            name,
            preset,
            library: None,
            folder: None,
            quiet: time,
            every: time,
            existing,
            without: Vec::new(),
            other_disks: false,
        }
    }

    /// What this watch knows once only these are configured.
    fn begin(data: &Path, watch: &FolderWatch, configured: &[&str]) -> io::Result<Option<WatchProgress>> {
        let configured = configured.iter().map(|name| (*name).to_owned()).collect();
        read_or_take_over(data, watch, &WatchNames(Arc::new(Mutex::new(configured))))
    }

    fn path() -> RelPath {
        "in/a".parse().expect("a path")
    }

    const STATE: SizeAndTime = SizeAndTime { size: 1, mtime_ns: 7 };

    /// A data folder in which a watch `inbox` of the preset `each` knows a file.
    fn data() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let mut progress = WatchProgress::default();
        progress.remember(path(), STATE);
        assert!(progress.take_section(watch("inbox", "each").place()));
        assert!(!progress.take_section(watch("inbox", "each").place()));
        progress.store(folder.path(), "inbox").expect("stored");
        folder
    }

    fn knows(stored: Option<&WatchProgress>) -> bool {
        stored.is_some_and(|progress| progress.knows(&path(), STATE))
    }

    #[test]
    fn only_a_watch_that_is_gone_and_did_the_same_hands_over_what_it_knew() {
        let folder = data();
        let data = folder.path();
        let begin = |name: &str, preset: &str, configured: &[&str]| {
            begin(data, &watch(name, preset), configured).expect("what it knows")
        };
        let stored = |name: &str| WatchProgress::read(data, name).expect("what it knows");
        assert_eq!(begin("scans", "other", &["scans"]), None);
        assert_eq!(begin("scans", "each", &["inbox", "scans"]), None);
        assert!(knows(begin("inbox", "each", &["inbox", "scans"]).as_ref()) && stored("scans").is_none());
        assert!(knows(begin("scans", "each", &["scans"]).as_ref()));
        assert!(knows(stored("scans").as_ref()) && stored("inbox").is_none());
        assert!(knows(begin("inbox", "each", &["inbox"]).as_ref()) && stored("scans").is_none(), "and back");
        let earlier = stored("inbox").expect("it").earlier_names;
        assert_eq!(earlier.iter().collect::<Vec<_>>(), ["inbox", "scans"]);
    }

    /// Of two files, one that stays when the server dies in between would be taken for what it knows when it has its old name again.
    #[test]
    fn what_a_renamed_watch_knew_is_moved_and_not_copied() {
        let folder = data();
        let data = folder.path();
        let inode = |name: &str| {
            let found = std::fs::metadata(data.join(format!("watches/{name}.json"))).expect("a file");
            std::os::unix::fs::MetadataExt::ino(&found)
        };
        for name in ["scans", "inbox"] {
            assert!(knows(begin(data, &watch(name, "each"), &[name]).expect("it").as_ref()));
        }
        // Its file has both names already, so that only the name of the file changes.
        let before = inode("inbox");
        assert!(knows(begin(data, &watch("scans", "each"), &["scans"]).expect("it").as_ref()));
        assert_eq!(inode("scans"), before);
    }

    /// Otherwise every file would be processed again.
    #[test]
    fn a_watch_that_might_be_a_renamed_one_does_not_begin_while_that_cannot_be_read() {
        let folder = data();
        let (data, place) = (folder.path(), folder.path().join("watches/inbox.json"));
        let whole = std::fs::read(&place).expect("what it knows");
        std::fs::write(&place, &whole[..whole.len() / 2]).expect("a damaged file");
        let error = begin(data, &watch("scans", "each"), &["scans"]).expect_err("not known");
        assert!(error.to_string().contains("watches/inbox.json"), "{error}");
        assert_eq!(WatchProgress::read(data, "scans").expect("nothing"), None);
        assert_eq!(begin(data, &watch("scans", "each"), &["inbox", "scans"]).expect("another watch"), None);
        std::fs::write(&place, &whole).expect("the file");
        assert!(knows(begin(data, &watch("scans", "each"), &["scans"]).expect("read again").as_ref()));
    }
}
