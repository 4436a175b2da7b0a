//! The name of a converted picture.

use super::ImageFormat;
use crate::kind::FileKind;
use headway_model::{OutputPlace, RelPath};

/// The output place, with an extension that says what the file contains. The requested name is the name without its
/// extension.
pub(super) fn place(format: ImageFormat, longest: u32, path: &RelPath, place: OutputPlace) -> OutputPlace {
    let named = |name: &str| name_of(format, path, name);
    match place {
        OutputPlace::Beside { name } => {
            let new = named(&name);
            // An output beside its original cannot have the original's name.
            let is_own = new == "{/}";
            let mark = if longest > 0 { format!("-{longest}") } else { "-new".into() };
            OutputPlace::Beside { name: if is_own { named(&format!("{{/.}}{mark}")) } else { new } }
        }
        OutputPlace::Folder { path: folder, name } => {
            let name = named(name.as_deref().unwrap_or("{/}"));
            OutputPlace::Folder { path: folder, name: Some(name) }
        }
        OutputPlace::Replace => OutputPlace::Replace,
    }
}

fn name_of(format: ImageFormat, path: &RelPath, name: &str) -> String {
    let named = FileKind::named(path);
    let extension = match (format, named) {
        (ImageFormat::Jpeg, _) => "jpg",
        (ImageFormat::Png, _) => "png",
        (ImageFormat::WebP, _) => "webp",
        (ImageFormat::Same, Some(FileKind::Gif | FileKind::Tiff | FileKind::Bmp)) => "png",
        (ImageFormat::Same, _) => "{+.}",
    };
    let has_extension = named.is_some();
    // An extension of another kind is part of the name.
    let stem = if has_extension { name.replace("{/}", "{/.}") } else { name.to_owned() };
    let own = path.name().rsplit_once('.').map_or("", |(_, own)| own);
    match extension {
        "{+.}" if !has_extension => stem,
        extension if stem == "{/.}" && (extension == own || extension == "{+.}") => "{/}".into(),
        extension => format!("{stem}.{extension}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_says_what_is_in_it_and_no_file_is_named_as_its_original() {
        let name = |format, longest, path: &str, name: &str| {
            let path = path.parse().expect("a path");
            match place(format, longest, &path, OutputPlace::Beside { name: name.into() }) {
                OutputPlace::Beside { name } => name,
                other => panic!("{other:?}"),
            }
        };
        for (format, longest, path, template, expected) in [
            (ImageFormat::Jpeg, 0, "a/b.png", "{/}", "{/.}.jpg"),
            (ImageFormat::Jpeg, 0, "b.jpg", "{/}", "{/.}-new.jpg"),
            (ImageFormat::Jpeg, 800, "b.jpeg", "{/}", "{/.}.jpg"),
            (ImageFormat::Same, 800, "b.JPG", "{/}", "{/.}-800.{+.}"),
            (ImageFormat::Same, 0, "b.gif", "{/}", "{/.}.png"),
            (ImageFormat::Same, 0, "b.png", "small-{/}", "small-{/.}.{+.}"),
            (ImageFormat::WebP, 0, "b", "{/}", "{/}.webp"),
            (ImageFormat::Png, 0, "b.v1", "{/}", "{/}.png"),
        ] {
            assert_eq!(name(format, longest, path, template), expected, "{format:?} {path}");
        }
    }
}
