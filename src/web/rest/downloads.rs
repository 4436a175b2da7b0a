//! Calls that return files: outputs, logs, reports.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::{RestResult, job_id};
use headway_model::summary::ReportFormat;
use headway_server::Server;

/// A file that a job wrote for its user. It is always served as a download, never as a page.
pub(super) async fn output(
    State(server): State<Server>,
    Path((id, name)): Path<(String, String)>,
) -> RestResult<Response> {
    let file = server.output(job_id(&id)?, &name).await?;
    let pages = futures::stream::try_unfold(file, |mut file| async move {
        use tokio::io::AsyncReadExt;
        let mut page = Vec::with_capacity(64 * 1024);
        let count = (&mut file).take(64 * 1024).read_to_end(&mut page).await?;
        Ok::<_, std::io::Error>((count > 0).then_some((page, file)))
    });
    let policy = [(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox")];
    Ok((policy, attachment("application/octet-stream", &name, Body::from_stream(pages))).into_response())
}

/// A job's whole log for `headway verify`: a report, then every event.
pub(super) async fn log(State(server): State<Server>, Path(id): Path<String>) -> RestResult<Response> {
    let id = job_id(&id)?;
    let lines = server.export(id).await?;
    Ok(attachment("application/x-ndjson", &format!("headway-{id}.jsonl"), Body::from_stream(lines)))
}

/// What happened to each file of a job, for spreadsheets.
pub(super) async fn report_csv(server: State<Server>, id: Path<String>) -> RestResult<Response> {
    report(server, id, (ReportFormat::Csv, "text/csv; charset=utf-8", "csv")).await
}

/// What happened to each file of a job, for programs.
pub(super) async fn report_jsonl(server: State<Server>, id: Path<String>) -> RestResult<Response> {
    report(server, id, (ReportFormat::Jsonl, "application/x-ndjson", "jsonl")).await
}

async fn report(
    State(server): State<Server>,
    Path(id): Path<String>,
    (format, kind, extension): (ReportFormat, &str, &str),
) -> RestResult<Response> {
    let id = job_id(&id)?;
    let lines = server.report(id, format).await?;
    Ok(attachment(kind, &format!("headway-{id}-report.{extension}"), Body::from_stream(lines)))
}

/// A job's attempts in the format of GNU parallel's job log.
pub(super) async fn joblog(State(server): State<Server>, Path(id): Path<String>) -> RestResult<Response> {
    let id = job_id(&id)?;
    let lines = server.joblog(id).await?;
    Ok(attachment("text/tab-separated-values", &format!("headway-{id}.joblog"), Body::from_stream(lines)))
}

/// A response that the browser saves under this name.
fn attachment(kind: &str, name: &str, content: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, content).into_response()
}
