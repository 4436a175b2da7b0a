//! The format that Headway writes, the same as that of `sha256sum` and `b3sum`: hash, two spaces, name, newline.
//!
//! Source: GNU coreutils manual, "cksum output modes": a name with a backslash, newline or carriage return has them
//! written `\\`, `\n` and `\r`, and its line begins with a backslash.

/// One line. A file named `-` becomes `./-`, because tools take `-` for their standard input.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_mislead_the_tools_are_escaped() {
        assert_eq!(line("00", b"a b"), b"00  a b\n");
        assert_eq!(line("00", b"-"), b"00  ./-\n");
        assert_eq!(line("00", b"a\nb"), b"\\00  a\\nb\n");
        assert_eq!(line("00", b"a\\b\r"), b"\\00  a\\\\b\\r\n");
        assert_eq!(line("00", b"\xff-"), b"00  \xff-\n");
    }
}
