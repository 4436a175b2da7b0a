//! What happens to files that were already processed, fail, take too long or are interrupted: the choices, and the
//! sentences about them.

use std::num::NonZeroU32;

use leptos::prelude::*;

use super::Wrong;
use crate::ui::parts::format;
use crate::ui::parts::policy_words::{done_words, halt_words, timeout_words};
use headway_model::event::{HaltBy, HaltWhen};
use headway_model::policy::{Halt, Limit, OnInterrupt, TRIES, TRIES_LIMIT, Timeout};
use headway_model::{OnDone, Policy};

/// The value of a choice for what a preset says and no field can express.
pub(super) const KEPT: &str = "kept";

/// The most failures that the field for them accepts, and the longest time limit as a multiple of the typical time.
const MOST_FAILURES: u32 = 1_000_000;
const MOST_TIMES: u32 = 1_000;

/// The choices, as the values of fields. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Policies {
    /// `skip`, `skip_moved` or `again`; empty for the recipe's default.
    pub(super) on_done: RwSignal<String>,
    /// How many times a file is tried.
    pub(super) tries: RwSignal<String>,
    /// `count`, `percent` or [`KEPT`]; if empty, the job goes on however many files fail.
    pub(super) halt: RwSignal<String>,
    /// The number or percentage of failures.
    pub(super) halt_at: RwSignal<String>,
    /// `after`, `median` or [`KEPT`]; if empty, there is no time limit.
    pub(super) timeout: RwSignal<String>,
    /// The time limit, in `unit`.
    pub(super) after: RwSignal<String>,
    /// `s`, `m` or `h`.
    pub(super) unit: RwSignal<String>,
    /// The time limit as a multiple of the median of successful attempts.
    pub(super) times: RwSignal<String>,
    /// `retry` or `ask`; empty for the recipe's default.
    pub(super) on_interrupt: RwSignal<String>,
    /// The policy of the preset that was chosen last, for what has no field.
    kept: RwSignal<Policy>,
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
            kept: RwSignal::new(Policy::default()),
        }
    }

    /// Shows a policy in the fields.
    pub(super) fn fill(self, policy: &Policy) {
        let set = |field: RwSignal<String>, text: &str| field.set(text.to_owned());
        self.kept.set(policy.clone());
        set(self.on_done, policy.on_done.map_or("", on_done_word));
        set(self.tries, &policy.tries.unwrap_or(TRIES).to_string());
        let (halt, failures) = halt_fields(policy.halt);
        set(self.halt, halt);
        set(self.halt_at, &failures.unwrap_or(10).to_string());
        let (timeout, number, unit) = timeout_fields(policy.timeout);
        set(self.timeout, timeout);
        set(self.after, if timeout == "after" { number.as_str() } else { "30" });
        set(self.unit, unit);
        set(self.times, if timeout == "median" { number.as_str() } else { "5" });
        set(self.on_interrupt, policy.on_interrupt.map_or("", on_interrupt_word));
    }

    /// When the job stops, as a preset says it and no field can. Tracked.
    pub(super) fn kept_halt(self) -> Option<String> {
        self.kept.with(|kept| kept.halt.filter(|halt| halt_fields(Some(*halt)).0 == KEPT).map(halt_words))
    }

    /// The time limit, as a preset says it and no field can. Tracked.
    pub(super) fn kept_timeout(self) -> Option<String> {
        let is_kept = |timeout: &Timeout| timeout_fields(Some(*timeout)).0 == KEPT;
        self.kept.with(|kept| kept.timeout.filter(is_kept).map(timeout_words))
    }

    /// The policy for the request; or every field that cannot be read.
    pub(super) fn read(self) -> Result<Policy, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let mut number = |field, text: RwSignal<String>, most| match number(field, &text.get_untracked(), most) {
            Ok(number) => number,
            Err(why) => {
                wrong.push(why);
                1
            }
        };
        let tries = number("tries", self.tries, TRIES_LIMIT);
        let at = |limit| Some(Halt { when: HaltWhen::Soon, by: HaltBy::Fail, limit });
        let kept = self.kept.get_untracked();
        let halt = match self.halt.get_untracked().as_str() {
            "count" => at(Limit::Count(number("halt_at", self.halt_at, MOST_FAILURES))),
            "percent" => at(Limit::Percent(number("halt_at", self.halt_at, 100))),
            KEPT => kept.halt,
            _ => None,
        };
        let timeout = match self.timeout.get_untracked().as_str() {
            "after" => {
                let (unit, most) = unit(&self.unit.get_untracked());
                Some(Timeout::After(u64::from(number("timeout_after", self.after, most)) * unit))
            }
            "median" => Some(Timeout::Percent(number("timeout_times", self.times, MOST_TIMES) * 100)),
            KEPT => kept.timeout,
            _ => None,
        };
        let on_interrupt = match self.on_interrupt.get_untracked().as_str() {
            "retry" => Some(OnInterrupt::Retry),
            "ask" => Some(OnInterrupt::Ask),
            _ => None,
        };
        let policy = Policy {
            tries: (tries > 1).then_some(tries),
            backoff_ms: kept.backoff_ms,
            timeout,
            halt,
            on_interrupt,
            on_done: on_done(&self.on_done.get_untracked()),
        };
        if wrong.is_empty() { Ok(policy) } else { Err(wrong) }
    }

    pub(super) fn done_before(self, by_default: &Policy) -> String {
        let way = on_done(&self.on_done.get()).or(by_default.on_done).unwrap_or(OnDone::Again);
        format!("If a file was done before: {}", done_words(way))
    }

    pub(super) fn fails(self) -> String {
        let pause = self.kept.with(|kept| kept.backoff_ms.map(format::duration));
        let tries = match (self.tries.get().as_str(), pause) {
            ("1" | "", _) => String::new(),
            (tries, None) => format!("try it {tries} times, then "),
            (tries, Some(pause)) => format!("try it {tries} times, with a first pause of {pause}, then "),
        };
        let then = match self.halt.get().as_str() {
            "count" => format!("stop the job after {} failures", self.halt_at.get()),
            "percent" => format!("stop the job once {} % failed", self.halt_at.get()),
            KEPT => self.kept_halt().unwrap_or_default(),
            _ => "go on with the others".to_owned(),
        };
        format!("If a file fails: {tries}{then}")
    }

    pub(super) fn takes_long(self) -> String {
        let way = match self.timeout.get().as_str() {
            "after" => format!("stop it after {} {}", self.after.get(), unit_name(&self.unit.get())),
            "median" => format!("stop it after {} × the typical time", self.times.get()),
            KEPT => self.kept_timeout().unwrap_or_default(),
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

fn on_done_word(way: OnDone) -> &'static str {
    match way {
        OnDone::Skip => "skip",
        OnDone::SkipMoved => "skip_moved",
        OnDone::Again => "again",
    }
}

fn on_interrupt_word(way: OnInterrupt) -> &'static str {
    match way {
        OnInterrupt::Retry => "retry",
        OnInterrupt::Ask => "ask",
    }
}

/// The choice that stands for when the job stops, and the number in its field.
fn halt_fields(halt: Option<Halt>) -> (&'static str, Option<u32>) {
    let Some(Halt { when, by, limit }) = halt else { return ("", None) };
    match (when, by, limit) {
        (HaltWhen::Soon, HaltBy::Fail, Limit::Count(count)) if count <= MOST_FAILURES => ("count", Some(count)),
        (HaltWhen::Soon, HaltBy::Fail, Limit::Percent(percent)) => ("percent", Some(percent)),
        _ => (KEPT, None),
    }
}

/// The choice that stands for a time limit, the number in its field, and the unit.
fn timeout_fields(timeout: Option<Timeout>) -> (&'static str, String, &'static str) {
    let in_unit = |ms: u64, word: &'static str| {
        let (one, most) = unit(word);
        let is_whole = ms.is_multiple_of(one) && (1..=u64::from(most)).contains(&(ms / one));
        is_whole.then(|| ("after", (ms / one).to_string(), word))
    };
    let found = match timeout {
        None => Some(("", String::new(), "s")),
        Some(Timeout::After(ms)) => ["h", "m", "s"].into_iter().find_map(|word| in_unit(ms, word)),
        Some(Timeout::Percent(percent)) => {
            let is_whole = percent.is_multiple_of(100) && (1..=MOST_TIMES).contains(&(percent / 100));
            is_whole.then(|| ("median", (percent / 100).to_string(), "s"))
        }
    };
    found.unwrap_or_else(|| (KEPT, String::new(), "s"))
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

    fn with(set: impl FnOnce(Policies)) -> (Result<Policy, Vec<Wrong>>, [String; 4]) {
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
    fn what_a_preset_says_is_requested_also_where_no_field_can_express_it() {
        for (halt, timeout, said) in [
            ("soon,fail=7", "90s", ["stop the job after 7 failures", "stop it after 90 s"]),
            ("soon,fail=10%", "2h", ["stop the job once 10 % failed", "stop it after 2 h"]),
            ("soon,fail=8", "500%", ["stop the job after 8 failures", "stop it after 5 × the typical time"]),
            ("now,fail=1", "1.5s", ["stop the job at once after 1 failure", "stop it after 1.5 s"]),
            ("soon,done=50%", "250%", ["stop the job once 50 % were done", "stop it after 250 % of the typical time"]),
            ("soon,success=2", "1m", ["stop the job after 2 successes", "stop it after 1 min"]),
        ] {
            let policy = Policy {
                tries: Some(3),
                backoff_ms: Some(5_000),
                halt: halt.parse().ok(),
                timeout: timeout.parse().ok(),
                on_interrupt: Some(OnInterrupt::Ask),
                on_done: Some(OnDone::SkipMoved),
            };
            let (read, [_, fails, long, _]) = with(|policies| policies.fill(&policy));
            assert_eq!(read, Ok(policy), "{halt} {timeout}");
            let tried = "If a file fails: try it 3 times, with a first pause of 5 s, then ";
            assert_eq!([fails, long], [format!("{tried}{}", said[0]), format!("If a file takes long: {}", said[1])]);
        }
        // Another preset leaves nothing of the one before.
        let (read, _) = with(|policies| {
            policies.fill(&Policy { halt: "now,fail=1".parse().ok(), backoff_ms: Some(1), ..Policy::default() });
            policies.fill(&Policy::default());
        });
        assert_eq!(read, Ok(Policy::default()));
    }

    #[test]
    fn every_field_that_cannot_be_read_is_named() {
        let wrong =
            |set: fn(Policies)| with(set).0.err().into_iter().flatten().map(|(field, _)| field).collect::<Vec<_>>();
        assert_eq!(wrong(|policies| policies.tries.set("0".into())), ["tries"]);
        // A field that does not count is not parsed.
        assert!(wrong(|policies| policies.halt_at.set("x".into())).is_empty());
        let percent = |policies: Policies| {
            policies.halt.set("percent".into());
            policies.halt_at.set("101".into());
        };
        assert_eq!(wrong(percent), ["halt_at"]);
        let times = |policies: Policies| {
            policies.timeout.set("median".into());
            policies.times.set(String::new());
        };
        assert_eq!(wrong(times), ["timeout_times"]);
        let all = |policies: Policies| {
            policies.tries.set("x".into());
            policies.halt.set("count".into());
            policies.halt_at.set("0".into());
            policies.timeout.set("after".into());
            policies.after.set("-1".into());
        };
        assert_eq!(wrong(all), ["tries", "halt_at", "timeout_after"]);
    }
}
