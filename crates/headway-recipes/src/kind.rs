//! The types of file that recipes tell apart, by content and by name.

use headway_files::ContentType;
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
    /// The type according to the first bytes of a file; `None` if no recipe is for it. Documents that are written as a zip archive
    /// are one.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        Some(match ContentType::of(head)?.container() {
            "application/zip" => Zip,
            "application/gzip" => Gzip,
            "application/zstd" => Zstd,
            "image/png" => Png,
            "image/jpeg" => Jpeg,
            "image/gif" => Gif,
            "image/webp" => WebP,
            "image/tiff" => Tiff,
            "image/bmp" => Bmp,
            "audio/flac" => Flac,
            "audio/mpeg" => Mp3,
            "audio/ogg" | "video/ogg" => Ogg,
            "application/pdf" => Pdf,
            "application/x-rar" => Rar,
            "application/x-7z-compressed" => SevenZip,
            "application/x-bzip2" => Bzip2,
            "application/x-xz" => Xz,
            _ => return None,
        })
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
