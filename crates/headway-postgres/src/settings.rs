//! What a connection fixes for itself, whatever the defaults of the server, the database and the role are now or become
//! later.

use crate::session::SqlSession;
use headway_store::Stored;

/// Sets these settings, as far as the server's version has them, and those of every connection. A wait for a lock ends,
/// because whoever holds it might never end.
macro_rules! settings {
    ($own:literal) => {
        concat!(
            "SELECT count(set_config(name, value, false)) FROM (VALUES ",
            $own,
            ", ('lock_timeout', '60s'), ('transaction_timeout', '0'),
            ('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'),
            ('client_connection_check_interval', '2s')
            ) AS wanted (name, value) WHERE name IN (SELECT known.name FROM pg_settings known)"
        )
    };
}

/// Fixes the settings of the connection that writes. A statement can take as long as it needs: to make the rows of a
/// large log again takes minutes. The server notices within ten seconds that the host of this process is gone, and frees
/// its lock: until then nobody else can write.
pub(crate) async fn of_writer(session: &SqlSession) -> Stored<()> {
    const OWN: &str = settings!(
        "('statement_timeout', '0'), ('synchronous_commit', current_setting('synchronous_commit')),
            ('tcp_keepalives_idle', '3'), ('tcp_keepalives_interval', '1'), ('tcp_keepalives_count', '4'),
            ('tcp_user_timeout', '8s')"
    );
    session.plain(OWN).await.map(drop)
}

/// Fixes the settings of a connection that reads: it changes nothing, and no statement of it runs for ever.
pub(crate) async fn of_reader(session: &SqlSession) -> Stored<()> {
    const OWN: &str = settings!(
        "('statement_timeout', '5min'), ('default_transaction_read_only', 'on'),
            ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3'),
            ('tcp_user_timeout', '30s')"
    );
    session.plain(OWN).await.map(drop)
}
