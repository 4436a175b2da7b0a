//! The contract of stores.

use std::sync::Arc;

use headway_store::Store;

use crate::server::TestDatabase;

async fn empty() -> (Arc<dyn Store>, TestDatabase) {
    let database = TestDatabase::new().await;
    (database.store().await, database)
}

headway_store::store_contract!(empty);
