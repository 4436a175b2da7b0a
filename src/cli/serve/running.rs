//! The webhooks, schedules and watched folders of a running server, and how they change.

use futures::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Starts the tasks of one of them. They end after the receiver holds `true`.
type Begin<T> = Box<dyn Fn(T, &watch::Receiver<bool>) -> Vec<JoinHandle<()>> + Send + Sync>;

/// Things of one kind that run until they are stopped.
pub(super) struct Running<T> {
    begin: Begin<T>,
    running: Vec<RunningOne<T>>,
}

struct RunningOne<T> {
    what: T,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl<T> RunningOne<T> {
    /// Ends it. It stores its position.
    async fn end(self) {
        self.stop.send_replace(true);
        join_all(self.tasks).await;
    }
}

impl<T: Clone + PartialEq> Running<T> {
    /// Nothing runs yet.
    pub(super) fn new(
        begin: impl Fn(T, &watch::Receiver<bool>) -> Vec<JoinHandle<()>> + Send + Sync + 'static,
    ) -> Self {
        Running { begin: Box::new(begin), running: Vec::new() }
    }

    /// Ends those that are not among these. Returns whether there were any.
    pub(super) async fn keep(&mut self, all: &[T]) -> bool {
        let (stay, go): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.running).into_iter().partition(|one| all.contains(&one.what));
        self.running = stay;
        let has_ended = !go.is_empty();
        join_all(go.into_iter().map(RunningOne::end)).await;
        has_ended
    }

    /// Runs these from now on. An unchanged one keeps running; a changed one is restarted at its stored position.
    /// Returns whether anything has changed.
    pub(super) async fn replace(&mut self, all: Vec<T>) -> bool {
        // This comes before another of the same name begins, because both store their positions in one file.
        let has_ended = self.keep(&all).await;
        let is_other = has_ended || self.running.len() != all.len();
        for what in all {
            if self.running.iter().all(|one| one.what != what) {
                let (stop, stopping) = watch::channel(false);
                let tasks = (self.begin)(what.clone(), &stopping);
                self.running.push(RunningOne { what, stop, tasks });
            }
        }
        is_other
    }

    /// Ends all of them.
    pub(super) async fn end(&mut self) {
        join_all(std::mem::take(&mut self.running).into_iter().map(RunningOne::end)).await;
    }
}
