//! The program's log of its own work. A server writes it as text or as JSON. At a terminal, warnings and errors are
//! sentences, like every other message of Headway, and the log is written only on request.

mod json;

use std::fmt::{self, Debug};
use std::io::{self, IsTerminal};
use std::sync::OnceLock;

use clap::ValueEnum;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

use json::JsonLines;

/// What a log contains by default.
const LOGGED: &str = "headway=info,warn";

/// The form of the lines of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: a JSON object a line.
    Json,
}

/// The log of a server.
#[derive(Debug, Clone, Default)]
pub(super) struct ServerLog {
    pub(super) format: LogFormat,
    /// The filter; the default if omitted.
    pub(super) filter: Option<String>,
}

/// The filter in force, which can change.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// Starts logging to standard error. `server` is the log of a server.
pub(super) fn begin(server: Option<ServerLog>, is_verbose: bool) {
    let asked = match &server {
        Some(server) => server.filter.clone(),
        None => std::env::var("HEADWAY_LOG").ok().filter(|filter| valid_filter(filter).is_ok()),
    };
    let wants_log = server.is_some() || is_verbose || asked.is_some();
    let default = if wants_log { LOGGED } else { "warn" };
    let (filter, handle) = reload::Layer::new(EnvFilter::new(asked.as_deref().unwrap_or(default)));
    FILTER.set(handle).ok();
    // A file has no colours.
    let has_colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(has_colours);
    let lines: Box<dyn Layer<_> + Send + Sync> = match server.map(|server| server.format) {
        Some(LogFormat::Json) => Box::new(lines.with_ansi(false).fmt_fields(JsonFields::new()).event_format(JsonLines)),
        Some(LogFormat::Text) => Box::new(lines),
        None if wants_log => Box::new(lines),
        None => Box::new(lines.event_format(Sentences)),
    };
    tracing_subscriber::registry().with(filter).with(lines).init();
}

/// Sets the filter of a server's log from now on.
pub(super) fn refilter(filter: Option<&str>) {
    let filter = EnvFilter::new(filter.unwrap_or(LOGGED));
    if let Some(Err(error)) = FILTER.get().map(|handle| handle.reload(filter)) {
        tracing::warn!(%error, "the filter of the log cannot be changed");
    }
}

/// Checks that a text is a log filter. For clap, which takes the error's text.
pub(super) fn valid_filter(text: &str) -> Result<String, String> {
    let wrong = |error| format!("{error}; write it as info, or as headway=debug,warn");
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(wrong)
}

/// Writes each event as one sentence, without its time, its level and its place in the program.
struct Sentences;

impl<S, N> FormatEvent<S, N> for Sentences
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut parts = EventParts::default();
        event.record(&mut parts);
        writeln!(writer, "headway: {}", parts.sentence())
    }
}

/// The parts of an event.
#[derive(Default)]
struct EventParts {
    message: String,
    error: Option<String>,
    about: Vec<String>,
}

impl EventParts {
    /// The message with its cause, and then its fields.
    fn sentence(&self) -> String {
        let cause = self.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        let about = if self.about.is_empty() { String::new() } else { format!(" ({})", self.about.join(", ")) };
        let text = format!("{}{cause}{about}", self.message);
        text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
    }
}

impl Visit for EventParts {
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
    use std::io::Write;
    use std::sync::Arc;

    use parking_lot::Mutex;

    #[derive(Clone, Default)]
    pub(super) struct LogBuffer(Arc<Mutex<Vec<u8>>>);

    /// What was written.
    pub(super) fn written(buffer: &LogBuffer) -> String {
        String::from_utf8(buffer.0.lock().clone()).expect("text")
    }

    impl Write for LogBuffer {
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
        let buffer = LogBuffer::default();
        let writer = buffer.clone();
        let lines = tracing_subscriber::fmt().event_format(Sentences).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(lines, || {
            let error = "no space left";
            tracing::warn!(job.id = %"3f9a1c", path = "a\nb", %error, "a temporary file cannot be removed now");
        });
        assert_eq!(
            written(&buffer),
            "headway: a temporary file cannot be removed now: no space left (job 3f9a1c, path a b)\n"
        );
    }
}
