//! Which jobs are listed, as the address of the page says.

use serde::Serialize;

use crate::base::to;
use crate::ui::nav::AddressQuery;
use crate::ui::parts::format;
use headway_model::JobId;
use headway_model::find::{FindJobs, JobShow, JobSort};
use headway_model::read::FromJson;

/// A search, a filter, an order, and the job after which the page begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, FromJson)]
pub(super) struct JobsAddress {
    pub(super) find: FindJobs,
    pub(super) before: Option<JobId>,
}

impl JobsAddress {
    pub(super) fn read(asked: &AddressQuery) -> Self {
        let show = asked.get("show").and_then(|word| JobShow::from_word(&word)).unwrap_or_default();
        let sort = asked.get("sort").and_then(|word| JobSort::from_word(&word)).unwrap_or_default();
        let find = FindJobs { search: asked.get("search").unwrap_or_default(), show, sort };
        JobsAddress { find, before: asked.get("before").and_then(|text| text.parse().ok()) }
    }

    /// The next page of the same list.
    pub(super) fn behind(&self, before: JobId) -> String {
        JobsAddress { before: Some(before), ..self.clone() }.text()
    }

    /// The same search over jobs with this status, from the newest.
    pub(super) fn showing(&self, show: JobShow) -> String {
        JobsAddress { find: FindJobs { show, ..self.find.clone() }, before: None }.text()
    }

    /// The same filter with this search, from the newest.
    pub(super) fn searching(&self, search: String) -> String {
        JobsAddress { find: FindJobs { search, ..self.find.clone() }, before: None }.text()
    }

    /// The same jobs in this order, from the first.
    pub(super) fn sorted(&self, sort: JobSort) -> String {
        JobsAddress { find: FindJobs { sort, ..self.find.clone() }, before: None }.text()
    }

    fn text(&self) -> String {
        let search = Some(format!("search={}", format::query(&self.find.search)));
        let show = Some(format!("show={}", self.find.show.word()));
        let sort = Some(format!("sort={}", self.find.sort.word()));
        let parts = [
            search.filter(|_| !self.find.search.is_empty()),
            show.filter(|_| self.find.show != JobShow::All),
            sort.filter(|_| self.find.sort != JobSort::Newest),
            self.before.map(|before| format!("before={before}")),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if parts.is_empty() { to("/jobs") } else { to(&format!("/jobs?{}", parts.join("&"))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_holds_what_is_listed() {
        let address = JobsAddress::default();
        assert_eq!(address.text(), "/jobs");
        assert_eq!(address.showing(JobShow::Failures), "/jobs?show=failures");
        assert_eq!(address.searching("a&b".into()), "/jobs?search=a%26b");
        assert_eq!(address.sorted(JobSort::Took), "/jobs?sort=took");
        let job = JobId::mint(1, [1; 10]);
        assert_eq!(address.behind(job), format!("/jobs?before={job}"));
    }
}
