//! The presets as the page knows them: read when the sheet is opened, and taken from the answer to each change.

use leptos::prelude::*;

use crate::api::{self, PresetsByName};
use headway_model::ApiError;

/// What the last call about presets answered.
type PresetsAnswered = Result<PresetsByName, ApiError>;

/// The presets. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct PresetList {
    /// `None` until a call is answered.
    pub(super) known: RwSignal<Option<PresetsAnswered>>,
    /// Counts the calls that read, and the changes. An answer from before the last of them is out of date.
    turn: StoredValue<u32>,
}

impl PresetList {
    pub(super) fn new() -> Self {
        PresetList { known: RwSignal::new(None), turn: StoredValue::new(0) }
    }

    /// Reads the presets. Programs and other pages can have changed them.
    pub(super) fn load(self) {
        let turn = self.next_turn();
        leptos::task::spawn_local(async move {
            let answer = api::presets().await;
            // The page can have been left meanwhile.
            if self.turn.try_get_value() == turn {
                self.known.try_set(Some(answer));
            }
        });
    }

    /// Takes the presets that were there after a change.
    pub(super) fn take(self, presets: PresetsByName) {
        self.next_turn();
        self.known.try_set(Some(Ok(presets)));
    }

    fn next_turn(self) -> Option<u32> {
        self.turn.try_update_value(|turn| {
            *turn = turn.wrapping_add(1);
            *turn
        })
    }
}
