//! One stream of an attempt's output, with its colours, a line filter, and scrolled to its end.

use leptos::html;
use leptos::prelude::*;

use super::ansi::{StyledLine, lines};
use crate::ui::parts::format;
use headway_model::attempt::Kept;

/// A block within this many pixels of its end counts as scrolled to its end.
const NEAR: i32 = 24;

/// The stored part of a stream: its beginning, and its end if something between the two was dropped.
#[component]
pub(super) fn Stream(
    name: &'static str,
    class: &'static str,
    kept: Memo<Kept>,
    /// Show only lines with this text, in lower case.
    find: RwSignal<String>,
) -> impl IntoView {
    let head = Memo::new(move |_| kept.with(|kept| kept.head.clone()));
    let tail = Memo::new(move |_| kept.with(|kept| kept.tail.clone()));
    let cut = move || {
        kept.with(|kept| (kept.cut > 0).then(|| format!("{} in the middle were not kept", format::size(kept.cut))))
    };
    view! {
        <Show when=move || head.with(|head| !head.is_empty())>
            <h4>{name}</h4>
            <Block name class text=head find />
            <p class="ui-hint">{cut}</p>
            <Show when=move || tail.with(|tail| !tail.is_empty())>
                <Block name class text=tail find />
            </Show>
        </Show>
    }
    .into_any()
}

/// A block that follows the output as long as it is scrolled to its end.
#[component]
fn Block(name: &'static str, class: &'static str, text: Memo<String>, find: RwSignal<String>) -> impl IntoView {
    let lines = Memo::new(move |_| text.with(|text| lines(text)));
    let block = NodeRef::<html::Pre>::new();
    let is_at_end = StoredValue::new(true);
    let scrolled = move |_| {
        let left =
            block.get_untracked().map(|block| block.scroll_height() - block.scroll_top() - block.client_height());
        is_at_end.set_value(left.is_none_or(|left| left < NEAR));
    };
    // People look for the last lines first.
    Effect::new(move |_| {
        let (Some(block), _) = (block.get(), lines.with(Vec::len)) else { return };
        if is_at_end.get_value() {
            request_animation_frame(move || block.set_scroll_top(block.scroll_height()));
        }
    });
    let shown = move || {
        let wanted = find.get();
        lines.with(|lines| {
            let lines = lines.iter().filter(|line| wanted.is_empty() || line.plain().to_lowercase().contains(&wanted));
            let lines: Vec<_> = lines.map(spans).collect();
            let last = lines.len().saturating_sub(1);
            let ended = |(at, line)| (line, if at < last { "\n" } else { "" });
            lines.into_iter().enumerate().map(ended).collect_view()
        })
    };
    // A block that scrolls can be reached and scrolled by keyboard.
    view! { <pre class=class node_ref=block tabindex="0" role="region" aria-label=name on:scroll=scrolled>{shown}</pre> }.into_any()
}

fn spans(line: &StyledLine) -> AnyView {
    let span = |(class, text): &(String, String)| match class.as_str() {
        "" => text.clone().into_any(),
        class => view! { <span class=class.to_owned()>{text.clone()}</span> }.into_any(),
    };
    line.spans.iter().map(span).collect_view().into_any()
}
