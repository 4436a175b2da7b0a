//! What a person can do after a job: see what went wrong, try it again, or undo it. One line for each.

use super::super::out::{count, counted};
use super::super::text::tail;
use super::{Followed, plain};
use headway_model::summary::{JobView, Room};
use headway_model::undo_kind::UndoKind;
use headway_model::{BuiltIn, Counters, JobId};

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

impl Followed<'_> {
    /// Prints what a person can do next. Facts that the server does not report are left out. `changed` is the number of
    /// files that the job changed or made.
    pub(super) async fn say_next_steps(&self, counters: &Counters, changed: u32) {
        if self.how.quiet {
            return;
        }
        let view = self.session.client.job(self.job).await.ok();
        if let Some(view) = &view {
            for line in &view.report {
                self.report(&format!("  {}", plain(line)));
            }
        }
        if counters.total == 0
            && let Some(note) = view.as_ref().and_then(|view| view.note.as_ref())
        {
            self.report(&format!("  {}", plain(note)));
        }
        let recipe = view.as_ref().map(|view| view.summary.recipe.clone()).unwrap_or_default();
        for line in
            after_errors(self.job, &recipe, (counters, self.show.shown_failures()), |words| self.session.command(words))
        {
            self.report(&line);
        }
        let Some(view) = view.filter(|view| view.can_undo && changed > 0) else { return };
        let room = self.session.client.get::<Room>("/api/v1/room").await.ok();
        let command = self.session.command_on("undo", self.job);
        self.report(&undo(&command, &view, changed, room.as_ref()));
    }
}

/// The command that lists the files that the exit code counts, and what helps.
fn after_errors(
    job: JobId,
    recipe: &str,
    (counters, shown): (&Counters, u32),
    command: impl Fn(&str) -> String,
) -> Vec<String> {
    let job = tail(job);
    let mut lines = Vec::new();
    let more = (counters.failed + counters.missed).saturating_sub(shown);
    if more > 0 && shown > 0 {
        lines.push(format!("      ✗ and {} more", count(more.into())));
    }
    if counters.has_errors() {
        let only_tests = BuiltIn::of(recipe).is_some_and(BuiltIn::only_tests);
        let once = if only_tests { "once good copies are in their place, " } else { "" };
        let again = if recipe == BuiltIn::Verify.name() { "checks" } else { "tries" };
        let (list, retry) = (command(&format!("show {job} --failed")), command(&format!("retry {job}")));
        lines.push(format!("  {list}  lists all of these; {once}{retry}  {again} them again"));
    }
    if counters.cancelled > 0 && recipe == BuiltIn::Command.name() {
        let list = command(&format!("show {job} --status cancelled"));
        lines.push(format!("  {list}  lists what did not run"));
    }
    lines
}

/// What an undo would do, and how long it can.
fn undo(command: &str, view: &JobView, changed: u32, room: Option<&Room>) -> String {
    let output = view.request.as_ref().and_then(|request| request.output.as_ref());
    let files = counted(changed, "file", "files");
    let will = UndoKind::of(&view.summary.recipe, output).will(changed, &files);
    let kept = match room.map(|room| room.trash_age) {
        _ if view.trash.0 == 0 => String::new(),
        Some(Some(age)) => format!("; the trash keeps the originals for {}", counted(age / DAY_MS, "day", "days")),
        Some(None) => {
            "; the trash keeps the originals until a headway serve removes them (--trash-days, 30 by default)"
                .to_owned()
        }
        None => "; the trash keeps the originals".to_owned(),
    };
    format!("  {command}  {will}{kept}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::JobStatus;
    use headway_model::testing::{job_id, summary};

    fn command(words: &str) -> String {
        format!("headway {words} --data D")
    }

    fn counters() -> Counters {
        Counters { total: 80, succeeded: 2, failed: 77, skipped: 1, missed: 1, ..Counters::default() }
    }

    #[test]
    fn failures_beyond_the_shown_ones_are_counted_and_the_command_that_lists_them_is_named() {
        let job = tail(job_id(7));
        let lines = after_errors(job_id(7), "checksum", (&counters(), 20), command);
        let list = format!(
            "  headway show {job} --failed --data D  lists all of these; headway retry {job} --data D  tries them again"
        );
        assert_eq!(lines, ["      ✗ and 58 more".to_owned(), list]);
        assert!(after_errors(job_id(7), "checksum", (&Counters::default(), 0), command).is_empty());
    }

    #[test]
    fn damaged_files_are_not_tried_again_before_good_copies_are_there() {
        let lines = after_errors(job_id(7), "verify", (&counters(), 78), command);
        assert!(lines.len() == 1 && lines[0].contains("once good copies are in their place"), "{lines:?}");
    }

    #[test]
    fn the_effect_of_an_undo_is_shown_with_the_time_that_the_trash_keeps_originals() {
        let view = |recipe: &str, trash| JobView {
            summary: headway_model::JobSummary {
                recipe: recipe.into(),
                ..summary(JobStatus::Completed, Counters { total: 2, succeeded: 2, ..Counters::default() })
            },
            cursor: headway_model::Cursor::start(),
            outputs: Vec::new(),
            request: None,
            priority: 0,
            concurrency: 0,
            waits: None,
            asks: false,
            no_server: false,
            note: None,
            trash,
            trash_left: (0, 0),
            trash_unknown: false,
            folder: None,
            runs_programs: false,
            can_undo: true,
            undone: None,
            earlier: None,
            retries: Vec::new(),
            retrying: Vec::new(),
            tried: Vec::new(),
            done_since: Vec::new(),
            report: Vec::new(),
            next: None,
        };
        let room = |trash_age| Room {
            log: 0,
            outputs: 0,
            trashes: Vec::new(),
            elsewhere: Default::default(),
            trash_age,
            keep_age: None,
            keep_bytes: None,
            suspended: None,
        };
        let told = undo("headway undo x", &view("rename", (0, 0)), 2, Some(&room(None)));
        assert!(told.ends_with("gives 2 files their old names again"), "{told}");
        let told = undo("headway undo x", &view("compress", (2, 10)), 2, Some(&room(Some(30 * DAY_MS))));
        assert!(told.ends_with("puts 2 files back as they were; the trash keeps the originals for 30 days"), "{told}");
        let told = undo("headway undo x", &view("compress", (2, 10)), 2, Some(&room(None)));
        assert!(told.contains("until a headway serve removes them"), "{told}");
    }
}
