//! The name of what is packed or unpacked, and what need not be packed.

use super::CompressAction;
use crate::kind::FileKind;
use headway_model::{OutputPlace, RelPath};

/// The place with a name whose ending says what is in it. The name that was asked for is that of the unpacked file.
pub(super) fn place(action: CompressAction, path: &RelPath, place: OutputPlace) -> OutputPlace {
    match place {
        OutputPlace::Beside { name } => OutputPlace::Beside { name: name_of(action, path, &name) },
        OutputPlace::Folder { path: folder, name } => {
            let name = name_of(action, path, name.as_deref().unwrap_or("{/}"));
            OutputPlace::Folder { path: folder, name: Some(name) }
        }
        OutputPlace::Replace => OutputPlace::Replace,
    }
}

fn name_of(action: CompressAction, path: &RelPath, name: &str) -> String {
    match action {
        CompressAction::Zstd => format!("{name}.zst"),
        CompressAction::Gzip => format!("{name}.gz"),
        CompressAction::Unpack => name.replace("{/}", unpacked(path)),
    }
}

/// The template of the name that a packed file had.
fn unpacked(path: &RelPath) -> &'static str {
    let ending = path.name().rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "gz" | "zst" => "{/.}",
        "tgz" | "tzst" => "{/.}.tar",
        "svgz" => "{/.}.svg",
        // Its content is packed, whatever its name is.
        _ => "{/}.unpacked",
    }
}

/// Whether files of this type hardly get smaller.
pub(super) fn is_packed(kind: FileKind) -> bool {
    !matches!(kind, FileKind::Bmp | FileKind::Tiff | FileKind::Pdf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_is_added_or_taken_off() {
        let name = |action, path: &str, name: &str| name_of(action, &path.parse().expect("a path"), name);
        assert_eq!(name(CompressAction::Zstd, "a/b.txt", "{/}"), "{/}.zst");
        assert_eq!(name(CompressAction::Gzip, "a/b.txt", "old-{/}"), "old-{/}.gz");
        for (path, unpacked) in [
            ("b.txt.gz", "{/.}"),
            ("B.TXT.ZST", "{/.}"),
            ("b.tgz", "{/.}.tar"),
            ("b", "{/}.unpacked"),
            ("i.svgz", "{/.}.svg"),
        ] {
            assert_eq!(name(CompressAction::Unpack, path, "{/}"), unpacked, "{path}");
        }
        assert_eq!(name(CompressAction::Unpack, "b.gz", "{/.}.x"), "{/.}.x");
    }
}
