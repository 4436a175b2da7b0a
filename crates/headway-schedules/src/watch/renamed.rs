//! What a watch knows goes with what the watch does and where, and not with its name: a watch that is renamed in the file of settings
//! goes on with what it knew, also if another watch has its old name now.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::config::{FolderWatch, WatchedPlace};
use super::progress::WatchProgress;
use super::progress::stored::{names, rename};
use headway_files::DataFolder;

/// The watches that are configured. What a watch knew that is not, or that does something else now, can be taken over.
#[derive(Debug, Clone, Default)]
pub struct WatchNames(Arc<Mutex<ConfiguredPlaces>>);

/// What each of the configured watches does and where, by its name.
type ConfiguredPlaces = BTreeMap<String, WatchedPlace>;

/// What is stored under other names than that of a watch.
type OtherProgress = BTreeMap<String, WatchProgress>;

impl WatchNames {
    /// Takes in which watches are configured from now on. All others, and all that were changed, have ended.
    pub async fn replace(&self, watches: &[FolderWatch]) {
        *self.0.lock().await = watches.iter().map(|watch| (watch.name.clone(), watch.place())).collect();
    }
}

/// What a watch knows; `None` if it begins, which it must not in a data folder that joined the log of another one: every file
/// would be processed again. Blocking.
///
/// # Errors
/// As of [`read_or_take_over`], or if the other data folder has what it knew.
pub(super) fn read_or_begin(
    data: &Path,
    watch: &FolderWatch,
    configured: &WatchNames,
) -> io::Result<Option<WatchProgress>> {
    let known = read_or_take_over(data, watch, configured)?;
    if known.is_none() && DataFolder::has_joined(data)? {
        return Err(io::Error::other(format!(
            "this server took over with another data folder, which lacks watches/{}.json: copy it from the first one, or \
             remove the file log.joined from this data folder, so that the watch begins again",
            watch.name
        )));
    }
    Ok(known)
}

/// What a watch knows; `None` if it begins. This is what is stored with its preset, library and folder, under its name or, if that
/// watch does not need it, under another name. If there is nothing of the kind, its section was changed, and it goes on with what is
/// stored under its name, unless another watch needs that. Blocking.
///
/// # Errors
/// If what it knows cannot be read, or what any watch knew that it might have been. It must not begin again then.
fn read_or_take_over(data: &Path, watch: &FolderWatch, configured: &WatchNames) -> io::Result<Option<WatchProgress>> {
    // No two watches take over the same, and no name is configured again meanwhile.
    let configured = configured.0.blocking_lock();
    let own = WatchProgress::read(data, &watch.name);
    let own = own.map_err(|error| because(&error, &format!("watches/{}.json cannot be read", watch.name)))?;
    let place = watch.place();
    // An older version has not stored the section.
    if own.as_ref().is_some_and(|own| own.section.as_ref().is_none_or(|section| *section == place)) {
        return Ok(own);
    }
    let others = others(data, watch, &configured)?;
    let found = last_run(&others, &place, &configured);
    let mut used: BTreeSet<_> = others.iter().map(|(name, progress)| progress.job_name(name).to_owned()).collect();
    match own {
        Some(mut own) if found.is_none() && !is_needed(&own, &others, &configured) => {
            // A watch that gets the old section later must not take this from the one that goes on with it.
            own.take_section(place);
            own.store(data, &watch.name)?;
            return Ok(Some(own));
        }
        Some(own) => {
            let free = free_name(&watch.name, |name| others.contains_key(name));
            used.insert(moved(data, own, &watch.name, &free)?.job_name(&free).to_owned());
        }
        None if found.is_none() => ask_about_older(watch, &others, &configured)?,
        None => {}
    }
    let Some((name, progress)) = found else {
        // The ids of its jobs must not be those of another watch, which had its name before.
        let is_used = used.contains(&watch.name);
        let job_name = is_used.then(|| free_name(&watch.name, |name| used.contains(name)));
        return Ok(job_name.map(WatchProgress::of_jobs));
    };
    tracing::info!(watch = watch.name, before = name, "a watched folder has another name");
    moved(data, progress.clone(), name, &watch.name).map(Some)
}

/// What is stored under other names. It need not be known of a watch that does the same as this one: it keeps what it knows.
fn others(data: &Path, watch: &FolderWatch, configured: &ConfiguredPlaces) -> io::Result<OtherProgress> {
    let mut others = OtherProgress::new();
    for name in names(data)?.into_iter().filter(|name| *name != watch.name) {
        match WatchProgress::read(data, &name) {
            Ok(stored) => others.extend(stored.map(|stored| (name, stored))),
            Err(_) if configured.get(&name) == Some(&watch.place()) => {}
            Err(error) => {
                let what = format!("whether it was called {name:?} before cannot be read in watches/{name}.json");
                return Err(because(&error, &what));
            }
        }
    }
    Ok(others)
}

/// What is stored with this preset, library and folder, and its name. If there are several, the one that ran last. A configured watch
/// that has them keeps its own.
fn last_run<'a>(
    others: &'a OtherProgress,
    place: &WatchedPlace,
    configured: &ConfiguredPlaces,
) -> Option<(&'a String, &'a WatchProgress)> {
    let is_free = |(name, stored): &(&String, &WatchProgress)| {
        stored.section.as_ref() == Some(place) && configured.get(*name) != Some(place)
    };
    others.iter().filter(is_free).max_by_key(|(_, stored)| (stored.position(), stored.jobs))
}

/// Whether another configured watch has the preset, library and folder of this, and nothing of its own that is stored with them.
fn is_needed(progress: &WatchProgress, others: &OtherProgress, configured: &ConfiguredPlaces) -> bool {
    let has_own =
        |name: &String| others.get(name).is_some_and(|own| own.section.is_none() || own.section == progress.section);
    configured.iter().any(|(name, place)| progress.section.as_ref() == Some(place) && !has_own(name))
}

/// Refuses to begin if what an older version stored can be that of this watch under its old name.
fn ask_about_older(watch: &FolderWatch, others: &OtherProgress, configured: &ConfiguredPlaces) -> io::Result<()> {
    let can_be = |(name, stored): &(&String, &WatchProgress)| {
        let is_free = stored.section.is_none() && stored.begun && !configured.contains_key(*name);
        is_free
            && watch.folder.as_ref().is_none_or(|folder| *folder == stored.folder)
            && watch.library.as_ref().is_none_or(|library| *library == stored.library)
    };
    others.iter().find(can_be).map_or(Ok(()), |(name, _)| {
        Err(io::Error::other(format!(
            "watches/{name}.json is of an older version, which did not store the preset: if this watch was called {name:?} before, \
             give it that name until it has listed its folder once; if not, remove that file"
        )))
    })
}

/// Stores what a watch knows under another name. The file is moved and not copied: a copy that stays would be taken for what a watch
/// knows that has the old name later.
fn moved(data: &Path, mut progress: WatchProgress, name: &str, new: &str) -> io::Result<WatchProgress> {
    if progress.job_name.is_none() {
        progress.job_name = Some(name.to_owned());
        progress.store(data, name)?;
    }
    rename(data, name, new)?;
    Ok(progress)
}

/// A name beside this one, which no watch can be given.
fn free_name(name: &str, is_used: impl Fn(&String) -> bool) -> String {
    let (mut free, mut number) = (format!("{name} 1"), 1);
    while is_used(&free) {
        number += 1;
        free = format!("{name} {number}");
    }
    free
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
        let configured: Vec<_> = configured.iter().map(|name| self::watch(name, &watch.preset)).collect();
        begin_of(data, watch, &configured)
    }

    /// What this watch knows once these are configured.
    fn begin_of(data: &Path, watch: &FolderWatch, configured: &[FolderWatch]) -> io::Result<Option<WatchProgress>> {
        let places = configured.iter().map(|watch| (watch.name.clone(), watch.place())).collect();
        read_or_take_over(data, watch, &WatchNames(Arc::new(Mutex::new(places))))
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
        assert_eq!(stored("inbox").expect("it").job_name("inbox"), "inbox");
    }

    /// Otherwise each would process all files of its folder again.
    #[test]
    fn two_watches_that_exchange_their_names_keep_what_they_know() {
        for order in [["inbox", "scans"], ["scans", "inbox"]] {
            let folder = data();
            let data = folder.path();
            let mut scans = WatchProgress::default();
            scans.jobs = 3;
            assert!(scans.take_section(watch("scans", "other").place()));
            scans.store(data, "scans").expect("stored");
            let exchanged = [watch("inbox", "other"), watch("scans", "each")];
            let begin = |name: &str| {
                let watch = exchanged.iter().find(|watch| watch.name == name).expect("a watch");
                begin_of(data, watch, &exchanged).expect("what it knows")
            };
            for name in order {
                begin(name);
            }
            // As a restart finds it.
            let (inbox, scans) = (begin("inbox").expect("it"), begin("scans").expect("it"));
            assert!(knows(Some(&scans)) && !knows(Some(&inbox)), "{order:?}");
            assert_eq!((inbox.jobs, inbox.job_name("inbox"), scans.job_name("scans")), (3, "scans", "inbox"));
            assert_eq!(names(data).expect("names"), ["inbox", "scans"]);
        }
    }

    #[test]
    fn what_a_changed_section_leaves_goes_to_the_watch_that_has_it_now() {
        for order in [["inbox", "scans"], ["scans", "inbox"]] {
            let folder = data();
            let data = folder.path();
            let changed = [watch("inbox", "other"), watch("scans", "each")];
            for name in order {
                let watch = changed.iter().find(|watch| watch.name == name).expect("a watch");
                let stored = begin_of(data, watch, &changed).expect("what it knows");
                assert_eq!(knows(stored.as_ref()), name == "scans", "{order:?}");
                if name == "inbox" {
                    let stored = stored.expect("ids of its own");
                    assert_eq!(stored.job_name("inbox"), "inbox 1", "the jobs of the other watch are called inbox");
                }
            }
        }
        let folder = data();
        let changed = [watch("inbox", "other"), watch("scans", "each")];
        let stored = begin_of(folder.path(), &changed[0], &changed[..1]).expect("what it knows");
        assert!(knows(stored.as_ref()), "nobody else needs it");
        assert_eq!(begin_of(folder.path(), &changed[1], &changed).expect("it came later"), None);
    }

    /// An older version has not stored the preset: that a person meant the same watch is a guess.
    #[test]
    fn a_new_watch_does_not_begin_where_one_of_an_older_version_has_worked() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path();
        let mut older = WatchProgress::default();
        (older.begun, older.folder) = (true, path());
        older.store(data, "inbox").expect("stored");
        let at = |name: &str, folder: &str| {
            let folder = Some(folder.parse().expect("a path"));
            FolderWatch { folder, ..watch(name, "each") }
        };
        let begin = |watch: FolderWatch| begin_of(data, &watch, std::slice::from_ref(&watch));
        let error = begin(at("scans", "in/a")).expect_err("not known");
        assert!(error.to_string().contains("watches/inbox.json is of an older version"), "{error}");
        assert_eq!(begin(at("scans", "in/b")).expect("another folder"), None);
        assert!(begin(at("inbox", "in/a")).expect("its name").is_some());
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
