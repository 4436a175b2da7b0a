//! Which window of a job's items is shown: what the address of the page says of it.

use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};

use crate::base::to;
use headway_model::JobId;
use headway_model::item::ITEM_LABELS;

/// A status or all of them, and the item that the window begins behind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ui::job) struct Address {
    pub(super) status: Option<String>,
    pub(super) after: Option<u32>,
}

impl Address {
    pub(super) fn read(asked: &ParamsMap) -> Self {
        Address {
            status: asked.get("status").filter(|word| ITEM_LABELS.contains(&word.as_str())),
            after: asked.get("after").and_then(|text| text.parse().ok()),
        }
    }

    /// The page of the window that begins behind an item.
    pub(super) fn behind(&self, job: JobId, after: u32) -> String {
        let filter = self.status.as_ref().map(|word| format!("&status={word}")).unwrap_or_default();
        to(&format!("/jobs/{job}?after={after}{filter}"))
    }
}
