//! The items whose file might be in a folder that an attempt left: one of their own job, or of a job that this one retries. No
//! server need have taken the job up: the folder itself is looked for.

use std::collections::HashMap;

use super::super::Server;
use crate::engine::{input_of, temp_folder};
use headway_files::{Library, Maker, OwnName, io_text};
use headway_model::item::ItemLabel;
use headway_model::request::{ItemSelection, ItemsQuery};
use headway_model::summary::ItemView;
use headway_model::{ItemStatus, JobId, PlannedFile, Query, RelPath, SkipReason};
use headway_recipes::Unable;
use headway_store::rows::JobRow;

/// Where an attempt can have left the file of an item.
struct LeftPlace {
    /// The item that is told of it.
    item: u32,
    /// The item whose attempt it was.
    of: (JobId, u32),
    /// The folder in which that attempt made its own.
    folder: RelPath,
    /// The item's file.
    file: PlannedFile,
}

impl Server {
    /// Adds to items that did not succeed, and have no message of their own, what is to be done about such a folder.
    pub(super) async fn say_kept(&self, row: &JobRow, items: &mut [ItemView]) {
        let is_gone =
            |item: &ItemView| item.reason.as_deref().is_some_and(|reason| gone_reasons().any(|gone| gone == reason));
        let can_be = |item: &ItemView| match item.status {
            ItemLabel::Interrupted | ItemLabel::Failed | ItemLabel::Cancelled => item.message.is_none(),
            ItemLabel::Skipped => item.message.is_none() && is_gone(item),
            _ => false,
        };
        let asked: Vec<_> = items.iter().filter(|item| can_be(item)).map(|item| item.item).collect();
        if asked.is_empty() {
            return;
        }
        // The job's own view says why there is none.
        let Ok(library) = self.library_of_job(&row.library).await else { return };
        // A server that works on a job, or has tidied up after it, knows whether anything is left.
        let knows = self.works_on(row.summary.job).await;
        if knows && !library.has_left() {
            return;
        }
        let places = self.places(row, &asked, |job| !knows || library.has_left_of(job)).await;
        let mut told = match places {
            Ok(places) if places.is_empty() => return,
            Ok(places) => {
                // The job's own view says of storage that it does not answer.
                let looked = self.inner.looks.look(&row.library, move || told_of(&library, &places)).await;
                let Some(told) = looked else { return };
                told
            }
            Err(why) => asked.iter().map(|item| (*item, unknown(&why.to_string()))).collect(),
        };
        for item in items.iter_mut().filter(|item| item.message.is_none()) {
            let reason = item.reason.as_ref().filter(|_| item.status == ItemLabel::Skipped);
            item.message = told.remove(&item.item).map(|told| match reason {
                Some(reason) => format!("{reason}, and {told}"),
                None => told,
            });
        }
    }

    /// Where attempts at these items can have left their files, in this job and in those that it retries, from the last one back.
    /// Only items of jobs that can have left any are read.
    async fn places(
        &self,
        row: &JobRow,
        asked: &[u32],
        can_have_left: impl Fn(JobId) -> bool,
    ) -> Result<Vec<LeftPlace>, Unable> {
        let (context, mut places) = (&self.inner.context, Vec::new());
        let rows = context.store.items_at(row.job_no, asked).await?;
        let items: HashMap<_, _> = rows.into_iter().map(|row| (row.file.path, row.item)).collect();
        let paths: Vec<_> = items.keys().cloned().collect();
        let (mut job, mut job_no) = (row.summary.job, row.job_no);
        while let Some(request) = context.request(job_no).await? {
            let rows = match can_have_left(job) {
                true => context.store.items_for(&[job_no], &paths).await?,
                false => Vec::new(),
            };
            for row in rows {
                let Some(item) = items.get(&row.file.path).copied() else { continue };
                let folder = temp_folder(&row.file, request.output.as_ref());
                let of = (job, row.item);
                places.extend(input_of(row).map(|file| LeftPlace { item, of, folder, file }));
            }
            let Query::Items(ItemsQuery { job: earlier, which }) = request.query else { break };
            // An undo is about the files that succeeded.
            if which == ItemSelection::Placed {
                break;
            }
            let Some(row) = context.store.job(earlier).await? else { break };
            (job, job_no) = (earlier, row.job_no);
        }
        Ok(places)
    }
}

/// What a person is told of each item whose file might be in a folder that was left. Blocking.
fn told_of(library: &Library, places: &[LeftPlace]) -> HashMap<u32, String> {
    let mut folders: HashMap<&RelPath, Result<Vec<OwnName>, String>> = HashMap::new();
    let (mut found, mut unclear) = (HashMap::new(), HashMap::new());
    for place in places {
        let look = || library.own_names_at(&place.folder).map_err(|error| io_text(&error));
        let names = folders.entry(&place.folder).or_insert_with(look).as_ref();
        match names.map_err(String::clone).and_then(|names| left_at(library, names, place)) {
            Ok(None) => {}
            Ok(Some(told)) => {
                found.entry(place.item).or_insert(told);
            }
            Err(why) => {
                unclear.entry(place.item).or_insert_with(|| unknown(&why));
            }
        }
    }
    // What was found says more than that it cannot be seen whether there is more.
    unclear.extend(found);
    unclear
}

/// What a person is told of one of these names, if it is a folder in which the file might be. The error says why that is not
/// known. Blocking.
fn left_at(library: &Library, names: &[OwnName], place: &LeftPlace) -> Result<Option<String>, String> {
    let (job, item) = place.of;
    let mut unclear = None;
    for own in names.iter().filter(|own| own.maker == (Maker::Attempt { job, item })) {
        match library.might_have_input(own, Some(&place.file)) {
            Ok(None) => {}
            Ok(told) => return Ok(told),
            Err(error) => unclear = Some(io_text(&error)),
        }
    }
    unclear.map_or(Ok(None), Err)
}

/// The reasons of items whose file was not found as it was planned, in the plan or later.
fn gone_reasons() -> impl Iterator<Item = &'static str> {
    let gone = [SkipReason::Missing, SkipReason::Changed].into_iter();
    let statuses = gone.flat_map(|reason| [true, false].map(|planned| ItemStatus::Skipped { reason, planned }));
    statuses.filter_map(ItemStatus::reason)
}

/// What a person is told of an item if a look failed.
fn unknown(why: &str) -> String {
    format!("whether it is in a folder that an attempt left cannot be seen: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_read_hides_no_folder_in_which_the_file_might_be() {
        let root = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", root.path()).expect("a library");
        let path = |name: &str| name.parse::<RelPath>().expect("a path");
        let place = |number: u64, folder: &str| LeftPlace {
            item: 3,
            of: (JobId::mint(number, [1; 10]), 0),
            folder: path(folder),
            file: PlannedFile::not_seen(path("a.jpg")),
        };
        // No file system takes these names.
        let unread: Vec<_> = (0..8).map(|number| place(number, &format!("{number}{}", "x".repeat(300)))).collect();
        let told = |places: &[LeftPlace]| told_of(&library, places).remove(&3);
        assert!(told(&unread).is_some_and(|told| told.contains("cannot be seen")));
        let [mut later, mut first] = [unread, Vec::new()];
        for (number, folder) in [(8, "one"), (9, "two")] {
            let left = place(number, folder);
            let workshop = root.path().join(folder).join(format!(".headway-{}-0-1~", left.of.0));
            std::fs::create_dir_all(&workshop).expect("a folder");
            std::fs::write(workshop.join("perhaps.jpg"), "perhaps the input").expect("a file");
            first.push(left);
        }
        let found = told(&first).expect("two folders");
        assert!(found.contains("one of the files in one/.headway-"), "that of the later job: {found}");
        first.append(&mut later);
        assert_eq!(told(&first).as_ref(), Some(&found));
        first.rotate_left(2);
        assert_eq!(told(&first), Some(found));
    }
}
