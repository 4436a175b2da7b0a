//! The manifest format of `sha256sum` and `b3sum`: hash, two spaces, name, newline.
//!
//! Source: GNU coreutils manual, "cksum output modes": a name with a backslash, newline or carriage return has them
//! written `\\`, `\n` and `\r`, and its line begins with a backslash.

/// One line. A file named `-` becomes `./-`, since the tools take `-` for their standard input.
pub fn line(hash: &str, name: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(name.len() + 8);
    if name == b"-" {
        escaped.extend_from_slice(b"./");
    }
    for byte in name {
        match byte {
            b'\\' => escaped.extend_from_slice(b"\\\\"),
            b'\n' => escaped.extend_from_slice(b"\\n"),
            b'\r' => escaped.extend_from_slice(b"\\r"),
            byte => escaped.push(*byte),
        }
    }
    let mut line = Vec::with_capacity(hash.len() + escaped.len() + 4);
    if escaped.len() != name.len() && name != b"-" {
        line.push(b'\\');
    }
    line.extend_from_slice(hash.as_bytes());
    line.extend_from_slice(b"  ");
    line.extend_from_slice(&escaped);
    line.push(b'\n');
    line
}

/// What a checksum was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// BLAKE3 with 32 bytes.
    Blake3,
}

impl Algorithm {
    /// What a manifest of this name usually holds: `B3SUMS`, `x.b3`, `blake3.txt` BLAKE3, all others SHA-256.
    pub fn of_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        if name.contains("b3sum") || name.ends_with(".b3") || name.contains("blake3") {
            Algorithm::Blake3
        } else {
            Algorithm::Sha256
        }
    }

    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "sha256",
            Algorithm::Blake3 => "blake3",
        }
    }
}

/// What one line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Made with.
    pub algorithm: Algorithm,
    /// In lower-case hex.
    pub hash: String,
    /// As on disk, relative to the manifest's folder.
    pub name: Vec<u8>,
}

/// Reads a line without its newline: `HASH  NAME`, `HASH *NAME`, or with `--tag` `SHA256 (NAME) = HASH`. `default` is what
/// the first two forms, which do not say it, were made with. `None` if it is none of these.
pub fn parse(line: &[u8], default: Algorithm) -> Option<Entry> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (escaped, line) = match line.strip_prefix(b"\\") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let tagged = [(&b"SHA256 ("[..], Algorithm::Sha256), (b"BLAKE3 (", Algorithm::Blake3)];
    let tag = tagged.iter().find_map(|(tag, algorithm)| Some((line.strip_prefix(*tag)?, *algorithm)));
    let (algorithm, hash, name) = match tag {
        Some((rest, algorithm)) => {
            let (head, hash) = rest.split_at_checked(rest.len().checked_sub(64)?)?;
            (algorithm, hash, head.strip_suffix(b") = ")?)
        }
        None => {
            let (hash, rest) = line.split_at_checked(64)?;
            (default, hash, rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?)
        }
    };
    if !hash.iter().all(u8::is_ascii_hexdigit) || name.is_empty() {
        return None;
    }
    let hash = String::from_utf8(hash.to_ascii_lowercase()).ok()?;
    let name = if escaped { unescape(name)? } else { name.to_vec() };
    Some(Entry { algorithm, hash, name: name.strip_prefix(b"./").map_or(name.clone(), <[u8]>::to_vec) })
}

fn unescape(name: &[u8]) -> Option<Vec<u8>> {
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

    proptest! {
        #[test]
        fn what_is_written_is_read(name in prop::collection::vec(1u8..=255, 1..20)) {
            prop_assume!(!name.starts_with(b"./"));
            let hash = "0123456789abcdef".repeat(4);
            let line = line(&hash, &name);
            // A carriage return is never last: it is escaped.
            let entry = parse(&line[..line.len() - 1], Algorithm::Blake3).expect("a line");
            prop_assert_eq!(entry, Entry { algorithm: Algorithm::Blake3, hash, name });
        }
    }

    #[test]
    fn the_forms_of_other_tools_are_read() {
        let hash = "AB".repeat(32);
        let read = |line: String| parse(line.as_bytes(), Algorithm::Sha256);
        let entry = |algorithm, name: &[u8]| Some(Entry { algorithm, hash: hash.to_lowercase(), name: name.to_vec() });
        assert_eq!(read(format!("{hash} *a b")), entry(Algorithm::Sha256, b"a b"));
        assert_eq!(read(format!("{hash}  ./a\r")), entry(Algorithm::Sha256, b"a"));
        assert_eq!(read(format!("BLAKE3 (a) (b) = {hash}")), entry(Algorithm::Blake3, b"a) (b"));
        assert_eq!(read(format!("{hash} a")), None);
        assert_eq!(read(format!("{}  a", &hash[..40])), None);
        assert_eq!(read("# a remark".into()), None);
        assert_eq!(Algorithm::of_name("B3SUMS"), Algorithm::Blake3);
        assert_eq!(Algorithm::of_name("SHA256SUMS.txt"), Algorithm::Sha256);
    }

    #[test]
    fn names_that_would_mislead_the_tools_are_escaped() {
        assert_eq!(line("00", b"a b"), b"00  a b\n");
        assert_eq!(line("00", b"-"), b"00  ./-\n");
        assert_eq!(line("00", b"a\nb"), b"\\00  a\\nb\n");
        assert_eq!(line("00", b"a\\b\r"), b"\\00  a\\\\b\\r\n");
        assert_eq!(line("00", b"\xff-"), b"00  \xff-\n");
    }
}
