//! The `headway` program.

use std::process::ExitCode;

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
    match runtime.block_on(headway::cli::run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("headway: {error:#}");
            ExitCode::FAILURE
        }
    }
}
