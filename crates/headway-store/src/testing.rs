//! The contract of [`Store`](crate::Store) as tests, for any store.
//!
//! ```ignore
//! async fn empty() -> (Arc<dyn Store>, TempDir) { ... }
//! headway_store::store_contract!(empty);
//! ```

pub mod commits;
pub mod copies;
pub mod leases;
pub mod outcomes;
pub mod reads;
pub mod rebuilds;
mod recorder;

pub use recorder::{Recorder, created, new_job};

/// Makes the tests of the contract for one kind of store. The argument names an async function that returns an empty store
/// as `Arc<dyn Store>`, and whatever has to live as long as the test.
#[macro_export]
macro_rules! store_contract {
    ($empty:path) => {
        $crate::store_contract! { $empty:
            commits a_batch_is_visible_whole_or_not_at_all,
            commits a_reader_that_has_read_a_position_never_sees_an_earlier_one_appear,
            commits the_head_goes_on_after_a_reopening,
            commits no_position_is_given_twice,
            reads every_way_of_reading_agrees,
            reads items_are_found_by_status_by_name_and_by_group,
            reads pages_return_everything_once_and_in_order,
            reads the_jobs_that_repeat_the_work_of_another_are_found,
            reads the_jobs_that_undo_another_are_found,
            outcomes an_outcome_is_found_at_the_name_that_its_file_has,
            rebuilds rebuilt_rows_are_the_same,
            rebuilds a_job_whose_history_is_removed_is_rebuilt_from_its_last_event_alone,
            leases a_lease_is_there_while_its_item_runs_and_no_longer,
            copies a_copy_is_the_same_log_and_goes_on_where_it_was_stopped,
            copies a_copy_keeps_the_gaps_of_its_original_and_another_log_is_refused,
        }
    };
    ($empty:path: $($part:ident $check:ident,)*) => { $(
        #[tokio::test(flavor = "multi_thread")]
        async fn $check() {
            let (store, _kept) = $empty().await;
            $crate::testing::$part::$check(store).await;
        }
    )* };
}
