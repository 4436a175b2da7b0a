//! One item on one line: its latest status, and its text if that belongs to the same moment.

use leptos::prelude::*;

use super::super::retried::{RetriedItem, can_be_retried};
use super::super::retry::RetryItem;
use super::result_text::{place, short_result};
use super::window::ShownItem;
use crate::ui::parts::{format, why, words};
use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::summary::ItemView;
use headway_model::{JobId, StartJob};

/// What a plan says of the file: the new name that it or its output gets, and, as long as it is not over, what is done to it besides.
fn planned(row: &ShownItem, text: &ItemView) -> Option<String> {
    let is_open = matches!(row.status, Some(ItemLabel::Waiting | ItemLabel::Running));
    let output = text.output.as_ref().filter(|_| is_open);
    let to = text.becomes.as_ref().or(output).map(|to| place(to.as_str(), &text.path));
    let words = [to, text.will.clone().filter(|_| is_open)].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    (!words.is_empty()).then_some(words)
}

#[component]
pub(super) fn ItemRow(
    job: JobId,
    row: Memo<ShownItem>,
    /// Its index in the list, from 0.
    number: Memo<u32>,
    /// Whether the keyboard is on it.
    is_at: Memo<bool>,
    is_open: Memo<bool>,
    /// The address that shows more about it.
    href: Signal<String>,
    text: Memo<Option<ItemView>>,
    request: StoredValue<Option<StartJob>>,
) -> impl IntoView {
    let item = row.with_untracked(|row| row.item);
    let status = Memo::new(move |_| row.with(|row| row.status));
    let counted = Memo::new(move |_| row.with(ShownItem::counted));
    let is_failed = Memo::new(move |_| text.with(|text| can_be_retried(status.get(), text.as_ref())));
    let path = Memo::new(move |_| {
        let path = text.with(|text| text.as_ref().map(|text| text.path.shown())).unwrap_or_default();
        let at = path.rfind('/').map_or(0, |at| at + 1);
        (path[..at].to_owned(), path[at..].to_owned())
    });
    let size = move || text.with(|text| text.as_ref().map(|text| format::size(text.size)));
    let words = move || {
        let row = row.get();
        text.with(|text| {
            let told = text.as_ref().filter(|text| row.matches_text(text));
            let why = why(row.reason.clone(), told.and_then(|text| text.message.clone()));
            let found = || told.and_then(|text| Some(short_result(text.result.as_ref()?, &text.path)));
            match why {
                // It succeeded, and left its file as it was.
                Some(why) if row.status == Some(ItemLabel::Succeeded) => {
                    let found = found().filter(|found| !found.is_empty());
                    Some([Some(why), found].into_iter().flatten().collect::<Vec<_>>().join(" · "))
                }
                Some(why) => Some(why),
                None => found().or_else(|| text.as_ref().and_then(|text| planned(&row, text))),
            }
        })
    };
    let again = move || {
        let rerun = text.with(|text| text.as_ref().and_then(|text| text.rerun));
        rerun.map(|rerun| view! { <span class="ui-hint items-rerun">{rerun.text()}</span> })
    };
    view! {
        <tr
            data-item=item
            aria-rowindex=move || number.get() + 2
            tabindex=move || if is_at.get() { "0" } else { "-1" }
            data-selected=move || is_open.get().then_some("true")
        >
            <td class="items-name">
                <a href=href title=move || path.with(|(folder, file)| format!("{folder}{file}")) data-noscroll="" aria-current=move || is_open.get().then_some("true")>
                    <bdi dir="ltr" class="items-folder">{move || path.with(|path| path.0.clone())}</bdi>
                    <bdi dir="ltr" class="items-file">{move || path.with(|path| path.1.clone())}</bdi>
                </a>
            </td>
            <td class="items-size">{size}</td>
            <td class="items-state"><span class="status-badge" data-status=move || counted.get().map_or("", StatusFilter::name)>{move || counted.get().map(words::of)}</span></td>
            <td class="items-result">
                <span class="items-line">
                    <span class="items-words" title=words>{words}</span>
                    {again}
                    <RetriedItem text />
                    <Show when=move || is_failed.get()>
                        <RetryItem job item request />
                    </Show>
                </span>
            </td>
        </tr>
    }
    .into_any()
}
