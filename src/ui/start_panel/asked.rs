//! What the address asks to be chosen: to verify files by what an earlier job made.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::Chosen;
use super::made_by::MADE_BY;
use crate::live::Live;
use crate::ui::nav::Nav;
use crate::ui::parts::focus;
use headway_model::setting::SettingKind;
use headway_model::{BuiltIn, JobId};

/// Chooses it, when the page is opened and when its address changes.
pub(super) fn follow(chosen: Chosen) {
    let (live, query) = (expect_context::<Live>(), expect_context::<Nav>().query());
    let asked = Memo::new(move |_| query.with(|query| query.get("verify").and_then(|id| id.parse::<JobId>().ok())));
    Effect::new(move |_| {
        if let Some(job) = asked.get().filter(|_| live.is_ready()) {
            // By then the panel has taken up what was chosen before it listened.
            request_animation_frame(move || choose(chosen, job));
        }
    });
}

fn choose(chosen: Chosen, job: JobId) {
    // The card is pressed as a person would press it. An app can offer other recipes.
    let card = format!(".start-card input[value=\"{}\"]", BuiltIn::Verify.name());
    let Ok(Some(card)) = document().query_selector(&card) else { return };
    card.dyn_ref::<web_sys::HtmlElement>().iter().for_each(|card| card.click());
    let names_jobs = |kind: &SettingKind| matches!(kind, SettingKind::Path { made_by: Some(_), .. });
    let setting = chosen.recipe.with_untracked(|recipe| {
        recipe.iter().flat_map(|recipe| &recipe.settings).find(|setting| names_jobs(&setting.kind)).cloned()
    });
    let Some(setting) = setting else { return };
    chosen.settings.update(|settings| _ = settings.insert(setting.name.clone(), format!("{MADE_BY}{job}").into()));
    request_animation_frame(move || _ = focus::open_to(&format!("[name=\"{}-by\"]", setting.name)));
}
