//! Where a test may let the process die, to see what is left.

/// Dies here, as by `kill -9`, if the environment's `HEADWAY_FAULT` names this point. Nothing in a release build.
pub fn fault(point: &str) {
    if cfg!(debug_assertions) && std::env::var_os("HEADWAY_FAULT").is_some_and(|wanted| *wanted == *point) {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).ok();
    }
}
