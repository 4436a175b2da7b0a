//! An item's status as the byte that a fold stores.

use super::{DiskEffect, FailReason, ItemStatus, SkipReason};

impl ItemStatus {
    /// The byte that a fold stores: 0-3 open, 4-7 succeeded, 8 cancelled, 16 + reason failed, 64 + reason skipped by an
    /// attempt, 128 + reason skipped by the plan.
    pub fn byte(self) -> u8 {
        match self {
            ItemStatus::Waiting => 0,
            ItemStatus::Running => 1,
            ItemStatus::Placing => 2,
            ItemStatus::Interrupted => 3,
            ItemStatus::Succeeded(effect) => 4 + effect as u8,
            ItemStatus::Cancelled => 8,
            ItemStatus::Failed(reason) => 16 + reason as u8,
            ItemStatus::Skipped { reason, planned: false } => 64 + reason as u8,
            ItemStatus::Skipped { reason, planned: true } => 128 + reason as u8,
        }
    }

    /// The status that a byte stands for; `None` if no version of Headway writes it.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => ItemStatus::Waiting,
            1 => ItemStatus::Running,
            2 => ItemStatus::Placing,
            3 => ItemStatus::Interrupted,
            4..=7 => ItemStatus::Succeeded(DiskEffect::from_number(byte - 4)?),
            8 => ItemStatus::Cancelled,
            16..64 => ItemStatus::Failed(FailReason::from_number(byte - 16)?),
            64..128 => ItemStatus::Skipped { reason: SkipReason::from_number(byte - 64)?, planned: false },
            128.. => ItemStatus::Skipped { reason: SkipReason::from_number(byte - 128)?, planned: true },
            9..16 => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_one_status_or_invalid() {
        let known: Vec<u8> = (0..=255).filter(|byte| ItemStatus::from_byte(*byte).is_some()).collect();
        let reasons = FailReason::ALL.len() + 2 * SkipReason::ALL.len();
        assert_eq!(known.len(), 4 + DiskEffect::ALL.len() + 1 + reasons);
        for byte in known {
            assert_eq!(ItemStatus::from_byte(byte).map(ItemStatus::byte), Some(byte));
        }
    }
}
