//! The notifications that systemd gets about the server.

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::command::Served;
use crate::helper::{Files, eventually, http};

/// The socket of a service manager.
struct Manager(UnixDatagram);

impl Manager {
    /// The manager, and the variables of a service whose watchdog waits for a second.
    fn new(files: &Files) -> (Self, [String; 2]) {
        let path = files.data().with_file_name("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_nonblocking(true).expect("a socket");
        (Manager(socket), [format!("NOTIFY_SOCKET={}", path.display()), "WATCHDOG_USEC=1000000".into()])
    }

    /// The next notification; `None` if none has come yet.
    fn received(&self) -> Option<String> {
        let mut bytes = [0; 4_096];
        let count = self.0.recv(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes[..count]).into_owned())
    }

    async fn receives(&self, what: &str) {
        eventually(what, async || self.received().filter(|told| told.lines().any(|line| line == what))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_is_notified_of_readiness_health_and_stop() {
    let files = Files::numbered(1);
    let (manager, [socket, watchdog]) = Manager::new(&files);
    let mut served = Served::start_in(&files, &["env", &socket, &watchdog]).expect("a ready server");
    manager.receives("READY=1").await;
    for _ in 0..3 {
        manager.receives("WATCHDOG=1").await;
    }
    // It reads its settings again, and is ready again.
    assert!(served.headway.is_struck(|pid| rustix::process::kill_process(pid, rustix::process::Signal::HUP).is_ok()));
    manager.receives("RELOADING=1").await;
    manager.receives("READY=1").await;
    assert!(served.headway.terminate());
    manager.receives("STOPPING=1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watchdog_gets_no_sign_of_life_once_a_restart_is_needed() {
    let files = Files::numbered(40);
    let (manager, [socket, watchdog]) = Manager::new(&files);
    let served = Served::start_in(&files, &["env", &socket, &watchdog]).expect("a ready server");
    let pid = served.headway.id().to_string();
    let mut disk = Command::new("strace");
    disk.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=ENOSPC", "-p", &pid]);
    let mut disk = disk.spawn().expect("strace runs");
    let status = format!("/proc/{pid}/status");
    eventually("that the disk fails", async || {
        let status = std::fs::read_to_string(&status).ok()?;
        status.lines().any(|line| line.starts_with("TracerPid:") && !line.ends_with("\t0")).then_some(())
    })
    .await;
    let url = &served.headway.url;
    served.try_begin("gated", json!({ "settings": { "gate": "/" } })).await;
    eventually("that it is not well", async || {
        let answer = http().get(format!("{url}/health")).send().await.ok()?;
        (answer.status().as_u16() == 503).then_some(())
    })
    .await;
    while manager.received().is_some() {}
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        let told = manager.received();
        assert!(!told.as_deref().unwrap_or_default().contains("WATCHDOG"), "{told:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    disk.kill().expect("strace ends");
    disk.wait().expect("strace ends");
}
