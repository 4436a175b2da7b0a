//! A job's progress: in the modal, in the pills, in the corner, and on the job's own page.

mod failures;
mod modal;
mod panel;
mod pills;
mod proof;

pub(super) use modal::Modal;
pub(super) use panel::Panel;
pub(super) use pills::{Pills, Toasts};
