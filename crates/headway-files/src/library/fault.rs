//! Faults for tests: points at which the process dies or a call fails. The variable `HEADWAY_FAULT` lists them,
//! separated by ` and `.

/// What a test does, in the role of another program, while this thread is at a point.
#[cfg(test)]
type FaultHook = Option<Box<dyn FnMut(&str)>>;

#[cfg(test)]
thread_local! {
    pub(super) static MEANWHILE: std::cell::RefCell<FaultHook> = const { std::cell::RefCell::new(None) };
}

/// Dies here, as by `kill -9`, if a fault names this point, or panics if it is `panic POINT`. Does nothing in a release build.
pub fn fault(point: &str) {
    #[cfg(test)]
    MEANWHILE.with_borrow_mut(|meanwhile| meanwhile.iter_mut().for_each(|act| act(point)));
    if wants(|wanted| wanted == point) {
        die();
    }
    assert!(!wants(|wanted| wanted.strip_prefix("panic ") == Some(point)), "as the test wants");
}

/// Dies here, as by `kill -9`, if a fault names this point for the job with this title: `working of holiday`, or `panic
/// working of holiday` to panic instead.
pub fn fault_of(point: &str, title: &str) {
    let is_here = |wanted: &str| wanted.split_once(" of ") == Some((point, title));
    if wants(is_here) {
        die();
    }
    assert!(!wants(|wanted| wanted.strip_prefix("panic ").is_some_and(is_here)), "as the test wants");
}

/// Whether a call fails here: a fault `POINT while PATH` makes it fail as long as that path exists. Always false in a
/// release build.
pub fn fails(point: &str) -> bool {
    let is_there = |(at, path): (&str, &str)| at == point && std::path::Path::new(path).exists();
    wants(|wanted| wanted.split_once(" while ").is_some_and(is_there))
}

/// Waits here as long as a call at this point would [fail](fails).
pub fn hold(point: &str) {
    while fails(point) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

fn wants(is: impl Fn(&str) -> bool) -> bool {
    let wanted = if cfg!(debug_assertions) { std::env::var("HEADWAY_FAULT").ok() } else { None };
    wanted.is_some_and(|wanted| wanted.split(" and ").any(is))
}

fn die() {
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).ok();
}
