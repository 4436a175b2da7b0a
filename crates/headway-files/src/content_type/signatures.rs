//! Types that are recognised by fixed bytes at a fixed place.

/// The signatures of types: offset and bytes. The first one that fits counts.
const SIGNATURES: &[(&str, usize, &[u8])] = &[
    ("application/gzip", 0, b"\x1f\x8b"),
    ("application/zstd", 0, b"\x28\xb5\x2f\xfd"),
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", 0, b"\xff\xd8\xff"),
    ("image/gif", 0, b"GIF87a"),
    ("image/gif", 0, b"GIF89a"),
    ("image/x-canon-cr2", 0, b"II*\0\x10\0\0\0CR"),
    ("image/tiff", 0, b"II*\0"),
    ("image/tiff", 0, b"MM\0*"),
    ("image/tiff", 0, b"II+\0"),
    ("image/tiff", 0, b"MM\0+"),
    ("audio/flac", 0, b"fLaC"),
    ("audio/mpeg", 0, b"ID3"),
    ("application/pdf", 0, b"%PDF-"),
    ("application/x-rar", 0, b"Rar!\x1a\x07"),
    ("application/x-7z-compressed", 0, b"7z\xbc\xaf\x27\x1c"),
    ("application/x-bzip2", 0, b"BZh"),
    ("application/x-xz", 0, b"\xfd7zXZ\0"),
    ("image/jp2", 0, b"\0\0\0\x0cjP  \r\n\x87\n"),
    ("image/x-jp2-codestream", 0, b"\xff\x4f\xff\x51"),
    ("image/jxl", 0, b"\0\0\0\x0cJXL \r\n\x87\n"),
    ("image/jxl", 0, b"\xff\x0a"),
    ("image/vnd.adobe.photoshop", 0, b"8BPS"),
    ("image/vnd.djvu", 0, b"AT&TFORM"),
    ("video/x-flv", 0, b"FLV\x01"),
    ("video/x-ms-asf", 0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ("audio/amr", 0, b"#!AMR"),
    ("audio/midi", 0, b"MThd"),
    ("audio/x-ape", 0, b"MAC \x96\x0f"),
    ("application/postscript", 0, b"%!PS"),
    ("text/rtf", 0, b"{\\rtf"),
    ("application/x-ole-storage", 0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("application/x-mobipocket-ebook", 60, b"BOOKMOBI"),
    ("application/x-tar", 257, b"ustar"),
    ("application/x-lz4", 0, b"\x04\x22\x4d\x18"),
    ("application/vnd.debian.binary-package", 0, b"!<arch>\ndebian-binary"),
    ("application/x-archive", 0, b"!<arch>\n"),
    ("application/x-rpm", 0, b"\xed\xab\xee\xdb"),
    ("application/x-cpio", 0, b"070701"),
    ("application/x-cpio", 0, b"070702"),
    ("application/x-cpio", 0, b"070707"),
    ("application/vnd.ms-cab-compressed", 0, b"MSCF\0\0\0\0"),
];

/// The media type of content that begins like this.
pub(super) fn of(head: &[u8]) -> Option<&'static str> {
    let begins = |(_, at, bytes): &&(&str, usize, &[u8])| head.get(*at..).is_some_and(|rest| rest.starts_with(bytes));
    let known = SIGNATURES.iter().find(begins).map(|(media_type, ..)| *media_type);
    known
        .or_else(|| is_bitmap(head).then_some("image/bmp"))
        .or_else(|| is_icon(head).then_some("image/vnd.microsoft.icon"))
}

/// Two letters are too weak a signature, so the reserved bytes must be zero as well.
fn is_bitmap(head: &[u8]) -> bool {
    head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]) && head.len() >= 16
}

/// An icon begins with its kind and the number of its pictures; the reserved byte of the first one is zero.
fn is_icon(head: &[u8]) -> bool {
    matches!(head, [0, 0, 1, 0, 1..=255, 0, _, _, _, 0, 0 | 1, 0, ..])
}
