//! Finds a command's server: the one that holds the data folder, or this process if none does.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use super::default_data;
use super::failure::{CommandFailure, NO_SERVER, USAGE};
use super::host::{Host, Hosting};
use super::named_job::NamedJob;
use super::signals::Signals;
use super::text::{shown, tail, with_options};
use headway_client::{Address, Client, ClientError};
use headway_model::{JobId, Millis};
use headway_server::config::StoreAddress;
use headway_server::named_file;

/// How long to wait for a server that is starting or ending.
const SERVER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a call is repeated after its server has disappeared, if this process can take its place.
const REPEAT: Duration = Duration::from_secs(30);

/// Maximum number of matching jobs that an error names.
const CANDIDATES: usize = 10;

/// How often to look for a server in the meantime.
const LOOK: Duration = Duration::from_millis(50);

/// Options that choose the server, for every command that calls one.
#[derive(Debug, Clone, Args)]
pub(super) struct ServerArguments {
    /// The data folder; its server is called
    #[arg(long, value_name = "FOLDER", default_value_os_t = default_data(), env = "HEADWAY_DATA")]
    pub(super) data: PathBuf,

    /// The database with the log, if it is not in the data folder; for a server in this process
    #[arg(long, value_name = "ADDRESS", env = "HEADWAY_STORE", hide_env_values = true)]
    pub(super) store: Option<StoreAddress>,

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
    /// The server in this process, if this process is the host.
    pub(super) host: Option<Host>,
    /// The signals that have been listened for since before the job began.
    pub(super) signals: Option<Signals>,
    /// How to become the host, if that is possible.
    hosting: Option<Hosting>,
    /// The options with which another command finds the same server, each with a space before it.
    options: String,
}

/// The option with which another command finds this data folder, with a space before it; nothing if a variable of the environment
/// or the default leads there.
pub(super) fn data_option(data: &Path) -> String {
    let from = std::env::var_os("HEADWAY_DATA").filter(|value| !value.is_empty());
    match data == from.map_or_else(default_data, PathBuf::from) {
        true => String::new(),
        false => format!(" --data {}", shown(data.as_os_str())),
    }
}

/// The option with which another command finds this database, with a space before it; nothing if a variable of the environment
/// leads there, or if the address has a password, which is for no screen.
pub(super) fn store_option(store: Option<&StoreAddress>) -> String {
    let from = std::env::var("HEADWAY_STORE").unwrap_or_default();
    match store.filter(|store| !store.hides() && store.with_password() != from) {
        Some(store) if !store.is_empty() => format!(" --store {}", shown(OsStr::new(store.with_password()))),
        _ => String::new(),
    }
}

impl ServerArguments {
    /// Opens a session for starting work. Creates the data folder if necessary.
    pub(super) async fn begin(&self, workers: Option<usize>) -> Result<Session, CommandFailure> {
        let (address, hosting) = match &self.server {
            Some(address) => (address.clone(), None),
            None => {
                let config = self.config.clone();
                let (data, store) = (self.data.clone(), self.store.clone());
                let hosting = Hosting { data, store, config, workers };
                (Address::Unix(self.data.join("headway.sock")), Some(hosting))
            }
        };
        let token = self.token_file.as_deref().map(token).transpose()?;
        if let Some(hosting) = &hosting {
            hosting.make_folder()?;
        }
        let client = Client::new(&address, token.as_deref())?;
        let host = reach(&client, hosting.as_ref()).await?;
        Ok(Session { client, host, signals: None, hosting, options: self.options() })
    }

    /// The options that are needed to find the same server, each with a space before it: those that no variable of the environment
    /// gives.
    pub(super) fn options(&self) -> String {
        let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let data = match self.server {
            None => data_option(&self.data) + &store_option(self.store.as_ref()),
            Some(_) => String::new(),
        };
        let server = self.server.as_ref().map(ToString::to_string);
        let is_given = |text: &String| from("HEADWAY_SERVER").is_none_or(|known| known != text.as_str());
        let options = [
            server.filter(is_given).map(|server| ("--server", server.into())),
            self.token_file.clone().map(|file| ("--token-file", file.into_os_string())),
        ];
        let others = options.iter().flatten().map(|(name, value)| format!(" {name} {}", shown(value)));
        [data].into_iter().chain(others).chain([self.config_option()]).collect()
    }

    /// The option with which another command has the same recipes, with a space before it; nothing if a variable of the environment
    /// gives it.
    pub(super) fn config_option(&self) -> String {
        let from = std::env::var_os("HEADWAY_CONFIG").filter(|value| !value.is_empty());
        let config =
            self.config.as_ref().filter(|config| from.as_ref().is_none_or(|known| known != config.as_os_str()));
        config.map(|file| format!(" --config {}", shown(file.as_os_str()))).unwrap_or_default()
    }

    /// Opens a session for asking about work that has begun.
    pub(super) async fn ask(&self) -> Result<Session, CommandFailure> {
        if self.server.is_none() && !is_data_folder(&self.data)? {
            let text = format!("{} is not a Headway data folder; pass the right one with --data", self.data.display());
            return Err(CommandFailure::new(NO_SERVER, text));
        }
        self.begin(None).await
    }
}

impl Session {
    /// A command for a person to type after this one, with the options with which it finds the same server.
    pub(super) fn command(&self, words: &str) -> String {
        format!("headway {words}{}", self.options)
    }

    /// The command that does this to a job.
    pub(super) fn command_on(&self, word: &str, job: JobId) -> String {
        self.command(&format!("{word} {}", tail(job)))
    }

    /// A text of the server, whose commands find the same server when they are typed.
    pub(super) fn completed(&self, text: &str) -> String {
        with_options(text, &self.options)
    }

    /// Has the server work on a job.
    pub(super) async fn adopt(&self, job: JobId) -> Result<(), CommandFailure> {
        self.client.adopt(job).await.map(drop).map_err(|error| self.failure(error))
    }

    /// The failure of a call, in the server's words.
    pub(super) fn failure(&self, error: ClientError) -> CommandFailure {
        let failure = CommandFailure::from(error);
        CommandFailure { text: failure.text.map(|text| self.completed(&text)), ..failure }
    }

    /// `now` if the server that answers works on jobs. A server in this process that was only asked about jobs works on
    /// none.
    pub(super) fn working_clock(&self) -> Option<Millis> {
        self.host.is_none().then(headway_server::now)
    }

    /// Ends the server in this process, if there is one. Running items are taken back.
    pub(super) async fn close(mut self) {
        self.let_go().await;
    }

    /// Listens for signals from now on. They no longer end the process; the follower of the job that is about to
    /// begin handles them.
    pub(super) fn listen(&mut self) -> Result<(), CommandFailure> {
        self.signals = Some(Signals::new()?);
        Ok(())
    }

    /// Stops being the host.
    pub(super) async fn let_go(&mut self) {
        if let Some(host) = self.host.take() {
            host.end().await;
        }
    }

    /// Waits for a server that is starting.
    pub(super) async fn wait_for_server(&self) -> Result<(), CommandFailure> {
        let deadline = Instant::now() + SERVER_TIMEOUT;
        loop {
            match self.client.cursor().await {
                Ok(_) => return Ok(()),
                Err(error) if error.can_pass() && Instant::now() < deadline => tokio::time::sleep(LOOK).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Makes a call that is safe to repeat. If the server disappears before it answers, this process takes its place
    /// if it can, and repeats the call.
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
                    // A call that repeats itself also waits for a server.
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

    /// Becomes the host, if there is none and this process can be it.
    pub(super) async fn stand_in(&mut self) {
        let (None, Some(hosting)) = (&self.host, &self.hosting) else { return };
        match hosting.host().await {
            Ok(host) => self.host = host,
            Err(error) => tracing::debug!(%error, "this process cannot stand in for the server that ended"),
        }
    }

    /// Whether no process is the host, and this one has no such recipe.
    pub(super) fn lacks(&self, recipe: &str) -> bool {
        let (None, Some(hosting)) = (&self.host, &self.hosting) else { return false };
        hosting.lacks(recipe).unwrap_or_else(|error| {
            tracing::debug!(%error, "it is not known which recipes this process has");
            false
        })
    }

    /// The job that a person means; see [`NamedJob`].
    pub(super) async fn job(&self, text: &str) -> Result<JobId, CommandFailure> {
        let named = NamedJob::of(text).ok_or_else(|| {
            let why = "give its id, six or more of its first or last characters, or @1 for the newest";
            CommandFailure::new(USAGE, format!("not a job, {text:?}: {why}"))
        })?;
        if let NamedJob::Id(id) = named {
            return Ok(id);
        }
        let (mut before, mut passed, mut found) = (None, 0, Vec::new());
        loop {
            let page = self.client.jobs(before, 1_000).await?;
            for summary in page.jobs {
                passed += 1;
                found.extend(named.means(summary.job, passed).then_some(summary.job));
            }
            before = page.next;
            if before.is_none() || (matches!(named, NamedJob::Nth(_)) && !found.is_empty()) {
                break;
            }
        }
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(CommandFailure::new(super::failure::NO_JOB, format!("there is no job {text}"))),
            many => Err(CommandFailure::new(USAGE, ambiguous(text, many))),
        }
    }
}

/// Names the jobs that a text can mean, the newest first.
fn ambiguous(text: &str, jobs: &[JobId]) -> String {
    let mut named: Vec<_> = jobs.iter().take(CANDIDATES).map(JobId::to_string).collect();
    named.extend((jobs.len() > CANDIDATES).then(|| "...".to_owned()));
    format!("{} jobs have an id that begins or ends with {text}: {}", jobs.len(), named.join(", "))
}

/// Reaches the server, or becomes it.
async fn reach(client: &Client, hosting: Option<&Hosting>) -> Result<Option<Host>, CommandFailure> {
    let deadline = Instant::now() + SERVER_TIMEOUT;
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

/// Whether a folder contains a log, or knows where its log is.
pub(super) fn is_data_folder(data: &Path) -> Result<bool, CommandFailure> {
    // The second file says in which database the log is.
    for name in ["log.sqlite", "log.elsewhere"] {
        match data.join(name).metadata() {
            Ok(found) if found.is_file() => return Ok(true),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(CommandFailure::new(NO_SERVER, format!("cannot look at {}: {error}", data.display())));
            }
        }
    }
    Ok(false)
}

fn token(path: &Path) -> Result<String, CommandFailure> {
    let text = named_file::read_text(path);
    let text = text.map_err(|error| {
        CommandFailure::new(USAGE, format!("cannot read the token file {}: {error}", path.display()))
    })?;
    Ok(text.trim().to_owned())
}
