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
    write_table(head, rows, (None, &[]))
}

/// Writes rows in the same way, so that each fits into the terminal: without those of the `optional` columns, in this order, that leave
/// the last column too little room, and with the middle of the last column cut.
pub(super) fn fitting_table(head: &[&str], rows: &[Vec<String>], optional: &[&str]) -> Result<(), CommandFailure> {
    write_table(head, rows, (terminal_width(), optional))
}

/// How many columns the terminal at standard output has; `None` if that is none, or does not say.
pub(super) fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// How many columns the terminal has, and which columns of the table can be left out.
type TableRoom<'a> = (Option<usize>, &'a [&'a str]);

fn write_table(head: &[&str], rows: &[Vec<String>], room: TableRoom<'_>) -> Result<(), CommandFailure> {
    if !io::stdout().is_terminal() {
        let lines: Vec<_> = rows.iter().map(|row| row.join("\t") + "\n").collect();
        return bytes(lines.concat().as_bytes());
    }
    bytes(columns(head, rows, room).as_bytes())
}

/// The least that is shown of a column that is cut.
const LEAST_WIDTH: usize = 10;

/// A last column of this width needs no more room.
const ENOUGH_WIDTH: usize = 30;

/// Rows in columns under a header. With a limit, columns are left out and the last one is cut so that no row is longer.
fn columns(head: &[&str], rows: &[Vec<String>], (limit, optional): TableRoom<'_>) -> String {
    let wide = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..head.len()).map(wide).collect();
    let Some((last_width, others)) = widths.split_last() else { return String::new() };
    let (mut left_out, mut optional) = (Vec::new(), optional.iter());
    let room = loop {
        let shown = others.iter().zip(head).filter(|(_, name)| !left_out.contains(name));
        let before: usize = shown.map(|(width, _)| width + 2).sum();
        let Some(limit) = limit else { break usize::MAX };
        let room = limit.saturating_sub(before);
        match optional.next() {
            Some(next) if room < (*last_width).min(ENOUGH_WIDTH) => left_out.push(next),
            _ => break room.max(LEAST_WIDTH),
        }
    };
    let row = |cells: &[String]| {
        let Some((last, others)) = cells.split_last() else { return "\n".to_owned() };
        let shown = others.iter().zip(&widths).zip(head).filter(|(_, name)| !left_out.contains(name));
        let padded = shown.map(|((cell, width), _)| format!("{cell:<width$}  "));
        format!("{}{}", padded.collect::<String>(), shortened(last, room)).trim_end().to_owned() + "\n"
    };
    let head: Vec<_> = head.iter().map(|name| name.to_uppercase()).collect();
    std::iter::once(row(&head)).chain(rows.iter().map(|cells| row(cells))).collect()
}

/// A text of at most this many letters. Its beginning and its end stay: both tell it from others, such as the names of files.
fn shortened(text: &str, room: usize) -> String {
    let letters = text.chars().count();
    if letters <= room {
        return text.to_owned();
    }
    let end = room / 2;
    let beginning = text.chars().take((room - end).saturating_sub(1));
    beginning.chain(['…']).chain(text.chars().skip(letters - end)).collect()
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
        let table = |limit| columns(&["job", "title"], &rows, (limit, &[]));
        assert_eq!(table(Some(18)), "JOB  TITLE\na    a titl…s long\nbcd  short\n");
        assert!(table(None).contains("a    a title that is long\n"));
        assert!(table(Some(1)).contains("a    a ti… long\n"), "{}", table(Some(1)));
    }

    #[test]
    fn columns_are_left_out_until_the_last_one_has_enough_room() {
        let title = "the title of a job about many files of 2024";
        let rows = [["3f2a9c", "now", "1 s", title].map(str::to_owned).to_vec()];
        let table = |limit| columns(&["job", "started", "took", "title"], &rows, (Some(limit), &["took", "started"]));
        assert!(table(80).starts_with("JOB     STARTED  TOOK  TITLE\n") && table(80).contains(title));
        assert_eq!(table(48), "JOB     STARTED  TITLE\n3f2a9c  now      the title of a …y files of 2024\n");
        assert_eq!(table(38), "JOB     TITLE\n3f2a9c  the title of a…y files of 2024\n");
    }

    #[test]
    fn numbers_and_times_are_as_people_read_them() {
        let counts = [0, 999, 1_000, 812_004, 3_000_000].map(count);
        assert_eq!(counts, ["0", "999", "1,000", "812,004", "3,000,000"]);
        assert_eq!([200, 12_345, 125_000, 7_300_000].map(time), ["0.2 s", "12 s", "2 min", "2 h"]);
    }
}
