//! The line where a doubter looks: what was received, and that nothing is missing.

use std::sync::Arc;

use leptos::prelude::*;

use crate::model::follow::{Phase, Proof};
use crate::ui::live::{JobState, Live};
use crate::ui::parts::format::count;

/// The link's state and the proof of completeness.
#[component]
pub(super) fn ProofLine(state: Memo<Option<Arc<JobState>>>) -> impl IntoView {
    let live = expect_context::<Live>();
    let proof = Memo::new(move |_| state.with(|state| state.as_ref().map(|state| (state.phase, state.proof))));
    let text = move || {
        let clock = live.clock.get();
        proof.get().map(|(phase, proof)| line(phase, &proof, clock))
    };
    let link = move || live.link.with(ToString::to_string);
    view! {
        <p class="proof" data-seq=move || proof.get().map(|(_, proof)| proof.seq.to_string())>
            <span class="link-badge" data-link=move || live.link.with(|link| link.label())>{link}</span>
            " "
            <span class="received">{text}</span>
        </p>
    }
}

fn line(phase: Option<Phase>, proof: &Proof, clock: u64) -> String {
    match phase {
        None => return "as the server told it".into(),
        Some(Phase::Stopped) => {
            return "this page could not follow event by event; showing the server's summaries".into();
        }
        Some(Phase::Pruned) => return "the job's history was removed".into(),
        Some(Phase::Asked | Phase::Absent) if proof.seq == 0 => return "waiting for the first event".into(),
        Some(_) => {}
    }
    let received = match proof.base {
        0 => format!("1…{} received", count(proof.seq)),
        base if base == proof.seq => format!("snapshot at {}", count(base)),
        base => format!("snapshot at {}, then {}…{}", count(base), count(base + 1), count(proof.seq)),
    };
    if proof.closed {
        return format!("{received}, none missing, whole job checked");
    }
    match proof.checked {
        None => format!("{received}, none missing"),
        Some(at) => {
            let ago = clock.saturating_sub(at);
            format!("{received}, none missing, digest checked {}.{} s ago", ago / 1_000, ago % 1_000 / 100)
        }
    }
}
