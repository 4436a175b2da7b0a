//! The log as JSON: one object per line, for programs that collect logs.

use std::fmt::{self, Debug};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes each event as an object: its time, its level, its message, and everything that is known about it, such as
/// the request or the job during which it was reported. The fields of spans are kept by [`JsonFields`].
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = JsonLine::default();
        let spans = context.event_scope().into_iter().flat_map(|scope| scope.from_root());
        for span in spans {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<JsonFields>>().map(|fields| fields.fields.as_str());
            let fields = fields.and_then(|fields| serde_json::from_str::<Map<String, Value>>(fields).ok());
            fields.into_iter().flatten().for_each(|(name, value)| line.put(&name, value));
        }
        event.record(&mut line);
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let about = event.metadata();
        line.put("time", time.into());
        line.put("level", about.level().as_str().to_lowercase().into());
        line.put("target", about.target().into());
        writeln!(writer, "{}", Value::Object(line.0))
    }
}

/// The fields of a line.
#[derive(Default)]
struct JsonLine(Map<String, Value>);

impl JsonLine {
    /// `job.id` is `job`, as everywhere in the API.
    fn put(&mut self, name: &str, value: Value) {
        let name = name.strip_suffix(".id").unwrap_or(name).trim_start_matches("r#");
        self.0.insert(name.to_owned(), value);
    }
}

impl Visit for JsonLine {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field.name(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{LogBuffer, written};
    use super::*;

    #[test]
    fn a_line_of_the_log_names_its_request_and_job() {
        let buffer = LogBuffer::default();
        let writer = buffer.clone();
        let lines = tracing_subscriber::fmt()
            .fmt_fields(JsonFields::new())
            .event_format(JsonLines)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(lines, || {
            let _request = tracing::info_span!("request", request.id = "r-1", method = "GET").entered();
            tracing::warn!(job.id = %"3f9a1c", files = 3, path = "a\n\"b", "refused");
            let _job = tracing::info_span!("job", job.id = "4").entered();
            tracing::warn!("inside");
        });
        let lines: Vec<Value> =
            written(&buffer).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let [first, second] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(
            (&first["request"], &first["job"], &first["method"]),
            (&"r-1".into(), &"3f9a1c".into(), &"GET".into())
        );
        assert_eq!((&first["message"], &first["level"]), (&"refused".into(), &"warn".into()));
        assert_eq!((&first["files"], &first["path"]), (&3.into(), &"a\n\"b".into()));
        assert!(first["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{first}");
        assert_eq!((&second["request"], &second["job"]), (&"r-1".into(), &"4".into()));
    }
}
