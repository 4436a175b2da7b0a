//! The items whose file might be in a folder that an attempt left.

use std::collections::HashMap;

use super::super::Server;
use headway_files::{io_text, might_be_in};
use headway_model::item::ItemLabel;
use headway_model::summary::ItemView;
use headway_store::rows::JobRow;

impl Server {
    /// Adds to items that were interrupted, and have no message of their own, what is to be done about such a folder.
    pub(super) async fn say_kept(&self, row: &JobRow, items: &mut [ItemView]) {
        let can_be = |item: &ItemView| {
            let was_tried = matches!(item.status, ItemLabel::Interrupted | ItemLabel::Failed | ItemLabel::Cancelled);
            was_tried && item.message.is_none()
        };
        let asked: Vec<_> =
            items.iter().filter(|item| can_be(item)).map(|item| (item.item, item.path.clone())).collect();
        if asked.is_empty() {
            return;
        }
        let job = row.summary.job;
        // The job's own view says why there is none.
        let Ok(library) = self.library_of_job(&row.library).await else { return };
        if !library.has_left_of(job) {
            return;
        }
        let look = move || {
            let told = asked.into_iter().filter_map(|(item, path)| match library.kept_folder(job, item) {
                Ok(kept) => kept.map(|folder| (item, might_be_in(&folder, &path))),
                Err(error) => {
                    let why = io_text(&error);
                    Some((item, format!("whether it is in a folder that an attempt left cannot be seen: {why}")))
                }
            });
            told.collect::<HashMap<_, _>>()
        };
        // The job's own view says of storage that it does not answer.
        let Some(mut told) = self.inner.looks.look(&row.library, look).await else { return };
        for item in items.iter_mut().filter(|item| item.message.is_none()) {
            item.message = told.remove(&item.item);
        }
    }
}
