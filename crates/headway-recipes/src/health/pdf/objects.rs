//! Looks up the objects of a PDF file by their numbers, also those in object streams (ISO 32000-2, sections 7.3.10 and 7.5.7).

use std::collections::BTreeMap;
use std::rc::Rc;

use super::file::{PdfBundle, PdfFault, PdfFile, PdfPlace};
use super::text::PdfText;
use super::value::{PdfValue, value};

/// How many objects can refer to each other until one is a value, and how many can be looked up for each other.
const STEPS_LIMIT: u32 = 32;

/// How many object streams are kept.
const BUNDLES: usize = 4;

impl PdfFile<'_, '_> {
    /// The value itself, or the one that it refers to. An object that is nowhere is null.
    pub(super) fn resolve(&mut self, mut value: PdfValue) -> Result<PdfValue, PdfFault> {
        for _ in 0..STEPS_LIMIT {
            let PdfValue::Reference(number) = value else { return Ok(value) };
            if self.depth == STEPS_LIMIT {
                break;
            }
            self.depth += 1;
            let found = self.look_up(number);
            self.depth -= 1;
            value = found?;
        }
        Err(PdfFault::Damaged("it is damaged: objects refer to each other in a circle".into()))
    }

    fn look_up(&mut self, number: u32) -> Result<PdfValue, PdfFault> {
        match self.places.get(&number).copied() {
            None | Some(PdfPlace::Free) => Ok(PdfValue::Null),
            Some(PdfPlace::At(at)) => Ok(self.object_at(at, Some(number))?.value),
            Some(PdfPlace::Within(stream)) => {
                let bundle = self.bundle(stream)?;
                bundled(&bundle, number, stream)
            }
        }
    }

    /// The objects of the object stream with this number.
    pub(super) fn bundle(&mut self, number: u32) -> Result<Rc<PdfBundle>, PdfFault> {
        if let Some((_, bundle)) = self.bundles.iter().find(|(kept, _)| *kept == number) {
            return Ok(Rc::clone(bundle));
        }
        if self.is_encrypted {
            return Err(PdfFault::NotDecoded("its structure is encrypted, and was not followed".into()));
        }
        let missing = || PdfFault::Damaged(format!("it is damaged: its object stream {number} is missing"));
        let Some(PdfPlace::At(at)) = self.places.get(&number).copied() else { return Err(missing()) };
        let object = self.object_at(at, Some(number))?;
        let begin = object.stream.ok_or_else(missing)?;
        let content = self.content(number, &object.value, begin)?;
        let bundle = Rc::new(index(&object.value, content).ok_or_else(|| {
            PdfFault::Damaged(format!("it is damaged: the list in its object stream {number} makes no sense"))
        })?);
        if self.bundles.len() == BUNDLES {
            self.bundles.remove(0);
        }
        self.bundles.push((number, Rc::clone(&bundle)));
        Ok(bundle)
    }
}

/// Reads the list at the beginning of an object stream.
fn index(dictionary: &PdfValue, bytes: Vec<u8>) -> Option<PdfBundle> {
    let (count, first) = (dictionary.count_of(b"N")?, usize::try_from(dictionary.count_of(b"First")?).ok()?);
    let mut places = BTreeMap::new();
    let mut text = PdfText::new(&bytes, true);
    for _ in 0..count {
        let (Ok(number), Ok(at)) = (text.number(), text.number()) else { return None };
        places.insert(u32::try_from(number).ok()?, first.checked_add(usize::try_from(at).ok()?)?);
    }
    Some(PdfBundle { bytes, places })
}

/// The object with this number in an object stream.
pub(super) fn bundled(bundle: &PdfBundle, number: u32, stream: u32) -> Result<PdfValue, PdfFault> {
    let rest = bundle.places.get(&number).and_then(|at| bundle.bytes.get(*at..));
    rest.and_then(|rest| value(&mut PdfText::new(rest, true)).ok()).ok_or_else(|| {
        let text = format!("it is damaged: object {number} is missing or makes no sense in the object stream {stream}");
        PdfFault::Damaged(text)
    })
}
