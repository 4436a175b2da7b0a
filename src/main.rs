//! The `headway` program. All of it is in the library: an `async fn` is compiled where it is first polled, so that polling one here
//! would compile the whole server a second time.

fn main() -> std::process::ExitCode {
    headway::cli::main()
}
