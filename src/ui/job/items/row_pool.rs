//! The row elements of the list: which of them are in the page, and in which order.

use leptos::prelude::*;
use web_sys::Node;

use super::address::ItemsAddress;
use super::row_nodes::{RowNodes, RowSlot};
use crate::ui::parts::long_list::RowSlots;

/// The row elements, and what they show.
#[derive(Default)]
pub(super) struct RowPool {
    pub(super) nodes: Vec<RowNodes>,
    pub(super) slots: RowSlots,
    /// The address to which links belong, and how many there have been. An element that is not in the page can have a link of an earlier one.
    address: Option<ItemsAddress>,
    addresses: u32,
}

impl RowPool {
    /// Takes in the elements that were made since. One without content leaves the page until it has some.
    pub(super) fn take(&mut self, slots: &[RowSlot]) {
        for slot in slots.iter().skip(self.nodes.len()) {
            let Some(nodes) = RowNodes::of(slot) else { return };
            let item = slot.made_with.as_ref().map(|row| row.item);
            if item.is_none() {
                nodes.tr.remove();
            }
            self.slots.add(item);
            self.nodes.push(nodes);
        }
    }

    /// Notes the address to which links belong. Returns how many there have been.
    pub(super) fn come_to(&mut self, address: &ItemsAddress) -> u32 {
        if self.address.as_ref() != Some(address) {
            self.address = Some(address.clone());
            self.addresses += 1;
        }
        self.addresses
    }

    /// The element that has the focus, or contains what has it. It never shows another row: the next key would act on another file.
    pub(super) fn focused(&self) -> Option<usize> {
        let row = document().active_element()?.closest("tr").ok().flatten()?;
        self.nodes.iter().position(|nodes| nodes.tr.is_same_node(Some(&row)))
    }

    /// Brings just these rows into the page.
    pub(super) fn arrange(&mut self, body: &Node, rows: &[u32], slots: &[usize]) {
        let moves = self.slots.place(rows, slots);
        // What marks the end of the rows.
        let end = body.last_child().filter(|last| last.node_type() == Node::COMMENT_NODE);
        for (slot, before) in moves.put {
            let before = before.map(|slot| &**self.nodes[slot].tr).or(end.as_ref());
            body.insert_before(&self.nodes[slot].tr, before).ok();
        }
        moves.gone.into_iter().for_each(|slot| self.nodes[slot].tr.remove());
    }
}

/// Whether the table has the focus, as it has while the keyboard waits for a row.
pub(super) fn has_focus(body: &Node) -> bool {
    let table = body.parent_element();
    table.is_some() && document().active_element() == table
}
