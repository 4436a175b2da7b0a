//! Captures the output of a program: its progress is shown, and the beginning and end of everything else are kept.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, poll};
use serde::Deserialize;

use crate::Attempt;
use headway_model::attempt::Kept;

const BUFFER_BYTES: usize = 64 * 1024;

/// Maximum length of a line of progress, in bytes.
const LINE: usize = 256;

#[derive(Debug)]
pub(super) struct Capture {
    limit: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    cut: u64,
}

impl Capture {
    fn new(limit: usize) -> Self {
        Capture { limit, head: Vec::new(), tail: VecDeque::new(), cut: 0 }
    }

    fn take(&mut self, mut bytes: &[u8]) {
        let room = self.limit.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        bytes = &bytes[room..];
        if bytes.len() > self.limit {
            self.cut += (self.tail.len() + bytes.len() - self.limit) as u64;
            self.tail.clear();
            bytes = &bytes[bytes.len() - self.limit..];
        }
        let over = (self.tail.len() + bytes.len()).saturating_sub(self.limit);
        self.cut += over as u64;
        self.tail.drain(..over);
        self.tail.extend(bytes);
    }

    fn kept(&self) -> Kept {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        match self.cut {
            0 => Kept { head: text(&[&*self.head, &tail].concat()), cut: 0, tail: String::new() },
            cut => Kept { head: text(&self.head), cut, tail: text(&tail) },
        }
    }
}

/// Both output streams of an attempt. Other threads can look at them while they are read.
#[derive(Debug, Clone)]
pub(super) struct Captures(Arc<Mutex<(Capture, Capture)>>);

impl Captures {
    /// Empty captures. They keep this many bytes of the beginning of each stream, and as many of its end.
    pub(super) fn new(limit: usize) -> Self {
        Captures(Arc::new(Mutex::new((Capture::new(limit), Capture::new(limit)))))
    }

    /// Standard output and standard error, as far as they have been read.
    pub(super) fn kept(&self) -> (Kept, Kept) {
        let captures = self.0.lock();
        (captures.0.kept(), captures.1.kept())
    }
}

/// Reads both streams to their ends. Lines of progress on standard output are passed to the attempt and not kept.
pub(super) fn read(stdout: OwnedFd, stderr: OwnedFd, captures: &Captures, attempt: &Attempt) {
    let mut line = Vec::new();
    let mut streams = [Some(File::from(stdout)), Some(File::from(stderr))];
    let mut buffer = vec![0; BUFFER_BYTES];
    while streams.iter().any(Option::is_some) {
        let mut fds = Vec::new();
        fds.extend(streams.iter().flatten().map(|file| PollFd::from_borrowed_fd(file.as_fd(), PollFlags::IN)));
        if poll(&mut fds, None).is_err() {
            continue;
        }
        let mut ready = fds.iter().map(|fd| !fd.revents().is_empty()).collect::<Vec<_>>().into_iter();
        let is_ready = streams.each_ref().map(|stream| stream.is_some() && ready.next().unwrap_or_default());
        for (at, slot) in streams.iter_mut().enumerate().filter(|(at, _)| is_ready[*at]) {
            let Some(file) = slot else { continue };
            match file.read(&mut buffer) {
                Ok(0) => *slot = None,
                Ok(count) if at == 0 => lines(&mut captures.0.lock().0, &mut line, &buffer[..count], attempt),
                Ok(count) => captures.0.lock().1.take(&buffer[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => *slot = None,
            }
        }
    }
    if progress(&line).is_none_or(|part| {
        attempt.reach(part);
        false
    }) {
        captures.0.lock().0.take(&line);
    }
}

/// Takes in standard output line by line, to find lines of progress.
fn lines(out: &mut Capture, line: &mut Vec<u8>, mut bytes: &[u8], attempt: &Attempt) {
    while let Some(at) = bytes.iter().position(|byte| *byte == b'\n') {
        line.extend_from_slice(&bytes[..=at]);
        bytes = &bytes[at + 1..];
        match progress(line) {
            Some(part) => attempt.reach(part),
            None => out.take(line),
        }
        line.clear();
    }
    line.extend_from_slice(bytes);
    if line.len() > LINE {
        out.take(line);
        line.clear();
    }
}

/// The progress in a line such as `{"progress":0.42}`; `None` for any other line.
fn progress(line: &[u8]) -> Option<f64> {
    #[derive(Deserialize)]
    struct ReportedProgress {
        progress: f64,
    }
    if line.len() > LINE || !line.starts_with(b"{") {
        return None;
    }
    serde_json::from_slice::<ReportedProgress>(line).ok().map(|line| line.progress)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_are_kept_and_the_cut_is_reported() {
        for (text, chunk) in [("0123456789", 3), ("0123456789", 10), ("0123456789abcdef", 1), ("0123", 2)] {
            let mut capture = Capture::new(4);
            text.as_bytes().chunks(chunk).for_each(|bytes| capture.take(bytes));
            let kept = capture.kept();
            if text.len() <= 8 {
                assert_eq!(kept, Kept { head: text.into(), cut: 0, tail: String::new() });
            } else {
                let cut = text.len() - 8;
                assert_eq!((kept.head.as_str(), kept.tail.as_str()), (&text[..4], &text[cut + 4..]), "{text} {chunk}");
                assert_eq!(kept.cut, cut as u64);
            }
        }
    }

    #[test]
    fn only_a_whole_line_of_progress_is_progress() {
        assert_eq!(progress(b"{\"progress\":0.42}\n"), Some(0.42));
        assert_eq!(progress(b"{\"progress\":\"x\"}"), None);
        assert_eq!(progress(b"progress 0.42"), None);
    }
}
