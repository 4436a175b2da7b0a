//! Names in manifests: their possible readings, and the paths in a library that they lead to.

use super::entry::from_hex;
use headway_model::RelPath;

/// Where a name leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameTarget {
    /// To this path. Whether anything is there has not been checked.
    Inside(RelPath),
    /// To an absolute path with these parts.
    Absolute(Vec<Vec<u8>>),
    /// Out of the library, or to something that cannot be a file, for this reason.
    Nowhere(&'static str),
}

/// Where a name leads from the manifest's folder. `.` and `..` are resolved in the text alone, so symbolic links do
/// not matter, and nothing leads out of the library.
pub fn place(folder: &RelPath, name: &[u8]) -> NameTarget {
    if let Some(parts) = absolute(name) {
        return NameTarget::Absolute(parts);
    }
    if name.starts_with(FILE_URL) {
        return NameTarget::Nowhere("it is the URL of a file on another computer");
    }
    let base = folder.to_bytes();
    let mut parts: Vec<&[u8]> = base.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).collect();
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.pop().is_none() => {
                return NameTarget::Nowhere("the path has `..` that leads out of the library");
            }
            b".." => {}
            part => parts.push(part),
        }
    }
    match RelPath::from_bytes(&parts.join(&b'/')) {
        Ok(path) if path.is_root() || name.ends_with(b"/") => NameTarget::Nowhere("it names a folder"),
        Ok(path) => NameTarget::Inside(path),
        Err(_) => NameTarget::Nowhere("it names nothing that can be a file"),
    }
}

/// The parts of an absolute name, which begins with a slash or a Windows drive; `None` for a relative name.
fn absolute(name: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (name, windows) = match name {
        [drive, b':', rest @ ..] if drive.is_ascii_alphabetic() && matches!(rest, [b'\\' | b'/', ..]) => (rest, true),
        [b'\\', b'\\', ..] => (name, true),
        [b'/', ..] => (name, false),
        _ => return None,
    };
    let parts = name.split(|byte| *byte == b'/' || windows && *byte == b'\\');
    Some(parts.filter(|part| !matches!(*part, b"" | b".")).map(<[u8]>::to_vec).collect())
}

/// The prefix of the URL of a file that can name a computer.
const FILE_URL: &[u8] = b"file://";

/// The possible readings of a name in a line, the most literal first: also without surrounding blanks, and with
/// backslashes as separators.
pub(crate) fn readings(name: &[u8]) -> Vec<Vec<u8>> {
    let url = name.trim_ascii();
    if let Some(rest) = url.strip_prefix(FILE_URL) {
        // What stands before the first slash is a computer. The URL of another one stays as it is, and leads nowhere.
        let (host, path) = rest.split_at(rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len()));
        let is_here = host.is_empty() || host.eq_ignore_ascii_case(b"localhost");
        return vec![if is_here && !path.is_empty() { decoded(path) } else { url.to_vec() }];
    }
    let mut readings = vec![name.to_vec()];
    let trimmed = name.trim_ascii();
    // So does Java, without a computer. It can be a folder of that name as well.
    if let Some(path @ [b'/', ..]) = trimmed.strip_prefix(b"file:") {
        readings.push(decoded(path));
    }
    if trimmed.len() != name.len() && !trimmed.is_empty() {
        readings.push(trimmed.to_vec());
    }
    if let [b'"', inside @ .., b'"'] = trimmed
        && !inside.is_empty()
    {
        readings.push(inside.to_vec());
    }
    if name.contains(&b'\\') {
        for at in 0..readings.len() {
            let slashes = readings[at].iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect();
            readings.push(slashes);
        }
    }
    readings
}

/// A part of a URL, such as the path of a file, with its `%20` and the like decoded.
pub(super) fn decoded(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, more)) = rest.split_first() {
        let byte = (*first == b'%').then(|| more.get(..2).and_then(from_hex)).flatten();
        match byte.as_deref() {
            Some([byte]) => plain.push(*byte),
            _ => plain.push(*first),
        }
        rest = if byte.is_some() { &more[2..] } else { more };
    }
    plain
}

/// Undoes the escapes that tools write for characters that would end the line; `None` if an escape is invalid.
pub(super) fn unescape(name: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                b'n' => b'\n',
                b'r' => b'\r',
                _ => return None,
            },
            byte => *byte,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inside(folder: &str, name: &[u8]) -> Option<String> {
        match place(&folder.parse().expect("a path"), name) {
            NameTarget::Inside(path) => Some(path.to_string()),
            NameTarget::Absolute(_) | NameTarget::Nowhere(_) => None,
        }
    }

    #[test]
    fn dots_are_followed_but_never_out_of_the_library() {
        assert_eq!(inside("", b"./a/../b"), Some("b".into()));
        assert_eq!(inside("sub", b"a//./b"), Some("sub/a/b".into()));
        assert_eq!(inside("sub/deep", b"../../b"), Some("b".into()));
        for name in [&b"../a"[..], b"a/../../b", b"", b".", b"a/", b"..", b"a\0b"] {
            assert_eq!(inside("", name), None, "{name:?}");
        }
    }

    #[test]
    fn names_from_the_root_of_a_file_system_are_told_apart() {
        let parts = |name: &[u8]| match place(&RelPath::default(), name) {
            NameTarget::Absolute(parts) => parts.join(&b'|'),
            NameTarget::Inside(_) | NameTarget::Nowhere(_) => b"not".to_vec(),
        };
        assert_eq!(parts(b"/a/./b"), b"a|b");
        assert_eq!(parts(b"C:\\Users\\me\\a b"), b"Users|me|a b");
        assert_eq!(parts(b"\\\\server\\share\\x"), b"server|share|x");
        assert_eq!(parts(b"C:a"), b"not");
    }

    proptest! {
        #[test]
        fn no_name_leads_out_of_the_library(name in "[a.\\\\/ :]{0,24}", folder in "(a/){0,3}a") {
            if let NameTarget::Inside(path) = place(&folder.parse().expect("a path"), name.as_bytes()) {
                prop_assert!(!path.is_root() && RelPath::from_bytes(&path.to_bytes()).is_ok());
            }
        }
    }

    #[test]
    fn the_url_of_a_file_is_here_only_without_a_computer_or_with_localhost() {
        for (url, path) in [
            ("file:///x/a%20b", Some("x|a b")),
            ("file://localhost/x", Some("x")),
            (" file://LOCALHOST/x ", Some("x")),
            ("file://nas/x/a", None),
            ("file://localhost.example/x", None),
            ("file://nas", None),
            ("file://", None),
        ] {
            let found = match place(&RelPath::default(), &readings(url.as_bytes())[0]) {
                NameTarget::Absolute(parts) => Some(String::from_utf8(parts.join(&b'|')).expect("text")),
                NameTarget::Nowhere(why) => {
                    assert_eq!(why, "it is the URL of a file on another computer", "{url}");
                    None
                }
                NameTarget::Inside(path) => Some(path.to_string()),
            };
            assert_eq!(found.as_deref(), path, "{url}");
        }
    }

    #[test]
    fn a_name_can_be_read_in_several_ways() {
        assert_eq!(readings(b"a b"), [b"a b"]);
        assert_eq!(readings(b"a\\b "), [&b"a\\b "[..], b"a\\b", b"a/b ", b"a/b"]);
        assert_eq!(unescape(b"a\\\\b\\n\\r"), Some(b"a\\b\n\r".to_vec()));
        assert_eq!(unescape(b"a\\x"), None);
    }
}
