//! What happens to files that were already processed, fail, take too long or are interrupted: the choices, and the
//! sentences about them.

use std::num::NonZeroU32;

use leptos::prelude::*;

use super::Wrong;
use headway_model::event::{HaltBy, HaltWhen};
use headway_model::policy::{Halt, Limit, OnInterrupt, TRIES_LIMIT, Timeout};
use headway_model::{OnDone, Policy};

/// The choices, as the values of fields. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Policies {
    /// `skip`, `skip_moved` or `again`; empty for the recipe's default.
    pub(super) on_done: RwSignal<String>,
    /// How many times a file is tried.
    pub(super) tries: RwSignal<String>,
    /// `count` or `percent`; if empty, the job goes on however many files fail.
    pub(super) halt: RwSignal<String>,
    /// The number or percentage of failures.
    pub(super) halt_at: RwSignal<String>,
    /// `after` or `median`; if empty, there is no time limit.
    pub(super) timeout: RwSignal<String>,
    /// The time limit, in `unit`.
    pub(super) after: RwSignal<String>,
    /// `s`, `m` or `h`.
    pub(super) unit: RwSignal<String>,
    /// The time limit as a multiple of the median of successful attempts.
    pub(super) times: RwSignal<String>,
    /// `retry` or `ask`; empty for the recipe's default.
    pub(super) on_interrupt: RwSignal<String>,
}

impl Policies {
    pub(super) fn new() -> Self {
        let text = |text: &str| RwSignal::new(text.to_owned());
        Policies {
            on_done: text(""),
            tries: text("1"),
            halt: text(""),
            halt_at: text("10"),
            timeout: text(""),
            after: text("30"),
            unit: text("s"),
            times: text("5"),
            on_interrupt: text(""),
        }
    }

    /// The policy for the request.
    pub(super) fn read(self) -> Result<Policy, Wrong> {
        let tries = number("tries", &self.tries.get_untracked(), TRIES_LIMIT)?;
        let halt_at = |most| number("halt_at", &self.halt_at.get_untracked(), most);
        let limit = match self.halt.get_untracked().as_str() {
            "count" => Some(Limit::Count(halt_at(1_000_000)?)),
            "percent" => Some(Limit::Percent(halt_at(100)?)),
            _ => None,
        };
        let timeout = match self.timeout.get_untracked().as_str() {
            "after" => {
                let (unit, most) = unit(&self.unit.get_untracked());
                let after = number("timeout_after", &self.after.get_untracked(), most)?;
                Some(Timeout::After(u64::from(after) * unit))
            }
            "median" => Some(Timeout::Percent(number("timeout_times", &self.times.get_untracked(), 1_000)? * 100)),
            _ => None,
        };
        let on_interrupt = match self.on_interrupt.get_untracked().as_str() {
            "retry" => Some(OnInterrupt::Retry),
            "ask" => Some(OnInterrupt::Ask),
            _ => None,
        };
        Ok(Policy {
            tries: (tries > 1).then_some(tries),
            backoff_ms: None,
            timeout,
            halt: limit.map(|limit| Halt { when: HaltWhen::Soon, by: HaltBy::Fail, limit }),
            on_interrupt,
            on_done: on_done(&self.on_done.get_untracked()),
        })
    }

    pub(super) fn done_before(self, by_default: &Policy) -> String {
        let way = match on_done(&self.on_done.get()).or(by_default.on_done) {
            Some(OnDone::Skip) => "skip it",
            Some(OnDone::SkipMoved) => "skip it, even if it was moved",
            Some(OnDone::Again) | None => "process it again",
        };
        format!("If a file was done before: {way}")
    }

    pub(super) fn fails(self) -> String {
        let tries = match self.tries.get().as_str() {
            "1" | "" => String::new(),
            tries => format!("try it {tries} times, then "),
        };
        let then = match self.halt.get().as_str() {
            "count" => format!("stop the job after {} failures", self.halt_at.get()),
            "percent" => format!("stop the job once {} % failed", self.halt_at.get()),
            _ => "go on with the others".to_owned(),
        };
        format!("If a file fails: {tries}{then}")
    }

    pub(super) fn takes_long(self) -> String {
        let way = match self.timeout.get().as_str() {
            "after" => format!("stop it after {} {}", self.after.get(), unit_name(&self.unit.get())),
            "median" => format!("stop it after {} × the typical time", self.times.get()),
            _ => "wait".to_owned(),
        };
        format!("If a file takes long: {way}")
    }

    pub(super) fn interrupted(self, by_default: &Policy) -> String {
        let chosen = match self.on_interrupt.get().as_str() {
            "retry" => Some(OnInterrupt::Retry),
            "ask" => Some(OnInterrupt::Ask),
            _ => by_default.on_interrupt,
        };
        let way = if chosen == Some(OnInterrupt::Ask) { "ask me" } else { "run those files again" };
        format!("If the server stops in the middle: {way}")
    }
}

fn on_done(word: &str) -> Option<OnDone> {
    match word {
        "skip" => Some(OnDone::Skip),
        "skip_moved" => Some(OnDone::SkipMoved),
        "again" => Some(OnDone::Again),
        _ => None,
    }
}

fn number(field: &'static str, text: &str, most: u32) -> Result<u32, Wrong> {
    let number = text.trim().parse::<NonZeroU32>().ok().map(NonZeroU32::get).filter(|number| *number <= most);
    number.ok_or_else(|| (field, format!("Enter a whole number from 1 to {most}.")))
}

/// A unit of time in milliseconds, and how many of it the field accepts for one file: up to a year.
fn unit(word: &str) -> (u64, u32) {
    match word {
        "h" => (3_600_000, 8_760),
        "m" => (60_000, 525_600),
        _ => (1_000, 31_536_000),
    }
}

pub(super) fn unit_name(word: &str) -> &'static str {
    match word {
        "h" => "h",
        "m" => "min",
        _ => "s",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: impl FnOnce(Policies)) -> (Result<Policy, Wrong>, [String; 4]) {
        let owner = Owner::new();
        owner.with(|| {
            let policies = Policies::new();
            set(policies);
            let by_default = Policy { on_done: Some(OnDone::Skip), ..Policy::default() };
            let said = [
                policies.done_before(&by_default),
                policies.fails(),
                policies.takes_long(),
                policies.interrupted(&by_default),
            ];
            (policies.read(), said)
        })
    }

    #[test]
    fn the_sentence_describes_the_request() {
        let (policy, said) = with(|_| {});
        assert_eq!(policy, Ok(Policy::default()));
        assert_eq!(
            said,
            [
                "If a file was done before: skip it",
                "If a file fails: go on with the others",
                "If a file takes long: wait",
                "If the server stops in the middle: run those files again",
            ]
        );
        let (policy, said) = with(|policies| {
            policies.tries.set("3".into());
            policies.halt.set("percent".into());
            policies.timeout.set("after".into());
            policies.unit.set("m".into());
            policies.on_done.set("again".into());
            policies.on_interrupt.set("ask".into());
        });
        let halt = "soon,fail=10%".parse().ok();
        assert_eq!(
            policy,
            Ok(Policy {
                tries: Some(3),
                backoff_ms: None,
                timeout: Some(Timeout::After(1_800_000)),
                halt,
                on_interrupt: Some(OnInterrupt::Ask),
                on_done: Some(OnDone::Again),
            })
        );
        assert_eq!(
            said,
            [
                "If a file was done before: process it again",
                "If a file fails: try it 3 times, then stop the job once 10 % failed",
                "If a file takes long: stop it after 30 min",
                "If the server stops in the middle: ask me",
            ]
        );
    }

    #[test]
    fn a_field_that_cannot_be_read_is_named() {
        let wrong = |set: fn(Policies)| with(set).0.err().map(|(field, _)| field);
        assert_eq!(wrong(|policies| policies.tries.set("0".into())), Some("tries"));
        // A field that does not count is not parsed.
        assert_eq!(wrong(|policies| policies.halt_at.set("x".into())), None);
        let percent = |policies: Policies| {
            policies.halt.set("percent".into());
            policies.halt_at.set("101".into());
        };
        assert_eq!(wrong(percent), Some("halt_at"));
        let times = |policies: Policies| {
            policies.timeout.set("median".into());
            policies.times.set(String::new());
        };
        assert_eq!(wrong(times), Some("timeout_times"));
    }
}
