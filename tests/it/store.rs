//! The stores keep the contract of stores, and SQLite reads the logs of earlier versions.

use headway_store::SqliteStore;

mod sqlite {
    use std::sync::Arc;

    use headway_store::{SqliteStore, Store};

    async fn empty() -> (Arc<dyn Store>, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = SqliteStore::open(&folder.path().join("log.sqlite")).await.expect("a new log");
        (Arc::new(store), folder)
    }

    headway_store::store_contract!(empty);
}

mod memory {
    use std::sync::Arc;

    use headway_store::{MemoryStore, Store};

    async fn empty() -> (Arc<dyn Store>, ()) {
        (Arc::new(MemoryStore::new()), ())
    }

    headway_store::store_contract!(empty);
}

#[tokio::test]
async fn the_tables_of_an_earlier_log_are_brought_up_to_date_and_those_of_a_later_one_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("log.sqlite");
    let log = rusqlite::Connection::open(&path).expect("a new file");
    for version in ["0001_log", "0002_done", "0003_prune", "0004_leases"] {
        let statements = std::fs::read_to_string(format!(
            "{}/crates/headway-store/migrations/{version}.sql",
            env!("CARGO_MANIFEST_DIR")
        ));
        log.execute_batch(&statements.expect("a migration")).expect("the tables of that time");
    }
    // With the counts of that version.
    log.execute_batch(
        "CREATE TABLE _sqlx_migrations (version); INSERT INTO _sqlx_migrations VALUES (1), (2), (3), (4)",
    )
    .expect("a table");
    drop(SqliteStore::open(&path).await.expect("a log that is brought up to date"));
    let version = |log: &rusqlite::Connection| log.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    let now = version(&log).expect("a version");
    assert!(now > 4, "{now}");
    let left: i64 = log
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(left, 0);
    drop(SqliteStore::open(&path).await.expect("and again, which changes nothing"));
    assert_eq!(version(&log).expect("a version"), now);
    log.pragma_update(None, "user_version", 99).expect("a later version");
    let refused = SqliteStore::open(&path).await.err().expect("a refusal").to_string();
    assert!(refused.contains("version 99") && refused.contains("later"), "{refused}");
}
