//! Finds the file of a line that names none, or not its folder. Of one that names none, only the manifest's own name can tell it.

use super::super::manifest::Algorithm;
use super::locate::{Located, Locator};
use super::{RelPath, Unable};

/// The note on a file that is found by a manifest's name although that name does not show that it is about one file.
const BY_NAME: &str = "its line names no file; it is the one with the manifest's own name without the extension";

/// The note on a file whose line is about standard input.
const BY_SIDECAR: &str = "its line is about standard input; the name of the manifest, which has no other line, says that it is about this file";

/// The note on a file that a link names.
const BY_LINK: &str = "its line is a link, which names no folder; it is the file of that name beside the manifest";

/// The file that a manifest's own name tells: its name without its extension.
struct OwnFile {
    path: RelPath,
    /// Whether the extension is one of checksums, as in `a.txt.sha256`. The name `sums.txt` says nothing of a file `sums`.
    is_sidecar: bool,
}

/// The file of a line that is only a checksum. Blocking.
pub(super) fn alone(locator: &Locator<'_>, manifest: &RelPath) -> Result<Located, Unable> {
    Ok(match OwnFile::of(manifest) {
        Some(OwnFile { path, is_sidecar: true }) => Ok((path, None)),
        Some(OwnFile { path, .. }) if locator.is_there(&path)? => Ok((path, Some(BY_NAME.into()))),
        Some(_) | None => Err("no file is named, and the manifest's own name tells none".to_owned()),
    })
}

/// The file of a line about standard input, which is no file: only one that is there and for which the tool writes the
/// same, or the file of a sidecar without any other line. Blocking.
pub(super) fn standard_input(
    locator: &mut Locator<'_>,
    manifest: &RelPath,
    written_alike: Option<&[u8]>,
    is_only_line: bool,
) -> Result<Located, Unable> {
    if let Some(name) = written_alike
        && let Ok(found) = locator.locate(&[name.to_vec()])?
        && locator.is_there(&found.0)?
    {
        return Ok(Ok(found));
    }
    Ok(match OwnFile::of(manifest) {
        Some(OwnFile { path, is_sidecar: true }) if is_only_line => Ok((path, Some(BY_SIDECAR.into()))),
        Some(_) | None => Err("it is about standard input, not a file".to_owned()),
    })
}

/// The file of a line that does not name its folder: one of that name beside the manifest. If there is none, it is not known
/// where the file was, so it is not missing. Blocking.
pub(super) fn without_folder(locator: &mut Locator<'_>, readings: &[Vec<u8>]) -> Result<Located, Unable> {
    let (path, note) = match locator.locate(readings)? {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    Ok(match locator.is_there(&path)? {
        true => Ok((path, note.or(Some(BY_LINK.into())))),
        false => Err(format!("a link, which names its file without the folder, and there is no {:?}", path.shown())),
    })
}

impl OwnFile {
    fn of(manifest: &RelPath) -> Option<Self> {
        let name = manifest.to_bytes();
        let base = name.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let dot = base + name[base..].iter().rposition(|byte| *byte == b'.')?;
        if dot == base {
            return None;
        }
        let path = RelPath::from_bytes(&name[..dot]).ok()?;
        Some(OwnFile { path, is_sidecar: is_of_checksums(&name[dot + 1..]) })
    }
}

/// Whether files with this extension hold checksums: the name of an algorithm, with or without `sum`, or `sum` itself.
fn is_of_checksums(extension: &[u8]) -> bool {
    let extension = extension.to_ascii_lowercase();
    let plain = extension.strip_suffix(b"sums").or_else(|| extension.strip_suffix(b"sum")).unwrap_or(&extension);
    let is_other = matches!(plain, b"b2" | b"b3" | b"sha" | b"sha2" | b"sha3" | b"check" | b"digest" | b"hash");
    is_other || Algorithm::of_tag(plain).is_some() || plain.is_empty() && !extension.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_files::Library;

    #[test]
    fn a_line_without_a_name_is_about_a_file_only_if_the_name_of_the_manifest_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["sums", "stdin"] {
            std::fs::write(folder.path().join(name), "").expect("a file");
        }
        let library = Library::open("files", folder.path()).expect("a library");
        let said = |located: Result<Located, Unable>| match located.expect("a disk") {
            Ok((path, note)) => (path.to_string(), note.is_some()),
            Err(why) => (why, false),
        };
        let file = |path: &str, is_noted: bool| (path.to_owned(), is_noted);
        let input = file("it is about standard input, not a file", false);
        let nothing = file("no file is named, and the manifest's own name tells none", false);
        for (manifest, of_input, of_checksum) in [
            ("sums.txt", &input, &file("sums", true)),
            ("other.txt", &input, &nothing),
            ("SHA256SUMS", &input, &nothing),
            (".sha256", &input, &nothing),
            ("sub/x.iso.sha256", &file("sub/x.iso", true), &file("sub/x.iso", false)),
            ("x.MD5SUM", &file("x", true), &file("x", false)),
            ("x.b3", &file("x", true), &file("x", false)),
            ("x.sum", &file("x", true), &file("x", false)),
        ] {
            let manifest: RelPath = manifest.parse().expect("a path");
            let mut locator = Locator::new(&library, &manifest);
            let found = said(standard_input(&mut locator, &manifest, None, true));
            assert_eq!(&found, of_input, "{manifest}");
            let found = said(standard_input(&mut locator, &manifest, None, false));
            assert_eq!(found, input, "{manifest} has other lines as well");
            assert_eq!(&said(alone(&locator, &manifest)), of_checksum, "{manifest}");
        }
        // OpenSSL writes the same about its standard input and about a file of that name.
        let manifest: RelPath = "x.sha256".parse().expect("a path");
        let mut locator = Locator::new(&library, &manifest);
        let found = said(standard_input(&mut locator, &manifest, Some(b"stdin"), true));
        assert_eq!(found, file("stdin", false));
    }
}
