//! The list of keyboard shortcuts, shown on pressing `?`.

use leptos::html;
use leptos::prelude::*;

use super::parts::{Controls, focus, may_act};

/// The keys, what each does, and what it does on a read-only page; nothing if it does nothing there.
const KEYS: [(&str, &str, Option<&str>); 9] = [
    ("/", "Search", Some("Search")),
    ("j k, ↑ ↓", "Next and previous file", Some("Next and previous file")),
    ("Home End", "First and last file", Some("First and last file")),
    ("x, Space", "Select the file or folder; with Shift, all up to it", None),
    ("Ctrl A", "Select all files listed so far", None),
    (
        "Enter",
        "Open the folder, or of a file its last job; with a selection, go to its button",
        Some("Open the folder, or of a file its last job"),
    ),
    ("Enter", "In the list of a job: open the file", Some("In the list of a job: open the file")),
    ("Escape", "Clear the selection; close a dialog", Some("Close a dialog")),
    ("?", "These keys", Some("These keys")),
];

/// The button, and the dialog that the button and the key open. The dialog is made only when it is opened.
#[component]
pub(super) fn Keys() -> impl IntoView {
    let is_open = RwSignal::new(false);
    Effect::new(move |_| {
        let pressed = window_event_listener(leptos::ev::keydown, move |event| {
            // Not while another dialog is open.
            if event.key() == "?" && !focus::is_typing() && !focus::is_in_dialog() {
                event.prevent_default();
                is_open.set(true);
            }
        });
        on_cleanup(move || pressed.remove());
    });
    view! {
        <Controls>
            <button class="ui-quiet keys-button" aria-label="Keys" aria-keyshortcuts="?" title="Keys (?)" on:click=move |_| is_open.set(true)>"?"</button>
        </Controls>
        <Show when=move || is_open.get()>
            <KeysDialog is_open />
        </Show>
    }
    .into_any()
}

#[component]
fn KeysDialog(is_open: RwSignal<bool>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            dialog.show_modal().ok();
        }
    });
    let can_act = may_act();
    let known =
        KEYS.into_iter().filter_map(|(keys, what, reading)| Some((keys, if can_act { what } else { reading? })));
    let rows = known.map(|(keys, what)| {
        view! {
            <div>
                <dt>{keys}</dt>
                <dd>{what}</dd>
            </div>
        }
    });
    view! {
        <dialog class="keys" node_ref=dialog aria-labelledby="keys-title" on:close=move |_| is_open.set(false)>
            <h2 id="keys-title">"Keys"</h2>
            <dl>{rows.collect_view()}</dl>
            <form method="dialog">
                <button class="ui-primary" autofocus>"Close"</button>
            </form>
        </dialog>
    }
}
