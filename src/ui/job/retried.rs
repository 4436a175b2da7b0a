//! What became of a file in a later job that ran it again.

use leptos::prelude::*;

use crate::base::to;
use crate::ui::parts::words;
use headway_model::ItemView;
use headway_model::item::ItemLabel;

/// Whether a file with this status failed, and no later job has done it.
pub(super) fn can_be_retried(status: Option<ItemLabel>, text: Option<&ItemView>) -> bool {
    let retried = text.and_then(|text| text.retried.as_ref());
    status == Some(ItemLabel::Failed) && retried.is_none_or(|retry| retry.status != ItemLabel::Succeeded)
}

/// A link to that job; nothing if there is none.
#[component]
pub(super) fn RetriedItem(text: Memo<Option<ItemView>>) -> impl IntoView {
    let retried = Memo::new(move |_| text.with(|text| text.as_ref().and_then(|text| text.retried.clone())));
    move || {
        retried.get().map(|retry| {
            let words = format!("retried: {}", words::of(retry.status));
            view! { <a class="items-retried" href=to(&format!("/jobs/{}", retry.job)) title="The job that ran this file again">{words}</a> }
        })
    }
}
