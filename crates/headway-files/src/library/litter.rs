//! Litter: files that systems leave among a user's files, such as thumbnails, recycle bins and indexes of file managers
//! and NAS boxes.

/// Folders that are litter with everything in them, in lower case.
const FOLDERS: [&str; 14] = [
    "@eadir",
    ".@__thumb",
    ".appledouble",
    "@recycle",
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "system volume information",
    "lost+found",
    ".trashes",
    ".spotlight-v100",
    ".fseventsd",
    ".temporaryitems",
    ".documentrevisions-v100",
];

/// Files that are litter, in lower case.
const FILES: [&str; 4] = [".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini"];

/// Whether a file or folder of this name, without its path, is litter. Case does not matter.
pub fn is_litter(name: &[u8], is_folder: bool) -> bool {
    let name = name.to_ascii_lowercase();
    let is = |known: &&str| known.as_bytes() == name;
    match is_folder {
        // `.Trash-1000`, as the freedesktop.org trash specification names it.
        true => FOLDERS.iter().any(is) || name.starts_with(b".trash-"),
        false => FILES.iter().any(is),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_of_the_right_kind_are_litter() {
        for (name, is_folder, expected) in [
            ("@eaDir", true, true),
            ("@eaDir", false, false),
            (".@__thumb", true, true),
            (".AppleDouble", true, true),
            ("$RECYCLE.BIN", true, true),
            (".Trash-1000", true, true),
            (".Trash", true, false),
            ("Thumbs.db", false, true),
            ("THUMBS.DB", false, true),
            ("Thumbs.db.jpg", false, false),
            ("my lost+found", true, false),
        ] {
            assert_eq!(is_litter(name.as_bytes(), is_folder), expected, "{name}");
        }
    }
}
