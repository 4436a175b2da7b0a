//! Standard output. If its reader is gone, the command ends quietly with exit code 141, whereas `println!` would
//! panic.

use std::io::{self, IsTerminal, Write};

use super::failure::CommandFailure;
use headway_model::text::{self, grouped};

/// Writes a line.
pub(super) fn line(text: &str) -> Result<(), CommandFailure> {
    bytes(format!("{text}\n").as_bytes())
}

/// Writes bytes at once.
pub(super) fn bytes(bytes: &[u8]) -> Result<(), CommandFailure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// Writes a line to standard error. It is not a failure if standard error is closed.
pub(super) fn say(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Writes rows: on a terminal in columns under a header, elsewhere untruncated with tabs.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> Result<(), CommandFailure> {
    write_table(head, rows, None)
}

/// Writes rows in the same way, with the last column cut so that a row fits into the terminal.
pub(super) fn fitting_table(head: &[&str], rows: &[Vec<String>]) -> Result<(), CommandFailure> {
    write_table(head, rows, terminal_width())
}

/// How many columns the terminal at standard output has; `None` if that is none, or does not say.
pub(super) fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

fn write_table(head: &[&str], rows: &[Vec<String>], limit: Option<usize>) -> Result<(), CommandFailure> {
    if !io::stdout().is_terminal() {
        let lines: Vec<_> = rows.iter().map(|row| row.join("\t") + "\n").collect();
        return bytes(lines.concat().as_bytes());
    }
    bytes(columns(head, rows, limit).as_bytes())
}

/// The least that is shown of a column that is cut.
const LEAST_WIDTH: usize = 10;

/// Rows in columns under a header. With a limit, the last column is cut so that no row is longer.
fn columns(head: &[&str], rows: &[Vec<String>], limit: Option<usize>) -> String {
    let wide = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..head.len()).map(wide).collect();
    let before: usize = widths.iter().rev().skip(1).map(|width| width + 2).sum();
    let room = limit.map_or(usize::MAX, |limit| limit.saturating_sub(before).max(LEAST_WIDTH));
    let cut = |cell: &str| match cell.chars().count() > room {
        true => cell.chars().take(room - 1).chain(['…']).collect(),
        false => cell.to_owned(),
    };
    let row = |cells: &[String]| {
        let Some((last, others)) = cells.split_last() else { return "\n".to_owned() };
        let padded = others.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}  "));
        format!("{}{}", padded.collect::<String>(), cut(last)).trim_end().to_owned() + "\n"
    };
    let head: Vec<_> = head.iter().map(|name| name.to_uppercase()).collect();
    std::iter::once(row(&head)).chain(rows.iter().map(|cells| row(cells))).collect()
}

/// A number of things, as people read it: 1,204.
pub(super) fn count(number: u64) -> String {
    grouped(number, ',')
}

/// A number of things, such as "1 file" or "2,000 files".
pub(super) fn counted(number: impl Into<u64>, one: &str, many: &str) -> String {
    text::counted(number.into(), ',', one, many)
}

/// A time in milliseconds, as people read it.
pub(super) fn time(ms: u64) -> String {
    match ms {
        0..10_000 => format!("{:.1} s", ms as f64 / 1_000.0),
        10_000..120_000 => format!("{} s", ms / 1_000),
        120_000..7_200_000 => format!("{} min", ms / 60_000),
        _ => format!("{} h", ms / 3_600_000),
    }
}

/// Asks whether to go on. Without a terminal the answer is no.
pub(super) fn confirm(question: &str) -> Result<bool, CommandFailure> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    write!(io::stderr(), "{question} [y/N] ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fits_into_the_terminal_by_its_last_column() {
        let rows = [["a", "a title that is long"], ["bcd", "short"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(columns(&["job", "title"], &rows, Some(18)), "JOB  TITLE\na    a title that…\nbcd  short\n");
        assert!(columns(&["job", "title"], &rows, None).contains("a    a title that is long\n"));
        let narrow = columns(&["job", "title"], &rows, Some(1));
        assert!(narrow.contains("a    a title t…\n"), "{narrow}");
    }

    #[test]
    fn numbers_and_times_are_as_people_read_them() {
        let counts = [0, 999, 1_000, 812_004, 3_000_000].map(count);
        assert_eq!(counts, ["0", "999", "1,000", "812,004", "3,000,000"]);
        assert_eq!([200, 12_345, 125_000, 7_300_000].map(time), ["0.2 s", "12 s", "2 min", "2 h"]);
    }
}
