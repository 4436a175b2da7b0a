//! When a photo was taken, according to its camera: Exif's `DateTimeOriginal`, otherwise `DateTimeDigitized`.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use exif::{DateTime, Exif, In, Reader, Tag, Value};

use crate::Failure;
use headway_files::Library;
use headway_model::{FailReason, RelPath, SkipReason};

/// Maximum number of bytes that are read from a file, wherever they are in it. Cameras write their data near the
/// beginning, and a false length must not fill memory.
const READ_LIMIT: u64 = 4 * 1024 * 1024;

/// The date of a photo, by the camera's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) year: u16,
    pub(super) month: u8,
    pub(super) day: u8,
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: u8,
}

/// When a photo was taken. The file is skipped if that is not known.
pub(super) fn taken(library: &Library, path: &RelPath) -> Result<Taken, Failure> {
    let (file, _) =
        library.readable(path, u64::MAX).map_err(|error| Failure::of(FailReason::Read, "reading it", &error))?;
    let mut file = BufReader::new(Limited { file, left: READ_LIMIT });
    let none = Failure::Skipped(SkipReason::Lacking);
    match Reader::new().continue_on_error(true).read_from_container(&mut file) {
        Ok(exif) => of(&exif).ok_or(none),
        Err(exif::Error::PartialResult(part)) => of(&part.into_inner().0).ok_or(none),
        Err(exif::Error::Io(error)) if error.kind() != io::ErrorKind::UnexpectedEof => {
            Err(Failure::of(FailReason::Read, "reading it", &error))
        }
        Err(exif::Error::NotFound(_) | exif::Error::BlankValue(_)) => Err(none),
        // The format has no Exif, or the data are damaged. Either way no date is known, and the file keeps its name.
        Err(_) => Err(none),
    }
}

fn of(exif: &Exif) -> Option<Taken> {
    let field = |tag| exif.get_field(tag, In::PRIMARY);
    let field = field(Tag::DateTimeOriginal).or_else(|| field(Tag::DateTimeDigitized));
    let Value::Ascii(texts) = &field?.value else { return None };
    texts.first().and_then(|text| DateTime::from_ascii(text).ok()).and_then(|date| valid(&date))
}

/// The date, if it is valid. Cameras whose clock was never set write zeros.
fn valid(date: &DateTime) -> Option<Taken> {
    let DateTime { year, month, day, hour, minute, second, .. } = *date;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    let fits = year > 0 && (1..=days).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    fits.then_some(Taken { year, month, day, hour, minute, second })
}

/// A file that seems to end once a limit of bytes has been read.
struct Limited<F> {
    file: F,
    left: u64,
}

impl<F: Read> Read for Limited<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (&mut self.file).take(self.left).read(buffer)?;
        self.left -= count as u64;
        Ok(count)
    }
}

impl<F: Seek> Seek for Limited<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{corpus, damaged_corpus};

    /// When a file of this name and content was taken.
    fn taken_of(name: &str, bytes: &[u8]) -> Result<Taken, Failure> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(name), bytes).expect("a file");
        let library = Library::open("files", folder.path()).expect("a library");
        taken(&library, &name.parse().expect("a path"))
    }

    #[test]
    fn a_damaged_file_has_a_date_or_none_and_stops_no_plan() {
        let extensions = ["jpg", "png", "webp", "tif"];
        damaged_corpus(&extensions, taken_of);
        let known = Taken { year: 2024, month: 2, day: 29, hour: 12, minute: 34, second: 56 };
        for (name, bytes) in corpus(&extensions) {
            let is_dated = ["baseline.jpg", "colours.png", "lossy.webp"].contains(&name.as_str());
            assert_eq!(taken_of(&name, &bytes).ok(), is_dated.then_some(known), "{name}");
        }
    }

    #[test]
    fn an_impossible_date_is_refused() {
        let date = |text: &str| DateTime::from_ascii(text.as_bytes()).ok().and_then(|date| valid(&date));
        assert!(date("2024:02:29 23:59:59").is_some());
        for text in [
            "2023:02:29 00:00:00",
            "0000:00:00 00:00:00",
            "2024:13:01 00:00:00",
            "2024:04:31 00:00:00",
            "2024:01:01 24:00:00",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn reading_stops_at_the_limit_even_if_a_file_claims_to_be_longer() {
        let mut file = Limited { file: io::Cursor::new(vec![7; 100]), left: 30 };
        let mut read = Vec::new();
        file.read_to_end(&mut read).expect("memory");
        file.seek(SeekFrom::Start(0)).expect("memory");
        assert_eq!((read.len(), file.read(&mut [0; 10]).expect("memory")), (30, 0));
    }
}
