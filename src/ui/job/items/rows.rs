//! The rows that are in the page. Their elements are made once: when the list is scrolled or gets another filter, they show other rows.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;

use super::super::retried::RetriedItem;
use super::super::retry::RetryItem;
use super::address::ItemsAddress;
use super::row::{RowFace, RowMore, RowShown, row_view};
use super::row_cursor::RowCursor;
use super::row_nodes::{RowNodes, RowSlot};
use super::row_pool::{RowPool, has_focus};
use super::texts::Texts;
use super::window::{Known, ShownItem};
use crate::api::waiting::now;
use crate::live::SLICE_MS;
use crate::ui::parts::focus;
use headway_model::{JobId, StartJob};

/// How many row elements are made in a task. Each takes a slow processor half a millisecond.
const MADE_AT_ONCE: usize = 12;

/// The rows that are known, and the part of them that is in the page. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct ItemRows {
    pub(super) job: JobId,
    pub(super) address: Memo<ItemsAddress>,
    pub(super) opened: Memo<Option<u32>>,
    pub(super) known: Memo<Known>,
    pub(super) cursor: RowCursor,
    pub(super) texts: Texts,
    pub(super) request: StoredValue<Option<StartJob>>,
    /// The index in the list of the first row in the page, and how many are there, until all that are known are.
    pub(super) part: RwSignal<Option<(u32, u32)>>,
}

/// What makes row elements. Copy it freely.
#[derive(Clone, Copy)]
struct RowMaker {
    body: NodeRef<html::Tbody>,
    /// How many there are to be.
    wanted: RwSignal<usize>,
    /// Those that were made, in that order.
    slots: RwSignal<Vec<RowSlot>>,
    /// Runs the painter again.
    again: RwSignal<()>,
}

impl ItemRows {
    /// The rows, as they are known now; from then on they follow.
    pub(super) fn view(self) -> AnyView {
        let first = StoredValue::new(untrack(|| self.first()));
        let maker = RowMaker {
            body: NodeRef::new(),
            wanted: RwSignal::new(first.with_value(Vec::len)),
            slots: RwSignal::new(Vec::new()),
            again: RwSignal::new(()),
        };
        let row = move |number: usize| {
            let made_with = first.with_value(|first| first.get(number).cloned());
            let row = made_with.clone().unwrap_or_default();
            let (tr, more) = (NodeRef::new(), RwSignal::new(row.face.more));
            maker.slots.update(|slots| slots.push(RowSlot { tr, more, made_with }));
            row_view(row, tr, (move || more.get().map(|more| self.more(more))).into_any())
        };
        let numbers = move || 0..maker.wanted.get();
        Effect::new(move |pool: Option<RowPool>| self.paint(maker, pool.unwrap_or_default()));
        view! {
            <tbody node_ref=maker.body>
                <For each=numbers key=|number| *number children=row />
            </tbody>
        }
        .into_any()
    }

    /// The rows with which the page is rendered.
    fn first(self) -> Vec<RowShown> {
        let (at, opened) = (self.cursor.at(), self.opened.get());
        let shown = |(number, row): (u32, &ShownItem)| RowShown {
            item: row.item,
            number,
            href: self.address.with(|address| address.opening(self.job, row.item)),
            is_at: number == at,
            is_open: opened == Some(row.item),
            face: self.texts.with(row.item, |text| RowFace::new(row, text.map(|(_, text)| text))),
        };
        self.known.with(|known| (known.first()..).zip(known.rows()).map(shown).collect())
    }

    /// Shows what is known now. A row that stays always shows its newest state, with the numbers above the list. Others come as far as
    /// there is time.
    fn paint(self, maker: RowMaker, mut pool: RowPool) -> RowPool {
        let end = now() + SLICE_MS;
        maker.again.track();
        maker.slots.with(|slots| pool.take(slots));
        let Some(body) = maker.body.get() else { return pool };
        let (at, opened) = (self.cursor.at(), self.opened.get());
        let addresses = self.address.with(|address| pool.come_to(address));
        let waits = has_focus(&body);
        self.known.with(|known| {
            let (rows, first) = (known.rows(), known.first());
            let items: Vec<_> = rows.iter().map(|row| row.item).collect();
            let slots = pool.slots.assign(&items, pool.focused());
            let mut paint = |index: usize| {
                let (row, number) = (&rows[index], first + index as u32);
                let nodes = &mut pool.nodes[slots[index]];
                nodes.set_place(number, number == at, opened == Some(row.item));
                if !nodes.leads_to(row.item, addresses) {
                    let href = self.address.with(|address| address.opening(self.job, row.item));
                    nodes.set_item(row.item, href, addresses);
                }
                self.paint_face(nodes, row);
            };
            let mut shown = pool.slots.staying(&items, &slots);
            // The keyboard waits for its row.
            let wanted =
                at.checked_sub(first).map(|index| index as usize).filter(|index| waits && *index < slots.len());
            if let Some(index) = wanted {
                shown =
                    if shown.is_empty() { index..index + 1 } else { shown.start.min(index)..shown.end.max(index + 1) };
            }
            shown.clone().for_each(&mut paint);
            while shown.len() < slots.len() && now() < end {
                if shown.end < slots.len() {
                    paint(shown.end);
                    shown.end += 1;
                } else {
                    shown.start -= 1;
                    paint(shown.start);
                }
            }
            pool.arrange(&body, &items[shown.clone()], &slots[shown.clone()]);
            if let Some(index) = wanted {
                focus::stay_on(&pool.nodes[slots[index]].tr);
            }
            let is_part = shown.len() < rows.len();
            self.show_part(is_part.then(|| (first + shown.start as u32, shown.len() as u32)));
            if is_part {
                maker.go_on(pool.nodes.len(), rows.len());
            }
        });
        pool
    }

    /// Shows the state of an item and its text, if the row does not show them already.
    fn paint_face(self, nodes: &mut RowNodes, row: &ShownItem) {
        self.texts.with(row.item, |text| {
            let call = text.map(|(call, _)| call);
            if !nodes.is_made_of(row, call) {
                nodes.set_face(RowFace::new(row, text.map(|(_, text)| text)), row, call);
            }
        });
    }

    fn show_part(self, part: Option<(u32, u32)>) {
        if self.part.with_untracked(|old| *old != part) {
            self.part.set(part);
        }
    }

    /// What only some rows have.
    fn more(self, more: RowMore) -> AnyView {
        let ItemRows { job, texts, request, .. } = self;
        let RowMore { item, rerun, was_retried, can_be_retried } = more;
        let text = texts.of(item);
        view! {
            {rerun.map(|rerun| view! { <span class="ui-hint items-rerun">{rerun.text()}</span> })}
            {was_retried.then(|| view! { <RetriedItem text /> })}
            {can_be_retried.then(|| view! { <RetryItem job item request /> })}
        }
        .into_any()
    }
}

impl RowMaker {
    /// Makes more row elements, or paints more rows, in a task of its own.
    fn go_on(self, made: usize, rows: usize) {
        let next = move || {
            if made < rows {
                self.wanted.try_set(rows.min(made + MADE_AT_ONCE));
            } else {
                self.again.try_set(());
            }
        };
        set_timeout(next, Duration::ZERO);
    }
}
