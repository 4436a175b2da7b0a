//! Copies the content of a file without its holes: what takes no room on the disk takes none in the copy either.

use std::io::{self, Seek, SeekFrom, Write};

use rustix::fs::SeekFrom as Extent;
use rustix::io::Errno;

use super::LibraryFile;
use super::calls::again;
use super::environment::uninterrupted;

/// How many bytes are copied at a time.
const COPY_BUFFER: usize = 128 * 1024;

/// Copies the whole content of a file into an empty one. Calls `advance` with the length of each part, holes too. Returns
/// `false` once `advance` does.
pub(super) fn copy_content(
    from: &LibraryFile,
    to: &mut LibraryFile,
    advance: impl Fn(u64) -> bool,
) -> io::Result<bool> {
    let size = uninterrupted(|| from.metadata())?.len();
    let mut buffer = vec![0; COPY_BUFFER];
    let mut at = 0;
    while let Some((begin, end)) = next_data(from, at, size) {
        if !advance(begin - at) {
            return Ok(false);
        }
        match copy_part(from, to, (begin, end), &mut buffer, &advance)? {
            None => return Ok(false),
            Some(reached) if reached < end => {
                // It has become shorter.
                to.set_len(reached)?;
                return Ok(true);
            }
            Some(reached) => at = reached,
        }
    }
    // The rest is a hole.
    to.set_len(size)?;
    // There can be more by now, and some file systems do not tell a size.
    Ok(advance(size - at) && copy_part(from, to, (size, u64::MAX), &mut buffer, &advance)?.is_some())
}

/// Copies a part of a file, or what there is of it. Returns where it ends; `None` if `advance` returned `false`.
fn copy_part(
    from: &LibraryFile,
    to: &mut LibraryFile,
    (begin, end): (u64, u64),
    buffer: &mut [u8],
    advance: &impl Fn(u64) -> bool,
) -> io::Result<Option<u64>> {
    let mut at = begin;
    to.seek(SeekFrom::Start(begin))?;
    while at < end {
        let most = usize::try_from(end - at).unwrap_or(usize::MAX).min(buffer.len());
        let count = from.read_at(&mut buffer[..most], at)?;
        if count == 0 {
            break;
        }
        to.write_all(&buffer[..count])?;
        at += count as u64;
        if !advance(count as u64) {
            return Ok(None);
        }
    }
    Ok(Some(at))
}

/// The next part of a file that is no hole; `None` if nothing but a hole is left. Where the file system does not tell holes,
/// all the rest is such a part.
fn next_data(file: &LibraryFile, at: u64, size: u64) -> Option<(u64, u64)> {
    if at >= size {
        return None;
    }
    let begin = match again(|| rustix::fs::seek(file, Extent::Data(at))) {
        Ok(begin) => begin.max(at),
        Err(Errno::NXIO) => return None,
        Err(_) => return Some((at, size)),
    };
    let end = match again(|| rustix::fs::seek(file, Extent::Hole(begin))) {
        Ok(end) if end > begin => end.min(size),
        _ => size,
    };
    (begin < size).then_some((begin, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::hash::hash;
    use std::cell::Cell;
    use std::fs::File;
    use std::os::unix::fs::{FileExt, MetadataExt};

    const MIB: u64 = 1024 * 1024;

    /// A file of this size with some data at these places, and its copy.
    fn copied(size: u64, places: &[u64], steps: u64) -> (File, File, bool) {
        let (from, to) = (tempfile::tempfile().expect("a file"), tempfile::tempfile().expect("a file"));
        from.set_len(size).expect("a size");
        places.iter().for_each(|place| from.write_all_at(&[7; 4096], *place).expect("data"));
        let handle = |file: &File| LibraryFile::from(file.try_clone().expect("a handle"));
        let (mut copy, left) = (handle(&to), Cell::new(steps));
        let advance = |_| {
            left.set(left.get().saturating_sub(1));
            left.get() > 0
        };
        let is_whole = copy_content(&handle(&from), &mut copy, advance).expect("copied");
        (from, to, is_whole)
    }

    #[test]
    fn a_copy_takes_no_more_room_than_the_sparse_file_and_has_its_content() {
        let cases: [(u64, &[u64]); 7] = [
            (64 * MIB, &[0, 32 * MIB]),
            (64 * MIB, &[32 * MIB]),
            (64 * MIB, &[64 * MIB - 4096]),
            (64 * MIB, &[]),
            (64 * MIB + 1, &[MIB]),
            (4096, &[0]),
            (0, &[]),
        ];
        for (size, places) in cases {
            let (from, to, is_whole) = copied(size, places, u64::MAX);
            let [before, after] = [&from, &to].map(|file| file.metadata().expect("metadata"));
            let of = |file: File| hash(&LibraryFile::from(file)).expect("read");
            assert!(is_whole && after.len() == size, "{size} {places:?}");
            assert!(before.blocks() * 512 <= MIB, "the file system of the tests keeps holes");
            assert!(after.blocks() * 512 <= 4 * MIB, "{size} {places:?}: {} blocks", after.blocks());
            assert_eq!(of(from), of(to), "{size} {places:?}");
        }
    }

    #[test]
    fn a_copy_that_nobody_wants_any_longer_ends() {
        assert!(!copied(64 * MIB, &[0, 32 * MIB], 2).2);
    }
}
