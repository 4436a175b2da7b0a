//! The proof of a finished job: what was compared with what, and by whom. The line is the same whether the job was
//! followed to its end or opened later; the details say how the proof came about.

use leptos::prelude::*;

use crate::ui::parts::format::count;
use headway_model::follow::Proof;

/// The line about a finished job that this page has checked.
pub(super) fn line(proof: &Proof) -> String {
    format!("Complete: all {} events, checked against the server's log.", count(proof.seq))
}

/// Details about how this page knows it: closed, and there from the start, so that nothing moves when the proof comes. On the page of a
/// live job they have their place before its end.
#[component]
pub(super) fn Whole(proof: Memo<Option<Proof>>, is_provable: Memo<bool>) -> impl IntoView {
    let how = move || match proof.get().filter(|proof| proof.closed) {
        Some(proof) => how(&proof),
        None => "This page has not checked the job yet.".to_owned(),
    };
    view! {
        <details class="head-how ui-hint" data-none=move || (!is_provable.get()).then_some("true")>
            <summary>"How we know"</summary>
            <p>{how}</p>
            <p>"To check every event yourself, download the log and run headway verify on it."</p>
        </details>
    }
}

fn how(proof: &Proof) -> String {
    let came = match proof.base {
        0 => format!(
            "This page received events 1 to {}, each once and in order, and computed the job's state from them.",
            count(proof.seq)
        ),
        base if base == proof.seq => {
            format!("This page received the job's state after event {} from the server.", count(base))
        }
        base => format!(
            "This page received the job's state after event {}, and from there events {} to {}, each once and in order.",
            count(base),
            count(base + 1),
            count(proof.seq)
        ),
    };
    format!("{came} The hash of that state equals the one that the server recorded when the job ended.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_the_same_however_the_job_came_and_the_story_is_not() {
        let proof = |base| Proof { base, seq: 1_170, checked: None, closed: true };
        assert_eq!(line(&proof(0)), "Complete: all 1,170 events, checked against the server's log.");
        assert_eq!(line(&proof(0)), line(&proof(1_170)));
        assert!(how(&proof(0)).contains("events 1 to 1,170, each once"), "{}", how(&proof(0)));
        assert!(how(&proof(26)).contains("after event 26, and from there events 27 to 1,170"), "{}", how(&proof(26)));
        assert!(how(&proof(1_170)).starts_with("This page received the job's state after event 1,170"));
    }
}
