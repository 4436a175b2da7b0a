//! What a call about a file answered. A call that failed is never a fact about the file.

use std::io;

/// One of three answers: the file is there, it is not, or that is not known.
#[must_use]
#[derive(Debug)]
pub enum Found<T> {
    /// It is there; this is what was asked for.
    There(T),
    /// Nothing has this name.
    Absent,
    /// The call failed, so nothing is known about the file.
    Unknown(io::Error),
}

impl<T> Found<T> {
    /// Classifies the system's answer: only two errors mean that nothing has the name.
    pub fn of(answer: io::Result<T>) -> Self {
        match answer {
            Ok(there) => Found::There(there),
            Err(error) if is_absent(&error) => Found::Absent,
            Err(error) => Found::Unknown(error),
        }
    }

    /// Asks a further question if it is there.
    pub fn and_then<U>(self, ask: impl FnOnce(T) -> Found<U>) -> Found<U> {
        match self {
            Found::There(there) => ask(there),
            Found::Absent => Found::Absent,
            Found::Unknown(error) => Found::Unknown(error),
        }
    }

    /// Changes what is there.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Found<U> {
        self.and_then(|there| Found::There(change(there)))
    }

    /// What is there, or `None` if nothing is. An error if nothing is known.
    pub fn known(self) -> io::Result<Option<T>> {
        match self {
            Found::There(there) => Ok(Some(there)),
            Found::Absent => Ok(None),
            Found::Unknown(error) => Err(error),
        }
    }
}

/// Whether an error means that nothing has the name.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn only_two_errors_say_that_there_is_nothing() {
        for number in 1..=133 {
            let errno = Errno::from_raw_os_error(number);
            let absent = matches!(Found::<()>::of(Err(errno.into())), Found::Absent);
            assert_eq!(absent, matches!(errno, Errno::NOENT | Errno::NOTDIR), "{errno:?}");
        }
        assert!(matches!(Found::of(Ok(7)).known(), Ok(Some(7))));
        assert!(Found::<()>::of(Err(Errno::ACCESS.into())).known().is_err());
    }
}
