//! One attempt to deliver a message.

use std::io;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::error::Elapsed;

use crate::config::WebhookTarget;
use crate::message::WebhookMessage;
use crate::secret::{Secret, signatures};
use headway_model::text::last_cause;

/// How long a receiver can take to answer.
const ANSWER: Duration = Duration::from_secs(20);

/// How long a program can take.
const PROGRAM: Duration = Duration::from_secs(60);

/// How much of a program's errors is kept, in bytes: the last.
const ERRORS: usize = 4_096;

/// How long the rest of a program's errors can take after its end.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The receiver took the message.
    Delivered,
    /// It did not.
    Failed {
        /// Why.
        why: String,
        /// After which time the receiver wants the next attempt.
        after: Option<Duration>,
    },
    /// The receiver wants no messages any more.
    Gone(String),
}

/// Delivers messages. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sender(Client);

impl Sender {
    /// A sender.
    ///
    /// # Errors
    /// If the system's certificates cannot be used.
    pub fn new() -> Result<Self, reqwest::Error> {
        let agent = concat!("headway/", env!("CARGO_PKG_VERSION"));
        Client::builder().redirect(Policy::none()).timeout(ANSWER).user_agent(agent).build().map(Sender)
    }

    /// Makes one attempt. `now` is its time in seconds since 1970, which is signed.
    pub(crate) async fn send(&self, target: &WebhookTarget, message: &WebhookMessage, now: u64) -> Delivery {
        match target {
            WebhookTarget::Url { url, secrets } => self.post(url, secrets, message, now).await,
            WebhookTarget::Command(command) => run(command, message).await,
        }
    }

    async fn post(&self, url: &str, secrets: &[Secret], message: &WebhookMessage, now: u64) -> Delivery {
        let call = self
            .0
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", signatures(secrets, &message.id, now, &message.body))
            .body(message.body.clone());
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) => return Delivery::Failed { why: last_cause(&error.without_url()), after: None },
        };
        let status = answer.status();
        if status.is_success() {
            return Delivery::Delivered;
        }
        let why = format!("the answer was {status}");
        if status == StatusCode::GONE {
            return Delivery::Gone(why);
        }
        let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        Delivery::Failed { why, after: seconds.map(Duration::from_secs) }
    }
}

/// Runs a program with the message on its standard input.
async fn run(command: &[String], message: &WebhookMessage) -> Delivery {
    let failed = |why: String| Delivery::Failed { why, after: None };
    let Some((program, arguments)) = command.split_first() else { return failed("there is no program".into()) };
    let spawned = Command::new(program)
        .args(arguments)
        .env("HEADWAY_EVENT", message.kind)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return failed(format!("cannot start {program}: {error}")),
    };
    let group = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
    let (ended, errors) = wait(&mut child, message).await;
    match ended {
        Ok(Ok(status)) if status.success() => Delivery::Delivered,
        Ok(Ok(status)) => {
            let text = String::from_utf8_lossy(&errors);
            let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            failed(if last.is_empty() {
                format!("{program}: {status}")
            } else {
                format!("{program}: {status}: {last}")
            })
        }
        Ok(Err(error)) => failed(format!("{program}: {error}")),
        Err(_) => {
            // With what it started.
            if let Some(group) = group {
                rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
            }
            failed(format!("{program} did not end within {} s", PROGRAM.as_secs()))
        }
    }
}

/// Gives a program the message, and waits until it ends or takes too long. Returns how it ended, and the end of its errors.
async fn wait(child: &mut Child, message: &WebhookMessage) -> (Result<io::Result<ExitStatus>, Elapsed>, Vec<u8>) {
    let (input, errors) = (child.stdin.take(), child.stderr.take());
    let mut text = Vec::new();
    let ended = {
        let write = async {
            if let Some(mut input) = input {
                // A program that reads nothing is not an error.
                input.write_all(message.body.as_bytes()).await.ok();
            }
        };
        let read = read_tail(errors, &mut text);
        let (mut beside, mut wait) = (pin!(async { tokio::join!(write, read) }), pin!(child.wait()));
        let mut is_read = false;
        let ended = tokio::time::timeout(PROGRAM, async {
            loop {
                tokio::select! {
                    ended = &mut wait => break ended,
                    _ = &mut beside, if !is_read => is_read = true,
                }
            }
        });
        let ended = ended.await;
        if !is_read {
            // Processes that the program has started can keep these open for long.
            tokio::time::timeout(LAST_WORDS, beside).await.ok();
        }
        ended
    };
    (ended, text)
}

/// Reads to the end, and keeps the last bytes.
async fn read_tail(errors: Option<ChildStderr>, text: &mut Vec<u8>) {
    let (Some(mut errors), mut part) = (errors, [0; ERRORS]) else { return };
    while let Ok(count @ 1..) = errors.read(&mut part).await {
        text.extend_from_slice(&part[..count]);
        text.drain(..text.len().saturating_sub(ERRORS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> WebhookMessage {
        WebhookMessage { id: "a_1".into(), kind: "job.ended", body: "{}".into() }
    }

    #[tokio::test]
    async fn a_program_takes_the_message_or_says_why_not() {
        let sh = |script: &str| vec!["sh".to_owned(), "-c".into(), script.into()];
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("got").display().to_string();
        assert_eq!(
            run(&sh(&format!("cat > {file}; echo $HEADWAY_EVENT >> {file}")), &message()).await,
            Delivery::Delivered
        );
        assert_eq!(std::fs::read_to_string(&file).expect("a file"), "{}job.ended\n");
        // However much it says, and whatever it leaves behind.
        let many = "cat > /dev/null; seq 1 30000 >&2";
        assert_eq!(run(&sh(many), &message()).await, Delivery::Delivered);
        let begun = std::time::Instant::now();
        assert_eq!(run(&sh("cat > /dev/null; sleep 5 & exit 0"), &message()).await, Delivery::Delivered);
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
        for (script, said) in [("echo no >&2; exit 3", "exit status: 3: no"), ("kill -9 $$", "signal: 9")] {
            let Delivery::Failed { why, .. } = run(&sh(script), &message()).await else { panic!("{script}") };
            assert!(why.contains(said), "{why}");
        }
        let Delivery::Failed { why, .. } = run(&["no-such-program".to_owned()], &message()).await else { panic!() };
        assert!(why.starts_with("cannot start no-such-program"), "{why}");
    }
}
