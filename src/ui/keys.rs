//! The keys that work anywhere on a page, and the list of all keys, shown on pressing `?`.

use leptos::html;
use leptos::prelude::*;

use super::parts::{Controls, focus, may_act};

/// The keys, what each does, and what it does on a read-only page; nothing if it does nothing there.
const KEYS: [(&str, &str, Option<&str>); 11] = [
    ("/", "Search", Some("Search")),
    ("j k", "Next and previous file or job, from anywhere", Some("Next and previous file or job, from anywhere")),
    ("↑ ↓", "In a list: next and previous file", Some("In a list: next and previous file")),
    ("Home End", "First and last file", Some("First and last file")),
    ("x, Space", "Select the file or folder; with Shift, all up to it", None),
    ("Ctrl A", "Select all files listed so far", None),
    ("Enter", "Open the folder, or of a file its last job", Some("Open the folder, or of a file its last job")),
    ("s", "Go to the button that starts the job", None),
    ("Enter", "In the list of a job: open the file", Some("In the list of a job: open the file")),
    ("Escape", "Clear the selection; close a dialog", Some("Close a dialog")),
    ("?", "These keys", Some("These keys")),
];

/// What `j` and `k` lead to: the row of a list of files that the keyboard comes to, or each job of the list of jobs.
const ROWS: &str = "main [role=grid] tr[tabindex=\"0\"], main .job-card .head-title, main .jobs-name a";

/// The button, and the dialog that the button and the key open. The dialog is made only when it is opened.
#[component]
pub(super) fn Keys() -> impl IntoView {
    let is_open = RwSignal::new(false);
    Effect::new(move |_| {
        let pressed = window_event_listener(leptos::ev::keydown, move |event| {
            // Not while another dialog is open, and not what a list has taken.
            if event.default_prevented() || focus::is_typing() || focus::is_in_dialog() {
                return;
            }
            let is_plain = !(event.ctrl_key() || event.meta_key() || event.alt_key());
            let is_taken = match event.key().as_str() {
                "?" => {
                    is_open.set(true);
                    true
                }
                key @ ("j" | "k") if is_plain => focus::step(ROWS, key == "j"),
                "s" if is_plain => focus::go_to("[data-start=\"run\"]"),
                _ => false,
            };
            if is_taken {
                event.prevent_default();
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
