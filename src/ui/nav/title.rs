//! The title of the tab. Each page sets its own, and the last one set is shown.

use leptos::prelude::*;
use leptos::text_prop::TextProp;

const APP: &str = "Headway";

/// The title element in the head before the page has set its title.
const EMPTY: &str = "<title></title>";

/// On the server: the title of the page being rendered. The head is written before the page sets it.
#[derive(Debug, Clone, Default)]
pub struct Titled(ArcStoredValue<String>);

impl Titled {
    /// The page with its title in the head.
    pub fn into_head(self, html: &str) -> String {
        let name = self.0.get_value().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        html.replacen(EMPTY, &format!("<title>{}</title>", of_tab(&name)), 1)
    }
}

/// Sets the title for as long as the component exists.
#[component]
pub(in crate::ui) fn Title(
    /// The title.
    #[prop(into)]
    text: TextProp,
) -> impl IntoView {
    if let Some(Titled(name)) = use_context() {
        name.set_value(untrack(|| text.get().into()));
    }
    Effect::new(move |_| {
        let title = of_tab(&text.get());
        // A browser works even if nothing changes.
        if document().title() != title {
            document().set_title(&title);
        }
    });
}

/// Clears the title, because the page was left and the next one has not set its own yet.
pub(super) fn forget() {
    document().set_title(APP);
}

fn of_tab(name: &str) -> String {
    if name.is_empty() { APP.to_owned() } else { format!("{name} · {APP}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_document_head_is_escaped() {
        let titled = Titled::default();
        titled.0.set_value("a </title><b> & c".into());
        let html = titled.into_head("<head><title></title></head><title></title>");
        assert_eq!(html, "<head><title>a &lt;/title&gt;&lt;b&gt; &amp; c · Headway</title></head><title></title>");
        assert_eq!(Titled::default().into_head("<title></title>"), "<title>Headway</title>");
    }
}
