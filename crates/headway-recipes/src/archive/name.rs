//! The name of an entry: how it is shown, and whether unpacking it stays below the target folder.

use headway_model::event::cut;

/// Longer names are truncated in messages.
const SHOWN: usize = 100;

/// The name as people read it, in quotation marks.
pub(super) fn shown(name: &[u8]) -> String {
    format!("{:?}", cut(&String::from_utf8_lossy(name), SHOWN))
}

/// Why it would be dangerous to unpack an entry with this name; `None` if it is safe.
pub(super) fn danger(name: &[u8]) -> Option<&'static str> {
    let is_separator = |byte: &u8| matches!(byte, b'/' | b'\\');
    if name.is_empty() {
        return Some("it has no name");
    }
    if name.contains(&0) {
        return Some("its name has a zero byte");
    }
    if name.first().is_some_and(is_separator) || matches!(name, [drive, b':', ..] if drive.is_ascii_alphabetic()) {
        return Some("its name is an absolute path");
    }
    name.split(is_separator).any(|part| part == b"..").then_some("its name leads out of the folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_leave_the_folder_on_any_system_is_dangerous() {
        let dangerous: [&[u8]; 8] =
            [b"../x", b"a/../../x", b"a\\..\\x", b"/etc/x", b"\\\\host\\x", b"C:x", b"a\0b", b""];
        for name in dangerous {
            assert!(danger(name).is_some(), "{}", shown(name));
        }
        let fine: [&[u8]; 6] = [b"a/b", b"..a/b..", b"a...b", b"\xff\xfe", b"ab:c", b"folder/"];
        for name in fine {
            assert_eq!(danger(name), None, "{}", shown(name));
        }
    }
}
