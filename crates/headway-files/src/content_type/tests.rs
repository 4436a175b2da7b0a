//! The oracle is `file --mime-type`, on the real beginnings of files.

use std::process::Command;

use super::*;

/// A header of an ISO file with this brand.
fn film(brand: &[u8; 4]) -> Vec<u8> {
    [&b"\0\0\0\x14ftyp"[..], brand, b"\0\0\x02\0isom\0\0\0\x08mdat"].concat()
}

/// An Ogg page with this packet.
fn ogg(packet: &[u8]) -> Vec<u8> {
    let length = u8::try_from(packet.len()).expect("a short packet");
    [&b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\x02\x03\x04\0\0\0\0\0\0\0\0\x01"[..], &[length], packet].concat()
}

fn matroska(name: &[u8]) -> Vec<u8> {
    let length = 0x80 | u8::try_from(name.len()).expect("a short name");
    let inside =
        [&b"\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82"[..], &[length], name].concat();
    let whole = 0x80 | u8::try_from(inside.len()).expect("a short header");
    [&b"\x1a\x45\xdf\xa3"[..], &[whole], &inside, b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"].concat()
}

/// Content of many types, with the class that it has here.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let of = |class: &'static str, all: &[&[u8]]| all.iter().map(|bytes| (class, bytes.to_vec())).collect::<Vec<_>>();
    let mut samples = of(
        "image",
        &[
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0",
            b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9",
            b"GIF89a\x01\0\x01\0\0\0\0;",
            b"RIFF\x1e\0\0\0WEBPVP8L\0\0\0\0\0\0\0\0\0\0\0\0",
            b"II*\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"8BPS\0\x01\0\0\0\0\0\0\0\x03\0\0\0\x01\0\0\0\x01\0\x08\0\x03",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n",
            b"<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n",
        ],
    );
    samples.extend([b"heic", b"mif1", b"avif"].map(|brand| ("image", film(brand))));
    samples.extend([b"isom", b"mp42", b"qt  ", b"3gp5", b"M4V "].map(|brand| ("video", film(brand))));
    samples.extend([b"webm".to_vec(), b"matroska".to_vec()].map(|name| ("video", matroska(&name))));
    samples.push(("video", [b"RIFF\x64\0\0\0AVI LIST".to_vec(), vec![0; 90]].concat()));
    samples.push(("video", ogg(&[b"\x80theora\x03\x02\x01".to_vec(), vec![0; 30]].concat())));
    samples.push(("audio", ogg(&[b"OpusHead\x01\x02".to_vec(), vec![0; 9]].concat())));
    samples.push(("audio", film(b"M4A ")));
    samples.extend(of(
        "audio",
        &[
            b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\0\0\0\0",
            b"fLaC\0\0\0\x22\x10\0\x10\0\0\0\0\0\0\0\x0a\xc4\x42\xf0\0\0\0\0",
            b"ID3\x03\0\0\0\0\0\0\xff\xfb\x90\x44\0\0\0\0",
            b"MThd\0\0\0\x06\0\x01\0\x01\0\x60MTrk\0\0\0\x04\0\xff\x2f\0",
        ],
    ));
    samples.extend(of("document", &[b"%PDF-1.4\n1 0 obj\n", b"%!PS-Adobe-3.0\n", b"{\\rtf1\\ansi hello}"]));
    samples.extend(of(
        "archive",
        &[
            b"\x1f\x8b\x08\0\0\0\0\0\x02\xff\xab\0\0\x83\x16\xdc\x8c\x01\0\0\0",
            b"Rar!\x1a\x07\x01\0\0\0\0\0\0\0",
            b"7z\xbc\xaf\x27\x1c\0\x04\0\0\0\0\0\0",
        ],
    ));
    samples
        .extend(of("text", &[b"hello world\n", "gr\u{fc}\u{df}e\n".as_bytes(), b"<!DOCTYPE html>\n<html></html>\n"]));
    samples
}

#[test]
fn types_have_the_names_that_file_gives_them() {
    let folder = tempfile::tempdir().expect("a folder");
    for (class, bytes) in samples() {
        let content = ContentType::of(&bytes).unwrap_or_else(|| panic!("no type: {}", bytes.escape_ascii()));
        assert!(content.is_called(class) && content.is_called(content.media_type()), "{content:?} is of {class}");
        let path = folder.path().join("sample");
        std::fs::write(&path, &bytes).expect("a file");
        let Ok(told) = Command::new("file").args(["--brief", "--mime-type"]).arg(&path).output() else {
            println!("not compared, as there is no `file`");
            continue;
        };
        let told = String::from_utf8_lossy(&told.stdout).trim().to_ascii_lowercase();
        // Versions of `file` differ in a few names.
        assert_eq!(type_name(&told), Some(content.media_type()), "`file` says {told}");
    }
}

#[test]
fn the_documents_of_office_and_of_books_are_documents_in_zip_archives() {
    let entry =
        |name: &str, content: &str| [&b"PK\x03\x04"[..], &[0; 26], name.as_bytes(), content.as_bytes()].concat();
    let of = |entries: &[(&str, &str)]| {
        let bytes: Vec<_> = entries.iter().map(|(name, content)| entry(name, content)).collect();
        ContentType::of(&bytes.concat()).expect("a type")
    };
    let first = ("[Content_Types].xml", "<Types/>");
    let letters = of(&[first, ("_rels/.rels", ""), ("word/document.xml", "")]);
    assert!(letters.media_type().ends_with("wordprocessingml.document"), "{letters:?}");
    let book = of(&[("mimetype", "application/epub+zip"), ("META-INF/container.xml", "")]);
    assert_eq!(book.media_type(), "application/epub+zip");
    for document in [letters, book, of(&[first]), of(&[("mimetype", "application/vnd.oasis.opendocument.text")])] {
        assert!(document.is_called("document") && !document.is_called("archive"), "{document:?}");
        assert_eq!(document.container(), "application/zip");
    }
    let plain = of(&[("word/a", ""), ("xl/b", "")]);
    assert!(plain.is_called("archive") && !plain.is_called("document"), "{plain:?}");
}

#[test]
fn what_is_nothing_known_has_no_type() {
    let bytes: Vec<u8> = (0..=255).collect();
    for head in [&b""[..], &bytes, b"\0\0\0\x14ftyp????", b"hello\0world", b"gr\xfc\xdfe"] {
        assert_eq!(ContentType::of(head), None, "{}", head.escape_ascii());
    }
    // The last letter of the part that was read can be cut off.
    assert_eq!(ContentType::of(b"gr\xc3\xbc\xc3").map(ContentType::media_type), Some("text/plain"));
    // Letters where another format has the name of a box.
    assert_eq!(ContentType::of(b"The wide world").map(ContentType::media_type), Some("text/plain"));
}

#[test]
fn names_of_types_have_any_case_and_one_that_is_meant_is_found() {
    assert_eq!([type_name("Image"), type_name(" audio/MP3 ")], [Some("image"), Some("audio/mpeg")]);
    assert_eq!([type_name("pdf"), type_name("image/"), type_name("")], [None; 3]);
    assert_eq!([nearest_type("pdf"), nearest_type("WAV")], [Some("application/pdf"), Some("audio/x-wav")]);
    assert_eq!(nearest_type("f"), None);
}
