//! What a job keeps besides its log: the files that it replaced or removed.

use leptos::prelude::*;

use crate::ui::parts::{format, may_act};
use crate::ui::progress::{Steer, Summary, is_over};
use headway_model::{Action, JobSummary};

/// How many files there are in its trash, and the way to delete them, once the job is over.
#[component]
pub(super) fn Kept(summary: Summary, steer: Steer) -> impl IntoView {
    let trash = Memo::new(move |_| steer.newest.with(|view| view.trash).unwrap_or_default());
    let is_over = is_over(summary);
    let undone =
        Memo::new(move |_| steer.newest.with(|view| view.undone.as_ref().map(JobSummary::undoing_word)).flatten());
    let are_back = Memo::new(move |_| {
        steer.newest.with(|view| view.undone.as_ref().is_some_and(JobSummary::undid_all)).unwrap_or_default()
    });
    let text = move || {
        let (files, bytes) = trash.get();
        let are = match (are_back.get(), files == 1) {
            (false, true) => "file is",
            (false, false) => "files are",
            (true, true) => "file is back; a copy of it is",
            (true, false) => "files are back; copies of them are",
        };
        format!("{} {are} in the trash, {}. ", format::count(files), format::size(bytes))
    };
    view! {
        <Show when=move || { is_over.get() && trash.get().0 > 0 }>
            <p class="job-trash">
                {text}
                {may_act().then(|| view! { <EmptyTrash steer trash undone are_back /> })}
            </p>
        </Show>
    }
    .into_any()
}

/// Emptying cannot be undone, so the page asks twice. The question is about what is there now: it goes when that changes.
#[component]
fn EmptyTrash(
    steer: Steer,
    trash: Memo<(u64, u64)>,
    /// How far an undo of the job is, in a word.
    undone: Memo<Option<&'static str>>,
    are_back: Memo<bool>,
) -> impl IntoView {
    let is_sure = RwSignal::new(false);
    Effect::new(move |_| {
        let _ = (trash.get(), undone.get());
        is_sure.set(false);
    });
    Effect::new(move |_| {
        if is_sure.get() {
            let pressed = window_event_listener(leptos::ev::keydown, move |event| {
                if event.key() == "Escape" {
                    is_sure.set(false);
                }
            });
            on_cleanup(move || pressed.remove());
        }
    });
    let is_busy = move || steer.under_way.with(Option::is_some);
    let means = move || match are_back.get() {
        true => "They are copies: the files themselves stay. ",
        false => "Undo will no longer be possible. ",
    };
    let all = move || match trash.get().0 {
        1 => "Delete 1 file for good".to_owned(),
        files => format!("Delete {} files for good", format::count(files)),
    };
    view! {
        <Show
            when=move || is_sure.get()
            fallback=move || view! { <button class="ui-quiet ui-danger" data-action="empty" on:click=move |_| is_sure.set(true)>"Delete them now"</button> }
        >
            <span>{means}</span>
            <button
                class="ui-danger"
                data-action="empty_trash"
                disabled=is_busy
                on:click=move |_| {
                    is_sure.set(false);
                    steer.act(Action::EmptyTrash);
                }
            >
                {all}
            </button>
            <button class="ui-quiet" on:click=move |_| is_sure.set(false)>"Keep them"</button>
        </Show>
    }
    .into_any()
}
