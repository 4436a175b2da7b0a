//! Leaves litter out of a walk, except what the work itself names.

use std::cell::RefCell;

use super::super::choice::QueryPatterns;
use headway_model::RelPath;
use headway_recipes::Work;

/// Whether what a walk meets is left out as litter.
pub(super) struct LitterRule<'a> {
    patterns: &'a QueryPatterns,
    work: &'a dyn Work,
    /// The folder of litter that the walk entered because the work names a file in it.
    entered: RefCell<Option<RelPath>>,
}

impl<'a> LitterRule<'a> {
    pub(super) fn new(patterns: &'a QueryPatterns, work: &'a dyn Work) -> Self {
        LitterRule { patterns, work, entered: RefCell::new(None) }
    }

    /// Whether a file or folder is left out. In a folder of litter that the walk entered, everything is litter.
    pub(super) fn leaves_out(&self, path: &RelPath, is_folder: bool) -> bool {
        let is_inside = self.entered.borrow().as_ref().is_some_and(|litter| path.ancestors().contains(litter));
        let is_litter = is_inside || self.patterns.is_litter(path, is_folder);
        if is_litter && !is_inside && is_folder {
            *self.entered.borrow_mut() = Some(path.clone());
        }
        is_litter && !self.work.names(path, is_folder)
    }
}
