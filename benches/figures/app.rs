//! Shared by all figures: a real server with a library, and jobs that are timed.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use headway::web::{self, Access, Assets, WebSettings};
use headway_model::{JobId, JobSummary, StartJob};
use headway_recipes::Recipe;
use headway_server::config::Config;
use headway_server::{Server, now};
use leptos::config::LeptosOptions;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How often to check for a job's end: seldom, because each check costs time as well.
const TICK: Duration = Duration::from_millis(50);

/// A server, and its pages on a port of its own.
pub(crate) struct App {
    pub(crate) server: Server,
    pub(crate) bound: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl App {
    /// Serves a library with these recipes; `site` is the folder of the browser's part.
    pub(crate) async fn start(
        data: &Path,
        library: &Path,
        recipes: Vec<Arc<dyn Recipe>>,
        workers: usize,
        site: &str,
    ) -> Self {
        let mut config = Config::new(data.to_owned(), vec![("files".into(), library.to_owned())]);
        config.workers = workers;
        config.program = env!("CARGO_BIN_EXE_headway").into();
        let server = Server::start_with(config, recipes).await.expect("a server");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let bound = listener.local_addr().expect("an address");
        let settings = WebSettings {
            access: Access::new(bound, &[], None).expect("no origins"),
            base: Default::default(),
            options: LeptosOptions::builder().output_name("headway").site_addr(bound).build(),
            assets: Assets::folder(site.into()),
            stream_age: web::STREAM_AGE,
            limits: web::ConnectionLimits { total: usize::MAX, each: usize::MAX },
            socket: None,
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = web::serve(listener, server.clone(), settings, async { drop(stopped.await) });
        let serving = tokio::spawn(async { serving.await.expect("a clean end") });
        App { server, bound, stop, serving }
    }

    /// Starts a job over all files.
    pub(crate) async fn begin(&self, id: JobId, recipe: &str, settings: Value) {
        let request = json!({ "library": "files", "recipe": recipe, "settings": settings, "query": { "folder": {} } });
        let request: StartJob = serde_json::from_value(request).expect("a request");
        self.server.start_job(id, &request).await.expect("a job");
    }

    pub(crate) async fn state(&self, job: JobId) -> JobSummary {
        self.server.job(job).await.expect("the job").summary
    }

    /// Waits for a job's end.
    pub(crate) async fn end(&self, job: JobId) -> JobSummary {
        loop {
            let state = self.state(job).await;
            if state.status.is_terminal() {
                return state;
            }
            tokio::time::sleep(TICK).await;
        }
    }

    /// Items per second of a finished job, from the time when it began to process, taken from the log: following the
    /// job would cost time as well.
    pub(crate) fn rate(end: &JobSummary) -> f64 {
        let (began, ended) = end.began.zip(end.ended).expect("a job that ran");
        f64::from(end.counters.succeeded) * 1_000.0 / (ended - began).max(1) as f64
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).ok();
        self.serving.await.expect("a clean end");
    }
}

/// A job's id.
pub(crate) fn mint() -> JobId {
    let mut random = [0; 10];
    random.copy_from_slice(&uuid::Uuid::new_v4().as_bytes()[..10]);
    JobId::mint(now(), random)
}

/// A folder of this many empty files.
pub(crate) fn empty_files(folder: &Path, count: usize) {
    std::fs::create_dir(folder).expect("a folder");
    (0..count).for_each(|item| std::fs::write(folder.join(format!("{item:06}")), "").expect("a file"));
}
