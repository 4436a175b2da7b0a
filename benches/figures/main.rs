//! Headway's own figures, one line of JSON each:
//! `cargo bench --features ssr --bench figures [-- items|engine|hash|spawn|library|log|fanout|latency|recipes|page]...`.
//!
//! Absolute numbers belong to one machine. Each bench therefore prints a limit or a peer from the same run beside ours.
//! The documents give only their ratio.

mod app;
mod crowd;
mod fanout;
mod hash;
mod items;
mod library;
mod limits;
mod log;
mod page;
mod raw;
mod recipe;
mod recipes;
mod spawn;

use std::fmt::Display;

/// Prints one figure.
fn figure(bench: &str, contender: &str, value: f64, unit: &str, note: impl Display) {
    println!(r#"{{"bench":"{bench}","contender":"{contender}","value":{value:.3},"unit":"{unit}","note":"{note}"}}"#);
}

/// A number from the environment, so that a run can be made shorter or longer.
fn count(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

fn main() {
    let asked: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let [word, address, followers, slow] = &asked[..]
        && word == "crowd"
    {
        let number = |text: &String| text.parse().expect("a number");
        return runtime().block_on(crowd::follow(address, number(followers), number(slow)));
    }
    let wanted = |bench: &str| asked.is_empty() || asked.iter().any(|name| name == bench);
    runtime().block_on(async {
        if wanted("items") {
            items::run().await;
        }
        if wanted("engine") {
            items::before_a_crowd().await;
        }
        if wanted("hash") {
            hash::run().await;
        }
        if wanted("spawn") {
            spawn::run().await;
        }
        if wanted("library") {
            library::run().await;
        }
        if wanted("log") {
            log::run().await;
        }
        if wanted("fanout") {
            fanout::run().await;
        }
        if wanted("latency") {
            fanout::latency().await;
        }
        if wanted("recipes") {
            recipes::run().await;
        }
        if wanted("page") {
            page::run().await;
        }
    });
}

/// The median.
fn middle(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
