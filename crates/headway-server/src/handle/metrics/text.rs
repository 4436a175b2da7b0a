//! Prometheus' text format, version 0.0.4.

/// A page of metrics.
#[derive(Default)]
pub(super) struct MetricsText(String);

impl MetricsText {
    /// Begins a metric. Its samples must follow.
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.0.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    /// Adds a sample of the current metric.
    pub(super) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.0.push_str(&format!("{name}{labels} {value}\n"));
    }

    /// A gauge without labels.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }

    /// The whole page.
    pub(super) fn end(self) -> String {
        self.0
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_can_be_any_text() {
        let mut text = MetricsText::default();
        text.family("a_total", "counter", "Things.");
        text.sample("a_total", &[("b", "x\"y\\z\n")], 7);
        assert_eq!(text.end(), "# HELP a_total Things.\n# TYPE a_total counter\na_total{b=\"x\\\"y\\\\z\\n\"} 7\n");
    }
}
