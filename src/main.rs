//! The `headway` program.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match headway::cli::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("headway: {error:#}");
            ExitCode::FAILURE
        }
    }
}
