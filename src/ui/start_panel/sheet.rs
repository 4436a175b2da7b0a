//! The sheet on which a person chooses what is done: the recipes as cards, the settings of the chosen one, and what happens
//! when files fail.

use leptos::prelude::*;

use super::JobOptions;
use super::cards::Cards;
use super::commands::Commands;
use super::leave_out::LeaveOut;
use super::options::Options;
use super::output::OutputOptions;
use super::setting::Setting;

/// The recipes, and the form of the chosen one.
#[component]
pub(in crate::ui) fn StartSheet(chosen: JobOptions) -> impl IntoView {
    let settings = move || {
        let all = chosen.recipe.get().map(|recipe| recipe.settings).unwrap_or_default();
        let fields = all.iter().enumerate().map(|(at, setting)| {
            let (setting, before) = (setting.clone(), all[..at].to_vec());
            view! { <Setting setting before chosen /> }
        });
        fields.collect_view()
    };
    view! {
        <div class="start-body">
            <Cards chosen />
            <div class="start-form">
                {settings}
                <OutputOptions chosen />
            </div>
            <Commands chosen />
            <div class="start-policies">
                <Options chosen />
                <LeaveOut chosen />
            </div>
        </div>
    }
    .into_any()
}
