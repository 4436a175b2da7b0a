//! Pictures, films and sounds in formats whose content is named further on: RIFF, ISO media, Matroska, Ogg and others.

/// The media type of content that begins like this.
pub(super) fn of(head: &[u8]) -> Option<&'static str> {
    riff(head).or_else(|| iso_media(head)).or_else(|| matroska(head)).or_else(|| ogg(head)).or_else(|| frames(head))
}

fn riff(head: &[u8]) -> Option<&'static str> {
    match (head.get(..4)?, head.get(8..12)?) {
        (b"RIFF", b"WEBP") => Some("image/webp"),
        (b"RIFF", b"WAVE") => Some("audio/x-wav"),
        (b"RIFF", b"AVI ") => Some("video/x-msvideo"),
        (b"FORM", b"AIFF" | b"AIFC") => Some("audio/x-aiff"),
        _ => None,
    }
}

/// Formats made of boxes, which have their size first and then their name. The first box names the brand, except in old films.
fn iso_media(head: &[u8]) -> Option<&'static str> {
    match head.get(4..8)? {
        b"ftyp" => brand(head.get(8..12)?),
        // The size of such a box begins with no letter.
        b"moov" | b"mdat" if head[0] < 0x20 => Some("video/quicktime"),
        b"wide" if head[..4] == [0, 0, 0, 8] && head.get(12..16) == Some(b"mdat") => Some("video/quicktime"),
        _ => None,
    }
}

fn brand(brand: &[u8]) -> Option<&'static str> {
    Some(match brand {
        b"avif" | b"avis" => "image/avif",
        b"heic" | b"heix" | b"heim" | b"heis" => "image/heic",
        b"hevc" | b"hevx" => "image/heic-sequence",
        b"mif1" => "image/heif",
        b"msf1" => "image/heif-sequence",
        b"jp2 " => "image/jp2",
        b"crx " => "image/x-canon-cr3",
        b"M4A " => "audio/x-m4a",
        b"M4B " | b"M4P " => "audio/mp4",
        b"M4V " | b"M4VH" | b"M4VP" => "video/x-m4v",
        b"qt  " => "video/quicktime",
        [b'3', b'g', b'2', _] => "video/3gpp2",
        [b'3', b'g', _, _] => "video/3gpp",
        b"mp41" | b"mp42" | b"avc1" | b"dash" | b"mmp4" | b"MSNV" | b"F4V " | b"f4v " => "video/mp4",
        [b'i', b's', b'o', b'm' | b'1'..=b'9'] => "video/mp4",
        _ => return None,
    })
}

fn matroska(head: &[u8]) -> Option<&'static str> {
    let inside = head.strip_prefix(b"\x1a\x45\xdf\xa3")?;
    let inside = &inside[..inside.len().min(64)];
    let names = |name: &[u8]| inside.windows(name.len()).any(|part| part == name);
    if names(b"webm") {
        Some("video/webm")
    } else if names(b"matroska") {
        Some("video/x-matroska")
    } else {
        None
    }
}

/// The first packet, behind a header of 28 bytes, begins with the name of its codec.
fn ogg(head: &[u8]) -> Option<&'static str> {
    head.strip_prefix(b"OggS")?;
    let is_video = head.get(28..).is_some_and(|packet| packet.starts_with(b"\x80theora"));
    Some(if is_video { "video/ogg" } else { "audio/ogg" })
}

/// Streams of frames or packets without a header. A transport stream has packets of 188 bytes.
fn frames(head: &[u8]) -> Option<&'static str> {
    let begins_packet = |number: usize| head.get(number * 188) == Some(&0x47);
    match head {
        [0xff, second, third, ..] if second & 0xe6 == 0xe2 && third >> 4 != 15 && third & 0x0c != 0x0c => {
            Some("audio/mpeg")
        }
        [0xff, second, third, ..] if second & 0xf6 == 0xf0 && (third >> 2) & 0x0f < 13 => Some("audio/x-hx-aac-adts"),
        [0, 0, 1, 0xba | 0xb3, ..] => Some("video/mpeg"),
        [0x47, ..] if begins_packet(1) && begins_packet(2) => Some("video/mp2t"),
        _ => None,
    }
}
