//! The names of packed and unpacked files, and which files need not be packed.

use super::CompressAction;
use crate::kind::FileKind;
use headway_model::{OutputPlace, RelPath};

/// The output place, with an extension that says what the file contains. The requested name is that of the unpacked
/// file.
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

/// The template for the name of the unpacked file.
fn unpacked(path: &RelPath) -> &'static str {
    let extension =
        path.name().rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "gz" | "zst" => "{/.}",
        "tgz" | "tzst" => "{/.}.tar",
        "svgz" => "{/.}.svg",
        // The content is packed, although the name does not say so.
        _ => "{/}.unpacked",
    }
}

/// Whether files of this type are already compressed.
pub(super) fn is_packed(kind: FileKind) -> bool {
    !matches!(kind, FileKind::Bmp | FileKind::Tiff | FileKind::Pdf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_is_added_or_taken_off() {
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
