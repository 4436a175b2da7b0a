//! Magnet links, as RHash writes with `--magnet`: `magnet:?xl=BYTES&dn=NAME&xt=urn:sha1:BASE32&xt=urn:md5:HEX`.

use super::algorithm::Algorithm;
use super::base32::from_base32;
use super::entry::{Name, Sum, from_hex};
use super::form::{LineContent, number};
use super::name::decoded;

const PREFIX: &[u8] = b"magnet:?";

/// The reason for a link whose only checksum is not one of the file.
const TORRENT: &str =
    "a link to a torrent: its hash (BTIH) is that of the torrent, not of the file, so nothing can be compared";

const NO_SUM: &str = "a link without a checksum";

const NO_NAME: &str = "a link without the name of its file";

const DAMAGED: &str = "a link with a size or a checksum that cannot be parsed";

/// What a link says.
#[derive(Default)]
struct MagnetLink {
    /// The possible readings of the name.
    names: Vec<Vec<u8>>,
    size: Option<u64>,
    sums: Vec<Sum>,
    is_torrent: bool,
}

/// Parses a line; `None` if it is no magnet link. The error is why the link cannot be used.
pub(super) fn magnet(text: &[u8]) -> Option<Result<LineContent, &'static str>> {
    let (prefix, parameters) = text.split_at_checked(PREFIX.len())?;
    prefix.eq_ignore_ascii_case(PREFIX).then(|| match MagnetLink::parse(parameters.trim_ascii_end()) {
        None => Err(DAMAGED),
        Some(link) if link.sums.is_empty() => Err(if link.is_torrent { TORRENT } else { NO_SUM }),
        Some(link) if link.names.is_empty() => Err(NO_NAME),
        Some(MagnetLink { names, size, sums, .. }) => Ok((Name::WithoutFolder(names), size, sums)),
    })
}

impl MagnetLink {
    /// Parses what follows the question mark.
    fn parse(parameters: &[u8]) -> Option<MagnetLink> {
        let mut link = MagnetLink::default();
        for parameter in parameters.split(|byte| *byte == b'&') {
            // Copied from a page, where `&` is written so.
            let parameter = parameter.strip_prefix(b"amp;").unwrap_or(parameter);
            let Some(at) = parameter.iter().position(|byte| *byte == b'=') else { continue };
            let (key, value) = (&parameter[..at], &parameter[at + 1..]);
            // Several of a kind can be numbered: `xt.1`.
            let key = key.split(|byte| *byte == b'.').next().unwrap_or_default();
            match key.to_ascii_lowercase().as_slice() {
                b"dn" => link.names = names(value),
                b"xl" => link.size = Some(number(value)?),
                b"xt" => link.add(&decoded(value))?,
                _ => {}
            }
        }
        Some(link)
    }

    /// Adds `urn:ALGORITHM:HASH`; `None` if it cannot be parsed.
    fn add(&mut self, urn: &[u8]) -> Option<()> {
        let (scheme, rest) = urn.split_at_checked(4)?;
        let at = rest.iter().rposition(|byte| *byte == b':').filter(|_| scheme.eq_ignore_ascii_case(b"urn:"))?;
        let (tag, text) = (&rest[..at], &rest[at + 1..]);
        if tag.eq_ignore_ascii_case(b"btih") || tag.eq_ignore_ascii_case(b"btmh") {
            self.is_torrent = true;
            return Some(());
        }
        self.sums.push(match Algorithm::of_tag(tag) {
            Some(algorithm) => {
                let sum = |hash: Option<Vec<u8>>| hash.and_then(|hash| Sum::tagged(algorithm, hash));
                let read = sum(from_hex(text)).or_else(|| sum(from_base32(text)));
                read.or_else(|| Sum::misfit(tag, Some(algorithm), text))?
            }
            None => Sum::unknown(tag, text.to_vec()),
        });
        Some(())
    }
}

/// The possible readings of a name. RHash writes a blank as `%20`, and others write a plus.
fn names(value: &[u8]) -> Vec<Vec<u8>> {
    let plain = decoded(value);
    if plain.is_empty() {
        return Vec::new();
    }
    let blanks: Vec<u8> = value.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    if value.contains(&b'+') { vec![plain, decoded(&blanks)] } else { vec![plain] }
}
