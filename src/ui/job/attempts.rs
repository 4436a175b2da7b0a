//! The output of an item's attempts, including the output so far of a running one.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;

use super::output::Stream;
use crate::api;
use crate::ui::parts::{ErrorView, copy, format};
use headway_model::attempt::{AttemptLog, Kept};
use headway_model::text::quoted;
use headway_model::{ApiError, JobId};

/// How often the output of a running attempt is read again.
const READ_INTERVAL: Duration = Duration::from_secs(1);

/// The attempts of an item. They are read when they are shown, and again while one runs and when one ends.
#[component]
pub(super) fn Attempts(
    job: JobId,
    item: u32,
    /// Whether an attempt is running, and the number of the last one.
    attempt: Memo<(bool, u32)>,
) -> impl IntoView {
    // Not a resource, because the server would wait for it before sending the page.
    let (logs, wrong) = (RwSignal::new(None::<Vec<AttemptLog>>), RwSignal::new(None::<ApiError>));
    let again = RwSignal::new(0_u32);
    Effect::new(move |_| {
        let ((is_running, _), _) = (attempt.get(), again.get());
        // Disposed of when the attempts are read again, so that an older answer cannot replace a newer one.
        let is_newest = RwSignal::new(true);
        leptos::task::spawn_local(async move {
            let read = api::attempts(job, item).await;
            if is_newest.is_disposed() {
                return;
            }
            // The attempts that were read before stay.
            let wrong_now = read.map(|read| logs.try_set(Some(read))).err();
            wrong.try_set(wrong_now);
            if is_running {
                set_timeout(
                    move || _ = is_newest.try_get().and_then(|_| again.try_update(|again| *again += 1)),
                    READ_INTERVAL,
                );
            }
        });
    });
    let is_running = move || attempt.get().0;
    // The last attempt comes first, because it determines the file's status.
    let numbers = move || logs.with(|logs| logs.iter().flatten().rev().map(|log| log.attempt).collect::<Vec<_>>());
    let log = move |number: u32| {
        let log = Memo::new(move |before: Option<&Option<AttemptLog>>| {
            let log = logs.with(|logs| logs.iter().flatten().find(|log| log.attempt == number).cloned());
            // Facts that cannot be read at the moment stay as they were.
            log.or_else(|| before.cloned().flatten())
        });
        view! { <Log log name=format!("{job}-{item}-{number}.txt") /> }
    };
    let known = Memo::new(move |_| logs.with(|logs| logs.as_ref().map(Vec::len)));
    let none = move || match known.get() {
        None if wrong.with(Option::is_none) => "Reading…",
        Some(0) if is_running() => "No output so far.",
        Some(0) => "No output.",
        _ => "",
    };
    let failed = move || {
        let error = wrong.get()?;
        Some(view! { <ErrorView error again=move |()| again.update(|again| *again = again.wrapping_add(1)) /> })
    };
    view! {
        <div class="attempts">
            {failed}
            <p class="ui-hint" hidden=move || none().is_empty()>{none}</p>
            <For each=numbers key=|number| *number children=log />
        </div>
    }
    .into_any()
}

/// One attempt: how it ended, what ran, and its output.
#[component]
fn Log(
    log: Memo<Option<AttemptLog>>,
    /// The file name for a download of its output.
    name: String,
) -> impl IntoView {
    let of = move |tell: &dyn Fn(&AttemptLog) -> String| log.with(|log| log.as_ref().map(tell).unwrap_or_default());
    let heading = move || of(&|log| format!("Attempt {} · {} · {}", log.attempt, how(log), format::seconds(log.ms)));
    let command = Memo::new(move |_| of(&|log| line(&log.argv)));
    let all = Memo::new(move |_| of(&|log| [&log.stderr, &log.stdout].map(whole).concat()));
    let is_silent = Memo::new(move |_| all.with(String::is_empty));
    let is_running = Memo::new(move |_| log.with(|log| log.as_ref().is_some_and(|log| log.running)));
    let stream = move |tell: fn(&AttemptLog) -> &Kept| {
        Memo::new(move |_| log.with(|log| log.as_ref().map(|log| tell(log).clone()).unwrap_or_default()))
    };
    let (stderr, stdout) = (stream(|log| &log.stderr), stream(|log| &log.stdout));
    let (find, wraps) = (RwSignal::new(String::new()), RwSignal::new(true));
    let field = NodeRef::<html::Input>::new();
    let found = move |_| field.get_untracked().iter().for_each(|field| find.set(field.value().to_lowercase()));
    view! {
        <section class="attempts-one" data-nowrap=move || (!wraps.get()).then_some("true")>
            <h3>{heading}</h3>
            <p class="attempts-command"><code>{move || command.get()}</code> <button class="ui-quiet" on:click=move |_| command.with_untracked(|command| copy::text(command))>"Copy command"</button></p>
            <div class="attempts-tools" hidden=move || is_silent.get()>
                <input
                    type="search"
                    class="ui-search"
                    node_ref=field
                    on:input=found
                    placeholder="Lines with…"
                    aria-label="Find in the output"
                    autocomplete="off"
                    spellcheck="false"
                />
                <label><input type="checkbox" autocomplete="off" prop:checked=move || wraps.get() on:change=move |event| wraps.set(event_target_checked(&event)) /> " Wrap"</label>
                <button class="ui-quiet" on:click=move |_| all.with_untracked(|all| copy::text(all))>"Copy output"</button>
                <a class="ui-button ui-quiet" download=name href=move || all.with(|all| copy::as_address(all))>"Download"</a>
            </div>
            <p class="ui-hint" hidden=move || !is_silent.get()>{move || if is_running.get() { "No output so far." } else { "No output." }}</p>
            <Stream name="Standard error" class="attempts-stderr" kept=stderr find />
            <Stream name="Standard output" class="attempts-stdout" kept=stdout find />
        </section>
    }
    .into_any()
}

/// A command as a line that can be pasted into a shell.
fn line(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| quoted(word.as_bytes())).collect();
    String::from_utf8_lossy(&words.join(&b' ')).into_owned()
}

/// How an attempt ended.
fn how(log: &AttemptLog) -> String {
    match log.exit {
        _ if log.running => "running".into(),
        Some(code @ 128..) => format!("signal {}", code - 128),
        Some(code) => format!("exit {code}"),
        None => "no end".into(),
    }
}

/// Everything that is stored of a stream, without its colours.
fn whole(kept: &Kept) -> String {
    let cut = match kept.cut {
        0 => String::new(),
        cut => format!("\n[{} are not kept]\n", format::size(cut)),
    };
    format!("{}{cut}{}", super::ansi::plain(&kept.head), super::ansi::plain(&kept.tail))
}
