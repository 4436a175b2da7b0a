//! A job's progress: in the dialog, in the pill, in the corner, and on the job's own page.

mod active;
mod attention;
mod failures;
mod head;
mod modal;
mod newest;
mod notify_button;
mod pills;
mod proof;
mod retried_now;
mod status_of_jobs;
mod steer;
mod summary;
mod tab_icon;
mod toasts;
mod whole;

pub(super) use active::Modal;
pub(super) use attention::{Attention, ReadCauses};
pub(super) use head::{Head, Strip, files_address, is_many, number, outcomes, title, took};
pub(super) use modal::ProgressDialog;
pub(super) use newest::Newest;
pub(super) use pills::Pills;
pub(super) use retried_now::RetriedNow;
pub(super) use steer::Steer;
pub(super) use summary::{Summary, is_over, keeps_places, latest_summary};
pub(super) use tab_icon::follow_jobs;
pub(super) use toasts::Toasts;
