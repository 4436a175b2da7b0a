//! What the recovery of an interrupted change would come to, for a plan, which touches nothing.

use std::io;

use super::Library;
use super::inspect_placement::{NameContent, Resolution};
use super::placement::Placement;
use headway_model::RelPath;

/// What the recovery of an interrupted change would come to.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prediction {
    /// It is complete, or can be completed. `at` is where the file is that then has the name that was asked about;
    /// `None` if no file then has it.
    Done {
        /// Whether no file is left to be moved.
        is_complete: bool,
        /// Where that file lies now.
        at: Option<RelPath>,
    },
    /// It had not begun, was taken back, or can be. `at` is as for [`Prediction::Done`].
    TakenBack {
        /// Where that file lies now.
        at: Option<RelPath>,
    },
    /// The files there match neither state.
    Conflict {
        /// Whether what has the name which was asked about can be what the change put there.
        might_be_output: bool,
    },
}

impl Library {
    /// What recovering a placement would come to, as far as its names tell now. Touches nothing.
    pub(super) fn predict_placement(&self, placement: &Placement, path: &RelPath) -> io::Result<Prediction> {
        let found = self.names_found(placement)?;
        let Placement { temp, target, new, .. } = placement;
        let is_whole = found.temp.is(Some(*new));
        let is_of_it = path == target;
        let stays = (!is_of_it || found.target != NameContent::Nothing).then(|| path.clone());
        Ok(match found.resolution(placement) {
            Resolution::Done => Prediction::Done { is_complete: true, at: stays },
            Resolution::ToTrash(_) => Prediction::Done { is_complete: false, at: stays },
            Resolution::TakenBack(_) => Prediction::TakenBack { at: stays },
            Resolution::Fill(_) if is_whole => {
                let at = if is_of_it { Some(temp.clone()) } else { stays };
                Prediction::Done { is_complete: false, at }
            }
            Resolution::Fill(trash) => Prediction::TakenBack { at: if is_of_it { Some(trash.clone()) } else { stays } },
            Resolution::Conflict => Prediction::Conflict { might_be_output: is_of_it && found.target.is(Some(*new)) },
        })
    }
}
