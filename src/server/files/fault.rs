//! Where a test may let the process die, to see what is left.

/// Dies here, as by `kill -9`, if the environment's `HEADWAY_FAULT` names this point. Nothing in a release build.
pub fn fault(point: &str) {
    if cfg!(debug_assertions) && std::env::var_os("HEADWAY_FAULT").is_some_and(|wanted| *wanted == *point) {
        die();
    }
}

/// As [`fault`], for the job of this title alone: the variable says `POINT of TITLE`. Panics here instead if it says
/// `panic POINT of TITLE`.
pub fn fault_of(point: &str, title: &str) {
    if !cfg!(debug_assertions) {
        return;
    }
    let Some(wanted) = std::env::var_os("HEADWAY_FAULT") else { return };
    let here = format!("{point} of {title}");
    if *wanted == *here {
        die();
    }
    assert!(*wanted != *format!("panic {here}"), "as the test wants");
}

fn die() {
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).ok();
}
