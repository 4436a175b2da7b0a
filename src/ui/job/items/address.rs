//! Which window of a job's items is shown: what the address of the page says of it.

use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};

use crate::base::to;
use headway_model::JobId;
use headway_model::item::ITEM_LABELS;

/// A status or all of them, a cause of failure or any, and the item that the window begins behind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ui::job) struct Address {
    pub(super) status: Option<String>,
    pub(super) cause: Option<String>,
    pub(super) after: Option<u32>,
}

impl Address {
    pub(super) fn read(asked: &ParamsMap) -> Self {
        Address {
            status: asked.get("status").filter(|word| ITEM_LABELS.contains(&word.as_str())),
            cause: asked.get("cause").filter(|key| key.bytes().all(|byte| byte.is_ascii_alphanumeric())),
            after: asked.get("after").and_then(|text| text.parse().ok()),
        }
    }

    /// The page of the window that begins behind an item.
    pub(super) fn behind(&self, job: JobId, after: u32) -> String {
        let part = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("&{name}={value}"));
        let parts = [part("status", &self.status), part("cause", &self.cause)];
        to(&format!("/jobs/{job}?after={after}{}", parts.into_iter().flatten().collect::<String>()))
    }
}
