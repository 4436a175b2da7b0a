//! Reads every object of a PDF file, and finds those that others need and that are missing or damaged.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{PdfFault, PdfFile, PdfPlace};
use super::objects::bundled;
use super::scan::PdfScan;

/// The objects that cannot be read, each with what is wrong.
pub(super) type BrokenObjects = BTreeMap<u32, String>;

impl PdfFile<'_, '_> {
    /// Takes what a scan found for the cross-reference.
    pub(super) fn rebuild(&mut self, scan: &PdfScan) -> Result<(), PdfFault> {
        let text = "it is cut off or damaged: nothing in it says where its objects are";
        self.trailer = scan.trailer.clone().ok_or_else(|| PdfFault::Damaged(text.into()))?;
        self.places = scan.places.iter().map(|(number, at)| (*number, PdfPlace::At(*at))).collect();
        self.doubts.insert("its table of objects is wrong, and programs have to make it again");
        Ok(())
    }

    /// Reads every object that is at an offset, in the order of the file.
    pub(super) fn check_objects(&mut self) -> Result<BrokenObjects, PdfFault> {
        let places = self.places.iter().filter_map(|(number, place)| match place {
            PdfPlace::At(at) => Some((*at, *number)),
            PdfPlace::Free | PdfPlace::Within(_) => None,
        });
        let mut places: Vec<(u64, u32)> = places.collect();
        places.sort_unstable();
        let (mut broken, mut done) = (BrokenObjects::new(), 0);
        for (at, number) in places {
            let reached = at.min(self.size);
            self.source.advance(reached - done);
            done = reached;
            self.check_object(at, number).or_else(|fault| note(&mut broken, number, fault))?;
        }
        self.source.advance(self.size - done);
        Ok(broken)
    }

    /// Reads the object with this number at this offset, with its stream.
    fn check_object(&mut self, at: u64, number: u32) -> Result<(), PdfFault> {
        let object = self.object_at(at, Some(number))?;
        object.value.references(&mut self.referenced);
        if !object.has_end {
            self.doubts.insert("some of its objects have no end");
        }
        match object.stream {
            Some(begin) => self.check_stream(number, &object.value, begin),
            None => Ok(()),
        }
    }

    /// Reads every object that is in an object stream.
    pub(super) fn check_bundles(&mut self, broken: &mut BrokenObjects) -> Result<(), PdfFault> {
        let mut streams: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (number, place) in &self.places {
            if let PdfPlace::Within(stream) = place {
                streams.entry(*stream).or_default().push(*number);
            }
        }
        for (stream, numbers) in streams {
            // Nothing refers to an object stream but the cross-reference.
            self.referenced.insert(stream);
            if broken.contains_key(&stream) {
                continue;
            }
            let bundle = match self.bundle(stream) {
                Ok(bundle) => bundle,
                Err(fault) => {
                    note(broken, stream, fault)?;
                    continue;
                }
            };
            for number in numbers {
                match bundled(&bundle, number, stream) {
                    Ok(value) => value.references(&mut self.referenced),
                    Err(fault) => note(broken, number, fault)?,
                }
            }
        }
        Ok(())
    }

    /// Looks for the broken objects to which others refer where a scan found them. What is not there is missing.
    pub(super) fn find_broken(&mut self, mut broken: BrokenObjects, scan: &PdfScan) -> Result<(), PdfFault> {
        loop {
            let wanted: BTreeSet<u32> =
                broken.keys().filter(|number| self.referenced.contains(number)).copied().collect();
            if wanted.is_empty() {
                return Ok(());
            }
            for number in wanted {
                let text = broken.remove(&number).unwrap_or_default();
                let known = self.places.get(&number).copied();
                let found = scan.places.get(&number).filter(|at| known != Some(PdfPlace::At(**at)));
                let Some(at) = found.copied() else { return Err(PdfFault::Damaged(text)) };
                self.check_object(at, number)?;
                self.places.insert(number, PdfPlace::At(at));
                self.doubts.insert("its table of objects is wrong, and programs have to make it again");
            }
        }
    }
}

/// Notes an object that is damaged; any other fault ends the check.
fn note(broken: &mut BrokenObjects, number: u32, fault: PdfFault) -> Result<(), PdfFault> {
    match fault {
        PdfFault::Damaged(text) => {
            broken.insert(number, text);
            Ok(())
        }
        other => Err(other),
    }
}
