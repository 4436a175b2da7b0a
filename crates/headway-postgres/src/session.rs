//! One connection with its prepared statements.

use std::collections::HashMap;
use std::pin::pin;

use futures::TryStreamExt;
use futures::future::try_join_all;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

use crate::address::SILENCE;
use crate::error::{failed, not_committed};
use headway_store::{StoreError, Stored};

/// The values of a statement.
pub(crate) type SqlValues<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A statement with its values.
pub(crate) struct SqlStep<'a> {
    pub(crate) text: &'static str,
    pub(crate) values: Vec<Box<dyn ToSql + Sync + Send + 'a>>,
}

/// How many statements are under way at once: as many as surely go out in their order.
const AT_ONCE: usize = 16;

/// One connection. Its other half runs on the runtime, so the methods can be called from any thread.
pub(crate) struct SqlSession {
    client: Client,
    prepared: Mutex<HashMap<&'static str, Statement>>,
}

impl SqlSession {
    pub(crate) async fn open(config: &Config, runtime: &Handle) -> Stored<Self> {
        let config = config.clone();
        // Connecting needs the reactor of the runtime, and the caller can be on any thread.
        let opened = runtime.spawn(async move {
            let connecting = timeout(SILENCE, config.connect(NoTls)).await;
            let connected = connecting.map_err(|_| StoreError::new("PostgreSQL does not answer"))?;
            let (client, connection) = connected.map_err(|error| failed(&error))?;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::warn!(error = %failed(&error), "a connection to PostgreSQL broke");
                }
            });
            Ok(client)
        });
        let client = opened.await.map_err(|error| StoreError::new(error.to_string()))?;
        let client = client.map_err(|error: StoreError| {
            StoreError::new(format!("the store cannot be reached: {error}")).passing(error.passes)
        })?;
        Ok(SqlSession { client, prepared: Mutex::default() })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Sends text without values: what it returns is ignored.
    pub(crate) async fn send(&self, text: &str) -> Stored<()> {
        self.client.batch_execute(text).await.map_err(|error| failed(&error))
    }

    /// Commits the transaction. The error says whether it is known that nothing was committed.
    pub(crate) async fn commit(&self) -> Stored<()> {
        self.client.batch_execute("COMMIT").await.map_err(|error| not_committed(&error))
    }

    /// The columns of the first row as text, by the protocol that needs nothing of the session.
    pub(crate) async fn plain(&self, text: &str) -> Stored<Vec<String>> {
        use tokio_postgres::SimpleQueryMessage::Row;
        let messages = self.client.simple_query(text).await.map_err(|error| failed(&error))?;
        let row = messages.iter().find_map(|message| if let Row(row) = message { Some(row) } else { None });
        let row = row.ok_or_else(|| StoreError::new(format!("PostgreSQL answers {text} with nothing")))?;
        Ok((0..row.len()).map(|column| row.get(column).unwrap_or_default().to_owned()).collect())
    }

    pub(crate) async fn rows(&self, text: &'static str, values: SqlValues<'_>) -> Stored<Vec<Row>> {
        let statement = self.prepare(text).await?;
        self.client.query(&statement, values).await.map_err(|error| failed(&error))
    }

    pub(crate) async fn row(&self, text: &'static str, values: SqlValues<'_>) -> Stored<Option<Row>> {
        Ok(self.rows(text, values).await?.into_iter().next())
    }

    /// Takes the rows one by one as they come, so that a long list is never in memory as a whole.
    pub(crate) async fn each(
        &self,
        text: &'static str,
        values: SqlValues<'_>,
        mut take: impl FnMut(&Row) -> Stored<()> + Send,
    ) -> Stored<()> {
        let statement = self.prepare(text).await?;
        let rows = self.client.query_raw(&statement, values.iter().copied()).await.map_err(|error| failed(&error))?;
        let mut rows = pin!(rows);
        while let Some(row) = rows.try_next().await.map_err(|error| failed(&error))? {
            take(&row)?;
        }
        Ok(())
    }

    pub(crate) async fn execute(&self, text: &'static str, values: SqlValues<'_>) -> Stored<u64> {
        let statement = self.prepare(text).await?;
        self.client.execute(&statement, values).await.map_err(|error| failed(&error))
    }

    /// Sends statements one behind the other without waiting in between. Returns how many rows each has changed. The
    /// caller has begun a transaction, so if one fails, the database refuses those behind it.
    pub(crate) async fn all(&self, steps: &[SqlStep<'_>]) -> Stored<Vec<u64>> {
        let mut prepared = Vec::new();
        for step in steps {
            let values: Vec<&(dyn ToSql + Sync)> = step.values.iter().map(|value| &**value as _).collect();
            prepared.push((self.prepare(step.text).await?, values));
        }
        let mut changed = Vec::new();
        for part in prepared.chunks(AT_ONCE) {
            // Each future sends its statement when it is first polled, and they are polled in this order.
            let sent = part.iter().map(|(statement, values)| self.client.execute(statement, values));
            changed.extend(try_join_all(sent).await.map_err(|error| failed(&error))?);
        }
        Ok(changed)
    }

    async fn prepare(&self, text: &'static str) -> Stored<Statement> {
        let known = self.prepared.lock().get(text).cloned();
        match known {
            Some(statement) => Ok(statement),
            None => {
                let statement = self.client.prepare(text).await.map_err(|error| failed(&error))?;
                self.prepared.lock().insert(text, statement.clone());
                Ok(statement)
            }
        }
    }
}
