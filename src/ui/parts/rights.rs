//! What this page can do, shared by every part that offers something.

use leptos::prelude::*;

use headway_model::summary::{PageRights, Start};

/// What this page can do. It stays the same for the life of the page.
pub(in crate::ui) fn rights() -> PageRights {
    use_context::<Start>().map(|start| start.rights).unwrap_or_default()
}

/// Whether this page can change anything. Where it cannot, it offers nothing that would.
pub(in crate::ui) fn may_act() -> bool {
    rights() != PageRights::Reading
}

/// Shows in the page's head that this page is read-only.
#[component]
pub(in crate::ui) fn ReadsOnly() -> impl IntoView {
    (!may_act()).then(|| {
        view! { <span class="page-reads" title="This page was opened by a read-only link: nothing can be started or changed here.">"Read only"</span> }
    })
}
