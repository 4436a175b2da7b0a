//! What is kept of a file that was compared, for the report: its size and its checksums.

use serde_json::Value;

use super::super::hash::Hashes;
use super::super::manifest::to_hex;
use super::lines::ExpectedFile;

/// Adds the size of a file to its result, in bytes, and each of its checksums under the name of the algorithm. Of a file that is as
/// its lines say, only those that the lines have are worth the room.
pub(super) fn add(result: &mut Value, lines: &[ExpectedFile], hashes: &Hashes, size: u64, is_match: bool) {
    let is_told = |hash: &[u8]| lines.iter().flat_map(|line| &line.sums).any(|sum| *sum.hash == *hash);
    for (algorithm, hash) in hashes.iter().filter(|(_, hash)| !is_match || is_told(hash)) {
        result[algorithm.name()] = to_hex(hash).into();
    }
    result["size"] = size.into();
}
