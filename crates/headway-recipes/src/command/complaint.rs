//! Which line of a program's output says why it failed.

use headway_model::attempt::Kept;

/// How much of that line is quoted in a failure, in bytes.
const QUOTED: usize = 300;

/// Words of lines that say what went wrong.
const FAULTS: [&str; 19] = [
    "error",
    "failed",
    "failure",
    "fatal",
    "exception",
    "panicked",
    "abort",
    "aborted",
    "no such",
    "not found",
    "cannot",
    "can't",
    "could not",
    "unable",
    "denied",
    "invalid",
    "unsupported",
    "unrecognized",
    "unknown option",
];

/// Lines that count faults, or report that there were none.
const HARMLESS: [&str; 5] = ["0 error", "no error", "errors: 0", "without error", "warning"];

/// Lines that point to a help text.
const HINTS: [&str; 3] = ["--help", "usage:", "for more information"];

/// The line that begins a traceback in Python. The error itself comes last.
const TRACEBACK: &str = "Traceback (most recent call last)";

/// The message of a failure: how the program ended, and the line that says why.
pub(super) fn complaint(code: i32, stderr: &Kept, stdout: &Kept) -> String {
    let what = match code {
        128.. => format!("ended by signal {}", code - 128),
        code => format!("exit code {code}"),
    };
    let texts = [stderr, stdout].map(|kept| without_colours(&format!("{}\n{}", kept.head, kept.tail)));
    let line = texts.iter().find_map(|text| fault(text)).or_else(|| texts.iter().find_map(|text| last(text)));
    match line {
        Some(line) => format!("{what}: {}", headway_model::event::cut(line, QUOTED)),
        None => what,
    }
}

/// The lines of a text. A program that draws its progress goes back to the start of a line.
fn lines(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(['\n', '\r']).filter(|line| !line.trim().is_empty())
}

/// The line that states what went wrong, if there is one: the last line of a traceback, otherwise the first such line.
/// An indented line belongs to the one above it, so it counts only if there is no other.
fn fault(text: &str) -> Option<&str> {
    let is_set_in = |line: &&str| line.starts_with([' ', '\t']);
    if let Some((_, traced)) = text.rsplit_once(TRACEBACK) {
        return lines(traced).skip(1).find(|line| !is_set_in(line)).map(str::trim);
    }
    let outer = lines(text).filter(|line| !is_set_in(line)).find(|line| states_fault(line));
    outer.or_else(|| lines(text).find(|line| states_fault(line))).map(str::trim)
}

/// The last line that does more than point to a help text; the very last line if there is none.
fn last(text: &str) -> Option<&str> {
    let is_hint = |line: &&str| HINTS.iter().any(|hint| line.to_lowercase().contains(hint));
    lines(text).rev().find(|line| !is_hint(line)).or_else(|| lines(text).next_back()).map(str::trim)
}

fn states_fault(line: &str) -> bool {
    let line = line.to_lowercase();
    let is_harmless = HARMLESS.iter().any(|words| line.contains(words));
    !is_harmless && FAULTS.iter().any(|fault| has_words(&line, fault))
}

/// Whether a line contains these words as whole words, not as a part of a file's name. The name of an error can contain
/// more, as in `ValueError: x`.
fn has_words(line: &str, words: &str) -> bool {
    let is_of_name = |char: char| char.is_alphanumeric() || "_-./".contains(char);
    line.match_indices(words).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + words.len()..]);
        let begins = !before.ends_with(is_of_name) || after.starts_with(':');
        begins && !after.trim_end_matches('.').starts_with(is_of_name)
    })
}

/// The text without sequences that set colours on a terminal.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|char: char| char.is_ascii_alphabetic()).map_or(part.len(), |at| at + 1);
        plain.push_str(&part[end..]);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stderr: &str, stdout: &str) -> String {
        let kept = |text: &str| Kept { head: text.into(), ..Kept::default() };
        complaint(1, &kept(stderr), &kept(stdout))
    }

    #[test]
    fn the_line_with_the_cause_is_quoted_instead_of_the_last() {
        for (stderr, why) in [
            // exiftool 12.57 on a text named as a picture.
            (
                "Error: Not a valid JPG (looks more like a TXT) - a.jpg\n    0 image files updated\n    1 files weren't updated due to errors\n",
                "Error: Not a valid JPG (looks more like a TXT) - a.jpg",
            ),
            ("Error: File not found - x.jpg\n", "Error: File not found - x.jpg"),
            // ffmpeg 6.1 without its input, and on one that is damaged.
            (
                "ffmpeg version 6.1 Copyright (c) 2000-2023 the FFmpeg developers\n  configuration: --enable-gpl --disable-error-checks\n\
              [in#0 @ 0x5581] Error opening input: No such file or directory\nError opening input file no.mp4.\n\
              Error opening input files: No such file or directory\n",
                "[in#0 @ 0x5581] Error opening input: No such file or directory",
            ),
            (
                "Input #0, mov, from 'my.error.mp4':\n  Duration: N/A\nframe=   10 fps=0.0\rframe=   20 fps=9.1\r\
              my.error.mp4: Invalid data found when processing input\nConversion failed!\n",
                "my.error.mp4: Invalid data found when processing input",
            ),
            // cwebp 1.2.
            (
                "cannot open input file 'x.png'\nError! Could not process file x.png\nError! Cannot read input picture file 'x.png'\n",
                "cannot open input file 'x.png'",
            ),
            // Programs whose last line points to their help.
            (
                "ls: unrecognized option '--nope'\nTry 'ls --help' for more information.\n",
                "ls: unrecognized option '--nope'",
            ),
            (
                "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m unexpected argument '-x' found\n\nUsage: tool <FILE>\n\nFor more information, try '--help'.\n",
                "error: unexpected argument '-x' found",
            ),
            ("tool: bad file\nSee --help\n", "tool: bad file"),
            ("See --help\n", "See --help"),
            // Python: the cause is the last line, and the lines of the program itself are indented.
            (
                "reading\nTraceback (most recent call last):\n  File \"t.py\", line 3, in <module>\n    raise ValueError('failed: no such thing')\n\
              ValueError: failed: no such thing\n",
                "ValueError: failed: no such thing",
            ),
            (
                "Traceback (most recent call last):\n  File \"t.py\", line 1, in <module>\nKeyError: 'a'\n\nDuring handling of the above \
              exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"t.py\", line 3, in <module>\n    f()\n\
              OSError: [Errno 28] No space left on device\n",
                "OSError: [Errno 28] No space left on device",
            ),
            // No line gives a reason: the last line.
            ("one\ntwo\n\n", "two"),
            ("Warning: [minor] an error of no weight\ndone, 0 errors\nthe end\n", "the end"),
            ("    indented: Permission denied\n", "indented: Permission denied"),
        ] {
            assert_eq!(said(stderr, ""), format!("exit code 1: {why}"), "{stderr}");
        }
    }

    #[test]
    fn standard_output_is_quoted_if_standard_error_is_empty() {
        assert_eq!(
            said("", "Checking a.rar\nERROR: a.rar is damaged\nTotal: 1\n"),
            "exit code 1: ERROR: a.rar is damaged"
        );
        assert_eq!(said("working\n", "Error: no\n"), "exit code 1: Error: no");
        assert_eq!(said("wrong\n", "said\n"), "exit code 1: wrong");
        assert_eq!(said("", ""), "exit code 1");
        assert_eq!(complaint(137, &Kept::default(), &Kept::default()), "ended by signal 9");
    }

    #[test]
    fn the_messages_of_programs_that_are_here_say_why() {
        for (program, arguments, why) in [
            (
                "python3",
                &["-c", "open('/none/at/all')"][..],
                "FileNotFoundError: [Errno 2] No such file or directory: '/none/at/all'",
            ),
            ("python3", &["-c", "def f(: pass"], "SyntaxError: "),
            ("exiftool", &["/none/at/all.jpg"], "Error: File not found - /none/at/all.jpg"),
            ("cat", &["/none/at/all"], "cat: /none/at/all: No such file or directory"),
            ("ls", &["--nope"], "ls: unrecognized option '--nope'"),
        ] {
            // A program that is not installed has no output.
            let Ok(ran) = std::process::Command::new(program).args(arguments).env("LC_ALL", "C").output() else {
                continue;
            };
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let said = said(&text(&ran.stderr), &text(&ran.stdout));
            assert!(said.contains(why), "{program}: {said}\n{}", text(&ran.stderr));
        }
    }
}
