//! Which files of a folder to leave out.

use leptos::prelude::*;

use super::JobOptions;
use crate::ui::library::Selection;

/// Patterns for files to leave out, and whether to leave out what systems leave behind. Hidden if files were selected
/// one by one, which are all wanted.
#[component]
pub(super) fn LeaveOut(chosen: JobOptions) -> impl IntoView {
    let is_one_by_one = Memo::new(move |_| {
        chosen.selected.with(|selected| matches!(selected, Selection::Files(..)) && !selected.is_empty())
    });
    let patterns = move || chosen.leave_out.with(|lines| lines.lines().filter(|line| !line.trim().is_empty()).count());
    let text = move || {
        let system = if chosen.system_files.get() { "nothing of the system" } else { "files of the system" };
        match patterns() {
            0 => format!("Files to leave out: {system}"),
            1 => format!("Files to leave out: {system}, and 1 pattern"),
            number => format!("Files to leave out: {system}, and {number} patterns"),
        }
    };
    view! {
        <details class="start-policy" hidden=move || is_one_by_one.get()>
            <summary>{text}</summary>
            <div>
                <label class="start-patterns">
                    "Leave out "
                    <textarea
                        class="ui-field"
                        autocomplete="off"
                        name="exclude"
                        rows="3"
                        spellcheck="false"
                        placeholder="One pattern a line, as in .gitignore: *.tmp, cache/, /exports"
                        prop:value=move || chosen.leave_out.get()
                        on:change=move |event| chosen.leave_out.set(event_target_value(&event))
                    ></textarea>
                </label>
                <label>
                    <input
                        type="checkbox"
                        autocomplete="off"
                        name="system_files"
                        prop:checked=move || chosen.system_files.get()
                        on:change=move |event| chosen.system_files.set(event_target_checked(&event))
                    />
                    " Include system files, such as .DS_Store and @eaDir"
                </label>
            </div>
        </details>
    }
    .into_any()
}
