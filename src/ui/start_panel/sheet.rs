//! The sheet on which a person chooses what is done: the recipes as cards, the presets, the settings of the chosen recipe, and
//! what happens when files fail. A page that only reads has no sheet.

use leptos::prelude::*;

use super::JobOptions;
use super::cards::Cards;
use super::commands::Commands;
use super::from_preset::FromPreset;
use super::leave_out::LeaveOut;
use super::options::Options;
use super::output::OutputOptions;
use super::preset_list::PresetList;
use super::presets::Presets;
use super::samples::Samples;
use super::save_preset::SavePreset;
use super::setting::Setting;
use super::which_files::WhichFiles;
use crate::ui::parts::Disclosure;

/// The recipes and the presets, and the form of the chosen recipe.
#[component]
pub(in crate::ui) fn StartSheet(
    chosen: JobOptions,
    /// What opens the sheet.
    sheet: Disclosure,
) -> impl IntoView {
    let presets = PresetList::new();
    let settings = move || {
        // A preset fills the fields again.
        chosen.filled.track();
        let all = chosen.recipe.get().map(|recipe| recipe.settings).unwrap_or_default();
        let fields = all.iter().enumerate().map(|(at, setting)| {
            let (setting, before) = (setting.clone(), all[..at].to_vec());
            view! { <Setting setting before chosen /> }
        });
        fields.collect_view()
    };
    view! {
        <div class="start-body">
            <div class="start-choices">
                <Cards chosen />
                <Presets chosen presets sheet />
            </div>
            <FromPreset chosen />
            <div class="start-form">
                {settings}
                <OutputOptions chosen />
            </div>
            <Commands chosen />
            <div class="start-policies">
                <Options chosen />
                <LeaveOut chosen />
                <WhichFiles chosen />
            </div>
            <Samples chosen />
            <SavePreset chosen presets />
        </div>
    }
    .into_any()
}
