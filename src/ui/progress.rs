//! A job's progress: in the modal, in the pills, in the corner, and on the job's own page.

mod failures;
mod modal;
mod panel;
mod pills;
mod proof;
mod whole;

pub(super) use modal::Modal;
pub(super) use panel::{Panel, Place, known};
pub(super) use pills::{Pills, Toasts};
