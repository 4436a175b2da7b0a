//! Where a command's server is: the one that holds the data folder, or this process, if nobody holds it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use super::default_data;
use super::failure::{CommandFailure, NO_SERVER, USAGE};
use super::host::{Host, Hosting};
use super::signals::Signals;
use headway_client::{Address, Client, ClientError};
use headway_model::JobId;

/// How long a server that begins or ends is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a call is repeated while the server that was there is gone, and this process could stand in for it.
const REPEAT: Duration = Duration::from_secs(30);

/// How often it is looked for meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// Which server, for every command that calls one.
#[derive(Debug, Clone, Args)]
pub(super) struct ServerArguments {
    /// The data folder, whose server is called
    #[arg(long, value_name = "FOLDER", default_value_os_t = default_data(), env = "HEADWAY_DATA")]
    pub(super) data: PathBuf,

    /// Another server: http://HOST:PORT, or unix:PATH
    #[arg(long, value_name = "ADDRESS", env = "HEADWAY_SERVER")]
    pub(super) server: Option<Address>,

    /// A file with the secret of that server
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,

    /// A file that defines commands, for a server in this process
    #[arg(long, value_name = "FILE", env = "HEADWAY_CONFIG")]
    pub(super) config: Option<PathBuf>,
}

/// A server that answers.
pub(super) struct Session {
    pub(super) client: Client,
    /// The server in this process, if it is there.
    pub(super) host: Option<Host>,
    /// Signals that are listened for since before the job was begun.
    pub(super) signals: Option<Signals>,
    /// How to be the host, where that is possible.
    hosting: Option<Hosting>,
}

impl ServerArguments {
    /// A server to begin work at. The data folder is made if need be.
    pub(super) async fn begin(&self, workers: Option<usize>) -> Result<Session, CommandFailure> {
        let (address, hosting) = match &self.server {
            Some(address) => (address.clone(), None),
            None => {
                let config = self.config.clone();
                let hosting = Hosting { data: self.data.clone(), config, workers };
                (Address::Unix(self.data.join("headway.sock")), Some(hosting))
            }
        };
        let token = self.token_file.as_deref().map(token).transpose()?;
        if let Some(hosting) = &hosting {
            hosting.make_folder()?;
        }
        let client = Client::new(&address, token.as_deref())?;
        let host = reach(&client, hosting.as_ref()).await?;
        Ok(Session { client, host, signals: None, hosting })
    }

    /// A server to ask about work that was begun.
    pub(super) async fn ask(&self) -> Result<Session, CommandFailure> {
        if self.server.is_none() && !is_data_folder(&self.data)? {
            let text = format!("{} is not a Headway data folder; pass the right one with --data", self.data.display());
            return Err(CommandFailure::new(NO_SERVER, text));
        }
        self.begin(None).await
    }
}

impl Session {
    /// Ends the server in this process, if it is there: what runs is taken back.
    pub(super) async fn close(mut self) {
        self.let_go().await;
    }

    /// From now on a signal does not end the process: the follower of the job that is about to begin hears it.
    pub(super) fn listen(&mut self) -> Result<(), CommandFailure> {
        self.signals = Some(Signals::new()?);
        Ok(())
    }

    /// Is no longer the host.
    pub(super) async fn let_go(&mut self) {
        if let Some(host) = self.host.take() {
            host.end().await;
        }
    }

    /// Waits for a server that begins.
    pub(super) async fn wait_for_server(&self) -> Result<(), CommandFailure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.client.cursor().await {
                Ok(_) => return Ok(()),
                Err(error) if error.can_pass() && Instant::now() < deadline => tokio::time::sleep(LOOK).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Makes a call that is safe to repeat. The server that was there a moment ago can end before it answers: where this process can be
    /// the host it stands in, and repeats the call.
    pub(super) async fn call<T>(
        &mut self,
        call: impl AsyncFn(&Client) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let deadline = Instant::now() + REPEAT;
        let client = self.client.clone();
        loop {
            let mut answer = std::pin::pin!(call(&client));
            let answer = loop {
                tokio::select! {
                    answer = &mut answer => break answer,
                    // A call that repeats itself waits for a server as well.
                    () = tokio::time::sleep(LOOK) => self.stand_in().await,
                }
            };
            match answer {
                Err(error) if self.hosting.is_some() && error.is_unanswered() && Instant::now() < deadline => {
                    self.stand_in().await;
                    tokio::time::sleep(LOOK).await;
                }
                other => return other,
            }
        }
    }

    /// Becomes the host, if nobody is and this process can be.
    pub(super) async fn stand_in(&mut self) {
        let (None, Some(hosting)) = (&self.host, &self.hosting) else { return };
        match hosting.host().await {
            Ok(host) => self.host = host,
            Err(error) => tracing::debug!(%error, "this process cannot stand in for the server that ended"),
        }
    }

    /// The job that a person means: its id, the last six or more of its characters, or `@1` for the newest, `@2` for the one before.
    pub(super) async fn job(&self, text: &str) -> Result<JobId, CommandFailure> {
        if let Ok(id) = text.parse() {
            return Ok(id);
        }
        let nth = text.strip_prefix('@').map(|number| number.parse::<usize>());
        let is_end = text.len() >= 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if !matches!(nth, Some(Ok(1..))) && !is_end {
            let why = "give its id, the last six or more of its characters, or @1 for the newest";
            return Err(CommandFailure::new(USAGE, format!("not a job, {text:?}: {why}")));
        }
        let (mut before, mut passed, mut found) = (None, 0, Vec::new());
        loop {
            let page = self.client.jobs(before, 1_000).await?;
            for summary in page.jobs {
                passed += 1;
                let is_meant = match nth {
                    Some(Ok(nth)) => passed == nth,
                    _ => summary.job.to_string().ends_with(&text.to_ascii_lowercase()),
                };
                found.extend(is_meant.then_some(summary.job));
            }
            before = page.next;
            if before.is_none() || (nth.is_some() && !found.is_empty()) {
                break;
            }
        }
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(CommandFailure::new(super::failure::NO_JOB, format!("there is no job {text}"))),
            many => Err(CommandFailure::new(
                USAGE,
                format!("{} jobs end with {text}; give more of its characters", many.len()),
            )),
        }
    }
}

/// Reaches the server, or becomes it.
async fn reach(client: &Client, hosting: Option<&Hosting>) -> Result<Option<Host>, CommandFailure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let error = match client.cursor().await {
            Ok(_) => return Ok(None),
            Err(error) => error,
        };
        let Some(hosting) = hosting else { return Err(error.into()) };
        if !error.is_unanswered() {
            return Err(error.into());
        }
        if let Some(host) = hosting.host().await? {
            return Ok(Some(host));
        }
        if Instant::now() >= deadline {
            let text = format!(
                "another Headway holds the data folder {} and does not answer at its socket; end it, or pass another folder with --data",
                hosting.data.display()
            );
            return Err(CommandFailure::new(NO_SERVER, text));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether a folder has a log in it.
pub(super) fn is_data_folder(data: &Path) -> Result<bool, CommandFailure> {
    match data.join("log.sqlite").metadata() {
        Ok(found) => Ok(found.is_file()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(CommandFailure::new(NO_SERVER, format!("cannot look at {}: {error}", data.display()))),
    }
}

fn token(path: &Path) -> Result<String, CommandFailure> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| {
        CommandFailure::new(USAGE, format!("cannot read the token file {}: {error}", path.display()))
    })?;
    Ok(text.trim().to_owned())
}
