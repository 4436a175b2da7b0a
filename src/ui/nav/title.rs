//! The title of the tab: each page names itself, and the last that did is shown.

use leptos::prelude::*;
use leptos::text_prop::TextProp;

const APP: &str = "Headway";

/// The page's element of this name in the head, before it is known what the page is.
const EMPTY: &str = "<title></title>";

/// On the server: what the page that is rendered is named. Its head is written before the page knows.
#[derive(Debug, Clone, Default)]
pub struct Titled(ArcStoredValue<String>);

impl Titled {
    /// The page with its title in the head.
    pub fn into_head(self, html: &str) -> String {
        let name = self.0.get_value().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        html.replacen(EMPTY, &format!("<title>{}</title>", of_tab(&name)), 1)
    }
}

/// Names the page, for as long as it is there.
#[component]
pub(in crate::ui) fn Title(
    /// Its name.
    #[prop(into)]
    text: TextProp,
) -> impl IntoView {
    if let Some(Titled(name)) = use_context() {
        name.set_value(untrack(|| text.get().into()));
    }
    Effect::new(move |_| document().set_title(&of_tab(&text.get())));
}

/// The page that had a name is left; the next has none yet.
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
    fn a_name_stands_in_the_head_as_text() {
        let titled = Titled::default();
        titled.0.set_value("a </title><b> & c".into());
        let html = titled.into_head("<head><title></title></head><title></title>");
        assert_eq!(html, "<head><title>a &lt;/title&gt;&lt;b&gt; &amp; c · Headway</title></head><title></title>");
        assert_eq!(Titled::default().into_head("<title></title>"), "<title>Headway</title>");
    }
}
