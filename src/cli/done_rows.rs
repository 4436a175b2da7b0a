//! Which names are done according to a job log of GNU parallel.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::failure::{CommandFailure, NOT_BEGUN};
use super::out::{count, counted, say};
use super::selection::GivenNames;

/// The rounding of times in a job log, which have milliseconds.
const ROUNDED: Duration = Duration::from_millis(2);

/// The rows of a job log for names that are done: the time of each, by row number.
#[derive(Debug, Default, PartialEq)]
pub(super) struct DoneRows(HashMap<usize, Duration>);

impl DoneRows {
    /// Parses a job log; also returns whether its last line was incomplete. The error is the command's error text.
    pub(super) fn read(text: &[u8]) -> Result<(Self, bool), String> {
        let torn = !text.is_empty() && !text.ends_with(b"\n");
        let whole = text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
        let mut done = DoneRows::default();
        for (at, line) in whole.enumerate().skip(1) {
            let wrong = || format!("line {} is not a row of a job log", at + 1);
            let columns: Vec<_> = line.splitn(9, |byte| *byte == b'\t').collect();
            let text = |column: usize| columns.get(column).and_then(|text| str::from_utf8(text).ok()).ok_or_else(wrong);
            let number = |column: usize| text(column)?.trim().parse::<f64>().map_err(|_| wrong());
            let row: usize = text(0)?.parse().map_err(|_| wrong())?;
            let ended = Duration::try_from_secs_f64(number(2)? + number(3)?).map_err(|_| wrong())?;
            if number(6)? == 0.0 && number(7)? == 0.0 {
                let latest = done.0.entry(row).or_default();
                *latest = ended.max(*latest);
            }
        }
        Ok((done, torn))
    }

    /// The names that are not done.
    pub(super) fn left(&self, names: GivenNames) -> Result<GivenNames, CommandFailure> {
        let mut left = Vec::new();
        let all = names.0.len();
        for (at, name) in names.0.into_iter().enumerate() {
            let is_done = match self.0.get(&(at + 1)) {
                Some(ended) => is_unchanged(Path::new(OsStr::from_bytes(&name)), *ended)?,
                None => false,
            };
            if !is_done {
                left.push(name);
            }
        }
        let names = counted(all as u64, "name is", "names are");
        say(&format!("headway: {} of {names} done", count((all - left.len()) as u64)));
        Ok(GivenNames(left))
    }
}

/// Whether a file exists and has not changed since then.
fn is_unchanged(path: &Path, since: Duration) -> Result<bool, CommandFailure> {
    let changed = match path.metadata() {
        Ok(found) => found.modified()?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => {
            return Err(CommandFailure::new(NOT_BEGUN, format!("cannot look at {}: {error}", path.display())));
        }
    };
    // A time before 1970 is not later.
    let since: SystemTime = UNIX_EPOCH + since + ROUNDED;
    Ok(changed <= since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_done_counts_even_if_a_later_one_failed() {
        let head = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";
        let row = |seq: u32, start: f64, exit: i32, signal: i32| {
            format!("{seq}\t:\t{start:.3}\t{:10.3}\t0\t0\t{exit}\t{signal}\techo\ta\tb\n", 0.5)
        };
        let text =
            [head.into(), row(1, 10.0, 0, 0), row(2, 10.0, 1, 0), row(1, 20.0, 1, 0), row(3, 5.0, 0, 9)].concat();
        let (done, torn) = DoneRows::read(text.as_bytes()).expect("a list");
        assert_eq!((done, torn), (DoneRows([(1, Duration::from_millis(10_500))].into()), false));
        let (done, torn) = DoneRows::read(&text.as_bytes()[..head.len() + 20]).expect("a list");
        assert_eq!((done, torn), (DoneRows::default(), true));
        assert!(DoneRows::read(format!("{head}no row\n").as_bytes()).is_err());
    }
}
