//! The thread of the log's one writer. While one batch is being written, the next gathers in the queue.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};

use crate::now;
use crate::recent::{Commit, Recent};
use headway_model::event::Recorded;
use headway_model::event_kind::EventKind;
use headway_model::id::JobId;
use headway_model::{Digest, Fold, JobEvent, Refusal};
use headway_store::rows::JobKey;
use headway_store::{Append, AppendError, Head, Receipt, Store, Writer, WriterEffect};

/// Capacity of the queue. When it is half full the engine stops claiming; workers can still record results.
const QUEUE: usize = 4_096;

/// The messages to the engine, in commit order, those of one commit together.
#[derive(Debug, Clone)]
pub(crate) enum WriterReport {
    /// An event is durable.
    Recorded(JobId, Recorded, Digest),
    /// An event sent without waiting for its answer was refused.
    Refused(JobId, JobEvent, Refusal),
    /// The log cannot be written any more.
    Dead,
}

/// A job, its new event, and the event's detail.
pub(crate) type Fact = (JobId, JobEvent, Option<String>);

struct Queued {
    append: Append,
    reply: Option<oneshot::Sender<Result<Receipt, AppendError>>>,
}

/// A handle to the writer. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Log {
    queue: mpsc::Sender<Vec<Queued>>,
    head: watch::Receiver<Head>,
    recent: Arc<Recent>,
    alive: watch::Receiver<bool>,
}

impl Log {
    /// Records an event and waits until it is durable.
    pub(crate) async fn append(
        &self,
        job: JobId,
        event: JobEvent,
        detail: Option<String>,
    ) -> Result<Receipt, AppendError> {
        self.answered(Append { ticket: 0, job, event, detail, at: now(), over: None }).await
    }

    /// Records that the history of a terminal job is removed. `key` and `fold` are the job as the store has it.
    pub(crate) async fn prune(&self, key: JobKey, fold: Fold) -> Result<Receipt, AppendError> {
        let (job, event) =
            (fold.id, fold.prune().ok_or(AppendError::Refused(Refusal::Over(Some(EventKind::Pruned.name()))))?);
        let over = Some(Box::new((key, fold)));
        self.answered(Append { ticket: 0, job, event, detail: None, at: now(), over }).await
    }

    async fn answered(&self, append: Append) -> Result<Receipt, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(vec![Queued { append, reply: Some(reply) }]).await.map_err(|_| AppendError::Dead)?;
        answer.await.map_err(|_| AppendError::Dead)?
    }

    /// Queues events for one commit. A refusal arrives as a report. Waits only while the queue is full.
    pub(crate) async fn send(&self, facts: Vec<Fact>) {
        let at = now();
        let queued = |(job, event, detail)| Queued {
            append: Append { ticket: 0, job, event, detail, at, over: None },
            reply: None,
        };
        // A writer that is gone has reported it.
        self.queue.send(facts.into_iter().map(queued).collect()).await.ok();
    }

    /// Waits until everything sent before is durable or refused.
    pub(crate) async fn flush(&self) {
        // Answers come in order, and no job has this id, so the append is refused without a record.
        let nobody = JobId::mint(0, [0; 10]);
        self.append(nobody, JobEvent::Began {}, None).await.ok();
    }

    /// Whether the queue has room for new work, beside events that must be recorded.
    pub(crate) fn has_room(&self) -> bool {
        self.queue.capacity() > QUEUE / 2
    }

    /// The head of the log. Wakes whenever it moves.
    pub(crate) fn head(&self) -> watch::Receiver<Head> {
        self.head.clone()
    }

    /// The newest commits, encoded.
    pub(crate) fn recent(&self) -> &Recent {
        &self.recent
    }

    /// Whether the log can be written.
    pub(crate) fn is_recording(&self) -> bool {
        *self.alive.borrow()
    }
}

/// Starts the writer on its own thread within this runtime. It ends when every [`Log`] is dropped.
pub(crate) fn spawn(
    store: Arc<dyn Store>,
    head: Head,
    writer: Writer,
) -> std::io::Result<(Log, mpsc::UnboundedReceiver<Vec<WriterReport>>)> {
    let (queue, receiver) = mpsc::channel(QUEUE);
    let (wake, head) = watch::channel(head);
    let recent = Arc::new(Recent::default());
    let (health, alive) = watch::channel(true);
    // The channel is unbounded, but the queue bounds it: at most one report for each append.
    let (reports, engine) = mpsc::unbounded_channel();
    let readers = LogReaders { recent: Arc::clone(&recent), wake };
    let run = run(store, writer, receiver, readers, health, reports);
    // A commit blocks its thread, and nothing else must wait for that.
    let runtime = Handle::current();
    std::thread::Builder::new().name("writer".into()).spawn(move || runtime.block_on(run))?;
    Ok((Log { queue, head, recent, alive }, engine))
}

/// What readers of the log wait on.
struct LogReaders {
    recent: Arc<Recent>,
    wake: watch::Sender<Head>,
}

impl LogReaders {
    /// Publishes the commit, then wakes the readers: it must be readable when they wake.
    fn publish(&self, commit: Commit) {
        let head = commit.head;
        self.recent.publish(commit);
        self.wake.send_replace(head);
    }
}

async fn run(
    store: Arc<dyn Store>,
    mut writer: Writer,
    mut queue: mpsc::Receiver<Vec<Queued>>,
    readers: LogReaders,
    health: watch::Sender<bool>,
    reports: mpsc::UnboundedSender<Vec<WriterReport>>,
) {
    let mut replies = HashMap::new();
    let mut ticket = 0;
    let mut waiting = Vec::new();
    loop {
        if !writer.has_queued() && queue.recv_many(&mut waiting, 1_000).await == 0 {
            return;
        }
        for Queued { append, reply } in waiting.drain(..).flatten() {
            ticket += 1;
            replies.extend(reply.map(|reply| (ticket, reply)));
            writer.append(Append { ticket, ..append });
        }
        let mut told = Vec::new();
        let effects = match writer.batch() {
            None => writer.unwritten(),
            Some(batch) => {
                let commit = Commit::of(&batch);
                let written = store.commit(batch).await;
                if let Err(error) = &written {
                    tracing::error!(%error, "the log cannot be written; nothing more will be recorded until a restart");
                    health.send_replace(false);
                }
                let effects = writer.committed(written.is_ok());
                match written {
                    Ok(()) => readers.publish(commit),
                    Err(_) => told.push(WriterReport::Dead),
                }
                effects
            }
        };
        for effect in effects {
            match effect {
                WriterEffect::Answer(ticket, append, answer) => match (replies.remove(&ticket), answer) {
                    (Some(reply), answer) => drop(reply.send(answer)),
                    (None, Err(AppendError::Refused(refusal))) => {
                        told.push(WriterReport::Refused(append.job, append.event, refusal));
                    }
                    (None, Err(AppendError::TooLarge)) => {
                        tracing::error!(job.id = %append.job, event = append.event.name(), "an event was too large to record");
                    }
                    (None, _) => {}
                },
                WriterEffect::Recorded(job, recorded, digest) => {
                    told.push(WriterReport::Recorded(job, recorded, digest))
                }
            }
        }
        reports.send(told).ok();
    }
}
