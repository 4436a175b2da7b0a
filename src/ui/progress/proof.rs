//! The proof line: what was received, and that nothing is missing.

use std::sync::Arc;

use leptos::prelude::*;

use super::notify_button::NotifyButton;
use super::summary::{self, Summary};
use super::whole;
use crate::live::{JobState, Live};
use crate::ui::parts::format::{self, time_of_day};
use crate::ui::parts::link_text;
use headway_model::follow::{Phase, Proof, SET_ASIDE};

/// Maximum age of a check. The server sends one every five seconds, so an older one proves nothing about this moment.
const FRESH_MS: u64 = 7_000;

/// The link's state and the proof of completeness.
#[component]
pub(super) fn ProofLine(state: Memo<Option<Arc<JobState>>>, summary: Summary) -> impl IntoView {
    let live = expect_context::<Live>();
    let proof = Memo::new(move |_| state.with(|state| state.as_ref().map(|state| (state.phase, state.proof))));
    let text = move || {
        let clock = live.clock.get();
        let silent = live.silent.get();
        // Until the page follows a job, it shows the server's summary.
        let (phase, proof) = proof.get().unwrap_or_default();
        line(phase, &proof, silent, clock, time_of_day)
    };
    let closed = Memo::new(move |_| proof.get().map(|(_, proof)| proof));
    let link = move || link_text(live);
    let is_over = Signal::derive(move || {
        state.with(|state| state.as_ref().is_none_or(|state| state.summary.status.is_terminal()))
    });
    let ended = summary::is_over(summary);
    // A proof has come, or will.
    let is_provable = Memo::new(move |_| {
        let phase = proof.with(|proof| proof.and_then(|(phase, _)| phase));
        ended.get() && !matches!(phase, Some(Phase::Stopped | Phase::SetAside | Phase::Pruned))
    });
    view! {
        <p
            class="proof"
            data-seq=move || proof.get().map(|(_, proof)| proof.seq.to_string())
            data-base=move || proof.get().map(|(_, proof)| proof.base.to_string())
        >
            <span class="link-badge" data-link=move || live.link.with(|link| link.label())><span class="link-badge-word">{link}</span></span>
            " "
            <span class="proof-received">{text}</span>
            <NotifyButton is_over />
        </p>
        <whole::Whole proof=closed is_provable />
    }
}

/// The line at `clock`. A job that is over and was checked is called complete; a running job only right after a check.
/// While the server is silent (`silent`: since when), the line names the moment when all of this was true.
fn line(phase: Option<Phase>, proof: &Proof, silent: Option<u64>, clock: u64, time: fn(u64) -> String) -> String {
    if proof.closed && matches!(phase, Some(Phase::Following | Phase::Closed)) {
        return whole::line(proof);
    }
    if let Some(heard) = silent {
        let ago = clock.saturating_sub(heard) / 1_000;
        return format!("As of {}, {ago} s ago. Not connected; trying again.", time(heard));
    }
    match phase {
        None => return "Not checked yet.".into(),
        Some(Phase::Stopped) => {
            return "This page could not follow event by event. It shows the server's summaries.".into();
        }
        Some(Phase::SetAside) => return SET_ASIDE.into(),
        Some(Phase::Pruned) => return "The job's history was removed.".into(),
        Some(Phase::Asked | Phase::Absent) if proof.seq == 0 => return "Waiting for the first event.".into(),
        Some(_) => {}
    }
    match proof.checked.map(|at| clock.saturating_sub(at)) {
        None => "Not checked yet.".into(),
        Some(ago) if ago < FRESH_MS => {
            let tenths = ago / 100;
            format!("Complete so far, checked {} s ago.", format::tenth(tenths))
        }
        Some(ago) => format!("Last checked {} s ago.", ago / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(proof: &Proof, silent: Option<u64>, clock: u64) -> String {
        line(Some(Phase::Following), proof, silent, clock, |at| format!("<{at}>"))
    }

    #[test]
    fn complete_is_never_shown_without_a_fresh_check() {
        let proof = Proof { seq: 14, checked: None, ..Proof::default() };
        assert_eq!(said(&proof, None, 1_000), "Not checked yet.");
        let checked = Proof { checked: Some(20_000), ..proof };
        assert_eq!(said(&checked, None, 20_400), "Complete so far, checked 0.4 s ago.");
        assert_eq!(said(&checked, None, 28_000), "Last checked 8 s ago.");
        for (clock, ago) in [(21_100, 1), (35_000, 15)] {
            let text = said(&checked, Some(20_000), clock);
            assert_eq!(text, format!("As of <20000>, {ago} s ago. Not connected; trying again."));
        }
        let closed = Proof { closed: true, ..proof };
        assert!(said(&closed, Some(20_000), 90_000).starts_with("Complete: all 14 events"));
    }
}
