//! The threads of everybody who looks.

use tokio::runtime::{Builder, Runtime};

/// So much nicer than the engine's threads are these: a crowd of followers must not delay what they follow.
const NICE: i32 = 5;

/// The runtime for pages and streams. The engine's threads, which are started from the outside, are not of it.
pub fn runtime() -> std::io::Result<Runtime> {
    let begin = || {
        // It is a thread's own on Linux. Where it is refused, it is as it was.
        rustix::process::setpriority_process(None, NICE).ok();
    };
    Builder::new_multi_thread().enable_all().on_thread_start(begin).build()
}
