//! The type of a file, by its content and by its name.

use headway_model::RelPath;

/// A type of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Zip,
    Gzip,
    Zstd,
    Png,
    Jpeg,
    Gif,
    WebP,
    Tiff,
    Bmp,
    Flac,
    Mp3,
    Ogg,
    Pdf,
    Rar,
    SevenZip,
    Bzip2,
    Xz,
}

use FileKind::{Bmp, Bzip2, Flac, Gif, Gzip, Jpeg, Mp3, Ogg, Pdf, Png, Rar, SevenZip, Tiff, WebP, Xz, Zip, Zstd};

/// How many bytes at the beginning of a file are needed to tell its type.
pub const HEAD: usize = 16;

/// What the name and the first bytes of a file say about its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileLook {
    /// The type according to its name.
    pub(crate) named: Option<FileKind>,
    /// The type according to its first bytes.
    pub(crate) kind: Option<FileKind>,
}

impl FileLook {
    /// Looks at a name and at the first [`HEAD`] bytes.
    pub(crate) fn of(path: &RelPath, head: &[u8]) -> Self {
        FileLook { named: FileKind::named(path), kind: FileKind::of(head) }
    }

    /// Whether the content is of one of these types; if its type is unknown, whether the name says so. Such a file is
    /// damaged, or something else, and its attempt says which.
    pub(crate) fn is_among(self, is_wanted: impl Fn(FileKind) -> bool) -> bool {
        self.kind.or(self.named).is_some_and(is_wanted)
    }
}

/// The signatures of the types: offset and bytes.
const BEGINNINGS: &[(FileKind, usize, &[u8])] = &[
    (Zip, 0, b"PK\x03\x04"),
    (Zip, 0, b"PK\x05\x06"),
    (Zip, 0, b"PK\x07\x08PK\x03\x04"),
    (Gzip, 0, b"\x1f\x8b"),
    (Zstd, 0, b"\x28\xb5\x2f\xfd"),
    (Png, 0, b"\x89PNG\r\n\x1a\n"),
    (Jpeg, 0, b"\xff\xd8\xff"),
    (Gif, 0, b"GIF87a"),
    (Gif, 0, b"GIF89a"),
    (Tiff, 0, b"II*\0"),
    (Tiff, 0, b"MM\0*"),
    (Tiff, 0, b"II+\0"),
    (Tiff, 0, b"MM\0+"),
    (Flac, 0, b"fLaC"),
    (Mp3, 0, b"ID3"),
    (Ogg, 0, b"OggS"),
    (Pdf, 0, b"%PDF-"),
    (Rar, 0, b"Rar!\x1a\x07"),
    (SevenZip, 0, b"7z\xbc\xaf\x27\x1c"),
    (Bzip2, 0, b"BZh"),
    (Xz, 0, b"\xfd7zXZ\0"),
];

/// The extensions of the types, in lower case. Many formats are based on zip.
const EXTENSIONS: &[(FileKind, &[&str])] = &[
    (
        Zip,
        &[
            "zip", "cbz", "epub", "jar", "war", "ear", "apk", "whl", "egg", "xpi", "docx", "xlsx", "pptx", "odt",
            "ods", "odp", "kmz", "ora", "kra", "3mf", "nupkg", "vsix",
        ],
    ),
    (Gzip, &["gz", "tgz", "svgz"]),
    (Zstd, &["zst", "tzst"]),
    (Png, &["png", "apng"]),
    (Jpeg, &["jpg", "jpeg", "jpe", "jfif"]),
    (Gif, &["gif"]),
    (WebP, &["webp"]),
    (Tiff, &["tif", "tiff"]),
    (Bmp, &["bmp", "dib"]),
    (Flac, &["flac"]),
    (Mp3, &["mp3"]),
    (Ogg, &["ogg", "oga", "opus"]),
    (Pdf, &["pdf"]),
    (Rar, &["rar", "cbr"]),
    (SevenZip, &["7z", "cb7"]),
    (Bzip2, &["bz2", "tbz2"]),
    (Xz, &["xz", "txz"]),
];

impl FileKind {
    /// The type according to the first bytes of a file; `None` if they are unknown.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        let begins =
            |(_, at, bytes): &&(FileKind, usize, &[u8])| head.get(*at..).is_some_and(|rest| rest.starts_with(bytes));
        if let Some((kind, ..)) = BEGINNINGS.iter().find(begins) {
            return Some(*kind);
        }
        if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
            return Some(WebP);
        }
        // Two letters are too weak a signature, so the reserved bytes must be zero as well.
        let bitmap = head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]) && head.len() >= HEAD;
        let frame = matches!(head, [0xff, second, third, ..] if second & 0xe6 == 0xe2 && third >> 4 != 15 && third & 0x0c != 0x0c);
        match (bitmap, frame) {
            (true, _) => Some(Bmp),
            (_, true) => Some(Mp3),
            _ => None,
        }
    }

    /// The type according to the extension of a name; `None` if it is unknown.
    pub(crate) fn named(path: &RelPath) -> Option<Self> {
        let extension = path.name().rsplit_once('.')?.1.to_ascii_lowercase();
        EXTENSIONS.iter().find(|(_, extensions)| extensions.contains(&extension.as_str())).map(|(kind, _)| *kind)
    }

    /// Its word in results.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Zip => "zip",
            Gzip => "gzip",
            Zstd => "zstd",
            Png => "png",
            Jpeg => "jpeg",
            Gif => "gif",
            WebP => "webp",
            Tiff => "tiff",
            Bmp => "bmp",
            Flac => "flac",
            Mp3 => "mp3",
            Ogg => "ogg",
            Pdf => "pdf",
            Rar => "rar",
            SevenZip => "7z",
            Bzip2 => "bzip2",
            Xz => "xz",
        }
    }

    /// Its name with the article, for messages.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Zip => "a zip archive",
            Gzip => "a gzip file",
            Zstd => "a Zstandard file",
            Png => "a PNG image",
            Jpeg => "a JPEG image",
            Gif => "a GIF image",
            WebP => "a WebP image",
            Tiff => "a TIFF image",
            Bmp => "a BMP image",
            Flac => "a FLAC file",
            Mp3 => "an MP3 file",
            Ogg => "an Ogg file",
            Pdf => "a PDF document",
            Rar => "a RAR archive",
            SevenZip => "a 7z archive",
            Bzip2 => "a bzip2 file",
            Xz => "an xz file",
        }
    }
}
