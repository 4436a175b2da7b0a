//! Follows the tree of a PDF file's pages from its root (ISO 32000-2, sections 7.7.2 and 7.7.3).

use std::collections::HashSet;

use super::file::{PdfFault, PdfFile};
use super::value::PdfValue;

impl PdfFile<'_, '_> {
    /// Follows the tree to every page. Returns how many there are.
    pub(super) fn count_pages(&mut self) -> Result<u64, PdfFault> {
        let missing = |what: &str| PdfFault::Damaged(format!("it is damaged: {what} missing"));
        let root = self.trailer.get(b"Root").cloned().unwrap_or(PdfValue::Null);
        let root = self.resolve(root)?;
        let top = root.get(b"Pages").cloned().ok_or_else(|| missing("the root of the document is"))?;
        let (mut left, mut seen, mut pages) = (vec![top], HashSet::new(), 0);
        while let Some(next) = left.pop() {
            if let PdfValue::Reference(number) = next
                && !seen.insert(number)
            {
                return Err(PdfFault::Damaged("it is damaged: its pages refer to each other in a circle".into()));
            }
            let node = self.resolve(next)?;
            if !matches!(node, PdfValue::Dictionary(_)) {
                return Err(missing("pages are"));
            }
            let children = match node.get(b"Kids").cloned() {
                Some(children) => self.resolve(children)?,
                None => PdfValue::Null,
            };
            let kind = node.name_of(b"Type").unwrap_or_default();
            let is_named = match children {
                PdfValue::Array(children) => {
                    left.extend(children);
                    kind == b"Pages"
                }
                _ => {
                    pages += 1;
                    kind == b"Page" || kind == b"Template"
                }
            };
            if !is_named {
                self.doubts.insert("some of its pages are not marked as pages");
            }
        }
        Ok(pages)
    }
}
