//! The common forms of a line: the checksum first, the name first, or with the algorithm's name.
//!
//! Sources: the manuals of GNU coreutils (md5sum, cksum), OpenSSL (dgst), FreeBSD (md5), hashdeep's FILEFORMAT, and what cfv, RHash
//! and PowerShell wrote.

use super::algorithm::Algorithm;
use super::base32::{self, from_base32};
use super::entry::{Name, Sum, from_base64, from_hex};
use super::name::{readings, unescape};

/// What a line says, without its number.
pub(super) type LineContent = (Name, Option<u64>, Vec<Sum>);

/// `HASH  NAME`, `HASH *NAME`, `HASH NAME`, with tabs, with the size in front; `HASH` alone.
pub(super) fn sum_first(line: &[u8], is_escaped: bool) -> Option<LineContent> {
    let (first, rest) = word(line);
    let is_long = |hash: &Vec<u8>| hash.len() >= 16;
    let sized = number(first).filter(|_| from_hex(first).is_none_or(|hash| !is_long(&hash))).and_then(|size| {
        let (hash, rest) = word(rest.trim_ascii_start());
        Some((Some(size), from_hex(hash).filter(is_long)?, rest))
    });
    let (size, hash, rest) = match sized {
        Some(sized) => sized,
        None => (None, from_hex(first)?, rest),
    };
    let sum = Sum::untagged(hash)?;
    // A name can consist of blanks only.
    if rest.trim_ascii().is_empty() && rest.len() <= 2 {
        return size.is_none().then(|| (Name::Beside, None, vec![sum]));
    }
    // Tools write `-` for their standard input, and `./-` for a file of that name.
    if matches!(rest.trim_ascii(), b"-" | b"*-") {
        return Some((Name::DASH, size, vec![sum]));
    }
    // As `openssl dgst -r` does.
    if rest == b" *stdin" {
        return Some((Name::STDIN, size, vec![sum]));
    }
    Some((Name::Readings(after_sum(rest, is_escaped)?), size, vec![sum]))
}

/// The possible readings of the text after a checksum, separators included.
fn after_sum(rest: &[u8], is_escaped: bool) -> Option<Vec<Vec<u8>>> {
    let (name, other) = match rest {
        [b' ' | b'\t', b'*', name @ ..] => (name, rest.get(1..)),
        [b' ' | b'\t', b' ', name @ ..] => (name, None),
        [_, name @ ..] => (name, None),
        [] => return None,
    };
    if name.is_empty() {
        return None;
    }
    if is_escaped {
        return Some(vec![unescape(name)?]);
    }
    let dated = after_time(name).and_then(|rest| match rest {
        [b' ', b' ' | b'*', name @ ..] | [b' ', name @ ..] if !name.is_empty() => Some(readings(name)),
        _ => None,
    });
    let (dated, plain) = (dated.unwrap_or_default(), readings(name));
    // md5deep writes one blank before the time. After two separators, the time can be a part of the name.
    let is_plain = matches!(rest, [_, b' ' | b'*', ..]);
    let mut readings = if is_plain { [plain, dated] } else { [dated, plain] }.concat();
    readings.extend(other.map(<[u8]>::to_vec));
    Some(readings)
}

/// The length of the modification time that `md5deep -t` writes before a name: `2026:12:01:05:39:06`.
const TIME: usize = 19;

/// The text after the modification time with which it begins; `None` if it does not begin with one.
fn after_time(text: &[u8]) -> Option<&[u8]> {
    let (time, rest) = text.split_at_checked(TIME)?;
    let is_time = time.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 | 10 | 13 | 16 => *byte == b':',
        _ => byte.is_ascii_digit(),
    });
    is_time.then_some(rest)
}

/// `MD5 SHA1 NAME`, as the File Checksum Integrity Verifier of Microsoft writes with `-both`.
pub(super) fn md5_and_sha1(line: &[u8]) -> Option<LineContent> {
    let (md5, rest) = word(line);
    let (sha1, rest) = word(rest.strip_prefix(b" ")?);
    let name = rest.strip_prefix(b" ").filter(|name| !matches!(name.first(), None | Some(b' ' | b'*')))?;
    let sums = [(Algorithm::Md5, md5), (Algorithm::Sha1, sha1)].into_iter();
    let sums = sums.map(|(algorithm, text)| from_hex(text).and_then(|hash| Sum::tagged(algorithm, hash)));
    Some((Name::Readings(readings(name)), None, sums.collect::<Option<_>>()?))
}

/// `NAME HASH`, as in `.sfv` files and from RHash, which can write several checksums, some of one length.
pub(super) fn name_first(line: &[u8]) -> Option<LineContent> {
    let (mut name, mut sums, mut is_base32) = (line.trim_ascii_end(), Vec::<Sum>::new(), false);
    // A word that has the length of a checksum after it can also be the end of the name.
    let mut longer = Vec::new();
    while let Some(at) = name.iter().rposition(|byte| matches!(byte, b' ' | b'\t')) {
        let text = &name[at + 1..];
        let crc = base32::crc(text).filter(|_| is_base32);
        let sum = from_hex(text).and_then(Sum::untagged).or_else(|| compact(text)).or(crc);
        let Some(sum) = sum.or_else(|| tiger(text)) else { break };
        // A tree of checksums by Tiger is always in base32, and says nothing about the others.
        is_base32 = sum.unknown.is_none() && from_hex(text).is_none() && from_base32(text).is_some();
        if sums.iter().any(|known| known.hash.len() == sum.hash.len()) {
            longer.push(name);
        }
        sums.push(sum);
        name = name[..at].trim_ascii_end();
    }
    // The line names an algorithm, but the checksum has another length.
    let is_tagged = name.ends_with(b")=") || name.ends_with(b") =");
    // Checksums that are each named by the word before, in an unknown form.
    let is_listed = last_word(name).is_some_and(|(_, last)| Algorithm::of_tag(last).is_some());
    let is_named = !name.is_empty() && !sums.is_empty() && !is_tagged && !is_listed;
    let names = std::iter::once(name).chain(longer.into_iter().rev());
    is_named.then(|| (Name::Readings(names.flat_map(before_sum).collect()), None, sums))
}

/// The digits of a checksum by Tiger.
const TIGER: usize = 48;

/// The characters of a tree of such checksums, which RHash writes in base32.
const TIGER_TREE: usize = 39;

/// A checksum of 24 bytes, which no supported algorithm has, among others from RHash.
fn tiger(text: &[u8]) -> Option<Sum> {
    let hash = match text.len() {
        TIGER => from_hex(text),
        TIGER_TREE => from_base32(text),
        _ => None,
    };
    Some(Sum::unknown(b"Tiger or another of 48 digits", hash.filter(|hash| hash.len() == 24)?))
}

/// The possible readings of the text before a checksum: `NAME`, `NAME:` or `NAME =`.
fn before_sum(name: &[u8]) -> Vec<Vec<u8>> {
    let plain = name.strip_suffix(b":").or_else(|| name.strip_suffix(b" ="));
    match plain.map(<[u8]>::trim_ascii_end).filter(|plain| !plain.is_empty()) {
        Some(plain) => [readings(plain), readings(name)].concat(),
        None => readings(name),
    }
}

/// `NAME CRC` with the CRC-32 in base32, as in the `.sfv` files of RHash.
pub(super) fn base32_crc_last(line: &[u8]) -> Option<LineContent> {
    let (name, text) = last_word(line.trim_ascii_end())?;
    let sum = base32::crc(text).filter(|_| !name.is_empty())?;
    Some((Name::Readings(readings(name)), None, vec![sum]))
}

/// A checksum of at least 16 bytes in base64 or base32, without an algorithm.
fn compact(text: &[u8]) -> Option<Sum> {
    let sum = |hash: Option<Vec<u8>>| hash.filter(|hash| hash.len() >= 16).and_then(Sum::untagged);
    sum(from_base64(text)).or_else(|| sum(from_base32(text))).filter(|_| !is_almost_hex(text))
}

/// `BASE64  NAME`, as `cksum --untagged --base64` writes, and `BASE32  NAME` from RHash.
pub(super) fn compact_first(line: &[u8], is_escaped: bool) -> Option<LineContent> {
    let (first, rest) = word(line);
    let sum = compact(first).or_else(|| tiger(first).filter(|_| first.len() == TIGER_TREE))?;
    matches!(rest, [b' ', b' ' | b'*', _, ..]).then_some(())?;
    Some((Name::Readings(after_sum(rest, is_escaped)?), None, vec![sum]))
}

/// Whether fewer than a quarter of the characters are no hexadecimal digits: that is a mistyped hexadecimal text. Of a hash in base64, two
/// thirds are none.
fn is_almost_hex(text: &[u8]) -> bool {
    text.iter().filter(|byte| !byte.is_ascii_hexdigit()).count() * 4 < text.len()
}

/// `sha256:HASH  NAME`.
pub(super) fn prefixed(line: &[u8]) -> Option<LineContent> {
    let at = line.iter().position(|byte| *byte == b':')?;
    let algorithm = Algorithm::of_tag(&line[..at])?;
    let (name, size, sums) = sum_first(&line[at + 1..], false)?;
    let sums = sums.into_iter().map(|sum| Sum::tagged(algorithm, sum.hash.into_vec()));
    Some((name, size, sums.collect::<Option<_>>()?))
}

/// `b6 a9 8d ...`, a checksum alone whose bytes are apart, as older versions of certutil write.
pub(super) fn apart(line: &[u8]) -> Option<LineContent> {
    let mut bytes = line.split(|byte| *byte == b' ');
    let hash = bytes.all(|byte| byte.len() == 2).then(|| from_hex(&without_blanks(line))).flatten();
    Some((Name::Beside, None, vec![Sum::untagged(hash.filter(|hash| hash.len() >= 16)?)?]))
}

/// A text without its blanks.
pub(super) fn without_blanks(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| *byte != b' ').collect()
}

/// `DIST NAME BYTES BLAKE2B HASH SHA512 HASH`, an entry of a Manifest of Gentoo (GLEP 74).
pub(super) fn gentoo(line: &[u8]) -> Option<LineContent> {
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let folder = match words.next()? {
        b"DIST" | b"DATA" | b"EBUILD" | b"MISC" | b"MANIFEST" => &b""[..],
        b"AUX" => b"files/",
        _ => return None,
    };
    let name = readings(&[folder, words.next()?].concat());
    let size = number(words.next()?)?;
    let mut sums = Vec::new();
    while let Some(tag) = words.next() {
        let text = words.next()?;
        let hash = from_hex(text);
        sums.push(match Algorithm::of_tag(tag) {
            Some(algorithm) => {
                let sum = hash.and_then(|hash| Sum::tagged(algorithm, hash));
                sum.or_else(|| Sum::misfit(tag, Some(algorithm), text))?
            }
            None => Sum::unknown(tag, hash?),
        });
    }
    (!sums.is_empty()).then_some((Name::Readings(name), Some(size), sums))
}

/// `SHA256 (NAME) = HASH`, as tools write with `--tag`; `SHA2-256(NAME)= HASH` from OpenSSL; `SIZE (NAME) = BYTES`
/// from BSD ports.
pub(super) fn tagged(line: &[u8], is_escaped: bool) -> Option<LineContent> {
    let open = line.iter().position(|byte| *byte == b'(')?;
    let tag = line[..open].trim_ascii_end();
    let is_tag = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/');
    if !(2..=20).contains(&tag.len()) || !tag.iter().all(is_tag) {
        return None;
    }
    let rest = &line[open + 1..];
    let split = |mark: &[u8]| rest.windows(mark.len()).rposition(|part| part == mark).map(|at| (at, mark.len()));
    // A name can contain either.
    let (close, mark) = split(b") = ").max(split(b")= "))?;
    let (name, value) = (&rest[..close], rest[close + mark..].trim_ascii());
    if name.is_empty() || value.is_empty() {
        return None;
    }
    let is_openssl = mark == b")= ".len();
    let name = match name {
        b"-" => Name::DASH,
        b"stdin" if is_openssl => Name::STDIN,
        name if is_escaped => Name::Readings(vec![unescape(name)?]),
        name => Name::Readings(readings(name)),
    };
    // FreeBSD's and OpenBSD's ports, and pkgsrc.
    if tag.eq_ignore_ascii_case(b"SIZE") {
        return Some((name, Some(number(value.strip_suffix(b" bytes").unwrap_or(value))?), Vec::new()));
    }
    let sum = match Algorithm::of_tag(tag) {
        Some(algorithm) => {
            let read = |hash: Option<Vec<u8>>| hash.and_then(|hash| Sum::tagged(algorithm, hash));
            let base64 = from_base64(value).filter(|_| !is_almost_hex(value));
            let sum = read(from_hex(value)).or_else(|| read(base64)).or_else(|| read(from_base32(value)));
            sum.or_else(|| Sum::misfit(tag, Some(algorithm), value))?
        }
        None => Sum::unknown(tag, from_hex(value).or_else(|| from_base64(value)).or_else(|| one_word(value))?),
    };
    Some((name, None, vec![sum]))
}

/// A text without blanks, such as a checksum in base32.
fn one_word(text: &[u8]) -> Option<Vec<u8>> {
    text.iter().all(u8::is_ascii_graphic).then(|| text.to_vec())
}

/// `(stdin)= HASH`, as OpenSSL before 1.1 writes about its standard input.
pub(super) fn of_input(line: &[u8]) -> Option<LineContent> {
    let hash = from_hex(line.strip_prefix(b"(stdin)= ")?.trim_ascii())?;
    Some((Name::STDIN, None, vec![Sum::untagged(hash)?]))
}

/// `SHA256  HASH  NAME`, a row of PowerShell's table.
pub(super) fn row(line: &[u8]) -> Option<LineContent> {
    let (tag, rest) = word(line);
    let (hash, name) = word(rest.trim_ascii_start());
    let sum = Sum::tagged(Algorithm::of_tag(tag)?, from_hex(hash)?)?;
    let name = name.trim_ascii();
    (!name.is_empty()).then(|| (Name::Readings(readings(name)), None, vec![sum]))
}

/// Whether the name of a row of PowerShell's table ends as one that PowerShell has truncated to the width of the window.
pub(super) fn is_truncated((name, ..): &LineContent) -> bool {
    let Name::Readings(readings) = name else { return false };
    let ends = |name: &Vec<u8>| name.ends_with(b"...") || name.ends_with("\u{2026}".as_bytes());
    readings.iter().any(ends)
}

/// Whether a name can only be a truncated one: on Windows, no name ends with a dot.
pub(super) fn is_truncated_on_windows((name, ..): &LineContent) -> bool {
    let Name::Readings(readings) = name else { return false };
    let is_windows = |name: &[u8]| name.starts_with(b"\\\\") || matches!(name, [_, b':', b'\\', ..]);
    readings.iter().map(|name| name.trim_ascii()).any(|name| is_windows(name) && name.ends_with(b"..."))
}

/// `SHA256  HASH  NAME` and `sha256:HASH  NAME` with a hash of another length; `HASH  NAME` with a length that no algorithm has.
pub(super) fn misfit(line: &[u8], is_escaped: bool) -> Option<LineContent> {
    // A shorter one is a word.
    let is_long = |hash: &[u8]| hash.len() >= 16;
    let (first, after) = word(line);
    let split = first.iter().position(|byte| *byte == b':').map(|at| (&line[..at], &line[at + 1..]));
    let (tag, text) = split.filter(|(tag, _)| Algorithm::of_tag(tag).is_some()).unwrap_or((first, after));
    let (sum, rest) = match Algorithm::of_tag(tag) {
        Some(algorithm) => {
            let (hash, rest) = word(text.trim_ascii_start());
            (Sum::misfit(tag, Some(algorithm), hash).filter(|_| is_long(hash))?, rest)
        }
        None => (Sum::misfit(b"", None, first).filter(|_| is_long(first))?, after),
    };
    let is_input = matches!(rest.trim_ascii(), b"" | b"-" | b"*-" | b"*stdin");
    Some((Name::Readings(after_sum(rest, is_escaped).filter(|_| !is_input)?), None, vec![sum]))
}

/// `CRC BYTES NAME`, from `cksum` and `sum`. Their checksum algorithms are not supported.
pub(super) fn posix(line: &[u8]) -> Option<LineContent> {
    let (crc, rest) = word(line);
    let (count, name) = word(rest.strip_prefix(b" ")?.trim_ascii_start());
    let (crc, _) = (number(crc).filter(|crc| u32::try_from(*crc).is_ok())?, number(count)?);
    let name = name.get(1..).filter(|name| !name.is_empty())?;
    Some((Name::Readings(readings(name)), None, vec![Sum::unknown(b"cksum or sum", crc.to_be_bytes().into())]))
}

/// `NAME,BYTES,CRC,` from cfv, perhaps with the folder at the end, or without the checksum.
pub(super) fn cfv(line: &[u8]) -> Option<LineContent> {
    let fields: Vec<&[u8]> = line.strip_suffix(b",")?.split(|byte| *byte == b',').collect();
    let crc = |field: &[u8]| from_hex(field).and_then(|hash| Sum::tagged(Algorithm::Crc32, hash));
    let (name, folder, size, sum) = match fields.as_slice() {
        [name @ .., size, sum, folder] if !name.is_empty() && crc(sum).is_some() && number(size).is_some() => {
            (name, *folder, *size, crc(sum))
        }
        [name @ .., size, sum] if !name.is_empty() && crc(sum).is_some() => (name, &b""[..], *size, crc(sum)),
        [name @ .., size] if !name.is_empty() => (name, &b""[..], *size, None),
        _ => return None,
    };
    let size = number(size)?;
    let name = [folder, if folder.is_empty() { b"" } else { b"/" }, &name.join(&b',')].concat();
    (!name.is_empty()).then(|| (Name::Readings(readings(&name)), Some(size), sum.into_iter().collect()))
}

/// `BYTES,HASH,HASH,NAME`, a row of hashdeep without the heading that names its columns; `HASH,NAME` from `md5deep -c`, with `-z`
/// and `-t` `BYTES, HASH,TIME,NAME`. The lengths of the checksums tell them apart, and the name is the rest of the line.
pub(super) fn hashdeep_row(line: &[u8]) -> Option<LineContent> {
    let (mut rest, mut size, mut hashes) = (line, None, Vec::<Vec<u8>>::new());
    while let Some(at) = rest.iter().position(|byte| *byte == b',') {
        let field = rest[..at].trim_ascii();
        match from_hex(field).filter(|hash| hash.len() >= 16) {
            Some(hash) if hashes.iter().all(|known| known.len() != hash.len()) => hashes.push(hash),
            None if size.is_none() && hashes.is_empty() => size = Some(number(field)?),
            Some(_) | None => break,
        }
        rest = &rest[at + 1..];
    }
    let is_one = hashes.len() == 1;
    let sum = |hash: Vec<u8>| match hash.len() {
        24 => Some(Sum::unknown(b"Tiger or another of 48 digits", hash)),
        // Among several, hashdeep writes Whirlpool.
        64 if !is_one => Some(Sum::unknown(b"Whirlpool or SHA-512", hash)),
        _ => Sum::untagged(hash),
    };
    let sums: Vec<_> = hashes.into_iter().map(sum).collect::<Option<_>>()?;
    if sums.is_empty() || rest.is_empty() {
        return None;
    }
    let dated = after_time(rest).and_then(|rest| rest.strip_prefix(b",")).filter(|name| !name.is_empty());
    Some((Name::Readings([dated.map(readings).unwrap_or_default(), readings(rest)].concat()), size, sums))
}

/// `NAME  BYTES  CRC`, a row of a `.crc` file.
pub(super) fn crc_row(line: &[u8]) -> Option<LineContent> {
    let (name, crc) = last_word(line.trim_ascii_end())?;
    let sum = from_hex(crc).and_then(|hash| Sum::tagged(Algorithm::Crc32, hash))?;
    let (name, size) = last_word(name)?;
    (!name.is_empty()).then_some(())?;
    Some((Name::Readings(readings(name)), Some(number(size)?), vec![sum]))
}

/// The text before the last word, and the last word.
fn last_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().rposition(|byte| matches!(byte, b' ' | b'\t'))?;
    Some((text[..at].trim_ascii_end(), &text[at + 1..]))
}

/// The text before its first blank, and the rest, beginning with that blank.
pub(super) fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(text.len());
    text.split_at(end)
}

/// Parses a decimal number.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}
