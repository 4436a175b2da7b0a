//! A job's progress: in the dialog, in the pill, in the corner, and on the job's own page.

mod head;
mod modal;
mod newest;
mod pills;
mod proof;
mod steer;
mod tab_icon;
mod tell_me;
mod together;
mod whole;

pub(super) use head::{Head, Strip, Summary, is_undone, known, number, outcomes, title, took};
pub(super) use modal::{Modal, ProgressDialog};
pub(super) use newest::Newest;
pub(super) use pills::{Pills, Toasts};
pub(super) use steer::Steer;
pub(super) use tab_icon::follow_jobs;
