//! The system's table of mounts. Reading it never waits for storage.

use std::io;

/// A line of the table, as it is written there. See proc_pid_mountinfo(5).
pub(super) struct MountLine<'a> {
    /// The number of the mount.
    pub(super) id: &'a [u8],
    /// Where it is mounted; to be [unescaped](unescape).
    pub(super) point: &'a [u8],
    /// The type of the file system.
    pub(super) kind: &'a [u8],
    /// What is mounted, such as `/dev/sdb1` or `nas:/photos`; to be [unescaped](unescape).
    pub(super) source: &'a [u8],
}

/// The table.
///
/// # Errors
/// If it cannot be read.
pub(super) fn mount_table() -> io::Result<Vec<u8>> {
    std::fs::read("/proc/self/mountinfo")
}

impl<'a> MountLine<'a> {
    /// Reads a line; `None` if it lacks a field.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        let mut fields = line.split(|byte| *byte == b' ');
        let (id, point) = (fields.next()?, fields.nth(3)?);
        // Optional fields end with a hyphen; then come the type and the source.
        let mut last = fields.skip_while(|field| *field != b"-").skip(1);
        Some(MountLine { id, point, kind: last.next()?, source: last.next()? })
    }
}

/// Decodes the octal escapes of the table.
pub(super) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, more)) = rest.split_first() {
        let octal = (*first == b'\\').then(|| more.get(..3)).flatten();
        let byte = octal.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        plain.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &more[3..] } else { more };
    }
    plain
}
