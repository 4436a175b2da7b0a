//! Why something on a disk cannot be read, for people who asked for it. The three answers of [`Found`](crate::Found), and what to do
//! about the third.

use std::io;

use rustix::io::Errno;

/// Why something cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// There is nothing of this name.
    Absent,
    /// The system does not let Headway read it, or it is Headway's own.
    Denied,
    /// No file can have this name: it is too long, or links lead round in a circle.
    Impossible,
    /// That is not known: the storage reports an error, or is not there. The same look can succeed later.
    Unknown,
}

impl Unreadable {
    /// What an error of the system means.
    pub fn of(error: &io::Error) -> Self {
        match Errno::from_io_error(error) {
            Some(Errno::NAMETOOLONG | Errno::LOOP | Errno::INVAL) => Unreadable::Impossible,
            _ => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Unreadable::Absent,
                io::ErrorKind::PermissionDenied => Unreadable::Denied,
                _ => Unreadable::Unknown,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_errors_say_that_there_is_nothing_and_most_say_nothing_at_all() {
        for number in 1..=133 {
            let errno = Errno::from_raw_os_error(number);
            let expected = match errno {
                Errno::NOENT | Errno::NOTDIR => Unreadable::Absent,
                Errno::ACCESS | Errno::PERM => Unreadable::Denied,
                Errno::NAMETOOLONG | Errno::LOOP | Errno::INVAL => Unreadable::Impossible,
                _ => Unreadable::Unknown,
            };
            assert_eq!(Unreadable::of(&errno.into()), expected, "{errno:?}");
        }
        let own = io::Error::new(io::ErrorKind::PermissionDenied, "Headway's own");
        assert_eq!(Unreadable::of(&own), Unreadable::Denied);
        assert_eq!(Unreadable::of(&io::Error::other("the folder lies too deep")), Unreadable::Unknown);
    }
}
