//! The contract of stores.

use std::sync::Arc;

use headway_postgres::PostgresStore;
use headway_store::Store;

use crate::server::TestDatabase;

async fn empty() -> (Arc<dyn Store>, TestDatabase) {
    let database = TestDatabase::new().await;
    let store = PostgresStore::open(&database.url()).await.expect("a new log");
    (Arc::new(store), database)
}

headway_store::store_contract!(empty);
