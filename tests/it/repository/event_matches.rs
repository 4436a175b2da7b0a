//! Matches over events: a new event must not fall into an arm that was written without it in mind.

use super::sources;

/// The matches that do not name each event: file, how many, and why that is right.
const REASONS: [(&str, usize, &str); 5] = [
    ("headway-model/src/event_kind/change_step.rs", 1, "the rest is asked by kind, and each kind is named there"),
    ("headway-model/src/next.rs", 2, "a job that is not created, or is over, refuses whatever is not named"),
    ("headway-model/src/worked.rs", 1, "the time of an event is known, unless it says otherwise"),
    ("headway-server/src/handle/steer.rs", 1, "only events of two kinds are read"),
    ("headway-store/src/rows/job_key.rs", 1, "only the first event of a job is passed"),
];

/// How far a line is indented.
fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether an arm, or a line of its pattern, names an event or the kind of one.
fn names_event(arm: &str) -> bool {
    let pattern = arm.trim_start_matches("| ").trim_start_matches("Some(");
    ["JobEvent::", "EventKind::", "K::"].iter().any(|name| pattern.starts_with(name))
}

/// Whether an arm accepts whatever the others left.
fn is_wildcard(arm: &str) -> bool {
    let Some((pattern, _)) = arm.split_once(" =>") else { return false };
    let pattern = pattern.split(" if ").next().unwrap_or_default();
    pattern == "Some(_)" || pattern.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
}

/// How many matches over events have a wildcard. Reads code as rustfmt writes it.
fn open_matches(code: &str) -> usize {
    let lines: Vec<_> = code.lines().collect();
    let is_open = |(at, line): &(usize, &&str)| {
        let outside = depth(line);
        let inside = lines[at + 1..].iter().take_while(|line| line.is_empty() || depth(line) > outside);
        let arms: Vec<_> = inside.filter(|line| depth(line) == outside + 4).map(|line| line.trim_start()).collect();
        arms.iter().any(|arm| names_event(arm)) && arms.iter().any(|arm| is_wildcard(arm))
    };
    let matches = lines.iter().enumerate().filter(|(_, line)| line.contains("match ") && line.ends_with('{'));
    matches.filter(is_open).count()
}

#[test]
fn a_wildcard_over_events_is_seen() {
    let of = |last: &str| {
        format!(
            "    match event {{\n        JobEvent::Began {{}}\n        | JobEvent::Resumed {{}} => 1,\n        {last},\n    }}\n"
        )
    };
    for last in ["_ => 2", "_ if late => 2", "event => 2", "Some(_) => 2"] {
        assert_eq!(open_matches(&of(last)), 1, "{last}");
    }
    for last in ["JobEvent::Ended { .. } => 2", "Some(JobEvent::Began {}) => 2", "Pause::User => 2"] {
        assert_eq!(open_matches(&of(last)), 0, "{last}");
    }
    assert_eq!(open_matches("match number {\n    1 => 2,\n    _ => 3,\n}\n"), 0, "no event");
}

/// A new event does not compile until each of these places says what it means there.
#[test]
fn no_match_over_events_swallows_a_new_one() {
    let is_test = |path: &str| path.contains("/simulation/") || path.contains("/tests/") || path.ends_with("tests.rs");
    let mut explained = 0;
    for (path, text) in ["crates", "src"].into_iter().flat_map(sources).filter(|(path, _)| !is_test(path)) {
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let reason = REASONS.iter().find(|(file, ..)| path.ends_with(file));
        let allowed = reason.map_or(0, |(_, count, _)| *count);
        explained += usize::from(reason.is_some());
        assert_eq!(open_matches(code), allowed, "matches over events with a wildcard in {path}: {reason:?}");
    }
    assert_eq!(explained, REASONS.len(), "a reason for a file that is no longer there");
}
