//! The `headway` program.

use std::process::ExitCode;
use std::time::Duration;

/// How long to wait for threads that are still working.
const PATIENCE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    // This must run before any thread starts: the guard must be single-threaded.
    if let Some(code) = headway::cli::guard() {
        return code;
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("headway: cannot start its threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(headway::cli::run());
    // A thread that waits for unresponsive storage must not keep the process from ending.
    runtime.shutdown_timeout(PATIENCE);
    ended
}
