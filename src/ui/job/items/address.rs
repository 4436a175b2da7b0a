//! Which of a job's items are shown, and which one is open, according to the address of the page.

use std::str::FromStr;

use serde::Serialize;

use crate::base::to;
use crate::ui::nav::AddressQuery;
use crate::ui::parts::format::query;
use headway_model::item::StatusFilter;
use headway_model::item_filter::ItemFilter;
use headway_model::read::FromJson;
use headway_model::{JobId, Seq};

/// A filter; the item after which the page begins, where the list is read by pages; and the event after which the job
/// is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, FromJson)]
pub(in crate::ui::job) struct ItemsAddress {
    pub(super) filter: ItemFilter,
    pub(super) after: Option<u32>,
    pub(in crate::ui::job) at: Option<Seq>,
}

impl ItemsAddress {
    pub(super) fn read(asked: &AddressQuery) -> Self {
        let filter = ItemFilter {
            status: asked.get("status").and_then(|word| word.parse().ok()),
            cause: asked.get("cause").filter(|key| key.bytes().all(|byte| byte.is_ascii_alphanumeric())),
            name: asked.get("name").filter(|name| !name.trim().is_empty()),
            first: number(asked, "first"),
            last: number(asked, "last"),
        };
        ItemsAddress { filter, after: number(asked, "after"), at: number(asked, "at") }
    }

    /// The page of the items after this one.
    pub(super) fn behind(&self, job: JobId, after: u32) -> String {
        self.text(job, &self.filter, &[("after", after)])
    }

    /// The same list, with this item open beside it.
    pub(in crate::ui::job) fn opening(&self, job: JobId, item: u32) -> String {
        let after = self.after.map(|after| ("after", after));
        self.text(job, &self.filter, &after.into_iter().chain([("file", item)]).collect::<Vec<_>>())
    }

    /// The same list, and no item open.
    pub(in crate::ui::job) fn closing(&self, job: JobId) -> String {
        self.text(job, &self.filter, &self.after.map(|after| ("after", after)).into_iter().collect::<Vec<_>>())
    }

    /// The items with this status, or with any, under the same name.
    pub(super) fn with_status(&self, job: JobId, status: Option<StatusFilter>) -> String {
        self.text(job, &ItemFilter { status, cause: None, ..self.filter.clone() }, &[])
    }

    /// The items of any cause that have the rest of the filter.
    pub(super) fn without_cause(&self, job: JobId) -> String {
        self.text(job, &ItemFilter { cause: None, ..self.filter.clone() }, &[])
    }

    /// The items in this range of files, or in all.
    pub(in crate::ui::job) fn with_span(&self, job: JobId, span: Option<(u32, u32)>) -> String {
        let (first, last) = span.unzip();
        self.text(job, &ItemFilter { first, last, ..self.filter.clone() }, &[])
    }

    /// The range of files that the list is limited to, if it is.
    pub(in crate::ui::job) fn span(&self) -> Option<(u32, u32)> {
        let ItemFilter { first, last, .. } = self.filter;
        (first.is_some() || last.is_some()).then_some((first.unwrap_or(0), last.unwrap_or(u32::MAX)))
    }

    /// The same list at another moment, or at present.
    pub(in crate::ui::job) fn with_at(&self, job: JobId, at: Option<Seq>) -> String {
        ItemsAddress { at, ..self.clone() }.text(job, &self.filter, &[])
    }

    /// The items with this in their names that have the rest of the filter.
    pub(super) fn with_name(&self, job: JobId, name: &str) -> String {
        let name = Some(name.to_owned()).filter(|name| !name.trim().is_empty());
        self.text(job, &ItemFilter { name, ..self.filter.clone() }, &[])
    }

    fn text(&self, job: JobId, filter: &ItemFilter, numbers: &[(&str, u32)]) -> String {
        let ItemFilter { status, cause, name, first, last } = filter;
        let status = status.map(StatusFilter::name);
        let words = [("status", status), ("cause", cause.as_deref()), ("name", name.as_deref())];
        let span = [("first", first), ("last", last)].into_iter().filter_map(|(part, item)| Some((part, (*item)?)));
        let words = words.into_iter().filter_map(|(part, word)| Some(format!("{part}={}", query(word?))));
        let numbers = span.chain(numbers.iter().copied()).map(|(part, number)| (part, u64::from(number)));
        let numbers = numbers.chain(self.at.map(|at| ("at", at))).map(|(part, number)| format!("{part}={number}"));
        let parts: Vec<_> = words.chain(numbers).collect();

        let mark = if parts.is_empty() { "" } else { "?" };
        to(&format!("/jobs/{job}{mark}{}", parts.join("&")))
    }
}

/// The item that is open.
pub(super) fn opened(asked: &AddressQuery) -> Option<u32> {
    number(asked, "file")
}

fn number<T: FromStr>(asked: &AddressQuery, name: &str) -> Option<T> {
    asked.get(name).and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::item::ItemLabel;

    #[test]
    fn each_part_of_the_filter_changes_alone_and_a_status_takes_the_cause_with_it() {
        let job = JobId::mint(1, [1; 10]);
        let some = |text: &str| Some(text.to_owned());
        let status = Some(ItemLabel::Failed.into());
        let filter = ItemFilter { status, cause: some("0a1b"), name: some("a&b"), ..Default::default() };
        let address = ItemsAddress { filter, ..ItemsAddress::default() };
        assert_eq!(ItemsAddress::default().closing(job), format!("/jobs/{job}"));
        assert_eq!(address.opening(job, 3), format!("/jobs/{job}?status=failed&cause=0a1b&name=a%26b&file=3"));
        assert_eq!(
            address.with_status(job, Some(ItemLabel::Waiting.into())),
            format!("/jobs/{job}?status=waiting&name=a%26b")
        );
        assert_eq!(address.with_status(job, None), format!("/jobs/{job}?name=a%26b"));
        assert_eq!(address.without_cause(job), format!("/jobs/{job}?status=failed&name=a%26b"));
        assert_eq!(ItemsAddress::default().with_span(job, Some((3, 90))), format!("/jobs/{job}?first=3&last=90"));
        let past = ItemsAddress { at: Some(31_877), ..ItemsAddress::default() };
        assert_eq!(past.opening(job, 3), format!("/jobs/{job}?file=3&at=31877"));
        assert_eq!(past.with_at(job, None), format!("/jobs/{job}"));
        assert_eq!(address.with_name(job, " "), format!("/jobs/{job}?status=failed&cause=0a1b"));
        assert_eq!(address.behind(job, 99), format!("/jobs/{job}?status=failed&cause=0a1b&name=a%26b&after=99"));
    }
}
