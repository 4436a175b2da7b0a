//! Makes names valid on Windows: replaces the characters and words that it refuses.

use serde::Deserialize;

/// Which names are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Clean {
    Keep,
    Windows,
}

/// Names of devices, which no file on Windows can have, whatever its extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

impl Clean {
    pub(super) const CHOICES: [(&'static str, &'static str); 2] =
        [("keep", "all that this file system allows"), ("windows", "only those that Windows allows; others become _")];

    /// A valid form of the name.
    pub(crate) fn name(self, name: &[u8]) -> Vec<u8> {
        if self == Clean::Keep {
            return name.to_vec();
        }
        let is_refused = |letter: char| letter.is_control() || "<>:\"/\\|?*".contains(letter) || letter == '\u{FFFD}';
        let text = String::from_utf8_lossy(name);
        let text: String = text.chars().map(|letter| if is_refused(letter) { '_' } else { letter }).collect();
        let end = text.trim_end_matches(['.', ' ']);
        let mut clean = end.to_owned();
        clean.extend(text[end.len()..].chars().map(|_| '_'));
        if is_device(&clean) { format!("_{clean}").into_bytes() } else { clean.into_bytes() }
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let port = |stem: &str| ["com", "lpt"].iter().any(|port| stem.strip_prefix(port).is_some_and(is_port_number));
    DEVICES.contains(&&*stem) || port(&stem)
}

fn is_port_number(text: &str) -> bool {
    text.chars().count() == 1 && text.chars().all(|digit| "123456789¹²³".contains(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_takes_every_name() {
        for (name, expected) in [
            ("a:b?.jpg", "a_b_.jpg"),
            ("end. .", "end___"),
            ("con", "_con"),
            ("Con.txt", "_Con.txt"),
            ("com1.tar.gz", "_com1.tar.gz"),
            ("COM¹", "_COM¹"),
            ("com10", "com10"),
            ("console", "console"),
            ("tab\there", "tab_here"),
            ("…", "…"),
        ] {
            let name = Clean::Windows.name(name.as_bytes());
            assert_eq!(String::from_utf8(name).expect("a text"), expected);
        }
        assert_eq!(Clean::Windows.name(b"\xff.jpg"), b"_.jpg");
        assert_eq!(Clean::Keep.name(b"a:b"), b"a:b");
    }
}
