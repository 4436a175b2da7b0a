//! The labels of items' statuses: the words that counts, lists and colours use.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ItemStatus;
use crate::as_text::as_text;
use crate::read::FromJson;

/// The label of an item's status, without what the status holds. Its name is part of databases, calls and addresses,
/// so it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub enum ItemLabel {
    /// Not tried yet, or waiting for a retry.
    Waiting,
    /// An attempt works on it, or places its output.
    Running,
    /// Its worker died while it ran.
    Interrupted,
    /// Done.
    Succeeded,
    /// There was nothing to do.
    Skipped,
    /// Its last attempt failed.
    Failed,
    /// Ended by a cancel or a halt before it finished.
    Cancelled,
}

impl ItemLabel {
    /// Every label.
    pub const ALL: [ItemLabel; 7] = [
        ItemLabel::Waiting,
        ItemLabel::Running,
        ItemLabel::Interrupted,
        ItemLabel::Succeeded,
        ItemLabel::Skipped,
        ItemLabel::Failed,
        ItemLabel::Cancelled,
    ];

    /// Its name in SQL, JSON, addresses and CSS.
    pub const fn name(self) -> &'static str {
        match self {
            ItemLabel::Waiting => "waiting",
            ItemLabel::Running => "running",
            ItemLabel::Interrupted => "interrupted",
            ItemLabel::Succeeded => "succeeded",
            ItemLabel::Skipped => "skipped",
            ItemLabel::Failed => "failed",
            ItemLabel::Cancelled => "cancelled",
        }
    }
}

/// Which items a list has, by their status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub enum StatusFilter {
    /// Those with this label.
    Label(ItemLabel),
    /// Those that [count as errors](ItemStatus::is_error).
    Errors,
    /// Of the skipped, those that nobody misses.
    LeftOut,
    /// Of the skipped, those that were [missed](ItemStatus::is_missed).
    Missed,
}

impl StatusFilter {
    /// The filters that are no label.
    pub const OTHERS: [StatusFilter; 3] = [StatusFilter::Errors, StatusFilter::LeftOut, StatusFilter::Missed];

    /// Its name in calls and addresses.
    pub const fn name(self) -> &'static str {
        match self {
            StatusFilter::Label(label) => label.name(),
            StatusFilter::Errors => "errors",
            StatusFilter::LeftOut => "left_out",
            StatusFilter::Missed => "missed",
        }
    }
}

impl From<ItemLabel> for StatusFilter {
    fn from(label: ItemLabel) -> Self {
        StatusFilter::Label(label)
    }
}

impl From<ItemStatus> for StatusFilter {
    /// The one of the numbers of a job that counts it.
    fn from(status: ItemStatus) -> Self {
        StatusFilter::counting(status.label(), status.is_missed())
    }
}

impl StatusFilter {
    /// The one of the numbers of a job that counts an item with this label, which was missed or not.
    pub fn counting(label: ItemLabel, is_missed: bool) -> Self {
        match label {
            ItemLabel::Skipped if is_missed => StatusFilter::Missed,
            ItemLabel::Skipped => StatusFilter::LeftOut,
            label => StatusFilter::Label(label),
        }
    }
}

impl ItemStatus {
    /// Whether a list with this filter has it.
    pub fn is_listed_by(self, filter: StatusFilter) -> bool {
        match filter {
            StatusFilter::Label(label) => self.label() == label,
            StatusFilter::Errors => self.is_error(),
            StatusFilter::LeftOut | StatusFilter::Missed => StatusFilter::from(self) == filter,
        }
    }
}

/// The text is not the name of a label, or of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a status of items")]
pub struct InvalidItemLabel;

impl FromStr for ItemLabel {
    type Err = InvalidItemLabel;

    fn from_str(name: &str) -> Result<Self, InvalidItemLabel> {
        ItemLabel::ALL.into_iter().find(|label| label.name() == name).ok_or(InvalidItemLabel)
    }
}

impl FromStr for StatusFilter {
    type Err = InvalidItemLabel;

    fn from_str(name: &str) -> Result<Self, InvalidItemLabel> {
        match StatusFilter::OTHERS.into_iter().find(|filter| filter.name() == name) {
            Some(filter) => Ok(filter),
            None => name.parse().map(StatusFilter::Label),
        }
    }
}

impl fmt::Display for ItemLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for StatusFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

as_text!(ItemLabel, StatusFilter);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_read_as_what_wrote_it_and_no_other_text_is() {
        for label in ItemLabel::ALL {
            assert_eq!(label.name().parse(), Ok(label));
            assert_eq!(label.name().parse(), Ok(StatusFilter::Label(label)));
            assert_eq!(serde_json::to_string(&label).expect("JSON"), format!("{:?}", label.name()));
        }
        for filter in StatusFilter::OTHERS {
            assert_eq!(filter.name().parse(), Ok(filter));
        }
        assert_eq!("errors".parse::<ItemLabel>(), Err(InvalidItemLabel));
        assert_eq!("Failed".parse::<StatusFilter>(), Err(InvalidItemLabel));
        assert!(serde_json::from_str::<ItemLabel>(r#""placing""#).is_err());
    }
}
