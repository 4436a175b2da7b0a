//! Where a test lets the process die, or a call fail, to see what is left.

use std::ffi::OsString;

/// What another program does while this thread is at a point.
#[cfg(test)]
type Meanwhile = Option<Box<dyn FnMut(&str)>>;

#[cfg(test)]
thread_local! {
    pub(super) static MEANWHILE: std::cell::RefCell<Meanwhile> = const { std::cell::RefCell::new(None) };
}

/// Dies here, as by `kill -9`, if the environment's `HEADWAY_FAULT` names this point. Nothing in a release build.
pub fn fault(point: &str) {
    #[cfg(test)]
    MEANWHILE.with_borrow_mut(|meanwhile| meanwhile.iter_mut().for_each(|act| act(point)));
    if wanted().is_some_and(|wanted| *wanted == *point) {
        die();
    }
}

/// The same, if it names this point of the job with this title: `working of holiday`, or `panic working of holiday` for a panic.
pub fn fault_of(point: &str, title: &str) {
    let Some(wanted) = wanted() else { return };
    let here = format!("{point} of {title}");
    if *wanted == *here {
        die();
    }
    assert!(*wanted != *format!("panic {here}"), "as the test wants");
}

/// Whether a call fails here: if `HEADWAY_FAULT` says `POINT while PATH`, as long as that path is there. Never in a release build.
pub fn fails(point: &str) -> bool {
    let Some(wanted) = wanted().and_then(|wanted| wanted.into_string().ok()) else { return false };
    wanted.split_once(" while ").is_some_and(|(at, path)| at == point && std::path::Path::new(path).exists())
}

fn wanted() -> Option<OsString> {
    if cfg!(debug_assertions) { std::env::var_os("HEADWAY_FAULT") } else { None }
}

fn die() {
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).ok();
}
