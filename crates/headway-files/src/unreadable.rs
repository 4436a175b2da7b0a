//! Why something on a disk that a person asked for cannot be read: the answers "absent" and "not known" of
//! [`Found`](crate::Found), in finer grades.

use std::io;

use rustix::io::Errno;

/// Why something cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Nothing has this name.
    Absent,
    /// The system does not let Headway read it, or it is Headway's own.
    Denied,
    /// No file can have this name: it is too long, or its links form a loop.
    Impossible,
    /// Nothing is known: the storage reports an error or is missing. The same call can succeed later.
    Unknown,
}

impl Unreadable {
    /// What a system error means.
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
