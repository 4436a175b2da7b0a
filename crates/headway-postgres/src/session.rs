//! One connection with its prepared statements.

use std::collections::HashMap;
use std::time::Duration;

use futures::future::try_join_all;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

use crate::error::failed;
use headway_store::{StoreError, Stored};

/// The values of a statement.
pub(crate) type SqlValues<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A statement with its values.
pub(crate) struct SqlStep<'a> {
    pub(crate) text: &'static str,
    pub(crate) values: Vec<Box<dyn ToSql + Sync + Send + 'a>>,
}

/// How long a host may leave a packet without an answer before the connection counts as broken.
const SILENCE: Duration = Duration::from_secs(30);

/// One connection. Its other half runs on the runtime, so the methods can be called from any thread.
pub(crate) struct SqlSession {
    client: Client,
    prepared: Mutex<HashMap<&'static str, Statement>>,
}

/// Reads an address of a database.
///
/// # Errors
/// With what is wrong with it. The text does not repeat the address, which can contain a password.
pub(crate) fn address(url: &str) -> Stored<Config> {
    let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
        StoreError::new(format!("the address of the store is not one of PostgreSQL: {}", failed(&error)))
    })?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(10));
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
    if config.get_application_name().is_none() {
        config.application_name("headway");
    }
    Ok(config)
}

impl SqlSession {
    pub(crate) async fn open(config: &Config, runtime: &Handle) -> Stored<Self> {
        let config = config.clone();
        // Connecting needs the reactor of the runtime, and the caller can be on any thread.
        let opened = runtime.spawn(async move {
            let (client, connection) = config.connect(NoTls).await?;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::warn!(error = %failed(&error), "a connection to PostgreSQL broke");
                }
            });
            Ok(client)
        });
        let client = opened.await.map_err(|error| StoreError::new(error.to_string()))?;
        let client = client.map_err(|error: tokio_postgres::Error| {
            let StoreError { message, passes, .. } = failed(&error);
            StoreError::new(format!("the store cannot be reached: {message}")).passing(passes)
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

    pub(crate) async fn execute(&self, text: &'static str, values: SqlValues<'_>) -> Stored<u64> {
        let statement = self.prepare(text).await?;
        self.client.execute(&statement, values).await.map_err(|error| failed(&error))
    }

    /// Sends statements one behind the other without waiting in between, after `begin`. Returns how many rows each has
    /// changed. If one fails, the database refuses those behind it, as they are parts of one transaction.
    pub(crate) async fn all(&self, begin: &str, steps: &[SqlStep<'_>]) -> Stored<Vec<u64>> {
        let mut prepared = Vec::new();
        for step in steps {
            let values: Vec<&(dyn ToSql + Sync)> = step.values.iter().map(|value| &**value as _).collect();
            prepared.push((self.prepare(step.text).await?, values));
        }
        let begin = self.client.batch_execute(begin);
        let steps = prepared.iter().map(|(statement, values)| self.client.execute(statement, values));
        // Each future sends its statement when it is first polled, and they are polled in this order.
        let (begun, changed) = futures::join!(begin, try_join_all(steps));
        begun.map_err(|error| failed(&error))?;
        changed.map_err(|error| failed(&error))
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
