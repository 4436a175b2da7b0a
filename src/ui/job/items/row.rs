//! One item on one line: its latest status, and its text if that belongs to the same moment.

use leptos::html;
use leptos::prelude::*;

use super::super::retried::can_be_retried;
use super::result_text::{place, short_result};
use super::window::ShownItem;
use crate::ui::parts::{format, why, words};
use headway_model::Rerun;
use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::summary::ItemView;

/// What is read in a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RowFace {
    pub(super) folder: String,
    pub(super) file: String,
    pub(super) size: String,
    /// The result, the reason, or what is planned.
    pub(super) words: String,
    /// The status.
    pub(super) counted: Option<StatusFilter>,
    pub(super) more: Option<RowMore>,
}

/// What only some rows have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowMore {
    pub(super) item: u32,
    /// Why an item that was done before runs again.
    pub(super) rerun: Option<Rerun>,
    pub(super) was_retried: bool,
    pub(super) can_be_retried: bool,
}

/// What a row shows, and its place in the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RowShown {
    pub(super) item: u32,
    /// Its index in the list, from 0.
    pub(super) number: u32,
    /// The address that shows more about it.
    pub(super) href: String,
    /// Whether the keyboard comes to it.
    pub(super) is_at: bool,
    pub(super) is_open: bool,
    pub(super) face: RowFace,
}

impl RowFace {
    pub(super) fn new(row: &ShownItem, text: Option<&ItemView>) -> Self {
        let path = text.map(|text| text.path.shown()).unwrap_or_default();
        let (folder, file) = path.split_at(path.rfind('/').map_or(0, |at| at + 1));
        let more = RowMore {
            item: row.item,
            rerun: text.and_then(|text| text.rerun),
            was_retried: text.is_some_and(|text| text.retried.is_some()),
            can_be_retried: can_be_retried(row.status, text),
        };
        let has_more = more.rerun.is_some() || more.was_retried || more.can_be_retried;
        RowFace {
            folder: folder.to_owned(),
            file: file.to_owned(),
            size: text.map(|text| format::size(text.size)).unwrap_or_default(),
            words: said(row, text).unwrap_or_default(),
            counted: row.counted(),
            more: has_more.then_some(more),
        }
    }

    /// The whole name of the file.
    pub(super) fn title(&self) -> String {
        format!("{}{}", self.folder, self.file)
    }

    /// The name of the status in the style sheet.
    pub(super) fn status(&self) -> &'static str {
        self.counted.map_or("", StatusFilter::name)
    }

    /// The status as a word.
    pub(super) fn word(&self) -> &'static str {
        self.counted.map_or("", words::of)
    }
}

/// What is said of the item.
fn said(row: &ShownItem, text: Option<&ItemView>) -> Option<String> {
    let told = text.filter(|text| row.matches_text(text));
    let why = why(row.reason.clone(), told.and_then(|text| text.message.clone()));
    let found = || told.and_then(|text| Some(short_result(text.result.as_ref()?, &text.path)));
    match why {
        // It succeeded, and left its file as it was.
        Some(why) if row.status == Some(ItemLabel::Succeeded) => {
            let found = found().filter(|found| !found.is_empty());
            Some([Some(why), found].into_iter().flatten().collect::<Vec<_>>().join(" · "))
        }
        Some(why) => Some(why),
        None => found().or_else(|| text.and_then(|text| planned(row, text))),
    }
}

/// What a plan says of the file: the new name that it or its output gets, and, as long as it is not over, what is done to it besides.
fn planned(row: &ShownItem, text: &ItemView) -> Option<String> {
    let is_open = matches!(row.status, Some(ItemLabel::Waiting | ItemLabel::Running));
    let output = text.output.as_ref().filter(|_| is_open);
    let to = text.becomes.as_ref().or(output).map(|to| place(to.as_str(), &text.path));
    let words = [to, text.will.clone().filter(|_| is_open)].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    (!words.is_empty()).then_some(words)
}

/// The elements of a row. Nothing in them follows a signal except `more`: `RowNodes` changes them. So each text has a text node of its
/// own, also while it is empty.
pub(super) fn row_view(row: RowShown, tr: NodeRef<html::Tr>, more: AnyView) -> AnyView {
    let RowShown { item, number, href, is_at, is_open, face } = row;
    let (title, status, word) = (face.title(), face.status(), face.word());
    let RowFace { folder, file, size, words, .. } = face;
    let said = (!words.is_empty()).then(|| words.clone());
    let tabindex = if is_at { "0" } else { "-1" };
    let open = is_open.then_some("true");
    view! {
        <tr node_ref=tr data-item=item aria-rowindex=number + 2 tabindex=tabindex data-selected=open>
            <td class="items-name">
                <a href=href title=title data-noscroll="" aria-current=open>
                    <bdi dir="ltr" class="items-folder">{folder}</bdi>
                    <bdi dir="ltr" class="items-file">{file}</bdi>
                </a>
            </td>
            <td class="items-size">{size}</td>
            <td class="items-state"><span class="status-badge" data-status=status>{word}</span></td>
            <td class="items-result">
                <span class="items-line">
                    <span class="items-words" title=said>{words}</span>
                    {more}
                </span>
            </td>
        </tr>
    }
    .into_any()
}
