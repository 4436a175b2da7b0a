//! The icon of the browser's tab: a ring that fills with the progress of running jobs, for people who look at another
//! tab.

use leptos::prelude::*;

use super::status_of_jobs::percent;
use crate::base::to;
use crate::live::Live;

/// The step of the ring in percent, because the browser loads a new picture for each.
const STEP: u32 = 4;

/// Keeps the icon up to date with the jobs.
pub(crate) fn follow_jobs() {
    let live = expect_context::<Live>();
    let shown = Memo::new(move |_| {
        live.jobs.with(|jobs| {
            let open = jobs.values().filter(|state| !state.summary.status.is_terminal());
            percent(open.map(|state| &state.summary)).map(|percent| percent / STEP * STEP)
        })
    });
    Effect::new(move |_| {
        let icon = match shown.get() {
            None => to("/favicon.svg"),
            Some(percent) => ring(percent),
        };
        if let Ok(Some(link)) = document().query_selector("link[rel=\"icon\"]") {
            link.set_attribute("href", &icon).ok();
        }
    });
}

/// A ring filled to this percentage, as a data URL.
fn ring(percent: u32) -> String {
    format!(
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><g fill='none' stroke-width='6'>\
         <circle cx='16' cy='16' r='12' stroke='%239db8f5'/><circle cx='16' cy='16' r='12' stroke='%232f5fd0' pathLength='100' \
         stroke-dasharray='{percent} 100' transform='rotate(-90 16 16)'/></g></svg>"
    )
}
