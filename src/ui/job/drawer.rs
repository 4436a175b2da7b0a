//! One file of the job: its status, its result, and the output of its attempts. Shown beside the list, or instead of
//! it on a phone. The address names the file, so that it can be bookmarked and sent.

use leptos::prelude::*;

use super::attempts::Attempts;
use super::items::{ItemsAddress, ItemsList, ShownItem, Texts, whole_result};
use super::retried::{RetriedItem, can_be_retried};
use super::retry::RetryItem;
use crate::ui::nav::{Go, Nav};
use crate::ui::parts::{focus, format, why, words};
use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::summary::ItemView;
use headway_model::window::ItemPosition;
use headway_model::{JobId, StartJob};

/// The drawer's state. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct Drawer {
    pub(super) job: JobId,
    pub(super) address: Memo<ItemsAddress>,
    /// The file that is open.
    pub(super) opened: Memo<Option<u32>>,
    pub(super) list: ItemsList,
    pub(super) texts: Texts,
    pub(super) request: StoredValue<Option<StartJob>>,
    pub(super) runs_programs: bool,
}

/// What the plan says of the file: the name that it or its output is to have, and what is done to it besides. Of one that has it, the
/// result says so.
fn planned(row: &ShownItem, text: &ItemView) -> Option<String> {
    let is_open = matches!(row.status, Some(ItemLabel::Waiting | ItemLabel::Running));
    let becomes = text.becomes.as_ref().filter(|_| row.status != Some(ItemLabel::Succeeded));
    let becomes = becomes.map(|path| format!("Becomes {}", path.shown()));
    let output = text.output.as_ref().filter(|_| is_open).map(|path| format!("Output: {}", path.shown()));
    let words = [becomes, output, text.will.clone().filter(|_| is_open)].into_iter().flatten().collect::<Vec<_>>();
    (!words.is_empty()).then(|| words.join(" · "))
}

impl Drawer {
    /// The open file, or nothing.
    pub(super) fn view(self) -> impl IntoView {
        let before = StoredValue::new(None::<u32>);
        // The focus moves into the drawer when it opens, and back to the file's row when it closes.
        Effect::new(move |_| {
            let opened = self.opened.get();
            let left = before.try_update_value(|before| std::mem::replace(before, opened)).flatten();
            request_animation_frame(move || {
                match (opened, left) {
                    (Some(_), None) => _ = focus::stay_at(".drawer h2"),
                    (None, Some(item)) => _ = focus::stay_at(&format!(".items tr[data-item=\"{item}\"]")),
                    _ => return,
                }
                // On a wide screen the page makes room for the drawer, so everything is measured again.
                if let Ok(resized) = web_sys::Event::new("resize") {
                    window().dispatch_event(&resized).ok();
                }
            });
        });
        let nav = expect_context::<Nav>();
        let close = Callback::new(move |()| {
            let there = self.address.with_untracked(|address| address.closing(self.job));
            nav.go(&there, Go::Here);
        });
        Effect::new(move |_| {
            let pressed = window_event_listener(leptos::ev::keydown, move |event| {
                // A dialog that takes the key is closed by it before it gets here.
                let is_dialog =
                    event.default_prevented() || document().query_selector("dialog[open]").ok().flatten().is_some();
                if event.key() == "Escape" && !is_dialog && self.opened.get_untracked().is_some() {
                    close.run(());
                }
            });
            on_cleanup(move || pressed.remove());
        });
        move || self.opened.get().map(|item| self.file(item))
    }

    fn file(self, item: u32) -> impl IntoView {
        let Drawer { job, list, request, runs_programs, .. } = self;
        let text = self.texts.of(item);
        let row = Memo::new(move |_| {
            let folded = list.with(|fold, _, _| fold.row(item)).flatten().map(ShownItem::from);
            folded.or_else(|| text.with(|text| text.as_ref().map(ShownItem::from)))
        });
        let status = Memo::new(move |_| row.with(|row| row.as_ref().and_then(|row| row.status)));
        let counted = Memo::new(move |_| row.with(|row| row.as_ref().and_then(ShownItem::counted)));
        let told = move |tell: fn(&ShownItem, &ItemView) -> Option<String>| {
            row.with(|row| text.with(|text| tell(row.as_ref()?, text.as_ref()?)))
        };
        let is_failed = Memo::new(move |_| text.with(|text| can_be_retried(status.get(), text.as_ref())));
        let attempt = Memo::new(move |_| {
            row.with(|row| row.as_ref().map_or((false, 0), |row| (row.status == Some(ItemLabel::Running), row.attempt)))
        });
        let was_tried = Memo::new(move |_| runs_programs && attempt.get().1 > 0);
        let attempts = move || match attempt.get().1 {
            0 => "not tried yet".to_owned(),
            1 => "first attempt".to_owned(),
            number => format!("attempt {number}"),
        };
        view! {
            <section class="drawer" aria-label="File">
                {self.header(item, text)}
                <p>
                    <span class="status-badge" data-status=move || counted.get().map_or("", StatusFilter::name)>{move || counted.get().map(words::of)}</span>
                    " "
                    <span class="ui-hint">{attempts}</span>
                </p>
                <p class="drawer-why">{move || told(|row, text| why(row.reason.clone(), Some(text).filter(|text| row.matches_text(text)).and_then(|text| text.message.clone())))}</p>
                <p class="ui-hint"><RetriedItem text /></p>
                <p class="drawer-found">{move || told(|row, text| text.result.as_ref().filter(|_| row.matches_text(text)).map(|result| whole_result(result, &text.path)))}</p>
                <p class="ui-hint">{move || told(planned)}</p>
                <div class="ui-buttons">
                    <Show when=move || is_failed.get()>
                        <RetryItem job item request />
                    </Show>
                    <span class="ui-grow"></span>
                    {self.steps(item)}
                </div>
                <Show when=move || was_tried.get()>
                    <Attempts job item attempt />
                </Show>
            </section>
        }
        .into_any()
    }

    /// The file's name, folder and size, and the way back to the list.
    fn header(self, item: u32, text: Memo<Option<ItemView>>) -> impl IntoView {
        let Drawer { job, address, .. } = self;
        let of = move |tell: fn(&ItemView) -> String| text.with(|text| text.as_ref().map(tell));
        let folder =
            move || text.with(|text| text.as_ref().and_then(|text| text.path.parent()).map(|folder| folder.shown()));
        view! {
            <header>
                <h2 tabindex="-1"><bdi dir="ltr">{move || of(|text| text.path.shown_name()).unwrap_or_else(|| format!("File {}", u64::from(item) + 1))}</bdi></h2>
                <a class="ui-button ui-quiet drawer-close" href=move || address.with(|address| address.closing(job)) aria-label="Close" data-noscroll="">"×"</a>
                <p class="ui-hint">
                    <bdi dir="ltr" class="drawer-path">{folder}</bdi> " " <span>{move || of(|text| format::size(text.size))}</span>
                </p>
            </header>
        }
    }

    /// The ways to the files before and after, and where this one is in the list.
    fn steps(self, item: u32) -> impl IntoView {
        let Drawer { job, address, list, .. } = self;
        let place = Memo::new(move |_| list.with(|fold, status, these| fold.place(status, these, item)));
        let step = move |text: &'static str, label: &'static str, tell: fn(&ItemPosition) -> Option<u32>| {
            let there = move || {
                let there = place.with(|place| place.as_ref().and_then(tell));
                there.map(|item| address.with(|address| address.opening(job, item)))
            };
            view! { <a class="ui-button ui-quiet" href=there aria-disabled=move || there().is_none().then_some("true") aria-label=label data-noscroll="">{text}</a> }
        };
        let number = move || {
            let place = place.get().filter(|place| place.is_listed)?;
            Some(format!("{} of {}", format::count(u64::from(place.at) + 1), format::count(place.total.into())))
        };
        view! {
            {step("‹", "Previous file", |place| place.previous)}
            <span class="ui-hint drawer-place">{number}</span>
            {step("›", "Next file", |place| place.next)}
        }
    }
}
