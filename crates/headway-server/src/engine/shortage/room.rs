//! Room on the disk of a folder.

use std::path::{Path, PathBuf};

use headway_files::disk_room;
use headway_model::text::counted;

/// On a small disk it is enough if one of so many parts of it is free.
const PARTS: u64 = 20;

/// A disk with too little room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TooLittleRoom {
    /// A folder on it.
    pub(super) folder: PathBuf,
    free: u64,
    needed: u64,
}

impl TooLittleRoom {
    /// Looks at the disk of a folder into which a job writes, on which `floor` bytes must be free, or 5 % of a small disk. `None` if
    /// there is enough room, or if that cannot be found out: then the calls themselves tell.
    pub(super) fn of(folder: &Path, floor: u64) -> Option<Self> {
        let room = disk_room(folder)?;
        TooLittleRoom::below(folder, room.free, floor.min(room.total / PARTS))
    }

    /// The same where all of the floor must be free, however small the disk is.
    pub(super) fn of_data(folder: &Path, floor: u64) -> Option<Self> {
        TooLittleRoom::below(folder, disk_room(folder)?.free, floor)
    }

    fn below(folder: &Path, free: u64, needed: u64) -> Option<Self> {
        (free < needed).then(|| TooLittleRoom { folder: folder.to_owned(), free, needed })
    }

    /// What a person is told about it.
    pub(super) fn text(&self) -> String {
        let bytes = |number| counted(number, ',', "byte", "bytes");
        format!(
            "The disk of {} has {} free, and {} are needed before an item begins. The job continues automatically when there is \
             room.",
            self.folder.display(),
            bytes(self.free),
            bytes(self.needed)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_told_the_folder_what_is_free_and_what_is_needed() {
        let short = TooLittleRoom::below(Path::new("/srv/card"), 1_000, 1_677_721).expect("too little room");
        let text = short.text();
        assert!(text.contains("/srv/card has 1,000 bytes free, and 1,677,721 bytes are needed"), "{text}");
        assert_eq!(TooLittleRoom::below(Path::new("/srv/card"), 1_677_721, 1_677_721), None);
    }

    #[test]
    fn a_part_of_a_disk_is_enough_if_that_is_less_than_the_floor() {
        let here = std::env::temp_dir();
        let total = disk_room(&here).expect("a disk").total;
        let needed = |floor| TooLittleRoom::of(&here, floor).map(|short| short.needed);
        assert_eq!(needed(0), None, "0 turns the check off");
        assert!(needed(u64::MAX).is_none_or(|needed| needed == total / PARTS));
        let data = TooLittleRoom::of_data(&here, u64::MAX).expect("too little room");
        assert_eq!(data.needed, u64::MAX, "the log needs it all");
    }
}
