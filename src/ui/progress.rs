//! A job's progress: in the dialog, in the pill, in the corner, and on the job's own page.

mod active;
mod attention;
mod head;
mod modal;
mod newest;
mod pills;
mod proof;
mod steer;
mod summary;
mod tab_icon;
mod tell_me;
mod together;
mod whole;

pub(super) use active::Modal;
pub(super) use attention::{Attend, Attention};
pub(super) use head::{Head, Strip, number, outcomes, title, took};
pub(super) use modal::ProgressDialog;
pub(super) use newest::Newest;
pub(super) use pills::{Pills, Toasts};
pub(super) use steer::Steer;
pub(super) use summary::{Summary, latest_summary};
pub(super) use tab_icon::follow_jobs;
