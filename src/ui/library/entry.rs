//! One row of a folder.

use leptos::prelude::*;

use super::{Selection, address};
use crate::base::to;
use crate::ui::parts::{Icon, Zone, format, may_act, why, words};
use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::library::{Entry, EntryKind, FolderView, LastOutcome, Under};
use headway_model::{JobKind, RelPath};

/// A file, with a checkbox to select it, or a folder, with a link into it.
#[component]
pub(super) fn EntryRow(
    entry: Entry,
    /// Its number in the list, from 0.
    index: u32,
    /// How many rows come before the list.
    first: u64,
    /// What the list shows.
    view: FolderView,
    selected: RwSignal<Selection>,
    zone: Zone,
    /// The row that the keyboard is on.
    at: RwSignal<u32>,
    /// The row of the page that the keyboard comes to.
    cursor: Memo<u32>,
    /// Selects or deselects this row, or every row from the last one to this.
    toggle: Callback<(u32, bool, bool)>,
) -> impl IntoView {
    let path = entry.path.clone();
    // Search results also show the folder.
    let below = if view.folder.is_root() { 0 } else { view.folder.as_str().len() + 1 };
    let name = RelPath::shown_text(path.as_str().get(below..).unwrap_or_default());
    let is_file = entry.kind == EntryKind::File;
    let can_be_selected = may_act() && (is_file || entry.kind == EntryKind::Folder);
    let chosen = {
        let path = path.clone();
        Memo::new(move |_| can_be_selected && selected.with(|selected| selected.contains(&path)))
    };
    let check = can_be_selected.then(|| {
        view! {
            <input
                type="checkbox"
                tabindex="-1"
                autocomplete="off"
                aria-label=format!("Select {name}")
                prop:checked=move || chosen.get()
                on:click=move |event| toggle.run((index, event_target_checked(&event), event.shift_key()))
            />
        }
    });
    let title = name.clone();
    let shown = shown(entry.kind, path, name, &view);
    let outcome = entry.outcome.map(|outcome| badge(outcome, zone));
    let under = entry.under;
    let size = if is_file { Some(entry.size) } else { under.map(|under| under.bytes) };
    view! {
        <tr
            data-kind=entry.kind.label()
            data-index=index
            aria-rowindex=first + u64::from(index) + 2
            data-selected=move || chosen.get().then_some("true")
            aria-selected=move || can_be_selected.then(|| chosen.get().to_string())
            tabindex=move || if cursor.get() == index { "0" } else { "-1" }
            on:focus=move |_| at.set(index)
        >
            <td class="entry-check">{check}</td>
            <td class="entry-name" title=title>
                <span class="entry-line">{shown} {under.map(|under| view! { <span class="entry-under">{format::counted(under.files, "file", "files")}</span> })}</span>
            </td>
            <td class="entry-size">{size.map(format::size)}</td>
            <td class="entry-modified">{move || zone.date(entry.modified)}</td>
            <td class="entry-outcome">{outcome} {under.map(share)}</td>
        </tr>
    }
}

/// The name: a folder's is a link into it; an entry that no recipe reads has the reason beside it.
fn shown(kind: EntryKind, path: RelPath, name: String, view: &FolderView) -> AnyView {
    match kind {
        EntryKind::Folder => {
            let inside = FolderView { folder: path, search: String::new(), ..view.from_start() };
            view! { <a class="entry-folder" tabindex="-1" href=address(&inside)><bdi dir="ltr">{name}</bdi></a> }
                .into_any()
        }
        EntryKind::File => view! { <bdi dir="ltr">{name}</bdi> }.into_any(),
        EntryKind::Symlink => {
            view! { <span class="entry-other"><bdi dir="ltr">{name}</bdi>" (links are left out)"</span> }.into_any()
        }
        EntryKind::Other => {
            view! { <span class="entry-other"><bdi dir="ltr">{name}</bdi>" (special files are left out)"</span> }
                .into_any()
        }
    }
}

/// How the last job with the file ended for it, with a link to it there, and its end as the title; and the recipe, and why.
fn badge(outcome: LastOutcome, zone: Zone) -> impl IntoView {
    let (word, reason) = outcome_text(&outcome.status, outcome.missed, outcome.reason);
    let did = outcome.recipe.map(did).filter(|did| *did != word);
    let word = if outcome.changed_since { format!("{word}, changed since") } else { word };
    let about: Vec<_> = [did, reason].into_iter().flatten().collect();
    let about = about.join(": ");
    let about = view! { " " <span class="entry-reason" title=about.clone()>{about.clone()}</span> };
    let status = if outcome.missed { StatusFilter::Missed.name().to_owned() } else { outcome.status };
    let file = outcome.item.map(|item| format!("?file={item}")).unwrap_or_default();
    let job = to(&format!("/jobs/{}{file}", outcome.job));
    let ended = move || outcome.at.map(|at| zone.date(at));
    view! { <a class="status-badge" tabindex="-1" title=ended data-status=status data-changed=outcome.changed_since.then_some("true") href=job>{word}</a> {about} }
}

/// What the job did: its recipe, except for an undo, which nobody chooses as a recipe.
fn did(recipe: String) -> String {
    match JobKind::of(&recipe) {
        JobKind::Undo => "undone".to_owned(),
        JobKind::Recipe => recipe,
    }
}

/// The outcome in the words of the whole page; and the reason, if it adds to the word.
fn outcome_text(status: &str, is_missed: bool, reason: Option<String>) -> (String, Option<String>) {
    let word = match status.parse::<ItemLabel>() {
        Ok(label) => words::of(StatusFilter::counting(label, is_missed)),
        // Such as the outcome of a job that was undone.
        Err(_) => status,
    };
    (word.to_owned(), why(reason, None).filter(|reason| reason != word && reason != status))
}

/// How much of a folder is done.
fn share(under: Under) -> impl IntoView {
    let part = |number: u64, of: ItemLabel, word: &'static str| {
        (number > 0).then(|| {
            view! { <span class="entry-share-part" data-status=of.name()><Icon of />{format::count(number)} {word}</span> }
        })
    };
    let rest = under.files.saturating_sub(under.processed + under.failed);
    view! {
        <span class="entry-share">
            {part(under.processed, ItemLabel::Succeeded, " processed")}
            {part(under.failed, ItemLabel::Failed, " failed")}
            {part(rest, ItemLabel::Waiting, " not processed")}
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::{did, outcome_text};

    #[test]
    fn an_undo_is_no_recipe_to_whoever_reads_the_outcome() {
        assert_eq!(["undo", "upper"].map(|recipe| did(recipe.to_owned())), ["undone", "upper"]);
    }

    #[test]
    fn the_text_of_an_outcome_repeats_nothing() {
        let said = |status, reason: &str| {
            let (word, reason) = outcome_text(status, false, Some(reason.to_owned()));
            [Some(word), reason].into_iter().flatten().collect::<Vec<_>>()
        };
        assert_eq!(said("failed", "failed"), ["failed"]);
        assert_eq!(said("failed", "the command failed"), ["failed"]);
        assert_eq!(said("failed", "took too long"), ["failed", "took too long"]);
        assert_eq!(said("skipped", "already done"), ["left out", "already done"]);
        let word = |status, is_missed| outcome_text(status, is_missed, None).0;
        assert_eq!([word("succeeded", false), word("put back", false)], ["done", "put back"]);
        assert_eq!(word("skipped", true), "missed", "no job looked at it");
    }
}
