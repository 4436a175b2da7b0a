//! A chart of how many files ended when: a column for each part of the time, the values under the pointer, and the
//! same as a table.

use leptos::ev::PointerEvent;
use leptos::html;
use leptos::prelude::*;

use super::Rewind;
use crate::ui::parts::Disclosure;
use crate::ui::parts::format::{count, counted, rate, time_of_day};
use headway_model::Millis;
use headway_model::history::{Throughput, ThroughputPart};

/// Maximum number of columns, and of rows in the table.
const COLUMNS_LIMIT: u32 = 120;
const ROWS_LIMIT: u32 = 12;

/// The shortest part of the time that a column can stand for.
const MIN_PART_MS: Millis = 1_000;

/// The height of the tallest column, in units of the drawing.
const CHART_HEIGHT: u64 = 100;

impl Rewind {
    pub(super) fn chart(self) -> impl IntoView {
        let throughput = Memo::new(move |_| {
            let _ = self.read.heard.get();
            self.read.with(|history| Throughput::of(history.entries(), COLUMNS_LIMIT, MIN_PART_MS))
        });
        let pointed = RwSignal::new(None::<usize>);
        let place = NodeRef::<html::Div>::new();
        let under = move |event: &PointerEvent| {
            let (width, bins) = (
                place.get_untracked()?.client_width().max(1),
                throughput.with_untracked(|throughput| throughput.bins.len()),
            );
            Some((event.offset_x().max(0) as usize * bins / width as usize).min(bins.checked_sub(1)?))
        };
        let moved = move |event: PointerEvent| pointed.set(under(&event));
        // A click on the chart goes to that moment of the log.
        let pressed = move |event: PointerEvent| {
            let seq = under(&event)
                .and_then(|at| throughput.with_untracked(|throughput| throughput.bins.get(at).map(|bin| bin.seq)));
            seq.into_iter().for_each(|seq| self.go(Some(seq).filter(|seq| *seq < self.last.get_untracked())));
        };
        let said = move || {
            throughput.with(|throughput| match pointed.get().and_then(|at| Some((at, throughput.bins.get(at)?))) {
                Some((at, bin)) => {
                    format!(
                        "{} · {}",
                        time_of_day(throughput.from + at as u64 * throughput.each),
                        values(*bin, throughput.each)
                    )
                }
                None => whole(throughput),
            })
        };
        let columns = move || throughput.with(columns);
        let size = move || format!("0 0 {} {CHART_HEIGHT}", throughput.with(|throughput| throughput.bins.len().max(1)));
        view! {
            <div class="history-throughput">
                <div
                    class="history-columns"
                    node_ref=place
                    role="img"
                    aria-label="Files that ended, over time; the table below says the same"
                    on:pointermove=moved
                    on:pointerleave=move |_| pointed.set(None)
                    on:pointerup=pressed
                >
                    <svg viewBox=size preserveAspectRatio="none" aria-hidden="true">{columns}</svg>
                </div>
                <p class="ui-hint history-values">{said}</p>
                {self.throughput_table()}
            </div>
        }
        .into_any()
    }

    /// The values of the chart, in fewer and larger parts of the time.
    fn throughput_table(self) -> impl IntoView {
        let panel = Disclosure::new();
        let rows = move || {
            let _ = self.read.heard.get();
            let throughput = panel
                .is_open
                .get()
                .then(|| self.read.with(|history| Throughput::of(history.entries(), ROWS_LIMIT, MIN_PART_MS)))?;
            let row = |(at, bin): (u64, ThroughputPart)| {
                let time = time_of_day(throughput.from + at * throughput.each);
                // What a press on the chart does, for the keyboard.
                let there = self.address.with(|address| address.with_at(self.job, Some(bin.seq.max(1))));
                view! {
                    <tr>
                        <th scope="row"><a href=there data-noscroll="" title="Show this moment">{time}</a></th>
                        <td class="history-number">{count(bin.done.into())}</td>
                        <td class="history-number">{count(bin.failed.into())}</td>
                        <td class="history-number">{rate(files(bin), throughput.each)}</td>
                    </tr>
                }
            };
            Some((0..).zip(throughput.bins.iter().copied()).map(row).collect_view())
        };
        view! {
            <details class="history-throughput-table" node_ref=panel.details on:toggle=move |_| panel.toggled()>
                <summary>"Throughput as a table"</summary>
                <table class="ui-listing">
                    <thead>
                        <tr>
                            <th scope="col">"From"</th>
                            <th scope="col" class="history-number">"Done"</th>
                            <th scope="col" class="history-number">"Failed"</th>
                            <th scope="col" class="history-number">"Throughput"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </details>
        }
    }
}

fn files(bin: ThroughputPart) -> u64 {
    u64::from(bin.done) + u64::from(bin.failed)
}

/// The values of one part of the time.
fn values(bin: ThroughputPart, each: Millis) -> String {
    let throughput = rate(files(bin), each).unwrap_or_else(|| "no file ended".into());
    match bin.failed {
        0 => throughput,
        failed => format!("{throughput}, {} failed", count(failed.into())),
    }
}

fn whole(throughput: &Throughput) -> String {
    let most = throughput.bins.iter().copied().map(files).max().unwrap_or_default();
    let step = match throughput.each / 1_000 {
        0 | 1 => "second".to_owned(),
        seconds => counted(seconds, "second", "seconds"),
    };
    match rate(most, throughput.each) {
        Some(rate) => format!("A column for each {step}, the tallest {rate}. Press one to see that moment."),
        None => String::new(),
    }
}

/// The columns: failed files on top of successful ones.
fn columns(throughput: &Throughput) -> impl IntoView + use<> {
    let most = throughput.bins.iter().copied().map(files).max().unwrap_or_default().max(1);
    // Any value above zero must be visible.
    let tall = |number: u32| if number == 0 { 0 } else { (u64::from(number) * CHART_HEIGHT / most).max(2) };
    let column = |(at, bin): (usize, &ThroughputPart)| {
        let (done, failed) = (tall(bin.done), tall(bin.failed));
        let part = |status, height: u64, top: u64| {
            (height > 0).then(|| {
                let y = CHART_HEIGHT.saturating_sub(top).to_string();
                view! { <rect class="history-part" data-status=status x=at.to_string() width="1" y=y height=height.to_string()></rect> }
            })
        };
        (part("succeeded", done, done), part("failed", failed, done + failed))
    };
    throughput.bins.iter().enumerate().map(column).collect_view()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_the_time_is_described_by_its_throughput_and_failures() {
        let bin = |done, failed| ThroughputPart { done, failed, seq: 9 };
        assert_eq!(values(bin(81, 1), 2_000), "41 files/s, 1 failed");
        assert_eq!(values(bin(41, 0), 1_000), "41 files/s");
        assert_eq!(values(bin(0, 0), 1_000), "no file ended");
        let throughput = Throughput { from: 0, each: 1_000, bins: vec![bin(3, 0), bin(40, 1)] };
        assert_eq!(
            whole(&throughput),
            "A column for each second, the tallest 41 files/s. Press one to see that moment."
        );
    }
}
