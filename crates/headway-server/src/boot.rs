//! Which boot of the machine this is, and how long it has been up.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The id of this boot; `None` if it cannot be read.
pub(crate) fn id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty() && !id.contains(char::is_whitespace))
}

/// How long the machine was up, with the time that it slept.
pub(crate) fn uptime() -> Duration {
    let up = clock_gettime(ClockId::Boottime);
    Duration::new(u64::try_from(up.tv_sec).unwrap_or_default(), u32::try_from(up.tv_nsec).unwrap_or_default())
}
