//! What the program says about its own work. A server writes a log. A person at a terminal reads sentences: warnings
//! and errors alone, as every other message of Headway, and the log only on request.

use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// What a log has by default.
const LOGGED: &str = "headway=info,warn";

/// Begins to write to standard error what the program reports of itself.
pub(super) fn begin(is_server: bool, is_verbose: bool) {
    let asked = EnvFilter::try_from_env("HEADWAY_LOG").ok();
    let wants_log = is_server || is_verbose || asked.is_some();
    let filter = asked.unwrap_or_else(|| if wants_log { LOGGED } else { "warn" }.into());
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if wants_log { lines.init() } else { lines.event_format(Sentences).init() }
}

/// Writes each event as one sentence, without its time, its level and its place in the program.
struct Sentences;

impl<S, N> FormatEvent<S, N> for Sentences
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut said = Said::default();
        event.record(&mut said);
        writeln!(writer, "headway: {}", said.sentence())
    }
}

/// The parts of an event.
#[derive(Default)]
struct Said {
    message: String,
    error: Option<String>,
    about: Vec<String>,
}

impl Said {
    /// The message with its cause, and then what it is about.
    fn sentence(&self) -> String {
        let cause = self.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        let about = if self.about.is_empty() { String::new() } else { format!(" ({})", self.about.join(", ")) };
        let text = format!("{}{cause}{about}", self.message);
        text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            "error" | "cause" => self.error = Some(format!("{value:?}")),
            "job.id" => self.about.push(format!("job {value:?}")),
            name => self.about.push(format!("{name} {value:?}")),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        // Without the quotation marks of `Debug`.
        self.record_debug(field, &format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};
    use std::sync::Arc;

    use parking_lot::Mutex;

    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<Vec<u8>>>);

    impl Write for Heard {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_warning_is_a_sentence_without_time_and_module() {
        let heard = Heard::default();
        let writer = heard.clone();
        let lines = tracing_subscriber::fmt().event_format(Sentences).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(lines, || {
            let error = "no space left";
            tracing::warn!(job.id = %"3f9a1c", path = "a\nb", %error, "a temporary file cannot be removed now");
        });
        let text = String::from_utf8(heard.0.lock().clone()).expect("text");
        assert_eq!(text, "headway: a temporary file cannot be removed now: no space left (job 3f9a1c, path a b)\n");
    }
}
