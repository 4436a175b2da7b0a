//! The whole application in this process, on a port of its own.

use std::sync::Arc;

use headway::base::Base;
use headway::web::{self, Access};
use headway_model::{JobId, JobSummary};
use headway_recipes::{self, Recipe};
use headway_server::Server;
use headway_server::config::Config;
use leptos::config::LeptosOptions;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Files, eventually, http, mint};

/// A running application.
pub(crate) struct App {
    pub(crate) url: String,
    pub(crate) server: Server,
    pub(crate) client: reqwest::Client,
    pub(crate) access: Access,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl App {
    /// Serves the files with the built-in recipes.
    pub(crate) async fn start(files: &Files) -> Self {
        App::start_with(files, |_| {}, Vec::new()).await
    }

    /// Serves the files with changed settings and more recipes.
    pub(crate) async fn start_with(
        files: &Files,
        change: impl FnOnce(&mut Config),
        more: Vec<Arc<dyn Recipe>>,
    ) -> Self {
        App::start_behind(files, change, more, None, &[]).await
    }

    /// As above, with a token that callers must send, and with these origins.
    pub(crate) async fn start_behind(
        files: &Files,
        change: impl FnOnce(&mut Config),
        more: Vec<Arc<dyn Recipe>>,
        token: Option<String>,
        origins: &[String],
    ) -> Self {
        App::start_below(files, change, more, token, origins, Base::default()).await
    }

    /// As above, below a base path.
    pub(crate) async fn start_below(
        files: &Files,
        change: impl FnOnce(&mut Config),
        more: Vec<Arc<dyn Recipe>>,
        token: Option<String>,
        origins: &[String],
        base: Base,
    ) -> Self {
        let mut config = Config::new(files.data(), vec![("files".into(), files.library())]);
        change(&mut config);
        let mut known = headway_recipes::all();
        known.extend(more);
        let server = Server::start_with(config, known).await.expect("a server");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let bound = listener.local_addr().expect("an address");
        let access = Access::new(bound, origins, token).expect("origins");
        let options =
            LeptosOptions::builder().output_name("headway").site_root("no-such-folder").site_addr(bound).build();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = {
            let (server, access) = (server.clone(), access.clone());
            tokio::spawn(async move {
                let shutdown = async move { drop(stopped.await) };
                let assets = web::Assets::folder("no-such-folder".into());
                let limits = web::ConnectionLimits::default();
                let settings = web::WebSettings {
                    access,
                    base,
                    options,
                    assets,
                    stream_age: web::STREAM_AGE,
                    limits,
                    socket: None,
                };
                web::serve(listener, server, settings, shutdown).await.expect("a clean end");
            })
        };
        App { url: format!("http://{bound}"), server, client: http(), access, stop: Some(stop), serving }
    }

    /// Stops the application as a signal does, and waits.
    pub(crate) async fn stop(mut self) {
        self.stop.take().map(|stop| stop.send(()));
        (&mut self.serving).await.expect("a clean end");
    }

    /// Status and body of a call.
    pub(crate) async fn call(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.call(self.client.get(format!("{}{path}", self.url))).await
    }

    pub(crate) async fn put(&self, id: &str, body: &Value) -> (u16, Value) {
        self.call(self.client.put(format!("{}/api/jobs/{id}", self.url)).json(body)).await
    }

    pub(crate) async fn put_at(&self, path: &str, body: &Value) -> (u16, Value) {
        self.call(self.client.put(format!("{}{path}", self.url)).json(body)).await
    }

    pub(crate) async fn post(&self, path: &str) -> (u16, Value) {
        self.call(self.client.post(format!("{}{path}", self.url))).await
    }

    /// Starts a job over all files and checks that it was accepted.
    pub(crate) async fn begin(&self, recipe: &str) -> JobId {
        self.begin_with(&request(recipe)).await
    }

    /// Starts a job and checks that it was accepted.
    pub(crate) async fn begin_with(&self, body: &Value) -> JobId {
        let id = mint();
        let (status, answer) = self.put(&id.to_string(), body).await;
        assert_eq!(status, 201, "{answer}");
        id
    }

    /// Starts a job, checks that it was accepted, and waits for its end.
    pub(crate) async fn run(&self, body: &Value) -> JobSummary {
        self.end(self.begin_with(body).await).await
    }

    /// Path and reason of every item of a status.
    pub(crate) async fn reasons(&self, job: JobId, status: &str) -> Vec<(String, String)> {
        let (_, page) = self.get(&format!("/api/jobs/{job}/items?status={status}")).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let items = page["items"].as_array().expect("items");
        items.iter().map(|item| (text(&item["path"]), text(&item["reason"]))).collect()
    }

    /// Waits for a job's end.
    pub(crate) async fn end(&self, job: JobId) -> JobSummary {
        self.until(job, |summary| summary.status.is_terminal()).await
    }

    /// Waits for a state of a job.
    pub(crate) async fn until(&self, job: JobId, is: impl Fn(&JobSummary) -> bool) -> JobSummary {
        eventually("a state of a job", async || {
            let view = self.server.job(job).await.ok()?;
            is(&view.summary).then_some(view.summary)
        })
        .await
    }
}

/// A request for all files with this recipe.
pub(crate) fn request(recipe: &str) -> Value {
    json!({ "library": "files", "recipe": recipe, "query": { "folder": {} } })
}
