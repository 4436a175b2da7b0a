//! A watch that is renamed in the file of settings: it goes on with what it knew under the old one.

use std::path::Path;

use super::config::FolderWatch;
use super::progress::WatchProgress;
use super::progress::stored::{names, remove};

/// Gives each of these watches that has never run what another one knew, if that had the same preset, library and folder, and is no
/// longer among them: it was renamed. None of them runs meanwhile. Blocking.
pub fn take_over(data: &Path, watches: &[FolderWatch]) {
    let known = match names(data) {
        Ok(known) => known,
        Err(error) => {
            tracing::warn!(%error, "whether a watched folder has another name now cannot be read");
            return;
        }
    };
    for watch in watches.iter().filter(|watch| !known.contains(&watch.name)) {
        let place = watch.place();
        let others = known.iter().filter(|name| watches.iter().all(|watch| watch.name != **name));
        let same = others.filter_map(|name| Some((name, read(data, name)?)));
        let same = same.filter(|(_, progress)| progress.section.as_ref() == Some(&place));
        // If the server died while it did this, there are two.
        let Some((name, mut progress)) = same.max_by_key(|(_, progress)| (progress.position(), progress.jobs)) else {
            continue;
        };
        progress.earlier_names.insert(name.clone());
        let moved = progress.store(data, &watch.name).and_then(|()| remove(data, name));
        match moved {
            Ok(()) => tracing::info!(watch = watch.name, before = name, "a watched folder has another name"),
            Err(error) => {
                tracing::warn!(watch = watch.name, before = name, %error, "what a watch knew under its old name cannot be moved");
            }
        }
    }
}

/// What a watch of this name knew; `None` if there is nothing, or it cannot be read.
fn read(data: &Path, name: &str) -> Option<WatchProgress> {
    WatchProgress::read(data, name).unwrap_or_else(|error| {
        tracing::warn!(watch = name, %error, "what a watch knew that is no longer configured cannot be read");
        None
    })
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
        }
    }

    #[test]
    fn only_a_watch_that_is_gone_and_did_the_same_hands_over_what_it_knew() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path();
        let path = || "in/a".parse::<RelPath>().expect("a path");
        let state = SizeAndTime { size: 1, mtime_ns: 7 };
        let mut progress = WatchProgress::default();
        progress.remember(path(), state);
        assert!(progress.take_section(watch("inbox", "each").place()));
        assert!(!progress.take_section(watch("inbox", "each").place()));
        progress.store(data, "inbox").expect("stored");
        let knows = |name: &str| read(data, name).is_some_and(|progress| progress.knows(&path(), state));
        take_over(data, &[watch("scans", "other")]);
        take_over(data, &[watch("inbox", "each"), watch("scans", "each")]);
        assert!(knows("inbox") && read(data, "scans").is_none());
        take_over(data, &[watch("scans", "each")]);
        assert!(knows("scans") && read(data, "inbox").is_none());
        take_over(data, &[watch("inbox", "each")]);
        assert!(knows("inbox") && read(data, "scans").is_none(), "and back");
        let earlier = read(data, "inbox").expect("it").earlier_names;
        assert_eq!(earlier.iter().collect::<Vec<_>>(), ["inbox", "scans"]);
    }
}
