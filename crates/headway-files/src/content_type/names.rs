//! The names of types: of classes of them, their media types, and other names of those.

use headway_model::conditions::TYPE_CLASSES;

/// The media types of each class, in the order of [`TYPE_CLASSES`].
const OF_CLASSES: [&[&str]; 6] = [
    &[
        "image/avif",
        "image/bmp",
        "image/gif",
        "image/heic",
        "image/heic-sequence",
        "image/heif",
        "image/heif-sequence",
        "image/jp2",
        "image/jpeg",
        "image/jxl",
        "image/png",
        "image/svg+xml",
        "image/tiff",
        "image/vnd.adobe.photoshop",
        "image/vnd.microsoft.icon",
        "image/webp",
        "image/x-canon-cr2",
        "image/x-canon-cr3",
        "image/x-jp2-codestream",
    ],
    &[
        "video/3gpp",
        "video/3gpp2",
        "video/mp2t",
        "video/mp4",
        "video/mpeg",
        "video/ogg",
        "video/quicktime",
        "video/webm",
        "video/x-flv",
        "video/x-m4v",
        "video/x-matroska",
        "video/x-ms-asf",
        "video/x-msvideo",
    ],
    &[
        "audio/amr",
        "audio/flac",
        "audio/midi",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/x-aiff",
        "audio/x-ape",
        "audio/x-hx-aac-adts",
        "audio/x-m4a",
        "audio/x-wav",
    ],
    &[
        "application/epub+zip",
        "application/pdf",
        "application/postscript",
        "application/vnd.oasis.opendocument.graphics",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.openxmlformats-officedocument",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/x-mobipocket-ebook",
        "application/x-ole-storage",
        "image/vnd.djvu",
        "text/rtf",
    ],
    &[
        "application/gzip",
        "application/vnd.debian.binary-package",
        "application/vnd.ms-cab-compressed",
        "application/x-7z-compressed",
        "application/x-archive",
        "application/x-bzip2",
        "application/x-cpio",
        "application/x-lz4",
        "application/x-rar",
        "application/x-rpm",
        "application/x-tar",
        "application/x-xz",
        "application/zip",
        "application/zstd",
    ],
    &["text/html", "text/plain", "text/xml"],
];

/// Other names of media types.
const ALIASES: [(&str, &str); 17] = [
    ("image/jpg", "image/jpeg"),
    ("image/x-ms-bmp", "image/bmp"),
    ("image/x-icon", "image/vnd.microsoft.icon"),
    ("video/avi", "video/x-msvideo"),
    ("video/mkv", "video/x-matroska"),
    ("video/matroska", "video/x-matroska"),
    ("video/mov", "video/quicktime"),
    ("audio/aac", "audio/x-hx-aac-adts"),
    ("audio/aiff", "audio/x-aiff"),
    ("audio/mp3", "audio/mpeg"),
    ("audio/vnd.wave", "audio/x-wav"),
    ("audio/wav", "audio/x-wav"),
    ("application/rtf", "text/rtf"),
    ("application/x-gzip", "application/gzip"),
    ("application/vnd.rar", "application/x-rar"),
    ("application/x-zstd", "application/zstd"),
    ("application/xml", "text/xml"),
];

/// The class of a media type that a file can have here.
pub(super) fn class(media_type: &str) -> Option<&'static str> {
    let mut classes = TYPE_CLASSES.into_iter().zip(OF_CLASSES);
    classes.find(|(_, types)| types.contains(&media_type)).map(|(class, _)| class)
}

/// The name of a type as it is compared, whatever its case and whichever of its names is used; `None` if no file is known to be of
/// such a type.
pub fn type_name(text: &str) -> Option<&'static str> {
    let text = text.trim().to_ascii_lowercase();
    let named = ALIASES.iter().find(|(alias, _)| *alias == text).map_or(text.as_str(), |(_, name)| *name);
    let types = OF_CLASSES.iter().flat_map(|types| types.iter());
    TYPE_CLASSES.iter().chain(types).find(|known| **known == named).copied()
}

/// The name of a type that was perhaps meant: `pdf` and `wav` are the second halves of media types.
pub fn nearest_type(text: &str) -> Option<&'static str> {
    let text = text.trim().to_ascii_lowercase();
    let half = |name: &&str| name.rsplit_once('/').map(|(_, half)| half.strip_prefix("x-").unwrap_or(half) == text);
    OF_CLASSES.iter().flat_map(|types| types.iter()).copied().find(|name| half(name) == Some(true))
}
