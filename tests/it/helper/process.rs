//! The real program as a process that can be killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use headway_model::{JobId, JobStatus, JobSummary, PauseReason};

use super::{Files, eventually_or, request};

/// A running `headway serve`.
pub(crate) struct Headway {
    child: Child,
    pub(crate) url: String,
    group: bool,
}

/// Creates files that the server accepts as the client's.
pub(crate) fn make_site(site: &Path) {
    std::fs::create_dir_all(site.join("pkg")).expect("a new folder");
    std::fs::write(site.join("pkg/headway.js"), "").expect("a new file");
}

/// Asks the program to serve this folder, which it must refuse; returns its output.
pub(crate) fn refused_to_serve(files: &Files, library: &Path, wrap: &[&str]) -> String {
    let (site, program) = (files.data().with_file_name("site"), env!("CARGO_BIN_EXE_headway"));
    make_site(&site);
    let words = [wrap, &[program, "serve"]].concat();
    let mut command = Command::new(words[0]);
    // A data folder of its own, because a server might hold the other one.
    let data = files.data().with_file_name("data-of-refused");
    command.args(&words[1..]).arg(library).arg("--data").arg(data).arg("--site").arg(site);
    let ended = command.args(["--listen", "127.0.0.1:0"]).output().expect("it ends");
    assert!(!ended.status.success());
    String::from_utf8_lossy(&ended.stderr).into_owned()
}

/// Whether a process was killed, as a fault kills it.
pub(crate) fn is_kill(ended: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    ended.signal() == Some(rustix::process::Signal::KILL.as_raw())
}

impl Headway {
    /// Starts the program on these files; `None` if it ended before it was ready.
    pub(crate) fn try_start(files: &Files, site: Option<&Path>, wrap: &[&str], arguments: &[&str]) -> Option<Self> {
        Headway::start_or_end(files, site, wrap, arguments).ok()
    }

    /// The same; how it ended if it was not ready, or `None` if it did not end by itself.
    pub(crate) fn start_or_end(
        files: &Files,
        site: Option<&Path>,
        wrap: &[&str],
        arguments: &[&str],
    ) -> Result<Self, Option<ExitStatus>> {
        use std::os::unix::process::CommandExt;
        let program = env!("CARGO_BIN_EXE_headway");
        let mut command = match wrap {
            [] => Command::new(program),
            [wrapper, rest @ ..] => {
                let mut command = Command::new(wrapper);
                command.args(rest).arg(program);
                command
            }
        };
        // A tracer's output would drown the program's. A server without one shows why it did not start.
        let errors = if wrap.is_empty() { Stdio::inherit() } else { Stdio::null() };
        command
            .arg("serve")
            .arg(files.library())
            .arg("--data")
            .arg(files.data())
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(errors)
            .process_group(0);
        if let Some(site) = site {
            make_site(site);
            command.arg("--site").arg(site);
        }
        let mut child = command.spawn().expect("the program");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (found, link) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some((_, link)) = line.split_once("open ") {
                    found.send(link.trim_end_matches('/').to_owned()).ok();
                }
            }
        });
        match link.recv_timeout(Duration::from_secs(60)) {
            Ok(url) => Ok(Headway { child, url, group: !wrap.is_empty() }),
            Err(why) => {
                let mut dead = Headway { child, url: String::new(), group: !wrap.is_empty() };
                // Its output ends with it, a moment before it can be waited for.
                let time =
                    if why == mpsc::RecvTimeoutError::Disconnected { Duration::from_secs(60) } else { Duration::ZERO };
                let ended = dead.end_within(time);
                dead.kill();
                Err(ended)
            }
        }
    }

    /// Starts the program, which must become ready.
    pub(crate) fn start(files: &Files, arguments: &[&str]) -> Self {
        Headway::try_start(files, Some(&files.data().with_file_name("site")), &[], arguments).expect("a ready server")
    }

    /// As above, with the client embedded in the program.
    #[cfg(feature = "embed")]
    pub(crate) fn start_whole(files: &Files) -> Self {
        Headway::try_start(files, None, &[], &[]).expect("a ready server")
    }

    /// Starts a checksum job over all files.
    pub(crate) async fn begin(&self, client: &reqwest::Client, job: JobId) {
        let call = client.put(format!("{}/api/jobs/{job}", self.url)).json(&request("checksum"));
        assert_eq!(call.send().await.expect("an answer").status().as_u16(), 201);
    }

    /// Waits for a state of a job.
    pub(crate) async fn until(
        &self,
        client: &reqwest::Client,
        job: JobId,
        is: impl Fn(&JobSummary) -> bool,
    ) -> JobSummary {
        eventually_or("a state of a job", async || {
            let answer = client.get(format!("{}/api/jobs/{job}", self.url)).send().await;
            let text = answer.map_err(|error| error.to_string())?.text().await.map_err(|error| error.to_string())?;
            serde_json::from_str(&text).ok().filter(&is).ok_or(text)
        })
        .await
    }

    /// Waits for a job's end. If the job is stuck, because several kills in a row hit it at the same step, resumes it
    /// as a person would.
    pub(crate) async fn end(&self, client: &reqwest::Client, job: JobId) -> JobSummary {
        self.until_resuming(client, job, "the end of a job", |summary| summary.status.is_terminal()).await
    }

    /// Waits for a state of a job, and resumes it whenever it is stuck.
    pub(crate) async fn until_resuming(
        &self,
        client: &reqwest::Client,
        job: JobId,
        what: &str,
        is: impl Fn(&JobSummary) -> bool,
    ) -> JobSummary {
        let url = format!("{}/api/jobs/{job}", self.url);
        eventually_or(what, async || {
            let answer = client.get(&url).send().await.map_err(|error| error.to_string())?;
            let text = answer.text().await.map_err(|error| error.to_string())?;
            let Ok(summary) = serde_json::from_str::<JobSummary>(&text) else { return Err(text) };
            self.resume_if_stuck(client, &summary).await;
            if is(&summary) { Ok(summary) } else { Err(text) }
        })
        .await
    }

    /// Resumes a job that is stuck.
    pub(crate) async fn resume_if_stuck(&self, client: &reqwest::Client, summary: &JobSummary) {
        if summary.status == (JobStatus::Paused { reason: PauseReason::Stuck }) {
            client.post(format!("{}/api/jobs/{}/resume", self.url, summary.job)).send().await.ok();
        }
    }

    /// Resident memory, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a living process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// How many files and sockets it holds.
    pub(crate) fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("a living process").count()
    }

    /// How many files and sockets it can hold: the soft limit and the hard limit.
    pub(crate) fn limit_of_files(&self) -> (u64, u64) {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.child.id())).expect("a living process");
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).expect("the limit");
        let mut numbers = line.split_whitespace().map(|word| word.parse().expect("a number"));
        (numbers.next().expect("a soft limit"), numbers.next().expect("a hard limit"))
    }

    /// `kill -9`, and waits until it is gone; not forever, because a process that waits for storage stays.
    pub(crate) fn kill(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        if self.group {
            // The wrapper and the program that it runs.
            rustix::process::kill_process_group(pid, rustix::process::Signal::KILL).ok();
        } else {
            self.child.kill().ok();
        }
        self.dies_within(Duration::from_secs(60));
    }

    /// `kill -9`, without waiting: a process that waits for storage stays.
    pub(crate) fn strike(&mut self) {
        self.child.kill().expect("a living process");
    }

    /// Sends TERM and waits for the end, at most this long. A process that the kernel cannot clean up yet, because it
    /// waits for storage, counts as ended.
    pub(crate) fn terminates_within(&mut self, time: Duration) -> bool {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a living process");
        let deadline = std::time::Instant::now() + time;
        let status = format!("/proc/{}/status", self.child.id());
        while std::time::Instant::now() < deadline {
            if std::fs::read_to_string(&status).is_ok_and(|text| text.contains("State:\tZ")) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Whether this holds for the process with its number.
    pub(crate) fn is_struck(&self, is: impl Fn(rustix::process::Pid) -> bool) -> bool {
        is(rustix::process::Pid::from_child(&self.child))
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its children: the guard of commands, if one was needed.
    pub(crate) fn children(&self) -> Vec<rustix::process::Pid> {
        let task = format!("/proc/{0}/task", self.child.id());
        let tasks = std::fs::read_dir(task).expect("a living process").flatten();
        let texts = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        let pids = texts.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        pids.filter_map(|pid| rustix::process::Pid::from_raw(pid.parse().ok()?)).collect()
    }

    /// Whether it ends by itself within this time.
    pub(crate) fn dies_within(&mut self, time: Duration) -> bool {
        self.end_within(time).is_some()
    }

    /// Whether a fault kills it within this time. No other end counts.
    pub(crate) fn is_killed_within(&mut self, time: Duration) -> bool {
        self.end_within(time).is_some_and(is_kill)
    }

    /// How it ends by itself within this time.
    fn end_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let deadline = std::time::Instant::now() + time;
        loop {
            if let Ok(Some(ended)) = self.child.try_wait() {
                return Some(ended);
            }
            if std::time::Instant::now() >= deadline {
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends TERM and waits for the end; returns whether it was clean.
    pub(crate) fn terminate(&mut self) -> bool {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a living process");
        self.child.wait().is_ok_and(|status| status.success())
    }

    /// Asks it to end repeatedly; returns its exit code.
    pub(crate) fn terminate_impatiently(&mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.code();
            }
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a living process");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Headway {
    fn drop(&mut self) {
        self.kill();
    }
}
