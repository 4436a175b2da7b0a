//! The `headway` program.

use std::process::ExitCode;
use std::time::Duration;

/// Threads that are still at work are waited for this long.
const PATIENCE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    // Before there are threads: the guard must have but one.
    if let Some(code) = headway::cli::guard() {
        return code;
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("headway: the threads it needs cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(headway::cli::run());
    // A thread that waits for storage that does not answer keeps no process from ending.
    runtime.shutdown_timeout(PATIENCE);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("headway: {error:#}");
            ExitCode::FAILURE
        }
    }
}
