//! Which jobs are listed: what the address of the page says of it.

use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};

use crate::base::to;
use crate::ui::parts::format;
use headway_model::JobId;
use headway_model::find::{FindJobs, JobShow};

/// A search and a filter, and the job that the page begins behind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Address {
    pub(super) find: FindJobs,
    pub(super) before: Option<JobId>,
}

impl Address {
    pub(super) fn read(asked: &ParamsMap) -> Self {
        let show = asked.get("show").and_then(|word| JobShow::from_word(&word)).unwrap_or_default();
        let find = FindJobs { search: asked.get("search").unwrap_or_default(), show };
        Address { find, before: asked.get("before").and_then(|text| text.parse().ok()) }
    }

    /// The next page of the same.
    pub(super) fn behind(&self, before: JobId) -> String {
        Address { before: Some(before), ..self.clone() }.text()
    }

    /// The same search over jobs that stand so, from the newest.
    pub(super) fn showing(&self, show: JobShow) -> String {
        Address { find: FindJobs { show, ..self.find.clone() }, before: None }.text()
    }

    /// The same filter with this search, from the newest.
    pub(super) fn searching(&self, search: String) -> String {
        Address { find: FindJobs { search, show: self.find.show }, before: None }.text()
    }

    fn text(&self) -> String {
        let search = Some(format!("search={}", format::query(&self.find.search)));
        let show = Some(format!("show={}", self.find.show.word()));
        let parts = [
            search.filter(|_| !self.find.search.is_empty()),
            show.filter(|_| self.find.show != JobShow::All),
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
        let address = Address::default();
        assert_eq!(address.text(), "/jobs");
        assert_eq!(address.showing(JobShow::Failures), "/jobs?show=failures");
        assert_eq!(address.searching("a&b".into()), "/jobs?search=a%26b");
        let job = JobId::mint(1, [1; 10]);
        assert_eq!(address.behind(job), format!("/jobs?before={job}"));
    }
}
