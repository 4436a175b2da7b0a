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
    if !io::stdout().is_terminal() {
        let lines: Vec<_> = rows.iter().map(|row| row.join("\t") + "\n").collect();
        return bytes(lines.concat().as_bytes());
    }
    let wide = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..head.len()).map(wide).collect();
    let row = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let head: Vec<_> = head.iter().map(|name| name.to_uppercase()).collect();
    let lines: Vec<_> = std::iter::once(row(&head)).chain(rows.iter().map(|cells| row(cells))).collect();
    bytes(lines.concat().as_bytes())
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
    fn numbers_and_times_are_as_people_read_them() {
        let counts = [0, 999, 1_000, 812_004, 3_000_000].map(count);
        assert_eq!(counts, ["0", "999", "1,000", "812,004", "3,000,000"]);
        assert_eq!([200, 12_345, 125_000, 7_300_000].map(time), ["0.2 s", "12 s", "2 min", "2 h"]);
    }
}
