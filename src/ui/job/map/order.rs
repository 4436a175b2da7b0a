//! The order of the files on a map: that of the job, or by groups, each with its name.

use std::sync::Arc;

use headway_model::groups::ItemGroups;

/// The files of a job in the order in which its map shows them. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MapOrder(Option<Arc<Grouped>>);

#[derive(Debug, PartialEq, Eq)]
struct Grouped {
    /// The file at each place, and the place of each file.
    files: Vec<u32>,
    places: Vec<u32>,
    groups: Vec<MapGroup>,
}

/// Files beside each other on a map.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct MapGroup {
    /// Its name; empty for all files of a job.
    pub(super) name: String,
    /// The place of its first file.
    pub(super) first: u32,
    /// How many files it has.
    pub(super) files: u32,
}

impl MapOrder {
    /// The order by these groups.
    pub(super) fn by(groups: ItemGroups) -> Self {
        let of: Vec<usize> = groups.of.bytes().map(|letter| usize::from(letter.saturating_sub(b'a'))).collect();
        let (mut files, mut found) = (Vec::with_capacity(of.len()), Vec::new());
        for (group, name) in groups.names.into_iter().enumerate() {
            let first = files.len() as u32;
            files.extend((0_u32..).zip(&of).filter(|(_, of)| **of == group).map(|(file, _)| file));
            found.push(MapGroup { name, first, files: files.len() as u32 - first });
        }
        let mut places = vec![0; files.len()];
        for (place, file) in (0_u32..).zip(&files) {
            if let Some(known) = places.get_mut(*file as usize) {
                *known = place;
            }
        }
        MapOrder(Some(Arc::new(Grouped { files, places, groups: found })))
    }

    /// Whether it has this many files. A job whose files are still being listed gets more.
    pub(super) fn is_of(&self, files: u32) -> bool {
        self.0.as_ref().is_none_or(|grouped| grouped.files.len() == files as usize)
    }

    pub(super) fn is_grouped(&self) -> bool {
        self.0.is_some()
    }

    /// The groups; all files are one without a name if they are not grouped.
    pub(super) fn groups(&self, files: u32) -> Vec<MapGroup> {
        match &self.0 {
            Some(grouped) => grouped.groups.clone(),
            None => vec![MapGroup { files, ..MapGroup::default() }],
        }
    }

    /// The file at a place.
    pub(super) fn file_at(&self, place: u32) -> u32 {
        self.0.as_ref().and_then(|grouped| grouped.files.get(place as usize).copied()).unwrap_or(place)
    }

    /// The place of a file.
    pub(super) fn place_of(&self, file: u32) -> u32 {
        self.0.as_ref().and_then(|grouped| grouped.places.get(file as usize).copied()).unwrap_or(file)
    }

    /// The files at these places, as a range of the job's files; `None` if others lie between them.
    pub(super) fn span(&self, first: u32, last: u32) -> Option<(u32, u32)> {
        let Some(grouped) = &self.0 else { return Some((first, last)) };
        let files = grouped.files.get(first as usize..=last as usize)?;
        let (least, most) = (*files.iter().min()?, *files.iter().max()?);
        ((most - least) as usize + 1 == files.len()).then_some((least, most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_has_its_place_and_only_files_beside_each_other_are_a_range() {
        let names = ["one", "two"].map(String::from).to_vec();
        let order = MapOrder::by(ItemGroups { names, of: "babba".into() });
        let at: Vec<_> = (0..5).map(|place| order.file_at(place)).collect();
        assert_eq!(at, [1, 4, 0, 2, 3]);
        assert!((0..5).all(|place| order.place_of(order.file_at(place)) == place));
        let groups: Vec<_> = order.groups(5).into_iter().map(|group| (group.name, group.first, group.files)).collect();
        assert_eq!(groups, [("one".into(), 0, 2), ("two".into(), 2, 3)]);
        assert_eq!([order.span(0, 1), order.span(3, 4), order.span(2, 2)], [None, Some((2, 3)), Some((0, 0))]);
        assert!(order.is_of(5) && !order.is_of(6));
        assert_eq!(MapOrder::default().span(3, 9), Some((3, 9)));
    }
}
