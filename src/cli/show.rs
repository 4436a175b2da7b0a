//! Shows a running job on standard error: bars on a terminal, plain lines elsewhere.

mod rate;

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::out::{count, counted, say, time};
use headway_model::follow::LinkState;
use headway_model::message::RunningItem;
use headway_model::{Counters, Fold, JobStatus};
use rate::left;

/// Maximum rate at which bars are drawn, in Hz.
const FRAMES: u8 = 10;

/// Maximum number of running files shown.
const RUNNING: usize = 8;

/// How many failures are shown; all of them are listed by `headway show JOB --failed`.
const FAILURES: u32 = 20;

/// How often a plain line reports progress.
const EVERY: Duration = Duration::from_secs(10);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressMode {
    /// Bars on a terminal, lines elsewhere
    Auto,
    /// Bars
    Bar,
    /// A line at the start, every ten seconds and at the end, and one for each of the first failures
    Lines,
    /// Nothing
    None,
}

/// What is shown of a job now.
pub(super) struct View<'a> {
    pub(super) fold: &'a Fold,
    pub(super) running: Vec<&'a RunningItem>,
    pub(super) link: LinkState,
}

/// Shows one job.
pub(super) struct JobDisplay {
    kind: ProgressView,
    begun: Instant,
    /// How many items were done when this display began.
    at_first: Option<u32>,
    failures: u32,
    told: Option<Instant>,
    status: Option<JobStatus>,
    /// The amount done here at its last change, in thousandths of a file, and the time that it took.
    moved: (u64, Duration),
}

enum ProgressView {
    Bars(Box<Bars>),
    Lines,
    Nothing,
}

struct Bars {
    all: MultiProgress,
    main: ProgressBar,
    running: Vec<ProgressBar>,
}

impl JobDisplay {
    pub(super) fn new(progress: ProgressMode) -> Self {
        let can_draw = std::io::stderr().is_terminal()
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            && std::env::var_os("CI").is_none();
        let kind = match progress {
            ProgressMode::None => ProgressView::Nothing,
            ProgressMode::Bar => ProgressView::Bars(Box::new(Bars::new())),
            ProgressMode::Auto if can_draw => ProgressView::Bars(Box::new(Bars::new())),
            ProgressMode::Auto | ProgressMode::Lines => ProgressView::Lines,
        };
        JobDisplay {
            kind,
            begun: Instant::now(),
            at_first: None,
            failures: 0,
            told: None,
            status: None,
            moved: (0, Duration::ZERO),
        }
    }

    /// Shows the job's progress.
    pub(super) fn update(&mut self, view: &View<'_>) {
        let done = view.fold.counters.done();
        let first = *self.at_first.get_or_insert(done);
        let amount = u64::from(done - first.min(done)) * 1_000 + under_way(view);
        if self.moved.0 != amount {
            self.moved = (amount, self.begun.elapsed());
        }
        let line = self.line(view);
        let moved = self.status.replace(view.fold.status) != Some(view.fold.status);
        match &mut self.kind {
            ProgressView::Nothing => {}
            ProgressView::Bars(bars) => bars.draw(view, line),
            ProgressView::Lines => {
                let waits = matches!(view.fold.status, JobStatus::Paused { .. } | JobStatus::Planned);
                if self.told.is_none_or(|told| told.elapsed() >= EVERY) || (moved && waits) {
                    self.told = Some(Instant::now());
                    say(&format!("{:>6} {line}", time(self.begun.elapsed().as_millis() as u64)));
                }
            }
        }
    }

    /// Whether another failure is to be shown.
    pub(super) fn wants_failure(&mut self) -> bool {
        let wanted = !matches!(self.kind, ProgressView::Nothing) && self.failures < FAILURES;
        self.failures += u32::from(wanted);
        wanted
    }

    /// How many failures were shown.
    pub(super) fn shown_failures(&self) -> u32 {
        self.failures
    }

    /// Writes a line that stays.
    pub(super) fn write_line(&self, text: &str) {
        match &self.kind {
            // If drawing fails, nobody reads it anyway.
            ProgressView::Bars(bars) => drop(bars.all.println(text)),
            ProgressView::Lines => say(text),
            ProgressView::Nothing => {}
        }
    }

    /// Hides the bars while a result is written.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.kind {
            ProgressView::Bars(bars) => bars.all.suspend(write),
            ProgressView::Lines | ProgressView::Nothing => write(),
        }
    }

    /// Removes the bars.
    pub(super) fn end(&mut self) {
        if let ProgressView::Bars(bars) = &self.kind {
            drop(bars.all.clear());
        }
        self.kind = match self.kind {
            ProgressView::Nothing => ProgressView::Nothing,
            ProgressView::Bars(_) | ProgressView::Lines => ProgressView::Lines,
        };
    }

    fn line(&self, view: &View<'_>) -> String {
        let counters = &view.fold.counters;
        let mut parts = vec![far(counters, view.fold.plan_ended)];
        if counters.failed > 0 {
            parts.push(format!("{} failed", count(counters.failed.into())));
        }
        match view.fold.status {
            // Without news, the time would advance and the number of files would not.
            JobStatus::Processing if !view.link.is_heard() => {}
            JobStatus::Processing => {
                let open = (u64::from(counters.open()) * 1_000).saturating_sub(under_way(view));
                parts.extend(left(self.begun.elapsed(), self.moved, open));
            }
            other => parts.push(other.text()),
        }
        match &view.link {
            LinkState::Live => {}
            LinkState::Healed(reason) => parts.push(format!("healed ({reason})")),
            other => parts.push(format!("not live: {other}")),
        }
        parts.join("  ")
    }
}

impl Bars {
    fn new() -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(FRAMES));
        let main = all.add(ProgressBar::new(0));
        if let Ok(style) = ProgressStyle::with_template("[{bar:24}] {msg}") {
            main.set_style(style.progress_chars("##-"));
        }
        Bars { all, main, running: Vec::new() }
    }

    fn draw(&mut self, view: &View<'_>, line: String) {
        let (done, all) = view.fold.counters.work();
        self.main.set_length(all.into());
        self.main.set_position(done.into());
        self.main.set_message(line);
        let shown: Vec<_> = view.running.iter().take(RUNNING).map(|item| running(item)).collect();
        while self.running.len() < shown.len() {
            let bar = self.all.add(ProgressBar::no_length());
            if let Ok(style) = ProgressStyle::with_template("      {wide_msg}") {
                bar.set_style(style);
            }
            self.running.push(bar);
        }
        while self.running.len() > shown.len() {
            self.running.pop().iter().for_each(|bar| self.all.remove(bar));
        }
        self.running.iter().zip(shown).for_each(|(bar, text)| bar.set_message(text));
    }
}

fn running(item: &RunningItem) -> String {
    let part = match (item.percent, item.total) {
        (Some(percent), _) => format!("  {percent} %"),
        (None, 1..) => format!("  {} %", item.done.saturating_mul(100) / item.total),
        (None, 0) => String::new(),
    };
    format!("{}{part}", item.path.shown())
}

/// How much of the work is done: the numbers are those of the percentage, as on the page.
fn far(counters: &Counters, is_planned: bool) -> String {
    let (done, total) = counters.work();
    let (done, total) = (count(done.into()), count(total.into()));
    match counters.percent() {
        _ if !is_planned => format!("{} listed", counted(counters.total, "file", "files")),
        Some(percent) => format!("{done}/{total}  {percent} %"),
        None => format!("{done}/{total}"),
    }
}

/// How much is done of the files that are being worked on, in thousandths of a file.
fn under_way(view: &View<'_>) -> u64 {
    view.running.iter().filter_map(|item| item.part()).map(|part| part.thousandths).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_line_are_those_of_its_percentage() {
        let left_out = Counters { total: 103, waiting: 9, skipped: 94, skipped_in_plan: 94, ..Counters::default() };
        assert_eq!(far(&left_out, true), "0/9  0 %");
        assert_eq!(far(&Counters { total: 1, ..Counters::default() }, false), "1 file listed");
    }

    #[test]
    fn the_remaining_time_is_shown_only_while_the_server_is_connected() {
        let job = headway_model::testing::job_id(1);
        let mut fold = headway_model::testing::record(&[headway_model::testing::created(job)]).1;
        fold.status = JobStatus::Processing;
        fold.counters = Counters { total: 100, waiting: 60, succeeded: 40, ..Counters::default() };
        let mut display = JobDisplay::new(ProgressMode::None);
        display.begun = Instant::now().checked_sub(Duration::from_secs(20)).expect("the machine has run for a while");
        display.moved = (40_000, Duration::from_secs(20));
        let line = |link| display.line(&View { fold: &fold, running: Vec::new(), link });
        assert!(line(LinkState::Live).contains("left"), "{}", line(LinkState::Live));
        for link in [LinkState::Silent(9), LinkState::Connecting, LinkState::Asleep] {
            let line = line(link);
            assert!(!line.contains("left") && line.contains("not live"), "{line}");
        }
    }
}
