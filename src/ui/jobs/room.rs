//! How much room Headway's own files take, and when old ones are removed. Shown below the list of jobs.

use leptos::prelude::*;

use crate::api;
use crate::live::Live;
use crate::ui::parts::{ErrorView, format};
use headway_model::summary::{Room, TrashElsewhere, TrashHolds, TrashRoom};

/// The room that the log and the trashes take. The page itself reads it, because a trash can be on a slow disk and no
/// page should wait for that.
#[component]
pub(super) fn RoomTaken(
    /// It is read again when this changes.
    #[prop(into)]
    emptied: Signal<u32>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let (room, asked) = (RwSignal::new(None), RwSignal::new(0_u32));
    Effect::new(move |_| {
        let _ = (asked.get(), live.back.get(), emptied.get());
        leptos::task::spawn_local(async move {
            room.try_set(Some(api::room().await));
        });
    });
    let shown = move || match room.get() {
        None => view! { <p class="ui-hint">"Checking how much room the log and the trash take…"</p> }.into_any(),
        Some(Err(error)) => view! { <ErrorView error again=move |()| asked.update(|asked| *asked += 1) /> }.into_any(),
        Some(Ok(room)) => {
            let lines = sentences(&room).into_iter().map(|line| view! { <p class="ui-hint">{line}</p> });
            lines.collect_view().into_any()
        }
    };
    view! {
        <section class="jobs-room" aria-label="Room on the disk">
            <h2>"Room on the disk"</h2>
            {shown}
        </section>
    }
    .into_any()
}

/// Sentences that say what takes how much room, and when it is removed.
fn sentences(room: &Room) -> Vec<String> {
    let log = format!(
        "The event log takes {}, and what jobs wrote for you {}.",
        format::size(room.log),
        format::size(room.outputs)
    );
    let age = room.keep_age.map(|age| format!("older than {}", format::days(age)));
    let bytes = room.keep_bytes.map(|bytes| format!("beyond {}", format::size(bytes)));
    let kept = match [age, bytes].into_iter().flatten().collect::<Vec<_>>().as_slice() {
        [] => "The history of jobs is kept forever.".to_owned(),
        limits => format!("History {} is removed automatically.", limits.join(" or ")),
    };
    let trash = trash(room);
    let suspended = room.suspended.map(|time| {
        format!("The clock jumped, so nothing is removed by its age for the next {}.", format::duration(time))
    });
    [Some(format!("{log} {kept}")), trash, suspended].into_iter().flatten().collect()
}

/// What the trashes hold: those that hold something by name, the others together. `None` if there is no trash.
/// `headway trash` names the jobs of folders that are not served.
fn trash(room: &Room) -> Option<String> {
    let TrashElsewhere { holds, unknown } = room.elsewhere;
    let amount = |place: &str, holds: TrashHolds| {
        let files = format::counted(holds.files, "file", "files");
        format!("{place} {files}, {}", format::size(holds.bytes))
    };
    let named = |trash: &TrashRoom| match trash.holds {
        None => Some(format!("that of {} cannot be seen now", trash.library)),
        Some(holds) => (holds.files > 0).then(|| amount(&trash.library, holds)),
    };
    let mut said: Vec<_> = room.trashes.iter().filter_map(named).collect();
    let is_any_empty = said.len() < room.trashes.len();
    said.extend((holds.files > 0).then(|| amount("folders that are not served", holds)));
    said.extend((unknown > 0).then(|| {
        let folders = format::counted(unknown, "folder that is not served", "folders that are not served");
        format!("that of {folders} cannot be seen now")
    }));
    let kept = match room.trash_age {
        None => "kept until you delete it".to_owned(),
        Some(age) => format!("kept {}", format::days(age)),
    };
    match (said.is_empty(), is_any_empty) {
        (true, false) => None,
        (true, true) => Some(format!("Trash: empty; what comes there is {kept}.")),
        (false, true) => Some(format!("Trash: {}; {kept}. All others are empty.", said.join("; "))),
        (false, false) => Some(format!("Trash: {}; {kept}.", said.join("; "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: u64 = 86_400_000;

    #[test]
    fn what_takes_room_is_said_and_when_it_goes() {
        let holds = Some(TrashHolds { files: 22, bytes: 11_000_000 });
        let empty = Some(TrashHolds { files: 0, bytes: 0 });
        let trash = |library: &str, holds| TrashRoom { library: library.into(), holds };
        let room = Room {
            log: 12_000_000,
            outputs: 0,
            trashes: vec![trash("photos", holds), trash("comics", empty), trash("disk", None)],
            elsewhere: TrashElsewhere { holds: TrashHolds { files: 1, bytes: 2_000 }, unknown: 2 },
            trash_age: Some(30 * DAY_MS),
            keep_age: Some(365 * DAY_MS),
            keep_bytes: Some(20_000_000_000),
            suspended: Some(23 * 3_600_000),
        };
        assert_eq!(
            sentences(&room),
            [
                "The event log takes 12 MB, and what jobs wrote for you 0 B. History older than 365 days or beyond 20 GB is removed automatically.",
                "Trash: photos 22 files, 11 MB; that of disk cannot be seen now; folders that are not served 1 file, 2.0 kB; that of 2 folders that are not served cannot be seen now; kept 30 days. All others are empty.",
                "The clock jumped, so nothing is removed by its age for the next 23 h 0 min.",
            ]
        );
        let room = Room { elsewhere: TrashElsewhere::default(), trashes: vec![trash("comics", empty)], ..room };
        assert_eq!(sentences(&room)[1], "Trash: empty; what comes there is kept 30 days.");
        let room = Room {
            trashes: Vec::new(),
            elsewhere: TrashElsewhere::default(),
            trash_age: None,
            keep_age: None,
            keep_bytes: None,
            suspended: None,
            ..room
        };
        assert_eq!(
            sentences(&room),
            ["The event log takes 12 MB, and what jobs wrote for you 0 B. The history of jobs is kept forever."]
        );
    }
}
