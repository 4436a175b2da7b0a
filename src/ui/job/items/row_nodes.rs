//! The elements of a row in the page. They are changed without signals: only what differs is written.

use leptos::html;
use leptos::prelude::*;
use web_sys::{Element, HtmlElement, Node};

use super::row::{RowFace, RowMore, RowShown};
use super::window::ShownItem;

/// A row as it was made.
#[derive(Clone)]
pub(super) struct RowSlot {
    pub(super) tr: NodeRef<html::Tr>,
    pub(super) more: RwSignal<Option<RowMore>>,
    /// What it was made with; `None` if it is to get its content later.
    pub(super) made_with: Option<RowShown>,
}

/// Its elements, and what they show.
pub(super) struct RowNodes {
    pub(super) tr: HtmlElement,
    link: Element,
    badge: Element,
    said: Element,
    folder: Node,
    file: Node,
    size: Node,
    word: Node,
    words: Node,
    more: RwSignal<Option<RowMore>>,
    shown: RowShown,
    /// The number of the address to which its link belongs. They begin with 1.
    address: u32,
    /// The state of the item, and the number of the call that brought its text, of which the face was made.
    made_of: Option<(ShownItem, Option<u32>)>,
}

impl RowNodes {
    /// The elements of a row, once it is in the page.
    pub(super) fn of(slot: &RowSlot) -> Option<Self> {
        let tr: HtmlElement = slot.tr.get_untracked()?.into();
        let find = |selectors: &str| tr.query_selector(selectors).ok().flatten();
        let text = |selectors: &str| find(selectors)?.first_child();
        Some(RowNodes {
            link: find(".items-name a")?,
            badge: find(".status-badge")?,
            said: find(".items-words")?,
            folder: text(".items-folder")?,
            file: text(".items-file")?,
            size: text(".items-size")?,
            word: text(".status-badge")?,
            words: text(".items-words")?,
            more: slot.more,
            shown: slot.made_with.clone().unwrap_or_default(),
            address: 0,
            made_of: None,
            tr,
        })
    }

    /// Whether it leads to this item, under the address with this number.
    pub(super) fn leads_to(&self, item: u32, address: u32) -> bool {
        self.shown.item == item && self.address == address
    }

    /// Whether its face was made of this state of the item and the text of this call.
    pub(super) fn is_made_of(&self, item: &ShownItem, call: Option<u32>) -> bool {
        self.made_of.as_ref().is_some_and(|(of, told)| of == item && *told == call)
    }

    /// Shows where the row is in the list, and whether the keyboard comes to it and its file is open.
    pub(super) fn set_place(&mut self, number: u32, is_at: bool, is_open: bool) {
        let shown = &mut self.shown;
        if shown.number != number {
            write(&self.tr, "aria-rowindex", &(number + 2).to_string());
        }
        if shown.is_at != is_at {
            write(&self.tr, "tabindex", if is_at { "0" } else { "-1" });
        }
        if shown.is_open != is_open {
            let open = is_open.then_some("true");
            write_or_remove(&self.tr, "data-selected", open);
            write_or_remove(&self.link, "aria-current", open);
        }
        (shown.number, shown.is_at, shown.is_open) = (number, is_at, is_open);
    }

    /// Shows which item it is, and leads to it, under the address with this number.
    pub(super) fn set_item(&mut self, item: u32, href: String, address: u32) {
        self.address = address;
        if self.shown.item != item {
            write(&self.tr, "data-item", &item.to_string());
            self.shown.item = item;
        }
        if self.shown.href != href {
            write(&self.link, "href", &href);
            self.shown.href = href;
        }
    }

    /// Shows a face, which was made of this state of the item and the text of this call.
    pub(super) fn set_face(&mut self, face: RowFace, item: &ShownItem, call: Option<u32>) {
        let old = std::mem::replace(&mut self.shown.face, face);
        let new = &self.shown.face;
        if old.folder != new.folder || old.file != new.file {
            write(&self.link, "title", &new.title());
        }
        tell(&self.folder, &old.folder, &new.folder);
        tell(&self.file, &old.file, &new.file);
        tell(&self.size, &old.size, &new.size);
        tell(&self.words, &old.words, &new.words);
        if old.words != new.words {
            write_or_remove(&self.said, "title", Some(&*new.words).filter(|words| !words.is_empty()));
        }
        if old.counted != new.counted {
            write(&self.badge, "data-status", new.status());
            tell(&self.word, old.word(), new.word());
        }
        if old.more != new.more {
            self.more.try_set(new.more);
        }
        self.made_of = Some((item.clone(), call));
    }
}

/// Changes a text node.
fn tell(node: &Node, old: &str, new: &str) {
    if old != new {
        node.set_text_content(Some(new));
    }
}

fn write(element: &Element, name: &str, value: &str) {
    element.set_attribute(name, value).ok();
}

fn write_or_remove(element: &Element, name: &str, value: Option<&str>) {
    match value {
        Some(value) => write(element, name, value),
        None => _ = element.remove_attribute(name),
    }
}
