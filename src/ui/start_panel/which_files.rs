//! What files must be like, besides their names: their size, their age and their type.

use leptos::prelude::*;

use super::{JobOptions, Wrong};
use crate::ui::parts::condition_words::{condition_words, day, type_label};
use crate::ui::parts::format::{capital, sentence};
use headway_model::Conditions;
use headway_model::conditions::{
    AGE_FORM, AgeLimit, SIZE_FORM, TYPE_CLASSES, ago_of, ago_text, bytes_of, bytes_text, date_of,
};

/// The fields that are typed: name, label and an example.
const TYPED: [(&str, &str, &str); 4] = [
    ("min_size", "At least", "such as 10M"),
    ("max_size", "At most", "such as 2G"),
    ("newer_than", "Newer than", "7d or 2024-01-01"),
    ("older_than", "Older than", "30d or 2024-01-01"),
];

/// What is in these fields, as it was typed. Copy it freely.
#[derive(Clone, Copy)]
struct TypedConditions {
    chosen: JobOptions,
    texts: [RwSignal<String>; 4],
}

/// The conditions, each a field.
#[component]
pub(super) fn WhichFiles(chosen: JobOptions) -> impl IntoView {
    let typed = TypedConditions { chosen, texts: [(); 4].map(|()| RwSignal::new(String::new())) };
    Effect::new(move |_| {
        // A preset fills the fields again.
        chosen.filled.track();
        typed.show();
    });
    let text = move || {
        let words = chosen.conditions.with(|conditions| condition_words(conditions, true));
        let words = if words.is_empty() { "of any size, age and type".to_owned() } else { words.join(", ") };
        format!("Which files: {words}")
    };
    // The classes, and what else a preset names.
    let types = Memo::new(move |_| {
        let is_other = |name: &&String| !TYPE_CLASSES.contains(&name.as_str());
        let others = chosen.conditions.with(|asked| asked.types.iter().filter(is_other).cloned().collect::<Vec<_>>());
        TYPE_CLASSES.into_iter().map(str::to_owned).chain(others).collect::<Vec<_>>()
    });
    view! {
        <details class="start-policy">
            <summary>{text}</summary>
            <div role="group" aria-label="Which files">
                <p class="ui-hint">"Files that are not like this are left out, and the plan says how many and why."</p>
                {(0..TYPED.len()).map(|at| field(typed, at)).collect_view()}
                {move || types.get().into_iter().map(|name| type_box(chosen, name)).collect_view()}
            </div>
        </details>
    }
    .into_any()
}

fn field(typed: TypedConditions, at: usize) -> AnyView {
    let ((name, label, example), value) = (TYPED[at], typed.texts[at]);
    let wrong = move || {
        let unread = typed.chosen.unread.get();
        unread.filter(|(field, _)| *field == name).map(|(_, text)| text)
    };
    let note = format!("wrong-{name}");
    view! {
        <label>
            {label} " "
            <input
                type="text"
                class="ui-field"
                name=name
                placeholder=example
                autocomplete="off"
                spellcheck="false"
                prop:value=move || value.get()
                aria-invalid=move || wrong().map(|_| "true")
                aria-describedby=note.clone()
                on:change=move |event| {
                    value.set(event_target_value(&event));
                    typed.read();
                }
            />
        </label>
        <p class="ui-error" id=note role="alert">{wrong}</p>
    }
    .into_any()
}

fn type_box(chosen: JobOptions, name: String) -> AnyView {
    let (own, value) = (name.clone(), name.clone());
    let label = if TYPE_CLASSES.contains(&name.as_str()) { capital(type_label(&name)) } else { name.clone() };
    let change = move |event| {
        let is_wanted = event_target_checked(&event);
        chosen.conditions.update(|conditions| {
            conditions.types.retain(|other| *other != name);
            conditions.types.extend(is_wanted.then(|| name.clone()));
        });
    };
    let is_wanted = move || chosen.conditions.with(|conditions| conditions.types.contains(&own));
    view! {
        <label>
            <input type="checkbox" name="type" value=value autocomplete="off" prop:checked=is_wanted on:change=change />
            " " {label}
        </label>
    }
    .into_any()
}

impl TypedConditions {
    /// Shows the conditions in the fields.
    fn show(self) {
        let Conditions { min_size, max_size, newer_than, older_than, .. } = self.chosen.conditions.get_untracked();
        let sizes = [min_size, max_size].map(|size| size.map(bytes_text));
        let ages = [newer_than, older_than].map(|limit| limit.map(age_text));
        for (text, shown) in self.texts.into_iter().zip(sizes.into_iter().chain(ages)) {
            text.set(shown.unwrap_or_default());
        }
        self.read();
    }

    /// Takes what was typed, and notes which field cannot be read or contradicts another one.
    fn read(self) {
        let kept = self.chosen.conditions.get_untracked();
        let mut wrong = None;
        let text = |at: usize| self.texts[at].with_untracked(|text| text.trim().to_owned());
        let mut size = |at, kept| {
            let read = typed(&text(at), kept, bytes_text, bytes_of);
            read.unwrap_or_else(|| refuse(&mut wrong, at, SIZE_FORM))
        };
        let (min_size, max_size) = (size(0, kept.min_size), size(1, kept.max_size));
        let mut age = |at, kept| {
            let read = typed(&text(at), kept, age_text, age_of);
            read.unwrap_or_else(|| refuse(&mut wrong, at, AGE_FORM))
        };
        let (newer_than, older_than) = (age(2, kept.newer_than), age(3, kept.older_than));
        let conditions = Conditions { min_size, max_size, newer_than, older_than, ..kept };
        let contradiction = conditions.contradiction(js_sys::Date::now() as u64);
        let wrong = wrong.or(contradiction.map(|(field, why)| (field, sentence(why))));
        self.chosen.unread.set(wrong);
        self.chosen.conditions.set(conditions);
    }
}

/// What a text says, which is nothing if it is empty; `None` if it cannot be read. A preset can say it more exactly than the
/// field shows it, and that stays until the text is changed.
fn typed<T: Copy>(
    text: &str,
    kept: Option<T>,
    shown: fn(T) -> String,
    read: fn(&str) -> Option<T>,
) -> Option<Option<T>> {
    match kept.filter(|kept| shown(*kept) == text) {
        _ if text.is_empty() => Some(None),
        Some(kept) => Some(Some(kept)),
        None => read(text).map(Some),
    }
}

/// Notes that a field cannot be read, if it is the first one.
fn refuse<T>(wrong: &mut Option<Wrong>, at: usize, form: &str) -> Option<T> {
    wrong.get_or_insert_with(|| (TYPED[at].0, sentence(form)));
    None
}

fn age_text(limit: AgeLimit) -> String {
    match limit {
        AgeLimit::AgoMs(ago) => ago_text(ago),
        AgeLimit::AtMs(at) => day(at, true),
    }
}

fn age_of(text: &str) -> Option<AgeLimit> {
    if let Some(ago) = ago_of(text) {
        return Some(AgeLimit::AgoMs(ago));
    }
    let (year, month, day) = date_of(text)?;
    let date = js_sys::Date::new_with_year_month_day(year, month as i32 - 1, day as i32);
    // The browser takes the 30th of February for a day in March.
    (date.get_date() == day).then(|| AgeLimit::AtMs(date.get_time() as u64))
}
