//! Why files of a job failed, by cause.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::calls;
use crate::live::Live;
use headway_model::causes::Causes;
use headway_model::{ApiError, Counters, JobId};

/// Why files of a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum FailureCauses {
    /// It is not known yet whether files failed, or why.
    #[default]
    Asked,
    /// No file has failed.
    None,
    /// The causes, as last read from the server.
    Known(Causes),
    /// The causes could not be read.
    Unknown(ApiError),
}

/// The causes, read whenever the number of failed files has changed, one call at a time. After a call that failed, they
/// are read again once the stream is live again.
pub(super) fn of(job: JobId, counters: Signal<Option<Counters>>, live: Live) -> Signal<FailureCauses> {
    let causes = RwSignal::new(FailureCauses::Asked);
    let failed = Memo::new(move |_| counters.with(|counters| counters.map(|counters| counters.failed)));
    let is_reading = StoredValue::new(false);
    Effect::new(move |_| {
        live.back.track();
        match failed.get() {
            None => return,
            Some(0) => return causes.set(FailureCauses::None),
            Some(_) if is_reading.get_value() => return,
            Some(_) => is_reading.set_value(true),
        }
        spawn_local(async move {
            loop {
                let asked = failed.try_get_untracked();
                let answer = calls::causes(job).await;
                let now = failed.try_get_untracked();
                // The component is gone.
                if now.is_none() {
                    return;
                }
                match answer {
                    // A retry has succeeded with all of them in the meantime.
                    _ if now == Some(Some(0)) => break,
                    Ok(read) => _ = causes.try_set(FailureCauses::Known(read)),
                    Err(error) => {
                        causes.try_set(FailureCauses::Unknown(error));
                        break;
                    }
                }
                if now == asked {
                    break;
                }
            }
            is_reading.try_set_value(false);
        });
    });
    causes.into()
}
