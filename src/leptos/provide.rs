//! The state that the hooks of a page share: one `Live`, and the number of users of each job.

use leptos::prelude::*;

use crate::base::{Base, InvalidBase};
use crate::live::Live;
use headway_model::summary::Start;
use headway_model::{JobId, SortedMap};

/// Sets the path below which Headway's router is mounted, such as `/headway`, and opens the stream once the page runs
/// in a browser. Call it once, in the root component of the app; the hooks work in everything below.
pub fn provide_headway(base: &str) -> Result<(), InvalidBase> {
    let base: Base = base.parse()?;
    let live = Live::new(&Start::empty());
    let shared = HeadwayContext {
        live,
        uses: StoredValue::new(SortedMap::new()),
        started: RwSignal::new(None),
        cancelled: RwSignal::new(None),
    };
    provide_context(base.clone());
    provide_context(shared);
    // Effects never run on a server, whose process can have several base paths. This one comes before that of `connect`.
    Effect::new(move |_| base.clone().of_page());
    live.connect();
    Ok(())
}

/// What [`provide_headway`] provides.
#[derive(Clone, Copy)]
pub(super) struct HeadwayContext {
    pub(super) live: Live,
    /// How many hooks use a job.
    uses: StoredValue<SortedMap<JobId, u32>>,
    /// The last job that a hook started.
    pub(super) started: RwSignal<Option<JobId>>,
    /// The last job that a hook cancelled.
    pub(super) cancelled: RwSignal<Option<JobId>>,
}

impl HeadwayContext {
    /// The context of this component. Panics if the root of the app has not provided it.
    pub(super) fn here() -> Self {
        use_context()
            .expect("headway: call `provide_headway` in the root component of the app, before its hooks are used")
    }

    /// Follows a job for as long as the current owner lives. The last one who leaves stops following it.
    pub(super) fn follow(self, job: JobId) {
        self.uses.update_value(|uses| *uses.get_or_insert_with(job, || 0) += 1);
        Effect::new(move |_| {
            if self.live.is_ready() {
                self.live.follow(job);
            }
        });
        on_cleanup(move || {
            let left = self.uses.try_update_value(|uses| {
                let count = uses.get_mut(&job)?;
                *count -= 1;
                (*count == 0).then(|| uses.remove(&job))
            });
            if left.flatten().is_some() {
                self.live.unfollow(job);
            }
        });
    }
}
