//! The list of calls, from which the routes and the OpenAPI document are made.

use super::actions::{PaceChange, RetryQuery, act, adopt, cancel, change, retry, undo, workers};
use super::automatic;
use super::call::ApiCall;
use super::downloads::{joblog, log, output, report_csv, report_jsonl};
use super::files::{FilesQuery, files, scan};
use super::items::{ItemsParameters, NumberedItems, items};
use super::presets::{self, Presets};
use super::{
    JobsQuery, OfferedRecipe, TotalsView, attempts, causes, job, jobs, libraries, links, load, recipes, room, start,
    totals,
};
use headway_model::Action;
use headway_model::StartJob;
use headway_model::attempt::AttemptLog;
use headway_model::causes::Causes;
use headway_model::library::FolderPage;
use headway_model::load::Load;
use headway_model::summary::{JobView, LibraryName, ListedJobs, Room, ScheduleView, WatchedFolderView};

/// Every call, in the order of the document.
pub(super) fn calls() -> Vec<ApiCall> {
    [job_calls(), action_calls(), download_calls(), server_calls()].into_iter().flatten().collect()
}

/// Calls that list, start and read jobs.
fn job_calls() -> Vec<ApiCall> {
    vec![
        ApiCall::get("/jobs", jobs, "Lists jobs, newest first.").query::<JobsQuery>().json::<ListedJobs>(),
        ApiCall::put(
            "/jobs/{id}",
            start,
            "Starts a job under this id. The same call again answers with the job as it is.",
        )
        .body::<StartJob>()
        .json::<JobView>()
        .creates(),
        ApiCall::get("/jobs/{id}", job, "Says how a job stands.").json::<JobView>(),
        ApiCall::patch("/jobs/{id}", change, "Changes a job's priority, or how many items run at once.")
            .body::<PaceChange>()
            .json::<JobView>()
            .new_in_v1(),
        ApiCall::get("/jobs/{id}/items", items, "Lists a job's items, in the order of its plan.")
            .query::<ItemsParameters>()
            .json::<NumberedItems>(),
        ApiCall::get(
            "/jobs/{id}/items/{item}/attempts",
            attempts,
            "Lists an item's attempts, with what a program printed.",
        )
        .json::<Vec<AttemptLog>>(),
        ApiCall::get("/jobs/{id}/causes", causes, "Sorts a job's failures by cause.").json::<Causes>(),
        ApiCall::get("/jobs/{id}/load", load, "Says how much of a job's work is done, in files and bytes.")
            .json::<Load>(),
    ]
}

/// Calls that act on a job.
fn action_calls() -> Vec<ApiCall> {
    vec![
        ApiCall::post("/jobs/{id}/approve", act(Action::Approve), "Approves the plan of a job, so that it runs.")
            .json::<JobView>(),
        ApiCall::post("/jobs/{id}/pause", act(Action::Pause), "Starts no new items of a job.").json::<JobView>(),
        ApiCall::post("/jobs/{id}/resume", act(Action::Resume), "Resumes a paused job.").json::<JobView>(),
        ApiCall::post("/jobs/{id}/leave-out", act(Action::LeaveOut), "Resumes a job without its interrupted items.")
            .json::<JobView>()
            .new_in_v1(),
        ApiCall::post("/jobs/{id}/cancel", cancel, "Cancels a job: what runs is stopped, the rest never starts.")
            .json::<JobView>(),
        ApiCall::post("/jobs/{id}/retry", retry, "Retries the failed items of a job, or one of them.")
            .query::<RetryQuery>()
            .json::<JobView>(),
        ApiCall::post("/jobs/{id}/adopt", adopt, "Makes a server that takes up no job unasked work on a job.")
            .json::<JobView>(),
        ApiCall::post("/jobs/{id}/undo/{new}", undo, "Starts a job that undoes what this one did.")
            .json::<JobView>()
            .creates(),
        ApiCall::delete("/jobs/{id}/trash", act(Action::EmptyTrash), "Removes the originals of a job for good.")
            .json::<JobView>()
            .new_in_v1(),
    ]
}

/// Calls that send what a job wrote and did.
fn download_calls() -> Vec<ApiCall> {
    vec![
        ApiCall::get("/jobs/{id}/log", log, "Sends a job's whole log, for `headway verify`.")
            .answers("application/x-ndjson"),
        ApiCall::get("/jobs/{id}/joblog", joblog, "Sends a job's attempts as GNU parallel lists them.")
            .answers("text/tab-separated-values"),
        ApiCall::get("/jobs/{id}/report.csv", report_csv, "Sends the result for each file of a job, as CSV.")
            .answers("text/csv")
            .new_in_v1(),
        ApiCall::get(
            "/jobs/{id}/report.jsonl",
            report_jsonl,
            "Sends the result for each file of a job, as JSON lines.",
        )
        .answers("application/x-ndjson")
        .new_in_v1(),
        ApiCall::get("/jobs/{id}/totals", totals, "Says what a job did to the files, in numbers.")
            .json::<TotalsView>()
            .new_in_v1(),
        ApiCall::get(
            "/jobs/{id}/outputs/{name}",
            output,
            "Sends a file that a job wrote for its user, such as a manifest.",
        )
        .answers("application/octet-stream"),
    ]
}

/// Calls about the server: its recipes, presets, libraries and limits.
fn server_calls() -> Vec<ApiCall> {
    vec![
        ApiCall::get("/recipes", recipes, "Lists the recipes, each with the JSON Schema of its settings.")
            .json::<Vec<OfferedRecipe>>(),
        ApiCall::get("/presets", presets::all, "Lists the presets.").json::<Presets>().new_in_v1(),
        ApiCall::put("/presets/{preset}", presets::keep, "Stores a request as a preset.")
            .body::<StartJob>()
            .json::<Presets>()
            .new_in_v1(),
        ApiCall::delete("/presets/{preset}", presets::remove, "Removes a preset.").json::<Presets>().new_in_v1(),
        ApiCall::get("/schedules", automatic::schedules, "Lists the schedules, which start presets at set times.")
            .json::<Vec<ScheduleView>>()
            .new_in_v1(),
        ApiCall::get("/watches", automatic::watches, "Lists the watched folders, whose new files presets process.")
            .json::<Vec<WatchedFolderView>>()
            .new_in_v1(),
        ApiCall::post("/links", links::make, "Makes a read-only link to a page.")
            .body::<links::LinkRequest>()
            .json::<links::ReadingLink>()
            .new_in_v1(),
        ApiCall::get("/libraries", libraries, "Lists the libraries.").json::<Vec<LibraryName>>(),
        ApiCall::get("/libraries/{name}/files", files, "Lists a folder of a library, or what matches below it.")
            .query::<FilesQuery>()
            .json::<FolderPage>(),
        ApiCall::post("/libraries/{name}/scan", scan, "Begins to read a library's folders again.").status(202),
        ApiCall::get("/room", room, "Says how much room Headway's own files take.").json::<Room>(),
        ApiCall::post("/workers/{count}", workers, "Sets how many items run at once over all jobs."),
    ]
}
