//! A list that is too long for all of its rows to be in the page: which of them are, and the room for the others.

mod screen;
mod scroll;

pub(in crate::ui) use screen::RowPositions;
pub(in crate::ui) use scroll::Scroll;
