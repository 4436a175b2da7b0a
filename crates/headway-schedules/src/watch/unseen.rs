//! What a look at a watched folder could not see.

use headway_model::RelPath;
use headway_server::WatchedFiles;

use super::config::FolderWatch;
use super::progress::disks::ANOTHER;

/// A missing disk, such as `in/usb (/dev/sdb1)`.
pub(super) fn shown_disk((mount, device): (&RelPath, &String)) -> String {
    format!("{} ({device})", mount.shown())
}

/// What a look could not see, and the settings of the watch do not accept, in words.
pub(super) fn unseen(look: &WatchedFiles, watch: &FolderWatch) -> Option<String> {
    // A disk is missing too if another one is in its place.
    let disks: Vec<_> = look.missing.iter().filter(|(mount, _)| !watch.without.contains(mount)).collect();
    let missing = disks.first().map(|(mount, _)| {
        let is_exchanged = disks.iter().any(|(_, device)| *device == ANOTHER);
        let any = if is_exchanged { ", or other_disks = true if any disk will do there" } else { "" };
        let listed = disks.iter().map(|disk| shown_disk(*disk)).collect::<Vec<_>>().join(", ");
        format!(
            "disks below the folder are missing, so nothing is known of their files: {listed}; add without = [{:?}] to the section \
             of the watch if that is as it should be{any}",
            mount.shown()
        )
    });
    let unread = look.unread.first().map(|first| {
        let (count, first) = (look.unread.len(), first.shown());
        format!("{count} of its folders and files cannot be read, so nothing is known of them: {first:?} is the first")
    });
    missing.into_iter().chain(unread).reduce(|one, other| format!("{one}; {other}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use headway_files::InnerMounts;

    use super::super::config::ExistingFiles;
    use super::*;

    #[test]
    fn a_missing_disk_is_named_unless_its_absence_is_accepted() {
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let watch = |without: &[&str]| FolderWatch {
            name: "inbox".into(),
            preset: "each".into(),
            library: None,
            folder: None,
            quiet: Duration::from_secs(1),
            every: Duration::from_secs(1),
            existing: ExistingFiles::Process,
            without: without.iter().map(|mount| path(mount)).collect(),
            other_disks: false,
        };
        let missing = ["in/a", "in/b"].map(|mount| (path(mount), "/dev/sdb1".to_owned()));
        let look = WatchedFiles { missing: InnerMounts::from(missing), ..WatchedFiles::default() };
        let said = |without: &[&str]| unseen(&look, &watch(without)).unwrap_or_default();
        assert!(said(&[]).contains("in/a (/dev/sdb1), in/b (/dev/sdb1)"), "{}", said(&[]));
        assert!(!said(&["in/a"]).contains("in/a (") && said(&["in/a"]).contains("without = [\"in/b\"]"));
        assert_eq!(said(&["in/a", "in/b"]), "");
        assert!(!said(&[]).contains("other_disks"));
        let exchanged = InnerMounts::from([(path("in/a"), ANOTHER.to_owned())]);
        let other = unseen(&WatchedFiles { missing: exchanged, ..WatchedFiles::default() }, &watch(&[]));
        assert!(other.is_some_and(|why| why.contains("another disk is there") && why.contains("other_disks = true")));
        let unread = WatchedFiles { unread: vec![path("in/locked")], ..look };
        assert!(unseen(&unread, &watch(&["in/a", "in/b"])).is_some_and(|why| why.contains("\"in/locked\"")));
    }
}
