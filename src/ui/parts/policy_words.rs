//! What a policy says, in the words of the start sheet and of the settings of a job.

use super::format::{counted, seconds};
use headway_model::OnDone;
use headway_model::event::{HaltBy, HaltWhen};
use headway_model::policy::{Halt, Limit, Timeout};

/// Such as "stop the job at once after 3 failures".
pub(in crate::ui) fn halt_words(halt: Halt) -> String {
    let stop = match halt.when {
        HaltWhen::Now => "stop the job at once",
        HaltWhen::Soon => "stop the job",
    };
    let (one, many, are) = match halt.by {
        HaltBy::Fail => ("failure", "failures", "failed"),
        HaltBy::Success => ("success", "successes", "succeeded"),
        HaltBy::Done => ("file", "files", "were done"),
    };
    match halt.limit {
        Limit::Count(count) => format!("{stop} after {}", counted(count, one, many)),
        Limit::Percent(percent) => format!("{stop} once {percent} % {are}"),
    }
}

/// Such as "stop it after 90 s".
pub(in crate::ui) fn timeout_words(timeout: Timeout) -> String {
    match timeout {
        Timeout::After(ms) => {
            let units = [(3_600_000, "h"), (60_000, "min"), (1_000, "s")];
            let whole = units.into_iter().find(|(one, _)| ms.is_multiple_of(*one));
            let time = whole.map_or_else(|| seconds(ms), |(one, unit)| format!("{} {unit}", ms / one));
            format!("stop it after {time}")
        }
        Timeout::Percent(percent) if percent.is_multiple_of(100) => {
            format!("stop it after {} × the typical time", percent / 100)
        }
        Timeout::Percent(percent) => format!("stop it after {percent} % of the typical time"),
    }
}

/// What becomes of a file that was done before.
pub(in crate::ui) fn done_words(on_done: OnDone) -> &'static str {
    match on_done {
        OnDone::Skip => "skip it",
        OnDone::SkipMoved => "skip it, even if it was moved",
        OnDone::Again => "process it again",
    }
}
